"""Whatever breaks: the same bytes after resumption, or a rejection that says why; never a wrong or a missing document."""

from __future__ import annotations

import builtins
import errno
import gzip
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hostile
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from running import COMMAND, check_books, cleaner, hashes, manifest, outcome, part_files, rows

from cleaner.chain import Rejection
from cleaner.engines.local import LocalEngine
from cleaner.errors import CleanerError
from cleaner.ingest.files import InputError, InputFile, list_files
from cleaner.ingest.read import read_file, read_inputs
from cleaner.ingest.record import Raw
from cleaner.run import run
from cleaner.settings import Settings

RUN = sys.modules["cleaner.run"]
SETTINGS = Settings(workers=1)
TWO_GIGABYTES = 2_000_000_000
linux = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the limits are Linux's")


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Pages, texts, records and what is none of them: 45 documents, which make five small units."""
    folder = tmp_path_factory.mktemp("corpus")
    for n in range(10):
        (folder / f"{n}.html").write_text(hostile.page(n), encoding="utf-8")
        (folder / f"{n}.txt").write_text(hostile.text(100 + n) + "Leave a review\n", encoding="utf-8")
        (folder / f"{n}.jsonl").write_bytes(hostile.record(200 + n) + hostile.record(300 + n))
    for n in range(5):
        (folder / f"bad-{n}.txt").write_bytes(b"")
    return folder


# A process that is killed, or kills its workers, at the n-th call of a function in its main thread.
KILLED = """
import json, multiprocessing, os, signal, sys
from cleaner.pipeline import Cleaner
from cleaner.run import run
from cleaner.settings import Settings

run_module = sys.modules["cleaner.run"]
run_module.UNIT_RECORDS, run_module.BATCH_RECORDS = 10, 3
options = json.loads(sys.argv[1])
calls = 0

def count(frame, event, argument):
    global calls
    if frame.f_globals.get("__name__") in ("cleaner.survey.copies", "cleaner.survey.guard"):
        return  # most of the calls compare paragraphs, and write nothing
    calls += 1
    if calls == options["parent"]:
        os.kill(os.getpid(), signal.SIGKILL)
    if calls in options["workers_at"]:
        for worker in multiprocessing.active_children():
            os.kill(worker.pid, signal.SIGKILL)

if __name__ == "__main__":
    settings = Settings(workers=options["workers"])
    Cleaner(settings)  # moments begin when the rules are loaded
    sys.setprofile(count)
    run([options["inputs"]], options["out"], settings, resume=options["resume"])
    sys.setprofile(None)
    print(calls)
"""


def process(inputs: Path, out: Path, parent: int = 0, workers_at: Iterable[int] = (), workers: int = 1) -> int | None:
    """Run, or resume what is there, and kill at moments.  Returns the moments that there were; None: it was killed."""
    options = {"inputs": str(inputs), "out": str(out), "parent": parent, "workers_at": [*workers_at], "workers": workers}
    done = subprocess.run(
        [sys.executable, "-c", KILLED, json.dumps({**options, "resume": out.exists()})],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return int(done.stdout) if done.returncode == 0 else None


@dataclass(frozen=True)
class Undisturbed:
    """A run that nothing happened to: hashes of its parts, and how many moments it has."""

    hashes: dict[str, str]
    moments: int


@pytest.fixture(scope="module")
def undisturbed(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    out = tmp_path_factory.mktemp("undisturbed") / "out"
    moments = process(corpus, out)
    assert moments is not None and moments > 10_000
    assert len(part_files(out, "clean")) == 5
    assert check_books(out)["documents"] == 45
    return Undisturbed(hashes(out), moments)


def survive(corpus: Path, out: Path, whole: Undisturbed, seed: int, kills: int) -> int:
    """Kill a run again and again at moments that a seed draws, then let it end.  Returns how often it was killed."""
    draw = random.Random(seed)
    killed = 0
    for _ in range(kills):
        killed += process(corpus, out, draw.randrange(whole.moments)) is None
    if not (out / "run.json").exists():
        assert process(corpus, out) is not None
    assert hashes(out) == whole.hashes
    assert check_books(out)["documents"] == 45
    return killed


def test_a_parent_that_is_killed_at_any_moment_ends_with_the_same_bytes(
    corpus: Path, undisturbed: Undisturbed, tmp_path: Path
) -> None:
    assert survive(corpus, tmp_path / "out", undisturbed, seed=1, kills=2) >= 1


def survive_without_workers(corpus: Path, out: Path, whole: Undisturbed, seed: int) -> None:
    """Kill all workers at two moments: a document is rejected when it is under way at the third death of its worker."""
    moments = random.Random(seed).sample(range(whole.moments), 2)
    assert process(corpus, out, workers_at=moments, workers=2) is not None
    assert hashes(out) == whole.hashes


def test_workers_that_are_killed_at_any_moment_do_not_show(
    corpus: Path, undisturbed: Undisturbed, tmp_path: Path
) -> None:
    survive_without_workers(corpus, tmp_path / "out", undisturbed, seed=2)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 120))
def test_killed_fifty_times(seed: int, corpus: Path, undisturbed: Undisturbed, tmp_path: Path) -> None:
    survive(corpus, tmp_path / "out", undisturbed, seed, kills=2)
    survive_without_workers(corpus, tmp_path / "other", undisturbed, seed)


# the file system


class Inline(LocalEngine):
    """Does all work in this process: what breaks here is the writing."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.started: dict[int, tuple[Any, Callable[[Any], Any]]] = {}

    def __exit__(self, *_: object) -> None:
        pass

    def map(self, work: Any, batches: Iterable[tuple[Any, Any]]) -> Iterator[tuple[Any, Any]]:
        if id(work) not in self.started:
            self.started[id(work)] = work, work.start()
        for key, items in batches:
            yield key, self.started[id(work)][1](work.encode(items)) if items else work.join([])


class Disk:
    """Breaks the n-th operation below a folder, and, being full, all that follow; half of what was written is there."""

    def __init__(self, folder: Path, number: int = 10**9, code: int = errno.ENOSPC) -> None:
        self.folder, self.number, self.code = str(folder), number, code
        self.operations = 0

    def __call__(self, path: object) -> None:
        if not str(path).startswith(self.folder):
            return
        self.operations += 1
        if self.operations >= self.number:
            raise OSError(self.code, os.strerror(self.code), str(path))

    def patch(self, patch: pytest.MonkeyPatch) -> None:
        """Stand between the program and everything that it writes with."""
        patch.setattr(RUN, "LocalEngine", Inline)
        patch.setattr(RUN, "UNIT_RECORDS", 10)
        patch.setattr(RUN, "BATCH_RECORDS", 5)
        write_table, replace, mkdir, opened = pq.write_table, os.replace, Path.mkdir, builtins.open

        def torn_table(table: pa.Table, where: Any, *arguments: Any, **options: Any) -> None:
            write_table(table, where, *arguments, **options)
            size = os.stat(where).st_size if isinstance(where, str | Path) else 0
            try:
                self(where)
            except OSError:
                os.truncate(where, size // 2)
                raise

        def torn_open(path: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
            if set(mode) & set("wax+"):
                try:
                    self(path)
                except OSError:
                    if "w" in mode:
                        opened(path, mode).close()  # it is there, and empty
                    raise
            return opened(path, mode, *arguments, **options)

        def guarded(operation: Callable[..., Any], which: int) -> Callable[..., Any]:
            def do(*arguments: Any, **options: Any) -> Any:
                self(arguments[which])
                return operation(*arguments, **options)

            return do

        patch.setattr(pq, "write_table", torn_table)
        patch.setattr(builtins, "open", torn_open)
        patch.setattr(os, "replace", guarded(replace, 1))
        patch.setattr(Path, "mkdir", guarded(mkdir, 0))


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO], ids=["full", "broken"])
def test_a_disk_that_breaks_at_any_operation_ends_the_run_with_an_error_and_the_same_bytes_later(
    code: int, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Disk(tmp_path)
    with monkeypatch.context() as patch:
        whole.patch(patch)
        run([corpus], tmp_path / "whole", SETTINGS)
    want = hashes(tmp_path / "whole")
    # every fourth operation is broken, from another one on for each error
    for number in range(1 + (code == errno.EIO) * 2, whole.operations + 1, 4):
        out = tmp_path / f"out-{number}"
        with monkeypatch.context() as patch:
            Disk(tmp_path, number, code).patch(patch)
            with pytest.raises((CleanerError, OSError), match=os.strerror(code)):
                run([corpus], out, SETTINGS)
            assert not (out / "run.json").exists() or number > whole.operations - 2
        with monkeypatch.context() as patch:
            Disk(tmp_path).patch(patch)
            run([corpus], out, SETTINGS, resume=(out / "journal.jsonl").exists())
        assert hashes(out) == want, f"broken at operation {number} of {whole.operations}"
        shutil.rmtree(out)
