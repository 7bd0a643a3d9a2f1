"""Boilerplate-stripping cleaner for news corpora: filters propose spans, nothing is rewritten, all of it restores.

>>> import cleaner
>>> outcome = cleaner.clean('''The council of Elm voted on Monday to rebuild the bridge before the winter comes.
... Also Read: Harbour towns agree on a ferry line
... Work is to begin in May, and the bridge is to open to traffic two years later.
... ''')
>>> print(outcome.text, end="")
The council of Elm voted on Monday to rebuild the bridge before the winter comes.
Work is to begin in May, and the bridge is to open to traffic two years later.
>>> [(removal.rule, removal.confidence) for removal in outcome.removals]
[('en/also-read', 0.8)]
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cleaner.api import clean, clean_html
    from cleaner.chain import Chain, Filter, Outcome, View
    from cleaner.document import Document, Removal, Segment, apply, restore
    from cleaner.errors import CleanerError
    from cleaner.pipeline import Cleaned, Cleaner
    from cleaner.run import run
    from cleaner.settings import Settings

__version__ = "0.1.0"

# Where each public name lives.  They are imported on first use: importing this package costs next to nothing.
_HOMES = {
    "Chain": "chain",
    "Cleaned": "pipeline",
    "Cleaner": "pipeline",
    "CleanerError": "errors",
    "Document": "document",
    "Filter": "chain",
    "Outcome": "chain",
    "Removal": "document",
    "Segment": "document",
    "Settings": "settings",
    "View": "chain",
    "apply": "document",
    "clean": "api",
    "clean_html": "api",
    "restore": "document",
    "run": "run",
}

__all__ = [
    "Chain",
    "Cleaned",
    "Cleaner",
    "CleanerError",
    "Document",
    "Filter",
    "Outcome",
    "Removal",
    "Segment",
    "Settings",
    "View",
    "apply",
    "clean",
    "clean_html",
    "restore",
    "run",
]


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'cleaner' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(f"cleaner.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
