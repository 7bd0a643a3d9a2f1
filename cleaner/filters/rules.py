"""What a rule pack names: marks inside lines, whole lines, and headings with the list they open.

Prose is safe: under a heading only lines that are no prose go, and prose that shows a second sign of being a teaser
(see `cleaner.filters.witness`).  Rules of the scopes ``block`` and ``tail``, which depend on what stands around a line,
are candidates for the filter `blocks`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from cleaner.chain import Line, View
from cleaner.document import Document, Removal
from cleaner.filters.witness import FEW, Witnesses
from cleaner.rulebook.match import MAX_ROUNDS, Matcher, Rulebook
from cleaner.rulebook.model import Rule
from cleaner.text import ends_sentence, is_bullet, is_marked, is_question, read_lines, weight

NAME = "rules"
# Lines under a heading, right before prose that goes on, may be a subheading of the story: of such lines with up to 8
# words in the development benchmark (extracted English news) 9 were story and 16 cruft, of longer ones 1 and 22.
SUBHEADING_WORDS = 8.0
SPARE_HEADLINE = frozenset(("credit", "byline", "promo"))
# A line of this many words that ends as a statement is told, not listed: short answers of an interview, a last remark.
STATEMENT_WORDS = 3.0


class Rules:
    """Removes what the rules for the document's language and site match."""

    name = NAME

    def __init__(self, rulebook: Rulebook) -> None:
        self.rulebook = rulebook

    def removals(self, view: View) -> Iterable[Removal]:
        """Removals by rules of scope span, line and heading-block."""
        return self.removals_of([view])[0]

    def removals_of(self, views: Sequence[View]) -> Sequence[Iterable[Removal]]:
        """The same for several documents, the lines of which are read together."""
        titles = [view.document.title or "" for view in views]
        read_lines([*titles, *[line.text for view in views for line in view.lines]])
        matchers = [self.rulebook.matcher(view.document.language, view.document.site) for view in views]
        for matcher in dict.fromkeys(matchers):
            same = [view for view, own in zip(views, matchers, strict=True) if own is matcher]
            matcher.read([line.text for view in same for line in view.lines])
        return [_removals(view, matcher) for view, matcher in zip(views, matchers, strict=True)]


def _removals(view: View, matcher: Matcher) -> Iterator[Removal]:
    """Removals by rules of scope span, line and heading-block."""
    kept: list[Line] = []
    headings: dict[int, Rule] = {}
    for line in view.lines:
        if not matcher.matching(line.text):  # as of most lines
            kept.append(line)
            continue
        removals, rule, text = _one_line(line, matcher, first=not kept)
        yield from removals
        if rule is not None and rule.scope == "line":
            continue
        if rule is not None:
            headings[len(kept)] = rule
        kept.append(line if text == line.text else line._replace(text=text))
    if not headings:
        return
    witnesses = Witnesses(kept)
    done = -1
    for place, rule in headings.items():
        if place > done:
            block = _block(kept, place, rule, headings, witnesses, view.document)
            done = place + len(block)
            yield from _remove_block(kept[place], block, rule)


def _one_line(line: Line, matcher: Matcher, first: bool) -> tuple[list[Removal], Rule | None, str]:
    """Removals inside the line or of the line, the line or heading rule that matches it, and what is left of it.

    The first line that is kept may be a headline ("Video: …", "Watch: …"): rules for credits, bylines, promos spare it.
    """
    removals: list[Removal] = []
    cut: list[tuple[int, int]] = []
    text = line.text
    for _ in range(MAX_ROUNDS):
        matching = matcher.matching(text)
        if not matching:
            break
        for rule in matching:
            if rule.scope == "heading-block":
                return removals, rule, text
        for rule in matching:
            if rule.scope == "line" and not (first and rule.kind in SPARE_HEADLINE):
                return [_whole(line, rule)], rule, ""
        spans = matcher.spans(text, matching)
        if not spans:
            break
        for hit in reversed(spans):
            start, end = _uncut(cut, hit.start, hit.end)
            cut = sorted([*cut, (start, end)])
            removals += [
                Removal(low, high, NAME, hit.rule.id, hit.rule.description, hit.rule.confidence, hit.rule.facts)
                for low, high in line.spans(start, end)
            ]
        text = _without(line.text, cut)
        if not text.strip():
            return [_whole(line, spans[0].rule)], replace(spans[0].rule, scope="line"), ""
    return removals, None, text.strip()


def _whole(line: Line, rule: Rule) -> Removal:
    return line.remove(NAME, rule.id, rule.description, rule.confidence, rule.facts)


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
    lines: list[Line],
    heading: int,
    rule: Rule,
    headings: Mapping[int, Rule],
    witnesses: Witnesses,
    document: Document,
) -> list[tuple[Line, list[str]]]:
    """The lines that a heading opens, each with the signs against it; the heading is the first sign.

    The block ends where the story goes on: at prose or a statement with no sign against it, or where list marks begin
    after lines without them; and earlier, where the rule's ``until`` says so.  A heading over the beginning of a text
    (left over from the page's menu) opens nothing, nor does one of comments over most of it (a button).
    """
    told = sum(place < heading for place in witnesses.first_prose)
    if not told:
        return []
    block: list[tuple[Line, list[str]]] = []
    marked: bool | None = None
    goes_on = False
    for place in range(heading + 1, min(heading + 1 + rule.max_lines, len(lines))):
        signs = witnesses.signs(place)
        text = lines[place].text
        starts_list = marked is False and is_marked(text)
        if place not in headings and not signs and (witnesses.is_prose(place) or _is_statement(text) or starts_list):
            goes_on = True
            break
        if "heading" in rule.until and (place in headings or lines[place].segment.role == "heading"):
            break
        if "blank" in rule.until and block and _stands_apart(lines[place], document):
            break
        block.append((lines[place], ["heading", *signs]))
        if marked is None and place not in headings and not is_bullet(text):
            marked = is_marked(text)
    if goes_on and rule.kind == "comments" and told < FEW:
        return []
    while goes_on and block and _may_be_story(*block[-1]) and heading + len(block) not in headings:
        block.pop()
        if not ends_sentence(lines[heading + len(block) + 1].text):
            break
    return block


def _stands_apart(line: Line, document: Document) -> bool:
    """Whether there is a blank line before this one in the text."""
    return line.index > 0 and line.segment.line - document.segments[line.index - 1].line > 1


def _is_statement(text: str) -> bool:
    return ends_sentence(text) and not is_question(text) and weight(text) >= STATEMENT_WORDS


def _may_be_story(line: Line, signs: list[str]) -> bool:
    if len(signs) > 1 or (line.segment.markup is not None and line.segment.markup.link_density > 0.5):
        return False
    return weight(line.text) <= SUBHEADING_WORDS or ends_sentence(line.text)


def _remove_block(heading: Line, block: list[tuple[Line, list[str]]], rule: Rule) -> Iterator[Removal]:
    yield heading.remove(NAME, rule.id, rule.description, rule.confidence, {**rule.facts, "opens": len(block)})
    for line, signs in block:
        reason = f"Stands under “{heading.text[:60]}”: {rule.description[:1].lower()}{rule.description[1:]}"
        evidence = {**rule.facts, "heading": heading.text[:200], "line": heading.segment.line, "signs": signs}
        yield line.remove(NAME, rule.id, reason, rule.confidence, evidence)
