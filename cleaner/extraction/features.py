"""Facts of the visible blocks of a page as numbers: the text, its markup, its containers, its like, its place.

All features of a page are one array, a row a block, a column a name.  Those of this module and of
`cleaner.extraction.shared` need nothing but the page and its metadata; `cleaner.extraction.learned` adds what lexicons
say, `cleaner.extraction.rounds` what the second round sees beside them.  A page costs time in proportion to its blocks.

Lengths are counted in words (`cleaner.text.weight`), distances in blocks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cleaner.extraction.around import NEAR, distances, group_sums, running_sums, shifted
from cleaner.extraction.metadata import Metadata
from cleaner.extraction.page import Page
from cleaner.extraction.shared import SHARED_FEATURES, shared_features
from cleaner.extraction.words import Words, read_words
from cleaner.scoring.shape import Flags, Floats, Integers, Shapes, shapes
from cleaner.text import BULLETS, CLOSERS, LONG_WORDS, PROSE_WORDS, SENTENCE_ENDS

LEVELS = 4
"""Containers looked at: the block's element and the next three that hold more blocks than the one inside them."""

TAGS: Mapping[str, float] = {
    tag: float(value)
    for value, tags in enumerate(
        (
            "p",
            "h1",
            "h2",
            "h3",
            "h4 h5 h6",
            "li",
            "td th tr table caption",
            "dt dd dl",
            "blockquote",
            "figcaption figure",
            "pre",
            "div",
            "section article main",
            "aside nav header footer menu",
            "button form legend fieldset label",
        )
    )
    for tag in tags.split()
}
WITHIN = (
    ("article",),
    ("main",),
    ("aside", "nav", "footer", "header", "menu", "dialog"),
    ("figure", "figcaption"),
    ("form", "fieldset", "button"),
    ("ul", "ol"),
    ("table",),
    ("blockquote",),
    ("a",),
)
_BITS = {tag: 1 << place for place, tags in enumerate(WITHIN) for tag in tags}

TEXT_FEATURES = (
    "words", "characters", "capitalised", "upper", "digits", "punctuation", "symbols", "unspaced", "sentence_words",
    "ends", "starts", "prose", "copies", "copies_before",
)  # fmt: skip
MARKUP_FEATURES = (
    "tag", "linked", "links", "bold", "italic", "broken", "timed", "images", "depth", "unseen",
    *(f"in_{tags[0]}" for tags in WITHIN), "inline", "owner_blocks", "owner_place",
)  # fmt: skip
PLACE_FEATURES = (
    "block", "blocks_after", "place", "prose_place", "words_before", "prose_before", "prose_after", "from_h1", "to_h1",
    "from_heading", "from_prose", "to_prose", "page_blocks", "page_prose", "page_links", "prose_blocks",
)  # fmt: skip
NEAR_FEATURES = tuple(f"{name}_{where:+d}" for where in NEAR for name in ("words", "linked", "ends", "tag"))
CONTAINER_FEATURES = tuple(
    f"{name}_{level}"
    for level in range(1, LEVELS + 1)
    for name in (
        "box_words", "box_blocks", "box_linked", "box_prose", "box_short", "box_share", "box_place",
    )
)  # fmt: skip
LIKE_FEATURES = tuple(
    f"like_{name}_{key}" for key in ("path", "names", "siblings") for name in ("blocks", "prose", "words", "linked")
)  # fmt: skip
PLAIN_FEATURES = (
    *TEXT_FEATURES, *MARKUP_FEATURES, *PLACE_FEATURES, *NEAR_FEATURES, *CONTAINER_FEATURES, *LIKE_FEATURES,
    *SHARED_FEATURES,
)  # fmt: skip
"""Names of the columns of ``Facts.plain``."""


@dataclass(frozen=True)
class Facts:
    """The features of a page's blocks, and what the later rounds compute theirs from."""

    plain: Floats
    """Shape (blocks, len(PLAIN_FEATURES))."""
    words: Floats
    prose: Flags
    linked: Floats
    boxes: Integers
    """For each block and level, the element that is its container: shape (LEVELS, blocks)."""
    first: Integers
    end: Integers
    """Of each element, the blocks that it holds."""
    up: Integers
    """Of each element, the next one around it that holds more blocks."""
    like: Integers
    """For each block, the number of its group of like blocks: shape (3, blocks)."""
    spoken: Words
    """The words of the blocks."""


def page_facts(page: Page, known: Metadata) -> Facts:
    """What can be said of the blocks of a page without any lexicon; the page has at least one block."""
    blocks, elements = page.blocks, page.elements
    shape = shapes(blocks.text)
    ends = np.array([_ending(text) for text in blocks.text], dtype=np.float64)
    starts = np.array([_beginning(text) for text in blocks.text], dtype=np.float64)
    linked = np.array(blocks.linked)
    words = shape.words
    owner = np.array(blocks.owner)
    context = np.array(elements.context)
    tags = np.array([TAGS.get(tag, 15.0) for tag in page.contexts.tag])[context[owner]]
    prose = ((words >= LONG_WORDS) | ((words >= PROSE_WORDS) & (ends == 3))) & (linked < 0.5)
    first, end = np.array(elements.first), np.array(elements.end)
    up = np.array(_wider(elements.parent, elements.first, elements.end))
    boxes = [owner]
    for _ in range(LEVELS - 1):
        boxes.append(up[boxes[-1]])
    like = _like(page, owner, context)
    spoken = read_words(blocks.text)
    columns = [
        _text(blocks.text, shape, ends, starts, prose),
        _markup(page, context, tags, owner, first, end),
        _place(words, prose, linked, tags),
        shifted(np.array([words, linked, ends, tags])),
        _containers(np.array(boxes), first, end, words, prose, linked),
        _groups(like, words, prose, linked),
        shared_features(page, spoken, owner, first, end, up, words, prose, known),
    ]
    # what depends on lexicons is computed apart, so that training can do it again with others
    return Facts(
        plain=np.concatenate(columns).T,
        words=words,
        prose=prose,
        linked=linked,
        boxes=np.array(boxes),
        first=first,
        end=end,
        up=up,
        like=like,
        spoken=spoken,
    )


def _ending(text: str) -> int:
    """0 a letter or digit, 1 a comma or the like, 2 a colon, 3 the end of a sentence, 4 other."""
    bare = text[-40:].rstrip(CLOSERS)
    last = bare[-1] if bare else ""
    if last.isalnum():
        return 0
    if last in SENTENCE_ENDS:
        return 3 if last else 4
    return 2 if last in ":：" else 1 if last in ",،，、;；" else 4


def _beginning(text: str) -> int:
    """0 lower case, 1 upper case, 2 a letter without case, 3 digit, 4 bullet or dash, 5 quotation mark, 6 other."""
    first = text[0]
    if first.isalpha():
        return 0 if first.islower() else 1 if first.isupper() else 2
    if first.isdigit():
        return 3
    return 4 if first in BULLETS else 5 if first in "\"'“„«‘»›「『" else 6


def _wider(parent: Sequence[int], first: Sequence[int], end: Sequence[int]) -> list[int]:
    up = [0] * len(parent)
    for one in range(1, len(parent)):
        outside = parent[one]
        up[one] = outside if end[outside] - first[outside] > end[one] - first[one] else up[outside]
    return up


def _text(texts: Sequence[str], shape: Shapes, ends: Floats, starts: Floats, prose: Flags) -> Floats:
    folded = [text.casefold() for text in texts]
    copies = Counter(folded)
    seen: Counter[str] = Counter()
    before = []
    for text in folded:
        before.append(seen[text])
        seen[text] += 1
    return np.array(
        [
            shape.words, shape.characters, shape.capitalised, shape.upper, shape.digits, shape.punctuation,
            shape.symbols, shape.unspaced, shape.words / np.maximum(shape.sentences, 1), ends, starts, prose,
            [copies[text] for text in folded], before,
        ],
        dtype=np.float64,
    )  # fmt: skip


def _markup(page: Page, context: Integers, tags: Floats, owner: Integers, first: Integers, end: Integers) -> Floats:
    blocks, contexts = page.blocks, page.contexts
    ways: list[tuple[int, bool, int]] = []  # depth, whether something on the way is unseen, the kinds of element on it
    for outer, tag, hidden in zip(contexts.outer, contexts.tag, contexts.unseen, strict=True):
        depth, unseen, bits = ways[outer] if ways else (-1, False, 0)
        ways.append((depth + 1, unseen or (hidden and depth >= 0), bits | _BITS.get(tag, 0)))
    depths, unseens, bits_of = np.array(ways).T
    leaf = np.array(blocks.leaf)
    within = bits_of[context[leaf]]
    held = end[owner] - first[owner]
    return np.array(
        [
            tags, blocks.linked, blocks.links, blocks.bold, blocks.italic, blocks.broken, blocks.timed, blocks.images,
            depths[context[owner]], unseens[context[leaf]],
            *((within >> place) & 1 for place in range(len(WITHIN))),
            leaf != owner, held, (np.arange(len(leaf)) - first[owner]) / np.maximum(held, 1),
        ],
        dtype=np.float64,
    )  # fmt: skip


def _place(words: Floats, prose: Flags, linked: Floats, tags: Floats) -> Floats:
    count = len(words)
    place = np.arange(count, dtype=np.float64)
    told = np.where(prose, words, 0.0)
    through, told_through = np.cumsum(words), np.cumsum(told)
    total, told_total = max(float(through[-1]), 1.0), max(float(told_through[-1]), 1.0)
    from_title, to_title = distances(tags == TAGS["h1"])
    from_heading, _ = distances((tags >= TAGS["h1"]) & (tags <= TAGS["h4"]))
    from_prose, to_prose = distances(prose)
    whole = np.ones(count)
    return np.array(
        [
            place, place[::-1], (through - words / 2) / total, (told_through - told / 2) / told_total,
            through - words, told_through - told, told_total - told_through, from_title, to_title, from_heading,
            from_prose, to_prose, count * whole, told_total / total * whole,
            float((linked * words).sum()) / total * whole, float(prose.sum()) * whole,
        ]
    )  # fmt: skip


def _containers(boxes: Integers, first: Integers, end: Integers, words: Floats, prose: Flags, linked: Floats) -> Floats:
    told = np.where(prose, words, 0.0)
    sums = running_sums(np.array([words, told, words * linked, words < 4]))
    count = len(words)
    place = np.arange(count)
    rows = []
    for box in boxes:
        low, high = first[box], end[box]
        held, said, links, short = sums[:, high] - sums[:, low]
        size = np.maximum(high - low, 1)
        rows += [
            held, size, links / np.maximum(held, 1.0), said / np.maximum(held, 1.0), short / size,
            said / max(float(sums[1, -1]), 1.0), (place - low) / size,
        ]  # fmt: skip
    return np.array(rows, dtype=np.float64)


def _like(page: Page, owner: Integers, context: Integers) -> Integers:
    """Numbers of the groups of like blocks: by path, by the names of the element and its parent, by parent and tag."""
    contexts = page.contexts
    numbers: dict[object, int] = {}
    path: list[int] = []
    names: list[int] = []
    tags: list[int] = []
    for outer, tag, named in zip(contexts.outer, contexts.tag, contexts.names, strict=True):
        path.append(numbers.setdefault((path[outer] if path else -1, tag), len(numbers)))
        names.append(numbers.setdefault((tag, named, contexts.tag[outer], contexts.names[outer]), len(numbers)))
        tags.append(numbers.setdefault(tag, len(numbers)))
    own = context[owner]
    outside = np.array(page.elements.parent)[owner]
    siblings = outside * len(numbers) + np.array(tags)[own]
    return np.array(
        [np.unique(group, return_inverse=True)[1] for group in (np.array(path)[own], np.array(names)[own], siblings)]
    )


def _groups(like: Integers, words: Floats, prose: Flags, linked: Floats) -> Floats:
    told = np.where(prose, words, 0.0)
    rows = []
    for group in like:
        size, said, held, links = group_sums(group, np.array([np.ones(len(words)), told, words, words * linked]))
        rows += [size, said / max(float(told.sum()), 1.0), held / size, links / np.maximum(held, 1.0)]
    return np.array(rows)
