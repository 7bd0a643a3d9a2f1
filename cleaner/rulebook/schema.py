"""The pack format as JSON Schema, for editors that complete and check TOML while it is written."""

from __future__ import annotations

from cleaner.rulebook.model import (
    ACTIONS,
    CASE_KEYS,
    CREDITS,
    EXCEPT_KEYS,
    KINDS,
    MATCHES,
    OVERRIDE_KEYS,
    PACK_KEYS,
    RULE_KEYS,
    SCHEMA,
    SCOPES,
    UNTIL,
)

_TEXT: dict[str, object] = {"type": "string", "minLength": 1}
_TEXTS: dict[str, object] = {"oneOf": [_TEXT, {"type": "array", "items": _TEXT, "minItems": 1}]}
_COUNT: dict[str, object] = {"type": "integer", "minimum": 1}
_KEYS: dict[str, dict[str, object]] = {
    "id": {"type": "string", "pattern": "^[a-z0-9][a-z0-9.-]*/[a-z0-9][a-z0-9-]*$", "description": "pack/short-name"},
    "description": {**_TEXT, "description": "A sentence for people who read why a line went."},
    "kind": {"enum": list(KINDS)},
    "credit": {
        "enum": list(CREDITS),
        "description": "For kind credit: what it credits; kept as a fact of the document.",
    },
    "match": {"enum": list(MATCHES)},
    "pattern": {
        **_TEXTS,
        "description": "Matched against lines in NFKC, case-folded, with digits of ASCII, white space collapsed.",
    },
    "scope": {"enum": list(SCOPES)},
    "until": {
        "oneOf": [{"enum": list(UNTIL)}, {"type": "array", "items": {"enum": list(UNTIL)}, "minItems": 1}],
        "description": "Scope heading-block: where the block ends. It ends at prose in any case. Default prose.",
    },
    "min_lines": {**_COUNT, "description": "Scope block: shortest run of lines. Default 3."},
    "max_lines": {**_COUNT, "description": "Seat belt for blocks and tails. Default 40."},
    "max_words": {**_COUNT, "description": "Seat belt: longer lines are left alone. Default 40."},
    "confidence": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
    "action": {"enum": list(ACTIONS)},
    "languages": {**_TEXTS, "description": 'ISO 639-1 codes, or "*" for all.'},
    "sites": {**_TEXTS, "description": "Domains; their subdomains count as well."},
    "replaces": {**_TEXTS, "description": "Old ids of this rule, which go on working."},
    "hit": {**_TEXTS, "description": "Lines that must match."},
    "miss": {**_TEXTS, "description": "Lines that must not."},
    "gap": {**_TEXTS, "description": "Lines that ought to match and are known not to."},
    "evidence": {"type": "object", "description": "Measured figures."},
    "name": _TEXT,
    "text": _TEXTS,
    "want": _TEXT,
    "language": _TEXT,
    "site": _TEXT,
    "rule": _TEXT,
    "reason": {**_TEXT, "description": "Why, for those who come later."},
    "schema": {"const": SCHEMA},
    "pack": _TEXT,
    "disable": {**_TEXTS, "description": "Ids or prefixes of rules of earlier layers to switch off."},
}


def json_schema() -> dict[str, object]:
    """JSON Schema (2020-12) of a rule pack."""
    rule = _table(RULE_KEYS, ("id", "description", "kind", "match", "pattern", "scope", "confidence", "hit", "miss"))
    rule["if"] = {"required": ["until"]}
    rule["then"] = {"properties": {"scope": {"const": "heading-block"}}}
    tables = {
        "rule": rule,
        "case": _table(CASE_KEYS, ("name", "text", "want"), text=_TEXT),
        "override": _table(OVERRIDE_KEYS, ("rule", "reason")),
        "except": _table(EXCEPT_KEYS, EXCEPT_KEYS[:3]),
    }
    settings = {"type": "object", "description": "cleaner.toml alone: see `cleaner config show`."}
    properties: dict[str, object] = {
        key: {"type": "array", "items": tables[key]} if key in tables else (_KEYS | {"settings": settings})[key]
        for key in PACK_KEYS
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "cleaner rule pack",
        "type": "object",
        "properties": properties,
        "required": ["schema", "pack"],
        "additionalProperties": False,
    }


def _table(keys: tuple[str, ...], required: tuple[str, ...], **other: object) -> dict[str, object]:
    return {
        "type": "object",
        "properties": {key: other.get(key, _KEYS[key]) for key in keys},
        "required": list(required),
        "additionalProperties": False,
    }
