"""The progress bar of a run: bytes of input on the bar, documents, speed, share removed and rejections beside it."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from cleaner.ingest.files import InputFile, list_files
from cleaner.runner import Books


class BytesProgress:
    """Draws bytes of input on standard error, and only on a terminal; elsewhere, and with ``quiet``, it is silent.

    ``passes`` is how often each byte is reported.
    """

    def __init__(self, inputs: Sequence[Path], out: Path, quiet: bool, passes: int = 1) -> None:
        self._bar: Any = None
        self._start = time.monotonic()
        if quiet or not sys.stderr.isatty():
            return
        from tqdm import tqdm

        files = [path for path in inputs if str(path) != "-"]
        total = sum(found.size for found in list_files(files, out) if isinstance(found, InputFile)) if files else None
        self._bar = tqdm(
            total=passes * total if total is not None else None,
            file=sys.stderr,
            bar_format="{percentage:3.0f}% |{bar:20}| {elapsed} (left: {remaining}){postfix}",
        )

    def __call__(self, size: int) -> None:
        """Show ``size`` more bytes."""
        if self._bar is not None:
            self._bar.update(size)
            self._bar.refresh()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()


class RunProgress(BytesProgress):
    """Draws the books of a run as well."""

    def __call__(self, books: Books, size: int) -> None:  # type: ignore[override]
        """Show the books after ``size`` more bytes of input; while they are empty, the documents are surveyed."""
        if self._bar is None:
            return
        seconds = max(time.monotonic() - self._start, 1e-3)
        read = books.kept_chars + books.removed_chars
        share = books.removed_chars / read if read else 0.0
        self._bar.set_postfix_str(
            f"{books.documents:,} documents, {books.documents / seconds:,.0f}/s, {share:.0%} removed, "
            f"{books.rejected:,} rejected"
            if books.documents
            else "first pass: survey",
            refresh=False,
        )
        super().__call__(size)
