"""Which blocks of a page are its story: trees, and where they are in doubt, trees that have heard a witness as well.

The first round sees every block by itself, its containers, its like and its place.  What it leaves open is judged
again, on pages where that is much, by a second round that sees what another extractor took, and what the first round
said of a block's neighbours, containers and like, so that a container which holds the story pulls its short lines in
and a stranger in it falls out.  (Such a round without a witness gains nothing: docs/quality.md.)
`bench/train_blocks.py` trains them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from cleaner.extraction.features import PLAIN_FEATURES, page_facts
from cleaner.extraction.learned import LEARNED_FEATURES, learned_features
from cleaner.extraction.metadata import Metadata
from cleaner.extraction.names import Names
from cleaner.extraction.rounds import ROUND_FEATURES, WITNESS_FEATURES, round_features, witness_features
from cleaner.extraction.together import Pages
from cleaner.scoring.lexicon import Lexicon
from cleaner.scoring.shape import Floats
from cleaner.scoring.trees import Trees

BLOCK_FEATURES = (*PLAIN_FEATURES, *LEARNED_FEATURES)
"""What the first round looks at."""
MODEL = Path(__file__).parent / "blocks.json"
# Log odds of the first round below which a block is furniture, whatever a witness says: of the story's words in the
# development benchmark 0.04 % lie below, of all blocks 59 %.
SURE_CRUFT = -5.0


@dataclass(frozen=True)
class BlockModel:
    """What the model file holds."""

    rounds: tuple[Trees, Trees]
    names: Names
    said: Lexicon
    points: Floats
    """Log odds of story in ascending order, and in ``worth`` the share of blocks of that score that are story."""
    worth: Floats
    record: Mapping[str, Any]

    def chance(self, scores: Floats) -> Floats:
        """Calibrated probabilities of being story."""
        return np.interp(scores, self.points, self.worth)


def features_of_round(number: int) -> tuple[str, ...]:
    """Names of what each round sees."""
    return (*BLOCK_FEATURES, *ROUND_FEATURES, *WITNESS_FEATURES) if number else BLOCK_FEATURES


def load_block_model(path: Path = MODEL) -> BlockModel:
    """Read a model file.  Raises `ValueError` when it was trained on other features."""
    data = json.loads(path.read_text(encoding="utf-8"))
    rounds = []
    for number, trees in enumerate(data["rounds"]):
        if tuple(trees["features"]) != features_of_round(number):
            raise ValueError(f"{path}: round {number + 1} was trained on other features: train it again (make train)")
        rounds.append(Trees(trees["feature"], trees["border"], trees["leaf"], float(trees["bias"])))
    one, two = rounds
    return BlockModel(
        rounds=(one, two),
        names=Names(data["names"]),
        said=Lexicon(data["said"]),
        points=np.array(data["calibration"]["score"], dtype=np.float64),
        worth=np.array(data["calibration"]["story"], dtype=np.float64),
        record=data["record"],
    )


@lru_cache(maxsize=1)
def block_model() -> BlockModel:
    """The shipped model, read once."""
    return load_block_model()


class Judgement:
    """The scores of the blocks of pages (log odds of being story): of the first round, then of the second.

    ``open`` are the blocks that the first round does not settle; the second looks at no others.
    """

    def __init__(
        self, model: BlockModel, pages: Pages, known: Sequence[Metadata], said_of_names: Floats | None = None
    ) -> None:
        self.model = model
        self.facts = page_facts(pages, known)
        said_of_names = model.names.of(pages.names) if said_of_names is None else said_of_names
        learned = learned_features(pages, self.facts, said_of_names, model.said)
        self._seen = np.concatenate((self.facts.plain, learned), axis=1)
        self.scores = model.rounds[0].scores(self._seen)
        self.open = np.flatnonzero(self.scores > SURE_CRUFT)
        self._round = 0

    def hear(self, taken: list[bool]) -> None:
        """Judge again with what a witness took; of one page."""
        told = round_features(self.facts, self.scores)
        heard = witness_features(self.facts, taken, self.scores)
        self._seen = np.concatenate((self._seen, told, heard), axis=1)
        self._round = 1
        if len(self.open):
            self.scores = self.scores.copy()
            self.scores[self.open] = self.model.rounds[1].scores(self._seen[self.open])

    def because(self, places: list[int]) -> list[dict[str, float]]:
        """The features that spoke most against each of some blocks, and by how much log odds."""
        asked = np.array(places, dtype=np.int64)
        names = features_of_round(self._round)
        found: list[dict[str, float]] = [{} for _ in places]
        # what the first round settled, it settled alone
        last = np.isin(asked, self.open) if self._round else np.zeros(len(asked), dtype=np.bool_)
        for number, chosen in ((0, np.flatnonzero(~last)), (1, np.flatnonzero(last))):
            if not len(chosen):
                continue
            width = len(features_of_round(number))
            # searched row by row
            moved = np.ascontiguousarray(self.model.rounds[number].contributions(self._seen[asked[chosen], :width]))
            row = np.arange(len(chosen))
            for _ in range(REASONS):
                most = moved.argmin(axis=1)
                weights = moved[row, most]
                against = np.flatnonzero(weights < 0)
                said = zip(
                    chosen[against].tolist(), most[against].tolist(), weights[against].round(2).tolist(), strict=True
                )
                for place, one, weight in said:
                    found[place][names[one]] = weight
                moved[row, most] = 0.0
        return found


# What is said of the features that weighed most: at most this many.
REASONS = 3
