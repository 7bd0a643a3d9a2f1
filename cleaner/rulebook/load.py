"""Finds and layers rule packs; last wins.

common → language → site → the project's packs.  A later layer can switch a rule off (``disable``), set some of its
fields otherwise (``[[override]]``) or exempt lines from it (``[[except]]``).  On top, selectors choose rules by id or
prefix.
"""

from __future__ import annotations

import difflib
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from cleaner.rulebook.match import Rulebook
from cleaner.rulebook.model import Pack, Rule, RuleError, load_pack
from cleaner.text import fold


def shipped_folder() -> Path:
    """Where the shipped packs are: inside the installed package, or beside it in a checkout."""
    inside = Path(__file__).resolve().parent.parent / "rules"
    return inside if inside.is_dir() else inside.parent.parent / "rules"


def pack_files(extra: Sequence[str] = ()) -> list[Path]:
    """The files of all packs in the order of their layers."""
    folder = shipped_folder()
    shipped = [folder / "common.toml", *sorted(folder.glob("lang/*.toml")), *sorted(folder.glob("sites/*.toml"))]
    return [path for path in shipped if path.exists()] + [Path(path) for path in extra]


@lru_cache(maxsize=8)
def load_packs(extra: tuple[str, ...] = ()) -> tuple[Pack, ...]:
    """All packs, read and validated.  Raises `RuleError`, also for an id that two packs claim."""
    packs = tuple(load_pack(path) for path in pack_files(extra))
    owner: dict[str, str] = {}
    for pack in packs:
        for rule in pack.rules:
            for id in (rule.id, *rule.replaces):
                if id in owner:
                    raise RuleError(f"{id!r} is taken by {owner[id]}", file=pack.file, rule=rule.id, key="id")
                owner[id] = pack.file
    return packs


@lru_cache(maxsize=8)
def load_rulebook(
    extra: tuple[str, ...] = (),
    select: tuple[str, ...] = (),
    extend_select: tuple[str, ...] = (),
    ignore: tuple[str, ...] = (),
) -> Rulebook:
    """The rulebook of all packs, with the rules that the selectors leave.

    Without ``select`` all rules are on whose action is ``remove``; ``extend_select`` adds others (flagged proposals);
    ``ignore`` wins over both.  A selector is an id, an old id that a rule replaces, or a prefix of ids ("en/").

    Raises `RuleError`, also for a selector, override or exemption that names no rule.
    """
    return compose(load_packs(extra), select, extend_select, ignore)


def compose(
    packs: Iterable[Pack],
    select: Sequence[str] = (),
    extend_select: Sequence[str] = (),
    ignore: Sequence[str] = (),
) -> Rulebook:
    """Lay packs over one another and choose.  Raises `RuleError`."""
    rules: dict[str, Rule] = {}
    names: dict[str, str] = {}
    exempt: dict[str, set[str]] = {}
    disabled: set[str] = set()
    for pack in packs:
        for rule in pack.rules:
            rules[rule.id] = rule
            names |= dict.fromkeys((rule.id, *rule.replaces), rule.id)
        for selector in pack.disable:
            disabled |= resolve(selector, names, pack.file, "disable")
        for override in pack.overrides:
            for id in resolve(override.rule, names, override.file, "rule", override.line):
                fields: dict[str, Any] = dict(override.fields)
                rules[id] = replace(rules[id], **fields)
        for exemption in pack.exemptions:
            for id in resolve(exemption.rule, names, exemption.file, "rule", exemption.line):
                exempt.setdefault(id, set()).update(fold(text) for text in exemption.text)
    if select:
        chosen = _resolve_all(select, names, "--select")
    else:
        chosen = {id for id, rule in rules.items() if rule.action == "remove"} - disabled
    chosen |= _resolve_all(extend_select, names, "--extend-select")
    chosen -= _resolve_all(ignore, names, "--ignore")
    return Rulebook(
        [rule for id, rule in rules.items() if id in chosen], {id: frozenset(texts) for id, texts in exempt.items()}
    )


def _resolve_all(selectors: Sequence[str], names: dict[str, str], what: str) -> set[str]:
    return {id for selector in selectors for id in resolve(selector, names, what, "")}


def resolve(selector: str, names: dict[str, str], file: str, key: str, line: int = 0) -> set[str]:
    """The ids of the rules that a selector names.  Raises `RuleError` with a hint when there are none."""
    found = {id for name, id in names.items() if name == selector or name.startswith(f"{selector.rstrip('/')}/")}
    if not found:
        near = difflib.get_close_matches(selector, names, 1)
        hint = f"did you mean {near[0]!r}?" if near else "`cleaner rules list` shows them all"
        raise RuleError(f"no rule {selector!r}; {hint}", file=file, key=key, line=line)
    return found


def pack_hashes(extra: Sequence[str] = ()) -> dict[str, str]:
    """SHA-256 of each pack's file, by its name below the rules folder (or as given)."""
    folder = shipped_folder()
    return {
        path.relative_to(folder).as_posix() if path.is_relative_to(folder) else str(path): hashlib.sha256(
            path.read_bytes()
        ).hexdigest()
        for path in pack_files(extra)
    }
