"""Rules as data: what a rule pack may say, and errors that name file, rule, key and line."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cleaner.errors import CleanerError

SCHEMA = 1
KINDS = (
    "byline",
    "comments",
    "credit",
    "endmark",
    "label",
    "legal",
    "navigation",
    "promo",
    "prompt",
    "related",
)
MATCHES = ("exact", "prefix", "phrase", "regex")
SCOPES = ("span", "line", "block", "heading-block", "tail")
ACTIONS = ("remove", "flag")
CREDITS = ("photo", "source", "author", "agency")

PACK_KEYS = ("schema", "pack", "languages", "sites", "disable", "override", "except", "rule", "case")
RULE_KEYS = (
    "id",
    "description",
    "kind",
    "credit",
    "match",
    "pattern",
    "scope",
    "min_lines",
    "max_lines",
    "max_words",
    "confidence",
    "action",
    "languages",
    "sites",
    "replaces",
    "hit",
    "miss",
    "gap",
    "evidence",
)
OVERRIDE_KEYS = ("rule", "reason", "confidence", "action", "min_lines", "max_lines", "max_words", "languages", "sites")
EVIDENCE_KEYS = ("right", "wrong", "precision", "low", "high", "sites")
EXCEPT_KEYS = ("rule", "text", "reason")
CASE_KEYS = ("name", "language", "site", "text", "want")
# `\b`, `\w`, `\d` and `\s` know ASCII only in a linear-time engine: `\bчитайте\b` would miss in silence.
_ASCII_CLASSES = re.compile(r"(?<!\\)(?:\\\\)*\\([bBwWdDsS])")
_ID = re.compile(r"[a-z0-9][a-z0-9.\-]*/[a-z0-9][a-z0-9\-]*")


class RuleError(CleanerError, ValueError):
    """A rule pack that cannot be used: what is wrong, in which file, rule, key and line, and what to do."""

    def __init__(self, message: str, *, file: str, rule: str = "", key: str = "", line: int = 0) -> None:
        place = file + (f":{line}" if line else "")
        what = ", ".join(part for part in (f"rule {rule!r}" if rule else "", f"key {key!r}" if key else "") if part)
        super().__init__(f"{place}: {f'{what}: ' if what else ''}{message}")
        self.file, self.rule, self.key, self.line, self.message = file, rule, key, line, message


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.  Patterns are matched against folded lines: NFKC, case-folded, white space collapsed.

    ``max_words`` and ``max_lines`` are seat belts: a longer line is left alone, a longer block is cut short (a longer
    tail left alone).  ``min_lines`` is the shortest run of lines that scope ``block`` takes.  ``gap`` holds lines that
    the rule ought to match and is known not to.
    """

    id: str
    description: str
    kind: str
    match: str
    patterns: tuple[str, ...]
    scope: str
    confidence: float
    hit: tuple[str, ...]
    miss: tuple[str, ...]
    languages: tuple[str, ...]
    sites: tuple[str, ...] = ()
    min_lines: int = 3
    max_lines: int = 40
    max_words: int = 40
    action: str = "remove"
    credit: str | None = None
    replaces: tuple[str, ...] = ()
    gap: tuple[str, ...] = ()
    evidence: Mapping[str, object] = field(default_factory=dict)
    file: str = ""
    line: int = 0

    @property
    def facts(self) -> dict[str, object]:
        """What a removal by this rule says of itself as evidence."""
        return {"kind": self.kind, **({"credit": self.credit} if self.credit else {})}


@dataclass(frozen=True, slots=True)
class Override:
    """Fields of a rule of an earlier layer that a later layer sets otherwise, and why."""

    rule: str
    reason: str
    fields: Mapping[str, object]
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Exemption:
    """Lines that a rule of an earlier layer must leave alone, and why; each is a test as well."""

    rule: str
    text: tuple[str, ...]
    reason: str
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class Case:
    """A whole small document and the lines that must be left of it."""

    name: str
    text: str
    want: str
    language: str | None = None
    site: str | None = None


@dataclass(frozen=True, slots=True)
class Pack:
    """The rules of one file."""

    file: str
    name: str
    rules: tuple[Rule, ...]
    cases: tuple[Case, ...] = ()
    disable: tuple[str, ...] = ()
    overrides: tuple[Override, ...] = ()
    exemptions: tuple[Exemption, ...] = ()


def load_pack(path: Path) -> Pack:
    """Read and validate one pack.  Raises `RuleError`."""
    file = str(path)
    try:
        source = path.read_text(encoding="utf-8")
    except OSError as error:
        raise RuleError(f"cannot read the rule pack: {error.strerror or error}", file=file) from error
    except UnicodeDecodeError as error:
        raise RuleError(f"not UTF-8: {error}", file=file) from error
    return parse_pack(source, file)


def parse_pack(source: str, file: str) -> Pack:
    """Validate the text of a pack.  Raises `RuleError`."""
    try:
        data = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise RuleError(f"not valid TOML: {error}", file=file) from error
    return _Reader(source, file).pack(data)


class _Reader:
    def __init__(self, source: str, file: str) -> None:
        self.lines = source.splitlines()
        self.file = file

    def pack(self, data: Mapping[str, object]) -> Pack:
        self._known(data, PACK_KEYS, "", "")
        if data.get("schema") != SCHEMA:
            raise self._error(f"schema must be {SCHEMA}, not {data.get('schema')!r}", key="schema")
        name = self._string(data, "pack", "")
        languages = self._strings(data, "languages", "") if "languages" in data else ()
        sites = self._strings(data, "sites", "") if "sites" in data else ()
        rules: list[Rule] = []
        for table in self._tables(data, "rule"):
            rule = self.rule(table, name, languages, sites)
            if any(rule.id == other.id for other in rules):
                raise self._error("a rule of this id stands above; ids are unique", rule.id, "id")
            rules.append(rule)
        return Pack(
            file=self.file,
            name=name,
            rules=tuple(rules),
            cases=tuple(self.case(table) for table in self._tables(data, "case")),
            disable=self._strings(data, "disable", "") if "disable" in data else (),
            overrides=tuple(self.override(table) for table in self._tables(data, "override")),
            exemptions=tuple(self.exemption(table) for table in self._tables(data, "except")),
        )

    def rule(self, table: Mapping[str, object], pack: str, languages: Sequence[str], sites: Sequence[str]) -> Rule:
        id = self._string(table, "id", "")
        if not _ID.fullmatch(id) or not id.startswith(f"{pack}/"):
            raise self._error(f"ids look like {pack}/short-name, in lower case", id, "id")
        self._known(table, RULE_KEYS, id, "rule ")
        evidence = table.get("evidence", {})
        if not isinstance(evidence, dict):
            raise self._error("written by `cleaner rules measure --write` as a [rule.evidence] table", id, "evidence")
        rule = Rule(
            id=id,
            description=self._string(table, "description", id),
            kind=self._choice(table, "kind", KINDS, id),
            match=self._choice(table, "match", MATCHES, id),
            patterns=self._strings(table, "pattern", id),
            scope=self._choice(table, "scope", SCOPES, id),
            confidence=self._share(table, "confidence", id),
            hit=self._strings(table, "hit", id),
            miss=self._strings(table, "miss", id),
            languages=self._strings(table, "languages", id) if "languages" in table else tuple(languages),
            sites=self._strings(table, "sites", id) if "sites" in table else tuple(sites),
            min_lines=self._count(table, "min_lines", id, 3),
            max_lines=self._count(table, "max_lines", id, 40),
            max_words=self._count(table, "max_words", id, 40),
            action=self._choice(table, "action", ACTIONS, id) if "action" in table else "remove",
            credit=self._choice(table, "credit", CREDITS, id) if "credit" in table else None,
            replaces=self._strings(table, "replaces", id) if "replaces" in table else (),
            gap=self._strings(table, "gap", id) if "gap" in table else (),
            evidence=evidence,
            file=self.file,
            line=self._line(id, "id"),
        )
        if rule.credit and rule.kind != "credit":
            raise self._error("only rules of kind 'credit' say which credit they take", id, "credit")
        if not rule.languages:
            raise self._error('no languages, neither here nor in the pack; ["*"] stands for all', id, "languages")
        if not rule.hit or not rule.miss:
            key = "miss" if rule.hit else "hit"
            raise self._error("every rule carries its proof: at least one hit and one miss", id, key)
        if not rule.patterns:
            raise self._error("no pattern", id, "pattern")
        if rule.match == "regex":
            for pattern in rule.patterns:
                found = _ASCII_CLASSES.search(pattern)
                if found:
                    raise self._error(
                        rf"\{found.group(1)} knows ASCII letters only: write [\pL\pN] for a word character, "
                        r"[^\pL\pN] for an edge, \pN for a digit, a blank for white space",
                        id,
                        "pattern",
                    )
        return rule

    def override(self, table: Mapping[str, object]) -> Override:
        rule = self._string(table, "rule", "")
        self._known(table, OVERRIDE_KEYS, rule, "override ")
        fields: dict[str, object] = {}
        for key in OVERRIDE_KEYS[2:]:
            if key not in table:
                continue
            if key == "confidence":
                fields[key] = self._share(table, key, rule)
            elif key == "action":
                fields[key] = self._choice(table, key, ACTIONS, rule)
            elif key in ("languages", "sites"):
                fields[key] = self._strings(table, key, rule)
            else:
                fields[key] = self._count(table, key, rule, 1)
        if not fields:
            raise self._error(f"sets nothing; it can set {', '.join(OVERRIDE_KEYS[2:])}", rule, "override")
        return Override(rule, self._string(table, "reason", rule), fields, self.file, self._line(rule, "rule"))

    def exemption(self, table: Mapping[str, object]) -> Exemption:
        rule = self._string(table, "rule", "")
        self._known(table, EXCEPT_KEYS, rule, "except ")
        texts = self._strings(table, "text", rule)
        if not texts:
            raise self._error("missing: the lines that the rule must leave alone", rule, "text")
        return Exemption(rule, texts, self._string(table, "reason", rule), self.file, self._line(rule, "rule"))

    def case(self, table: Mapping[str, object]) -> Case:
        name = self._string(table, "name", "")
        self._known(table, CASE_KEYS, name, "case ")
        optional = {key: self._string(table, key, name) for key in ("language", "site") if key in table}
        return Case(name, self._string(table, "text", name), self._string(table, "want", name), **optional)

    def _tables(self, data: Mapping[str, object], key: str) -> list[Mapping[str, object]]:
        tables = data.get(key, [])
        if not isinstance(tables, list):
            raise self._error(f"written as [[{key}]] tables", key=key)
        return tables

    def _known(self, table: Mapping[str, object], keys: Sequence[str], rule: str, what: str) -> None:
        for key in table:
            if key not in keys:
                near = difflib.get_close_matches(key, keys, 1)
                hint = f"did you mean {near[0]!r}?" if near else f"keys are {', '.join(keys)}"
                raise self._error(f"unknown {what}key; {hint}", rule, key)

    def _string(self, table: Mapping[str, object], key: str, rule: str) -> str:
        value = table.get(key)
        if not isinstance(value, str) or not value:
            raise self._error("missing" if value is None else f"must be a string, not {value!r}", rule, key)
        return value

    def _strings(self, table: Mapping[str, object], key: str, rule: str) -> tuple[str, ...]:
        value = table.get(key, [])
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, list) or not all(isinstance(one, str) and one for one in values):
            raise self._error("must be a list of strings that are not empty", rule, key)
        return tuple(values)

    def _choice(self, table: Mapping[str, object], key: str, choices: Sequence[str], rule: str) -> str:
        value = self._string(table, key, rule)
        if value not in choices:
            near = difflib.get_close_matches(value, choices, 1)
            hint = f"did you mean {near[0]!r}?" if near else f"one of {', '.join(choices)}"
            raise self._error(f"{value!r} is not known; {hint}", rule, key)
        return value

    def _share(self, table: Mapping[str, object], key: str, rule: str) -> float:
        value = table.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 1:
            raise self._error(f"must be a number above 0 and up to 1, not {value!r}", rule, key)
        return float(value)

    def _count(self, table: Mapping[str, object], key: str, rule: str, default: int) -> int:
        value = table.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise self._error(f"must be a whole number from 1 on, not {value!r}", rule, key)
        return value

    def _error(self, message: str, rule: str = "", key: str = "") -> RuleError:
        return RuleError(message, file=self.file, rule=rule, key=key, line=self._line(rule, key))

    def _line(self, rule: str, key: str) -> int:
        """Line of a key: the first one that sets it, from the line on that names the rule."""
        start = 0
        if rule:
            quoted = re.compile(rf"\s*(?:id|name|rule)\s*=\s*[\"']{re.escape(rule)}[\"']")
            start = next((number for number, line in enumerate(self.lines) if quoted.match(line)), 0)
            # keys of the rule may stand above its id
            while start and not self.lines[start].lstrip().startswith("[["):
                start -= 1
        setting = re.compile(rf"\s*(?:\[\[)?{re.escape(key)}\s*(?:=|\]\])") if key else None
        for number in range(start, len(self.lines)):
            if setting and setting.match(self.lines[number]):
                return number + 1
            if rule and number > start and self.lines[number].lstrip().startswith("[["):
                break
        return start + 1 if rule else 0
