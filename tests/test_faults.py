"""Whatever breaks: the same bytes after resumption, or a rejection that says why; never a wrong or missing document."""

from __future__ import annotations

import builtins
import errno
import io
import json
import os
import random
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fuzzing
import hostile
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from running import COMMAND, check_books, cleaner, hashes, outcome, part_files

from cleaner import runner, units
from cleaner.chain import Rejection
from cleaner.cli import main
from cleaner.engines.local import LocalEngine
from cleaner.errors import CleanerError
from cleaner.ingest.read import read_inputs
from cleaner.ingest.record import Raw
from cleaner.runner import run
from cleaner.settings import Settings

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
import gc, json, multiprocessing, os, signal, sys
from cleaner import runner, units
from cleaner.pipeline import Cleaner
from cleaner.settings import Settings

units.UNIT_RECORDS, units.BATCH_RECORDS = 10, 3
options = json.loads(sys.argv[1])
calls = 0

def count(frame, event, argument):
    global calls
    if frame.f_globals.get("__name__") in ("cleaner.surveys.likeness", "cleaner.surveys.guard"):
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
    gc.disable()  # Python 3.11.2 crashed when one thread collected garbage, frames that another had shown to `count`
    sys.setprofile(count)
    runner.run([options["inputs"]], options["out"], settings, resume=options["resume"])
    sys.setprofile(None)
    print(calls)
"""


def process(inputs: Path, out: Path, parent: int = 0, workers_at: Iterable[int] = (), workers: int = 1) -> int | None:
    """Run, or resume what is there, and kill at moments.  Returns the moments that there were; None: it was killed."""
    options = {
        "inputs": str(inputs),
        "out": str(out),
        "parent": parent,
        "workers_at": [*workers_at],
        "workers": workers,
    }
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
@pytest.mark.parametrize("seed", range(100, 125))
def test_killed_fifty_times(seed: int, corpus: Path, undisturbed: Undisturbed, tmp_path: Path) -> None:
    survive(corpus, tmp_path / "out", undisturbed, seed, kills=2)
    survive_without_workers(corpus, tmp_path / "other", undisturbed, seed)


# the file system


class Inline(LocalEngine):
    """Does all work in this process: what breaks here is the writing."""

    def __init__(self, settings: Settings) -> None:
        self.settings, self.workers = settings, 1
        self.started: list[tuple[Any, Callable[[Any], Any]]] = []

    def __exit__(self, *_: object) -> None:
        pass

    def submit(self, work: Any, items: Sequence[Any]) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            do = next((do for known, do in self.started if known == work), None)
            if do is None:
                do = work.start()
                self.started.append((work, do))
            done.set_result(do(work.encode(items)) if items else work.join([]))
        except Exception as error:
            done.set_exception(error)
        return done


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
        patch.setattr(runner, "open_engine", lambda name, settings, address=None: Inline(settings))
        patch.setattr(units, "UNIT_RECORDS", 10)
        patch.setattr(units, "BATCH_RECORDS", 5)
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


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve texts and a page: two units."""
    folder = tmp_path_factory.mktemp("few")
    for n in range(12):
        (folder / f"{n}.txt").write_text(hostile.text(n) + "Leave a review\n", encoding="utf-8")
    (folder / "page.html").write_text(hostile.page(20), encoding="utf-8")
    return folder


def break_the_disk(few: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, code: int, step: int) -> None:
    """Break the first operations of a run and then each ``step``-th, resume it, and compare."""
    whole = Disk(folder)
    with monkeypatch.context() as patch:
        whole.patch(patch)
        run([few], folder / "whole", SETTINGS)
    want = hashes(folder / "whole")
    assert whole.operations > 40
    for number in (*range(1, 6), *range(6, whole.operations + 1, step)):
        out = folder / f"out-{number}"
        with monkeypatch.context() as patch:
            Disk(folder, number, code).patch(patch)
            with pytest.raises((CleanerError, OSError), match=os.strerror(code)):
                run([few], out, SETTINGS)
        with monkeypatch.context() as patch:
            Disk(folder).patch(patch)
            run([few], out, SETTINGS, resume=(out / "journal.jsonl").exists() or (out / "run.json").exists())
        assert hashes(out) == want, f"broken at operation {number} of {whole.operations}"
        assert check_books(out)["documents"] == 13
        shutil.rmtree(out)


def test_a_disk_that_is_full_at_some_operation_ends_the_run_and_the_bytes_are_the_same_later(
    few: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_the_disk(few, tmp_path, monkeypatch, errno.ENOSPC, 10)


@pytest.mark.slow
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO], ids=["full", "broken"])
def test_a_disk_that_breaks_at_any_operation(
    code: int, few: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_the_disk(few, tmp_path, monkeypatch, code, 1)


@pytest.mark.slow
@linux
def test_a_real_disk_that_is_full(corpus: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=60k", "none", disk], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("no file system may be mounted here")
    try:
        done = cleaner("run", corpus, "-o", disk / "out", code=2)
        assert "No space left on device" in done.stderr
        assert not (disk / "out" / "run.json").exists()
        subprocess.run(["mount", "-o", "remount,size=50m", disk], check=True)
        cleaner("run", corpus, "-o", disk / "out", "--resume", code=3)
        cleaner("run", corpus, "-o", tmp_path / "out", code=3)
        assert hashes(disk / "out") == hashes(tmp_path / "out")
    finally:
        subprocess.run(["umount", disk], check=False)


@pytest.mark.parametrize(
    "place", ["/sys/kernel/out", "{file}/out", "{file}"], ids=["read-only", "below a file", "a file"]
)
def test_a_place_that_cannot_be_written_is_named_before_any_work(place: str, few: Path, tmp_path: Path) -> None:
    if place.startswith("/sys") and not Path("/sys/kernel").is_dir():
        pytest.skip("no folder that nobody may write to")
    (tmp_path / "file").write_text("mine")
    out = place.format(file=tmp_path / "file")
    done = CliRunner().invoke(main, ["run", str(few), "-o", out])
    assert done.exit_code == 2
    assert done.stderr.startswith("error: ") and out.removesuffix("/out") in done.stderr
    assert (tmp_path / "file").read_text() == "mine"


# inputs that change, vanish, or are too many


def test_what_vanishes_or_changes_while_it_is_read_costs_itself_only(tmp_path: Path) -> None:
    for name in ("a", "b", "c", "d"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.txt").write_text(hostile.text(1))
    (tmp_path / "b" / "1.txt").unlink()
    (tmp_path / "b" / "1.jsonl").write_bytes(hostile.records(1, 5000))
    table = pa.table({"text": [hostile.text(n) + hostile.noise(4000).hex() for n in range(500)]})
    pq.write_table(table, tmp_path / "c" / "1.parquet", row_group_size=100)
    raws = read_inputs([tmp_path], SETTINGS)
    assert next(raws).source == "a/1.txt"
    assert next(raws).source == "b/1.jsonl#1"
    os.truncate(tmp_path / "b" / "1.jsonl", 1_000_000)  # cut in the middle of a line
    shutil.rmtree(tmp_path / "d")
    of_lines = []
    for raw in raws:
        if raw.source == "c/1.parquet#1":
            break
        of_lines.append(raw)
    *whole, cut = of_lines
    assert cut.reason == "bad_json"
    assert {raw.reason for raw in whole} == {None} and len(whole) > 500
    os.truncate(tmp_path / "c" / "1.parquet", 200_000)
    *rows, good, gone = raws
    assert {raw.reason for raw in rows[:-1]} == {None}
    assert rows[-1].reason == "corrupt" or len(rows) == 499  # the rest may have been read ahead
    assert (good.source, good.reason, gone.source, gone.reason) == ("c/1.txt", None, "d", "unreadable")


def test_ten_thousand_files_in_a_folder_are_read_in_order(tmp_path: Path) -> None:
    for n in range(10_000):
        (tmp_path / f"{n}.txt").write_text(f"text {n}")
    sources = [raw.source for raw in read_inputs([tmp_path], SETTINGS) if raw.text is not None]
    assert sources == sorted(f"{n}.txt" for n in range(10_000))


@pytest.mark.slow
def test_a_run_of_ten_thousand_files_in_a_folder(tmp_path: Path) -> None:
    scrape = tmp_path / "in"
    scrape.mkdir()
    for n in range(10_000):
        (scrape / f"{n}.txt").write_text(hostile.text(n))
    cleaner("run", scrape, "-o", tmp_path / "out", "--no-survey")
    assert outcome(tmp_path / "out") == {f"{n}.txt": None for n in range(10_000)}


@linux
def test_paths_as_deep_as_they_go_are_read_and_deeper_ones_are_named(tmp_path: Path) -> None:
    here = os.open(tmp_path, os.O_RDONLY)
    try:
        for level in range(24):  # 24 names of 200 bytes: the path is longer than the system takes
            os.mkdir("d" * 200, dir_fd=here)
            inner = os.open("d" * 200, os.O_RDONLY, dir_fd=here)
            os.close(here)
            here = inner
            written = os.open(f"{level}.txt", os.O_WRONLY | os.O_CREAT, dir_fd=here)
            os.write(written, hostile.text(level).encode())
            os.close(written)
    finally:
        os.close(here)
    raws = list(read_inputs([tmp_path], SETTINGS))
    texts = [raw for raw in raws if raw.reason is None]
    assert [raw.text for raw in texts] == [hostile.text(level) for level in range(len(texts))]
    assert 15 < len(texts) < 24
    beyond = [raw for raw in raws if raw.reason is not None]  # the folder, and the file beside it if its path is longer
    assert 1 <= len(beyond) <= 2
    assert {raw.reason for raw in beyond} == {"unreadable"}
    assert all("too long" in (raw.detail or "") for raw in beyond)


HANDLES = """
import os, resource, sys
from pathlib import Path
from cleaner.ingest.read import read_inputs
from cleaner.ingest.record import Raw
from cleaner.settings import Settings
list(read_inputs([Path(sys.argv[1])], Settings()))
resource.setrlimit(resource.RLIMIT_NOFILE, (50, 50))
while True:
    try:
        last = os.dup(0)
    except OSError:
        break
for _ in range(int(sys.argv[2])):
    os.close(last)
    last -= 1
print([raw.source for raw in read_inputs([Path(sys.argv[1])], Settings())])
"""


@linux
@pytest.mark.parametrize("left", [0, 1])
def test_without_file_handles_a_run_ends_and_rejects_nothing(left: int, tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    pq.write_table(pa.table({"text": [hostile.text(1)]}), tmp_path / "deep" / "b.parquet")
    (tmp_path / "a.txt").write_text(hostile.text(2))
    done = subprocess.run(
        [sys.executable, "-c", HANDLES, tmp_path, str(left)], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == ""
    assert ": Too many open files; raise the limit (ulimit -n for files)" in done.stderr
    assert "--resume" in done.stderr


@linux
@pytest.mark.parametrize("most", [8, 11, 13, 15])
def test_a_limit_of_open_files_that_is_too_low_is_named(most: int, tmp_path: Path) -> None:
    """Below a dozen the program cannot begin; a little above, its workers cannot, which die without a word."""
    (tmp_path / "a.txt").write_text(hostile.text(1))
    limited = ["sh", "-c", f'ulimit -n {most}; exec "$@"', "sh", *COMMAND, "run", "a.txt", "-o", "out"]
    done = subprocess.run(limited, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2, done.stderr
    assert "with: ulimit -n" in done.stderr
    assert "__main__" not in done.stderr


# time and memory

CLOCK = """
import sys, time
now = time.time
time.time = lambda: 2e9 - 1000 * (now() - 1.7e9)  # a thousand times too fast, and backwards
from cleaner import runner
from cleaner.chain import Rejection
from cleaner.cli import main
if __name__ == "__main__":
    main(sys.argv[1:])
"""


def test_a_clock_that_goes_backwards_does_not_show(few: Path, tmp_path: Path) -> None:
    parent, child = os.openpty()
    command = [sys.executable, "-c", CLOCK, "run", few, "-o", tmp_path / "out", "--workers", "1", "--no-survey"]
    try:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=child, stderr=child)
        os.close(child)
        said = b""
        while process.poll() is None or select.select([parent], [], [], 0)[0]:
            if select.select([parent], [], [], 0.1)[0]:
                try:
                    said += os.read(parent, 65536)
                except OSError:  # the other side is closed
                    break
        assert process.wait(timeout=60) == 0, said
    finally:
        os.close(parent)
    assert b"Traceback" not in said
    assert check_books(tmp_path / "out")["clean"] == 13


def laughs(n: int) -> bytes:
    """A page whose entities stand for ten of each other, nine levels deep: a billion words."""
    entities = "".join(f'<!ENTITY lol{level} "{f"&lol{level - 1};" * 10 if level else "lol"}">' for level in range(10))
    head = f'<?xml version="1.0"?><!DOCTYPE html [{entities}]>'
    return (
        head + hostile.page(n).removeprefix("<!DOCTYPE html>").replace("<article>", "<article><p>&lol9;</p>")
    ).encode()


def nested(*tags: str) -> Callable[[int], bytes]:
    """A page with a million elements inside one another."""
    return lambda n: "".join(tags).encode() * (1_000_000 // len(tags)) + hostile.page(n).encode()


def one_string(count: int, size: int, **options: Any) -> bytes:
    """A Parquet file of so many rows, each of which is the same long string."""
    sink = io.BytesIO()
    pq.write_table(pa.table({"text": ["x" * size] * count}), sink, compression="zstd", **options)
    return sink.getvalue()


WORST: dict[str, tuple[Callable[[int], bytes], str | None]] = {
    "bomb.txt.gz": (lambda n: hostile.bomb(), "too_large"),
    "bomb.jsonl.zst": (lambda n: hostile.zstd.compress(bytes(1_000_000)) * 1000, "too_large"),
    "bomb.html.zst": (lambda n: hostile.zstd.compress(hostile.page(n).encode() + bytes(400_000_000)), "too_large"),
    "bomb.parquet": (lambda n: one_string(60, 9_000_000, use_dictionary=False), "too_large"),
    "laughs.html": (laughs, None),
    "laughs.xhtml": (laughs, None),
    "div.html": (nested("<div>"), "too_deep"),
    "p.html": (nested("<p>"), None),
    "b.html": (nested("<b>"), "too_deep"),
    "li.html": (nested("<li>"), None),
    "table.html": (nested("<table>"), "too_deep"),
    "a.html": (nested("<a href=x>"), "too_deep"),
    "svg.html": (nested("<svg>"), "too_deep"),
    "mixed.html": (nested("<div>", "</p>", "<b>", "</div>"), "too_deep"),
    "select.html": (nested("<select>", "<option>"), "no_text"),
    "string.html": (lambda n: b'<html><script>"' + b'\\"' * 2_000_000 + b"<p>a<p>b<p>c</script></html>", "no_text"),
    "open.html": (lambda n: hostile.page(n).replace("<nav>", "<nav " * 500_000).encode(), "too_deep"),
}
ALONE = """
import resource, sys, time
from pathlib import Path
from cleaner.ingest.read import read_inputs
from cleaner.ingest.record import Raw
from cleaner.pipeline import Cleaner
from cleaner.settings import Settings
cleaner = Cleaner()
cleaner.warm_up()
for raw in read_inputs([Path(sys.argv[1])], Settings()):
    started = time.process_time()
    outcome, rejection, text = cleaner.clean_raw(raw)
    print(raw.source, rejection.reason if rejection else None, f"{time.process_time() - started:.2f}")
(peak,) = [line for line in open("/proc/self/status") if line.startswith("VmHWM")]  # ru_maxrss has the parent's too
print("peak", int(peak.split()[1]) * 1024, resource.getrusage(resource.RUSAGE_SELF).ru_utime)
"""


@linux
def test_the_worst_inputs_take_bounded_time_and_memory(tmp_path: Path) -> None:
    for name, (make, _) in WORST.items():
        (tmp_path / name).write_bytes(make(1))
    done = subprocess.run(
        [sys.executable, "-c", ALONE, tmp_path], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    *lines, (_, peak, _) = [line.split() for line in done.stdout.splitlines()]
    assert {source: reason for source, reason, _ in lines} == {name: str(want) for name, (_, want) in WORST.items()}
    assert int(peak) < TWO_GIGABYTES
    assert max(float(seconds) for _, _, seconds in lines) < SETTINGS.timeout


class Leaky:
    """Work whose every batch leaves 100 MB behind in its worker."""

    is_limited = True

    def start(self) -> Callable[[Any], list[str]]:
        left: list[bytes] = []

        def do(batch: Any) -> list[str]:
            left.append(b"x" * 100_000_000)
            time.sleep(0.15)  # long enough to be looked at
            return [f"{word} done" for word in batch["word"].to_pylist()]

        return do

    def encode(self, items: Sequence[str]) -> pa.Table:
        return pa.table({"word": list(items)})

    def fail(self, item: str, failure: Rejection) -> list[str]:
        return [f"{item} {failure.reason}"]

    def join(self, results: Sequence[list[str]]) -> list[str]:
        return [one for result in results for one in result]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Leaky)

    def __hash__(self) -> int:
        return 0


def test_a_worker_that_leaks_memory_is_replaced_and_no_document_pays_for_it() -> None:
    words = [str(number) for number in range(8)]
    with LocalEngine(Settings(workers=1, max_memory=400_000_000)) as pool:
        done = [pool.submit(Leaky(), [word]) for word in words]
        assert [future.result() for future in done] == [[f"{word} done"] for word in words]


def calls(text: str, html: bool = False) -> int:
    """How many functions are called to clean a document."""
    count = 0

    def called(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    raw = Raw(id="d", source="d", html=text) if html else Raw(id="d", source="d", text=text)
    cleaner = fuzzing._cleaner("blocks")
    sys.setprofile(called)
    try:
        cleaner.clean_raw(raw)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize(
    "line", ["Related articles", "• one", "Politics", "Photo: A. Writer", hostile.story(1)[0], "?"]
)
def test_work_grows_with_the_lines_of_a_text_and_not_with_their_square(line: str) -> None:
    story = hostile.text(1)
    calls(f"{story}{line}\n")
    once, fourfold = (calls(story + f"{line}\n" * count + story) for count in (300, 1200))
    assert fourfold < 5.5 * once
    once, fourfold = (calls(f"{line}\n" * count + story) for count in (300, 1200))
    assert fourfold < 5.5 * once


@pytest.mark.parametrize(
    "piece", ["<p>", "<b>", "<br>a", "<li>a", "<td>a", "<h2>Related</h2>", "<a href=x>a</a>", "&lt;"]
)
def test_work_grows_with_the_pieces_of_a_page_and_not_with_their_square(piece: str) -> None:
    page = hostile.page(1)
    once, fourfold = (calls(page.replace("<p>", piece * count + "<p>", 1), html=True) for count in (200, 800))
    assert fourfold < 5.5 * once
