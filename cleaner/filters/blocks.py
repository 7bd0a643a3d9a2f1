"""What a rule names by the lines around it: runs of share buttons, threads of comments, teaser lists to the end.

Runs of short lines that one rule of scope ``block`` matches go anywhere, when they are long enough: "Facebook" alone
may be story, "Facebook", "WhatsApp", "E-Mail" in a row is a bar of buttons.

A thread of readers' comments, prose and all, goes from its heading to the end of the text when the frames of comments
(rules of kind ``comments``) recur behind the heading.

A cue header (a rule of scope ``tail``: "Politics", "Popular", "News") that stands behind the last line that must be
story (prose with no sign against it) opens a block to the end of the text, long summaries included, but only when every
line of prose in it shows a second sign, at least two lines do, and the block is not longer than the rule allows, nor
than the story before it; otherwise nothing is touched, so that a bare section word used as a subheading or in a list
stays, and so does a news roundup whose items have labels and bullets of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cleaner.chain import Line, View
from cleaner.document import Removal
from cleaner.filters.witness import Witnesses, story_end
from cleaner.rulebook.match import Matcher, Rulebook
from cleaner.rulebook.model import Rule

NAME = "blocks"
# Lines with a sign against them that a list under a cue header must have.
MIN_TELLING = 2
# A thread of comments is believed from this many frames behind its heading on, when there is one for every few lines.
COMMENTS = "comments"
MIN_FRAMES = 3
LINES_A_FRAME = 8


class Blocks:
    """Removes runs, comment threads and teaser lists that rules name."""

    name = NAME

    def __init__(self, rulebook: Rulebook) -> None:
        self.rulebook = rulebook

    def removals(self, view: View) -> Iterable[Removal]:
        """Removals of runs, then of a comment thread, then of a list behind the end of the story."""
        matcher = self.rulebook.matcher(view.document.language, view.document.site)
        lines = view.lines
        if "block" in matcher.scopes:
            runs = list(_runs(lines, matcher))
            taken = {line.index for run, _ in runs for line in run}
            for run, owner in runs:
                yield from _run(run, owner)
            lines = tuple(line for line in lines if line.index not in taken)
        thread = _thread(view, lines)
        if thread is not None:
            place, heading, frames = thread
            yield from _comments(view, lines[place:], heading, frames)
            lines = lines[:place]
        witnesses = Witnesses(lines)
        end = story_end(witnesses, len(lines))
        if end == 0 or _length(lines[end:]) > _length(lines[:end]):
            return
        for place in range(end, len(lines)):
            rule = next((rule for rule in matcher.matching(lines[place].text) if rule.scope == "tail"), None)
            if rule is not None and _is_teaser_list(place, len(lines), witnesses, rule):
                yield from _tail(lines, place, witnesses, rule)
                return


def _runs(lines: Sequence[Line], matcher: Matcher) -> Iterable[tuple[list[Line], Rule]]:
    """Runs of consecutive lines that one rule of scope ``block`` matches, each at least as long as the rule asks."""
    run: list[Line] = []
    owner: Rule | None = None
    for line in lines:
        found = matcher.matching(line.text)
        if not found and owner is None:
            continue
        matching = [rule for rule in found if rule.scope == "block"]
        if owner is not None and owner not in matching:
            if len(run) >= owner.min_lines:
                yield run, owner
            run, owner = [], None
        if owner is None and matching:
            owner = matching[0]
        if owner is not None:
            run.append(line)
    if owner is not None and len(run) >= owner.min_lines:
        yield run, owner


def _run(run: Sequence[Line], rule: Rule) -> Iterable[Removal]:
    for line in run[: rule.max_lines]:
        evidence = {**rule.facts, "lines": len(run), "line": run[0].segment.line}
        yield line.remove(NAME, rule.id, rule.description, rule.confidence, evidence)


def _thread(view: View, lines: Sequence[Line]) -> tuple[int, Removal, int] | None:
    """A thread of reader comments: the place of its first line, the removal of its heading, the frames behind that.

    Frames ("Reply", "NAME says:", a date with the time of day) and the heading ("34 comments") are lines of kind
    comments that the rules took out.
    """
    taken = [
        removal
        for removal in view.removals
        if removal.filter == "rules" and removal.evidence.get("kind") == COMMENTS and "heading" not in removal.evidence
    ]
    frames = [removal.start for removal in taken if "opens" not in removal.evidence]
    if len(frames) < MIN_FRAMES:
        return None
    for heading in taken:
        if "opens" not in heading.evidence:
            continue
        place = next((place for place, line in enumerate(lines) if line.segment.start > heading.start), len(lines))
        behind = [start for start in frames if start > heading.start]
        if not place or len(behind) < MIN_FRAMES or len(behind) * LINES_A_FRAME < len(lines) - place:
            continue
        # a link to the comments stands above the story, too: from there the first frame is far away
        if sum(line.segment.start < behind[0] for line in lines[place:]) <= LINES_A_FRAME:
            return place, heading, len(behind)
    return None


def _comments(view: View, lines: Sequence[Line], heading: Removal, frames: int) -> Iterable[Removal]:
    label = view.document.text[heading.start : heading.end].strip()[:60]
    for line in lines:
        evidence = {"kind": COMMENTS, "heading": label, "signs": ["comments heading", f"{frames} comment frames"]}
        reason = f"Belongs to the readers' comments under “{label}”."
        yield line.remove(NAME, "comments", reason, heading.confidence, evidence)


def _length(lines: Sequence[Line]) -> int:
    return sum(len(line.text) for line in lines)


def _is_teaser_list(start: int, count: int, witnesses: Witnesses, rule: Rule) -> bool:
    telling = sum(bool(witnesses.signs(place)) for place in range(start + 1, min(count, start + 1 + rule.max_lines)))
    return count - start - 1 <= rule.max_lines and telling >= MIN_TELLING


def _tail(lines: Sequence[Line], start: int, witnesses: Witnesses, rule: Rule) -> Iterable[Removal]:
    label = lines[start].text[:200]
    for place in range(start, len(lines)):
        signs = ["cue header", *witnesses.signs(place)]
        evidence = {**rule.facts, "heading": label, "line": lines[start].segment.line, "signs": signs}
        reason = f"Belongs to the list of teasers under “{label[:60]}”, behind the end of the story."
        yield lines[place].remove(NAME, rule.id, reason, rule.confidence, evidence)
