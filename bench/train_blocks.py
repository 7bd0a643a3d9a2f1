"""Train the model of the filter `main_content` from labelled pages, and store it with its training record.

    python bench/train_blocks.py [--data DIR] [--out FILE] [--folds DIR] [--depth N]

A block is labelled story when the page's gold text holds it in order (`cleaner.ingest.align`).  Two rounds of trees:
the first sees the block, its containers and its like; the second what the first said around it and what trafilatura
took, too.  Everything is cross-validated by site: five folds; what a block of a test site is scored
with, names and words of the lexicons included, was learned on other sites, and so is what the first round says of a
page that the second one is trained on.  The first round learns from each page a second time without the names of its
elements, so that it can tell a story by its text and its place where a site's names say nothing.  The models of the
folds are written to DIR, for `bench/quality.py` to measure with.  The same data gives the same bytes.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import logging
import math
import sys
from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from exported import exported, of_depth
from folds import BLOCK_FOLD_MODELS
from labelled import DATA, FOLDS, fold_of

from cleaner.extraction.features import Facts, page_facts
from cleaner.extraction.learned import learned_features, said_pieces
from cleaner.extraction.metadata import read_metadata
from cleaner.extraction.model import BLOCK_FEATURES, MODEL, SURE_CRUFT, features_of_round
from cleaner.extraction.names import Names, name_pieces
from cleaner.extraction.page import Blocks, Page, parse_page
from cleaner.extraction.rounds import round_features, witness_features
from cleaner.extraction.together import join
from cleaner.extraction.witness import ask
from cleaner.ingest.align import align
from cleaner.scoring.lexicon import Lexicon

SETTINGS: dict[str, Any] = {
    "iterations": 250,
    "depth": 6,
    "learning_rate": 0.1,
    "l2_leaf_reg": 8,
    "border_count": 64,
    "rsm": 0.3,
    "bootstrap_type": "Bernoulli",
    "subsample": 0.7,
    "random_seed": 1,
    "thread_count": 2,
    "boosting_type": "Plain",
    "allow_writing_files": False,
    "verbose": 0,
}
# A name must stand on this many sites to be known, a word on more; a site counts at most so often for either.
LEXICON_SITES = {"names": 6, "said": 8}
SITE_CAP = 5
PRIOR = 3.0
# Names and words that say less than this (log odds) are left out.
TELLING = {"names": 0.3, "said": 0.7}
# What a page without its names counts beside the same page with them: docs/quality.md has what other weights give.
NAMELESS = 0.5
Counts = dict[str, list[int]]
Table = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Sample:
    """A labelled page without its tree, what is known of its blocks, and which of them are story."""

    id: str
    dataset: str
    site: str
    page: Page
    facts: Facts
    story: npt.NDArray[np.bool_]
    optional: npt.NDArray[np.bool_]
    witness: npt.NDArray[np.bool_]
    gold_words: int
    is_nameless: bool = False
    """The names of its elements were taken away."""

    @property
    def fold(self) -> int:
        """The fold of its site."""
        return fold_of(self.site)

    @property
    def blocks(self) -> Blocks:
        """The blocks of the page."""
        return self.page.blocks


def look_at(record: dict[str, Any], data: Path) -> list[Sample]:
    """Facts and labels of a page, with and without the names of its elements; none where it has no visible text."""
    logging.disable(logging.CRITICAL)
    html = gzip.decompress((data / record["html"]).read_bytes()).decode("utf-8")
    page = parse_page(html)
    texts = page.blocks.text
    if not texts:
        return []
    story = np.array(align(record["paragraphs"], texts).taken)
    optional = np.array(align(record["optional"], texts).taken) & ~story
    said = ask("trafilatura", html, None) or ""
    metadata = read_metadata(page.tree)
    sample = Sample(
        id=record["id"],
        dataset=record["dataset"],
        site=record["site"],
        page=replace(page, tree=None),  # type: ignore[arg-type]  # it cannot be passed between processes
        facts=page_facts(join([page]), [metadata]),
        story=story,
        optional=optional,
        witness=np.array(align(said.split("\n"), texts).taken),
        gold_words=sum(len(paragraph.split()) for paragraph in record["paragraphs"]),
    )
    bare = replace(page, names=[], contexts=replace(page.contexts, names=[""] * len(page.contexts.names)))
    facts = page_facts(join([bare]), [metadata])
    return [sample, replace(sample, page=replace(bare, tree=None), facts=facts, is_nameless=True)]  # type: ignore[arg-type]


class Lexicons:
    """The names of elements, and the words that blocks begin with, learned without any set of folds."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self._counts: dict[str, list[Counts]] = {
            kind: [defaultdict(lambda: [0, 0, 0]) for _ in range(FOLDS)] for kind in LEXICON_SITES
        }
        used: dict[tuple[str, str, str], list[int]] = defaultdict(lambda: [0, 0])
        seen: set[tuple[str, object, bool]] = set()
        for sample in samples:
            if sample.is_nameless:  # its words are known already
                continue
            for place, leaf in enumerate(sample.blocks.leaf):
                if not sample.optional[place]:
                    story = bool(sample.story[place])
                    text = sample.blocks.text[place]
                    self._count(sample, "said", story, (text[:300],), set(said_pieces(text)), used, seen)
                    around = tuple(_names_around(sample.page, leaf))
                    pieces = {piece for names in around for piece in name_pieces(names)}
                    self._count(sample, "names", story, around, pieces, used, seen)
        self._known: dict[tuple[str, frozenset[int]], dict[str, float]] = {}
        self._said: dict[frozenset[int], Lexicon] = {}

    def _count(
        self,
        sample: Sample,
        kind: str,
        story: bool,
        key: object,
        pieces: set[str],
        used: dict[tuple[str, str, str], list[int]],
        seen: set[tuple[str, object, bool]],
    ) -> None:
        if (sample.site, (kind, key), story) in seen:
            return
        seen.add((sample.site, (kind, key), story))
        for piece in sorted(pieces):
            so_far = used[kind, sample.site, piece]
            count = self._counts[kind][sample.fold][piece]
            count[2] += so_far == [0, 0]
            if so_far[not story] < SITE_CAP:
                so_far[not story] += 1
                count[not story] += 1

    def get(self, kind: str, without: frozenset[int]) -> dict[str, float]:
        """Log odds of not being story, learned on no page of these folds."""
        if (kind, without) not in self._known:
            together: Counts = defaultdict(lambda: [0, 0, 0])
            for fold in sorted(set(range(FOLDS)) - without):
                for piece, count in self._counts[kind][fold].items():
                    own = together[piece]
                    for part in range(3):
                        own[part] += count[part]
            story = sum(count[0] for count in together.values())
            cruft = sum(count[1] for count in together.values())
            odds = {}
            for piece, (in_story, in_cruft, sites) in together.items():
                if sites >= LEXICON_SITES[kind]:
                    value = math.log((in_cruft + PRIOR) / (in_story * cruft / max(story, 1) + PRIOR))
                    if abs(value) >= TELLING[kind]:
                        odds[piece] = round(value, 2)
            self._known[kind, without] = dict(sorted(odds.items()))
        return self._known[kind, without]

    def said(self, without: frozenset[int]) -> Lexicon:
        """The words, as the features take them."""
        if without not in self._said:
            self._said[without] = Lexicon(self.get("said", without))
        return self._said[without]


def _names_around(page: Page, element: int) -> list[str]:
    names = []
    context = page.elements.context[element]
    while context:
        if page.contexts.names[context]:
            names.append(page.contexts.names[context])
        context = page.contexts.outer[context]
    return names


def features_of(sample: Sample, lexicons: Lexicons, without: frozenset[int]) -> Table:
    """What the first round sees of a page, with lexicons that know neither its own fold nor these."""
    names, said = Names(lexicons.get("names", without)), lexicons.said(without)
    page = join([sample.page])
    learned = learned_features(page, sample.facts, names.of(page.names), said)
    return np.concatenate((sample.facts.plain, learned), axis=1)


def fit(features: Table, labels: npt.NDArray[np.bool_], weights: npt.NDArray[np.float64]) -> Any:
    """The trained ensemble."""
    from catboost import CatBoostClassifier, Pool

    model = CatBoostClassifier(**SETTINGS)
    model.fit(Pool(features, labels.astype(np.int64), weight=weights))
    return model


def predict(model: Any, features: Table) -> npt.NDArray[np.float64]:
    """Log odds of being story."""
    return np.asarray(model.predict(features, prediction_type="RawFormulaVal"), dtype=np.float64)


@dataclass
class Data:
    """All pages as one table, block by block."""

    samples: Sequence[Sample]

    def __post_init__(self) -> None:
        sizes = [len(sample.blocks.text) for sample in self.samples]
        self.bounds = np.cumsum([0, *sizes]).tolist()
        self.folds = np.repeat([sample.fold for sample in self.samples], sizes)
        self.story = np.concatenate([sample.story for sample in self.samples])
        words = np.concatenate([sample.facts.words for sample in self.samples])
        # pages count alike, whatever their length; a block by the root of its words
        page = np.repeat([1 / math.sqrt(max(sample.gold_words, 100)) for sample in self.samples], sizes)
        self.nameless = np.repeat([sample.is_nameless for sample in self.samples], sizes)
        worth = np.where(self.nameless, NAMELESS, 1.0)
        self.weights = np.sqrt(np.clip(words, 1, 100)) * page / page.mean() * worth
        self.used = ~np.concatenate([sample.optional for sample in self.samples])
        self.seen: dict[int | None, Table] = {}

    def slices(self) -> list[tuple[Sample, slice]]:
        """Each page and its rows."""
        return [(sample, slice(*self.bounds[place : place + 2])) for place, sample in enumerate(self.samples)]

    def rows(self, function: Any, scores: npt.NDArray[np.float64]) -> Table:
        """Features that a page's scores give, all pages below one another."""
        return np.concatenate([function(sample, scores[rows]) for sample, rows in self.slices()]).astype(np.float32)


def around(sample: Sample, scores: npt.NDArray[np.float64]) -> Table:
    """`round_features` of a sample."""
    return np.asarray(round_features(sample.facts, scores), dtype=np.float32)


def witnessed(sample: Sample, scores: npt.NDArray[np.float64]) -> Table:
    """`witness_features` of a sample."""
    return np.asarray(witness_features(sample.facts, sample.witness.tolist(), scores), dtype=np.float32)


def thin(features: Table, data: Data) -> npt.NDArray[np.float64]:
    """Weights for the first round: one in three short blocks that are no story, counted three times."""
    short = (features[:, BLOCK_FEATURES.index("words")] < SHORT_WORDS) & ~data.story
    third = np.arange(len(short)) % 3 == 0
    return np.asarray(data.weights * data.used * np.where(short, np.where(third, 3.0, 0.0), 1.0))


# Three of four blocks of a page are short and no story; a third of them teaches as much as all.
SHORT_WORDS = 8


class SecondRound:
    """The second round over all pages, from honest scores of the first."""

    def __init__(self, data: Data, first: npt.NDArray[np.float64]) -> None:
        self.data = data
        self.first = first
        self.open = (first > SURE_CRUFT) & ~data.nameless
        self._told = np.concatenate((data.rows(around, first), data.rows(witnessed, first)), axis=1)[self.open]

    def train(self, features: Table, chosen: npt.NDArray[np.bool_]) -> Any:
        """The model, from the pages chosen."""
        data, used = self.data, (chosen & self.data.used)[self.open]
        seen = np.concatenate((features[self.open][used], self._told[used]), axis=1)
        return fit(seen, data.story[self.open][used], data.weights[self.open][used])

    def judge(self, model: Any, features: Table, asked: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        """What the model says of the blocks asked about."""
        rows = asked[self.open]
        said = self.first.copy()
        seen = np.concatenate((features[self.open][rows], self._told[rows]), axis=1)
        said[self.open & asked] = predict(model, seen)
        return said[asked]


def main() -> int:
    """Cross-validate, train on everything, write the model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--out", type=Path, default=MODEL)
    parser.add_argument("--folds", type=Path, default=BLOCK_FOLD_MODELS, help="folder for the models of the folds")
    parser.add_argument("--depth", type=int, default=SETTINGS["depth"], help="of all trees: 1 is an additive model")
    options = parser.parse_args()
    SETTINGS.update(of_depth(SETTINGS, options.depth))
    records = [json.loads(line) for line in (options.data / "gold.jsonl").read_bytes().splitlines()]
    with ProcessPoolExecutor() as pool:
        found = list(pool.map(partial(look_at, data=options.data), records, chunksize=8))
    print(f"{len(found):,} pages read", file=sys.stderr, flush=True)
    run([sample for samples in found for sample in samples], options.data, options.out, options.folds)
    return 0


def run(samples: Sequence[Sample], source: Path, out: Path, folder: Path) -> None:
    """Train from looked-at pages."""
    data, lexicons = Data(samples), Lexicons(samples)
    scores = np.zeros((2, len(data.story)))
    firsts = []
    for test in range(FOLDS):
        features = fold_features(data, lexicons, test)
        chosen = (data.folds != test) & (weights := thin(features, data)).astype(bool)
        firsts.append(fit(features[chosen], data.story[chosen], weights[chosen]))
        scores[0, data.folds == test] = predict(firsts[-1], features[data.folds == test])
        print(f"fold {test}, first round: {int(chosen.sum()):,} blocks", file=sys.stderr, flush=True)
    second = SecondRound(data, scores[0])
    seconds = []
    for test in range(FOLDS):
        features = fold_features(data, lexicons, test)
        seconds.append(second.train(features, data.folds != test))
        scores[1, data.folds == test] = second.judge(seconds[-1], features, data.folds == test)
        print(f"fold {test}, second round", file=sys.stderr, flush=True)
    folder.mkdir(parents=True, exist_ok=True)
    curve = calibrate(scores, data)
    record = training_record(source, [sample for sample in samples if not sample.is_nameless])
    for test, models in enumerate(zip(firsts, seconds, strict=True)):
        write(folder / f"{test}.json", models, lexicons, frozenset({test}), curve, record | {"without fold": test})
    features = fold_features(data, lexicons, None)
    chosen = (weights := thin(features, data)).astype(bool)
    whole = fit(features[chosen], data.story[chosen], weights[chosen])
    write(
        out,
        (whole, second.train(features, np.ones(len(data.story), dtype=np.bool_))),
        lexicons,
        frozenset(),
        curve,
        record,
    )


def fold_features(data: Data, lexicons: Lexicons, test: int | None) -> Table:
    """What the first round sees of all pages, no lexicon knowing the page's own fold nor the one for testing."""
    if test not in data.seen:
        without: frozenset[int] = frozenset() if test is None else frozenset({test})
        rows = [features_of(sample, lexicons, without | {sample.fold}) for sample in data.samples]
        data.seen[test] = np.concatenate(rows)
    return data.seen[test]


def calibrate(scores: npt.NDArray[np.float64], data: Data) -> dict[str, list[float]]:
    """Share of story by score: isotonic regression on the cross-validated scores of both rounds."""
    from sklearn.isotonic import IsotonicRegression

    used = data.used & ~data.nameless & (scores[0] > SURE_CRUFT)
    given = np.concatenate((scores[0][used], scores[1][used]))
    story = np.tile(data.story[used], 2)
    curve = IsotonicRegression(out_of_bounds="clip").fit(given, story, sample_weight=np.tile(data.weights[used], 2))
    points = np.unique(np.round(np.quantile(given, np.linspace(0.0, 1.0, 400)), 2))
    points = points[(points > -6) & (points < 6)][::4]
    return {"score": points.tolist(), "story": np.round(curve.predict(points), 4).tolist()}


def training_record(source: Path, samples: Sequence[Sample]) -> dict[str, Any]:
    """What the model was trained on and how."""
    return {
        "data": "gold.jsonl",
        "sha256": hashlib.sha256((source / "gold.jsonl").read_bytes()).hexdigest(),
        "pages": len(samples),
        "sites": len({sample.site for sample in samples}),
        "blocks": {
            "all": int(sum(len(sample.story) for sample in samples)),
            "story": int(sum(sample.story.sum() for sample in samples)),
        },
        "settings": {key: value for key, value in SETTINGS.items() if key not in ("verbose", "allow_writing_files")},
    }


def write(
    path: Path,
    models: Sequence[Any],
    lexicons: Lexicons,
    without: frozenset[int],
    calibration: dict[str, list[float]],
    record: dict[str, Any],
) -> None:
    """Store the rounds as JSON, with lexicons learned without some folds."""
    data = {
        "record": record,
        "calibration": calibration,
        "rounds": [
            exported(model, features_of_round(number), SETTINGS["depth"], digits=3)
            for number, model in enumerate(models)
        ],
        "names": lexicons.get("names", without),
        "said": lexicons.get("said", without),
    }
    path.write_text(json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{path}: {path.stat().st_size:,} bytes", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
