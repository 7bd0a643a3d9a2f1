"""Trees that the training library grew, as the tables of a model file."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any


def of_depth(settings: Mapping[str, Any], depth: int) -> dict[str, Any]:
    """Settings for trees of another depth that ask as many questions in all.

    Trees of depth one make an additive model, one curve a feature; those of depth two add pairs of features.

    >>> of_depth({"depth": 6, "iterations": 250}, 2)
    {'depth': 2, 'iterations': 750}
    """
    return {**settings, "depth": depth, "iterations": settings["iterations"] * settings["depth"] // depth}


def exported(model: Any, features: Sequence[str], depth: int, digits: int) -> dict[str, Any]:
    """An ensemble of trees of one depth as `cleaner.scoring.trees` reads it; values of leaves have so many digits."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        model.save_model(str(path), format="json")
        raw = json.loads(path.read_text(encoding="utf-8"))
    scale, (bias,) = raw["scale_and_bias"]
    trees = raw["oblivious_trees"]
    for tree in trees:
        # a tree that stopped early asks nothing on its last levels: the same leaves, twice
        while len(tree["splits"]) < depth:
            tree["splits"].append({"float_feature_index": 0, "border": 1e30})
            tree["leaf_values"] = [*tree["leaf_values"], *tree["leaf_values"]]
    return {
        "features": list(features),
        "bias": bias,
        "feature": [[split["float_feature_index"] for split in tree["splits"]] for tree in trees],
        "border": [[float(f"{split['border']:.6g}") for split in tree["splits"]] for tree in trees],
        "leaf": [[round(value * scale, digits) for value in tree["leaf_values"]] for tree in trees],
    }
