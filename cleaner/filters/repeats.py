"""The same text a second time in one document: a summary under two labels, a paragraph pasted twice, a caption and its
picture's description.

Exact copies (folded) are found by hash; near copies only among lines that begin or end with the same words, verified
by rapidfuzz.  The copy that stands among story prose is kept, the first of them if several do.

Left alone: lines that end no sentence (refrains, scores, names in lists, labels) other than the headline and longer
ones that follow each other beside prose, short sentences, paragraphs that differ in a single word, which are different
news, and items of lists whose neighbours are no copies: under another heading they may say the same of something else.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import eq

from rapidfuzz import fuzz

from cleaner.chain import Line, View
from cleaner.document import Removal
from cleaner.text import ends_sentence, fold, is_marked, is_prose, tokens, weight

NAME = "repeats"
# Sentences from this length on.  Of shorter exact repeats in the development benchmark (guides, extracted text) one in
# eight was no story, of lines that end no sentence one in four: list entries, table rows, output of programs, verse.
MIN_WORDS = 12.0
# Headlines are known by standing first or in the title, and count from this length on.
TITLE_WORDS = 4.0
# Lines that end no sentence, right behind their copy: from this length on and beside prose, none of the development
# benchmark's was story (50 lines); shorter ones are cells of tables.
TWICE_WORDS = 7.0
# rapidfuzz ratio that two copies must reach; the words decide then (see `same_news`).  Below it lie pairs in which the
# dateline is longer than a tenth of the text.
NEAR = 92.0
# A ratio of 92 cannot be reached when one line is shorter than this share of the other: 2 * s / (1 + s) = .92.
MIN_LENGTH_RATIO = 0.85
# Share of the removed words, in texts of the development benchmark, that the marked story holds fewer times than the
# text (.96 in news, .88 in blogs and guides).  Near copies were right in all of 80 words, too few to say more.
CONFIDENCE = {"exact": 0.91, "near": 0.9}
# Words at both ends of a line that near copies must share one side of.
EDGE_WORDS = 5
# Characters of so many words and the spaces between them, at least.
LEAST = 2 * EDGE_WORDS - 1
# A dateline or label that one copy has before the text has at most this many words and ends like this.
DATELINE_WORDS = 6
DATELINE_ENDS = ("-", "–", "—", ":", ")", "]", "|")
# Copies looked at for each line and edge: bounds the work on a page of look-alikes.
MAX_CANDIDATES = 4


class Repeats:
    """Removes copies of a line of prose, of the headline, and of a line right before."""

    name = NAME

    def removals(self, view: View) -> Iterable[Removal]:
        """One removal for each copy, with the place of the one that was kept as evidence."""
        lines = view.lines
        groups = _groups(lines, view.document.title)
        copies = {place for group in groups for place in group}
        told = set()
        for group in groups:
            keep = _keep(group, lines, copies)
            for place in group:
                if place != keep and _is_told_again(place, keep, lines, copies):
                    told.add(place)
                    yield _removal(lines[place], lines[keep])
        left = [line for place, line in enumerate(lines) if place not in told] if told else lines
        for kept, *again in _said_again(left):
            for line in again:
                yield _removal(line, kept)


def _removal(line: Line, kept: Line) -> Removal:
    text, other = fold(line.text), fold(kept.text)
    exact = text == other
    score = fuzz.ratio(text, other)
    evidence = {"kept_line": kept.segment.line, "kept_start": kept.segment.start, "score": round(score, 1)}
    how = "The same text" if exact else "Nearly the same text"
    return line.remove(
        NAME,
        "exact" if exact else "near",
        f"{how} stands in line {kept.segment.line}, which is kept.",
        CONFIDENCE["exact" if exact else "near"],
        evidence,
    )


def _groups(lines: Sequence[Line], title: str | None) -> list[list[int]]:
    """Groups of copies, as places of lines."""
    headlines = {fold(text) for text in (title, lines[0].text if lines else None) if text}
    by_text: dict[str, list[int]] = defaultdict(list)
    for place, line in enumerate(lines):
        words = weight(line.text)
        if words < TITLE_WORDS:
            continue
        folded = fold(line.text)
        if folded in headlines or (words >= MIN_WORDS and ends_sentence(line.text)):
            by_text[folded].append(place)
    for text, other in list(_near(list(by_text))):
        by_text[text] += by_text.pop(other)
    return [group for group in by_text.values() if len(group) > 1]


def _near(texts: Sequence[str]) -> Iterable[tuple[str, str]]:
    """Pairs of different lines that are near copies: an earlier line that is no copy itself, and its copy."""
    if all(" " in text for text in texts):
        # few lines begin or end like another: the edges of the others are not looked at
        openings = _repeated([text[:LEAST] for text in texts])
        closings = _repeated([text[-LEAST:] for text in texts])
        if not openings and not closings:
            return
        texts = [text for text in texts if text[:LEAST] in openings or text[-LEAST:] in closings]
    heads, tails = [_head(text) for text in texts], [_tail(text) for text in texts]
    openings, closings = _repeated(heads), _repeated(tails)
    if not openings and not closings:
        return
    by_head: dict[str, list[str]] = defaultdict(list)
    by_tail: dict[str, list[str]] = defaultdict(list)
    copied: set[str] = set()
    for text, head, tail in zip(texts, heads, tails, strict=True):
        if head not in openings and tail not in closings:
            continue
        alike = by_head[head], by_tail[tail]
        for others in alike:
            for other in others[:MAX_CANDIDATES]:
                if text in copied or min(len(text), len(other)) < MIN_LENGTH_RATIO * max(len(text), len(other)):
                    continue
                if fuzz.ratio(text, other, score_cutoff=NEAR) and same_news(text, other):
                    copied.add(text)
                    yield other, text
        if text not in copied:
            for others in alike:
                others.append(text)


def _repeated(pieces: Sequence[str]) -> set[str]:
    """Those that stand among the pieces more than once."""
    if len(set(pieces)) == len(pieces):
        return set()
    return {piece for piece, count in Counter(pieces).items() if count > 1}


def _head(text: str) -> str:
    """The first words of a folded line."""
    if " " not in text:
        return " ".join(tokens(text)[:EDGE_WORDS])
    words = text.split(" ", EDGE_WORDS)
    return " ".join(words[:-1]) if len(words) > EDGE_WORDS else text


def _tail(text: str) -> str:
    """The last words of a folded line."""
    if " " not in text:
        return " ".join(tokens(text)[-EDGE_WORDS:])
    words = text.rsplit(" ", EDGE_WORDS)
    return " ".join(words[1:]) if len(words) > EDGE_WORDS else text


def same_news(text: str, other: str) -> bool:
    """True when two lines are the same words, punctuation aside, or one has a dateline or label before them.

    One word more or less, or exchanged, makes other news of it ("not", "Austria", "Thursday"), however alike the lines.

    >>> same_news("the minister arrived in ankara on friday.", "“the minister arrived in ankara on friday”")
    True
    >>> same_news("elm (gazette) – the minister arrived on friday.", "the minister arrived on friday.")
    True
    >>> same_news("the minister will vote in ankara", "the minister will not vote in ankara")
    False
    >>> same_news("not all ministers voted in ankara", "all ministers voted in ankara")
    False
    """
    words, other_words = tokens(text), tokens(other)
    if words == other_words:
        return True
    if len(words) < len(other_words):
        text, words, other_words = other, other_words, words
    extra = len(words) - len(other_words)
    if not 0 < extra <= DATELINE_WORDS or words[extra:] != other_words:
        return False
    # what stands before the first common word must close as a dateline does
    start = 0
    for word in words[:extra]:
        start = text.find(word, start) + len(word)
    return text[start : text.find(words[extra], start)].strip(" \"'“„«‘").endswith(DATELINE_ENDS)


def _is_told_again(place: int, kept: int, lines: Sequence[Line], copies: set[int]) -> bool:
    """Whether a copy is more than what a list says of one thing as of another: an item, or the text under a heading."""
    if not copies.isdisjoint((place - 1, place + 1)):
        return True
    return not (is_marked(lines[place].text) or (_has_heading(place, lines) and _has_heading(kept, lines)))


def _has_heading(place: int, lines: Sequence[Line]) -> bool:
    return place > 0 and not is_prose(lines[place - 1].text)


def _said_again(lines: Sequence[Line]) -> Iterable[Sequence[Line]]:
    """Longer lines that follow each other, say the same and stand beside prose: no list or poem stands around them."""
    texts = [line.text for line in lines]
    if not any(map(eq, texts, texts[1:])):  # as in most texts
        return
    for _, run in groupby(range(len(lines)), key=texts.__getitem__):
        first, *more = run
        if more and weight(lines[first].text) >= TWICE_WORDS:
            around = (near for near in (first - 1, more[-1] + 1) if 0 <= near < len(lines))
            if any(is_prose(lines[near].text) for near in around):
                yield lines[first : more[-1] + 1]


def _keep(group: Sequence[int], lines: Sequence[Line], copies: set[int]) -> int:
    """The copy that stays: the document's first line if it is one, else the one with most story prose around it."""
    places = sorted(group)
    if places[0] == 0:
        return 0

    def support(place: int) -> int:
        around = (place - 1, place + 1)
        return sum(0 <= near < len(lines) and near not in copies and is_prose(lines[near].text) for near in around)

    return max(places, key=lambda place: (support(place), -place))
