"""Runs rules over lines in linear time: one search for literals tells which patterns a line may match at all.

Of each pattern it is known which literals a match must hold one of, and how many letters it has at most
(`cleaner.rulebook.literals`).  The literals of all patterns are found in one pass (Aho and Corasick 1975,
https://doi.org/10.1145/360825.360855), and the few patterns whose literals are there are tried.  They are tried by RE2,
whose time is linear in the length of the line for any pattern, so that no rule can hang a run.

What is tried first is a wider form of a pattern (`cleaner.rulebook.wide`), which compiles fast, when a line first calls
for it.  A pattern itself is compiled when its wider form first matches a line beyond ASCII, and has the last word.
Most are never compiled.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import accumulate
from math import inf
from string import ascii_lowercase
from typing import Any, NamedTuple

import re2
from ahocorasick_rs import AhoCorasick, Implementation

from cleaner.rulebook.literals import EDGE, UNKNOWN, Literals, literals
from cleaner.rulebook.model import Rule, RuleError
from cleaner.rulebook.wide import widen
from cleaner.text import fold, fold_with_map, remembered, weight

# The edge of a word in every script: RE2's own \b knows ASCII only.
_EDGE_BEFORE = r"(?:^|[^\pL\pN\pM_])"
_EDGE_AFTER = r"(?:$|[^\pL\pN\pM_])"
# Marks taken off one line by spans; each cut may lay another mark bare at the new end of the line.
MAX_ROUNDS = 32
_LETTERS = ascii_lowercase.encode("ascii")
# Lines that are searched together: more of them save no time, and what is found in them is held in memory.
TOGETHER = 64
_NO_RULES: tuple[Sequence[Rule], Sequence[Rule]] = ((), ())


@dataclass(frozen=True, slots=True)
class SpanHit:
    """A rule that matched inside a line: ``start`` and ``end`` count characters of the line as given."""

    rule: Rule
    start: int
    end: int


def _options() -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    return options


_OPTIONS = _options()


@dataclass(frozen=True, eq=False)
class _Source:
    """A pattern as the engine reads it, and where it comes from."""

    text: str
    rule: Rule
    pattern: str

    @cached_property
    def literals(self) -> Literals:
        """What it asks of a line.  Raises `RuleError` for a pattern that cannot be read."""
        found = literals(self.text)
        if found is UNKNOWN:
            _ = self.compiled  # says what is wrong with it, if anything
        return found

    @property
    def most_words(self) -> float:
        """Lines of more words are left alone."""
        return inf if self.rule.scope == "span" else self.rule.max_words

    @cached_property
    def compiled(self) -> Any:
        """The pattern, compiled alone.  Raises `RuleError`."""
        return self._compile(self.text)

    @cached_property
    def _wide(self) -> Any:
        """Its wider form, compiled; None where that is the pattern."""
        wide = widen(self.text)
        return None if wide == self.text else self._compile(wide)

    def _compile(self, text: str) -> Any:
        try:
            return re2.compile(text, _OPTIONS)
        except re2.error as error:
            raise RuleError(
                f"the pattern {self.pattern!r} cannot be compiled: {_words(error)} (RE2 syntax: no look-around, no "
                "back-references)",
                file=self.rule.file or "rules",
                rule=self.rule.id,
                key="pattern",
                line=self.rule.line,
            ) from error

    def matches(self, line: bytes) -> bool:
        """Whether the pattern matches a folded line in UTF-8."""
        if self._wide is not None:
            if self._wide.search(line) is None:
                return False
            if line.isascii():
                return True
        return self.compiled.search(line) is not None


class _Asking(NamedTuple):
    """A pattern, the number of its rule, and the most ASCII letters and words of lines that it matches."""

    number: int
    source: _Source
    letters: float
    words: float


class _Search:
    """Finds which of some patterns match a line; each comes with the number of its rule."""

    def __init__(self, sources: Sequence[tuple[int, _Source]]) -> None:
        self._exact: dict[str, set[int]] = {}
        self._anywhere: list[_Asking] = []
        by_literal: dict[str, tuple[_Asking, ...]] = {}
        for index, source in sources:
            if source.rule.match == "exact":
                self._exact.setdefault(fold(source.pattern), set()).add(index)
                continue
            asked = source.literals
            asking = _Asking(index, source, asked.letters, source.most_words)
            if "" in asked.strings:
                self._anywhere.append(asking)
                continue
            alone = (asking,)  # one for all literals that no other pattern has, as most
            for literal in sorted(asked.strings):
                others = by_literal.setdefault(literal, alone)
                if others is not alone:
                    by_literal[literal] = (*others, asking)
        self._asking = list(by_literal.values())
        different = set(self._asking)
        most = {asked: (max(one.letters for one in asked), max(one.words for one in asked)) for asked in different}
        self._most = [most[asked] for asked in self._asking]
        # half as large as a deterministic automaton, a tenth of the time to build, and nearly as fast
        self._automaton = AhoCorasick(list(by_literal), implementation=Implementation.ContiguousNFA)

    def find(self, lines: Sequence[str], words: Sequence[float]) -> list[set[int]]:
        """For each of some folded lines of so many words, numbers of the rules that have a pattern which matches it."""
        found = [set(self._exact.get(line, ())) for line in lines]
        # one search over all lines, with an edge between two of them, takes less time than many short ones
        text = EDGE.join(("", *lines, ""))
        encoded = text.encode("utf-8").split(EDGE.encode("ascii"))[1:-1]
        letters = [len(line) - len(line.translate(None, _LETTERS)) for line in encoded]
        ends = [*accumulate([len(line) + 1 for line in lines])]
        asking: list[list[_Asking]] = [[*self._anywhere] for _ in lines]
        line = 0
        for place, _, end in self._automaton.find_matches_as_indexes(text, True):
            while end > ends[line] + 1:  # they come in the order of their ends
                line += 1
            most_letters, most_words = self._most[place]
            if most_letters >= letters[line] and most_words >= words[line]:
                asking[line] += self._asking[place]
        for line, ask in enumerate(asking):
            if ask:
                _try(ask, encoded[line], letters[line], words[line], found[line])
        return found


def _try(asking: Iterable[_Asking], line: bytes, letters: int, words: float, found: set[int]) -> None:
    """Add what matches a line of so many ASCII letters and words."""
    tried = set()
    for number, source, most_letters, most_words in asking:
        if most_letters < letters or most_words < words or number in found or source in tried:
            continue
        tried.add(source)
        if source.matches(line):
            found.add(number)


class Matcher:
    """The rules that hold for one language and site, compiled.

    ``exempt`` gives for a rule's id the folded lines that it must leave alone.  Raises `RuleError` for a pattern that
    the engine does not read; that one is too large shows where a line calls for it, or by `check_patterns`.
    """

    def __init__(self, rules: Sequence[Rule], exempt: Mapping[str, frozenset[str]] | None = None) -> None:
        self.rules = tuple(rules)
        self._exempt = exempt or {}
        self.scopes = frozenset(rule.scope for rule in self.rules)
        self._spans: dict[str, list[_Source]] = {}
        self._look = remembered(lambda line: self._find([line])[0])
        sources: list[tuple[int, _Source]] = []
        for index, rule in enumerate(self.rules):
            for pattern in rule.patterns:
                source = _Source(expression(rule, pattern), rule, pattern)
                sources.append((index, source))
                if rule.scope == "span":
                    self._spans.setdefault(rule.id, []).append(source)
        self._search = _Search(sources)

    def read(self, lines: Iterable[str]) -> None:
        """Look for rules in lines that will be asked about: in many of them at once, which takes less time."""
        new = self._look.lacks(lines)
        for start in range(0, len(new), TOGETHER):
            part = new[start : start + TOGETHER]
            self._look.learn(part, self._find(part))

    def matching(self, line: str) -> Sequence[Rule]:
        """All rules that match the line and may take something, in the order of the packs.

        A line of more words than a rule's ``max_words`` is left alone by it, unless the rule works inside lines.
        """
        return self._look(line)[1]

    def every(self, line: str) -> Sequence[Rule]:
        """All rules that match the line, whatever they do about it."""
        return self._look(line)[0]

    def _find(self, lines: Sequence[str]) -> list[tuple[Sequence[Rule], Sequence[Rule]]]:
        """For each of some lines, the rules that match it, and those of them that may take something."""
        folded, words = [fold(line) for line in lines], [weight(line) for line in lines]
        found = self._search.find(folded, words)
        return [
            self._of(*one) if one[0] else _NO_RULES  # as for most lines
            for one in zip(found, folded, words, strict=True)
        ]

    def _of(self, indexes: Iterable[int], folded: str, words: float) -> tuple[Sequence[Rule], Sequence[Rule]]:
        """The rules of these numbers that hold for a line, and those of them that may take something."""
        rules = [self.rules[index] for index in sorted(indexes)]
        found = tuple(
            rule
            for rule in rules
            if (rule.scope == "span" or words <= rule.max_words) and folded not in self._exempt.get(rule.id, ())
        )
        return found, tuple(rule for rule in found if rule.action != "cue")

    def spans(self, line: str, matching: Iterable[Rule]) -> list[SpanHit]:
        """Where those of the matching rules that have scope ``span`` match, left to right, without overlaps."""
        rules = [rule for rule in matching if rule.scope == "span"]
        if not rules:
            return []
        folded, places = fold_with_map(line)
        found: list[SpanHit] = []
        for rule in rules:
            for source in self._spans[rule.id]:
                for match in source.compiled.finditer(folded):
                    start, end = match.span(source.compiled.groupindex.get("cut", 0))
                    if start < end:
                        found.append(SpanHit(rule, places[start], places[end]))
        found.sort(key=lambda hit: (hit.start, -hit.end))
        return list(_without_overlaps(found))


def check_patterns(rules: Iterable[Rule]) -> None:
    """Compile all patterns of some rules.  Raises `RuleError` for one that the engine does not read or hold."""
    for rule in rules:
        for pattern in rule.patterns:
            _ = _Source(expression(rule, pattern), rule, pattern).compiled


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
        return f"^(?P<cut>{quoted}){after}"
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
    """All rules that are switched on, in order, with their exemptions; gives the matcher for a language and a site."""

    def __init__(self, rules: Sequence[Rule], exempt: Mapping[str, frozenset[str]] | None = None) -> None:
        self.rules = tuple(rules)
        self.exempt = dict(exempt or {})
        self._sites = frozenset(site for rule in self.rules for site in rule.sites)
        self._matcher = lru_cache(maxsize=256)(self._compile)

    def matcher(self, language: str | None, site: str | None = None) -> Matcher:
        """The rules for documents of a language (None: unknown; then rules for all languages alone) and site."""
        return self._matcher(language, self._known_site(site))

    def _known_site(self, site: str | None) -> str | None:
        """The site, or the one it is a subdomain of, that rules are written for: others share one matcher."""
        while site and site not in self._sites:
            _, _, site = site.partition(".")
        return site or None

    def _compile(self, language: str | None, site: str | None) -> Matcher:
        return Matcher([rule for rule in self.rules if holds(rule, language, site)], self.exempt)

    def __reduce__(self) -> tuple[object, ...]:
        return Rulebook, (self.rules, self.exempt)


def holds(rule: Rule, language: str | None, site: str | None) -> bool:
    """Whether a rule is for documents of this language and site.

    Rules for sites hold there in any language unless they name some.
    """
    return ("*" in rule.languages or language in rule.languages) and on_site(rule, site)


def on_site(rule: Rule, site: str | None) -> bool:
    """Whether a rule is for documents of this site: rules that name sites hold there and on subdomains alone."""
    return is_one_of(rule.sites, site)


def is_one_of(sites: Sequence[str], site: str | None) -> bool:
    """Whether a site is one of these or a subdomain of one; any site is, known or not, where none is named.

    >>> is_one_of(("elm.example",), "www.elm.example"), is_one_of(("elm.example",), None), is_one_of((), None)
    (True, False, True)
    """
    return not sites or (site is not None and any(site == own or site.endswith(f".{own}") for own in sites))
