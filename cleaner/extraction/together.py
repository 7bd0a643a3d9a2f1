"""Several pages as one: their blocks, elements and contexts in arrays and lists, one page behind the other.

Pages are judged together since an array operation takes as long for a thousand blocks as for a hundred.  What is said
of a block depends on its own page alone: sums run over numbers that are exact in any order (`cleaner.scoring.bounds`),
and neither neighbours nor containers reach beyond a page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from cleaner.extraction.page import Page
from cleaner.scoring.bounds import Bounds
from cleaner.scoring.shape import Flags, Floats, Integers

T = TypeVar("T")
S = TypeVar("S", bound=np.generic)


@dataclass(frozen=True)
class Pages:
    """Pages of at least one block each, as one; numbers of blocks, elements and contexts count through all of them."""

    pages: Sequence[Page]
    bounds: Bounds
    """Where the blocks of each page begin and end."""
    text: list[str]
    leaf: Integers
    owner: Integers
    linked: Floats
    counts: Floats
    """Links, shares of bold and italic letters, line break before, ``time`` inside, images: a row each."""
    elements: Bounds
    """Where the elements of each page begin and end; the first is the root."""
    tag: list[str]
    parent: Integers
    context: Integers
    first: Integers
    end: Integers
    """An element holds the blocks ``first`` to ``end``, the last one excluded."""
    outer: Integers
    """Of each context, the one around it; that of a root is its own."""
    context_tag: list[str]
    names: list[str]
    unseen: list[bool]
    path: Integers
    """Of each context, the number of the way down to it: equal for like ways on one page."""

    @cached_property
    def is_root(self) -> Flags:
        """Of each context, whether it is that of a root."""
        return np.asarray(self.outer == np.arange(len(self.outer)))

    @cached_property
    def _steps(self) -> list[Integers]:
        """Of each context the one that stands so many steps around it: 1, 2, 4 …; behind the last, one for none."""
        count = len(self.outer)
        around = np.append(np.where(self.is_root, count, self.outer), count)
        steps = []
        while (around < count).any():
            steps.append(around)
            around = around[around]
        return steps

    def gathered(self, values: npt.NDArray[S], gather: Callable[[Any, Any], Any]) -> npt.NDArray[S]:
        """What ``gather`` makes of a value of each context and those of all around it; 0 must change nothing.

        >>> from cleaner.extraction.page import parse_page
        >>> pages = join([parse_page("<div><p>One</p></div>")])
        >>> pages.context_tag, pages.gathered(np.ones(4), np.add).tolist()
        (['html', 'body', 'div', 'p'], [1.0, 2.0, 3.0, 4.0])
        """
        whole = np.append(values, np.zeros(1, dtype=values.dtype))
        for step in self._steps:
            whole = gather(whole, whole[step])
        return whole[:-1]

    def nearest(self, flags: Flags) -> Integers:
        """The next context outwards that has a flag, the own one first; behind the last where there is none."""
        count = len(flags)
        found = np.append(np.where(flags, np.arange(count), count), count)
        for step in self._steps:
            found = np.where(found < count, found, found[step])
        return found[:-1]

    def slices(self) -> list[slice]:
        """The blocks of each page."""
        first, last = self.bounds.first.tolist(), self.bounds.last.tolist()
        return [slice(low, high + 1) for low, high in zip(first, last, strict=True)]


def join(pages: Sequence[Page]) -> Pages:
    """Pages as one.

    >>> from cleaner.extraction.page import parse_page
    >>> both = join([parse_page("<p>One<p>Two"), parse_page("<p>Three")])
    >>> both.text, both.bounds.text.tolist(), [both.tag[owner] for owner in both.owner]
    (['One', 'Two', 'Three'], [0, 0, 1], ['p', 'p', 'p'])
    """
    blocks, elements, contexts = zip(*((page.blocks, page.elements, page.contexts) for page in pages), strict=True)
    bounds = Bounds(np.array([len(own.text) for own in blocks]))
    held = Bounds(np.array([len(own.tag) for own in elements]))
    sizes = np.array([len(own.tag) for own in contexts])
    before = np.cumsum(sizes) - sizes
    here = held.first[bounds.text]
    outer = _array(own.outer for own in contexts) + np.repeat(before, sizes)
    return Pages(
        pages=pages,
        bounds=bounds,
        text=_list(own.text for own in blocks),
        leaf=_array(own.leaf for own in blocks) + here,
        owner=_array(own.owner for own in blocks) + here,
        linked=np.array(_list(own.linked for own in blocks)),
        counts=np.array(
            [
                _list(getattr(own, name) for own in blocks)
                for name in ("links", "bold", "italic", "broken", "timed", "images")
            ],
            dtype=np.float64,
        ),
        elements=held,
        tag=_list(own.tag for own in elements),
        parent=_array(own.parent for own in elements) + held.first[held.text],
        context=_array(own.context for own in elements) + before[held.text],
        first=_array(own.first for own in elements) + bounds.first[held.text],
        end=_array(own.end for own in elements) + bounds.first[held.text],
        outer=outer,
        context_tag=_list(own.tag for own in contexts),
        names=_list(own.names for own in contexts),
        unseen=_list(own.unseen for own in contexts),
        path=_array(own.path for own in contexts) + np.repeat(before, sizes),
    )


def _list(lists: Iterable[Sequence[T]]) -> list[T]:
    return list(chain.from_iterable(lists))


def _array(lists: Iterable[Sequence[int]]) -> npt.NDArray[Any]:
    return np.array(_list(lists), dtype=np.int64)


def first_of(flags: Flags, bounds: Bounds) -> Integers:
    """The place of the first flag of each text, -1 where there is none.

    >>> first_of(np.array([False, True, True, False]), Bounds(np.array([3, 1]))).tolist()
    [1, -1]
    """
    found = np.full(len(bounds.first), -1)
    places = np.flatnonzero(flags)[::-1]
    found[bounds.text[places]] = places
    return found
