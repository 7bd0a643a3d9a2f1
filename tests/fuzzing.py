"""Fuzzing: laws that any bytes must keep, tried on bytes that are chosen by the lines of code that they reach.

    python tests/fuzzing.py TARGET… [--seconds N] [--out DIR]      a campaign for each target (needs atheris)
    python tests/fuzzing.py TARGET --replay FILE…                  one input again

A target takes bytes and raises when a law is broken.  Its first byte says how the others are read: as they are, or as
a list of numbers, each of which stands for a piece of a page or a line of a text, so that changes of single bytes make
other pages instead of other typing errors.  What breaks a law is kept in ``DIR/TARGET/finds``, one example for
each place in the code, and what reaches new code in ``DIR/TARGET/corpus``, where the next campaign begins.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import re
import resource
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import hostile
from strategies import CRUFT, WORDS

zstd = hostile.zstd

# A story as scripts hold it.
_WRITTEN = "\\u003cp>The council voted on Monday to rebuild the old bridge over the river before winter.\\u003c/p>" * 4
# What a scrape's markup gets wrong, in pieces: misnesting, foster parents, unfinished constructs, references to
# characters that are none, elements that change how the rest is read.
FRAGMENTS = (
    "<html>", "<head>", "<title>", "</title>", "<body>", "</body>", "</html>", "<!DOCTYPE html>", "<!DOCTYPE",
    "<!-->", "<!--", "-->", "--!>", "<![CDATA[", "]]>", "<?xml version='1.0'?>", "<?php", "<", "</", "</ >", "< p>",
    "<>", "&", "<article>", "</article>", "<main>", "</main>", "<div>", "</div>", "<div class='related sidebar'>",
    "<p>", "</p>", "<p/>", "<p class=story", "<p =a>", "<p a='", "<p a=1 a=2>", "<p hidden>",
    "<p style='display:none'>", "<br>", "</br>", "<b>", "</b>", "<i>", "</i>", "<a href='/x'>", "<a href='//h:x/'>",
    "</a>", "<a name=1>", "<nobr>", "<font>", "<h1>", "</h1>", "<h2>", "</h3>", "<ul>", "</ul>", "<li>", "</li>",
    "<dl><dt>", "<dd>", "</dl>", "<table>", "</table>", "<tr>", "<td>", "</td>", "<th>", "<caption>", "<tbody>",
    "<colgroup><col>", "<form>", "</form>", "<select><option>", "</select>", "<textarea>", "</textarea>",
    "<plaintext>", "<xmp>", "<pre>\n", "</pre>", "<script>", "</script>", "<script><!--<script>", "<style>",
    "</style>", "<noscript>", "</noscript>", "<template>", "</template>", "<frameset>", "<frame>", "<iframe>",
    "</iframe>", "<object>", "<applet>", "<svg>", "</svg>", "<foreignObject>", "<desc>", "<math>", "<mi>",
    "<annotation-xml encoding='text/html'>", "<ruby><rt>", "<image>", "<isindex>",
    "<time datetime='2024-02-30T25:00'>", "</time>", "<blockquote>", "<figure><figcaption>", "<nav>", "</nav>",
    "<footer>", "<aside>", "</aside>", "<header>", "<details><summary>", "<menu>", "<button>", "<base href='::'>",
    "<meta charset=utf-16>", "<meta property='og:title' content='A &quot;title&quot;'>",
    "<meta name=author content=''>", "<meta property='article:published_time' content='9999-99-99'>",
    "<link rel=canonical href='http://[::1'>",
    "<script type='application/ld+json'>{\"@type\":\"NewsArticle\",\"articleBody\":\"", "\"}</script>",
    "<script type='application/ld+json'>[[[{\"@graph\":[{\"author\":[null,{\"name\":7}]}]}]]]</script>", "&#0;",
    "<div hidden id=\"S:0\">", "<div hidden id=\"S:1\">", "<template id=\"B:0\"></template>", "<template id=\"P:1\">",
    "<script>$RC(\"B:0\",\"S:0\")</script>", "<script>$RS(\"S:1\",\"P:1\")</script>",
    "<script>push([1,\"" + _WRITTEN + "\"])</script>", "<script type=application/json>{\"body\":\"" + _WRITTEN,
    json.dumps(_WRITTEN * 3), "\\", "\"", "&#xD800;", "&#x110000;", "&#128;", "&notit;", "&amp", "&lt;b&gt;", "&nbsp;",
    "&#10;", "\0", "\r", "\n", "\t",
    "\u2028", "\ufeff", "\u202e", "e\u0301", "\U0001f469\u200d\U0001f680", " ", "  ", "\u00a0",
)  # fmt: skip
LINES = (
    *CRUFT,
    *(line for n in range(12) for line in hostile.story(n, 2)),
    *(line for n in range(4) for line in hostile.story(n, 2, "ru")),
    *(" ".join(words) for words in WORDS.values()),
    "Story 7", "(Reuters) -", "BAKU, March 3 (AP) —", "• one", "1. two", "...", "…", "?", "7", "a", "A" * 300, "\u0301",
    "Read also:", "MORE NEWS:", "Photo: A. Writer", "By A. Writer", "12:40", "3 March 2024", "Tags: bridge, harbour",
)  # fmt: skip
# What patterns of rules are made of, and what they are made of by mistake.
PATTERN_PIECES = (
    "a", "b", "7", "photo", " by ", "é", "я", "外", "^", "$", ".", "|", "(", ")", "(?:", "(?P<cut>", "(?s)", "(?s:.)",
    "(?i)", "?", "*", "+", "??", "{2}", "{1,3}", "{2,}", "{,2}", "{0,1001}", "[", "]", "[^", "-", "[ab]", "[a-f]",
    "[^a-z]", "[]a]", "[a-]", "[^.!?]", "[0-9]", "[[:alpha:]]", r"\pL", r"\PL", r"\p{Greek}", r"[\pL\pN\-]", r"[^\pL]",
    r"\d", r"\D", r"\w", r"\W", r"\s", r"\S", r"[^\D]", r"\b", r"\B", r"\A", r"\z", r"\.", r"\[", r"\\", r"\ ", r"\-",
    r"\n", r"\t", r"\x61", r"\x{61}", r"\x{1F600}", r"\Qa\E", r"\1", "{", "}",
)  # fmt: skip
BREAKS = ("\n", "\n\n", "\r\n", "\r", "\u2028", "\x0c", "\x85", " ", "")
FORMS = (
    ("a.html", None), ("a.txt", None), ("a.jsonl", None), ("a.warc", None), ("a.parquet", None), ("a", None),
    ("a.arc", None), ("a.jsonl.gz", gzip.compress), ("a.warc.gz", gzip.compress), ("a.html.zst", zstd.compress),
    ("a.parquet.gz", gzip.compress),
)  # fmt: skip
MAX_BYTES = 1_000_000


class Broken(AssertionError):
    """A law that an input breaks."""


def law(holds: object, words: str) -> None:
    """Raise `Broken` unless something holds."""
    if not holds:
        raise Broken(words)


def read_page(data: bytes) -> str:
    """A page, of bytes as they are or of pieces."""
    if not data or data[0] % 2:
        return data[1:].decode("utf-8", "replace")
    pieces = FRAGMENTS + LINES
    return "".join(pieces[byte % len(pieces)] for byte in data[1:3000])


def read_text(data: bytes) -> str:
    """A text, of bytes as they are or of lines."""
    if not data or data[0] % 2:
        return data[1:].decode("utf-8", "replace")
    parts = []
    for place in range(1, min(len(data), 600), 2):
        parts += [
            LINES[data[place] % len(LINES)],
            BREAKS[data[place + 1] % len(BREAKS) if place + 1 < len(data) else 0],
        ]
    return "".join(parts)


@cache
def _cleaner(extractor: str = "auto", loose: bool = True) -> Any:
    from cleaner.pipeline import Cleaner
    from cleaner.settings import Settings

    brake: dict[str, Any] = {"min_kept": 0, "max_lost": 1.0, "keep_non_articles": True} if loose else {}
    cleaner = Cleaner(Settings(extractor=extractor, max_bytes=MAX_BYTES, **brake))
    cleaner.warm_up()
    return cleaner


@cache
def _folder() -> Path:
    shm = Path("/dev/shm")
    return Path(tempfile.mkdtemp(prefix="fuzz-", dir=shm if shm.is_dir() else None))


def ingest(data: bytes) -> None:
    """Any file gives records or reasons, with text that can be written, and its bytes are counted once."""
    from cleaner.document import find_surrogate
    from cleaner.ingest.files import InputFile
    from cleaner.ingest.read import read_file

    name, pack = FORMS[data[0] % len(FORMS) if data else 0]
    content = data[1:]
    if pack is not None:
        content = pack(content[1:])
        cut = data[1] if len(data) > 1 else 0
        if cut % 4 == 1:  # cut off, or one byte of it wrong
            content = content[: len(content) * cut // 256]
        elif cut % 4 == 2 and content:
            content = content[: cut % len(content)] + bytes([cut]) + content[cut % len(content) + 1 :]
    path = _folder() / name
    path.write_bytes(content)
    read = list(read_file(InputFile(str(path), name, len(content)), _cleaner().settings))
    law(read or not content.strip() or name.endswith(("jsonl", "jsonl.gz", "warc", "warc.gz", "arc", "parquet",
                                                      "parquet.gz")), "a file that gives nothing")  # fmt: skip
    sources = [raw.source for raw, _ in read]
    law(len(set(sources)) == len(sources), "a source stands twice")
    for raw, position in read:
        law(0 <= position <= len(content), "a position outside the file")
        law((raw.reason is None) == (raw.text is not None or raw.html is not None), "neither content nor a reason")
        law(raw.reason is None or raw.detail, "a reason without a detail")
        for value in (raw.id, raw.source, raw.text, raw.html, raw.title, raw.url, raw.author, raw.date, raw.detail):
            law(value is None or find_surrogate(value) is None, "a lone surrogate")


def segments(data: bytes) -> None:
    """Segments partition a text, one a line."""
    from cleaner.document import split_lines

    text = read_text(data)
    found = split_lines(text)
    law("".join(text[one.start : one.end] for one in found) == (text if text.strip() else ""), "segments lose text")
    law([one.line for one in found] == sorted(one.line for one in found), "lines of segments do not ascend")
    law(all(text[one.start : one.end].strip() for one in found), "a blank segment")


def rules(data: bytes) -> None:
    """Filters by rules propose spans inside the text, the same ones each time."""
    from cleaner.chain import View
    from cleaner.document import Document
    from cleaner.pipeline import before_model
    from cleaner.rulebook.load import load_rulebook

    text = read_text(data)
    for language in (None, "en", "ru"):
        view = View(Document.from_text(text, id="d", language=language))
        for one in before_model(cache(load_rulebook)()):
            found = list(one.removals(view))
            law(found == list(one.removals(view)), f"{one.name} is not the same twice")
            law(all(0 <= each.start < each.end <= len(text) for each in found), f"{one.name}: a span outside")


def patterns(data: bytes) -> None:
    """A line that RE2 matches holds one of the literals of the pattern, and no more letters than it allows."""
    import re2

    from cleaner.rulebook.literals import EDGE, literals

    size = data[0] % 40 if data else 0
    pattern = "".join(PATTERN_PIECES[byte % len(PATTERN_PIECES)] for byte in data[1 : size + 1])
    line = data[size + 1 : size + 60].decode("utf-8", "replace").replace(EDGE, " ")
    options = re2.Options()
    options.log_errors, options.max_mem = False, 1 << 24
    for written in (f"(?s)^(?:{pattern})$", f"(?s){pattern}"):
        asked = literals(written)
        try:
            compiled = re2.compile(written, options)
        except re2.error:
            continue
        if compiled.search(line) is not None:
            law(any(one in f"{EDGE}{line}{EDGE}" for one in asked.strings), f"{written} asks for what is not there")
            law(sum("a" <= one <= "z" for one in line) <= asked.letters, f"{written} allows more letters")


def blocks(data: bytes) -> None:
    """Blocks of a page are lines that are not empty, and elements hold the blocks that they say."""
    from cleaner.extraction.page import PageError, parse_page

    try:
        page = parse_page(read_page(data))
    except PageError:
        return
    found, elements = page.blocks, page.elements
    for text, leaf, owner, linked in zip(found.text, found.leaf, found.owner, found.linked, strict=True):
        law(text == " ".join(re.split(r"[^\S\t]+", text)).strip() and text, f"a block that is no line: {text!r}")
        law(0 <= owner <= leaf < len(elements.tag), "a block in no element")
        law(0 <= linked <= 1, "a share above the whole")
    for number, (first, end, parent) in enumerate(zip(elements.first, elements.end, elements.parent, strict=True)):
        law(0 <= first <= end <= len(found.text), "an element with no range of blocks")
        law(elements.first[parent] <= first and end <= elements.end[parent], f"element {number} outside its parent")


def restored(data: bytes) -> None:
    """Kept and removed are the source; what is there is the same each time."""
    from cleaner.document import restore

    cleaner = _cleaner()
    text = read_text(data)
    outcome = cleaner.clean_text(text)
    spans = sorted([*outcome.kept, *((removal.start, removal.end) for removal in outcome.removals)])
    position = 0
    for start, end in spans:
        law(start == position < end, f"a gap or an overlap at {position}")
        position = end
    law(position == len(text), "the end of the text is lost")
    removed = [(removal.start, text[removal.start : removal.end]) for removal in outcome.removals]
    law(restore(outcome.text, removed) == text, "the source does not come back")
    law(cleaner.clean_text(text).removals == outcome.removals, "not the same twice")


def _chain(raw: Any) -> None:
    from cleaner.books import count
    from cleaner.rows import collect

    for loose in (True, False):
        cleaner = _cleaner("auto", loose)
        outcome, rejection, text = cleaner.clean_raw(raw)
        law(rejection is None or rejection.reason != "error", f"an error: {rejection.detail if rejection else ''}")
        law(outcome is not None or rejection is not None, "neither outcome nor rejection")
        count(1, collect([(raw, outcome, rejection, text)], "full"))
        if outcome is not None:
            whole = outcome.document.text
            law(len(outcome.text) + sum(one.end - one.start for one in outcome.removals) == len(whole), "lost text")


def chain_text(data: bytes) -> None:
    """A text comes out of the whole chain, or is rejected for a reason that is no error of ours."""
    from cleaner.ingest.record import Raw

    _chain(Raw(id="d", source="d", text=read_text(data), site="a.example"))


def chain_html(data: bytes) -> None:
    """A page comes out of the whole chain, or is rejected for a reason that is no error of ours."""
    from cleaner.ingest.record import Raw

    _chain(Raw(id="d", source="d", html=read_page(data), url="http://a.example/story"))


TARGETS: dict[str, Callable[[bytes], None]] = {
    one.__name__: one for one in (ingest, segments, rules, patterns, blocks, restored, chain_text, chain_html)
}


def seeds(target: str) -> list[bytes]:
    """Inputs to begin with: those of `hostile`, and each piece alone."""
    if target == "ingest":
        names = [name for name, _ in FORMS]
        found = []
        for kind in hostile.KINDS:
            if kind.make is None and len(content := kind.content(1)) < 100_000:
                name = next((one for one in names if kind.name.endswith(one[1:])), "a")
                if name.endswith((".gz", ".zst")):  # packed by the target
                    continue
                found.append(bytes([names.index(name)]) + content)
                if f"{name}.gz" in names:
                    found.append(bytes([names.index(f"{name}.gz"), 0]) + content)
        return found
    if target in ("blocks", "chain_html"):
        numbers = range(len(FRAGMENTS + LINES))
        pages = [b"\1" + hostile.page(n, language).encode() for n, language in ((1, "en"), (2, "ru"))]
        return pages + [bytes([0, number % 256, (number * 7) % 256, (number * 13) % 256]) for number in numbers]
    if target == "patterns":
        numbers = range(len(PATTERN_PIECES))
        return [bytes([3, number, (number * 7) % 256, (number * 13) % 256]) + b"ab7 photo by" for number in numbers]
    texts = [b"\1" + hostile.text(n, language).encode() for n, language in ((1, "en"), (2, "ru"))]
    return texts + [bytes([0, number, 0, number // 2, 1]) for number in range(len(LINES))]


def replay(target: str, file: Path) -> str | None:
    """What an input breaks, as a traceback; None for nothing."""
    try:
        TARGETS[target](file.read_bytes())
    except Exception:
        return traceback.format_exc()
    return None


def _place(error: BaseException) -> str:
    """Where an error comes from: one example of each is enough."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "/cleaner/" in frame.filename] or frames
    words = re.sub(r"[\d'\"].*", "", str(error)) if isinstance(error, Broken) else ""
    return f"{type(error).__name__} {Path(own[-1].filename).name}:{own[-1].name}:{own[-1].lineno} {words}"


def _fuzz(target: str, seconds: float, out: Path) -> None:
    """In a process of its own, which ends with it: atheris until the time is over."""
    import atheris

    with atheris.instrument_imports(include=["cleaner"]):
        import cleaner.runner  # noqa: F401  (all that targets import, to be followed)
    run = TARGETS[target]
    run(b"\0\0\0")  # load everything before the time of an input counts
    known: set[str] = set()
    finds = out / "finds"

    def one(data: bytes) -> None:
        try:
            run(data)
        except Exception as error:
            place = _place(error)
            if place not in known:
                known.add(place)
                name = hashlib.sha256(place.encode()).hexdigest()[:12]
                if not (finds / name).exists():
                    (finds / name).write_bytes(data)
                    (finds / f"{name}.txt").write_text(f"{place}\n\n{traceback.format_exc()}", encoding="utf-8")

    dictionary = out / "dictionary"
    words = sorted(
        {*FRAGMENTS, *CRUFT, "WARC/1.0\r\n", "Content-Length: ", "WARC-Type: response\r\n", "PAR1", '{"text":'}
    )
    dictionary.write_text(
        "".join('"{}"\n'.format("".join(f"\\x{byte:02x}" for byte in word.encode())) for word in words)
    )
    atheris.Setup(
        [
            "fuzz", f"-max_total_time={seconds:.0f}", "-timeout=20", "-rss_limit_mb=6000", "-max_len=20000",
            "-print_final_stats=1", f"-dict={dictionary}", f"-artifact_prefix={finds}/", str(out / "corpus"),
        ],
        one,
    )  # fmt: skip
    atheris.Fuzz()


def campaign(target: str, seconds: float, out: Path) -> dict[str, object]:
    """Fuzz a target for so many seconds, again after an input that ends the process; what was tried and found."""
    out = out / target
    for name in ("corpus", "finds"):
        (out / name).mkdir(parents=True, exist_ok=True)
    for seed in seeds(target):
        (out / "corpus" / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
    before = _cpu()
    tried, ends, end = 0, 0, time.monotonic() + seconds
    while (left := end - time.monotonic()) > 5 and ends < 10:
        command = [sys.executable, __file__, target, "--seconds", str(left), "--out", str(out), "--child"]
        done = subprocess.run(
            command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, errors="replace"
        )
        counts = [int(number) for number in re.findall(r"(?:number_of_executed_units: |^#)(\d+)", done.stderr, re.M)]
        tried += max(counts, default=0)
        if done.returncode:
            ends += 1
            (out / f"ended-{ends}.txt").write_text(done.stderr[-20_000:], encoding="utf-8")
    finds = sorted(path.name for path in (out / "finds").iterdir() if not path.name.endswith(".txt"))
    corpus = len(list((out / "corpus").iterdir()))
    return {
        "target": target, "cpu_seconds": round(_cpu() - before), "inputs": tried, "corpus": corpus, "ended": ends,
        "finds": finds,
    }  # fmt: skip


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("targets", nargs="+", choices=sorted(TARGETS), metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=float, default=60.0, help="clock time of each target")
    parser.add_argument("--out", type=Path, default=Path("build/fuzz"))
    parser.add_argument("--replay", type=Path, nargs="+", metavar="FILE")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.child:
        _fuzz(options.targets[0], options.seconds, options.out)
        return 0
    if options.replay:
        broken = [replay(options.targets[0], file) for file in options.replay]
        print("\n".join(one or "keeps its laws" for one in broken))
        return int(any(broken))
    found = False
    for target in options.targets:
        figures = campaign(target, options.seconds, options.out)
        print(json.dumps(figures), flush=True)
        found |= bool(figures["finds"] or figures["ended"])
    return int(found)


if __name__ == "__main__":
    sys.exit(main())
