"""Words that say what a line is: log odds of words and pairs of words, looked up for all lines of a text at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import repeat
from typing import Any

import numpy as np

from cleaner.scoring.shape import Floats, Integers
from cleaner.scoring.words import number_words


class Lexicon:
    """Words, and pairs of words with a space between them, each with its log odds.

    >>> line, odds = Lexicon({"read": 0.5, "read more": 2.0, "page #": 1.5}).look_up([["page", "#"], ["read", "more"]])
    >>> line.tolist(), odds.tolist()
    ([1, 0, 1], [0.5, 1.5, 2.0])
    """

    __slots__ = ("_index", "_may_be", "_own", "_pair_odds", "_pairs")

    def __init__(self, odds: Mapping[str, float]) -> None:
        index: dict[str, int] = {}
        numbered = [([index.setdefault(word, len(index)) for word in gram.split(" ")], odds[gram]) for gram in odds]
        self._index = index
        # by number of a word, one more for unknown ones: its own log odds, if it has any
        self._own = np.full(len(index) + 1, np.nan)
        pairs: dict[int, float] = {}
        for places, value in numbered:
            if len(places) == 1:
                self._own[places[0]] = value
            else:
                pairs[self._pair(*places)] = value
        # by number of a pair, up to a multiple of a power of two, whether there may be one
        self._may_be = np.zeros(1 << max(len(pairs) * 16, 1).bit_length(), dtype=np.bool_)
        self._may_be[np.fromiter(pairs, dtype=np.int64, count=len(pairs)) & (len(self._may_be) - 1)] = True
        # by number of a pair, in ascending order, and behind them one of no pair
        self._pairs = np.array([*sorted(pairs), self._pair(len(index), len(index))], dtype=np.int64)
        self._pair_odds = np.array([pairs.get(pair, np.nan) for pair in self._pairs.tolist()])

    def _pair(self, one: Any, other: Any) -> Any:
        return one * (len(self._index) + 1) + other

    def __bool__(self) -> bool:
        return bool(self._index)

    def look_up(self, lines: Sequence[Sequence[str]]) -> tuple[Integers, Floats]:
        """The words of all lines that it knows, then their pairs: place of the line, and log odds."""
        words = number_words(lines)
        return self.odds(self.numbers(words.vocabulary)[words.number], words.line)

    def numbers(self, words: Sequence[str]) -> Integers:
        """The numbers by which it knows words."""
        unknown = repeat(len(self._index))
        return np.fromiter(map(self._index.get, words, unknown), dtype=np.int64, count=len(words))

    @property
    def words(self) -> list[str]:
        """The words that it knows, alone or in pairs, by their numbers."""
        return list(self._index)

    def odds(self, number: Integers, line: Integers) -> tuple[Integers, Floats]:
        """As `look_up`, of words by its own numbers, each with the place of its line."""
        own = self._own.take(number)
        known = np.flatnonzero(~np.isnan(own))
        pair = self._pair(number[:-1], number[1:])
        # most pairs are none that it knows, which is seen in less time than they are searched in
        maybe = np.flatnonzero(self._may_be.take(pair & (len(self._may_be) - 1)) & (line[1:] == line[:-1]))
        pair = pair[maybe]
        place = np.searchsorted(self._pairs, pair)
        is_known = self._pairs[place] == pair
        odds = np.concatenate((own[known], self._pair_odds[place[is_known]]))
        return line[np.concatenate((known, maybe[is_known]))], odds
