"""Reads documents of a finished run, one by one or many at once."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cleaner.audit.shown import Shown, ViewError, shown
from cleaner.shards.folder import MANIFEST, FolderError, RunFolder

# Ids that are looked through for one like a name that does not exist.
LOOK_FOR_NAMES = 20_000


def split_run_id(word: str) -> tuple[Path, str] | None:
    """``RUN#ID`` as folder and id; None for anything else, such as a file of that name."""
    place = word.find("#")
    while place > 0 and not Path(word).exists():
        if (Path(word[:place]) / MANIFEST).is_file():
            return Path(word[:place]), word[place + 1 :]
        place = word.find("#", place + 1)
    return None


def find_document(folder: RunFolder, name: str) -> Shown:
    """The document of a run whose id or source is ``name``.

    Raises `ViewError` when there is none, with names like it, and `FolderError`.
    """
    wanted = (pc.field("id") == name) | (pc.field("source") == name)
    seen: list[str] = []
    for entry in folder.manifest()["parts"]:
        for kind in ("clean", "rejected"):
            rows = _read(folder.part(kind, entry["unit"]), wanted).to_pylist()
            if rows:
                removed = _read(folder.part("removed", entry["unit"]), pc.field("id") == rows[0]["id"])
                mine = [row for row in removed.to_pylist() if row["source"] == rows[0]["source"]]
                return shown(*((rows[0], mine, None) if kind == "clean" else (None, mine, rows[0])))
            if len(seen) < LOOK_FOR_NAMES:
                seen += pq.read_table(folder.part(kind, entry["unit"]), columns=["id"])["id"].to_pylist()
    near = difflib.get_close_matches(name, seen[:LOOK_FOR_NAMES], 3, 0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else "`cleaner diff RUN` lists documents"
    raise ViewError(f"{folder.path} has no document {name!r}; {hint}")


def documents(folder: RunFolder, wanted: Mapping[int, Iterable[str]]) -> Iterator[tuple[int, Shown]]:
    """Documents by unit and id, in the order of the units; of a unit one read of each part.

    Raises `FolderError` and `ViewError`.
    """
    for unit in sorted(wanted):
        ids = pa.array(sorted(set(wanted[unit])), pa.string())
        chosen = pc.field("id").isin(ids)
        tables = {kind: _read(folder.part(kind, unit), chosen) for kind in ("clean", "removed", "rejected")}
        removed: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
        for row in tables["removed"].to_pylist():
            removed[row["id"], row["source"]].append(row)
        for row in tables["clean"].to_pylist():
            yield unit, shown(row, removed[row["id"], row["source"]], None)
        for row in tables["rejected"].to_pylist():
            yield unit, shown(None, removed[row["id"], row["source"]], row)


def _read(path: Path, filters: pc.Expression) -> pa.Table:
    try:
        return pq.read_table(path, filters=filters)
    except (OSError, pa.ArrowException) as error:
        raise FolderError(f"{path} cannot be read: {error}") from error
