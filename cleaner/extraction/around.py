"""Figures of blocks by what stands around them: sums over containers and over like blocks, neighbours, places.

A container holds the blocks from one place to another, so that what is in it is a difference of running sums: of
numbers that are exact in any order (`cleaner.scoring.bounds.exact`), since the sums run through several pages.
"""

from __future__ import annotations

import numpy as np

from cleaner.scoring.bounds import Bounds
from cleaner.scoring.shape import Floats, Integers

FAR = 60.0
NEAR = (-3, -2, -1, 1, 2, 3)


def shifted(rows: Floats, bounds: Bounds) -> Floats:
    """The rows as the neighbours of each block have them; -1 beyond the edges of a page."""
    return np.concatenate([bounds.shifted(rows, where, -1.0) for where in NEAR])


def running_sums(rows: Floats) -> Floats:
    """For each row the sums of what stands before each place, and behind them the sum of all."""
    sums = np.zeros((len(rows), rows.shape[1] + 1))
    np.cumsum(rows, axis=1, out=sums[:, 1:])
    return sums


def smallest(share: float, told: Floats, first: Integers, end: Integers, elements: Bounds) -> Integers:
    """Of each page the element with the fewest blocks that holds this share of something; the root where all is 0."""
    (sums,) = running_sums(told[None, :])
    held = sums[end] - sums[first]
    whole = held[elements.first]
    able = (held >= share * whole[elements.text]) & (whole[elements.text] > 0)
    able[elements.first] = True
    # the innermost of those that hold the same blocks
    count = len(first)
    size = np.where(whole[elements.text] > 0, end - first, 0)
    order = np.where(able, size * count + count - 1 - np.arange(count), np.iinfo(np.int64).max)
    return np.asarray(count - 1 - np.minimum.reduceat(order, elements.first) % count)


def steps_to(owner: Integers, main: Integers, up: Integers, first: Integers, end: Integers) -> Integers:
    """How many containers each block has to leave before it stands in its main one; at most 8."""
    low, high = first[main], end[main]
    steps = np.zeros(len(owner), dtype=np.int64)
    box = owner
    for _ in range(8):
        outside = ~((first[box] <= low) & (end[box] >= high))
        if not outside.any():
            break
        steps += outside
        box = np.where(outside, up[box], box)
    return steps


def beside(main: Integers, owner: Integers, first: Integers, end: Integers, up: Integers) -> list[Floats]:
    """Whether each block stands in its main element, how far before or behind it, where in it, how many steps outside.

    ``main`` has one element for each block.
    """
    place = np.arange(len(owner))
    low, high = first[main], end[main]
    is_before, is_behind = place < low, place >= high
    distance = np.where(is_before, place - low, np.where(is_behind, place - high + 1, 0))
    within = np.where(is_before, -1.0, np.where(is_behind, 2.0, (place - low) / np.maximum(high - low, 1)))
    return [
        (~is_before & ~is_behind).astype(np.float64),
        np.clip(distance, -FAR, FAR).astype(np.float64),
        within,
        steps_to(owner, main, up, first, end).astype(np.float64),
    ]


def group_sums(group: Integers, rows: Floats) -> Floats:
    """Sums of each row over the group that a block belongs to."""
    return np.array([np.bincount(group, row)[group] for row in rows])
