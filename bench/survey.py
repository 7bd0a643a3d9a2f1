"""Corpus evidence, measured: on the truth of the invented corpus, on labelled pages, and by size.

    python bench/survey.py truth [--documents N] [--sites N] [--seed N]
    python bench/survey.py pages [--data DIR] [--folds DIR]
    python bench/survey.py copies [--data DIR]
    python bench/survey.py scale SIZE… [--rounds N]

``truth`` cleans an invented corpus by a whole run and compares each line with what it is known to be.  ``pages`` cleans
the labelled texts of sites with several pages with and without a survey of them, by pages a site.  ``copies`` counts
copies that were to stay and did not.  ``scale`` surveys invented corpora of SIZE documents, from the first to the last
and back, N times over, and prints median CPU times a paragraph, growth in time a document and peak memory.  Results go
to bench/results/.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import shutil
import sys
import tempfile
import time
from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context
from operator import attrgetter
from pathlib import Path
from statistics import fmean, median
from threading import Event, Thread
from typing import Any

import pyarrow.parquet as pq
from folds import FOLD_MODELS, cleaner_of, has_models
from labelled import DATA, Labelled, fold_of, read_labelled_texts, words
from synthetic import Corpus, write

from cleaner.document import Document, split_lines
from cleaner.engines.work import Staged, StagingWork
from cleaner.ingest.record import Raw
from cleaner.pipeline import Cleaner
from cleaner.runner import run
from cleaner.settings import Settings
from cleaner.shards.staging import staged_table
from cleaner.surveys.collect import survey_documents
from cleaner.surveys.evidence import Survey, build_evidence
from cleaner.surveys.first_pass import Staging, gather
from cleaner.surveys.folder import write_survey
from cleaner.surveys.sites import site_of
from cleaner.surveys.tables import TABLES
from cleaner.units import BATCH_RECORDS

RESULTS = Path(__file__).parent / "results"
CRUFT = frozenset(("template", "teaser"))
MIN_SITE = 20


def _rows(folder: Path, kind: str, columns: list[str]) -> Iterator[dict[str, Any]]:
    for part in sorted((folder / kind).glob("part-*.parquet")):
        yield from pq.read_table(part, columns=columns).to_pylist()


def _truth(folder: Path) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    for part in sorted((folder / "raw").glob("*.jsonl")):
        with open(part, encoding="utf-8") as raw, open(folder / "truth" / part.name, encoding="utf-8") as truth:
            yield from zip(map(json.loads, raw), map(json.loads, truth), strict=True)


def truth(documents: int, sites: int, seed: int) -> dict[str, Any]:
    """What a run with ``--dedupe corpus`` does to an invented corpus, line by line."""
    with tempfile.TemporaryDirectory(prefix="cleaner-bench-") as name:
        folder = Path(name)
        write(Corpus(documents, sites, seed), folder)
        run([folder / "raw"], folder / "out", Settings(dedupe="corpus"))
        return judge(folder, folder / "out")


def judge(corpus: Path, out: Path) -> dict[str, Any]:
    """The removals of a run beside the truth of a corpus."""
    removed: dict[str, dict[int, dict[str, Any]]] = defaultdict(dict)
    for row in _rows(out, "removed", ["id", "start", "filter", "evidence"]):
        removed[row["id"]][row["start"]] = row
    size: Counter[str] = Counter()
    labels: dict[tuple[str, int], dict[str, Any]] = {}
    lines: list[tuple[str, str, str, dict[str, Any], dict[str, Any] | None]] = []
    for record, known in _truth(corpus):
        size[known["site"]] += 1
        for segment, line in zip(split_lines(record["text"]), known["lines"], strict=True):
            labels[record["id"], segment.start] = line
            took_by = removed[record["id"]].get(segment.start)
            lines.append((record["id"], known["site"], known["language"], line, took_by))
    by_label: dict[str, Counter[str]] = defaultdict(Counter)
    copies: dict[tuple[Any, ...], list[tuple[str, int, bool]]] = defaultdict(list)
    wrong_copies = 0
    for _, site, language, line, gone_row in lines:
        if size[site] < MIN_SITE:
            continue
        took = gone_row["filter"] if gone_row is not None else "kept"
        by_label[line["label"]][took] += 1
        if line["label"] == "wire":
            copies[language, line["story"], line["paragraph"]].append((language, line["edits"], took == "duplicates"))
            if took == "duplicates" and gone_row is not None:
                evidence = json.loads(gone_row["evidence"])
                kept = labels.get((evidence["kept"], evidence["kept_start"]), {})
                same = (kept.get("story"), kept.get("paragraph")) == (line["story"], line["paragraph"])
                wrong_copies += not same
    expected: Counter[str] = Counter()
    found: Counter[str] = Counter()
    emptied = 0
    for group in copies.values():
        gone = [one for one in group if one[2]]
        emptied += len(gone) == len(group)
        if len(group) > 1:
            # one of them stays, whichever it is
            expected[group[0][0]] += len(group) - 1
            found[group[0][0]] += min(len(gone), len(group) - 1)
    figures = {label: dict(sorted(took.items())) for label, took in sorted(by_label.items())}
    return {
        "documents": sum(size.values()),
        "sites": len(size),
        "sites_measured": sum(count >= MIN_SITE for count in size.values()),
        "by_label": figures,
        "templates": _quality(by_label, "templates", "template"),
        "teasers": _quality(by_label, "teasers", "teaser"),
        "duplicates": {
            "recall": sum(found.values()) / max(1, sum(expected.values())),
            "expected": sum(expected.values()),
            "recall_by_language": {code: found[code] / count for code, count in sorted(expected.items())},
            "lost_to_another_paragraph": wrong_copies,
            "groups_without_a_copy": emptied,
            "copies_that_did_not_stay": _unkept(out, {place: line["label"] for place, line in labels.items()}),
        },
        "lookalikes_removed": sum(count for took, count in by_label["lookalike"].items() if took != "kept"),
    }


def _unkept(out: Path, labels: Mapping[tuple[str, int], str]) -> dict[str, int]:
    """Paragraphs that went for a copy which did not stay itself: by their label, and what took the copy.

    The filter `repeats` takes none for good: it leaves another one in the same document.
    """
    removed = {(row["id"], row["start"]): row["filter"] for row in _rows(out, "removed", ["id", "start", "filter"])}
    removed = {place: filter for place, filter in removed.items() if filter != "repeats"}
    rejected = {row["id"]: row["reason"] for row in _rows(out, "rejected", ["id", "reason"])}
    found: Counter[str] = Counter()
    for row in _rows(out, "removed", ["id", "start", "filter", "evidence"]):
        if row["filter"] != "duplicates":
            continue
        evidence = json.loads(row["evidence"])
        fate = rejected.get(evidence["kept"]) or removed.get((evidence["kept"], evidence["kept_start"]))
        label = labels[row["id"], row["start"]]
        found[f"{label}, went"] += 1
        if fate is not None:
            found[f"{label}, whose copy {fate} took"] += 1
    return dict(found.most_common())


def copies(data: Path) -> dict[str, dict[str, int]]:
    """What became of copies that were to stay, by ``--dedupe``: labelled texts, each page in all its extractions."""
    found = {}
    with tempfile.TemporaryDirectory(prefix="cleaner-bench-") as name:
        folder, labels = Path(name), {}
        with open(folder / "texts.jsonl", "w", encoding="utf-8") as stream:
            for text in read_labelled_texts(data):
                id = f"{text.dataset} {text.id} {text.variant}"
                url = text.url or f"https://{text.site}/"
                stream.write(json.dumps({"id": id, "text": text.text, "url": url, "title": text.title or None}) + "\n")
                for segment, (_, label, _) in zip(split_lines(text.text), text.lines, strict=True):
                    labels[id, segment.start] = label
        for scope in ("site", "corpus"):
            run([folder / "texts.jsonl"], folder / scope, Settings(dedupe=scope))
            found[scope] = _unkept(folder / scope, labels)
    return found


def _quality(by_label: dict[str, Counter[str]], filter: str, label: str) -> dict[str, float]:
    """Precision of a filter (furniture and teasers are both cruft), and the share of the label that is gone."""
    right = sum(by_label[one][filter] for one in CRUFT)
    wrong = sum(took[filter] for one, took in by_label.items() if one not in CRUFT)
    total = sum(by_label[label].values())
    return {
        "precision": right / max(1, right + wrong),
        "wrong": wrong,
        "recall": (total - by_label[label]["kept"]) / max(1, total),
        "lines": total,
    }


def _document(text: Labelled, cleaner: Cleaner) -> Document:
    identity = f"{text.dataset} {text.id}"
    url = text.url or f"https://{text.site}/"
    return cleaner.document(Raw(id=identity, source=identity, text=text.text, url=url, title=text.title or None))


def _survey(documents: Iterable[Document], folder: Path) -> Survey:
    files = {}
    for name, table in survey_documents(documents).items():
        files[name] = [folder / f"{name}.parquet"]
        folder.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, files[name][0])
    return build_evidence(write_survey(folder / "survey", files), folder / "evidence", "none", "all")


def pages(data: Path, folds: Path) -> dict[str, Any]:
    """Cruft recall and story lost with and without a survey, by pages a site, each kind of extraction by itself.

    Copies are left alone: of a paragraph that stands twice, a label cannot tell which one is to stay.
    """
    by_variant: dict[str, list[Labelled]] = defaultdict(list)
    for text in read_labelled_texts(data):
        by_variant[text.variant].append(text)
    outcomes: list[tuple[int, bool, str, str, dict[str, Counter[str]]]] = []
    with tempfile.TemporaryDirectory(prefix="cleaner-bench-") as name:
        for variant, texts in sorted(by_variant.items()):
            plain = Cleaner()
            documents = [_document(text, plain) for text in texts]
            counts = Counter(site_of(document) for document in documents)
            survey = _survey(documents, Path(name) / variant)
            for text, document in zip(texts, documents, strict=True):
                own = site_of(document)
                if counts[own] < 2:
                    continue
                without = cleaner_of(str(folds), fold_of(text.site), "balanced") if has_models(folds) else plain
                with_survey = without.with_survey(survey)
                took = {
                    tool: _words(text, document, cleaner)
                    for tool, cleaner in (("without", without), ("with", with_survey))
                }
                outcomes.append((counts[own], text.is_body, text.dataset, str(own), took))
    table = {}
    for kind, is_body in (("whole body", True), ("extracted", False)):
        for low, high in ((2, 2), (3, 4), (5, 99), (2, 99)):
            chosen = [one for one in outcomes if low <= one[0] <= high and one[1] == is_body]
            if chosen:
                name_of = f"{kind}, {low if low == high else f'{low} to {high}'} pages a site"
                table[name_of] = _compared(chosen)
    news = [one for one in outcomes if one[2] in ("fundus", "fundus-eval", "scrapinghub")]
    if news:
        table["news sets, all texts"] = _compared(news)
    return table


def _words(text: Labelled, document: Document, cleaner: Cleaner) -> Counter[str]:
    """Words of a text by label and fate."""
    removals = cleaner.clean(document).removals
    counted: Counter[str] = Counter()
    position = 0
    for line, label, _ in text.lines:
        last = bisect_right(removals, position, key=attrgetter("start")) - 1
        is_gone = last >= 0 and position < removals[last].end
        counted[f"{label} {'gone' if is_gone else 'kept'}"] += len(words(line))
        position += len(line) + 1
    return counted


def _compared(chosen: list[tuple[int, bool, str, str, dict[str, Counter[str]]]]) -> dict[str, Any]:
    """Figures without and with the survey; the interval of the gain is a bootstrap over sites."""

    def figures(some: Iterable[tuple[int, bool, str, str, dict[str, Counter[str]]]], tool: str) -> dict[str, float]:
        total: Counter[str] = Counter()
        for *_, took in some:
            total.update(took[tool])
        cruft = total["cruft gone"] + total["cruft kept"]
        gone = total["cruft gone"] + total["article gone"]
        return {
            "recall": total["cruft gone"] / max(1, cruft),
            "precision": total["cruft gone"] / max(1, gone),
            "lost": total["article gone"] / max(1, total["article gone"] + total["article kept"]),
        }

    by_site: dict[str, list[Any]] = defaultdict(list)
    for one in chosen:
        by_site[one[3]].append(one)
    names, draw = sorted(by_site), random.Random(0)
    gains, losses = [], []
    for _ in range(400):
        some = [one for name in draw.choices(names, k=len(names)) for one in by_site[name]]
        before, after = figures(some, "without"), figures(some, "with")
        gains.append(after["recall"] - before["recall"])
        losses.append(after["lost"] - before["lost"])
    gains.sort()
    losses.sort()
    return {
        "sites": len(names),
        "texts": len(chosen),
        "without": figures(chosen, "without"),
        "with": figures(chosen, "with"),
        "recall_gain_95": [gains[10], gains[389]],
        "lost_change_95": [losses[10], losses[389]],
    }


def scale(sizes: Sequence[int], rounds: int) -> list[dict[str, float]]:
    """CPU time a paragraph and peak memory of survey and evidence, on top of reading, in one process.

    Sizes take turns, up and down again, so that a machine that is slow for a while is so for all of them.  Each time is
    the median of the runs; ``growth`` is time a document as a multiple of that of the first size in the same round, the
    median of the rounds.  Memory is the most that any run took.
    """
    rows: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory(prefix="cleaner-bench-") as name:
        corpora = [Path(name) / str(size) for size in sizes]
        for size, corpus in zip(sizes, corpora, strict=True):
            write(Corpus(size, max(1, size // 50), seed=1), corpus)
            shutil.rmtree(corpus / "truth")
        measured: dict[int, list[dict[str, float]]] = defaultdict(list)
        # up and down again, so that what comes before and after the largest can be compared with it
        turns = list(zip(sizes, corpora, strict=True))
        turns += turns[-2::-1]
        for number, (size, corpus) in enumerate(rounds * turns, 1):
            # each in a process of its own, whose peak of memory is its own
            with ProcessPoolExecutor(1, get_context("spawn")) as pool:
                measured[size].append(pool.submit(survey_of, corpus).result())
            print(f"{number} of {rounds * len(turns)}", measured[size][-1], file=sys.stderr)
        for size in sizes:
            row = {key: median(one[key] for one in measured[size]) for key in measured[size][0]}
            peaks = {key: max(one[key] for one in measured[size]) for key in ("peak_mb", "peak_own_mb")}
            growth = [
                _mean(measured[size], number, rounds) / _mean(measured[sizes[0]], number, rounds)
                for number in range(rounds)
            ]
            rows.append({"rounds": rounds, **row, **peaks, "growth": median(growth)})
    return rows


def _mean(measured: Sequence[Mapping[str, float]], number: int, rounds: int) -> float:
    """Time a document in one of the rounds."""
    each = len(measured) // rounds
    return fmean(one["us_a_document"] for one in measured[number * each : (number + 1) * each])


def survey_of(corpus: Path) -> dict[str, float]:
    """What it takes to survey a corpus by batches and units of a run.

    A small part of it is surveyed before, so that what a process pays once is not counted.
    """
    folder = corpus.with_name(f"{corpus.name}-out")
    parts = sorted((corpus / "raw").glob("*.jsonl"))
    with tempfile.TemporaryDirectory(prefix="first-", dir=corpus) as name:
        first = Path(name) / parts[0].name
        with open(parts[0], encoding="utf-8") as stream:
            first.write_text("".join(islice(stream, BATCH_RECORDS)), encoding="utf-8")
        _survey_of([first], folder)
    with _Own() as own:
        found = _survey_of(parts, folder)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {**found, "peak_mb": peak, "peak_own_mb": own.megabytes}


class _Own:
    """The most memory of this process that is no file mapped into it, as sampled until the end of a ``with`` block."""

    def __enter__(self) -> _Own:
        self.megabytes, self._over = 0.0, Event()
        self._thread = Thread(target=self._sample, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()

    def _sample(self) -> None:
        while not self._over.wait(0.1):
            with open("/proc/self/status", encoding="utf-8") as lines:
                own = next(int(line.split()[1]) for line in lines if line.startswith("RssAnon"))
            self.megabytes = max(self.megabytes, own / 1024)


def _survey_of(parts: Sequence[Path], folder: Path) -> dict[str, float]:
    spent: dict[str, float] = defaultdict(float)
    documents = paragraphs = 0
    staging, work = Staging(folder / "staging", keeps_documents=False), StagingWork(Settings())
    for unit, part in enumerate(parts):
        batches = []
        with open(part, encoding="utf-8") as stream:
            while lines := list(islice(stream, BATCH_RECORDS)):
                begin = time.process_time()
                some = [
                    Document.from_text(one["text"], **{key: one[key] for key in ("id", "url", "title", "date")})
                    for one in map(json.loads, lines)
                ]
                spent["read"] += time.process_time() - begin
                begin = time.process_time()
                batches.append(Staged(staged_table(()), survey_documents(some)))
                spent["map"] += time.process_time() - begin
                documents += len(some)
        begin = time.process_time()
        staged = work.join(batches)
        staging.write(unit, {"input_sha256": ""}, staged)
        paragraphs += staged.survey["paragraphs"].num_rows
        spent["map"] += time.process_time() - begin
    begin = time.process_time()
    survey = gather(staging, len(parts), None, folder / "survey")
    spent["group"] = time.process_time() - begin
    begin = time.process_time()
    facts = build_evidence(survey, folder / "evidence", "corpus", "all").facts
    spent["evidence"] = time.process_time() - begin
    disk = {
        "survey_bytes": sum(survey.file(table).stat().st_size for table in TABLES),
        "evidence_bytes": sum(file.stat().st_size for file in (folder / "evidence").iterdir()),
    }
    shutil.rmtree(folder)
    total = spent["map"] + spent["group"] + spent["evidence"]
    return {
        "documents": documents,
        "paragraphs": paragraphs,
        **{f"{step}_us": 1e6 * seconds / paragraphs for step, seconds in spent.items()},
        "us_a_paragraph": 1e6 * total / paragraphs,
        "us_a_document": 1e6 * total / documents,
        **disk,
        "copies": facts["copies"],
    }


def main() -> None:
    """Run one of the benchmarks."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("truth", "pages", "copies", "scale"))
    parser.add_argument("sizes", nargs="*", type=int)
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--sites", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=3, help="times that each size is surveyed (default: 3)")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--folds", type=Path, default=FOLD_MODELS)
    args = parser.parse_args()
    if args.what == "truth":
        result: Any = truth(args.documents, args.sites, args.seed)
    elif args.what == "pages":
        result = pages(args.data, args.folds)
    elif args.what == "copies":
        result = copies(args.data)
    else:
        result = scale(args.sizes, args.rounds)
    text = json.dumps(result, indent=1)
    print(text)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"survey-{args.what}.json").write_text(text + "\n", encoding="utf-8")
    print(f"written to {RESULTS / f'survey-{args.what}.json'}", file=sys.stderr)


if __name__ == "__main__":
    main()
