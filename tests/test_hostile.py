"""Everything that can be wrong with an input, in several copies, through real processes."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import hostile
import pytest
from running import Done, check_books, cleaner, manifest, outcome, rows, table

from cleaner.audit.restore import restore_run

COPIES = 3
REASONS = (Path(__file__).resolve().parent.parent / "docs" / "output.md").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Run:
    folder: Path
    want: dict[str, str | None]
    done: Done


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One run over several copies of everything."""
    folder = tmp_path_factory.mktemp("hostile")
    want = hostile.write(folder / "in", COPIES)
    # the same stories stand in many files: what copies tell of each other is not what is tested here
    done = cleaner("run", folder / "in", "-o", folder / "out", "--no-survey", "--workers", 2, code=3)
    return Run(folder / "out", want, done)


def test_every_document_and_input_ends_where_it_must(run: Run) -> None:
    assert outcome(run.folder) == run.want


def test_every_rejection_has_a_place_a_stage_a_documented_reason_and_a_detail(run: Run) -> None:
    for source, row in rows(run.folder, "rejected").items():
        assert source and row["id"] and row["stage"] in ("ingest", "extract", "engine", "brake")
        assert f"`{row['reason']}`" in REASONS
        assert len(row["detail"]) > 10
        assert len(row["detail"]) < 1500


def test_books_of_the_hostile_run_balance(run: Run) -> None:
    books = check_books(run.folder)
    assert books["documents"] == len(run.want)
    bad = [reason for reason in run.want.values() if reason not in (None, "not_a_document", "listed_already")]
    assert books["unreadable"] == len(bad)


def test_nothing_hostile_reaches_the_terminal(run: Run) -> None:
    assert run.done.stdout == ""
    assert "\x1b" not in run.done.stderr
    assert len(run.done.stderr.splitlines()) <= 6


def test_every_text_of_the_hostile_run_is_restored(run: Run, tmp_path: Path) -> None:
    restored = restore_run(run.folder, tmp_path / "back")
    assert restored.wrong == []
    assert restored.impossible == []
    assert restored.written + restored.without_text == len(run.want)
    assert (tmp_path / "back" / "0001" / "line\nbreak.txt").read_text() == hostile.text(1)


@pytest.mark.parametrize(
    ("name", "encoding", "replaced"),
    [
        ("says-utf8.html", "cp1251", 0),
        ("says-1251.html", "utf-8", 0),
        ("says-nothing.html", "cp1251", 0),
        ("says-nonsense.html", "cp1251", 0),
        ("utf16-bom.txt", "utf-16-le", 0),
        ("utf16-be-bom.html", "utf-16-be", 0),
        ("utf16-le.txt", "utf-16-le", 0),
        ("utf16-be.html", "utf-16-be", 0),
        ("bad-byte.txt", "utf-8", 1),
        ("nul.txt", "utf-8", 0),
        ("good.txt", "utf-8", 0),
    ],
)
def test_bytes_are_decoded_by_what_they_are(run: Run, name: str, encoding: str, replaced: int) -> None:
    clean = rows(run.folder, "clean")
    for n in range(COPIES):
        row = clean[f"{n:04d}/{name}"]
        assert (row["encoding"], row["replaced"]) == (encoding, replaced)
        words = "The" if row["language"] == "en" else "Власти сообщили, что"
        assert row["text"].count(words) >= 5
        assert row["text"].count("\ufffd") == replaced


def test_content_decides_what_a_file_is(run: Run) -> None:
    clean = rows(run.folder, "clean")
    for name, format in (("page.txt", "html"), ("text.html", "text"), ("no-suffix", "html"), ("comments.txt", "text")):
        assert clean[f"0001/{name}"]["format"] == format


@pytest.mark.parametrize("name", ["cut.jsonl.gz", "line-7.jsonl"])
def test_records_around_a_break_come_out_whole(run: Run, name: str) -> None:
    clean = rows(run.folder, "clean")
    for n in range(COPIES):
        for number in range(1, 7):
            assert clean[f"{n:04d}/{name}#{number}"]["text"] == hostile.text(1000 * n + number - 1)


def test_a_second_record_with_an_id_is_rejected_with_both_places(run: Run) -> None:
    row = rows(run.folder, "rejected")["0001/same-id.jsonl#2"]
    assert row["id"] == "same 1"
    assert "0001/same-id.jsonl#1" in row["detail"]
    assert "0001/same-id.jsonl#2" in row["detail"]


def test_parquet_dates_and_lists_of_authors_become_strings(run: Run) -> None:
    clean = rows(run.folder, "clean")
    assert clean["0000/dated.parquet#1"]["date"] == "2023-11-14T22:13:20+00:00"
    assert clean["0000/dated.parquet#1"]["author"] == "A. Writer; B. Writer"
    assert clean["0000/dated.parquet#3"]["date"] is None


def test_warc_bodies_come_out_whole_and_with_their_url(run: Run) -> None:
    clean = rows(run.folder, "clean")
    for number, page in ((1, 0), (2, 1), (3, 2), (4, 3), (9, 5)):
        row = clean[f"0001/pages.warc#{number}"]
        assert row["url"] == f"http://a.example/{number}"
        assert row["site"] == "a.example"
        for paragraph in hostile.story(20 + page):
            assert paragraph in row["text"]


@pytest.mark.slow
def test_ten_kinds_a_hundred_times(tmp_path: Path) -> None:
    names = (
        "empty.txt long-line.txt bomb.txt.gz noise.txt cut.jsonl.gz damaged.txt.zst says-nothing.html nested.html "
        "line-7.jsonl damaged.parquet"
    ).split()
    want = hostile.write(tmp_path / "in", 100, [hostile.BY_NAME[name] for name in names])
    cleaner("run", tmp_path / "in", "-o", tmp_path / "out", "--no-survey", code=3)
    assert outcome(tmp_path / "out") == want
    assert check_books(tmp_path / "out")["documents"] == len(want) == 3100


@pytest.mark.slow
def test_a_page_of_twenty_thousand_paragraphs_comes_out_whole(tmp_path: Path) -> None:
    want = hostile.write(tmp_path / "in", 1, hostile.FLAT)
    cleaner("run", tmp_path / "in", "-o", tmp_path / "out", "--no-survey", "--timeout", 120)
    assert outcome(tmp_path / "out") == want
    assert rows(tmp_path / "out", "clean")["0000/flat.html"]["text"].count("Town") == 20_000


def test_a_document_that_takes_too_long_is_rejected_and_nothing_else_is_lost(tmp_path: Path) -> None:
    want = hostile.write(tmp_path / "in", 2, hostile.SLOW)
    done = cleaner("run", tmp_path / "in", "-o", tmp_path / "out", "--no-survey", "--timeout", 1, code=3)
    assert outcome(tmp_path / "out") == want
    row = rows(tmp_path / "out", "rejected")["0000/slow.html"]
    assert row["stage"] == "engine"
    assert "--timeout" in row["detail"]
    assert "timeout 2" in done.stderr


BOMBS = """
import sys
from pathlib import Path
from cleaner.ingest.read import read_inputs
from cleaner.settings import Settings
for raw in read_inputs([Path(sys.argv[1])], Settings()):
    print(raw.reason)
(peak,) = [line for line in open("/proc/self/status") if line.startswith("VmHWM")]  # ru_maxrss has the parent's too
print(int(peak.split()[1]) // 1000)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc to read the peak of memory from")
def test_bombs_are_refused_in_bounded_memory(tmp_path: Path) -> None:
    for name in ("bomb.html.gz", "bomb.jsonl.gz", "bomb.warc.gz", "bomb.gz"):
        (tmp_path / name).write_bytes(hostile.bomb())
    done = subprocess.run(
        [sys.executable, "-c", BOMBS, tmp_path], capture_output=True, text=True, timeout=60, check=True
    )
    *reasons, megabytes = done.stdout.split()
    assert reasons == ["not_a_document", "too_large", "too_large", "corrupt"]
    assert int(megabytes) < 200  # of the four thousand that they unpack to


def test_names_of_columns_can_be_mapped(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = {
        "key": [7, 8],
        "body": [hostile.text(1), hostile.text(2)],
        "text": ["wrong", "wrong"],
        "when": ["2020", None],
    }
    pq.write_table(pa.table(columns), tmp_path / "in.parquet")
    arguments = ["--map", "text=body", "--map", "id=key", "--map", "date=when"]
    cleaner("run", tmp_path / "in.parquet", "-o", tmp_path / "out", "--no-survey", *arguments)
    clean = table(tmp_path / "out", "clean").to_pylist()
    assert [(row["id"], row["date"], row["text"]) for row in clean] == [
        ("7", "2020", hostile.text(1)),
        ("8", None, hostile.text(2)),
    ]
    assert manifest(tmp_path / "out")["header"]["settings"]["columns"] == {"date": "when", "id": "key", "text": "body"}
