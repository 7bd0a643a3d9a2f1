"""Records as units of work: the same records give the same units, whoever works on them and however often."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pyarrow.compute as pc

from cleaner.ingest.record import Raw
from cleaner.settings import DEFAULT_MEMORY, Settings
from cleaner.shards.schemas import RAW
from cleaner.surveys.first_pass import Plan, Staging, Unit

# A unit becomes one part of each kind; a batch is what one worker takes at a time.  Both are cut by records and by
# characters, so that memory is bounded whatever the documents are.  These are the units of the default of
# `Settings.memory`; they grow and shrink with it.
UNIT_RECORDS = 5_000
UNIT_CHARS = 64_000_000
BATCH_RECORDS = 64
BATCH_CHARS = 2_000_000


def planned_units(records: Iterable[Raw], settings: Settings) -> Iterator[Unit]:
    """Records as units, each with what is known of it, cut into batches."""
    size = settings.memory / DEFAULT_MEMORY
    for unit in _cut(records, max(1, int(UNIT_RECORDS * size)), max(1, int(UNIT_CHARS * size))):
        plan = {
            "documents": len(unit),
            "first": unit[0].source,
            "input_sha256": _fingerprint(unit),
            "disk": [raw.disk for raw in unit],
        }
        yield Unit(plan, list(_cut(unit, BATCH_RECORDS, BATCH_CHARS)))


def staged_units(plans: Sequence[Plan], staging: Staging, survey: str) -> Iterator[tuple[Plan, list[Sequence[Any]]]]:
    """The units of the second pass: staged documents in the batches of the first one."""
    for number, plan in enumerate(plans):
        table = staging.documents(number)
        rows = [table.slice(row, 1) for row in range(table.num_rows)]
        sizes = pc.fill_null(pc.utf8_length(table["text"]), 0).to_pylist()
        batches: list[Sequence[Any]] = []
        chars = 0
        for row, size in zip(rows, sizes, strict=True):
            if not batches or len(batches[-1]) >= BATCH_RECORDS or chars + size > BATCH_CHARS:
                batches.append([])
                chars = 0
            batches[-1].append(row)  # type: ignore[attr-defined]
            chars += size
        yield {**plan, "survey": survey}, batches


def _cut(records: Iterable[Raw], most_records: int, most_chars: int) -> Iterator[list[Raw]]:
    unit: list[Raw] = []
    chars = 0
    for record in records:
        if unit and (len(unit) >= most_records or chars + record.size > most_chars):
            yield unit
            unit, chars = [], 0
        unit.append(record)
        chars += record.size
    if unit:
        yield unit


# What is hashed of a record: all that is in the raw schema, whose order is that of `Raw`.
_NAMED = "".join(f"{name}={{}}\0" for name in RAW.names)


def _fingerprint(unit: Iterable[Raw]) -> str:
    digest = hashlib.sha256()
    for raw in unit:
        digest.update(_NAMED.format(*raw).encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


def unique_ids(records: Iterable[Raw]) -> Iterator[Raw]:
    """The records; one whose id was seen before becomes a `Raw` with reason ``duplicate_id`` that names both places.

    The ids are kept in a temporary database, on disk once they are many: memory does not grow with the corpus.
    """
    seen = sqlite3.connect("")
    try:
        seen.execute("CREATE TABLE ids (id TEXT PRIMARY KEY, source TEXT) WITHOUT ROWID")
        for raw in records:
            if raw.reason is not None:
                yield raw
                continue
            try:
                seen.execute("INSERT INTO ids VALUES (?, ?)", (raw.id, raw.source))
            except sqlite3.IntegrityError:
                (first,) = seen.execute("SELECT source FROM ids WHERE id = ?", (raw.id,)).fetchone()
                detail = f"id {raw.id!r} of {raw.source} is already the id of {first}; ids must be unique"
                yield raw._replace(html=None, reason="duplicate_id", detail=detail)
            else:
                yield raw
    finally:
        seen.close()
