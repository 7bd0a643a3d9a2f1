"""Engines: limits of time and memory, dead workers, order, one run at a time, progress, and Ctrl-C."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from running import COMMAND, cleaner, hashes, until
from xxhash import xxh3_64_intdigest

import cleaner.progress as progress_module
from cleaner.chain import Rejection
from cleaner.engines import local
from cleaner.engines.local import LocalEngine
from cleaner.engines.work import Engine, EngineError, each, mapper
from cleaner.ingest.record import Raw
from cleaner.progress import BytesProgress
from cleaner.settings import Settings, SettingsError
from cleaner.shards.lock import LOCK, LockError, locked
from cleaner.surveys import group
from cleaner.surveys.folder import SurveyError
from cleaner.units import planned_units

MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Words:
    """Work on words: upper case, or the disaster that a word names."""

    note: str = ""
    is_limited: ClassVar[bool] = True

    def start(self) -> Callable[[pa.RecordBatch | pa.Table], list[str]]:
        if self.note == "missing":
            raise EngineError("the evidence is not on this machine")
        return lambda batch: [_upper(word) for word in batch["word"].to_pylist()]

    def encode(self, items: Sequence[str]) -> pa.Table:
        return pa.table({"word": list(items)})

    def fail(self, item: str, failure: Rejection) -> list[str]:
        return [f"{item}: {failure.reason}: {failure.detail}"]

    def join(self, results: Sequence[list[str]]) -> list[str]:
        return [word for result in results for word in result]


def _upper(word: str) -> str:
    if word == "segfault":
        os.kill(os.getpid(), signal.SIGSEGV)
    if word == "exit":
        os._exit(7)
    if word == "hang":
        time.sleep(600)
    if word == "greedy":
        held = []
        while True:
            held.append(bytearray(20 * MEGABYTE))
            held[-1][::4096] = b"x" * len(held[-1][::4096])
            time.sleep(0.01)
    if word == "slow":
        time.sleep(0.5)
    if word == "large":
        return "x" * (40 * MEGABYTE)
    return word.upper()


def engine(**settings: object) -> LocalEngine:
    return LocalEngine(Settings(**{"workers": 2, "timeout": 60.0, **settings}))  # type: ignore[arg-type]


def results(pool: Engine, batches: Sequence[Sequence[str]], work: Words | None = None) -> list[list[str]]:
    return [done for _, done in each(pool, work or Words(), enumerate(batches))]


def test_results_come_in_the_order_of_the_batches_and_an_empty_batch_has_an_empty_one() -> None:
    batches = [[f"{n}a", f"{n}b"] for n in range(20)]
    batches[3] = []
    with engine() as pool:
        assert results(pool, batches) == [[word.upper() for word in batch] for batch in batches]


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("segfault", "crash: its worker was ended by SIGSEGV"),
        ("exit", "crash: its worker ended with exit code 7"),
        ("hang", "timeout: not done after 1 s (see --timeout)"),
        ("greedy", "memory: its worker took over 400,000,000 bytes of memory (see --max-memory)"),
    ],
)
def test_a_document_that_takes_its_worker_down_is_rejected_and_no_other_is(word: str, said: str) -> None:
    with engine(timeout=1.0 if word == "hang" else 60.0, max_memory=400 * MEGABYTE) as pool:
        assert results(pool, [["a", word, "b"], ["c"]]) == [["A", f"{word}: {said}", "B"], ["C"]]


def test_a_worker_that_hangs_does_not_outlive_a_parent_that_was_killed() -> None:
    script = f"""
import sys
sys.path[:0] = [{str(Path(__file__).parent)!r}]
import test_engine
from cleaner.engines import local
if __name__ == "__main__":
    with test_engine.engine(workers=1, timeout=0.5) as pool:
        test_engine.results(pool, [["a"]])
        print(pool._workers[0]._process.pid, flush=True)
        pool._workers[0]._pipe.send((test_engine.Words().encode(["hang"]), -9.0))
        os.kill(os.getpid(), 9)
"""
    done = subprocess.run(
        [sys.executable, "-c", "import os\n" + script], capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    until(lambda: not psutil.pid_exists(int(done.stdout)), 30)


def test_time_in_which_the_program_was_stopped_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "STOPPED", 0.0)
    with engine(timeout=0.001) as pool:
        assert results(pool, [["slow"]]) == [["SLOW"]]


def test_a_large_result_is_no_excess() -> None:
    with engine(max_memory=400 * MEGABYTE) as pool:
        assert [len(done[0]) for done in results(pool, [["large"], ["large"]])] == [40 * MEGABYTE] * 2


def test_a_worker_that_cannot_start_says_why() -> None:
    with engine() as pool, pytest.raises(EngineError, match="the evidence is not on this machine"):
        results(pool, [["a"]], Words("missing"))


def test_no_more_batches_are_read_than_workers_can_use() -> None:
    read = 0

    def batches() -> object:
        nonlocal read
        for n in range(50):
            read += 1
            yield n, [str(n)]

    with engine() as pool:
        for done, _ in enumerate(each(pool, Words(), batches()), 1):  # type: ignore[arg-type]
            assert read - done < 2 * 3


# calls that are no documents


def ordered(table: pa.Table) -> pa.Table:
    return table.sort_by([("key", "ascending"), ("value", "ascending")])


def failing(item: int) -> int:
    if item == 3:
        raise SurveyError("one document is in two surveys")
    if item == 5:
        os.kill(os.getpid(), signal.SIGSEGV)
    return item * item


def test_a_group_by_is_the_same_whoever_runs_its_tasks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group, "PARTITION_BYTES", 20_000)
    keys = [xxh3_64_intdigest(str(n % 700).encode()) for n in range(5000)]
    rows = pa.table({"key": pa.array(keys, pa.uint64()), "value": pa.array(range(5000), pa.int32())})
    files = [tmp_path / f"{n}.parquet" for n in range(5)]
    for n, file in enumerate(files):
        pq.write_table(rows.slice(n * 1000, 1000), file, row_group_size=300)
    by_itself = list(group.grouped(files, rows.schema, "key", ordered, tmp_path))
    with engine() as pool:
        by_workers = list(group.grouped(files[::-1], rows.schema, "key", ordered, tmp_path, mapper(pool)))
    assert len(by_workers) > 4
    assert [table.to_pydict() for table in by_workers] == [table.to_pydict() for table in by_itself]
    assert pa.concat_tables(by_workers).to_pydict() == ordered(rows).to_pydict()
    assert sorted(tmp_path.iterdir()) == files


def test_errors_of_calls_are_raised_where_they_were_asked_for() -> None:
    with engine() as pool:
        assert list(mapper(pool)(failing, [1, 2])) == [1, 4]
        with pytest.raises(SurveyError, match="one document is in two surveys"):
            list(mapper(pool)(failing, [1, 3]))
        with pytest.raises(EngineError, match="ended by SIGSEGV; go on with --resume"):
            list(mapper(pool)(failing, [5]))


# units


def test_units_are_cut_by_the_memory_that_is_given() -> None:
    records = [Raw(id=str(n), source=str(n), text="x" * 1000) for n in range(700)]

    def sizes(memory: int) -> list[int]:
        return [unit.plan["documents"] for unit in planned_units(iter(records), Settings(memory=memory))]

    assert sizes(1_000 * MEGABYTE) == [700]
    assert sizes(50 * MEGABYTE) == [250, 250, 200]


@pytest.mark.parametrize("name", ["memory", "max_memory"])
def test_too_little_memory_is_refused(name: str) -> None:
    with pytest.raises(SettingsError, match=name.replace("_", "-")):
        Settings(**{name: 1000})


@pytest.mark.parametrize(("text", "code"), [("2G", 0), ("500M", 0), ("2.5 GB", 0), ("much", 2), ("-1", 2), ("1K", 2)])
def test_sizes_are_written_as_people_do(text: str, code: int, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("")
    done = cleaner("run", tmp_path / "none.txt", "-o", tmp_path / "out", "--max-memory", text, code=2)
    assert ("no such file" in done.stderr) == (code == 0)


# one run at a time


def test_the_second_of_two_runs_into_one_folder_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (tmp_path / "a.txt").write_text("The council voted on Monday to rebuild the old bridge over the river. " * 3)
    with locked(out):
        said = cleaner("run", tmp_path / "a.txt", "-o", out, code=2).stderr
        assert f"another run is writing to {out} (process {os.getpid()} on " in said
        assert [file.name for file in out.iterdir()] == [LOCK]
    cleaner("run", tmp_path / "a.txt", "-o", out)
    assert not (out / LOCK).exists()


def test_a_lock_ends_with_the_process_that_held_it(tmp_path: Path) -> None:
    script = (
        "import sys, time, pathlib; from cleaner.shards.lock import locked\n"
        "with locked(pathlib.Path(sys.argv[1])): print('held', flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(LockError, match=f"process {holder.pid} on "), locked(tmp_path):
            pass
        holder.kill()
        holder.wait()
    assert (tmp_path / LOCK).exists()
    with locked(tmp_path):
        pass
    assert not (tmp_path / LOCK).exists()


# Ctrl-C


@pytest.fixture(scope="module")
def scrape(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scrape")
    text = "The council of the town voted on Monday to rebuild the old bridge number {} over the river.\n"
    for n in range(10):
        (folder / f"{n}.txt").write_text("".join(text.format(f"{n} {line}") for line in range(40)))
    return folder


@pytest.mark.parametrize("loaded", ["cleaner.cli", "cleaner.runner", "numpy"])
def test_ctrl_c_while_the_program_is_being_loaded_exits_with_130(loaded: str, tmp_path: Path) -> None:
    script = f"""
import importlib.abc, os, signal, sys

class Interrupting(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == {loaded!r}:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupting())
sys.argv = ["cleaner", "run", "a.txt", "-o", "out"]
from cleaner.__main__ import main
main()
"""
    (tmp_path / "a.txt").write_text("A text.")
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 130
    line = "nothing was begun" if loaded == "cleaner.cli" else "go on with: cleaner run … -o out --resume"
    assert line in done.stderr
    assert done.stderr.count("\n") == 1


def test_ctrl_c_ends_a_program_that_does_not_listen(tmp_path: Path) -> None:
    script = """
import os, signal, threading
from cleaner.interrupt import guarded, interrupted_with
with guarded(), interrupted_with("go on so"):
    lock = threading.Lock()
    lock.acquire()
    while True:
        try:
            os.kill(os.getpid(), signal.SIGINT)
            lock.acquire()
        except KeyboardInterrupt:  # as a library might
            signal.signal(signal.SIGINT, signal.SIG_IGN)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (130, "go on so\n")


def test_ctrl_c_leaves_no_process_behind(scrape: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    process = subprocess.Popen(
        [*COMMAND, "run", str(scrape), "-o", str(out), "--workers", "2"],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    until((out / "journal.jsonl").exists)
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert said == f"interrupted; go on with: cleaner run … -o {out} --resume\n"

    def gone() -> bool:
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return True
        return False

    until(gone)
    cleaner("run", scrape, "-o", out, "--resume")
    cleaner("run", scrape, "-o", tmp_path / "undisturbed")
    assert hashes(out) == hashes(tmp_path / "undisturbed")


# progress


def test_progress_for_machines_is_a_json_object_a_line(scrape: Path, tmp_path: Path) -> None:
    done = cleaner("run", scrape / "0.txt", scrape / "1.txt", "-o", tmp_path / "out", "--progress", "json")
    told = [json.loads(line)["progress"] for line in done.stderr.splitlines() if line.startswith("{")]
    assert told[0]["pass"] == "survey"
    last = told[-1]
    assert (last["pass"], last["documents"], last["clean"] + last["rejected"]) == ("clean", 2, 2)
    assert last["bytes"] == last["bytes_total"] > 0
    assert cleaner("run", scrape / "0.txt", "-o", tmp_path / "b", "--progress", "none").stderr.count("{") == 0


def test_progress_in_a_log_is_a_line_now_and_then(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.txt").write_text("x" * 200)
    with BytesProgress([tmp_path / "a.txt"], None, "auto", passes=2) as told:
        told(100)
        assert capsys.readouterr().err == ""
        monkeypatch.setattr(progress_module, "LINE_SECONDS", 0.0)
        told(100)
    assert capsys.readouterr().err == "50%, 0 min\n"


def test_progress_on_standard_input_has_no_total(capsys: pytest.CaptureFixture[str]) -> None:
    with BytesProgress(["-"], None, "json") as told:
        told(5)
    assert json.loads(capsys.readouterr().err.splitlines()[-1])["progress"]["bytes_total"] is None
