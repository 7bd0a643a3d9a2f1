"""Rows of cleaned documents: what became of each as tables of clean, removed and rejected rows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

import pyarrow as pa

from cleaner.chain import Outcome, Rejection
from cleaner.dateline import parse_dateline
from cleaner.document import Document, Removal, line_at, read
from cleaner.filters import main_content
from cleaner.filters.duplicates import links, versions
from cleaner.ingest.record import Raw
from cleaner.shards.schemas import CLEAN, REJECTED, REMOVED
from cleaner.surveys.evidence import Survey

# Places on a page (`cleaner.extraction.places`) whose text is a fact of the document.
PAGE_CREDITS = frozenset(("byline", "caption"))
# A dateline opens the first paragraph: behind headline, standfirst and subheading at most.
DATELINE_LINES = 4

Result = tuple[Raw, Outcome | None, Rejection | None, str | None]
"""A record, its outcome (None where there is none), why it was rejected (None if it was not), what text there was."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What became of a batch: tables of the schemas `shards.schemas.CLEAN`, ``REMOVED`` and ``REJECTED``.

    >>> from cleaner.pipeline import Cleaner
    >>> batch = pa.table({"id": ["a", "b"], "text": ["The council of Elm voted to rebuild the bridge. " * 3, "Short."]})
    >>> cleaned = Cleaner().clean_batch(batch)
    >>> cleaned.clean["id"].to_pylist(), cleaned.rejected.select(["id", "reason"]).to_pylist()
    (['a'], [{'id': 'b', 'reason': 'too_little_left'}])
    """

    clean: pa.Table
    removed: pa.Table
    rejected: pa.Table


def collect(results: Iterable[Result], audit: str, survey: Survey | None = None) -> Cleaned:
    """Rows of cleaned documents as tables.  ``audit`` is one of `settings.AUDITS`."""
    clean: list[dict[str, object]] = []
    removed: list[list[object]] = [[] for _ in REMOVED]
    rejected: list[dict[str, object]] = []
    for raw, outcome, rejection, text in results:
        if outcome is not None:
            for column, more in zip(removed, _removed(outcome, audit), strict=True):
                column.extend(more)
        if rejection is not None:
            rejected.append(
                {
                    "id": raw.id,
                    "source": raw.source,
                    "stage": rejection.stage,
                    "reason": rejection.reason,
                    "detail": rejection.detail,
                    "text": text,
                    "source_chars": None if text is None else len(text),
                }
            )
        elif outcome is not None:
            clean.append(_clean_row(raw, outcome, survey))
    return Cleaned(
        _table([[row[name] for row in clean] for name in CLEAN.names], CLEAN),
        _table(removed, REMOVED),
        _table([[row[name] for row in rejected] for name in REJECTED.names], REJECTED),
    )


def _table(columns: Sequence[Sequence[object]], schema: pa.Schema) -> pa.Table:
    arrays = [pa.array(column, known.type) for column, known in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


def sha256(text: str) -> str:
    """SHA-256 of a text in UTF-8, as hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _clean_row(raw: Raw, outcome: Outcome, survey: Survey | None) -> dict[str, object]:
    document = outcome.document
    return {
        "id": document.id,
        "source": document.source,
        "url": document.url,
        "site": document.site,
        "title": document.title,
        "author": document.author,
        "date": document.date,
        "language": document.language,
        "text": outcome.text,
        "kept": _kept(outcome),
        "source_chars": len(document.text),
        "removed_chars": len(document.text) - len(outcome.text),
        "text_sha256": sha256(outcome.text),
        "source_sha256": sha256(document.text),
        "format": "html" if raw.html is not None else "text",
        "encoding": raw.encoding,
        "replaced": raw.replaced,
        "credits": list(credits(outcome)),
        "dateline": _dateline(outcome),
        "language_by": document.language_by,
        "language_confidence": document.language_confidence,
        "syndicated_from": links(survey, document, outcome.kept) if survey is not None else [],
        "versions": versions(survey, document) if survey is not None else None,
        "near": [
            {
                "start": near.start,
                "end": near.end,
                "filter": near.filter,
                "rule": near.rule,
                "reason": near.reason,
                "confidence": near.confidence,
            }
            for near in outcome.near
        ],
        **_page_facts(document),
    }


def _page_facts(document: Document) -> dict[str, object]:
    """What the page says about itself beyond title, author and date, and where each value comes from."""
    said = document.facts.get("page")
    page: Mapping[str, Mapping[str, str]] = said if isinstance(said, Mapping) else {}
    return {
        **{name: page[name]["value"] if name in page else None for name in ("modified", "section", "canonical")},
        "sources": [{"field": name, "source": value["source"]} for name, value in sorted(page.items())],
    }


def credits(outcome: Outcome) -> Iterator[dict[str, str]]:
    """What went out of the text and is a fact of the document, in order: kind and text.

    Credits that rules took (photo, source, author, agency, credit); bylines and captions of a page, a line each.
    """
    for removal in outcome.removals:
        text = outcome.document.text[removal.start : removal.end].strip()
        if removal.evidence.get("kind") == "credit":
            yield {"kind": str(removal.evidence.get("credit", "credit")), "text": text}
        elif removal.filter == main_content.NAME and removal.rule in PAGE_CREDITS:
            for line in text.splitlines():
                if line.strip():
                    yield {"kind": removal.rule, "text": line.strip()}


def _dateline(outcome: Outcome) -> dict[str, str | None] | None:
    """The dateline of the first kept lines that have one; it stays in the text."""
    for line in islice(kept_lines(outcome), DATELINE_LINES):
        found = parse_dateline(line)
        if found is not None:
            return {"place": found.place, "date": found.date, "agency": found.agency}
    return None


def kept_lines(outcome: Outcome) -> Iterator[str]:
    """The texts of `View.lines`, one after the other: the first ones are all that is looked at."""
    text, segments = outcome.document.text, outcome.document.segments
    spans = iter(outcome.kept)
    start, end = next(spans, (len(text), len(text)))
    for segment in segments:
        pieces = []
        while start < segment.end:
            pieces.append((max(start, segment.start), min(end, segment.end)))
            if end > segment.end:
                break
            start, end = next(spans, (len(text), len(text)))
        if line := read(text, segment, pieces).strip():
            yield line


def _kept(outcome: Outcome) -> list[dict[str, int]]:
    return [
        {"start": start, "end": end, "line": line}
        for (start, end), line in zip(outcome.kept, _lines(outcome, [s for s, _ in outcome.kept]), strict=True)
    ]


def _lines(outcome: Outcome, starts: Sequence[int]) -> Iterable[int]:
    """The line numbers of positions that are in ascending order."""
    segments = outcome.document.segments
    place = 0
    for start in starts:
        while place + 1 < len(segments) and segments[place + 1].start <= start:
            place += 1
        yield line_at(outcome.document.text, segments[place], start) if segments else 1


def removed_rows(outcome: Outcome, audit: str) -> Iterator[dict[str, object]]:
    """The rows of schema `shards.schemas.REMOVED` that tell what went from a document, in order."""
    return (dict(zip(REMOVED.names, row, strict=True)) for row in zip(*_removed(outcome, audit), strict=True))


def _removed(outcome: Outcome, audit: str) -> list[Sequence[object]]:
    """The same by columns: of pages, more rows than all others of a run."""
    document, removals = outcome.document, outcome.removals
    text, size = document.text, len(removals)
    if audit == "counts":
        silent = size * [True]
    else:
        silent = [audit == "filters" and removal.filter == main_content.NAME for removal in removals]
    columns = [*zip(*removals, strict=True)] if removals else [()] * len(Removal._fields)
    start, end, filters, rules, reasons, confidences, evidence = columns
    return [
        size * [document.id],
        size * [document.source],
        size * [document.site],
        size * [document.language],
        start,
        end,
        [*_lines(outcome, start)],
        [None if is_silent else text[low:high] for low, high, is_silent in zip(start, end, silent, strict=True)],
        filters,
        rules,
        reasons,
        confidences,
        size * ["{}"] if audit == "counts" else [_json(one) if one else "{}" for one in evidence],
    ]


_encoded = json.JSONEncoder(ensure_ascii=False).encode


def _json(evidence: Mapping[str, object]) -> str:
    """What `_encoded` makes of evidence, in half the time: the same names and numbers come again and again."""
    parts = []
    for pair in evidence.items():
        name, value = pair
        if type(value) is float and value:  # 0.0 is equal to -0.0, which is written otherwise
            parts.append(_pair(pair))
        else:
            said = _json(value) if type(value) is dict else _encoded(value)
            parts.append(f"{_name(name)}: {said}")
    return f"{{{', '.join(parts)}}}"


@lru_cache(maxsize=65536)
def _pair(pair: tuple[str, float]) -> str:
    return f"{_name(pair[0])}: {_encoded(pair[1])}"


@lru_cache(maxsize=4096)
def _name(name: str) -> str:
    return _encoded(str(name))
