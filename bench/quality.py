"""Quality on labelled pages, beside trafilatura in the same run.

    python bench/quality.py [--data DIR] [--json FILE] [--worst N]

DIR holds ``gold.jsonl`` (``id``, ``dataset``, ``html``, ``paragraphs`` …) and the pages it names.  Every page goes
through the whole chain.  A page that is rejected scores 0, as an empty text does.  Token F1 is the F1 of the multisets
of ``\\w+`` tokens in lower case, a page, then the mean over pages.
"""

from __future__ import annotations

import argparse
import gzip
import json
import logging
import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

from folds import FOLD_MODELS, cleaner_of, has_models
from labelled import DATA, fold_of

from cleaner.chain import Outcome
from cleaner.ingest.record import Raw
from cleaner.text import tokens

# How far below trafilatura's own token F1 a dataset may lie before this program exits with 1.
TOLERANCE = 0.002

_TOKEN = re.compile(r"\w+")


@dataclass(frozen=True)
class Score:
    """Token precision, recall and F1 of one text against the gold text."""

    f1: float
    precision: float
    recall: float


@dataclass(frozen=True)
class PageResult:
    """One page: what trafilatura and the whole chain reach, and what became of it."""

    id: str
    dataset: str
    trafilatura: Score
    extracted: Score
    cleaned: Score
    rejected: str | None
    balanced: bool
    removed: dict[str, tuple[int, int]]
    """Words that each ``filter:rule`` removed, and how many of them stand in blocks that the gold text holds."""


def score(text: str, gold: str) -> Score:
    """Token score.

    >>> score("a b c", "b c d")
    Score(f1=0.6666666666666666, precision=0.6666666666666666, recall=0.6666666666666666)
    """
    have, want = Counter(_TOKEN.findall(text.lower())), Counter(_TOKEN.findall(gold.lower()))
    both = (have & want).total()
    if not both:
        return Score(0.0, 0.0, 0.0)
    precision, recall = both / have.total(), both / want.total()
    return Score(2 * precision * recall / (precision + recall), precision, recall)


def measure(page: dict[str, object], data: Path, folds: str) -> PageResult:
    """Run trafilatura (default settings) and the chain over one page."""
    import trafilatura

    logging.disable(logging.CRITICAL)
    cleaner = cleaner_of(folds, fold_of(str(page["site"])))
    html = gzip.decompress((data / str(page["html"])).read_bytes()).decode("utf-8")
    gold = "\n".join(page["paragraphs"])  # type: ignore[arg-type]
    outcome, rejection, _ = cleaner.clean_raw(Raw(id=str(page["id"]), source=str(page["id"]), html=html))
    extracted = cleaned = ""
    balanced = True
    removed: dict[str, tuple[int, int]] = {}
    if outcome is not None:
        source, removals = outcome.document.text, outcome.removals
        cleaned = "" if rejection else outcome.text
        kept_by_extraction = [s for s in outcome.document.segments if s.markup and s.markup.witness is not False]
        extracted = "".join(source[s.start : s.end] for s in kept_by_extraction)
        balanced = len(source) == len(outcome.text) + sum(r.end - r.start for r in removals)
        removed = _removed(outcome, [*page["paragraphs"], *page.get("optional", [])])  # type: ignore[misc]
    return PageResult(
        id=str(page["id"]),
        dataset=str(page["dataset"]),
        trafilatura=score(trafilatura.extract(html) or "", gold),
        extracted=score(extracted, gold),
        cleaned=score(cleaned, gold),
        rejected=f"{rejection.stage}/{rejection.reason}: {rejection.detail}" if rejection else None,
        balanced=balanced,
        removed=removed,
    )


def _removed(outcome: Outcome, gold: Sequence[str]) -> dict[str, tuple[int, int]]:
    held = Held(gold)
    removed: dict[str, tuple[int, int]] = {}
    for removal in outcome.removals:
        text = outcome.document.text[removal.start : removal.end]
        words = len(_TOKEN.findall(text))
        total, wrong = removed.get(f"{removal.filter}:{removal.rule}", (0, 0))
        removed[f"{removal.filter}:{removal.rule}"] = (total + words, wrong + (words if text in held else 0))
    return removed


class Held:
    """Whether a gold text holds a block: equal, contained, or with four of five of its 4-grams."""

    def __init__(self, gold: Sequence[str]) -> None:
        self.keys = {_key(paragraph) for paragraph in gold}
        self.run = _key("".join(gold))
        self.grams = {gram for paragraph in gold for gram in _grams(paragraph)}

    def __contains__(self, block: str) -> bool:
        key, grams = _key(block), _grams(block)
        if key in self.keys or (len(key) > 30 and key in self.run):
            return key != ""
        return len(grams) >= 3 and sum(gram in self.grams for gram in grams) >= 0.8 * len(grams)


def _key(text: str) -> str:
    return "".join(_TOKEN.findall(text.lower()))


def _grams(text: str) -> list[tuple[str, ...]]:
    words = tokens(text)
    return list(zip(words, words[1:], words[2:], words[3:], strict=False))


def _measure(job: tuple[dict[str, object], Path, str]) -> PageResult:
    return measure(*job)


def mean(scores: Iterable[Score]) -> Score:
    """Mean of each figure."""
    rows = list(scores)
    return Score(*(sum(getattr(row, name) for row in rows) / len(rows) for name in ("f1", "precision", "recall")))


def table(results: Sequence[PageResult]) -> list[str]:
    """The comparison by dataset, as Markdown."""
    lines = [
        "| dataset | pages | trafilatura F1 (P, R) | main_content | whole chain F1 (P, R) | difference | rejected |",
        "|---|---|---|---|---|---|---|",
    ]
    for dataset in [*sorted({result.dataset for result in results}), "all"]:
        rows = [result for result in results if dataset in (result.dataset, "all")]
        peer, alone, own = (
            mean(getattr(row, name) for row in rows) for name in ("trafilatura", "extracted", "cleaned")
        )
        lines.append(
            f"| {dataset} | {len(rows)} | {peer.f1:.4f} ({peer.precision:.3f}, {peer.recall:.3f}) | {alone.f1:.4f} "
            f"| {own.f1:.4f} ({own.precision:.3f}, {own.recall:.3f}) | {own.f1 - peer.f1:+.4f} "
            f"| {sum(row.rejected is not None for row in rows)} |"
        )
    return lines


def rules_table(results: Sequence[PageResult]) -> list[str]:
    """Precision of the removals by filter and rule, as Markdown."""
    totals: dict[str, list[int]] = {}
    for result in results:
        for code, (words, wrong) in result.removed.items():
            total = totals.setdefault(code, [0, 0])
            total[0] += words
            total[1] += wrong
    lines = ["| filter:rule | words removed | of them in the gold text | precision |", "|---|---|---|---|"]
    for code, (words, wrong) in sorted(totals.items(), key=lambda item: -item[1][0]):
        if words:
            lines.append(f"| {code} | {words:,} | {wrong:,} | {1 - wrong / words:.3f} |")
    return lines


def main() -> int:
    """Print the table; exit code 1 when a dataset lies below trafilatura by more than `TOLERANCE`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--folds", type=Path, default=FOLD_MODELS, help="models that make train left")
    parser.add_argument("--json", type=Path, help="write all figures here")
    parser.add_argument("--worst", type=int, default=10, help="pages to list that lose most against trafilatura")
    options = parser.parse_args()
    if not (options.data / "gold.jsonl").exists():
        print(f"no labelled pages at {options.data}; name them with --data or CLEANER_DATA", file=sys.stderr)
        return 2
    if not has_models(options.folds):
        return 2
    pages = [json.loads(line) for line in (options.data / "gold.jsonl").read_bytes().splitlines()]
    with ProcessPoolExecutor() as pool:
        results = list(
            pool.map(_measure, [(page, options.data, str(options.folds.resolve())) for page in pages], chunksize=8)
        )
    print("\n".join(["## HTML pages", "", *table(results), "", "## Removals", "", *rules_table(results)]))
    print(f"\nbooks balance on {sum(result.balanced for result in results)} of {len(results)} pages")
    for result in results:
        if result.rejected:
            print(
                f"rejected: {result.dataset} {result.id}: {result.rejected} (trafilatura {result.trafilatura.f1:.3f})"
            )
    for result in sorted(results, key=lambda row: row.cleaned.f1 - row.trafilatura.f1)[: options.worst]:
        print(
            f"worst: {result.dataset} {result.id}: trafilatura {result.trafilatura.f1:.3f}, "
            f"main_content {result.extracted.f1:.3f}, chain {result.cleaned.f1:.3f}"
        )
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps([asdict(result) for result in results], indent=1, sort_keys=True) + "\n")
    below = [
        dataset
        for dataset in sorted({result.dataset for result in results})
        if mean(r.cleaned for r in results if r.dataset == dataset).f1
        < mean(r.trafilatura for r in results if r.dataset == dataset).f1 - TOLERANCE
    ]
    if below or not all(result.balanced for result in results):
        print(f"below trafilatura by more than {TOLERANCE}: {', '.join(below) or 'none'}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
