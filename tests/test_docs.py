"""The pages are true: programs print what they say, commands do what they say, links lead somewhere."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from urllib.parse import unquote

import click
import pytest
from pages import DOCS, Block, blocks, like, steps

from cleaner.cli import main

ROOT = DOCS.parent
PAGES = sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md")])
# The page on rules has a test of its own, which proves its packs as well.
RUN = [page for page in PAGES if page.name != "rules.md" or page.parent != DOCS]
# Pages whose commands take more than ten seconds: each starts a program of its own.
SLOW = {
    *DOCS.glob("filters/*.md"),
    DOCS / "walkthrough.md",
    DOCS / "start.md",
    DOCS / "api.md",
    ROOT / "CONTRIBUTING.md",
}
# What a program needs, by a word that its import says.
FRAMEWORKS = ("pandas", "polars", "duckdb", "datasets", "datatrove", "langchain_core", "scrapy", "ray", "pyspark")


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def needs(source: str) -> list[str]:
    """The frameworks that a program imports."""
    return [name for name in FRAMEWORKS if re.search(rf"^\s*(?:import|from) {name}\b", source, re.MULTILINE)]


def skip_without(source: str) -> None:
    for name in needs(source):
        if importlib.util.find_spec(name) is None:
            pytest.skip(f"{name} is not installed")
    if "pyspark" in needs(source) and shutil.which("java") is None:
        pytest.skip("Spark needs Java")


class Desk:
    """A folder to work in, in which ``cleaner`` and ``python`` are those of this test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "work"
        self.folder.mkdir()
        programs = folder / "bin"
        programs.mkdir()
        for name, command in (("cleaner", "-m cleaner"), ("python", "")):
            program = programs / name
            program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} {command} "$@"\n')
            program.chmod(0o755)
        known = {"PYTHONUTF8": "1", "NO_COLOR": "1", "COLUMNS": "100", "HF_HOME": str(folder / "cache")}
        self.environment = {**os.environ, **known, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}

    def write(self, block: Block) -> None:
        path = self.folder / str(block.title)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.body, encoding="utf-8")

    def says(self, command: str, errors: int = subprocess.STDOUT) -> str:
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            encoding="utf-8",
            check=False,
            timeout=300,
        )
        assert "Traceback" not in done.stdout, f"{command}\n{done.stdout}"
        return done.stdout


@pytest.mark.skipif(shutil.which("bash") is None, reason="the sessions are for a shell")
@pytest.mark.parametrize(
    "page",
    [pytest.param(page, marks=[pytest.mark.slow] if page in SLOW else [], id=name_of(page)) for page in RUN],
)
def test_a_page_prints_what_it_says(page: Path, tmp_path: Path) -> None:
    """From top to bottom in one folder: files are written, sessions followed, programs with an output below run."""
    desk, found = Desk(tmp_path), blocks(page)
    for block in found:
        if block.language == "python" or "scrapy" in block.body:
            skip_without(block.body if block.language == "python" else "import scrapy")
    for place, block in enumerate(found):
        if block.title is not None:
            desk.write(block)
        following = found[place + 1] if place + 1 < len(found) else None
        if block.language == "python" and block.title and following is not None and following.language == "text":
            if following.title is None:
                # warnings of the frameworks are not ours to word
                said = desk.says(f"python {shlex.quote(block.title)}", subprocess.DEVNULL)
                assert re.fullmatch(like(following.body), said), f"{name_of(page)}:{block.line} prints\n{said}"
        elif block.language == "console":
            followed = list(steps(block.body))
            assert followed, f"{name_of(page)}:{block.line}: a session without a command"
            for command, expected in followed:
                said = desk.says(command)
                assert re.fullmatch(like(expected), said), f"{name_of(page)}:{block.line}: {command}prints\n{said}"


@pytest.mark.parametrize("page", RUN, ids=name_of)
def test_every_block_of_a_page_is_one_that_is_run_or_says_what_it_is(page: Path) -> None:
    """What nobody runs goes stale: code is a file, a session, an output, or commands that are parsed below."""
    found = blocks(page)
    fences = re.findall(r"^ *```", page.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(fences) == 2 * len(found), "a fence without a language"
    for block in found:
        if block.title is None:
            assert block.language in ("console", "sh", "text"), f"{name_of(page)}:{block.line}: {block.language}"


COMMANDS = [
    (page, block.line, line)
    for page in PAGES
    for block in blocks(page)
    if block.language == "sh"
    for line in block.body.replace("\\\n", " ").splitlines()
    if re.search(r"(^|\| )cleaner ", line)
]


@pytest.mark.parametrize(("page", "at", "line"), COMMANDS, ids=[f"{name_of(one[0])}:{one[2]}"[:60] for one in COMMANDS])
def test_commands_that_pages_name_can_be_given(page: Path, at: int, line: str) -> None:
    """Commands on folders that are not there are parsed: command and options exist, and take such values."""
    words = shlex.split(line.replace("…", ""), comments=True)
    words = words[words.index("cleaner") + 1 :]
    for stop in (">", ">>", "|", "<", "2>"):
        words = words[: words.index(stop)] if stop in words else words
    command: click.Command = main
    while isinstance(command, click.Group) and words and words[0] in command.commands:
        command = command.commands[words.pop(0)]
    if isinstance(command, click.Group):
        command = command.commands["make"]  # `cleaner survey RAW`
    # a command keeps the options for help of the first context that it is given
    context = click.Context(command, click.Context(main, **main.context_settings), command.name, resilient_parsing=True)
    command.make_parser(context).parse_args(list(words))


def anchors(page: Path) -> set[str]:
    text = re.sub(r"^ *```.*?^ *```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).strip().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"^ *```.*?^ *```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if link.startswith(("http:", "https:")):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = (page.parent / path).resolve() if path else page
        if DOCS / "reference" in target.parents:
            continue  # made from the code when the site is built, which checks its links
        assert target.exists(), f"{name_of(page)}: {link}"
        assert not anchor or anchor in anchors(target), f"{name_of(page)}: {link}"


def test_the_plug_in_of_the_page_works_as_printed(tmp_path: Path) -> None:
    for block in blocks(DOCS / "plug-in" / "extensions.md"):
        path = tmp_path / str(block.title)
        path.parent.mkdir(exist_ok=True)
        path.write_text(block.body, encoding="utf-8")
    project = tomllib.loads((tmp_path / "elm" / "pyproject.toml").read_text())["project"]
    site = tmp_path / "site" / "cleaner_elm-1.0.dist-info"
    site.mkdir(parents=True)
    (site / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    groups = [
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in entries.items())
        for group, entries in project["entry-points"].items()
    ]
    (site / "entry_points.txt").write_text("".join(groups))
    shutil.copy(tmp_path / "elm" / "cleaner_elm.py", tmp_path / "site")
    story = "The harbour of Elm handled a hundred ships in May, the port authority said on Monday morning.\n"
    (tmp_path / "a.mailbag").write_text(f"== One\n{story}High water 04:10\n== Two\n{story}")
    done = subprocess.run(
        [sys.executable, "-m", "cleaner", "explain", "a.mailbag", "--plugin", "elm"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site"), "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "2 - High water 04:10" in done.stdout
    assert "a.mailbag#2" in done.stdout


def imported(path: Path) -> set[str]:
    """The modules and packages of ours that a module imports to run; for types alone does not count."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            node.body = []
    nodes = list(ast.walk(tree))
    names = {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    names |= {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return {name.split(".")[1] for name in names if name.startswith("cleaner.")}


def test_imports_go_the_way_that_the_page_says() -> None:
    page = (DOCS / "architecture.md").read_text(encoding="utf-8")
    said = page.partition("Imports go one way: ")[2].partition(".")[0]
    ranks = {name: rank for rank, names in enumerate(said.split("→")) for name in re.findall(r"`(\w+)`", names)}
    assert ranks["document"] == 5
    for path in sorted((ROOT / "cleaner").rglob("*.py")):
        here = path.relative_to(ROOT / "cleaner").parts[0].removesuffix(".py")
        for name in imported(path) & ranks.keys() if here in ranks else ():
            assert ranks[name] >= ranks[here], f"{path} imports {name}"


def test_each_adapter_has_an_extra_a_row_and_a_page_that_shows_it() -> None:
    page = (DOCS / "plug-in.md").read_text(encoding="utf-8")
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    table = "".join(line for line in page.splitlines() if line.startswith("| "))
    named = set(re.findall(r"`\[(\w+)\]`", table))
    adapters = {path.stem for path in (ROOT / "cleaner" / "plugins").glob("*.py")} - {"__init__", "tables", "records"}
    assert named == adapters
    assert named <= extras.keys()
    for name in adapters:
        shown = (DOCS / "plug-in" / f"{name}.md").read_text(encoding="utf-8")
        assert f"cleaner.plugins.{name}" in shown
        assert f"news-corpus-cleaner[{name}]" in shown


def test_each_filter_has_a_page_on_which_it_takes_something() -> None:
    names = {path.stem for path in (ROOT / "cleaner" / "filters").glob("*.py")}
    pages = {path.stem for path in (DOCS / "filters").glob("*.md")} - {"index"}
    assert pages == names - {"__init__", "by_rules", "spare", "witness"}  # which serve the others
    for name in pages:
        page = (DOCS / "filters" / f"{name}.md").read_text(encoding="utf-8")
        assert re.search(r"^```console$", page, re.MULTILINE), name
        assert "**Left alone**" in page or name == "brake"
        recorded = {"headlines": "teasers/headline", "rules": "en/", "blocks": "common/share-bar", "brake": "rejected"}
        assert recorded.get(name, f"{name}/") in page


def test_each_page_is_in_the_navigation_and_each_entry_a_page() -> None:
    listed: list[str] = []

    def walk(entries: object) -> None:
        if isinstance(entries, str):
            listed.append(entries)
        elif isinstance(entries, list):
            for entry in entries:
                walk(entry)
        elif isinstance(entries, dict):
            for entry in entries.values():
                walk(entry)

    walk(tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))["project"]["nav"])
    made = {"reference/cli.md", "reference/api.md", "contributing.md", "changelog.md"}
    assert {*listed} == {page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")} | made
    assert len(listed) == len({*listed})


@pytest.mark.slow
def test_the_site_is_built_with_all_its_links(tmp_path: Path) -> None:
    if shutil.which("zensical", path=str(Path(sys.executable).parent)) is None:
        pytest.skip("pip install -e '.[docs]'")
    done = subprocess.run(
        [sys.executable, ROOT / "tools" / "docs.py", tmp_path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    page = (tmp_path / "site" / "reference" / "cli" / "index.html").read_text(encoding="utf-8")
    assert "--fail-on-drift" in page
    for path in (tmp_path / "site").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        # what a reader's browser would fetch from elsewhere
        assert not re.findall(r'<(?:script|img|iframe)[^>]+src="(?:https?:)?//', text), path
        assert not re.findall(r'<link[^>]+rel="stylesheet"[^>]+href="(?:https?:)?//', text), path
