"""The command line: thin, and quick to answer.  Heavy modules are imported inside the commands."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from cleaner import __version__
from cleaner.cli.audit import diff_command, precision_command, report_command, review_command, sample_command
from cleaner.cli.documents import explain_command, restore_command, run_command
from cleaner.cli.project import card_command, completion_command, config, init_command
from cleaner.cli.rules import rules
from cleaner.cli.stream import pipe_command
from cleaner.cli.survey import mine_command, survey_command
from cleaner.interrupt import Interrupted, guarded

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class _Commands(click.Group):
    """A group in which Ctrl-C ends with exit code 130 wherever it comes, and a reader that leaves is no failure.

    Click has 1 for both.
    """

    def main(self, *args: Any, **options: Any) -> Any:
        """Run the command line."""
        with guarded():
            return super().main(*args, **options)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the commands, in the order in which people come to need them."""
        return list(self.commands)

    def make_context(self, *args: Any, **options: Any) -> click.Context:
        """Read the command line."""
        try:
            return super().make_context(*args, **options)
        except KeyboardInterrupt:
            raise Interrupted from None

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise Interrupted from None
        except BrokenPipeError:  # the reader has seen enough, as in `cleaner rules list | head`
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left is flushed at exit
            sys.exit(0)


@click.group(cls=_Commands, context_settings=CONTEXT)
@click.version_option(__version__, "-V", "--version", prog_name="cleaner")
def main() -> None:
    """Strip boilerplate from raw news scrapes, and show for every character why it went.

    \b
    Example:
      cleaner run scrapes/ -o out      clean a directory of pages and texts
      cleaner explain page.html        see what would go, and why
      cleaner report out               a page of what went, to look at
      cleaner restore out -o back      get every source text back
      zcat a.jsonl.gz | cleaner pipe   clean records on their way
    """


for command in (
    run_command,
    pipe_command,
    explain_command,
    diff_command,
    report_command,
    review_command,
    sample_command,
    precision_command,
    restore_command,
    survey_command,
    mine_command,
    rules,
    card_command,
    init_command,
    config,
    completion_command,
):
    main.add_command(command)
