"""What the second round of the model of blocks sees beside the facts of a page: scores of the first, and a witness.

Few pages get there: facts are those of one page.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cleaner.extraction.around import FAR, NEAR, beside, group_sums, running_sums, shifted, smallest
from cleaner.extraction.features import LEVELS, Facts
from cleaner.scoring.shape import Floats

ROUND_FEATURES = (
    "score", *(f"score_{where:+d}" for where in NEAR), "score_near", "score_far",
    *(f"{name}_{level}" for level in range(1, LEVELS + 1) for name in ("told_share", "told_mean", "told_best")),
    *(f"told_{key}" for key in ("path", "names", "siblings")),
    "told_before", "told_after", "from_told", "to_told", "told_place", "told_words", "told_blocks",
    "told_inside", "told_distance", "told_steps", "told_main_mean", "behind_best", "rank", "behind_like",
)  # fmt: skip
"""Names of the columns of `round_features`."""

WITNESS_FEATURES = (
    "witness", *(f"witness_{where:+d}" for where in NEAR),
    *(f"witness_box_{level}" for level in range(1, LEVELS + 1)),
    "witness_path", "witness_names", "witness_siblings", "witness_before", "witness_after", "witness_words",
    "witness_share", "witness_agrees",
)  # fmt: skip
"""Names of the columns of `witness_features`."""


def round_features(facts: Facts, scores: Floats) -> Floats:
    """What a first model's scores (log odds of being story, one a block) say around each block.

    An array of shape (blocks, len(ROUND_FEATURES)).
    """
    count = len(scores)
    chance = 1.0 / (1.0 + np.exp(-scores))
    told = chance * facts.words
    sums = running_sums(np.array([told, facts.words]))
    whole = max(float(sums[0, -1]), 1.0)
    rows: list[Floats] = [scores, *shifted(chance[None, :], facts.bounds)]
    place = np.arange(count)
    for reach in (3, 10):
        low, high = np.maximum(place - reach, 0), np.minimum(place + reach + 1, count)
        around = sums[:, high] - sums[:, low]
        rows.append((around[0] - told) / np.maximum(around[1] - facts.words, 1.0))
    for box in facts.boxes:
        low, high = facts.first[box], facts.end[box]
        held = sums[:, high] - sums[:, low]
        others = (held[0] - told) / np.maximum(held[1] - facts.words, 1.0)
        rows += [held[0] / whole, held[0] / np.maximum(held[1], 1.0), others]
    for group in facts.like:
        said, held = group_sums(group, np.array([told, facts.words]))
        rows.append((said - told) / np.maximum(held - facts.words, 1.0))
    sure = facts.prose & (chance >= 0.5)
    (from_told,), (to_told,) = facts.bounds.nearest(sure[None, :], FAR)
    through = np.cumsum(told)
    main = smallest(0.6, np.where(chance >= 0.5, told, 0.0), facts.first, facts.end, facts.elements)[0]
    inside = slice(int(facts.first[main]), int(facts.end[main]))
    inner = beside(np.full(count, main), facts.boxes[0], facts.first, facts.end, facts.up)
    full = np.ones(count)
    best = float(np.max(np.where(facts.prose, scores, -20.0))) if facts.prose.any() else float(scores.max())
    ranks = np.argsort(np.argsort(-scores, kind="stable"), kind="stable").astype(np.float64)
    said, held = group_sums(facts.like[1], np.array([told, facts.words]))
    rows += [
        through - told, whole - through, from_told, to_told, (through - told / 2) / whole, whole * full,
        float(sure.sum()) * full, *(inner[0], inner[1], inner[3]),
        full * float(told[inside].sum()) / max(float(facts.words[inside].sum()), 1.0),
        scores - best, ranks / max(count, 1), said / np.maximum(held, 1e-9) - float((told * chance).sum()) / whole,
    ]  # fmt: skip
    return np.array(rows).T


def witness_features(facts: Facts, taken: Sequence[bool], scores: Floats) -> Floats:
    """What another extractor took, around each block: an array of shape (blocks, len(WITNESS_FEATURES))."""
    count = len(scores)
    flags = np.array(taken, dtype=np.float64)
    said = flags * facts.words
    sums = running_sums(np.array([said, facts.words]))
    whole = max(float(sums[0, -1]), 1.0)
    rows: list[Floats] = [flags, *shifted(flags[None, :], facts.bounds)]
    for box in facts.boxes:
        held = sums[:, facts.end[box]] - sums[:, facts.first[box]]
        rows.append(held[0] / np.maximum(held[1], 1.0))
    for group in facts.like:
        took, held = group_sums(group, np.array([said, facts.words]))
        rows.append(took / np.maximum(held, 1.0))
    told = (scores > 0) * facts.words
    through = np.cumsum(said)
    full = np.ones(count)
    rows += [
        (through - said) / whole, (whole - through) / whole, whole * full, whole / max(float(sums[1, -1]), 1.0) * full,
        float((told * flags).sum()) / max(float(told.sum()), 1.0) * full,
    ]  # fmt: skip
    return np.array(rows).T
