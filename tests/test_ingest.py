"""Bytes to records: encodings, listings, compressed files that break, records of every shape."""

from __future__ import annotations

import contextlib
import encodings.aliases
import gzip
import io
import json
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import hostile
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.document import find_surrogate
from cleaner.ingest.encoding import decode
from cleaner.ingest.files import Bytes, InputError, InputFile, check_inputs, list_files
from cleaner.ingest.parquet_sizes import columns, page_sizes
from cleaner.ingest.read import from_record, looks_like_html, read_inputs
from cleaner.ingest.record import Raw, ReadError
from cleaner.ingest.warc import Body, read_bodies
from cleaner.settings import Settings
from cleaner.shards.schemas import PARTS, RAW
from cleaner.surveys.make import survey
from cleaner.urls import PlaceError

SETTINGS = Settings()
LABELS = sorted({*encodings.aliases.aliases, *encodings.aliases.aliases.values()})
# Bytes that some encodings turn into lone surrogates, escapes and shifts.
TRAPS = (b"+2AA-", b"\\ud800", b"\xed\xa0\x80", b"~{", b"\x1b$B", b"\xff\xfe\x00\xd8", b"<meta charset=utf-7>")


def read(*inputs: Path, settings: Settings = SETTINGS) -> list[Raw]:
    return list(read_inputs(inputs, settings))


def outcomes(raws: Iterable[Raw]) -> list[tuple[str, str | None]]:
    return [(raw.source, raw.reason) for raw in raws]


# encodings

some_bytes = st.lists(st.binary(max_size=40) | st.sampled_from(TRAPS), max_size=6).map(b"".join)


@given(some_bytes, st.none() | st.text(max_size=20) | st.sampled_from(LABELS))
def test_any_bytes_become_text_or_a_read_error(data: bytes, declared: str | None) -> None:
    try:
        decoded = decode(data, declared)
    except ReadError as error:
        assert error.reason == "binary"
    else:
        assert find_surrogate(decoded.text) is None
        assert decoded.replaced <= decoded.text.count("\ufffd")


@given(st.binary(max_size=60), st.sampled_from(LABELS))
def test_any_page_that_names_any_charset_becomes_text_or_a_read_error(data: bytes, label: str) -> None:
    try:
        decoded = decode(b"<meta charset=" + label.encode() + b">" + data)
    except ReadError:
        return
    assert find_surrogate(decoded.text) is None


@given(st.text(st.characters(exclude_categories=["Cs", "Cc", "Cn", "Co"]), min_size=1))
def test_utf_8_is_read_as_it_is(text: str) -> None:
    assert decode(text.encode("utf-8-sig")).text == text
    if not text.startswith("\ufeff"):
        assert decode(text.encode()) == decode(text.encode(), "windows-1251")
        assert decode(text.encode()).text == text


RUSSIAN = hostile.text(1, "ru")


@pytest.mark.parametrize("encoding", ["utf-8", "cp1251", "koi8-r", "utf-16-le", "utf-16-be", "utf-16", "utf-32"])
def test_an_undeclared_encoding_is_found(encoding: str) -> None:
    decoded = decode(RUSSIAN.encode(encoding))
    assert decoded.text == RUSSIAN
    assert decoded.replaced == 0


@pytest.mark.parametrize("label", ["utf-8", "UTF-16", "x-nonsense", "rot13", "idna", "unicode_escape", "a\0b", ""])
def test_a_wrong_label_is_not_believed(label: str) -> None:
    assert decode(RUSSIAN.encode("cp1251"), label).text == RUSSIAN


@pytest.mark.parametrize("label", ["latin-1", "windows-1251", None])
def test_a_broken_byte_does_not_turn_utf_8_into_something_else(label: str | None) -> None:
    data = RUSSIAN.encode()
    for broken in (data[:301] + b"\xff" + data[302:], data[:-3], data + b"\xd0"):
        decoded = decode(broken, label)
        assert decoded.encoding == "utf-8"
        assert 1 <= decoded.replaced <= 3
        assert decoded.replaced == decoded.text.count("\ufffd")
        assert decoded.text[:100] == RUSSIAN[:100]


def test_letters_behind_a_long_ascii_head_decide() -> None:
    head = b"<html><head><script>" + b"var a = 1;\n" * 30_000 + b"</script></head><body>"
    assert decode(head + RUSSIAN.encode("cp1251")).text.endswith(RUSSIAN)


def test_the_web_means_windows_1252_when_it_says_latin_1() -> None:
    assert decode("“Îles” – 5 €".encode("cp1252") + b"<meta charset=iso-8859-1>").text.startswith("“Îles” – 5 €")


@pytest.mark.parametrize("text", ["BZhang met GIF8 makers. ", "Rar! he cried. ", "PK is short for it. "])
def test_text_that_begins_like_a_binary_file_is_text(text: str) -> None:
    assert decode((text * 9).encode()).text == text * 9


@pytest.mark.parametrize(
    "data",
    [
        hostile.noise(20_000),
        b"\xff\xfe" + hostile.noise(20_000),
        bytes(range(1, 32)) * 90,
        bytes(500),
        b"%PDF-1.7 text",
    ],
    ids=["noise", "noise behind a mark", "controls", "zeros", "PDF"],
)
def test_what_is_no_text_is_refused(data: bytes) -> None:
    with pytest.raises(ReadError, match="binary"):
        decode(data)


# what looks like a page


@pytest.mark.parametrize("head", ["<!-- -->" * 500, "<!--" * 1000, "<a " * 2000, " " * 4000, "<?xml " * 700])
def test_the_look_at_a_file_takes_no_time(head: str) -> None:
    start = time.perf_counter()
    looks_like_html(head + "text")
    assert time.perf_counter() - start < 0.5


@pytest.mark.parametrize(
    ("text", "html"),
    [
        ("<!DOCTYPE html><html>", True),
        ("\ufeff \n<HTML lang=en>", True),
        ("<!-- saved -->\n<!-- from -->\n<html>", True),
        ('<?xml version="1.0"?>\n<html xmlns="x">', True),
        ("<p>It was.</p>", True),
        ("<table><tr></table></body>", False),
        ("<center><body bgcolor=red>", True),
        ("<3 is a heart", False),
        ("He said <p> is a tag.", False),
        ("", False),
    ],
)
def test_a_page_is_known_by_its_beginning(text: str, html: bool) -> None:
    assert looks_like_html(text) == html


# listing


def tree(folder: Path) -> Path:
    for name in ("b.txt", "a/c.txt", "a/b/d.txt", ".hidden/e.txt", ".f.txt", "a.txt"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("text")
    return folder


def listed(*inputs: Path, exclude: Path | None = None) -> list[str]:
    return [found.source for found in list_files(inputs, exclude) if isinstance(found, InputFile)]


def test_records_have_the_fields_of_the_raw_schema_in_its_order() -> None:
    # a unit's fingerprint takes them as they stand
    assert (*RAW.names, "disk") == Raw._fields


def test_files_are_listed_in_the_order_of_their_names_without_the_hidden_ones(tmp_path: Path) -> None:
    assert listed(tree(tmp_path)) == ["a/b/d.txt", "a/c.txt", "a.txt", "b.txt"]
    assert listed(tmp_path, exclude=tmp_path / "a") == ["a.txt", "b.txt"]


def test_inputs_inside_one_another_are_listed_once(tmp_path: Path) -> None:
    tree(tmp_path)
    inputs = [tmp_path / "a" / "b", tmp_path, tmp_path / "a", tmp_path / "a" / "c.txt", tmp_path / "a" / ".." / "b.txt"]
    assert sorted(found.source for found in list_files(inputs)) == ["a.txt", "a/b/d.txt", "a/c.txt", "b.txt"]


def test_sources_of_several_inputs_are_told_apart(tmp_path: Path) -> None:
    tree(tmp_path)
    assert listed(tmp_path / "a" / "b", tmp_path / "a" / "c.txt") == ["b/d.txt", "c.txt"]


def test_a_link_that_leads_to_itself_hides_nothing_beside_it(tmp_path: Path) -> None:
    (tree(tmp_path) / "a" / "loop").symlink_to("loop")
    (tmp_path / "a" / "up").symlink_to("..")
    assert listed(tmp_path) == ["a/b/d.txt", "a/c.txt", "a.txt", "b.txt"]
    refused = {found.source: found.reason for found in list_files([tmp_path]) if isinstance(found, Raw)}
    assert refused == {"a/loop": "unreadable", "a/up": "link_loop"}


def test_a_link_to_a_directory_elsewhere_is_followed(tmp_path: Path) -> None:
    tree(tmp_path / "there")
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "link").symlink_to(tmp_path / "there")
    assert listed(tmp_path / "here") == ["link/a/b/d.txt", "link/a/c.txt", "link/a.txt", "link/b.txt"]


def test_links_to_folders_beside_them_are_no_errors_and_their_files_are_read_once(tmp_path: Path) -> None:
    tree(tmp_path)
    (tmp_path / "a" / "0").symlink_to(tmp_path / "z", target_is_directory=True)  # sorts before what it leads to
    (tmp_path / "z" / "y").mkdir(parents=True)
    (tmp_path / "z" / "x.txt").write_text("text")
    (tmp_path / "z" / "y" / "mutual").symlink_to("../../a")
    assert listed(tmp_path) == ["a/b/d.txt", "a/c.txt", "a.txt", "b.txt", "z/x.txt"]
    refused = {found.source: found.reason for found in list_files([tmp_path]) if isinstance(found, Raw)}
    assert refused == {"a/0": "listed_already", "z/y/mutual": "listed_already"}
    assert listed(tmp_path / "a", tmp_path / "z") == ["a/b/d.txt", "a/c.txt", "z/x.txt"]


def test_a_link_into_the_output_is_not_read(tmp_path: Path) -> None:
    tree(tmp_path / "in")
    (tmp_path / "out" / "clean").mkdir(parents=True)
    (tmp_path / "out" / "clean" / "text.txt").write_text("text")
    (tmp_path / "in" / "cleaned").symlink_to(tmp_path / "out" / "clean")
    assert "cleaned/text.txt" in listed(tmp_path / "in")
    found = list(list_files([tmp_path / "in"], exclude=tmp_path / "out"))
    assert all(isinstance(one, InputFile) and "cleaned" not in one.source for one in found)


def a_run(folder: Path, tells: str = "run.json") -> Path:
    for name in PARTS:
        (folder / name).mkdir(parents=True)
        (folder / name / "part-00000.parquet").write_bytes(b"PAR1")
    (folder / tells).write_text("{}")
    return folder


@pytest.mark.parametrize("tells", ["run.json", "journal.jsonl"])
def test_what_a_run_wrote_among_the_scrapes_is_told_and_not_read(tells: str, tmp_path: Path) -> None:
    tree(tmp_path)
    run = a_run(tmp_path / "a" / "out", tells)
    (told,) = [found for found in list_files([tmp_path]) if isinstance(found, Raw)]
    assert (told.source, told.reason) == ("a/out", "run_folder")
    assert listed(tmp_path) == ["a/b/d.txt", "a/c.txt", "a.txt", "b.txt"]
    assert [one.reason for one in list_files([tmp_path / "a", run]) if isinstance(one, Raw)] == ["run_folder"]
    assert not [found for found in list_files([tmp_path], exclude=run) if isinstance(found, Raw)]
    assert listed(run / "clean") == ["part-00000.parquet"]  # of which somebody wants the shards


def test_a_survey_among_the_scrapes_is_told_and_not_read(tmp_path: Path) -> None:
    tree(tmp_path)
    before = listed(tmp_path)
    survey([tmp_path], tmp_path / "a" / "seen", Settings(workers=1))
    (told,) = [found for found in list_files([tmp_path]) if isinstance(found, Raw)]
    assert (told.source, told.reason) == ("a/seen", "survey_folder")
    assert listed(tmp_path) == before
    with pytest.raises(InputError, match="seen is a survey; name the scrapes"):
        check_inputs([tmp_path / "a" / "seen"])


def test_a_run_is_no_input_of_another_one_but_its_shards_are(tmp_path: Path) -> None:
    run = a_run(tmp_path / "out")
    with pytest.raises(InputError, match=r"out is a folder that a run wrote; .* or .*/out/clean"):
        check_inputs([tmp_path / "out"])
    check_inputs([run / "clean", run], exclude=run)
    (tmp_path / "mine" / "clean").mkdir(parents=True)
    (tmp_path / "mine" / "run.json").write_text("{}")
    check_inputs([tmp_path / "mine"])  # a folder of somebody else's that only looks a little like one


def test_an_empty_path_is_not_the_working_directory() -> None:
    with pytest.raises(PlaceError, match="a path is empty"):
        check_inputs([""])


def test_an_input_that_is_not_there_is_named() -> None:
    with pytest.raises(InputError, match="no/such/folder"):
        check_inputs([Path("no/such/folder")])
    with pytest.raises(InputError, match="no input"):
        check_inputs([])


def test_a_file_that_goes_away_while_a_run_is_on_is_unreadable(tmp_path: Path) -> None:
    for name in ("a.txt", "b.txt", "c.txt"):
        (tmp_path / name).write_text(hostile.text(1))
    raws = read_inputs([tmp_path], SETTINGS)
    next(raws)
    (tmp_path / "b.txt").unlink()
    assert outcomes(raws) == [("b.txt", "unreadable"), ("c.txt", None)]


# compressed files


@pytest.mark.parametrize("size", [1, 20, 400, 20_000])
def test_all_that_comes_before_a_break_is_read(size: int, tmp_path: Path) -> None:
    lines = b"".join(b'{"text": "line %d of the file"}\n' % number for number in range(size))
    whole = gzip.compress(lines)
    for missing in (1, 8, 9, len(whole) // 2):
        (tmp_path / "cut.gz").write_bytes(whole[:-missing])
        got = io.BytesIO()
        with Bytes(str(tmp_path / "cut.gz")) as stream, pytest.raises(ReadError, match="truncated"):
            while piece := stream.read(1 << 16):
                got.write(piece)
        assert lines.startswith(got.getvalue())
        if missing <= 8:  # of the check sum alone
            assert got.getvalue() == lines
        elif size > 20:
            assert len(got.getvalue()) > len(lines) / 4


def test_a_break_has_the_number_of_the_line_it_falls_on(tmp_path: Path) -> None:
    (tmp_path / "cut.jsonl.gz").write_bytes(gzip.compress(b"\n" + hostile.record(1) + b"\n" + hostile.record(2))[:-3])
    assert outcomes(read(tmp_path)) == [
        ("cut.jsonl.gz#2", None),
        ("cut.jsonl.gz#4", None),
        ("cut.jsonl.gz#5", "truncated"),
    ]


# records


def record(**fields: object) -> Raw:
    return from_record(fields, "file#1", SETTINGS)


def test_a_record_without_id_has_its_place_for_one() -> None:
    assert record(text="a").id == "file#1"
    assert record(text="a", id="").id == "file#1"
    assert record(text="a", id=0).id == "0"
    assert record(text="a", id="b").source == "file#1"


def test_html_goes_before_text_and_blank_html_does_not() -> None:
    assert record(text="a", html="<p>b").html == "<p>b"
    assert record(text="a", html="<p>b").text is None
    assert record(text="<!DOCTYPE html><p>b").html == "<!DOCTYPE html><p>b"
    assert record(text="a", html="").text == "a"
    assert record(text="a", html=" \n").text == "a"


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({}, "no_text"),
        ({"text": ""}, "no_text"),
        ({"text": "  ", "html": None}, "no_text"),
        ({"text": 5}, "bad_record"),
        ({"text": True}, "bad_record"),
        ({"text": b"bytes"}, "bad_record"),
        ({"text": "a", "id": True}, "bad_record"),
        ({"text": "a", "title": {"en": "a"}}, "bad_record"),
        ({"text": "a", "author": ["b", 5]}, "bad_record"),
        ({"text": "\udc80"}, "bad_text"),
        ({"text": "a", "url": "\ud800"}, "bad_text"),
        ({"text": "a" * 20_000_001}, "too_large"),
        ({"\ud800" * 1000: "a"} | {str(number): 0 for number in range(5000)}, "no_text"),
    ],
)
def test_a_bad_record_is_refused_in_few_words(fields: dict[str, object], reason: str) -> None:
    with pytest.raises(ReadError) as caught:
        from_record(fields, "file#1", SETTINGS)
    assert caught.value.reason == reason
    assert find_surrogate(caught.value.detail) is None
    assert len(caught.value.detail) < 1500


@given(st.binary(max_size=200))
def test_any_line_gives_one_record_or_reason(line: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.jsonl"
        path.write_bytes(hostile.record(1) + line.replace(b"\n", b" ") + b"\n" + hostile.record(2))
        raws = read(path)
    assert [raws[0].source, raws[-1].source] == ["a.jsonl#1", "a.jsonl#3"]
    assert raws[0].reason is raws[-1].reason is None
    assert len(raws) == (3 if line.strip() else 2)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
    max_leaves=5,
)
names = st.sampled_from(["id", "text", "html", "title", "author", "date", "url", "language"]) | st.text(max_size=5)


@given(st.dictionaries(names, json_values, max_size=6))
def test_any_object_gives_a_record_that_can_be_written_or_a_reason(fields: dict[str, object]) -> None:
    fields = json.loads(json.dumps(fields))
    try:
        raw = from_record(fields, "file#1", SETTINGS)
    except ReadError as error:
        assert find_surrogate(error.detail) is None
        return
    for value in (raw.id, raw.text, raw.html, raw.title, raw.author, raw.date, raw.url, raw.language):
        assert value is None or find_surrogate(value) is None


# Parquet


def parquet(path: Path, **columns: object) -> list[Raw]:
    pq.write_table(pa.table(columns), path)
    return read(path)


def test_a_bad_value_costs_its_own_row_only(tmp_path: Path) -> None:
    dates = pa.array([0, 2**62, 1], pa.timestamp("us"))
    raws = parquet(tmp_path / "a.parquet", text=["a", "b", "c"], date=dates)
    assert outcomes(raws) == [("a.parquet#1", None), ("a.parquet#2", "bad_record"), ("a.parquet#3", None)]
    assert raws[0].date == "1970-01-01T00:00:00"
    zoned = parquet(tmp_path / "b.parquet", text=["a"], date=pa.array([0], pa.timestamp("us", "No/Where")))
    assert outcomes(zoned) == [("b.parquet#1", "bad_record")]


def test_a_string_that_is_no_utf_8_costs_its_own_row_only(tmp_path: Path) -> None:
    raw_bytes = pa.array([b"good one", b"\xff\xfe", b"good two"])
    text = pa.StringArray.from_buffers(3, *raw_bytes.buffers()[1:])
    raws = parquet(tmp_path / "a.parquet", text=text)
    assert outcomes(raws) == [("a.parquet#1", None), ("a.parquet#2", "bad_record"), ("a.parquet#3", None)]


def test_columns_of_every_string_type_are_read(tmp_path: Path) -> None:
    for number, kind in enumerate(
        (pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string()))
    ):
        raws = parquet(tmp_path / f"{number}.parquet", text=pa.array(["a"]).cast(kind), id=pa.array([7], pa.uint64()))
        assert [(raw.id, raw.text) for raw in raws] == [("7", "a")]


def test_rows_of_many_batches_are_numbered_through(tmp_path: Path) -> None:
    raws = parquet(tmp_path / "a.parquet", text=[f"text {number}" for number in range(500)])
    assert [raw.source for raw in raws] == [f"a.parquet#{number}" for number in range(1, 501)]
    assert raws[320].text == "text 320"


# WARC


def bodies(data: bytes, limit: int = 1_000_000) -> list[Body | ReadError]:
    return list(read_bodies(io.BufferedReader(io.BytesIO(data)), limit))  # type: ignore[arg-type]


@pytest.mark.parametrize("pack", [b"".join, lambda records: b"".join(map(gzip.compress, records))], ids=["", "gz"])
def test_an_archive_cut_anywhere_gives_whole_bodies_and_says_that_it_was_cut(pack: object, tmp_path: Path) -> None:
    records = hostile.warc_records(1)
    whole = pack(records)  # type: ignore[operator]
    ends = {len(pack(records[:number])) for number in range(len(records) + 1)}  # type: ignore[operator]
    path = tmp_path / "a.warc"
    path.write_bytes(whole)
    good = {raw.html for raw in read(path) if raw.html}
    assert len(good) == 5
    for end in range(2, len(whole), 97):
        path.write_bytes(whole[:end])
        raws = read(path)
        assert {raw.html for raw in raws if raw.html} <= good
        if not any(here - 4 <= end <= here for here in ends):
            assert raws[-1].reason in ("truncated", "corrupt")


def test_a_body_longer_than_its_header_says_is_not_taken_for_whole() -> None:
    page = hostile.page(1).encode()
    response = hostile.response("http://a.example/", page)
    short = response.replace(b"Content-Length: ", b"Content-Length: 1", 1).replace(b"Length: 1", b"Length: ", 1)
    assert isinstance(bodies(short)[0], Body)
    length = int(response.split(b"Content-Length: ")[1].split(b"\r\n")[0])
    short = response.replace(b"Content-Length: %d" % length, b"Content-Length: %d" % (length - 500), 1)
    with pytest.raises(ReadError, match="corrupt"):
        for body in read_bodies(io.BufferedReader(io.BytesIO(short)), 1_000_000):  # type: ignore[arg-type]
            assert isinstance(body, ReadError)
            raise body


@pytest.mark.parametrize("kind", ["text/css", "text/javascript", "text/dns", "application/json", "image/svg+xml"])
def test_only_pages_and_texts_are_documents(kind: str) -> None:
    (body,) = bodies(hostile.response("http://a.example/", b"body {}", f"Content-Type: {kind}"))
    assert isinstance(body, ReadError)
    assert body.reason == "not_a_document"


def test_a_bad_body_does_not_end_the_archive() -> None:
    page = hostile.page(1).encode()
    packed = bytearray(gzip.compress(page))
    packed[-5] ^= 1
    encoded = ("Content-Type: text/html", "Content-Encoding: gzip")
    found = bodies(
        hostile.response("http://a.example/1", bytes(packed), *encoded)
        + hostile.response("http://a.example/2", gzip.compress(bytes(2_000_000)), *encoded)
        + hostile.response("http://a.example/3", bytes(1_500_000), "Content-Type: text/html")
        + hostile.response("http://a.example/4", gzip.compress(page), *encoded)
    )
    assert [body.reason if isinstance(body, ReadError) else body.data for body in found] == [
        "corrupt",
        "too_large",
        "too_large",
        page,
    ]


def test_the_charset_of_the_transport_is_used(tmp_path: Path) -> None:
    body = hostile.page(1, "ru").encode("koi8-r")
    path = tmp_path / "a.warc"
    path.write_bytes(hostile.response("http://a.example/", body, "Content-Type: text/html; Charset='koi8-r'"))
    (raw,) = read(path)
    assert raw.encoding == "koi8-r"
    assert raw.html == hostile.page(1, "ru")


@pytest.mark.parametrize(
    "record",
    [
        hostile.warc_record("response", None, b"HTTP/1.1 200 OK\r\n\r\n<p>"),
        hostile.warc_record("response", "http://a.example/", b"nothing like HTTP"),
        hostile.warc_record("response", "http://a.example/", b""),
        hostile.warc_record("response", "dns:a.example", b"1.2.3.4", "text/dns"),
        b"WARC/1.0\r\nWARC-Type: response\r\n\r\n<p>",
        b"WARC/1.0\r\nWARC-Type: response\r\nContent-Length: -5\r\n\r\n<p>",
        b"WARC/1.0\r\n\r\n",
    ],
)
def test_a_record_that_is_none_is_refused_and_nothing_breaks(record: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.warc"
    path.write_bytes(record)
    for raw in read(path):
        assert raw.reason is not None or raw.url is None


def test_arc_the_older_format_is_read(tmp_path: Path) -> None:
    page = hostile.page(1).encode()
    http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + page
    about = b"1 0 None\nURL IP-address Archive-date Content-type Archive-length\n"
    path = tmp_path / "a.arc.gz"
    path.write_bytes(
        gzip.compress(b"filedesc://a.arc 0.0.0.0 20200101000000 text/plain %d\n%s\n" % (len(about), about))
        + gzip.compress(b"http://a.example/1 1.2.3.4 20200101000000 text/html %d\n%s\n" % (len(http), http))
    )
    (raw,) = read(path)
    assert (raw.source, raw.url, raw.html) == ("a.arc.gz#1", "http://a.example/1", page.decode())


# Parquet files whose footer lies


def varint(number: int) -> bytes:
    """A whole number as footers have it."""
    number, written = 2 * number, b""
    while number >= 0x80:
        written, number = written + bytes([number & 0x7F | 0x80]), number >> 7
    return written + bytes([number])


@pytest.mark.parametrize(
    "options", [{}, {"compression": "zstd", "data_page_version": "2.0"}, {"use_dictionary": False}]
)
def test_pages_tell_the_sizes_that_an_honest_footer_tells(options: dict[str, Any]) -> None:
    file = io.BytesIO()
    texts = ["word " * (place % 977) + str(place) for place in range(5000)]
    data = pa.table({"text": texts, "lists": [["a"] * (place % 3) for place in range(5000)], "none": pa.nulls(5000)})
    pq.write_table(data, file, row_group_size=2000, data_page_size=20_000, **options)
    metadata = pq.ParquetFile(file).metadata
    for group in range(metadata.num_row_groups):
        for place in range(metadata.num_columns):
            column = metadata.row_group(group).column(place)
            start = min(one for one in (column.dictionary_page_offset, column.data_page_offset) if one)
            pages = list(page_sizes(file, start, start + column.total_compressed_size))
            unpacked, packed = (sum(sizes) for sizes in zip(*pages, strict=True))
            # footers count the heads as well, which may hold two whole values
            assert unpacked <= column.total_uncompressed_size < unpacked + 12_000 * len(pages)
            assert packed <= column.total_compressed_size < packed + 12_000 * len(pages)


@pytest.mark.parametrize("options", [{}, {"compression": "none"}, {"use_dictionary": False, "store_schema": False}])
def test_columns_of_a_footer_are_those_that_pyarrow_tells(options: dict[str, Any]) -> None:
    file = io.BytesIO()
    lists = [[{"a": "x" * place, "b": [None, b"y"]}] for place in range(90)]
    data = pa.table({"text": ["ä" * place for place in range(90)], "lists": lists, "of.dots": [1.5] * 90})
    pq.write_table(data, file, row_group_size=40, **options)
    metadata = pq.ParquetFile(file).metadata
    known = [metadata.row_group(group).column(place) for group in range(3) for place in range(metadata.num_columns)]
    found = list(columns(file, file.seek(0, io.SEEK_END)))
    assert [(one.path, one.values, one.unpacked, one.packed) for one in found] == [
        (one.path_in_schema, one.num_values, one.total_uncompressed_size, one.total_compressed_size) for one in known
    ]
    assert [one.start for one in found] == [one.dictionary_page_offset or one.data_page_offset for one in known]
    assert [one.group for one in found] == [group for group in range(3) for _ in range(metadata.num_columns)]


@given(st.binary(max_size=200))
def test_a_footer_is_read_or_refused_whatever_the_bytes_are(data: bytes) -> None:
    written = b"PAR1" + data + len(data).to_bytes(4, "little") + b"PAR1"
    with contextlib.suppress(ValueError):
        for column in columns(io.BytesIO(written), len(written)):
            assert -(2**63) <= column.start < 2**63


def test_a_number_in_a_footer_has_64_bits_however_it_is_written() -> None:
    chunk = b"\x49\x1c\x19\x1c\x3c\x39\x18\x04text\x26\x02\x16\x02\x16\x02\x26" + b"\xff" * 9 + b"\x7f" + bytes(4)
    written = b"PAR1" + chunk + len(chunk).to_bytes(4, "little") + b"PAR1"
    (column,) = columns(io.BytesIO(written), len(written))
    assert (column.path, column.values, column.start) == ("text", 1, -(2**63))


def test_a_footer_that_would_take_half_a_minute_is_refused() -> None:
    with pytest.raises(ReadError, match="too_large: the file has a footer of 99,999,999 bytes"):
        next(columns(io.BytesIO(b"PAR1" + (99_999_999).to_bytes(4, "little") + b"PAR1"), 12))


@given(st.binary(max_size=60), st.integers(0, 60), st.integers(0, 80))
def test_sizes_of_pages_end_whatever_the_bytes_are(data: bytes, start: int, end: int) -> None:
    for unpacked, packed in page_sizes(io.BytesIO(data), start, end):
        assert packed >= 0
        assert isinstance(unpacked, int)


def test_a_bomb_whose_footer_says_that_it_is_none_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "bomb.parquet"
    texts = pa.table({"text": ["x" * 60_000_000]})
    pq.write_table(texts, path, compression="zstd", use_dictionary=False, write_statistics=False)
    told = pq.ParquetFile(path).metadata.row_group(0).column(0).total_uncompressed_size
    lie = path.read_bytes().replace(varint(told), varint(1_100_000))
    assert len(lie) == path.stat().st_size
    path.write_bytes(lie)
    assert pq.ParquetFile(path).metadata.row_group(0).column(0).total_uncompressed_size == 1_100_000
    (refused,) = read(path, settings=Settings(max_bytes=100_000_000))
    assert (refused.reason, "decompression bomb" in (refused.detail or "")) == ("too_large", True)


def test_a_footer_that_tells_of_bytes_that_are_not_there_takes_no_memory_for_them(tmp_path: Path) -> None:
    path = tmp_path / "huge.parquet"
    pq.write_table(pa.table({"text": [hostile.text(1)] * 2000}), path, use_dictionary=False, compression="zstd")
    column = pq.ParquetFile(path).metadata.row_group(0).column(0)
    data = path.read_bytes()
    for told, lie in (("total_uncompressed_size", 2_000_000_000_000), ("total_compressed_size", 1_900_000_000_000)):
        assert varint(getattr(column, told)) in data
        data = data.replace(varint(getattr(column, told)), varint(lie))
    footer = data.rindex(b"PAR1") - 4
    grown = len(data) - path.stat().st_size + int.from_bytes(path.read_bytes()[-8:-4], "little")
    path.write_bytes(data[:footer] + grown.to_bytes(4, "little") + b"PAR1")
    assert pq.ParquetFile(path).metadata.row_group(0).column(0).total_compressed_size == 1_900_000_000_000
    (refused,) = read(path)
    assert (refused.reason, "decompression bomb" in (refused.detail or "")) == ("too_large", True)
