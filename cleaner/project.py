"""Begins a project: a cleaner.toml with every setting explained and a first rule that proves itself."""

from __future__ import annotations

import textwrap
from pathlib import Path

import tomlkit

from cleaner.config import descriptions
from cleaner.errors import CleanerError
from cleaner.rulebook.model import PROJECT
from cleaner.settings import Settings

_HEAD = """\
# What `cleaner` does in this folder: every command that is started here reads this file.
# See where each setting comes from with: cleaner config show
# Prove the rules with: cleaner rules test

schema = 1
pack = "project"
languages = ["*"]

# Settings.  An environment variable (CLEANER_PRESET=careful) wins over this file, an option (--preset) over both.
[settings]
"""
_RULE = """\
# A rule of your own, with its proof: a line that it must match and one that it must leave alone.  Change it, or write
# another one with: cleaner rules new project/NAME -o cleaner.toml --pattern … --hit … --miss …
[[rule]]
id = "project/read-more-in-our-app"
description = "A prompt to go on reading in the app of a newspaper."
kind = "prompt"
match = "prefix"
pattern = "Read more in our app:"
scope = "line"
confidence = 0.9
hit = ["Read more in our app: The bridge, the river and the town"]
miss = ["Commuters read more in our app: the publisher's figures for May are out"]
"""


class ProjectError(CleanerError):
    """A project that cannot be begun where it is wanted."""


def init(folder: Path | str = ".") -> Path:
    """Write a cleaner.toml into ``folder``, which is made if it is not there; returns its path.

    Every setting stands in it with its default, commented out, and one rule with its proof.

    Raises `ProjectError` when there is a cleaner.toml already: it is never overwritten.

    >>> import tempfile
    >>> init(tempfile.mkdtemp()).name
    'cleaner.toml'
    """
    path = Path(folder) / PROJECT
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "x", encoding="utf-8") as stream:
            stream.write(_text())
    except FileExistsError:
        raise ProjectError(
            f"{path} is there already and is never overwritten; edit it, or name another folder"
        ) from None
    except OSError as error:
        raise ProjectError(f"cannot write {path}: {error.strerror or error}") from error
    return path


def _text() -> str:
    plain = Settings().as_dict()
    lines = []
    for name, description in descriptions().items():
        value = plain[name]
        shown = "{}" if value == {} else "    # not set" if value is None else tomlkit.item(value).as_string()
        lines += textwrap.wrap(description, 116, initial_indent="# ", subsequent_indent="# ")
        lines += [f"# {name} = {shown}", ""]
    return "\n".join([_HEAD + lines[0], *lines[1:], _RULE])
