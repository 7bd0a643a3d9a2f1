"""What happened to each line of one document, as data and as text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cleaner.chain import Outcome
from cleaner.document import Removal


@dataclass(frozen=True, slots=True)
class LineFate:
    """One line of the source: its number, its text in pieces, each kept (None) or with the removal that took it."""

    line: int
    pieces: tuple[tuple[str, Removal | None], ...]

    @property
    def kept(self) -> bool:
        """Whether anything of the line is left."""
        return any(removal is None and text.strip() for text, removal in self.pieces)

    @property
    def removals(self) -> list[Removal]:
        """The removals that took something of the line."""
        return [removal for _, removal in self.pieces if removal is not None]


def explain_lines(outcome: Outcome) -> Iterator[LineFate]:
    """The fate of every line that is not blank, in order."""
    text = outcome.document.text
    removals = outcome.removals
    following = 0
    for segment in outcome.document.segments:
        while following < len(removals) and removals[following].end <= segment.start:
            following += 1
        pieces: list[tuple[str, Removal | None]] = []
        position, ahead = segment.start, following
        while ahead < len(removals) and removals[ahead].start < segment.end:
            removal = removals[ahead]
            low, high = max(removal.start, segment.start), min(removal.end, segment.end)
            if position < low:
                pieces.append((text[position:low], None))
            pieces.append((text[low:high], removal))
            position = high
            ahead += 1
        if position < segment.end:
            pieces.append((text[position : segment.end], None))
        yield LineFate(segment.line, tuple(pieces))


def as_data(outcome: Outcome) -> dict[str, object]:
    """The fates of all lines as JSON-able data."""
    document = outcome.document
    return {
        "id": document.id,
        "source": document.source,
        "language": document.language,
        "language_by": document.language_by,
        "language_confidence": document.language_confidence,
        "site": document.site,
        "title": document.title,
        "source_chars": len(document.text),
        "removed_chars": len(document.text) - len(outcome.text),
        "rejected": None
        if outcome.rejected is None
        else {
            "stage": outcome.rejected.stage,
            "reason": outcome.rejected.reason,
            "detail": outcome.rejected.detail,
        },
        "lines": [
            {
                "line": fate.line,
                "kept": fate.kept,
                "text": "".join(text for text, _ in fate.pieces).strip(),
                "removals": [
                    {
                        "text": text,
                        "start": removal.start,
                        "end": removal.end,
                        "filter": removal.filter,
                        "rule": removal.rule,
                        "confidence": removal.confidence,
                        "reason": removal.reason,
                        "evidence": dict(removal.evidence),
                    }
                    for text, removal in fate.pieces
                    if removal is not None
                ],
            }
            for fate in explain_lines(outcome)
        ],
    }


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a rendered line and how to show it: plain, number, removed, or why."""

    text: str
    style: str


def render(outcome: Outcome, width: int = 100) -> Iterator[list[Span]]:
    """The fates of all lines for a terminal: a line number, a minus sign where something went, and why it went.

    Long lines are cut to ``width`` characters, control characters are shown as escapes: a scrape must not be able to
    drive the reader's terminal.
    """
    document = outcome.document
    number_width = len(str(document.segments[-1].line)) if document.segments else 1
    for fate in explain_lines(outcome):
        sign = " " if not fate.removals else ("~" if fate.kept else "-")
        spans = [Span(f"{fate.line:>{number_width}} {sign} ", "number")]
        left = width
        for text, removal in fate.pieces:
            shown = printable(text.strip("\r\n") if removal is None or fate.kept else text.strip())
            spans.append(Span(shown[:left], "plain" if removal is None else "removed"))
            if len(shown) > left:
                spans.append(Span("…", "number"))
            left = max(0, left - len(shown))
            if not left:
                break
        yield spans
        for filter, rule, confidence, reason in dict.fromkeys(_key(removal) for removal in fate.removals):
            code = rule if "/" in rule else f"{filter}/{rule}"
            yield [Span(f"{'':>{number_width}}     {code} ({confidence:.2f}): {printable(reason)}", "why")]
    if outcome.rejected is not None:
        rejected = outcome.rejected
        yield [Span(f"rejected by {rejected.stage}: {rejected.reason}: {printable(rejected.detail)}", "why")]


def _key(removal: Removal) -> tuple[str, str, float, str]:
    return removal.filter, removal.rule, removal.confidence, removal.reason


def printable(text: str) -> str:
    """Text without characters that could act on a terminal.

    >>> printable("a\\x1b[31mb")
    'a\\\\x1b[31mb'
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() or character == " " else character.encode("unicode_escape").decode()
        for character in text.replace("\t", " ").replace("\u00a0", " ").replace("\u3000", " ")
    )
