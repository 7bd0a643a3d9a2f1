"""Advice on rules: nothing here is an error, all of it makes a pack easier to trust."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from cleaner.rulebook.load import lay, layers
from cleaner.rulebook.match import Matcher, on_site
from cleaner.rulebook.model import Pack, Rule
from cleaner.text import fold

CODES = {
    "dead": "every hit is taken by earlier rules that hold wherever this one does",
    "overlap": "a hit is matched by another rule as well",
    "duplicate-pattern": "two patterns of the rule are the same once they are folded",
    "phrase": "the pattern has no special characters: a phrase or exact match says the same and reads better",
    "few-proofs": "fewer than two hits or two misses",
    "no-evidence": "no measured figures: see `cleaner rules measure --write`",
    "overstated": "the measured precision is under the confidence that the rule states",
    "unsorted": "ids are not in alphabetical order: see `cleaner rules fmt`",
}
_PLAIN = re.compile(r"[^\\.^$|?*+()\[\]{}]+")


@dataclass(frozen=True, slots=True)
class Advice:
    """One finding: the rule, a code of `CODES`, and the particulars."""

    rule: str
    code: str
    detail: str
    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.rule}: {self.code}: {self.detail}"


def lint(packs: Sequence[Pack], files: Collection[str] | None = None) -> Iterator[Advice]:
    """Findings on the rules of the packs, in order; with ``files`` on the packs of these files alone.

    A pack is compared with all packs before it, as its own layer leaves them.
    """
    for layer, below in layers(packs):
        reported = [pack for pack in layer if files is None or pack.file in files]
        if not reported:
            continue
        among = _Neighbours(below, reported)
        for pack in reported:
            for earlier, rule in pairwise(pack.rules):
                if rule.id < earlier.id:
                    yield _advice(rule, "unsorted", f"stands behind {earlier.id}")
            for rule in pack.rules:
                yield from _alone(rule)
            yield from _together(pack, among)


class _Neighbours:
    """The line rules of some packs that are on and take lines, to ask which of them take a line from a rule."""

    def __init__(self, packs: Sequence[Pack], reported: Sequence[Pack]) -> None:
        laid = lay(packs)
        active = laid.active
        acting = [
            rule for id, rule in laid.rules.items() if id in active and rule.scope == "line" and rule.action != "cue"
        ]
        self.rules = {rule.id: rule for rule in acting}
        self.place = {id: number for number, id in enumerate(self.rules)}
        own = [self.rules[rule.id] for pack in reported for rule in pack.rules if rule.id in self.rules]
        self._matcher = Matcher([rule for rule in acting if any(_meet(rule, one) for one in own)], laid.exempt)

    def takers(self, rule: Rule, pack: Pack) -> list[list[Rule]]:
        """For each hit of a rule of a pack, the other rules of that pack, or of packs before it, that match it."""
        last = max(self.place.get(one.id, -1) for one in pack.rules)
        return [
            [
                other
                for other in self._matcher.matching(text)
                if other.id != rule.id and self.place[other.id] <= last and _meet(other, rule)
            ]
            for text in rule.hit
        ]


def _alone(rule: Rule) -> Iterator[Advice]:
    if rule.match == "regex" and all(_PLAIN.fullmatch(pattern) for pattern in rule.patterns):
        yield _advice(rule, "phrase", CODES["phrase"])
    if rule.match != "regex":
        first: dict[str, str] = {}
        for pattern in rule.patterns:
            same = first.setdefault(fold(pattern), pattern)
            if same is not pattern:
                yield _advice(rule, "duplicate-pattern", f"{pattern!r} is the same as {same!r}")
    if len(rule.hit) < 2 or len(rule.miss) < 2:
        yield _advice(rule, "few-proofs", f"{len(rule.hit)} hits, {len(rule.miss)} misses")
    high = rule.evidence.get("high")
    if not rule.evidence:
        yield _advice(rule, "no-evidence", CODES["no-evidence"])
    elif isinstance(high, float) and high < rule.confidence:
        yield _advice(rule, "overstated", f"states {rule.confidence}, measured at most {high}")


def _together(pack: Pack, among: _Neighbours) -> Iterator[Advice]:
    """Line rules of the pack whose hits are taken by others of it, or of the packs before it."""
    own = [among.rules[rule.id] for rule in pack.rules if rule.id in among.rules]
    takers = {rule.id: among.takers(rule, pack) for rule in own}
    earlier = {
        rule.id: [[one for one in found if among.place[one.id] < among.place[rule.id]] for found in takers[rule.id]]
        for rule in own
    }
    dead = {rule.id for rule in own if all(any(_covers(one, rule) for one in found) for found in earlier[rule.id])}
    for rule in own:
        if rule.id in dead:
            names = sorted({one.id for found in earlier[rule.id] for one in found})
            yield _advice(rule, "dead", f"its hits are taken by {', '.join(names)}")
            continue
        for text, found in zip(rule.hit, takers[rule.id], strict=True):
            names = [other.id for other in found if other.id not in dead]
            if names:
                yield _advice(rule, "overlap", f"{text!r} is matched by {', '.join(names)} as well")


def _meet(one: Rule, other: Rule) -> bool:
    """Whether there are documents for which both rules hold."""
    languages = "*" in (*one.languages, *other.languages) or not set(one.languages).isdisjoint(other.languages)
    sites = any(on_site(one, site) for site in other.sites) or any(on_site(other, site) for site in one.sites)
    return languages and (sites or not (one.sites or other.sites))


def _covers(one: Rule, other: Rule) -> bool:
    """Whether a rule holds for all documents for which another one does."""
    languages = "*" in one.languages or set(other.languages) <= set(one.languages)
    sites = not one.sites or (bool(other.sites) and all(on_site(one, site) for site in other.sites))
    return languages and sites


def _advice(rule: Rule, code: str, detail: str) -> Advice:
    return Advice(rule.id, code, detail, rule.file, rule.line)
