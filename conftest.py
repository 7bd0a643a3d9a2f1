"""Gives examples in docstrings that name files the files: two scrapes, and a finished run of them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

SCRAPES = {
    "bridge.txt": "The council of Elm voted on Monday to rebuild the old bridge over the river before the winter.\n"
    "Also Read: Harbour towns agree on a ferry line\n"
    "Work is to begin in May, and the bridge is to open to traffic two years later, the mayor said.\n",
    "ferry.txt": "The harbour towns agreed on Tuesday on a ferry line that carries cars and people to the islands.\n"
    "The first boat is to leave in June, and a ticket is to cost as much as one for the bus, they said.\n"
    "Leave a review",
}


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``scrapes`` and a run of them, ``out``."""
    from cleaner import Settings, run

    folder = tmp_path_factory.mktemp("example")
    (folder / "scrapes").mkdir()
    for name, text in SCRAPES.items():
        (folder / "scrapes" / name).write_text(text, encoding="utf-8")
    run([folder / "scrapes"], folder / "out", Settings(workers=1), use_survey=False)
    return folder


@pytest.fixture(autouse=True)
def in_the_example(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run an example of a docstring that names such files in a folder that has them."""
    if isinstance(request.node, pytest.DoctestItem) and request.node.dtest is not None:
        source = "".join(one.source for one in request.node.dtest.examples)
        if any(name in source for name in ('"out"', '"scrapes', '"mine.toml"', '"labelled.jsonl"', '"verdicts.jsonl"')):
            shutil.copytree(request.getfixturevalue("example"), tmp_path / "example")
            monkeypatch.chdir(tmp_path / "example")
