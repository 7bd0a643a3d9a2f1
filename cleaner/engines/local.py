"""Worker processes on this machine, with a time limit from outside.

A batch that takes too long or takes its worker down is done again, one document at a time, each under the limit of
its own; the document at fault is rejected and nothing else is lost.  What comes out depends on the documents alone,
never on how they were batched.

What is done with a batch is a `Work`: `CleaningWork`, or the `StagingWork` of a run's first pass.

Each worker has a thread and a pipe of its own.  Pools whose workers share a queue (concurrent.futures, pebble) break
or hang when one of them is killed from outside at the wrong moment; here that costs a second try of one batch.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import pyarrow as pa

from cleaner.chain import Rejection
from cleaner.errors import CleanerError
from cleaner.ingest.record import Raw
from cleaner.pipeline import Cleaned, Cleaner, collect, raw_batch
from cleaner.settings import Settings
from cleaner.shards.staging import Extracted, staged_documents, staged_table
from cleaner.surveys.collect import empty_tables
from cleaner.surveys.evidence import Survey

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


Item = TypeVar("Item")
Result = TypeVar("Result")
ItemIn = TypeVar("ItemIn", contravariant=True)


class Work(Protocol[ItemIn, Result]):
    """What workers do with batches of items, and what stands in its place for an item that fails."""

    def start(self) -> Callable[[pa.RecordBatch | pa.Table], Result]:
        """In a worker: load everything, and return the function of a batch.  Raises `ImportError`."""
        ...

    def encode(self, items: Sequence[ItemIn]) -> pa.RecordBatch | pa.Table:
        """Items as a batch."""
        ...

    def fail(self, item: ItemIn, failure: Rejection) -> Result:
        """The result for one item that failed."""
        ...

    def join(self, results: Sequence[Result]) -> Result:
        """Results of parts of a batch as one; of none, an empty one."""
        ...


@dataclass(frozen=True, slots=True)
class CleaningWork:
    """Cleans raw records, or staged ones (tables of one row), with the evidence in a folder if there is any."""

    settings: Settings
    evidence: Path | None = None

    def start(self) -> Callable[[pa.RecordBatch | pa.Table], Cleaned]:
        """The `Cleaner.clean_batch` of a warm cleaner."""
        cleaner = Cleaner(self.settings, Survey(self.evidence) if self.evidence is not None else None)
        cleaner.warm_up()
        return cleaner.clean_batch

    def encode(self, items: Sequence[Raw | pa.Table]) -> pa.RecordBatch | pa.Table:
        """A raw batch, or a staged table."""
        if isinstance(items[0], Raw):
            return raw_batch(item for item in items if isinstance(item, Raw))
        return pa.concat_tables(items).combine_chunks()

    def fail(self, item: Raw | pa.Table, failure: Rejection) -> Cleaned:
        """A rejected row."""
        if isinstance(item, Raw):
            return collect([(item, None, failure, item.text)], self.settings.audit)
        (one,) = staged_documents(item)
        return collect([(one.raw, None, failure, one.document.text if one.document else None)], self.settings.audit)

    def join(self, results: Sequence[Cleaned]) -> Cleaned:
        """The tables one below the other."""
        if not results:
            return collect([], self.settings.audit)
        return Cleaned(
            pa.concat_tables([one.clean for one in results]),
            pa.concat_tables([one.removed for one in results]),
            pa.concat_tables([one.rejected for one in results]),
        )


@dataclass(frozen=True, slots=True)
class Staged:
    """What the first pass makes of a batch: staged rows, and rows of the tables of a survey."""

    documents: pa.Table
    survey: dict[str, pa.Table]


@dataclass(frozen=True, slots=True)
class StagingWork:
    """Extracts raw records and surveys them; ``known`` is a file of keys of documents that a survey holds already."""

    settings: Settings
    known: Path | None = None

    def start(self) -> Callable[[pa.RecordBatch | pa.Table], Staged]:
        """The `Cleaner.stage_batch` of a warm cleaner."""
        cleaner = Cleaner(self.settings)
        cleaner.warm_up()
        known = np.load(self.known, mmap_mode="r") if self.known is not None else None
        return lambda batch: Staged(*cleaner.stage_batch(batch, known))

    def encode(self, items: Sequence[Raw]) -> pa.RecordBatch:
        """A raw batch."""
        return raw_batch(items)

    def fail(self, item: Raw, failure: Rejection) -> Staged:
        """A staged row without a document."""
        return Staged(staged_table([Extracted(item, None, failure, item.text)]), empty_tables())

    def join(self, results: Sequence[Staged]) -> Staged:
        """The tables one below the other."""
        return Staged(
            pa.concat_tables([staged_table(()), *(one.documents for one in results)]),
            {
                name: pa.concat_tables([empty, *(one.survey[name] for one in results)])
                for name, empty in empty_tables().items()
            },
        )


def _serve(pipe: Connection) -> None:
    """What a worker does: work on batches until the parent closes the pipe or is gone; a `Work` says what work."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C means
    do: Callable[[pa.RecordBatch | pa.Table], Any] | None = None
    try:
        while True:
            given = pipe.recv()
            if do is not None and isinstance(given, pa.RecordBatch | pa.Table):
                pipe.send(do(given))
                continue
            try:
                do = given.start()
            except ImportError as error:
                pipe.send(str(error))
                return
            pipe.send(None)
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

    def __init__(self, context: Any) -> None:
        self._context = context
        self._process: Any = None
        self._pipe: Any = None
        self._work: Work[Any, Any] | None = None
        self._stopped = False

    def do(self, work: Work[Any, Any], batch: pa.RecordBatch | pa.Table, seconds: float) -> Any:
        """The work on a batch.  Raises `TimeoutError`, and `_Died` when the process did."""
        if self._process is None or self._work is not work:
            self._start(work)
        try:
            self._pipe.send(batch)
            if self._pipe.poll(min(seconds, LONGEST)):
                return self._pipe.recv()
        except (EOFError, OSError):
            raise _Died(f"its worker died with exit code {self.end()}") from None
        self.end()
        raise TimeoutError

    def _start(self, work: Work[Any, Any]) -> None:
        """Have a process ready for a work: the one that is there, or a new one."""
        for _ in range(MAX_STILLBORN):
            try:
                if self._process is None:
                    self._fork()
                self._pipe.send(work)
                broken = self._pipe.recv()
                if broken:
                    raise EngineError(f"the installation is broken, install news-corpus-cleaner again: {broken}")
                self._work = work
                return
            except (EOFError, OSError):
                self.end()
        raise EngineError(
            f"{MAX_STILLBORN} worker processes in a row ended before they were ready; "
            'a script that starts a run must do so under: if __name__ == "__main__":'
        )

    def _fork(self) -> None:
        self._pipe, theirs = self._context.Pipe()
        process = self._context.Process(target=_serve, args=(theirs,), daemon=True)
        try:
            with self._lock:
                if self._stopped:
                    raise _Died("stopped")
                process.start()
                self._process = process
        finally:
            theirs.close()

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
            context.set_forkserver_preload(["cleaner.engines.warm"])
            _start_forkserver()
        self._workers = [_Worker(context) for _ in range(self.workers)]
        self._idle = deque(self._workers)
        self._threads = ThreadPoolExecutor(self.workers)

    def __enter__(self) -> LocalEngine:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.stop()
        self._threads.shutdown(cancel_futures=True)

    def map(
        self, work: Work[Item, Result], batches: Iterable[tuple[Key, Sequence[Item]]]
    ) -> Iterator[tuple[Key, Result]]:
        """The work on batches; results in the order of the batches, at most `AHEAD` a worker under way.

        Raises `EngineError` when no worker can be started.
        """
        waiting: deque[tuple[Key, Future[Result]]] = deque()
        for key, items in batches:
            waiting.append((key, self.submit(work, items)))
            while len(waiting) >= self.workers * AHEAD:
                done, future = waiting.popleft()
                yield done, future.result()
        for done, future in waiting:
            yield done, future.result()

    def submit(self, work: Work[Item, Result], items: Sequence[Item]) -> Future[Result]:
        """The work on one batch, when a worker is free.  Raises `EngineError`, later, when no worker can be started."""
        return self._threads.submit(self._do, work, items)

    def _do(self, work: Work[Item, Result], items: Sequence[Item]) -> Result:
        if not items:
            return work.join([])
        worker = self._idle.popleft()  # there are as many as threads
        try:
            return self._do_by(worker, work, items, tries=2)
        finally:
            self._idle.append(worker)

    def _do_by(self, worker: _Worker, work: Work[Item, Result], items: Sequence[Item], tries: int) -> Result:
        """The work on items by one worker; the second try of a single document is its last."""
        timeout = self.settings.timeout
        limit = timeout + (BATCH_SECONDS * len(items) if len(items) > 1 else 0)
        try:
            done: Result = worker.do(work, work.encode(items), limit)
            return done
        except TimeoutError:
            failure = Rejection("engine", "timeout", f"not done after {timeout:g} s (see --timeout)")
            tries = 1
        except _Died as error:
            failure = Rejection("engine", "crash", str(error))
        if len(items) == 1:
            if tries > 1:  # it may have been killed from outside
                return self._do_by(worker, work, items, tries - 1)
            return work.fail(items[0], failure)
        return work.join([self._do_by(worker, work, [item], tries=2) for item in items])
