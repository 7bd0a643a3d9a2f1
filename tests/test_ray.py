"""Runs on a Ray cluster of this machine: the same bytes as the local engine's, and what becomes of what breaks."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import hostile
import pytest
from running import hashes
from test_engine import Words, results

import cleaner
from cleaner import units
from cleaner.engines.work import EngineError
from cleaner.settings import Settings

ray = pytest.importorskip("ray")
pytestmark = pytest.mark.slow

from cleaner.engines.ray import RayEngine  # noqa: E402


@pytest.fixture(scope="module")
def cluster() -> Iterator[None]:
    """A cluster with more CPUs than this machine may have: its workers wait for each other."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    ray.init(address="local", num_cpus=4, include_dashboard=False, logging_level="error", log_to_driver=False)
    yield
    ray.shutdown()


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    for n in range(12):
        (folder / f"{n}.html").write_text(hostile.page(n), encoding="utf-8")
        (folder / f"{n}.txt").write_text(hostile.text(100 + n // 2) + "Leave a review\n", encoding="utf-8")
        (folder / f"{n}.jsonl").write_bytes(hostile.record(200 + n) + hostile.record(300 + n))
    (folder / "bad.txt").write_bytes(b"")
    return folder


@pytest.fixture
def small_units(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(units, "UNIT_RECORDS", 15)
    monkeypatch.setattr(units, "BATCH_RECORDS", 4)


@pytest.fixture(scope="module")
def undisturbed(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Hashes of the parts that the local engine writes."""
    out = tmp_path_factory.mktemp("local") / "out"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(units, "UNIT_RECORDS", 15)
        cleaner.run([corpus], out, Settings(workers=1))
    found = hashes(out)
    assert len(found) == 3 * 4
    return found


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_parts_are_the_same_as_those_of_the_local_engine(
    workers: int, cluster: None, small_units: None, corpus: Path, undisturbed: dict[str, str], tmp_path: Path
) -> None:
    files = sorted(corpus.iterdir())
    random.Random(workers).shuffle(files)
    for file in files:  # created in another order
        (tmp_path / "in").mkdir(exist_ok=True)
        shutil.copy(file, tmp_path / "in" / file.name)
    shared = tmp_path / "shared"
    cleaner.run([tmp_path / "in"], tmp_path / "out", Settings(workers=workers), engine="ray", staging=shared)
    assert hashes(tmp_path / "out") == undisturbed
    assert not list(shared.iterdir())


def test_surveys_and_proposals_are_the_same_as_those_of_the_local_engine(
    cluster: None, small_units: None, corpus: Path, tmp_path: Path
) -> None:
    for n in range(4):  # something to propose
        text = f"Gazette readers club {n}\n{hostile.text(400 + n)}Only for the members of our club\n"
        record = {"id": f"club-{n}", "url": f"https://elm.example/{n}", "text": text}
        (tmp_path / f"club-{n}.jsonl").write_text(json.dumps(record), encoding="utf-8")
    files, found, proposed = [corpus, *sorted(tmp_path.iterdir())], {}, {}
    for engine, workers in (("local", 1), ("ray", 3)):
        settings = Settings(workers=workers)
        made = cleaner.survey(files, tmp_path / engine, settings, engine=engine)
        found[engine] = {file.name: file.read_bytes() for file in made.path.iterdir()}
        proposed[engine] = cleaner.mine(files, settings, engine=engine)
    assert found["ray"] == found["local"] and len(found["ray"]) == 4
    assert proposed["ray"] == proposed["local"] and proposed["ray"]


def test_a_document_that_takes_its_worker_down_is_rejected_and_no_other_is(cluster: None) -> None:
    with RayEngine(Settings(workers=2)) as engine:
        found = results(engine, [["a", "segfault", "b"], ["c"], [], ["exit"]])
    assert found[0][1].startswith("segfault: crash: its worker was ended by SIGSEGV")
    assert [found[0][0], found[0][2], *found[1], *found[2]] == ["A", "B", "C"]


def test_a_machine_that_is_lost_costs_a_second_try(cluster: None) -> None:
    with RayEngine(Settings(workers=1)) as engine:
        (actor,) = engine._actors
        before = ray.get(actor.__ray_call__.remote(lambda self: os.getpid()))
        os.kill(before, 9)
        assert results(engine, [["a"], ["b"]]) == [["A"], ["B"]]


def test_what_a_worker_says_is_passed_on(cluster: None) -> None:
    with RayEngine(Settings(workers=1)) as engine, pytest.raises(EngineError, match=r"^the evidence is not on this m"):
        results(engine, [["a"]], Words("missing"))


def test_more_workers_than_the_cluster_has_are_refused(cluster: None) -> None:
    with pytest.raises(EngineError, match="--workers 5: the Ray cluster has 4 CPUs"):
        RayEngine(Settings(workers=5))
