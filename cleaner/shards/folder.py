"""A run folder: parts written whole or not at all, a journal of finished units, the manifest last.

OUT/clean/part-00000.parquet, OUT/removed/…, OUT/rejected/…      part N holds what became of unit N
OUT/journal.jsonl                                               while a run is unfinished
OUT/.lock                                                       while it is being written (`shards.lock`)
OUT/run.json                                                    written last: a folder without it is unfinished
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from cleaner.errors import CleanerError
from cleaner.shards.lock import LOCK
from cleaner.shards.schemas import PARTS
from cleaner.shards.store import LocalStore, Store
from cleaner.urls import as_place

MANIFEST = "run.json"
JOURNAL = "journal.jsonl"
_PART = re.compile(r"part-\d{5,}\.parquet|\.part-\d{5,}\.parquet\.tmp")


class FolderError(CleanerError):
    """A run folder that cannot be used; the message says why and what to do."""


class RunFolder:
    """The output of one run."""

    def __init__(self, path: Path, store: Store | None = None) -> None:
        self.path = path
        """Where it is; of one that is not on this machine, its URL as a path, which cannot be opened."""
        self.store: Store = store or LocalStore(path)

    @property
    def place(self) -> Path | str:
        """Its path, or its URL."""
        return self.path if isinstance(self.store, LocalStore) else str(self.store)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder, which is made, against other runs.

        Raises `FolderError` when it cannot be made, and `shards.lock.LockError` when another run holds it.
        """
        if self.path.is_file():
            raise FolderError(f"{self.store} is a file; name a folder")
        is_new = isinstance(self.store, LocalStore) and not self.path.exists()
        try:
            with contextlib.ExitStack() as held:
                try:
                    self.store.create()
                    held.enter_context(self.store.lock())
                except OSError as error:
                    raise FolderError(f"cannot write to {self.store}: {error.strerror or error}") from error
                yield
        except BaseException:
            if is_new:  # and nothing was written into it
                with contextlib.suppress(OSError):
                    self.path.rmdir()
            raise

    @property
    def is_finished(self) -> bool:
        """Whether it holds a finished run."""
        return self.store.exists(MANIFEST)

    def prepare(self, header: Mapping[str, Any], *, resume: bool, overwrite: bool) -> list[dict[str, Any]]:
        """Make the folder ready and return the journal's finished units (only when resuming).

        ``header`` is what decides the bytes of the run: version, settings, rules.  Raises `FolderError` when the
        folder holds something that must not be touched, or, resuming, was begun with another header.
        """
        if resume and overwrite:
            raise FolderError("--resume and --overwrite contradict each other; give one of them")
        finished, begun = self.is_finished, self.store.exists(JOURNAL)
        if not finished and not begun:
            if set(self.store.names()) - {f".{JOURNAL}.tmp", LOCK}:
                raise FolderError(f"{self.store} is not empty and no run folder; name a new folder")
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
            raise FolderError(
                f"{self.store} holds {state}; give --resume to go on with it or --overwrite to start anew"
            )
        if finished:
            self._same(header, self.manifest()["header"])
            return []
        units = self._read_journal()
        self._same(header, self._journal_header())
        self._write_journal(header, units)
        return units

    def _begin(self, header: Mapping[str, Any]) -> list[dict[str, Any]]:
        self._write_journal(header, [])
        self.store.remove(MANIFEST)
        self._drop_parts()
        return []

    def _write_journal(self, header: Mapping[str, Any], units: Sequence[Mapping[str, Any]]) -> None:
        """Write the journal whole: first of all when a run begins, so that one that is killed at once can go on."""
        lines = [f"{json.dumps(entry, sort_keys=True)}\n" for entry in (header, *units)]
        try:
            self.store.create()
            self.store.write(JOURNAL, "".join(lines).encode())
            for folder in PARTS:
                self.store.create(folder)
        except OSError as error:
            raise FolderError(f"cannot write to {self.store}: {error.strerror or error}") from error

    def _drop_parts(self) -> None:
        """Remove the parts that runs write, and nothing else."""
        for kind in PARTS:
            for name in self.store.names(kind):
                if _PART.fullmatch(name):
                    self.store.remove(f"{kind}/{name}")

    def _same(self, header: Mapping[str, Any], old: Mapping[str, Any]) -> None:
        old = json.loads(json.dumps(old))
        new = json.loads(json.dumps(header))
        for key in sorted(set(old) | set(new)):
            if old.get(key) != new.get(key):
                changed = _difference(old.get(key), new.get(key))
                raise FolderError(
                    f"cannot resume {self.store}: {key} changed since it was begun ({changed}); "
                    "use what it was begun with, or --overwrite"
                )

    def _journal_header(self) -> dict[str, Any]:
        try:
            header = json.loads(self.store.read(JOURNAL).partition(b"\n")[0])
        except ValueError:
            header = None
        if not isinstance(header, dict) or "cleaner" not in header:
            raise FolderError(f"{self.store}/{JOURNAL} is no journal of a run; name another folder")
        return header

    def _read_journal(self) -> list[dict[str, Any]]:
        """The finished units; of a unit that was done again, the last entry."""
        lines = self.store.read(JOURNAL).split(b"\n")
        # the last line is empty, or it was being written when the run stopped: its unit is done again
        units: dict[int, dict[str, Any]] = {}
        for number, line in enumerate(lines[1:-1], 2):
            try:
                entry = json.loads(line)
                units[entry["unit"]] = entry
            except (ValueError, KeyError, TypeError):
                raise FolderError(f"{self.store}/{JOURNAL}: line {number} is damaged; use --overwrite") from None
        return [units[number] for number in sorted(units)]

    def part(self, kind: str, unit: int) -> Path:
        """Path of one part."""
        return self.path / _name(kind, unit)

    def write_unit(self, unit: int, tables: Mapping[str, pa.Table], entry: Mapping[str, Any]) -> dict[str, Any]:
        """Write the parts of a unit and enter them in the journal.  Returns the entry with rows, bytes and hashes.

        Raises `FolderError` when the disk is full or gone.
        """
        try:
            parts = {kind: self.store.write_table(_name(kind, unit), tables[kind]) for kind in PARTS}
            done = {"unit": unit, **entry, "parts": parts}
            self.store.append(JOURNAL, f"{json.dumps(done, sort_keys=True)}\n".encode())
        except OSError as error:
            raise FolderError(
                f"cannot write part {unit} to {self.store}: {error}; mend it and go on with --resume"
            ) from error
        return done

    def intact(self, unit: int, parts: Mapping[str, Any]) -> bool:
        """Whether the parts of a finished unit are there with the hashes of journal or manifest."""
        try:
            return all(self.store.sha256(_name(kind, unit)) == parts[kind]["sha256"] for kind in PARTS)
        except OSError:
            return False

    def finish(self, manifest: Mapping[str, Any]) -> None:
        """Write the manifest and drop the journal: from here on the run is finished."""
        text = json.dumps(manifest, indent=2, ensure_ascii=False, sort_keys=True)
        self.store.write(MANIFEST, f"{text}\n".encode())
        self.store.remove(JOURNAL)

    def manifest(self) -> dict[str, Any]:
        """The manifest.  Raises `FolderError` when the folder is no finished run."""
        try:
            manifest: dict[str, Any] = json.loads(self.store.read(MANIFEST))
        except FileNotFoundError:
            state = "an unfinished run (resume it first)" if self.store.exists(JOURNAL) else "no run folder"
            raise FolderError(f"{self.store} is {state}: {MANIFEST} is missing") from None
        except (OSError, ValueError) as error:
            raise FolderError(f"{self.store}/{MANIFEST} cannot be read: {error}") from error
        if not isinstance(manifest, dict) or not {"header", "books", "parts"} <= manifest.keys():
            raise FolderError(f"{self.store}/{MANIFEST} is no manifest of a run; name another folder")
        return manifest

    def table(self, kind: str, unit: int, columns: list[str] | None = None) -> pa.Table:
        """One part, or some columns of it."""
        return self.store.read_table(_name(kind, unit), columns)

    def units(self) -> Iterator[dict[str, pa.Table]]:
        """The tables of each part of a finished run, in order.  Raises `FolderError`."""
        for entry in self.manifest()["parts"]:
            try:
                yield {kind: self.table(kind, entry["unit"]) for kind in PARTS}
            except (OSError, pa.ArrowException) as error:
                raise FolderError(f"{self.store}: part {entry['unit']} cannot be read: {error}") from error


def open_folder(place: Path | str) -> RunFolder:
    """The run folder of a path or URL.  Raises `urls.PlaceError` where there is no file system for it."""
    at = as_place(place)
    if isinstance(at, Path):
        return RunFolder(at)
    from cleaner.shards.remote import RemoteStore

    return RunFolder(Path(at), RemoteStore(at))


def _name(kind: str, unit: int) -> str:
    return f"{kind}/part-{unit:05d}.parquet"


def _difference(old: object, new: object) -> str:
    if isinstance(old, dict) and isinstance(new, dict):
        keys = [key for key in sorted(set(old) | set(new)) if old.get(key) != new.get(key)]
        return ", ".join(f"{key}: {old.get(key)!r} then, {new.get(key)!r} now" for key in keys[:3])
    return f"{old!r} then, {new!r} now"
