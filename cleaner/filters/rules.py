"""What a rule pack names: marks inside lines, whole lines, and headings with the list they open.

Prose is safe: under a heading only lines that are no prose go, and prose that shows a second sign of being a teaser
(see `cleaner.filters.witness`).  Rules of scope ``tail`` are left to the layout filter.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from cleaner.chain import Line, View
from cleaner.document import Removal
from cleaner.filters.witness import Witnesses
from cleaner.rulebook.match import MAX_ROUNDS, Matcher, Rulebook
from cleaner.rulebook.model import Rule
from cleaner.text import weight

NAME = "rules"
# A short line right before prose that goes on after a list may be a subheading of the story.  Of the subheadings in
# the development benchmark nine in ten have 8 words or fewer.
SUBHEADING_WORDS = 8.0


class Rules:
    """Removes what the rules for the document's language and site match."""

    name = NAME

    def __init__(self, rulebook: Rulebook) -> None:
        self.rulebook = rulebook

    def removals(self, view: View) -> Iterable[Removal]:
        """Removals by rules of scope span, line and heading-block."""
        matcher = self.rulebook.matcher(view.document.language, view.document.site)
        kept: list[Line] = []
        headings: dict[int, Rule] = {}
        for line in view.lines:
            removals, rule = _one_line(line, matcher)
            yield from removals
            if rule is not None and rule.scope == "line":
                continue
            if rule is not None:
                headings[len(kept)] = rule
            kept.append(line)
        if not headings:
            return
        witnesses = Witnesses(kept)
        done = -1
        for place, rule in headings.items():
            if place > done:
                block = _block(kept, place, rule, headings, witnesses)
                done = place + len(block)
                yield from _remove_block(kept[place], block, rule)


def _one_line(line: Line, matcher: Matcher) -> tuple[list[Removal], Rule | None]:
    """Removals inside the line or of the line, and the line or heading rule that matches what is left of it."""
    removals: list[Removal] = []
    cut: list[tuple[int, int]] = []
    text = line.text
    for _ in range(MAX_ROUNDS):
        for rule in matcher.hits(text):
            if rule.scope == "line":
                return [_whole(line, rule)], rule
            if rule.scope == "heading-block":
                return removals, rule
        spans = matcher.spans(text)
        if not spans:
            break
        for hit in reversed(spans):
            start, end = _uncut(cut, hit.start, hit.end)
            cut = sorted([*cut, (start, end)])
            removals += [
                Removal(
                    low, high, NAME, hit.rule.id, hit.rule.description, hit.rule.confidence, {"kind": hit.rule.kind}
                )
                for low, high in line.spans(start, end)
            ]
        text = _without(line.text, cut)
        if not text.strip():
            return [_whole(line, spans[0].rule)], replace(spans[0].rule, scope="line")
    return removals, None


def _whole(line: Line, rule: Rule) -> Removal:
    return line.remove(NAME, rule.id, rule.description, rule.confidence, {"kind": rule.kind})


def _uncut(cut: Iterable[tuple[int, int]], start: int, end: int) -> tuple[int, int]:
    """Positions in the whole line of a span that was found after ``cut`` had been taken out."""
    for low, high in cut:
        if low <= start:
            start += high - low
        if low < end:
            end += high - low
    return start, end


def _without(text: str, cut: Iterable[tuple[int, int]]) -> str:
    parts, position = [], 0
    for low, high in cut:
        parts.append(text[position:low])
        position = max(position, high)
    return "".join([*parts, text[position:]])


def _block(
    lines: list[Line], heading: int, rule: Rule, headings: Mapping[int, Rule], witnesses: Witnesses
) -> list[tuple[Line, list[str]]]:
    """The lines that a heading opens, each with the signs against it; the heading is the first sign."""
    block: list[tuple[Line, list[str]]] = []
    goes_on = False
    for place in range(heading + 1, min(heading + 1 + rule.max_lines, len(lines))):
        signs = witnesses.signs(place)
        if witnesses.is_prose(place) and not signs:
            goes_on = True
            break
        block.append((lines[place], ["heading", *signs]))
    if goes_on and len(block) >= 2:
        last, signs = block[-1]
        if len(signs) == 1 and heading + len(block) not in headings and weight(last.text) <= SUBHEADING_WORDS:
            block.pop()
    return block


def _remove_block(heading: Line, block: list[tuple[Line, list[str]]], rule: Rule) -> Iterator[Removal]:
    yield _whole(heading, rule)
    for line, signs in block:
        reason = f"Stands under “{heading.text[:60]}”: {rule.description[:1].lower()}{rule.description[1:]}"
        evidence = {"kind": rule.kind, "heading": heading.text[:200], "line": heading.segment.line, "signs": signs}
        yield line.remove(NAME, rule.id, reason, rule.confidence, evidence)
