"""The built files: all that the program needs is in them, and from them alone it installs and works."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from pages import blocks, steps

from cleaner.cli import main

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
MINORS = (11, 12, 13)


def call(*command: object, cwd: Path, code: int = 0, **environment: str) -> str:
    # what is imported must be what was installed: nothing of this checkout
    known = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(
        [*map(str, command)],
        cwd=cwd,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=900,
        env={**known, "PYTHONUTF8": "1", "NO_COLOR": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", **environment},
    )
    assert done.returncode == code, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist and the wheel that is built from it, as `make build` builds them."""
    folder = tmp_path_factory.mktemp("dist")
    call(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    return folder


def wheel(dist: Path) -> Path:
    (path,) = dist.glob("*.whl")
    return path


@pytest.mark.slow
def test_the_wheel_holds_what_the_program_reads_and_nothing_else(dist: Path) -> None:
    names = set(zipfile.ZipFile(wheel(dist)).namelist())
    ours = {name for name in names if not name.split("/")[0].endswith(".dist-info")}
    assert {name.split("/")[0] for name in ours} == {"cleaner"}
    tracked = {path.relative_to(ROOT).as_posix() for path in (ROOT / "cleaner").rglob("*") if path.is_file()}
    tracked = {name for name in tracked if "__pycache__" not in name}
    packs = {
        f"cleaner/rules/{path.relative_to(ROOT / 'rules').as_posix()}" for path in (ROOT / "rules").rglob("*.toml")
    }
    assert ours == tracked | packs
    assert {"cleaner/scoring/text.json", "cleaner/extraction/blocks.json", "cleaner/py.typed"} <= ours
    assert len(packs) > 30


@pytest.mark.slow
def test_the_sdist_holds_what_building_and_testing_need(dist: Path) -> None:
    (path,) = dist.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    for name in (
        "pyproject.toml",
        "Makefile",
        "README.md",
        "LICENSE",
        "CHANGELOG.md",
        "rules/common.toml",
        "docs/rules.md",
    ):
        assert name in names
    for folder in ("tests", "fixtures", "bench", "tools"):
        assert any(name.startswith(f"{folder}/") for name in names), folder


def interpreter(minor: int) -> str | None:
    """Python 3.minor, where this machine has it."""
    name = f"python3.{minor}"
    found = sys.executable if sys.version_info[:2] == (3, minor) else shutil.which(name)
    if found is None:
        return None
    asked = [found, "-c", "import venv, sys; print(sys.version_info[1])"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    if done.returncode and shutil.which("pyenv"):  # its programs work for the versions that are chosen alone
        listed = subprocess.run(["pyenv", "versions", "--bare"], capture_output=True, text=True, check=False).stdout
        for version in listed.split():
            if version.startswith(f"3.{minor}."):
                root = subprocess.run(["pyenv", "root"], capture_output=True, text=True, check=True).stdout.strip()
                return str(Path(root) / "versions" / version / "bin" / "python")
    return found if done.stdout.strip() == str(minor) else None


@pytest.mark.slow
@pytest.mark.parametrize("minor", MINORS)
def test_from_the_wheel_alone_the_first_screen_of_the_readme_works(minor: int, dist: Path, tmp_path: Path) -> None:
    base = interpreter(minor)
    if base is None:
        pytest.skip(f"Python 3.{minor} is not on this machine")
    call(base, "-m", "venv", tmp_path / "venv", cwd=tmp_path)
    programs = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin")
    probe = subprocess.run(
        [programs / "python", "-m", "pip", "download", "-q", "--no-deps", "-d", tmp_path / "probe", "click"],
        capture_output=True,
        check=False,
        cwd=tmp_path,
    )
    if probe.returncode:
        pytest.skip("no package index can be reached")
    call(programs / "python", "-m", "pip", "install", "-q", wheel(dist), cwd=tmp_path)
    listed = json.loads(
        call(programs / "python", "-m", "pip", "list", "--format", "json", cwd=tmp_path).splitlines()[0]
    )
    told = set(re.findall(r"`([\w.-]+)`", (ROOT / "docs" / "install.md").read_text(encoding="utf-8")))
    brought = {re.sub("[-_]+", "-", one["name"].lower()) for one in listed}
    assert brought - {"pip", "setuptools", PROJECT["name"]} <= told
    call(programs / "python", "-m", "pip", "install", "-q", f"{wheel(dist)}[audit]", cwd=tmp_path)
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    assert PROJECT["name"] in call(programs / "python", "-m", "pip", "list", cwd=tmp_path)
    where = call(programs / "python", "-c", "import cleaner; print(cleaner.__file__)", cwd=tmp_path).strip()
    assert Path(where).is_relative_to(tmp_path)
    assert "cleaner, version" in call(programs / "cleaner", "--version", cwd=tmp_path)
    work = tmp_path / "work"
    for block in blocks(ROOT / "README.md"):
        if block.title:
            (work / block.title).parent.mkdir(parents=True, exist_ok=True)
            (work / block.title).write_text(block.body, encoding="utf-8")
    told = ""
    for block in blocks(ROOT / "README.md"):
        if block.language == "console":
            for command, _ in steps(block.body):
                told += call("bash", "-c", command, cwd=work, PATH=path)
    assert "Work is to begin in May, and the bridge is to open to traffic two years later, the mayor said.\n" in told
    assert "en/also-read" in told
    assert "distinct removed texts" in call(programs / "cleaner", "report", "out", cwd=work)
    assert "restored" in call(programs / "cleaner", "restore", "out", "-o", "back", cwd=work)


@pytest.mark.slow
def test_the_base_alone_says_what_its_extras_are(dist: Path, tmp_path: Path) -> None:
    """What the wheel says of itself: requirements of the base name no extra's package, and each extra is told."""
    with zipfile.ZipFile(wheel(dist)) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = archive.read(name).decode()
    told = [line.removeprefix("Requires-Dist: ") for line in metadata.splitlines() if line.startswith("Requires-Dist:")]
    base = {line for line in told if "extra ==" not in line}
    assert len(base) == len(PROJECT["dependencies"])
    assert not [line for line in base if line.startswith(("duckdb", "flask", "jinja2", "waitress"))]
    extras = {line.removeprefix("Provides-Extra: ") for line in metadata.splitlines() if "Provides-Extra" in line}
    assert extras == PROJECT["optional-dependencies"].keys()


def test_the_container_installs_what_is_built() -> None:
    """No daemon is there to build it with everywhere: what it copies exists, and is what the wheel is made of."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    copied = [words[1:-1] for line in text.splitlines() if (words := line.split())[:1] == ["COPY"] and "--" not in line]
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    for name in (name for names in copied for name in names):
        assert (ROOT / name).exists(), name
        assert f"!{name}" in ignored, name
    assert {"cleaner", "rules", "pyproject.toml", "README.md", "LICENSE"} == {one for names in copied for one in names}
    assert 'ENTRYPOINT ["cleaner"]' in text
    assert "USER 10001" in text


def test_the_hooks_call_commands_that_are_there() -> None:
    entries = re.findall(r"^ +entry: cleaner (.+)$", (ROOT / ".pre-commit-hooks.yaml").read_text(), re.MULTILINE)
    assert entries == ["rules test --own", "rules fmt"]
    for entry in entries:
        group, name = entry.split()[:2]
        assert name in main.commands[group].commands  # type: ignore[attr-defined]
