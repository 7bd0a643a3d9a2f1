"""Teaser lists that no rule names, known by their structure alone.

Behind the story stands a short label, and under it bullets alone on their lines, each over a summary; what the
summaries tell shares next to nothing with the story.  The first sign against such prose is the bullet, the second one
the other subject.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cleaner.chain import Line, View
from cleaner.document import Removal
from cleaner.filters.witness import Witnesses, story_end
from cleaner.text import is_bullet, tokens, weight

NAME = "teasers"
# A label over a teaser list has at most this many words ("More from the region").
LABEL_WORDS = 4.0
# Share of a teaser's longer words that stand in the story.  Paragraphs of one story share .3 to .6 with the rest of
# it, paragraphs of two stories of one site .05 to .2.
RELATED_SHARE = 0.25
# Words counted as carrying a subject: function words are shorter in the languages that were looked at.
SUBJECT_LETTERS = 5
MIN_BULLETS = 2


class Teasers:
    """Removes a list of teasers under a label behind the story."""

    name = NAME

    def removals(self, view: View) -> Iterable[Removal]:
        """Removals from the label to the end of the text; none when the list is longer than the story."""
        lines = view.lines
        witnesses = Witnesses(lines)
        end = story_end(witnesses, len(lines))
        if end == 0 or sum(len(line.text) for line in lines[end:]) > sum(len(line.text) for line in lines[:end]):
            return
        if not _is_list(lines, end, witnesses):
            return
        label = lines[end].text[:200]
        for place in range(end, len(lines)):
            evidence = {
                "heading": label,
                "line": lines[end].segment.line,
                "signs": ["other subject", *witnesses.signs(place)],
            }
            reason = f"Belongs to the list of teasers under “{label[:60]}”, behind the end of the story."
            yield lines[place].remove(NAME, "bullets", reason, 0.8, evidence)


def _is_list(lines: Sequence[Line], end: int, witnesses: Witnesses) -> bool:
    """Whether a label stands at ``end`` and under it bullets with teasers on other subjects than the story's."""
    if end + 2 * MIN_BULLETS > len(lines):
        return False
    label = lines[end].text
    if is_bullet(label) or label.rstrip().endswith(":") or weight(label) > LABEL_WORDS:
        return False
    behind = [place for place in range(end + 1, len(lines)) if "bullet" in witnesses.signs(place)]
    if len(behind) < MIN_BULLETS or sum(is_bullet(line.text) for line in lines[end + 1 :]) < MIN_BULLETS:
        return False
    story = _subjects(line.text for line in lines[:end])
    shares = [_share(lines[place].text, story) for place in behind]
    return sum(shares) / len(shares) < RELATED_SHARE


def _subjects(texts: Iterable[str]) -> set[str]:
    return {word for text in texts for word in tokens(text) if len(word) >= SUBJECT_LETTERS or not word.isascii()}


def _share(text: str, story: set[str]) -> float:
    own = _subjects([text])
    return len(own & story) / len(own) if own else 1.0
