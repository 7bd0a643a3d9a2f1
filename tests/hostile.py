"""Hostile inputs: what a scrape directory holds when everything goes wrong, and what must become of each piece.

`python tests/hostile.py DIR --copies N` writes N folders below DIR, each with one copy of every kind beside two good
documents, as a directory to try the program on.
"""

from __future__ import annotations

import argparse
import datetime
import gzip
import io
import json
import os
import random
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

CLEAN = None
Want = str | None | Mapping[int, str | None]
"""A reason for rejection, `CLEAN`, or one of them for each record of a file of many."""


@dataclass(frozen=True)
class Kind:
    """One kind of hostile file: its name, what is in its copy number n, and what must become of it.

    ``make`` puts something other than a file with content there.
    """

    name: str
    content: Callable[[int], bytes]
    want: Want
    make: Callable[[Path], object] | None = None

    @property
    def source(self) -> str:
        """The name as the output gives it: bytes that are no UTF-8 are escaped."""
        return os.fsencode(self.name).decode("utf-8", "backslashreplace")


NOUNS = "bridge council harbour school river market railway museum border treaty hospital festival court budget".split()
ROLES = "minister mayor engineer teacher farmer captain judge nurse driver".split()
НАЗВАНИЯ = "мост совет порт школа рынок музей договор больница бюджет вокзал".split()


def story(n: int, paragraphs: int = 6, language: str = "en") -> list[str]:
    """Paragraphs of invented news; those of another number differ in every one."""
    choose = random.Random(n)
    written = []
    for _ in range(paragraphs):
        one, two, who, count = *choose.sample(NOUNS, 2), choose.choice(ROLES), choose.randrange(10, 9999)
        if language == "ru":
            один, два = choose.sample(НАЗВАНИЯ, 2)
            written.append(
                f"В понедельник жители увидели, как {один} номер {count} снова открыли после долгого ремонта. "
                f"Власти сообщили, что {два} тоже будет готов до конца года, если погода позволит."
            )
        else:
            written.append(
                f"The {who} said on Monday that the {one} would cost {count} crowns more than the {two} had. "
                f"Work on the {two} number {choose.randrange(100)} is to begin before the winter of next year."
            )
    return written


def text(n: int, language: str = "en") -> str:
    return "\n\n".join(story(n, language=language)) + "\n"


def page(n: int, language: str = "en", head: str = "") -> str:
    body = "".join(f"<p>{paragraph}</p>" for paragraph in story(n, language=language))
    return (
        f"<!DOCTYPE html><html lang={language}><head>{head}<title>Story {n}</title></head>"
        "<body><nav><a href=/>Home</a><a href=/news>News</a></nav>"
        f"<article><h1>Story {n}</h1>{body}</article><footer>All rights</footer></body></html>"
    )


def record(n: int, **known: object) -> bytes:
    return json.dumps({"text": text(n), **known}, ensure_ascii=False).encode() + b"\n"


def records(n: int, count: int) -> bytes:
    return b"".join(record(1000 * n + number) for number in range(count))


@lru_cache
def noise(size: int) -> bytes:
    return random.Random(size).randbytes(size)


@lru_cache
def bomb() -> bytes:
    """A gigabyte of zeros in a megabyte."""
    million = gzip.compress(bytes(1_000_000), 9)
    return million * 1000


@lru_cache
def long_line() -> bytes:
    """50 MB without a line break."""
    return (" ".join(story(0)).encode() * 70_000)[:50_000_000]


def wrong_sum(data: bytes) -> bytes:
    """A zstd frame that ends with a wrong check sum."""
    packed = zstd.compress(data, options={zstd.CompressionParameter.checksum_flag: 1})
    return packed[:-1] + bytes([packed[-1] ^ 1])


def parquet(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def dated_parquet(n: int) -> bytes:
    """Three records whose dates are timestamps, one of them finer and one later than Python can say."""
    return parquet(
        pa.table(
            {
                "text": [text(10 * n + number) for number in range(3)],
                "date": pa.array([1_700_000_000_000_000_001, 0, None], pa.timestamp("ns", "UTC")),
                "author": [["A. Writer", "B. Writer"], None, []],
            }
        )
    )


def contradicting_parquet(n: int) -> bytes:
    """A file that says of a column that no value is missing, and counts those that are: pyarrow 26 dies of it."""
    whole = parquet(pa.table({"text": [text(n)]}))
    optional, required = (b"\x15\x0c\x25" + kind + b"\x18\x04text" for kind in (b"\x02", b"\x00"))
    assert whole.count(optional) == 1
    return whole.replace(optional, required)


def far_parquet(n: int) -> bytes:
    date = pa.array([2**62, 0], pa.timestamp("us"))
    return parquet(pa.table({"text": [text(2 * n), text(2 * n + 1)], "date": date}))


def warc_record(kind: str, url: str | None, content: bytes, content_type: str = "application/http") -> bytes:
    head = [f"WARC/1.0\r\nWARC-Type: {kind}\r\nContent-Type: {content_type}\r\nContent-Length: {len(content)}\r\n"]
    if url:
        head.append(f"WARC-Target-URI: {url}\r\n")
    return "".join(head).encode() + b"\r\n" + content + b"\r\n\r\n"


def response(url: str, body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", *(headers or ("Content-Type: text/html; charset=utf-8",)), "", ""]
    return warc_record("response", url, "\r\n".join(lines).encode() + body)


def chunked(data: bytes) -> bytes:
    pieces = [data[start : start + 100] for start in range(0, len(data), 100)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


HTML = "Content-Type: text/html; charset=utf-8"


def warc_records(n: int) -> list[bytes]:
    """An archive of nine records that can be documents, and three that cannot."""
    site = "http://a.example"
    whole = [page(20 * n + number).encode() for number in range(6)]
    packed = gzip.compress(whole[1])
    return [
        warc_record("warcinfo", None, b"software: none\r\n", "application/warc-fields"),
        warc_record("request", f"{site}/1", b"GET /1 HTTP/1.1\r\nHost: a.example\r\n\r\n"),
        response(f"{site}/1", whole[0]),
        response(f"{site}/2", packed, HTML, "Content-Encoding: gzip"),
        response(f"{site}/3", whole[2], HTML, "Content-Encoding: gzip"),  # undone by the crawler
        response(f"{site}/4", chunked(whole[3]), HTML, "Transfer-Encoding: chunked"),
        response(f"{site}/5", b"<p>gone", status="404 Not Found"),
        response(f"{site}/6", noise(2000), "Content-Type: image/png"),
        response(f"{site}/7", packed[:-200], HTML, "Content-Encoding: gzip"),
        response(f"{site}/8", chunked(whole[4])[:-300], HTML, "Transfer-Encoding: chunked"),
        warc_record("metadata", f"{site}/8", b"via: none\r\n", "application/warc-fields"),
        warc_record("resource", f"{site}/9", whole[5], "text/html"),
    ]


WARC_WANT = {
    1: CLEAN,
    2: CLEAN,
    3: CLEAN,
    4: CLEAN,
    5: "not_a_document",
    6: "not_a_document",
    7: "truncated",
    8: "truncated",
    9: CLEAN,
}


def truncated_warc(n: int) -> bytes:
    return b"".join(warc_records(n))[:-500]


def link_to(target: str) -> Callable[[Path], object]:
    return lambda path: path.symlink_to(target)


def loop(path: Path) -> None:
    path.mkdir()
    (path / "again").symlink_to("..")


def slow_page(n: int, attributes: int = 60_000) -> bytes:
    """A page that the parser needs half a minute for: it compares every attribute with every other."""
    return page(n).replace("<article>", f"<article {' '.join(f'a{i}=1' for i in range(attributes))}>").encode()


KINDS = (
    Kind("empty.txt", lambda n: b"", "empty"),
    Kind("blank.html", lambda n: b" \r\n\t\n" * 50, "empty"),
    Kind("long-line.txt", lambda n: long_line(), "too_large"),
    Kind(
        "long-record.jsonl",
        lambda n: record(n) + long_line() + b"\n" + record(n + 500),
        {1: CLEAN, 2: "too_large", 3: CLEAN},
    ),
    Kind("bomb.txt.gz", lambda n: bomb(), "too_large"),
    Kind("bomb.jsonl.gz", lambda n: bomb(), "too_large"),
    Kind("bomb.warc.gz", lambda n: bomb(), "corrupt"),
    Kind("noise.txt", lambda n: noise(50_000), "binary"),
    Kind("noise.html", lambda n: noise(50_000), "binary"),
    Kind("image.png", lambda n: b"\x89PNG\r\n\x1a\n" + noise(2000), "not_a_document"),
    Kind("image.txt", lambda n: b"\x89PNG\r\n\x1a\n" + noise(2000), "binary"),
    Kind("cut.txt.gz", lambda n: gzip.compress(text(n).encode())[:-20], "truncated"),
    Kind("damaged.txt.gz", lambda n: gzip.compress(text(n).encode())[:-8] + bytes(8), "corrupt"),
    Kind("cut.txt.zst", lambda n: zstd.compress(text(n).encode())[:-20], "truncated"),
    Kind("damaged.txt.zst", lambda n: wrong_sum(text(n).encode()), "corrupt"),
    Kind("whole.txt.gz", lambda n: gzip.compress(text(n).encode()), CLEAN),
    Kind("whole.html.zst", lambda n: zstd.compress(page(n).encode()), CLEAN),
    Kind("says-utf8.html", lambda n: page(n, "ru", "<meta charset=utf-8>").encode("cp1251"), CLEAN),
    Kind("says-1251.html", lambda n: page(n, "ru", "<meta charset=windows-1251>").encode(), CLEAN),
    Kind("says-nothing.html", lambda n: page(n, "ru").encode("cp1251"), CLEAN),
    Kind("says-nonsense.html", lambda n: page(n, "ru", "<meta charset=unicode_escape>").encode("cp1251"), CLEAN),
    Kind("utf16-bom.txt", lambda n: text(n, "ru").encode("utf-16"), CLEAN),
    Kind("utf16-be-bom.html", lambda n: b"\xfe\xff" + page(n).encode("utf-16-be"), CLEAN),
    Kind("utf16-le.txt", lambda n: text(n, "ru").encode("utf-16-le"), CLEAN),
    Kind("utf16-be.html", lambda n: page(n).encode("utf-16-be"), CLEAN),
    Kind("bad-byte.txt", lambda n: text(n, "ru").encode().replace("Власти".encode(), b"\xff", 1), CLEAN),
    Kind("nul.txt", lambda n: text(n).replace("crowns", "cro\0wns").encode(), CLEAN),
    Kind("nested.html", lambda n: b"<html><body>" + b"<div>" * 100_000 + page(n).encode(), "too_deep"),
    Kind("comments.html", lambda n: b"<!-- -->" * 500 + b"<x>" + page(n).encode(), CLEAN),
    Kind("comments.txt", lambda n: b"<!-- -->" * 500 + text(n).encode(), CLEAN),
    Kind("brackets.html", lambda n: b"<a " * 100_000 + text(n).encode(), CLEAN),
    Kind("frames.html", lambda n: b"<html><frameset><frame src=a></frameset></html>", "no_text"),
    Kind("page.txt", lambda n: page(n).encode(), CLEAN),
    Kind("text.html", lambda n: text(n).encode(), CLEAN),
    Kind("no-suffix", lambda n: page(n).encode(), CLEAN),
    Kind(
        "line-7.jsonl",
        lambda n: records(n, 6) + b'{"text": "cut of' + b"\n" + records(n + 500, 5),
        dict.fromkeys(range(1, 13)) | {7: "bad_json"},
    ),
    Kind("blank-lines.jsonl", lambda n: b"\n\n" + record(n) + b"\r\n" + record(n + 500)[:-1], {3: CLEAN, 5: CLEAN}),
    Kind(
        "no-text.jsonl",
        lambda n: record(n) + b'{"body": "x"}\n{}\n{"text": " "}\n',
        {1: CLEAN, 2: "no_text", 3: "no_text", 4: "no_text"},
    ),
    Kind(
        "surrogates.jsonl",
        lambda n: b'{"text": "\\ud800"}\n{"\\udfff": 1}\n{"id": "\\udc80", "text": "a"}\n' + record(n),
        {1: "bad_text", 2: "no_text", 3: "bad_text", 4: CLEAN},
    ),
    Kind(
        "deep.jsonl",
        lambda n: b"[" * 100_000 + b"\n" + b'{"a":' * 100_000 + b"\n" + record(n),
        {1: "bad_json", 2: "bad_json", 3: CLEAN},
    ),
    Kind(
        "types.jsonl",
        lambda n: b'7\n["text"]\nnull\n{"text": 7}\n{"text": ["a"]}\n' + record(n, id=n, title=False),
        dict.fromkeys(range(1, 7), "bad_record"),
    ),
    Kind(
        "bad-bytes.jsonl",
        lambda n: record(n) + b"\xff\xfe\x00\xd8\x01\xd8\n" + record(n + 500),
        {1: CLEAN, 2: "binary", 3: CLEAN},
    ),
    Kind(
        "same-id.jsonl",
        lambda n: record(n, id=f"same {n}") + record(n + 500, id=f"same {n}"),
        {1: CLEAN, 2: "duplicate_id"},
    ),
    Kind("cut.jsonl.gz", lambda n: gzip.compress(records(n, 8))[:-5], dict.fromkeys(range(1, 9)) | {9: "truncated"}),
    Kind(
        "cut.jsonl.zst",
        lambda n: zstd.compress(record(n)) + zstd.compress(record(n + 500))[:-9],
        {1: CLEAN, 2: "truncated"},
    ),
    Kind("noise.jsonl", lambda n: b"\n".join(noise(3000).split(b"\n")[:3]), {1: "binary", 2: "binary", 3: "binary"}),
    Kind("cut.parquet", lambda n: dated_parquet(n)[:-100], "corrupt"),
    Kind("damaged.parquet", lambda n: b"PAR1" + noise(3000) + b"PAR1", "corrupt"),
    Kind("contradicting.parquet", contradicting_parquet, "corrupt"),
    Kind("text.parquet", lambda n: text(n).encode(), "corrupt"),
    Kind("no-columns.parquet", lambda n: parquet(pa.table({"a": [1, 2]})), {1: "no_text", 2: "no_text"}),
    Kind("dated.parquet", dated_parquet, {1: CLEAN, 2: CLEAN, 3: CLEAN}),
    Kind("far.parquet", far_parquet, {1: "bad_record", 2: CLEAN}),
    Kind("packed.parquet.gz", lambda n: gzip.compress(dated_parquet(n + 700)), {1: CLEAN, 2: CLEAN, 3: CLEAN}),
    Kind("pages.warc", lambda n: b"".join(warc_records(n)), WARC_WANT),
    Kind("pages.warc.gz", lambda n: b"".join(map(gzip.compress, warc_records(n + 500))), WARC_WANT),
    Kind("cut.warc", truncated_warc, WARC_WANT | {9: "truncated"}),
    Kind("cut-in-request.warc", lambda n: b"".join(warc_records(n)[:2])[:-20], "truncated"),
    Kind("text.warc", lambda n: text(n).encode(), "corrupt"),
    Kind("line\nbreak.txt", lambda n: text(n).encode(), CLEAN),
    Kind(os.fsdecode(b"caf\xe9.txt"), lambda n: text(n).encode(), CLEAN),
    Kind("\x1b[31mred\x1b[0m.txt", lambda n: b"", "empty"),
    Kind("dangling.txt", lambda n: b"", "unreadable", link_to("nowhere")),
    Kind("self.html", lambda n: b"", "unreadable", link_to("self.html")),
    Kind("pipe.txt", lambda n: b"", "unreadable", os.mkfifo),
    Kind("device.txt", lambda n: b"", "unreadable", link_to("/dev/zero")),
    Kind("looped", lambda n: b"", {}, loop),
    Kind("beside", lambda n: b"", "listed_already", link_to("looped")),
)
SLOW = (Kind("slow.html", slow_page, "timeout"),)
FLAT = (
    Kind(
        "flat.html",
        lambda n: (
            b"<html><body><article>"
            + b"".join(
                b"<p>Town %d of %d is to rebuild its old bridge before the winter.</p>" % (i, n) for i in range(20_000)
            )
        ),
        CLEAN,
    ),
)
BY_NAME = {kind.name: kind for kind in (*KINDS, *SLOW, *FLAT)}


def write(folder: Path, copies: int = 1, kinds: Iterable[Kind] = KINDS) -> dict[str, str | None]:
    """Write copies of hostile files below ``folder``, two good documents beside each of them.

    Returns what must become of every document and input: by source, a reason for rejection or `CLEAN`.
    """
    want: dict[str, str | None] = {}
    first: dict[int, Path] = {}
    for n in range(copies):
        place = folder / f"{n:04d}"
        place.mkdir(parents=True)
        for kind in kinds:
            path = place / kind.name
            if kind.make is not None:
                kind.make(path)
            else:
                _content(path, kind.content(n), first)
            _expect(want, f"{n:04d}/{kind.source}", kind)
        (place / "good.txt").write_text(text(100_000 + n), encoding="utf-8")
        (place / "good.html").write_text(page(200_000 + n), encoding="utf-8")
        want |= {f"{n:04d}/good.txt": CLEAN, f"{n:04d}/good.html": CLEAN}
    return want


def _content(path: Path, data: bytes, first: dict[int, Path]) -> None:
    """Write a file; one as large as `long_line` is on the disk only once."""
    if len(data) < 1_000_000:
        path.write_bytes(data)
    elif id(data) in first:
        path.hardlink_to(first[id(data)])
    else:
        path.write_bytes(data)
        first[id(data)] = path


def _expect(want: dict[str, str | None], source: str, kind: Kind) -> None:
    if kind.make is loop:
        want[f"{source}/again"] = "link_loop"
    elif isinstance(kind.want, Mapping):
        want |= {f"{source}#{number}": reason for number, reason in kind.want.items()}
    else:
        want[source] = kind.want


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--copies", type=int, default=1)
    options = parser.parse_args(arguments)
    started = datetime.datetime.now()
    want = write(options.folder, options.copies, (*KINDS, *FLAT))
    seconds = (datetime.datetime.now() - started).total_seconds()
    rejected = sum(reason is not None for reason in want.values())
    print(f"{len(want):,} documents and inputs in {options.folder} ({seconds:.1f} s); {rejected:,} must be rejected")


if __name__ == "__main__":
    main()
