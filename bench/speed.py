"""CPU time, clock time and memory of the chains, beside other tools on the same documents in the same run.

    python bench/speed.py [--data DIR] [--pages N] [--rounds N] [--json FILE] [--against FILE]

Each tool runs in processes of its own, one a round, and all tools take turns, since the pace of a machine that others
use as well changes from minute to minute: of each tool the fastest round counts.  Texts are the English texts that
trafilatura left of labelled pages, of about 2.5 kB each; every time each line is changed a little, so that nothing is
remembered from the time before, and the fastest of a few times counts, language and rules included.  Pages are
labelled pages of all languages, each of which is seen once, behind others on which a tool has warmed up; a whole run is
the command line by one worker, with corpus evidence, reading and writing, less a run of the pages to warm up with.
Figures are CPU times of one core: other work on the machine changes clock times, and to a lesser degree these, so that
only ratios within one run mean something, and ``--against`` compares ratios: of a text with datatrove's filters, of a
page with trafilatura.

Then, of the text chain: the time of each step.  Last, whether time is linear: that of invented texts and pages of up to
20,000 lines and paragraphs, beside that of short ones.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
from labelled import DATA, Labelled, read_labelled_texts
from scaling import Figures, adopt_orphans, measure
from tqdm import tqdm

from cleaner.chain import View, proposals
from cleaner.ingest.read import read_inputs
from cleaner.ingest.record import Raw
from cleaner.pipeline import TOGETHER, Cleaner, raw_batch
from cleaner.settings import Settings
from cleaner.shards.parts import write_part

ROUNDS = 3
WARM_UP = 100
# A ratio that is this many times what it was is a regression; two runs of the same code differ by a tenth.
WORSE = 1.25
SHORTEST, LONGEST = 1_800, 3_400
LINES = (1_000, 2_500, 5_000, 10_000, 20_000)
# Each of these is done so many times, by turns, and the fastest counts.
TIMES = 5
WORDS = (
    "council minister harbour bridge treaty region winter market bus border talks river voted signed Monday the of a "
    "in and to for on that with has was said will by from more after when before about over their new old first"
).split()

DATATROVE = "datatrove, C4 + Gopher + FineWeb"
TRAFILATURA = "trafilatura, with metadata"

Round = Callable[[int], float]
"""Does all documents, changed by a number; CPU seconds that it took."""


def documents(data: Path) -> list[Labelled]:
    """The texts that are measured."""
    return [
        text
        for text in read_labelled_texts(data)
        if text.variant == "A_trafilatura" and text.language[:2] == "en" and SHORTEST < len(text.text) < LONGEST
    ]


def varied(texts: Sequence[Labelled], number: int) -> list[Raw]:
    """The texts with a word of each line changed."""
    return [
        Raw(
            id=text.id,
            source=text.id,
            title=text.title or None,
            url=text.url,
            text="\n".join(line.replace(" ", f" x{number} ", 1) for line, _, _ in text.lines),
        )
        for text in texts
    ]


def our_round(cleaner: Cleaner, texts: Sequence[Labelled]) -> Round:
    """Cleans all texts by the whole chain."""

    def run(number: int) -> float:
        raws = varied(texts, number)
        started = time.process_time()
        for _ in cleaner.clean_many(raws):
            pass
        return time.process_time() - started

    return run


def datatrove_round(texts: Sequence[Labelled]) -> Round:
    """Runs the three filters over all texts, whatever one of them says."""
    from datatrove.data import Document
    from datatrove.pipeline.filters import C4QualityFilter, FineWebQualityFilter, GopherRepetitionFilter

    filters = (
        C4QualityFilter(filter_no_terminal_punct=False),
        GopherRepetitionFilter(),
        FineWebQualityFilter(),
    )

    def run(number: int) -> float:
        contents = [raw.text or "" for raw in varied(texts, number)]
        started = time.process_time()
        for content in contents:
            for one in filters:
                one.filter(Document(text=content, id=""))
        return time.process_time() - started

    return run


def pages(data: Path, count: int) -> list[Raw]:
    """Labelled pages, drawn evenly: `WARM_UP` to warm up with, and ``count`` to measure."""
    with open(data / "gold.jsonl", encoding="utf-8") as stream:
        known = [json.loads(line) for line in stream]
    random.Random(0).shuffle(known)
    return [
        Raw(
            id=page["id"],
            source=page["id"],
            url=page["url"] or None,
            html=gzip.decompress((data / page["html"]).read_bytes()).decode("utf-8", "replace"),
        )
        for page in known[: WARM_UP + count]
    ]


def by_page(action: Callable[[str, str | None], object]) -> Callable[[Sequence[Raw]], None]:
    """A tool that takes the HTML of a page and its URL."""

    def run(raws: Sequence[Raw]) -> None:
        for raw in raws:
            action(raw.html or "", raw.url)

    return run


def html_chain(extractor: str) -> Callable[[Sequence[Raw]], None]:
    """The whole chain on pages, metadata included."""
    cleaner = Cleaner(Settings(extractor=extractor))
    cleaner.warm_up()

    def run(raws: Sequence[Raw]) -> None:
        for _ in cleaner.clean_many(raws):
            pass

    return run


def trafilatura_with_metadata() -> Callable[[Sequence[Raw]], None]:
    """Trafilatura with its default settings and metadata."""
    from trafilatura import extract

    return by_page(lambda html, url: extract(html, url=url, with_metadata=True))


def trafilatura_fast() -> Callable[[Sequence[Raw]], None]:
    """Trafilatura without its fallbacks and without metadata."""
    from trafilatura import extract

    return by_page(lambda html, url: extract(html, url=url, fast=True))


def justext_alone() -> Callable[[Sequence[Raw]], None]:
    """JusText with the stop words of English: those of another language take the same time."""
    import justext

    stoplist = justext.get_stoplist("English")

    def one(html: str, url: str | None) -> object:
        try:
            return justext.justext(html.encode("utf-8"), stoplist, encoding="utf-8")
        except Exception:  # pages that it cannot parse
            return None

    return by_page(one)


def reading_and_writing(texts: Sequence[Labelled]) -> Round:
    """Reads the texts from JSONL and writes them to Parquet, with no chain between."""
    folder = Path(tempfile.mkdtemp(prefix="cleaner-speed-"))

    def run(number: int) -> float:
        records = (
            {"id": raw.id, "url": raw.url, "title": raw.title, "text": raw.text} for raw in varied(texts, number)
        )
        lines = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
        (folder / "in.jsonl").write_text(lines, encoding="utf-8")
        started = time.process_time()
        raws = read_inputs([folder / "in.jsonl"], Settings())
        write_part(folder / "out.parquet", pa.Table.from_batches([raw_batch(raws)]))
        return time.process_time() - started

    return run


TEXT_TOOLS: dict[str, Callable[[Sequence[Labelled]], Round]] = {
    "cleaner, text chain": lambda texts: our_round(_warm(Cleaner()), texts),
    "reading and Parquet writing alone": reading_and_writing,
    DATATROVE: datatrove_round,
}
WHOLE_RUN = "cleaner run of pages, auto"
PAGE_TOOLS: dict[str, Callable[[], Callable[[Sequence[Raw]], None]]] = {
    "cleaner, HTML chain, auto": lambda: html_chain("auto"),
    "cleaner, HTML chain, blocks": lambda: html_chain("blocks"),
    TRAFILATURA: trafilatura_with_metadata,
    "trafilatura, fast": trafilatura_fast,
    "jusText": justext_alone,
}


def whole_run(raws: Sequence[Raw]) -> Figures:
    """What `cleaner run` takes by one worker: both passes, reading and writing."""
    with tempfile.TemporaryDirectory(prefix="cleaner-speed-") as folder:
        inputs = Path(folder) / "pages.jsonl"
        lines = (json.dumps({"id": raw.id, "url": raw.url, "html": raw.html}) + "\n" for raw in raws)
        inputs.write_text("".join(lines), encoding="utf-8")
        return measure(inputs, Path(folder) / "out", len(raws), 1, ())


def _warm(cleaner: Cleaner) -> Cleaner:
    cleaner.warm_up()
    return cleaner


def alone(name: str, data: Path, count: int) -> dict[str, float]:
    """In a process of its own: CPU and clock seconds a document, documents, characters, peak memory in bytes."""
    if name in TEXT_TOOLS:
        texts = documents(data)
        size, characters = len(texts), sum(len(text.text) for text in texts)
        run = TEXT_TOOLS[name](texts)
        run(0)
        clocks, times = [], []
        for number in range(1, ROUNDS + 1):
            started = time.perf_counter()
            times.append(run(number))
            clocks.append(time.perf_counter() - started)
        cpu, clock = min(times), min(clocks)
    elif name == WHOLE_RUN:
        raws = pages(data, count)
        size, characters = count, sum(len(raw.html or "") for raw in raws[WARM_UP:])
        # what starting takes cancels out (`fastest`)
        adopt_orphans()
        start, whole = whole_run(raws[:WARM_UP]), whole_run(raws)
        return {
            "cpu": whole.cpu / size,
            "clock": whole.clock / size,
            "cpu_before": start.cpu / size,
            "clock_before": start.clock / size,
            "documents": size,
            "characters": characters / size,
            "peak": max(whole.first_peak, whole.others_peak),
        }
    else:
        raws = pages(data, count)
        act = PAGE_TOOLS[name]()
        act(raws[:WARM_UP])
        measured = raws[WARM_UP:]
        size, characters = len(measured), sum(len(raw.html or "") for raw in measured)
        began, started = time.process_time(), time.perf_counter()
        act(measured)
        cpu, clock = time.process_time() - began, time.perf_counter() - started
    return {
        "cpu": cpu / size,
        "clock": clock / size,
        "documents": size,
        "characters": characters / size,
        "peak": _peak(),
    }


def _in_a_process(name: str, data: Path, count: int) -> dict[str, float]:
    """What `alone` finds in a process of its own."""
    command = [sys.executable, __file__, "--data", str(data), "--pages", str(count), "--alone", name]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def fastest(rounds: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The least of each figure of some rounds; of times, less what the documents before took.

    >>> fastest([{"cpu": 5.0, "cpu_before": 1.0}, {"cpu": 4.0, "cpu_before": 2.0}])
    {'cpu': 3.0}
    """
    least = {key: min(one[key] for one in rounds) for key in rounds[0]}
    return {key: value - least.get(f"{key}_before", 0.0) for key, value in least.items() if not key.endswith("_before")}


def _peak() -> int:
    """Peak memory of this process in bytes; 0 where no system tells it."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)


def ratios(tools: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """CPU time of each of our chains, times that of the tool it is measured by."""
    by = dict.fromkeys(TEXT_TOOLS, DATATROVE) | dict.fromkeys((*PAGE_TOOLS, WHOLE_RUN), TRAFILATURA)
    return {name: tools[name]["cpu"] / tools[by[name]]["cpu"] for name in tools if name != by[name]}


def worse(now: Mapping[str, float], then: Mapping[str, float]) -> list[str]:
    """What of ours takes `WORSE` times as much as it took.

    >>> worse({"cleaner, x": 0.5, "jusText": 9.0}, {"cleaner, x": 0.3, "jusText": 1.0})
    ['cleaner, x: 0.50 times the measure, 0.30 before']
    """
    return [
        f"{name}: {now[name]:.2f} times the measure, {before:.2f} before"
        for name, before in then.items()
        if name.startswith("cleaner") and now.get(name, 0.0) > WORSE * before
    ]


def by_filter(cleaner: Cleaner, texts: Sequence[Labelled]) -> dict[str, float]:
    """Seconds of each step of the chain."""
    best: dict[str, float] = {}
    for number in range(100, 100 + ROUNDS):
        spent: dict[str, float] = defaultdict(float)
        raws = list(varied(texts, number))
        for first in range(0, len(raws), TOGETHER):
            started = time.perf_counter()
            views = [View(cleaner.document(raw)) for raw in raws[first : first + TOGETHER]]
            spent["lines and language"] += time.perf_counter() - started
            for filter in cleaner.chain.filters:
                started = time.perf_counter()
                proposed = proposals(filter, views)
                views = [view.less(removals) for view, removals in zip(views, proposed, strict=True)]
                spent[filter.name] += time.perf_counter() - started
        for name, seconds in spent.items():
            best[name] = min(best.get(name, seconds), seconds)
    return best


def long_text(lines: int, seed: int) -> Raw:
    """An invented text: paragraphs, and short lines between them."""
    draw = random.Random(seed)
    text = "\n".join(_label(draw) if place % 5 == 4 else _paragraph(draw) for place in range(lines))
    return Raw(id=str(lines), source="", text=text)


def long_page(paragraphs: int, seed: int) -> Raw:
    """An invented page: paragraphs below a headline."""
    draw = random.Random(seed)
    title = _label(draw)
    told = "\n".join(f"<p>{_paragraph(draw)}</p>" for _ in range(paragraphs))
    html = f"<html><head><title>{title}</title></head><body><h1>{title}</h1>{told}</body></html>"
    return Raw(id=str(paragraphs), source="", html=html)


def _paragraph(draw: random.Random) -> str:
    return " ".join(draw.choices(WORDS, k=draw.randint(12, 40))).capitalize() + "."


def _label(draw: random.Random) -> str:
    return " ".join(draw.choices(WORDS, k=draw.randint(2, 6))).capitalize()


def growth(cleaner: Cleaner, make: Callable[[int, int], Raw]) -> dict[int, float]:
    """CPU seconds of documents of more and more lines."""
    times: dict[int, list[float]] = {lines: [] for lines in LINES}
    for seed in range(TIMES):
        for lines, own in times.items():
            raws = [make(lines, seed)]
            started = time.process_time()
            for _ in cleaner.clean_many(raws):
                pass
            own.append(time.process_time() - started)
    return {lines: min(own) for lines, own in times.items()}


def main() -> int:
    """Print the figures; 1 when they are worse than those they are compared with."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--pages", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="write the figures here, too")
    parser.add_argument("--against", type=Path, help="figures of an earlier run: fail when ratios are worse")
    parser.add_argument("--alone", choices=[*TEXT_TOOLS, *PAGE_TOOLS, WHOLE_RUN], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        print(json.dumps(alone(options.alone, options.data, options.pages)))
        return 0
    # read first: it may be the file that is written
    before = json.loads(options.against.read_text(encoding="utf-8"))["ratios"] if options.against else {}
    names = (*TEXT_TOOLS, *PAGE_TOOLS, WHOLE_RUN)
    rounds: list[dict[str, dict[str, float]]] = []
    for _ in tqdm(range(options.rounds), disable=not sys.stderr.isatty()):
        rounds.append({name: _in_a_process(name, options.data, options.pages) for name in names})
    tools = {name: fastest([one[name] for one in rounds]) for name in names}
    print("                                       CPU ms  clock ms  documents/s/core  peak MB  a document of")
    for name, found in tools.items():
        print(
            f"{name:36} {1000 * found['cpu']:8.2f} {1000 * found['clock']:9.2f} {1 / found['cpu']:17.0f} "
            f"{found['peak'] / 1e6:8.0f} {found['characters']:8,.0f} characters"
        )
    now = ratios(tools)
    each = [ratios({name: fastest([found]) for name, found in one.items()}) for one in rounds]
    for name, ratio in now.items():
        by_round = ", ".join(f"{one[name]:.3f}" for one in each)
        measure_of = DATATROVE if name in TEXT_TOOLS else TRAFILATURA
        print(f"{name}: {ratio:.3f} times {measure_of} (round by round {by_round})")
    cleaner = _warm(Cleaner())
    texts = documents(options.data)
    scale = 1e6 / len(texts)
    steps = by_filter(cleaner, texts)
    longer = {
        "lines of a text": growth(cleaner, long_text),
        "paragraphs of a page": growth(_warm(Cleaner(Settings(extractor="blocks"))), long_page),
    }
    print("text chain, by step:")
    for name, seconds in steps.items():
        print(f"  {name:30}{seconds * scale:9,.0f} us {seconds / sum(steps.values()):5.0%}")
    for name, times in longer.items():
        first = times[LINES[0]]
        print(f"{name}, CPU seconds, times those of {LINES[0]:,}:")
        for lines, seconds in times.items():
            print(f"  {lines:7,} {seconds:7.3f} {seconds / first:6.1f}")
    if options.json:
        figures = {
            "tools": tools,
            "ratios": now,
            "steps": {name: seconds * scale for name, seconds in steps.items()},
            **longer,
        }
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    if options.against:
        slower = worse(now, before)
        print("\n".join(slower) or f"no ratio is {WORSE} times that of {options.against}")
        return int(bool(slower))
    return 0


if __name__ == "__main__":
    sys.exit(main())
