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

TYPE_CHECKING = False  # type checkers take it for true; importing typing would take most of the time of this module
if TYPE_CHECKING:
    from cleaner.api import clean, clean_html, explain, load_rules, restore
    from cleaner.audit.card import card
    from cleaner.audit.measure import LabelError
    from cleaner.audit.shown import ViewError
    from cleaner.books import BooksError
    from cleaner.chain import Chain, Filter, Outcome, View
    from cleaner.commands import (
        diff,
        precision,
        report,
        review,
        rules_apply_verdicts,
        rules_fmt,
        rules_lint,
        rules_measure,
        rules_new,
        rules_schema,
        rules_test,
        sample,
    )
    from cleaner.config import load_settings
    from cleaner.document import Document, Removal, Segment, apply
    from cleaner.engines.work import EngineError
    from cleaner.errors import CleanerError, CleanerWarning, MissingExtraError
    from cleaner.extensions import Format, PluginError
    from cleaner.ingest.files import InputError
    from cleaner.ingest.html import PageError
    from cleaner.pipeline import Cleaner
    from cleaner.project import ProjectError, init
    from cleaner.rows import Cleaned
    from cleaner.rulebook.model import Rule, RuleError
    from cleaner.runner import run
    from cleaner.settings import Settings, SettingsError
    from cleaner.shards.folder import FolderError
    from cleaner.shards.lock import LockError
    from cleaner.stream import pipe
    from cleaner.surveys.folder import SurveyError, survey_merge
    from cleaner.surveys.make import mine, survey
    from cleaner.urls import PlaceError

__version__ = "0.1.0"

# Where each public name lives.  They are imported on first use: importing this package costs next to nothing.
_HOMES = {
    "BooksError": "books",
    "Chain": "chain",
    "Cleaned": "rows",
    "Cleaner": "pipeline",
    "CleanerError": "errors",
    "CleanerWarning": "errors",
    "Document": "document",
    "EngineError": "engines.work",
    "Filter": "chain",
    "FolderError": "shards.folder",
    "Format": "extensions",
    "InputError": "ingest.files",
    "LockError": "shards.lock",
    "LabelError": "audit.measure",
    "MissingExtraError": "errors",
    "Outcome": "chain",
    "PageError": "ingest.html",
    "PlaceError": "urls",
    "PluginError": "extensions",
    "ProjectError": "project",
    "Removal": "document",
    "Rule": "rulebook.model",
    "RuleError": "rulebook.model",
    "Segment": "document",
    "Settings": "settings",
    "SettingsError": "settings",
    "SurveyError": "surveys.folder",
    "View": "chain",
    "ViewError": "audit.shown",
    "apply": "document",
    "card": "audit.card",
    "clean": "api",
    "clean_html": "api",
    "diff": "commands",
    "explain": "api",
    "init": "project",
    "load_rules": "api",
    "load_settings": "config",
    "mine": "surveys.make",
    "pipe": "stream",
    "precision": "commands",
    "report": "commands",
    "restore": "api",
    "review": "commands",
    "rules_apply_verdicts": "commands",
    "rules_fmt": "commands",
    "rules_lint": "commands",
    "rules_measure": "commands",
    "rules_new": "commands",
    "rules_schema": "commands",
    "rules_test": "commands",
    "run": "runner",
    "sample": "commands",
    "survey": "surveys.make",
    "survey_merge": "surveys.folder",
}

__all__ = [
    "BooksError",
    "Chain",
    "Cleaned",
    "Cleaner",
    "CleanerError",
    "CleanerWarning",
    "Document",
    "EngineError",
    "Filter",
    "FolderError",
    "Format",
    "InputError",
    "LabelError",
    "LockError",
    "MissingExtraError",
    "Outcome",
    "PageError",
    "PlaceError",
    "PluginError",
    "ProjectError",
    "Removal",
    "Rule",
    "RuleError",
    "Segment",
    "Settings",
    "SettingsError",
    "SurveyError",
    "View",
    "ViewError",
    "apply",
    "card",
    "clean",
    "clean_html",
    "diff",
    "explain",
    "init",
    "load_rules",
    "load_settings",
    "mine",
    "pipe",
    "precision",
    "report",
    "restore",
    "review",
    "rules_apply_verdicts",
    "rules_fmt",
    "rules_lint",
    "rules_measure",
    "rules_new",
    "rules_schema",
    "rules_test",
    "run",
    "sample",
    "survey",
    "survey_merge",
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
