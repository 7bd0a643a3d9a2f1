"""The page on plugging in is true: its programs print what it says, its commands do what it says."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from pages import DOCS, Block, blocks, like, steps

PAGE = DOCS / "plug-in.md"
BLOCKS = blocks(PAGE)
ROOT = DOCS.parent
# What each program needs, by a word that its import says.
FRAMEWORKS = ("pandas", "polars", "duckdb", "datasets", "datatrove", "langchain_core", "scrapy", "ray", "pyspark")
PROGRAMS = [
    (block, BLOCKS[place + 1])
    for place, block in enumerate(BLOCKS)
    if block.language == "python" and BLOCKS[place + 1 : place + 2] and BLOCKS[place + 1].language == "text"
]


def needs(source: str) -> list[str]:
    """The frameworks that a program imports."""
    return [name for name in FRAMEWORKS if re.search(rf"^\s*(?:import|from) {name}\b", source, re.MULTILINE)]


def skip_without(source: str) -> None:
    for name in needs(source):
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"{name} is not installed")
    if "pyspark" in needs(source) and shutil.which("java") is None:
        pytest.skip("Spark needs Java")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the files that the page shows."""
    for block in BLOCKS:
        if block.title is not None:
            path = tmp_path / block.title
            path.parent.mkdir(exist_ok=True)
            path.write_text(block.body, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(("program", "output"), PROGRAMS, ids=lambda block: str(block.title or ""))
def test_programs_of_the_page_print_what_it_says(program: Block, output: Block, folder: Path) -> None:
    skip_without(program.body)
    done = subprocess.run(
        [sys.executable, str(program.title)],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=300,
        env={**os.environ, "PYTHONUTF8": "1", "HF_HOME": str(folder / "cache")},
    )
    assert done.returncode == 0, done.stderr
    assert re.fullmatch(like(output.body), done.stdout), f"{PAGE.name}:{output.line}\n{done.stdout}\n{done.stderr}"


@pytest.mark.skipif(shutil.which("bash") is None, reason="the sessions are for a shell")
@pytest.mark.parametrize(
    "block", [one for one in BLOCKS if one.language == "console"], ids=lambda one: f"line {one.line}"
)
def test_sessions_of_the_page_print_what_it_says(block: Block, folder: Path) -> None:
    if "scrapy" in block.body:
        skip_without("import scrapy")
    programs = folder / "bin"
    programs.mkdir()
    for name, command in (
        ("cleaner", f"{shlex.quote(sys.executable)} -m cleaner"),
        ("python", shlex.quote(sys.executable)),
    ):
        (programs / name).write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        (programs / name).chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTHONUTF8": "1",
        "NO_COLOR": "1",
    }
    followed = list(steps(block.body))
    assert followed
    for command, expected in followed:
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            check=False,
            timeout=300,
        )
        assert re.fullmatch(like(expected), done.stdout), f"{PAGE.name}:{block.line}: {command}it prints\n{done.stdout}"


def test_the_plug_in_of_the_page_works_as_printed(folder: Path) -> None:
    project = tomllib.loads((folder / "elm" / "pyproject.toml").read_text())["project"]
    site = folder / "site" / "cleaner_elm-1.0.dist-info"
    site.mkdir(parents=True)
    (site / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    groups = [
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in entries.items())
        for group, entries in project["entry-points"].items()
    ]
    (site / "entry_points.txt").write_text("".join(groups))
    shutil.copy(folder / "elm" / "cleaner_elm.py", folder / "site")
    story = "The harbour of Elm handled a hundred ships in May, the port authority said on Monday morning.\n"
    (folder / "a.mailbag").write_text(f"== One\n{story}High water 04:10\n== Two\n{story}")
    done = subprocess.run(
        [sys.executable, "-m", "cleaner", "explain", "a.mailbag", "--plugin", "elm"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder / "site"), "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "2 - High water 04:10" in done.stdout
    assert "a.mailbag#2" in done.stdout


def test_each_extra_has_a_section_and_each_section_an_anchor() -> None:
    page = PAGE.read_text(encoding="utf-8")
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    table = "".join(line for line in page.splitlines() if line.startswith("| "))
    named = set(re.findall(r"`\[(\w+)\]`", table))
    adapters = {path.stem for path in (ROOT / "cleaner" / "plugins").glob("*.py")} - {"__init__", "tables", "records"}
    assert named == adapters
    assert named <= extras.keys()
    anchors = {
        re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    }
    links = set(re.findall(r"\]\(#([^)]+)\)", page))
    assert links
    assert links <= anchors
    for link in re.findall(r"\]\(([a-z-]+\.md)\)", page):
        assert (DOCS / link).exists()


def test_each_adapter_is_shown() -> None:
    imported = {name for program, _ in PROGRAMS for name in needs(program.body)}
    assert imported | {"scrapy"} == set(FRAMEWORKS)
