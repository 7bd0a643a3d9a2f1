"""The scored filter: what it must leave alone, what it says of its removals, and that its arithmetic is right."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.chain import Outcome
from cleaner.document import Document, Markup
from cleaner.filters.layout import MODEL, SAID, schedules, text_model, weighed
from cleaner.pipeline import Cleaner
from cleaner.scoring.bounds import Bounds
from cleaner.scoring.features import FEATURES, Lines, Mark, line_features
from cleaner.scoring.headline import standfirsts
from cleaner.scoring.lexicon import Lexicon
from cleaner.scoring.model import load_model
from cleaner.scoring.shape import Flags, Floats, shapes
from cleaner.scoring.trees import MOVE, Trees
from cleaner.settings import Settings, SettingsError

STORY = [
    "Council of Elm votes for the bridge",
    "The council of Elm voted on Monday to rebuild the old bridge over the river before the winter comes.",
    "Work is to begin in May, the mayor told reporters after a debate that had lasted for nearly five hours.",
    "The bridge has been closed since the flood, and people have had to take the ferry to the other bank.",
]
TAIL = [
    "Subscribe to our newsletter",
    "Follow us on Facebook and Twitter",
    "Harbour News Ltd · Terms · Privacy · Contact us · About us",
    "Home | Politics | Business | Sport | Culture | Weather | Jobs",
    "Sign in | Register | My account",
]


def cleaned(lines: list[str], **settings: object) -> Outcome:
    """The outcome of the whole chain for an English text."""
    cleaner = Cleaner(Settings(min_kept=0, **settings))  # type: ignore[arg-type]
    return cleaner.clean(Document.from_text("\n".join(lines) + "\n", language="en"))


def test_furniture_that_no_rule_names_goes_and_the_story_stays() -> None:
    outcome = cleaned([*STORY, *TAIL])
    assert outcome.text.splitlines() == STORY
    assert "layout" in {removal.filter for removal in outcome.removals}


@pytest.mark.parametrize(
    ("line", "stays"),
    (
        ("The ferry that has replaced it was never meant for a second winter", True),
        ("Can a small town rebuild a bridge that its capital has forgotten?", True),
        ("The council met for the 12th time over a bridge nobody can cross", False),
        ("By Brenda Oake, John Halmar and Ann Quay, Harbour News Council Desk", False),
        ("The ferry was never meant for this", False),
    ),
)
def test_the_standfirst_behind_the_title_stays(line: str, stays: bool) -> None:
    for title, spared in ((STORY[0], stays), ("Fog closes the airport of Oakdale", False), (None, False)):
        lines = ["Home", STORY[0], line, "Share", *STORY[1:]]
        text = Lines(lines, [Mark()] * len(lines), title)
        goes, taken = np.array([True, False, True, True, False, False, False]), np.zeros(7, dtype=np.bool_)
        found = standfirsts([text], line_features([text]), goes, taken, Bounds(np.array([7])))
        assert found.tolist() == [False, False, spared, *[False] * 4]


@pytest.mark.parametrize(("story", "acts"), [(0.9, False), (None, True)])
def test_pages_that_the_model_of_blocks_has_judged_are_let_alone(story: float | None, acts: bool) -> None:
    markup = Markup(("html", "body", "p"), (), 0.0, witness=True, story=story)
    text = "\n".join([*STORY, *TAIL]) + "\n"
    document = Document.from_text(text, language="en")
    segments = tuple(segment._replace(markup=markup) for segment in document.segments)
    outcome = Cleaner(Settings(min_kept=0)).clean(replace(document, segments=segments))
    assert ("layout" in {removal.filter for removal in outcome.removals}) is acts


def test_a_clean_story_is_let_alone() -> None:
    assert cleaned(STORY).removals == ()


def test_a_removal_says_what_weighed_most_and_what_it_is_worth() -> None:
    outcome = cleaned([*STORY, *TAIL])
    for removal in (one for one in outcome.removals if one.filter == "layout"):
        because = removal.evidence["because"]
        assert isinstance(because, dict) and because
        assert all(value > 0 for value in because.values())
        assert all(SAID[name] in removal.reason for name in because)
        assert Settings().working_point <= removal.confidence <= 1


def test_presets_ask_for_more_or_less_certainty() -> None:
    gone = {
        name: {removal.start for removal in cleaned([*STORY, *TAIL], preset=name).removals}
        for name in ("careful", "balanced", "thorough")
    }
    assert gone["careful"] <= gone["balanced"] <= gone["thorough"]
    assert all(one.confidence >= 0.99 for one in cleaned([*STORY, *TAIL], min_confidence=0.99).removals)
    assert cleaned([*STORY, *TAIL], min_confidence=1.0).removals == ()


@pytest.mark.parametrize("wrong", [{"preset": "bold"}, {"min_confidence": 1.5}, {"min_confidence": float("nan")}])
def test_a_working_point_that_is_none_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match=r"preset|min-confidence"):
        Settings(**wrong)  # type: ignore[arg-type]


def test_a_line_that_an_exception_names_stays(tmp_path: Path) -> None:
    before = {removal.filter: removal for removal in cleaned([*STORY, *TAIL]).removals}
    assert "layout" in before
    pack = tmp_path / "mine.toml"
    line = TAIL[3]
    pack.write_text(
        f'schema = 1\npack = "mine"\n[[except]]\nrule = "en/leave-a-review"\ntext = ["{line}"]\nreason = "Ours."\n',
        encoding="utf-8",
    )
    assert line in cleaned([*STORY, *TAIL], rules=(str(pack),)).text


def test_nothing_goes_where_nothing_would_be_left() -> None:
    names = [f"Name {number} | Club {number}" for number in range(30)]
    assert [one for one in cleaned(names).removals if one.filter == "layout"] == []


def test_lines_that_are_gone_and_texts_without_certainty_weigh_nothing() -> None:
    features = line_features([Lines(STORY, [Mark()] * len(STORY))])
    scores, bounds = np.full(len(STORY), 1.0), Bounds(np.array([len(STORY)]))
    quiet = weighed(scores, features, np.zeros(len(STORY), dtype=bool), bounds)
    assert np.isneginf(quiet).all()
    taken = np.array([False, False, False, True])
    assert np.isneginf(weighed(scores, features, taken, bounds)).tolist() == taken.tolist()


@given(st.data())
def test_trees_add_up(data: st.DataObject) -> None:
    trees, depth, width = data.draw(st.tuples(st.integers(1, 5), st.integers(1, 6), st.integers(1, 4)))
    value = st.floats(-3, 3, width=32)
    feature = [[data.draw(st.integers(0, width - 1)) for _ in range(depth)] for _ in range(trees)]
    border = [[data.draw(value) for _ in range(depth)] for _ in range(trees)]
    leaf = [[data.draw(value) for _ in range(1 << depth)] for _ in range(trees)]
    rows = [[data.draw(value) for _ in range(width)] for _ in range(3)]
    model = Trees(feature, border, leaf, bias=0.5)
    plain = [
        0.5
        + sum(
            leaf[tree][sum((row[feature[tree][level]] > border[tree][level]) << level for level in range(depth))]
            for tree in range(trees)
        )
        for row in rows
    ]
    scores = model.scores(np.array(rows))
    assert scores == pytest.approx(plain, abs=1e-6)
    start = 0.5 + sum(sum(values) / len(values) for values in leaf)
    assert start + model.contributions(np.array(rows)).sum(axis=1) == pytest.approx(plain, abs=trees * MOVE + 1e-6)


def test_scores_do_not_depend_on_how_many_lines_are_scored_at_once() -> None:
    lines = [*STORY, *TAIL] * 200
    features = line_features([Lines(lines, [Mark()] * len(lines))])
    trees = text_model().first
    scores = trees.scores(features)
    assert scores[700:705].tolist() == trees.scores(features[700:705]).tolist()
    assert len(trees.scores(features[:0])) == 0


def test_confidence_rises_with_the_score() -> None:
    model = text_model()
    assert (np.diff(model.points) > 0).all()
    assert (np.diff(model.worth) >= 0).all()
    for share in (0.5, 0.62, 0.9):
        assert model.confidence(np.array([model.score_of(share)]))[0] == pytest.approx(share, abs=0.001)


def test_a_model_of_other_features_is_refused(tmp_path: Path) -> None:
    data = json.loads(MODEL.read_text(encoding="utf-8"))
    assert data["record"]["sha256"] and data["record"]["texts"]
    first, second = data["rounds"]
    (tmp_path / "model.json").write_text(json.dumps(data | {"rounds": [first, second | {"features": ["length"]}]}))
    with pytest.raises(ValueError, match="trained on other features"):
        load_model(tmp_path / "model.json")


def test_shapes_of_lines_in_several_scripts() -> None:
    found = shapes(["Two Ministers met. They talked 3.5 hours.", "两国外长会晤。他们谈了。", "READ MORE", "नमस्ते दुनिया"])
    assert found.words.tolist()[1:] == [5.0, 2.0, 2.0]
    assert found.sentences.tolist() == [2, 2, 0, 0]
    assert found.upper[2] == 1.0
    assert found.upper[1] == found.upper[3] == 0.0
    assert found.unspaced[1] > 0.8


@given(st.lists(st.text(min_size=1).filter(lambda line: line.strip() and "\n" not in line), min_size=1, max_size=6))
def test_any_lines_have_finite_features(lines: list[str]) -> None:
    features = line_features([Lines(lines, [Mark()] * len(lines), lines[0], Lexicon({"news": 1.0}))])
    assert features.shape == (len(lines), len(FEATURES))
    assert np.isfinite(features).all()


@given(
    st.lists(
        st.lists(st.text("ab é字.-: 1", min_size=1).filter(str.strip) | st.sampled_from([*STORY, *TAIL]), min_size=1),
        min_size=2,
        max_size=4,
    )
)
def test_features_of_a_text_do_not_depend_on_the_texts_beside_it(texts: list[list[str]]) -> None:
    lexicons = (Lexicon({"news": 1.0, "read more": 0.7}), Lexicon({}), Lexicon({"a": -0.31}))
    seen = [
        Lines(lines, [Mark(taken=number % 3 == 2) for number in range(len(lines))], lines[0], lexicons[place % 3])
        for place, lines in enumerate(texts)
    ]
    together = line_features(seen)
    alone = [line_features([one]) for one in seen]
    assert np.array_equal(together, np.concatenate(alone))
    taken = [np.array([mark.taken for mark in one.marks]) for one in seen]
    assert np.array_equal(
        final_scores(together, np.concatenate(taken), [len(lines) for lines in texts]),
        np.concatenate([final_scores(own, gone, [len(own)]) for own, gone in zip(alone, taken, strict=True)]),
    )


def final_scores(features: Floats, taken: Flags, sizes: list[int]) -> Floats:
    """What both rounds and the look at the documents make of lines of texts of these sizes."""
    bounds = Bounds(np.array(sizes))
    scores, _ = text_model().judge(features, taken, bounds)
    return weighed(scores, features, taken, bounds)


def test_items_of_a_list_go_together() -> None:
    lines = [*STORY, "Share this", "- one", "- two", "- three"]
    features = line_features([Lines(lines, [Mark(line == "Share this") for line in lines])])
    scores = np.array([-5.0, -5.0, -5.0, -5.0, 5.0, 3.0, 2.0, -1.0])
    taken = np.array([line == "Share this" for line in lines])
    weights = weighed(scores, features, taken, Bounds(np.array([len(lines)])))
    assert len(set(weights[5:].tolist())) == 1
    assert weights[5] > weights[0]


def test_schedules_are_let_alone_with_the_line_before_them() -> None:
    dates = ["June 9 – Elm Hall", "10 June: Oak Hall", "Sat., June 12, Ash Hall", "6月9日 榆树厅"]
    lines = ["Popular", "Tour Dates", *dates, "Popular", "Tour Dates", *dates[:3], "More"]
    goes = np.array([place != 3 for place in range(len(lines))])  # one of the dates stays, anyway
    spared = schedules(lines, goes, np.zeros(len(lines), dtype=np.bool_), Bounds(np.array([len(lines)])))
    # three days in a row are none, and a text behind another one begins anew
    assert spared.tolist() == [False] + [True] * 5 + [False] * 6
    apart = Bounds(np.array([4, len(lines) - 4]))
    assert not schedules(lines, goes, np.zeros(len(lines), dtype=np.bool_), apart).any()
