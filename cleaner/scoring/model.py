"""The model of lines: two rounds of trees, and what their scores are worth.

The first round sees the features of a line (`cleaner.scoring.features`); the second sees them again beside what the
first made of the lines around it (`cleaner.scoring.rounds`), so that neighbours agree and a line is judged by where
the story stands.  A line's score is the mean of both, which is better than either (docs/quality.md).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cleaner.scoring.bounds import Bounds
from cleaner.scoring.features import FEATURES
from cleaner.scoring.lexicon import Lexicon
from cleaner.scoring.rounds import ROUND_FEATURES, round_features
from cleaner.scoring.shape import Flags, Floats, Singles
from cleaner.scoring.trees import Trees

WORDS, PROSE, STARTS = (FEATURES.index(name) for name in ("words", "prose_run", "starts"))
SEEN = (*FEATURES, *ROUND_FEATURES)
"""Names of what the second round sees."""


@dataclass(frozen=True)
class Model:
    """What a model file holds: the trees, what is known of words, and what scores are worth."""

    first: Trees
    second: Trees
    lexicons: Mapping[str, Lexicon]
    points: Floats
    """Scores (log odds) in ascending order, and in ``worth`` the share of lines of that score that are cruft."""
    worth: Floats
    record: Mapping[str, Any]

    def judge(self, features: Singles, taken: Flags, bounds: Bounds) -> tuple[Floats, Singles]:
        """Log odds of being cruft, one a line, and what the second round saw: (lines, len(SEEN)).

        ``features`` are those of the lines of some texts, ``taken`` the lines that are gone already.
        """
        first = self.first.scores(features)
        seen = seen_by_second(first, features, taken, bounds)
        return (first + self.second.scores(seen)) / 2, seen

    def contributions(self, seen: Singles) -> Floats:
        """How much each of `SEEN` moved the scores of some lines, in log odds: an array of the same shape."""
        moved = self.second.contributions(seen)
        moved[:, : len(FEATURES)] += self.first.contributions(seen[:, : len(FEATURES)])
        return moved / 2

    def confidence(self, scores: Floats) -> Floats:
        """Calibrated probabilities of scores."""
        return np.interp(scores, self.points, self.worth)

    def score_of(self, confidence: float) -> float:
        """The lowest score that is worth this confidence; infinite where none is."""
        if confidence > self.worth[-1]:
            return float("inf")
        place = int(np.searchsorted(self.worth, confidence))
        if place == 0 or self.worth[place] == self.worth[place - 1]:
            return float(self.points[place])
        return float(np.interp(confidence, self.worth[place - 1 : place + 1], self.points[place - 1 : place + 1]))


def seen_by_second(first: Floats, features: Singles, taken: Flags, bounds: Bounds) -> Singles:
    """The features of lines beside what scores of the first round say around them: (lines, len(SEEN))."""
    around = round_features(first, features[:, WORDS], features[:, PROSE] > 0, taken, bounds)
    return np.concatenate((features, around), axis=1)


def load_model(path: Path) -> Model:
    """Read a model file.  Raises `ValueError` when it was trained on other features."""
    data = json.loads(path.read_text(encoding="utf-8"))
    return Model(
        first=_round(path, data["rounds"][0], FEATURES),
        second=_round(path, data["rounds"][1], SEEN),
        lexicons={language: Lexicon(odds) for language, odds in data["lexicons"].items()},
        points=np.array(data["calibration"]["score"], dtype=np.float64),
        worth=np.array(data["calibration"]["cruft"], dtype=np.float64),
        record=data["record"],
    )


def _round(path: Path, trees: Mapping[str, Any], features: Sequence[str]) -> Trees:
    if tuple(trees["features"]) != tuple(features):
        raise ValueError(f"{path} was trained on other features: train it again (make train)")
    return Trees(trees["feature"], trees["border"], trees["leaf"], float(trees["bias"]))
