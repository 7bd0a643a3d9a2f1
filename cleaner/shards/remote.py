"""Run folders at URLs: object stores, and other file systems that fsspec knows.

An object is there whole or not at all, so parts and manifest are written as on a disk, without temporary names; other
file systems get a temporary name and a move.  What a place cannot do is done otherwise:

- Nothing can be appended to an object: each line of the journal is an object of its own, named after the hash of the
  journal that it belongs to.
- There is no lock that ends with its process: a run writes its name into an object, again and again, and has lost its
  hold when it has not done so for `LEASE_SECONDS`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cleaner.shards.lock import LOCK, LockError
from cleaner.shards.parts import write_part
from cleaner.urls import as_os_errors, open_url

OBJECT_STORES = frozenset(("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "adl", "oss", "oci", "memory"))
# A hold that was not renewed for so long is over; it is renewed four times as often.
LEASE_SECONDS = 120.0
# After taking hold, how long to look whether another run did so at the same moment.
SETTLE_SECONDS = 1.0


class RemoteStore:
    """A folder at a URL (see `shards.store.Store`).  Raises `urls.PlaceError` where there is no such file system."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._fs, self._root = open_url(self.url)
        protocol = self._fs.protocol
        self._is_whole = bool(OBJECT_STORES & {protocol, *(() if isinstance(protocol, str) else protocol)})
        self._lost: str | None = None
        self._journals: dict[str, tuple[str, int]] = {}

    def __str__(self) -> str:
        return self.url

    def _at(self, name: str) -> str:
        return f"{self._root}/{name}" if name else self._root

    def create(self, folder: str = "") -> None:
        """Make the folder, where the file system has such a thing."""
        if not self._is_whole:  # object stores have none, and would make a bucket
            with as_os_errors():
                self._fs.makedirs(self._at(folder), exist_ok=True)

    def lock(self) -> AbstractContextManager[None]:
        """Hold the folder by a lease."""
        return self._leased()

    def exists(self, name: str = "") -> bool:
        """Whether there is such a file, or anything in the folder."""
        with as_os_errors():
            return bool(self._fs.isfile(self._at(name)) if name else self._fs.exists(self._root))

    def names(self, folder: str = "") -> list[str]:
        """Names in a folder."""
        with as_os_errors():
            try:
                paths = self._fs.ls(self._at(folder), detail=False)
            except FileNotFoundError:
                return []
        own = self._at(folder).rstrip("/").rsplit("/", 1)[-1]
        return sorted({path.rstrip("/").rsplit("/", 1)[-1] for path in paths} - {own, ""})

    def read(self, name: str) -> bytes:
        """A file, and the lines that were appended to it."""
        with as_os_errors():
            data = bytes(self._fs.cat_file(self._at(name)))
            lines = [self._fs.cat_file(self._at(piece)) for piece in self._pieces(name, data)]
        return b"".join([data, *lines])

    def _pieces(self, name: str, data: bytes | None) -> list[str]:
        """The objects that hold what was appended to a file of these bytes (None: of any), in order."""
        prefix = f".{name}." if data is None else f".{name}.{hashlib.sha256(data).hexdigest()[:16]}."
        return [piece for piece in self.names() if piece.startswith(prefix)]

    def write(self, name: str, data: bytes) -> None:
        """One object; those that were appended to the one before no longer count, and are removed."""
        with as_os_errors():
            stale = self._pieces(name, None) if "/" not in name else []
            with self._replacing(name) as path:
                self._fs.pipe_file(path, data)
            for piece in stale:
                self._fs.rm_file(self._at(piece))
        self._journals[name] = hashlib.sha256(data).hexdigest()[:16], 0

    @contextlib.contextmanager
    def _replacing(self, name: str) -> Iterator[str]:
        """Where to write a file so that it is there whole or not at all."""
        self._hold()
        if self._is_whole:
            yield self._at(name)
            return
        folder, _, last = name.rpartition("/")
        temporary = self._at(f"{folder}/.{last}.tmp" if folder else f".{last}.tmp")
        yield temporary
        if self._fs.exists(self._at(name)):
            self._fs.rm_file(self._at(name))
        self._fs.mv(temporary, self._at(name))

    def append(self, name: str, line: bytes) -> None:
        """An object for the line."""
        journal, count = self._journals[name]
        with as_os_errors(), self._replacing(f".{name}.{journal}.{count:08d}") as path:
            self._fs.pipe_file(path, line)
        self._journals[name] = journal, count + 1

    def remove(self, name: str) -> None:
        """Remove a file and what was appended to it."""
        pieces = self._pieces(name, None) if "/" not in name else []
        with as_os_errors():
            for one in (name, *pieces):
                with contextlib.suppress(FileNotFoundError):
                    self._fs.rm_file(self._at(one))

    def write_table(self, name: str, table: pa.Table) -> dict[str, Any]:
        """Write the file here, then send it."""
        with tempfile.TemporaryDirectory(prefix="cleaner-part-") as folder:
            file = Path(folder) / "part.parquet"
            known = write_part(file, table)
            with as_os_errors(), self._replacing(name) as path:
                self._fs.put_file(str(file), path)
        return known

    def read_table(self, name: str, columns: list[str] | None = None) -> pa.Table:
        """The table of a file."""
        with as_os_errors():
            return pq.read_table(self._at(name), columns=columns, filesystem=self._fs)

    def sha256(self, name: str) -> str:
        """SHA-256 of a file, which is fetched for it."""
        with as_os_errors(), self._fs.open(self._at(name), "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()

    # the lease

    @contextlib.contextmanager
    def _leased(self) -> Iterator[None]:
        token = secrets.token_hex(8)
        with as_os_errors():
            held = self._lease()
            if held is not None and time.time() - held["at"] < LEASE_SECONDS:
                seconds = time.time() - held["at"]
                raise LockError(
                    f"another run is writing to {self.url} ({held['who']}, {seconds:.0f} seconds ago); wait until it "
                    f"ends; if it was killed, its hold ends after {LEASE_SECONDS:.0f} seconds"
                )
            self._renew(token)
            time.sleep(SETTLE_SECONDS)
            held = self._lease()
            if held is None or held["token"] != token:
                raise LockError(f"another run began to write to {self.url} at this moment; wait until it ends")
        self._lost = None
        ended = threading.Event()
        keeper = threading.Thread(target=self._keep, args=(token, ended), daemon=True)
        keeper.start()
        try:
            yield
        finally:
            ended.set()
            keeper.join()
            with contextlib.suppress(OSError), as_os_errors():
                held = self._lease()
                if held is not None and held["token"] == token:
                    self._fs.rm_file(self._at(LOCK))

    def _lease(self) -> dict[str, Any] | None:
        try:
            lease = json.loads(self._fs.cat_file(self._at(LOCK)))
            return {"who": str(lease["who"]), "token": str(lease["token"]), "at": float(lease["at"])}
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None

    def _renew(self, token: str) -> None:
        lease = {"who": f"process {os.getpid()} on {socket.gethostname()}", "token": token, "at": time.time()}
        self._fs.pipe_file(self._at(LOCK), json.dumps(lease).encode())

    def _keep(self, token: str, ended: threading.Event) -> None:
        while not ended.wait(LEASE_SECONDS / 4):
            with contextlib.suppress(OSError), as_os_errors():  # tried again
                held = self._lease()
                if held is not None and held["token"] != token:
                    self._lost = held["who"]
                    return
                self._renew(token)

    def _hold(self) -> None:
        if self._lost is not None:
            raise OSError(f"{self._lost} has taken the folder over, because this run could not reach it for a while")
