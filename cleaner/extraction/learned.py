"""What lexicons say of the words and class names of blocks, and the containers that they point to."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np

from cleaner.extraction.around import beside, group_sums, running_sums, smallest
from cleaner.extraction.features import Facts
from cleaner.extraction.together import Pages
from cleaner.extraction.words import Numbers, Words, read_words
from cleaner.scoring.bounds import exact
from cleaner.scoring.lexicon import Lexicon
from cleaner.scoring.shape import Flags, Floats, Integers, Singles
from cleaner.text import tokens

MAIN_SHARES = (0.5, 0.8, 0.5)
"""The smallest container with this share of the page's prose is taken for a story's; the last time each line of prose
counts as far as the names of the elements around it speak for a story."""


MAIN_FEATURES = tuple(
    f"{name}_{kind}"
    for kind in ("half", "most", "named")
    for name in ("main_inside", "main_distance", "main_place", "main_steps", "main_blocks", "main_linked")
)
NAME_FEATURES = (
    "names_own",
    "names_own_most",
    "names_own_least",
    "names_box",
    "names_most",
    "names_least",
    "names_sum",
    "names_last",
    "names_before",
    "names_after",
    "names_lead",
    "names_like",
)
WORD_FEATURES = (
    "said", "said_mean", "said_most", "said_most_three", "said_least", "said_least_three", "said_near",
    "said_box",
)  # fmt: skip
LEARNED_FEATURES = (*MAIN_FEATURES, *NAME_FEATURES, *WORD_FEATURES)
"""Names of the columns of `learned_features`."""


def learned_features(pages: Pages, facts: Facts, said_of_names: Floats, said: Lexicon) -> Singles:
    """What lexicons say of class names and of words, and the container that they point to.

    An array of shape (blocks, len(LEARNED_FEATURES)).  ``said_of_names`` is `Names.of` the names of all contexts.
    """
    box, bounds = facts.boxes[1], facts.bounds
    told = np.where(facts.prose, facts.words, 0.0)
    named, total = _names(pages, box, said_of_names)
    likely = exact(told / (1.0 + np.exp(np.clip(total, -20, 20))))
    whole, spoken_for = bounds.total(np.array([likely, exact(total * likely)]))
    whole, spoken_for = np.maximum(whole, 1e-9)[bounds.text], spoken_for[bounds.text]
    (trusted,) = group_sums(facts.like[1], likely[None, :])
    main = _main(facts, (told, told, likely))
    of_words = _said(facts.spoken, box, facts, said)
    columns = (main, named, [total - spoken_for / whole, trusted / whole], of_words)
    return np.concatenate(columns, dtype=np.float32, casting="same_kind").T


def _main(facts: Facts, told: Sequence[Floats]) -> Floats:
    words, first, end, page = facts.words, facts.first, facts.end, facts.bounds.text
    sums = running_sums(np.array([words, exact(words * facts.linked)]))
    rows: list[Floats] = []
    for share, weights in zip(MAIN_SHARES, told, strict=True):
        main = smallest(share, weights, first, end, facts.elements)[page]
        low, high = first[main], end[main]
        held, linked = sums[:, high] - sums[:, low]
        rows += [
            *beside(main, facts.boxes[0], first, end, facts.up),
            (high - low).astype(np.float64),
            linked / np.maximum(held, 1.0),
        ]
    return np.array(rows)


def _names(pages: Pages, box: Integers, said: Floats) -> tuple[Floats, Floats]:
    """What the names of a block's element, of the inline elements in it and of all around it say; and their sum."""
    highs, lows, _ = said
    worths = highs + lows
    own = np.array([worths, highs, lows])
    most, least = pages.gathered(highs, np.maximum), pages.gathered(lows, np.minimum)
    total = pages.gathered(exact(worths), np.add)
    telling = (highs != 0) | (lows != 0)
    last = np.append(worths, 0.0)[pages.nearest(telling)]  # of all around it, the last that say anything
    leaf, owner = pages.context[pages.leaf], pages.context[pages.owner]
    inner = np.where(telling[leaf], leaf, owner)
    sums, latest = total[leaf], last[leaf]
    before, after = (pages.bounds.shifted(latest[None, :], by, 0.0)[0] for by in (-1, 1))
    of_box = worths[pages.context[box]]
    return np.array([*own[:, inner], of_box, most[leaf], least[leaf], sums, latest, before, after]), sums


SAID_WORDS = 24
"""Words of a block's beginning that the lexicon looks at."""


def said_words(text: str) -> list[str]:
    """The words that a block begins with; every number is ``#``.

    >>> said_words("Photo 3 of 7")
    ['photo', '#', 'of', '#']
    """
    return [word if word[0].isalpha() else "#" for word in tokens(text[:300])[:SAID_WORDS]]


def said_pieces(text: str) -> list[str]:
    """The words and word pairs that a block begins with, by which a lexicon knows it.

    >>> said_pieces("Photo 3 of 7")
    ['photo', '#', 'of', '#', 'photo #', '# of', 'of #']
    """
    plain = said_words(text)
    return plain + [f"{one} {other}" for one, other in pairwise(plain)]


@lru_cache(maxsize=16)
def _numbered(lexicon: Lexicon) -> tuple[Numbers, Integers, int]:
    """The numbers of a lexicon's words in ascending order, the place of each in it, and how many there are."""
    words = read_words(lexicon.words)
    order = np.argsort(words.number)
    return words.number[order], words.line[order], len(lexicon.words)


def _places(words: Words, chosen: Flags, lexicon: Lexicon) -> Integers:
    """The places of words in a lexicon; the one behind its last for those that it does not know."""
    numbers, places, unknown = _numbered(lexicon)
    if not len(numbers):
        return np.full(int(chosen.sum()), unknown)
    number = words.number[chosen]
    near = np.minimum(np.searchsorted(numbers, number), len(numbers) - 1)
    found = np.where(numbers[near] == number, places[near], unknown)
    return np.where(words.spelled[chosen], found, lexicon.numbers(["#"])[0])


def _said(words: Words, box: Integers, facts: Facts, lexicon: Lexicon) -> Floats:
    """What the words at the beginning of each block say, and those of the blocks around it."""
    count = len(words.keys)
    rows = np.zeros((len(WORD_FEATURES), count))
    chosen = words.rank < SAID_WORDS
    line, values = lexicon.odds(_places(words, chosen, lexicon), words.line[chosen])
    if len(values):
        order = np.lexsort((values, line))
        line, values = line[order], values[order]
        pieces = np.maximum(2 * np.bincount(words.line[chosen], minlength=count) - 1, 1)
        sizes = np.bincount(line, minlength=count)
        total = np.bincount(line, values, count)
        behind = np.cumsum(sizes)
        rows[0], rows[1] = total / np.sqrt(pieces), total / pieces
        for place in range(3):
            has = sizes > place
            rows[5, has] += np.minimum(values[(behind - sizes + place)[has]], 0.0)
            if place == 0:
                rows[4] = rows[5]
            has = sizes > 2 - place
            rows[3, has] += np.maximum(values[(behind - 3 + place)[has]], 0.0)
        has = sizes > 0
        rows[2, has] = np.maximum(values[(behind - 1)[has]], 0.0)
    bounds = facts.bounds
    (sums,) = running_sums(exact(rows[:1]))
    block = np.arange(count)
    low = np.maximum(block - 3, bounds.first[bounds.text])
    high = np.minimum(block + 4, bounds.last[bounds.text] + 1)
    rows[6] = (sums[high] - sums[low] - rows[0]) / np.maximum(high - low - 1, 1)
    low, high = facts.first[box], facts.end[box]
    rows[7] = (sums[high] - sums[low]) / np.maximum(high - low, 1)
    return rows
