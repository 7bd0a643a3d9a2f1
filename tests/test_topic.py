"""Another subject is a sign only where the story holds together, and only of what is set apart."""

from __future__ import annotations

from collections.abc import Iterable

from golden import FIXTURES, read_golden
from hypothesis import given
from strategies import texts

from cleaner.chain import Chain, View
from cleaner.document import Document, Removal
from cleaner.filters.teasers import Teasers
from cleaner.filters.topic import Topic
from cleaner.subjects import Words

STORY = read_golden(FIXTURES / "en" / "sidebar-set-apart.txt").kept
SIDEBAR = (
    "In the highlands of Sarr, fighters of a rebel army have taken the last radio station before the rains, according "
    "to refugees who reached the desert border on foot."
)
MARK = "[furniture]"


class Furniture:
    """Stands in for the filters before: takes every line that is `MARK`, as a line of one kind."""

    name = "furniture"

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def removals(self, view: View) -> Iterable[Removal]:
        """One removal for each marked line."""
        for line in view.lines:
            if line.text == MARK:
                yield line.remove(self.name, "mark", "A mark.", 1.0, {"kind": self.kind})


def taken(lines: Iterable[str], kind: str = "prompt") -> list[str]:
    """What `Topic` takes from lines."""
    document = Document.from_text("\n".join(lines))
    outcome = Chain([Furniture(kind), Topic()]).clean(document)
    return [document.text[one.start : one.end].strip() for one in outcome.removals if one.filter == "topic"]


def test_a_block_set_apart_on_another_subject_goes() -> None:
    assert taken([*STORY[:4], MARK, SIDEBAR, MARK, *STORY[4:]]) == [SIDEBAR]
    assert taken([*STORY, MARK, SIDEBAR]) == [SIDEBAR]


def test_the_same_words_stay_where_they_are_not_set_apart() -> None:
    assert taken([*STORY[:4], SIDEBAR, *STORY[4:]]) == []
    assert taken([*STORY[:4], MARK, SIDEBAR, *STORY[4:]]) == []
    assert taken([*STORY, SIDEBAR, MARK]) == []


def test_a_block_that_names_what_the_headline_names_stays() -> None:
    assert taken([*STORY, MARK, SIDEBAR.replace("the desert border", "Halmar")]) == []
    assert taken([*STORY, MARK, SIDEBAR.replace("the desert border", "Brenda Oake")]) != []


def test_lines_that_stand_inside_stories_set_nothing_apart() -> None:
    for kind in ("byline", "credit", "endmark", "label", "promo"):
        assert taken([*STORY[:4], MARK, SIDEBAR, MARK, *STORY[4:]], kind) == []


def test_a_paragraph_of_the_story_stays_wherever_it_stands() -> None:
    for place in range(1, len(STORY)):
        assert taken([*STORY[:place], MARK, STORY[place], MARK, *STORY[place + 1 :]]) == []


def test_a_block_that_goes_on_in_lower_case_stays() -> None:
    assert taken([*STORY[:4], MARK, SIDEBAR[0].lower() + SIDEBAR[1:], MARK, *STORY[4:]]) == []


def test_a_text_with_a_paragraph_that_shares_nothing_keeps_its_blocks() -> None:
    other = "Foxes dig tulips every spring, nobody repairs telephones, hunters seem extinct altogether."
    assert taken([*STORY[:4], other, MARK, SIDEBAR, MARK, *STORY[4:]]) == []


def test_the_evidence_tells_what_was_compared() -> None:
    document = Document.from_text("\n".join([*STORY, MARK, SIDEBAR]))
    removal = Chain([Furniture("related"), Topic()]).clean(document).removals[-1]
    assert removal.evidence["signs"] == ["other subject", "set apart", "under related", "behind the story"]
    assert "Sarr" in removal.evidence["words"]  # type: ignore[operator]
    assert removal.evidence["share"] < removal.evidence["usual"]  # type: ignore[operator]


def test_words_are_compared_in_every_script() -> None:
    for story, same, other in (
        ("Совет порта одобрил новый терминал", "Терминалу совета", "Повстанцы захватили радиостанцию"),
        ("وافق مجلس الميناء على المحطة الجديدة", "للمحطة", "متمردو هضبة"),
        ("港务委员会批准新建码头", "码头", "叛军攻占电台"),
        ("항만위원회는 새 터미널을 승인했다", "터미널이", "반군이 방송국을"),
        ("ท่าเรือใหม่ได้รับอนุมัติ", "ท่าเรือ", "กบฏ"),
    ):
        known = Words([story])
        assert known.share_of(Words([same])) == 1
        assert known.share_of(Words([other])) == 0


@given(texts())
def test_both_propose_whole_lines_with_two_signs(text: str) -> None:
    view = View(Document.from_text(text))
    for filter in (Teasers(), Topic()):
        for removal in filter.removals(view):
            assert 0 <= removal.start < removal.end <= len(text)
            assert removal.rule == "bullets" or len(removal.evidence["signs"]) >= 2  # type: ignore[arg-type]
