"""Words that say what a line is: log odds of words and pairs of words, looked up for all lines of a text at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import repeat
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleaner.scoring.shape import Floats, Integers
from cleaner.scoring.words import number_words, numbers_of, strings, whole_number

# Arrow looks up many words in less time, but numbers all that a lexicon knows each time: an eighth of them pays for it.
FEW = 8


class Lexicon:
    """Words, and pairs of words with a space between them, each with its log odds.

    >>> line, odds = Lexicon({"read": 0.5, "read more": 2.0, "page #": 1.5}).look_up([["page", "#"], ["read", "more"]])
    >>> line.tolist(), odds.tolist()
    ([1, 0, 1], [0.5, 1.5, 2.0])
    """

    __slots__ = ("_index", "_last_bits", "_most_alike", "_own", "_pair_odds", "_pairs", "_place", "_unknown", "_words")

    def __init__(self, odds: Mapping[str, float]) -> None:
        index: dict[str, int] = {}
        numbered = [([index.setdefault(word, len(index)) for word in gram.split(" ")], odds[gram]) for gram in odds]
        self._index = index
        self._words = strings(index)
        self._unknown = whole_number(len(index))
        # by number of a word, one more for unknown ones: its own log odds, if it has any
        self._own = np.full(len(index) + 1, np.nan)
        pairs: dict[int, float] = {}
        for places, value in numbered:
            if len(places) == 1:
                self._own[places[0]] = value
            else:
                pairs[self._pair(*places)] = value
        # pairs in the order of the last bits of their numbers, and behind them some that are none
        self._last_bits = (1 << max(len(pairs) * 16, 1).bit_length()) - 1
        numbers = np.fromiter(pairs, dtype=np.int64, count=len(pairs))
        bits = numbers & self._last_bits
        order = np.argsort(bits)
        self._most_alike = int(np.bincount(bits).max(initial=0))
        self._pairs = np.append(numbers[order], np.full(self._most_alike + 1, -1))
        self._pair_odds = np.fromiter(pairs.values(), dtype=np.float64, count=len(pairs))[order]
        # the place of the first pair with such last bits
        self._place = np.full(self._last_bits + 1, len(pairs), dtype=np.int32)
        self._place[bits[order][::-1]] = np.arange(len(pairs))[::-1]

    def _pair(self, one: Any, other: Any) -> Any:
        return one * (len(self._index) + 1) + other

    def __bool__(self) -> bool:
        return bool(self._index)

    def look_up(self, lines: Sequence[Sequence[str]]) -> tuple[Integers, Floats]:
        """The words of all lines that it knows, then their pairs: place of the line, and log odds."""
        words = number_words(lines)
        return self.odds(self.numbers(words.vocabulary)[words.number], words.line)

    def numbers(self, words: Sequence[str] | pa.LargeStringArray) -> Integers:
        """The numbers by which it knows words."""
        unknown = len(self._index)
        if isinstance(words, pa.Array) and len(words) * FEW > unknown:
            places = pc.index_in(words, value_set=self._words).fill_null(self._unknown)
            return np.asarray(numbers_of(places).astype(np.int64))
        asked = words.to_pylist() if isinstance(words, pa.Array) else words
        return np.fromiter(map(self._index.get, asked, repeat(unknown)), dtype=np.int64, count=len(asked))

    @property
    def words(self) -> list[str]:
        """The words that it knows, alone or in pairs, by their numbers."""
        return list(self._index)

    def odds(self, number: Integers, line: Integers) -> tuple[Integers, Floats]:
        """As `look_up`, of words by its own numbers, each with the place of its line."""
        own = self._own.take(number)
        known = np.flatnonzero(~np.isnan(own))
        pair = self._pair(number[:-1], number[1:])
        place = self._place.take(pair & self._last_bits)
        # most pairs are none that it knows
        maybe = np.flatnonzero((place < len(self._pair_odds)) & (line[1:] == line[:-1]))
        pair, place = pair[maybe], place[maybe]
        for _ in range(self._most_alike - 1):
            place += self._pairs[place] != pair
        is_known = self._pairs[place] == pair
        odds = np.concatenate((own[known], self._pair_odds[place[is_known]]))
        return line[np.concatenate((known, maybe[is_known]))], odds


NO_LEXICON = Lexicon({})
