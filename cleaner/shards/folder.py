"""A run folder: parts written whole or not at all, a journal of finished units, the manifest last.

OUT/clean/part-00000.parquet, OUT/removed/…, OUT/rejected/…      part N holds what became of unit N
OUT/journal.jsonl                                               while a run is unfinished
OUT/run.json                                                    written last: a folder without it is unfinished
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cleaner.atomic import write_whole
from cleaner.errors import CleanerError
from cleaner.shards.schemas import PARTS

MANIFEST = "run.json"
JOURNAL = "journal.jsonl"
_PART = re.compile(r"part-\d{5,}\.parquet|\.part-\d{5,}\.parquet\.tmp")
# Of the levels that were timed, 3 is the last that writes faster than the chain cleans on one core.
ZSTD_LEVEL = 3
# Columns of long, mostly unique text: a dictionary for them only costs time.
_LONG = frozenset(("text", "id", "source", "url", "text_sha256", "source_sha256", "evidence", "detail"))


class FolderError(CleanerError):
    """A run folder that cannot be used; the message says why and what to do."""


class RunFolder:
    """The output of one run."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def prepare(self, header: Mapping[str, Any], *, resume: bool, overwrite: bool) -> list[dict[str, Any]]:
        """Make the folder ready and return the journal's finished units (only when resuming).

        ``header`` is what decides the bytes of the run: version, settings, rules.  Raises `FolderError` when the
        folder holds something that must not be touched, or, resuming, was begun with another header.
        """
        if resume and overwrite:
            raise FolderError("--resume and --overwrite contradict each other; give one of them")
        if self.path.exists() and not self.path.is_dir():
            raise FolderError(f"{self.path} is a file; name a folder")
        finished, begun = (self.path / MANIFEST).exists(), (self.path / JOURNAL).exists()
        if not finished and not begun:
            if self.path.is_dir() and any(entry.name != f".{JOURNAL}.tmp" for entry in self.path.iterdir()):
                raise FolderError(f"{self.path} is not empty and no run folder; name a new folder")
            return self._begin(header)
        # refuse files of these names that another program wrote
        if finished:
            self.manifest()
        else:
            self._journal_header()
        if overwrite:
            return self._begin(header)
        state = "a finished run" if finished else "an unfinished run"
        if not resume:
            raise FolderError(f"{self.path} holds {state}; give --resume to go on with it or --overwrite to start anew")
        if finished:
            self._same(header, self.manifest()["header"])
            return []
        units = self._read_journal()
        self._same(header, self._journal_header())
        self._write_journal(header, units)
        return units

    def _begin(self, header: Mapping[str, Any]) -> list[dict[str, Any]]:
        self._write_journal(header, [])
        (self.path / MANIFEST).unlink(missing_ok=True)
        self._drop_parts()
        return []

    def _write_journal(self, header: Mapping[str, Any], units: Sequence[Mapping[str, Any]]) -> None:
        """Write the journal whole: first of all when a run begins, so that one that is killed at once can go on."""
        lines = [f"{json.dumps(entry, sort_keys=True)}\n" for entry in (header, *units)]
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            write_whole(self.path / JOURNAL, "".join(lines).encode())
            for name in PARTS:
                (self.path / name).mkdir(exist_ok=True)
        except OSError as error:
            raise FolderError(f"cannot write to {self.path}: {error.strerror or error}") from error

    def _drop_parts(self) -> None:
        """Remove the parts that runs write, and nothing else."""
        for kind in PARTS:
            for path in (self.path / kind).iterdir():
                if _PART.fullmatch(path.name):
                    path.unlink()

    def _same(self, header: Mapping[str, Any], old: Mapping[str, Any]) -> None:
        old = json.loads(json.dumps(old))
        new = json.loads(json.dumps(header))
        for key in sorted(set(old) | set(new)):
            if old.get(key) != new.get(key):
                changed = _difference(old.get(key), new.get(key))
                raise FolderError(
                    f"cannot resume {self.path}: {key} changed since it was begun ({changed}); "
                    "use what it was begun with, or --overwrite"
                )

    def _journal_header(self) -> dict[str, Any]:
        with open(self.path / JOURNAL, "rb") as journal:
            try:
                header = json.loads(journal.readline())
            except ValueError:
                header = None
        if not isinstance(header, dict) or "cleaner" not in header:
            raise FolderError(f"{self.path / JOURNAL} is no journal of a run; name another folder")
        return header

    def _read_journal(self) -> list[dict[str, Any]]:
        """The finished units; of a unit that was done again, the last entry."""
        lines = (self.path / JOURNAL).read_bytes().split(b"\n")
        # the last line is empty, or it was being written when the run stopped: its unit is done again
        units: dict[int, dict[str, Any]] = {}
        for number, line in enumerate(lines[1:-1], 2):
            try:
                entry = json.loads(line)
                units[entry["unit"]] = entry
            except (ValueError, KeyError, TypeError):
                raise FolderError(f"{self.path / JOURNAL}: line {number} is damaged; use --overwrite") from None
        return [units[number] for number in sorted(units)]

    def part(self, kind: str, unit: int) -> Path:
        """Path of one part."""
        return self.path / kind / f"part-{unit:05d}.parquet"

    def write_unit(self, unit: int, tables: Mapping[str, pa.Table], entry: Mapping[str, Any]) -> dict[str, Any]:
        """Write the parts of a unit and enter them in the journal.  Returns the entry with rows, bytes and hashes.

        Raises `FolderError` when the disk is full or gone.
        """
        try:
            parts = {kind: write_part(self.part(kind, unit), tables[kind]) for kind in PARTS}
            done = {"unit": unit, **entry, "parts": parts}
            with open(self.path / JOURNAL, "ab") as journal:
                journal.write(f"{json.dumps(done, sort_keys=True)}\n".encode())
                journal.flush()
                os.fsync(journal.fileno())
        except OSError as error:
            raise FolderError(
                f"cannot write part {unit} to {self.path}: {error}; mend it and go on with --resume"
            ) from error
        return done

    def intact(self, unit: int, parts: Mapping[str, Any]) -> bool:
        """Whether the parts of a finished unit are there with the hashes of journal or manifest."""
        try:
            return all(file_sha256(self.part(kind, unit)) == parts[kind]["sha256"] for kind in PARTS)
        except OSError:
            return False

    def finish(self, manifest: Mapping[str, Any]) -> None:
        """Write the manifest and drop the journal: from here on the run is finished."""
        text = json.dumps(manifest, indent=2, ensure_ascii=False, sort_keys=True)
        write_whole(self.path / MANIFEST, f"{text}\n".encode())
        (self.path / JOURNAL).unlink(missing_ok=True)

    def manifest(self) -> dict[str, Any]:
        """The manifest.  Raises `FolderError` when the folder is no finished run."""
        try:
            manifest: dict[str, Any] = json.loads((self.path / MANIFEST).read_text(encoding="utf-8"))
        except FileNotFoundError:
            state = "an unfinished run (resume it first)" if (self.path / JOURNAL).exists() else "no run folder"
            raise FolderError(f"{self.path} is {state}: {MANIFEST} is missing") from None
        except (OSError, ValueError) as error:
            raise FolderError(f"{self.path / MANIFEST} cannot be read: {error}") from error
        if not isinstance(manifest, dict) or not {"header", "books", "parts"} <= manifest.keys():
            raise FolderError(f"{self.path / MANIFEST} is no manifest of a run; name another folder")
        return manifest

    def units(self) -> Iterator[dict[str, pa.Table]]:
        """The tables of each part of a finished run, in order.  Raises `FolderError`."""
        for entry in self.manifest()["parts"]:
            try:
                yield {kind: pq.read_table(self.part(kind, entry["unit"])) for kind in PARTS}
            except (OSError, pa.ArrowException) as error:
                raise FolderError(f"{self.path}: part {entry['unit']} cannot be read: {error}") from error


def _difference(old: object, new: object) -> str:
    if isinstance(old, dict) and isinstance(new, dict):
        keys = [key for key in sorted(set(old) | set(new)) if old.get(key) != new.get(key)]
        return ", ".join(f"{key}: {old.get(key)!r} then, {new.get(key)!r} now" for key in keys[:3])
    return f"{old!r} then, {new!r} now"


def write_part(path: Path, table: pa.Table) -> dict[str, Any]:
    """Write a table as zstd Parquet under a temporary name, then rename it.  Returns rows, bytes and SHA-256."""
    temporary = path.with_name(f".{path.name}.tmp")
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(
        table,
        temporary,
        compression="zstd",
        compression_level=ZSTD_LEVEL,
        use_dictionary=[
            field.name for field in table.schema if field.name not in _LONG and pa.types.is_string(field.type)
        ],
        write_statistics=True,
    )
    digest = file_sha256(temporary)
    size = temporary.stat().st_size
    with open(temporary, "rb") as stream:
        os.fsync(stream.fileno())
    os.replace(temporary, path)
    return {"rows": table.num_rows, "bytes": size, "sha256": digest}


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, as hexadecimal digits."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
