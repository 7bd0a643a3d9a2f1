r"""Wider forms of patterns, which compile fast: what they do not match, the patterns themselves do not match either.

All the letters of the world are a large program in UTF-8, and a class that is counted is compiled as often as it may
occur: ``\pL{2,30}`` takes 20 ms and some hundred kilobytes.  In the wider form letters, digits and marks beyond ASCII
are not told from other characters there.  On a line of ASCII both forms match the same.
"""

from __future__ import annotations

import re

# What RE2 reads as one character: a property, a class in brackets, any other escape.
_ONE = re.compile(
    r"\\(?P<sign>[pP])(?P<name>\{[^}]*\}|.)|\[(?P<no>\^?)(?P<in>\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*)\]|\\.", re.DOTALL
)
_PROPERTY = re.compile(r"\\p(?P<name>\{[^}]*\}|.)|\\.", re.DOTALL)
_ASCII = {"L": "A-Za-z", "N": "0-9", "M": ""}
_BEYOND = r"\x{80}-\x{10FFFF}"


def widen(pattern: str) -> str:
    r"""A pattern that matches whatever ``pattern`` matches, and on lines of ASCII nothing else.

    >>> widen(r"^photo: [\pL\-]{2,30}\.? [aeiou]{2}[^\pN.]")
    '^photo: [A-Za-z\\-\\x{80}-\\x{10FFFF}]{2,30}\\.? [aeiou]{2}[^0-9.]'
    """
    return pattern if r"\Q" in pattern else _ONE.sub(_wider, pattern)  # what stands behind \Q is no pattern


def _wider(match: re.Match[str]) -> str:
    inside, name = match["in"], match["name"]
    if name is not None:
        ascii = _ASCII.get(name.strip("{}"))
        if ascii is None:
            return match[0]
        return f"[{ascii}{_BEYOND}]" if match["sign"] == "p" else f"[^{ascii}]" if ascii else "(?s:.)"
    if inside is None:
        return match[0]
    wider = _PROPERTY.sub(lambda found: _ASCII.get((found["name"] or "").strip("{}"), found[0]), inside)
    if wider == inside:
        return match[0]
    if match["no"]:
        return f"[^{wider}]" if wider else "(?s:.)"
    return f"[{wider}{_BEYOND}]"
