"""Items of a stream in groups of bounded size, for work that takes less time, or less memory, by the group."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def grouped(items: Iterable[T], size: Callable[[T], Sequence[int]], most: Sequence[int]) -> Iterator[list[T]]:
    """Items in order, as many together as are at most so much by each of some measures; what is more is alone.

    ``size`` gives an item's share of each measure.

    >>> list(grouped(["one", "two", "three", "4"], lambda word: (1, len(word)), most=(2, 6)))
    [['one', 'two'], ['three', '4']]
    """
    group: list[T] = []
    held = [0] * len(most)
    for item in items:
        own = size(item)
        if group and any(one + more > bound for one, more, bound in zip(held, own, most, strict=True)):
            yield group
            group, held = [], [0] * len(most)
        group.append(item)
        held = [one + more for one, more in zip(held, own, strict=True)]
    if group:
        yield group
