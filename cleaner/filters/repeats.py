"""The same text a second time in one document: a summary under two labels, a paragraph pasted twice.

Exact copies (folded) are found by hash; near copies only among lines that begin or end with the same words, verified
by rapidfuzz.  The copy that stands among story prose is kept, the first of them if several do.

Left alone: short lines (refrains, scores, names in lists, labels), anything repeated so often in short form that it
is verse, and paragraphs that differ in a number or a name, which are different news.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from rapidfuzz import fuzz

from cleaner.chain import Line, View
from cleaner.document import Removal
from cleaner.text import fold, is_prose, tokens, weight

NAME = "repeats"
# Shorter repeats are as often refrains, results or list entries as copies.
MIN_WORDS = 8.0
# Lines shorter than this repeated three times or more are verse or slogans.
VERSE_WORDS = 14.0
# rapidfuzz ratio from which two lines that agree in numbers and names are copies: in the development benchmark pairs
# at 92 and above are one paragraph with a typo mended, a quotation mark changed or a dateline cut off.
NEAR = 92.0
# A ratio of 92 cannot be reached when one line is shorter than this share of the other: 2 * s / (1 + s) = .92.
MIN_LENGTH_RATIO = 0.85
# Words at both ends of a line that near copies must share one side of.
EDGE_WORDS = 5
# Copies looked at for each line and edge: bounds the work on a page of look-alikes.
MAX_CANDIDATES = 4


class Repeats:
    """Removes later copies of a line of prose or of a long headline."""

    name = NAME

    def removals(self, view: View) -> Iterable[Removal]:
        """One removal for each copy, with the place of the one that was kept as evidence."""
        lines = view.lines
        groups = _groups(lines)
        copies = {place for group in groups for place, _ in group}
        for group in groups:
            keep = _keep(group, lines, copies)
            for place, score in group:
                if place != keep:
                    yield _removal(lines[place], lines[keep], score)


def _removal(line: Line, kept: Line, score: float) -> Removal:
    exact = score == 100.0
    evidence = {"kept_line": kept.segment.line, "kept_start": kept.segment.start, "score": round(score, 1)}
    how = "The same text" if exact else "Nearly the same text"
    return line.remove(
        NAME,
        "exact" if exact else "near",
        f"{how} stands in line {kept.segment.line}, which is kept.",
        0.95 if exact else 0.85,
        evidence,
    )


def _groups(lines: Sequence[Line]) -> list[list[tuple[int, float]]]:
    """Groups of copies: places of lines, each with its similarity (100 = equal) to the first of the group."""
    weights = [weight(line.text) for line in lines]
    by_text: dict[str, list[int]] = defaultdict(list)
    for place, line in enumerate(lines):
        if weights[place] >= MIN_WORDS:
            by_text[fold(line.text)].append(place)
    groups = {text: [(place, 100.0) for place in places] for text, places in by_text.items()}
    for text, other, score in _near(list(by_text)):
        if text in groups and other in groups:
            groups[text] += [(place, score) for place, _ in groups.pop(other)]
    return [
        group
        for group in groups.values()
        if len(group) > 1 and not (len(group) > 2 and weights[group[0][0]] < VERSE_WORDS)
    ]


def _near(texts: Sequence[str]) -> Iterable[tuple[str, str, float]]:
    """Pairs of different lines that are copies but for a few characters; the earlier line comes first."""
    by_edge: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    copied: set[str] = set()
    for text in texts:
        words = text.split() if " " in text else tokens(text)
        edges = (("head", tuple(words[:EDGE_WORDS])), ("tail", tuple(words[-EDGE_WORDS:])))
        for edge in edges:
            for other in by_edge[edge][:MAX_CANDIDATES]:
                if text in copied or min(len(text), len(other)) < MIN_LENGTH_RATIO * max(len(text), len(other)):
                    continue
                score = fuzz.ratio(text, other, score_cutoff=NEAR)
                if score and same_news(text, other):
                    copied.add(text)
                    yield other, text, min(score, 99.9)
        if text not in copied:
            for edge in edges:
                by_edge[edge].append(text)


_NUMBER = re.compile(r"[^\W\d_]*\d[\d.,:/\-]*[^\W_]*")


def same_news(text: str, other: str) -> bool:
    """False when two lines differ in a number or in a whole word other than small ones: they are different news.

    >>> same_news("profit rose 4 % in the first quarter", "profit rose 9 % in the first quarter")
    False
    >>> same_news("the minister met his counterpart in ankara", "the minister met his counterpart in tehran")
    False
    >>> same_news("the minister arrived in ankara on friday.", "“the minister arrived in ankara on friday”")
    True
    """
    if Counter(_NUMBER.findall(text)) != Counter(_NUMBER.findall(other)):
        return False
    words, other_words = Counter(tokens(text)), Counter(tokens(other))
    missing, added = words - other_words, other_words - words
    if not missing or not added:
        # one holds all words of the other: a dateline or a half-sentence was cut off
        return True
    # words exchanged for others: copies only if each is the other misspelt
    pairs = zip(sorted(missing), sorted(added), strict=False)
    return missing.total() == added.total() and all(len(one) >= 4 and fuzz.ratio(one, two) >= 80 for one, two in pairs)


def _keep(group: Sequence[tuple[int, float]], lines: Sequence[Line], copies: set[int]) -> int:
    """The copy that stays: the document's first line if it is one, else the one with most story prose around it."""
    places = sorted(place for place, _ in group)
    if places[0] == 0:
        return 0

    def support(place: int) -> int:
        around = (place - 1, place + 1)
        return sum(0 <= near < len(lines) and near not in copies and is_prose(lines[near].text) for near in around)

    return max(places, key=lambda place: (support(place), -place))
