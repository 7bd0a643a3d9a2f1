"""Records as units of work: the same records give the same units, whoever works on them and however often."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

from cleaner.grouping import grouped
from cleaner.ingest.record import Raw
from cleaner.settings import DEFAULT_MEMORY, Settings
from cleaner.shards.schemas import RAW

Item = TypeVar("Item")
Plan = dict[str, Any]
"""What is known of a unit: number of ``documents``, ``first`` source, ``input_sha256``, ``disk`` bytes."""

# A unit becomes one part of each kind; a batch is what one worker takes at a time.  Both are cut by records and by
# characters, so that memory is bounded whatever the documents are.  These are the units of the default of
# `Settings.memory`; they grow and shrink with it.
UNIT_RECORDS = 5_000
UNIT_CHARS = 64_000_000
BATCH_RECORDS = 64
BATCH_CHARS = 2_000_000


@dataclass(frozen=True, slots=True)
class Unit:
    """Records that become one part, cut into batches, and what is known of them."""

    plan: Plan
    batches: list[list[Raw]]


def planned_units(records: Iterable[Raw], settings: Settings) -> Iterator[Unit]:
    """Records as units, each with what is known of it, cut into batches."""
    size = settings.memory / DEFAULT_MEMORY
    most = (max(1, int(UNIT_RECORDS * size)), max(1, int(UNIT_CHARS * size)))
    for unit in grouped(records, lambda raw: (1, raw.size), most):
        plan = {
            "documents": len(unit),
            "first": unit[0].source,
            "input_sha256": _fingerprint(unit),
            "disk": [raw.disk for raw in unit],
        }
        yield Unit(plan, batches((raw, raw.size) for raw in unit))


def batches(items: Iterable[tuple[Item, int]]) -> list[list[Item]]:
    """Items, each with its characters, as batches.

    >>> batches([("a", 1_500_000), ("b", 400_000), ("c", 200_000)])
    [['a', 'b'], ['c']]
    """
    groups = grouped(items, lambda item: (1, item[1]), (BATCH_RECORDS, BATCH_CHARS))
    return [[item for item, _ in group] for group in groups]


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
