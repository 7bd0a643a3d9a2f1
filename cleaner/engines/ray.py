"""Workers of a Ray cluster: what `--engine ray` uses.

Each worker is an actor on some machine of the cluster that has a worker process beside it, as `engines.local` has; so
the limits of time and memory and what becomes of a document that breaks a parser are the same, and the same code.  The
process that was started reads the inputs, hands out batches, and writes what comes back, in the order of the input:
Ray's part is to carry batches and results, and to begin a batch again whose machine was lost.

Needs ``pip install 'news-corpus-cleaner[ray]'``.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import replace
from typing import Any, Self

from cleaner.engines.local import LocalEngine
from cleaner.engines.work import EngineError, Item, Result, Work
from cleaner.errors import extra
from cleaner.settings import Settings

# How often a batch is begun again whose machine was lost.
RETRIES = 3


class RayEngine:
    """Workers of the Ray cluster at ``address``; without one, of a cluster on this machine that is ended again.

    `Settings.workers` is their number, and must not exceed that of the cluster's CPUs; 0 stands for all of them.

    Raises `MissingExtraError` when Ray is not installed, and `EngineError` when there is no such cluster.
    """

    def __init__(self, settings: Settings, address: str | None = None) -> None:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is told to anybody
        with extra("ray"):
            import ray
        self.settings = settings
        self._ray: Any = ray
        self._is_ours = not ray.is_initialized()
        if self._is_ours:
            own = {} if address else {"num_cpus": settings.workers or None, "include_dashboard": False}
            try:
                ray.init(address=address or "local", logging_level="error", log_to_driver=False, **own)
            except (ConnectionError, ValueError, RuntimeError) as error:
                raise EngineError(f"--address {address}: no Ray cluster to be reached: {error}") from error
        cpus = int(ray.cluster_resources().get("CPU", 0))
        self.workers = settings.workers or cpus
        if not 0 < self.workers <= cpus:
            self.__exit__()
            raise EngineError(f"--workers {self.workers}: the Ray cluster has {cpus} CPUs")
        actor = ray.remote(num_cpus=1, max_restarts=-1, max_task_retries=RETRIES)(_Actor)
        self._actors = [actor.remote(settings) for _ in range(self.workers)]
        self._under_way = [0] * self.workers

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for actor in getattr(self, "_actors", ()):
            self._ray.kill(actor)
        if self._is_ours:
            self._ray.shutdown()

    def submit(self, work: Work[Item, Result], items: Sequence[Item]) -> Future[Result]:
        """The work on one batch, by the worker that has the fewest to do.

        Raises `EngineError`, later, when its worker cannot be started, or was lost `RETRIES` times.
        """
        answer: Future[Result] = Future()
        if not items:
            answer.set_result(work.join([]))
            return answer
        number = min(range(self.workers), key=self._under_way.__getitem__)
        self._under_way[number] += 1

        def done(future: Future[Result]) -> None:
            self._under_way[number] -= 1
            error = future.exception()
            if error is None:
                answer.set_result(future.result())
            elif isinstance(error, self._ray.exceptions.RayTaskError):
                answer.set_exception(getattr(error, "cause", None) or error)
            else:
                answer.set_exception(EngineError(f"a worker of the Ray cluster was lost: {error}; use --resume"))

        self._actors[number].do.remote(work, list(items)).future().add_done_callback(done)
        return answer


class _Actor:
    """One worker process, and who looks after it."""

    def __init__(self, settings: Settings) -> None:
        self._engine = LocalEngine(replace(settings, workers=1))

    def do(self, work: Work[Item, Result], items: Sequence[Item]) -> Result:
        return self._engine.submit(work, items).result()
