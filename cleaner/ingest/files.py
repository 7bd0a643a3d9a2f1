"""Lists the files below the inputs, in an order that no file system decides, and opens them decompressed."""

from __future__ import annotations

import errno
import gzip
import io
import os
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from cleaner.errors import CleanerError
from cleaner.ingest.record import Raw, ReadError
from cleaner.urls import UrlFile, as_place, is_url, open_url, url_of


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file to read: its path or URL, what it is called in the output, and its size on disk in bytes.

    The size is -1 where the place does not tell.
    """

    path: str
    source: str
    size: int


# What tells a folder that a run wrote: what it holds, and one of these, of a finished and of an unfinished run.
RUN_HOLDS = frozenset(("clean", "removed", "rejected"))
RUN_TELLS = frozenset(("run.json", "journal.jsonl"))
# The same of a survey: its manifest, and a file of each of its tables.
SURVEY_TELLS = "survey.json"
SURVEY_HOLDS = frozenset(("documents", "lines", "paragraphs"))


class InputError(CleanerError, ValueError):
    """An input that is not there or cannot be listed at all, or a machine that can open no more files."""


def no_fault_of_the_input(error: OSError, path: str) -> None:
    """Raise `InputError` where a file cannot be read for want of handles or memory: the next try may find them."""
    if error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOMEM):
        raise InputError(
            f"{printable(path)}: {os.strerror(error.errno)}; raise the limit (ulimit -n for files) or use fewer "
            "--workers, and go on with --resume"
        ) from error


def list_files(inputs: Sequence[Path | str], exclude: Path | str | None = None) -> Iterator[InputFile | Raw]:
    """The files of all inputs, sorted by path; a `Raw` with a reason for what cannot be read.

    Directories are walked without holding them all in memory.  Hidden files and folders (a leading dot) and the
    folder ``exclude`` are left out.  Every directory is listed once, under its own name where it has one below the
    inputs: links to directories come last, and one to a directory that is listed already gives a `Raw`, with reason
    ``link_loop`` where it leads back to a folder that it stands in and ``listed_already`` elsewhere.  A folder that a
    run wrote gives a `Raw` with reason ``run_folder``, a survey one with reason ``survey_folder``: what came out of the
    scrapes would else go in with them.  An input inside another one is listed once.

    ``source`` is relative to the input, or, where several inputs are given, to the deepest folder that holds them all.

    Inputs at URLs come after those of this machine, in the same order: the same files have the same sources wherever
    they are.  Where there are inputs of both kinds, or URLs of several places, a URL's source is the whole of it.
    """
    places = [as_place(place) for place in inputs]
    paths = sorted({Path(os.path.abspath(place)) for place in places if isinstance(place, Path)})
    if paths:
        yield from _list_paths(paths, Path(exclude) if exclude is not None and not is_url(exclude) else None)
    urls = sorted({place for place in places if isinstance(place, str)})
    if urls:
        yield from _list_urls(urls, bool(paths), str(exclude) if exclude is not None and is_url(exclude) else None)


def _list_paths(paths: Sequence[Path], exclude: Path | None) -> Iterator[InputFile | Raw]:
    root = _root(paths)
    excluded = os.path.realpath(exclude) if exclude else None
    seen_files: set[str] = set()
    walk = _Walk(root, excluded)
    several = len(paths) > 1
    for path in paths:
        for found in walk.directory(str(path)) if path.is_dir() else (walk.file(str(path)),):
            if isinstance(found, Raw) or not several or _first(found.path, seen_files):
                yield found
    for found in walk.links():
        if isinstance(found, Raw) or not several or _first(found.path, seen_files):
            yield found


def _list_urls(urls: Sequence[str], among_paths: bool, exclude: str | None) -> Iterator[InputFile | Raw]:
    try:
        yield from _found_at(urls, among_paths, exclude)
    except CleanerError:
        raise
    except Exception as error:
        raise InputError(f"{', '.join(urls)}: cannot be listed: {type(error).__name__}: {error}") from error


def _found_at(urls: Sequence[str], among_paths: bool, exclude: str | None) -> Iterator[InputFile | Raw]:
    places = [(url, *open_url(url)) for url in urls]
    root = None
    if not among_paths and len({url_of("", *place) for place in places}) == 1:
        root = os.path.commonpath(
            [path if system.isdir(path) else path.rpartition("/")[0] for _, system, path in places]
        )
    seen: set[str] = set()
    for place in places:
        _, system, top = place
        for path, size in _walk_url(system, top, None if exclude is None else open_url(exclude)[1]):
            url = url_of(path, *place)
            if len(places) == 1 or _first(url, seen):
                source = url if root is None else path.removeprefix(root).lstrip("/")
                yield _own(source or url, size) if isinstance(size, str) else InputFile(url, source, size)


def _walk_url(system: Any, top: str, exclude: str | None) -> Iterator[tuple[str, int | str]]:
    """Paths and sizes of the files below a path, in the order in which `_Walk` has them, one folder in memory.

    A folder of our own stands for itself, with the reason why it is not read in place of a size.
    """
    if not system.isdir(top):
        yield top, _size_at(system.info(top))
        return
    stack: list[Iterator[tuple[str, str, dict[str, Any]]]] = [iter([(top, "", {"type": "directory"})])]
    while stack:
        entry = next(stack[-1], None)
        if entry is None:
            stack.pop()
            continue
        path, _, facts = entry
        if facts["type"] != "directory":
            yield path, _size_at(facts)
        elif path != exclude:
            found = ((one["name"].rstrip("/"), one) for one in system.ls(path, detail=True))
            named = [(name, name.rpartition("/")[2], one) for name, one in found if name != path]
            if reason := own_folder(name for _, name, _ in named):
                yield path, reason
                continue
            stack.append(iter(sorted((one for one in named if not one[1].startswith(".")), key=lambda one: one[1])))


def _size_at(facts: dict[str, Any]) -> int:
    size = facts.get("size")
    return -1 if size is None else int(size)


def own_folder(names: Iterable[str]) -> str | None:
    """``run_folder`` or ``survey_folder`` for one that we wrote, by the names of the files and folders that it holds.

    >>> own_folder(["clean", "rejected", "removed", "report.html", "run.json"])
    'run_folder'
    >>> own_folder(["survey.json", *(f"{name}-0a.parquet" for name in SURVEY_HOLDS)])
    'survey_folder'
    >>> own_folder(["clean", "run.json"]), own_folder(["survey.json", "lines-0a.parquet"])
    (None, None)
    """
    held = set(names)
    if held >= RUN_HOLDS and not held.isdisjoint(RUN_TELLS):
        return "run_folder"
    tables = {name.partition("-")[0] for name in held if name.endswith(".parquet")}
    return "survey_folder" if SURVEY_TELLS in held and tables >= SURVEY_HOLDS else None


_OWN = {
    "run_folder": "a folder that a run wrote; its shards are not read",
    "survey_folder": "a survey; its tables are not read",
}


def _own(source: str, reason: str) -> Raw:
    return Raw(id=source, source=source, reason=reason, detail=_OWN[reason])


def check_inputs(inputs: Sequence[Path | str], exclude: Path | str | None = None) -> None:
    """Raise `InputError` for an input that no run can begin with, `urls.PlaceError` where none can be.

    That is one that is not there (``-`` always is), a survey, or a folder that a run wrote, unless it is the folder
    ``exclude``.
    """
    if not inputs:
        raise InputError("no input given; name a directory, files, or - for JSONL on standard input")
    for place in map(as_place, inputs):
        if isinstance(place, str):
            system, path = open_url(place)
            try:
                is_there = system.exists(path)
                held = [one.rstrip("/") for one in system.ls(path, detail=False)] if system.isdir(path) else []
            except Exception as error:
                raise InputError(f"{place}: cannot be reached: {type(error).__name__}: {error}") from error
        else:
            is_there = str(place) == "-" or place.exists()
            held = _held(place)
        if not is_there:
            raise InputError(f"{place}: no such file or directory")
        reason = own_folder(one.rpartition("/")[2] for one in held)
        if reason == "survey_folder":
            raise InputError(f"{place} is a survey; name the scrapes that it was made of (and it with --survey)")
        if reason == "run_folder" and not _same(place, exclude):
            raise InputError(
                f"{place} is a folder that a run wrote; name the scrapes that it was made of, or {place}/clean for "
                "another run on its clean texts"
            )


def _held(folder: Path) -> list[str]:
    """Names in a folder; none where it is no folder or cannot be listed, which is told when it is read."""
    try:
        return os.listdir(folder) if folder.is_dir() else []
    except OSError:
        return []


def _same(place: Path | str, other: Path | str | None) -> bool:
    if other is None or is_url(place) or is_url(other):
        return str(place) == str(other)
    return os.path.realpath(place) == os.path.realpath(other)


def _first(path: str, seen: set[str]) -> bool:
    """False when an input lies inside another one and the file was listed already."""
    if path in seen:
        return False
    seen.add(path)
    return True


def _root(paths: Sequence[Path]) -> str:
    if len(paths) == 1:
        return str(paths[0] if paths[0].is_dir() else paths[0].parent)
    return os.path.commonpath([str(path if path.is_dir() else path.parent) for path in paths])


def printable(path: str) -> str:
    """A path as text that can be written as UTF-8: bytes of a name that are no UTF-8 become ``\\xNN``."""
    return os.fsencode(path).decode("utf-8", "backslashreplace").replace(os.sep, "/")


class _Walk:
    def __init__(self, root: str, excluded: str | None) -> None:
        self.root = root
        self.excluded = excluded
        self.seen: set[tuple[int, int]] = set()
        self.later: deque[str] = deque()

    def directory(self, top: str) -> Iterator[InputFile | Raw]:
        """Depth first, names in code point order; links to directories are left for `links`."""
        problem, listed = self._list(top)
        if problem is not None and problem.reason != "listed_already":  # that one, as an input, lies inside another one
            yield problem
        stack = [iter(listed)]
        while stack:
            entry = next(stack[-1], None)
            if entry is None:
                stack.pop()
                continue
            path, is_directory = entry
            if not is_directory:
                yield self.file(path)
            elif os.path.islink(path):
                self.later.append(path)
            else:
                problem, listed = self._list(path)
                if problem is not None:
                    yield problem
                stack.append(iter(listed))

    def links(self) -> Iterator[InputFile | Raw]:
        """What is behind the links to directories, in the order in which they were found."""
        while self.later:
            path = self.later.popleft()
            if self.excluded and os.path.join(os.path.realpath(path), "").startswith(os.path.join(self.excluded, "")):
                continue
            problem = self._repeated(path)
            if problem is not None:
                yield problem
            else:
                yield from self.directory(path)

    def _repeated(self, link: str) -> Raw | None:
        """A record that says so if a link leads to a directory that is listed already."""
        try:
            if _identity(link) not in self.seen:
                return None
        except OSError:
            return None  # `directory` says what is wrong
        here, there = os.path.realpath(os.path.dirname(link)), os.path.realpath(link)
        if os.path.commonpath([here, there]) == there:
            return self._refuse(link, "link_loop", "a link to a directory that it stands in")
        return self._refuse(link, "listed_already", f"a link to {printable(there)}, which is listed already")

    def _list(self, path: str) -> tuple[Raw | None, list[tuple[str, bool]]]:
        """Paths in a directory, each with whether it is one; a record and nothing where they cannot or need not be."""
        if self.excluded and os.path.realpath(path) == self.excluded:
            return None, []
        try:
            identity = _identity(path)
            if identity in self.seen:
                return self._refuse(path, "listed_already", "a directory that is listed already"), []
            self.seen.add(identity)
            with os.scandir(path) as entries:
                listed = sorted((entry.name, entry.path, _is_directory(entry)) for entry in entries)
            if reason := own_folder(name for name, _, _ in listed):
                return _own(self._source(path), reason), []
        except OSError as error:
            no_fault_of_the_input(error, path)
            return self._refuse(path, "unreadable", f"cannot list the directory: {error.strerror or error}"), []
        return None, [(path, is_directory) for name, path, is_directory in listed if not name.startswith(".")]

    def file(self, path: str) -> InputFile | Raw:
        try:
            status = os.stat(path)
        except OSError as error:
            no_fault_of_the_input(error, path)
            return self._refuse(path, "unreadable", f"cannot read the file: {error.strerror or error}")
        if not os.path.isfile(path):
            return self._refuse(path, "unreadable", "not a regular file (a pipe, socket or device)")
        return InputFile(path, self._source(path), status.st_size)

    def _source(self, path: str) -> str:
        return printable(os.path.relpath(path, self.root))

    def _refuse(self, path: str, reason: str, detail: str) -> Raw:
        source = self._source(path)
        return Raw(id=source, source=source, reason=reason, detail=detail)


def _identity(path: str) -> tuple[int, int]:
    status = os.stat(path)
    return status.st_dev, status.st_ino


def _is_directory(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself, or through a directory that is closed to us
        return False


GZIP = b"\x1f\x8b"
ZSTD = b"\x28\xb5\x2f\xfd"
SUFFIXES = (".gz", ".zst")
# A file may decompress to this many bytes, and to so many times what has been read of it: news pages reach a tenth
# of that, and a bomb ends here instead of being read through.
FREE_BYTES = 50_000_000
MAX_RATIO = 250


def _open(path: str) -> IO[bytes]:
    return io.BufferedReader(UrlFile(path), 1 << 20) if is_url(path) else open(path, "rb")


class Bytes(io.RawIOBase):
    """The decompressed bytes of a file.  ``raw_position`` tells how far the file on disk has been read.

    Reading raises `ReadError` with reason ``truncated`` or ``corrupt`` where the compressed data breaks, after all that
    came before the break, and ``too_large`` for a decompression bomb.
    """

    def __init__(self, path: str) -> None:
        super().__init__()
        try:
            self._disk = _open(path)
            head = self._disk.read(4)
            self._disk.seek(0)
        except OSError as error:
            no_fault_of_the_input(error, path)
            raise ReadError("unreadable", f"cannot read the file: {error.strerror or error}") from error
        self.compressed = True
        if head.startswith(GZIP):
            self._stream: Any = gzip.GzipFile(fileobj=self._disk)
        elif head == ZSTD:
            self._stream = _open_zstd(self._disk)
        else:
            self._stream = self._disk
            self.compressed = False
        self._given = 0
        self._broken: ReadError | None = None

    @property
    def raw_position(self) -> int:
        """Bytes of the file on disk that have been read so far."""
        return 0 if self._disk.closed else self._disk.tell()

    def readable(self) -> bool:
        """True: the stream can only be read."""
        return True

    def readinto(self, buffer: object) -> int:
        """Fill ``buffer``; 0 at the end of the data."""
        view = memoryview(buffer)  # type: ignore[arg-type]
        filled = 0
        while filled < len(view) and self._broken is None:
            try:
                data = self._stream.read1(len(view) - filled)
            except CleanerError:  # the place cannot be reached, which says nothing of the file
                raise
            except Exception as error:
                self._broken = self._cause(error)
                break
            if not data:
                return filled
            view[filled : filled + len(data)] = data
            filled += len(data)
        if self._broken is not None and not filled:
            raise self._broken
        self._given += filled
        if self.compressed and self._given > FREE_BYTES + MAX_RATIO * self.raw_position:
            raise ReadError("too_large", f"decompresses to over {MAX_RATIO} times its size: a decompression bomb")
        return filled

    def _cause(self, error: Exception) -> ReadError:
        if isinstance(error, EOFError):
            return ReadError("truncated", "the compressed file ends in the middle")
        if not self.compressed:
            return ReadError("unreadable", str(error))
        return ReadError("corrupt", f"the compressed data is damaged: {error}")

    def close(self) -> None:
        """Close the file on disk."""
        if not self.closed:
            self._disk.close()
        super().close()


def _open_zstd(disk: IO[bytes]) -> Any:
    if sys.version_info >= (3, 14):
        from compression import zstd
    else:
        from backports import zstd
    # The window is bounded so that a hostile header cannot claim gigabytes of memory.
    return zstd.ZstdFile(disk, options={zstd.DecompressionParameter.window_log_max: 27})


def read_all(stream: IO[bytes], limit: int) -> bytes:
    """All bytes of a stream.  Raises `ReadError` with reason ``too_large`` when there are more than ``limit``."""
    data = stream.read(limit + 1)
    if len(data) > limit:
        raise ReadError("too_large", f"more than {limit:,} bytes (see --max-bytes)")
    return data


def iter_lines(stream: io.BufferedReader[Any], limit: int) -> Iterable[tuple[int, bytes | None]]:
    """Numbered lines from 1, without their line break; None for a line of more than ``limit`` bytes."""
    number = 0
    while line := stream.readline(limit + 1):
        number += 1
        if len(line) > limit and not line.endswith(b"\n"):
            while (rest := stream.readline(1 << 20)) and not rest.endswith(b"\n"):
                pass
            yield number, None
        else:
            yield number, line.rstrip(b"\r\n")
