"""What a block shares with what the page says of itself (title, description, authors …) and with its other blocks."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from cleaner.extraction.around import FAR
from cleaner.extraction.metadata import Metadata
from cleaner.extraction.together import Pages, first_of
from cleaner.extraction.words import TOGETHER, Numbers, Words, mixed, read_words
from cleaner.scoring.bounds import Bounds
from cleaner.scoring.shape import Flags, Floats, Integers
from cleaner.text import letters

SHARED_FEATURES = (
    "in_title", "title_in", "is_title", "in_description", "description_in", "in_body", "in_prose", "subjects",
    "title_seen", "has_body", "is_author", "title_distance", "title_steps", "title_box",
    "article_outer", "article_inner", "articles", "copied_before", "copied_after", "holds",
    "held_share",
)  # fmt: skip


def shared_features(
    pages: Pages, spoken: Words, up: Integers, words: Floats, prose: Flags, headings: Flags, known: Sequence[Metadata]
) -> Floats:
    """What blocks share with title, description and structured body, and with one another: a row a feature.

    ``headings`` are the headings of the first level, and those of any: a row each.
    """
    bounds, keys = pages.bounds, spoken.keys
    page = bounds.text
    rows = np.zeros((len(SHARED_FEATURES), len(keys)))
    named, sizes, held = _held(spoken, prose, bounds, known)
    *in_titles, in_description, in_prose = held
    size, has_words = np.maximum(sizes, 1), sizes > 0
    # of each page, the words of its titles and of its description
    *titles, described = named[:, page]
    has_title = np.maximum.reduce(titles) > 0
    rows[0] = np.where(has_title, np.maximum.reduce(in_titles) / size, -1.0)
    shares = [inside / np.maximum(told, 1) for inside, told in zip(in_titles, titles, strict=True)]
    rows[1] = np.where(has_title, np.maximum.reduce(shares), -1.0)
    is_title: list[bool] = []
    is_author: list[bool] = []
    in_body: list[float] = []
    has_body: list[bool] = []
    for own, said in zip(pages.slices(), known, strict=True):
        title_keys = {key for title in said.titles if (key := letters(title))}
        authors = {letters(author.text) for author in said.authors}
        body = letters(said.body)
        is_title += [key in title_keys for key in keys[own]]
        is_author += [key in authors for key in keys[own]]
        has_body.append(len(body) > 200)
        in_body += [(key in body) if body and len(key) > 20 else -1.0 for key in keys[own]]
    titled = np.array(is_title)
    rows[2] = titled
    rows[3] = np.where(described > 0, in_description / size, -1.0)
    rows[4] = np.where(described > 0, in_description / np.maximum(described, 1), -1.0)
    rows[5] = in_body
    rows[6] = in_prose / size
    rows[[0, 3, 6]] = np.where(has_words, rows[[0, 3, 6]], -1.0)
    rows[7] = sizes
    rows[8] = bounds.through(rows[2:3])[0] - rows[2] > 0
    rows[9] = np.array(has_body)[page]
    rows[10] = is_author
    rows[11:14] = _from_title(pages, titled, headings, up)
    rows[14:17] = _articles(pages)
    rows[17:20] = _copies(keys, words, bounds)
    rows[20] = np.minimum(rows[19] / np.maximum(words, 1.0), 3.0)
    return rows


def _different(numbers: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """What `numpy.unique` gives; its hashing is ten times as slow on numbers that follow one another."""
    ordered = np.sort(numbers)
    return ordered[np.flatnonzero(np.concatenate((ordered[:1] >= 0, ordered[1:] != ordered[:-1])))]


def _among(numbers: Numbers, others: Numbers) -> Flags:
    """Which of some numbers are among others; these are different and in ascending order."""
    if not len(others):
        return np.zeros(len(numbers), dtype=np.bool_)
    return np.asarray(others[np.minimum(np.searchsorted(others, numbers), len(others) - 1)] == numbers)


TITLES = 4
"""Titles that are looked at, of those that a page names."""
_PAGE = np.uint64(0xC2B2AE3D27D4EB4F)


def _held(spoken: Words, prose: Flags, bounds: Bounds, known: Sequence[Metadata]) -> tuple[Integers, Integers, Floats]:
    """How many words that carry a subject there are in what each page says of itself, and in each block.

    For each page those in its titles and its description, a row each; for each block how many it has; and of these,
    how many stand in each title, in the description, and last in prose elsewhere on the page.
    """
    told = read_words([text for said in known for text in _told(said)])
    of_page, kind = np.divmod(told.line[told.subject], TITLES + 1)
    mine = _on_pages(told.number[told.subject], of_page)
    block = spoken.line[spoken.subject]
    different, word = np.unique(_on_pages(spoken.number[spoken.subject], bounds.text[block]), return_inverse=True)
    block, word = np.divmod(_different(block * max(len(different), 1) + word), max(len(different), 1))
    named, found = [], []
    for one in range(TITLES + 1):
        own = kind == one
        others, place = np.unique(mine[own], return_index=True)
        named.append(np.bincount(of_page[own][place], minlength=len(known)))
        found.append(_among(different, others)[word])
    is_prose = prose[block]
    in_prose = np.bincount(word[is_prose], minlength=len(different))[word] > is_prose
    count = bounds.count
    held = np.array([np.bincount(block, flags, count) for flags in (*found, in_prose)])
    return np.array(named), np.bincount(block, minlength=count), held


def _told(known: Metadata) -> list[str]:
    """The titles of a page, as many as are looked at, and its description; empty where it has none."""
    titles = [title[:1000] for title in known.titles[:TITLES]]
    return [*titles, *[""] * (TITLES - len(titles)), known.description.text[:4000] if known.description else ""]


def _on_pages(numbers: Numbers, pages: Integers) -> Numbers:
    """Numbers of words that differ from page to page."""
    return numbers + pages.astype(np.uint64) * _PAGE


def _from_title(pages: Pages, is_title: Flags, headings: Flags, up: Integers) -> Floats:
    """Distance from the headline: in blocks, in containers to leave, and the size of the first that holds both."""
    bounds, first, end = pages.bounds, pages.first, pages.end
    top, any_level = headings
    title = first_of(is_title & any_level, bounds)
    for others in (is_title, top):
        title = np.where(title < 0, first_of(others, bounds), title)
    title = title[bounds.text]
    has_title = title >= 0
    steps = np.zeros(bounds.count)
    box = pages.owner
    for _ in range(12):
        outside = ((first[box] > title) | (end[box] <= title)) & has_title
        if not outside.any():
            break
        steps += outside
        box = np.where(outside, up[box], box)
    place = np.arange(bounds.count)
    return np.where(has_title, [np.clip(place - title, -FAR, 4 * FAR), steps, end[box] - first[box]], -1.0)


def _articles(pages: Pages) -> Floats:
    """Number of the outermost and of the innermost ``article`` around each block, from 1; and how many there are."""
    rows = np.zeros((3, pages.bounds.count))
    articles = [place for place, tag in enumerate(pages.tag) if tag == "article"]
    found = np.zeros(len(pages.pages), dtype=np.int64)
    of_page = pages.elements.text[articles].tolist()
    spans = zip(of_page, pages.first[articles].tolist(), pages.end[articles].tolist(), strict=True)
    for page, first, end in spans:  # in order, so that those inside come behind
        found[page] += 1
        outer, inner = rows[0, first:end], rows[1, first:end]
        outer[outer == 0] = found[page]
        inner[:] = found[page]
    rows[2] = found[pages.bounds.text]
    return np.minimum(rows, FAR)


HEAD = 40
"""Letters by which the copy of a line is found."""
HOLDERS = 3
"""Places on the page at which the beginning of a line is looked at, its own among them."""
_STEP = 0xD6E8FEB86659FD93


def _copies(keys: Sequence[str], words: Floats, bounds: Bounds) -> Floats:
    """For each block: does its beginning stand in an earlier block, in a later one; the words of such blocks in it."""
    rows = np.zeros((3, len(keys)))
    sizes = np.array([len(key) for key in keys])
    able = np.flatnonzero(sizes >= HEAD)
    if not len(able):
        return rows
    heads, group = np.unique(
        _windows("".join([keys[one][:HEAD] for one in able.tolist()]))[::HEAD], return_inverse=True
    )
    # most windows begin no line: a table by their first bits sorts them out
    bits = max(16, (32 * len(heads)).bit_length())
    known = np.zeros(1 << bits, dtype=np.bool_)
    known[heads >> np.uint64(64 - bits)] = True
    # no window reaches into the next page
    behind = np.zeros(len(keys), dtype=np.int64)
    behind[bounds.last] = HEAD
    starts = np.cumsum(sizes + behind) - sizes - behind
    gap = "\0" * HEAD
    ends = [0, *(bounds.last + 1).tolist()]
    text = gap.join(["".join(keys[low:high]) for low, high in pairwise(ends)])
    found: list[tuple[Integers, Integers]] = []  # where a beginning stands, and which
    for start in range(0, len(text) - HEAD + 1, TOGETHER):
        windows = _windows(text[start : start + TOGETHER + HEAD - 1])
        place = np.flatnonzero(known[windows >> np.uint64(64 - bits)])
        near = np.minimum(np.searchsorted(heads, windows[place]), len(heads) - 1)
        same = heads[near] == windows[place]
        found.append((place[same] + start, near[same]))
    at, near = (np.concatenate(part) for part in zip(*found, strict=True))
    holder = np.searchsorted(starts, at, side="right") - 1
    # which beginning on which page, and which of these stand there more than once
    of_page = near + bounds.text[holder] * len(heads)
    again = np.bincount(of_page, minlength=len(bounds.first) * len(heads)) > 1
    if not again.any():
        return rows
    chosen = again[of_page]
    places: dict[int, list[int]] = {}
    for one, block in zip(of_page[chosen].tolist(), holder[chosen].tolist(), strict=True):
        places.setdefault(one, []).append(block)
    group += bounds.text[able] * len(heads)
    chosen = again[group]
    for block, one in zip(able[chosen].tolist(), group[chosen].tolist(), strict=True):
        for other in places[one][:HOLDERS]:
            if other != block:
                rows[0 if other < block else 1, block] += 1
                rows[2, other] += words[block]
    return rows


def _windows(text: str) -> Numbers:
    """A number for each `HEAD` letters that follow one another, equal for equal ones: doubled from 1 to 32, then 8."""
    codes = np.frombuffer(text.encode("utf-32-le", "replace"), dtype="<u4")
    number = eight = mixed(codes)
    for width in (1, 2, 4, 8, 16):
        number = number[:-width] * _power(width) + number[width:]
        eight = number if width == 4 else eight
    return number[: len(codes) - HEAD + 1] * _power(8) + eight[32:]


def _power(exponent: int) -> np.uint64:
    return np.uint64(pow(_STEP, exponent, 1 << 64))
