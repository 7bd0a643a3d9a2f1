"""Facts of the visible blocks of pages as numbers: the text, its markup, its containers, its like, its place.

All features are one array, a row a block, a column a name; several pages are looked at together
(`cleaner.extraction.together`).  Those of this module and of `cleaner.extraction.shared` need nothing but the page and
its metadata; `cleaner.extraction.learned` adds what lexicons say, `cleaner.extraction.rounds` what the second round
sees beside them.  A page costs time in proportion to its blocks.

Lengths are counted in words (`cleaner.text.weight`), distances in blocks.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import NamedTuple

import numpy as np

from cleaner.extraction.around import FAR, NEAR, group_sums, running_sums, shifted
from cleaner.extraction.metadata import Metadata
from cleaner.extraction.shared import SHARED_FEATURES, shared_features
from cleaner.extraction.together import Pages
from cleaner.extraction.words import Words, read_words
from cleaner.scoring.bounds import Bounds, exact
from cleaner.scoring.shape import Flags, Floats, Integers, Shapes, Singles, shapes
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
    """The features of the blocks of pages, and what the later rounds compute theirs from."""

    plain: Singles
    """Shape (blocks, len(PLAIN_FEATURES))."""
    bounds: Bounds
    """Where the blocks of each page begin and end."""
    elements: Bounds
    """The same of the elements."""
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
    """For each block, the number of its group of like blocks on its page: shape (3, blocks)."""
    spoken: Words
    """The words of the blocks."""

    def of(self, own: slice) -> PageFacts:
        """Those of one page, whose blocks these are."""
        return PageFacts(
            self.plain[own],
            self.words[own],
            self.prose[own],
            self.linked[own],
            self.like[2, own],
            self.spoken.keys[own],
        )


class PageFacts(NamedTuple):
    """What is asked about the blocks of one page when they are judged."""

    plain: Singles
    words: Floats
    prose: Flags
    linked: Floats
    siblings: Integers
    """Equal for blocks of one tag in one element."""
    keys: list[str]
    """The letters of each block (`cleaner.text.letters`)."""


def page_facts(pages: Pages, known: Sequence[Metadata]) -> Facts:
    """What can be said of the blocks of pages, with the metadata of each, without any lexicon."""
    texts, bounds, linked, owner = pages.text, pages.bounds, pages.linked, pages.owner
    shape = shapes(texts)
    ends = np.array([_ending(text) for text in texts], dtype=np.float64)
    starts = np.array([_beginning(text) for text in texts], dtype=np.float64)
    words = shape.words
    own = pages.context[owner]
    tags = np.array([TAGS.get(tag, 15.0) for tag in pages.context_tag])[own]
    # those of the first level, and those of any
    headings = np.array([tags == TAGS["h1"], (tags >= TAGS["h1"]) & (tags <= TAGS["h6"])])
    prose = ((words >= LONG_WORDS) | ((words >= PROSE_WORDS) & (ends == 3))) & (linked < 0.5)
    up = _wider(pages.parent, pages.end - pages.first)
    boxes = [owner]
    for _ in range(LEVELS - 1):
        boxes.append(up[boxes[-1]])
    like = _like(pages, own)
    spoken = read_words(texts)
    told, links = np.where(prose, words, 0.0), exact(words * linked)
    columns = [
        _text(pages, shape, ends, starts, prose),
        _markup(pages, tags, own),
        _place(bounds, words, told, links, prose, headings),
        shifted(np.array([words, linked, ends, tags]), bounds),
        _containers(np.array(boxes), pages, words, told, links),
        _groups(like, bounds, words, told, links),
        shared_features(pages, spoken, up, words, prose, headings, known),
    ]
    # what depends on lexicons is computed apart, so that training can do it again with others
    return Facts(
        plain=np.concatenate(columns, dtype=np.float32, casting="same_kind").T,
        bounds=bounds,
        elements=pages.elements,
        words=words,
        prose=prose,
        linked=linked,
        boxes=np.array(boxes),
        first=pages.first,
        end=pages.end,
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


def _wider(parent: Integers, held: Integers) -> Integers:
    """Of each element, the next one around it that holds more blocks; the root where there is none."""
    top = np.where(held[parent] > held, np.arange(len(parent)), parent)
    while True:  # twice as far up each time
        further = top[top]
        if (further == top).all():
            return parent[top]
        top = further


def _text(pages: Pages, shape: Shapes, ends: Floats, starts: Floats, prose: Flags) -> Floats:
    copies: list[int] = []
    before: list[int] = []
    for own in pages.slices():
        folded = [text.casefold() for text in pages.text[own]]
        found = Counter(folded)
        times = [*map(found.__getitem__, folded)]
        copies += times
        seen: Counter[str] = Counter()
        for text, often in zip(folded, times, strict=True):
            if often == 1:  # as most do
                before.append(0)
            else:
                before.append(seen[text])
                seen[text] += 1
    return np.array(
        [
            shape.words, shape.characters, shape.capitalised, shape.upper, shape.digits, shape.punctuation,
            shape.symbols, shape.unspaced, shape.words / np.maximum(shape.sentences, 1), ends, starts, prose,
            copies, before,
        ],
        dtype=np.float64,
    )  # fmt: skip


def _markup(pages: Pages, tags: Floats, own: Integers) -> Floats:
    bits = np.array([_BITS.get(tag, 0) for tag in pages.context_tag])
    depths = pages.gathered(np.ones(len(bits)), np.add) - 1
    unseens = pages.gathered(np.array(pages.unseen) & ~pages.is_root, np.logical_or)
    bits_of = pages.gathered(bits, np.bitwise_or)
    leaf, owner = pages.leaf, pages.owner
    inner = pages.context[leaf]
    within = bits_of[inner]
    first = pages.first[owner]
    held = pages.end[owner] - first
    return np.array(
        [
            tags, pages.linked, *pages.counts, depths[own], unseens[inner],
            *((within >> place) & 1 for place in range(len(WITHIN))),
            leaf != owner, held, (np.arange(len(leaf)) - first) / np.maximum(held, 1),
        ],
        dtype=np.float64,
    )  # fmt: skip


def _place(bounds: Bounds, words: Floats, told: Floats, links: Floats, prose: Flags, headings: Flags) -> Floats:
    place = bounds.line
    through, told_through = bounds.through(np.array([words, told]))
    totals = bounds.total(np.array([words, told, links, prose]))[:, bounds.text]
    sizes = bounds.sizes[bounds.text]
    total, told_total = np.maximum(totals[0], 1.0), np.maximum(totals[1], 1.0)
    since, until = bounds.nearest(np.array([*headings, prose]), FAR)
    return np.array(
        [
            place, sizes - 1 - place, (through - words / 2) / total, (told_through - told / 2) / told_total,
            through - words, told_through - told, told_total - told_through, since[0], until[0], since[1],
            since[2], until[2], sizes, told_total / total, totals[2] / total, totals[3],
        ]
    )  # fmt: skip


def _containers(boxes: Integers, pages: Pages, words: Floats, told: Floats, links: Floats) -> Floats:
    sums = running_sums(np.array([words, told, links, words < 4]))
    whole = np.maximum(pages.bounds.total(told), 1.0)[pages.bounds.text]
    place = np.arange(len(words))
    rows = []
    for box in boxes:
        low, high = pages.first[box], pages.end[box]
        held, said, linked, short = sums[:, high] - sums[:, low]
        size = np.maximum(high - low, 1)
        rows += [
            held, size, linked / np.maximum(held, 1.0), said / np.maximum(held, 1.0), short / size,
            said / whole, (place - low) / size,
        ]  # fmt: skip
    return np.array(rows, dtype=np.float64)


def _like(pages: Pages, own: Integers) -> Integers:
    """Numbers of the groups of like blocks: by path, by the names of the element and its parent, by parent and tag."""
    tags, named = _numbered(pages.context_tag), _numbered(zip(pages.context_tag, pages.names, strict=True))
    size = len(tags)
    names = (named * size + named[pages.outer]) * size + pages.nearest(pages.is_root)
    siblings = pages.parent[pages.owner] * size + tags[own]
    return np.array([np.unique(group, return_inverse=True)[1] for group in (pages.path[own], names[own], siblings)])


def _numbered(things: Iterable[Hashable]) -> Integers:
    """A number for each of some things, equal for equal ones."""
    numbers: defaultdict[Hashable, int] = defaultdict(count().__next__)
    return np.fromiter(map(numbers.__getitem__, things), dtype=np.int64)


def _groups(like: Integers, bounds: Bounds, words: Floats, told: Floats, links: Floats) -> Floats:
    whole = np.maximum(bounds.total(told), 1.0)[bounds.text]
    rows = []
    for group in like:
        size, said, held, linked = group_sums(group, np.array([np.ones(len(words)), told, words, links]))
        rows += [size, said / whole, held / size, linked / np.maximum(held, 1.0)]
    return np.array(rows)
