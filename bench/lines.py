"""Quality on extracted text whose lines are labelled article, cruft or neutral.

    python bench/lines.py [--data DIR] [--rules]

DIR holds ``lines.jsonl.gz``: objects with ``dataset``, ``variant``, ``site``, ``url``, ``title`` and ``lines``, each
line with ``text`` and ``label``.  Figures are weighted by words; neutral lines are not scored.  ``B_body`` is the whole
visible text of a page, the other variants are what extractors leave.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from quality import DATA

from cleaner.ingest.record import Raw
from cleaner.pipeline import Cleaner

_WORD = re.compile(r"\w+")
T = TypeVar("T")


@dataclass
class TextResult:
    """Words of one text by label, and the words that were removed of each label, in all and by rule."""

    group: str
    total: Counter[str] = field(default_factory=Counter)
    removed: Counter[str] = field(default_factory=Counter)
    by_rule: Counter[tuple[str, str]] = field(default_factory=Counter)


@lru_cache(maxsize=1)
def _cleaner() -> Cleaner:
    return Cleaner()


def measure(line: str) -> TextResult:
    """Run the chain over one labelled text."""
    record = json.loads(line)
    pieces = [(" ".join(row["text"].split()), row["label"]) for row in record["lines"] if row["text"].strip()]
    text = "\n".join(piece for piece, _ in pieces)
    raw = Raw(id="x", source="x", text=text, url=record["url"], title=record["title"] or None)
    outcome, rejection, _ = _cleaner().clean_raw(raw)
    if outcome is None:
        raise ValueError(f"{record['id']}: {rejection}")
    result = TextResult(_group(record, outcome.document.language))
    position = 0
    for piece, label in pieces:
        end = position + len(piece)
        result.total[label] += _words(piece)
        for removal in outcome.removals:
            if removal.start < end and removal.end > position:
                words = _words(text[max(position, removal.start) : min(end, removal.end)])
                result.removed[label] += words
                result.by_rule[f"{removal.filter}:{removal.rule}", label] += words
        position = end + 1
    return result


def _words(text: str) -> int:
    return len(_WORD.findall(text))


def _group(record: dict[str, str], language: str | None) -> str:
    if record["dataset"] == "wcxb":
        return "blogs and guides"
    if record["variant"] == "B_body":
        return "whole-body text, news"
    return "extracted text, English news" if language == "en" else "extracted text, news in other languages"


def table(results: Sequence[TextResult]) -> Iterable[str]:
    """Precision, recall and story lost by group, as Markdown."""
    yield "| set | texts | precision | recall | story lost |"
    yield "|---|---|---|---|---|"
    for group in sorted({result.group for result in results}):
        rows = [result for result in results if result.group == group]
        total, removed = _sum(row.total for row in rows), _sum(row.removed for row in rows)
        scored = removed["cruft"] + removed["article"]
        yield (
            f"| {group} | {len(rows):,} | {removed['cruft'] / max(scored, 1):.3f} "
            f"| {removed['cruft'] / total['cruft']:.3f} | {removed['article'] / total['article']:.2%} |"
        )


def rules_table(results: Sequence[TextResult]) -> Iterable[str]:
    """Words removed by label and rule, as Markdown."""
    counts = _sum(row.by_rule for row in results)
    yield "| filter:rule | cruft | story | not scored | precision |"
    yield "|---|---|---|---|---|"
    codes = Counter[str]()
    for (code, _), words in counts.items():
        codes[code] += words
    for code, _ in codes.most_common():
        cruft, story, neutral = (counts[code, label] for label in ("cruft", "article", "neutral"))
        precision = f"{cruft / (cruft + story):.3f}" if cruft + story else "–"
        yield f"| {code} | {cruft:,} | {story:,} | {neutral:,} | {precision} |"


def _sum(counters: Iterable[Counter[T]]) -> Counter[T]:
    total: Counter[T] = Counter()
    for counter in counters:
        total.update(counter)
    return total


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--rules", action="store_true", help="print the figures of each rule, too")
    options = parser.parse_args()
    path = options.data / "lines.jsonl.gz"
    if not path.exists():
        print(f"no labelled texts at {path}; name their folder with --data or CLEANER_DATA", file=sys.stderr)
        return 2
    with gzip.open(path, "rt", encoding="utf-8") as stream, ProcessPoolExecutor() as pool:
        results = list(pool.map(measure, stream, chunksize=16))
    print("\n".join(["## Text without markup", "", *table(results)]))
    if options.rules:
        print("\n".join(["", *rules_table(results)]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
