"""Other extractors for comparison: each takes a page and gives its text, a line a block."""

from __future__ import annotations

from collections.abc import Callable

from cleaner.extraction.page import parse_page


def trafilatura(html: str) -> str:
    """Trafilatura with its default settings."""
    import trafilatura as library

    return library.extract(html) or ""


def trafilatura_precision(html: str) -> str:
    """trafilatura, asked for precision."""
    import trafilatura as library

    return library.extract(html, favor_precision=True) or ""


def readability(html: str) -> str:
    """readability-lxml: the text of the element that it summarises a page to."""
    from readability import Document

    try:
        summary = Document(html).summary(html_partial=True)
    except Exception:  # it raises on pages without content; what it cannot read is an empty text
        return ""
    return "\n".join(parse_page(summary).blocks.text)


def resiliparse(html: str) -> str:
    """Resiliparse's main content."""
    from resiliparse.extract.html2text import extract_plain_text

    return str(extract_plain_text(html, main_content=True))


EXTRACTORS: dict[str, Callable[[str], str]] = {
    "trafilatura": trafilatura,
    "trafilatura, precision": trafilatura_precision,
    "readability-lxml": readability,
    "resiliparse": resiliparse,
}
