"""Evaluates boosted oblivious trees with array look-ups, and says which evidence weighed what.

An oblivious tree asks the same question at every node of a level, so that a tree of depth six is six comparisons and
one look-up in a table of 64 values; all trees for all lines are a handful of array operations, and the library that
trained them is not needed (Prokhorenkova et al. 2018, https://arxiv.org/abs/1706.09516).

What a feature contributed to a score is the sum, over all trees, of how much the expected value moved at each question
that asks for it (Saabas 2014, https://blog.datadive.net/interpreting-random-forests/).
"""

from __future__ import annotations

from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from numpy.typing import ArrayLike

from cleaner.scoring.shape import Floats, Singles

# Lines scored at once: what the trees look up for these fits into a cache, which halves the time.
CHUNK = 192
# The same for contributions, of which a line has as many as there are questions.
ROWS = 192
# Values of leaves are multiples of this: however many are added, and in whatever order, the sum is exact.
GRAIN = 2.0**-30
# What a question moves is a whole number of these, for the same reason: numbers of two bytes, which are looked up and
# added in half the time of four.  What a feature contributed is off by .002 at most, and told in hundredths.
MOVE = 2.0**-12


class Trees:
    """An ensemble: for each tree and level a feature and a border, for each tree a value a leaf.

    Shapes: ``feature`` and ``border`` (trees, depth), ``leaf`` (trees, 2 ** depth), depth at most 8.  The leaf of a
    line is the number whose bit of place i is 1 where the feature of level i is above its border.

    >>> one = Trees([[0, 1]], [[0.5, 2.0]], [[-1.0, 0.0, 0.5, 3.0]], bias=0.1)
    >>> one.scores(np.array([[0.0, 0.0], [1.0, 3.0]])).round(2).tolist()
    [-0.9, 3.1]
    >>> one.contributions(np.array([[1.0, 3.0]])).round(2).tolist()
    [[0.88, 1.5]]
    """

    def __init__(self, feature: ArrayLike, border: ArrayLike, leaf: ArrayLike, bias: float) -> None:
        self.feature = np.array(feature, dtype=np.int64)
        self.border = np.array(border, dtype=np.float64)
        self.leaf = np.rint(np.array(leaf, dtype=np.float64) / GRAIN) * GRAIN
        self.bias = bias
        # many trees ask the same: each question is answered once
        asked = np.stack((self.feature.T.ravel(), self.border.T.ravel()), axis=1)
        questions, place = np.unique(asked, axis=0, return_inverse=True)
        self._asked = questions[:, 0].astype(np.int64)
        # features are compared as the library compares them that trained the trees: in single precision
        self._above = questions[:, 1:].astype(np.float32)
        self._question = place.reshape(self.feature.T.shape)
        self._values = self.leaf.ravel()
        # numbers of two bytes, where they suffice, are added and looked up in half the time of those of eight
        small = np.min_scalar_type(max(self.leaf.size - 1, 0))
        self._first = (np.arange(len(self.leaf))[:, None] * self.leaf.shape[1]).astype(small)

    def scores(self, features: Floats | Singles) -> Floats:
        """Log odds, one a row of ``features`` (rows, features)."""
        return np.concatenate(
            [
                self._values.take(self._leaves(features[start : start + CHUNK])).sum(axis=0) + self.bias
                for start in range(0, max(len(features), 1), CHUNK)
            ]
        )

    def _leaves(self, features: Floats | Singles) -> npt.NDArray[np.unsignedinteger[Any]]:
        """Place of each row's leaf of each tree in the flat array of values: (trees, rows)."""
        columns = np.ascontiguousarray(features.T, dtype=np.float32)
        answers = (columns.take(self._asked, axis=0) > self._above).view(np.uint8)
        leaves = answers.take(self._question[-1], axis=0)
        for question in self._question[-2::-1]:
            leaves += leaves  # adding is several times as fast as shifting
            leaves |= answers.take(question, axis=0)
        return np.asarray(leaves.astype(self._first.dtype) + self._first)

    @cached_property
    def _moves(self) -> npt.NDArray[np.signedinteger[Any]]:
        """How far the question of each level moves the expected value on the way to a leaf, in `MOVE`: a row a level.

        The columns are the leaves of all trees, in the order of `_leaves`.  The numbers are of a type that holds
        whatever the questions of one feature move together.
        """
        trees, depth = self.feature.shape
        leaves = np.arange(self.leaf.shape[1])
        known = [
            # means over the leaves that share the answers to the first ``level`` questions; rounded, so that what the
            # questions of a tree move adds up
            np.rint(self.leaf.reshape(trees, -1, 1 << level).mean(axis=1) / MOVE)[:, leaves % (1 << level)]
            for level in range(depth + 1)
        ]
        moves = np.stack([after - before for before, after in pairwise(known)])
        most = np.bincount(self.feature.T.ravel(), np.abs(moves).max(axis=2).ravel()).max()
        return moves.reshape(depth, -1).astype(np.min_scalar_type(-int(most) - 1))

    @cached_property
    def _by_feature(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], list[int]]:
        """The order in which moves are added up: the first question for each feature, then the second for each …

        The places of all questions, level by level, in that order; the features, those that are asked for most often
        first; and how many of these each turn has.
        """
        asked = self.feature.T.ravel()
        times = np.bincount(asked)
        features = np.argsort(-times, kind="stable")[: np.count_nonzero(times)]
        grouped = np.argsort(asked, kind="stable")
        turn = np.empty_like(asked)
        turn[grouped] = np.arange(len(asked)) - (np.cumsum(times) - times)[asked[grouped]]
        rank = np.empty_like(times)
        rank[features] = np.arange(len(features))
        return np.lexsort((rank[asked], turn)), features, np.bincount(turn).tolist()

    def contributions(self, features: Floats | Singles) -> Floats:
        """How much each feature moved the score of each row, in log odds: an array of the shape of ``features``."""
        moved = np.zeros(features.shape[::-1])
        order, asked, turns = self._by_feature
        for start in range(0, len(features), ROWS):
            rows = slice(start, start + ROWS)
            # what a question moves in all rows lies side by side, and is added to others at once
            moves = self._moves.take(self._leaves(features[rows]), axis=1).reshape(len(order), -1).take(order, axis=0)
            total, done = moves[: turns[0]], turns[0]
            for count in turns[1:]:
                total[:count] += moves[done : done + count]
                done += count
            moved[asked, rows] = total * MOVE
        return moved.T
