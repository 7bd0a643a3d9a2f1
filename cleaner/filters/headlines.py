"""Teasers that are known because they are another article's headline or lead.

Headlines and first paragraphs of all documents stand in an index of the survey.  A line that equals one of them, or
nearly does, or is its beginning, announces that document; with it goes the summary under it.  The evidence names the
document.

Left alone: the document's own headline, its first paragraph and everything before that; headlines of versions of the
same story; headlines of few words, which are labels; and prose that has no other sign against it: a paragraph goes
only when the headline of the same document stands right over it, when lines on both sides of it are teasers, or when it
stands behind the story and announces a document of the same site.  First paragraphs without their headlines that are
more than the rest of the story are the story: a round-up of what others told at length.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from cleaner.chain import Line, View
from cleaner.document import Document, Removal
from cleaner.surveys.collect import headline_of, is_paragraph
from cleaner.surveys.evidence import Survey, Titled
from cleaner.surveys.sites import site_of
from cleaner.text import fold, is_prose, weight

# Removals are teasers' (`filters.teasers`), whose other half goes by shape; in a chain every filter has its own name.
NAME = "headlines"
FILTER = "teasers"
# Headlines of fewer words are labels ("Weather", "The week in pictures").
MIN_WORDS = 4.0
# rapidfuzz ratio of a line and a headline; below it lie headlines of a series ("Ferry race: day 2").
NEAR = 92.0
# A line may be the beginning of a lead from this many characters on.
MIN_BEGINNING = 40
ELLIPSIS = (".", "…", " ", "[", "]")
# Ratio of headlines above which two documents tell the same story.
SAME_STORY = 80.0
# On the invented corpus every one was right (docs/survey.md); pages of a few sites are too few to measure it on, since
# their other documents are not among them: these figures leave room for what real sites do.
CONFIDENCE = {"headline": 0.97, "lead": 0.9}

UNDER = "under its headline"


@dataclass(frozen=True, slots=True)
class _Match:
    """What a line announces, how alike they are, and whether it is of the same site."""

    titled: Titled
    score: float
    same_site: bool

    @property
    def part(self) -> str:
        return "lead" if self.titled.is_lead else "headline"


class Headlines:
    """Removes lines that are headline or lead of another document."""

    name = NAME

    def __init__(self, survey: Survey) -> None:
        self.survey = survey

    def removals(self, view: View) -> Iterable[Removal]:
        """One removal a line, with the other document as evidence."""
        document, lines = view.document, view.lines
        story = [place for place, line in enumerate(lines) if is_paragraph(line.segment, line.text)]
        if not story:
            return
        folded = [fold(line.text) for line in lines]
        own = fold(headline_of(document, [line.text for line in lines[:1]]) or "")
        asked = [place for place in range(story[0] + 1, len(lines)) if weight(lines[place].text) >= MIN_WORDS]
        titled = self.survey.titles([folded[place] for place in asked])
        site = site_of(document)
        version = self.survey.cluster(document)
        cluster = version["cluster"] if version else None
        matches: dict[int, _Match] = {}
        for place, candidates in zip(asked, titled, strict=True):
            found = _best(folded[place], candidates, document, own, site)
            if found is not None and not self._is_version(found.titled, cluster):
                matches[place] = found
        found_signs = {place: _signs(place, lines, matches, story) for place in sorted(matches)}
        bare = [place for place, signs in found_signs.items() if signs and _is_bare(matches[place], signs)]
        told = sum(len(lines[place].text) for place in story if place not in matches)
        is_round_up = sum(len(lines[place].text) for place in bare) > told
        for place, signs in found_signs.items():
            if signs is not None and not (is_round_up and place in bare):
                yield _removal(lines[place], matches[place], signs)

    def _is_version(self, titled: Titled, cluster: str | None) -> bool:
        return cluster is not None and self.survey.cluster_of(titled.doc) == cluster


def _best(folded: str, candidates: Sequence[Titled], document: Document, own: str, site: str | None) -> _Match | None:
    best: _Match | None = None
    for one in candidates:
        headline = fold(one.headline)
        # the own headline, or that of another version of the story
        if one.id == document.id or (own and fuzz.ratio(own, headline) >= SAME_STORY):
            continue
        text = fold(one.lead) if one.is_lead else headline
        score = likeness(folded, text, one.is_lead)
        if score and (best is None or score > best.score):
            best = _Match(one, score, one.site == site)
    return best


def likeness(folded: str, text: str, is_lead: bool) -> float:
    """How alike a line and a headline or lead are (0..100); 0 where they are not.

    >>> likeness("council votes to rebuild the old bridge", "council votes to rebuild old bridge", False)
    94.5...
    >>> likeness("the council of elm voted on monday to build…", "the council of elm voted on monday to build it", True)
    100.0
    """
    if folded == text:
        return 100.0
    beginning = folded.rstrip("".join(ELLIPSIS))
    if len(beginning) >= MIN_BEGINNING and text.startswith(beginning) and (is_lead or beginning != folded):
        return 100.0
    return fuzz.ratio(folded, text, score_cutoff=NEAR)


def _signs(place: int, lines: Sequence[Line], matches: dict[int, _Match], story: Sequence[int]) -> list[str] | None:
    """The signs against a line; None where they are not enough."""
    match, text = matches[place], lines[place].text
    signs = [f"{match.part} of another document"]
    above = matches.get(place - 1)
    if match.titled.is_lead and above is not None and not above.titled.is_lead and above.titled.id == match.titled.id:
        signs.append(UNDER)
    if place - 1 in matches and (place + 1 in matches or place + 1 == len(lines)):
        signs.append("among teasers")
    told = [one for one in story if one not in matches]
    if not told or place > told[-1]:
        signs.append("behind the story")
    markup = lines[place].segment.markup
    if markup is not None and markup.link_density > 0.5:
        signs.append("link")
    # what another site prints may be agency copy, or a phrase that both use: its place says nothing
    telling = [sign for sign in signs[1:] if match.same_site or sign != "behind the story"]
    is_enough = match.same_site and not match.titled.is_lead and not is_prose(text)
    return signs if is_enough or telling else None


def _is_bare(match: _Match, signs: Sequence[str]) -> bool:
    return match.titled.is_lead and UNDER not in signs


def _removal(line: Line, match: _Match, signs: list[str]) -> Removal:
    one = match.titled
    evidence = {
        "document": one.id,
        "headline": one.headline[:200],
        "site": one.site,
        "score": round(match.score, 1),
        "signs": signs,
    }
    what = "The headline" if match.part == "headline" else "The first paragraph"
    reason = f"{what} of another article, “{one.headline[:60]}” ({one.id})."
    return line.remove(FILTER, match.part, reason, CONFIDENCE[match.part], evidence)
