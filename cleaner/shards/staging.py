"""Extracted documents between the two passes of a run: as Arrow rows, and back.

A page is extracted once, in the first pass.  A row holds all that the chain needs of a document, or the reason why
there is none.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyarrow as pa

from cleaner.chain import Rejection
from cleaner.document import Document, Markup, Segment, split_lines
from cleaner.ingest.record import Raw
from cleaner.shards.schemas import STAGED


@dataclass(frozen=True, slots=True)
class Extracted:
    """What became of a raw record: a document, or a rejection and what text there was.

    ``raw`` is the record without its content; of a page, ``html`` is an empty string.
    """

    raw: Raw
    document: Document | None = None
    rejection: Rejection | None = None
    text: str | None = None


def staged_table(extracted: Iterable[Extracted]) -> pa.Table:
    """Rows of schema `shards.schemas.STAGED`."""
    return pa.Table.from_pylist([_row(one) for one in extracted], schema=STAGED)


def _row(extracted: Extracted) -> dict[str, object]:
    raw, document, rejection = extracted.raw, extracted.document, extracted.rejection
    row: dict[str, object] = {
        "id": raw.id,
        "source": raw.source,
        "format": "html" if raw.html is not None else "text",
        "encoding": raw.encoding,
        "replaced": raw.replaced,
        "disk": raw.disk,
    }
    if document is None:
        if rejection is not None:
            row |= {"stage": rejection.stage, "reason": rejection.reason, "detail": rejection.detail}
        return row | {"text": extracted.text}
    plain = document.segments == split_lines(document.text)
    return row | {
        "id": document.id,
        "source": document.source,
        "url": document.url,
        "site": document.site,
        "title": document.title,
        "author": document.author,
        "date": document.date,
        "language": document.language,
        "language_by": document.language_by,
        "language_confidence": document.language_confidence,
        "facts": json.dumps(dict(document.facts), ensure_ascii=False),
        "text": document.text,
        "segments": None if plain else [_segment(segment) for segment in document.segments],
    }


def _segment(segment: Segment) -> dict[str, object]:
    markup = segment.markup
    return {
        "start": segment.start,
        "end": segment.end,
        "line": segment.line,
        "role": segment.role,
        "markup": None
        if markup is None
        else {
            "path": list(markup.path),
            "names": list(markup.names),
            "link_density": markup.link_density,
            "witness": markup.witness,
            "story": markup.story,
            "heard": markup.heard,
            "place": markup.place,
            "because": [{"name": name, "weight": weight} for name, weight in markup.because],
            "headline": markup.headline,
        },
    }


def staged_documents(table: pa.RecordBatch | pa.Table) -> Iterator[Extracted]:
    """The rows of a staged table.

    >>> raw = Raw(id="a", source="a.txt", text="The story.")
    >>> document = Document.from_text("The story.", id="a", source="a.txt")
    >>> (back,) = staged_documents(staged_table([Extracted(raw, document)]))
    >>> back.document == document
    True
    """
    for row in table.to_pylist():
        raw = Raw(
            id=row["id"],
            source=row["source"],
            html="" if row["format"] == "html" else None,
            encoding=row["encoding"],
            replaced=row["replaced"] or 0,
            disk=row["disk"],
        )
        if row["reason"] is not None:
            yield Extracted(raw, None, Rejection(row["stage"], row["reason"], row["detail"] or ""), row["text"])
            continue
        segments = row["segments"]
        yield Extracted(
            raw,
            Document(
                id=row["id"],
                text=row["text"],
                segments=split_lines(row["text"]) if segments is None else tuple(map(_restored, segments)),
                source=row["source"],
                url=row["url"],
                site=row["site"],
                title=row["title"],
                author=row["author"],
                date=row["date"],
                language=row["language"],
                facts=json.loads(row["facts"]),
                language_by=row["language_by"],
                language_confidence=row["language_confidence"],
            ),
        )


def _restored(segment: dict[str, object]) -> Segment:
    plain = dict(segment)
    markup = plain.pop("markup")
    if isinstance(markup, dict):
        known = {
            **markup,
            "path": tuple(markup["path"]),
            "names": tuple(markup["names"]),
            "because": tuple((one["name"], one["weight"]) for one in markup["because"]),
        }
        return Segment(**plain, markup=Markup(**known))  # type: ignore[arg-type]
    return Segment(**plain)  # type: ignore[arg-type]
