"""Sites are registrable domains by the Public Suffix List; a section is a part of a site with furniture of its own."""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlsplit

from publicsuffixlist import PublicSuffixList

from cleaner.document import Document


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


@lru_cache(maxsize=65536)
def registrable(host: str) -> str:
    """The registrable domain of a host; what is no domain (a name, an address) stands for itself.

    >>> registrable("www.bbc.co.uk"), registrable("sport.elm-gazette.com"), registrable("Elm Gazette")
    ('bbc.co.uk', 'elm-gazette.com', 'elm gazette')
    """
    host = host.strip().strip(".").casefold()
    if " " in host or "." not in host or host.replace(".", "").isdigit():
        return host
    return _suffixes().privatesuffix(host) or host


def site_of(document: Document) -> str | None:
    """The site of a document: of its ``site``, else of its ``url``; None where neither says.

    >>> site_of(Document.from_text("", url="https://news.elm.co.uk/a/b")), site_of(Document.from_text(""))
    ('elm.co.uk', None)
    """
    host = document.site or _split(document.url)[0]
    return registrable(host) if host else None


def section_of(document: Document) -> str | None:
    """Host and first folder of a document's address; None where the address has no folder, or it is a number.

    >>> section_of(Document.from_text("", url="https://news.elm.co.uk/sport/ferry-race.html"))
    'news.elm.co.uk/sport'
    """
    host, path = _split(document.url)
    folders = [part for part in path.split("/")[:-1] if part]
    if not host or not folders or folders[0].isdigit():
        return None
    return f"{host}/{folders[0].casefold()}"


@lru_cache(maxsize=16)  # site and section of a document are asked for one after the other
def _split(url: str | None) -> tuple[str, str]:
    try:
        parts = urlsplit(url or "")
        return (parts.hostname or "").removeprefix("www."), parts.path
    except ValueError:
        return "", ""
