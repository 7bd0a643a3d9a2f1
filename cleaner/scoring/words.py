"""The words of many lines as numbers, so that arrays can compare them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, count

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cleaner.scoring.shape import Flags, Integers
from cleaner.text import SUBJECT_LETTERS


@dataclass(frozen=True, slots=True)
class Words:
    """Words of lines, in order: the number of each, which is its place in ``vocabulary``, and its line.

    >>> words = number_words([["the", "council"], [], ["the", "town"]])
    >>> words.vocabulary, words.number.tolist(), words.line.tolist(), words.sizes.tolist()
    (['the', 'council', 'town'], [0, 1, 0, 2], [0, 0, 2, 2], [2, 0, 2])
    """

    vocabulary: Sequence[str]
    number: Integers
    line: Integers
    sizes: Integers
    """Words of each line."""

    def first(self, most: int) -> Flags:
        """True for the first ``most`` words of each line."""
        starts = np.cumsum(self.sizes) - self.sizes
        return np.arange(len(self.line)) - starts[self.line] < most

    def subjects(self) -> Flags:
        """By number, whether a word carries a subject (`cleaner.text.subject_words`)."""
        carries = [len(word) >= SUBJECT_LETTERS or not word.isascii() for word in self.vocabulary]
        return np.array(carries, dtype=np.bool_)


def number_spaced(lines: Sequence[str]) -> Words:
    """`number_words` of lines that are words with white space between them (`cleaner.text.spaced`).

    >>> words = number_spaced(["the council", "", " the  town "])
    >>> words.vocabulary, words.number.tolist(), words.line.tolist(), words.sizes.tolist()
    (['the', 'council', 'town'], [0, 1, 0, 2], [0, 0, 2, 2], [2, 0, 2])
    """
    pieces = pc.ascii_split_whitespace(pa.array(lines, pa.string()))
    sizes = np.diff(pieces.offsets.to_numpy())
    line = np.repeat(np.arange(len(lines)), sizes)
    found = pieces.flatten().dictionary_encode()
    vocabulary, number = found.dictionary.to_pylist(), found.indices.to_numpy().astype(np.int64)
    if "" in vocabulary:  # what stands before white space at the beginning, and behind it at the end
        nothing = vocabulary.index("")
        vocabulary.remove("")
        is_word = number != nothing
        line, number = line[is_word], number[is_word]
        number -= number > nothing
        sizes = np.bincount(line, minlength=len(lines))
    return Words(vocabulary, number, line, sizes.astype(np.int64))


def number_words(lines: Sequence[Sequence[str]]) -> Words:
    """The words of some lines, numbered in the order in which they first occur."""
    numbers: defaultdict[str, int] = defaultdict(count().__next__)
    sizes = np.array([len(words) for words in lines], dtype=np.int64)
    number = np.fromiter(map(numbers.__getitem__, chain.from_iterable(lines)), dtype=np.int64, count=int(sizes.sum()))
    return Words(list(numbers), number, np.repeat(np.arange(len(lines)), sizes), sizes)
