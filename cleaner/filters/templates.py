"""A site's own furniture: lines that stand in many of its documents.

The evidence is counted by a survey of the corpus (`cleaner.surveys`): in how many documents of the site, or of its
section, a line stands, and what stands around it here.  How much of it a line needs is its length's and place's to say
(`cleaner.surveys.furniture`): the shorter it is, and the deeper among the paragraphs, the more.

Left alone: the document's own headline and first paragraph, which "most read" boxes print on every page, unless other
documents begin with them, too; and lines between two paragraphs of the story, unless a good part of the site has them.
Versions of one story do not count as other documents.

Measured (bench/survey.py, docs/survey.md): on real sites with three pages and more, all of what goes is cruft.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cleaner.chain import Line, View
from cleaner.document import Removal
from cleaner.surveys.collect import headline_of, is_paragraph
from cleaner.surveys.evidence import Counted, Survey
from cleaner.surveys.furniture import enough
from cleaner.surveys.sites import site_of
from cleaner.text import fold, weight

NAME = "templates"
# Short lines are labels, scores, names and subheadings as well as furniture.
SHORT = 4.0
# Documents that begin with a line, from which on it is no longer the headline or lead of this one.
BEGIN_ALIKE = 3
# Share of words that labels call cruft where they call it anything, on sites of three to nine pages: all of them.
# A single other document is no evidence: behind the other filters it took as much story as cruft.
CONFIDENCE = 0.99


class Templates:
    """Removes lines that other documents of the site have, too."""

    name = NAME

    def __init__(self, survey: Survey) -> None:
        self.survey = survey

    def removals(self, view: View) -> Iterable[Removal]:
        """One removal a line, with the counts as evidence."""
        lines = view.lines
        folded = [fold(line.text) for line in lines]
        counted = self.survey.lines(view.document, folded)
        if not any(counted):
            return
        story = [is_paragraph(line.segment, line.text) for line in lines]
        cluster = self.survey.cluster(view.document)
        versions = cluster["size"] - 1 if cluster else 0
        own = self._own(view, folded, story, versions)
        sure = [
            any(_is_enough(_kind(line.text, is_story, False), one, versions) for one in found)
            for line, found, is_story in zip(lines, counted, story, strict=True)
        ]
        for place, (line, found) in enumerate(zip(lines, counted, strict=True)):
            if not found or place in own:
                continue
            # elsewhere, too, it stands between paragraphs: teasers with summaries put paragraphs behind furniture
            is_between = 2 * found[0].inside >= found[0].others and _is_between(place, story, sure)
            kind = _kind(line.text, story[place], is_between)
            telling = next((one for one in found if _is_enough(kind, one, versions)), None)
            if telling is not None:
                yield _removal(line, kind, telling, telling.others - versions)

    def _own(self, view: View, folded: Sequence[str], story: Sequence[bool], versions: int) -> set[int]:
        """Places of the headline and of the first paragraph, where few documents begin with the same."""
        headline = headline_of(view.document, [line.text for line in view.lines[:1]])
        title, site = fold(headline) if headline else None, site_of(view.document)
        places = [place for place, text in enumerate(folded) if text == title]
        places += [place for place, is_story in enumerate(story) if is_story][:1]
        own = set()
        for place, titled in zip(places, self.survey.titles([folded[place] for place in places]), strict=True):
            alike = sum(one.site == site and folded[place] in (fold(one.headline), fold(one.lead)) for one in titled)
            if alike < BEGIN_ALIKE + versions:
                own.add(place)
        return own


def _is_enough(kind: str, found: Counted, versions: int) -> bool:
    others = max(0, found.others - versions)
    return enough(kind, others, others / found.of)


def _kind(text: str, is_story: bool, is_between: bool) -> str:
    name = "paragraph" if is_story else "short line" if weight(text) < SHORT else "line"
    return f"{name} between paragraphs" if is_between else name


def _is_between(place: int, story: Sequence[bool], sure: Sequence[bool]) -> bool:
    """Whether the nearest lines before and behind that are not furniture by themselves are both paragraphs."""
    before = next((near for near in range(place - 1, -1, -1) if not sure[near]), None)
    behind = next((near for near in range(place + 1, len(story)) if not sure[near]), None)
    return before is not None and behind is not None and story[before] and story[behind]


def _removal(line: Line, kind: str, found: Counted, others: int) -> Removal:
    evidence = {
        "documents": others,
        "of": found.of,
        "scope": found.scope,
        "line": kind,
        "head": found.head,
        "middle": found.middle,
        "tail": found.tail,
        "inside": found.inside,
    }
    reason = f"Stands in {others:,} of {found.of:,} other documents of the {found.scope}."
    return line.remove(NAME, "section" if found.scope == "section" else "site", reason, CONFIDENCE, evidence)
