"""Cleaners whose model was trained without the site that it is measured on."""

from __future__ import annotations

import sys
from functools import lru_cache
from pathlib import Path

from cleaner.extraction.model import load_block_model
from cleaner.pipeline import Cleaner
from cleaner.scoring.model import load_model
from cleaner.settings import Settings

FOLD_MODELS = Path("build") / "folds"
"""Where ``bench/train_text.py`` leaves the models of the folds."""
BLOCK_FOLD_MODELS = Path("build") / "block-folds"
"""Where ``bench/train_blocks.py`` leaves them."""


@lru_cache(maxsize=8)
def cleaner_of(folds: str, fold: int | str, preset: str = "balanced", blocks: str | None = None) -> Cleaner:
    """The cleaner whose models know no site of a fold, or whatever else the models of that name were trained without.

    ``folds`` holds models of lines, ``blocks`` models of blocks; without it pages are judged by the shipped one.
    """
    cleaner = Cleaner(Settings(preset=preset)).with_model(load_model(Path(folds) / f"{fold}.json"))
    if blocks is not None:
        cleaner.block_model = load_block_model(Path(blocks) / f"{fold}.json")
        cleaner.warm_up()
    return cleaner


def has_models(folds: Path) -> bool:
    """Whether the models of the folds are there; says on standard error how to make them if not."""
    if (folds / "0.json").exists():
        return True
    print(f"no models of the folds in {folds}: run make train", file=sys.stderr)
    return False
