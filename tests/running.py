"""Runs the program as its users do, in a process of its own, and reads what it wrote."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cleaner.shards.schemas import PARTS

COMMAND = (sys.executable, "-m", "cleaner")

Done = subprocess.CompletedProcess[str]


def cleaner(*arguments: object, stdin: str | None = None, cwd: Path | None = None, code: int | None = 0) -> Done:
    """Run the command line; ``code`` is the exit code that it must have (None: any)."""
    environment = {**os.environ, "PYTHONUTF8": "1", "COLUMNS": "100"}
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)],
        input=stdin,
        stdin=None if stdin is not None else subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        cwd=cwd,
        env=environment,
        timeout=300,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert code is None or done.returncode == code, f"exit code {done.returncode}\n{done.stdout}{done.stderr}"
    return done


def until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Wait until a condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.002)


def part_files(run: Path, kind: str) -> list[Path]:
    return sorted((run / kind).glob("part-*.parquet"))


def table(run: Path, kind: str) -> pa.Table:
    return pa.concat_tables([pq.read_table(path) for path in part_files(run, kind)])


def rows(run: Path, kind: str) -> dict[str, dict[str, Any]]:
    """The rows of ``clean`` or ``rejected`` by source."""
    listed = table(run, kind).to_pylist()
    by_source = {row["source"]: row for row in listed}
    assert len(by_source) == len(listed), "a source stands twice"
    return by_source


def outcome(run: Path) -> dict[str, str | None]:
    """What became of every document: by source, the reason for its rejection, None for the clean ones."""
    clean, rejected = rows(run, "clean"), rows(run, "rejected")
    assert not clean.keys() & rejected.keys()
    return dict.fromkeys(clean) | {source: row["reason"] for source, row in rejected.items()}


def hashes(run: Path) -> dict[str, str]:
    """SHA-256 of every part."""
    return {
        f"{kind}/{path.name}": hashlib.sha256(path.read_bytes()).hexdigest()
        for kind in PARTS
        for path in part_files(run, kind)
    }


def manifest(run: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((run / "run.json").read_text(encoding="utf-8"))
    return loaded


def check_books(run: Path) -> dict[str, Any]:
    """The books of a run, each figure counted again from the rows."""
    books: dict[str, Any] = manifest(run)["books"]
    clean, removed, rejected = (table(run, kind) for kind in PARTS)
    lost = {row["id"]: 0 for row in clean.to_pylist()}
    for row in removed.to_pylist():
        assert 0 <= row["start"] < row["end"]
        if row["id"] in lost:
            lost[row["id"]] += row["end"] - row["start"]
    for row in clean.to_pylist():
        assert row["removed_chars"] == lost[row["id"]]
        assert row["source_chars"] == len(row["text"]) + row["removed_chars"]
        assert sum(span["end"] - span["start"] for span in row["kept"]) == len(row["text"])
    assert books["clean"] == clean.num_rows
    assert books["rejected"] == rejected.num_rows
    assert books["documents"] == clean.num_rows + rejected.num_rows
    assert books["kept_chars"] == sum(map(len, clean["text"].to_pylist()))
    assert books["removed_chars"] == sum(lost.values())
    assert books["removals"] == removed.num_rows
    assert books["rejected_chars"] == sum(len(text or "") for text in rejected["text"].to_pylist())
    assert books["chars"] == books["kept_chars"] + books["removed_chars"] + books["rejected_chars"]
    return books
