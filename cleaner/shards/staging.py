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
    """Segments as JSON, column by column; what blocks share of their markup is written once."""
    *columns, markups = zip(*segments, strict=True)
    marked = [markup for markup in markups if markup is not None]
    facts = dict(zip(Markup._fields, zip(*marked, strict=True), strict=True)) if marked else {}
    ways = _Ways()
    told = [
        *columns,
        [markup is not None for markup in markups],
        *([ways.number(way) for way in facts.get(name, ())] for name in ("path", "names")),
        *(facts.get(name, ()) for name in PLAIN),
        [*map(dict, facts.get("because", ()))],
    ]
    return json.dumps([ways.outer, ways.last, *told], ensure_ascii=False, separators=(",", ":"))


class _Ways:
    """Ways down to blocks, each written as the way to the element around it, and what comes last; number 0 is empty."""

    def __init__(self) -> None:
        self.outer: list[int] = []
        self.last: list[str] = []
        self._numbers: dict[tuple[str, ...], int] = {(): 0}

    def number(self, way: tuple[str, ...]) -> int:
        """The number of a way, which is given one when it is new."""
        known = self._numbers
        size = len(way)
        while (found := known.get(way[:size])) is None:
            size -= 1
        for end in range(size + 1, len(way) + 1):
            self.outer.append(found)
            self.last.append(way[end - 1])
            found = known[way[:end]] = len(self.outer)
        return found


def _restored(written: str) -> tuple[Segment, ...]:
    outer, last, start, end, line, role, is_marked, path, names, *plain, because = json.loads(written)
    ways: list[tuple[str, ...]] = [()]
    for around, own in zip(outer, last, strict=True):
        ways.append((*ways[around], own))
    columns = dict(zip(PLAIN, plain, strict=True)) | {
        "path": [ways[number] for number in path],
        "names": [ways[number] for number in names],
        "because": because,
    }
    marked = map(Markup, *(columns[name] for name in Markup._fields))
    markups = [next(marked) if has else None for has in is_marked] if path else [None] * len(is_marked)
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
