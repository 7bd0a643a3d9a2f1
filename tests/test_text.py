"""What is computed the fast way is what the plain definition says."""

from __future__ import annotations

import json
import re
import unicodedata
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from langdetect.detector_factory import PROFILES_DIRECTORY

from cleaner.language import _factory
from cleaner.rulebook.load import load_rulebook
from cleaner.rulebook.match import Rulebook
from cleaner.scoring.lexicon import Lexicon
from cleaner.scoring.trees import MOVE, Trees
from cleaner.scoring.words import number_spaced, number_words
from cleaner.text import fold, fold_line, letters, read_lines, spaced, subject_words, tokens, weight, word_matches

# Letters, joints, signs of typography, the character that stands for one of them, combining marks, other scripts.
CHARACTERS = "abZ09 '-’–“”…•\u00a0\x01_.ßéǅΐжא外รカ\u0301\u0e34\u00ad\n"
INVISIBLE = "[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
TEXTS = st.text(CHARACTERS, max_size=16) | st.text(max_size=16)


@given(TEXTS)
def test_tokens_are_the_words_of_the_case_folded_text(text: str) -> None:
    unspaced = re.compile("[\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\u0e00-\u0eff"
                          "\u1000-\u109f\u1780-\u17ff\U00020000-\U0002ffff]")  # fmt: skip
    spread = unspaced.sub(lambda match: f" {match.group()} ", text.casefold())
    assert tokens(text) == tuple(match.group() for match in word_matches(spread))


@given(st.lists(TEXTS))
def test_words_of_lines_are_numbered_alike_from_text_and_from_lists(lines: list[str]) -> None:
    found, wanted = number_spaced([spaced(line) for line in lines]), number_words([tokens(line) for line in lines])
    assert found.vocabulary == wanted.vocabulary
    for name in ("number", "line", "sizes"):
        assert np.array_equal(getattr(found, name), getattr(wanted, name))


@given(st.text("abZ09 '-’–“”…•\u00a0\x01_.", max_size=16))
def test_the_weight_of_a_line_is_the_number_of_its_words(text: str) -> None:
    assert weight(text) == len(list(word_matches(text)))


BOOK = load_rulebook()
# two of the same, neither of which remembers what the other has found
TOGETHER, ALONE = (Rulebook(BOOK.rules, BOOK.exempt).matcher("en") for _ in range(2))
HITS = [hit for rule in BOOK.rules for hit in rule.hit if "en" in rule.languages]
EASY = st.text("abZ09  '-’–“”…•\u00a0\t._", max_size=24)


@given(st.lists(EASY | TEXTS))
def test_lines_read_together_are_read_as_alone(lines: list[str]) -> None:
    read_lines(lines)
    for line in lines:
        assert fold(line) == fold.__wrapped__(line)
        assert weight(line) == weight.__wrapped__(line)
        assert spaced(fold(line)).split() == spaced.__wrapped__(fold(line)).split()


@given(st.lists(EASY), st.data())
def test_rules_are_found_in_many_lines_as_in_one(lines: list[str], data: st.DataObject) -> None:
    lines = data.draw(st.permutations([*lines, *data.draw(st.lists(st.sampled_from(HITS), max_size=8))]))
    TOGETHER.read(lines)
    assert [TOGETHER.every(line) for line in lines] == [ALONE.every(line) for line in lines]


@given(TEXTS)
def test_letters_are_what_is_left_without_space_and_signs(text: str) -> None:
    assert letters(text) == "".join(character for character in text.casefold() if character.isalnum())


@given(TEXTS | st.text("aB \u00a0\u00ad\u2003ﬁ\n\x1f"))
def test_a_folded_line_is_normal_and_has_single_spaces(text: str) -> None:
    normal = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    seen = "".join(character for character in normal if not re.match(INVISIBLE, character))
    assert fold(text) == fold_line(text) == " ".join(seen.split())


@given(st.lists(st.text("abcé", min_size=1, max_size=7)))
def test_subject_words_are_long_or_beyond_ascii(words: list[str]) -> None:
    assert subject_words(words) == {word for word in words if len(word) >= 5 or not word.isascii()}


WORDS = st.sampled_from(("one", "two", "three", "four"))
GRAMS = st.dictionaries(st.lists(WORDS, min_size=1, max_size=2).map(" ".join), st.floats(-3, 3))


@given(GRAMS, st.lists(st.lists(WORDS | st.just("unknown"), max_size=6), max_size=5))
def test_a_lexicon_finds_the_words_and_pairs_of_each_line(odds: dict[str, float], lines: list[list[str]]) -> None:
    line, found = Lexicon(odds).look_up(lines)
    for place, words in enumerate(lines):
        pairs = [f"{one} {other}" for one, other in pairwise(words)]
        assert found[line == place].tolist() == [odds[gram] for gram in (*words, *pairs) if gram in odds]


def test_contributions_are_those_of_each_row_by_itself_and_add_up() -> None:
    draw = np.random.default_rng(1)
    trees = Trees(draw.integers(0, 5, (7, 3)), draw.normal(size=(7, 3)), draw.normal(size=(7, 8)), bias=0.5)
    features = draw.normal(size=(1100, 5))
    together = trees.contributions(features)
    assert np.array_equal(together[[0, 700]], np.concatenate([trees.contributions(features[[at]]) for at in (0, 700)]))
    expected = trees.leaf.mean(axis=1).sum() + trees.bias
    assert together.sum(axis=1) + expected == pytest.approx(trees.scores(features), abs=len(trees.leaf) * MOVE + 1e-6)
    assert trees.contributions(features[:0]).shape == (0, 5)


@pytest.mark.parametrize("most", [0.01, 1.0, 7.0, 70.0, 1e6])
def test_contributions_are_as_exact_however_much_a_question_moves(most: float) -> None:
    trees = Trees([[0], [0]], [[0.5], [0.5]], [[-most, most], [-most, most]], bias=0.0)
    assert trees.contributions(np.array([[0.0], [1.0]])).ravel().tolist() == pytest.approx(
        [-2 * most, 2 * most], abs=2 * MOVE
    )


def test_shares_of_n_grams_are_those_of_the_profiles() -> None:
    factory = _factory()
    for name in ("en", "uk"):
        profile = json.loads((Path(PROFILES_DIRECTORY) / name).read_bytes())
        place = factory.langlist.index(name)
        for gram, count in list(profile["freq"].items())[::50]:
            assert gram in factory.word_lang_prob_map
            assert factory.word_lang_prob_map[gram][place] == count / profile["n_words"][len(gram) - 1]
    assert "no such n-gram" not in factory.word_lang_prob_map
