"""Advice on rules: nothing here is an error, all of it makes a pack easier to trust."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from cleaner.rulebook.match import Matcher
from cleaner.rulebook.model import Pack, Rule

CODES = {
    "dead": "every hit is taken by an earlier rule: this one can never act",
    "overlap": "a hit is matched by another rule as well",
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


def lint(packs: Sequence[Pack]) -> Iterator[Advice]:
    """Findings on all rules of the packs, in order."""
    for pack in packs:
        for earlier, rule in pairwise(pack.rules):
            if rule.id < earlier.id:
                yield _advice(rule, "unsorted", f"stands behind {earlier.id}")
        for rule in pack.rules:
            yield from _alone(rule)
        yield from _together(pack.rules)


def _alone(rule: Rule) -> Iterator[Advice]:
    if rule.match == "regex" and all(_PLAIN.fullmatch(pattern) for pattern in rule.patterns):
        yield _advice(rule, "phrase", CODES["phrase"])
    if len(rule.hit) < 2 or len(rule.miss) < 2:
        yield _advice(rule, "few-proofs", f"{len(rule.hit)} hits, {len(rule.miss)} misses")
    high = rule.evidence.get("high")
    if not rule.evidence:
        yield _advice(rule, "no-evidence", CODES["no-evidence"])
    elif isinstance(high, float) and high < rule.confidence:
        yield _advice(rule, "overstated", f"states {rule.confidence}, measured at most {high}")


def _together(rules: Sequence[Rule]) -> Iterator[Advice]:
    acting = [rule for rule in rules if rule.scope == "line" and rule.action == "remove"]
    matcher = Matcher(acting)
    for place, rule in enumerate(acting):
        earlier = {other.id for other in acting[:place]}
        owners = [[other.id for other in matcher.matching(text) if other.id != rule.id] for text in rule.hit]
        if all(any(owner in earlier for owner in own) for own in owners):
            yield _advice(
                rule, "dead", f"its hits are taken by {', '.join(sorted({o for own in owners for o in own}))}"
            )
        else:
            for text, own in zip(rule.hit, owners, strict=True):
                if own:
                    yield _advice(rule, "overlap", f"{text!r} is matched by {', '.join(own)} as well")


def _advice(rule: Rule, code: str, detail: str) -> Advice:
    return Advice(rule.id, code, detail, rule.file, rule.line)
