"""Files to raw records: what a file is, is decided by its content first and its name second.

Every file below the inputs gives at least one `Raw`: a document, or the reason why it is none.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from cleaner.document import find_surrogate
from cleaner.ingest.encoding import Decoded, decode
from cleaner.ingest.files import SUFFIXES, Bytes, InputFile, iter_lines, list_files, printable, read_all
from cleaner.ingest.record import Raw, ReadError
from cleaner.settings import FIELDS, Settings

HTML_NAMES = (".html", ".htm", ".xhtml", ".shtml", ".php", ".asp", ".aspx")
TEXT_NAMES = (".txt", ".md", ".text")
LINE_NAMES = (".jsonl", ".ndjson")
WARC_NAMES = (".warc", ".arc")
PARQUET_NAMES = (".parquet", ".pq")

_HTML_START = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head|body|article|div|p|h1|meta)\b",
    re.IGNORECASE | re.DOTALL,
)
_HTML_ANYWHERE = re.compile(r"<(?:html|body|head)[\s>]", re.IGNORECASE)
_TAG = re.compile(r"<[a-zA-Z!/][^>]{0,2000}>")
HEAD = 4096


def read_inputs(
    inputs: Sequence[Path],
    settings: Settings,
    exclude: Path | None = None,
    progress: Callable[[int], object] = lambda size: None,
) -> Iterator[Raw]:
    """All records of all inputs in a stable order; ``-`` stands for JSONL on standard input.

    ``progress`` is told the bytes on disk that have been dealt with.  Raises `files.InputError` when an input is not
    there.
    """
    paths = [path for path in inputs if str(path) != "-"]
    if len(paths) < len(inputs):
        import sys

        yield from _lines(sys.stdin.buffer, "stdin", settings)  # type: ignore[arg-type]
    if not paths:
        return
    for found in list_files(paths, exclude):
        if isinstance(found, Raw):
            yield found
            continue
        done = 0
        for raw, position in read_file(found, settings):
            if position > done:
                progress(position - done)
                done = position
            yield raw
        progress(found.size - done)


def read_one(file: str, settings: Settings) -> Iterator[Raw]:
    """The records of one file, or, for ``-``, the one text or page on standard input."""
    if file == "-":
        import sys

        try:
            yield _content("stdin", decode(read_all(sys.stdin.buffer, settings.max_bytes)), page=False)
        except ReadError as error:
            yield _failed("stdin", error.reason, error.detail)
        return
    for found in list_files([Path(file)]):
        if isinstance(found, Raw):
            yield found
        else:
            yield from (raw for raw, _ in read_file(found, settings))


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
        # What came before the break is good; the break itself is a record of its own.
        source = f"{file.source}#{count + 1}" if count else file.source
        yield _failed(source, error.reason, error.detail), file.size


def _records(stream: io.BufferedReader[Any], file: InputFile, settings: Settings) -> Iterator[Raw]:
    head = stream.peek(HEAD)[:HEAD]
    name = file.path.lower()
    for suffix in SUFFIXES:
        name = name.removesuffix(suffix)
    if head.startswith(b"PAR1"):
        yield from _parquet(file, settings)
    elif head.startswith(b"WARC/") or name.endswith(WARC_NAMES):
        yield from _warc(stream, file.source, settings)
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
        raise ReadError(
            "not_a_document",
            f"neither HTML, text, JSONL, Parquet nor WARC by name or content: {Path(file.path).suffix!r}",
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
    return Raw(id=source, source=source, encoding=decoded.encoding, replaced=decoded.replaced, **content, **known)


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
    for number, line in iter_lines(stream, 2 * settings.max_bytes):
        place = f"{source}#{number}"
        if line is None:
            yield _failed(place, "too_large", f"line {number} has more than {2 * settings.max_bytes:,} bytes")
            continue
        if not line.strip():
            continue
        try:
            decoded = decode(line)
            record = json.loads(decoded.text)
            if not isinstance(record, dict):
                raise ReadError("bad_record", f"line {number} is a JSON {type(record).__name__}, not an object")
            yield from_record(record, place, settings, decoded.encoding, decoded.replaced)
        except ReadError as error:
            yield _failed(place, error.reason, error.detail)
        except (ValueError, RecursionError) as error:
            yield _failed(place, "bad_json", f"line {number}: {error}")


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
        raise ReadError("no_text", f"the record has no {columns} (fields: {', '.join(map(str, record)) or 'none'})")
    if html is None and text is not None and looks_like_html(text):
        text, html = None, text
    if html is not None:
        text = None
    for name, content in (("html", html), ("text", text)):
        if content is not None and len(content) > settings.max_bytes:
            raise ReadError("too_large", f"{name} has {len(content):,} characters, more than {settings.max_bytes:,}")
    identity = values.pop("id") or place
    return Raw(id=identity, source=place, html=html, text=text, encoding=encoding, replaced=replaced, **values)


def _parquet(file: InputFile, settings: Settings) -> Iterator[Raw]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    number = 0
    try:
        with pq.ParquetFile(file.path, memory_map=False) as parquet:
            wanted = {settings.columns.get(name, name) for name in FIELDS}
            present = [name for name in parquet.schema_arrow.names if name in wanted]
            for batch in parquet.iter_batches(batch_size=64, columns=present):
                for record in batch.to_pylist():
                    number += 1
                    place = f"{file.source}#{number}"
                    try:
                        yield from_record(record, place, settings)
                    except ReadError as error:
                        yield _failed(place, error.reason, error.detail)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise ReadError("corrupt", f"cannot read the Parquet file after record {number}: {error}") from error


def _warc(stream: io.BufferedReader[Any], source: str, settings: Settings) -> Iterator[Raw]:
    from warcio.archiveiterator import ArchiveIterator
    from warcio.exceptions import ArchiveLoadFailed

    number = 0
    try:
        for record in ArchiveIterator(stream):
            if record.rec_type not in ("response", "resource", "conversion"):
                continue
            number += 1
            place = f"{source}#{number}"
            try:
                yield _warc_record(record, place, settings)
            except ReadError as error:
                if error.reason in ("truncated", "corrupt"):
                    raise
                yield _failed(place, error.reason, error.detail)
    except ArchiveLoadFailed as error:
        raise ReadError("corrupt", f"not a WARC record after record {number}: {error}") from error


def _warc_record(record: object, place: str, settings: Settings) -> Raw:
    headers = record.rec_headers  # type: ignore[attr-defined]
    http = record.http_headers  # type: ignore[attr-defined]
    url = headers.get_header("WARC-Target-URI")
    kind = (http.get_header("Content-Type") if http else headers.get_header("Content-Type")) or ""
    status = http.get_statuscode() if http else "200"
    if status != "200":
        raise ReadError("not_a_document", f"HTTP status {status} for {url}")
    if kind and not re.match(r"\s*(text/|application/xhtml)", kind, re.IGNORECASE):
        raise ReadError("not_a_document", f"content type {kind!r} for {url}")
    declared_length = headers.get_header("Content-Length") or ""
    try:
        data = read_all(record.content_stream(), settings.max_bytes)  # type: ignore[attr-defined]
    except ReadError:
        raise
    except Exception as error:  # the library lets errors of several decompressors through
        raise ReadError("corrupt", f"cannot decode the record's body: {error}") from error
    if not data.strip():
        raise ReadError("empty", f"no body for {url}")
    remaining = getattr(record.raw_stream, "limit", 0)  # type: ignore[attr-defined]
    if declared_length.isdigit() and remaining:
        raise ReadError("truncated", f"the record of {url} ends {remaining:,} bytes before its declared length")
    charset = re.search(r"charset\s*=\s*[\"']?([\w.:\-]+)", kind)
    page = "html" in kind
    # WARC-Date is not taken: it is the date of the crawl, not of the article.
    return _content(place, decode(data, charset.group(1) if charset else None), page, url=_clean_url(url))


def _clean_url(url: str | None) -> str | None:
    return url if url is None or find_surrogate(url) is None else printable(url)


def _failed(source: str, reason: str, detail: str) -> Raw:
    return Raw(id=source, source=source, reason=reason, detail=detail)
