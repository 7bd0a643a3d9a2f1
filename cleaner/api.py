"""The calls most programs need: clean a text, clean a page, see what went, get it back, look at the rules."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, overload

from cleaner.chain import Outcome
from cleaner.pipeline import Cleaner

if TYPE_CHECKING:
    from cleaner.audit.restore import Restored
    from cleaner.audit.shown import LineFate
    from cleaner.rulebook.model import Rule


@lru_cache(maxsize=1)
def _default() -> Cleaner:
    return Cleaner()


def clean(
    text: str,
    *,
    language: str | None = None,
    site: str | None = None,
    title: str | None = None,
    url: str | None = None,
) -> Outcome:
    """Clean an extracted text, one paragraph a line, with the default settings.

    ``language`` (ISO 639-1) is detected when it is not given, or when the text is plainly in another.  ``site`` is a
    host name such as ``"elm.example"``, taken from ``url`` when it is not given.  Nothing is written anywhere;
    ``outcome.rejected`` tells when the text should be looked at rather than used, ``outcome.removals`` what went and
    why.  The settings of a project (cleaner.toml, ``CLEANER_…``) are not looked at: see `load_settings`.

    Raises `ValueError` for text with lone surrogates.

    >>> text = "The council voted on Monday to rebuild the old bridge over the river.\\n"
    >>> clean(text + "Leave a review", language="en").text == text
    True
    """
    return _default().clean_text(text, language=language, site=site, title=title, url=url)


def clean_html(html: str, *, url: str | None = None, language: str | None = None) -> Outcome:
    """Clean an HTML page with the default settings: its visible blocks, less furniture, less cruft.

    ``outcome.document`` carries title, author, date, site and URL of the page.

    Raises `PageError` for pages that cannot be read whole.

    >>> story = "The council voted to rebuild the bridge. " * 9
    >>> clean_html(f"<html><body><nav>Home</nav><p>{story}</p></body></html>").text.startswith("The council voted")
    True
    """
    return _default().clean_html(html, url=url, language=language)


def explain(what: Outcome | str) -> list[LineFate]:
    """The fate of each line of a cleaned document, or of a text that is cleaned with the default settings.

    A line has a number, pieces of text, each with the `Removal` that took it (None: it is kept), and ``kept``: whether
    anything of it is left.  Blank lines are not listed.  ``cleaner explain`` prints the same of files.

    >>> story = "The council voted on Monday to rebuild the old bridge over the river before the winter."
    >>> [(line.line, line.kept, [why.rule for why in line.removals]) for line in explain(story + "\\nLeave a review")]
    [(1, True, []), (2, False, ['en/leave-a-review'])]
    """
    from cleaner.audit.shown import shown_outcome

    return list(shown_outcome(clean(what) if isinstance(what, str) else what).lines())


@overload
def restore(clean: str, removed: Iterable[tuple[int, str]]) -> str: ...
@overload
def restore(clean: str | os.PathLike[str], removed: str | os.PathLike[str]) -> Restored: ...
def restore(
    clean: str | os.PathLike[str], removed: Iterable[tuple[int, str]] | str | os.PathLike[str]
) -> str | Restored:
    """A source text again, from its clean text and the removed pieces; or all source texts of a run, from its folder.

    ``restore(text, pieces)`` takes pairs of start in the source, in characters, and removed text, and returns the
    source text.  Raises `ValueError` when the pieces cannot come from one source.

    ``restore(run, out)`` writes the texts of a run folder below a new folder, checks each against its hash, and
    returns how that went (``written``, ``wrong``, ``impossible`` …).  Raises `FolderError`.

    >>> restore("The story.", [(4, "whole ")])
    'The whole story.'
    """
    if isinstance(removed, str | os.PathLike):
        from cleaner.audit.restore import restore_run

        return restore_run(Path(clean), Path(removed))
    from cleaner.document import restore as restore_text

    return restore_text(os.fspath(clean), removed)


def load_rules(
    packs: Sequence[str | os.PathLike[str]] = (),
    *,
    language: str | None = None,
    site: str | None = None,
    kind: str | None = None,
) -> list[Rule]:
    """The rules of the shipped packs and of ``packs``, in the order in which they are read, as later packs leave them.

    ``language`` (ISO 639-1), ``site`` and ``kind`` leave those alone that hold for it.  Rules that only flag, and those
    that a pack switches off, are among them.  ``cleaner rules list`` prints the same.

    Raises `RuleError` for a pack that cannot be used.

    >>> [rule.id for rule in load_rules(language="en", kind="prompt") if rule.id == "en/leave-a-review"]
    ['en/leave-a-review']
    """
    from cleaner.rulebook.load import choose, lay, load_packs

    return choose(lay(load_packs(tuple(os.fspath(pack) for pack in packs))), language=language, site=site, kind=kind)
