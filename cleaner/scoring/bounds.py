"""Where texts begin and end in arrays that hold the lines of several, one text behind the other.

Texts are computed together since an array operation takes as long for five hundred lines as for twenty.  No text may
feel what stands beside it: sums run over numbers that are multiples of `GRAIN`, which are exact in any order.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from cleaner.scoring.shape import Flags, Floats, Integers, Singles

GRAIN = 2.0**-20
NEAR, WIDE = 3, 10
"""Reach, in lines, of the sums around a line."""


def exact(values: Floats) -> Floats:
    """The values as multiples of `GRAIN`.

    >>> exact(np.array([0.1, 0.2])).sum() == exact(np.array([0.3])).sum()
    np.True_
    """
    return np.asarray(np.rint(values / GRAIN) * GRAIN)


class Bounds:
    """The places of the lines of texts of these sizes, none of them empty.

    >>> bounds = Bounds(np.array([2, 3]))
    >>> bounds.text.tolist(), bounds.first.tolist()
    ([0, 0, 1, 1, 1], [0, 2])
    """

    def __init__(self, sizes: Integers) -> None:
        self.sizes = sizes
        self.count = int(sizes.sum())
        self.text = np.repeat(np.arange(len(sizes)), sizes)
        """The text of each line."""
        ends = np.cumsum(sizes)
        self.first = ends - sizes
        """The first line of each text."""
        self.last = ends - 1

    @cached_property
    def line(self) -> Integers:
        """The number of each line in its text."""
        return np.arange(self.count) - self.first[self.text]

    @cached_property
    def starts(self) -> Flags:
        """True for the first line of each text."""
        starts = np.zeros(self.count, dtype=np.bool_)
        starts[self.first] = True
        return starts

    def total(self, values: Floats | Singles | Flags) -> Floats:
        """Sums of the texts; one row a series of multiples of `GRAIN`, or of flags."""
        return np.asarray(np.add.reduceat(values, self.first, axis=-1, dtype=np.float64))

    def through(self, values: Floats) -> Floats:
        """Sums from the first line of the text to each line, that line included; one row a series.

        >>> Bounds(np.array([2, 3])).through(np.array([[1.0, 2.0, 4.0, 8.0, 16.0]])).tolist()
        [[1.0, 3.0, 4.0, 12.0, 28.0]]
        """
        sums = np.cumsum(values, axis=1)
        return np.asarray(sums - (sums[:, self.first] - values[:, self.first])[:, self.text])

    def around(self, values: Floats, *reaches: int) -> list[Floats]:
        """For each reach, sums over the lines of the text at most so far away, the line itself not counted.

        >>> Bounds(np.array([2, 3])).around(np.array([[1.0, 2.0, 4.0, 8.0, 16.0]]), 1)[0].tolist()
        [[2.0, 1.0, 8.0, 20.0, 8.0]]
        """
        sums = np.zeros((len(values), self.count + 1))
        np.cumsum(values, axis=1, out=sums[:, 1:])
        line = np.arange(self.count)
        first, behind = self.first[self.text], self.last[self.text] + 1
        found = []
        for reach in reaches:
            high, low = np.minimum(line + reach + 1, behind), np.maximum(line - reach, first)
            found.append(sums[:, high] - sums[:, low] - values)
        return found

    def shifted(self, values: Floats, by: int, missing: float) -> Floats:
        """What stands so many lines on (back, where negative) in the same text, else ``missing``; one row a series.

        >>> Bounds(np.array([2, 3])).shifted(np.array([[1.0, 2.0, 4.0, 8.0, 16.0]]), -1, 0.0).tolist()
        [[0.0, 1.0, 0.0, 4.0, 8.0]]
        """
        found = np.full_like(values, missing)
        if abs(by) < self.count:
            to, source = (slice(None, -by), slice(by, None)) if by > 0 else (slice(-by, None), slice(None, by))
            found[:, to] = np.where(self.text[to] == self.text[source], values[:, source], missing)
        return found

    def beside(self, flags: Flags) -> tuple[Flags, Flags]:
        """Whether the line before, and the line behind, in the same text has a flag.

        >>> before, behind = Bounds(np.array([2, 2])).beside(np.array([True, False, True, False]))
        >>> before.tolist(), behind.tolist()
        ([False, True, False, True], [False, False, False, False])
        """
        held = flags[None, :].astype(np.float64)
        return self.shifted(held, -1, 0.0)[0] > 0, self.shifted(held, 1, 0.0)[0] > 0

    def means_before(self, values: Floats, reaches: Sequence[int]) -> Floats:
        """For each reach, the mean over the lines of the text at most so far before, 0 where there is none.

        >>> Bounds(np.array([2, 3])).means_before(np.array([1.0, 2.0, 4.0, 8.0, 18.0]), [2]).tolist()
        [[0.0, 1.0, 0.0, 4.0, 6.0]]
        """
        sums = np.append(0.0, np.cumsum(values))
        line = np.arange(self.count)
        low = np.maximum(line - np.array(reaches)[:, None], self.first[self.text])
        return np.asarray((sums[line] - sums[low]) / np.maximum(line - low, 1))

    def means_after(self, values: Floats, reaches: Sequence[int]) -> Floats:
        """The same for the lines behind.

        >>> Bounds(np.array([2, 3])).means_after(np.array([1.0, 2.0, 4.0, 8.0, 18.0]), [2]).tolist()
        [[2.0, 0.0, 13.0, 18.0, 0.0]]
        """
        sums = np.append(0.0, np.cumsum(values))
        behind = np.arange(self.count) + 1
        high = np.minimum(behind + np.array(reaches)[:, None], self.last[self.text] + 1)
        return np.asarray((sums[high] - sums[behind]) / np.maximum(high - behind, 1))

    def nearest(self, flags: Flags, far: float) -> tuple[Floats, Floats]:
        """How many lines back, and how many on, the nearest other line with a flag stands in the same text.

        One row a sort of flag; at most ``far``, which also stands where there is none.

        >>> back, on = Bounds(np.array([2, 2])).nearest(np.array([[True, False, True, False]]), 9.0)
        >>> back.tolist(), on.tolist()
        ([[9.0, 1.0, 9.0, 1.0]], [[9.0, 9.0, 9.0, 9.0]])
        """
        line = np.arange(self.count)
        last = self.last_before(flags)
        following = np.full(flags.shape, self.count)
        np.minimum.accumulate(np.where(flags, line, self.count)[:, :0:-1], axis=1, out=following[:, -2::-1])
        back = np.where(last >= 0, line - last, far)
        on = np.where(following <= self.last[self.text], following - line, far)
        return np.minimum(back, far), np.minimum(on, far)

    def last_before(self, flags: Flags) -> Integers:
        """Where the last line before each with a flag is, in the same text, else -1; one row a sort of flag.

        >>> Bounds(np.array([3, 2])).last_before(np.array([[True, False, True, False, True]])).tolist()
        [[-1, 0, 0, -1, -1]]
        """
        last = np.full(flags.shape, -1)
        np.maximum.accumulate(np.where(flags, np.arange(self.count), -1)[:, :-1], axis=1, out=last[:, 1:])
        return np.where(last >= self.first[self.text], last, -1)

    def runs(self, flags: Flags) -> Bounds:
        """Runs of lines with equal flags, none of them longer than a text.

        >>> Bounds(np.array([2, 3])).runs(np.array([True, True, True, False, False])).sizes.tolist()
        [2, 1, 2]
        """
        changes = self.starts.copy()
        changes[1:] |= flags[1:] != flags[:-1]
        return Bounds(np.diff(np.flatnonzero(changes), append=len(flags)))
