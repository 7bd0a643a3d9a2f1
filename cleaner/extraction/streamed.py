"""Parts of a page that its server sent late: hidden at the end, for a script to put where they belong.

React's servers write the frame of a page first, with ``<template id="B:0">`` where something is still waited for.  What
comes later stands at the end as ``<div hidden id="S:0">``, behind it a call such as ``$RC("B:0","S:0")`` that moves it
to its place (https://react.dev/reference/react-dom/server/renderToPipeableStream).  Readers see all of it, and often it
is the story.
"""

from __future__ import annotations

import re

from selectolax.lexbor import LexborHTMLParser, LexborNode

_PART = re.compile("S:[0-9a-f]{1,8}")
_MOVE = re.compile(r'\$R[A-Z]\("([BPS]:[0-9a-f]{1,8})","([BPS]:[0-9a-f]{1,8})"')


def streamed_parts(tree: LexborHTMLParser, html: str) -> dict[str, LexborNode]:
    """The hidden parts of a page, by the ``id`` of the element in whose place a reader sees them.

    That is the placeholder that the page's calls name; without calls, that of the same number; a part that has none
    stands where it is.

    >>> html = '<main><template id="B:0"></template></main><div hidden id="S:0"><p>The story.</p></div>'
    >>> {place: part.text() for place, part in streamed_parts(LexborHTMLParser(html), html).items()}
    {'B:0': 'The story.'}
    """
    if ' id="S:' not in html:
        return {}
    hidden = tree.css('[hidden][id^="S:"]')
    parts = {part.id: part for part in hidden if part.id and _PART.fullmatch(part.id)}
    empty = {node.id for node in tree.css('template[id^="B:"], template[id^="P:"]')}
    called: dict[str, str] = {}
    for one, other in _MOVE.findall(html) if parts else ():
        part, place = (one, other) if one.startswith("S") else (other, one)
        called.setdefault(part, place)
    found: dict[str, LexborNode] = {}
    for name, part in parts.items():
        number = name[2:]
        places = [called[name]] if name in called else [f"B:{number}", f"P:{number}"]
        place = next((one for one in places if one in empty and one not in found), name)
        found[place] = part
    return found
