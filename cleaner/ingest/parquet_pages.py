"""What the pages of a Parquet file say of their sizes, each at its own head: the footer is not believed.

A footer may tell any sizes, and a page be memory for two gigabytes.  pyarrow shows footers only, so that the heads are
read here: structs in Thrift's compact protocol, of which two numbers are taken and the rest is skipped.
https://parquet.apache.org/docs/file-format/data-pages/
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

# A head holds statistics, which may be whole values.  Arrow reads heads of up to 16 MiB, and structs to this depth.
USUAL_HEAD, LARGEST_HEAD = 4_096, 1 << 24
MAX_DEPTH = 64


class _HeadError(ValueError):
    """Bytes that are no head of a page."""


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
        except (_HeadError, IndexError, KeyError):
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
        raise _HeadError("a number of more than ten bytes")

    def number(self) -> int:
        value = self.varint()
        return (value >> 1) ^ -(value & 1)

    def struct(self, depth: int = 0) -> dict[int, int]:
        """The whole numbers of a struct by the ids of their fields."""
        if depth > MAX_DEPTH:
            raise _HeadError("structs in structs without end")
        found: dict[int, int] = {}
        field = 0
        while kind := self.byte():
            field = field + (kind >> 4) if kind >> 4 else self.number()
            value = self.value(kind & 0x0F, depth)
            if isinstance(value, int):
                found[field] = value
        return found

    def value(self, kind: int, depth: int) -> Any:
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
                head = self.byte()
                count = self.varint() if head >> 4 == 15 else head >> 4
                for _ in range(count):
                    self.element(head & 0x0F, depth)
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
                raise _HeadError(f"a value of kind {kind}")
        return None

    def element(self, kind: int, depth: int) -> None:
        """A value in a list or map, where true and false take a byte."""
        if kind in (1, 2):
            self.skip(1)
        else:
            self.value(kind, depth + 1)
