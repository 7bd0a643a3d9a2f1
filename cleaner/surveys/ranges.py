"""Arrays of keys, dealt with in ranges of the key that can be sorted in memory, and groups of equal keys in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

# Keys that are sorted, and pairs that are looked at, at a time.
RANGE = 2_000_000

Array = npt.NDArray[Any]


def ranges(keys: Array) -> Iterator[Array]:
    """The places of keys in ranges of the key, each of a size that can be sorted."""
    bits = max(0, (len(keys) // RANGE).bit_length())
    shift = keys.dtype.type(8 * keys.dtype.itemsize - bits) if bits else 0
    for part in range(1 << bits):
        yield np.flatnonzero(keys >> shift == part) if bits else np.arange(len(keys))


def starts(*keys: Array) -> Array:
    """Whether a group of equal keys begins at each place of sorted columns.

    >>> starts(np.array([3, 3, 5]), np.array([1, 1, 1])).tolist()
    [True, False, True]
    """
    new = np.ones(len(keys[0]), dtype=np.bool_)
    if len(new) > 1:
        new[1:] = np.logical_or.reduce([key[1:] != key[:-1] for key in keys])
    return new


def together(new: Array) -> Array:
    """Whether a place is of a group of two and more, of places where groups begin.

    >>> together(np.array([True, False, True])).tolist()
    [True, True, False]
    """
    alone: Array = new & np.append(new[1:], True)[: len(new)]
    return ~alone


def leads(numbers: Array, new: Array) -> Array:
    """For each place the number at which its group begins: where it is ``new``."""
    return numbers[np.maximum.accumulate(np.where(new, np.arange(len(new)), 0))] if len(numbers) else numbers
