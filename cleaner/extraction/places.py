"""Where on a page a block stands, told by the elements around it and their names: codes for reasons of removals."""

from __future__ import annotations

import re
from functools import lru_cache

from cleaner.extraction.page import Page

# Most telling first: code, what a person is told, elements, words of class names and the like.
_PLACES: tuple[tuple[str, str, str, str], ...] = (
    ("nav", "navigation", "nav menu", "nav navbar menu breadcrumb breadcrumbs navigation"),
    ("footer", "the page's footer", "footer", "footer contentinfo"),
    ("comments", "reader comments", "", "comment comments disqus commentlist respond"),
    (
        "related",
        "teasers for other stories",
        "",
        "related recommended recommendations teaser teasers promo trending",
    ),
    ("aside", "a sidebar", "aside", "aside sidebar complementary"),
    ("consent", "a notice about cookies or consent", "dialog", "cookie cookies consent gdpr onetrust didomi cmp"),
    ("form", "a form", "form fieldset button", "form newsletter signup subscribe"),
    ("share", "buttons to share", "", "share sharing social"),
    ("byline", "author or date", "", "byline author authors dateline timestamp pubdate published bio"),
    ("caption", "a figure or caption", "figure figcaption caption", "caption captions"),
    ("tags", "topics and tags", "", "tag tags topic topics keywords"),
    ("header", "the page's header", "header", "masthead site-header banner"),
)
TOLD = {code: told for code, told, _, _ in _PLACES} | {
    "links": "mostly links",
    "outside": "outside the story",
}
"""What a person is told of each place."""


_OF_TAG: dict[str, int] = {}
_OF_WORD: dict[str, int] = {}
for _place, (_, _, _tags, _words) in enumerate(_PLACES):
    _OF_TAG |= {tag: _OF_TAG.get(tag, 0) | 1 << _place for tag in _tags.split()}
    _OF_WORD |= dict.fromkeys(_words.split(), 1 << _place)
_PAIRS = [word for word in _OF_WORD if "-" in word]


@lru_cache(maxsize=65536)
def _of_name(name: str) -> int:
    """What a name says, a word or several that hyphens and underscores hold together: a bit for each place."""
    lower = name.lower()
    words = lower.replace("_", "-").split("-")
    bits = 0
    for word in words:
        bits |= _OF_WORD.get(word, 0)
    for pair in _PAIRS:
        if pair in lower and re.search(rf"(?:^|[-_]){pair}(?:[-_]|$)", lower):
            bits |= _OF_WORD[pair]
    return bits


def places(page: Page) -> list[str]:
    """A code for each block.

    >>> from cleaner.extraction.page import parse_page
    >>> places(parse_page("<nav>Home</nav><div class='related-stories'><p>Other</p></div><p>Story</p><a>More</a>"))
    ['nav', 'related', 'outside', 'links']
    """
    contexts, context = page.contexts, page.elements.context
    codes: list[str] = []  # of each context, empty where nothing tells
    bits: list[int] = []
    said: dict[str, int] = {}
    for outer, tag, names in zip(contexts.outer, contexts.tag, contexts.names, strict=True):
        own = said.get(names)
        if own is None:
            own = 0
            for name in names.split():
                own |= _of_name(name)
            said[names] = own
        found = bits[outer] | _OF_TAG.get(tag, 0) | own if bits else 0
        bits.append(found)
        codes.append(_PLACES[(found & -found).bit_length() - 1][0] if found else "")
    return [
        codes[context[leaf]] or ("links" if linked > 0.5 else "outside")
        for leaf, linked in zip(page.blocks.leaf, page.blocks.linked, strict=True)
    ]
