"""How far a run is: a bar on a terminal, a line a minute elsewhere, or a JSON object a line for machines.

All of it goes to standard error.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cleaner.books import Books
from cleaner.ingest.files import InputFile, list_files

PROGRESS = ("auto", "json", "none")
"""Bar or lines; JSON; silence."""

# Seconds between two lines: for people who look into a log, and for machines.
LINE_SECONDS = 60.0
JSON_SECONDS = 1.0


class BytesProgress:
    """Tells how many bytes of input were dealt with.  ``passes`` is how often each byte is reported."""

    def __init__(self, inputs: Sequence[Path | str], out: Path | str | None, style: str, passes: int = 1) -> None:
        self._inputs, self._out, self._passes = inputs, out, passes
        self._done = 0
        self._known_total: int | None = None
        self._start = self._said = time.monotonic()
        self._bar: Any = None
        self._tell: Callable[[bool], None] = lambda last: None
        if style == "json":
            self._tell = self._tell_json
            self._said -= JSON_SECONDS  # at once: who reads it learns that the run has begun
        elif style == "auto" and sys.stderr.isatty():
            self._open_bar()
        elif style == "auto":
            self._tell = self._tell_line

    def _open_bar(self) -> None:
        from tqdm import tqdm

        self._bar = tqdm(
            total=self._total() or None,
            file=sys.stderr,
            bar_format="{percentage:3.0f}% |{bar:20}| {elapsed} (left: {remaining}){postfix}",
        )

    def _total(self) -> int:
        """Bytes that will be reported; 0 where they are not known, as of standard input."""
        if self._known_total is None:
            files = [path for path in self._inputs if str(path) != "-"]
            found = list_files(files, self._out) if len(files) == len(self._inputs) else ()
            self._known_total = self._passes * sum(one.size for one in found if isinstance(one, InputFile))
        return self._known_total

    @property
    def _seconds(self) -> float:
        return max(time.monotonic() - self._start, 1e-3)

    def __call__(self, size: int) -> None:
        """Count ``size`` more bytes."""
        self._done += size
        if self._bar is not None:
            self._bar.set_postfix_str(self.words(), refresh=False)
            self._bar.update(size)
            self._bar.refresh()
        else:
            self._tell(False)

    def words(self) -> str:
        """What there is to say beside the share of bytes."""
        return ""

    def facts(self) -> dict[str, object]:
        """The same for machines."""
        return {}

    def _tell_line(self, last: bool) -> None:
        if last or time.monotonic() - self._said < LINE_SECONDS:
            return
        total = self._total()
        share = f"{min(self._done / total, 1):.0%}" if total else f"{self._done:,} bytes"
        words = [share, f"{self._seconds / 60:.0f} min", *filter(None, [self.words()])]
        print(", ".join(words), file=sys.stderr, flush=True)
        self._said = time.monotonic()

    def _tell_json(self, last: bool) -> None:
        if not last and time.monotonic() - self._said < JSON_SECONDS:
            return
        facts = {"seconds": round(self._seconds, 1), "bytes": self._done, "bytes_total": self._total() or None}
        print(json.dumps({"progress": {**facts, **self.facts()}}), file=sys.stderr, flush=True)
        self._said = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()
        elif kind is None:
            self._tell(True)


class RunProgress(BytesProgress):
    """Tells the books of a run as well."""

    _books = Books()

    def __call__(self, books: Books, size: int) -> None:  # type: ignore[override]
        """Tell the books after ``size`` more bytes of input; while they are empty, the documents are surveyed."""
        self._books = books
        super().__call__(size)

    def words(self) -> str:
        """Documents, speed, share removed, rejections."""
        books = self._books
        if not books.documents:
            return "first pass: survey" if self._passes > 1 else ""
        read = books.kept_chars + books.removed_chars
        return (
            f"{books.documents:,} documents, {books.documents / self._seconds:,.0f}/s, "
            f"{books.removed_chars / read if read else 0:.0%} removed, {books.rejected:,} rejected"
        )

    def facts(self) -> dict[str, object]:
        """The books so far, and which pass it is."""
        books = self._books
        names = ("documents", "clean", "rejected", "kept_chars", "removed_chars", "rejected_chars")
        step = "survey" if self._passes > 1 and not books.documents else "clean"
        return {"pass": step, **{name: getattr(books, name) for name in names}}
