"""One run at a time writes into a folder."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from cleaner.errors import CleanerError

LOCK = ".lock"


class LockError(CleanerError):
    """Another process is writing into a folder; the message names it."""


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of a folder, which must be there.

    The system lets go of the lock when the process that holds it ends, however it ends; the file that carries it is
    removed by a process that ends well, and means nothing by itself.

    Raises `LockError` when another process holds it, and `OSError` when nothing can be written there.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as name, locked(Path(name)):
    ...     try:
    ...         with locked(Path(name)):
    ...             pass
    ...     except LockError as error:
    ...         print(str(error).replace(name, "OUT").partition(" (")[0])
    another run is writing to OUT
    """
    file = folder / LOCK
    lock = FileLock(file, is_singleton=False, thread_local=False)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        raise LockError(
            f"another run is writing to {folder} ({_holder(file)}); wait until it ends, or name another folder"
        ) from None
    try:
        file.write_text(f"process {os.getpid()} on {socket.gethostname()}", encoding="utf-8")
        yield
    finally:
        # While the lock is still held: one who has opened the file by now sees that it is gone, and makes a new one.
        with contextlib.suppress(OSError):
            file.unlink()
        lock.release()


def _holder(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")[:200] or "it has just begun"
    except (OSError, ValueError):
        return "it has just begun"
