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
from cleaner.errors import CleanerError
from cleaner.ingest.record import Raw
from cleaner.pipeline import Cleaned, Cleaner, collect, raw_batch
from cleaner.settings import Settings

Key = TypeVar("Key")
# Batches under way for each worker: enough to keep it busy while the oldest is waited for.
AHEAD = 3
# Seconds added to a batch's limit for each of its documents; a median page takes 0.03 s.
BATCH_SECONDS = 0.25
# Seconds that the system can wait for a pipe: a fortnight stands for "no limit".
LONGEST = 1_200_000.0
# Workers that may die before they are ready (killed from outside) before the engine gives up.
MAX_STILLBORN = 5


class EngineError(CleanerError):
    """Workers cannot be started on this machine."""


class _Died(Exception):
    """A worker process ended in the middle of its work; the message says how."""


def _serve(pipe: Connection, settings: Settings) -> None:
    """What a worker does: clean batches until the parent closes the pipe or is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C means
    cleaner = Cleaner(settings)
    try:
        try:
            cleaner.warm_up()
        except ImportError as error:
            pipe.send(str(error))
            return
        pipe.send(None)
        while True:
            pipe.send(cleaner.clean_batch(pipe.recv()))
    except (EOFError, OSError):
        pass


def _start_forkserver() -> None:
    """Start the fork server with Ctrl-C blocked: a terminal sends it to all processes, and the parent deals with it."""
    from multiprocessing import forkserver, resource_tracker

    resource_tracker.ensure_running()  # would unblock it again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Worker:
    """A worker process as its thread sees it: started when it is needed, and again after it was killed."""

    # Processes are started and reaped one at a time: multiprocessing looks after all children in both calls.
    _lock = threading.Lock()

    def __init__(self, context: Any, settings: Settings) -> None:
        self._context = context
        self._settings = settings
        self._process: Any = None
        self._pipe: Any = None
        self._stopped = False

    def clean(self, batch: pa.RecordBatch, seconds: float) -> Cleaned:
        """Clean a batch.  Raises `TimeoutError`, and `_Died` when the process did."""
        if self._process is None:
            self._start()
        try:
            self._pipe.send(batch)
            if self._pipe.poll(min(seconds, LONGEST)):
                cleaned: Cleaned = self._pipe.recv()
                return cleaned
        except (EOFError, OSError):
            raise _Died(f"its worker died with exit code {self.end()}") from None
        self.end()
        raise TimeoutError

    def _start(self) -> None:
        for _ in range(MAX_STILLBORN):
            self._pipe, theirs = self._context.Pipe()
            process = self._context.Process(target=_serve, args=(theirs, self._settings), daemon=True)
            try:
                with self._lock:
                    if self._stopped:
                        raise _Died("stopped")
                    process.start()
                    self._process = process
                theirs.close()
                broken = self._pipe.recv()
                if broken:
                    raise EngineError(f"the installation is broken, install news-corpus-cleaner again: {broken}")
                return
            except (EOFError, OSError):
                self.end()
            finally:
                theirs.close()
        raise EngineError(
            f"{MAX_STILLBORN} worker processes in a row ended before they were ready; "
            'a script that starts a run must do so under: if __name__ == "__main__":'
        )

    def end(self) -> int | None:
        """End the process.  Returns its exit code: what it ended with by itself, or -9."""
        process, self._process = self._process, None
        self._pipe.close()
        if process is None:
            return None
        with self._lock:
            process.kill()
            process.join()
        code: int = process.exitcode
        return code

    def stop(self) -> None:
        """Kill the process from another thread than the worker's own, and let no other start."""
        with self._lock:
            self._stopped = True
            if self._process is not None:
                self._process.kill()


class LocalEngine:
    """A pool of workers.  Use it as a context manager; leaving it by an exception stops the workers at once."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.workers = settings.workers or os.cpu_count() or 1
        # A fork server starts workers fast and never forks a process that has threads; other systems spawn.
        method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
        context: Any = multiprocessing.get_context(method)
        if method == "forkserver":
            context.set_forkserver_preload(["cleaner.pipeline", "cleaner.ingest.html", "trafilatura"])
            _start_forkserver()
        self._workers = [_Worker(context, settings) for _ in range(self.workers)]
        self._idle = deque(self._workers)
        self._threads = ThreadPoolExecutor(self.workers)

    def __enter__(self) -> LocalEngine:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.stop()
        self._threads.shutdown(cancel_futures=True)

    def map(self, batches: Iterable[tuple[Key, list[Raw]]]) -> Iterator[tuple[Key, Cleaned]]:
        """Clean batches; results in the order of the batches, at most `AHEAD` a worker under way.

        Raises `EngineError` when no worker can be started.
        """
        waiting: deque[tuple[Key, Future[Cleaned]]] = deque()
        for key, records in batches:
            waiting.append((key, self.submit(records)))
            while len(waiting) >= self.workers * AHEAD:
                yield self._oldest(waiting)
        while waiting:
            yield self._oldest(waiting)

    def submit(self, records: list[Raw]) -> Future[Cleaned]:
        """Clean one batch when a worker is free.  Its result raises `EngineError` when no worker can be started."""
        return self._threads.submit(self._clean, records)

    @staticmethod
    def _oldest(waiting: deque[tuple[Key, Future[Cleaned]]]) -> tuple[Key, Cleaned]:
        key, future = waiting.popleft()
        return key, future.result()

    def _clean(self, records: list[Raw]) -> Cleaned:
        if not records:
            return collect([], self.settings.audit)
        worker = self._idle.popleft()  # there are as many as threads
        try:
            return self._clean_by(worker, records, tries=2)
        finally:
            self._idle.append(worker)

    def _clean_by(self, worker: _Worker, records: list[Raw], tries: int) -> Cleaned:
        """Clean records by one worker; the second try of a single document is its last."""
        limit = self.settings.timeout + (BATCH_SECONDS * len(records) if len(records) > 1 else 0)
        try:
            return worker.clean(raw_batch(records), limit)
        except TimeoutError:
            failure = Rejection("engine", "timeout", f"not done after {self.settings.timeout:g} s (see --timeout)")
            tries = 1
        except _Died as error:
            failure = Rejection("engine", "crash", str(error))
        if len(records) == 1:
            if tries > 1:  # it may have been killed from outside
                return self._clean_by(worker, records, tries - 1)
            return collect([(records[0], None, failure, records[0].text)], self.settings.audit)
        alone = [self._clean_by(worker, [record], tries=2) for record in records]
        return Cleaned(
            pa.concat_tables([one.clean for one in alone]),
            pa.concat_tables([one.removed for one in alone]),
            pa.concat_tables([one.rejected for one in alone]),
        )
