"""Worker processes on this machine, with a time limit from outside.

A batch that takes too long or takes its worker down is done again, one document at a time, each under the limit of
its own; the document at fault is rejected and nothing else is lost.  What comes out depends on the documents alone,
never on how they were batched.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import replace
from typing import TypeVar

import pyarrow as pa
from pebble import ProcessExpired, ProcessPool

from cleaner.ingest.record import Raw
from cleaner.pipeline import Cleaned, Cleaner, collect, raw_batch
from cleaner.settings import Settings

Key = TypeVar("Key")
# Batches under way for each worker: enough to keep it busy while the oldest is waited for.
AHEAD = 3
# Seconds added to a batch's limit for each of its documents; a median page takes 0.03 s.
BATCH_SECONDS = 0.25

_cleaner: Cleaner | None = None


def _start(settings: Settings) -> None:
    global _cleaner
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C means
    _cleaner = Cleaner(settings)


def _work(batch: pa.RecordBatch) -> Cleaned:
    assert _cleaner is not None
    return _cleaner.clean_batch(batch)


class LocalEngine:
    """A pool of workers.  Use it as a context manager; leaving it by an exception stops the workers at once."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.workers = settings.workers or os.cpu_count() or 1
        # A fork server starts workers fast and never forks a process that has threads; other systems spawn.
        method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
        context = multiprocessing.get_context(method)
        if method == "forkserver":
            context.set_forkserver_preload(["cleaner.pipeline", "cleaner.ingest.html", "trafilatura"])
        self.pool = ProcessPool(self.workers, initializer=_start, initargs=(settings,), context=context)

    def __enter__(self) -> LocalEngine:
        return self

    def __exit__(self, kind: object, value: object, trace: object) -> None:
        if kind is None:
            self.pool.close()
        else:
            self.pool.stop()
        self.pool.join()

    def map(self, batches: Iterable[tuple[Key, list[Raw]]]) -> Iterator[tuple[Key, Cleaned]]:
        """Clean batches; results in the order of the batches, at most `AHEAD` a worker under way."""
        waiting: deque[tuple[Key, list[Raw], Future[Cleaned]]] = deque()
        for key, records in batches:
            waiting.append((key, records, self._submit(records)))
            while len(waiting) >= self.workers * AHEAD:
                yield self._oldest(waiting)
        while waiting:
            yield self._oldest(waiting)

    def _oldest(self, waiting: deque[tuple[Key, list[Raw], Future[Cleaned]]]) -> tuple[Key, Cleaned]:
        key, records, future = waiting.popleft()
        return key, self._result(records, future)

    def _submit(self, records: list[Raw]) -> Future[Cleaned]:
        if not records:
            nothing: Future[Cleaned] = Future()
            nothing.set_result(collect([], self.settings.audit))
            return nothing
        limit = self.settings.timeout + (BATCH_SECONDS * len(records) if len(records) > 1 else 0)
        future: Future[Cleaned] = self.pool.schedule(_work, args=(raw_batch(records),), timeout=limit)
        return future

    def _result(self, records: list[Raw], future: Future[Cleaned]) -> Cleaned:
        try:
            return future.result()
        except TimeoutError:
            reason, detail = "timeout", f"not done after {self.settings.timeout:g} s (see --timeout)"
        except ProcessExpired as error:
            reason, detail = "crash", f"its worker died with exit code {error.exitcode}"
        if len(records) == 1:
            failed = replace(records[0], html=None, text=None, reason=reason, detail=detail)
            return self._result([failed], self._submit([failed]))
        alone = [self._result([record], self._submit([record])) for record in records]
        return Cleaned(
            pa.concat_tables([one.clean for one in alone]),
            pa.concat_tables([one.removed for one in alone]),
            pa.concat_tables([one.rejected for one in alone]),
        )
