"""`cleaner pipe` in the middle of other programs."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import hostile
import pytest
from running import COMMAND, cleaner

from cleaner import Settings, SettingsError, pipe, restore

PROMO = "Leave a review\n"


def lines(*records: dict[str, Any] | str) -> str:
    return "".join(f"{one if isinstance(one, str) else json.dumps(one)}\n" for one in records)


def test_records_keep_their_order_and_fields(tmp_path: Path) -> None:
    given = lines(
        {"x": [1, {"y": "é"}], "text": hostile.text(1) + PROMO, "id": "one"},
        "",
        "no JSON",
        {"html": hostile.page(2), "title": "Mine", "text": None},
        {"text": "Short.", "id": "short"},
        {"text": hostile.text(3), "odd": "\ud800", "url": "https://www.a.example/3", "site": ""},
    )
    files = ("--removed", tmp_path / "removed.jsonl", "--rejected", tmp_path / "rejected.jsonl")
    done = cleaner("pipe", *files, stdin=given, code=3)
    assert "5 documents in = 3 clean + 2 rejected" in done.stderr
    one, two, three = map(json.loads, done.stdout.splitlines())
    assert list(one) == ["x", "text", "id", "language"]
    assert one["x"] == [1, {"y": "é"}]
    assert one["text"] == hostile.text(1)
    assert two["text"] == "\n".join(hostile.story(2)) + "\n"
    assert (two["title"], two["id"], "html" in two) == ("Mine", "stdin#4", False)
    assert (three["odd"], three["site"], three["text"]) == ("\ud800", "a.example", hostile.text(3))
    removed = [json.loads(line) for line in (tmp_path / "removed.jsonl").read_text().splitlines()]
    assert restore(one["text"], [(row["start"], row["text"]) for row in removed if row["id"] == "one"]) == (
        hostile.text(1) + PROMO
    )
    rejected = [json.loads(line) for line in (tmp_path / "rejected.jsonl").read_text().splitlines()]
    assert [(row["id"], row["reason"]) for row in rejected] == [("stdin#3", "bad_json"), ("short", "too_little_left")]


def test_mapped_columns_and_project_settings_hold(tmp_path: Path) -> None:
    (tmp_path / "cleaner.toml").write_text('[settings]\ncolumns = {text = "body", id = "key"}\n')
    done = cleaner("pipe", stdin=lines({"body": hostile.text(1) + PROMO, "text": 7}), cwd=tmp_path)
    assert json.loads(done.stdout) == {"body": hostile.text(1), "text": 7, "key": "stdin#1", "language": "en"}


def test_a_record_that_comes_alone_is_answered_at_once() -> None:
    with subprocess.Popen(
        [*COMMAND, "pipe", "--workers", "1"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for n in range(3):
            process.stdin.write(lines({"n": n, "text": hostile.text(n)}).encode())
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["n"] == n  # would hang if it waited for more
        process.stdin.close()
        assert process.stdout.read() == b""
    assert process.returncode == 0


@pytest.mark.parametrize("stays_open", [False, True], ids=["input ends", "input stays open"])
def test_a_reader_that_goes_away_ends_it_quietly(tmp_path: Path, stays_open: bool) -> None:
    many = tmp_path / "many.jsonl"
    many.write_text(lines(*({"n": n, "text": hostile.text(n)} for n in range(200 if stays_open else 2000))))
    with (
        open(many, "rb") as source,
        subprocess.Popen(
            [*COMMAND, "pipe"],
            stdin=subprocess.PIPE if stays_open else source,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process,
    ):
        assert process.stdout is not None
        assert process.stderr is not None
        if process.stdin is not None:
            process.stdin.write(many.read_bytes())
            process.stdin.flush()
        assert json.loads(process.stdout.readline())["n"] == 0
        process.stdout.close()
        assert process.wait(120) == 141  # though nobody closed its input
        assert process.stderr.read() == b""


def test_a_document_that_takes_too_long_costs_itself_alone() -> None:
    records = [{"id": str(n), "text": hostile.text(n)} for n in range(3)]
    records[1]["text"] = "\n".join(hostile.story(1, paragraphs=20_000))
    sink, rejected = io.BytesIO(), io.BytesIO()
    books = pipe(io.BytesIO(lines(*records).encode()), sink, Settings(workers=1, timeout=0.05), rejected=rejected)
    assert (books.documents, books.clean + books.rejected) == (3, 3)
    assert json.loads(rejected.getvalue().splitlines()[0])["reason"] in ("timeout", "too_long")


def test_errors_of_writing_reach_the_caller_and_stop_the_rest() -> None:
    class Full(io.BytesIO):
        def write(self, data: object) -> int:
            raise OSError(28, "No space left on device")

    many = lines(*({"text": hostile.text(n)} for n in range(500)))
    with pytest.raises(OSError, match="No space left"):
        pipe(io.BytesIO(many.encode()), Full(), Settings(workers=1))


def test_errors_of_reading_reach_the_caller() -> None:
    class Broken(io.BytesIO):
        def readline(self, size: int | None = -1, /) -> bytes:
            raise OSError(5, "Input/output error")

    with pytest.raises(OSError, match="Input/output error"):
        pipe(Broken(), io.BytesIO(), Settings(workers=1))


def test_usage_errors_name_the_fault(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="batch: 0"):
        pipe(io.BytesIO(), io.BytesIO(), batch=0)
    assert "no/such" in cleaner("pipe", "--removed", tmp_path / "no/such/file", stdin="", code=2).stderr
    assert cleaner("pipe", "--quiet", stdin="").stderr == ""


@pytest.mark.skipif(shutil.which("sh") is None, reason="needs a shell")
def test_a_closed_standard_input_is_an_error_that_says_so() -> None:
    command = ["sh", "-c", '"$@" <&-', "sh", sys.executable, "-m", "cleaner", "pipe"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ})
    assert done.returncode == 2
    assert "closed" in done.stderr
