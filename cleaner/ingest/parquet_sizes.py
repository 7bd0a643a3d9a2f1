"""What a Parquet file says of the sizes of its columns and pages, in structs of Thrift's compact protocol.

A footer may tell any sizes, and a page be memory for two gigabytes, so that pages are asked themselves, each at its own
head.  pyarrow shows no heads; and what it shows of columns it ends the whole process over where a footer contradicts
itself (`pyarrow.parquet.RowGroupMetaData.column`, with 26.0), so that the footer is read here as well.
https://parquet.apache.org/docs/file-format/
"""

from __future__ import annotations

from collections.abc import Iterator
from io import RawIOBase
from typing import IO, Any, NamedTuple

from cleaner.ingest.record import ReadError

# A footer has some hundred bytes a column and row group; reading a larger one would take half a minute.
LARGEST_FOOTER = 1 << 25
# The length of the footer and the magic bytes.
_TAIL = 8
# A head holds statistics, which may be whole values.  Arrow reads heads of up to 16 MiB, and structs to this depth.
USUAL_HEAD, LARGEST_HEAD = 4_096, 1 << 24
MAX_DEPTH = 64
_WORD = (1 << 64) - 1
# Kinds of values.
_LISTS, _STRUCT = (9, 10), 12


class Column(NamedTuple):
    """A column of a row group, as the footer tells it; offsets and sizes in bytes."""

    group: int
    path: str
    values: int
    unpacked: int
    packed: int
    start: int


def columns(stream: IO[bytes] | RawIOBase, size: int) -> Iterator[Column]:
    """The columns of all row groups of a Parquet file of ``size`` bytes.

    Raises `ValueError` for a footer that cannot be read, and `ReadError` for one that is too large.

    >>> import io
    >>> import pyarrow, pyarrow.parquet
    >>> file = io.BytesIO()
    >>> pyarrow.parquet.write_table(pyarrow.table({"text": ["A story.", "B"], "n": [1, 2]}), file)
    >>> [(one.group, one.path, one.values) for one in columns(file, file.tell())]
    [(0, 'text', 2), (0, 'n', 2)]
    """
    stream.seek(max(size - _TAIL, 0))
    length = int.from_bytes(_read(stream, 4), "little")
    if length > LARGEST_FOOTER:
        detail = f"the file has a footer of {length:,} bytes, more than {LARGEST_FOOTER:,}; write larger row groups"
        raise ReadError("too_large", detail)
    stream.seek(max(size - _TAIL - length, 0))
    try:
        yield from _columns(_Cursor(_read(stream, length)))
    except (IndexError, KeyError) as error:
        raise ValueError("the footer ends early, or lacks what it must have") from error


def _read(stream: IO[bytes] | RawIOBase, size: int) -> bytes:
    """So many bytes, less at the end: a stream without a buffer may give them in pieces."""
    data = b""
    while len(data) < size and (more := stream.read(size - len(data))):
        data += more
    return data


def _columns(cursor: _Cursor) -> Iterator[Column]:
    for field, kind in cursor.fields():  # FileMetaData
        if field != 4 or kind not in _LISTS:
            cursor.value(kind)
            continue
        for group, _ in enumerate(cursor.items()):
            for part, of_kind in cursor.fields():  # RowGroup
                if part != 1 or of_kind not in _LISTS:
                    cursor.value(of_kind)
                    continue
                for _ in cursor.items():
                    for own, own_kind in cursor.fields():  # ColumnChunk
                        if own == 3 and own_kind == _STRUCT:
                            yield _column(group, cursor)
                        else:
                            cursor.value(own_kind)


def _column(group: int, cursor: _Cursor) -> Column:
    path: list[str] = []
    numbers: dict[int, int] = {}
    for field, kind in cursor.fields():  # ColumnMetaData
        if field == 3 and kind in _LISTS:
            path = [cursor.text() for _ in cursor.items()]
        elif isinstance(value := cursor.value(kind), int):
            numbers[field] = value
    start = min((offset for offset in (numbers.get(11, 0), numbers[9]) if offset), default=0)
    return Column(group, ".".join(path), numbers[5], numbers[6], numbers[7], start)


class _StructError(ValueError):
    """Bytes that are no struct."""


def page_sizes(stream: IO[bytes], start: int, end: int) -> Iterator[tuple[int, int]]:
    """Sizes in bytes of the pages that begin from ``start`` to ``end``: as they are in memory, and on disk.

    It ends where no page begins, at which Arrow ends as well.

    >>> import io
    >>> head = bytes([0x15, 0, 0x15, 200, 1, 0x15, 8, 0])  # a page of data, 100 bytes in memory, 4 on disk
    >>> list(page_sizes(io.BytesIO(head + b"page"), 0, 12))
    [(100, 4)]
    """
    while start < end:
        try:
            length, unpacked, packed = _head(stream, start)
        except (_StructError, IndexError, KeyError):
            return
        if packed < 0:
            return
        yield unpacked, packed
        start += length + packed


def _head(stream: IO[bytes], start: int) -> tuple[int, int, int]:
    stream.seek(start)
    cursor = _Cursor(stream.read(USUAL_HEAD))
    try:
        fields = cursor.struct()
    except IndexError:  # the head goes on
        stream.seek(start)
        cursor = _Cursor(stream.read(LARGEST_HEAD))
        fields = cursor.struct()
    return cursor.at, fields[2], fields[3]


class _Cursor:
    """Reads Thrift's compact protocol.  Raises `IndexError` at the end of the bytes."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def skip(self, size: int) -> None:
        self.at += size
        if self.at > len(self.data):
            raise IndexError

    def varint(self) -> int:
        value = 0
        for shift in range(0, 70, 7):
            byte = self.byte()
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
        raise _StructError("a number of more than ten bytes")

    def number(self) -> int:
        value = self.varint() & _WORD  # ten bytes hold more than 64 bits, of which Arrow takes the last
        return (value >> 1) ^ -(value & 1)

    def fields(self, depth: int = 0) -> Iterator[tuple[int, int]]:
        """Ids and kinds of the fields of a struct; whoever asks reads each value before the next."""
        if depth > MAX_DEPTH:
            raise _StructError("structs in structs without end")
        field = 0
        while kind := self.byte():
            field = field + (kind >> 4) if kind >> 4 else self.number()
            yield field, kind & 0x0F

    def struct(self, depth: int = 0) -> dict[int, int]:
        """The whole numbers of a struct by the ids of their fields."""
        found = {}
        for field, kind in self.fields(depth):
            if isinstance(value := self.value(kind, depth), int):
                found[field] = value
        return found

    def items(self) -> Iterator[int]:
        """The kind of each item of a list; whoever asks reads each item before the next."""
        head = self.byte()
        count = self.varint() if head >> 4 == 15 else head >> 4
        for _ in range(count):
            yield head & 0x0F

    def text(self) -> str:
        """A string."""
        size = self.varint()
        start = self.at
        self.skip(size)
        return self.data[start : self.at].decode("utf-8", "replace")

    def value(self, kind: int, depth: int = 0) -> Any:
        """A value of a kind: its number where it is a whole one, else nothing of use."""
        match kind:
            case 1 | 2:  # true, false: said by the kind
                return None
            case 3:
                self.skip(1)
            case 4 | 5 | 6:
                return self.number()
            case 7:
                self.skip(8)
            case 8:
                self.skip(self.varint())
            case 9 | 10:
                for item in self.items():
                    self.element(item, depth)
            case 11:
                count = self.varint()
                kinds = self.byte() if count else 0
                for _ in range(count):
                    self.element(kinds >> 4, depth)
                    self.element(kinds & 0x0F, depth)
            case 12:
                self.struct(depth + 1)
            case 13:
                self.skip(16)
            case _:
                raise _StructError(f"a value of kind {kind}")
        return None

    def element(self, kind: int, depth: int) -> None:
        """A value in a list or map, where true and false take a byte."""
        if kind in (1, 2):
            self.skip(1)
        else:
            self.value(kind, depth + 1)
