"""The five real scrapes come out exactly as an editor marked them, through the command line and back."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq


def test_seeds_come_out_exactly_and_restore(seeds: Path, tmp_path: Path) -> None:
    def run(*arguments: str | Path) -> None:
        command = [sys.executable, "-m", "cleaner", *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    run("run", seeds / "raw", "-o", tmp_path / "out")
    run("restore", tmp_path / "out", "-o", tmp_path / "back")
    clean = {row["id"]: row for row in pq.read_table(tmp_path / "out" / "clean").to_pylist()}
    removed = pq.read_table(tmp_path / "out" / "removed").to_pylist()
    gold = json.loads((seeds / "gold.json").read_text())
    assert sorted(clean) == sorted(story["file"] for story in gold)
    for story in gold:
        kept = [line.strip() for line in clean[story["file"]]["text"].splitlines() if line.strip()]
        assert kept == [line.strip() for line in story["kept"]]
        took = [(row["line"], row["text"].strip()) for row in removed if row["id"] == story["file"]]
        whole = [(entry["line"], entry["text"].strip()) for entry in story["removed"]]
        inside = [(entry["line"], entry["text"].strip()) for entry in story["removed_inside_a_line"]]
        assert sorted(took) == sorted(whole + inside)
        for entry in story["removed_inside_a_line"]:
            assert [row["text"] for row in removed if row["line"] == entry["line"] and row["id"] == story["file"]] == [
                entry["text"]
            ]
        assert (tmp_path / "back" / story["file"]).read_bytes() == (seeds / "raw" / story["file"]).read_bytes()
