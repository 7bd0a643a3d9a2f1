"""Figures of blocks by what stands around them: sums over containers and over like blocks, neighbours, distances.

A container holds the blocks from one place to another, so that what is in it is a difference of running sums.
"""

from __future__ import annotations

import numpy as np

from cleaner.scoring.shape import Flags, Floats, Integers

FAR = 60.0
NEAR = (-3, -2, -1, 1, 2, 3)


def distances(flags: Flags) -> tuple[Floats, Floats]:
    """How many blocks back and on the nearest other block with the flag stands."""
    count = len(flags)
    place = np.arange(count, dtype=np.float64)
    last = np.full(count, -np.inf)
    np.maximum.accumulate(np.where(flags, place, -np.inf)[:-1], out=last[1:])
    following = np.full(count, np.inf)
    np.minimum.accumulate(np.where(flags, place, np.inf)[:0:-1], out=following[-2::-1])
    return np.minimum(place - last, FAR), np.minimum(following - place, FAR)


def shifted(rows: Floats) -> Floats:
    """The rows as the neighbours of each block have them; -1 beyond the edges."""
    reach = max(NEAR)
    count = rows.shape[1]
    padded = np.full((len(rows), count + 2 * reach), -1.0)
    padded[:, reach:-reach] = rows
    return np.concatenate([padded[:, reach + where : reach + where + count] for where in NEAR])


def running_sums(rows: Floats) -> Floats:
    """For each row the sums of what stands before each place, and behind them the sum of all."""
    sums = np.zeros((len(rows), rows.shape[1] + 1))
    np.cumsum(rows, axis=1, out=sums[:, 1:])
    return sums


def smallest(share: float, told: Floats, first: Integers, end: Integers) -> int:
    """The element with the fewest blocks that holds this share of something; the root where there is nothing."""
    sums = np.concatenate(([0.0], np.cumsum(told)))
    held = sums[end] - sums[first]
    able = np.flatnonzero(held >= share * sums[-1])
    if not len(able) or sums[-1] == 0:
        return 0
    # the innermost of those that hold the same blocks
    return int(able[::-1][np.argmin((end - first)[able[::-1]])])


def steps_to(owner: Integers, main: int, up: Integers, first: Integers, end: Integers) -> Integers:
    """How many containers a block has to leave before it stands in the main one; at most 8."""
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


def beside(main: int, owner: Integers, first: Integers, end: Integers, up: Integers) -> list[Floats]:
    """Whether each block stands in an element, how far before or behind it, where in it, and how many steps outside."""
    place = np.arange(len(owner))
    low, high = int(first[main]), int(end[main])
    inside = (place >= low) & (place < high)
    distance = np.where(place < low, place - low, np.where(place >= high, place - high + 1, 0))
    within = np.where(inside, (place - low) / max(high - low, 1), np.where(place < low, -1.0, 2.0))
    return [
        inside.astype(np.float64),
        np.clip(distance, -FAR, FAR).astype(np.float64),
        within,
        steps_to(owner, main, up, first, end).astype(np.float64),
    ]


def group_sums(group: Integers, rows: Floats) -> Floats:
    """Sums of each row over the group that a block belongs to."""
    return np.array([np.bincount(group, row)[group] for row in rows])
