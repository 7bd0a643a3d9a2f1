"""Writes a run folder of any size, invented, for benches of the audit: pages with furniture, as a run records them."""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

import cleaner
from cleaner.books import Books, count
from cleaner.chain import Outcome
from cleaner.document import Document, Removal
from cleaner.ingest.record import Raw
from cleaner.rows import collect
from cleaner.rulebook.load import pack_hashes
from cleaner.settings import Settings
from cleaner.shards.folder import RunFolder

UNIT = 5_000
Pair = tuple[Raw, Outcome]
WORDS = "council bridge harbour market river railway museum border treaty festival court budget school mayor".split()
RULES = tuple(
    (filter, f"{rule}-{number}" if "/" in rule else rule, confidence)
    for filter, rule, confidence in (
        ("rules", "en/also-read", 0.8),
        ("rules", "en/leave-a-review", 0.96),
        ("blocks", "en/section-word", 0.85),
        ("layout", "shape", 0.7),
        ("main_content", "nav", 0.9),
        ("repeats", "exact", 0.97),
    )
    for number in range(20 if "/" in rule else 1)
)
COMMON = 200
"""Lines of furniture that every site of its own repeats; half of all removals are of these."""


def documents(removals: int, seed: int = 7) -> Iterator[Pair]:
    """Documents of ten removals each, until there are as many removals as asked for."""
    choose = random.Random(seed)
    for number in range(removals // 10):
        site = f"site-{number % 500}.example"
        lines: list[tuple[str, tuple[str, str, float] | None]] = []
        for place in range(20):
            if place % 2:
                if choose.random() < 0.5:
                    lines.append(
                        (
                            f"Also read: {WORDS[number % 14]} news number {choose.randrange(COMMON)}",
                            choose.choice(RULES),
                        )
                    )
                else:
                    words = " ".join(choose.choices(WORDS, k=6))
                    lines.append((f"Also read: {words} {number}-{place}", choose.choice(RULES)))
            else:
                lines.append((" ".join(choose.choices(WORDS, k=35)).capitalize() + ".", None))
        text, cuts = "", []
        for line, taken in lines:
            start = len(text)
            text += f"{line}\n"
            if taken:
                filter, code, confidence = taken
                sure = round(min(0.99, confidence + choose.uniform(-0.1, 0.1)), 3)
                cuts.append(Removal(start, len(text), filter, code, "Stands in no story.", sure, {"line": len(lines)}))
        document = Document.from_text(text, id=f"d{number}", source=f"{site}/{number}.txt", site=site, language="en")
        yield Raw(id=document.id, source=document.source, text=text), Outcome(document, tuple(cuts))


def write_run(out: Path, pairs: Iterable[Pair], drift: object = None) -> None:
    """Write a finished run folder of cleaned documents, with books that balance."""
    folder = RunFolder(out)
    header = {"cleaner": cleaner.__version__, "schema": "1", "settings": Settings().as_dict(), "rules": pack_hashes()}
    folder.prepare(header, resume=False, overwrite=out.exists())
    books = Books()
    parts: list[dict[str, object]] = []
    rows = iter(pairs)
    while unit := list(islice(rows, UNIT)):
        cleaned = collect(((raw, outcome, outcome.rejected, outcome.document.text) for raw, outcome in unit), "full")
        own = count(len(unit), cleaned)
        books.add(own)
        tables = {"clean": cleaned.clean, "removed": cleaned.removed, "rejected": cleaned.rejected}
        entry = folder.write_unit(len(parts), tables, {"books": own.as_dict()})
        parts.append({"unit": entry["unit"], **entry["parts"]})
    manifest = {"header": header, "inputs": ["invented"], "books": books.as_dict(), "parts": parts}
    folder.finish(manifest | ({"drift": drift} if drift else {}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--removals", type=int, default=1_000_000)
    arguments = parser.parse_args()
    write_run(arguments.out, documents(arguments.removals))
