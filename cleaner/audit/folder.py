"""Reads documents of a finished run, one by one or many at once."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cleaner.audit.shown import Shown, ViewError, shown
from cleaner.errors import extra
from cleaner.shards.folder import JOURNAL, MANIFEST, FolderError, RunFolder

# Ids that are looked through for one like a name that does not exist.
LOOK_FOR_NAMES = 20_000


def split_run_id(word: str) -> tuple[Path, str] | None:
    """``RUN#ID`` as folder and id; None for anything else, such as a file of that name."""
    place = word.find("#")
    while place > 0 and not Path(word).exists():
        if any((Path(word[:place]) / name).is_file() for name in (MANIFEST, JOURNAL)):
            return Path(word[:place]), word[place + 1 :]
        place = word.find("#", place + 1)
    return None


def find_document(folder: RunFolder, name: str) -> Shown:
    """The document of a run whose id or source is ``name``.

    Raises `ViewError` when there is none, with names like it, and `FolderError`.
    """
    seen: list[str] = []
    for entry in folder.manifest()["parts"]:
        unit = entry["unit"]
        for kind in ("clean", "rejected"):
            rows = _read(folder.part(kind, unit), "id = $1 OR source = $1", [name])
            if rows:
                removed = _read(
                    folder.part("removed", unit), "id = $1 AND source = $2", [rows[0]["id"], rows[0]["source"]]
                )
                return shown(*((rows[0], removed, None) if kind == "clean" else (None, removed, rows[0])))
            if len(seen) < LOOK_FOR_NAMES:
                seen += [row["id"] for row in _read(folder.part(kind, unit), "true", [], "id")]
    near = difflib.get_close_matches(name, seen[:LOOK_FOR_NAMES], 3, 0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else "`cleaner diff RUN` lists documents"
    raise ViewError(f"{folder.path} has no document {name!r}; {hint}")


def documents(folder: RunFolder, wanted: Mapping[int, Iterable[str]]) -> Iterator[tuple[int, Shown]]:
    """Documents by unit and id, in the order of the units; of a unit one read of each part.

    Raises `FolderError` and `ViewError`.
    """
    for unit in sorted(wanted):
        ids = sorted(set(wanted[unit]))
        where = f"id IN ({', '.join('?' * len(ids))})"
        tables = {kind: _read(folder.part(kind, unit), where, ids) for kind in ("clean", "removed", "rejected")}
        removed: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
        for row in tables["removed"]:
            removed[row["id"], row["source"]].append(row)
        for row in tables["clean"]:
            yield unit, shown(row, removed[row["id"], row["source"]], None)
        for row in tables["rejected"]:
            yield unit, shown(None, removed[row["id"], row["source"]], row)


def _read(path: Path, where: str, values: Sequence[str], columns: str = "*") -> list[dict[str, Any]]:
    """Rows of a part.  The database reads long columns of the rows that meet the condition alone."""
    with extra("audit"):
        import duckdb
    try:
        with duckdb.connect() as database:
            found = database.sql(
                f"SELECT {columns} FROM read_parquet({_quoted(path)}) WHERE {where}", params=list(values)
            )
            rows: list[dict[str, Any]] = found.to_arrow_table().to_pylist()
            return rows
    except duckdb.Error as error:
        raise FolderError(f"{path} cannot be read: {str(error).splitlines()[0]}") from error


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
