"""Commands on documents: run, explain, restore."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cleaner.cli.common import (
    EXIT_FOUND,
    EXIT_INTERRUPTED,
    EXIT_REJECTED,
    chain_options,
    defaults,
    faults,
    make_settings,
)
from cleaner.settings import AUDITS

if TYPE_CHECKING:
    from cleaner.run import Books


@click.command("run")
@click.argument("inputs", nargs=-1, required=True, metavar="RAW…")
@click.option("-o", "--out", required=True, type=click.Path(), metavar="OUT", help="Folder for the shards.")
@chain_options
@click.option(
    "--audit",
    type=click.Choice(AUDITS),
    default=defaults.audit,
    show_default=True,
    help="Text kept of removals: all (restores everything), all but extraction's, or none.",
)
@click.option(
    "--timeout",
    type=float,
    default=defaults.timeout,
    show_default=True,
    help="Seconds a document may take before it is rejected.",
)
@click.option("--workers", type=int, default=0, help="Worker processes.  [default: one a core]")
@click.option("--resume", is_flag=True, help="Go on with an interrupted run in OUT.")
@click.option("--overwrite", is_flag=True, help="Replace the run in OUT.")
@click.option("--quiet", is_flag=True, help="No progress bar and no summary.")
def run_command(
    inputs: tuple[str, ...],
    out: str,
    columns: tuple[str, ...],
    resume: bool,
    overwrite: bool,
    quiet: bool,
    **options: Any,
) -> None:
    """Clean RAW (directories and files in any mix, or - for JSONL on stdin) into Parquet shards.

    Reads .html .htm .xhtml .txt .md .jsonl .ndjson .parquet .warc, each also as .gz or .zst. Writes
    OUT/clean, OUT/removed, OUT/rejected and OUT/run.json.

    \b
    Exit codes: 0 done; 2 usage, configuration or rule error;
                3 done, but some inputs were unreadable (see OUT/rejected);
                130 interrupted (run again with --resume).

    \b
    Example:
      cleaner run scrapes/ archive.warc.gz -o out
      zcat pages.jsonl.gz | cleaner run - -o out --map html=content
    """
    with faults():
        settings = make_settings(columns, **options)
        from cleaner.progress import RunProgress
        from cleaner.run import run

        try:
            with RunProgress([Path(path) for path in inputs], Path(out), quiet) as progress:
                result = run(inputs, out, settings, resume=resume, overwrite=overwrite, progress=progress)
        except KeyboardInterrupt:
            click.secho(f"interrupted; go on with: cleaner run … -o {out} --resume", err=True, fg="yellow")
            sys.exit(EXIT_INTERRUPTED)
    if not quiet:
        for line in summary(result.folder, result.books):
            click.echo(line, err=True)
    if result.books.unreadable:
        sys.exit(EXIT_REJECTED)


def summary(folder: Path, books: Books) -> Iterator[str]:
    """The closing lines of a run: its totals, and where the output is."""
    yield from totals(books)
    if not books.documents:
        yield "no documents found: are there .html, .txt, .jsonl, .parquet or .warc files in the input?"
    yield f"output: {folder / 'clean'}, {folder / 'removed'}, {folder / 'rejected'}, {folder / 'run.json'}"


def totals(books: Books) -> Iterator[str]:
    """The books in words, what each filter took, why documents were rejected."""
    extracted = books.kept_chars + books.removed_chars
    yield f"{books.documents:,} documents in = {books.clean:,} clean + {books.rejected:,} rejected"
    yield (
        f"{books.chars:,} characters in = {books.kept_chars:,} kept + {books.removed_chars:,} removed"
        f" + {books.rejected_chars:,} in rejected documents"
    )
    if extracted and books.removed_by_filter:
        by = sorted(books.removed_by_filter.items(), key=lambda item: -item[1])
        yield "removed: " + ", ".join(f"{name} {chars / extracted:.1%}" for name, chars in by)
    if books.rejected_by_reason:
        reasons = sorted(books.rejected_by_reason.items(), key=lambda item: (-item[1], item[0]))
        yield "rejected: " + ", ".join(f"{reason} {count:,}" for reason, count in reasons)


_STYLES: dict[str, dict[str, Any]] = {
    "plain": {},
    "number": {"dim": True},
    "removed": {"fg": "red", "strikethrough": True},
    "why": {"fg": "yellow"},
}


@click.command("explain")
@click.argument("file", type=click.Path(), metavar="FILE|-")
@chain_options
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text", show_default=True)
@click.option("--width", type=int, default=100, show_default=True, help="Characters shown of a line.")
def explain_command(file: str, form: str, width: int, columns: tuple[str, ...], **options: Any) -> None:
    """Show each line of FILE (or of standard input) kept or removed, with filter, rule, confidence and reason.

    A file of many records (JSONL, Parquet, WARC) is explained record by record. Lines marked "-" go,
    lines marked "~" lose a part.

    \b
    Example:
      cleaner explain page.html
      curl -s https://example.org/story | cleaner explain - --format json
    """
    with faults():
        settings = make_settings(columns, **options)
        import json

        from cleaner.audit.explain import as_data, printable, render
        from cleaner.ingest.files import check_inputs
        from cleaner.ingest.read import read_one
        from cleaner.pipeline import Cleaner

        check_inputs([Path(file)])
        cleaner = Cleaner(settings)
        failed = False
        for raw in read_one(file, settings):
            outcome, rejection, _ = cleaner.clean_raw(raw)
            if outcome is None:
                assert rejection is not None
                failed = True
                if form == "json":
                    reason = {"stage": rejection.stage, "reason": rejection.reason, "detail": rejection.detail}
                    click.echo(json.dumps({"id": raw.id, "source": raw.source, "rejected": reason}, ensure_ascii=False))
                else:
                    click.secho(f"{printable(raw.source)}: {rejection.reason}: {printable(rejection.detail)}", fg="red")
            elif form == "json":
                click.echo(json.dumps(as_data(outcome), ensure_ascii=False))
            else:
                click.secho(f"{printable(raw.source)}  [{outcome.document.language or 'language unknown'}]", bold=True)
                for spans in render(outcome, width):
                    click.echo("".join(click.style(span.text, **_STYLES[span.style]) for span in spans))
    if failed:
        sys.exit(EXIT_REJECTED)


@click.command("restore")
@click.argument("run", type=click.Path(exists=True, file_okay=False), metavar="RUN")
@click.option("-o", "--out", required=True, type=click.Path(), metavar="DIR", help="New folder for the source texts.")
def restore_command(run: str, out: str) -> None:
    """Rebuild every source text of RUN from clean text and removals, and check its hash.

    Of an HTML page, the source text is the text of all its visible blocks.

    \b
    Exit codes: 0 all restored; 1 some could not be restored or differ; 2 usage.

    \b
    Example:
      cleaner restore out -o back
    """
    with faults():
        from cleaner.audit.restore import restore_run

        result = restore_run(Path(run), Path(out))
    click.echo(f"{result.written:,} texts restored to {out}, each with the hash of its source", err=True)
    if result.without_text:
        click.echo(f"{result.without_text:,} rejected inputs had no text to restore", err=True)
    for title, problems in (("cannot be restored", result.impossible), ("WRONG", result.wrong)):
        if problems:
            click.secho(f"{len(problems):,} {title}:", err=True, fg="red")
            for problem in problems[:20]:
                click.echo(f"  {problem}", err=True)
            if len(problems) > 20:
                click.echo(f"  … and {len(problems) - 20:,} more", err=True)
    if result.impossible or result.wrong:
        sys.exit(EXIT_FOUND)
