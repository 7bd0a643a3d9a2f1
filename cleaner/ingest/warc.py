"""WARC archives to the pages and texts in them.

warcio frames the records; what is in them is read here, because a body that breaks off must never pass for a whole one.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import logging
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any

from cleaner.ingest.files import GZIP, read_all
from cleaner.ingest.record import ReadError

ARC = b"filedesc://"
RECORD_TYPES = ("response", "resource", "conversion")
_DOCUMENT = re.compile(r"\s*(?:text/(?:html|plain|markdown)|application/xhtml\+xml)\s*(?:;|$)", re.IGNORECASE)
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:\-]+)", re.IGNORECASE)
_CHUNK = re.compile(rb"(?:\r\n)?([0-9a-fA-F]{1,8})[ \t]*(?:;[^\r\n]*)?\r\n")
# Bytes in which the headers of a record must end.
MAX_HEADERS = 1_000_000


@dataclass(frozen=True, slots=True)
class Body:
    """The body of one record, decoded down to the bytes of the page: its URL, media type and declared charset."""

    url: str | None
    kind: str
    data: bytes

    @property
    def charset(self) -> str | None:
        """The charset that the transport declares."""
        found = _CHARSET.search(self.kind)
        return found.group(1) if found else None


def read_bodies(stream: io.BufferedReader[Any], limit: int) -> Iterator[Body | ReadError]:
    """What each response, resource and conversion record holds: a body, or the reason why it is no document.

    Raises `ReadError` where the archive breaks: what comes after cannot be read.
    """
    from warcio.archiveiterator import ARCIterator, WARCIterator
    from warcio.exceptions import ArchiveLoadFailed

    logging.getLogger("warcio").setLevel(logging.ERROR)  # it quotes what it reads, control characters and all
    guarded = _Guarded(stream)
    # The library would take any line of five words for a record of ARC, the format before WARC.
    iterator = ARCIterator if stream.peek(len(ARC)).startswith(ARC) else WARCIterator
    archive = iterator(guarded, no_record_parse=True)
    try:
        for record in archive:
            raw, headers = record.raw_stream, record.rec_headers
            length = headers.get_header("length" if iterator is ARCIterator else "Content-Length") or ""
            if not length.strip().isdigit():
                raise ReadError("corrupt", f"a record without a Content-Length: {record.rec_type or 'unknown'}")
            with guarded.in_body():
                body = _body(record, limit) if record.rec_type in RECORD_TYPES else None
                while raw.read(1 << 16):
                    pass
            if body is None and raw.limit:
                raise ReadError("truncated", f"the archive ends {raw.limit:,} bytes before the end of a record")
            doubts = archive.err_count
            with contextlib.redirect_stderr(io.StringIO()):
                archive.read_to_end()
            if body is not None:
                if archive.err_count > doubts and isinstance(body, Body):
                    body = ReadError("corrupt", f"the record of {body.url} goes on behind its Content-Length")
                yield body
    except ArchiveLoadFailed as error:
        raise ReadError("corrupt", f"not a WARC record: {error}"[:300]) from error


class _Guarded:
    """A stream for warcio, which would read a header line of any length into memory."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._left: float = MAX_HEADERS

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise ReadError("corrupt", f"no WARC record begins within {MAX_HEADERS:,} bytes")
        return data

    @contextlib.contextmanager
    def in_body(self) -> Iterator[None]:
        """Inside, any number of bytes may be read."""
        self._left = float("inf")
        yield
        self._left = MAX_HEADERS


def _body(record: Any, limit: int) -> Body | ReadError:
    headers, raw = record.rec_headers, record.raw_stream
    url = headers.get_header("WARC-Target-URI") or headers.get_header("uri")  # the second in ARC, the older format
    data = raw.read(limit + 1)
    if len(data) > limit:
        return ReadError("too_large", f"more than {limit:,} bytes for {url} (see --max-bytes)")
    if raw.limit:
        return ReadError("truncated", f"the record of {url} ends {raw.limit:,} bytes before its declared length")
    try:
        if record.rec_type == "response" and (url or "").lower().startswith(("http:", "https:")):
            kind, data = _http(data, url, limit)
        else:
            kind = headers.get_header("Content-Type") or ""
        if kind and not _DOCUMENT.match(kind):
            return ReadError("not_a_document", f"content type {kind[:80]!r} for {url}")
        return Body(url, kind, data) if data.strip() else ReadError("empty", f"no body for {url}")
    except ReadError as error:
        return error


def _http(data: bytes, url: str | None, limit: int) -> tuple[str, bytes]:
    """Content type and decoded body of an HTTP response."""
    from warcio.statusandheaders import StatusAndHeadersParser

    stream = io.BytesIO(data)
    try:
        head = StatusAndHeadersParser([], verify=False).parse(stream)
    except EOFError:
        raise ReadError("empty", f"no response for {url}") from None
    if head.get_statuscode() != "200":
        raise ReadError("not_a_document", f"HTTP status {head.get_statuscode()[:20]!r} for {url}")
    body = stream.read()
    if (head.get_header("Transfer-Encoding") or "").strip().lower() == "chunked":
        body = _unchunk(body, url)
    for encoding in reversed((head.get_header("Content-Encoding") or "").lower().split(",")):
        decoder = _DECODERS.get(encoding.strip())
        if decoder is not None:
            try:
                body = decoder(body, limit)
            except EOFError:
                raise ReadError("truncated", f"the {encoding.strip()} body of {url} ends in the middle") from None
            except (zlib.error, OSError) as error:
                raise ReadError("corrupt", f"the {encoding.strip()} body of {url} is damaged: {error}") from None
    return head.get_header("Content-Type") or "", body


def _unchunk(data: bytes, url: str | None) -> bytes:
    """A chunked body put together.  Crawlers do that and leave the header standing: then it is returned as it is."""
    parts: list[bytes] = []
    position = 0
    while chunk := _CHUNK.match(data, position):
        size = int(chunk.group(1), 16)
        if size == 0:
            return b"".join(parts)
        parts.append(data[chunk.end() : chunk.end() + size])
        position = chunk.end() + size
    if not parts:
        return data
    raise ReadError("truncated", f"the chunked body of {url} ends in the middle")


# Content encodings.  A body that is not encoded, although the header says so, was decoded by the crawler.


def _gunzip(data: bytes, limit: int) -> bytes:
    if not data.startswith(GZIP):
        return data
    with gzip.open(io.BytesIO(data)) as stream:
        return read_all(stream, limit)  # type: ignore[arg-type]


def _inflate(data: bytes, limit: int) -> bytes:
    for window in (zlib.MAX_WBITS, -zlib.MAX_WBITS):
        decompressor = zlib.decompressobj(window)
        try:
            text = decompressor.decompress(data, limit + 1)
        except zlib.error:
            continue
        if len(text) > limit:
            raise ReadError("too_large", f"more than {limit:,} bytes (see --max-bytes)")
        if not decompressor.eof:
            raise EOFError
        return text
    return data


def _brotli(data: bytes, limit: int) -> bytes:
    try:
        import brotli  # type: ignore[import-not-found, import-untyped, unused-ignore]

        decompressor = brotli.Decompressor()
        text: bytes = decompressor.process(data, output_buffer_limit=limit + 1)
        while len(text) <= limit and not decompressor.can_accept_more_data():
            text += decompressor.process(b"", output_buffer_limit=limit + 1)
    except (ImportError, TypeError):
        raise ReadError("unreadable", "the body is in Brotli, which needs: pip install 'brotli>=1.2'") from None
    except brotli.error:
        return data
    if len(text) > limit:
        raise ReadError("too_large", f"more than {limit:,} bytes (see --max-bytes)")
    if not decompressor.is_finished():
        raise EOFError
    return text


_DECODERS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _inflate,
    "br": _brotli,
}
