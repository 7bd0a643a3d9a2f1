"""The base is light: what looks at runs is an extra, and says so where it is missing."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import cleaner
from cleaner.errors import EXTRAS, extra

ROOT = Path(__file__).parent.parent
STORY = "The council of Elm voted on Monday to rebuild the old bridge over the river before the winter.\n"
# A program in which the packages of the extra cannot be imported.
WITHOUT = f"""
import sys
sys.modules.update(dict.fromkeys({EXTRAS["audit"]!r}))
from cleaner.cli import main
main(prog_name="cleaner")
"""


def without_audit(*arguments: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", WITHOUT, *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a text and a run of it, made without the extra."""
    folder = tmp_path_factory.mktemp("without")
    (folder / "a.txt").write_text(STORY + "Leave a review\n", encoding="utf-8")
    done = without_audit("run", "a.txt", "-o", "out", "--workers", "1", "--no-survey", cwd=folder)
    assert done.returncode == 0, done.stderr
    (folder / "verdicts.jsonl").write_text("", encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    "words",
    ["explain a.txt", "restore out -o back", "card out", "rules list", "rules apply-verdicts verdicts.jsonl"],
)
def test_the_base_is_enough_for(words: str, folder: Path) -> None:
    done = without_audit(*words.split(), cwd=folder)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "words",
    [
        *("diff out", "diff out out", "report out", "review out", "sample out", "precision out", "explain out#a.txt"),
        "run a.txt -o new --baseline out",
    ],
)
def test_what_needs_the_extra_says_how_to_install_it(words: str, folder: Path) -> None:
    done = without_audit(*words.split(), cwd=folder)
    assert done.returncode == 2
    assert "pip install 'news-corpus-cleaner[audit]'" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (folder / "new").exists()  # told before anything is cleaned


def test_only_what_the_extra_brings_is_its_matter() -> None:
    with pytest.raises(ModuleNotFoundError, match="no_such_package"), extra("audit"):
        import no_such_package  # noqa: F401
    with pytest.raises(cleaner.MissingExtraError) as caught, extra("audit"):
        raise ModuleNotFoundError("No module named 'duckdb'", name="duckdb")
    assert isinstance(caught.value, ImportError)
    assert caught.value.name == "duckdb"


def test_the_extra_brings_what_is_imported_and_dev_has_it() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    brought = {name.partition(">")[0] for name in project["optional-dependencies"]["audit"]}
    # Jinja and Flask bring these along
    assert brought == {*EXTRAS["audit"]} - {"markupsafe", "werkzeug"}
    assert any(name.startswith("news-corpus-cleaner[audit,") for name in project["optional-dependencies"]["dev"])
    assert not brought & {name.partition(">")[0] for name in project["dependencies"]}


def test_each_base_dependency_is_told_with_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    page = (ROOT / "docs" / "install.md").read_text(encoding="utf-8")
    for requirement in project["dependencies"]:
        name = requirement.partition(">")[0].strip()
        assert f"| `{name}` |" in page, name
