"""The signs of Markdown in a text: what says how words look and where links lead, and is no part of what they say.

Crawlers and extractors leave Markdown as often as plain text.  Nothing is taken off here: a document notes where signs
stand, and filters read its lines without them, as they read the visible text of a page, so that ``* [Sport](/sport)``
is *Sport* behind a bullet.

Known are what tools that turn pages into Markdown write (CommonMark 0.31.2, https://spec.commonmark.org/0.31.2/, and
tables): headings, quotations, rules, links, images, emphasis, code, escapes.  Left alone are links by reference and
HTML.  Bullets and numbers of lists are read: the lists of a story are told by them, and without them three times as
much of the story is lost in Markdown that html2text wrote (docs/quality.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple


class Sign(NamedTuple):
    """A span that is no part of what is said.

    ``opens`` is 1 for a sign that opens something which a later one closes (-1), 0 for one that stands alone.
    """

    start: int
    end: int
    opens: int = 0


# Where a link leads, and what shows there when a mouse rests on it.  Lines may be broken behind the hyphens of an
# address by tools that wrap them.  White space is bounded: who looks for the end of a link must not look far.
_SPACE = r"\s{0,9}"
_PLAIN = r"(?:[^()\s]|(?<=-)\r?\n)*"
_TITLE = rf"""\s{_SPACE}(?:"[^"]{{0,500}}"|'[^']{{0,500}}')"""
_TARGET = rf"\({_SPACE}(?:<[^<>\n]*>|{_PLAIN}(?:\({_PLAIN}\){_PLAIN})*)(?:{_TITLE})?{_SPACE}\)"
_TOKEN = re.compile(
    r"(?P<escape>\\(?=[!-/:-@\[-`{-~]))"
    rf"|(?P<image>!\[(?:[^\[\]\\]|\\.|\[[^\[\]]*\])*\]{_TARGET})"
    rf"|(?P<target>\]{_TARGET})"
    r"|(?P<bracket>[\[\]])"
    r"|(?P<look>\*{1,3}|_{1,3}|~~|`{1,3})"
    r"|(?P<cell>\|)",
    re.DOTALL,
)
_LINE_START = re.compile(r"[ \t]*(?:>[ \t]?)*[ \t]*(?:#{1,6}(?=\s))?[ \t]*")
_LINK = re.compile(r"\]\((?:<|#|[a-z]{2,8}:|[^()\s]*[/.])", re.IGNORECASE)
_HEADING = re.compile(r"^#{1,6} +[^\s#]", re.MULTILINE)
_STRONG = re.compile(r"\*\*[^\s*][^*\n]{0,200}\*\*")
# A line of nothing else is a rule, the underline of a heading, or parts the head of a table from its rows.
_DRAWN = frozenset("-=*_|: \t\r\n\x0b\x0c")
_FENCE = "```"


def is_markdown(text: str) -> bool:
    """Whether a text has links, headings or strong words in Markdown.

    >>> is_markdown("# Elm\\n\\nThe council met."), is_markdown("We are no. 1 (see [2]).\\n#elm #river")
    (True, False)
    """
    return (
        ("](" in text and _LINK.search(text) is not None)
        or ("# " in text and _HEADING.search(text) is not None)
        or ("**" in text and _STRONG.search(text) is not None)
    )


def find_signs(text: str, start: int, end: int) -> tuple[Sign, ...]:
    """The signs in one paragraph of a text in Markdown, sorted and disjoint; places count from the text's beginning.

    >>> text = "* [Sport](/sport) in **Elm**"
    >>> [text[sign.start : sign.end] for sign in find_signs(text, 0, len(text))]
    ['[', '](/sport)', '**', '**']
    """
    signs: list[Sign] = []
    position = start
    is_table = False
    for line in text[start:end].splitlines(keepends=True):
        behind = position + len(line)
        if is_drawn(line):
            signs.append(Sign(position, position + len(line.rstrip())))
        else:
            begins = _LINE_START.match(text, position, behind)
            if begins is not None and begins.end() > position:
                signs.append(Sign(position, begins.end()))
            is_table |= text.startswith("|", begins.end() if begins is not None else position)
        position = behind
    signs += _inline(text, start, end, is_table)
    return _disjoint(signs)


def is_drawn(line: str) -> bool:
    """Whether a line only draws: a rule, an underline, the line below the head of a table, the fence of code.

    >>> is_drawn("* * *"), is_drawn("|---|:--|"), is_drawn("-")
    (True, True, False)
    """
    bare = line.strip()
    return (len(bare) >= 3 and _DRAWN.issuperset(bare)) or bare.startswith(_FENCE)


def with_signs(spans: Sequence[tuple[int, int]], signs: Sequence[Sign]) -> Sequence[tuple[int, int]]:
    """Spans of text that is to go, with the signs around and in it that would be left without their text.

    Where one goes whose other half stays, they are left as they are.

    >>> text = "It rained. [Also read](/more) It snowed."
    >>> signs = find_signs(text, 0, len(text))
    >>> [text[start:end] for start, end in with_signs([(12, 21)], signs)]
    ['[Also read](/more)']
    """
    low, high = spans[0][0], spans[-1][1]
    balance = sum([sign.opens for sign in signs if low <= sign.start < high])
    before = next((place for place in reversed(range(len(signs))) if signs[place].start < low), -1)
    behind = next((place for place in range(len(signs)) if signs[place].start >= high), len(signs))
    while balance > 0 and behind < len(signs) and signs[behind].start == high and signs[behind].opens == -1:
        balance, high, behind = balance - 1, signs[behind].end, behind + 1
    while balance < 0 and before >= 0 and signs[before].end == low and signs[before].opens == 1:
        balance, low, before = balance + 1, signs[before].start, before - 1
    if balance:
        return spans
    while before >= 0 and behind < len(signs):
        opening, closing = signs[before], signs[behind]
        if (opening.end, closing.start) != (low, high) or (opening.opens, closing.opens) != (1, -1):
            break
        low, high, before, behind = opening.start, closing.end, before - 1, behind + 1
    return [(low, high)]


def _inline(text: str, start: int, end: int, is_table: bool) -> Iterator[Sign]:
    brackets: list[re.Match[str]] = []
    opened: dict[str, re.Match[str]] = {}
    position = start
    while token := _TOKEN.search(text, position, end):
        position = token.end()
        match token.lastgroup:
            case "escape":
                yield Sign(*token.span())
                position += 1  # what it stands before is a character like others
            case "image":
                yield Sign(*token.span())
            case "target" if brackets:
                yield Sign(*brackets.pop().span(), 1)
                yield Sign(*token.span(), -1)
            case "target":
                position = token.start() + 1
            case "bracket" if token[0] == "[":
                brackets.append(token)
            case "bracket" if brackets:
                brackets.pop()
            case "look":
                before = text[max(position - len(token[0]) - 1, start) : token.start()]
                behind = text[position : position + 1]
                if token[0] in opened and before.strip() and (len(token[0]) > 1 or not behind.isalnum()):
                    yield Sign(*opened.pop(token[0]).span(), 1)
                    yield Sign(*token.span(), -1)
                elif behind.strip() and (len(token[0]) > 1 or not before.isalnum()):
                    opened[token[0]] = token
            case "cell" if is_table:
                yield Sign(*token.span())


def _disjoint(signs: list[Sign]) -> tuple[Sign, ...]:
    """The signs in order, without those inside others."""
    signs.sort()
    found: list[Sign] = []
    for sign in signs:
        if not found or sign.start >= found[-1].end:
            found.append(sign)
    return tuple(found)
