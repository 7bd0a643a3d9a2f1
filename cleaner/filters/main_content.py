"""Page furniture of an HTML page: every visible block that trafilatura does not count to the main content.

trafilatura is the witness; its verdict on each block is a markup fact (see `cleaner.ingest.html`).  What it left out
is removed here, with a removal, so that it can be audited and restored.  Text without markup is left alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from cleaner.chain import View
from cleaner.document import Markup, Removal

NAME = "main_content"


class MainContent:
    """Removes the blocks that the extractor did not take; the rule of each tells where on the page it stood."""

    name = NAME

    def removals(self, view: View) -> Iterable[Removal]:
        """One removal for each block whose markup says ``witness=False``."""
        for line in view.lines:
            markup = line.segment.markup
            if markup is not None and markup.witness is False:
                rule, where = place(markup)
                yield line.remove(NAME, rule, f"Not in the main content: {where}.", CONFIDENCE[rule])


# Where a removed block stands, most telling first: reason code, the words for it, elements, class or id tokens.
_PLACES: tuple[tuple[str, str, frozenset[str], re.Pattern[str]], ...] = tuple(
    (rule, where, frozenset(elements.split()), re.compile(names))
    for rule, where, elements, names in (
        ("nav", "navigation", "nav menu", r"(?:^|[-_])(?:nav|navbar|menu|breadcrumbs?)(?:[-_]|$)"),
        ("footer", "the page's footer", "footer", r"(?:^|[-_])footer(?:[-_]|$)"),
        ("comments", "reader comments", "", r"(?:^|[-_])(?:comments?|disqus)(?:[-_]|$)"),
        ("related", "teasers for other stories", "", r"(?:^|[-_])(?:related|recommended|teasers?|promo)(?:[-_]|$)"),
        ("aside", "a sidebar", "aside", r"(?:^|[-_])(?:aside|sidebar)(?:[-_]|$)"),
        ("form", "a form", "form fieldset button", r"(?:^|[-_])(?:form|newsletter)(?:[-_]|$)"),
        ("caption", "a figure or caption", "figure figcaption caption", r"(?:^|[-_])caption(?:[-_]|$)"),
        ("header", "the page's header", "header", r"(?:^|[-_])(?:masthead|site-header)(?:[-_]|$)"),
    )
)

# Precision of these removals on the development benchmark (1,096 pages), weighted by words: a removal is wrong when the
# gold text holds the block (equal, contained, or 80 % of its 4-grams).  Printed by ``make bench-quality``.  What the
# extractor leaves out in the midst of a page is story in more than a third of the words: its own errors.
CONFIDENCE = {
    "nav": 0.95,
    "footer": 0.94,
    "comments": 0.99,
    "related": 0.96,
    "aside": 0.89,
    "form": 0.98,
    "caption": 0.89,
    "header": 0.93,
    "links": 0.87,
    "outside": 0.62,
}


def place(markup: Markup) -> tuple[str, str]:
    """Reason code and words for where a block stands on its page.

    >>> place(Markup(("html", "body", "nav", "li"), frozenset(), 1.0))
    ('nav', 'navigation')
    """
    for rule, where, elements, names in _PLACES:
        if not elements.isdisjoint(markup.path) or any(names.search(token) for token in markup.tokens):
            return rule, where
    if markup.link_density > 0.5:
        return "links", "mostly links"
    return "outside", "outside the story as the extractor sees it"
