"""Records through a pipe: JSON lines in, clean JSON lines out, in order, as they come."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import IO, Any, Generic, TypeVar

from cleaner.books import Books, count
from cleaner.engines.local import LocalEngine
from cleaner.engines.work import AHEAD, CleaningWork
from cleaner.ingest.files import iter_lines
from cleaner.ingest.read import read_line
from cleaner.ingest.record import Raw, ReadError
from cleaner.rows import Cleaned
from cleaner.settings import Settings, SettingsError
from cleaner.units import BATCH_CHARS, BATCH_RECORDS

FILLED = ("id", "url", "site", "title", "author", "date", "language")
"""Fields that a record gets where it has none and the page or text tells them."""


def pipe(
    source: IO[bytes],
    sink: IO[bytes],
    settings: Settings | None = None,
    *,
    removed: IO[bytes] | None = None,
    rejected: IO[bytes] | None = None,
    batch: int = BATCH_RECORDS,
) -> Books:
    """Clean the records of ``source``, one JSON object a line, into ``sink``, in order; returns the books.

    A clean record keeps its fields, with the clean text as ``text`` and without ``html``; ``id``, title, date and other
    facts are filled in where it has none (`FILLED`).  What is rejected is left out and goes to ``rejected``, what was
    removed to ``removed``: the rows of the tables of these names (docs/output.md), one a line.  Records are cleaned by
    worker processes, at most ``batch`` at a time and never more than have arrived: one that comes alone is answered
    at once.  Ids are not compared, so that a stream may be endless; memory is bounded.

    Starts worker processes, so a script must call it under ``if __name__ == "__main__":``.

    Raises `RuleError`, `PluginError`, `EngineError`, and what writing to the sinks raises.

    >>> import io
    >>> story = "The two ministers met in the old town hall on Monday and signed the border treaty. " * 2
    >>> out = io.BytesIO()
    >>> record = json.dumps({"text": story + "\\nLeave a review", "x": 1})
    >>> books = pipe(io.BytesIO(record.encode()), out, Settings(workers=1))
    >>> json.loads(out.getvalue()) == {"text": story + "\\n", "x": 1, "id": "stdin#1", "language": "en"}
    True
    """
    settings = settings or Settings()
    if batch < 1:
        raise SettingsError(f"batch: {batch} is below 1")
    books = Books()
    arrived: _Channel[_Record] = _Channel(2 * BATCH_CHARS)
    work = CleaningWork(settings)
    with LocalEngine(settings) as engine:
        under_way: _Channel[tuple[list[_Record], Future[Cleaned]]] = _Channel(engine.workers * AHEAD)

        def read() -> None:
            with arrived.ending():
                for record in _records(source, settings):
                    arrived.put(record, record.raw.size)

        def feed() -> None:
            with under_way.ending():
                while records := arrived.take(batch, BATCH_CHARS):
                    under_way.put((records, engine.submit(work, [record.raw for record in records])), 1)

        for part in (read, feed):
            threading.Thread(target=part, daemon=True).start()
        try:
            while waiting := under_way.take(1, 1):
                ((records, future),) = waiting
                cleaned = future.result()
                books.add(count(len(records), cleaned))
                _write(cleaned, records, settings, sink, removed, rejected)
        finally:
            arrived.close()
            under_way.close()
    books.check()
    return books


@dataclass(frozen=True, slots=True)
class _Record:
    """A record as it came, without its content, and as it is read."""

    fields: Mapping[str, object]
    raw: Raw


def _records(source: IO[bytes], settings: Settings) -> Iterator[_Record]:
    limit = 2 * settings.max_bytes
    content = {settings.columns.get(name, name) for name in ("html", "text")}
    for number, line in iter_lines(source, limit):  # type: ignore[arg-type]
        place = f"stdin#{number}"
        if line is None:
            error = ReadError("too_large", f"line {number} has more than {limit:,} bytes")
            yield _Record({}, Raw(id=place, source=place, reason=error.reason, detail=error.detail))
        elif line.strip():
            fields, raw = read_line(line, number, place, settings)
            yield _Record({name: None if name in content else value for name, value in fields.items()}, raw)


def _write(
    cleaned: Cleaned,
    records: list[_Record],
    settings: Settings,
    sink: IO[bytes],
    removed: IO[bytes] | None,
    rejected: IO[bytes] | None,
) -> None:
    fields = {record.raw.source: record.fields for record in records}
    for row in cleaned.clean.select([*FILLED, "text", "source"]).to_pylist():
        sink.write(_line(_clean(fields[row["source"]], row, settings)))
    for table, stream in ((cleaned.removed, removed), (cleaned.rejected, rejected)):
        if stream is not None:
            for row in table.to_pylist():
                stream.write(_line(row))
            stream.flush()
    sink.flush()


def _clean(fields: Mapping[str, object], row: Mapping[str, object], settings: Settings) -> dict[str, object]:
    name = settings.columns
    written = {key: value for key, value in fields.items() if key != name.get("html", "html")}
    written[name.get("text", "text")] = row["text"]
    for field in FILLED:
        key = name.get(field, field)
        if written.get(key) in (None, "") and row[field] is not None:
            written[key] = row[field]
    return written


def _line(plain: Mapping[str, object]) -> bytes:
    try:
        return (json.dumps(plain, ensure_ascii=False) + "\n").encode("utf-8")
    except UnicodeEncodeError:  # a lone surrogate in a field that is not ours: as it came, escaped
        return (json.dumps(plain) + "\n").encode("ascii")


Item = TypeVar("Item")


class _Channel(Generic[Item]):
    """Hands items from one thread to another, bounded by their sizes together; one item always fits."""

    def __init__(self, room: int) -> None:
        self._room = room
        self._items: deque[tuple[Item, int]] = deque()
        self._size = 0
        self._changed = threading.Condition()
        self._ended = self._closed = False
        self._failed: BaseException | None = None

    def put(self, item: Item, size: int) -> None:
        """Add an item when there is room.  Raises `_Closed` when nobody will take it."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or not self._items or self._size + size <= self._room)
            if self._closed:
                raise _Closed
            self._items.append((item, size))
            self._size += size
            self._changed.notify_all()

    def take(self, most: int, room: int) -> list[Item]:
        """What there is: one item or more, at most ``most`` and, but for the first, ``room`` in size; none at the end.

        Raises what ended the other side, if it ended by an error.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._ended or self._items)
            taken: list[Item] = []
            while self._items and len(taken) < most and (not taken or self._items[0][1] <= room):
                item, size = self._items.popleft()
                self._size -= size
                room -= size
                taken.append(item)
            self._changed.notify_all()
            if not taken and self._failed is not None:
                raise self._failed
            return taken

    def close(self) -> None:
        """No more items are taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def ending(self) -> _Ending:
        """A context in which items are put; leaving it ends the channel."""
        return _Ending(self)

    def end(self, error: BaseException | None) -> None:
        """No more items come, because of an error if there is one."""
        with self._changed:
            self._ended = True
            self._failed = error
            self._changed.notify_all()


class _Closed(Exception):
    """The taker is gone."""


class _Ending:
    def __init__(self, channel: _Channel[Any]) -> None:
        self._channel = channel

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        self._channel.end(None if isinstance(error, _Closed) else error)
        return True  # the other side raises it
