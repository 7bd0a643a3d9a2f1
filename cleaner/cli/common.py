"""What the commands share: exit codes, errors as messages, the options that decide what is removed."""

from __future__ import annotations

import contextlib
import errno
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from cleaner.engines import ENGINES
from cleaner.errors import CleanerError, CleanerWarning
from cleaner.settings import DETECTORS, HEADLINES, PRESETS, Settings, SettingsError, parse_size

EXIT_FOUND = 1
EXIT_USAGE = 2
EXIT_REJECTED = 3
EXIT_BROKEN_PIPE = 141

defaults = Settings()


class Fault(click.ClickException):
    """An error a person can act on: one line on standard error, exit code 2."""

    exit_code = EXIT_USAGE

    def show(self, file: Any = None) -> None:
        """Print the message."""
        click.secho(f"error: {self.message}", err=True, fg="red")


@contextlib.contextmanager
def faults() -> Iterator[None]:
    """Turn the errors that users can cause, and warnings of ours, into messages."""
    warn = warnings.showwarning

    def say(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
        if issubclass(category, CleanerWarning):
            click.secho(str(message), err=True, fg="yellow")
        else:
            warn(message, category, *where, **more)

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("always", CleanerWarning)
            warnings.showwarning = say
            yield
    except CleanerError as error:
        raise Fault(str(error)) from error
    except ImportError as error:
        raise Fault(f"the installation is broken, install news-corpus-cleaner again: {error}") from error
    except BrokenPipeError:  # no fault: the command line deals with it
        raise
    except OSError as error:
        what = f"{error.filename or ''}: {error.strerror or error}".removeprefix(": ")
        if error.errno in (errno.EMFILE, errno.ENFILE):
            what += "; raise the limit with: ulimit -n 1024, or use fewer --workers"
        raise Fault(what) from error


class Size(click.ParamType):  # type: ignore[type-arg, unused-ignore]  # generic from click 8.2 on
    """A number of bytes, as `parse_size` reads it."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number of bytes."""
        try:
            return value if isinstance(value, int) else parse_size(str(value))
        except SettingsError as error:
            self.fail(str(error), param, ctx)


def progress_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """How a long command tells where it is."""
    return click.option(
        "--progress",
        type=click.Choice(("auto", "json", "none")),
        default="auto",
        show_default=True,
        help="On standard error: a bar on a terminal and a line a minute elsewhere; a JSON object a second; nothing.",
    )(command)


def engine_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Whose workers a command uses."""
    for option in (
        click.option(
            "--address", metavar="HOST:PORT", help="Ray cluster to use, or auto.  [default: one on this machine]"
        ),
        click.option(
            "--engine",
            type=click.Choice(ENGINES),
            default="local",
            show_default=True,
            help="Whose worker processes: this machine's, or those of a Ray cluster.",
        ),
    ):
        command = option(command)
    return command


def chain_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that decide what is removed; `run`, `pipe` and `explain` share them."""
    options = (
        click.option(
            "--rules",
            multiple=True,
            type=click.Path(exists=True, dir_okay=False),
            metavar="PACK",
            help="Another rule pack (TOML), read after the shipped ones and cleaner.toml. Can be repeated.",
        ),
        click.option(
            "--select",
            multiple=True,
            metavar="RULE",
            help="Use these rules alone: ids, or prefixes such as en/. Can be repeated.",
        ),
        click.option(
            "--extend-select",
            multiple=True,
            metavar="RULE",
            help="Use these rules as well: proposals that only flag, rules that a pack switched off.",
        ),
        click.option("--ignore", multiple=True, metavar="RULE", help="Do not use these rules. Can be repeated."),
        click.option(
            "--preset",
            type=click.Choice(tuple(PRESETS)),
            default=defaults.preset,
            show_default=True,
            help="How sure a removal must be: careful leaves more cruft, thorough loses more of the story.",
        ),
        click.option(
            "--min-confidence",
            type=float,
            metavar="SHARE",
            help=f"Confidence that a removal needs, 0 to 1.  [default: the preset's, {defaults.working_point}]",
        ),
        click.option(
            "--max-lost",
            type=float,
            default=defaults.max_lost,
            show_default=True,
            help="Reject a document that would lose more than this share of its extracted text.",
        ),
        click.option(
            "--min-kept",
            type=int,
            default=defaults.min_kept,
            show_default=True,
            help="Reject a document of which fewer characters are left.",
        ),
        click.option(
            "--max-bytes",
            type=Size(),
            default=defaults.max_bytes,
            metavar="SIZE",
            help="Reject larger documents unread (after decompression).  [default: 20M]",
        ),
        click.option(
            "--extractor",
            default=defaults.extractor,
            show_default=True,
            metavar="NAME",
            help="Who finds the story of a page: auto (a model of blocks, and trafilatura where it is in doubt), "
            "blocks (the model alone), trafilatura, or an extractor that another package registers.",
        ),
        click.option(
            "--headline",
            type=click.Choice(HEADLINES),
            default=defaults.headline,
            show_default=True,
            help="Where the headline of a page goes: to the title of the row alone, or into the text as well.",
        ),
        click.option(
            "--keep-non-articles",
            is_flag=True,
            help="Clean home pages, galleries, consent walls and error pages, too, instead of rejecting them.",
        ),
        click.option(
            "--detector",
            type=click.Choice(DETECTORS),
            default=defaults.detector,
            show_default=True,
            help="What tells languages of one script apart: small words first, or langdetect alone (slow).",
        ),
        click.option(
            "--plugin",
            "plugins",
            multiple=True,
            metavar="NAME",
            help="Use a filter or a file format that another installed package brings. Can be repeated.",
        ),
        click.option(
            "--map",
            "columns",
            multiple=True,
            metavar="FIELD=COLUMN",
            help="Name of a record's column where it differs: --map text=body. Can be repeated.",
        ),
    )
    for option in reversed(options):  # the one that is put on last is shown first
        command = option(command)
    return command


def parse_columns(pairs: tuple[str, ...]) -> dict[str, str]:
    """``text=body`` as a mapping."""
    columns = {}
    for pair in pairs:
        field, equals, column = pair.partition("=")
        if not equals or not field or not column:
            raise SettingsError(f"map: {pair!r} is not FIELD=COLUMN, such as text=body")
        columns[field] = column
    return columns


def make_settings(columns: tuple[str, ...] = (), **options: Any) -> Settings:
    """Settings of a command: cleaner.toml of the working directory, the environment, then the options given."""
    from click.core import ParameterSource

    from cleaner.config import load_settings

    context = click.get_current_context(silent=True)
    values: dict[str, Any] = {"columns": parse_columns(columns), **options}
    given = {
        name: value
        for name, value in values.items()
        if context is None or context.get_parameter_source(name) is not ParameterSource.DEFAULT
    }
    return load_settings(given=given)


def project_packs(given: tuple[str, ...]) -> tuple[str, ...]:
    """The pack ``cleaner.toml`` of the working directory, if there is one, then the packs that were given."""
    from cleaner.rulebook.model import PROJECT

    project = (PROJECT,) if Path(PROJECT).is_file() else ()
    return (*project, *(pack for pack in given if pack != PROJECT))
