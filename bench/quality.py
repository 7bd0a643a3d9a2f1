"""Quality on labelled pages, beside other extractors in the same run.

    python bench/quality.py [--data DIR] [--json FILE] [--pages DIR] [--worst N]

DIR holds ``gold.jsonl`` (``id``, ``dataset``, ``html``, ``paragraphs`` …) and the pages it names.  Every page goes
through the whole chain, with ``--extractor auto`` and with ``blocks``; the models were trained without its site.  A
page that is rejected scores 0, as an empty text does.  Token F1 is the F1 of the multisets of ``\\w+`` tokens in lower
case, a page, then the mean over pages; in scripts without spaces every character is a token.  Writes the tables into
docs/quality.md, unless DIR is another than the usual one.  What it costs is measured by ``bench/speed.py``.
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
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from extractors import EXTRACTORS
from folds import BLOCK_FOLD_MODELS, FOLD_MODELS, cleaner_of, has_models
from included import include
from labelled import DATA, fold_of
from side_by_side import Row, write

from cleaner.chain import Outcome
from cleaner.filters.main_content import is_main
from cleaner.ingest.align import align
from cleaner.ingest.record import Raw
from cleaner.text import scripts, tokens

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
    """One page: what every system reaches, and what became of it."""

    id: str
    dataset: str
    script: str
    """``CJK``, ``right to left`` or ``other``: what most of the gold text is written in."""
    scores: dict[str, Score]
    """By system: other extractors, ``main_content`` (extraction alone), ``blocks`` and ``auto`` (whole chain)."""
    asked: bool
    rejected: str | None
    balanced: bool
    removed: dict[str, tuple[int, int]]
    """Words that each ``filter:rule`` removed, and how many of them stand in blocks that the gold text holds."""
    title: float | None
    """How alike the title is to the labelled one, 0 to 1; None where none is labelled."""
    rows: tuple[Row, ...]


MODES = ("blocks", "auto")
SYSTEMS = (*EXTRACTORS, "main_content", *MODES)
NEWS = ("fundus", "fundus-eval", "scrapinghub")


def token_list(text: str, spread: bool = False) -> list[str]:
    """Tokens of a text; with ``spread`` every character of a script without spaces is one.

    >>> token_list("Two 外长"), token_list("Two 外长", spread=True)
    (['two', '外长'], ['two', '外', '长'])
    """
    return list(tokens(text)) if spread else _TOKEN.findall(text.lower())


def score(text: str, gold: str, spread: bool = False) -> Score:
    """Token score.

    >>> score("a b c", "b c d")
    Score(f1=0.6666666666666666, precision=0.6666666666666666, recall=0.6666666666666666)
    """
    have, want = Counter(token_list(text, spread)), Counter(token_list(gold, spread))
    both = (have & want).total()
    if not both:
        return Score(0.0, 0.0, 0.0)
    precision, recall = both / have.total(), both / want.total()
    return Score(2 * precision * recall / (precision + recall), precision, recall)


def script_of(text: str) -> str:
    """The group of scripts that most of a text is written in."""
    found = scripts(text)
    first = next(iter(found), "")
    if first in ("Han", "Kana", "Hangul"):
        return "CJK"
    return "right to left" if first in ("Arabic", "Hebrew") else "other"


def measure(page: dict[str, object], data: Path, folds: str, blocks: str) -> PageResult:
    """Run the other extractors and the chain over one page."""
    logging.disable(logging.CRITICAL)
    cleaner = cleaner_of(folds, fold_of(str(page["site"])), blocks=blocks)
    html = gzip.decompress((data / str(page["html"])).read_bytes()).decode("utf-8")
    gold = "\n".join(page["paragraphs"])  # type: ignore[arg-type]
    script = script_of(gold)
    spread = script == "CJK"
    raw = Raw(id=str(page["id"]), source=str(page["id"]), html=html)
    texts = {name: extract(html) for name, extract in EXTRACTORS.items()}
    settings = cleaner.settings
    try:
        results = {}
        for mode in MODES:
            cleaner.settings = replace(settings, extractor=mode)
            results[mode] = cleaner.clean_raw(raw)
        for mode, (outcome, rejection, _) in results.items():
            texts[mode] = "" if rejection or outcome is None else outcome.text
        outcome, rejection, _ = results["auto"]
        shown = outcome
        if shown is None:  # to be read all the same
            cleaner.settings = replace(settings, keep_non_articles=True)
            shown, _, _ = cleaner.clean_raw(raw)
    finally:
        cleaner.settings = settings
    balanced, asked = True, False
    removed: dict[str, tuple[int, int]] = {}
    rows: tuple[Row, ...] = ()
    texts["main_content"] = ""
    title = None
    if outcome is not None:
        source, removals = outcome.document.text, outcome.removals
        texts["main_content"] = "".join(
            source[one.start : one.end]
            for one in outcome.document.segments
            if one.markup and is_main(one.markup) and not one.markup.headline
        )
        asked = bool(outcome.document.facts.get("witness"))
        balanced = len(source) == len(outcome.text) + sum(r.end - r.start for r in removals)
        paragraphs: list[str] = [*page["paragraphs"], *page.get("optional", [])]  # type: ignore[misc]
        removed = _removed(outcome, paragraphs)
        if page["title"]:
            title = score(outcome.document.title or "", str(page["title"]), spread).f1
    if shown is not None:
        rows = _rows(shown, page["paragraphs"], texts["trafilatura"])  # type: ignore[arg-type]
        if rejection is not None:
            rows = tuple(replace(row, kept=False) for row in rows)
    return PageResult(
        id=str(page["id"]),
        dataset=str(page["dataset"]),
        script=script,
        scores={name: score(texts[name], gold, spread) for name in SYSTEMS},
        asked=asked,
        rejected=f"{rejection.stage}/{rejection.reason}: {rejection.detail}" if rejection else None,
        balanced=balanced,
        removed=removed,
        title=title,
        rows=rows,
    )


def _rows(outcome: Outcome, gold: Sequence[str], peer: str) -> tuple[Row, ...]:
    document = outcome.document
    lines = [document.content(segment) for segment in document.segments]
    told = align(gold, lines).taken
    took = align(peer.split("\n"), lines).taken
    why = {removal.start: removal.reason for removal in outcome.removals}
    return tuple(
        Row(line, is_gold, segment.start not in why, is_peer, why.get(segment.start, ""))
        for line, segment, is_gold, is_peer in zip(lines, document.segments, told, took, strict=True)
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


def _measure(job: tuple[dict[str, object], Path, str, str]) -> PageResult:
    return measure(*job)


def mean(scores: Iterable[Score]) -> Score:
    """Mean of each figure."""
    rows = list(scores)
    return Score(*(sum(getattr(row, name) for row in rows) / len(rows) for name in ("f1", "precision", "recall")))


def table(results: Sequence[PageResult]) -> list[str]:
    """The comparison by dataset and script, as Markdown: mean token F1 of every system, pages below .8 for news."""
    groups: list[tuple[str, list[PageResult]]] = [
        ("news", [result for result in results if result.dataset in NEWS]),
        *((name, [r for r in results if r.dataset == name]) for name in sorted({r.dataset for r in results})),
        ("all", list(results)),
        *((name, [r for r in results if r.script == name]) for name in ("CJK", "right to left")),
    ]
    lines = [f"| set | pages | {' | '.join(SYSTEMS)} |", f"|---|---|{'---|' * len(SYSTEMS)}"]
    for name, rows in groups:
        if rows:
            cells = [f"{mean(row.scores[system] for row in rows).f1:.4f}" for system in SYSTEMS]
            lines.append(f"| {name} | {len(rows)} | {' | '.join(cells)} |")
    news = groups[0][1]
    if news:
        figures = [mean(row.scores[system] for row in news) for system in SYSTEMS]
        low = [sum(row.scores[system].f1 < 0.8 for row in news) for system in SYSTEMS]
        lines.append(f"| news: precision | | {' | '.join(f'{figure.precision:.3f}' for figure in figures)} |")
        lines.append(f"| news: recall | | {' | '.join(f'{figure.recall:.3f}' for figure in figures)} |")
        lines.append(f"| news: pages below .8 | | {' | '.join(map(str, low))} |")
    return lines


def notes(results: Sequence[PageResult]) -> list[str]:
    """The share of pages that the witness was asked about, titles, books, rejections."""
    titles = [result.title for result in results if result.title is not None]
    lines = [
        f"the witness was asked on {sum(r.asked for r in results) / len(results):.1%} of the pages",
        f"titles: token F1 {sum(titles) / max(len(titles), 1):.3f} on {len(titles)} pages",
        f"books balance on {sum(result.balanced for result in results)} of {len(results)} pages",
    ]
    lines += [
        f"rejected: {result.dataset} {result.id}: {result.rejected} (trafilatura {result.scores['trafilatura'].f1:.3f})"
        for result in results
        if result.rejected
    ]
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
    parser.add_argument("--folds", type=Path, default=FOLD_MODELS, help="models of lines that make train left")
    parser.add_argument("--blocks", type=Path, default=BLOCK_FOLD_MODELS, help="models of blocks that make train left")
    parser.add_argument("--json", type=Path, help="write all figures here")
    parser.add_argument("--pages", type=Path, default=Path(__file__).parent / "results" / "pages", help="for reading")
    parser.add_argument("--worst", type=int, default=20, help="pages to list and write side by side")
    options = parser.parse_args()
    if not (options.data / "gold.jsonl").exists():
        print(f"no labelled pages at {options.data}; name them with --data or CLEANER_DATA", file=sys.stderr)
        return 2
    if not has_models(options.folds) or not has_models(options.blocks):
        return 2
    pages = [json.loads(line) for line in (options.data / "gold.jsonl").read_bytes().splitlines()]
    folds, blocks = str(options.folds.resolve()), str(options.blocks.resolve())
    with ProcessPoolExecutor() as pool:
        results = list(pool.map(_measure, [(page, options.data, folds, blocks) for page in pages], chunksize=8))
    report = [*table(results), "", *(f"- {note}" for note in notes(results)), "", *rules_table(results)]
    print("\n".join(report))
    if options.data == DATA:
        include("bench/quality.py", "\n".join(report))
    worst = sorted(results, key=lambda row: row.scores["auto"].f1)[: options.worst]
    described = []
    for result in worst:
        figures = ", ".join(f"{name} {result.scores[name].f1:.3f}" for name in ("auto", "blocks", "trafilatura"))
        figures += f"; rejected, {result.rejected}" if result.rejected else ""
        print(f"worst: {result.dataset} {result.id}: {figures}")
        described.append((f"{result.dataset} {result.id}", figures, result.rows))
    write(options.pages, described)
    print(f"the worst pages side by side: {options.pages / 'index.html'}")
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        figures_only = [asdict(replace(result, rows=())) for result in results]
        options.json.write_text(json.dumps(figures_only, indent=1, sort_keys=True) + "\n")
    below = [
        dataset
        for dataset in sorted({result.dataset for result in results})
        if mean(r.scores["auto"] for r in results if r.dataset == dataset).f1
        < mean(r.scores["trafilatura"] for r in results if r.dataset == dataset).f1 - TOLERANCE
    ]
    if below or not all(result.balanced for result in results):
        print(f"below trafilatura by more than {TOLERANCE}: {', '.join(below) or 'none'}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
