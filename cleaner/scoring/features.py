"""Shallow features of the lines of a text: what a line looks like, what stands around it, what it shares with the rest.

Words are compared, never interpreted, so that nothing here knows a language; what is known of languages comes in from
outside: as `Mark`, what rule packs said of a line, and as `Lexicon`, which words of a language stand in cruft.

All features are one array, a row a line, a column a name of `FEATURES`.  Distances are counted in lines, lengths in
words (`cleaner.text.weight`).  Figures of one sort (sums around a line, distances to the nearest line of a sort, means
of a run) are computed together as rows of one matrix, for the lines of several texts at once (`scoring.bounds`), so
that the cost lies in the length of the texts and not in their number or that of the features.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from cleaner.rulebook.model import KINDS
from cleaner.scoring.bounds import NEAR, WIDE, Bounds, exact
from cleaner.scoring.lexicon import NO_LEXICON, Lexicon
from cleaner.scoring.shape import Flags, Floats, Integers, Shapes, Singles, shapes
from cleaner.scoring.vocabulary import LEXICAL_FEATURES, OVERLAP_FEATURES, lexical, overlaps, spoken
from cleaner.scoring.words import number_spaced, number_words
from cleaner.text import BULLETS, CLOSERS, LONG_WORDS, PROSE_WORDS, ends_sentence, fold

KIND_BITS = {kind: 1 << place for place, kind in enumerate(KINDS)}
RELATED = KIND_BITS["related"] | KIND_BITS["promo"]
CLOSING = RELATED | KIND_BITS["prompt"] | KIND_BITS["navigation"] | KIND_BITS["comments"]
"""Kinds of cruft that begin behind the end of a story."""
HINTS = ("prompt", "related", "legal", "credit", "byline", "navigation", "comments")
"""Kinds that rules with action ``cue`` are written for."""
FAR = 60.0
"""Distances are cut off here: further away is as good as nowhere."""
EDGE = 12
"""Characters by which lines with the same opening or closing know each other."""
BULLETED = 4
"""What `starts` is for a line that begins with a bullet or dash."""

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
HINT_FEATURES = tuple(f"hint_{kind}" for kind in HINTS)
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


UNMARKED = Mark()
"""That of most lines."""


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of a text, of at least one character each and without line breaks, and what is known of them."""

    lines: Sequence[str]
    marks: Sequence[Mark]
    """One a line."""
    title: str | None = None
    lexicon: Lexicon = NO_LEXICON
    """That of the document's language."""


def line_features(texts: Sequence[Lines]) -> Singles:
    """Features of all lines of some texts, an array of shape (lines, len(FEATURES)), one text below the other.

    What stands for a text does not depend on the others.  None may be without lines.

    >>> line_features([Lines(["A story.", "More"], [Mark(), Mark()])]).shape == (2, len(FEATURES))
    True
    """
    bounds = Bounds(np.array([len(text.lines) for text in texts], dtype=np.int64))
    lines = [line for text in texts for line in text.lines]
    marks = [mark for text in texts for mark in text.marks]
    shape = shapes(lines)
    ends = np.array([_ending(line) for line in lines], dtype=np.float64)
    starts = np.array([_beginning(line) for line in lines], dtype=np.float64)
    taken = np.array([mark.taken for mark in marks])
    prose = _is_prose(shape.words, ends) & ~taken
    said = [spoken(line) for line in (*lines, *[text.title or "" for text in texts])]
    words, titles = number_spaced(said).parted(len(lines))
    shared = overlaps(words, prose, titles, bounds)
    flags, hints = _marks(marks, prose)
    hinted = np.asarray(hints.any(axis=0))
    columns = [
        _shape([text.lines for text in texts], shape, ends, starts),
        _place(shape.words, prose, flags, bounds),
        _neighbours(shape.words, ends, shape.capitalised, starts, bounds),
        *bounds.nearest(flags[: len(DISTANCES)], FAR),
        _sums(shape.words, ends, starts, prose, taken, hinted, shared[2], bounds),
        _runs(shape, prose, shared[2], flags[1], hinted, bounds),
        _text(shape.words, prose, taken, bounds),
        shared,
        hints,
        lexical(words, prose, [text.lexicon for text in texts], bounds),
    ]
    # single precision is what the trees were trained on; lengths in words and sorts of characters are exact in it
    return np.concatenate(columns, dtype=np.float32, casting="same_kind").T


def lexical_features(
    spoken: Sequence[Sequence[str]], features: npt.NDArray[np.floating[Any]], lexicon: Lexicon
) -> Floats:
    """The columns `LEXICAL_FEATURES` of lines of these `spoken_words`, whose other features are known already."""
    prose = features[:, FEATURES.index("prose_run")] > 0
    return lexical(number_words(spoken), prose, [lexicon], Bounds(np.array([len(spoken)]))).T


def _is_prose(words: Floats, ends: Floats) -> Flags:
    """`cleaner.text.is_prose`, for all lines at once."""
    return np.asarray((words >= LONG_WORDS) | ((words >= PROSE_WORDS) & (ends >= 3)))


def _ending(line: str) -> int:
    """0 nothing, 1 comma or semicolon, 2 other punctuation, 3 question or exclamation, 4 ellipsis, 5 colon, 6 stop."""
    # most lines; what follows says the same of them
    if line[-1] == ".":
        return 4 if line.endswith("...") else 6
    if line[-1].isalnum():
        return 0
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
    return _sort_of_character(line[0])


@lru_cache(maxsize=10_000)
def _sort_of_character(first: str) -> int:
    if first.isalpha():
        return 0 if first.islower() else 1 if first.isupper() else 2
    if first.isdigit():
        return 3
    if first in BULLETS:
        return BULLETED
    return 5 if first in "\"'“„«‘»›「『" else 6


def _have_address(lines: Sequence[str]) -> list[bool]:
    if not _has_address("\n".join(lines)):  # as in most texts
        return [False] * len(lines)
    return [_has_address(line) for line in lines]


def _has_address(line: str) -> bool:
    return "@" in line or "://" in line or "www." in line


def _shape(texts: Sequence[Sequence[str]], shape: Shapes, ends: Floats, starts: Floats) -> Floats:
    folded = [[fold(line) for line in lines] for lines in texts]
    is_long = np.array([len(line) > EDGE for lines in folded for line in lines])
    copies = _counts(folded)
    openings = _counts([line[:EDGE] for line in lines] for lines in folded) * is_long
    closings = _counts([line[-EDGE:] for line in lines] for lines in folded) * is_long
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
            [has for lines in texts for has in _have_address(lines)],
            copies,
            openings,
            closings,
        ],
        dtype=np.float64,
    )


def _counts(texts: Iterable[Sequence[str]]) -> Integers:
    """How often each line of some texts stands in its text, at most `WIDE`."""
    counts: list[int] = []
    for lines in texts:
        counts += map(Counter(lines).__getitem__, lines)
    return np.minimum(counts, WIDE)


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


def _place(words: Floats, prose: Flags, flags: Flags, bounds: Bounds) -> Floats:
    told = np.where(prose, words, 0.0)
    measured = np.array([words, told, prose, flags[1], flags[6], flags[5]], dtype=np.float64)
    through = bounds.through(measured)
    total = through[:, bounds.last][:, bounds.text]
    before = through - measured
    after = total - through
    line = bounds.line
    return np.concatenate(
        (
            [
                np.minimum(line, 400.0),
                np.minimum(bounds.sizes[bounds.text] - 1 - line, 400.0),
                (before[0] + words / 2) / np.maximum(total[0], 1.0),
                (before[1] + told / 2) / np.maximum(total[1], 1.0),
            ],
            before,
            after[[0, 1, 2, 4]],
        )
    )


def _neighbours(words: Floats, ends: Floats, capitalised: Floats, starts: Floats, bounds: Bounds) -> Floats:
    series = np.array([words, ends, capitalised, starts])
    return np.concatenate([bounds.shifted(series, by, -1.0) for by in (-2, -1, 1, 2)])


def _sums(
    words: Floats,
    ends: Floats,
    starts: Floats,
    prose: Flags,
    taken: Flags,
    hinted: Flags,
    in_prose: Floats,
    bounds: Bounds,
) -> Floats:
    look = np.minimum(words, 40.0) // 6 * 64 + ends * 8 + starts
    alike = np.zeros(len(words))
    alike[1:] = (look[1:] == look[:-1]) & ~bounds.starts[1:]
    series = np.array(
        [
            np.where(prose, 0.0, words),
            np.where(prose, words, 0.0),
            ends == 6,
            taken,
            alike,
            hinted,
            exact(np.maximum(in_prose, 0.0)),
        ],
        dtype=np.float64,
    )
    return np.concatenate(bounds.around(series, NEAR, WIDE))


def _runs(shape: Shapes, prose: Flags, in_prose: Floats, closing: Flags, hinted: Flags, bounds: Bounds) -> Floats:
    """Means over the run of lines that a line belongs to: lines without prose between two of prose, or of prose."""
    runs = bounds.runs(prose)
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
    means = runs.total(exact(series)) / runs.sizes
    spread = np.sqrt(np.maximum(means[8] - means[0] ** 2, 0.0))
    length = np.minimum(runs.sizes, FAR)
    of_prose = prose[runs.first]
    of_text = Bounds(np.bincount(bounds.text[runs.first]))
    figures = np.concatenate(
        (
            [
                np.where(of_prose, 0.0, length),
                np.where(of_prose, length, 0.0),
                of_text.line,
                of_text.sizes[of_text.text] - 1 - of_text.line,
                spread,
            ],
            means[:8],
        )
    )
    return figures[:, runs.text]


def _text(words: Floats, prose: Flags, taken: Flags, bounds: Bounds) -> Floats:
    count = bounds.sizes
    sums, told, gone = bounds.total(np.array([words, np.where(prose, words, 0.0), taken], dtype=np.float64))
    total = np.maximum(sums, 1.0)
    return np.array([total, count, told / total, total / count, gone / count])[:, bounds.text]
