"""The laws of the house, over generated documents in many scripts."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence

import pyarrow as pa
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from strategies import texts

from cleaner.books import count
from cleaner.chain import Chain, Outcome, View
from cleaner.document import Document, Removal, apply, check_removals, kept_spans, restore, split_lines
from cleaner.filters.blocks import Blocks
from cleaner.filters.brake import Brake
from cleaner.filters.language import OtherLanguage
from cleaner.filters.repeats import Repeats
from cleaner.filters.rules import Rules
from cleaner.ingest.record import Raw
from cleaner.pipeline import Cleaner, raw_batch
from cleaner.rows import kept_lines, removed_rows
from cleaner.rulebook.load import load_rulebook
from cleaner.settings import Settings
from cleaner.text import fold, fold_with_map, remembered

CLEANER = Cleaner(Settings(min_kept=0, max_lost=1.0))
BOOK = load_rulebook()
LANGUAGES = st.sampled_from([None, "en", "de", "ru", "ar", "zh", "hy"])


def document(text: str, language: str | None = None) -> Document:
    return Document.from_text(text, id="d", language=language)


@given(texts(), LANGUAGES)
@example("", None)
@example("x", None)
@example("\n", "en")
def test_kept_and_removed_partition_the_source_and_restore_it(text: str, language: str | None) -> None:
    outcome = CLEANER.clean(document(text, language))
    spans = sorted([*outcome.kept, *((removal.start, removal.end) for removal in outcome.removals)])
    position = 0
    for start, end in spans:
        assert start == position < end
        position = end
    assert position == len(text)
    assert outcome.text == "".join(text[start:end] for start, end in outcome.kept)
    removed = [(removal.start, text[removal.start : removal.end]) for removal in outcome.removals]
    assert restore(outcome.text, removed) == text
    assert restore(outcome.text, reversed(removed)) == text


@given(texts(), st.lists(st.integers(0, 400), max_size=8, unique=True))
@example("One.\nTwo.\n", [2, 7])
def test_the_kept_lines_of_a_row_are_those_that_filters_see(text: str, cuts: list[int]) -> None:
    bounds = sorted(cut for cut in cuts if cut <= len(text))
    removals = tuple(
        Removal(low, high, "f", "r", "", 1.0) for low, high in zip(bounds[::2], bounds[1::2], strict=False)
    )
    whole = document(text)
    lines = [line.text for line in View(whole, removals).lines]
    assert list(kept_lines(Outcome(whole, removals))) == lines


SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)).map(sorted), max_size=4)


@given(texts(), st.lists(st.tuples(st.booleans(), SPANS), max_size=4))
@example("One.\nTwo.\nThree.\n", [(True, [[5, 6]]), (True, [[6, 7]]), (False, [[0, 9]])])
def test_a_view_that_lost_something_in_steps_is_one_that_lost_it_at_once(
    text: str, steps: list[tuple[bool, list[list[int]]]]
) -> None:
    view = View(document(text))
    for is_read, spans in steps:
        if is_read:
            assert view.lines is not None  # what is known of these is used in later steps
        view = view.less(Removal(low, high, "f", "r", "", 1.0) for low, high in spans if high <= len(text))
    at_once = View(document(text), view.removals)
    check_removals(len(text), view.removals)
    assert view.lines == at_once.lines
    assert {place: tuple(cut) for place, cut in view.cuts.items()} == {
        place: tuple(cut) for place, cut in at_once.cuts.items()
    }


@given(
    st.dictionaries(
        st.text(),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        ),
    )
)
@example({"a": -0.0})
@example({"a": 0.0, "b": {"a": 1.0}})
@example({"a": 1, "b": {"a": True}})
def test_evidence_is_the_same_json_however_often_it_is_written(evidence: dict[str, object]) -> None:
    removal = Removal(0, 1, "f", "r", "", 1.0, evidence)
    (row,) = removed_rows(Outcome(document("a"), (removal,)), "full")
    assert row["evidence"] == json.dumps(evidence, ensure_ascii=False)


@given(texts())
def test_segments_partition_the_text_one_line_each(text: str) -> None:
    segments = split_lines(text)
    assert "".join(text[segment.start : segment.end] for segment in segments) == (text if text.strip() else "")
    contents = [text[segment.start : segment.end].strip() for segment in segments]
    assert contents == [line.strip() for line in text.splitlines() if not line.isspace() and line]
    numbers = [segment.line for segment in segments]
    assert numbers == sorted(numbers)
    for segment in segments:
        before = text[: segment.end - len(text[segment.start : segment.end].lstrip())]
        assert segment.line == before.replace("\r\n", "\n").replace("\r", "\n").count("\n") + 1


@given(texts(), LANGUAGES)
def test_rules_and_repeats_remove_nothing_from_what_they_cleaned(text: str, language: str | None) -> None:
    chain = Chain([Rules(BOOK), Repeats()])
    once = chain.clean(document(text, language))
    rest = document(once.text, language)
    # of paragraphs that were broken into lines too few may be left to tell so: then these are other lines
    left = View(once.document).less(once.removals)
    assume([line.text for line in left.lines] == [line.text for line in View(rest).lines])
    twice = chain.clean(rest)
    assert [(removal.rule, once.text[removal.start : removal.end]) for removal in twice.removals] == []


@given(texts(), LANGUAGES)
def test_every_filter_alone_proposes_spans_inside_the_text(text: str, language: str | None) -> None:
    view = View(document(text, language))
    for filter in (Rules(BOOK), Repeats(), Blocks(BOOK), OtherLanguage()):
        for removal in filter.removals(view):
            assert 0 <= removal.start < removal.end <= len(text)
            assert removal.filter == filter.name
            assert removal.reason and removal.rule
            assert 0 < removal.confidence <= 1


@given(st.lists(texts(), max_size=6))
def test_the_books_of_a_batch_balance(batch: list[str]) -> None:
    cleaner = Cleaner(Settings(min_kept=20, max_lost=0.5))
    records = [Raw(id=str(number), source=f"s#{number}", text=text) for number, text in enumerate(batch)]
    cleaned = cleaner.clean_batch(raw_batch(records))
    books = count(len(batch), cleaned)
    assert books.chars == sum(map(len, batch))
    assert books.documents == books.clean + books.rejected


@given(st.lists(texts(), min_size=1, max_size=5), st.data())
def test_a_document_comes_out_the_same_whatever_stands_beside_it(batch: list[str], data: st.DataObject) -> None:
    records = [Raw(id=str(number), source=f"s#{number}", text=text) for number, text in enumerate(batch)]
    together = CLEANER.clean_batch(raw_batch(records))
    cut = data.draw(st.integers(0, len(records)))
    halves = [CLEANER.clean_batch(raw_batch(part)) for part in (records[:cut], records[cut:])]
    for kind in ("clean", "removed", "rejected"):
        assert getattr(together, kind) == pa.concat_tables([getattr(half, kind) for half in halves])


class Stumbling:
    """Breaks on one text, in the middle of its work on several."""

    name = "stumbling"

    def removals(self, view: View) -> Iterator[Removal]:
        return iter(self.removals_of([view])[0])

    def removals_of(self, views: Sequence[View]) -> list[list[Removal]]:
        if any("no step further" in view.document.text for view in views):
            raise RuntimeError("stumbled")
        return [[] for _ in views]


def test_a_document_that_breaks_a_filter_takes_no_other_with_it() -> None:
    cleaner = Cleaner()
    cleaner.chain = Chain([*cleaner.chain.filters, Stumbling()], cleaner.chain.guard)
    story = "The two ministers met in the old town hall on Monday and signed the border treaty. " * 3
    texts = {"a": story, "b": f"{story}no step further", "c": story}
    records = [Raw(id=name, source=name, text=text) for name, text in texts.items()]
    cleaned = cleaner.clean_batch(raw_batch(records))
    assert cleaned.clean["id"].to_pylist() == ["a", "c"]
    assert cleaned.rejected.select(["id", "reason", "detail"]).to_pylist() == [
        {"id": "b", "reason": "error", "detail": "RuntimeError: stumbled"}
    ]


def test_lines_are_forgotten_behind_every_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cleaner.text.KEPT", 10)
    asked: list[str] = []
    length = remembered(lambda line: asked.append(line) or len(line))  # type: ignore[func-returns-value]
    batch = raw_batch([Raw(id="a", source="a", text="One batch of one document.")])
    for pass_over in (CLEANER.clean_batch, CLEANER.stage_batch):
        length("A line that is longer than what is kept.")
        length("A line that is longer than what is kept.")
        pass_over(batch)
    assert len(asked) == 2


@given(texts())
def test_prose_goes_only_on_two_signs(text: str) -> None:
    from cleaner.text import is_prose

    outcome = CLEANER.clean(document(text, "en"))
    for removal in outcome.removals:
        taken = text[removal.start : removal.end].strip()
        if "signs" in removal.evidence and is_prose(taken):
            assert len(removal.evidence["signs"]) >= 2  # type: ignore[arg-type]


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=60))
def test_folding_with_places_folds_the_same_and_places_ascend(text: str) -> None:
    folded, places = fold_with_map(text)
    assert fold(text) == folded
    assert len(places) == len(folded) + 1
    assert places == sorted(places)
    assert all(0 <= place <= len(text) for place in places)


@given(st.integers(0, 30), st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=6))
def test_apply_refuses_spans_that_are_not_sorted_disjoint_and_inside(length: int, spans: list[tuple[int, int]]) -> None:
    text = "x" * length
    removals = [Removal(start, end, "f", "r", "", 1.0) for start, end in spans]
    good = all(start < end <= length for start, end in spans) and all(
        one[1] <= two[0] for one, two in itertools.pairwise(spans)
    )
    if good:
        assert len(apply(text, removals)) + sum(end - start for start, end in spans) == length
        assert sum(end - start for start, end in kept_spans(length, removals)) == len(apply(text, removals))
    else:
        with pytest.raises(ValueError, match=r"removal \d+\.\.\d+"):
            apply(text, removals)


class Greedy:
    """A filter that proposes whatever it was given, overlaps included."""

    def __init__(self, name: str, spans: list[tuple[int, int]]) -> None:
        self.name = name
        self.spans = spans

    def removals(self, view: View) -> list[Removal]:
        return [Removal(start, end, self.name, "r", "", 1.0) for start, end in self.spans]


SPANS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)).map(sorted).map(tuple), max_size=8)


@given(texts(), st.lists(SPANS, min_size=1, max_size=4))
def test_whatever_filters_propose_the_chain_removes_the_union_once(
    text: str, proposals: list[list[tuple[int, int]]]
) -> None:
    inside = [[(min(a, len(text)), min(b, len(text))) for a, b in spans] for spans in proposals]
    chain = Chain([Greedy(str(number), spans) for number, spans in enumerate(inside)])
    outcome = chain.clean(document(text))
    union = {place for spans in inside for start, end in spans for place in range(start, end)}
    assert outcome.text == "".join(character for place, character in enumerate(text) if place not in union)


def test_a_span_outside_the_text_is_an_error_that_names_the_filter() -> None:
    with pytest.raises(ValueError, match="filter 'far'"):
        Chain([Greedy("far", [(0, 9)])]).clean(document("short"))


@pytest.mark.parametrize("text", ["a\ud800b", "\udfff"])
def test_lone_surrogates_are_refused_at_the_door(text: str) -> None:
    with pytest.raises(ValueError, match="lone surrogate"):
        Document.from_text(text)
    _, rejection, _ = CLEANER.clean_raw(Raw(id="a", source="a", text=text))
    assert rejection is not None
    assert rejection.reason == "bad_text"


def test_the_brake_counts_what_the_filters_took_but_not_extraction() -> None:
    doc = document("one line\ntwo line\n")
    taken = [Removal(0, 9, "main_content", "nav", "", 1.0), Removal(9, 13, "rules", "x", "", 1.0)]
    assert Brake(0.5, 0).check(doc, taken) is None
    rejection = Brake(0.4, 0).check(doc, taken)
    assert rejection is not None and rejection.reason == "lost_too_much"
    rejection = Brake(1.0, 20).check(doc, taken)
    assert rejection is not None and rejection.reason == "too_little_left"
