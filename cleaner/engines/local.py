"""Worker processes on this machine, with limits of time and memory from outside.

A batch that takes too long or too much, or takes its worker down, is done again, one document at a time, each under the
limits of its own; the document at fault is rejected and nothing else is lost.  What comes out depends on the documents
alone, never on how they were batched.

Each worker has a thread and a pipe of its own.  Pools whose workers share a queue (concurrent.futures, pebble) break
or hang when one of them is killed from outside at the wrong moment; here that costs a second try of one batch.
"""

from __future__ import annotations

import contextlib
import math
import multiprocessing
import os
import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing.connection import Connection
from multiprocessing.reduction import ForkingPickler
from typing import Any, Self

import psutil
import pyarrow as pa

from cleaner.chain import Rejection
from cleaner.engines.work import EngineError, Item, Result, Work
from cleaner.settings import Settings

# Seconds added to a batch's limit for each of its documents; a median page takes 0.03 s.
BATCH_SECONDS = 0.25
# Seconds between two looks at the memory of a worker; a parser fills 200 MB in that time.
LOOK = 0.1
# Between two looks no more than this many seconds count: the user has stopped the program (Ctrl-Z), workers and all.
STOPPED = 2.0
# A worker whose parent was killed, and that hangs, ends by itself after its limit and so many seconds.
ORPHANED = 20.0
# Workers that may die before they are ready (killed from outside) before the engine gives up.
MAX_STILLBORN = 5
# A worker has a dozen files open while it starts, and the program some for each worker.
FEW_FILES = 256


def most_files() -> float:
    """How many files this process may have open at a time; infinite where the system has no such limit."""
    try:
        import resource
    except ImportError:  # Windows
        return math.inf
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return math.inf if soft == resource.RLIM_INFINITY else soft


def _sent(table: pa.Table) -> tuple[Callable[[bytes], pa.Table], tuple[bytes]]:
    """A table as it goes through a pipe: as one stream of Arrow, for which pickle takes seven times as long."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table)
    return _received, (sink.getvalue().to_pybytes(),)


def _received(sent: bytes) -> pa.Table:
    return pa.ipc.open_stream(sent).read_all()


ForkingPickler.register(pa.Table, _sent)


class _Died(Exception):
    """A worker process ended in the middle of its work; the message says how."""


def _serve(pipe: Connection) -> None:
    """What a worker does: work on batches until the parent closes the pipe or is gone; a `Work` says what work."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides what Ctrl-C means
    do: Callable[[Any], Any] | None = None
    try:
        while True:
            given = pipe.recv()
            if do is not None and isinstance(given, tuple):
                batch, seconds = given
                _end_after(2 * seconds + ORPHANED)
                done = do(batch)
                _end_after(0)
                pipe.send(done)
                continue
            try:
                do = given.start()
            except ImportError as error:
                pipe.send(f"the installation is broken, install news-corpus-cleaner again: {error}")
                return
            except EngineError as error:
                pipe.send(str(error))
                return
            pipe.send(None)
    except (EOFError, OSError):
        pass


def _end_after(seconds: float) -> None:
    """Have the system end this process then, whatever it is at; 0 and more than a year are never."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds if seconds < 3e7 else 0)


def _start_forkserver() -> None:
    """Start the fork server with Ctrl-C blocked: a terminal sends it to all processes, and the parent deals with it."""
    from multiprocessing import forkserver, resource_tracker

    resource_tracker.ensure_running()  # would unblock it again
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        forkserver.ensure_running()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _death(code: int | None) -> str:
    """What an exit code says, in words.

    >>> _death(-11), _death(3)
    ('its worker was ended by SIGSEGV', 'its worker ended with exit code 3')
    """
    if code is not None and code < 0:
        with contextlib.suppress(ValueError):
            return f"its worker was ended by {signal.Signals(-code).name}"
    return f"its worker ended with exit code {code}"


class _Worker:
    """A worker process as its thread sees it: started when it is needed, and again after it was killed."""

    # Processes are started and reaped one at a time: multiprocessing looks after all children in both calls.
    _lock = threading.Lock()

    def __init__(self, context: Any) -> None:
        self._context = context
        self._process: Any = None
        self._watched: Any = None
        self._pipe: Any = None
        self._work: Work[Any, Any] | None = None
        self._stopped = False

    def do(self, work: Work[Any, Any], batch: Any, seconds: float, most: float) -> Any:
        """The work on a batch, in that many seconds and with ``most`` bytes of memory.

        Raises `TimeoutError`, `MemoryError`, and `_Died` when the process did.
        """
        if self._process is None or self._work != work:
            self._start(work)
        try:
            self._pipe.send((batch, seconds))
            exceeded = self._wait(seconds, most)
            if exceeded is None:
                return self._pipe.recv()
        except (EOFError, OSError):
            raise _Died(_death(self.end())) from None
        self.end()
        raise exceeded

    def _wait(self, seconds: float, most: float) -> TimeoutError | MemoryError | None:
        """Wait for the process to answer.  Returns which of the limits it exceeded before it did."""
        spent, looked = 0.0, time.monotonic()
        while not self._pipe.poll(max(0.0, min(LOOK, seconds - spent))):
            now = time.monotonic()
            spent += min(now - looked, STOPPED)
            looked = now
            if spent >= seconds:
                return TimeoutError()
            if self._memory() > most:
                return MemoryError()
        return None

    def _memory(self) -> int:
        """Bytes that the process has for itself: without files that are mapped, and what it shares with others."""
        try:
            used = self._watched.memory_info()
        except psutil.Error:  # it is dying, which the pipe tells
            return 0
        return int(used.rss - getattr(used, "shared", 0))

    def _start(self, work: Work[Any, Any]) -> None:
        """Have a process ready for a work: the one that is there, or a new one."""
        for _ in range(MAX_STILLBORN):
            try:
                if self._process is None:
                    self._fork()
                self._pipe.send(work)
                broken = self._pipe.recv()
                if broken:
                    raise EngineError(broken)
                self._work = work
                return
            except (EOFError, OSError):
                self.end()
        why = 'a script that starts a run must do so under: if __name__ == "__main__":'
        if (files := most_files()) < FEW_FILES:
            why = f"only {files} files may be open at a time; raise that limit with: ulimit -n {FEW_FILES}"
        raise EngineError(f"{MAX_STILLBORN} worker processes in a row ended before they were ready; {why}")

    def _fork(self) -> None:
        self._pipe, theirs = self._context.Pipe()
        process = self._context.Process(target=_serve, args=(theirs,), daemon=True)
        try:
            with self._lock:
                if self._stopped:
                    raise _Died("stopped")
                process.start()
                self._process = process
                self._watched = psutil.Process(process.pid)
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

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.stop()
        self._threads.shutdown(cancel_futures=True)

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
        timeout, most = self.settings.timeout, self.settings.max_memory
        limit = timeout + (BATCH_SECONDS * len(items) if len(items) > 1 else 0)
        try:
            limits = (limit, float(most)) if work.is_limited else (math.inf, math.inf)
            done: Result = worker.do(work, work.encode(items), *limits)
            return done
        except TimeoutError:
            failure = Rejection("engine", "timeout", f"not done after {timeout:g} s (see --timeout)")
            tries = 1
        except MemoryError:
            failure = Rejection("engine", "memory", f"its worker took over {most:,} bytes of memory (see --max-memory)")
        except _Died as error:
            failure = Rejection("engine", "crash", str(error))
        if len(items) == 1:
            if tries > 1:  # it was killed from outside, or what an earlier document left made it too large
                return self._do_by(worker, work, items, tries - 1)
            return work.fail(items[0], failure)
        return work.join([self._do_by(worker, work, [item], tries=2) for item in items])
