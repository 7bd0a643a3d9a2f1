"""What the second round of the model of lines sees beside the features of the first: what that one made of the text.

A line is judged again knowing the scores of its neighbours, of the run of like lines that it stands in, and where the
story is that the first round found.
"""

from __future__ import annotations

import numpy as np

from cleaner.scoring.bounds import Bounds, exact
from cleaner.scoring.features import FAR
from cleaner.scoring.shape import Flags, Floats, Singles

BESIDE = (-3, -2, -1, 1, 2, 3)
REACHES = (2, 4, 8, 16)
"""Lines before, and behind, over which scores are averaged."""
MOST = 6.0
"""No score counts for more than this, in log odds; lines that are gone have it."""
MISSING = -8.0
"""Stands for the score of a line before the first or behind the last."""
SORTS = ("story", "told", "cruft", "likely")
"""Lines that the first round takes for story with some certainty, for prose of the story, for cruft."""
ROUND_FEATURES = (
    "score",
    *(f"score_{by:+d}" for by in BESIDE),
    *(f"score_{way}_{reach}" for way in ("before", "after") for reach in REACHES),
    *(f"score_{name}" for name in ("least", "quarter", "half", "most")),
    *(f"{name}_{way}" for name in ("story", "told", "cruft") for way in ("before", "after")),
    *(f"{name}_place" for name in ("story", "told")),
    *(f"{name}_words" for name in ("story", "told")),
    "cruft_share",
    *(f"{way}_{name}" for way in ("since", "until") for name in SORTS),
    "agreeing",
    "agreeing_words",
    "agreeing_score",
)
"""Names of the columns."""


def round_features(scores: Floats, words: Floats | Singles, prose: Flags, taken: Flags, bounds: Bounds) -> Singles:
    """What the scores of a first round (log odds of being cruft) say around each line: (lines, len(ROUND_FEATURES)).

    >>> round_features(np.array([-3.0, 2.0]), np.ones(2), np.ones(2) > 0, np.zeros(2) > 0, Bounds(np.array([2]))).shape
    (2, 41)
    """
    own = exact(np.where(taken, MOST, np.clip(scores, -MOST, MOST)))
    chance = 1.0 / (1.0 + np.exp(-own))
    cruft, story = exact(chance * words), exact((1.0 - chance) * words)
    told = np.where(prose, story, 0.0)
    sums = bounds.through(np.array([story, told, cruft]))
    whole = sums[:, bounds.last][:, bounds.text]
    before, after = sums - (story, told, cruft), whole - sums
    sorts = np.array([own < -2.0, (own < -2.0) & prose, own > 2.0, own > 1.0])
    since, until = bounds.nearest(sorts, FAR)
    runs = bounds.runs(own > 0)
    of_runs = np.array([runs.sizes, runs.total(words), runs.total(own) / runs.sizes])
    return np.concatenate(
        (
            [own],
            *(bounds.shifted(own[None, :], by, MISSING) for by in BESIDE),
            bounds.means_before(own, REACHES),
            bounds.means_after(own, REACHES),
            _spread(own, bounds),
            np.stack((before, after), axis=1).reshape(6, -1),
            before[:2] / np.maximum(whole[:2], 1.0),
            whole[:2],
            [whole[2] / np.maximum(whole[0] + whole[2], 1.0)],
            since,
            until,
            of_runs[:, runs.text],
        ),
        dtype=np.float32,
        casting="same_kind",
    ).T


def _spread(scores: Floats, bounds: Bounds) -> Floats:
    """The lowest score of each text, and those at a quarter, half and three quarters of its lines."""
    ordered = scores[np.lexsort((scores, bounds.text))]
    places = [bounds.first + bounds.sizes * part // 4 for part in range(4)]
    return np.asarray(ordered[np.array(places)][:, bounds.text])
