"""Commands on documents: run, explain, restore."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cleaner.cli.common import (
    EXIT_FOUND,
    EXIT_REJECTED,
    Fault,
    Size,
    chain_options,
    defaults,
    engine_options,
    faults,
    make_settings,
    progress_option,
)
from cleaner.interrupt import interrupted_with
from cleaner.settings import AUDITS, DEDUPE, VERSIONS

if TYPE_CHECKING:
    from cleaner.audit.shown import Shown
    from cleaner.books import Books
    from cleaner.settings import Settings


@click.command("run", short_help="Clean a directory of raw scrapes into Parquet shards.")
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
    "--near", is_flag=True, help="Record what nearly went as well: removals of at least half the confidence needed."
)
@click.option(
    "--timeout",
    type=float,
    default=defaults.timeout,
    show_default=True,
    help="Seconds a document may take before it is rejected.",
)
@click.option("--workers", type=int, default=0, help="Worker processes.  [default: one a core]")
@click.option(
    "--max-memory",
    type=Size(),
    default=defaults.max_memory,
    metavar="SIZE",
    help="Memory a worker may take before its document is rejected.  [default: 2G]",
)
@click.option(
    "--memory",
    type=Size(),
    default=defaults.memory,
    metavar="SIZE",
    help="Memory for the documents of one part, besides that of the workers: parts are cut by it.  [default: 1G]",
)
@click.option(
    "--staging", type=click.Path(), metavar="FOLDER", help="What is kept between the passes, in place of OUT/staging."
)
@engine_options
@progress_option
@click.option("--survey", type=click.Path(), metavar="SURVEY", help="Clean on the evidence of this survey as well.")
@click.option("--update-survey", is_flag=True, help="Add the documents to SURVEY when the run is finished.")
@click.option("--no-survey", is_flag=True, help="One pass: no evidence of other documents.")
@click.option(
    "--dedupe",
    type=click.Choice(DEDUPE),
    default=defaults.dedupe,
    show_default=True,
    help="Keep one copy of a paragraph that several documents have: of each site, of all, or all copies.",
)
@click.option(
    "--dedupe-documents",
    type=click.Choice(VERSIONS),
    default=defaults.dedupe_documents,
    show_default=True,
    help="Versions of a document to keep; the others are rejected.",
)
@click.option("--keep-staging", is_flag=True, help="Keep extracted documents and evidence in OUT/staging.")
@click.option("--resume", is_flag=True, help="Go on with an interrupted run in OUT.")
@click.option("--overwrite", is_flag=True, help="Replace the run in OUT.")
@click.option(
    "--baseline",
    type=click.Path(exists=True, file_okay=False),
    metavar="OLD_RUN",
    help="Compare with an earlier run: what drifted is told, and stands in run.json and the report.",
)
@click.option("--fail-on-drift", is_flag=True, help="Exit with 1 when something drifted from --baseline.")
@click.option("--quiet", is_flag=True, help="No progress and no summary.")
def run_command(
    inputs: tuple[str, ...],
    out: str,
    columns: tuple[str, ...],
    resume: bool,
    overwrite: bool,
    baseline: str | None,
    fail_on_drift: bool,
    quiet: bool,
    progress: str,
    survey: str | None,
    update_survey: bool,
    no_survey: bool,
    keep_staging: bool,
    staging: str | None,
    engine: str,
    address: str | None,
    **options: Any,
) -> None:
    """Clean RAW (directories and files in any mix, or - for JSONL on stdin) into Parquet shards.

    Reads .html .htm .xhtml .txt .md .jsonl .ndjson .parquet .warc, each also as .gz or .zst. Writes
    OUT/clean, OUT/removed, OUT/rejected and OUT/run.json.

    There are two passes: the first one surveys all documents, the second one cleans each on the evidence
    of all.

    \b
    Exit codes: 0 done; 1 something drifted (--fail-on-drift); 2 usage, configuration or rule error;
                3 done, but some inputs were unreadable (see OUT/rejected);
                130 interrupted (run again with --resume).

    \b
    Example:
      cleaner run scrapes/ archive.warc.gz -o out
      zcat pages.jsonl.gz | cleaner run - -o out --map html=content
      cleaner run scrapes/today -o out --survey survey --update-survey
    """
    with faults(), interrupted_with(f"interrupted; go on with: cleaner run … -o {out} --resume"):
        if fail_on_drift and baseline is None:
            raise Fault("--fail-on-drift needs --baseline OLD_RUN to compare with")
        settings = make_settings(columns, **options)
        from cleaner.progress import RunProgress
        from cleaner.runner import run

        style = "none" if quiet else progress
        with RunProgress(inputs, out, style, 1 if no_survey else 2) as told:
            result = run(
                inputs,
                out,
                settings,
                resume=resume,
                overwrite=overwrite,
                baseline=baseline,
                progress=told,
                use_survey=not no_survey,
                survey=survey,
                update_survey=update_survey,
                keep_staging=keep_staging,
                staging=staging,
                engine=engine,
                address=address,
            )
    if not quiet:
        for line in summary(result.folder, result.books):
            click.echo(line, err=True)
    drifted = (result.drift or {}).get("findings", [])
    if drifted and not quiet:
        from cleaner.audit.explain import printable

        for one in drifted:
            click.secho(
                f"drift: {one['kind']} {printable(one['name'])}: {printable(one['said'])}", err=True, fg="yellow"
            )
    if drifted and fail_on_drift:
        sys.exit(EXIT_FOUND)
    if result.books.unreadable:
        sys.exit(EXIT_REJECTED)


def summary(folder: Path | str, books: Books) -> Iterator[str]:
    """The closing lines of a run: its totals, and where the output is."""
    yield from totals(books)
    if not books.documents:
        yield NOTHING_FOUND
    elif not books.clean:
        source, detail = first_rejected(folder)
        yield nothing_clean(source, detail, f"{folder}/rejected has all of them")
    yield f"output: {folder}/clean, {folder}/removed, {folder}/rejected, {folder}/run.json"


NOTHING_FOUND = "no documents found: are there .html, .txt, .jsonl, .parquet or .warc files in the input?"


def first_rejected(folder: Path | str) -> tuple[str, str]:
    """Source and detail of the first row of ``rejected/`` in a finished run, in which there is one."""
    from cleaner.shards.folder import open_folder

    run = open_folder(folder)
    for entry in run.manifest()["parts"]:
        for row in run.table("rejected", entry["unit"], ["source", "detail"]).slice(0, 1).to_pylist():
            return row["source"], row["detail"]
    raise AssertionError(f"{folder}: nothing is rejected")


def nothing_clean(source: str, detail: str, where: str) -> str:
    """What is said of a run in which no document came out clean: mostly it was given the wrong files or columns."""
    from cleaner.audit.explain import printable

    return f"nothing is clean; the first rejected is {printable(source)}: {printable(detail[:300])}; {where}"


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


STYLES: dict[str, dict[str, Any]] = {
    "plain": {},
    "number": {"dim": True},
    "removed": {"fg": "red", "strikethrough": True},
    "why": {"fg": "yellow"},
    "near": {"fg": "cyan"},
}


@click.command("explain", short_help="Show line by line what goes, and why.")
@click.argument("file", type=click.Path(), metavar="FILE|-|RUN#ID")
@chain_options
@click.option("--near", is_flag=True, help="Show as well what nearly went, and by whom.")
@click.option(
    "--timeout",
    type=float,
    default=defaults.timeout,
    show_default=True,
    help="Seconds a document may take before it is given up.",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(("text", "json", "patch")),
    default="text",
    show_default=True,
    help="For reading; one JSON object a document; a unified diff from source text to clean text.",
)
@click.option(
    "--context", type=click.IntRange(0), default=3, show_default=True, help="Lines shown around what went; others fold."
)
@click.option("--all", "whole", is_flag=True, help="Fold nothing.")
@click.option("--width", type=int, default=100, show_default=True, help="Characters shown of a line.")
def explain_command(
    file: str, form: str, context: int, whole: bool, width: int, columns: tuple[str, ...], **options: Any
) -> None:
    """Show each line of FILE (or of standard input) kept or removed, with filter, rule, confidence and reason.

    A file of many records (JSONL, Parquet, WARC) is explained record by record. Lines marked "-" go,
    lines marked "~" lose a part, lines marked "?" nearly did (--near).

    RUN#ID shows a document of a finished run, by its id or source, as the run recorded it: the options that decide
    what is removed do not apply, and --near shows what `cleaner run --near` recorded.

    \b
    Example:
      cleaner explain page.html --near
      cleaner explain out#news/page.html --format patch
      curl -s https://example.org/story | cleaner explain - --format json
    """
    with faults():
        from cleaner.audit.explain import as_data, patch, plain_json, printable
        from cleaner.audit.folder import split_run_id
        from cleaner.audit.shown import without_near

        recorded = split_run_id(file)
        shown = _recorded(*recorded) if recorded else _explained(file, make_settings(columns, **options))
        found = failed = False
        for document in shown:
            found = True
            one = document if options["near"] else without_near(document)
            unread = one.rejected is not None and one.rejected.stage != "brake"
            failed |= unread and recorded is None
            if form == "json" and unread:
                assert one.rejected is not None
                reason = {name: getattr(one.rejected, name) for name in ("stage", "reason", "detail")}
                click.echo(plain_json({"id": one.id, "source": one.source, "rejected": reason}))
            elif form == "json":
                click.echo(plain_json(as_data(one)))
            elif form == "patch":
                for text in patch(one):
                    click.echo(
                        "".join(map(printable, text.splitlines(True))) if sys.stdout.isatty() else text, nl=False
                    )
            elif unread:
                assert one.rejected is not None
                detail = printable(one.rejected.detail)
                click.secho(f"{printable(one.source)}: {one.rejected.reason}: {detail}", fg="red")
            else:
                show(one, width, None if whole else context)
    if not found:
        click.echo(NOTHING_FOUND, err=True)
    if failed:
        sys.exit(EXIT_REJECTED)


def show(one: Shown, width: int, context: int | None) -> None:
    """Print a document for reading."""
    from cleaner.audit.explain import printable, render

    click.secho(f"{printable(one.source)}  [{printable(one.facts.get('language') or 'language unknown')}]", bold=True)
    for spans in render(one, width, context):
        click.echo("".join(click.style(span.text, **STYLES[span.style]) for span in spans))


def _recorded(run: Path, name: str) -> Iterator[Shown]:
    from cleaner.audit.folder import find_document
    from cleaner.shards.folder import RunFolder

    yield find_document(RunFolder(run), name)


def _explained(file: str, settings: Settings) -> Iterator[Shown]:
    """The documents of a file, cleaned as a run would clean them: in a worker that can be ended."""
    from dataclasses import replace

    from cleaner.audit.shown import shown
    from cleaner.engines.local import LocalEngine
    from cleaner.engines.work import CleaningWork, each
    from cleaner.ingest.files import check_inputs
    from cleaner.ingest.read import read_one
    from cleaner.pipeline import Cleaner

    check_inputs([Path(file) if file else file])
    Cleaner(settings)  # a rule that cannot be used fails here, with its message
    with LocalEngine(replace(settings, workers=1)) as engine:
        for _, cleaned in each(engine, CleaningWork(settings), ((None, [raw]) for raw in read_one(file, settings))):
            clean, rejected = cleaned.clean.to_pylist(), cleaned.rejected.to_pylist()
            yield shown(clean[0] if clean else None, cleaned.removed.to_pylist(), rejected[0] if rejected else None)


@click.command("restore", short_help="Rebuild every source text of a run.")
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
        from cleaner.audit.explain import printable
        from cleaner.audit.restore import restore_run

        result = restore_run(Path(run), Path(out))
    click.echo(f"{result.written:,} texts restored to {out}, each with the hash of its source", err=True)
    if result.without_text:
        click.echo(f"{result.without_text:,} rejected inputs had no text to restore", err=True)
    for title, problems in (("cannot be restored", result.impossible), ("WRONG", result.wrong)):
        if problems:
            click.secho(f"{len(problems):,} {title}:", err=True, fg="red")
            for problem in problems[:20]:
                click.echo(f"  {printable(problem)}", err=True)
            if len(problems) > 20:
                click.echo(f"  … and {len(problems) - 20:,} more", err=True)
    if result.impossible or result.wrong:
        sys.exit(EXIT_FOUND)
