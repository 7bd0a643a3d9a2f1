"""The errors that a person or a program can act on: all are `CleanerError`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

# What each extra brings that the package can do without, by the name under which it is imported.
EXTRAS = {
    "audit": ("duckdb", "jinja2", "markupsafe", "flask", "werkzeug", "waitress"),
    "fs": ("fsspec",),
    "ray": ("ray",),
}


class CleanerError(Exception):
    """Something outside the program is wrong: an input, a setting, a rule, a folder, the installation."""


class CleanerWarning(UserWarning):
    """Something was left out that the result does not show; the message says what."""


class MissingExtraError(CleanerError, ImportError):
    """What was asked for needs packages of an extra that is not installed; the message says how to install it."""


@contextlib.contextmanager
def extra(name: str) -> Iterator[None]:
    """Import packages of an extra in here: one that is missing is a `MissingExtraError`, any other error passes.

    >>> with extra("audit"):
    ...     import jinja2
    """
    try:
        yield
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in EXTRAS[name]:
            raise
        raise MissingExtraError(
            f"{missing} is not installed, which this needs; install it with: pip install 'news-corpus-cleaner[{name}]'",
            name=error.name,
        ) from error
