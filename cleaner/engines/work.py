"""What workers do with a batch of documents, whichever engine they belong to, and how an engine is asked.

`StagingWork` is the first pass of a run, `CleaningWork` the second one, or the only one.
"""

from __future__ import annotations

import pickle
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self, TypeVar

import numpy as np
import pyarrow as pa

from cleaner.chain import Rejection
from cleaner.errors import CleanerError
from cleaner.ingest.record import Raw
from cleaner.pipeline import Cleaner
from cleaner.rows import Cleaned, collect
from cleaner.settings import Settings
from cleaner.shards.staging import Extracted, staged_documents, staged_table
from cleaner.surveys.collect import empty_tables
from cleaner.surveys.evidence import Survey

Key = TypeVar("Key")
# Batches under way for each worker: enough to keep it busy while the oldest is waited for.
AHEAD = 3


class EngineError(CleanerError):
    """Workers cannot be started."""


Item = TypeVar("Item")
Result = TypeVar("Result")
ItemIn = TypeVar("ItemIn", contravariant=True)


class Work(Protocol[ItemIn, Result]):
    """What workers do with batches of items, and what stands in its place for an item that fails."""

    @property
    def is_limited(self) -> bool:
        """Whether the limits of time and memory for a document hold."""
        ...

    def start(self) -> Callable[[Any], Result]:
        """In a worker: load everything, and return the function of a batch.  Raises `ImportError` and `EngineError`."""
        ...

    def encode(self, items: Sequence[ItemIn]) -> Any:
        """Items as a batch: what goes to the worker, pickled."""
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

    is_limited: ClassVar[bool] = True

    def start(self) -> Callable[[Sequence[Raw] | pa.Table], Cleaned]:
        """The `Cleaner.clean_batch` of a warm cleaner, or its `Cleaner.clean_raws`."""
        cleaner = warm_cleaner(self.settings)
        if self.evidence is not None:
            cleaner = cleaner.with_survey(Survey(_there(self.evidence)))
        return lambda given: cleaner.clean_batch(given) if isinstance(given, pa.Table) else cleaner.clean_raws(given)

    def encode(self, items: Sequence[Raw | pa.Table]) -> Sequence[Raw] | pa.Table:
        """The records as they are (as Arrow columns they take ten times the time), or a staged table."""
        if isinstance(items[0], Raw):
            return [item for item in items if isinstance(item, Raw)]
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

    is_limited: ClassVar[bool] = True

    def start(self) -> Callable[[Sequence[Raw]], Staged]:
        """The `Cleaner.stage_raws` of a warm cleaner."""
        cleaner = warm_cleaner(self.settings)
        known = np.load(_there(self.known), mmap_mode="r") if self.known is not None else None
        return lambda raws: Staged(*cleaner.stage_raws(raws, known))

    def encode(self, items: Sequence[Raw]) -> Sequence[Raw]:
        """The records as they are."""
        return list(items)

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


def _there(path: Path) -> Path:
    if not path.exists():
        raise EngineError(
            f"{path} is not on the machine of this worker: name a folder that all machines share (--staging)"
        )
    return path


_kept: list[Cleaner] = []
# What is of no account to a cleaner.
_OF_THE_ENGINE = dict.fromkeys(("workers", "timeout", "max_memory", "memory"))


def warm_cleaner(settings: Settings) -> Cleaner:
    """The cleaner of this process, ready to clean: loaded once, for both passes."""
    if not _kept or _kept[0].settings.as_dict() | _OF_THE_ENGINE != settings.as_dict() | _OF_THE_ENGINE:
        cleaner = Cleaner(settings)
        cleaner.warm_up()
        _kept[:] = [cleaner]
    return _kept[0]


class Engine(Protocol):
    """A pool of workers, as a context manager; leaving it by an exception stops them at once."""

    settings: Settings
    workers: int

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    def submit(self, work: Work[Item, Result], items: Sequence[Item]) -> Future[Result]:
        """The work on one batch, when a worker is free.  Raises `EngineError`, later, when no worker can be started."""
        ...


def each(
    engine: Engine, work: Work[Item, Result], batches: Iterable[tuple[Key, Sequence[Item]]]
) -> Iterator[tuple[Key, Result]]:
    """The work on batches; results in the order of the batches, at most `AHEAD` a worker under way.

    Raises `EngineError` when no worker can be started.
    """
    waiting: deque[tuple[Key, Future[Result]]] = deque()
    for key, items in batches:
        waiting.append((key, engine.submit(work, items)))
        while len(waiting) >= engine.workers * AHEAD:
            done, future = waiting.popleft()
            yield done, future.result()
    for done, future in waiting:
        yield done, future.result()


@dataclass(frozen=True, slots=True)
class CallWork:
    """Calls a function, which can be pickled, with each item; for what is no document and has no limits."""

    function: Callable[[Any], Any]
    is_limited: ClassVar[bool] = False

    def start(self) -> Callable[[pa.RecordBatch | pa.Table], list[Any]]:
        """The calls of a batch."""
        return lambda batch: [self._call(pickle.loads(item)) for item in batch["item"].to_pylist()]

    def _call(self, item: Any) -> Any:
        try:
            return self.function(item)
        except (CleanerError, OSError) as error:
            return _Raised(error)

    def encode(self, items: Sequence[Any]) -> pa.Table:
        """Pickled items."""
        return pa.table({"item": pa.array([pickle.dumps(item) for item in items], pa.large_binary())})

    def fail(self, item: Any, failure: Rejection) -> list[Any]:
        """What an item has that took its worker down twice."""
        return [_Raised(EngineError(f"a step of the survey failed: {failure.detail}; go on with --resume"))]

    def join(self, results: Sequence[list[Any]]) -> list[Any]:
        """One list."""
        return [one for result in results for one in result]


@dataclass(frozen=True, slots=True)
class _Raised:
    error: Exception


def mapper(engine: Engine) -> Callable[[Callable[[Any], Any], Iterable[Any]], Iterator[Any]]:
    """``map`` by the workers of an engine: results in the order of the items, errors raised here."""

    def apply(function: Callable[[Any], Any], items: Iterable[Any]) -> Iterator[Any]:
        for _, (result,) in each(engine, CallWork(function), ((None, [item]) for item in items)):
            if isinstance(result, _Raised):
                raise result.error
            yield result

    return apply
