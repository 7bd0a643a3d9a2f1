"""Where settings come from: cleaner.toml, the environment, options; and what helps at a prompt."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import hostile
import pytest
from click.testing import CliRunner
from running import cleaner, manifest, rows

from cleaner import Cleaner, ProjectError, Settings, SettingsError, init, load_settings
from cleaner.cli import main
from cleaner.config import PREFIX, descriptions, effective


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(PREFIX) and name != "CLEANER_DATA":
            monkeypatch.delenv(name)


def project(folder: Path, settings: str) -> Path:
    (folder / "cleaner.toml").write_text(f"[settings]\n{settings}")
    return folder


def test_the_last_one_wins_and_its_place_is_told(tmp_path: Path) -> None:
    project(tmp_path, 'preset = "thorough"\nmin_kept = 200\n\n# more\nmax_lost = 0.5\nignore = ["en/also-read"]\n')
    environ = {"CLEANER_PRESET": "careful", "CLEANER_COLUMNS": "text=body, id=key", "CLEANER_MIN_KEPT": "300"}
    found = effective(tmp_path, environ, {"min_kept": 400})
    assert (found.settings.preset, found.settings.min_kept, found.settings.max_lost) == ("careful", 400, 0.5)
    assert found.settings.columns == {"text": "body", "id": "key"}
    assert found.settings.ignore == ("en/also-read",)
    told = {name: origin for name, origin in found.origins.items() if origin != "default"}
    assert told == {
        "preset": "CLEANER_PRESET",
        "min_kept": "--min-kept",
        "max_lost": "cleaner.toml:6",
        "ignore": "cleaner.toml:7",
        "columns": "CLEANER_COLUMNS",
        "rules": "cleaner.toml",
    }
    assert load_settings(tmp_path / "nowhere", {}) == Settings()


def test_every_setting_can_be_said_in_the_environment_and_in_the_file(tmp_path: Path) -> None:
    plain = Settings().as_dict()
    for name, value in plain.items():
        if name in ("plugins", "rules"):
            continue
        if isinstance(value, dict):
            text, toml = "text=body", '{text = "body"}'
        elif isinstance(value, list):
            text, toml = "en/also-read", '["en/also-read"]'
        elif isinstance(value, bool):
            text = toml = str(value).lower()
        else:
            text = "0.5" if value is None else str(value)
            toml = json.dumps(value) if value is not None else text
        by_file = load_settings(project(tmp_path, f"{name} = {toml}\n"), {})
        by_variable = load_settings(tmp_path / "nowhere", {f"CLEANER_{name.upper()}": text})
        assert getattr(by_file, name) == getattr(by_variable, name), name


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('presett = "careful"', "cleaner.toml:2: no setting 'presett'; did you mean 'preset'?"),
        ("max-lost = 0.5", "cleaner.toml:2: no setting 'max-lost'; did you mean 'max_lost'?"),
        ('preset = "carefull"', "cleaner.toml:2: preset: 'carefull' is none of careful, balanced, thorough"),
        ("min_kept = 1.5", "cleaner.toml:2: min_kept: expected a whole number, got 1.5"),
        ("min_kept = true", "cleaner.toml:2: min_kept: expected a whole number, got True"),
        ("ignore = [1]", "cleaner.toml:2: ignore: expected a list of strings, got [1]"),
        ("columns = 3", "cleaner.toml:2: columns: expected a table of strings, got 3"),
        ("max_lost =", "cleaner.toml: cannot be read"),
    ],
)
def test_faults_of_the_file_are_named_with_their_line(line: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as error:
        load_settings(project(tmp_path, line + "\n"), {})
    assert str(error.value).startswith(message)


@pytest.mark.parametrize(
    ("variable", "value", "message"),
    [
        ("CLEANER_PRESETS", "careful", "CLEANER_PRESETS: no such setting; did you mean CLEANER_PRESET?"),
        ("CLEANER_MAP", "a=b", "CLEANER_MAP: no such setting; did you mean CLEANER_COLUMNS?"),
        ("CLEANER_MIN_KEPT", "many", "CLEANER_MIN_KEPT: min_kept: expected a number, got 'many'"),
        ("CLEANER_COLUMNS", "text", "CLEANER_COLUMNS: 'text' is not FIELD=COLUMN"),
        ("CLEANER_MAX_LOST", "2", "CLEANER_MAX_LOST: max-lost: 2.0 is not a share"),
    ],
)
def test_faults_of_the_environment_are_named(variable: str, value: str, message: str) -> None:
    with pytest.raises(SettingsError) as error:
        load_settings("nowhere", {variable: value})
    assert str(error.value).startswith(message)


def test_sizes_may_have_units_wherever_they_are_said(tmp_path: Path) -> None:
    project(tmp_path, 'memory = "1.5G"\nmax_memory = 900_000_000\n')
    found = effective(tmp_path, {"CLEANER_MAX_BYTES": "30MB"}).settings
    assert (found.memory, found.max_memory, found.max_bytes) == (1_500_000_000, 900_000_000, 30_000_000)
    with pytest.raises(SettingsError, match="CLEANER_MAX_BYTES: max_bytes: 'ten' is no size"):
        effective(tmp_path, {"CLEANER_MAX_BYTES": "ten"})
    project(tmp_path, 'memory = "1 gig"\n')
    with pytest.raises(SettingsError, match=r"cleaner\.toml:2: memory: '1 gig' is no size"):
        effective(tmp_path, {})


def test_a_setting_outside_of_its_table_is_told_where_it_belongs(tmp_path: Path) -> None:
    (tmp_path / "cleaner.toml").write_text('preset = "careful"\n')
    done = cleaner("rules", "list", cwd=tmp_path, code=2)
    assert "key 'preset': unknown key; settings stand below a line [settings]" in done.stderr


def test_variables_of_others_are_left_alone() -> None:
    assert load_settings("nowhere", {"CLEANER_DATA": "/data", "CLEANER_PRESET": "", "PRESET": "x"}) == Settings()


def test_a_run_takes_what_config_show_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project(tmp_path, "min_kept = 5\nworkers = 1\n")
    (tmp_path / "a.txt").write_text("Nine chars.\n")
    monkeypatch.setenv("CLEANER_AUDIT", "counts")
    shown = json.loads(cleaner("config", "show", "--format", "json", cwd=tmp_path).stdout)
    assert shown["min_kept"] == {"value": 5, "from": "cleaner.toml:2"}
    assert shown["audit"] == {"value": "counts", "from": "CLEANER_AUDIT"}
    assert "cleaner.toml:2" in cleaner("config", "show", cwd=tmp_path).stdout
    cleaner("run", "a.txt", "-o", "out", cwd=tmp_path)
    assert list(rows(tmp_path / "out", "clean")) == ["a.txt"]
    settings = manifest(tmp_path / "out")["header"]["settings"]
    assert settings == {name: one["value"] for name, one in shown.items() if name != "workers"}
    cleaner("run", "a.txt", "-o", "other", "--min-kept", "80", cwd=tmp_path)
    assert list(rows(tmp_path / "other", "rejected")) == ["a.txt"]


def test_only_cleaner_toml_has_settings(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('schema = 1\npack = "mine"\n[settings]\npreset = "careful"\n')
    done = cleaner("rules", "list", "--rules", "mine.toml", cwd=tmp_path, code=2)
    assert "mine.toml:3: key 'settings': only cleaner.toml of the working directory has settings" in done.stderr


# init


def test_init_writes_a_project_that_works_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new = tmp_path / "new"
    assert CliRunner().invoke(main, ["init", str(new)]).exit_code == 0
    assert load_settings(new, {}) == Settings(rules=(str(new / "cleaner.toml"),))
    monkeypatch.chdir(new)
    assert ", 0 failed" in CliRunner().invoke(main, ["rules", "test"]).stderr
    assert "project/read-more-in-our-app" in CliRunner().invoke(main, ["rules", "list"]).stdout
    assert CliRunner().invoke(main, ["rules", "fmt", "--check", "cleaner.toml"]).output == ""
    cleaned = Cleaner(load_settings()).clean_text(hostile.text(1) + "Read more in our app: The bridge\n")
    assert cleaned.text == hostile.text(1)


def test_init_explains_every_setting_and_each_line_holds_when_it_is_switched_on(tmp_path: Path) -> None:
    written = init(tmp_path).read_text(encoding="utf-8")
    assert list(descriptions()) == list(Settings.__dataclass_fields__)
    for name in Settings.__dataclass_fields__:
        assert f"# {name} = " in written
    on = [line.removeprefix("# ") for line in written.splitlines() if line.startswith("# ") and " = " in line]
    switched = "\n".join(line for line in on if line.split(" = ")[0] in Settings.__dataclass_fields__)
    switched = "\n".join(line for line in switched.splitlines() if "not set" not in line)
    assert load_settings(project(tmp_path, switched), {}).as_dict() == Settings().as_dict() | {
        "rules": [str(tmp_path / "cleaner.toml")]
    }


def test_init_never_overwrites(tmp_path: Path) -> None:
    (tmp_path / "cleaner.toml").write_text("mine")
    with pytest.raises(ProjectError, match="never overwritten"):
        init(tmp_path)
    assert "never overwritten" in cleaner("init", cwd=tmp_path, code=2).stderr
    assert (tmp_path / "cleaner.toml").read_text() == "mine"


# at the prompt


@pytest.mark.parametrize(
    ("words", "meant"),
    [(["rnu"], "run"), (["rules", "tset"], "test"), (["run", ".", "-o", "x", "--preste", "careful"], "--preset")],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_slip_of_the_finger_is_answered_with_what_was_meant(words: list[str], meant: str) -> None:
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 2
    assert "ean" in done.stderr
    assert meant in done.stderr


@pytest.mark.parametrize(
    ("words", "offered"),
    [("cleaner ru", {"run", "rules"}), ("cleaner run --pre", {"--preset"}), ("cleaner run --preset c", {"careful"})],
)
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(shell: str, words: str, offered: set[str]) -> None:
    script = CliRunner().invoke(main, ["completion", shell])
    assert script.exit_code == 0
    assert f"_CLEANER_COMPLETE={shell}_complete" in script.stdout
    last = words.split()[-1]
    environ = {
        **os.environ,
        "_CLEANER_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": last if shell == "fish" else str(len(words.split()) - 1),
    }
    command = [sys.executable, "-c", "from cleaner.cli import main; main(prog_name='cleaner')"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    for one in offered:
        assert one in done.stdout, done.stdout + done.stderr


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_takes_the_script(tmp_path: Path) -> None:
    (tmp_path / "complete.bash").write_text(CliRunner().invoke(main, ["completion", "bash"]).stdout)
    done = subprocess.run(
        ["bash", "-c", f"source {tmp_path / 'complete.bash'} && complete -p cleaner"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "_cleaner_completion" in done.stdout
