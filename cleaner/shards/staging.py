"""Extracted documents between the two passes of a run: as Arrow rows, and back.

A page is extracted once, in the first pass.  A row holds all that the chain needs of a document, or the reason why
there is none.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import pyarrow as pa

from cleaner.chain import Rejection
from cleaner.document import Document, Markup, Segment, split_lines
from cleaner.ingest.record import Raw
from cleaner.shards.schemas import STAGED

# What is known of a document and stands in columns of its name.
KNOWN = (
    "id", "source", "url", "site", "title", "author", "date", "language", "language_by", "language_confidence",
)  # fmt: skip

# Facts of markup that are written as they are.
PLAIN = ("link_density", "witness", "story", "heard", "place", "headline")


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
        **{name: getattr(document, name) for name in KNOWN},
        "facts": json.dumps(dict(document.facts), ensure_ascii=False),
        "text": document.text,
        "segments": None if plain else _written(document.segments),
    }


def _written(segments: Sequence[Segment]) -> str:
    """Segments as JSON, column by column; what most blocks share of their markup is written once."""
    *columns, markups = zip(*segments, strict=True)
    marked = [markup for markup in markups if markup is not None]
    shared: dict[tuple[str, ...], int] = {}
    told = [
        *columns,
        [markup is not None for markup in markups],
        [shared.setdefault(markup.path, len(shared)) for markup in marked],
        [shared.setdefault(markup.names, len(shared)) for markup in marked],
        *([getattr(markup, name) for markup in marked] for name in PLAIN),
        [dict(markup.because) for markup in marked],
    ]
    return json.dumps([list(shared), *told], ensure_ascii=False, separators=(",", ":"))


def _restored(written: str) -> tuple[Segment, ...]:
    told, start, end, line, role, is_marked, path, names, *plain, because = json.loads(written)
    shared = [tuple(one) for one in told]
    columns = dict(zip(PLAIN, plain, strict=True)) | {
        "path": [shared[number] for number in path],
        "names": [shared[number] for number in names],
        "because": because,
    }
    marked = map(Markup, *(columns[name] for name in Markup._fields))
    markups = [next(marked) if has else None for has in is_marked]
    return tuple(map(Segment, start, end, line, role, markups))


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
                text=row["text"],
                segments=split_lines(row["text"]) if segments is None else _restored(segments),
                facts=json.loads(row["facts"]),
                **{name: row[name] for name in KNOWN},
            ),
        )
