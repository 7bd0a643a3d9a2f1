"""Finds and layers rule packs; last wins.

common → language → site → the project's packs.  A later layer can switch a rule off (``disable``), set some of its
fields otherwise (``[[override]]``) or exempt lines from it (``[[except]]``).  On top, selectors choose rules by id or
prefix.
"""

from __future__ import annotations

import difflib
import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any

from cleaner.rulebook.match import Rulebook, check_patterns, on_site
from cleaner.rulebook.model import Exemption, Override, Pack, Rule, RuleError, load_pack
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


def read_packs(extra: Sequence[str] = ()) -> tuple[Pack, ...]:
    """All packs, read and validated.  Raises `RuleError`, also for an id that two packs claim.

    Patterns of ``extra`` packs are compiled; those of the shipped ones are proved by `cleaner rules test`.
    """
    packs = tuple(load_pack(path) for path in pack_files(extra))
    owner: dict[str, str] = {}
    for pack in packs:
        for rule in pack.rules:
            for id in (rule.id, *rule.replaces):
                if id in owner:
                    raise RuleError(f"{id!r} is taken by {owner[id]}", file=pack.file, rule=rule.id, key="id")
                owner[id] = pack.file
    for pack in packs[len(packs) - len(extra) :]:
        check_patterns(pack.rules)
    return packs


def load_packs(extra: tuple[str, ...] = ()) -> tuple[Pack, ...]:
    """As `read_packs`; what was read before and has not been written since is not read again."""
    return _kept_packs(extra, _stamps(extra))


@lru_cache(maxsize=8)
def _kept_packs(extra: tuple[str, ...], stamps: _Stamps) -> tuple[Pack, ...]:
    return read_packs(extra)


_Stamps = tuple[tuple[int, int] | None, ...]


def _stamps(files: Iterable[str]) -> _Stamps:
    """When each file was written and its size: a program that edits a pack must not be given the old one."""

    def stamp(file: str) -> tuple[int, int] | None:
        try:
            found = os.stat(file)
        except OSError:  # whoever reads it says so
            return None
        return found.st_mtime_ns, found.st_size

    return tuple(map(stamp, files))


def load_rulebook(
    extra: tuple[str, ...] = (),
    select: tuple[str, ...] = (),
    extend_select: tuple[str, ...] = (),
    ignore: tuple[str, ...] = (),
) -> Rulebook:
    """The rulebook of all packs, with the rules that the selectors leave.

    Without ``select`` all rules are on that are not flagged proposals; ``extend_select`` adds others;
    ``ignore`` wins over both.  A selector is an id, an old id that a rule replaces, or a prefix of ids ("en/").

    Raises `RuleError`, also for a selector, override or exemption that names no rule.
    """
    return _kept_rulebook(_stamps(extra), extra, select, extend_select, ignore)


@lru_cache(maxsize=8)
def _kept_rulebook(stamps: _Stamps, extra: tuple[str, ...], *selectors: tuple[str, ...]) -> Rulebook:
    return compose(load_packs(extra), *selectors)


@dataclass(frozen=True, slots=True)
class Laid:
    """The rules of some packs as those behind them leave them, and what those packs say of each rule.

    ``rules`` are all rules by id, whether they are on or not, ``names`` the id that stands behind each id and old id,
    ``disabled`` the packs that switch a rule off, ``for_filters`` exceptions by filter and code.
    """

    rules: dict[str, Rule] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    disabled: dict[str, list[Pack]] = field(default_factory=dict)
    overrides: dict[str, list[Override]] = field(default_factory=dict)
    exemptions: dict[str, list[Exemption]] = field(default_factory=dict)
    for_filters: dict[str, list[Exemption]] = field(default_factory=dict)

    @property
    def active(self) -> set[str]:
        """Ids of the rules that are on when no selector says otherwise."""
        return {id for id, rule in self.rules.items() if rule.action != "flag" and id not in self.disabled}

    @property
    def exempt(self) -> dict[str, frozenset[str]]:
        """For the id of a rule, the folded lines that it must leave alone on all sites."""
        return {
            id: frozenset(fold(text) for exemption in own if not exemption.sites for text in exemption.text)
            for id, own in self.exemptions.items()
        }


def lay(packs: Iterable[Pack]) -> Laid:
    """Lay packs over one another.  Raises `RuleError` for what names no rule, or sets what a rule cannot have."""
    laid = Laid()
    for pack in packs:
        for rule in pack.rules:
            laid.rules[rule.id] = rule
            laid.names.update(dict.fromkeys((rule.id, *rule.replaces), rule.id))
        for selector in pack.disable:
            for id in resolve(selector, laid.names, pack.file, "disable"):
                laid.disabled.setdefault(id, []).append(pack)
        for override in pack.overrides:
            for id in resolve(override.rule, laid.names, override.file, "rule", override.line):
                if "until" in override.fields and laid.rules[id].scope != "heading-block":
                    raise RuleError(
                        f"{id!r} has scope {laid.rules[id].scope!r}; only 'heading-block' says where a block ends",
                        file=override.file,
                        rule=override.rule,
                        key="until",
                        line=override.line,
                    )
                fields: dict[str, Any] = dict(override.fields)
                laid.rules[id] = replace(laid.rules[id], **fields)
                laid.overrides.setdefault(id, []).append(override)
        for exemption in pack.exemptions:
            if exemption.is_for_filter:
                laid.for_filters.setdefault(exemption.rule, []).append(exemption)
                continue
            for id in resolve(exemption.rule, laid.names, exemption.file, "rule", exemption.line):
                laid.exemptions.setdefault(id, []).append(exemption)
    return laid


def choose(laid: Laid, *, language: str | None, site: str | None, kind: str | None) -> list[Rule]:
    """The rules that hold for a language, on a site, and are of a kind; None stands for any."""
    return [
        rule
        for rule in laid.rules.values()
        if (language is None or language in rule.languages or "*" in rule.languages)
        and (site is None or on_site(rule, site))
        and (kind is None or rule.kind == kind)
    ]


def layers(packs: Sequence[Pack]) -> Iterator[tuple[tuple[Pack, ...], tuple[Pack, ...]]]:
    """The packs of each layer, and these with all packs before them.

    The shipped packs of a folder are a layer (common, languages, sites), every other pack is one by itself.
    """
    shipped = shipped_folder()

    def layer(pack: Pack) -> str:
        folder = Path(pack.file).parent
        return str(folder if folder.is_relative_to(shipped) else pack.file)

    below: tuple[Pack, ...] = ()
    for _, group in groupby(packs, layer):
        own = tuple(group)
        below += own
        yield own, below


def compose(
    packs: Iterable[Pack],
    select: Sequence[str] = (),
    extend_select: Sequence[str] = (),
    ignore: Sequence[str] = (),
) -> Rulebook:
    """Lay packs over one another and choose.  Raises `RuleError`."""
    laid = lay(packs)
    chosen = _resolve_all(select, laid.names, "--select") if select else laid.active
    chosen |= _resolve_all(extend_select, laid.names, "--extend-select")
    chosen -= _resolve_all(ignore, laid.names, "--ignore")
    return Rulebook([rule for id, rule in laid.rules.items() if id in chosen], laid.exempt)


def load_exemptions(extra: tuple[str, ...] = ()) -> dict[str, list[Exemption]]:
    """All exceptions of all packs, by the rule's id, or filter and code, that they are for.  Raises `RuleError`."""
    return _kept_exemptions(extra, _stamps(extra))


@lru_cache(maxsize=8)
def _kept_exemptions(extra: tuple[str, ...], stamps: _Stamps) -> dict[str, list[Exemption]]:
    packs = load_packs(extra)
    if not any(pack.exemptions for pack in packs):
        return {}
    laid = lay(packs)
    return laid.exemptions | laid.for_filters


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
