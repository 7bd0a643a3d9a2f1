"""Inputs and outputs at URLs: the same bytes, whole or not at all, one run at a time."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hostile
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from running import COMMAND, hashes, until

import cleaner
from cleaner import units
from cleaner.ingest.files import InputError, InputFile, check_inputs, list_files
from cleaner.ingest.read import read_inputs
from cleaner.ingest.record import Raw
from cleaner.settings import Settings
from cleaner.shards.folder import FolderError
from cleaner.shards.lock import LOCK, LockError
from cleaner.shards.schemas import PARTS
from cleaner.urls import PlaceError

fsspec = pytest.importorskip("fsspec")

from cleaner.shards import remote  # noqa: E402
from cleaner.shards.remote import RemoteStore  # noqa: E402


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of each kind, compressed and not, some of them bad, in folders whose order is not that of plain names."""
    folder = tmp_path_factory.mktemp("corpus")
    for n in range(4):
        place = folder / ("a", "a.b", "b/c", "z")[n]
        place.mkdir(parents=True)
        (place / f"{n}.html").write_text(hostile.page(n), encoding="utf-8")
        (place / f"{n}.txt").write_text(hostile.text(100 + n) + "Leave a review\n", encoding="utf-8")
        (place / f"{n}.jsonl.gz").write_bytes(hostile.gzip.compress(hostile.record(200 + n) + hostile.record(300 + n)))
    pq.write_table(pa.table({"text": [hostile.text(n) for n in range(400, 405)]}), folder / "z" / "rows.parquet")
    (folder / "a-empty.txt").write_bytes(b"")
    (folder / "b" / ".hidden.txt").write_text("hidden")
    (folder / "b" / "cut.jsonl.gz").write_bytes(hostile.gzip.compress(hostile.records(500, 3))[:-9])
    return folder


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(remote, "SETTLE_SECONDS", 0.0)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(units, "UNIT_RECORDS", 8)


@pytest.fixture
def memory() -> Iterator[Any]:
    """Fsspec's file system in memory, empty."""
    system = fsspec.filesystem("memory")
    system.store.clear()
    system.pseudo_dirs[:] = [""]
    yield system
    system.store.clear()


@pytest.fixture(scope="module")
def undisturbed(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a run on this machine writes."""
    out = tmp_path_factory.mktemp("local") / "out"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(units, "UNIT_RECORDS", 8)
        cleaner.run([corpus], out, Settings(workers=1))
    assert len(hashes(out)) == 3 * 4
    return out


def upload(system: Any, folder: Path, to: str) -> None:
    for file in sorted(folder.rglob("*"), reverse=True):
        if file.is_file():
            system.pipe_file(f"{to}/{file.relative_to(folder)}", file.read_bytes())


def download(system: Any, path: str, to: Path) -> Path:
    for name in system.find(path):
        target = to / name.removeprefix(path.rstrip("/")).lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(system.cat_file(name))
    return to


# inputs


def test_a_url_lists_and_reads_as_the_same_folder_does(memory: Any, corpus: Path) -> None:
    upload(memory, corpus, "/in")
    here = [(one.source, one.size) for one in list_files([corpus]) if isinstance(one, InputFile)]
    there = [(one.source, one.size) for one in list_files(["memory://in/"]) if isinstance(one, InputFile)]
    assert there == here
    assert len(here) == 15
    settings = Settings()
    read = [[raw._replace(disk=0) for raw in read_inputs([one], settings)] for one in ("memory://in", corpus)]
    assert read[0] == read[1]


def test_several_inputs_have_sources_that_tell_them_apart(memory: Any, corpus: Path) -> None:
    upload(memory, corpus, "/in")
    z = ["3.html", "3.jsonl.gz", "3.txt", "rows.parquet"]
    some = ["memory://in/z", "memory://in/a/0.txt", "memory://in/z/3.txt"]
    assert [one.source for one in list_files(some)] == ["a/0.txt", *(f"z/{name}" for name in z)]
    both = [one.source for one in list_files(["memory://in/a", corpus / "z"])]
    assert both[:4] == z
    assert both[4:] == ["memory://in/a/0.html", "memory://in/a/0.jsonl.gz", "memory://in/a/0.txt"]


def test_output_inside_the_input_is_not_read(memory: Any, corpus: Path) -> None:
    upload(memory, corpus, "/in")
    upload(memory, corpus, "/in/out")
    assert len(list(list_files(["memory://in"], exclude="memory://in/out"))) == 15


def test_what_a_run_wrote_among_the_scrapes_is_told_and_not_read(memory: Any, corpus: Path) -> None:
    upload(memory, corpus, "/in")
    for name in ("clean/a.parquet", "removed/a.parquet", "rejected/a.parquet", "run.json"):
        memory.pipe_file(f"/in/z/out/{name}", b"{}")
    found = list(list_files(["memory://in"]))
    assert [(one.source, one.reason) for one in found if isinstance(one, Raw)] == [("z/out", "run_folder")]
    assert len(found) == 15 + 1
    with pytest.raises(InputError, match="a folder that a run wrote"):
        check_inputs(["memory://in/z/out"])
    check_inputs(["memory://in/z/out"], exclude="memory://in/z/out")


def test_what_is_not_there_and_what_nobody_can_reach_is_told(memory: Any, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"memory://none: no such file or directory"):
        cleaner.run(["memory://none"], tmp_path / "out")
    with pytest.raises(PlaceError, match=r"nothing://in: ValueError: Protocol not known"):
        cleaner.run(["nothing://in"], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_network_that_fails_rejects_no_document(memory: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    memory.pipe_file("/in/a.txt", hostile.text(1).encode())

    class Failing(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise ConnectionResetError("gone")

    monkeypatch.setattr(type(memory), "open", lambda *_, **options: Failing())
    with pytest.raises(PlaceError, match=r"cannot read memory://in/a.txt: ConnectionResetError: gone; go on with"):
        list(read_inputs(["memory://in"], Settings()))


# outputs


def test_a_run_from_url_to_url_writes_the_same_bytes(
    memory: Any, corpus: Path, undisturbed: Path, tmp_path: Path
) -> None:
    upload(memory, corpus, "/in")
    result = cleaner.run(["memory://in"], "memory://out/", Settings(workers=2))
    assert result.folder == "memory://out"
    assert hashes(download(memory, "/out", tmp_path / "out")) == hashes(undisturbed)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {*PARTS, "run.json"}
    assert not list((tmp_path / "cache" / "news-corpus-cleaner").iterdir())
    again = cleaner.run(["memory://in"], "memory://out", Settings(workers=2), resume=True)
    assert again.resumed == 4
    with pytest.raises(FolderError, match=r"memory://out holds a finished run; give --resume"):
        cleaner.run(["memory://in"], "memory://out")


@pytest.mark.parametrize("dies_at", [2, 4, 9, 14])
def test_a_run_that_dies_is_resumed_to_the_same_bytes(
    dies_at: int, memory: Any, corpus: Path, undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dies at one of what it writes: the journal, then three parts and a line of the journal for each unit."""
    hold, written = RemoteStore._hold, 0

    def counted(store: RemoteStore) -> None:
        nonlocal written
        written += 1
        if written == dies_at:
            raise KeyboardInterrupt
        hold(store)

    monkeypatch.setattr(RemoteStore, "_hold", counted)
    with pytest.raises(KeyboardInterrupt):
        cleaner.run([corpus], "memory://out", Settings(workers=1), use_survey=False)
    assert not memory.exists("/out/run.json")
    finished = cleaner.run([corpus], "memory://out", Settings(workers=1), resume=True, use_survey=False)
    assert finished.resumed == max(0, (dies_at - 2) // 4)
    cleaner.run([corpus], tmp_path / "here", Settings(workers=1), use_survey=False)
    assert hashes(download(memory, "/out", tmp_path / "out")) == hashes(tmp_path / "here")
    assert {path.name for path in (tmp_path / "out").iterdir()} == {*PARTS, "run.json"}


def test_a_part_that_was_damaged_there_is_made_again(memory: Any, corpus: Path, tmp_path: Path) -> None:
    store = RemoteStore("memory://out")
    cleaner.run([corpus], "memory://out", use_survey=False)
    memory.pipe_file("/out/clean/part-00001.parquet", b"damaged")
    with pytest.raises(FolderError, match="part 1 is not as the run wrote it"):
        cleaner.run([corpus], "memory://out", use_survey=False, resume=True)
    assert store.names("clean") == [f"part-{n:05d}.parquet" for n in range(4)]


def test_a_folder_of_something_else_is_left_alone(memory: Any, corpus: Path) -> None:
    memory.pipe_file("/out/notes.txt", b"mine")
    with pytest.raises(FolderError, match="memory://out is not empty and no run folder"):
        cleaner.run([corpus], "memory://out")
    assert memory.cat_file("/out/notes.txt") == b"mine"
    assert memory.find("/out") == ["/out/notes.txt"]


def test_what_needs_a_folder_of_this_machine_says_so(memory: Any, corpus: Path, undisturbed: Path) -> None:
    with pytest.raises(FolderError, match="--baseline: only runs on this machine"):
        cleaner.run([corpus], "memory://out", baseline=undisturbed)
    with pytest.raises(FolderError, match="--staging memory://s: must be a folder of this machine"):
        cleaner.run([corpus], "memory://out", staging="memory://s")


def test_stores_that_move_files_leave_no_half_ones(tmp_path: Path) -> None:
    """Fsspec's local file system stands for those that are no object stores."""
    store = RemoteStore(f"local://{tmp_path}/out")
    store.create()
    store.write("a.txt", b"one\n")
    store.append("a.txt", b"two\n")
    store.append("a.txt", b"three\n")
    assert store.read("a.txt") == b"one\ntwo\nthree\n"
    store.write("a.txt", b"four\n")
    assert store.read("a.txt") == b"four\n"
    assert store.names() == ["a.txt"]
    store.remove("a.txt")
    store.remove("a.txt")
    assert store.names() == []
    assert not store.exists("a.txt")


# the lease


def lease(memory: Any, age: float) -> None:
    memory.pipe_file(f"/out/{LOCK}", json.dumps({"who": "process 7", "token": "t", "at": time.time() - age}).encode())


def test_the_second_of_two_runs_is_refused_and_a_hold_that_is_not_renewed_ends(memory: Any, corpus: Path) -> None:
    lease(memory, 5)
    with pytest.raises(LockError, match=r"another run is writing to memory://out \(process 7, 5 seconds ago\)"):
        cleaner.run([corpus / "a"], "memory://out")
    lease(memory, remote.LEASE_SECONDS + 1)
    cleaner.run([corpus / "a"], "memory://out")
    assert not memory.exists(f"/out/{LOCK}")


def test_a_run_that_has_lost_its_hold_writes_no_more(memory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "LEASE_SECONDS", 0.04)
    store = RemoteStore("memory://out")
    with store.lock():
        store.write("a", b"1")
        lease(memory, -1000)
        until(lambda: store._lost)
        with pytest.raises(OSError, match="process 7 has taken the folder over"):
            store.write("a", b"2")
    assert memory.exists(f"/out/{LOCK}")


def test_a_hold_is_renewed(memory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "LEASE_SECONDS", 0.04)
    store = RemoteStore("memory://out")
    with store.lock():
        first = json.loads(memory.cat_file(f"/out/{LOCK}"))["at"]
        until(lambda: json.loads(memory.cat_file(f"/out/{LOCK}"))["at"] > first)
    assert not memory.exists(f"/out/{LOCK}")


# a real object store


@pytest.fixture(scope="module")
def s3() -> Iterator[dict[str, str]]:
    """An S3 server on this machine; the environment that leads to it."""
    server_module = pytest.importorskip("moto.server")
    pytest.importorskip("s3fs")
    server = server_module.ThreadedMotoServer("127.0.0.1", port=0)
    server.start()
    _, port = server.get_host_and_port()
    keys = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "testing")
    where = {**keys, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}", "AWS_DEFAULT_REGION": "us-east-1"}
    with pytest.MonkeyPatch.context() as patched:
        for name, value in where.items():
            patched.setenv(name, value)
        fsspec.filesystem("s3").mkdir("corpus")
        yield where
    server.stop()


@pytest.mark.slow
def test_a_run_on_an_object_store_is_killed_refused_and_resumed(
    s3: dict[str, str], corpus: Path, undisturbed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = fsspec.filesystem("s3", use_listings_cache=False, skip_instance_cache=True)
    upload(system, corpus, "corpus/in")
    script = (
        "import sys; from cleaner.__main__ import main; from cleaner import units; from cleaner.shards import remote\n"
        "units.UNIT_RECORDS = 8; remote.LEASE_SECONDS = 20\n"
        "if __name__ == '__main__': main()"
    )
    program = tmp_path / "program.py"
    program.write_text(script)
    command = [sys.executable, str(program), "run", "s3://corpus/in", "-o", "s3://corpus/out", "--workers", "1"]

    def again() -> subprocess.CompletedProcess[str]:
        return subprocess.run([*command, "--resume"], capture_output=True, text=True, timeout=300, check=False)

    killed = subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    until(lambda: system.exists("corpus/out/clean/part-00001.parquet"), 200)
    killed.kill()
    killed.wait()
    assert not system.exists("corpus/out/run.json")
    refused = again()
    assert refused.returncode == 2
    assert f"another run is writing to s3://corpus/out (process {killed.pid} on " in refused.stderr
    until(lambda: time.time() - json.loads(system.cat_file(f"corpus/out/{LOCK}"))["at"] > 20)
    done = again()
    assert done.returncode == 3, done.stderr
    assert "output: s3://corpus/out/clean" in done.stderr
    assert hashes(download(system, "corpus/out", tmp_path / "out")) == hashes(undisturbed)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {*PARTS, "run.json"}


@pytest.mark.slow
def test_an_object_store_that_refuses_says_so(
    s3: dict[str, str], corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for command, said in (
        (["run", "s3://corpus/none", "-o", "s3://corpus/out"], "s3://corpus/none: no such file or directory"),
        (["run", str(corpus), "-o", "s3://no-such-bucket/out"], "cannot write to s3://no-such-bucket/out"),
    ):
        done = subprocess.run([*COMMAND, *command], capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 2
        assert said in done.stderr
        assert "Traceback" not in done.stderr
