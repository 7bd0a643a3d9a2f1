"""Runs rules over lines in linear time: one set match tells which rules hit a line, only spans are looked up.

The engine is RE2, whose time is linear in the length of the line for any pattern, so that no rule can hang a run.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import re2

from cleaner.rulebook.model import Rule, RuleError
from cleaner.text import fold, fold_with_map, weight

# The edge of a word in every script: RE2's own \b knows ASCII only.
_EDGE_BEFORE = r"(?:^|[^\pL\pN\pM_])"
_EDGE_AFTER = r"(?:$|[^\pL\pN\pM_])"
# Marks taken off one line by spans; each cut may lay another mark bare at the new end of the line.
MAX_ROUNDS = 32


@dataclass(frozen=True, slots=True)
class SpanHit:
    """A rule that matched inside a line: ``start`` and ``end`` count characters of the line as given."""

    rule: Rule
    start: int
    end: int


class Matcher:
    """The rules that hold for one language and site, compiled.

    Raises `RuleError` for a pattern that the engine does not read.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)
        self._spans: dict[int, list[object]] = {}
        self._owner: list[int] = []
        options = re2.Options()
        options.log_errors = False
        self._set = re2.Set.SearchSet(options)
        for index, rule in enumerate(self.rules):
            for pattern in rule.patterns:
                source = expression(rule, pattern)
                try:
                    compiled = re2.compile(source, options)
                    self._set.Add(source)
                except re2.error as error:
                    raise RuleError(
                        f"the pattern {pattern!r} cannot be compiled: {_words(error)} (RE2 syntax: no look-around, no "
                        "back-references)",
                        file="rules",
                        rule=rule.id,
                        key="pattern",
                    ) from error
                self._owner.append(index)
                if rule.scope == "span":
                    self._spans.setdefault(index, []).append(compiled)
        if self._owner:
            self._set.Compile()

    def hits(self, line: str) -> list[Rule]:
        """The rules of scope line, heading-block or tail that match the line, in the order of the packs.

        A line of more words than a rule's ``max_words`` is left alone by it.
        """
        return [rule for rule in self._matching(line) if rule.scope != "span"]

    def spans(self, line: str) -> list[SpanHit]:
        """Matches of span rules in the line, left to right, without overlaps."""
        matching = [rule for rule in self._matching(line) if rule.scope == "span"]
        if not matching:
            return []
        folded, places = fold_with_map(line)
        found: list[SpanHit] = []
        for rule in matching:
            for compiled in self._spans[self.rules.index(rule)]:
                for match in compiled.finditer(folded):  # type: ignore[attr-defined]
                    start, end = match.span(compiled.groupindex.get("cut", 0))  # type: ignore[attr-defined]
                    if start < end:
                        found.append(SpanHit(rule, places[start], places[end]))
        found.sort(key=lambda hit: (hit.start, -hit.end))
        return list(_without_overlaps(found))

    def _matching(self, line: str) -> Iterator[Rule]:
        if not self._owner:
            return
        owners = sorted({self._owner[number] for number in self._set.Match(fold(line)) or ()})
        words = weight(line) if owners else 0.0
        for index in owners:
            rule = self.rules[index]
            if rule.scope == "span" or words <= rule.max_words:
                yield rule


def expression(rule: Rule, pattern: str) -> str:
    """The RE2 pattern that a rule's pattern stands for.

    ``exact``, ``prefix`` and ``phrase`` patterns are folded as lines are; a ``regex`` must match the whole line, or,
    in scope ``span``, some part of it.
    """
    if rule.match == "regex":
        return f"(?s){pattern}" if rule.scope == "span" else f"(?s)^(?:{pattern})$"
    quoted = re2.escape(fold(pattern))
    if rule.match == "exact":
        return f"^{quoted}$"
    after = _EDGE_AFTER if pattern[-1].isalnum() else ""
    if rule.match == "prefix":
        return f"^{quoted}{after}"
    before = _EDGE_BEFORE if pattern[0].isalnum() else ""
    return f"{before}(?P<cut>{quoted}){after}"


def _without_overlaps(hits: Iterable[SpanHit]) -> Iterator[SpanHit]:
    position = 0
    for hit in hits:
        if hit.start >= position:
            yield hit
            position = hit.end


def _words(error: Exception) -> str:
    reason = error.args[0] if error.args else error
    return reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)


class Rulebook:
    """All rules of all packs, in order; gives the matcher for a language and a site."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self.rules = tuple(rules)
        self.matcher = lru_cache(maxsize=256)(self._matcher)

    def _matcher(self, language: str | None, site: str | None = None) -> Matcher:
        """The rules for documents of a language (None: unknown; then rules for all languages alone) and site."""
        return Matcher([rule for rule in self.rules if _holds(rule, language, site)])

    def __reduce__(self) -> tuple[object, ...]:
        return Rulebook, (self.rules,)


def _holds(rule: Rule, language: str | None, site: str | None) -> bool:
    if rule.action != "remove":
        return False
    if "*" not in rule.languages and language not in rule.languages:
        return False
    if not rule.sites:
        return True
    return site is not None and any(site == known or site.endswith(f".{known}") for known in rule.sites)
