"""Commands on surveys: survey, survey merge, mine."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click

from cleaner.cli.common import EXIT_FOUND, Size, defaults, engine_options, faults, make_settings, progress_option
from cleaner.interrupt import interrupted_with


class _DefaultGroup(click.Group):
    """A group whose first argument is either a command of it, or what its command ``make`` is given."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put ``make`` before arguments that do not begin with a command."""
        if args and args[0] not in (*self.commands, *ctx.help_option_names):
            args = ["make", *args]
        return super().parse_args(ctx, args)


def _inputs_options(command: Any) -> Any:
    for option in (
        click.option(
            "--map",
            "columns",
            multiple=True,
            metavar="FIELD=COLUMN",
            help="Name of a record's column where it differs: --map text=body. Can be repeated.",
        ),
        click.option(
            "--max-bytes",
            type=Size(),
            default=defaults.max_bytes,
            metavar="SIZE",
            help="Leave out larger documents.  [default: 20M]",
        ),
        click.option(
            "--timeout",
            type=float,
            default=defaults.timeout,
            show_default=True,
            help="Seconds a document may take before it is left out.",
        ),
        click.option("--workers", type=int, default=0, help="Worker processes.  [default: one a core]"),
        engine_options,
        progress_option,
        click.option("--quiet", is_flag=True, help="No progress and no summary."),
    ):
        command = option(command)
    return command


@click.group(
    "survey",
    short_help="Collect corpus evidence for later runs.",
    cls=_DefaultGroup,
    invoke_without_command=True,
    subcommand_metavar="RAW… -o SURVEY",
)
@click.pass_context
def survey_command(ctx: click.Context) -> None:
    """Collect corpus evidence from RAW (directories and files in any mix) into the folder SURVEY.

    What a site prints on many pages, which headlines and leads there are, signatures of paragraphs: what
    `cleaner run` collects by itself in its first pass. A survey made here can be added to others, and
    used and kept up to date by runs.

    \b
    Example:
      cleaner survey scrapes/2026/ -o survey
      cleaner survey /shared/scrapes -o survey --engine ray --address auto
      cleaner survey merge survey-a survey-b -o survey
      cleaner run scrapes/today -o out --survey survey --update-survey
    """
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


@survey_command.command("make", hidden=True)
@click.argument("inputs", nargs=-1, required=True, metavar="RAW…")
@click.option("-o", "--out", required=True, type=click.Path(), metavar="SURVEY", help="New folder for the survey.")
@_inputs_options
def make_command(
    inputs: tuple[str, ...],
    out: str,
    columns: tuple[str, ...],
    quiet: bool,
    progress: str,
    engine: str,
    address: str | None,
    **options: Any,
) -> None:
    """Collect corpus evidence from RAW into the folder SURVEY; the word "make" may be left out.

    \b
    Example:
      cleaner survey make scrapes/2026/ -o survey
    """
    with faults(), interrupted_with("interrupted; the same command begins anew"):
        settings = make_settings(columns, **options)
        from cleaner.progress import BytesProgress
        from cleaner.surveys.make import survey

        with BytesProgress(inputs, Path(out), "none" if quiet else progress) as told:
            made = survey(inputs, out, settings, progress=told, engine=engine, address=address)
    if not quiet:
        rows = {name: table["rows"] for name, table in made.manifest["tables"].items()}
        click.echo(
            f"{rows['documents']:,} documents, {rows['lines']:,} lines of sites, {rows['paragraphs']:,} paragraphs",
            err=True,
        )
        click.echo(f"survey: {out}; use it with: cleaner run … --survey {out}", err=True)


@survey_command.command("merge", short_help="Add surveys of different documents.")
@click.argument("surveys", nargs=-1, required=True, type=click.Path(exists=True, file_okay=False), metavar="SURVEY…")
@click.option("-o", "--out", required=True, type=click.Path(), metavar="SURVEY", help="New folder for the sum.")
def merge_command(surveys: tuple[str, ...], out: str) -> None:
    """Add surveys of different documents: the same bytes as one survey of all of them.

    \b
    Example:
      cleaner survey merge monday tuesday -o both
    """
    with faults():
        from cleaner.surveys.folder import survey_merge

        merged = survey_merge(surveys, out)
    click.echo(f"{merged.documents:,} documents in {out}", err=True)


@click.command("mine", short_help="Propose rules from what sites repeat.")
@click.argument("inputs", nargs=-1, required=True, metavar="RAW…")
@click.option("-o", "--out", type=click.Path(dir_okay=False), metavar="PACK", help="New rule pack for the proposals.")
@click.option("--format", "form", type=click.Choice(("text", "json")), default="text", show_default=True)
@_inputs_options
def mine_command(
    inputs: tuple[str, ...],
    out: str | None,
    form: str,
    columns: tuple[str, ...],
    quiet: bool,
    progress: str,
    engine: str,
    address: str | None,
    **options: Any,
) -> None:
    """Propose rules from the lines, shapes and openings that sites of RAW repeat.

    Each proposal has its counts, its places, three contexts, hits and misses. All have action = "flag":
    nothing is removed by them until a person has read a rule and set its action to "remove".

    \b
    Exit codes: 0 done; 1 nothing to propose; 2 usage.

    \b
    Example:
      cleaner mine scrapes/ -o proposals.toml
      cleaner mine scrapes/ --format json
    """
    with faults(), interrupted_with("interrupted; the same command begins anew"):
        settings = make_settings(columns, **options)
        from cleaner.progress import BytesProgress
        from cleaner.surveys.make import mine
        from cleaner.surveys.mine import as_pack

        if out is not None and Path(out).exists():
            raise click.UsageError(f"{out} is there already; name a new file")
        with BytesProgress(inputs, Path(out or "."), "none" if quiet else progress) as told:
            proposals = mine(inputs, settings, progress=told, engine=engine, address=address)
        pack = as_pack(proposals)
        if out is not None:
            from cleaner.atomic import write_whole

            write_whole(Path(out), pack.encode("utf-8"))
    if form == "json":
        click.echo(json.dumps([proposal.as_dict() for proposal in proposals], ensure_ascii=False, indent=2))
    elif out is None:
        click.echo(pack)
    if not quiet:
        click.echo(f"{len(proposals):,} rules proposed" + (f" in {out}" if out else ""), err=True)
    if not proposals:
        sys.exit(EXIT_FOUND)
