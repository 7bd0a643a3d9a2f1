"""Documents of frameworks as records: a text with metadata."""

from __future__ import annotations

from collections.abc import Mapping

from cleaner.chain import Outcome
from cleaner.document import Document
from cleaner.rows import removed_rows
from cleaner.settings import Settings

REMOVAL = ("start", "end", "line", "text", "filter", "rule", "reason", "confidence", "evidence")
"""The columns of ``removed`` that tell a removal; the others tell its document."""

FACTS = ("url", "site", "title", "author", "date", "language")


def record_of(text: str | None, metadata: Mapping[str, object], settings: Settings, id: str = "") -> dict[str, object]:
    """A record of a text or page with what its metadata say of it, under the names that the settings have."""
    columns = settings.columns
    known = {columns.get(name, name): metadata.get(columns.get(name, name)) for name in FACTS}
    return known | {columns.get("id", "id"): id, columns.get("text", "text"): text}


def facts(document: Document, metadata: Mapping[str, object], settings: Settings) -> dict[str, str]:
    """What the page or text tells that its metadata do not."""
    names = {field: settings.columns.get(field, field) for field in FACTS}
    told = {name: getattr(document, field) for field, name in names.items() if metadata.get(name) in (None, "")}
    return {name: value for name, value in told.items() if value is not None}


def removals(outcome: Outcome, audit: str) -> list[dict[str, object]]:
    """What went from a document, in order, as plain data (see `REMOVAL`)."""
    return [{name: row[name] for name in REMOVAL} for row in removed_rows(outcome, audit)]
