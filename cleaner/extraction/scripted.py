"""A story that stands in a page's scripts alone, as the markup that one of them writes into the page.

Frameworks that draw a page in the browser send what they draw from as JSON, in a script of type ``application/json``
or as the argument of a call; JSON may stand in a string of other JSON.  The paragraphs of a story are markup there.
Only a page without an article is looked into.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from heapq import nlargest

from selectolax.lexbor import LexborHTMLParser

from cleaner.extraction.page import PageError, parse_page
from cleaner.text import is_prose, weight

# A story that is worth drawing has so many paragraphs, and so many words of prose in them.
PARAGRAPHS, WORDS = 3, 80.0
# What is looked into: characters of all scripts, and strings inside strings.
MAX_CHARS, MAX_DEPTH = 5_000_000, 4
# Pieces of markup that are read, the longest first.
LOOKED_AT = 5
# String literals of JSON or JavaScript, also one that does not end: else it would be looked for from each of its
# quotation marks.  One of fewer characters holds no story.
_LITERAL = re.compile(r'"(?:[^"\\]|\\(?:.|\Z))*+(?:"|\Z)', re.DOTALL)
SHORT = 300
_PARAGRAPH = re.compile(r"<p[\s>]", re.IGNORECASE)
# A paragraph's beginning, however often it was written as JSON.
_ANYWHERE = re.compile(r"(?:<|\\u003c)p[\s>\\&]", re.IGNORECASE)
_END = re.compile("</body", re.IGNORECASE)


def scripted_story(html: str, tree: LexborHTMLParser) -> str | None:
    """The page with the markup of the longest story in its scripts at the end of its body; None where there is none.

    >>> story = "".join(f"<p>The council of Elm voted {n} times on Monday to rebuild the bridge over the river, and the"
    ...                 " mayor said that work would begin before winter and end in spring.</p>" for n in range(4))
    >>> html = f"<html><body><main></main><script>push([1, {json.dumps(json.dumps({'b': story}))}])</script></body>"
    >>> drawn = scripted_story(html, LexborHTMLParser(html))
    >>> len(parse_page(html).blocks.text), len(parse_page(drawn).blocks.text)
    (0, 4)
    """
    found: list[str] = []
    left = MAX_CHARS
    for node in tree.css("script"):
        code = node.text()
        left -= len(code)
        if left < 0:
            break
        if len(_ANYWHERE.findall(code)) >= PARAGRAPHS:
            found += _markups(code, MAX_DEPTH)
    told = [(_prose(markup), markup) for markup in nlargest(LOOKED_AT, found, key=len)]
    most, best = max(told, key=lambda one: one[0], default=(0.0, ""))
    if most < WORDS:
        return None
    end = max([found.start() for found in _END.finditer(html)], default=len(html))
    return f"{html[:end]}<article>{best}</article>{html[end:]}"


def _markups(code: str, depth: int) -> Iterator[str]:
    """Strings with paragraphs in a piece of code, and in the strings of it."""
    for literal in _LITERAL.finditer(code):
        if literal.end() - literal.start() < SHORT:
            continue
        try:
            value = json.loads(literal[0], strict=False)
        except ValueError:  # JavaScript knows escapes that JSON does not
            continue
        if len(_PARAGRAPH.findall(value)) >= PARAGRAPHS and not value.lstrip().startswith(("{", "[")):
            yield value
        if depth > 1 and len(_ANYWHERE.findall(value)) >= PARAGRAPHS and '"' in value:
            yield from _markups(value, depth - 1)


def _prose(markup: str) -> float:
    """Words of prose in a piece of markup; none in one that cannot be read."""
    try:
        texts = parse_page(markup).blocks.text
    except PageError:
        return 0.0
    return sum(weight(text) for text in texts if is_prose(text))
