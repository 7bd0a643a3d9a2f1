"""What a block shares with what the page says of itself (title, description, authors …) and with its other blocks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from cleaner.extraction.around import FAR
from cleaner.extraction.metadata import Metadata
from cleaner.extraction.page import HEADINGS, Page
from cleaner.extraction.words import TOGETHER, Numbers, Words, mixed, read_words
from cleaner.scoring.shape import Flags, Floats, Integers
from cleaner.text import letters

SHARED_FEATURES = (
    "in_title", "title_in", "is_title", "in_description", "description_in", "in_body", "in_prose", "subjects",
    "title_seen", "has_body", "is_author", "title_distance", "title_steps", "title_box",
    "article_outer", "article_inner", "articles", "copied_before", "copied_after", "holds",
    "held_share",
)  # fmt: skip


def shared_features(
    page: Page,
    spoken: Words,
    owner: Integers,
    first: Integers,
    end: Integers,
    up: Integers,
    words: Floats,
    prose: Flags,
    known: Metadata,
) -> Floats:
    """What blocks share with title, description and structured body, and with one another: a row a feature."""
    named = [title[:1000] for title in known.titles[:4]]
    # one call costs as much as another
    words_of = read_words([*named, *([known.description.text[:4000]] if known.description else [])])
    told = [_subjects(words_of, words_of.line == one) for one in range(len(named))]
    title_keys = {key for title in known.titles if (key := letters(title))}
    authors = {letters(author.text) for author in known.authors}
    body = letters(known.body)
    keys = spoken.keys
    rows = np.zeros((len(SHARED_FEATURES), len(keys)))
    said = _subjects(words_of, words_of.line == len(named))
    told = [title for title in told if len(title)]
    sizes, held = _held(spoken, prose, [*told, said])
    size, has_words = np.maximum(sizes, 1), sizes > 0
    *in_titles, in_description, in_prose = held
    if in_titles:
        rows[0] = np.maximum.reduce(in_titles) / size
        rows[1] = np.maximum.reduce([inside / len(title) for inside, title in zip(in_titles, told, strict=True)])
    else:
        rows[:2] = -1.0
    is_title = np.array([key in title_keys for key in keys])
    rows[2] = is_title
    rows[3] = in_description / size if len(said) else -1.0
    rows[4] = in_description / len(said) if len(said) else -1.0
    rows[5] = [(key in body) if body and len(key) > 20 else -1.0 for key in keys]
    rows[6] = in_prose / size
    rows[[0, 3, 6]] = np.where(has_words, rows[[0, 3, 6]], -1.0)
    rows[7] = sizes
    rows[8, 1:] = np.maximum.accumulate(is_title)[:-1]
    rows[9] = len(body) > 200
    rows[10] = [key in authors for key in keys]
    rows[11:14] = _from_title(page, is_title, owner, first, end, up)
    rows[14:17] = _articles(page)
    rows[17:20] = _copies(keys, words)
    rows[20] = np.minimum(rows[19] / np.maximum(words, 1.0), 3.0)
    return rows


def _subjects(words: Words, chosen: Flags | bool = True) -> Numbers:
    """The different words that carry a subject, in ascending order."""
    return _different(words.number[words.subject & chosen])


def _different(numbers: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """What `numpy.unique` gives; its hashing is ten times as slow on numbers that follow one another."""
    ordered = np.sort(numbers)
    return ordered[np.flatnonzero(np.concatenate((ordered[:1] >= 0, ordered[1:] != ordered[:-1])))]


def _among(numbers: Numbers, others: Numbers) -> Flags:
    """Which of some numbers are among others; these are different and in ascending order."""
    if not len(others):
        return np.zeros(len(numbers), dtype=np.bool_)
    return np.asarray(others[np.minimum(np.searchsorted(others, numbers), len(others) - 1)] == numbers)


def _held(spoken: Words, prose: Flags, others: Sequence[Numbers]) -> tuple[Integers, Floats]:
    """How many words each block has; a row each, how many stand in each of some others, and last in prose elsewhere."""
    count = len(prose)
    different, word = np.unique(spoken.number[spoken.subject], return_inverse=True)
    pair = _different(spoken.line[spoken.subject] * max(len(different), 1) + word)
    block, word = np.divmod(pair, max(len(different), 1))
    told = prose[block]
    in_prose = np.bincount(word[told], minlength=len(different))[word] > told
    found = [_among(different, other)[word] for other in others]
    sizes = np.bincount(block, minlength=count)
    return sizes, np.array([np.bincount(block, flags, count) for flags in (*found, in_prose)])


def _from_title(page: Page, is_title: Flags, owner: Integers, first: Integers, end: Integers, up: Integers) -> Floats:
    """Distance from the headline: in blocks, in containers to leave, and the size of the first that holds both."""
    count = len(is_title)
    tags = [page.elements.tag[one] for one in page.blocks.owner]
    headings, top = np.array([tag in HEADINGS for tag in tags]), np.array([tag == "h1" for tag in tags])
    title = next((int(np.argmax(flags)) for flags in (is_title & headings, is_title, top) if flags.any()), -1)
    if title < 0:
        return np.full((3, count), -1.0)
    steps = np.zeros(count)
    box = owner
    for _ in range(12):
        outside = (first[box] > title) | (end[box] <= title)
        if not outside.any():
            break
        steps += outside
        box = np.where(outside, up[box], box)
    return np.array([np.clip(np.arange(count) - title, -FAR, 4 * FAR), steps, end[box] - first[box]])


def _articles(page: Page) -> Floats:
    """Number of the outermost and of the innermost ``article`` around each block, from 1; and how many there are."""
    parent, leaf = page.elements.parent, np.array(page.blocks.leaf)
    if "article" not in page.contexts.tag:
        return np.zeros((3, len(leaf)))
    outer, inner = [0] * len(parent), [0] * len(parent)
    found = 0
    for one, (tag, outside) in enumerate(zip(page.elements.tag, parent, strict=True)):
        outer[one], inner[one] = outer[outside], inner[outside]
        if tag == "article":
            found += 1
            inner[one] = found
            outer[one] = outer[one] or found
    numbers = np.array([np.array(outer)[leaf], np.array(inner)[leaf], np.full(len(leaf), found)], dtype=np.float64)
    return np.asarray(np.minimum(numbers, FAR))


HEAD = 40
"""Letters by which the copy of a line is found."""
HOLDERS = 3
"""Places on the page at which the beginning of a line is looked at, its own among them."""
_STEP = 0xD6E8FEB86659FD93


def _copies(keys: Sequence[str], words: Floats) -> Floats:
    """For each block: does its beginning stand in an earlier block, in a later one; the words of such blocks in it."""
    rows = np.zeros((3, len(keys)))
    sizes = np.array([len(key) for key in keys])
    bounds = np.cumsum(sizes) - sizes
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
    text = "".join(keys)
    found: list[tuple[Integers, Integers]] = []  # where a beginning stands, and which
    for start in range(0, len(text) - HEAD + 1, TOGETHER):
        windows = _windows(text[start : start + TOGETHER + HEAD - 1])
        place = np.flatnonzero(known[windows >> np.uint64(64 - bits)])
        near = np.minimum(np.searchsorted(heads, windows[place]), len(heads) - 1)
        same = heads[near] == windows[place]
        found.append((place[same] + start, near[same]))
    at, near = (np.concatenate(part) for part in zip(*found, strict=True))
    if len(at) == len(heads):
        return rows  # every beginning stands there once
    holder = np.searchsorted(bounds, at, side="right") - 1
    places: dict[int, list[int]] = {}
    for one, block in zip(near.tolist(), holder.tolist(), strict=True):
        places.setdefault(one, []).append(block)
    for block, one in zip(able.tolist(), group.tolist(), strict=True):
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
