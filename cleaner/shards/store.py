"""Where a run writes: a folder of this machine.  `cleaner.shards.remote` is the same for URLs."""

from __future__ import annotations

import contextlib
import os
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from cleaner.atomic import write_whole
from cleaner.shards.lock import locked
from cleaner.shards.parts import file_sha256, write_part


class Store(Protocol):
    """What a run folder needs of the place that it is in.

    Names are paths inside the folder, with "/".  All methods raise `OSError` when the place fails them; what is written
    is there whole or not at all.
    """

    def create(self, folder: str = "") -> None:
        """Make the folder, or a folder of it, where it is not there."""

    def lock(self) -> AbstractContextManager[None]:
        """Hold the folder against other runs.  Raises `shards.lock.LockError`."""

    def exists(self, name: str = "") -> bool:
        """Whether there is a file of this name; without a name, whether there is a folder."""

    def names(self, folder: str = "") -> list[str]:
        """What lies in the folder, or in a folder of it, by name without the folder's."""

    def read(self, name: str) -> bytes:
        """A small file.  Raises `FileNotFoundError`."""

    def write(self, name: str, data: bytes) -> None:
        """A small file in the place of the one that is there."""

    def append(self, name: str, line: bytes) -> None:
        """Add a line to a file that `write` wrote; when this returns, it lasts."""

    def remove(self, name: str) -> None:
        """Remove a file, if it is there."""

    def write_table(self, name: str, table: pa.Table) -> dict[str, Any]:
        """Write a table as `parts.write_part` does.  Returns rows, bytes and SHA-256."""

    def read_table(self, name: str, columns: list[str] | None = None) -> pa.Table:
        """Read one back."""

    def sha256(self, name: str) -> str:
        """SHA-256 of a file, as hexadecimal digits."""


class LocalStore:
    """A folder of this machine, or one that it reaches as such."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __str__(self) -> str:
        return str(self.path)

    def create(self, folder: str = "") -> None:
        """Make the folder and those above it."""
        (self.path / folder).mkdir(parents=True, exist_ok=True)

    def lock(self) -> AbstractContextManager[None]:
        """A lock of the system, which ends with the process."""
        return locked(self.path)

    def exists(self, name: str = "") -> bool:
        """Whether there is such a file, or the folder."""
        return (self.path / name).is_file() if name else self.path.exists()

    def names(self, folder: str = "") -> list[str]:
        """Names of files and folders; none where there is no such folder."""
        with contextlib.suppress(FileNotFoundError):
            return sorted(os.listdir(self.path / folder))
        return []

    def read(self, name: str) -> bytes:
        """The bytes of a file."""
        return (self.path / name).read_bytes()

    def write(self, name: str, data: bytes) -> None:
        """Write under a temporary name, then rename."""
        write_whole(self.path / name, data)

    def append(self, name: str, line: bytes) -> None:
        """Append and flush to disk."""
        with open(self.path / name, "ab") as stream:
            stream.write(line)
            stream.flush()
            os.fsync(stream.fileno())

    def remove(self, name: str) -> None:
        """Remove a file."""
        (self.path / name).unlink(missing_ok=True)

    def write_table(self, name: str, table: pa.Table) -> dict[str, Any]:
        """Write under a temporary name, then rename."""
        return write_part(self.path / name, table)

    def read_table(self, name: str, columns: list[str] | None = None) -> pa.Table:
        """The table of a file."""
        return pq.read_table(self.path / name, columns=columns)

    def sha256(self, name: str) -> str:
        """SHA-256 of a file."""
        return file_sha256(self.path / name)
