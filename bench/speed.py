"""CPU time of the text chain, beside datatrove's filters of C4, Gopher and FineWeb on the same documents.

    python bench/speed.py [--data DIR] [--json FILE]

Documents are the English texts that trafilatura left of labelled pages, of about 2.5 kB each.  Every round changes each
line a little, so that nothing is remembered from the round before; figures are the fastest of a few rounds, on one
core, language and rules included.  Then the time of texts of twice as many lines each, up to 20,000.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

from labelled import DATA, Labelled, read_labelled_texts

from cleaner.chain import View
from cleaner.ingest.record import Raw
from cleaner.pipeline import Cleaner

ROUNDS = 5
SHORTEST, LONGEST = 1_800, 3_400
CHARACTERS = 2_500
LINES = (1_250, 2_500, 5_000, 10_000, 20_000)
WORDS = (
    "council minister harbour bridge treaty region winter market bus border talks river voted signed Monday the of a "
    "in and to for on that with has was said will by from more after when before about over their new old first"
).split()

Round = Callable[[int], float]


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


def fastest(action: Round) -> float:
    """CPU seconds of the fastest round; what is run first is not counted."""
    action(0)
    return min(action(number) for number in range(1, ROUNDS + 1))


def our_round(cleaner: Cleaner, texts: Sequence[Labelled]) -> Round:
    """Cleans all texts by the whole chain."""

    def run(number: int) -> float:
        raws = varied(texts, number)
        started = time.process_time()
        for raw in raws:
            cleaner.clean_raw(raw)
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


def by_filter(cleaner: Cleaner, texts: Sequence[Labelled]) -> dict[str, float]:
    """Seconds of each step of the chain."""
    best: dict[str, float] = {}
    for number in range(100, 100 + ROUNDS):
        spent: dict[str, float] = defaultdict(float)
        for raw in varied(texts, number):
            started = time.perf_counter()
            document = cleaner.document(raw)
            spent["lines and language"] += time.perf_counter() - started
            view = View(document)
            for filter in cleaner.chain.filters:
                started = time.perf_counter()
                view = cleaner.chain.step(view, filter)
                spent[filter.name] += time.perf_counter() - started
        for name, seconds in spent.items():
            best[name] = min(best.get(name, seconds), seconds)
    return best


def long_text(lines: int, seed: int) -> Raw:
    """An invented text: paragraphs, and short lines between them."""
    draw = random.Random(seed)
    text = "\n".join(
        " ".join(draw.choices(WORDS, k=draw.randint(2, 6) if place % 5 == 4 else draw.randint(12, 40))).capitalize()
        + ("" if place % 5 == 4 else ".")
        for place in range(lines)
    )
    return Raw(id=str(lines), source="", text=text)


def doubling(cleaner: Cleaner) -> dict[int, float]:
    """CPU seconds of texts of more and more lines."""
    found = {}
    for lines in LINES:
        times = []
        for seed in range(3):
            raw = long_text(lines, seed)
            started = time.process_time()
            cleaner.clean_raw(raw)
            times.append(time.process_time() - started)
        found[lines] = min(times)
    return found


def main() -> int:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--json", type=Path, help="write the figures here, too")
    options = parser.parse_args()
    texts = documents(options.data)
    characters = sum(len(text.text) for text in texts)
    cleaner = Cleaner()
    cleaner.warm_up()
    scale = CHARACTERS / characters * 1e6
    ours, theirs = fastest(our_round(cleaner, texts)), fastest(datatrove_round(texts))
    steps = by_filter(cleaner, texts)
    growth = doubling(cleaner)
    print(f"{len(texts)} English texts of {characters // len(texts):,} characters, figures for {CHARACTERS:,}")
    print(f"cleaner, whole text chain       {ours * scale:9,.0f} us")
    print(f"datatrove, C4 + Gopher + FineWeb{theirs * scale:9,.0f} us, {theirs / ours:.1f} times as much")
    print("of it, by step:")
    for name, seconds in steps.items():
        print(f"  {name:30}{seconds * scale:9,.0f} us {seconds / sum(steps.values()):5.0%}")
    print("lines of one text, seconds, times those of half as many:")
    for lines, seconds in growth.items():
        half = growth.get(lines // 2)
        print(f"  {lines:7,} {seconds:7.2f}" + (f" {seconds / half:5.2f}" if half else ""))
    if options.json:
        figures = {
            "microseconds": {"cleaner": ours * scale, "datatrove": theirs * scale},
            "steps": {name: seconds * scale for name, seconds in steps.items()},
            "lines": growth,
        }
        options.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
