"""Worker processes on this machine, with a time limit from outside.

A batch that takes too long or takes its worker down is done again, one document at a time, each under the limit of
its own; the document at fault is rejected and nothing else is lost.  What comes out depends on the documents alone,
never on how they were batched.

Each worker has a thread and a pipe of its own.  Pools whose workers share a queue (concurrent.futures, pebble) break
or hang when one of them is killed from outside at the wrong moment; here that costs a second try of one batch.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing.connection import Connection
from typing import Any, TypeVar

import pyarrow as pa

from cleaner.chain import Rejection
from cleaner.ingest.record import Raw
from cleaner.pipeline import Cleaned, Cleaner, collect, raw_batch
from cleaner.settings import Settings

Key = TypeVar("Key")
# Batches under way for each worker: enough to keep it busy while the oldest is waited for.
AHEAD = 3
# Seconds added to a batch's limit for each of its documents; a median page takes 0.03 s.
BATCH_SECONDS = 0.25
# Workers that may die before they are ready (killed from outside) before the engine gives up.
MAX_STILLBORN = 5


class EngineError(RuntimeError):
    """Workers cannot be started on this machine."""


class _Died(Exception):
    """A worker process ended in the middle of its work; the message says how."""


def _serve(pipe: Connection, settings: Settings) -> None:
    """What a worker does: clean batches until the parent closes the pipe or is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C means
    cleaner = Cleaner(settings)
    try:
        pipe.send(None)
        while True:
            pipe.send(cleaner.clean_batch(pipe.recv()))
    except (EOFError, OSError):
        pass


class _Worker:
    """A worker process as its thread sees it: started when it is needed, and again after it was killed."""

    # Processes are started and reaped one at a time: multiprocessing looks after all children in both calls.
    _lock = threading.Lock()

    def __init__(self, context: Any, settings: Settings) -> None:
        self._context = context
        self._settings = settings
        self._process: Any = None
        self._pipe: Any = None

    def clean(self, batch: pa.RecordBatch, seconds: float) -> Cleaned:
        """Clean a batch.  Raises `TimeoutError` and `_Died`."""
        if self._process is None:
            self._start()
        try:
            self._pipe.send(batch)
            if not self._pipe.poll(seconds):
                self.kill()
                raise TimeoutError
            cleaned: Cleaned = self._pipe.recv()
        except (EOFError, OSError) as error:
            if isinstance(error, TimeoutError):
                raise
            raise _Died(f"its worker died with exit code {self.kill()}") from None
        return cleaned

    def _start(self) -> None:
        for _ in range(MAX_STILLBORN):
            self._pipe, theirs = self._context.Pipe()
            with self._lock:
                self._process = self._context.Process(target=_serve, args=(theirs, self._settings), daemon=True)
                self._process.start()
            theirs.close()
            try:
                self._pipe.recv()
            except (EOFError, OSError):
                self.kill()
            else:
                return
        raise EngineError(f"{MAX_STILLBORN} worker processes in a row ended before they were ready")

    def kill(self) -> int | None:
        """End the process at once.  Returns its exit code, which tells how it ended if it had."""
        if self._process is None:
            return None
        with self._lock:
            self._process.kill()
            self._process.join()
            code: int = self._process.exitcode
        self._pipe.close()
        self._process = None
        return code


class LocalEngine:
    """A pool of workers.  Use it as a context manager; leaving it by an exception stops the workers at once."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.workers = settings.workers or os.cpu_count() or 1
        # A fork server starts workers fast and never forks a process that has threads; other systems spawn.
        method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
        self._context: Any = multiprocessing.get_context(method)
        if method == "forkserver":
            self._context.set_forkserver_preload(["cleaner.pipeline", "cleaner.ingest.html", "trafilatura"])
        self._threads = ThreadPoolExecutor(self.workers, "cleaner")
        self._mine = threading.local()
        self._all: list[_Worker] = []
        self._stopping = False

    def __enter__(self) -> LocalEngine:
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        for worker in self._all:
            worker.kill()
        self._threads.shutdown()

    def map(self, batches: Iterable[tuple[Key, list[Raw]]]) -> Iterator[tuple[Key, Cleaned]]:
        """Clean batches; results in the order of the batches, at most `AHEAD` a worker under way."""
        waiting: deque[tuple[Key, Future[Cleaned]]] = deque()
        for key, records in batches:
            waiting.append((key, self._threads.submit(self._clean, records)))
            while len(waiting) >= self.workers * AHEAD:
                yield self._oldest(waiting)
        while waiting:
            yield self._oldest(waiting)

    @staticmethod
    def _oldest(waiting: deque[tuple[Key, Future[Cleaned]]]) -> tuple[Key, Cleaned]:
        key, future = waiting.popleft()
        return key, future.result()
