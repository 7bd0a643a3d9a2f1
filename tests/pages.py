"""Pages of the documentation as what they say: files to write and sessions to follow."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent / "docs"
FENCE = re.compile(
    r'^(?P<indent> *)```(?P<language>\w+)(?: title="(?P<title>[^"]+)")?\n(?P<body>.*?)^(?P=indent)```$',
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """A fenced block of a page: a file to write, or a session to follow."""

    language: str
    title: str | None
    body: str
    line: int


def blocks(path: Path) -> list[Block]:
    page = path.read_text(encoding="utf-8")
    return [
        Block(
            found["language"],
            found["title"],
            re.sub(f"^{found['indent']}", "", found["body"], flags=re.MULTILINE),  # of a list
            page.count("\n", 0, found.start()) + 1,
        )
        for found in FENCE.finditer(page)
    ]


def steps(session: str) -> Iterator[tuple[str, str]]:
    """Commands of a session, each with the output that the page shows."""
    command, output = "", ""
    lines = iter(session.splitlines(keepends=True))
    for line in lines:
        if line.startswith("$ "):
            if command:
                yield command, output
            command, output = line[2:], ""
            while command.endswith("\\\n"):
                command += next(lines)
        else:
            output += line
    if command:
        yield command, output


def like(expected: str) -> str:
    """A regular expression for output in which "…" stands for anything: whole lines, or a part of one."""
    pattern = ""
    for line in expected.splitlines(keepends=True):
        if line == "…\n":
            pattern += r"(?:.*\n)*"
        else:
            pattern += ".*".join(re.escape(part) for part in line.split("…"))
    return pattern
