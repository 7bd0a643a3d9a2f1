"""The same bytes whatever happens: numbers of workers, orders of files, interruptions, dead workers, damage."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import hostile
import pytest
from click.testing import CliRunner
from running import COMMAND, cleaner, hashes, manifest, outcome, part_files, until

from cleaner.cli import main
from cleaner.versions import deciding_versions

# Runs with small units, so that a small corpus has several; `faults` says when to die or to kill the workers.
SCRIPT = """
import json, multiprocessing, os, signal, sys
from cleaner import runner, units
from cleaner.settings import Settings

units.UNIT_RECORDS, units.BATCH_RECORDS = 25, 4
options = json.loads(sys.argv[1])
replaced = reports = 0
replace = os.replace

def counted(source, target):
    global replaced
    replace(source, target)
    replaced += 1
    if replaced == options.get("die_after"):
        os.kill(os.getpid(), signal.SIGKILL)

def progress(books, size):
    global reports
    reports += 1
    if options.get("kill_workers") and reports % 12 == 0:
        for worker in multiprocessing.active_children():
            os.kill(worker.pid, signal.SIGKILL)

if __name__ == "__main__":
    os.replace = counted
    settings = Settings(workers=options["workers"])
    runner.run(options["inputs"], options["out"], settings, resume=options.get("resume", False), progress=progress)
"""
# What is renamed into place, in order: the journal's beginning; in the first pass five files for each unit, four of the
# survey and two of the evidence; in the second three parts for each unit; the manifest.
UNITS = 4
FIRST = 1 + 5 * UNITS + 4 + 2
RENAMED = FIRST + 3 * UNITS + 1


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pages, texts and records, some of them bad: 95 documents in four units."""
    folder = tmp_path_factory.mktemp("corpus")
    for n in range(20):
        place = folder / f"{n % 3}" / f"{n % 2}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{n}.html").write_text(hostile.page(n), encoding="utf-8")
        (place / f"{n}.txt").write_text(hostile.text(100 + n) + "Leave a review\n", encoding="utf-8")
        (place / f"{n}.jsonl").write_bytes(hostile.record(200 + n) + hostile.record(300 + n))
    for n in range(15):
        (folder / f"bad-{n}.txt").write_bytes(b"")
    return folder


def small_run(inputs: Path, out: Path, **options: object) -> subprocess.CompletedProcess[str]:
    given = {"inputs": [str(inputs)], "out": str(out), "workers": 1, **options}
    return subprocess.run(
        [sys.executable, "-c", SCRIPT, json.dumps(given)], capture_output=True, text=True, timeout=120, check=False
    )


def well(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == 0, done.stderr


def killed(done: subprocess.CompletedProcess[str]) -> None:
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.fixture(scope="module")
def undisturbed(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Hashes of the parts of a run that nothing happened to."""
    out = tmp_path_factory.mktemp("undisturbed") / "out"
    well(small_run(corpus, out, workers=2))
    assert len(part_files(out, "clean")) == UNITS
    assert manifest(out)["books"]["documents"] == 95
    return hashes(out)


@pytest.fixture(scope="module")
def begun(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was killed when two of its units were done and the third was half written."""
    out = tmp_path_factory.mktemp("begun") / "out"
    killed(small_run(corpus, out, die_after=FIRST + 7))
    assert len(journal(out)) == 3
    return out


@pytest.fixture
def unfinished(begun: Path, tmp_path: Path) -> Path:
    """A copy of `begun` of one's own."""
    return Path(shutil.copytree(begun, tmp_path / "unfinished"))


@pytest.fixture(scope="module")
def default_run(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run of the command line."""
    out = tmp_path_factory.mktemp("default") / "out"
    cleaner("run", corpus, "-o", out, code=3)
    return out


@pytest.fixture
def finished(default_run: Path, tmp_path: Path) -> Path:
    """A copy of `default_run` of one's own."""
    return Path(shutil.copytree(default_run, tmp_path / "finished"))


def refused(*arguments: object) -> str:
    """What a run that is refused says; the files are looked at in this process, and no worker is started."""
    done = CliRunner().invoke(main, ["run", *map(str, arguments)])
    assert done.exit_code == 2, done.output
    assert done.stdout == ""
    return done.stderr


def journal(out: Path) -> list[str]:
    path = out / "journal.jsonl"
    return path.read_text(encoding="utf-8").splitlines() if path.exists() else []


def damage(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


# the same bytes


@pytest.mark.parametrize("workers", [1, 4])
def test_the_number_of_workers_does_not_show(
    workers: int, corpus: Path, undisturbed: dict[str, str], tmp_path: Path
) -> None:
    well(small_run(corpus, tmp_path / "out", workers=workers))
    assert hashes(tmp_path / "out") == undisturbed


def test_the_order_in_which_files_were_created_does_not_show(
    corpus: Path, undisturbed: dict[str, str], tmp_path: Path
) -> None:
    files = [path.relative_to(corpus) for path in sorted(corpus.rglob("*")) if path.is_file()]
    random.Random(4).shuffle(files)
    for file in files:
        (tmp_path / "in" / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(corpus / file, tmp_path / "in" / file)
    well(small_run(tmp_path / "in", tmp_path / "out"))
    assert hashes(tmp_path / "out") == undisturbed


def test_workers_that_are_killed_do_not_show(corpus: Path, undisturbed: dict[str, str], tmp_path: Path) -> None:
    well(small_run(corpus, tmp_path / "out", workers=2, kill_workers=True))
    assert hashes(tmp_path / "out") == undisturbed


@pytest.mark.parametrize("die_after", [1, 3, FIRST - 4, FIRST, FIRST + 7, RENAMED - 1])
def test_a_run_that_is_killed_and_resumed_ends_with_the_same_bytes(
    die_after: int, corpus: Path, undisturbed: dict[str, str], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    killed(small_run(corpus, out, die_after=die_after))
    assert not (out / "run.json").exists()
    well(small_run(corpus, out, resume=True))
    assert hashes(out) == undisturbed
    assert sorted(path.name for path in out.iterdir()) == ["clean", "rejected", "removed", "run.json"]


def test_a_run_that_is_killed_with_its_last_breath_is_finished(
    corpus: Path, undisturbed: dict[str, str], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    killed(small_run(corpus, out, die_after=RENAMED))
    well(small_run(corpus, out, resume=True))
    assert hashes(out) == undisturbed
    assert manifest(out)["books"]["documents"] == 95


def test_a_run_that_is_killed_again_and_again_gets_done(
    corpus: Path, undisturbed: dict[str, str], tmp_path: Path
) -> None:
    out = tmp_path / "out"
    deaths = 0
    while not (out / "run.json").exists():
        done = small_run(corpus, out, resume=deaths > 0, die_after=12)
        deaths += done.returncode == -signal.SIGKILL
        assert deaths < 10
    assert deaths >= 2
    assert hashes(out) == undisturbed


def test_ctrl_c_exits_with_130_and_a_hint_and_the_run_goes_on(corpus: Path, default_run: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = subprocess.Popen(
        [*COMMAND, "run", str(corpus), "-o", str(out)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    until((out / "journal.jsonl").exists)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers as well
    printed, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert printed == ""
    assert said == f"interrupted; go on with: cleaner run … -o {out} --resume\n"
    cleaner("run", corpus, "-o", out, "--resume", code=3)
    assert hashes(out) == hashes(default_run)


def test_a_full_disk_ends_with_a_message_and_the_run_goes_on(corpus: Path, tmp_path: Path) -> None:
    scrape, out = tmp_path / "in", tmp_path / "out"
    scrape.mkdir()
    (scrape / "a.txt").write_text("\n".join(hostile.noise(300_000 + n).hex()[:90_000] for n in range(9)))
    command = [*COMMAND, "run", str(scrape), "-o", str(out)]
    limited = ["sh", "-c", 'ulimit -f 200; exec "$@"', "sh", *command]  # no file above 200 blocks
    done = subprocess.run(limited, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "cannot write part 0" in done.stderr
    assert "Traceback" not in done.stderr
    assert not part_files(out, "clean")
    cleaner("run", scrape, "-o", out, "--resume")
    assert outcome(out) == {"a.txt": None}


# what a resumption notices


def test_a_damaged_part_is_made_again(
    corpus: Path, unfinished: Path, undisturbed: dict[str, str], tmp_path: Path
) -> None:
    damage(unfinished / "removed" / "part-00000.parquet")
    # Killed again behind the part that is made again: its journal now names unit 0 twice.
    killed(small_run(corpus, unfinished, resume=True, die_after=6))
    well(small_run(corpus, unfinished, resume=True))
    assert hashes(unfinished) == undisturbed


def test_a_part_that_is_gone_is_made_again(corpus: Path, unfinished: Path, undisturbed: dict[str, str]) -> None:
    (unfinished / "clean" / "part-00001.parquet").unlink()
    well(small_run(corpus, unfinished, resume=True))
    assert hashes(unfinished) == undisturbed


def test_a_journal_line_that_was_half_written_does_no_harm(
    corpus: Path, unfinished: Path, undisturbed: dict[str, str]
) -> None:
    with open(unfinished / "journal.jsonl", "a", encoding="utf-8") as stream:
        stream.write('{"unit": 2, "par')
    killed(small_run(corpus, unfinished, resume=True, die_after=5))
    well(small_run(corpus, unfinished, resume=True))
    assert hashes(unfinished) == undisturbed


def changed(name: str, change: Callable[[Path], object]) -> object:
    return pytest.param(change, id=name)


@pytest.mark.parametrize(
    "change",
    [
        changed("another text", lambda folder: (folder / "0" / "0" / "0.txt").write_text(hostile.text(999))),
        changed("a document more", lambda folder: (folder / "0" / "0" / "00.txt").write_text(hostile.text(999))),
        changed("a document less", lambda folder: (folder / "0" / "0" / "0.txt").unlink()),
        changed("another name", lambda folder: (folder / "0" / "0" / "0.txt").rename(folder / "0" / "0" / "0x.txt")),
        changed("hardly any document left", lambda folder: [shutil.rmtree(folder / name) for name in "012"]),
    ],
)
def test_a_changed_input_is_noticed(
    change: Callable[[Path], object], corpus: Path, unfinished: Path, tmp_path: Path
) -> None:
    shutil.copytree(corpus, tmp_path / "in")
    change(tmp_path / "in")
    before = hashes(unfinished)
    done = small_run(tmp_path / "in", unfinished, resume=True)
    assert done.returncode == 1
    assert "FolderError: cannot resume: the input of unit" in done.stderr
    assert not (unfinished / "run.json").exists()
    assert {name: before[name] for name in before if "00000" in name} == {
        name: value for name, value in hashes(unfinished).items() if "00000" in name
    }


@pytest.mark.parametrize("option", [("--max-lost", "0.5"), ("--audit", "counts"), ("--map", "text=body")], ids=" ".join)
def test_a_changed_setting_is_noticed(option: tuple[str, str], corpus: Path, unfinished: Path) -> None:
    assert "settings changed since it was begun" in refused(corpus, "-o", unfinished, "--resume", *option)
    assert len(journal(unfinished)) == 3


def test_a_changed_library_is_named(corpus: Path, unfinished: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    now = deciding_versions()
    assert {"lxml", "trafilatura", "selectolax", "numpy", "google-re2"} <= now.keys()
    monkeypatch.setattr("cleaner.runner.deciding_versions", lambda: now | {"lxml": "9.9"})
    said = refused(corpus, "-o", unfinished, "--resume")
    assert f"libraries changed since it was begun (lxml: {now['lxml']!r} then, '9.9' now)" in said
    assert len(journal(unfinished)) == 3


def test_changed_rules_are_noticed(corpus: Path, tmp_path: Path) -> None:
    pack = tmp_path / "mine.toml"
    rule = (
        'schema = 1\npack = "mine"\nlanguages = ["en"]\n[[rule]]\nid = "mine/x"\ndescription = "A line of its own."\n'
        'kind = "prompt"\nmatch = "exact"\npattern = "Nobody writes this"\nscope = "line"\nconfidence = 0.9\n'
        'hit = ["Nobody writes this"]\nmiss = ["Nobody writes this here"]\n'
    )
    pack.write_text(rule, encoding="utf-8")
    out = tmp_path / "out"
    cleaner("run", corpus, "-o", out, "--rules", pack, code=3)
    pack.write_text(rule.replace("0.9", "0.8"), encoding="utf-8")
    said = refused(corpus, "-o", out, "--rules", pack, "--resume")
    assert "rules changed since it was begun" in said
    assert "mine.toml" in said


def test_a_damaged_part_of_a_finished_run_is_noticed(corpus: Path, finished: Path) -> None:
    cleaner("run", corpus, "-o", finished, "--resume", code=3)
    damage(finished / "clean" / "part-00000.parquet")
    assert "part 0 is not as the run wrote it" in refused(corpus, "-o", finished, "--resume")


@pytest.mark.parametrize("text", ["", "{}\n", "no JSON\n", '"header"\n', "\xff\n"], ids=ascii)
def test_a_journal_of_another_program_is_left_alone(text: str, corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "journal.jsonl").write_text(text, encoding="latin-1")
    for option in ("--resume", "--overwrite"):
        assert "no journal of a run" in refused(corpus, "-o", tmp_path, option)
    assert [path.name for path in tmp_path.iterdir()] == ["journal.jsonl"]


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"parts": []}'])
def test_a_manifest_of_another_program_is_left_alone(text: str, corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text(text, encoding="utf-8")
    for option in ("--resume", "--overwrite"):
        assert "run.json" in refused(corpus, "-o", tmp_path, option)
    assert (tmp_path / "run.json").read_text(encoding="utf-8") == text


# folders that hold something


def test_a_folder_that_holds_a_run_is_refused(corpus: Path, finished: Path, unfinished: Path) -> None:
    for out, state in ((finished, "a finished run"), (unfinished, "an unfinished run")):
        before = hashes(out)
        said = refused(corpus, "-o", out)
        assert state in said
        assert "--resume" in said
        assert "--overwrite" in said
        assert hashes(out) == before


def test_a_folder_that_holds_something_else_is_refused(corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "clean").mkdir()
    (tmp_path / "clean" / "part-00000.parquet").write_text("mine")
    for options in ([], ["--resume"], ["--overwrite"]):
        assert "not empty and no run folder" in refused(corpus, "-o", tmp_path, *options)
    assert (tmp_path / "clean" / "part-00000.parquet").read_text() == "mine"


def test_overwrite_replaces_the_run_and_no_other_file(corpus: Path, unfinished: Path, finished: Path) -> None:
    for out in (unfinished, finished):
        for name in ("notes.txt", "clean/notes.txt", "removed/part-0.parquet", "rejected/deeper/notes.txt"):
            (out / name).parent.mkdir(exist_ok=True)
            (out / name).write_text("mine")
        cleaner("run", corpus / "0" / "0" / "0.txt", "-o", out, "--overwrite")
        assert outcome_of_one(out)
        for name in ("notes.txt", "clean/notes.txt", "removed/part-0.parquet", "rejected/deeper/notes.txt"):
            assert (out / name).read_text() == "mine"
        assert [path.name for path in part_files(out, "clean")] == ["part-00000.parquet"]
        assert not (out / "journal.jsonl").exists()


def outcome_of_one(out: Path) -> bool:
    (out / "removed" / "part-0.parquet").rename(out / "aside")
    found = outcome(out)
    (out / "aside").rename(out / "removed" / "part-0.parquet")
    return found == {"0.txt": None}


def test_what_is_refused_touches_nothing(corpus: Path, finished: Path) -> None:
    before = hashes(finished)
    refused(corpus, "-o", finished, "--overwrite", "--rules", corpus / "bad-0.txt")
    refused(corpus / "none", "-o", finished, "--overwrite")
    refused(corpus, "-o", finished, "--overwrite", "--map", "text")
    assert hashes(finished) == before
    assert manifest(finished)["books"]["documents"] == 95


def test_output_inside_the_input_is_not_read(corpus: Path, default_run: Path, tmp_path: Path) -> None:
    scrape = tmp_path / "in"
    shutil.copytree(corpus, scrape)
    out = scrape / "1" / "out"
    cleaner("run", scrape, "-o", out, code=3)
    assert hashes(out) == hashes(default_run)
    (tmp_path / "link").symlink_to(scrape)
    cleaner("run", tmp_path / "link", "-o", out, "--overwrite", code=3)
    assert hashes(out) == hashes(default_run)
