r"""Wider forms of patterns, which compile fast: what they do not match, the patterns themselves do not match either.

A class of many characters is a large program in UTF-8, and a class that is counted is compiled as often as it may
occur: ``[\pL\pN]{2,30}`` alone takes 20 ms and some hundred kilobytes.  Of the patterns of the shipped packs, a twelfth
held nine tenths of the time.  In the wider form any character stands for such a class, as often as it likes where it is
counted; what is written out, by which a search finds the few patterns to try, is left as it is.
"""

from __future__ import annotations

import re

# What RE2 reads as one: an escape, a class in brackets, a dot; and the count behind it.
_ONE = re.compile(
    r"(?:(?P<class>\\[pP](?:\{[^}]*\}|.)|\[(?P<no>\^?)\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\])|(?P<dot>\.)"
    r"|\\x\{[^}]*\}|\\.)(?P<count>\{[0-9]+(?:,[0-9]*)?\})?",
    re.DOTALL,
)
_ANY = "(?s:.)"


def widen(pattern: str) -> str:
    r"""A pattern that matches whatever ``pattern`` matches, with any characters where it has large classes.

    >>> widen(r"^photo: [\pL\-]{2,30}\.? [aeiou]{2}[^a].{0,60}$")
    '^photo: (?s:.)*\\.? [aeiou]{2}(?s:.).*$'
    """
    if r"\Q" in pattern:  # what stands behind it is no pattern
        return pattern
    return _ONE.sub(_wider, pattern)


def _wider(match: re.Match[str]) -> str:
    if not (match["dot"] or _is_large(match)):
        return match[0]
    wide = "." if match["dot"] else _ANY
    return wide + ("*" if match["count"] else "")


def _is_large(match: re.Match[str]) -> bool:
    """Whether it is a class that is large in UTF-8: a property of characters, or all but some."""
    found = match["class"]
    return found is not None and (match["no"] == "^" or found[0] == "\\" or "\\p" in found or "\\P" in found)
