"""Files to raw records: what a file is, is decided by its content first and its name second.

Every file below the inputs gives at least one `Raw`: a document, or the reason why it is none.
"""

from __future__ import annotations

import io
import json
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import IO, Any

from cleaner.document import find_surrogate
from cleaner.extensions import Format, plugin_formats
from cleaner.ingest.encoding import Decoded, decode
from cleaner.ingest.files import (
    FREE_BYTES,
    MAX_RATIO,
    SUFFIXES,
    Bytes,
    InputError,
    InputFile,
    iter_lines,
    list_files,
    no_fault_of_the_input,
    read_all,
)
from cleaner.ingest.parquet_sizes import Column, columns, page_sizes
from cleaner.ingest.record import Raw, ReadError
from cleaner.ingest.warc import read_bodies
from cleaner.settings import FIELDS, Settings
from cleaner.urls import UrlFile, is_url

HTML_NAMES = (".html", ".htm", ".xhtml", ".shtml", ".php", ".asp", ".aspx")
TEXT_NAMES = (".txt", ".md", ".text")
LINE_NAMES = (".jsonl", ".ndjson")
# Not read: memory for the one is not bounded, and the others have no names for their fields that all agree on.
RECORD_NAMES = (".json", ".csv", ".tsv")
WARC_NAMES = (".warc", ".arc")
PARQUET_NAMES = (".parquet", ".pq")

_HTML_START = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--(?>.*?-->)\s*)*+<(?:!doctype\s+html|html|head|body|article|div|p|h1|meta)\b",
    re.IGNORECASE | re.DOTALL,
)
_HTML_ANYWHERE = re.compile(r"<(?:html|body|head)[\s>]", re.IGNORECASE)
_TAG = re.compile(r"<[a-zA-Z!/][^<>]{0,2000}>")
HEAD = 4096
# Of a Parquet file: rows and bytes that are read at a time.  A page has at least so many rows (Arrow looks at its size
# after each thousand), and is in memory as a whole, two to three times.
ROWS, ROWS_BYTES = 64, 64_000_000
PAGE_ROWS, PAGE_BYTES = 1024, 600_000_000
# Columns of text compress to a third, of pages to a tenth.
USUAL_RATIO = 20


def read_inputs(
    inputs: Sequence[Path | str],
    settings: Settings,
    exclude: Path | str | None = None,
) -> Iterator[Raw]:
    """All records of all inputs in a stable order; ``-`` stands for JSONL on standard input."""
    paths = [path for path in inputs if str(path) != "-"]
    if len(paths) < len(inputs):
        yield from _lines(_stdin(), "stdin", settings)
    if not paths:
        return
    for found in list_files(paths, exclude):
        if isinstance(found, Raw):
            yield found
            continue
        done = 0
        for raw, position in read_file(found, settings):
            yield raw._replace(disk=position - done)
            done = position


def read_one(file: str, settings: Settings) -> Iterator[Raw]:
    """The records of one file, or, for ``-``, the one text or page on standard input."""
    if file == "-":
        try:
            yield _content("stdin", decode(read_all(_stdin(), settings.max_bytes)), page=False)
        except ReadError as error:
            yield _failed("stdin", error.reason, error.detail)
        return
    for found in list_files([Path(file)]):
        if isinstance(found, Raw):
            yield found
        else:
            yield from (raw for raw, _ in read_file(found, settings))


def _stdin() -> io.BufferedReader[Any]:
    if sys.stdin is None:  # closed by the caller, as by `cleaner run - <&-`
        raise InputError("standard input is closed")
    return sys.stdin.buffer  # type: ignore[return-value]


def read_file(file: InputFile, settings: Settings) -> Iterator[tuple[Raw, int]]:
    """The records of one file, each with the position on disk after it.  Never raises for bad content."""
    if file.size == 0:
        yield _failed(file.source, "empty", "the file is empty"), 0
        return
    count = 0
    try:
        with Bytes(file.path) as raw_bytes:
            stream = io.BufferedReader(raw_bytes, 1 << 16)
            for raw in _records(stream, file, settings):
                count += 1
                yield raw, raw_bytes.raw_position
    except ReadError as error:
        yield _break(file.source, count, error), file.size


def _break(source: str, count: int, error: ReadError) -> Raw:
    """Where the reading of a file ends: what came before is good, the break itself is a record of its own."""
    return _failed(f"{source}#{count + 1}" if count else source, error.reason, error.detail)


def _records(stream: io.BufferedReader[Any], file: InputFile, settings: Settings) -> Iterator[Raw]:
    head = stream.peek(HEAD)[:HEAD]
    name = file.path.lower()
    for suffix in SUFFIXES:
        name = name.removesuffix(suffix)
    formats = plugin_formats(settings.plugins)
    if head.startswith(b"PAR1"):
        if stream.raw.compressed:
            # Parquet is read from its end: the bytes go to a temporary file first (bombs are stopped by the stream).
            with tempfile.TemporaryFile() as unpacked:
                shutil.copyfileobj(stream, unpacked)
                unpacked.seek(0)
                yield from _parquet(unpacked, file.source, settings)
        else:
            yield from _parquet(UrlFile(file.path) if is_url(file.path) else file.path, file.source, settings)
    elif head.startswith(b"WARC/") or name.endswith(WARC_NAMES):
        yield from _warc(stream, file.source, settings)
    elif reader := next((one for one in formats if name.endswith(one.suffixes)), None):
        yield from _by_plugin(reader, stream, file.source, settings)
    elif name.endswith(LINE_NAMES):
        yield from _lines(stream, file.source, settings)
    elif name.endswith(PARQUET_NAMES):
        raise ReadError("corrupt", "no Parquet file: the magic bytes PAR1 are missing")
    else:
        yield _single(stream, file, name, settings)


def _single(stream: io.BufferedReader[Any], file: InputFile, name: str, settings: Settings) -> Raw:
    known = name.endswith(HTML_NAMES + TEXT_NAMES)
    if known and file.size > settings.max_bytes and not file.path.lower().endswith(SUFFIXES):
        raise ReadError("too_large", f"{file.size:,} bytes, more than {settings.max_bytes:,} (see --max-bytes)")
    if not known and not _HTML_START.match(stream.peek(HEAD)[:HEAD].decode("latin-1")):
        suffix = Path(name).suffix
        hint = f"; write records as JSON lines (.jsonl) or Parquet, not {suffix}" if suffix in RECORD_NAMES else ""
        raise ReadError(
            "not_a_document", f"neither HTML, text, JSONL, Parquet nor WARC by name or content: {suffix!r}{hint}"
        )
    data = read_all(stream, settings.max_bytes)
    if not data:
        raise ReadError("empty", "the file is empty")
    return _content(file.source, decode(data), page=name.endswith(HTML_NAMES))


def _content(source: str, decoded: Decoded, page: bool, **known: str | None) -> Raw:
    """A record of a decoded file: HTML where the content is (or the name says so and there is markup at all)."""
    text = decoded.text
    if not text.strip():
        raise ReadError("empty", "nothing but white space")
    is_html = looks_like_html(text) or (page and _TAG.search(text) is not None)
    content = {"html": text} if is_html else {"text": text}
    return Raw(id=source, source=source, encoding=decoded.encoding, replaced=decoded.replaced, **content, **known)  # type: ignore[arg-type]


def looks_like_html(text: str) -> bool:
    """True when a text begins as an HTML page does.

    >>> looks_like_html("<!DOCTYPE html><html>"), looks_like_html("5 < 7, said the <b>minister</b>")
    (True, False)
    """
    head = text[:HEAD].lstrip("\ufeff")
    return _HTML_START.match(head) is not None or (
        head.lstrip().startswith("<") and _HTML_ANYWHERE.search(head) is not None
    )


def _lines(stream: io.BufferedReader[Any], source: str, settings: Settings) -> Iterator[Raw]:
    limit = 2 * settings.max_bytes
    number = 0
    try:
        for number, line in iter_lines(stream, limit):
            place = f"{source}#{number}"
            if line is None:
                yield _failed(place, "too_large", f"line {number} has more than {limit:,} bytes")
            elif line.strip():
                yield read_line(line, number, place, settings)[1]
    except ReadError as error:
        yield _break(source, number, error)


def read_line(line: bytes, number: int, place: str, settings: Settings) -> tuple[dict[str, object], Raw]:
    """The JSON object of a line, empty where there is none, and the record that it makes."""
    try:
        decoded = decode(line)
        record = json.loads(decoded.text)
        if not isinstance(record, dict):
            raise ReadError("bad_record", f"line {number} is a JSON {type(record).__name__}, not an object")
        return record, from_record(record, place, settings, decoded.encoding, decoded.replaced)
    except ReadError as error:
        return {}, _failed(place, error.reason, error.detail)
    except (ValueError, RecursionError) as error:
        return {}, _failed(place, "bad_json", f"line {number}: {error}")


def from_record(
    record: Mapping[str, object], place: str, settings: Settings, encoding: str | None = None, replaced: int = 0
) -> Raw:
    """A raw record from named fields.  Raises `ReadError` when it has no text, or a field of the wrong type."""
    values: dict[str, str | None] = {}
    for name in FIELDS:
        value = record.get(settings.columns.get(name, name))
        if value is None or value == "":
            values[name] = None
        elif isinstance(value, str):
            position = find_surrogate(value)
            if position is not None:
                raise ReadError("bad_text", f"{name}: lone surrogate at character {position}, which is no text")
            values[name] = value
        elif isinstance(value, date):
            values[name] = value.isoformat()
        elif isinstance(value, int | float) and not isinstance(value, bool) and name not in ("html", "text"):
            values[name] = str(value)
        elif isinstance(value, list) and name == "author" and all(isinstance(one, str) for one in value):
            values[name] = "; ".join(value)
        else:
            raise ReadError("bad_record", f"{name}: expected a string, got {type(value).__name__}")
    text, html = values.pop("text"), values.pop("html")
    if not (text or "").strip() and not (html or "").strip():
        columns = " or ".join(settings.columns.get(name, name) for name in ("html", "text"))
        # ascii: a name may hold what cannot be written as UTF-8
        fields = ", ".join(ascii(name)[:40] for name in list(record)[:20])
        raise ReadError("no_text", f"the record has no {columns} (fields: {fields or 'none'}); see --map")
    if html is not None and html.strip():
        text = None
    elif text is not None and looks_like_html(text):
        text, html = None, text
    else:
        html = None
    for name, content in (("html", html), ("text", text)):
        if content is not None and len(content) > settings.max_bytes:
            raise ReadError("too_large", f"{name} has {len(content):,} characters, more than {settings.max_bytes:,}")
    identity = values.pop("id") or place
    return Raw(id=identity, source=place, html=html, text=text, encoding=encoding, replaced=replaced, **values)  # type: ignore[arg-type]


def _parquet(file: str | IO[bytes] | UrlFile, source: str, settings: Settings) -> Iterator[Raw]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    try:
        with pq.ParquetFile(file, memory_map=False) as parquet:
            present = _present(parquet.schema_arrow.names, settings)
            rows = _rows_at_once(file, present)
            batches = parquet.iter_batches(batch_size=rows, columns=present)
            for raw in read_rows(batches, source, settings):
                number += 1
                yield raw
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        if isinstance(error, OSError):
            no_fault_of_the_input(error, source)
        raise ReadError("corrupt", f"cannot read the Parquet file after record {number}: {error}") from error


def _rows_at_once(file: str | IO[bytes] | UrlFile, names: Sequence[str]) -> int:
    """Rows of a Parquet file to read at a time: fewer where they are large, or may be for what the footer says.

    Raises `ReadError` with reason ``too_large`` for a file that cannot be read in bounded memory, whatever its footer
    says; of a file at a URL the footer is believed, but for the bytes that it would take.
    """
    rows = ROWS
    with open(file, "rb") if isinstance(file, str) else nullcontext(file) as stream:
        size = stream.seek(0, io.SEEK_END)
        try:
            for column in columns(stream, size):
                if column.path.split(".")[0] in names:
                    rows = min(rows, _rows_of(stream, size, column))
        except ValueError as error:
            raise ReadError("corrupt", f"cannot read the footer of the Parquet file: {error}") from error
        if not isinstance(file, str):
            stream.seek(0)
    return rows


def _rows_of(stream: Any, size: int, column: Column) -> int:
    """Rows of a column to read at a time.  Raises `ReadError`."""
    where = f"column {column.path!r} of row group {column.group + 1}"
    start, packed, unpacked = column.start, min(column.packed, size - column.start), column.unpacked
    if not isinstance(stream, UrlFile):  # each look at which would be a request
        seen = 0
        for page, _ in page_sizes(stream, start, start + packed):
            seen += page
            if page > PAGE_BYTES:
                raise ReadError("too_large", f"{where} has a page of {page:,} bytes; write it with smaller pages")
        unpacked = max(unpacked, seen)
    if unpacked > FREE_BYTES + MAX_RATIO * packed:
        detail = f"{where} decompresses to over {MAX_RATIO} times its size: a decompression bomb"
        raise ReadError("too_large", detail)
    mean = unpacked / max(column.values, 1)
    if mean * min(column.values, PAGE_ROWS) > PAGE_BYTES:
        detail = f"{where} has pages of up to {mean * PAGE_ROWS:,.0f} bytes; write it with smaller row groups"
        raise ReadError("too_large", detail)
    # a value of a dictionary, stored once, may stand in every row
    largest = unpacked if unpacked > USUAL_RATIO * packed else mean
    return min(ROWS, max(1, int(ROWS_BYTES / max(largest, 1))))


def read_rows(batches: Iterable[Any], source: str, settings: Settings) -> Iterator[Raw]:
    """The rows of Arrow record batches as records, ``source#1`` the first.  Never raises for what is in a row."""
    number = 0
    for batch in batches:
        known = batch.select(_present(batch.schema.names, settings))
        for row in range(batch.num_rows):
            number += 1
            place = f"{source}#{number}"
            try:
                yield from_record(_row(known, row), place, settings)
            except ReadError as error:
                yield _failed(place, error.reason, error.detail)


def _present(names: Sequence[str], settings: Settings) -> list[str]:
    """Those of some columns that hold a field."""
    wanted = {settings.columns.get(name, name) for name in FIELDS}
    return [name for name in names if name in wanted]


def _row(batch: Any, row: int) -> dict[str, object]:
    """One row as plain values.  Raises `ReadError` for a value that has no plain form."""
    import pyarrow as pa

    record: dict[str, object] = {}
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        try:
            value = column[row]
            if pa.types.is_timestamp(column.type) and column.type.unit == "ns":  # finer than Python's dates
                value = value.cast(pa.timestamp("us", column.type.tz), safe=False)
            record[name] = value.as_py()
        except Exception as error:  # a year past 9999, an unknown time zone, bytes that are no UTF-8
            raise ReadError("bad_record", f"{name}: the value cannot be read: {error}") from error
    return record


def _by_plugin(reader: Format, stream: IO[bytes], source: str, settings: Settings) -> Iterator[Raw]:
    plain = replace(settings, columns={})  # the names of the fields are the plug-in's own
    records = iter(reader.read(stream))
    number = 0
    while True:
        try:
            record = next(records)
        except StopIteration:
            return
        except ReadError:
            raise
        except Exception as error:
            raise ReadError("corrupt", f"{type(reader).__name__}: {type(error).__name__}: {error}"[:1000]) from error
        number += 1
        place = f"{source}#{number}"
        try:
            if not isinstance(record, Mapping):
                raise ReadError("bad_record", f"{type(reader).__name__} gave a {type(record).__name__}, not a mapping")
            yield from_record(record, place, plain)
        except ReadError as error:
            yield _failed(place, error.reason, error.detail)


def _warc(stream: io.BufferedReader[Any], source: str, settings: Settings) -> Iterator[Raw]:
    for number, body in enumerate(read_bodies(stream, settings.max_bytes), 1):
        place = f"{source}#{number}"
        try:
            if isinstance(body, ReadError):
                raise body
            # WARC-Date is not taken: it is the date of the crawl, not of the article.
            yield _content(place, decode(body.data, body.charset), page="html" in body.kind, url=body.url)
        except ReadError as error:
            yield _failed(place, error.reason, error.detail)


def _failed(source: str, reason: str, detail: str) -> Raw:
    return Raw(id=source, source=source, reason=reason, detail=detail)
