"""Facts of the visible blocks of a page as numbers: the text, its markup, its containers, its like, its place.

All features of a page are one array, a row a block, a column a name.  `BLOCK_FEATURES` need nothing but the page, its
metadata and lexicons; `ROUND_FEATURES` are about the scores that a first model gave the blocks: what it said of a
block's neighbours, containers and like; `WITNESS_FEATURES` about the blocks that another extractor took.  A container
holds the blocks from one place to another, so that what is in it is a difference of running sums, and a page costs time
in proportion to its blocks.

Lengths are counted in words (`cleaner.text.weight`), distances in blocks.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, pairwise

import numpy as np

from cleaner.extraction.metadata import Metadata
from cleaner.extraction.page import HEADINGS, Page
from cleaner.scoring.lexicon import Lexicon
from cleaner.scoring.shape import Flags, Floats, Integers, shapes
from cleaner.text import BULLETS, CLOSERS, LONG_WORDS, PROSE_WORDS, SENTENCE_ENDS, letters, subject_words, tokens

Names = Mapping[str, float]
"""Words of class names and the like, each with the log odds that a block in an element so named is no story."""

FAR = 60.0
LEVELS = 4
"""Containers looked at: the block's element and the next three that hold more blocks than the one inside them."""
MAX_TOKENS = 400
"""Words of a block that are compared with others."""
MAIN_SHARES = (0.5, 0.8, 0.5)
"""The smallest container with this share of the page's prose is taken for a story's; the last time each line of prose
counts as far as the names of the elements around it speak for a story."""

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
NEAR = (-3, -2, -1, 1, 2, 3)

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
MAIN_FEATURES = tuple(
    f"{name}_{kind}"
    for kind in ("half", "most", "named")
    for name in ("main_inside", "main_distance", "main_place", "main_steps", "main_blocks", "main_linked")
)
LIKE_FEATURES = tuple(
    f"like_{name}_{key}" for key in ("path", "names", "siblings") for name in ("blocks", "prose", "words", "linked")
)  # fmt: skip
SHARED_FEATURES = (
    "in_title", "title_in", "is_title", "in_description", "description_in", "in_body", "in_prose", "subjects",
    "title_seen", "has_body", "is_author", "title_distance", "title_steps", "title_box",
    "article_outer", "article_inner", "articles", "copied_before", "copied_after", "holds",
    "held_share",
)  # fmt: skip
NAME_FEATURES = (
    "names_own",
    "names_own_most",
    "names_own_least",
    "names_box",
    "names_most",
    "names_least",
    "names_sum",
    "names_last",
    "names_before",
    "names_after",
    "names_lead",
    "names_like",
)
WORD_FEATURES = (
    "said", "said_mean", "said_most", "said_most_three", "said_least", "said_least_three", "said_near",
    "said_box",
)  # fmt: skip  # fmt: skip
PLAIN_FEATURES = (
    *TEXT_FEATURES, *MARKUP_FEATURES, *PLACE_FEATURES, *NEAR_FEATURES, *CONTAINER_FEATURES, *LIKE_FEATURES,
    *SHARED_FEATURES,
)  # fmt: skip
"""Names of the columns of ``Facts.plain``."""
LEARNED_FEATURES = (*MAIN_FEATURES, *NAME_FEATURES, *WORD_FEATURES)
"""Names of the columns of `learned_features`."""
BLOCK_FEATURES = (*PLAIN_FEATURES, *LEARNED_FEATURES)
"""What the first round looks at."""

ROUND_FEATURES = (
    "score", *(f"score_{where:+d}" for where in NEAR), "score_near", "score_far",
    *(f"{name}_{level}" for level in range(1, LEVELS + 1) for name in ("told_share", "told_mean", "told_best")),
    *(f"told_{key}" for key in ("path", "names", "siblings")),
    "told_before", "told_after", "from_told", "to_told", "told_place", "told_words", "told_blocks",
    "told_inside", "told_distance", "told_steps", "told_main_mean", "behind_best", "rank", "behind_like",
)  # fmt: skip
"""Names of the columns of `round_features`."""

WITNESS_FEATURES = (
    "witness", *(f"witness_{where:+d}" for where in NEAR),
    *(f"witness_box_{level}" for level in range(1, LEVELS + 1)),
    "witness_path", "witness_names", "witness_siblings", "witness_before", "witness_after", "witness_words",
    "witness_share", "witness_agrees",
)  # fmt: skip
"""Names of the columns of `witness_features`."""


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


_PIECE = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


@lru_cache(maxsize=65536)
def name_pieces(names: str) -> tuple[str, ...]:
    """The words that class names and the like are made of, and pairs of them that follow each other in one name.

    >>> name_pieces("Article-body  relatedLinks x9")
    ('article', 'body', 'article_body', 'related', 'links', 'related_links')
    """
    pieces: dict[str, None] = {}
    for name in names.split():
        own = [piece.lower() for piece in _PIECE.findall(name) if len(piece) > 2]
        for place, piece in enumerate(own):
            pieces.setdefault(piece)
            if place:
                pieces.setdefault(f"{own[place - 1]}_{piece}")
    return tuple(pieces)


def page_facts(page: Page, known: Metadata) -> Facts:
    """What can be said of the blocks of a page without any lexicon; the page has at least one block."""
    blocks, elements = page.blocks, page.elements
    shape = shapes([text.replace("\n", " ") for text in blocks.text])
    ends = np.array([_ending(text) for text in blocks.text], dtype=np.float64)
    starts = np.array([_beginning(text) for text in blocks.text], dtype=np.float64)
    linked = np.array(blocks.linked)
    words = shape.words
    owner = np.array(blocks.owner)
    tags = np.array([TAGS.get(elements.tag[one], 15.0) for one in blocks.owner])
    prose = ((words >= LONG_WORDS) | ((words >= PROSE_WORDS) & (ends == 3))) & (linked < 0.5)
    first, end = np.array(elements.first), np.array(elements.end)
    up = np.array(_wider(elements.parent, elements.first, elements.end))
    boxes = [owner]
    for _ in range(LEVELS - 1):
        boxes.append(up[boxes[-1]])
    like = _like(page)
    columns = [
        _text(blocks.text, shape, ends, starts, prose),
        _markup(page, tags, owner, first, end),
        _place(words, prose, linked, tags),
        _shifted(np.array([words, linked, ends, tags])),
        _containers(np.array(boxes), first, end, words, prose, linked),
        _groups(like, words, prose, linked),
        _shared(page, owner, first, end, up, words, prose, known),
    ]
    # what depends on lexicons is computed apart, so that training can do it again with others
    facts = Facts(
        plain=np.concatenate(columns).T,
        words=words,
        prose=prose,
        linked=linked,
        boxes=np.array(boxes),
        first=first,
        end=end,
        up=up,
        like=like,
    )
    return facts


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


def _text(texts: Sequence[str], shape: object, ends: Floats, starts: Floats, prose: Flags) -> Floats:
    folded = [text.casefold() for text in texts]
    copies = Counter(folded)
    seen: Counter[str] = Counter()
    before = []
    for text in folded:
        before.append(seen[text])
        seen[text] += 1
    return np.array(
        [
            shape.words, shape.characters, shape.capitalised, shape.upper, shape.digits, shape.punctuation,  # type: ignore[attr-defined]
            shape.symbols, shape.unspaced, shape.words / np.maximum(shape.sentences, 1), ends, starts, prose,  # type: ignore[attr-defined]
            [copies[text] for text in folded], before,
        ],
        dtype=np.float64,
    )  # fmt: skip


def _markup(page: Page, tags: Floats, owner: Integers, first: Integers, end: Integers) -> Floats:
    blocks, elements = page.blocks, page.elements
    count = len(elements.tag)
    depth, unseen, bits = [0] * count, [False] * count, [0] * count
    parents, hidden = elements.parent, elements.unseen
    bits[0] = _BITS.get(elements.tag[0], 0) if count else 0
    for one, tag in enumerate(elements.tag):
        if one:
            outside = parents[one]
            depth[one] = depth[outside] + 1
            unseen[one] = unseen[outside] or hidden[one]
            bits[one] = bits[outside] | _BITS.get(tag, 0)
    leaf = np.array(blocks.leaf)
    within = np.array(bits)[leaf]
    held = end[owner] - first[owner]
    return np.array(
        [
            tags, blocks.linked, blocks.links, blocks.bold, blocks.italic, blocks.broken, blocks.timed, blocks.images,
            np.array(depth)[owner], np.array(unseen)[leaf],
            *((within >> place) & 1 for place in range(len(WITHIN))),
            leaf != owner, held, (np.arange(len(leaf)) - first[owner]) / np.maximum(held, 1),
        ],
        dtype=np.float64,
    )  # fmt: skip


def _distances(flags: Flags) -> tuple[Floats, Floats]:
    """How many blocks back and on the nearest other block with the flag stands."""
    count = len(flags)
    place = np.arange(count, dtype=np.float64)
    last = np.full(count, -np.inf)
    np.maximum.accumulate(np.where(flags, place, -np.inf)[:-1], out=last[1:])
    following = np.full(count, np.inf)
    np.minimum.accumulate(np.where(flags, place, np.inf)[:0:-1], out=following[-2::-1])
    return np.minimum(place - last, FAR), np.minimum(following - place, FAR)


def _place(words: Floats, prose: Flags, linked: Floats, tags: Floats) -> Floats:
    count = len(words)
    place = np.arange(count, dtype=np.float64)
    told = np.where(prose, words, 0.0)
    through, told_through = np.cumsum(words), np.cumsum(told)
    total, told_total = max(float(through[-1]), 1.0), max(float(told_through[-1]), 1.0)
    from_title, to_title = _distances(tags == TAGS["h1"])
    from_heading, _ = _distances((tags >= TAGS["h1"]) & (tags <= TAGS["h4"]))
    from_prose, to_prose = _distances(prose)
    whole = np.ones(count)
    return np.array(
        [
            place, place[::-1], (through - words / 2) / total, (told_through - told / 2) / told_total,
            through - words, told_through - told, told_total - told_through, from_title, to_title, from_heading,
            from_prose, to_prose, count * whole, told_total / total * whole,
            float((linked * words).sum()) / total * whole, float(prose.sum()) * whole,
        ]
    )  # fmt: skip


def _shifted(rows: Floats) -> Floats:
    """The rows as the neighbours of each block have them; -1 beyond the edges."""
    reach = max(NEAR)
    count = rows.shape[1]
    padded = np.full((len(rows), count + 2 * reach), -1.0)
    padded[:, reach:-reach] = rows
    return np.concatenate([padded[:, reach + where : reach + where + count] for where in NEAR])


def _sums(rows: Floats) -> Floats:
    sums = np.zeros((len(rows), rows.shape[1] + 1))
    np.cumsum(rows, axis=1, out=sums[:, 1:])
    return sums


def _containers(boxes: Integers, first: Integers, end: Integers, words: Floats, prose: Flags, linked: Floats) -> Floats:
    told = np.where(prose, words, 0.0)
    sums = _sums(np.array([words, told, words * linked, words < 4]))
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


def _smallest(share: float, told: Floats, first: Integers, end: Integers) -> int:
    """The element with the fewest blocks that holds this share of something; the root where there is nothing."""
    sums = np.concatenate(([0.0], np.cumsum(told)))
    held = sums[end] - sums[first]
    able = np.flatnonzero(held >= share * sums[-1])
    if not len(able) or sums[-1] == 0:
        return 0
    # the innermost of those that hold the same blocks
    return int(able[::-1][np.argmin((end - first)[able[::-1]])])


def _steps(owner: Integers, main: int, up: Integers, first: Integers, end: Integers) -> Integers:
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


def learned_features(page: Page, facts: Facts, names: Names, said: Lexicon) -> Floats:
    """What lexicons say of class names and of words, and the container that they point to.

    An array of shape (blocks, len(LEARNED_FEATURES)).
    """
    owner, box = facts.boxes[0], facts.boxes[1]
    told = np.where(facts.prose, facts.words, 0.0)
    named, total = _names(page, box, names)
    likely = told / (1.0 + np.exp(np.clip(total, -20, 20)))
    whole = max(float(likely.sum()), 1e-9)
    (trusted,) = _means(facts.like[1], likely[None, :])
    main = _main(owner, facts, (told, told, likely))
    spoken = _said(page.blocks.text, box, facts.first, facts.end, said)
    return np.concatenate((main, named, [total - float((total * likely).sum()) / whole, trusted / whole], spoken)).T


def _main(owner: Integers, facts: Facts, told: Sequence[Floats]) -> Floats:
    words, linked, first, end, up = facts.words, facts.linked, facts.first, facts.end, facts.up
    count = len(words)
    rows: list[Floats] = []
    for share, weights in zip(MAIN_SHARES, told, strict=True):
        main = _smallest(share, weights, first, end)
        rows += _beside(main, owner, first, end, up, count)
        low, high = first[main], end[main]
        held = max(float(words[low:high].sum()), 1.0)
        rows += [
            np.full(count, float(high - low)),
            np.full(count, float((words[low:high] * linked[low:high]).sum()) / held),
        ]
    return np.array(rows)


def _beside(main: int, owner: Integers, first: Integers, end: Integers, up: Integers, count: int) -> list[Floats]:
    place = np.arange(count)
    low, high = int(first[main]), int(end[main])
    inside = (place >= low) & (place < high)
    distance = np.where(place < low, place - low, np.where(place >= high, place - high + 1, 0))
    within = np.where(inside, (place - low) / max(high - low, 1), np.where(place < low, -1.0, 2.0))
    return [
        inside.astype(np.float64),
        np.clip(distance, -FAR, FAR).astype(np.float64),
        within,
        _steps(owner, main, up, first, end).astype(np.float64),
    ]


def _like(page: Page) -> Integers:
    """Numbers of the groups of like blocks: by path, by the names of the element and its parent, by parent and tag."""
    elements = page.elements
    paths: dict[object, int] = {}
    names: dict[object, int] = {}
    siblings: dict[object, int] = {}
    of_path = [0] * len(elements.tag)
    for one, tag in enumerate(elements.tag):
        of_path[one] = paths.setdefault((of_path[elements.parent[one]] if one else -1, tag), len(paths))
    rows = []
    of_owner: dict[int, tuple[int, int, int]] = {}
    for owner in page.blocks.owner:
        found = of_owner.get(owner)
        if found is None:
            outside = elements.parent[owner]
            tag = elements.tag[owner]
            key = (tag, elements.names[owner], elements.tag[outside], elements.names[outside])
            found = of_owner[owner] = (
                of_path[owner],
                names.setdefault(key, len(names)),
                siblings.setdefault((outside, tag), len(siblings)),
            )
        rows.append(found)
    return np.array(rows).T


def _means(group: Integers, rows: Floats) -> Floats:
    """Sums of each row over the group that a block belongs to."""
    return np.array([np.bincount(group, row)[group] for row in rows])


def _groups(like: Integers, words: Floats, prose: Flags, linked: Floats) -> Floats:
    told = np.where(prose, words, 0.0)
    rows = []
    for group in like:
        size, said, held, links = _means(group, np.array([np.ones(len(words)), told, words, words * linked]))
        rows += [size, said / max(float(told.sum()), 1.0), held / size, links / np.maximum(held, 1.0)]
    return np.array(rows)


def _shared(
    page: Page,
    owner: Integers,
    first: Integers,
    end: Integers,
    up: Integers,
    words: Floats,
    prose: Flags,
    known: Metadata,
) -> Floats:
    """What a block shares with title, description and structured body, and with other blocks of the page."""
    texts = page.blocks.text
    own = [subject_words(tokens(text[:4000])[:MAX_TOKENS]) for text in texts]
    titles = [subject_words(tokens(title[:1000])) for title in known.titles[:4]]
    title_keys = {letters(title) for title in known.titles}
    authors = {letters(author.text) for author in known.authors}
    description = subject_words(tokens(known.description.text[:4000])) if known.description else set()
    body = letters(known.body)
    in_prose: Counter[str] = Counter()
    for subjects, told in zip(own, prose.tolist(), strict=True):
        if told:
            in_prose.update(subjects)
    rows = np.zeros((len(SHARED_FEATURES), len(texts)))
    title_seen = False
    keys: list[str] = []
    titles = [title for title in titles if title]
    described, has_body = len(description), len(body) > 200
    figures: list[tuple[float, ...]] = []
    for text, subjects, told in zip(texts, own, prose.tolist(), strict=True):
        key = letters(text[:20000])
        is_title = key in title_keys and key != ""
        size = len(subjects)
        if size:
            shares = [(len(subjects & title), len(title)) for title in titles]
            both = len(subjects & description) if described else 0
            known_words = sum([in_prose[word] > told for word in subjects])
        else:
            shares, both, known_words = [(0, 1) for _ in titles], 0, 0
        keys.append(key)
        figures.append(
            (
                max([inside for inside, _ in shares], default=-size) / size if size else -1.0,
                max([inside / whole for inside, whole in shares], default=-1.0),
                is_title,
                both / size if size and described else -1.0,
                both / described if described else -1.0,
                (key in body) if body and len(key) > 20 else -1.0,
                known_words / size if size else -1.0,
                size,
                title_seen,
                has_body,
                key in authors,
            )
        )
        title_seen = title_seen or is_title
    rows[:11] = np.array(figures, dtype=np.float64).T
    rows[11:14] = _from_title(page, rows[2] > 0, owner, first, end, up)
    rows[14:17] = _articles(page)
    rows[17:20] = _copies(keys, words)
    rows[20] = np.minimum(rows[19] / np.maximum(words, 1.0), 3.0)
    return rows


def _from_title(page: Page, is_title: Flags, owner: Integers, first: Integers, end: Integers, up: Integers) -> Floats:
    """Distance from the headline: in blocks, in containers to leave, and the size of the first that holds both."""
    count = len(is_title)
    headings = np.array([page.elements.tag[one] in HEADINGS for one in page.blocks.owner])
    top = np.array([page.elements.tag[one] == "h1" for one in page.blocks.owner])
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
    elements = page.elements
    outer, inner = [0] * len(elements.tag), [0] * len(elements.tag)
    found = 0
    for one, tag in enumerate(elements.tag):
        outside = elements.parent[one]
        outer[one], inner[one] = outer[outside], inner[outside]
        if tag == "article":
            found += 1
            inner[one] = found
            outer[one] = outer[one] or found
    leaf = np.array(page.blocks.leaf)
    numbers = np.array([np.array(outer)[leaf], np.array(inner)[leaf], np.full(len(leaf), found)], dtype=np.float64)
    return np.asarray(np.minimum(numbers, FAR))


HEAD = 40
"""Letters by which the copy of a line of prose is found."""
SEARCHED = 200_000_000
"""Letters that are looked through for copies on one page: a tenth of a second; the lines behind count as unique."""


def _copies(keys: Sequence[str], words: Floats) -> Floats:
    """For each block: does its beginning stand in an earlier block, in a later one; the words of such blocks in it."""
    rows = np.zeros((3, len(keys)))
    bounds = [0, *accumulate(map(len, keys))]
    joined = "".join(keys)
    searches = SEARCHED // max(len(joined), 1)
    for place, key in enumerate(keys):
        if len(key) < HEAD or searches <= 0:
            continue
        searches -= 1
        at = joined.find(key[:HEAD])
        for _ in range(3):
            if at < 0:
                break
            holder = bisect_right(bounds, at) - 1
            if holder != place:
                rows[0 if holder < place else 1, place] += 1
                rows[2, holder] += words[place]
            at = joined.find(key[:HEAD], at + 1)
    return rows


def _names(page: Page, box: Integers, lexicon: Names) -> tuple[Floats, Floats]:
    """What the names of a block's element, of the inline elements in it and of all around it say; and their sum."""
    elements, blocks = page.elements, page.blocks
    count = len(elements.tag)
    said: dict[str, tuple[float, float, float]] = {"": (0.0, 0.0, 0.0)}
    own: list[tuple[float, float, float]] = []
    most, least, total, last = [0.0] * count, [0.0] * count, [0.0] * count, [0.0] * count
    for one, names in enumerate(elements.names):
        value = said.get(names)
        if value is None:
            values = [odds for piece in name_pieces(names) if (odds := lexicon.get(piece)) is not None]
            high, low = max(values, default=0.0), min(values, default=0.0)
            value = said[names] = (max(high, 0.0) + min(low, 0.0), max(high, 0.0), min(low, 0.0))
        own.append(value)
        outside = elements.parent[one]
        most[one] = max(most[outside], value[1])
        least[one] = min(least[outside], value[2])
        total[one] = total[outside] + value[0]
        last[one] = value[0] if value[1] or value[2] else last[outside]
    leaf, owner = np.array(blocks.leaf), np.array(blocks.owner)
    table = np.array(own)
    inner = np.where((table[leaf] != 0).any(axis=1), leaf, owner)
    latest = np.array(last)[leaf]
    sums = np.array(total)[leaf]
    before, after = np.zeros(len(leaf)), np.zeros(len(leaf))
    before[1:], after[:-1] = latest[:-1], latest[1:]
    rows = [*table[inner].T, table[box, 0], np.array(most)[leaf], np.array(least)[leaf], sums, latest, before, after]
    return np.array(rows), sums


SAID_WORDS = 24
"""Words of a block's beginning that the lexicon looks at."""


def said_words(text: str) -> list[str]:
    """The words that a block begins with; every number is ``#``.

    >>> said_words("Photo 3 of 7")
    ['photo', '#', 'of', '#']
    """
    return [word if word[0].isalpha() else "#" for word in tokens(text[:300])[:SAID_WORDS]]


def said_pieces(text: str) -> list[str]:
    """The words and word pairs that a block begins with, by which a lexicon knows it.

    >>> said_pieces("Photo 3 of 7")
    ['photo', '#', 'of', '#', 'photo #', '# of', 'of #']
    """
    plain = said_words(text)
    return plain + [f"{one} {other}" for one, other in pairwise(plain)]


def _said(texts: Sequence[str], box: Integers, first: Integers, end: Integers, lexicon: Lexicon) -> Floats:
    """What the words at the beginning of each block say, and those of the blocks around it."""
    rows = np.zeros((len(WORD_FEATURES), len(texts)))
    spoken = [said_words(text) for text in texts]
    line, values = lexicon.look_up(spoken)
    if len(values):
        order = np.lexsort((values, line))
        line, values = line[order], values[order]
        pieces = np.array([max(2 * len(words) - 1, 1) for words in spoken])
        sizes = np.bincount(line, minlength=len(texts))
        total = np.bincount(line, values, len(texts))
        behind = np.cumsum(sizes)
        rows[0], rows[1] = total / np.sqrt(pieces), total / pieces
        for place in range(3):
            has = sizes > place
            rows[5, has] += np.minimum(values[(behind - sizes + place)[has]], 0.0)
            if place == 0:
                rows[4] = rows[5]
            has = sizes > 2 - place
            rows[3, has] += np.maximum(values[(behind - 3 + place)[has]], 0.0)
        has = sizes > 0
        rows[2, has] = np.maximum(values[(behind - 1)[has]], 0.0)
    sums = np.concatenate(([0.0], np.cumsum(rows[0])))
    block = np.arange(len(texts))
    low, high = np.maximum(block - 3, 0), np.minimum(block + 4, len(texts))
    rows[6] = (sums[high] - sums[low] - rows[0]) / np.maximum(high - low - 1, 1)
    rows[7] = (sums[end[box]] - sums[first[box]]) / np.maximum(end[box] - first[box], 1)
    return rows


def round_features(facts: Facts, scores: Floats) -> Floats:
    """What a first model's scores (log odds of being story, one a block) say around each block.

    An array of shape (blocks, len(ROUND_FEATURES)).
    """
    count = len(scores)
    chance = 1.0 / (1.0 + np.exp(-scores))
    told = chance * facts.words
    sums = _sums(np.array([told, facts.words]))
    whole = max(float(sums[0, -1]), 1.0)
    rows: list[Floats] = [scores, *_shifted(chance[None, :])]
    place = np.arange(count)
    for reach in (3, 10):
        low, high = np.maximum(place - reach, 0), np.minimum(place + reach + 1, count)
        around = sums[:, high] - sums[:, low]
        rows.append((around[0] - told) / np.maximum(around[1] - facts.words, 1.0))
    for box in facts.boxes:
        low, high = facts.first[box], facts.end[box]
        held = sums[:, high] - sums[:, low]
        others = (held[0] - told) / np.maximum(held[1] - facts.words, 1.0)
        rows += [held[0] / whole, held[0] / np.maximum(held[1], 1.0), others]
    for group in facts.like:
        said, held = _means(group, np.array([told, facts.words]))
        rows.append((said - told) / np.maximum(held - facts.words, 1.0))
    sure = facts.prose & (chance >= 0.5)
    from_told, to_told = _distances(sure)
    through = np.cumsum(told)
    main = _smallest(0.6, np.where(chance >= 0.5, told, 0.0), facts.first, facts.end)
    inside = slice(int(facts.first[main]), int(facts.end[main]))
    beside = _beside(main, facts.boxes[0], facts.first, facts.end, facts.up, count)
    full = np.ones(count)
    best = float(np.max(np.where(facts.prose, scores, -20.0))) if facts.prose.any() else float(scores.max())
    ranks = np.argsort(np.argsort(-scores, kind="stable"), kind="stable").astype(np.float64)
    said, held = _means(facts.like[1], np.array([told, facts.words]))
    rows += [
        through - told, whole - through, from_told, to_told, (through - told / 2) / whole, whole * full,
        float(sure.sum()) * full, *(beside[0], beside[1], beside[3]),
        full * float(told[inside].sum()) / max(float(facts.words[inside].sum()), 1.0),
        scores - best, ranks / max(count, 1), said / np.maximum(held, 1e-9) - float((told * chance).sum()) / whole,
    ]  # fmt: skip
    return np.array(rows).T


def witness_features(facts: Facts, taken: Sequence[bool], scores: Floats) -> Floats:
    """What another extractor took, around each block: an array of shape (blocks, len(WITNESS_FEATURES))."""
    count = len(scores)
    flags = np.array(taken, dtype=np.float64)
    said = flags * facts.words
    sums = _sums(np.array([said, facts.words]))
    whole = max(float(sums[0, -1]), 1.0)
    rows: list[Floats] = [flags, *_shifted(flags[None, :])]
    for box in facts.boxes:
        held = sums[:, facts.end[box]] - sums[:, facts.first[box]]
        rows.append(held[0] / np.maximum(held[1], 1.0))
    for group in facts.like:
        took, held = _means(group, np.array([said, facts.words]))
        rows.append(took / np.maximum(held, 1.0))
    told = (scores > 0) * facts.words
    through = np.cumsum(said)
    full = np.ones(count)
    rows += [
        (through - said) / whole, (whole - through) / whole, whole * full, whole / max(float(sums[1, -1]), 1.0) * full,
        float((told * flags).sum()) / max(float(told.sum()), 1.0) * full,
    ]  # fmt: skip
    return np.array(rows).T
