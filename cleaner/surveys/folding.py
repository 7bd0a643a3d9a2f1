"""Folding of many lines at once: what `cleaner.text.fold_line` makes of each, in a third of the time.

All lines of a batch are one array of code points, and one look into a table folds it.  The table holds what folds to
one character by itself; a line in which NFKC would expand, drop, compose or reorder something is folded alone.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from cleaner.text import fold_line

Codes = npt.NDArray[np.uint32]

# What the table says of a character in the bits that a code point leaves: it does not fold to one character by itself;
# it is a mark with a combining class, of which NFKC puts several in order; it may be the second half of what NFKC
# composes; it may be the first half, or is composed itself, so that such a second half may take part of it.
_ALONE, _MARK, _SECOND, _FIRST = (np.uint32(1 << bit) for bit in (31, 30, 29, 28))
_CODE = np.uint32((1 << 21) - 1)
# Characters dealt with at a time: some 20 bytes of arrays each.
CHARACTERS = 1 << 18
_SPACE, _BREAK = np.uint32(32), np.uint32(10)
# Han, syllables of Hangul, private use: they fold to themselves.  Surrogates and all beyond the first plane fold alone,
# and so do the vowels and finals of Hangul that compose syllables.
_THEMSELVES = ((0x3400, 0x4DC0), (0x4E00, 0xA000), (0xAC00, 0xD7A4), (0xE000, 0xF900))
_FOLDED_ALONE = ((0xD800, 0xE000), (0x1160, 0x1200))


@lru_cache(maxsize=1)
def _table() -> Codes:
    """What each code point folds to, and what is said of it."""
    table = np.full(0x110000, _ALONE, dtype=np.uint32)
    asked = np.ones(0x10000, dtype=np.bool_)
    for low, high in _THEMSELVES:
        table[low:high] = np.arange(low, high)
        asked[low:high] = False
    for low, high in _FOLDED_ALONE:
        asked[low:high] = False
    codes = np.flatnonzero(asked).tolist()
    halves: dict[str, int] = {}
    for character in map(chr, codes):
        composed = _halves(character)
        if composed is not None:
            first, second = composed
            for half, bit in ((character, _FIRST), (first, _FIRST), (second, _SECOND)):
                halves[half] = halves.get(half, 0) | int(bit)
    for code in codes:
        character = chr(code)
        folded = fold_line(character)
        mark = unicodedata.combining(character)
        if (
            len(folded) == 1
            and unicodedata.is_normalized("NFKC", character)
            and mark == unicodedata.combining(folded)
            and ord(folded) < len(asked)
        ):
            table[code] = ord(folded) | halves.get(character, 0) | halves.get(folded, 0) | (int(_MARK) if mark else 0)
    table[[_SPACE, _BREAK]] = _SPACE, _BREAK
    return table


def _halves(character: str) -> tuple[str, str] | None:
    """What a character is composed of by NFKC."""
    parts = unicodedata.decomposition(character).split()
    if len(parts) != 2 or not unicodedata.is_normalized("NFKC", character):
        return None
    first, second = (chr(int(part, 16)) for part in parts)
    return first, second


def runs(texts: Sequence[str], most: int) -> Iterator[slice]:
    """Texts in runs of at most so many characters, a line break behind each counted, or of one text.

    >>> list(runs(["one", "two", "three"], 8))
    [slice(0, 2, None), slice(2, 3, None)]
    """
    begin, held = 0, 0
    for place, size in enumerate(map(len, texts)):
        if held and held + size >= most:
            yield slice(begin, place)
            begin, held = place, 0
        held += size + 1
    if held:
        yield slice(begin, len(texts))


def fold_lines(texts: Sequence[str]) -> list[str]:
    """What `cleaner.text.fold_line` makes of each text.

    >>> fold_lines(["Straße NR. ①", "Der  Rat von Elm", "The Council"])
    ['strasse nr. 1', 'der rat von elm', 'the council']
    """
    return [line for run in runs(texts, CHARACTERS) for line in _folded(texts[run])]


def _folded(texts: Sequence[str]) -> list[str]:
    joined = "\n".join(texts)
    if joined.count("\n") != len(texts) - 1:  # blocks of pages with line breaks in them
        return [fold_line(text) for text in texts]
    codes = np.frombuffer(joined.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    folded = _table().take(codes, mode="clip")
    lines = (folded & _CODE).tobytes().decode("utf-32-le", "surrogatepass").split("\n")
    odd = np.unique(np.searchsorted(np.flatnonzero(codes == _BREAK), np.fromiter(_odd(folded), np.int64)))
    for place in odd.tolist():
        lines[place] = fold_line(texts[place])
    return lines


def _odd(folded: Codes) -> Iterator[int]:
    """Places of what does not fold by itself there: characters, and blanks beside others or at either end."""
    said = np.flatnonzero(folded >= _SECOND)
    if len(said):
        own, before = folded[said], folded[said - 1]
        is_odd = own >= _ALONE
        is_odd |= (own & (_MARK | _SECOND) != 0) & (before & _MARK != 0)
        is_odd |= (own & _SECOND != 0) & (before & _FIRST != 0)
        yield from said[is_odd].tolist()
    is_blank = (folded == _SPACE) | (folded == _BREAK)
    yield from np.flatnonzero(is_blank[1:] & is_blank[:-1]).tolist()
    yield from (np.flatnonzero(is_blank[1:] & is_blank[:-1]) + 1).tolist()
    if len(folded):
        yield from (place for place in (0, len(folded) - 1) if is_blank[place])
