"""What happened to each line of one document: for a terminal, as data, and as a patch."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cleaner.audit.shown import LineFate, Shown, code
from cleaner.document import Removal

# Lines on either side of a change that a patch shows.
PATCH_CONTEXT = 3
# Characters that join letters of some scripts (Persian, Hindi): they print nothing and change nothing around them.
_JOINERS = frozenset("\u200c\u200d")
_CONTROLS = re.compile(r"[^\x20-\x7e]")


def as_data(one: Shown) -> dict[str, object]:
    """The fates of all lines as JSON-able data."""
    facts = one.facts
    rejected = one.rejected
    return {
        "id": one.id,
        "source": one.source,
        "language": facts.get("language"),
        "language_by": facts.get("language_by"),
        "language_confidence": facts.get("language_confidence"),
        "site": facts.get("site"),
        "title": facts.get("title"),
        "source_chars": one.source_chars,
        "removed_chars": one.removed_chars,
        "rejected": rejected and {"stage": rejected.stage, "reason": rejected.reason, "detail": rejected.detail},
        "lines": [
            {
                "line": fate.line,
                "kept": fate.kept,
                "text": fate.text,
                "removals": [
                    {"text": text, **_removal_data(removal)} for text, removal in fate.pieces if removal is not None
                ],
                **({"near": [_removal_data(near) for near in fate.near]} if fate.near else {}),
            }
            for fate in one.lines()
        ],
    }


def _removal_data(removal: Removal) -> dict[str, object]:
    return {
        "start": removal.start,
        "end": removal.end,
        "filter": removal.filter,
        "rule": removal.rule,
        "confidence": removal.confidence,
        "reason": removal.reason,
        "evidence": dict(removal.evidence),
    }


def plain_json(data: object) -> str:
    """JSON on one line that is safe to print: whatever is not printable is escaped, all other scripts are readable.

    >>> print(plain_json({"text": "Баку \\x9b31m \\u202e"}))
    {"text": "Баку \\u009b31m \\u202e"}
    """
    return _CONTROLS.sub(_escape, json.dumps(data, ensure_ascii=False))


def _escape(found: re.Match[str]) -> str:
    character = found.group()
    return character if character.isprintable() else json.dumps(character)[1:-1]


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a rendered line and how to show it: plain, number, removed, or why."""

    text: str
    style: str


def render(
    one: Shown, width: int = 100, context: int | None = None, wanted: Callable[[Removal], bool] | None = None
) -> Iterator[list[Span]]:
    """The fates of all lines for a terminal: a line number, a minus sign where something went, and why it went.

    Stretches of more than ``2 * context`` lines (and one) of which nothing went are folded; None folds nothing.
    ``wanted`` chooses the removals around which lines are shown; by default all of them.  Long lines are cut to
    ``width`` characters, control characters are shown as escapes: a scrape must not be able to drive the reader's
    terminal.
    """
    lines = list(one.lines())
    number_width = len(str(lines[-1].line)) if lines else 1
    quiet: list[LineFate] = []
    for fate in lines:
        if fate.sign == " " or (wanted is not None and not any(map(wanted, fate.removals))):
            quiet.append(fate)
            continue
        yield from _stretch(quiet, number_width, width, context)
        quiet = []
        yield from _line(fate, number_width, width)
    yield from _stretch(quiet, number_width, width, context)
    if one.rejected is not None:
        rejected = one.rejected
        yield [Span(f"rejected by {rejected.stage}: {rejected.reason}: {printable(rejected.detail)}", "why")]


def _stretch(lines: list[LineFate], number_width: int, width: int, context: int | None) -> Iterator[list[Span]]:
    folded = 0 if context is None or len(lines) <= 2 * context + 1 else len(lines) - 2 * context
    for fate in lines[:context] if folded else lines:
        yield from _line(fate, number_width, width)
    if folded:
        last = lines[len(lines) - (context or 0) :]
        went = any(fate.removals for fate in lines[context : len(lines) - len(last)])
        yield [Span(f"{'':>{number_width}}   … {folded:,} lines{'' if went else ' kept'}", "number")]
        for fate in last:
            yield from _line(fate, number_width, width)


def _line(fate: LineFate, number_width: int, width: int) -> Iterator[list[Span]]:
    spans = [Span(f"{fate.line:>{number_width}} {fate.sign} ", "number")]
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
    for why in dict.fromkeys(f"{code(one)} ({one.confidence:.2f}): {one.reason}" for one in fate.removals):
        yield [Span(f"{'':>{number_width}}     {printable(why)}", "why")]
    for why in dict.fromkeys(f"nearly: {code(one)} ({one.confidence:.2f}): {one.reason}" for one in fate.near):
        yield [Span(f"{'':>{number_width}}     {printable(why)}", "near")]


def patch(one: Shown) -> Iterator[str]:
    """The removals of a document as a unified diff from its source text to its clean text, in pieces to join.

    ``patch`` and ``git apply`` take it.  Lines are those that they know, which end in a line feed.  Raises
    `shown.ViewError` where the run did not keep all text.
    """
    changes = list(_changes(one))
    name = "".join(character if character.isprintable() else "_" for character in one.source) or "text"
    wanted = [place for place, (_, after) in enumerate(changes) if after is not None]
    if not wanted:
        return
    yield f"--- a/{name}\n+++ b/{name}\n"
    hunks: list[tuple[int, int]] = []
    for place in wanted:
        low, high = max(0, place - PATCH_CONTEXT), min(len(changes), place + PATCH_CONTEXT + 1)
        if hunks and low <= hunks[-1][1]:
            hunks[-1] = hunks[-1][0], high
        else:
            hunks.append((low, high))
    old = new = position = 0
    for low, high in hunks:
        for before, after in changes[position:low]:
            old, new = old + len(before), new + (len(before) if after is None else len(after))
        body, olds, news = [], 0, 0
        for before, after in changes[low:high]:
            olds += len(before)
            news += len(before) if after is None else len(after)
            if after is None:
                body += [_marked(" ", line) for line in before]
            else:
                body += [_marked("-", line) for line in before] + [_marked("+", line) for line in after]
        # a side without lines is placed behind the line before it, as diff does
        yield f"@@ -{old + (olds > 0)},{olds} +{new + (news > 0)},{news} @@\n"
        yield "".join(body)
        old, new, position = old + olds, new + news, high


def _marked(sign: str, line: str) -> str:
    return f"{sign}{line}" if line.endswith("\n") else f"{sign}{line}\n\\ No newline at end of file\n"


def _changes(one: Shown) -> Iterator[tuple[list[str], list[str] | None]]:
    """Lines of the source, each with None where all of it stays, or groups of lines and what is left of them."""
    source = one.text
    kept = [(piece.start, piece.end) for piece in one.pieces if piece.removal is None]
    before: list[str] = []
    after = ""
    position = following = 0
    for line in source.split("\n"):
        start, position = position, min(position + len(line) + 1, len(source))
        whole = source[start:position]
        if not whole:
            break
        while following < len(kept) and kept[following][1] <= start:
            following += 1
        left, ahead = "", following
        while ahead < len(kept) and kept[ahead][0] < position:
            left += source[max(kept[ahead][0], start) : min(kept[ahead][1], position)]
            ahead += 1
        if left == whole and not before:
            yield [whole], None
            continue
        before.append(whole)
        after += left
        if not after or after.endswith("\n"):
            yield before, _split(after)
            before, after = [], ""
    if before:
        yield before, _split(after)


def _split(text: str) -> list[str]:
    parts = text.split("\n")
    return [f"{part}\n" for part in parts[:-1]] + ([parts[-1]] if parts[-1] else [])


def printable(text: str) -> str:
    """Text without characters that could act on a terminal.

    >>> printable("a\\x1b[31mb")
    'a\\\\x1b[31mb'
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() or character in _JOINERS else character.encode("unicode_escape").decode()
        for character in text.replace("\t", " ").replace("\u00a0", " ").replace("\u3000", " ")
    )
