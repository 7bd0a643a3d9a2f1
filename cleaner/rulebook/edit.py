"""Writes rule packs: canonical form, new rules, measured figures.  Comments stay where they are."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.items import AoT, Table

from cleaner.atomic import write_whole
from cleaner.rulebook.model import RULE_KEYS, RuleError, parse_pack
from cleaner.rulebook.proof import prove_rule


def formatted(source: str, file: str) -> str:
    """The pack in canonical form: rules by id, their keys in the order of the documentation, one blank line apart.

    Raises `RuleError` for a pack that is not valid: only what can be read is rewritten.
    """
    parse_pack(source, file)
    document = tomlkit.parse(source)
    if "rule" in document:
        tables = sorted(document["rule"], key=lambda table: str(table["id"]))
        fresh = tomlkit.aot()
        for table in tables:
            fresh.append(_ordered(table))
        cases = document.pop("case", None)
        document.remove("rule")
        document.append("rule", fresh)
        if cases is not None:
            document.append("case", cases)
    text = re.sub(r"\n{3,}", "\n\n", tomlkit.dumps(document)).rstrip() + "\n"
    parse_pack(text, file)
    return text


def _ordered(table: Any) -> Table:
    fresh = tomlkit.table()
    for key in RULE_KEYS:
        if key in table:
            fresh.append(key, table[key])
    fresh.add(tomlkit.nl())
    return fresh


def format_file(path: Path, *, check: bool = False) -> bool:
    """Bring a pack into canonical form.  True when it was (with ``check``: would be) changed.  Raises `RuleError`."""
    source = path.read_text(encoding="utf-8")
    text = formatted(source, str(path))
    if text == source:
        return False
    if not check:
        write_whole(path, text.encode("utf-8"))
    return True


def add_rule(path: Path, fields: Mapping[str, object], languages: Sequence[str]) -> str:
    """Add a rule to a pack, which is begun if it is not there, and return the rule as written.

    Raises `RuleError` when the rule is not valid or does not pass its own hits and misses; then nothing is written.
    """
    id = str(fields["id"])
    if path.exists():
        source = path.read_text(encoding="utf-8")
    else:
        known = ", ".join(f'"{language}"' for language in languages)
        source = f'schema = 1\npack = "{id.partition("/")[0]}"\nlanguages = [{known}]\n'
    document = tomlkit.parse(source)
    table = tomlkit.table()
    for key in RULE_KEYS:
        if key not in fields:
            continue
        value = fields[key]
        literal = key == "pattern" and "'" not in str(value)
        table.append(key, tomlkit.string(str(value), literal=True) if literal else tomlkit.item(value))
    rules = document.get("rule")
    if not isinstance(rules, AoT):
        rules = tomlkit.aot()
        document.append("rule", rules)
    rules.append(table)
    text = tomlkit.dumps(document)
    pack = parse_pack(text, str(path))
    (rule,) = [rule for rule in pack.rules if rule.id == id]
    for failure in prove_rule(rule):
        raise RuleError(f"{failure.proof} {failure.text!r} {failure.problem}", file=str(path), rule=id, key="pattern")
    write_whole(path, text.encode("utf-8"))
    return f"[[rule]]\n{table.as_string()}"


def write_evidence(path: Path, evidence: Mapping[str, Mapping[str, object]]) -> int:
    """Store measured figures as ``[rule.evidence]`` of the rules that they are for.  Returns how many were written."""
    document = tomlkit.parse(path.read_text(encoding="utf-8"))
    written = 0
    for table in document.get("rule", []):
        figures = evidence.get(str(table["id"]))
        if figures is None:
            continue
        own = tomlkit.inline_table()
        for key, value in figures.items():
            own.append(key, value)
        table["evidence"] = own
        written += 1
    if written:
        write_whole(path, tomlkit.dumps(document).encode("utf-8"))
    return written
