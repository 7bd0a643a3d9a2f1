"""The two calls most programs need: clean a text, clean a page."""

from __future__ import annotations

from functools import lru_cache

from cleaner.chain import Outcome
from cleaner.ingest.record import Raw
from cleaner.pipeline import Cleaner


@lru_cache(maxsize=1)
def _default() -> Cleaner:
    return Cleaner()


def clean(text: str, *, language: str | None = None, site: str | None = None, title: str | None = None) -> Outcome:
    """Clean an extracted text, one paragraph a line, with the default settings.

    ``language`` (ISO 639-1) is detected when it is not given, or when the text is plainly in another.  Nothing is
    written anywhere; ``outcome.rejected`` tells when the text should be looked at rather than used,
    ``outcome.removals`` what went and why.

    Raises `ValueError` for text with lone surrogates.

    >>> text = "The council voted on Monday to rebuild the old bridge over the river.\\n"
    >>> clean(text + "Leave a review", language="en").text == text
    True
    """
    cleaner = _default()
    return cleaner.clean(cleaner.document(Raw(id="", source="", text=text, language=language, site=site, title=title)))


def clean_html(html: str, *, url: str | None = None, language: str | None = None) -> Outcome:
    """Clean an HTML page with the default settings: its visible blocks, less furniture, less cruft.

    ``outcome.document`` carries title, author, date, site and URL of the page.

    Raises `cleaner.ingest.html.PageError` for pages that cannot be read whole.

    >>> story = "The council voted to rebuild the bridge. " * 9
    >>> clean_html(f"<html><body><nav>Home</nav><p>{story}</p></body></html>").text.startswith("The council voted")
    True
    """
    cleaner = _default()
    return cleaner.clean(cleaner.document(Raw(id="", source="", html=html, url=url, language=language)))
