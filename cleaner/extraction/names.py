"""What class names and the like say of what is in an element, remembered: the names of a site come again and again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, pairwise, repeat

import numpy as np

from cleaner.extraction.places import ranks
from cleaner.scoring.shape import Floats

# So many sets of names are remembered.
REMEMBERED = 65_536
# A word of a name, or the end of one.  Words of less than three letters say nothing.
_PIECE = re.compile(r"[A-Z]{3,}(?![a-z])|[A-Z][a-z]{2,}|[a-z]{3,}|\0")
_END = "\0"


def _pieces(names: Iterable[str]) -> list[str]:
    """The words of some names, behind each name its end."""
    return [*map(str.lower, _PIECE.findall(_END.join((*names, ""))))]


def name_pieces(names: str) -> tuple[str, ...]:
    """The words that class names and the like are made of, and pairs of them that follow each other in one name.

    >>> name_pieces("Article-body  relatedLinks x9")
    ('article', 'body', 'related', 'links', 'article_body', 'related_links')
    """
    own = _pieces(names.split())
    pairs = map("_".join, pairwise(own))
    return tuple(dict.fromkeys(piece for piece in (*own, *pairs) if _END not in piece))


class Names:
    """A lexicon of the words of class names: log odds that a block in an element so named is no story.

    >>> Names({"body": -2.0, "related": 1.0, "links": 0.5}).of(["Article-body", "x9 relatedLinks Bio"]).tolist()
    [[0.0, 1.0], [-2.0, 0.0], [0.0, 4.0]]
    """

    def __init__(self, odds: Mapping[str, float]) -> None:
        self.odds = odds
        self._of_pair = {tuple(piece.split("_")): value for piece, value in odds.items() if "_" in piece}
        self._known: dict[str, tuple[float, float, float]] = {}

    def of(self, sets: Sequence[str]) -> Floats:
        """What sets of names say, as they are written in attributes: a column a set.

        The most that any piece of a name says, at least 0; the least, at most 0; how telling the names are of a place
        (`cleaner.extraction.places.ranks`).
        """
        known = self._known
        new = [*set(sets).difference(known)]
        if new:
            if len(known) + len(new) > REMEMBERED:  # another thread may look into the old ones
                known = self._known = {}
                new = [*set(sets)]
            known.update(zip(new, zip(*self._find(new).tolist(), strict=True), strict=True))
        numbers = chain.from_iterable(map(known.__getitem__, sets))
        return np.fromiter(numbers, dtype=np.float64, count=3 * len(sets)).reshape(-1, 3).T

    def _find(self, sets: Sequence[str]) -> Floats:
        split = [names.split() or [""] for names in sets]
        names = [*chain.from_iterable(split)]
        numbers = {name: place for place, name in enumerate(dict.fromkeys(names))}
        different = [*numbers]
        said = np.array([*self._extremes(different), ranks(different)])[:, [numbers[name] for name in names]]
        starts = np.cumsum([0, *map(len, split[:-1])])
        gathers = (np.maximum, np.minimum, np.maximum)
        return np.array([gather.reduceat(one, starts) for gather, one in zip(gathers, said, strict=True)])

    def _extremes(self, names: Sequence[str]) -> Floats:
        """The most and the least that any piece of each name says."""
        own = _pieces(names)
        pairs = pairwise((*own, _END))
        odds = np.array([[*map(self.odds.get, own, repeat(0.0))], [*map(self._of_pair.get, pairs, repeat(0.0))]])
        ends = np.flatnonzero([piece == _END for piece in own])
        starts = np.append(0, ends[:-1] + 1)
        # the end of a name says 0
        return np.array([one.reduceat(one.reduce(odds), starts) for one in (np.maximum, np.minimum)])


NO_NAMES = Names({})
"""Tells of places alone."""
