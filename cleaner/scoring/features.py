"""Shallow features of the lines of a text: what a line looks like, what stands around it, what it shares with the rest.

Words are compared, never interpreted, so that nothing here knows a language; what is known of languages comes in from
outside: as `Mark`, what rule packs said of a line, and as `Lexicon`, which words of a language stand in cruft.

All features of a document are one array, a row a line, a column a name of `FEATURES`.  Distances are counted in lines,
lengths in words (`cleaner.text.weight`).  Figures of one sort (sums around a line, distances to the nearest line of a
sort, means of a run) are computed together as rows of one matrix, so that the cost of a document lies in its length and
not in the number of features.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from cleaner.rulebook.model import KINDS
from cleaner.scoring.lexicon import Lexicon
from cleaner.scoring.shape import Flags, Floats, Integers, Shapes, shapes
from cleaner.text import BULLETS, CLOSERS, LONG_WORDS, PROSE_WORDS, ends_sentence, fold, subject_words, tokens

KIND_BITS = {kind: 1 << place for place, kind in enumerate(KINDS)}
RELATED = KIND_BITS["related"] | KIND_BITS["promo"]
CLOSING = RELATED | KIND_BITS["prompt"] | KIND_BITS["navigation"] | KIND_BITS["comments"]
"""Kinds of cruft that begin behind the end of a story."""
HINTS = ("prompt", "related", "legal", "credit", "byline", "navigation", "comments")
"""Kinds that rules with action ``cue`` are written for."""
FAR = 60.0
"""Distances are cut off here: further away is as good as nowhere."""
NEAR, WIDE = 3, 10
"""Reach, in lines, of the sums around a line."""
LEAD_LINES = 3
EDGE = 12
"""Characters by which lines with the same opening or closing know each other."""
LEXICAL_WORDS = 200
"""Words of a line that the lexicon looks at."""

SHAPE_FEATURES = (
    "words",
    "characters",
    "word_length",
    "capitalised",
    "upper",
    "digits",
    "punctuation",
    "sentence_words",
    "unspaced",
    "ends",
    "starts",
    "address",
    "copies",
    "openings",
    "closings",
)
PLACE_FEATURES = (
    "line",
    "lines_after",
    "place",
    "prose_place",
    "words_so_far",
    "prose_before",
    "prose_lines_before",
    "closing_before",
    "cues_before",
    "comments_before",
    "words_to_come",
    "prose_after",
    "prose_lines_after",
    "cues_after",
)
NEIGHBOUR_FEATURES = tuple(
    f"{name}_{where}"
    for where in ("second_before", "before", "after", "second_after")
    for name in ("words", "ends", "capitalised", "starts")
)
DISTANCES = ("prose", "closing", "heading", "related", "prompt", "comments")
DISTANCE_FEATURES = tuple(f"{way}_{name}" for way in ("from", "to") for name in DISTANCES)
SUMS = ("short", "prose", "full_stops", "taken", "alike", "hints", "in_prose")
SUM_FEATURES = tuple(f"{name}_{reach}" for reach in ("near", "far") for name in SUMS)
RUN_MEANS = ("words", "capitalised", "upper", "digits", "symbols", "in_prose", "closing", "hints")
RUN_FEATURES = ("run", "prose_run", "runs_before", "runs_after", "run_spread", *(f"run_{name}" for name in RUN_MEANS))
TEXT_FEATURES = ("text_words", "text_lines", "text_prose", "text_mean", "taken_share")
OVERLAP_FEATURES = ("in_title", "in_lead", "in_prose", "in_text", "in_before", "subjects", "in_after")
HINT_FEATURES = tuple(f"hint_{kind}" for kind in HINTS)
LEXICAL_FEATURES = (
    "lexical",
    "lexical_mean",
    "lexical_best",
    "lexical_best_three",
    "lexical_worst",
    "lexical_worst_three",
    "lexical_near",
    "lexical_far",
    "run_lexical",
)
FEATURES = (
    *SHAPE_FEATURES,
    *PLACE_FEATURES,
    *NEIGHBOUR_FEATURES,
    *DISTANCE_FEATURES,
    *SUM_FEATURES,
    *RUN_FEATURES,
    *TEXT_FEATURES,
    *OVERLAP_FEATURES,
    *HINT_FEATURES,
    *LEXICAL_FEATURES,
)
"""Names of the columns."""


NO_LEXICON = Lexicon({})


@dataclass(frozen=True, slots=True)
class Mark:
    """What earlier filters and the rule packs said of one line."""

    taken: bool = False
    """The line is gone: a filter removed all of it."""
    kinds: int = 0
    """Kinds (`KIND_BITS`) of the rules that took something of it."""
    heading: bool = False
    """It is the heading of a block, or might be: a rule of scope ``tail`` matches it."""
    cues: int = 0
    """Kinds of the rules with action ``cue`` that match it."""


def line_features(
    lines: Sequence[str], title: str | None, marks: Sequence[Mark], lexicon: Lexicon = NO_LEXICON
) -> Floats:
    """Features of all lines, an array of shape (lines, len(FEATURES)).

    ``lines`` hold at least one character each and no line break; ``marks`` has one entry a line; ``lexicon`` is that of
    the document's language.

    >>> line_features(["A story.", "More"], None, [Mark(), Mark()]).shape == (2, len(FEATURES))
    True
    """
    shape = shapes(lines)
    words = shape.words
    ends = np.array([_ending(line) for line in lines], dtype=np.float64)
    starts = np.array([_beginning(line) for line in lines], dtype=np.float64)
    taken = np.array([mark.taken for mark in marks])
    prose = _is_prose(words, ends) & ~taken
    spoken = [spoken_words(line) for line in lines]
    overlaps = _overlaps([subject_words(own) for own in spoken], prose, title)
    flags, hints = _marks(marks, prose)
    hinted = np.asarray(hints.any(axis=0))
    columns = [
        _shape(lines, shape, ends, starts),
        _place(words, prose, flags),
        _neighbours(words, ends, shape.capitalised, starts),
        _distances(flags),
        _sums(words, ends, starts, prose, taken, hinted, overlaps[2]),
        _runs(shape, prose, overlaps[2], flags[1], hinted),
        _text(words, prose, taken),
        overlaps,
        hints,
        _lexical(spoken, prose, lexicon) if lexicon else np.zeros((len(LEXICAL_FEATURES), len(lines))),
    ]
    return np.concatenate(columns).T


def lexical_features(
    spoken: Sequence[Sequence[str]], features: npt.NDArray[np.floating[Any]], lexicon: Lexicon
) -> Floats:
    """The columns `LEXICAL_FEATURES` of lines of these `spoken_words`, whose other features are known already."""
    return _lexical(spoken, features[:, FEATURES.index("prose_run")] > 0, lexicon).T


def spoken_words(line: str) -> tuple[str, ...]:
    """The folded words of a line, by which lines and lexicons are compared."""
    return tokens(line if line.isascii() else fold(line))


def _is_prose(words: Floats, ends: Floats) -> Flags:
    """`cleaner.text.is_prose`, for all lines at once."""
    return np.asarray((words >= LONG_WORDS) | ((words >= PROSE_WORDS) & (ends >= 3)))


def _ending(line: str) -> int:
    """0 nothing, 1 comma or semicolon, 2 other punctuation, 3 question or exclamation, 4 ellipsis, 5 colon, 6 stop."""
    bare = line[-40:].rstrip(CLOSERS)
    if not bare:
        return 2
    last = bare[-1]
    if last in "?!？！؟":
        return 3
    if last in "…‥" or bare.endswith("..."):
        return 4
    if ends_sentence(line):
        return 6
    if last.isalnum():
        return 0
    if last in ":：":
        return 5
    return 1 if last in ",،，、;；" else 2


def _beginning(line: str) -> int:
    """0 lower case, 1 upper case, 2 a letter without case, 3 digit, 4 bullet or dash, 5 quotation mark, 6 other."""
    first = line[0]
    if first.isalpha():
        return 0 if first.islower() else 1 if first.isupper() else 2
    if first.isdigit():
        return 3
    if first in BULLETS:
        return 4
    return 5 if first in "\"'“„«‘»›「『" else 6


def _has_address(line: str) -> bool:
    return "@" in line or "://" in line or "www." in line


def _shape(lines: Sequence[str], shape: Shapes, ends: Floats, starts: Floats) -> Floats:
    folded = [fold(line) for line in lines]
    copies = Counter(folded)
    heads = [text[:EDGE] for text in folded]
    tails = [text[-EDGE:] for text in folded]
    openings, closings = Counter(heads), Counter(tails)
    long = [len(text) > EDGE for text in folded]
    return np.array(
        [
            shape.words,
            shape.characters,
            shape.characters / np.maximum(shape.words, 1.0),
            shape.capitalised,
            shape.upper,
            shape.digits,
            shape.punctuation,
            shape.words / np.maximum(shape.sentences, 1),
            shape.unspaced,
            ends,
            starts,
            [_has_address(line) for line in lines],
            [min(copies[text], WIDE) for text in folded],
            [min(openings[text], WIDE) if is_long else 0 for text, is_long in zip(heads, long, strict=True)],
            [min(closings[text], WIDE) if is_long else 0 for text, is_long in zip(tails, long, strict=True)],
        ],
        dtype=np.float64,
    )


def _marks(marks: Sequence[Mark], prose: Flags) -> tuple[Flags, Floats]:
    """Lines of the sorts `DISTANCES` and of any kind (rows of flags), and the kinds hinted at (`HINT_FEATURES`)."""
    kinds = np.array([mark.kinds for mark in marks])
    heading = np.array([mark.heading for mark in marks])
    cues = np.array([mark.cues for mark in marks])
    flags = np.array(
        [
            prose,
            kinds & CLOSING,
            heading,
            kinds & RELATED,
            kinds & KIND_BITS["prompt"],
            kinds & KIND_BITS["comments"],
            kinds,
        ]
    )
    bits = np.array([KIND_BITS[kind] for kind in HINTS])
    return flags != 0, ((cues & bits[:, None]) != 0).astype(np.float64)


def _place(words: Floats, prose: Flags, flags: Flags) -> Floats:
    count = len(words)
    told = np.where(prose, words, 0.0)
    measured = np.array([words, told, prose, flags[1], flags[6], flags[5]], dtype=np.float64)
    through = np.cumsum(measured, axis=1)
    before = through - measured
    after = through[:, -1:] - through
    line = np.arange(count, dtype=np.float64)
    return np.concatenate(
        (
            [
                np.minimum(line, 400.0),
                np.minimum(line[::-1], 400.0),
                (before[0] + words / 2) / max(through[0, -1], 1.0),
                (before[1] + told / 2) / max(through[1, -1], 1.0),
            ],
            before,
            after[[0, 1, 2, 4]],
        )
    )


def _neighbours(words: Floats, ends: Floats, capitalised: Floats, starts: Floats) -> Floats:
    padded = np.full((4, len(words) + 4), -1.0)
    padded[:, 2:-2] = (words, ends, capitalised, starts)
    count = len(words)
    return np.concatenate([padded[:, start : start + count] for start in (0, 1, 3, 4)])


def _distances(flags: Flags) -> Floats:
    """How many lines back, and how many on, the nearest other line of each sort stands."""
    flags = flags[: len(DISTANCES)]
    rows, count = flags.shape
    line = np.arange(count, dtype=np.float64)
    last = np.full((rows, count), -np.inf)
    np.maximum.accumulate(np.where(flags, line, -np.inf)[:, :-1], axis=1, out=last[:, 1:])
    following = np.full((rows, count), np.inf)
    np.minimum.accumulate(np.where(flags, line, np.inf)[:, :0:-1], axis=1, out=following[:, -2::-1])
    return np.asarray(np.minimum(np.concatenate((line - last, following - line)), FAR))


def around(values: Floats, reach: int) -> Floats:
    """Sums over the lines at most ``reach`` away, the line itself not counted; one row a series.

    >>> around(np.array([[1.0, 2.0, 4.0, 8.0]]), 1).tolist()
    [[2.0, 5.0, 10.0, 4.0]]
    """
    count = values.shape[1]
    sums = np.zeros((len(values), count + 1))
    np.cumsum(values, axis=1, out=sums[:, 1:])
    line = np.arange(count)
    high, low = np.minimum(line + reach + 1, count), np.maximum(line - reach, 0)
    return np.asarray(sums[:, high] - sums[:, low] - values)


def _sums(
    words: Floats, ends: Floats, starts: Floats, prose: Flags, taken: Flags, hinted: Flags, in_prose: Floats
) -> Floats:
    look = np.minimum(words, 40.0) // 6 * 64 + ends * 8 + starts
    alike = np.zeros(len(words))
    alike[1:] = look[1:] == look[:-1]
    series = np.array(
        [
            np.where(prose, 0.0, words),
            np.where(prose, words, 0.0),
            ends == 6,
            taken,
            alike,
            hinted,
            np.maximum(in_prose, 0.0),
        ],
        dtype=np.float64,
    )
    return np.concatenate((around(series, NEAR), around(series, WIDE)))


def _bounds(flags: Flags) -> tuple[Integers, Integers]:
    """First place and length of each run of equal flags."""
    first = np.concatenate(([0], np.flatnonzero(flags[1:] != flags[:-1]) + 1))
    return first, np.concatenate((first[1:], [len(flags)])) - first


def _runs(shape: Shapes, prose: Flags, in_prose: Floats, closing: Flags, hinted: Flags) -> Floats:
    """Means over the run of lines that a line belongs to: lines without prose between two of prose, or of prose."""
    first, sizes = _bounds(prose)
    words = shape.words
    series = np.array(
        [
            words,
            shape.capitalised,
            shape.upper,
            shape.digits,
            shape.symbols,
            in_prose,
            closing,
            hinted,
            words * words,
        ],
        dtype=np.float64,
    )
    means = np.add.reduceat(series, first, axis=1) / sizes
    spread = np.sqrt(np.maximum(means[8] - means[0] ** 2, 0.0))
    length = np.minimum(sizes, FAR)
    of_prose = prose[first]
    order = np.arange(len(first), dtype=np.float64)
    return np.repeat(
        np.concatenate(
            (
                [np.where(of_prose, 0.0, length), np.where(of_prose, length, 0.0), order, order[::-1], spread],
                means[:8],
            )
        ),
        sizes,
        axis=1,
    )


def _text(words: Floats, prose: Flags, taken: Flags) -> Floats:
    count, total = len(words), max(float(words.sum()), 1.0)
    figures = (total, count, float(words[prose].sum()) / total, total / count, float(taken.sum()) / count)
    return np.repeat(np.array(figures)[:, None], count, axis=1)


def _overlaps(own: Sequence[set[str]], prose: Flags, title: str | None) -> Floats:
    """Share of a line's longer words that stand in headline, lead, prose, any other line, the line before or after."""
    count = len(own)
    shares = np.full((len(OVERLAP_FEATURES), count), -1.0)
    sizes = np.array([len(subjects) for subjects in own], dtype=np.int64)
    shares[5] = sizes
    numbers: dict[str, int] = {}
    words = np.array([numbers.setdefault(word, len(numbers)) for subjects in own for word in subjects])
    if not len(words):
        return shares
    line = np.repeat(np.arange(count), sizes)
    told = prose[line]
    titled = subject_words(spoken_words(title)) if title else set()
    headline = np.array([word in titled for word in numbers])
    lead = np.zeros(len(numbers), dtype=np.bool_)
    lead[words[np.isin(line, np.flatnonzero(prose)[:LEAD_LINES])]] = True
    in_prose = np.bincount(words[told], minlength=len(numbers))
    anywhere = np.bincount(words, minlength=len(numbers))
    # the places of each word, in the order of the lines: where it stands in the line before
    order = np.argsort(words, kind="stable")
    again = np.zeros(len(words), dtype=np.bool_)
    again[order[1:]] = (np.diff(words[order]) == 0) & (np.diff(line[order]) == 1)
    found = np.array([headline[words], lead[words], in_prose[words] > told, anywhere[words] > 1, again])
    filled = np.flatnonzero(sizes)
    first = np.cumsum(sizes) - sizes
    shares[:5, filled] = np.add.reduceat(found, first[filled], axis=1, dtype=np.float64) / sizes[filled]
    if not titled:
        shares[0] = -1.0
    shares[6, :-1] = shares[4, 1:]
    return shares


def _plain(words: Sequence[str]) -> list[str]:
    # digits stand before the colon, letters behind it
    return [word if word > ":" else "#" for word in words[:LEXICAL_WORDS]]


def grams(words: Sequence[str]) -> list[str]:
    """The words and word pairs by which a lexicon knows a line; every number is ``#``.

    >>> grams(["page", "3", "news"])
    ['page', '#', 'news', 'page #', '# news']
    """
    plain = _plain(words)
    return plain + [f"{one} {other}" for one, other in pairwise(plain)]


def _lexical(spoken: Sequence[Sequence[str]], prose: Flags, lexicon: Lexicon) -> Floats:
    count = len(spoken)
    table = np.zeros((len(LEXICAL_FEATURES), count))
    line, values = lexicon.look_up([_plain(words) for words in spoken])
    if len(values):
        sizes = np.bincount(line, minlength=count)
        all_grams = np.array([max(2 * min(len(words), LEXICAL_WORDS) - 1, 1) for words in spoken])
        total = np.bincount(line, values, count)
        table[0], table[1] = total / np.sqrt(all_grams), total / all_grams
        values = values[np.lexsort((values, line))]
        behind = np.cumsum(sizes)
        for place in range(3):
            has = sizes > place
            table[3, has] += np.maximum(values[(behind - 1 - place)[has]], 0.0)
            table[5, has] += np.minimum(values[(behind - sizes + place)[has]], 0.0)
            if place == 0:
                table[2], table[4] = table[3], table[5]
    first, sizes = _bounds(prose)
    table[6] = around(table[:1], NEAR)[0]
    table[7] = around(table[:1], WIDE)[0]
    table[8] = np.repeat(np.add.reduceat(table[0], first) / sizes, sizes)
    return table
