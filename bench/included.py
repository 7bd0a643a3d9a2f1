"""Pages of the documentation whose tables a program writes."""

from __future__ import annotations

from pathlib import Path

QUALITY = Path(__file__).parent.parent / "docs" / "quality.md"


def include(name: str, text: str, page: Path = QUALITY) -> None:
    """Put ``text`` between the marks ``<!-- name -->`` and ``<!-- end of name -->`` of a page.

    Raises `ValueError` when the page lacks the marks.
    """
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->\n"
    whole = page.read_text(encoding="utf-8")
    before, found, rest = whole.partition(begin)
    _, closed, after = rest.partition(end)
    if not found or not closed:
        raise ValueError(f"{page} lacks the lines {begin.strip()} and {end.strip()}")
    page.write_text(f"{before}{begin}\n{text.strip()}\n\n{end}{after}", encoding="utf-8")
