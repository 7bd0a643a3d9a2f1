"""A raw record: one document as it came in, or the reason why none came."""

from __future__ import annotations

from typing import NamedTuple


class Raw(NamedTuple):
    """One raw document with ``html`` or ``text``, or, where ``reason`` is set, an input that failed at ``stage``.

    ``source`` is the path inside the input root, with ``#n`` for record n of a file of many records.  ``encoding`` is
    what the bytes were decoded with and ``replaced`` how many replacement characters that put in.
    """

    id: str
    source: str
    url: str | None = None
    site: str | None = None
    title: str | None = None
    author: str | None = None
    date: str | None = None
    language: str | None = None
    html: str | None = None
    text: str | None = None
    encoding: str | None = None
    replaced: int = 0
    stage: str = "ingest"
    reason: str | None = None
    detail: str | None = None
    disk: int = 0
    """Bytes on disk that were read for this record; for progress only, not part of the raw schema."""

    @property
    def size(self) -> int:
        """Characters of the record's content."""
        return len(self.html or "") + len(self.text or "")


class ReadError(Exception):
    """Bytes that are no document.  ``reason`` is a code of docs/output.md, ``detail`` says what and where."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
