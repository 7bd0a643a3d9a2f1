"""Hashes of the words of many texts at once: signatures of paragraphs, and keys of headlines.

All is done on arrays of the code points of a batch of texts.  A word is a run of letters, or of digits, or one
character of a script without spaces.  Its hash is a polynomial of its code points; with prefix sums of all of them, the
hash of any run of characters, or of words, is one subtraction and one multiplication (Karp and Rabin 1987).

A signature is MinHash (Broder 1997) of shingles: a word with the one behind it, or three characters in a row of scripts
without spaces.  On 14,700 paragraphs of the labelled texts with up to a sixth of the words edited in invented ways
(scattered, cut out, put in), of pairs with a rapidfuzz ratio of 84 to 90 at least .97 meet in a band, of 90 and more
.999.  So they do with 20 bands of 6 single words, which takes twice as many hashes; of the edits that are scattered,
where the ratio is 90 to 95, 16 bands of pairs miss .004 and bands of 4 rows .008, where these 20 of 3 rows miss .001.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from cleaner.surveys.folding import runs
from cleaner.surveys.tables import BAND_ROWS, BANDS, SEED
from cleaner.text import UNSPACED

# Characters dealt with at a time: what is computed of them stays in the processor's cache.
CHUNK = 1 << 17
# Words at either end of a headline or lead by which it is found when it was cut or changed.
EDGE_WORDS = 6
# Characters of an unspaced script are words of their own and need more of them.
MIN_WORDS = 3

APART, LETTER, CHARACTER, DIGIT = range(4)

_MASK = 2**64
_BASE = 0x9E3779B97F4A7C15
_NEXT, _AFTER = np.uint64(0xD6E8FEB86659FD93), np.uint64(0xA0761D6478BD642F)
_WHOLE, _FIRST, _LAST = (np.uint64(0x589965CC75374CC3 * (2 * number + 1) % _MASK) for number in range(3))

Hashes = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]


@lru_cache(maxsize=1)
def _kinds() -> npt.NDArray[np.uint8]:
    """What each code point is; those beyond the first plane that are not of an unspaced script count as letters."""
    kinds = np.full(0x110000, LETTER, dtype=np.uint8)
    of_category = {"L": LETTER, "M": LETTER, "N": DIGIT}
    kinds[:0x10000] = [of_category.get(unicodedata.category(chr(code))[0], APART) for code in range(0x10000)]
    for low, high in UNSPACED:
        part = kinds[low : high + 1]
        part[part == LETTER] = CHARACTER
    return kinds


@lru_cache(maxsize=1)
def _powers() -> tuple[Hashes, Hashes]:
    """Powers of the base of polynomials, and of its inverse, modulo 2**64: as many as a chunk has characters."""
    found = []
    for base in (_BASE, pow(_BASE, -1, _MASK)):
        powers = np.full(2 * CHUNK + 1, base, dtype=np.uint64)
        powers[0] = 1
        found.append(np.cumprod(powers))
    return found[0], found[1]


@lru_cache(maxsize=1)
def _permutations() -> tuple[npt.NDArray[np.uint32], npt.NDArray[np.uint32]]:
    """Factors (odd) and summands of the hash functions whose minima make a signature."""
    seeds = mixed(np.arange(1, 1 + BANDS * BAND_ROWS, dtype=np.uint64) * np.uint64(_BASE) + np.uint64(SEED))
    return (seeds >> np.uint64(32)).astype(np.uint32) | np.uint32(1), seeds.astype(np.uint32)


def mixed(values: Hashes) -> Hashes:
    """Values whose bits all depend on all bits (splitmix64, Steele and others 2014)."""
    values = (values ^ values >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ values >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    return values ^ values >> np.uint64(31)


@dataclass(frozen=True, slots=True)
class Hashed:
    """The words of some texts: their hashes and kinds, and at which word each text begins (one more at the end)."""

    words: Hashes
    kinds: npt.NDArray[np.uint8]
    bounds: Places


def hashed(texts: Sequence[str]) -> Hashed:
    """The words of folded texts, without line breaks in them, of at most ``2 * CHUNK`` characters in all."""
    codes = np.frombuffer(("\n".join(texts) + "\n").encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    kinds = _kinds().take(codes, mode="clip")
    is_word = kinds != APART
    # a word begins where the kind changes, and with each character of a script without spaces
    begins = kinds == CHARACTER
    begins[1:] |= kinds[1:] != kinds[:-1]
    begins[:1] = True
    begins &= is_word
    start = np.flatnonzero(begins)
    powers, inverse = _powers()
    # what is apart adds nothing, so that a word may be summed up to where the next one begins
    terms = codes.astype(np.uint64)
    terms *= is_word
    terms *= powers[: len(codes)]
    sums = np.zeros(len(codes) + 1, dtype=np.uint64)
    np.cumsum(terms, out=sums[1:])
    words = mixed((sums[np.append(start[1:], len(codes))] - sums[start]) * inverse[start])
    breaks = np.flatnonzero(codes == 10)
    return Hashed(words, kinds[start], np.concatenate(([0], np.searchsorted(start, breaks))))


def sign(texts: Sequence[str]) -> tuple[npt.NDArray[np.uint32], Hashes]:
    """Keys of the `BANDS` bands of the signature of each folded text, and the hash of its numbers in any order.

    Equal keys mean that all `BAND_ROWS` rows of the band are equal.  Texts are of at most `CHUNK` characters, without
    line breaks.

    >>> bands, numbers = sign(["the ferry took 2 of 30 boats", "of 30 boats 2 took the ferry", "the ferry took 3"])
    >>> bands.shape, bool(numbers[0] == numbers[1]), bool(numbers[0] == numbers[2])
    ((3, 20), True, False)
    """
    bands = np.zeros((len(texts), BANDS), dtype=np.uint32)
    numbers = np.zeros(len(texts), dtype=np.uint64)
    for chunk in runs(texts, CHUNK):
        found = hashed(texts[chunk])
        has_words = found.bounds[1:] > found.bounds[:-1]
        first = found.bounds[:-1][has_words]
        if not len(first):
            continue
        numbers[chunk][has_words] = np.add.reduceat(np.where(found.kinds == DIGIT, found.words, np.uint64(0)), first)
        bands[chunk][has_words] = _band_keys(_shingles(found, first), first)
    return bands, numbers


def _shingles(found: Hashed, first: Places) -> npt.NDArray[np.uint32]:
    """Hashes of each word with the one behind it, of characters of unspaced scripts with the two behind them."""
    count = len(found.words)
    behind = np.zeros(count + 2, dtype=np.uint64)
    behind[:count] = found.words
    is_last = np.zeros(count, dtype=np.bool_)
    is_last[np.append(first[1:], count) - 1] = True
    one: Hashes = np.where(is_last, np.uint64(0), behind[1 : count + 1])
    is_last[np.maximum(np.append(first[1:], count) - 2, 0)] = True
    two: Hashes = np.where(is_last | (found.kinds != CHARACTER), np.uint64(0), behind[2:])
    shingles: Hashes = found.words + one * _NEXT + two * _AFTER
    return (mixed(shingles) >> np.uint64(32)).astype(np.uint32)


def _band_keys(shingles: npt.NDArray[np.uint32], first: Places) -> npt.NDArray[np.uint32]:
    hashes = np.empty_like(shingles)
    least = np.empty((BANDS * BAND_ROWS, len(first)), dtype=np.uint32)
    for own, factor, summand in zip(least, *_permutations(), strict=True):
        np.multiply(shingles, factor, out=hashes)
        np.add(hashes, summand, out=hashes)
        np.minimum.reduceat(hashes, first, out=own)
    keys = np.zeros((BANDS, len(first)), dtype=np.uint64)
    for row in range(BAND_ROWS):
        keys += least[row::BAND_ROWS]
        keys *= np.uint64(_BASE)
        keys ^= keys >> np.uint64(32)
    return (keys >> np.uint64(16)).astype(np.uint32).T


def edge_keys(texts: Sequence[str]) -> tuple[Hashes, Places]:
    """Keys by which folded headlines and leads are found: of all their words, of the first and of the last ones.

    Also the text that each key is of, in ascending order.  Texts of fewer than `MIN_WORDS` words have no key, those of
    fewer than `EDGE_WORDS` only the first.

    >>> keys, owners = edge_keys(
    ...     ["council votes to rebuild the old bridge, mayor says", "council votes to rebuild the old bridge"]
    ... )
    >>> owners.tolist(), bool(keys[0] == keys[3]), bool(keys[1] == keys[4]), bool(keys[2] == keys[5])
    ([0, 0, 0, 1, 1, 1], False, True, False)
    """
    keys: list[Hashes] = [np.empty(0, dtype=np.uint64)]
    owners: list[Places] = [np.empty(0, dtype=np.int64)]
    powers, inverse = _powers()
    for chunk in runs(texts, CHUNK):
        found = hashed(texts[chunk])
        low, high = found.bounds[:-1], found.bounds[1:]
        sums = np.concatenate((np.zeros(1, np.uint64), np.cumsum(found.words * powers[: len(found.words)])))
        columns = [
            mixed((sums[end] - sums[start]) * inverse[start] ^ salt)
            for start, end, salt in (
                (low, high, _WHOLE),
                (low, np.minimum(low + EDGE_WORDS, high), _FIRST),
                (np.maximum(high - EDGE_WORDS, low), high, _LAST),
            )
        ]
        size = high - low
        wanted = np.stack((size >= MIN_WORDS, size >= EDGE_WORDS, size >= EDGE_WORDS), axis=1)
        keys.append(np.stack(columns, axis=1)[wanted])
        owners.append(np.nonzero(wanted)[0] + chunk.start)
    return np.concatenate(keys), np.concatenate(owners)
