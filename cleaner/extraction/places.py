"""Where on a page a block stands, told by the elements around it and their names: codes for reasons of removals."""

from __future__ import annotations

import re
from functools import lru_cache

from cleaner.extraction.page import Page

# Most telling first: code, what a person is told, elements, class or id tokens.
_PLACES: tuple[tuple[str, str, frozenset[str], re.Pattern[str]], ...] = tuple(
    (code, told, frozenset(tags.split()), re.compile(rf"(?:^|[-_\s])(?:{names})(?:[-_\s]|$)"))
    for code, told, tags, names in (
        ("nav", "navigation", "nav menu", "nav|navbar|menu|breadcrumbs?|navigation"),
        ("footer", "the page's footer", "footer", "footer|contentinfo"),
        ("comments", "reader comments", "", "comments?|disqus|commentlist|respond"),
        ("related", "teasers for other stories", "", "related|recommended|recommendations|teasers?|promo|trending"),
        ("aside", "a sidebar", "aside", "aside|sidebar|complementary"),
        ("consent", "a notice about cookies or consent", "dialog", "cookies?|consent|gdpr|onetrust|didomi|cmp"),
        ("form", "a form", "form fieldset button", "form|newsletter|signup|subscribe"),
        ("share", "buttons to share", "", "share|sharing|social"),
        ("byline", "author or date", "", "byline|authors?|dateline|timestamp|pubdate|published|bio"),
        ("caption", "a figure or caption", "figure figcaption caption", "captions?|wp-caption"),
        ("tags", "topics and tags", "", "tags?|topics?|keywords"),
        ("header", "the page's header", "header", "masthead|site-header|banner"),
    )
)
TOLD = {code: told for code, told, _, _ in _PLACES} | {
    "links": "mostly links",
    "outside": "outside the story",
}
"""What a person is told of each place."""


@lru_cache(maxsize=65536)
def _bits(tag: str, names: str) -> int:
    lower = names.lower()
    return sum(
        1 << place
        for place, (_, _, tags, pattern) in enumerate(_PLACES)
        if tag in tags or (lower and pattern.search(lower) is not None)
    )


def places(page: Page) -> list[str]:
    """A code for each block.

    >>> from cleaner.extraction.page import parse_page
    >>> places(parse_page("<nav>Home</nav><div class='related-stories'><p>Other</p></div><p>Story</p><a>More</a>"))
    ['nav', 'related', 'outside', 'links']
    """
    contexts, context = page.contexts, page.elements.context
    codes: list[str] = []  # of each context, empty where nothing tells
    bits: list[int] = []
    for outer, tag, names in zip(contexts.outer, contexts.tag, contexts.names, strict=True):
        found = bits[outer] | _bits(tag, names) if bits else 0
        bits.append(found)
        codes.append(_PLACES[(found & -found).bit_length() - 1][0] if found else "")
    return [
        codes[context[leaf]] or ("links" if linked > 0.5 else "outside")
        for leaf, linked in zip(page.blocks.leaf, page.blocks.linked, strict=True)
    ]
