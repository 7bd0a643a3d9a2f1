"""Another package brings a filter and a file format; it is installed here and used by name."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import hostile
import pytest
from running import check_books, cleaner, manifest, rows, table

from cleaner import Cleaner, PluginError, Settings

PACKAGE = Path(__file__).parent / "sample_plugin"
TIDES = "High water 04:10\nLow water 10:25\n"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample package, built and installed into a folder of its own."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--no-build-isolation"]
    done = subprocess.run(
        [*command, "--target", str(folder), str(PACKAGE)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def plugin(installed: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.syspath_prepend(str(installed))
    monkeypatch.setenv("PYTHONPATH", str(installed))
    return "elm"


@pytest.fixture
def scrape(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.txt").write_text(hostile.text(1) + TIDES)
    letters = f"== One\n{hostile.text(2)}{TIDES}== Two\n{hostile.text(3)}"
    (folder / "b.mailbag.gz").write_bytes(gzip.compress(letters.encode()))
    (folder / "c.mailbag").write_bytes(b"== Bad\n\xff\xfe")
    return folder


def test_a_filter_and_a_format_of_another_package(plugin: str, scrape: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    cleaner("run", scrape, "-o", out, "--plugin", plugin, code=3)
    clean, rejected = rows(out, "clean"), rows(out, "rejected")
    assert {source: row["title"] for source, row in clean.items()} == {
        "a.txt": None,
        "b.mailbag.gz#1": "One",
        "b.mailbag.gz#2": "Two",
    }
    assert clean["a.txt"]["text"] == hostile.text(1)
    assert rejected["c.mailbag"]["reason"] == "corrupt"
    assert "UnicodeDecodeError" in rejected["c.mailbag"]["detail"]
    taken = [row["text"] for row in table(out, "removed").to_pylist() if row["filter"] == "tide-table"]
    assert taken == TIDES.splitlines(keepends=True) * 2
    assert manifest(out)["header"]["plugins"] == {"elm": "cleaner-elm 1.2"}
    check_books(out)


def test_that_a_package_is_installed_changes_nothing(plugin: str, scrape: Path, tmp_path: Path) -> None:
    cleaner("run", scrape, "-o", tmp_path / "out")
    clean, rejected = rows(tmp_path / "out", "clean"), rows(tmp_path / "out", "rejected")
    assert clean["a.txt"]["text"].endswith(TIDES)
    assert {row["reason"] for row in rejected.values()} == {"not_a_document"}
    assert manifest(tmp_path / "out")["header"]["plugins"] == {}


def test_plug_ins_that_are_not_there_or_broken_are_named(
    plugin: str, installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = cleaner("run", tmp_path, "-o", tmp_path / "out", "--plugin", "elmm", code=2)
    assert done.stderr == "error: plugin: no installed package offers 'elmm'; did you mean 'elm'?\n"
    assert not (tmp_path / "out").exists()
    broken = tmp_path / "site" / "broken-1.dist-info"
    broken.mkdir(parents=True)
    (broken / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1\n")
    (broken / "entry_points.txt").write_text("[cleaner.filters]\nsad = broken:Sad\nodd = json:JSONDecoder\n")
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    with pytest.raises(PluginError, match=r"'sad' \(broken:Sad\) cannot be used: No module named 'broken'"):
        Cleaner(Settings(plugins=("sad",)))
    with pytest.raises(PluginError, match=r"'odd' .* has no name and no removals"):
        Cleaner(Settings(plugins=("odd",)))


def test_plug_ins_hold_in_a_pipe_as_well(plugin: str) -> None:
    done = cleaner("pipe", "--plugin", plugin, "--quiet", stdin=json.dumps({"text": hostile.text(1) + TIDES}))
    assert json.loads(done.stdout)["text"] == hostile.text(1)
