"""Writes rule packs: canonical form, new rules, measured figures.  Comments stay with what they stand above."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import tomlkit

from cleaner.atomic import write_whole
from cleaner.rulebook.model import (
    EVIDENCE_KEYS,
    EXCEPT_KEYS,
    PACK_KEYS,
    RULE_KEYS,
    Exemption,
    RuleError,
    parse_pack,
    read_source,
)
from cleaner.rulebook.proof import prove_rule
from cleaner.rulebook.source import Chunk, Statement, chunks

_BLANK = Statement("blank", "", 0, "")


def formatted(source: str, file: str) -> str:
    """The pack in canonical form: rules by id, their keys in the order of the documentation, one blank line apart.

    Raises `RuleError` for a pack that is not valid: only what can be read is rewritten.
    """
    parse_pack(source, file)
    (top, *tables), rest = chunks(source.replace("\r\n", "\n"))
    # what changes earlier layers, then rules, then cases; all but rules in the order in which they stand
    tables.sort(key=lambda table: (PACK_KEYS.index(table.name), str(table.value("id"))))
    parts = [top.statements]
    parts += [[*table.above, *_rule(table)] if table.name == "rule" else table.statements for table in tables]
    text = "\n\n".join("\n".join(_spaced(part)) for part in [*parts, rest] if part) + "\n"
    parse_pack(text, file)
    return text


def _spaced(part: Sequence[Statement]) -> list[str]:
    """The lines of a part, with no blank lines at its beginning and no two in a row."""
    return [one.text for before, one in pairwise([_BLANK, *part]) if one.kind != "blank" or before.kind != "blank"]


def _rule(table: Chunk) -> list[Statement]:
    """The statements of a rule with its keys in order, each under the comments that stand above it."""
    groups: list[tuple[int, list[Statement]]] = []
    comments: list[Statement] = []
    for one in table.body:
        if one.kind == "comment":
            comments.append(one)
        elif one.kind == "key":
            groups.append((RULE_KEYS.index(one.name), [*comments, one]))
            comments = []
    groups.sort(key=lambda group: group[0])
    inner = [one for chunk in table.inner for one in chunk.statements if one.kind != "blank"]
    head = [table.head] if table.head else []
    return [*head, *(one for _, group in groups for one in group), *comments, *inner]


def format_file(path: Path, *, check: bool = False) -> bool:
    """Bring a pack into canonical form.  True when it was (with ``check``: would be) changed.  Raises `RuleError`."""
    source = read_source(path)
    text = formatted(source, str(path))
    if text == source:
        return False
    if not check:
        write_whole(path, text.encode("utf-8"))
    return True


def add_rule(path: Path, fields: Mapping[str, Any], languages: Sequence[str]) -> str:
    """Add a rule to a pack, which is begun if it is not there, and return the rule as written.

    ``fields`` are values by key of a rule; ``pattern`` is a list.
    Raises `RuleError` when the rule is not valid or does not pass its own hits and misses; then nothing is written.
    """
    id = str(fields["id"])
    if path.exists():
        source = path.read_text(encoding="utf-8")
    else:
        known = ", ".join(f'"{language}"' for language in languages)
        source = f'schema = 1\npack = "{id.partition("/")[0]}"\nlanguages = [{known}]\n'
    values = {key: _patterns(value) if key == "pattern" else _toml(value) for key, value in fields.items()}
    lines = [f"{key} = {values[key]}" for key in RULE_KEYS if key in values]
    written = "\n".join(["[[rule]]", *lines, ""])
    text = f"{source.rstrip()}\n\n{written}"
    pack = parse_pack(text, str(path))
    (rule,) = [rule for rule in pack.rules if rule.id == id]
    for failure in prove_rule(rule):
        raise RuleError(f"{failure.proof} {failure.text!r} {failure.problem}", file=str(path), rule=id, key="pattern")
    write_whole(path, text.encode("utf-8"))
    return written


def _patterns(patterns: Sequence[str]) -> str:
    """Patterns as TOML: in single quotes where they can be, which leave backslashes alone."""
    quoted = [tomlkit.string(one, literal="'" not in one and one.isprintable()).as_string() for one in patterns]
    return quoted[0] if len(quoted) == 1 else "\n".join(["[", *(f"    {one}," for one in quoted), "]"])


def _toml(value: object) -> str:
    return tomlkit.item(value).as_string()


def write_evidence(path: Path, evidence: Mapping[str, Mapping[str, object]]) -> int:
    """Store measured figures as ``evidence`` of the rules that they are for.  Returns how many rules were written.

    Nothing else of the pack changes.  Comments on the figures that stood there before are kept above the new ones.
    """
    source, written = with_evidence(path.read_text(encoding="utf-8"), evidence)
    if written:
        write_whole(path, source.encode("utf-8"))
    return written


def with_evidence(source: str, evidence: Mapping[str, Mapping[str, object]]) -> tuple[str, int]:
    """A pack with measured figures as ``evidence`` of its rules, and how many rules have new ones."""
    edits: list[tuple[int, int, str]] = []
    written = 0
    for table in chunks(source)[0]:
        figures = evidence.get(str(table.value("id"))) if table.name == "rule" else None
        if figures is not None:
            edits += _edits(table, figures)
            written += 1
    for start, end, text in sorted(edits, reverse=True):
        source = source[:start] + text + source[end:]
    return source, written


def with_misses(source: str, misses: Mapping[str, Sequence[str]]) -> str:
    """A pack with more lines that its rules must not match.  Comments inside a list of misses are not kept."""
    edits: list[tuple[int, int, str]] = []
    for table in chunks(source)[0]:
        more = misses.get(str(table.value("id"))) if table.name == "rule" else None
        if more:
            old = table.value("miss")
            known = [old] if isinstance(old, str) else list(old) if isinstance(old, list) else []
            (key,) = [one for one in table.body if one.kind == "key" and one.name == "miss"]
            new = f"miss = {_toml([*known, *(text for text in more if text not in known)])}  {key.comment}".rstrip()
            edits.append((key.start, key.end, new))
    for start, end, text in sorted(edits, reverse=True):
        source = source[:start] + text + source[end:]
    return source


def with_exceptions(source: str, exceptions: Sequence[Exemption]) -> str:
    """A pack with more exceptions, behind what it says."""
    parts = [source.rstrip()]
    for one in exceptions:
        values = {"rule": one.rule, "text": list(one.text), "reason": one.reason, "sites": list(one.sites)}
        lines = [f"{key} = {_toml(values[key])}" for key in EXCEPT_KEYS if values[key]]
        parts.append("\n".join(["[[except]]", *lines]))
    return "\n\n".join(parts).lstrip() + "\n"


def _edits(table: Chunk, figures: Mapping[str, object]) -> list[tuple[int, int, str]]:
    """Where in the source the evidence of a rule stands, or belongs, and what is to stand there."""
    known = (f"{key} = {_toml(figures[key])}" for key in EVIDENCE_KEYS if key in figures)
    line = f"evidence = {{{', '.join(known)}}}"
    keys = [one for one in table.body if one.kind == "key"]
    old = [one for one in keys if one.name == "evidence"]
    if old:  # one inline table, or a line a figure: evidence.right = 2
        first, *others = old
        new = f"{line}  {first.comment}".rstrip()
        return [(first.start, first.end, new), *((one.start, one.end + 1, "") for one in others)]
    if table.inner:
        inner = [one for chunk in table.inner for one in chunk.statements]
        comments = [one.comment or one.text for one in inner if one.comment or one.kind == "comment"]
        return [(table.body[-1].end, inner[-1].end, "\n".join(["", *comments, line]))]
    return [(keys[-1].end, keys[-1].end, f"\n{line}")]
