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

import sys
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cleaner.api import clean, clean_html, explain, load_rules, restore
    from cleaner.audit.card import card
    from cleaner.chain import Chain, Filter, Outcome, View
    from cleaner.config import load_settings
    from cleaner.document import Document, Removal, Segment, apply
    from cleaner.engines.work import EngineError
    from cleaner.errors import CleanerError
    from cleaner.extensions import Format, PluginError
    from cleaner.ingest.files import InputError
    from cleaner.ingest.html import PageError
    from cleaner.pipeline import Cleaned, Cleaner
    from cleaner.project import ProjectError, init
    from cleaner.rulebook.model import Rule, RuleError
    from cleaner.run import run
    from cleaner.settings import Settings, SettingsError
    from cleaner.shards.folder import FolderError
    from cleaner.stream import pipe

__version__ = "0.1.0"

# Where each public name lives.  They are imported on first use: importing this package costs next to nothing.
_HOMES = {
    "Chain": "chain",
    "Cleaned": "pipeline",
    "Cleaner": "pipeline",
    "CleanerError": "errors",
    "Document": "document",
    "EngineError": "engines.work",
    "Filter": "chain",
    "FolderError": "shards.folder",
    "Format": "extensions",
    "InputError": "ingest.files",
    "Outcome": "chain",
    "PageError": "ingest.html",
    "PluginError": "extensions",
    "ProjectError": "project",
    "Removal": "document",
    "Rule": "rulebook.model",
    "RuleError": "rulebook.model",
    "Segment": "document",
    "Settings": "settings",
    "SettingsError": "settings",
    "View": "chain",
    "apply": "document",
    "card": "audit.card",
    "clean": "api",
    "clean_html": "api",
    "explain": "api",
    "init": "project",
    "load_rules": "api",
    "load_settings": "config",
    "pipe": "stream",
    "restore": "api",
    "run": "run",
}

__all__ = [
    "Chain",
    "Cleaned",
    "Cleaner",
    "CleanerError",
    "Document",
    "EngineError",
    "Filter",
    "FolderError",
    "Format",
    "InputError",
    "Outcome",
    "PageError",
    "PluginError",
    "ProjectError",
    "Removal",
    "Rule",
    "RuleError",
    "Segment",
    "Settings",
    "SettingsError",
    "View",
    "apply",
    "card",
    "clean",
    "clean_html",
    "explain",
    "init",
    "load_rules",
    "load_settings",
    "pipe",
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


class _Package(ModuleType):
    def __setattr__(self, name: str, value: object) -> None:
        # importing the module cleaner.run would put it in the place of the function of that name
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
