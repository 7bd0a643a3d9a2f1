"""Extracted documents between the two passes of a run: as Arrow rows, and back.

A page is extracted once, in the first pass.  A row holds all that the chain needs of a document, or the reason why
there is none.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa

from cleaner.chain import Rejection
from cleaner.document import NO_WEIGHTS, Document, Markup, Segment, read_segments
from cleaner.ingest.record import Raw
from cleaner.shards.schemas import STAGED

# What is known of a document and stands in columns of its name.
KNOWN = (
    "id", "source", "url", "site", "title", "author", "date", "language", "language_by", "language_confidence",
)  # fmt: skip


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
    segments = document.segments
    has_markup = bool(segments) and segments[0].markup is not None  # and lines of a text have none
    plain = not has_markup and segments == read_segments(document.text)
    return row | {
        **{name: getattr(document, name) for name in KNOWN},
        "facts": json.dumps(dict(document.facts), ensure_ascii=False),
        "text": document.text,
        "segments": None if plain else _written(segments),
    }


def _written(segments: Sequence[Segment]) -> bytes:
    """Segments as one piece of bytes: JSON of what they share, then numbers, column by column.

    Ways, roles, places and names of features, of which a page has few, are written once and told by their numbers.
    """
    start, end, line, role, markups, _ = zip(*segments, strict=True)
    marked = [markup for markup in markups if markup is not None]
    path, names, linked, witness, story, heard, place, because, headline = (
        zip(*marked, strict=True) if marked else ((),) * len(Markup._fields)
    )
    ways, roles, places, features = _Ways(), _Numbers(), _Numbers(), _Numbers()
    whole = [
        start, end, line, roles.of(role), [markup is not None for markup in markups], ways.of(path), ways.of(names),
        [*map(_TOLD.index, witness)], [*map(_TOLD.index, heard)], places.of(place), headline, [*map(len, because)],
        features.of([feature for one in because for feature in one]),
    ]  # fmt: skip
    floats = [linked, [math.nan if one is None else one for one in story], [w for one in because for w in one.values()]]
    shared = json.dumps(
        [ways.outer, ways.last, *map(list, (roles, places, features)), [*map(len, (*whole, *floats))]],
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()
    arrays = [np.array(column, dtype=kind) for kind, part in ((_INT, whole), (_FLOAT, floats)) for column in part]
    return b"".join([len(shared).to_bytes(4, "little"), shared, *(array.tobytes() for array in arrays)])


# How numbers are written; what a witness says, by its number.
_INT, _FLOAT = np.dtype("<i4"), np.dtype("<f8")
_WHOLE = 13
_TOLD = (None, False, True)


class _Numbers(dict[str, int]):
    """Names by number, from 0 in the order in which they come."""

    def __missing__(self, name: str) -> int:
        self[name] = number = len(self)
        return number

    def of(self, names: Iterable[str]) -> list[int]:
        """The numbers of names."""
        return [self[name] for name in names]


class _Ways:
    """Ways down to blocks, each written as the way to the element around it, and what comes last; number 0 is empty."""

    def __init__(self) -> None:
        self.outer: list[int] = []
        self.last: list[str] = []
        self._numbers: dict[tuple[str, ...], int] = {(): 0}

    def of(self, ways: Sequence[tuple[str, ...]]) -> list[int]:
        """The numbers of ways; blocks share them as objects, so that each is looked up once."""
        own = [*map(id, ways)]
        numbers = {one: self.number(way) for one, way in dict(zip(own, ways, strict=True)).items()}
        return [numbers[one] for one in own]

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


def _restored(written: bytes) -> tuple[Segment, ...]:
    size = int.from_bytes(written[:4], "little")
    outer, last, roles, places, features, sizes = json.loads(written[4 : 4 + size])
    ways: list[tuple[str, ...]] = [()]
    for around, own in zip(outer, last, strict=True):
        ways.append((*ways[around], own))
    columns: list[list[Any]] = []
    at = 4 + size
    for place, count in enumerate(sizes):
        kind = _INT if place < _WHOLE else _FLOAT
        columns.append(np.frombuffer(written, kind, count, at).tolist())
        at += count * kind.itemsize
    start, end, line, role, is_marked, path, names, witness, heard, where, headline, *told = columns
    held, feature, linked, story, weight = told
    pairs = zip([features[one] for one in feature], weight, strict=True)
    marked = map(
        Markup,
        [ways[one] for one in path],
        [ways[one] for one in names],
        linked,
        [_TOLD[one] for one in witness],
        [None if one != one else one for one in story],
        [_TOLD[one] for one in heard],
        [places[one] for one in where],
        [dict(islice(pairs, count)) if count else NO_WEIGHTS for count in held],
        [one > 0 for one in headline],
    )
    markups = [next(marked) if has else None for has in is_marked] if path else [None] * len(is_marked)
    return tuple(map(Segment, start, end, line, [roles[one] for one in role], markups))


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
                segments=read_segments(row["text"]) if segments is None else _restored(segments),
                facts=json.loads(row["facts"]),
                **{name: row[name] for name in KNOWN},
            ),
        )
