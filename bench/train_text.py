"""Train the model of the filter `layout` from labelled texts, and store it with its training record.

    python bench/train_text.py [--data DIR] [--out FILE] [--folds DIR] [--depth N]

Everything is cross-validated by site: five folds; what a line of a test site is scored with, words of the lexicons
included, was learned on other sites.  The second round learns from scores that the first gave to sites that it did not
know (Wolpert 1992, stacked generalization), and that of a fold from first rounds that knew neither its sites nor those
they were asked about: a model for each pair of folds.  The models of the folds are written to DIR, for `bench/text.py`
to measure with.  The same data gives the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations_with_replacement
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from exported import exported, of_depth
from folds import FOLD_MODELS
from labelled import DATA, FOLDS, Labelled, fold_of, read_labelled_texts, words

from cleaner.chain import Chain, View
from cleaner.document import Document, split_lines
from cleaner.filters.layout import MODEL, marked_lines, weighed
from cleaner.language import detect_lines
from cleaner.pipeline import before_model
from cleaner.rulebook.load import load_rulebook
from cleaner.scoring.bounds import Bounds
from cleaner.scoring.features import FEATURES, Lines, lexical_features, line_features
from cleaner.scoring.lexicon import Lexicon
from cleaner.scoring.model import SEEN, seen_by_second
from cleaner.scoring.vocabulary import LEXICAL_FEATURES, grams, spoken_words

LABELS = {"article": 0, "cruft": 1, "neutral": 2}
# Languages with labelled texts of enough sites for a lexicon, and the sites that a word must stand on.
LEXICON_SITES = {"en": 6, "de": 4}
# A site counts at most this often for a word, so that no template decides about it.
SITE_CAP = 5
PRIOR = 3.0
# Words that say less than this (log odds) are left out.
TELLING = 0.6
SETTINGS: dict[str, Any] = {
    "iterations": 800,
    "depth": 6,
    "learning_rate": 0.07,
    "l2_leaf_reg": 8,
    "border_count": 64,
    "rsm": 0.4,
    "bootstrap_type": "Bernoulli",
    "subsample": 0.8,
    "random_seed": 1,
    "thread_count": 2,
    "boosting_type": "Plain",
    "allow_writing_files": False,
    "verbose": 0,
}
SECOND_SETTINGS = SETTINGS | {"iterations": 400}
# All visible text of a page has as many lines as all that six extractors leave of it.
BODY_WEIGHT = 0.5
# Draws of sites that the calibration is the mean of.
DRAWS = 50
# Words of a text of usual length.
USUAL_WORDS = 300.0
SCORES = "scores.npy"
"""Where the folder of the folds has the scores of the first round, one a line."""


@dataclass(frozen=True)
class Text:
    """One labelled text with its features."""

    source: Labelled
    language: str
    lines: Sequence[str]
    labels: npt.NDArray[np.int64]
    words: npt.NDArray[np.int64]
    taken: npt.NDArray[np.bool_]
    features: npt.NDArray[np.float32]
    spoken: Sequence[Sequence[str]]
    """The words of the lines; empty where the language has no lexicon."""

    @property
    def fold(self) -> int:
        """The fold of its site."""
        return fold_of(self.source.site)


@lru_cache(maxsize=1)
def _before() -> tuple[Chain, Any]:
    book = load_rulebook()
    return Chain(before_model(book)), book


def look_at(source: Labelled) -> Text:
    """Run the filters before the model over a text and compute the features of its lines."""
    chain, book = _before()
    language = detect_lines([line for line, _, _ in source.lines])
    document = Document(
        id=source.id,
        text=source.text,
        segments=split_lines(source.text),  # as they are labelled
        language=language.code if language else None,
        site=source.site,
        title=source.title or None,
    )
    if len(document.segments) != len(source.lines):
        raise ValueError(f"{source.id}: {len(source.lines)} lines make {len(document.segments)} segments")
    view = View(document, chain.clean(document).removals)
    seen = marked_lines(view, book.matcher(document.language, document.site))
    marks = [mark for *_, mark in seen]
    texts = [text for _, text, _ in seen]
    return Text(
        source=source,
        language=document.language or "",
        lines=texts,
        labels=np.array([LABELS[source.lines[index][1]] for index, _, _ in seen]),
        words=np.array([len(words(source.lines[index][0])) for index, _, _ in seen]),
        taken=np.array([mark.taken for mark in marks]),
        features=line_features([Lines(texts, marks, document.title)]).astype(np.float32),
        spoken=[spoken_words(text) for text in texts] if document.language in LEXICON_SITES else [],
    )


Counts = dict[str, list[int]]


def count_words(texts: Sequence[Text], language: str) -> tuple[list[Counts], list[list[int]]]:
    """By fold: for each word the lines of story and cruft that it stands in and its sites; and all lines counted."""
    counts: list[Counts] = [defaultdict(lambda: [0, 0, 0]) for _ in range(FOLDS)]
    totals = [[0, 0] for _ in range(FOLDS)]
    seen: set[tuple[str, str]] = set()
    used: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for text in texts:
        if text.language != language:
            continue
        for line, label, own in zip(text.lines, text.labels.tolist(), text.spoken, strict=True):
            if label > 1 or (text.source.site, line) in seen:
                continue
            seen.add((text.source.site, line))
            totals[text.fold][label] += 1
            for gram in sorted(set(grams(own))):
                so_far = used[text.source.site, gram]
                count = counts[text.fold][gram]
                count[2] += so_far == [0, 0]
                if so_far[label] < SITE_CAP:
                    so_far[label] += 1
                    count[label] += 1
    return counts, totals


def lexicon(
    counts: Sequence[Counts], totals: Sequence[Sequence[int]], without: set[int], sites: int
) -> dict[str, float]:
    """Log odds of standing in cruft, of all words that stand on enough sites, learned without some folds."""
    together: Counts = defaultdict(lambda: [0, 0, 0])
    story = cruft = 0
    for place in range(FOLDS):
        if place in without:
            continue
        story, cruft = story + totals[place][0], cruft + totals[place][1]
        for gram, count in counts[place].items():
            own = together[gram]
            for part in range(3):
                own[part] += count[part]
    odds = {}
    for gram, (in_story, in_cruft, on_sites) in together.items():
        if on_sites >= sites:
            value = math.log((in_cruft + PRIOR) / (in_story * cruft / max(story, 1) + PRIOR))
            if abs(value) >= TELLING:
                odds[gram] = round(value, 2)
    return dict(sorted(odds.items()))


class Lexicons:
    """Lexicons of all languages, learned without any set of folds."""

    def __init__(self, texts: Sequence[Text]) -> None:
        self._counts = {language: count_words(texts, language) for language in LEXICON_SITES}
        self._known: dict[tuple[str, tuple[int, ...]], dict[str, float]] = {}
        self._ready: dict[tuple[str, tuple[int, ...]], Lexicon] = {}

    def get(self, language: str, without: set[int]) -> dict[str, float]:
        """The lexicon of a language that no text of these folds had a part in."""
        if language not in LEXICON_SITES:
            return {}
        key = language, tuple(sorted(without))
        if key not in self._known:
            self._known[key] = lexicon(*self._counts[language], without, LEXICON_SITES[language])
        return self._known[key]

    def lexicon(self, language: str, without: set[int]) -> Lexicon:
        """The same, as the features take it."""
        key = language, tuple(sorted(without))
        if key not in self._ready:
            self._ready[key] = Lexicon(self.get(language, without))
        return self._ready[key]


def matrix(texts: Sequence[Text], lexicons: Lexicons, without: set[int]) -> npt.NDArray[np.float32]:
    """Features of all lines, the words weighed by lexicons that know neither the text's fold nor these."""
    rows = []
    places = [FEATURES.index(name) for name in LEXICAL_FEATURES]
    for text in texts:
        features = text.features
        if text.spoken:
            features = features.copy()
            known = lexicons.lexicon(text.language, without | {text.fold})
            features[:, places] = lexical_features(text.spoken, features, known)
        rows.append(features)
    return np.concatenate(rows)


Table = npt.NDArray[Any]


class Tables:
    """All lines of some texts, one text below the other."""

    def __init__(self, texts: Sequence[Text]) -> None:
        self.texts = texts
        sizes = np.array([len(text.lines) for text in texts])
        self.bounds = Bounds(sizes)
        self.folds = np.repeat([text.fold for text in texts], sizes)
        names = [text.source.site for text in texts]
        self.sites = np.repeat(np.unique(names, return_inverse=True)[1], sizes)
        """Numbers of the sites."""
        self.labels = np.concatenate([text.labels for text in texts])
        self.taken = np.concatenate([text.taken for text in texts])
        body = np.repeat([text.source.is_body for text in texts], sizes)
        self.importance = np.where(body, BODY_WEIGHT, 1.0)
        """How much a line's variant counts."""
        words = np.concatenate([text.words for text in texts]).astype(np.float64)
        self.weights = np.sqrt(np.clip(words, 1, 100)) * self.importance
        """How much a line counts in the first round."""
        share = words / np.maximum(self.bounds.total(words), 1.0)[self.bounds.text] * USUAL_WORDS * self.importance
        self.second_weights = np.sqrt(self.weights * share)
        """The same in the second: half by its share of its text as well, since token F1 is a mean over texts."""
        self.used = (self.labels < 2) & ~self.taken

    def seen(self, scores: Table, features: Table) -> Table:
        """What the second round sees."""
        return seen_by_second(scores, features, self.taken, self.bounds).astype(np.float32)

    def fit_first(self, features: Table, chosen: Table) -> Any:
        """The first round, trained on those of the lines that are used."""
        return fit(features, self.labels, self.weights, self.used & chosen, SETTINGS)

    def fit_second(self, seen: Table, chosen: Table) -> Any:
        """The second round, likewise."""
        return fit(seen, self.labels, self.second_weights, self.used & chosen, SECOND_SETTINGS)

    def weighed(self, scores: Table) -> Table:
        """Scores as the filter weighs them, document by document."""
        features = np.concatenate([text.features for text in self.texts]).astype(np.float64)
        return weighed(scores, features, self.taken, self.bounds)


def fit(features: Table, labels: Table, weights: Table, chosen: Table, settings: Mapping[str, Any]) -> Any:
    """A trained ensemble."""
    from catboost import CatBoostClassifier, Pool

    model = CatBoostClassifier(**settings)
    model.fit(Pool(features[chosen], labels[chosen], weight=weights[chosen]))
    return model


def score(model: Any, features: Table) -> Table:
    """Log odds of being cruft."""
    return np.asarray(model.predict(features, prediction_type="RawFormulaVal"))


def main() -> int:
    """Cross-validate, train on everything, write the model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--out", type=Path, default=MODEL)
    parser.add_argument("--folds", type=Path, default=FOLD_MODELS, help="folder for the models of the folds")
    parser.add_argument("--depth", type=int, default=SETTINGS["depth"], help="of all trees: 1 is an additive model")
    options = parser.parse_args()
    for settings in (SECOND_SETTINGS, SETTINGS):
        settings.update(of_depth(settings, options.depth))
    with ProcessPoolExecutor() as pool:
        texts = list(pool.map(look_at, read_labelled_texts(options.data), chunksize=16))
    lines = Tables(texts)
    lexicons = Lexicons(texts)
    everything = np.ones(len(lines.labels), dtype=np.bool_)
    first, second = np.zeros(len(lines.labels)), np.zeros(len(lines.labels))
    # by fold: the scores of all lines by first rounds that knew neither their sites nor those of the fold
    inner = [np.zeros(len(lines.labels)) for _ in range(FOLDS)]
    rounds: list[list[Any]] = []
    for test, other in combinations_with_replacement(range(FOLDS), 2):
        features, ours, theirs = matrix(texts, lexicons, {test, other}), lines.folds == test, lines.folds == other
        model = lines.fit_first(features, ~ours & ~theirs)
        inner[other][ours] = score(model, features[ours])
        inner[test][theirs] = score(model, features[theirs])
        if test == other:
            rounds.append([model])
            first[ours] = inner[test][ours]
        print(f"first round without folds {test} and {other}", file=sys.stderr)
    for test in range(FOLDS):
        seen, ours = lines.seen(inner[test], matrix(texts, lexicons, {test})), lines.folds == test
        rounds[test].append(lines.fit_second(seen, ~ours))
        second[ours] = score(rounds[test][1], seen[ours])
        print(f"second round without fold {test}", file=sys.stderr)
    weight = lines.weighed((first + second) / 2)
    sure = lines.used & np.isfinite(weight)
    curve = calibrate(weight[sure], lines.labels[sure], lines.importance[sure], lines.sites[sure])
    options.folds.mkdir(parents=True, exist_ok=True)
    record = training_record(options.data, texts)
    for test, models in enumerate(rounds):
        known = {language: lexicons.get(language, {test}) for language in LEXICON_SITES}
        write(options.folds / f"{test}.json", models, known, curve, record | {"without fold": test})
    np.save(options.folds / SCORES, first)
    features = matrix(texts, lexicons, set())
    known = {language: lexicons.get(language, set()) for language in LEXICON_SITES}
    models = [lines.fit_first(features, everything), lines.fit_second(lines.seen(first, features), everything)]
    write(options.out, models, known, curve, record)
    return 0


def calibrate(scores: Table, labels: Table, weights: Table, sites: Table) -> dict[str, list[float]]:
    """Share of cruft by score: isotonic regression on the cross-validated scores, at fifty points.

    The mean over draws of as many sites with replacement (Breiman 1996, https://doi.org/10.1007/BF00058655): a single
    regression has a step where the preset `balanced` works, and a handful of sites move it by a quarter of log odds.
    """
    from sklearn.isotonic import IsotonicRegression

    points = np.unique(np.round(np.quantile(scores, np.linspace(0.0, 1.0, 400)), 2))
    points = points[(points > -4) & (points < 8)][::4]
    draw = np.random.default_rng(1)
    count = int(sites.max()) + 1
    curves = []
    for _ in range(DRAWS):
        drawn = weights * np.bincount(draw.integers(0, count, count), minlength=count)[sites]
        some = drawn > 0
        curve = IsotonicRegression(out_of_bounds="clip").fit(scores[some], labels[some], sample_weight=drawn[some])
        curves.append(curve.predict(points))
    return {"score": points.tolist(), "cruft": np.round(np.mean(curves, axis=0), 4).tolist()}


def training_record(data: Path, texts: Sequence[Text]) -> dict[str, Any]:
    """What the model was trained on and how."""
    return {
        "data": "lines.jsonl.gz",
        "sha256": hashlib.sha256((data / "lines.jsonl.gz").read_bytes()).hexdigest(),
        "texts": len(texts),
        "sites": len({text.source.site for text in texts}),
        "lines": {name: int(sum((text.labels == value).sum() for text in texts)) for name, value in LABELS.items()},
        "settings": {key: value for key, value in SETTINGS.items() if key not in ("verbose", "allow_writing_files")},
    }


def write(
    path: Path,
    rounds: Sequence[Any],
    lexicons: Mapping[str, Mapping[str, float]],
    calibration: Mapping[str, list[float]],
    record: Mapping[str, Any],
) -> None:
    """Store a model as JSON."""
    data = {
        "record": record,
        "calibration": calibration,
        "rounds": [
            exported(model, names, SETTINGS["depth"], digits=4)
            for model, names in zip(rounds, (FEATURES, SEEN), strict=True)
        ],
        "lexicons": lexicons,
    }
    path.write_text(json.dumps(data, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    print(f"{path}: {path.stat().st_size:,} bytes", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
