"""Builds the site of the documentation: gathers the pages, makes the references from the code, calls Zensical.

python tools/docs.py [FOLDER]    # build/docs without one: FOLDER/pages, FOLDER/site
"""

from __future__ import annotations

import inspect
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import click

import cleaner
from cleaner.cli import main as command_line

ROOT = Path(__file__).resolve().parent.parent
WIDTH = 88


def leaves(command: click.Command, context: click.Context) -> Iterator[click.Context]:
    """The command and all below it, each in its context; those that are not shown in helps are left out."""
    yield context
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            if not inner.hidden:
                yield from leaves(inner, click.Context(inner, context, info_name=name))


def cli_reference() -> str:
    """The page of commands: what each says of itself with ``--help``."""
    parts = [
        "# Commands\n\nMade from the program itself: `cleaner COMMAND --help` says the same. Exit codes stand in "
        "[What a run writes](../output.md#exit-codes).\n"
    ]
    root = click.Context(command_line, info_name="cleaner")
    for context in leaves(command_line, root):
        context.terminal_width = context.max_content_width = WIDTH
        parts.append(f"## `{context.command_path}`\n\n```text\n{context.get_help().rstrip()}\n```\n")
    return "\n".join(parts)


def api_reference() -> str:
    """The page of public names: signatures and docstrings."""
    groups: dict[str, list[str]] = {"Functions": [], "Classes": [], "Errors": []}
    for name in cleaner.__all__:
        value = getattr(cleaner, name)
        is_error = inspect.isclass(value) and issubclass(value, Exception)
        groups["Errors" if is_error else "Classes" if inspect.isclass(value) else "Functions"].append(name)
    parts = [
        "# Functions and classes\n\nMade from the docstrings, whose examples are run by the tests. "
        "[From Python](../api.md) tells how it all hangs together.\n"
    ]
    for title, names in groups.items():
        parts.append(f"## {title}\n")
        for name in names:
            parts += entry(f"cleaner.{name}", getattr(cleaner, name), "###")
    return "\n".join(parts)


def entry(name: str, value: object, level: str) -> Iterator[str]:
    """A heading, the signature, the docstring, and the public methods and properties of a class."""
    yield f"{level} `{name}`\n"
    if callable(value) and not (inspect.isclass(value) and issubclass(value, Exception)):
        said = str(inspect.signature(value)).replace("'", "")
        short = name.rpartition(".")[2]
        if len(said) + len(short) > WIDTH:
            said = re.sub(r"^\(|, (?=\*|\w+: )", lambda found: found[0].rstrip() + "\n    ", said)
            said = re.sub(r"\)( -> .*)?$", lambda found: f",\n){found[1] or ''}", said)
        yield f"```python\n{short}{said}\n```\n"
    yield markdown(inspect.getdoc(value) or "")
    if inspect.isclass(value) and not issubclass(value, Exception):
        for inner, member in vars(value).items():
            function = member.__func__ if isinstance(member, classmethod | staticmethod) else member
            is_shown = inspect.isfunction(function) or isinstance(member, property | cached_property)
            if is_shown and not inner.startswith("_"):
                yield from entry(f"{name.rpartition('.')[2]}.{inner}", function, "####")


def markdown(docstring: str) -> str:
    """A docstring as Markdown: examples become blocks of code."""
    text = re.sub(r"``([^`]+)``", r"`\1`", docstring)
    example = re.compile(r"(?:^>>> .*(?:\n(?!\n).*)*\n?)+", re.MULTILINE)
    return example.sub(lambda found: f"```pycon\n{found[0].rstrip()}\n```\n", text) + "\n"


def gather(pages: Path) -> None:
    """All pages of the site: those of docs/, those of the repository, the references."""
    shutil.rmtree(pages, ignore_errors=True)
    shutil.copytree(ROOT / "docs", pages)
    (pages / "reference").mkdir()
    (pages / "reference" / "cli.md").write_text(cli_reference(), encoding="utf-8")
    (pages / "reference" / "api.md").write_text(api_reference(), encoding="utf-8")
    for name in ("CONTRIBUTING.md", "CHANGELOG.md"):
        text = (ROOT / name).read_text(encoding="utf-8").replace("](docs/", "](")
        (pages / name.lower()).write_text(text, encoding="utf-8")
    for page in pages.rglob("*.md"):
        text = page.read_text(encoding="utf-8")
        page.write_text(text.replace("```console\n", "```shell-session\n"), encoding="utf-8")


def main() -> int:
    """Build the site; broken links are errors."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "docs"
    folder.mkdir(parents=True, exist_ok=True)
    gather(folder / "pages")
    shutil.copy(ROOT / "zensical.toml", folder / "zensical.toml")
    done = subprocess.run([sys.executable, "-m", "zensical", "build", "--clean", "--strict"], cwd=folder, check=False)
    if done.returncode == 0:
        print(f"the site: {folder / 'site' / 'index.html'}")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
