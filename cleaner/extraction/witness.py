"""Other extractors as witnesses: each takes a page and gives the text that it holds for the story.

trafilatura is built in.  Others come in through `register`, or through the entry point group ``cleaner.extractors`` of
an installed package; every one can be chosen by name (``--extractor NAME``).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from cleaner.settings import SettingsError

Extractor = Callable[[str, str | None], str | None]
"""Takes the page's HTML and its URL, if it is known; gives the lines of the story, or None."""

GROUP = "cleaner.extractors"
_registered: dict[str, Extractor] = {}


def register(name: str, extractor: Extractor) -> None:
    """Make an extractor known by a name, for this process and the workers that it forks.

    Raises `ValueError` for the names of built-in modes.
    """
    if name in ("auto", "blocks", "trafilatura"):
        raise ValueError(f"extractor: {name!r} is built in; choose another name")
    _registered[name] = extractor
    _extractor.cache_clear()


def names() -> list[str]:
    """Names of all extractors that are there."""
    from importlib.metadata import entry_points

    return ["trafilatura", *sorted({*_registered, *(point.name for point in entry_points(group=GROUP))})]


@lru_cache(maxsize=16)
def _extractor(name: str) -> Extractor:
    if name == "trafilatura":
        return _trafilatura
    if name in _registered:
        return _registered[name]
    from importlib.metadata import entry_points

    found = entry_points(group=GROUP, name=name)
    if not found:
        raise SettingsError(f"extractor: {name!r} is none of auto, blocks, {', '.join(names())}")
    loaded: Extractor = next(iter(found)).load()
    return loaded


def check_extractor(name: str) -> None:
    """Raise `SettingsError` for the name of an extractor that is not there."""
    if name not in ("auto", "blocks"):
        _extractor(name)


def ask(name: str, html: str, url: str | None) -> str | None:
    """The text that an extractor holds for the story.  Raises `SettingsError` for a name that nobody registered."""
    return _extractor(name)(html, url)


def _trafilatura(html: str, url: str | None) -> str | None:
    """Ask trafilatura without its fallbacks, comments and metadata: two thirds of the time, and as good a witness."""
    return trafilatura_text(html, url, fast=True)


def trafilatura_text(html: str, url: str | None, fast: bool) -> str | None:
    """What trafilatura takes for the story; without ``fast`` it falls back on other extractors.

    Never with ``deduplicate``: it carries state from page to page and deletes by call order.
    """
    import trafilatura

    found: Any = trafilatura.bare_extraction(
        html, url=url, include_comments=False, deduplicate=False, with_metadata=False, fast=fast
    )
    text: str | None = found.text if found is not None else None
    return text
