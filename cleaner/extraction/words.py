"""The words and letters of many lines at once, as `cleaner.text.tokens` and `cleaner.text.letters` tell them.

All lines are one array of code points.  Which of them stand in a word is a matter of their kinds and neighbours, and a
word is told from others by a number of 64 bits (sums of products of its characters), so that a handful of array
operations reads a page, whatever the number of its lines, and no word becomes a string.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise

import numpy as np
import numpy.typing as npt

from cleaner.scoring.shape import Flags, Integers
from cleaner.text import MARKS, SUBJECT_LETTERS, spread, unspaced

Numbers = npt.NDArray[np.uint64]
Codes = npt.NDArray[np.uint32]
Kinds = npt.NDArray[np.uint8]

# Of longer lines the rest is not looked at, nor are the words behind the first so many.
MAX_LINE = 20_000
MAX_WORDS = 400
# Characters that are read together.
TOGETHER = 65_536

_ALNUM, _ALPHA, _UNSPACED, _MARK, _JOINER = 1, 2, 4, 8, 16
_IS_MARK = re.compile(f"[{MARKS}]")
_SPACE, _BREAK, _ASCII = 32, 10, 128
# Characters beyond the basic plane are looked up one by one.
_PLANE = 0x10000
# Characters of a word behind the first so many count whatever their order.
_PLACES = 64
_MIX = np.uint64(0x9E3779B97F4A7C15)
_WEIGHTS = np.random.default_rng(0).integers(0, 1 << 64, _PLACES, dtype=np.uint64) | np.uint64(1)


@dataclass(frozen=True, slots=True)
class Words:
    """The words of some lines: one array element a word, in the order of the text."""

    keys: list[str]
    """The letters and digits of each line, case-folded."""
    line: Integers
    number: Numbers
    """Equal for equal words, whatever line or page they stand in."""
    rank: Integers
    """The place of the word in its line."""
    subject: Flags
    """Whether it carries a subject (`cleaner.text.subject_words`)."""
    spelled: Flags
    """Whether it begins with a letter."""


def read_words(lines: Sequence[str]) -> Words:
    """The words of lines that hold no line breaks; of each line the first `MAX_WORDS`.

    >>> words = read_words(["Baku’s 3+3 format", "外长 met", "The FORMAT"])
    >>> words.keys, words.line.tolist()
    (['bakus33format', '外长met', 'theformat'], [0, 0, 0, 0, 1, 1, 1, 2, 2])
    >>> words.number[3] == words.number[8], words.number[1] == words.number[2], words.number[0] == words.number[7]
    (np.True_, np.True_, np.False_)
    """
    bounds = [0, *accumulate(min(len(line), MAX_LINE) for line in lines)]
    if bounds[-1] <= TOGETHER:
        return _read(lines)
    # arrays that fit into the cache of a processor are read several times as fast
    ends = [bisect_left(bounds, size) for size in range(TOGETHER, bounds[-1], TOGETHER)] + [len(lines)]
    parts = [(first, _read(lines[first:end])) for first, end in pairwise([0, *ends]) if first < end]
    return Words(
        [key for _, part in parts for key in part.keys],
        np.concatenate([part.line + first for first, part in parts]),
        np.concatenate([part.number for _, part in parts]),
        np.concatenate([part.rank for _, part in parts]),
        np.concatenate([part.subject for _, part in parts]),
        np.concatenate([part.spelled for _, part in parts]),
    )


def _read(lines: Sequence[str]) -> Words:
    text = "\n".join([line[:MAX_LINE] for line in lines]).casefold()
    codes = _codes(text)
    kind = _kinds(codes)
    if (kind & _UNSPACED).any():
        codes = _codes(spread(text))
        kind = _kinds(codes)
    is_letter = (kind & _ALNUM).view(np.bool_)
    breaks = codes == _BREAK
    keys = codes[is_letter | breaks].tobytes().decode("utf-32-le", "replace").split("\n")
    within = _in_words(kind, is_letter)
    chosen = np.flatnonzero(within)
    if not len(chosen):
        nothing = np.zeros(0, dtype=np.int64)
        return Words(keys, nothing, nothing.astype(np.uint64), nothing, nothing > 0, nothing > 0)
    begin = np.flatnonzero(np.diff(chosen, prepend=-2) > 1)
    line = np.cumsum(breaks)[chosen[begin]]
    words_of = np.bincount(line)
    rank = np.arange(len(begin)) - (np.cumsum(words_of) - words_of)[line]
    letters = codes[chosen]
    size = np.diff(begin, append=len(chosen))
    place = np.arange(len(chosen)) - np.repeat(begin, size)
    number = np.add.reduceat(mixed(letters) * _WEIGHTS.take(place, mode="clip"), begin)
    subject = (size >= SUBJECT_LETTERS) | (np.maximum.reduceat(letters, begin) >= _ASCII)
    spelled = (kind[chosen[begin]] & _ALPHA) > 0
    if words_of.max() > MAX_WORDS:
        rows = np.flatnonzero(rank < MAX_WORDS)
        line, number, rank, subject, spelled = line[rows], number[rows], rank[rows], subject[rows], spelled[rows]
    return Words(keys, line, number, rank, subject, spelled)


def mixed(codes: Codes) -> Numbers:
    """A number of 64 bits for each character."""
    numbers = (codes.astype(np.uint64) + np.uint64(1)) * _MIX
    return numbers ^ (numbers >> np.uint64(29))


def _codes(text: str) -> Codes:
    return np.frombuffer(text.encode("utf-32-le", "replace"), dtype="<u4")


def _in_words(kind: Kinds, is_letter: Flags) -> Flags:
    """Letters and digits, marks behind them, and apostrophes and hyphens that hold two of them together."""
    goes_on = kind == _MARK
    joins = np.flatnonzero(kind[:-1] == _JOINER)
    goes_on[joins] = is_letter[joins + 1] | goes_on[joins + 1]
    # what goes on is in a word if the last character before it that does not is a letter
    behind = np.flatnonzero(goes_on)
    last = np.maximum.accumulate(np.where(np.diff(behind, prepend=-2) > 1, behind - 1, -1)) if len(behind) else behind
    within = is_letter.copy()
    within[behind] = (last >= 0) & is_letter[last]
    return within


@lru_cache(maxsize=1)
def _table() -> Kinds:
    return np.array([_kind(chr(code)) for code in range(_PLANE)], dtype=np.uint8)


def _kind(character: str) -> int:
    if character.isalnum():
        return _ALNUM | _ALPHA * character.isalpha() | _UNSPACED * unspaced(character)
    return _MARK if _IS_MARK.match(character) else _JOINER if character in "'’-" else 0


def _kinds(codes: Codes) -> Kinds:
    kind = _table().take(codes, mode="clip")
    beyond = codes >= _PLANE
    if beyond.any():
        different, place = np.unique(codes[beyond], return_inverse=True)
        kind[beyond] = np.array([_kind(chr(code)) for code in different.tolist()], dtype=np.uint8)[place]
    return kind
