"""What a page says about itself: JSON-LD, Open Graph and other meta tags, microdata, links; each value with its source.

Nothing is guessed from the text of the story.  Values are taken in the order of trust in which `read_metadata` lists
the sources; the first that is not empty counts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser

# Structured data of the development benchmark stays below a tenth of these.
MAX_SCRIPTS = 50
MAX_SCRIPT_CHARS = 2_000_000
MAX_ITEMS = 2_000

ARTICLE_TYPES = frozenset(
    "article newsarticle blogposting reportagenewsarticle analysisnewsarticle opinionnewsarticle backgroundnewsarticle "
    "reviewnewsarticle liveblogposting scholarlyarticle techarticle socialmediaposting report review "
    "medicalscholarlyarticle satiricalarticle askpublicnewsarticle advertisercontentarticle".split()
)
_TAGS = re.compile(r"<[^<>]{0,500}>")


@dataclass(frozen=True, slots=True)
class Value:
    """A value and where it comes from: ``json-ld``, ``meta:og:title``, ``microdata``, ``h1``, ``h2``, ``record`` …"""

    text: str
    source: str


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a page says about itself.  ``body`` and ``kind`` are the article's text and type in structured data."""

    title: Value | None = None
    titles: tuple[str, ...] = ()
    """All that the page names as its title, most trusted first; the title of the window may carry the site's name."""
    description: Value | None = None
    descriptions: tuple[str, ...] = ()
    """All that the page gives as its description."""
    authors: tuple[Value, ...] = ()
    published: Value | None = None
    page_published: Value | None = None
    """The day of publication of another thing in structured data, most often of the page."""
    modified: Value | None = None
    site: Value | None = None
    section: Value | None = None
    language: Value | None = None
    canonical: Value | None = None
    body: str = ""
    """Paragraphs, a line each; pages that are drawn by scripts carry their story there."""
    kind: str = ""
    """The type that the page claims: ``article``, another Open Graph or JSON-LD type in lower case, or nothing."""
    locked: bool = False
    """The page says that it is not free to read."""


def text_of(value: object) -> str:
    """A string of structured data as a reader would see it: entities and tags gone, white space collapsed.

    >>> text_of("Rock &amp; <b>Roll</b>"), text_of(None), text_of([])
    ('Rock & Roll', '', '')
    """
    if not isinstance(value, str):
        return ""
    text = unescape(value)
    if "<" in text:
        text = _TAGS.sub("", text)
    return " ".join(text.split())


def read_metadata(tree: LexborHTMLParser, url: str | None = None) -> Metadata:
    """Metadata of a parsed page.  Never raises for bad structured data: what does not parse is not there.

    >>> tree = LexborHTMLParser('''<html lang="en-GB"><title>Bridge opens | Elm Post</title>
    ... <meta property="og:title" content="Bridge opens"><script type="application/ld+json">
    ... {"@type": "NewsArticle", "author": {"name": "Ann Oak"}, "datePublished": "2021-05-04T08:00:00Z"}</script>''')
    >>> known = read_metadata(tree)
    >>> known.title, known.authors
    (Value(text='Bridge opens', source='meta:og:title'), (Value(text='Ann Oak', source='json-ld'),))
    >>> known.published.text, known.language.text, known.titles
    ('2021-05-04T08:00:00Z', 'en', ('Bridge opens', 'Bridge opens | Elm Post'))
    """
    named = _meta_tags(tree)
    items = list(_items(tree))
    article = next((item for item in items if _types(item) & ARTICLE_TYPES), {})
    micro = _microdata(tree)
    headings = [text for node in tree.css("h1")[:3] if (text := " ".join(node.text().split()))]
    window = tree.css_first("head > title") or tree.css_first("title")
    window_title = " ".join(window.text().split()) if window is not None else ""

    def meta(*names: str) -> list[Value]:
        return [Value(named[name], f"meta:{name}") for name in names if name in named]

    def linked(*values: object) -> list[Value]:
        return [Value(text, "json-ld") for value in values for text in _strings(value)]

    def marked(name: str) -> list[Value]:
        return [Value(text, "microdata") for text in micro.get(name, ())]

    titles = [
        *linked(article.get("headline")),
        *meta("og:title"),
        *marked("headline"),
        *meta("twitter:title", "parsely-title", "sailthru.title", "dc.title", "title"),
        *(Value(text, "h1") for text in headings),
        *([Value(window_title, "title")] if window_title else []),
    ]
    titles += _lower_headings(tree, headings, titles)
    descriptions = [
        *linked(article.get("description")),
        *meta("og:description", "description", "twitter:description"),
    ]
    publisher = article.get("publisher")
    return Metadata(
        title=_best_title(titles),
        titles=tuple(dict.fromkeys(title.text for title in titles)),
        description=_first(descriptions),
        descriptions=tuple(dict.fromkeys(one.text for one in descriptions)),
        authors=tuple(_authors(article, named, micro)),
        published=_first(
            linked(article.get("datePublished")),
            meta(
                "article:published_time",
                "og:article:published_time",
                "parsely-pub-date",
                "sailthru.date",
                "datepublished",
                "publishdate",
                "publish-date",
                "pubdate",
                "date",
                "dc.date",
                "dc.date.issued",
                "dcterms.created",
                "cxenseparse:recs:publishtime",
            ),
            marked("datePublished"),
        ),
        page_published=_first([one for item in items for one in linked(item.get("datePublished"))]),
        modified=_first(
            linked(article.get("dateModified")),
            meta("article:modified_time", "og:updated_time", "last-modified", "dcterms.modified"),
            marked("dateModified"),
        ),
        site=_first(meta("og:site_name"), linked(publisher), meta("application-name", "twitter:site", "publisher")),
        section=_first(
            linked(article.get("articleSection")), meta("article:section", "parsely-section", "section", "category")
        ),
        language=_language(tree, article, named),
        canonical=_canonical(tree, named, url),
        body="\n".join(filter(None, map(text_of, str(article.get("articleBody") or "").splitlines()))),
        locked=str(article.get("isAccessibleForFree", "")).lower() == "false"
        or named.get("article:content_tier", "").lower() in ("locked", "metered"),
        kind=_kind(article, named, items),
    )


def _first(*values: Sequence[Value]) -> Value | None:
    return next((value for group in values for value in group if value.text), None)


def _best_title(titles: Sequence[Value]) -> Value | None:
    """The first, without the site's name at a separator when another of the titles says where it ends."""
    if not titles:
        return None
    first = titles[0]
    for other in titles[1:]:
        if _is_part(other.text, first.text, _BEHIND) or (other.source in _LOWER and _is_named(other.text, first.text)):
            return other
    return first


# A part of a title that is shorter may be a section or a label.
TITLE_CHARS = 15
# Headings looked at: a page without a headline may be a list of hundreds.
MAX_HEADINGS = 50
_LOWER = ("h2", "h3")
_BEHIND = re.compile(r"\s*[|\-–—·•:»]\s")
# Behind a colon stands more of the title rather than a name.
_NAME_BEHIND, _NAME_BEFORE = re.compile(r"\s*[|\-–—·•»]\s"), re.compile(r"[|\-–—·•:»«]\s+$")


def _is_part(part: str, title: str, separator: re.Pattern[str]) -> bool:
    """Whether a title is this part and something behind a separator."""
    rest = title.removeprefix(part)
    return rest != title and len(part) >= TITLE_CHARS and separator.match(rest) is not None


def _is_named(part: str, title: str) -> bool:
    """Whether a title is this part and the name of a site or section, behind or before it."""
    rest = title.removesuffix(part)
    is_behind = rest != title and len(part) >= TITLE_CHARS and _NAME_BEFORE.search(rest) is not None
    return is_behind or _is_part(part, title, _NAME_BEHIND)


def _lower_headings(tree: LexborHTMLParser, headings: Sequence[str], titles: Sequence[Value]) -> list[Value]:
    """Where no first heading is a title or part of one: a lower one that is one beside a name.

    Of the labelled pages 16 have no heading that is their title; on six this finds one, which is the labelled title.
    """
    known = [title.text for title in titles if title.source != "h1"]
    if any(heading in title for heading in headings for title in known):
        return []
    for node in tree.css(", ".join(_LOWER))[:MAX_HEADINGS]:
        text = " ".join(node.text().split())
        if any(_is_named(text, title) for title in known):
            return [Value(text, node.tag or "")]
    return []


def _meta_tags(tree: LexborHTMLParser) -> dict[str, str]:
    """The first value that is not empty of each name, in lower case."""
    named: dict[str, str] = {}
    for node in tree.css("meta[content]")[:MAX_ITEMS]:
        attributes = node.attributes
        name = attributes.get("property") or attributes.get("name") or attributes.get("itemprop")
        if name and (name := name.lower()) not in named and (content := text_of(attributes.get("content"))):
            named[name] = content
    return named


def _items(tree: LexborHTMLParser) -> Iterator[dict[str, Any]]:
    """All objects of a page's JSON-LD that have a type, graphs and lists unfolded."""
    count = 0
    for node in tree.css('script[type="application/ld+json"]')[:MAX_SCRIPTS]:
        code = node.text()
        if len(code) > MAX_SCRIPT_CHARS:
            continue
        try:
            found: list[object] = [json.loads(code.strip().removesuffix(";"), strict=False)]
        except (ValueError, RecursionError):
            continue
        while found and count < MAX_ITEMS:
            value = found.pop(0)
            count += 1
            if isinstance(value, list):
                found[:0] = value[:MAX_ITEMS]
            elif isinstance(value, dict):
                if "@type" in value:
                    yield value
                for key in ("@graph", "mainEntity", "mainEntityOfPage", "itemListElement"):
                    if isinstance(value.get(key), list | dict):
                        found.append(value[key])


def _types(item: Mapping[str, Any]) -> set[str]:
    kinds = item.get("@type")
    return {
        kind.rsplit("/", 1)[-1].lower()
        for kind in (kinds if isinstance(kinds, list) else [kinds])
        if isinstance(kind, str)
    }


def _strings(value: object) -> Iterator[str]:
    """What a property names: strings, the names of things, and those of lists."""
    for one in value[:50] if isinstance(value, list) else [value]:
        named = one.get("name") if isinstance(one, dict) else one
        text = text_of(named[0] if isinstance(named, list) and named else named)
        if text:
            yield text


def _microdata(tree: LexborHTMLParser) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for node in tree.css(
        "[itemprop=headline], [itemprop=datePublished], [itemprop=dateModified], [itemprop=author], [rel=author]"
    )[:MAX_ITEMS]:
        attributes = node.attributes
        name = attributes.get("itemprop") or "rel-author"
        inner = node.css_first("[itemprop=name]") if name == "author" else None
        text = text_of(attributes.get("content") or attributes.get("datetime") or (inner or node).text())
        if text and len(text) < 500:
            found.setdefault(name, []).append(text)
    return found


AUTHOR_TAGS = (
    "author", "article:author", "parsely-author", "sailthru.author", "dc.creator", "byl", "cxenseparse:author",
)  # fmt: skip
_NO_NAME = re.compile(r"^(?:https?:|www\.|@)|^\W*$", re.IGNORECASE)
_BY = re.compile(r"^(?:by|von|par|por|da|door|av|af)\s+", re.IGNORECASE)


def _authors(article: Mapping[str, Any], named: Mapping[str, str], micro: Mapping[str, list[str]]) -> Iterator[Value]:
    """The authors of the first source that names any."""
    sources: list[tuple[str, list[str]]] = [
        ("json-ld", [*_strings(article.get("author")), *_strings(article.get("creator"))]),
        *(
            (f"meta:{name}", [named[name]])
            for name in AUTHOR_TAGS
            if name in named
        ),
        ("microdata", micro.get("author", [])),
        ("microdata", micro.get("rel-author", [])),
    ]  # fmt: skip
    for source, names in sources:
        known: dict[str, None] = {}
        for name in names:
            bare = _BY.sub("", name).strip()
            if bare and len(bare) <= 200 and not _NO_NAME.match(bare):
                known.setdefault(bare)
        if known:
            yield from (Value(name, source) for name in known)
            return


_LANGUAGE = re.compile(r"^[a-zA-Z]{2,3}(?=$|[-_])")


def _language(tree: LexborHTMLParser, article: Mapping[str, Any], named: Mapping[str, str]) -> Value | None:
    root = tree.css_first("html")
    attributes = root.attributes if root is not None else {}
    for text, source in (
        (attributes.get("lang") or attributes.get("xml:lang"), "html lang"),
        (next(_strings(article.get("inLanguage")), None), "json-ld"),
        (named.get("content-language"), "meta:content-language"),
        (named.get("og:locale"), "meta:og:locale"),
    ):
        match = _LANGUAGE.match(text.strip()) if text else None
        if match:
            return Value(match[0].lower(), source)
    return None


def _canonical(tree: LexborHTMLParser, named: Mapping[str, str], url: str | None) -> Value | None:
    link = tree.css_first('link[rel="canonical"]')
    for text, source in (
        (link.attributes.get("href") if link is not None else None, "link:canonical"),
        (named.get("og:url"), "meta:og:url"),
    ):
        try:
            address = urljoin(url or "", (text or "").strip())
            parts = urlsplit(address)
        except ValueError:
            continue
        if parts.scheme in ("http", "https") and parts.hostname:
            return Value(address, source)
    return None


def _kind(article: Mapping[str, Any], named: Mapping[str, str], items: Sequence[Mapping[str, Any]]) -> str:
    if article:
        return "article"
    declared = named.get("og:type", "").lower()
    if declared:
        return "article" if declared.startswith("article") else declared
    return next((kind for item in items for kind in sorted(_types(item))), "")
