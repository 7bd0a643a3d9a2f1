"""Rules as data: what a rule pack may say, and errors that name file, rule, key and line."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import rtoml

from cleaner.errors import CleanerError
from cleaner.rulebook.source import Chunk, chunks
from cleaner.settings import Settings

SCHEMA = 1
PROJECT = "cleaner.toml"
"""The project's settings and its own rule pack, read when it stands in the working directory."""

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
ACTIONS = ("remove", "flag", "cue")
"""What a rule does with a line: remove it; nothing until it is selected; tell the scored filters what it looks like."""
FILTERS = ("main_content", "rules", "blocks", "teasers", "layout", "topic", "repeats", "language")
"""Filters; an exception can name what one of them removes without a rule by filter and code ("layout/shape")."""
CREDITS = ("photo", "source", "author", "agency")
UNTIL = ("prose", "heading", "blank")

PACK_KEYS = ("schema", "pack", "languages", "sites", "disable", "settings", "override", "except", "rule", "case")
RULE_KEYS = (
    "id",
    "description",
    "kind",
    "credit",
    "match",
    "pattern",
    "scope",
    "until",
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
OVERRIDE_KEYS = (
    "rule",
    "reason",
    "until",
    "min_lines",
    "max_lines",
    "max_words",
    "confidence",
    "action",
    "languages",
    "sites",
)
EVIDENCE_KEYS = ("right", "wrong", "precision", "low", "high", "sites")
EXCEPT_KEYS = ("rule", "text", "reason", "sites")
CASE_KEYS = ("name", "language", "site", "text", "want")
# `\b`, `\w`, `\d` and `\s` know ASCII only in a linear-time engine: `\bчитайте\b` would miss in silence.
_ASCII_CLASSES = re.compile(r"(?<!\\)(?:\\\\)*\\([bBwWdDsS])")
_ID_KEY = re.compile(r"^[ \t]*id[ \t]*=", re.MULTILINE)
_ID = re.compile(r"[a-z0-9][a-z0-9.\-]*/[a-z0-9][a-z0-9\-]*")
_LANGUAGE = re.compile(r"[a-z]{2,3}|\*")


class RuleError(CleanerError, ValueError):
    """A rule pack that cannot be used: what is wrong, in which file, rule, key and line, and what to do."""

    def __init__(self, message: str, *, file: str, rule: str = "", key: str = "", line: int = 0) -> None:
        place = file + (f":{line}" if line else "")
        what = ", ".join(part for part in (f"rule {rule!r}" if rule else "", f"key {key!r}" if key else "") if part)
        super().__init__(f"{place}: {f'{what}: ' if what else ''}{message}")
        self.file, self.rule, self.key, self.line, self.message = file, rule, key, line, message


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.  Patterns are matched against folded lines: NFKC, case-folded, digits of ASCII, white space collapsed.

    ``max_words`` and ``max_lines`` are seat belts: a longer line is left alone, a longer block is cut short (a longer
    tail left alone).  ``min_lines`` is the shortest run of lines that scope ``block`` takes.  ``until`` says where the
    block under a heading ends; it ends at prose whatever else is said, since prose goes on two signs only.  ``gap``
    holds lines that the rule ought to match and is known not to.

    >>> from cleaner import load_rules
    >>> rule = next(rule for rule in load_rules(language="en") if rule.id == "en/leave-a-review")
    >>> rule.kind, rule.scope, rule.action, rule.languages
    ('prompt', 'line', 'remove', ('en',))
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
    until: tuple[str, ...] = ("prose",)
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
    """Lines that a rule of an earlier layer, or a filter, must leave alone, and why; each is a test as well.

    ``rule`` is the id of a rule, a prefix, or filter and code ("layout/shape"); with ``sites`` it holds there alone.
    """

    rule: str
    text: tuple[str, ...]
    reason: str
    sites: tuple[str, ...] = ()
    file: str = ""
    line: int = 0

    @property
    def is_for_filter(self) -> bool:
        """Whether it names a filter and its code and no rule."""
        name, slash, code = self.rule.partition("/")
        return name in FILTERS and bool(slash and code)


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
    """The rules of one file.  ``sites`` are those of its rules that name none themselves."""

    file: str
    name: str
    rules: tuple[Rule, ...]
    sites: tuple[str, ...] = ()
    cases: tuple[Case, ...] = ()
    disable: tuple[str, ...] = ()
    overrides: tuple[Override, ...] = ()
    exemptions: tuple[Exemption, ...] = ()


def load_pack(path: Path) -> Pack:
    """Read and validate one pack.  Raises `RuleError`."""
    return parse_pack(read_source(path), str(path))


def read_source(path: Path) -> str:
    """The text of a pack.  Raises `RuleError` where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise RuleError(f"cannot read the rule pack: {error.strerror or error}", file=str(path)) from error
    except UnicodeDecodeError as error:
        raise RuleError(f"not UTF-8: {error}", file=str(path)) from error


def parse_pack(source: str, file: str) -> Pack:
    """Validate the text of a pack.  Raises `RuleError`."""
    try:
        data = rtoml.loads(source)
    except rtoml.TomlParsingError:
        # the standard library is four times slower, and says better what is wrong
        try:
            data = tomllib.loads(source)
        except tomllib.TOMLDecodeError as error:
            raise RuleError(f"not valid TOML: {error}", file=file) from error
    return _Reader(source, file).pack(data)


class _Reader:
    def __init__(self, source: str, file: str) -> None:
        self.source = source
        self.file = file
        self._reading: tuple[str, int] | None = None  # name and place of the table that is being read
        self._places = [found.start() for found in _ID_KEY.finditer(source)]

    @cached_property
    def _chunks(self) -> list[Chunk]:
        # looked at for the line of an error alone: it takes twice the time of reading the pack
        return chunks(self.source)[0]

    @property
    def _table(self) -> Chunk:
        """The table that is being read, so that an error names its line."""
        top, *tables = self._chunks
        if self._reading is None:
            return top
        name, place = self._reading
        written = [table for table in tables if table.name == name]
        return written[place] if place < len(written) else top

    def pack(self, data: Mapping[str, object]) -> Pack:
        self._known(data, PACK_KEYS, "", "")
        if "settings" in data:  # what they may say is for `cleaner.config` to know
            if Path(self.file).name != PROJECT:
                self._reading = "settings", 0
                raise self._error(f"only {PROJECT} of the working directory has settings", key="settings")
            if data.keys() == {"settings"}:
                return Pack(self.file, name="", rules=())
        if data.get("schema") != SCHEMA:
            raise self._error(f"schema must be {SCHEMA}, not {data.get('schema')!r}", key="schema")
        name = self._string(data, "pack", "")
        languages = self._languages(data, "") if "languages" in data else ()
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
            sites=sites,
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
            languages=self._languages(table, id) if "languages" in table else tuple(languages),
            sites=self._strings(table, "sites", id) if "sites" in table else tuple(sites),
            until=self._until(table, id) if "until" in table else ("prose",),
            min_lines=self._count(table, "min_lines", id, 3),
            max_lines=self._count(table, "max_lines", id, 40),
            max_words=self._count(table, "max_words", id, 40),
            action=self._choice(table, "action", ACTIONS, id) if "action" in table else "remove",
            credit=self._choice(table, "credit", CREDITS, id) if "credit" in table else None,
            replaces=self._strings(table, "replaces", id) if "replaces" in table else (),
            gap=self._strings(table, "gap", id) if "gap" in table else (),
            evidence=evidence,
            file=self.file,
            line=self._rule_line(),
        )
        if "until" in table and rule.scope != "heading-block":
            raise self._error(
                f"only rules of scope 'heading-block' say where a block ends, not {rule.scope!r}", id, "until"
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
            elif key == "until":
                fields[key] = self._until(table, rule)
            elif key == "languages":
                fields[key] = self._languages(table, rule)
            elif key == "sites":
                fields[key] = self._strings(table, key, rule)
            else:
                fields[key] = self._count(table, key, rule, 1)
        if not fields:
            raise self._error(f"sets nothing; it can set {', '.join(OVERRIDE_KEYS[2:])}", rule, "override")
        return Override(rule, self._string(table, "reason", rule), fields, self.file, self._line("rule"))

    def exemption(self, table: Mapping[str, object]) -> Exemption:
        rule = self._string(table, "rule", "")
        self._known(table, EXCEPT_KEYS, rule, "except ")
        texts = self._strings(table, "text", rule)
        if not texts:
            raise self._error("missing: the lines that the rule must leave alone", rule, "text")
        sites = self._strings(table, "sites", rule) if "sites" in table else ()
        return Exemption(rule, texts, self._string(table, "reason", rule), sites, self.file, self._line("rule"))

    def case(self, table: Mapping[str, object]) -> Case:
        name = self._string(table, "name", "")
        self._known(table, CASE_KEYS, name, "case ")
        optional = {key: self._string(table, key, name) for key in ("language", "site") if key in table}
        return Case(name, self._string(table, "text", name), self._string(table, "want", name), **optional)

    def _tables(self, data: Mapping[str, object], key: str) -> Iterator[Mapping[str, object]]:
        tables = data.get(key, [])
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            self._reading = key, 0
            raise self._error(f"written as [[{key}]] tables", key=key)
        if key == "rule" and len(self._places) != len(tables):
            self._places = []  # something that looks like an id stands in a string
        for place, table in enumerate(tables):
            self._reading = key, place
            yield table
        self._reading = None

    def _known(self, table: Mapping[str, object], keys: Sequence[str], rule: str, what: str) -> None:
        for key in table:
            if key not in keys:
                near = difflib.get_close_matches(key, keys, 1)
                hint = f"did you mean {near[0]!r}?" if near else f"keys are {', '.join(keys)}"
                if not what and Path(self.file).name == PROJECT and key in Settings.__dataclass_fields__:
                    hint = "settings stand below a line [settings]"
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

    def _languages(self, table: Mapping[str, object], rule: str) -> tuple[str, ...]:
        values = self._strings(table, "languages", rule)
        for value in values:
            if not _LANGUAGE.fullmatch(value):  # such a rule would never hold, without a word
                said = f'{value!r} is neither the code of a language (ISO 639-1, such as "en") nor "*"'
                raise self._error(said, rule, "languages")
        return values

    def _until(self, table: Mapping[str, object], rule: str) -> tuple[str, ...]:
        values = self._strings(table, "until", rule)
        if not values:
            raise self._error(f"names no end; one or more of {', '.join(UNTIL)}", rule, "until")
        return tuple(self._one_of(value, "until", UNTIL, rule) for value in values)

    def _choice(self, table: Mapping[str, object], key: str, choices: Sequence[str], rule: str) -> str:
        return self._one_of(self._string(table, key, rule), key, choices, rule)

    def _one_of(self, value: str, key: str, choices: Sequence[str], rule: str) -> str:
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
        return RuleError(message, file=self.file, rule=rule, key=key, line=self._line(key))

    def _rule_line(self) -> int:
        """Line of the id of the rule that is being read."""
        if self._places and self._reading:
            return self.source.count("\n", 0, self._places[self._reading[1]]) + 1
        return self._line("id")

    def _line(self, key: str) -> int:
        """Line of a key of the table that is being read, or else of its head; 0 for what the pack does not say."""
        table = self._table
        names = (key, f"{table.name}.{key}")
        said = (one for one in table.statements if one.kind in ("key", "table") and one.name in names)
        found = next(said, table.head)
        return self.source.count("\n", 0, found.start) + 1 if found else 0
