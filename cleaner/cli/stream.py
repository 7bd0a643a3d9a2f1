"""The command for streams: pipe."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from typing import IO, Any, cast

import click

from cleaner.cli.common import (
    EXIT_BROKEN_PIPE,
    EXIT_REJECTED,
    Fault,
    chain_options,
    defaults,
    faults,
    make_settings,
)
from cleaner.interrupt import interrupted_with


@click.command("pipe", short_help="Clean JSONL from standard input to standard output.")
@chain_options
@click.option("--removed", type=click.Path(dir_okay=False), metavar="FILE", help="JSONL of every removal.")
@click.option("--rejected", type=click.Path(dir_okay=False), metavar="FILE", help="JSONL of what is left out, and why.")
@click.option(
    "--batch",
    type=int,
    default=64,
    show_default=True,
    help="Most records cleaned at a time and written together; 1 answers line by line.",
)
@click.option(
    "--timeout",
    type=float,
    default=defaults.timeout,
    show_default=True,
    help="Seconds a document may take before it is rejected.",
)
@click.option("--workers", type=int, default=0, help="Worker processes.  [default: one a core]")
@click.option("--quiet", is_flag=True, help="No summary.")
def pipe_command(
    columns: tuple[str, ...], removed: str | None, rejected: str | None, batch: int, quiet: bool, **options: Any
) -> None:
    """Clean JSONL from standard input to standard output: one record a line, in order, as they come.

    A record keeps its fields; its clean text becomes "text", its "html" is left out, and id, url, site, title,
    author, date and language are filled in where it has none. Rejected records are left out and counted on
    standard error; --rejected and --removed keep them, and every removal, with reasons.

    Records are written as soon as their batch is done, and a batch never waits for more records to come.

    \b
    Exit codes: 0 done; 2 usage, configuration or rule error; 3 done, but some records were unreadable;
                130 interrupted; 141 nobody reads standard output any more (nothing is said then).

    \b
    Example:
      cleaner pipe --removed gone.jsonl < pages.jsonl > clean.jsonl
      zcat pages.jsonl.gz | cleaner pipe --map html=content | zstd > clean.jsonl.zst
    """
    with faults(), interrupted_with("interrupted"), contextlib.ExitStack() as stack:
        settings = make_settings(columns, **options)
        if sys.stdin is None or sys.stdout is None:
            raise Fault("standard input or output is closed")
        from cleaner.cli.documents import nothing_clean, totals
        from cleaner.stream import pipe

        removals, rejections = _opened(stack, removed), _First(_opened(stack, rejected))
        # files of our own: a thread that still waits for input must not hold the program's up at its end
        source = open(sys.stdin.fileno(), "rb", closefd=False)  # noqa: SIM115 (see above)
        try:
            books = pipe(
                source, sys.stdout.buffer, settings, removed=removals, rejected=cast(IO[bytes], rejections), batch=batch
            )
        except BrokenPipeError:
            # what is left in the buffer goes nowhere, without a word
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(EXIT_BROKEN_PIPE)
    if not quiet:
        for line in totals(books):
            click.echo(line, err=True)
        if not books.clean and rejections.row:
            where = f"{rejected} has all of them" if rejected else "--rejected FILE keeps all of them"
            click.echo(nothing_clean(rejections.row["source"], rejections.row["detail"], where), err=True)
    if books.unreadable:
        sys.exit(EXIT_REJECTED)


class _First:
    """Lines of JSON on their way to a file, if there is one: the first is remembered, to say what went wrong."""

    def __init__(self, stream: IO[bytes] | None) -> None:
        self._stream = stream
        self.row: dict[str, Any] = {}

    def write(self, line: bytes) -> None:
        self.row = self.row or json.loads(line)
        if self._stream is not None:
            self._stream.write(line)

    def flush(self) -> None:
        if self._stream is not None:
            self._stream.flush()


def _opened(stack: contextlib.ExitStack, name: str | None) -> IO[bytes] | None:
    return None if name is None else stack.enter_context(open(name, "wb"))
