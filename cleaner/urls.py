"""Places that are no folders of this machine: URLs, through fsspec and the file systems that are installed for it."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from cleaner.errors import CleanerError, extra

_URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+://")


class PlaceError(CleanerError):
    """A path or URL that cannot be used; the message says why and what to do."""


def is_url(place: Path | str) -> bool:
    """Whether a place is a URL.

    >>> is_url("s3://bucket/scrapes"), is_url("scrapes/2026"), is_url("C:\\\\scrapes")
    (True, False, False)
    """
    return isinstance(place, str) and _URL.match(place) is not None


def as_place(place: Path | str) -> Path | str:
    """A path, or a URL without "/" at its end; one of scheme ``file`` is a path.

    >>> as_place("s3://bucket/in/"), as_place("file:///srv/my%20scrapes"), as_place("scrapes")
    ('s3://bucket/in', PosixPath('/srv/my scrapes'), PosixPath('scrapes'))

    Raises `PlaceError` for an empty path, which would be the working directory: a variable of a shell that is not set.
    """
    if place == "":
        raise PlaceError("a path is empty; give it a name, or . for the working directory")
    if isinstance(place, str) and place.startswith("file://"):
        return Path(unquote(urlsplit(place).path))
    return str(place).rstrip("/") if is_url(place) else Path(place)


def open_url(url: str) -> tuple[Any, str]:
    """The file system of a URL, and the path in it.

    Raises `MissingExtraError` when fsspec is not installed, and `PlaceError` when the library of its scheme is not, or
    cannot do with the URL.
    """
    with extra("fs"):
        import fsspec
    try:
        system, path = fsspec.core.url_to_fs(url, use_listings_cache=False)
    except ImportError as error:
        wanted = {"s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs"}
        package = wanted.get(url.partition(":")[0].lower(), "it")
        raise PlaceError(f"{url}: {error}; pip install {package}") from error
    except Exception as error:
        raise PlaceError(f"{url}: {type(error).__name__}: {error}") from error
    return system, str(path).rstrip("/")


def url_of(path: str, like: str, system: Any, there: str) -> str:
    """The URL of a path in a file system, of which ``like`` is the URL of the path ``there``."""
    return like[: -len(there)] + path if like.endswith(there) else str(system.unstrip_protocol(path))


@contextlib.contextmanager
def as_os_errors() -> Iterator[None]:
    """Make an `OSError` of whatever the libraries of file systems raise."""
    try:
        yield
    except (OSError, CleanerError):
        raise
    except Exception as error:
        raise OSError(f"{type(error).__name__}: {error}") from error


class UrlFile(io.RawIOBase):
    """A file at a URL, to be read from any position.

    Raises `FileNotFoundError` and `PermissionError`, which say something of the file; whatever else goes wrong says
    something of the network, and raises `PlaceError`, so that no document is judged by it.
    """

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        system, path = open_url(url)
        with self._reading():
            self._file = system.open(path, "rb")

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except (FileNotFoundError, PermissionError, PlaceError):
            raise
        except Exception as error:
            raise PlaceError(
                f"cannot read {self._url}: {type(error).__name__}: {error}; go on with --resume"
            ) from error

    def readable(self) -> bool:
        """True: it can only be read."""
        return True

    def seekable(self) -> bool:
        """True."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill ``buffer``; 0 at the end."""
        view = memoryview(buffer).cast("B")
        with self._reading():
            data = self._file.read(len(view))
        view[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a position."""
        return int(self._file.seek(offset, whence))

    def tell(self) -> int:
        """The position."""
        return int(self._file.tell())

    def close(self) -> None:
        """Close the file."""
        if not self.closed:
            with contextlib.suppress(Exception):  # it was read; there is nothing to lose
                self._file.close()
        super().close()
