"""HTML to a document of all its visible blocks, in order, each with its markup facts and what extraction says of it.

Which blocks are the story is decided in `cleaner.ingest.judge`; the filter `main_content` removes the others.  Pages
that hold no article are named in ``Document.facts["non_article"]``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import accumulate, repeat

from cleaner.document import NO_WEIGHTS, Document, Markup, Segment
from cleaner.extraction.dates import find_day, iso_date
from cleaner.extraction.metadata import Metadata, Value
from cleaner.extraction.model import BlockModel
from cleaner.extraction.page import CELLS, HEADINGS, Page, PageError
from cleaner.ingest.judge import Judged, Verdicts, judge, open_page
from cleaner.ingest.record import Raw
from cleaner.text import letters, weight

__all__ = ["PageError", "read_html"]

ROLES = {
    **dict.fromkeys(HEADINGS, "heading"),
    **dict.fromkeys(("li", "dd", "dt"), "list item"),
    **dict.fromkeys((*CELLS, "tr", "table"), "table row"),
    **dict.fromkeys(("figcaption", "figure", "caption"), "caption"),
}
# A headline is no longer than this, in words.
HEADLINE_WORDS = 60.0


def read_html(raw: Raw, max_blocks: int, extractor: str = "auto", model: BlockModel | None = None) -> Document:
    """The document of an HTML record: all visible blocks, what extraction says of each, and the page's metadata.

    ``extractor`` is ``auto``, ``blocks`` (the model alone) or the name of an extractor whose word counts alone;
    ``model`` is asked in place of the shipped one.  Text that a page carries as data and not in visible blocks stands
    at the end, with the role ``unseen``, when the visible blocks hold little of it.  A story that a script would draw
    (`cleaner.extraction.scripted`) makes up blocks like others, behind those that are there.  Fields of the record go
    before the page's own metadata.

    Raises `PageError` for pages that cannot be read whole, and `ValueError` for an extractor that is not there.
    """
    (judged,) = judge([open_page(raw, max_blocks)], max_blocks, extractor, model)
    return page_document(judged)


def page_document(judged: Judged) -> Document:
    """The document of a page.  Raises `PageError` where it has no text."""
    opened, verdicts, found = judged.opened, judged.verdicts, judged.found
    raw, page, known = opened.raw, opened.page, opened.known
    texts = page.blocks.text
    if not texts and not verdicts.unseen:
        raise PageError("no_text", "no visible text: an empty page, a script shell or frames only")
    lines = [*texts, *verdicts.unseen]
    roles, markups = _markups(page, known, judged.where, verdicts)
    roles += ["unseen"] * len(verdicts.unseen)
    markups += [_UNSEEN] * len(verdicts.unseen)
    ends = [*accumulate([len(text) + 1 for text in lines])]
    rows = zip([0, *ends[:-1]], ends, range(1, len(lines) + 1), roles, markups, repeat(None, len(lines)), strict=True)
    facts: dict[str, object] = {"witness": verdicts.witness is not None}
    if found is not None:
        facts["non_article"] = found
    day = raw.date or (iso_date(known.published.text) if known.published else None)
    if day is None and found is None:
        known = replace(known, published=find_day(page, known, raw.url))
        day = known.published.text if known.published else None
    facts["page"] = _facts(known)
    address = raw.url or (known.canonical.text if known.canonical else None)
    return Document(
        id=raw.id,
        text="\n".join([*lines, ""]),
        segments=tuple(map(Segment._make, rows)),
        source=raw.source,
        url=address,
        site=raw.site or host(address) or (known.site.text if known.site else None),
        title=raw.title or (known.title.text if known.title else None),
        author=raw.author or ", ".join(author.text for author in known.authors) or None,
        date=day,
        language=raw.language or (known.language.text if known.language else None),
        facts=facts,
    )


def host(url: str | None) -> str | None:
    """The host of a URL without ``www.``.

    >>> host("https://www.example.org/story"), host("story.html")
    ('example.org', None)
    """
    from urllib.parse import urlsplit

    try:
        name = urlsplit(url).hostname if url else None
    except ValueError:
        return None
    return name.removeprefix("www.") if name else None


_UNSEEN = Markup(path=("script",), names=(), link_density=0.0, witness=True, place="data")


def _role(path: tuple[str, ...]) -> str:
    return ROLES.get(path[-1]) or ("list item" if "li" in path[-3:] else "paragraph")


def _markups(page: Page, known: Metadata, where: Sequence[str], verdicts: Verdicts) -> tuple[list[str], list[Markup]]:
    """The roles and the markup of all blocks."""
    blocks, contexts, context = page.blocks, page.contexts, page.elements.context
    paths = [page.paths[number] for number in contexts.path]
    around: list[tuple[str, ...]] = []
    for outer, names in zip(contexts.outer, contexts.names, strict=True):
        outside = around[outer] if around else ()
        around.append((*outside, names) if names else outside)
    headlines = _headlines(blocks.text, verdicts.keys, known)
    own = [context[owner] for owner in blocks.owner]
    roles = {one: _role(paths[one]) for one in set(own)}
    heard, story = ([None] * len(own) if one is None else one for one in (verdicts.witness, verdicts.story))
    facts = zip(
        [paths[one] for one in own],
        [around[context[leaf]] for leaf in blocks.leaf],
        blocks.linked,
        verdicts.kept,
        story,
        heard,
        where,
        [verdicts.because.get(place, NO_WEIGHTS) for place in range(len(own))],
        headlines,
        strict=True,
    )
    said = ["headline" if is_headline else roles[one] for is_headline, one in zip(headlines, own, strict=True)]
    return said, [*map(Markup._make, facts)]


def _headlines(texts: Sequence[str], letters_of: Sequence[str], known: Metadata) -> list[bool]:
    """Whether a block repeats what the page names as its title, as a heading or as a line that is no prose."""
    keys = {key for title in known.titles if (key := letters(title))}
    longest = 3 * max(map(len, keys), default=0) + 20
    return [
        key in keys and len(text) <= longest and weight(text) <= HEADLINE_WORDS
        for key, text in zip(letters_of, texts, strict=True)
    ]


def _facts(known: Metadata) -> dict[str, object]:
    """What the page says about itself beyond the fields of a document, each value with its source."""
    named: dict[str, Value | None] = {
        "title": known.title,
        "date": known.published,
        "modified": known.modified,
        "site": known.site,
        "section": known.section,
        "language": known.language,
        "canonical": known.canonical,
        "description": known.description,
    }
    facts: dict[str, object] = {
        name: {"value": value.text, "source": value.source} for name, value in named.items() if value is not None
    }
    if known.authors:
        facts["author"] = {
            "value": ", ".join(author.text for author in known.authors), "source": known.authors[0].source
        }  # fmt: skip
    return facts
