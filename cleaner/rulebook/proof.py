"""Rules prove themselves: every hit must match, no miss may, and each case must come out as its pack says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from cleaner.rulebook.load import Laid, compose, lay, resolve
from cleaner.rulebook.match import Matcher, Rulebook, check_patterns
from cleaner.rulebook.model import Case, Exemption, Pack, Rule
from cleaner.text import fold

CaseRunner = Callable[[Case, str], str]
"""Cleans a case's text in the pack's language and returns what is left."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A proof that failed: the rule or case, which proof, and what was wrong with it."""

    rule: str
    proof: str
    text: str
    problem: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.proof} {self.text!r}: {self.problem}"


def prove_rule(rule: Rule) -> Iterator[Failure]:
    """Failures of one rule against its own hits and misses.  Raises `RuleError` for a pattern of no use."""
    check_patterns((rule,))
    matcher = Matcher([rule])
    for proof, examples, want in (("hit", rule.hit, True), ("miss", rule.miss, False)):
        for text in examples:
            if bool(matcher.every(text)) != want:
                yield Failure(rule.id, proof, text, "does not match" if want else "matches, and must not")
    for text in rule.gap:
        if matcher.every(text):
            yield Failure(rule.id, "gap", text, "matches by now: make it a hit")


def prove_layer(own: Sequence[Pack], below: Sequence[Pack], run: CaseRunner) -> Iterator[Failure]:
    """Failures of packs when the packs ``below`` are read, these among them.

    Their rules, their cases, and their exemptions, which must be needed and must hold.  A layer is proved with packs
    up to its own, so that what a later one changes breaks no proof of it.
    """
    laid, book = lay(below), compose(below)
    for pack in own:
        yield from prove_pack(pack, run)
        for exemption in pack.exemptions:
            yield from _prove_exemption(exemption, pack, laid, book)


def _prove_exemption(exemption: Exemption, pack: Pack, laid: Laid, book: Rulebook) -> Iterator[Failure]:
    """Failures of an exemption: some rule that it names must match its lines, and no other line rule may take them.

    What rules of other scopes take depends on the lines around, which an exception does not tell; what filters take on
    the whole document.
    """
    if exemption.is_for_filter:
        return
    ids = resolve(exemption.rule, laid.names, exemption.file, "rule", exemption.line)
    for text in exemption.text:
        matched = [laid.rules[id] for id in sorted(ids) if Matcher([laid.rules[id]]).matching(text)]
        if not matched and all(laid.rules[id].scope == "line" for id in ids):
            yield Failure(exemption.rule, "except", text, "does not match anyway: the exception is not needed")
        places = {
            (None if language == "*" else language, site)
            for rule in matched
            for language in rule.languages
            for site in exemption.sites or rule.sites or pack.sites or (None,)
        }
        takers = {
            other.id for place in places for other in book.matcher(*place).matching(text) if other.scope == "line"
        }
        for id in sorted(takers):
            if any(_spares(other, text, exemption.sites) for other in laid.exemptions.get(id, ())):
                continue
            yield Failure(exemption.rule, "except", text, f"is still taken, by {id}")


def _spares(exemption: Exemption, text: str, sites: Sequence[str]) -> bool:
    """Whether an exception names a line on all of the sites."""
    everywhere = not exemption.sites or (bool(sites) and set(sites) <= set(exemption.sites))
    return everywhere and fold(text) in map(fold, exemption.text)


def prove_pack(pack: Pack, run: CaseRunner) -> Iterator[Failure]:
    """Failures of all rules and cases of a pack; no miss may be matched by another line rule of the pack either."""
    for rule in pack.rules:
        yield from prove_rule(rule)
    matcher = Matcher([rule for rule in pack.rules if rule.scope == "line"])
    for rule in pack.rules:
        for text in rule.miss:
            for other in matcher.matching(text):
                if other.id != rule.id:
                    yield Failure(rule.id, "miss", text, f"is matched by {other.id}")
    language = next((language for rule in pack.rules for language in rule.languages if language != "*"), "en")
    for case in pack.cases:
        got, want = _lines(run(case, case.language or language)), _lines(case.want)
        if got != want:
            lost = [line for line in want if line not in got]
            left = [line for line in got if line not in want]
            yield Failure(f"{pack.name} case {case.name!r}", "want", "", f"lost {lost}, left {left}")


def _lines(text: str) -> Sequence[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
