"""Where on a page a block stands, told by the elements around it and their names: codes for reasons of removals."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import repeat

import numpy as np

from cleaner.extraction.together import Pages
from cleaner.scoring.shape import Floats, Integers

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


# How telling tags and words of names are: the first place counts most, 0 says nothing.
_OF_TAG: dict[str, int] = {}
_OF_WORD: dict[str, int] = {}
for _rank, (_, _, _tags, _words) in enumerate(reversed(_PLACES), 1):
    _OF_TAG |= dict.fromkeys(_tags.split(), _rank)
    _OF_WORD |= dict.fromkeys(_words.split(), _rank)
_CODES = ["", *(code for code, *_ in reversed(_PLACES))]
_PAIRS = {word: re.compile(rf"(?:^|-){word}(?:-|$)") for word in _OF_WORD if "-" in word}


def ranks(names: Sequence[str]) -> Integers:
    """How telling names are of a place, each a word or several that hyphens and underscores hold together.

    >>> ranks(["related-stories", "site_header", "story"]).tolist()
    [9, 1, 0]
    """
    whole = " \0 ".join((*names, "")).lower().replace("_", "-")
    words = whole.replace("-", " ").split()
    said = np.fromiter(map(_OF_WORD.get, words, repeat(0)), dtype=np.int64, count=len(words))
    ends = np.flatnonzero([word == "\0" for word in words])
    highest = np.maximum.reduceat(said, np.append(0, ends[:-1] + 1))
    for pair, pattern in _PAIRS.items():
        if pair in whole:
            found = [pattern.search(name) is not None for name in whole.split(" \0 ")[:-1]]
            highest = np.maximum(highest, np.where(found, _OF_WORD[pair], 0))
    return highest


def places(pages: Pages, named: Floats | Integers) -> list[str]:
    """A code for each block, by how telling the names of each context are (`ranks`).

    >>> from cleaner.extraction.page import parse_page
    >>> from cleaner.extraction.together import join
    >>> html = "<nav>Home</nav><div class='related-stories'><p>Other</p></div><p>Story</p><a>More</a>"
    >>> pages = join([parse_page(html)])
    >>> places(pages, ranks(pages.names))
    ['nav', 'related', 'outside', 'links']
    """
    own = np.maximum(named, [_OF_TAG.get(tag, 0) for tag in pages.context_tag])
    highest = pages.gathered(np.where(pages.is_root, 0, own), np.maximum)[pages.context[pages.leaf]]
    codes = [_CODES[rank] for rank in highest.astype(np.int64).tolist()]
    return [
        code or ("links" if linked > 0.5 else "outside")
        for code, linked in zip(codes, pages.linked.tolist(), strict=True)
    ]
