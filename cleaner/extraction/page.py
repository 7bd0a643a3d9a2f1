"""One pass over a page: all its visible blocks, in order, and the elements that they stand in.

The page is parsed as browsers parse it (lexbor, through selectolax), so that misnested and unclosed elements come out
as a reader sees them.  Left out, because no reader sees it: scripts, styles, templates, ``noscript``, form controls,
embedded objects, and elements with the ``hidden`` attribute, apart from those that a script shows at once
(`cleaner.extraction.streamed`).  Everything else is part of a block.

A block is the text between two boundaries of block elements or line breaks; the cells of a table row are one block
unless there are blocks inside them; every line of ``pre`` is one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from cleaner.errors import CleanerError
from cleaner.extraction.streamed import streamed_parts

INVISIBLE = frozenset(
    "script style template noscript head title meta link base object embed applet iframe frame frameset noframes svg "
    "math canvas audio video map area select option optgroup datalist textarea input progress meter param source "
    "track rp".split()
)
CELLS = frozenset(("td", "th"))
BLOCKS = frozenset(
    "html body address article aside blockquote center dd details dialog dir div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 header hgroup hr legend li main menu nav ol p pre section summary table caption "
    "colgroup col thead tbody tfoot tr ul search button".split()
)
HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
BOLD = frozenset(("b", "strong"))
ITALIC = frozenset(("i", "em"))
# A page of ordinary make nests 20 to 40 deep; what goes beyond this is broken or hostile, and every block would have
# to carry its path.
MAX_DEPTH = 512
# Attributes whose values name what an element is for, beside class and id.
NAMING = ("class", "id", "itemprop", "role", "data-testid", "data-component", "data-type", "data-module", "rel")
# No class list of the development benchmark is longer; bounds what a hostile one costs.
MAX_NAMES = 1000
# What an element does to the walk: one look-up by its name.  Those that do nothing, other than ``span``, are not there.
_INVISIBLE, _BLOCK, _BOUNDARY, _OWNER, _LINK, _BOLD, _ITALIC, _PRE, _TEXT, _NOTHING = (1 << bit for bit in range(10))
# What it says of all text inside it.
_MARKS = _LINK | _BOLD | _ITALIC | _PRE
_TRAITS = {
    tag: _INVISIBLE * (tag in INVISIBLE)
    | _BLOCK * (tag in BLOCKS)
    | _BOUNDARY * (tag in BLOCKS or tag in CELLS or tag in ("br", "img", "time"))
    | _OWNER * (tag in BLOCKS or tag in CELLS)
    | _LINK * (tag == "a")
    | _BOLD * (tag in BOLD)
    | _ITALIC * (tag in ITALIC)
    | _PRE * (tag == "pre")
    for tag in INVISIBLE | BLOCKS | CELLS | BOLD | ITALIC | {"br", "img", "time", "a", "span"}
} | {"-text": _TEXT, "-comment": _NOTHING, "": _NOTHING}
_UNSEEN_STYLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.IGNORECASE)


class PageError(CleanerError, ValueError):
    """A page that cannot be read whole.  ``reason`` is a code of docs/output.md."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(slots=True)
class Contexts:
    """The ways down to elements that hold blocks: those whose own names and all around them are the same share one.

    Most elements of a page are like others (the items of a list, the paragraphs of a story), and what is said of an
    element by its name and by what it stands in is said of its context, once.  A context comes after the one around
    it; context 0 is that of the root and its own outer one.
    """

    outer: list[int] = field(default_factory=list)
    tag: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    """Values of the attributes `NAMING`, as they are written, separated by spaces."""
    unseen: list[bool] = field(default_factory=list)
    """Styled as hidden, or hidden from screen readers; a script may show it."""
    path: list[int] = field(default_factory=list)
    """The place of its path in ``Page.paths``."""


@dataclass(slots=True)
class Elements:
    """The elements of a page that hold blocks, in the order of their start tags: one list a fact, one entry an element.

    Element 0 is the root and its own parent.  An element holds the blocks ``first[i]`` to ``end[i]``, the last one
    excluded: blocks of its descendants are among them.  Of those that hold none only ``article`` is there.
    """

    tag: list[str] = field(default_factory=list)
    parent: list[int] = field(default_factory=list)
    context: list[int] = field(default_factory=list)
    first: list[int] = field(default_factory=list)
    end: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Blocks:
    """The visible blocks of a page in order: one list a fact, one entry a block."""

    text: list[str] = field(default_factory=list)
    """Never empty, without line breaks; cells of a table row are separated by tabs."""
    leaf: list[int] = field(default_factory=list)
    """The innermost element of the block's first character."""
    owner: list[int] = field(default_factory=list)
    """The innermost block element or table cell of the block's first character."""
    linked: list[float] = field(default_factory=list)
    """Share of the block's characters that stand inside a link (0..1)."""
    links: list[int] = field(default_factory=list)
    bold: list[float] = field(default_factory=list)
    italic: list[float] = field(default_factory=list)
    broken: list[bool] = field(default_factory=list)
    """A line break, and no block boundary, stands before the block."""
    timed: list[bool] = field(default_factory=list)
    """The block holds a ``time`` element."""
    images: list[int] = field(default_factory=list)
    """Images since the block before."""


@dataclass(frozen=True, slots=True)
class Page:
    """A parsed page."""

    tree: LexborHTMLParser
    blocks: Blocks
    elements: Elements
    contexts: Contexts
    names: list[str]
    """What any of its elements is named (see `Contexts.names`), those that hold no block among them."""
    paths: list[tuple[str, ...]]
    """The different ways down to its contexts, by the names of the elements from the root on."""

    def path(self, element: int) -> tuple[str, ...]:
        """The names of the elements from the root down to one."""
        return self.paths[self.contexts.path[self.elements.context[element]]]


def parse_page(html: str) -> Page:
    """Parse a page and collect its visible blocks; takes time in proportion to the page.

    Raises `PageError` with reason ``too_deep`` when elements are nested deeper than `MAX_DEPTH`.

    >>> page = parse_page("<html><body><nav><a href=/>Home</a></nav><p>The <b>story</b>.<br>More.</p></body></html>")
    >>> page.blocks.text, page.blocks.linked, page.blocks.broken
    (['Home', 'The story.', 'More.'], [1.0, 0.0, 0.0], [False, False, True])
    >>> page.path(page.blocks.owner[0])
    ('html', 'body', 'nav')
    """
    _check_depth(html)
    tree = LexborHTMLParser(html)
    walk = _Walk()
    if tree.root is not None:
        walk.run(tree.root, streamed_parts(tree, html))
    return Page(tree, walk.blocks, walk.elements, walk.contexts, walk.names, walk.paths)


# The parser's time grows with the square of the nesting: 20,000 open elements take it a second.
MAX_OPEN = 20_000
# Elements that end without an end tag: they nest only inside others, which are counted.
_UNCOUNTED = INVISIBLE - frozenset(
    ("object", "svg", "math", "audio", "video", "map", "canvas", "template")
) | frozenset("area br col embed hr img p li dt dd tr td th thead tbody tfoot colgroup caption wbr".split())
_TAG = re.compile(r"<(/?)([a-zA-Z][^\s/>]*)")


def _check_depth(html: str) -> None:
    """Refuse a page that opens elements without end, before the parser spends its time on it."""
    # most pages need no closer look, nor do long ones of plain paragraphs
    tags = html.count("<")
    for other in ("</", "<p>", "<p "):
        if tags < MAX_OPEN:
            break
        tags -= html.count(other)
    if tags < MAX_OPEN:
        return
    opened = 0
    for match in _TAG.finditer(html):
        if match[2].lower() not in _UNCOUNTED:
            opened = max(opened - 1, 0) if match[1] else opened + 1
            if opened >= MAX_OPEN:
                raise PageError("too_deep", f"more than {MAX_OPEN:,} elements are open at once")


class _Walk:
    """One pass over the tree, without recursion."""

    def __init__(self) -> None:
        self.blocks = Blocks()
        self.rows: list[tuple[int, int, float, int, float, float, bool, bool, int]] = []
        """Of each block what is known beside its text."""
        self.elements = Elements()
        self.contexts = Contexts()
        self.names: list[str] = []
        self.paths: list[tuple[str, ...]] = []
        self.pending: list[str] = []
        self.texts: list[str] = []
        """What of it is more than white space."""
        self.marks: list[int] = []
        """How each of them is marked (`_MARKS`)."""
        self.cells: list[int] = []
        self.link_count = self.images = 0
        self.leaf = -1
        self.owner = -1
        self.broken = self.timed = False
        self.touched = False  # whether anything was seen since the last boundary of a block element

    def run(self, root: LexborNode, streamed: dict[str, LexborNode]) -> None:
        """Walk through all below the root.  Most of the time of a page goes by here: what is asked often is local.

        ``streamed`` are parts that stand elsewhere, by the ``id`` of the element in whose place they are seen.
        """
        blocks, pending, trait_of = self.blocks.text, self.pending, _TRAITS.get
        # of each element its tag, the one around it, its context and its first block; and the end of its blocks
        rows: list[tuple[str, int, int, int]] = []
        ends: list[int] = []
        ways: dict[tuple[int, str, str, bool], int] = {}
        naming_of: dict[tuple[str, ...], tuple[tuple[str, ...], bool]] = {}
        # node, its traits, and outside it what is here now:
        stack: list[tuple[LexborNode, int, int, int, int, int]] = []
        element = owner = 0  # the innermost element, and the innermost that owns blocks
        context = -1
        marks = 0  # what is said of text by the elements around it
        node: LexborNode | None = root
        while node is not None:
            tag = node.tag or ""
            child = None
            traits = trait_of(tag)
            if traits is None:  # comments and the like, and elements that do nothing to the walk
                traits = _NOTHING if tag[0] in "-_!" else 0
            if traits == _TEXT:
                text = node.text_content
                if text and stack:
                    if marks & _PRE and "\n" in text:
                        self._lines(text, element, owner, marks)
                    elif not text.isspace():
                        self._add(text, element, owner, marks)
                    elif pending:
                        pending.append(" ")
            elif traits != _NOTHING:
                seen: LexborNode | None = node
                if traits & _INVISIBLE or "hidden" in (attributes := node.attributes):
                    # each part is seen once, wherever its place is
                    seen = streamed.pop(node.id or "", None) if streamed else None
                    tag, traits, attributes = "div", _TRAITS["div"], {}
                if seen is not None:
                    child = seen.first_child
                    if traits & _BOUNDARY and (self.touched or not traits & _BLOCK):
                        self._boundary(tag, traits)
                    if child is not None:
                        if len(stack) >= MAX_DEPTH:
                            raise PageError("too_deep", f"elements nested deeper than {MAX_DEPTH}")
                        stack.append((node, traits, element, owner, context, marks))
                        names, unseen = "", False
                        if attributes:
                            # elements have few different sets of attributes
                            known = tuple(attributes)
                            telling = naming_of.get(known)
                            if telling is None:
                                telling = naming_of[known] = _telling(known)
                            naming, may_hide = telling
                            if len(naming) == 1:  # as of most
                                names = (attributes[naming[0]] or "")[:MAX_NAMES]
                            elif naming:
                                names = " ".join([value for name in naming if (value := attributes[name])])[:MAX_NAMES]
                            if may_hide:
                                unseen = _is_unseen(attributes)
                        context = ways.setdefault((context, tag, names, unseen), len(ways))
                        rows.append((tag, element, context, len(blocks)))
                        element = len(ends)
                        ends.append(0)
                        if traits & _OWNER:
                            owner = element
                        if traits & _MARKS:
                            marks |= traits & _MARKS
                            if traits & _LINK:
                                self.touched = True
                                self.link_count += 1
            if child is not None:
                node = child
                continue
            following = node.next if stack else None
            while following is None and stack:
                node, traits, outside, owner, context, marks = stack.pop()
                if traits & _BLOCK and self.touched:
                    self._flush(broken=False)
                ends[element] = end = len(blocks)
                if stack:
                    if element == len(ends) - 1 and self.leaf < element:
                        tag, _, _, first = rows[element]
                        if first == end and tag != "article":
                            rows.pop()
                            ends.pop()
                    following = node.next
                element = outside
            node = following
        self._flush(broken=False)
        if ways:
            self._finish(rows, ends, list(ways))

    def _finish(
        self, rows: Sequence[tuple[str, int, int, int]], ends: list[int], ways: Sequence[tuple[int, str, str, bool]]
    ) -> None:
        """Make one list a fact of what was found, and leave out the contexts in which no block stands."""
        self.names = list(dict.fromkeys(names for _, _, names, _ in ways))
        tags, parents, contexts, first = _columns(rows)
        # a fifth of the ways lead to nothing but pictures and empty elements
        own = sorted(set(contexts))
        number = {way: place for place, way in enumerate(own)}
        outside, tags_of, names_of, unseen_of = _columns([ways[way] for way in own])
        outer = [0, *[number[way] for way in outside[1:]]]
        self.contexts = Contexts(outer, tags_of, names_of, unseen_of, self._paths(outer, tags_of))
        self.elements = Elements(tags, parents, [number[way] for way in contexts], first, ends)
        if self.rows:
            self.blocks = Blocks(self.blocks.text, *_columns(self.rows))

    def _paths(self, outer: Sequence[int], tags: Sequence[str]) -> list[int]:
        """The number of the path of each context; what is new goes to ``paths``."""
        numbers: dict[tuple[int, str], int] = {}
        own: list[int] = []
        for one, tag in zip(outer, tags, strict=True):
            outside = own[one] if own else -1
            number = numbers.setdefault((outside, tag), len(numbers))
            if number == len(self.paths):
                self.paths.append((*self.paths[outside], tag) if own else (tag,))
            own.append(number)
        return own

    def _boundary(self, tag: str, traits: int) -> None:
        if traits & _BLOCK:
            self._flush(broken=False)
        elif tag == "br":
            self._flush(broken=True)
        elif tag == "img":
            self.images += 1
        elif tag == "time":
            self.timed = self.touched = True
        elif self.pending:  # a cell
            self.cells.append(len(self.pending))

    def _lines(self, text: str, element: int, owner: int, marks: int) -> None:
        """Text inside ``pre``: its line breaks are those of the page."""
        for place, line in enumerate(text.split("\n")):
            if place:
                self._flush(broken=True)
            if line and not line.isspace():
                self._add(line, element, owner, marks)
            else:
                self.pending.append(" ")
                self.touched = True

    def _add(self, text: str, element: int, owner: int, marks: int) -> None:
        self.pending.append(text)
        self.texts.append(text)
        self.marks.append(marks)
        if self.leaf < 0:
            self.leaf, self.owner = element, owner
            self.touched = True

    def _flush(self, broken: bool) -> None:
        pending = self.pending
        if self.leaf >= 0:
            if self.cells:
                bounds = [0, *self.cells, len(pending)]
                cells = ["".join(pending[bounds[i] : bounds[i + 1]]) for i in range(len(bounds) - 1)]
                text = "\t".join(filter(None, map(_spaced, cells)))
            else:
                text = _spaced("".join(pending))
            linked, bold, italic = _shares(self.texts, self.marks)
            links = self.link_count or int(linked > 0)
            self.blocks.text.append(text)
            self.rows.append((self.leaf, self.owner, linked, links, bold, italic, self.broken, self.timed, self.images))
            self.images = 0
            self.broken = broken
            self.leaf = -1
            self.texts.clear()
            self.marks.clear()
        elif not broken:
            self.broken = False
        if pending:
            pending.clear()
            self.cells.clear()
        self.link_count = 0
        self.timed = False
        self.touched = broken


def _shares(texts: Sequence[str], marks: Sequence[int]) -> tuple[float, float, float]:
    """Shares of the letters of some texts, of at least one, that are linked, bold, italic."""
    first = marks[0]
    if len(marks) == 1 or marks.count(first) == len(marks):  # as in most blocks
        return float(first & _LINK > 0), float(first & _BOLD > 0), float(first & _ITALIC > 0)
    total = linked = bold = italic = 0
    for text, own in zip(texts, marks, strict=True):
        size = len(text) - text.count(" ")
        total += size
        if own:
            linked += size * (own & _LINK > 0)
            bold += size * (own & _BOLD > 0)
            italic += size * (own & _ITALIC > 0)
    return linked / total, bold / total, italic / total


def _spaced(text: str) -> str:
    """The text with one space in place of each run of white space, and none at its ends."""
    # nothing that counts as white space is printable but the space
    return text.strip() if "  " not in text and text.isprintable() else " ".join(text.split())


def _columns(rows: Sequence[tuple[Any, ...]]) -> Iterator[list[Any]]:
    return map(list, zip(*rows, strict=True))


def _telling(attributes: Iterable[str]) -> tuple[tuple[str, ...], bool]:
    """Which of an element's attributes name it, in the order of `NAMING`, and whether others may hide it."""
    known = set(attributes)
    naming = known.intersection(NAMING)
    return tuple(sorted(naming, key=NAMING.index)), "aria-hidden" in known or "style" in known


def _is_unseen(attributes: dict[str, str | None]) -> bool:
    """Whether an element is styled as hidden, or hidden from screen readers."""
    return attributes.get("aria-hidden") == "true" or (
        (style := attributes.get("style")) is not None and _UNSEEN_STYLE.search(style) is not None
    )


def visible_text(blocks: Iterable[str]) -> str:
    """The source text of a page: a block a line."""
    return "".join(f"{block}\n" for block in blocks)
