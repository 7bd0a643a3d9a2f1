"""Rules prove themselves: every hit must match, no miss may, and each case must come out as its pack says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from cleaner.rulebook.match import Matcher, Rulebook
from cleaner.rulebook.model import Case, Pack, Rule

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
    """Failures of one rule against its own hits and misses."""
    matcher = Matcher([rule])
    for proof, examples, want in (("hit", rule.hit, True), ("miss", rule.miss, False)):
        for text in examples:
            if bool(matcher.matching(text)) != want:
                yield Failure(rule.id, proof, text, "does not match" if want else "matches, and must not")
    for text in rule.gap:
        if matcher.matching(text):
            yield Failure(rule.id, "gap", text, "matches by now: make it a hit")


def prove(packs: Sequence[Pack], book: Rulebook, run: CaseRunner) -> Iterator[Failure]:
    """Failures of all packs: their rules, their cases, and their exemptions, which must be needed and must hold."""
    rules = {rule.id: rule for pack in packs for rule in pack.rules}
    for pack in packs:
        yield from prove_pack(pack, run)
        for exemption in pack.exemptions:
            rule = rules.get(exemption.rule)
            for text in exemption.text:
                if rule is not None and not Matcher([rule]).matching(text):
                    yield Failure(exemption.rule, "except", text, "does not match anyway: the exception is not needed")
                language = next(iter(rule.languages), None) if rule else None
                matcher = book.matcher(None if language == "*" else language)
                for other in matcher.matching(text):
                    if other.scope == "line":
                        yield Failure(exemption.rule, "except", text, f"is still taken, by {other.id}")


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
