"""Where on a page a block stands, told by the elements around it and their names: codes for reasons of removals."""

from __future__ import annotations

import re
from functools import lru_cache

import numpy as np

from cleaner.extraction.together import Pages

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


def places(pages: Pages) -> list[str]:
    """A code for each block.

    >>> from cleaner.extraction.page import parse_page
    >>> from cleaner.extraction.together import join
    >>> html = "<nav>Home</nav><div class='related-stories'><p>Other</p></div><p>Story</p><a>More</a>"
    >>> places(join([parse_page(html)]))
    ['nav', 'related', 'outside', 'links']
    """
    said = {names: _of_names(names) for names in dict.fromkeys(pages.names)}
    own = [_OF_TAG.get(tag, 0) | said[names] for tag, names in zip(pages.context_tag, pages.names, strict=True)]
    bits = pages.gathered(np.where(pages.is_root, 0, own), np.bitwise_or)[pages.context[pages.leaf]]
    codes = {found: _PLACES[(found & -found).bit_length() - 1][0] for found in np.unique(bits).tolist() if found}
    return [
        codes[found] if found else "links" if linked > 0.5 else "outside"
        for found, linked in zip(bits.tolist(), pages.linked.tolist(), strict=True)
    ]


def _of_names(names: str) -> int:
    bits = 0
    for name in names.split():
        bits |= _of_name(name)
    return bits
