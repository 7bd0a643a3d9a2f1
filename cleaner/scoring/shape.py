"""What the characters of lines look like, in any script: one pass over all lines of a document at once.

Every character falls into one of a few classes (upper case, lower case, letters of scripts without case, letters of
scripts without spaces, digits, punctuation, …); all figures of a line are counts of classes and of class changes, so
that the cost is that of a few array operations over the document, whatever the number of lines.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from cleaner.text import CHARACTERS_A_WORD, SENTENCE_ENDS, UNSPACED

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

OTHER, SPACE, UPPER, LOWER, CASELESS, UNSPACED_LETTER, DIGIT, PUNCTUATION, SYMBOL, MARK = range(10)
CLASSES = 10
# Characters that are looked at together, as far as lines allow.
TOGETHER = 1 << 15
# Characters beyond the basic plane are ideographs or pictures; one class does for them.
PLANE = 0x10000


@dataclass(frozen=True, slots=True)
class Shapes:
    """Figures of the lines of one document, an array element a line."""

    characters: Integers
    words: Floats
    """Weight in words (`cleaner.text.weight`)."""
    capitalised: Floats
    """Share of the words that begin with a capital letter; 0 in scripts without case."""
    upper: Floats
    """Share of upper case among the letters that have case."""
    digits: Floats
    """Share of digits among the characters."""
    punctuation: Floats
    symbols: Floats
    unspaced: Floats
    """Share of letters of scripts without spaces among the characters."""
    sentences: Integers
    """Sentence ends inside the line or at its end."""


@lru_cache(maxsize=1)
def _classes() -> npt.NDArray[np.uint8]:
    table = np.zeros(PLANE + 1, dtype=np.uint8)
    by_category = {
        "Lu": UPPER, "Lt": UPPER, "Ll": LOWER, "Lo": CASELESS, "Lm": CASELESS, "Nd": DIGIT, "Nl": DIGIT, "No": DIGIT,
        "Mn": MARK, "Mc": MARK, "Me": MARK, "Cf": MARK, "Zs": SPACE, "Zl": SPACE, "Zp": SPACE, "Cc": SPACE,
    }  # fmt: skip
    for code in range(PLANE):
        category = unicodedata.category(chr(code))
        table[code] = by_category.get(category) or {"P": PUNCTUATION, "S": SYMBOL}.get(category[0], OTHER)
    for low, high in UNSPACED:
        if high < PLANE:
            table[low : high + 1] = UNSPACED_LETTER
    table[PLANE] = SYMBOL
    return table


@lru_cache(maxsize=1)
def _ends() -> npt.NDArray[np.bool_]:
    table = np.zeros(PLANE + 1, dtype=np.bool_)
    table[[ord(character) for character in SENTENCE_ENDS]] = True
    return table


def _codes(text: str) -> npt.NDArray[np.unsignedinteger[Any]]:
    """Code points of a text; those beyond the basic plane are `PLANE`."""
    if text.isascii():
        return np.frombuffer(text.encode("ascii"), dtype=np.uint8)
    data = text.encode("utf-16-le", "replace")
    if len(data) == 2 * len(text):
        return np.frombuffer(data, dtype=np.uint16)
    return np.minimum(np.frombuffer(text.encode("utf-32-le", "replace"), dtype=np.uint32), PLANE)


def shapes(lines: Sequence[str]) -> Shapes:
    """Figures of all lines; none may be empty or hold a line break."""
    lengths = np.array([len(line) for line in lines], dtype=np.int64)
    # what is known of so many characters fits into a cache
    part = np.cumsum(lengths) // TOGETHER
    starts = np.flatnonzero(np.append(True, part[1:] != part[:-1])).tolist()
    found = [_shapes(lines[start:end]) for start, end in pairwise((*starts, len(lines)))]
    if len(found) == 1:
        return found[0]
    return Shapes(*[np.concatenate([getattr(one, field.name) for one in found]) for field in fields(Shapes)])


def _shapes(lines: Sequence[str]) -> Shapes:
    count = len(lines)
    codes = _codes("\n".join(lines) + "\n")
    kind = _classes().take(codes)
    lengths = np.array([len(line) for line in lines], dtype=np.int64)
    before = np.empty_like(kind)
    before[0] = SPACE
    before[1:] = kind[:-1]
    is_word = ((kind >= UPPER) & (kind <= CASELESS)) | (kind == DIGIT)
    was_word = ((before >= UPPER) & (before <= CASELESS)) | (before == DIGIT) | (before == MARK)
    starts = is_word & ~was_word
    # an apostrophe or hyphen between letters does not begin another word
    starts[2:] &= ~((kind[1:-1] == PUNCTUATION) & is_word[:-2])
    ending = _ends().take(codes)
    # a full stop inside a number or an address ends nothing; those of scripts without spaces need none behind them
    ending[:-1] &= (kind[1:] <= SPACE) | (kind[1:] == PUNCTUATION) | (codes[:-1] > 0x2FFF)
    # those that begin a word and those that end a sentence are counted apart: one count tells it all
    sort = kind + np.uint8(CLASSES) * starts + np.uint8(2 * CLASSES) * ending
    place = np.repeat(np.arange(count) * (3 * CLASSES), lengths + 1)
    place += sort
    counts = np.bincount(place, minlength=count * 3 * CLASSES).reshape(count, 3, CLASSES)
    tally = counts[:, 0] + counts[:, 1] + counts[:, 2]
    begun, capitals, sentences = counts[:, 1].sum(axis=1), counts[:, 1, UPPER], counts[:, 2].sum(axis=1)
    wide = tally[:, UNSPACED_LETTER]
    cased = tally[:, UPPER] + tally[:, LOWER]
    size = np.maximum(lengths, 1)
    return Shapes(
        characters=lengths,
        words=begun + wide / CHARACTERS_A_WORD,
        capitalised=capitals / np.maximum(begun, 1),
        upper=tally[:, UPPER] / np.maximum(cased, 1),
        digits=tally[:, DIGIT] / size,
        punctuation=tally[:, PUNCTUATION] / size,
        symbols=tally[:, SYMBOL] / size,
        unspaced=wide / size,
        sentences=sentences,
    )
