"""Lines and paragraphs as a survey reads them: short cuts say what the long way says, batches what single texts say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import lines

from cleaner.surveys import folding, signatures
from cleaner.surveys.collect import MIN_WORDS, reads_as_paragraph
from cleaner.surveys.folding import fold_lines
from cleaner.surveys.guard import read, veto
from cleaner.surveys.signatures import APART, edge_keys, hashed, sign
from cleaner.text import fold, fold_line, is_prose, weight

ANY = st.one_of(lines(), st.text(st.characters(exclude_categories=("Cs",)), max_size=60))


@given(ANY, ANY)
def test_a_paragraph_is_prose_of_enough_words(line: str, more: str) -> None:
    for text in (line.strip(), f"{line} {more}".strip(), f"{line}{more}.".strip()):
        assert reads_as_paragraph(text) == (is_prose(text) and weight(text) >= MIN_WORDS)


@pytest.mark.parametrize("pattern", ["a ", "a,", "é ", "a漢", "漢a", "漢", "a-", "a’ ", "a— ", "กิ a"])
def test_words_as_dense_as_can_be_are_weighed_where_they_may_be_prose(pattern: str) -> None:
    for count in range(120):
        text = (60 * pattern)[:count].strip()
        assert reads_as_paragraph(text) == (is_prose(text) and weight(text) >= MIN_WORDS)


# Characters that NFKC composes, reorders, expands or drops, in the company in which it does.
JOINED = st.text(
    st.one_of(
        st.sampled_from(
            "aAeEoO éÉêǟΑάιΣςσßǅŉ\u0301\u0308\u0323\u0327\u0316\u0345\u0344कड़न\u093c\u094dகொ\u0bbe가ᄀ\u1161\u11a8"
        ),
        st.sampled_from("ﬁ①Ａ，…\u00a0\u00ad\u200b\u2028\t\x1f\x85\ufeffか\u3099ｶﾞ\U0001d400\ud800\n "),
        st.characters(codec="utf-8"),
        st.characters(categories=("Mn", "Mc", "Lm", "Sk")),
    ),
    max_size=8,
)


@given(st.lists(st.one_of(ANY, JOINED), max_size=8))
@settings(max_examples=400)
def test_lines_are_folded_alike_in_any_company(texts: list[str]) -> None:
    assert fold_lines(texts) == [fold_line(text) for text in texts]


def test_runs_of_lines_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"Der Rat von Straße {n} " * (n % 3) for n in range(50)]
    monkeypatch.setattr(folding, "CHARACTERS", 64)
    assert fold_lines(texts) == [fold_line(text) for text in texts]


@given(st.lists(ANY.map(fold), max_size=8))
def test_texts_are_signed_alike_in_any_company(texts: list[str]) -> None:
    bands, numbers = sign(texts)
    keys, owners = edge_keys(texts)
    for place, text in enumerate(texts):
        alone, number = sign([text])
        assert (bands[place] == alone[0]).all() and numbers[place] == number[0]
        assert keys[owners == place].tolist() == edge_keys([text])[0].tolist()


def test_chunks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"the ferry took {n} people over the river, and {n % 7} boats came back" for n in range(50)] + [
        "",
        "外长会晤",
    ]
    whole = sign(texts), edge_keys(texts)
    monkeypatch.setattr(signatures, "CHUNK", 200)
    cut = sign(texts), edge_keys(texts)
    for one, other in zip(whole, cut, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@given(st.lists(ANY.map(fold), min_size=1, max_size=6))
def test_words_have_one_hash_each(texts: list[str]) -> None:
    found = hashed(texts)
    words = [word for text in texts for word in _words(text)]
    assert len(found.words) == len(words)
    assert found.bounds.tolist() == np.cumsum([0, *(len(_words(text)) for text in texts)]).tolist()
    by_word = dict(zip(words, found.words.tolist(), strict=True))
    assert [by_word[word] for word in words] == found.words.tolist()
    assert len(set(by_word.values())) == len(by_word)


def _words(text: str) -> list[str]:
    """Runs of characters of one kind, and single ones of scripts without spaces, one character at a time."""
    words: list[str] = []
    before = APART
    for character in text:
        kind = int(signatures._kinds()[ord(character)])
        if kind != APART:
            if kind == before and kind != signatures.CHARACTER:
                words[-1] += character
            else:
                words.append(character)
        before = kind
    return words


STORY = (
    "the council of elm voted on monday to rebuild the old bridge over the river before winter and to close the road"
)


@pytest.mark.parametrize(
    "other",
    [
        STORY,
        STORY.replace("old ", ""),
        STORY.replace("over the river", "across the river"),
        f"elm, 3 may – {STORY}",
        STORY.replace(" and to close the road", ""),
    ],
)
def test_edited_paragraphs_share_a_band_and_others_none(other: str) -> None:
    stranger = "nobody at the harbour knew sunday why all of the boats had left their moorings before the storm began"
    bands, _ = sign([STORY, other, stranger])
    assert (bands[0] == bands[1]).any()
    assert not (bands[0] == bands[2]).any()


@given(lines(), lines())
def test_the_guard_sees_words_whatever_the_spaces_between(text: str, other: str) -> None:
    assert read(text.split()).folded == [word for piece in text.split() for word in read([piece]).folded]
    wide = "  ".join(text.split())
    assert veto(wide, other) == veto(text, other)


def test_numbers_count_in_any_order_and_number() -> None:
    backwards = " ".join(f"{STORY} 3 of 40".split()[::-1])
    _, numbers = sign([f"{STORY} 3 of 40", backwards, f"{STORY} 3 of 41", f"{STORY} 3 3 40"])
    assert numbers[0] == numbers[1]
    assert len(set(numbers.tolist())) == 3
