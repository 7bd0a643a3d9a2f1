"""Several pages as one: their blocks, elements and contexts in arrays and lists, one page behind the other.

Pages are judged together since an array operation takes as long for a thousand blocks as for a hundred.  What is said
of a block depends on its own page alone: sums run over numbers that are exact in any order (`cleaner.scoring.bounds`),
and neither neighbours nor containers reach beyond a page.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from cleaner.extraction.page import Page
from cleaner.scoring.bounds import Bounds
from cleaner.scoring.shape import Flags, Floats, Integers

T = TypeVar("T")


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
    outer: list[int]
    """Of each context, the one around it; that of a root is its own."""
    context_tag: list[str]
    names: list[str]
    unseen: list[bool]

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
        outer=outer.tolist(),
        context_tag=_list(own.tag for own in contexts),
        names=_list(own.names for own in contexts),
        unseen=_list(own.unseen for own in contexts),
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
