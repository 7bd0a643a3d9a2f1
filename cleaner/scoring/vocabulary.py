"""What the words of lines say: which of them stand in headline, lead and prose, and what a lexicon knows of them.

Words are compared as numbers (`cleaner.scoring.words`), those of all lines of several texts at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pyarrow.compute as pc

from cleaner.scoring.bounds import NEAR, WIDE, Bounds, exact
from cleaner.scoring.lexicon import Lexicon
from cleaner.scoring.shape import Flags, Floats, Integers
from cleaner.scoring.words import Words, strings
from cleaner.text import fold, spaced

OVERLAP_FEATURES = ("in_title", "in_lead", "in_prose", "in_text", "in_before", "subjects", "in_after")
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
LEAD_LINES = 3
LEXICAL_WORDS = 200
"""Words of a line that the lexicon looks at."""
SPREAD = 1000.0
"""Far more than the log odds of any word."""


def spoken_words(line: str) -> tuple[str, ...]:
    """The folded words of a line, by which lines and lexicons are compared."""
    return tuple(spoken(line).split())


def spoken(line: str) -> str:
    """The same words with spaces between them."""
    return spaced(fold(line))


def overlaps(words: Words, prose: Flags, titles: Words, bounds: Bounds) -> Floats:
    """Shares of a line's longer words that stand elsewhere (`OVERLAP_FEATURES`): a row a feature.

    In headline, lead, prose, any other line, the line before or after; -1 where there are no words to look for.
    """
    shares = np.full((len(OVERLAP_FEATURES), bounds.count), -1.0)
    subjects, known = words.subjects(), len(words.vocabulary)
    chosen = subjects[words.number]
    # one for each different word of each line, by words and then by lines
    order = _sorted(words.number[chosen], known)
    line, number = words.line[chosen][order], words.number[chosen][order]
    differs = np.append(True, (number[1:] != number[:-1]) | (line[1:] != line[:-1]))[: len(line)]
    line, number = line[differs], number[differs]
    sizes = np.bincount(line, minlength=bounds.count)
    shares[5] = sizes
    if not len(line):
        return shares
    # the words of each text, and the place of each word of a line among them
    key = bounds.text[line] * known + number
    differs = np.append(True, key[1:] != key[:-1])
    own, place = key[differs], np.cumsum(differs) - 1
    told = prose[line]
    of_prose = bounds.through(prose[None, :].astype(np.float64))[0]
    lead = np.zeros(len(own), dtype=np.bool_)
    lead[place[told & (of_prose[line] <= LEAD_LINES)]] = True
    in_prose = np.bincount(place[told], minlength=len(own))
    anywhere = np.bincount(place, minlength=len(own))
    telling = subjects[titles.number]
    headline = _is_in(own, (titles.line * known + titles.number)[telling])
    titled = np.bincount(titles.line[telling], minlength=len(titles.sizes)) > 0
    # words that stand in the line before
    again = ~differs
    again[1:] &= np.diff(line) == 1
    found = np.array([headline[place], lead[place], in_prose[place] > told, anywhere[place] > 1, again])
    filled = np.flatnonzero(sizes)
    first = np.cumsum(sizes) - sizes
    by_line = found[:, _sorted(line, bounds.count)]
    shares[:5, filled] = np.add.reduceat(by_line, first[filled], axis=1, dtype=np.float64) / sizes[filled]
    shares[0, ~titled[bounds.text]] = -1.0
    shares[6] = bounds.shifted(shares[4:5], 1, -1.0)[0]
    return shares


def _sorted(values: Integers, below: int) -> Integers:
    """The order of some values, equal ones as they stand: those of two bytes are sorted in linear time."""
    return np.argsort(values.astype(np.uint16) if below <= 1 << 16 else values, kind="stable")


def _is_in(values: Integers, few: Integers) -> Flags:
    """Which values are among a few others."""
    ordered = np.append(np.sort(few), -1)
    return np.asarray(ordered[np.searchsorted(ordered[:-1], values)] == values)


def _plain(words: Sequence[str]) -> list[str]:
    # digits stand before the colon, letters behind it
    return [word if word > ":" else "#" for word in words]


def grams(words: Sequence[str]) -> list[str]:
    """The words and word pairs by which a lexicon knows a line; every number is ``#``.

    >>> grams(["page", "3", "news"])
    ['page', '#', 'news', 'page #', '# news']
    """
    plain = _plain(words[:LEXICAL_WORDS])
    return plain + [f"{one} {other}" for one, other in pairwise(plain)]


def lexical(words: Words, prose: Flags, lexicons: Sequence[Lexicon], bounds: Bounds) -> Floats:
    """What the lexicon of each text says of its lines (`LEXICAL_FEATURES`): a row a feature."""
    table = np.zeros((len(LEXICAL_FEATURES), bounds.count))
    line, values = _odds(words, lexicons, bounds)
    if not len(values):
        return table
    sizes = np.bincount(line, minlength=bounds.count)
    all_grams = np.maximum(2 * np.minimum(words.sizes, LEXICAL_WORDS) - 1, 1)
    total = np.bincount(line, values, bounds.count)
    table[0], table[1] = exact(total / np.sqrt(all_grams)), total / all_grams
    # in ascending order, line by line
    values = np.sort(line * SPREAD + values, kind="stable")  # which is fast where much is in order
    values -= np.repeat(np.arange(bounds.count), sizes) * SPREAD
    behind = np.cumsum(sizes)
    for place in range(3):
        has = sizes > place
        table[3, has] += np.maximum(values[(behind - 1 - place)[has]], 0.0)
        table[5, has] += np.minimum(values[(behind - sizes + place)[has]], 0.0)
        if place == 0:
            table[2], table[4] = table[3], table[5]
    (table[6],), (table[7],) = bounds.around(table[:1], NEAR, WIDE)
    runs = bounds.runs(prose)
    table[8] = (runs.total(table[0]) / runs.sizes)[runs.text]
    return table


def _odds(words: Words, lexicons: Sequence[Lexicon], bounds: Bounds) -> tuple[Integers, Floats]:
    """Line and log odds, in multiples of `GRAIN`, of all words and pairs that the lexicon of a text knows."""
    line, number = words.line, words.number
    if words.sizes.max() > LEXICAL_WORDS:
        early = words.first(LEXICAL_WORDS)
        line, number = line[early], number[early]
    # as `_plain`
    colon, sign = strings((":", "#"))
    plain = pc.if_else(pc.greater(words.vocabulary, colon), words.vocabulary, sign)
    found = []
    for lexicon in {id(one): one for one in lexicons if one}.values():
        own = np.array([one is lexicon for one in lexicons])
        chosen = slice(None) if own.all() else own[bounds.text][line]
        found.append(lexicon.odds(lexicon.numbers(plain).take(number[chosen]), line[chosen]))
    if not found:
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    return np.concatenate([line for line, _ in found]), exact(np.concatenate([odds for _, odds in found]))
