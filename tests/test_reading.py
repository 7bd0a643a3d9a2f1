"""What a document reads: Markdown without its signs, broken paragraphs as wholes, the headline above its story."""

from __future__ import annotations

from textwrap import fill, wrap

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from strategies import MARKDOWN, WORDS, texts

from cleaner.chain import View
from cleaner.document import Document, Removal, read_segments, split_lines
from cleaner.markdown import find_signs, is_markdown, with_signs
from cleaner.pipeline import Cleaner
from cleaner.rows import removed_rows
from cleaner.settings import Settings
from cleaner.wrapping import continues

CLEANER = Cleaner(Settings(min_kept=0, max_lost=1.0))
PARAGRAPHS = (
    "The council of Elm voted on Monday to rebuild the old bridge over the river before the winter, after a debate of "
    "nearly five hours that more than two hundred people followed in the hall behind the church.",
    "Nobody wants another winter with the ferry, the mayor said. The shops on the quay have lost a third of their "
    "trade since the bridge was closed, and two of the oldest will not open again in spring.",
    "Work is to begin in May, and the bridge is to open to traffic two years later. The price has doubled since the "
    "first plans were shown to the people of the town, many of whom had asked for a tunnel.",
)
markdown = st.lists(
    st.one_of(st.sampled_from(MARKDOWN), st.text("[]()!*_`\\|#>-<~\"' \nab", max_size=12)), max_size=20
).map("\n".join)


def contents(text: str) -> list[str]:
    document = Document.from_text(text)
    return [document.content(segment) for segment in document.segments]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("# Elm\n\nThe [council](/c) met.", ["Elm", "The council met."]),
        ("## Elm ##\n**A** *b* __c__ _d_ ~~e~~ `f`", ["Elm ##", "A b c d e f"]),
        ("[![Logo](/l.png)](/home) Elm", ["Elm"]),
        ("[a](<b c> 'Title')[d](e_(f))", ["ad"]),
        ('* [Sport](/s)\n  * [Ball](/b "All of it")', ["* Sport", "* Ball"]),
        ("> [Elm](/e)\n>> River", ["Elm", "River"]),
        ("[x](/y)\n\n| a | **b** |\n|---|:--|\n| c | d |", ["x", "a  b", "c  d"]),
        ("[x](/y) costs 5 * 3 * 2 or a_b_c, \\*not\\* more", ["x costs 5 * 3 * 2 or a_b_c, *not* more"]),
        ("[x](/y) [a] (b) [c", ["x [a] (b) [c"]),
        ("[a [b](/b) c](/d)", ["a b c"]),
        ("外长**周一**表示[条约](/t)。", ["外长周一表示条约。"]),
        ("[ЭЛМ](/э) **Мэр** сказал", ["ЭЛМ Мэр сказал"]),
        ("# Elm\n\n* * *\n\n![b](c)\n\nEnd", ["Elm", "End"]),
        ("```python\n# Elm\n```", ["Elm"]),
    ],
)
def test_markdown_reads_without_its_signs(text: str, said: list[str]) -> None:
    assert contents(text) == said


@pytest.mark.parametrize(
    "text", ["", "* one\n* two", "No. 1 (see [2]).\n#elm", "5 * 3 ** 2", "[a](b", "__init__ [x] (y)"]
)
def test_plain_text_is_read_as_it_stands(text: str) -> None:
    assert not is_markdown(text)
    assert read_segments(text) == split_lines(text)


@given(st.one_of(markdown, texts()))
def test_signs_and_segments_keep_their_places(text: str) -> None:
    segments = read_segments(text)
    position = 0
    for segment in segments:
        assert segment.start == position
        position = segment.end
        edge = segment.start
        for sign in segment.signs or ():
            assert edge <= sign.start < sign.end <= segment.end
            edge = sign.end
    assert position == len(text) or not segments
    document = Document.from_text(text)
    assert [line.text for line in View(document).lines] == [
        said for segment in segments if (said := document.content(segment))
    ]
    for line in View(document).lines:
        assert line.segment.signs is None or len(line.text.splitlines()) == 1
        assert "".join(text[start:end] for start, end in line.pieces).split() == line.text.split()


@given(markdown, st.integers(0, 40), st.integers(1, 40))
def test_a_cut_inside_a_line_stays_inside_and_takes_its_text(text: str, start: int, size: int) -> None:
    for line in View(Document.from_text(f"[x](/y)\n{text}")).lines:
        cut = list(line.spans(start, start + size))
        assert all(line.segment.start <= low < high <= line.segment.end for low, high in cut)
        asked = [place for low, high in line.pieces for place in range(low, high)][start : start + size]
        assert {*asked} <= {place for low, high in cut for place in range(low, high)}


@pytest.mark.parametrize(
    ("text", "said", "goes"),
    [
        ("It rained. [Also read](/more) It snowed.", "Also read", "[Also read](/more)"),
        ("It rained. **[Also _read_](/more)**", "Also read", "**[Also _read_](/more)**"),
        ("It rained. **Also read** more", "Also", "Also"),
        ("It **rained. Also** read", "It rained.", "It rained."),
        ("[Also](/a) read", "Also read", "[Also](/a) read"),
    ],
)
def test_signs_go_with_the_text_that_they_are_for(text: str, said: str, goes: str) -> None:
    document = Document.from_text(f"[x](/y)\n{text}\n")
    line = View(document).lines[1]
    start = line.text.index(said)
    assert "".join(document.text[low:high] for low, high in line.spans(start, start + len(said))) == goes


def test_nothing_is_left_of_a_link_that_is_taken_whole() -> None:
    text = "# Elm\n\nIt rained on [all of](/a) the towns. **[-02D-](/end)**\n"
    outcome = CLEANER.clean_text(text)
    assert outcome.text == "# Elm\n\nIt rained on [all of](/a) the towns.\n"


@pytest.mark.parametrize(
    "bait",
    [
        "[",
        "](",
        "![",
        "*a ",
        "**a",
        "`a",
        "\\",
        "[a](x-\n",
        "> ",
        '[a](b "',
        "[a]((",
        "![a](b)",
        "|a",
        "[a]( ",
        "- " * 9,
    ],
)
def test_markdown_that_never_ends_is_read_in_proportion(bait: str) -> None:
    """Each of these took hours with a search that goes back on its steps."""
    text = "[x](/y)\n\n" + bait * (300_000 // len(bait)) + " " * 50_000
    assert find_signs(text, 0, len(text))[0].opens == 1
    assert read_segments(text)[-1].end == len(text)


def test_signs_that_open_and_close_are_told_from_others() -> None:
    text = "![a](b) [c](d) **e**"
    signs = find_signs(text, 0, len(text))
    assert [sign.opens for sign in signs] == [0, 1, -1, 1, -1]
    assert with_signs([(9, 10)], signs) == [(8, 14)]


@pytest.mark.parametrize("width", [60, 72, 78, 100])
@pytest.mark.parametrize("indent", ["", "    ", "> "])
def test_paragraphs_that_were_broken_into_lines_are_whole_again(width: int, indent: str) -> None:
    paragraphs = PARAGRAPHS * 2
    text = "\n\n".join(fill(one, width, initial_indent=indent, subsequent_indent=indent) for one in paragraphs)
    segments = read_segments(text)
    assert [text.splitlines()[segment.line - 1].removeprefix(indent)[:30] for segment in segments] == [
        one[:30] for one in paragraphs
    ]
    said = [line.replace(indent.strip() or "\0", "") for line in contents(text)]
    assert [line.split() for line in said] == [one.split() for one in paragraphs]


@given(st.sampled_from(sorted(WORDS)), st.integers(50, 110), st.randoms(use_true_random=False))
def test_broken_and_unbroken_paragraphs_are_judged_alike(script: str, width: int, random: object) -> None:
    if script in ("Han", "Thai"):
        return
    paragraphs = [" ".join(random.choices(WORDS[script], k=90)) + "." for _ in range(4)]  # type: ignore[attr-defined]
    broken = "\n\n".join(fill(one, width, break_long_words=False) for one in paragraphs)
    assert contents(broken) == paragraphs


VERSE = "\n".join(["The bridge is old, the river wide,", "and nobody to take our side,"] * 12)
LIST = "\n".join(f"{name} was born in a house by the river, and lived there to the end" for name in ("Ada", "Bo") * 9)
LONG = "\n".join(f"{paragraph}\n{paragraph[:61]}" for paragraph in PARAGRAPHS * 4)
HAN = "\n".join(wrap("外长周一表示议会桥梁河流条约投票，" * 60, 60))


@pytest.mark.parametrize("text", [VERSE, LIST, LONG, HAN, "\n".join(PARAGRAPHS * 9), "a\n" * 50])
def test_lines_that_no_program_broke_stay_lines(text: str) -> None:
    assert continues(text.splitlines()) == frozenset()
    assert read_segments(text) == split_lines(text)


def test_headings_and_items_begin_lines_of_their_own_in_broken_text() -> None:
    text = "\n".join(
        [fill(PARAGRAPHS[0], 72), "* one", "* two", "## Work", fill(PARAGRAPHS[1], 72), "", fill(PARAGRAPHS[2], 72)]
    )
    assert contents(text) == [PARAGRAPHS[0], "* one", "* two", "Work", PARAGRAPHS[1], PARAGRAPHS[2]]


def test_a_removal_in_a_broken_paragraph_tells_the_line_where_it_begins() -> None:
    text = "\n\n".join(fill(one, 72) for one in PARAGRAPHS) + " -02D-\n"
    outcome = CLEANER.clean_text(text)
    (removal,) = [one for one in outcome.removals if one.rule == "common/end-mark"]
    assert text[removal.start : removal.end].strip() == "-02D-"
    (row,) = removed_rows(outcome, "full")
    assert row["line"] == text[: removal.start].count("\n") + 1
    assert outcome.text.replace("\n", " ").split() == text.replace("-02D-", "").split()


NAVIGATION = ["Home", "News", "Sport", "Culture", "Politics", "Opinion", "Weather", "Contact", "Subscribe", "Log in"]
AROUND = ["Share", "Tweet", "Print", "Most read", "More news", "Terms of use", "Privacy policy", "Cookie settings"]


@pytest.mark.parametrize(
    ("headline", "title"),
    [
        ("Council of Elm decides on the old bridge", "Council of Elm decides on the old bridge"),
        ("Council of Elm decides on the old bridge", "Council of Elm decides on the old bridge | The Elm Gazette"),
        ("Council of Elm decides on the old bridge", None),
        ("Why is it so hard to rebuild the old bridge of Elm?", None),
        ("After five hours: yes to two lanes, no to tolls", None),
    ],
)
def test_the_headline_of_a_text_stays_above_its_story(headline: str, title: str | None) -> None:
    text = "\n".join([*NAVIGATION, headline, "3 May 2024, 10:15", *PARAGRAPHS, *AROUND]) + "\n"
    left = CLEANER.clean_text(text, title=title, language="en").text.splitlines()
    assert headline in left
    assert not {*NAVIGATION, *AROUND} & {*left}


def test_one_copy_of_the_headline_is_enough() -> None:
    headline = "Council of Elm decides on the old bridge"
    text = "\n".join([headline, *NAVIGATION, headline, "3 May 2024, 10:15", *PARAGRAPHS, *AROUND]) + "\n"
    left = CLEANER.clean_text(text, title=headline, language="en").text.splitlines()
    assert left.count(headline) == 1


def test_a_title_that_the_text_does_not_hold_spares_nothing() -> None:
    text = "\n".join([*NAVIGATION, *PARAGRAPHS, *AROUND]) + "\n"
    left = CLEANER.clean_text(text, title="A ferry line gets a second boat", language="en").text.splitlines()
    assert left == [*PARAGRAPHS]


def test_signs_do_not_count_as_text_that_was_lost() -> None:
    links = "\n".join(f"* [{name}](https://www.example.org/{'x' * 400})" for name in NAVIGATION)
    text = "\n\n".join([links, "# Council of Elm decides on the old bridge", *PARAGRAPHS]) + "\n"
    outcome = Cleaner(Settings(max_lost=0.5)).clean_text(text, language="en")
    gone = sum(removal.end - removal.start for removal in outcome.removals)
    assert gone > 0.8 * len(text)
    assert outcome.rejected is None


def test_removals_of_signs_and_text_leave_figures_of_numpy_behind() -> None:
    """Places in a removal are plain numbers, whatever chose the line."""
    text = "\n".join([*NAVIGATION, *PARAGRAPHS, *AROUND]) + "\n"
    for removal in CLEANER.clean_text(text, language="en").removals:
        assert isinstance(removal, Removal)
        assert not isinstance(removal.start, np.integer)


@pytest.mark.parametrize("width", [None, 72])
def test_a_cleaned_text_in_markdown_is_clean(width: int | None) -> None:
    menu = "\n".join(f"  * [{name}](/{name})" for name in NAVIGATION)
    around = "\n".join(f"* [{name}](/{name})" for name in AROUND)
    story = "\n\n".join(one if width is None else fill(one, width) for one in PARAGRAPHS)
    text = f"{menu}\n\n# Council of Elm decides on the old bridge\n\n{story}\n\n{around}\n"
    once = CLEANER.clean_text(text, language="en")
    assert once.text == f"# Council of Elm decides on the old bridge\n\n{story}\n\n"
    assert CLEANER.clean_text(once.text, language="en").removals == ()
