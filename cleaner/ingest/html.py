"""HTML to a document of all its visible blocks, in order, each with its markup facts.

The page is parsed once; trafilatura, the witness for what is main content, reads the same tree afterwards (see
`cleaner.filters.main_content`).  Left out, because no reader sees it: scripts, styles, templates, ``noscript``, form
controls, embedded objects, and elements with the ``hidden`` attribute.  Everything else is a segment.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from lxml import etree
from lxml.html import HtmlElement

from cleaner.document import Document, Markup, Segment
from cleaner.errors import CleanerError
from cleaner.ingest.align import align
from cleaner.ingest.record import Raw

INVISIBLE = frozenset(
    "script style template noscript head title meta link base object embed applet iframe frame frameset noframes svg "
    "math canvas audio video map area select option optgroup datalist textarea input progress meter param source "
    "track rp".split()
)
BLOCKS = frozenset(
    "html body address article aside blockquote center dd details dialog dir div dl dt fieldset figcaption figure "
    "footer form h1 h2 h3 h4 h5 h6 header hgroup hr legend li main menu nav ol p pre section summary table caption "
    "colgroup col thead tbody tfoot tr ul search button".split()
)
CELLS = frozenset(("td", "th"))
HEADINGS = frozenset(("h1", "h2", "h3", "h4", "h5", "h6"))
ROLES = {
    **dict.fromkeys(HEADINGS, "heading"),
    **dict.fromkeys(("li", "dd", "dt"), "list item"),
    **dict.fromkeys(("td", "th", "tr", "table"), "table row"),
    **dict.fromkeys(("figcaption", "figure", "caption"), "caption"),
}
# libxml2 cuts a page off below this depth without a word; deeper pages are refused instead (see `PageError`).
MAX_DEPTH = 255
# Markup of text that stands in no visible block.
UNSEEN = Markup(path=("script",), tokens=frozenset(), link_density=0.0, witness=True)


class PageError(CleanerError, ValueError):
    """A page that cannot be read whole.  ``reason`` is a code of docs/output.md."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Page:
    """A parsed page: its tree, and the text and markup facts of its visible blocks, in order."""

    tree: HtmlElement
    blocks: list[tuple[str, Markup]]


def read_page(html: str) -> Page:
    """Parse a page and collect its visible blocks.

    Raises `PageError` with reason ``not_html`` when no tree comes out, and ``too_deep`` when elements are nested
    deeper than the parser goes (255).

    >>> page = read_page("<html><body><nav><a href=/>Home</a></nav><p>The <b>story</b>.<br>More.</p></body></html>")
    >>> [(text, markup.tag, markup.link_density) for text, markup in page.blocks]
    [('Home', 'nav', 1.0), ('The story.', 'p', 0.0), ('More.', 'p', 0.0)]
    """
    import trafilatura

    try:
        tree = trafilatura.load_html(html)
    except (ValueError, etree.ParserError) as error:
        raise PageError("not_html", f"the parser gave up: {error}") from error
    if tree is None:
        raise PageError("not_html", "nothing in the file parses as an HTML page")
    return Page(tree, list(_Walk().blocks(tree)))


def _role(markup: Markup) -> str:
    return ROLES.get(markup.tag) or ("list item" if "li" in markup.path[-3:] else "paragraph")


_BLANKS = re.compile(r"[\s\x1c-\x1f]+")
# Stands between two cells of a table row while the row is collected; the parser lets no such character through.
_CELL = "\x1f"


@dataclass
class _Walk:
    """One pass over the tree, without recursion: a page may be nested as deep as the parser allows."""

    path: list[str] = field(default_factory=list)
    classes: list[frozenset[str]] = field(default_factory=lambda: [frozenset()])
    pending: list[str] = field(default_factory=list)
    chars: int = 0
    linked: int = 0
    links: int = 0
    owner: tuple[tuple[str, ...], frozenset[str]] | None = None
    hidden: int = 0
    pre: int = 0

    def blocks(self, tree: HtmlElement) -> Iterator[tuple[str, Markup]]:
        for event, element in etree.iterwalk(tree, events=("start", "end", "comment", "pi")):
            tag = element.tag
            if not isinstance(tag, str):
                if event in ("comment", "pi"):
                    yield from self._text(element.tail)
                continue
            if event == "start":
                yield from self._open(element, tag)
            else:
                yield from self._close(element, tag)
        yield from self._flush()

    def _open(self, element: HtmlElement, tag: str) -> Iterator[tuple[str, Markup]]:
        if self.hidden or tag in INVISIBLE or element.get("hidden") is not None:
            self.hidden += 1
            return
        if tag in BLOCKS or tag == "br":
            yield from self._flush()
        elif tag in CELLS and self.pending:
            self.pending.append(_CELL)
        self.path.append(tag)
        if len(self.path) >= MAX_DEPTH:
            raise PageError("too_deep", f"elements nested deeper than {MAX_DEPTH}: the parser would cut the page off")
        named = f"{element.get('class') or ''} {element.get('id') or ''}"[:1000].lower().split()
        self.classes.append(self.classes[-1].union(named) if named else self.classes[-1])
        self.links += tag == "a"
        self.pre += tag == "pre"
        yield from self._text(element.text)

    def _close(self, element: HtmlElement, tag: str) -> Iterator[tuple[str, Markup]]:
        if self.hidden:
            self.hidden -= 1
        else:
            if tag in BLOCKS:
                yield from self._flush()
            self.links -= tag == "a"
            self.pre -= tag == "pre"
            self.path.pop()
            self.classes.pop()
        yield from self._text(element.tail)

    def _text(self, text: str | None) -> Iterator[tuple[str, Markup]]:
        if not text or self.hidden or not self.path:
            return
        if self.pre and "\n" in text:
            for line in text.splitlines():
                self._add(line)
                yield from self._flush()
            return
        self._add(text)

    def _add(self, text: str) -> None:
        self.pending.append(text)
        letters = len(text) - text.count(" ")
        if not text.isspace():
            if self.owner is None:
                self.owner = (tuple(self.path), self.classes[-1])
            self.chars += letters
            self.linked += letters if self.links else 0

    def _flush(self) -> Iterator[tuple[str, Markup]]:
        if self.owner is not None:
            cells = (_BLANKS.sub(" ", piece).strip() for piece in "".join(self.pending).split(_CELL))
            text = "\t".join(filter(None, cells))
            path, names = self.owner
            yield text, Markup(_block_path(path), names, self.linked / self.chars if self.chars else 0.0)
        self.pending.clear()
        self.chars = self.linked = 0
        self.owner = None


def _block_path(path: tuple[str, ...]) -> tuple[str, ...]:
    """The path up to the innermost block element: a link inside a paragraph does not make the block a link."""
    for index in range(len(path) - 1, -1, -1):
        if path[index] in BLOCKS or path[index] in CELLS:
            return path[: index + 1]
    return path


def read_html(raw: Raw, max_blocks: int) -> Document:
    """The document of an HTML record: all visible blocks, what trafilatura takes of them, and the page's metadata.

    Each segment's markup says whether the witness took the block.  Text that the witness found outside the visible
    blocks (structured data of pages that are drawn by scripts) stands at the end, with the role ``unseen``.  Fields
    of the record go before the page's own metadata.

    Raises `PageError` for pages that cannot be read whole.
    """
    import trafilatura

    page = read_page(raw.html or "")
    if len(page.blocks) > max_blocks:
        raise PageError("too_many_blocks", f"{len(page.blocks):,} blocks, more than {max_blocks:,} (see --max-blocks)")
    declared = page.tree.get("lang") or page.tree.get("{http://www.w3.org/XML/1998/namespace}lang")
    # Never deduplicate=True: it carries state from page to page and deletes by call order.
    found: Any = trafilatura.bare_extraction(
        page.tree, url=raw.url, include_comments=False, deduplicate=False, with_metadata=True
    )
    blocks = [text for text, _ in page.blocks]
    said = (found.text or "") if found is not None else ""
    alignment = align(said.split("\n"), blocks)
    known = found if found is not None else trafilatura.extract_metadata(page.tree, default_url=raw.url)
    parts: list[str] = []
    segments: list[Segment] = []
    position = 0
    rows = [
        (text, replace(markup, witness=taken))
        for (text, markup), taken in zip(page.blocks, alignment.taken, strict=True)
    ]
    rows += [(text, UNSEEN) for line in alignment.unseen if (text := _BLANKS.sub(" ", line).strip())]
    for text, markup in rows:
        role = "unseen" if markup is UNSEEN else _role(markup)
        segments.append(Segment(position, position + len(text) + 1, len(segments) + 1, role, markup))
        parts.append(f"{text}\n")
        position += len(text) + 1
    if not segments:
        raise PageError("no_text", "no visible text: an empty page, a script shell or frames only")
    return Document(
        id=raw.id,
        text="".join(parts),
        segments=tuple(segments),
        source=raw.source,
        url=raw.url or known.url,
        site=raw.site or known.hostname or known.sitename,
        title=raw.title or known.title,
        author=raw.author or known.author,
        date=raw.date or known.date,
        language=raw.language or known.language or declared,
    )
