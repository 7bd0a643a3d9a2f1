"""The words of many lines as numbers, so that arrays can compare them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, count
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from cleaner.scoring.shape import Flags, Integers
from cleaner.text import SUBJECT_LETTERS


@dataclass(frozen=True, slots=True)
class Words:
    """Words of lines, in order: the number of each, which is its place in ``vocabulary``, and its line.

    >>> words = number_words([["the", "council"], [], ["the", "town"]])
    >>> words.vocabulary.to_pylist(), words.number.tolist(), words.line.tolist(), words.sizes.tolist()
    (['the', 'council', 'town'], [0, 1, 0, 2], [0, 0, 2, 2], [2, 0, 2])
    """

    vocabulary: pa.LargeStringArray
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
        letters, size = (numbers_of(told(self.vocabulary)) for told in (pc.utf8_length, pc.binary_length))
        return np.asarray((letters >= SUBJECT_LETTERS) | (letters != size))

    def parted(self, lines: int) -> tuple[Words, Words]:
        """The words of the first so many lines, and those of the others."""
        place = int(self.sizes[:lines].sum())
        return (
            Words(self.vocabulary, self.number[:place], self.line[:place], self.sizes[:lines]),
            Words(self.vocabulary, self.number[place:], self.line[place:] - lines, self.sizes[lines:]),
        )


def number_spaced(lines: Sequence[str]) -> Words:
    """`number_words` of lines that are words with white space between them (`cleaner.text.spaced`).

    >>> words = number_spaced(["the council", "", " the  town "])
    >>> words.vocabulary.to_pylist(), words.number.tolist(), words.line.tolist(), words.sizes.tolist()
    (['the', 'council', 'town'], [0, 1, 0, 2], [0, 0, 2, 2], [2, 0, 2])
    """
    data = "\n".join(("", *lines, "")).encode("utf-8")
    codes = np.frombuffer(data, dtype=np.uint8)
    is_break = codes == ord("\n")
    is_gap = is_break | (codes == ord(" "))
    begins = np.flatnonzero(is_gap[:-1] > is_gap[1:]) + 1
    ends = np.flatnonzero(is_gap[:-1] < is_gap[1:]) + 1
    # letters of all words, one behind the other, and where each word ends: what Arrow makes of strings
    places = np.append(0, np.cumsum(ends - begins))
    words = pa.LargeStringArray.from_buffers(
        len(begins), pa.py_buffer(places), pa.py_buffer(data.translate(None, b" \n"))
    )
    found = words.dictionary_encode()
    sizes = np.diff(np.searchsorted(begins, np.flatnonzero(is_break)))
    number = numbers_of(found.indices).astype(np.int64)
    return Words(found.dictionary, number, np.repeat(np.arange(len(lines)), sizes), sizes)


def numbers_of(array: pa.Array) -> npt.NDArray[Any]:
    """An Arrow array of whole numbers, none of them null, as it lies in memory; without importing pandas, either."""
    kind = np.dtype(str(array.type))
    return np.frombuffer(array.buffers()[1], kind, len(array), array.offset * kind.itemsize)


def strings(words: Iterable[str]) -> pa.LargeStringArray:
    """What `pyarrow.array` makes of strings, without importing pandas where that is installed, which takes it .15 s."""
    encoded = [word.encode("utf-8") for word in words]
    places = np.cumsum([0, *map(len, encoded)], dtype=np.int64)
    return pa.LargeStringArray.from_buffers(len(encoded), pa.py_buffer(places), pa.py_buffer(b"".join(encoded)))


def whole_number(number: int) -> pa.Int32Scalar:
    """What `pyarrow.scalar` makes of a number of four bytes, without importing pandas, either."""
    return pa.Array.from_buffers(pa.int32(), 1, [None, pa.py_buffer(np.array([number], dtype=np.int32))])[0]


def number_words(lines: Sequence[Sequence[str]]) -> Words:
    """The words of some lines, numbered in the order in which they first occur."""
    numbers: defaultdict[str, int] = defaultdict(count().__next__)
    sizes = np.array([len(words) for words in lines], dtype=np.int64)
    number = np.fromiter(map(numbers.__getitem__, chain.from_iterable(lines)), dtype=np.int64, count=int(sizes.sum()))
    return Words(strings(numbers), number, np.repeat(np.arange(len(lines)), sizes), sizes)
