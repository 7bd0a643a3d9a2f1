"""Quality on texts in the forms that tools leave them: paragraphs broken into lines, pages as Markdown.

    python bench/forms.py [--data DIR] [--folds DIR] [--texts N] [--pages N]

Labelled texts are cleaned as they stand and again with their paragraphs broken at two widths; figures are weighted by
words.  Pages are turned into Markdown by html2text, without lines broken and as it breaks them, and by trafilatura, and
what cleaning leaves of that is compared with the story; addresses of links and images do not count.  Each is cleaned
with a model that was trained without its site.  Prints tables and writes them into docs/quality.md.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import sys
import textwrap
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import html2text
import trafilatura
from folds import FOLD_MODELS, cleaner_of, has_models
from included import include
from labelled import DATA, Labelled, fold_of, read_labelled_texts, words

from cleaner.ingest.record import Raw

WIDTHS = (72, 100)
NEWS = ("fundus", "fundus-eval", "scrapinghub")
_IMAGE = re.compile(r"!\[[^\]]*\]\([^()]*(?:\([^()]*\)[^()]*)*\)")
_LINK = re.compile(r"\[([^\]]*)\]\([^()]*(?:\([^()]*\)[^()]*)*\)")
_ADDRESS = re.compile(r"https?://\S+")


def broken(line: str, width: int | None) -> str:
    """A line as a program breaks it."""
    return line if width is None else textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False)


def measure_text(job: tuple[Labelled, str]) -> tuple[str, dict[int | None, Counter[str]]]:
    """The group of a labelled text, and by width the words of each label and those of them that went."""
    text, folds = job
    cleaner = cleaner_of(folds, fold_of(text.site))
    measured = {}
    for width in (None, *WIDTHS):
        lines = [broken(line, width) for line, _, _ in text.lines]
        gap = "\n" if width is None else "\n\n"
        whole = gap.join(lines)
        outcome = cleaner.clean_text(whole, title=text.title or None, url=text.url)
        gone = bytearray(len(whole))
        for removal in outcome.removals:
            gone[removal.start : removal.end] = b"\1" * (removal.end - removal.start)
        counted: Counter[str] = Counter()
        position = 0
        for line, (_, label, _) in zip(lines, text.lines, strict=True):
            end = position + len(line)
            count = len(words(line))
            counted[label] += count
            counted[f"{label} gone"] += round(count * gone.count(1, position, end) / max(len(line), 1))
            position = end + len(gap)
        measured[width] = counted
    return text.group, measured


def text_table(results: Iterable[tuple[str, dict[int | None, Counter[str]]]]) -> Iterator[str]:
    """Precision, recall and story lost by group and width."""
    groups: dict[tuple[str, int | None], Counter[str]] = defaultdict(Counter)
    for group, measured in results:
        for width, counted in measured.items():
            groups[group, width].update(counted)
    yield "| set | paragraphs | cruft precision | cruft recall | story lost |"
    yield "|---|---|---|---|---|"
    for (group, width), counted in sorted(groups.items(), key=lambda one: (one[0][0], one[0][1] or 0)):
        gone = counted["cruft gone"] + counted["article gone"]
        form = "as they stand" if width is None else f"broken at {width}"
        yield (
            f"| {group} | {form} | {counted['cruft gone'] / max(gone, 1):.3f} "
            f"| {counted['cruft gone'] / max(counted['cruft'], 1):.3f} "
            f"| {counted['article gone'] / max(counted['article'], 1):.2%} |"
        )


def _html2text(width: int) -> Callable[[str], str]:
    def convert(html: str) -> str:
        return str(html2text.HTML2Text(bodywidth=width).handle(html))

    return convert


def _trafilatura(html: str) -> str:
    found = trafilatura.extract(
        html,
        output_format="markdown",
        include_links=True,
        include_images=True,
        include_formatting=True,
        favor_recall=True,
    )
    return found or ""


CONVERTERS = {
    "html2text": _html2text(0),
    "html2text, lines broken at 78": _html2text(78),
    "trafilatura, favouring recall": _trafilatura,
}


def measure_page(job: tuple[dict[str, Any], str, str]) -> tuple[str, dict[str, tuple[float, ...]]]:
    """The set of a page, and by converter precision, recall and F1 of its Markdown and of what cleaning leaves."""
    page, data, folds = job
    html = gzip.decompress((Path(data) / page["html"]).read_bytes()).decode("utf-8")
    gold = Counter(words("\n".join(page["paragraphs"])))
    cleaner = cleaner_of(folds, fold_of(page["site"]))
    measured: dict[str, tuple[float, ...]] = {}
    for name, convert in CONVERTERS.items():
        text = convert(html)
        raw = Raw(id=page["id"], source=page["id"], text=text, url=page["url"], title=page["title"] or None)
        outcome, rejection, _ = cleaner.clean_raw(raw)
        left = outcome.text if outcome is not None else ""
        measured[name] = (*_scored(text, gold), *_scored(left, gold), float(rejection is not None))
    return "news" if page["dataset"] in NEWS else "blogs and guides", measured


def _scored(text: str, gold: Counter[str]) -> tuple[float, float, float]:
    own = Counter(words(_ADDRESS.sub("", _LINK.sub(r"\1", _IMAGE.sub("", text)))))
    common = sum((own & gold).values())
    precision, recall = common / max(own.total(), 1), common / max(gold.total(), 1)
    return precision, recall, 2 * precision * recall / max(precision + recall, 1e-9)


def page_table(results: Sequence[tuple[str, dict[str, tuple[float, ...]]]]) -> Iterator[str]:
    """What cleaning makes of the Markdown of pages, by set and converter."""
    yield "| pages of | as Markdown by | pages | precision / recall / token F1 | cleaned | rejected |"
    yield "|---|---|---|---|---|---|"
    for own in ("news", "blogs and guides"):
        for name in CONVERTERS:
            rows = [measured[name] for kind, measured in results if kind == own]
            if rows:
                means = [sum(column) / len(rows) for column in zip(*rows, strict=True)]
                before, after = (" / ".join(f"{one:.3f}" for one in some) for some in (means[:3], means[3:6]))
                rejected = sum(int(row[6]) for row in rows)
                yield f"| {own} | {name} | {len(rows):,} | {before} | {after} | {rejected} |"


def main() -> int:
    """Print the tables and write them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--folds", type=Path, default=FOLD_MODELS)
    parser.add_argument("--texts", type=int, help="only this many texts, spread over all")
    parser.add_argument("--pages", type=int, help="only this many pages, spread over all")
    options = parser.parse_args()
    if not (options.data / "lines.jsonl.gz").exists():
        print(f"no labelled texts in {options.data}; name their folder with --data or CLEANER_DATA", file=sys.stderr)
        return 2
    if not has_models(options.folds):
        return 2
    folds = str(options.folds.resolve())
    texts = list(read_labelled_texts(options.data))
    with (options.data / "gold.jsonl").open(encoding="utf-8") as stream:
        pages = [page for page in map(json.loads, stream) if page["paragraphs"]]
    texts = texts[:: max(1, len(texts) // options.texts)] if options.texts else texts
    pages = pages[:: max(1, len(pages) // options.pages)] if options.pages else pages
    with ProcessPoolExecutor() as pool:
        by_text = list(pool.map(measure_text, ((text, folds) for text in texts), chunksize=8))
        by_page = list(pool.map(measure_page, ((page, str(options.data), folds) for page in pages), chunksize=8))
    tables = "\n\n".join(("\n".join(text_table(by_text)), "\n".join(page_table(by_page)))) + "\n"
    print(tables)
    if not options.texts and not options.pages:
        include("bench/forms.py", tables)
    return 0


if __name__ == "__main__":
    sys.exit(main())
