"""Likenesses of paragraphs: candidates by hash and by bands of signatures, verified by rapidfuzz and the news guard."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rapidfuzz import fuzz

from cleaner.surveys import ranges as sizes
from cleaner.surveys.folding import fold_lines
from cleaner.surveys.group import Mapper
from cleaner.surveys.guard import Veto, veto
from cleaner.surveys.papers import Papers
from cleaner.surveys.paragraphs import Paragraphs
from cleaner.surveys.ranges import leads, ranges, starts, together
from cleaner.surveys.tables import BANDS

# rapidfuzz ratio of two copies.  With a tenth of the words dropped, added or exchanged, 3,000 paragraphs of the
# invented corpus (bench/synthetic.py) all lie above 92; 84 leaves room for a dateline and a clause that was cut.  What
# lies above and is other news is for the guard to see.
NEAR = 84.0
# A ratio of 84 cannot be reached when one text is shorter than this share of the other: 2 * s / (1 + s) = .84.
MIN_LENGTH_RATIO = 0.72
# Likenesses that are numbers of Python at a time.
ROWS = 65_536
# Pairs that are compared in one task of a worker: half a second's work at most.
COMPARED = 512

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Edges:
    """Verified likenesses, sorted: ``later`` is like ``earlier``, a smaller number, with ``score`` of 100."""

    later: Array
    earlier: Array
    score: Array

    def among(self, chosen: Array) -> Edges:
        """Some of the likenesses, by a mask."""
        return Edges(self.later[chosen], self.earlier[chosen], self.score[chosen])

    def by_later_document(self, doc: Array) -> Edges:
        """The same likenesses, each from the later document to the earlier one, by later document."""
        swap = doc[self.later] < doc[self.earlier]
        later, earlier = np.where(swap, self.earlier, self.later), np.where(swap, self.later, self.earlier)
        order = np.lexsort((earlier, later, doc[later]))
        return Edges(later[order], earlier[order], self.score[order])

    def by_document(self, doc: Array) -> Iterator[tuple[int, Iterator[tuple[int, int, int, float]]]]:
        """By document of the later one: later, earlier, document of the earlier one, score."""

        def rows() -> Iterator[tuple[int, tuple[int, int, int, float]]]:
            for start in range(0, len(self.later), ROWS):
                part = slice(start, start + ROWS)
                later, earlier = self.later[part], self.earlier[part]
                columns = (later, earlier, doc[earlier], self.score[part])
                yield from zip(doc[later].tolist(), zip(*(one.tolist() for one in columns), strict=True), strict=True)

        for document, group in groupby(rows(), key=lambda row: row[0]):
            yield document, (row for _, row in group)


def exact_pairs(paragraphs: Paragraphs, papers: Papers) -> tuple[Array, Array, Array]:
    """Pairs of paragraphs with one folded text, each with the first of all and the first of its site.

    Also which paragraphs are the first of their text on their site: those alone are compared with others.
    """
    count = paragraphs.count
    first = np.ones(count, dtype=np.bool_)
    later: list[Array] = []
    earlier: list[Array] = []
    for numbers in ranges(paragraphs.hash):
        key = paragraphs.hash[numbers]
        order = np.argsort(key, kind="stable")  # numbers ascend within a text
        order = order[together(starts(key[order]))]
        numbers, key = numbers[order], key[order]  # noqa: PLW2901
        new = starts(key)
        _pairs(numbers, leads(numbers, new), later, earlier)
        site = papers.site[paragraphs.doc[numbers]]
        order = np.lexsort((site, np.cumsum(new)))
        led_by = leads(numbers[order], starts(key[order], site[order]))
        _pairs(numbers[order], led_by, later, earlier)
        first[numbers[order]] = led_by == numbers[order]
    return _joined(later), _joined(earlier), first


def _pairs(numbers: Array, leads: Array, later: list[Array], earlier: list[Array]) -> None:
    other = numbers != leads
    later.append(np.maximum(numbers, leads)[other])
    earlier.append(np.minimum(numbers, leads)[other])


def _joined(parts: Sequence[Array]) -> Array:
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)


def candidate_pairs(
    paragraphs: Paragraphs, papers: Papers, first: Array, folder: Path
) -> Iterator[tuple[Array, Array]]:
    """Pairs that share a band, later and earlier, without doubles, in ascending order of the later one.

    Of each group each member is paired with the first, the one before it, the first with the same numbers, and the
    first of its site: a group of a thousand look-alikes costs thousands of pairs and not a million.
    """
    rows = np.flatnonzero(first[paragraphs.number])
    numbers = paragraphs.number[rows]
    spans = max(1, -(-paragraphs.count // sizes.RANGE))
    files = [open(folder / f"pairs-{span}", "w+b") for span in range(spans)]  # noqa: SIM115  closed below
    try:
        for band in range(BANDS):
            keys = paragraphs.bands[band][rows]
            for places in ranges(keys):
                later, earlier = _grouped(numbers[places], keys[places], paragraphs, papers)
                pairs = _distinct(later.astype(np.uint64) << np.uint64(32) | earlier.astype(np.uint64))
                bounds = np.searchsorted(
                    pairs, np.arange(spans + 1, dtype=np.uint64) * np.uint64(sizes.RANGE) << np.uint64(32)
                )
                for span in range(spans):
                    pairs[bounds[span] : bounds[span + 1]].tofile(files[span])
        for file in files:
            file.seek(0)
            pairs = _distinct(np.fromfile(file, dtype=np.uint64))
            yield (pairs >> np.uint64(32)).astype(np.int64), (pairs & np.uint64(0xFFFFFFFF)).astype(np.int64)
    finally:
        for file in files:
            file.close()


def _distinct(pairs: Array) -> Array:
    # np.unique hashes before it sorts, which takes ten times as long for pairs that are nearly all different
    pairs = np.sort(pairs)
    return pairs[starts(pairs)]


def _grouped(numbers: Array, keys: Array, paragraphs: Paragraphs, papers: Papers) -> tuple[Array, Array]:
    # numbers are below 2**32: one sort of both is done in half the time that an order takes
    both = np.sort(keys.astype(np.uint64) << np.uint64(32) | numbers.astype(np.uint64))
    keys, numbers = (both >> np.uint64(32)).astype(np.uint32), (both & np.uint64(0xFFFFFFFF)).astype(np.int64)
    some = together(starts(keys))
    keys, numbers = keys[some], numbers[some]
    later: list[Array] = []
    earlier: list[Array] = []
    if len(keys):
        new = starts(keys)
        _pairs(numbers, leads(numbers, new), later, earlier)
        # of two, one is paired with the other: the rest is said of three and more
        begins = np.flatnonzero(new)
        sizes_of = np.diff(begins, append=len(keys))
        several = np.repeat(sizes_of > 2, sizes_of)
        numbers, new = numbers[several], new[several]
        before = np.where(new, numbers, np.roll(numbers, 1))
        _pairs(numbers, before, later, earlier)
        group = np.cumsum(new)
        for other in (paragraphs.numbers[numbers], papers.site[paragraphs.doc[numbers]]):
            order = np.lexsort((other, group))
            _pairs(numbers[order], leads(numbers[order], starts(group[order], other[order])), later, earlier)
    high, low = _joined(later), _joined(earlier)
    apart = (paragraphs.hash[high] != paragraphs.hash[low]) & (paragraphs.doc[high] != paragraphs.doc[low])
    return high[apart], low[apart]


def same_text(text: str, other: str) -> tuple[float, Veto | None]:
    """How like two paragraphs are (0 where below `NEAR`), and what makes different news of them.

    >>> same_text("The council of Elm voted to build 2 bridges.", "The council of Elm voted to build 3 bridges.")
    (97.7..., Veto(kind='number', ours=('2',), theirs=('3',)))
    """
    ((score, differ),) = same_texts([(text, [other])])
    return score, differ


def same_texts(pairs: Sequence[tuple[str, Sequence[str]]]) -> list[tuple[float, Veto | None]]:
    """`same_text` of each text with each of its others."""
    texts = list(dict.fromkeys(one for text, others in pairs for one in (text, *others)))
    folded = dict(zip(texts, fold_lines(texts), strict=True))
    found: list[tuple[float, Veto | None]] = []
    for text, others in pairs:
        for other in others:
            score = fuzz.ratio(folded[text], folded[other], score_cutoff=NEAR)
            found.append((score, veto(text, other)) if score else (0.0, None))
    return found


def find_edges(
    paragraphs: Paragraphs, papers: Papers, folder: Path, mapper: Mapper = map
) -> tuple[Edges, list[dict[str, Any]]]:
    """All verified likenesses, and the pairs that the news guard keeps apart.  ``mapper`` compares the texts."""
    later, earlier, first = exact_pairs(paragraphs, papers)
    other_document = paragraphs.doc[later] != paragraphs.doc[earlier]
    highs, lows, scores = [later[other_document]], [earlier[other_document]], []
    scores.append(np.full(len(highs[0]), 100.0, dtype=np.float32))
    vetoed: list[dict[str, Any]] = []
    asked: deque[tuple[Array, Array]] = deque()

    def tasks() -> Iterator[list[tuple[str, list[str]]]]:
        for high, low in candidate_pairs(paragraphs, papers, first, folder):
            # most candidates by chance are of other lengths, and their texts need not be read
            ours, theirs = paragraphs.size[high], paragraphs.size[low]
            alike = np.minimum(ours, theirs) >= MIN_LENGTH_RATIO * np.maximum(ours, theirs)
            high, low = high[alike], low[alike]  # noqa: PLW2901
            for start in range(0, len(high), COMPARED):
                some = high[start : start + COMPARED], low[start : start + COMPARED]
                asked.append(some)
                texts = paragraphs.texts(np.concatenate(some))
                yield [
                    (text, [other for _, other in group])
                    for text, group in groupby(zip(texts, texts[len(some[0]) :], strict=False), itemgetter(0))
                ]

    for compared in mapper(same_texts, tasks()):
        high, low = asked.popleft()
        score = np.array([ratio for ratio, _ in compared], dtype=np.float32)
        for place, (ratio, differ) in enumerate(compared):
            if differ is not None:
                vetoed.append({"one": int(high[place]), "other": int(low[place]), "score": ratio, "differ": differ})
                score[place] = 0
        highs.append(high[score > 0])
        lows.append(low[score > 0])
        scores.append(score[score > 0])
    later, earlier, score = _joined(highs), _joined(lows), np.concatenate(scores)
    order = np.lexsort((earlier, later))
    later, earlier, score = later[order], earlier[order], score[order]
    new = starts(later, earlier)
    return Edges(later[new], earlier[new], score[new]), vetoed
