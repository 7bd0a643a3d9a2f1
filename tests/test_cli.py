"""The commands on documents, run, explain and restore, as a person or a script meets them."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import hostile
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from running import check_books, cleaner, hashes, manifest, part_files, rows, table

from cleaner import __version__
from cleaner.cli import main
from cleaner.shards.schemas import PARTS


def commands(group: click.Group = main, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The words of every command, the groups included."""
    yield path
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name)


ROOT = Path(__file__).resolve().parent.parent
PROMO = "Also Read: Harbour towns agree on a ferry line"
TEXT = "\n".join([*hostile.story(1), PROMO, *hostile.story(2)]) + "\n"


@pytest.fixture(scope="module")
def scrape(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small scrape directory: a page, a text with a promo, records, and a text that the brake rejects."""
    folder = tmp_path_factory.mktemp("scrape")
    (folder / "news").mkdir()
    (folder / "news" / "page.html").write_text(hostile.page(3), encoding="utf-8")
    (folder / "text.txt").write_text(TEXT, encoding="utf-8")
    (folder / "lines.jsonl").write_bytes(hostile.record(4, id="one") + hostile.record(5, url="https://www.a.example/5"))
    (folder / "short.md").write_text("Too short.\n", encoding="utf-8")
    (folder / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    return folder


@pytest.fixture(scope="module")
def run(scrape: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("run") / "out"
    done = cleaner("run", scrape, "-o", out)
    assert done.stdout == ""
    assert "6 documents in = 4 clean + 2 rejected" in done.stderr
    return out


# help


@pytest.mark.parametrize("words", list(commands()), ids=" ".join)
def test_every_command_has_help_with_an_example(words: tuple[str, ...]) -> None:
    for option in ("--help", "-h"):
        shown = CliRunner().invoke(main, [*words, option])
        assert shown.exit_code == 0, shown.output
        _, _, example = shown.output.partition("\n  Example:\n    ")
        assert " ".join(("cleaner", *words)) in example.split("\n\n")[0]


@pytest.mark.parametrize("words", [words for words in commands() if not words or words == ("rules",)], ids=" ".join)
def test_lists_of_commands_are_whole_sentences_on_a_narrow_terminal(words: tuple[str, ...]) -> None:
    listed = CliRunner().invoke(main, [*words, "--help"], terminal_width=80).output.partition("Commands:\n")[2]
    assert listed
    assert all(line.endswith(".") and not line.endswith("...") for line in listed.splitlines()), listed


LIGHT = """
import sys
from click.testing import CliRunner
from cleaner.cli import main
for words in sys.argv[1:]:
    assert CliRunner().invoke(main, [*words.split(), "--help"]).exit_code == 0
assert CliRunner().invoke(main, ["--version"]).exit_code == 0
print(*sorted({"trafilatura", "pyarrow", "lxml", "langdetect", "re2", "chardet", "tqdm", "numpy"} & set(sys.modules)))
"""


def test_help_and_version_import_nothing_heavy() -> None:
    words = [" ".join(words) for words in commands()]
    done = subprocess.run([sys.executable, "-c", LIGHT, *words], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_version() -> None:
    assert cleaner("--version").stdout == f"cleaner, version {__version__}\n"


# usage


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["no/such/scrapes", "-o", "out"], "no/such/scrapes"),
        ([".", "no/such/scrapes", "-o", "out"], "no/such/scrapes"),
        ([".", "-o", "out", "--map", "body"], "'body'"),
        ([".", "-o", "out", "--map", "text="], "'text='"),
        ([".", "-o", "out", "--map", "body=text"], "'body'"),
        ([".", "-o", "out", "--max-lost", "1.5"], "max-lost: 1.5"),
        ([".", "-o", "out", "--max-lost", "nan"], "max-lost: nan"),
        ([".", "-o", "out", "--max-bytes", "0"], "max-bytes: 0"),
        ([".", "-o", "out", "--timeout", "0"], "timeout: 0"),
        ([".", "-o", "out", "--timeout", "nan"], "timeout: nan"),
        ([".", "-o", "out", "--workers", "-1"], "workers: -1"),
        ([".", "-o", "out", "--audit", "some"], "'some'"),
        ([".", "-o", "out", "--rules", "none.toml"], "none.toml"),
        ([".", "-o", "out", "--resume", "--overwrite"], "--overwrite"),
        ([".", "-o", "/dev/null"], "/dev/null"),
        ([".", "-o", "/dev/null/out"], "/dev/null"),
        ([".", "-o", "/proc/out"], "/proc"),
        (["-o", "out"], "RAW"),
        (["."], "--out"),
        ([".", "-o", "out", "--fast"], "--fast"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_usage_errors_exit_with_2_name_the_fault_and_write_nothing(
    arguments: list[str], named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["run", *arguments])
    assert done.exit_code == 2
    assert done.stdout == ""
    assert named in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_input_exits_with_2_and_is_named(tmp_path: Path) -> None:
    done = cleaner("run", "no/such/scrapes", "-o", "out", cwd=tmp_path, code=2)
    assert done.stdout == ""
    assert done.stderr == "error: no/such/scrapes: no such file or directory\n"


def test_a_broken_rule_pack_exits_with_2_and_is_named(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(
        'schema = 1\npack = "mine"\nlanguages = ["en"]\n[[rule]]\nid = "mine/x"\nhits = []\n'
    )
    done = cleaner("run", tmp_path, "-o", tmp_path / "out", "--rules", tmp_path / "mine.toml", code=2)
    assert "mine.toml" in done.stderr
    assert not (tmp_path / "out").exists()


# run


def test_schemas_of_the_parts_are_those_of_the_documentation(run: Path) -> None:
    for kind, schema in PARTS.items():
        for path in part_files(run, kind):
            written = pq.read_schema(path)
            assert written.equals(schema)
            assert written.metadata == schema.metadata
            assert [field.nullable for field in written] == [field.nullable for field in schema]


def test_the_manifest_tells_rows_bytes_and_hash_of_every_part(run: Path) -> None:
    files = {
        f"{kind}/part-{entry['unit']:05d}.parquet": entry[kind] for entry in manifest(run)["parts"] for kind in PARTS
    }
    assert {name: part["sha256"] for name, part in files.items()} == hashes(run)
    for name, part in files.items():
        assert part["bytes"] == (run / name).stat().st_size
        assert part["rows"] == pq.read_metadata(run / name).num_rows
    assert manifest(run)["header"]["cleaner"] == __version__
    assert sorted(path.name for path in run.iterdir()) == ["clean", "rejected", "removed", "run.json"]


def test_a_run_of_mixed_inputs_has_every_document_once(run: Path) -> None:
    clean, rejected = rows(run, "clean"), rows(run, "rejected")
    assert sorted(clean) == ["lines.jsonl#1", "lines.jsonl#2", "news/page.html", "text.txt"]
    assert {source: row["reason"] for source, row in rejected.items()} == {
        "picture.png": "not_a_document",
        "short.md": "too_little_left",
    }
    assert clean["lines.jsonl#1"]["id"] == "one"
    assert clean["lines.jsonl#2"]["site"] == "a.example"
    assert clean["text.txt"]["text"] == TEXT.replace(PROMO + "\n", "")
    check_books(run)


def test_a_rejection_by_the_brake_is_no_fault_of_the_input(run: Path) -> None:
    assert manifest(run)["books"]["unreadable"] == 0


def test_records_on_standard_input(tmp_path: Path) -> None:
    lines = hostile.record(1).decode() + "no JSON\n" + json.dumps({"body": hostile.text(2)}) + "\n"
    cleaner("run", "-", "-o", tmp_path / "out", stdin=lines, code=3)
    assert list(rows(tmp_path / "out", "clean")) == ["stdin#1"]
    assert {row["reason"] for row in rows(tmp_path / "out", "rejected").values()} == {"bad_json", "no_text"}
    cleaner("run", "-", "-o", tmp_path / "mapped", "--map", "text=body", stdin=lines, code=3)
    assert list(rows(tmp_path / "mapped", "clean")) == ["stdin#3"]


def test_an_empty_input_is_a_run_without_documents(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    done = cleaner("run", tmp_path / "in", "-o", tmp_path / "out")
    assert "no documents found" in done.stderr
    assert check_books(tmp_path / "out")["documents"] == 0 if part_files(tmp_path / "out", "clean") else True
    assert cleaner("run", "-", "-o", tmp_path / "none", stdin="").returncode == 0


def test_a_closed_standard_input_is_an_error_that_says_so(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "cleaner", "run", "-", "-o", str(tmp_path / "out")]
    done = subprocess.run(["sh", "-c", '"$@" <&-', "sh", *command], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "standard input is closed" in done.stderr


def test_quiet_says_nothing(scrape: Path, tmp_path: Path) -> None:
    done = cleaner("run", scrape / "text.txt", "-o", tmp_path / "out", "--quiet")
    assert (done.stdout, done.stderr) == ("", "")


def test_python_m_and_the_script_are_the_same_command(scrape: Path, tmp_path: Path, run: Path) -> None:
    script = Path(sys.executable).with_name("cleaner")
    if not script.exists():
        pytest.skip("the package is not installed")
    subprocess.run([script, "run", scrape, "-o", tmp_path / "out", "--quiet"], check=True)
    assert hashes(tmp_path / "out") == hashes(run)


# explain


def test_explain_shows_each_line_and_why_it_goes(scrape: Path) -> None:
    shown = cleaner("explain", scrape / "text.txt").stdout
    assert "\x1b" not in shown
    lines = shown.splitlines()
    place = next(number for number, line in enumerate(lines) if PROMO in line)
    assert " - " in lines[place]
    assert "en/also-read" in lines[place + 1]
    assert sum(" - " in line for line in lines) == 1


def test_explain_as_json_is_one_object_a_document(scrape: Path) -> None:
    done = cleaner("explain", scrape / "lines.jsonl", "--format", "json")
    assert [json.loads(line)["id"] for line in done.stdout.splitlines()] == ["one", "lines.jsonl#2"]
    (whole,) = map(json.loads, cleaner("explain", scrape / "text.txt", "--format", "json").stdout.splitlines())
    gone = [line for line in whole["lines"] if not line["kept"]]
    assert [(line["text"], line["removals"][0]["rule"]) for line in gone] == [(PROMO, "en/also-read")]
    assert whole["removed_chars"] == len(PROMO) + 1


def test_explain_reads_standard_input(scrape: Path) -> None:
    from_file = json.loads(cleaner("explain", scrape / "text.txt", "--format", "json").stdout)
    from_stdin = json.loads(cleaner("explain", "-", "--format", "json", stdin=TEXT).stdout)
    assert from_stdin["lines"] == from_file["lines"]
    page = json.loads(cleaner("explain", "-", "--format", "json", stdin=hostile.page(3)).stdout)
    assert page["title"] == "Story 3"


def test_control_characters_of_a_document_do_not_reach_the_terminal(tmp_path: Path) -> None:
    evil = "\x1b]0;owned\x07 \x1b[2J \x9b31m \u202e\r\x08"
    (tmp_path / "evil.txt").write_text(TEXT.replace(PROMO, f"{PROMO} {evil} end") + f"{evil}\n", encoding="utf-8")
    shown = cleaner("explain", tmp_path / "evil.txt").stdout
    assert "\\x1b]0;owned\\x07" in shown
    assert not set(shown) & set("\x1b\x07\x9b\u202e\r\x08")


def test_control_characters_of_a_document_are_escaped_in_json(tmp_path: Path) -> None:
    (tmp_path / "evil.txt").write_text(f"{TEXT}\x1b[2J \x9b31m \u202e end\n", encoding="utf-8")
    data = cleaner("explain", tmp_path / "evil.txt", "--format", "json").stdout
    assert not set(data) & set("\x1b\x9b\u202e")
    assert json.loads(data)["lines"][-1]["text"] == "\x1b[2J \x9b31m \u202e end"


def test_explain_of_what_is_no_document_exits_with_3(scrape: Path, tmp_path: Path) -> None:
    assert "not_a_document" in cleaner("explain", scrape / "picture.png", code=3).stdout
    data = json.loads(cleaner("explain", scrape / "picture.png", "--format", "json", code=3).stdout)
    assert data["rejected"]["reason"] == "not_a_document"
    assert "no-such-file" in cleaner("explain", tmp_path / "no-such-file", code=2).stderr
    assert "empty" in cleaner("explain", "-", stdin="", code=3).stdout


def test_explain_and_run_take_the_same_out(scrape: Path, run: Path) -> None:
    removed = {(row["source"], row["start"], row["end"], row["rule"]) for row in table(run, "removed").to_pylist()}
    shown = set()
    for line in cleaner("explain", scrape, "--format", "json", code=3).stdout.splitlines():
        data = json.loads(line)
        for removal in (one for shown_line in data.get("lines", ()) for one in shown_line["removals"]):
            shown.add((data["source"], removal["start"], removal["end"], removal["rule"]))
    assert removed
    assert shown == removed


# restore


def test_restore_gives_every_source_text_back(scrape: Path, run: Path, tmp_path: Path) -> None:
    done = cleaner("restore", run, "-o", tmp_path / "back")
    assert done.stdout == ""
    assert "5 texts restored" in done.stderr
    assert "1 rejected inputs had no text" in done.stderr
    for name in ("text.txt", "short.md"):
        assert (tmp_path / "back" / name).read_bytes() == (scrape / name).read_bytes()
    assert (tmp_path / "back" / "lines.jsonl#1.txt").read_text() == hostile.text(4)
    page = (tmp_path / "back" / "news" / "page.html.txt").read_text()
    assert page.splitlines() == ["HomeNews", "Story 3", *hostile.story(3), "All rights"]


def test_restore_refuses_a_folder_with_something_in_it(run: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    assert "not an empty folder" in cleaner("restore", run, "-o", tmp_path, code=2).stderr
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def altered(run: Path, tmp_path: Path, kind: str, column: str, change: Callable[[Any], Any]) -> Path:
    """A copy of a run in which one column of a part holds other values."""
    copy = tmp_path / "altered"
    shutil.copytree(run, copy)
    (path,) = part_files(copy, kind)
    whole = pq.read_table(path)
    place = whole.schema.get_field_index(column)
    field = whole.schema.field(place)
    values = [None if value is None else change(value) for value in whole[column].to_pylist()]
    pq.write_table(whole.set_column(place, field, pa.array(values, field.type)), path)
    return copy


@pytest.mark.parametrize(
    ("kind", "column", "change"),
    [
        ("clean", "text", lambda text: text.replace("Monday", "Sunday")),
        ("removed", "text", lambda text: text.replace("Harbour", "Border")),
        ("removed", "start", lambda start: start + 3),
        ("rejected", "text", lambda text: text + "."),
        ("removed", "reason", lambda reason: reason + "!"),
    ],
    ids=["clean text", "removed text", "removed start", "rejected text", "reason"],
)
def test_restore_reports_shards_that_were_altered(
    run: Path, tmp_path: Path, kind: str, column: str, change: Callable[[Any], Any]
) -> None:
    copy = altered(run, tmp_path, kind, column, change)
    done = cleaner("restore", copy, "-o", tmp_path / "back", code=1)
    assert "part 0: not as the run wrote it" in done.stderr
    if column != "reason":
        assert any(word in done.stderr for word in ("text.txt: hash", "page.html.txt: hash", "short.md: hash"))


def test_restore_reports_a_document_that_is_gone(run: Path, tmp_path: Path) -> None:
    copy = tmp_path / "altered"
    shutil.copytree(run, copy)
    (path,) = part_files(copy, "clean")
    pq.write_table(pq.read_table(path).slice(1), path)
    assert "WRONG" in cleaner("restore", copy, "-o", tmp_path / "back", code=1).stderr


def test_restore_names_a_part_that_cannot_be_read(run: Path, tmp_path: Path) -> None:
    copy = tmp_path / "altered"
    shutil.copytree(run, copy)
    (path,) = part_files(copy, "removed")
    path.write_bytes(path.read_bytes()[:100])
    assert "part 0 cannot be read" in cleaner("restore", copy, "-o", tmp_path / "back", code=2).stderr


def test_restore_of_what_is_no_run_exits_with_2(tmp_path: Path) -> None:
    assert "no run folder" in cleaner("restore", tmp_path, "-o", tmp_path / "back", code=2).stderr


def test_texts_whose_names_meet_or_are_too_long_are_all_restored(tmp_path: Path) -> None:
    scrape = tmp_path / "in"
    (scrape / "a.html.txt").mkdir(parents=True)
    (scrape / "a.html").write_text(hostile.page(1))
    (scrape / "a.html.txt" / "b.txt").write_text(hostile.text(2))
    (scrape / "c.html").write_text(hostile.page(3))
    (scrape / "c.html.txt").write_text(hostile.text(4))
    long = "é" * 120 + ".html"
    (scrape / long).write_text(hostile.page(5))
    cleaner("run", scrape, "-o", tmp_path / "out")
    assert "5 texts restored" in cleaner("restore", tmp_path / "out", "-o", tmp_path / "back").stderr
    back = [path.read_text() for path in (tmp_path / "back").rglob("*") if path.is_file()]
    for n in range(1, 6):
        assert sum(hostile.story(n)[0] in text for text in back) == 1


# audit levels


@pytest.mark.parametrize("audit", ["filters", "counts"])
def test_less_audit_keeps_the_books_and_restores_what_it_can(
    audit: str, scrape: Path, run: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    cleaner("run", scrape, "-o", out, "--audit", audit)
    assert check_books(out) == manifest(run)["books"]
    assert hashes(out)["clean/part-00000.parquet"] == hashes(run)["clean/part-00000.parquet"]
    kept = {row["filter"] for row in table(out, "removed").to_pylist() if row["text"] is not None}
    assert kept == ({"rules"} if audit == "filters" else set())
    done = cleaner("restore", out, "-o", tmp_path / "back", code=1)
    assert "page.html.txt: the text of" in done.stderr
    assert "see --audit" in done.stderr
    assert (tmp_path / "back" / "text.txt").exists() == (audit == "filters")
    assert (tmp_path / "back" / "lines.jsonl#1.txt").exists()


def test_the_package_itself_loads_next_to_nothing() -> None:
    """Until it is loaded nobody deals with Ctrl-C."""
    program = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import cleaner; print('typing' in sys.modules)"
    done = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


# what people do wrong


def test_a_run_that_leaves_nothing_says_why(tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text("a,b\n1,2\n")
    done = cleaner("run", "table.csv", "-o", "out", cwd=tmp_path)
    assert "nothing is clean; the first rejected is table.csv: neither HTML, text" in done.stderr
    assert "write records as JSON lines (.jsonl) or Parquet, not .csv; out/rejected has all of them" in done.stderr
    records = '{"body": "A story in a column of its own."}\n'
    done = cleaner("pipe", stdin=records, code=3)
    assert "the first rejected is stdin#1: the record has no html or text (fields: 'body'); see --map" in done.stderr
    assert "--rejected FILE keeps all of them" in done.stderr
    done = cleaner("pipe", "--rejected", tmp_path / "why.jsonl", stdin=records + "{\n", code=3)
    assert "why.jsonl has all of them" in done.stderr
    kept = (tmp_path / "why.jsonl").read_text().splitlines()
    assert [json.loads(line)["reason"] for line in kept] == ["no_text", "bad_json"]
    assert "nothing is clean" not in cleaner("pipe", stdin=json.dumps({"text": TEXT})).stderr
    assert "nothing is clean" not in cleaner("pipe", stdin="").stderr


def test_a_folder_without_documents_is_told(tmp_path: Path) -> None:
    assert "no documents found" in cleaner("explain", tmp_path).stderr
    assert "no documents found" in cleaner("run", tmp_path, "-o", tmp_path / "out").stderr


def test_a_run_folder_as_input_is_refused(run: Path, tmp_path: Path) -> None:
    for command in (["run", run, "-o", tmp_path / "new"], ["explain", run]):
        assert f"error: {run} is a folder that a run wrote; name the scrapes" in cleaner(*command, code=2).stderr
    assert not (tmp_path / "new").exists()
    cleaner("run", run / "clean", "-o", tmp_path / "new")
    assert "error: a path is empty" in cleaner("run", "", "-o", tmp_path / "other", code=2).stderr


def test_sizes_may_have_units(scrape: Path) -> None:
    cleaner("explain", scrape / "text.txt", "--max-bytes", "10GB")
    assert "'3x' is no size" in cleaner("explain", scrape / "text.txt", "--max-bytes", "3x", code=2).stderr


def test_a_language_that_is_no_code_is_refused() -> None:
    assert "'english' is no code of a language" in cleaner("rules", "list", "--language", "english", code=2).stderr


@pytest.mark.skipif(shutil.which("sh") is None, reason="needs a shell")
@pytest.mark.parametrize("command", ["rules list", "rules schema", "rules list --format json"])
def test_a_reader_that_has_seen_enough_is_no_failure(command: str, tmp_path: Path) -> None:
    script = f'{{ "$0" -m cleaner {command}; echo "code $?" >&2; }} | head -1'
    done = subprocess.run(["sh", "-c", script, sys.executable], capture_output=True, text=True, check=False, timeout=60)
    assert done.stderr == "code 0\n"
    assert len(done.stdout.splitlines()) == 1
