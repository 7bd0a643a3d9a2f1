r"""RE2's patterns as trees, as far as rule packs go: what stands in a row, what may stand instead, what is counted.

Only `cleaner.rulebook.literals` looks at the trees; RE2 itself matches.  What is not read here is no error: flags other
than ``s``, quoted text, properties other than letters, numbers and marks, named classes, counts beyond 999.

>>> parse(r"^photos?: \pL")
[<Edge.BEGINNING: '^'>, 'photo', Counted(least=0, most=1, part='s'), ': ', Class(members=frozenset(), has_letter=True)]
"""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache
from math import inf
from string import ascii_letters, ascii_lowercase
from typing import NamedTuple, TypeAlias, Union

# Characters of a class that are told apart.
SMALL_CLASS = 10
# Groups inside groups: no pack has more than six.
MAX_DEPTH = 50


class Edge(Enum):
    """The beginning or the end of a line."""

    BEGINNING = "^"
    END = "$"


class Class(NamedTuple):
    """One of some characters: ``members`` where they are few, and whether an ASCII letter is among them."""

    members: frozenset[str]
    has_letter: bool


class Either(NamedTuple):
    """One of some sequences."""

    branches: list[list[Part]]


class Counted(NamedTuple):
    """A part, between ``least`` and ``most`` times."""

    least: int
    most: float
    part: Part


Part: TypeAlias = Union[str, Edge, Class, Either, Counted, "list[Part]"]
"""Characters in a row, an edge, a class, branches, a part that is counted, or a sequence of parts."""

_CODE = r"\\x\{[0-9A-Fa-f]{1,6}\}|\\x[0-9A-Fa-f]{2}"
_ESCAPE = rf"{_CODE}|\\p(?:\{{[LNM]\}}|[LNM])|\\[dDsSwWbBAz]|\\\W|\\[nrtfv]"
_PLAIN = r"[^\\\[\](){}.*+?^$|]"
_TOKEN = re.compile(
    rf"(?P<text>{_PLAIN}+(?![*+?{{])|{_PLAIN})|(?P<escape>{_ESCAPE})|(?P<set>\[\^?\]?(?:\\.|[^\]\\])*\])"
    r"|(?P<flag>\(\?s\))|(?P<open>\((?:\?(?:s?:|P<\w+>)|(?!\?)))|(?P<close>\))|(?P<bar>\|)"
    r"|(?P<count>[*+?]\??|\{(?P<least>\d{1,3})(?P<range>,(?P<most>\d{0,3}))?\}\??)|(?P<edge>[\^$])|(?P<any>\.)",
    re.DOTALL,
)
_MEMBER = re.compile(rf"(?P<low>{_ESCAPE}|[^\\])(?:-(?P<high>{_CODE}|\\\W|[^\\\]]))?|(?P<other>.)", re.DOTALL)
_CONTROL = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v"}
_ANY = Class(frozenset(), True)
_COUNTS = {"*": (0, inf), "+": (1, inf), "?": (0, 1)}
# Letters of ASCII among the members of classes that have names.
_NAMED = {"d": "", "s": "", "w": ascii_letters, "L": ascii_letters, "N": "", "M": ""}


def parse(pattern: str) -> list[Part] | None:
    """The tree of an RE2 pattern; None for what is not read here, or is no pattern."""
    try:
        return _parse(pattern)
    except ValueError:  # a code that is no character
        return None


def _parse(pattern: str) -> list[Part] | None:
    groups: list[list[list[Part]]] = [[[]]]  # those that are open, each with its branches so far
    position = 0
    for token in _TOKEN.finditer(pattern):
        if token.start() != position:
            return None
        position = token.end()
        row = groups[-1][-1]
        match token.lastgroup:
            case "text":
                row.append(token[0])
            case "escape":
                row.append(_escaped(token[0]))
            case "set":
                members = _class(token[0])
                if members is None:
                    return None
                row.append(members)
            case "open":
                groups.append([[]])
                if len(groups) > MAX_DEPTH:
                    return None
            case "close":
                branches = groups.pop()
                if not groups:
                    return None
                groups[-1][-1].append(branches[0] if len(branches) == 1 else Either(branches))
            case "bar":
                groups[-1].append([])
            case "count":
                if not row or isinstance(row[-1], Edge):
                    return None
                row.append(_counted(token, row.pop()))
            case "edge":
                row.append(Edge(token[0]))
            case "any":
                row.append(_ANY)
    if position != len(pattern) or len(groups) > 1:
        return None
    (branches,) = groups
    return branches[0] if len(branches) == 1 else [Either(branches)]


def _counted(token: re.Match[str], part: Part) -> Counted:
    if token["least"] is None:
        return Counted(*_COUNTS[token["count"][0]], part)
    least = int(token["least"])
    most = least if token["range"] is None else int(token["most"]) if token["most"] else inf
    return Counted(least, most, part)


def _escaped(text: str) -> Part:
    """What an escape outside a class stands for."""
    sign = text[1]
    if sign in "Az":
        return Edge.BEGINNING if sign == "A" else Edge.END
    if sign in "bB":
        return ""
    if sign in "dDsSwWp":
        named = _class(f"[{text}]")
        return _ANY if named is None else named
    return _character(text)


def _character(text: str) -> str:
    """The character that is written so, escaped or plain.  Raises `ValueError` for a code that is none."""
    if text[0] != "\\" or len(text) == 1:
        return text
    if text[1] == "x":
        character = chr(int(text[2:].strip("{}"), 16))
        character.encode("utf-8")  # which surrogates refuse
        return character
    return _CONTROL.get(text[1], text[1])


@lru_cache(maxsize=4096)
def _class(text: str) -> Class | None:
    """A class in brackets; None for one that is not read here."""
    is_negated = text[1] == "^"
    known: set[str] = set()
    is_small = not is_negated
    for member in _MEMBER.finditer(text, 1 + is_negated, len(text) - 1):
        low, high = member["low"], member["high"]
        if low is None or (low == "[" and text[member.end() : member.end() + 1] == ":"):
            return None
        sign = low[1:2] if low[0] == "\\" else ""
        if sign and sign in "bBAz":
            return None
        if sign and sign in "dDsSwWp":
            if high is not None:
                return None
            is_small = False
            # of those that are negated, and so have letters, none is sure
            known.update(_NAMED.get(low.strip("\\p{}"), "" if is_negated else ascii_letters))
            continue
        first = last = ord(_character(low))
        if high is not None:
            last = ord(_character(high))
        is_small &= last - first < SMALL_CLASS
        known.update(map(chr, range(first, min(last, max(first + SMALL_CLASS, 127)) + 1)))
    if is_negated:
        return Class(frozenset(), not known.issuperset(ascii_lowercase))
    is_small &= len(known) <= SMALL_CLASS
    return Class(frozenset(known) if is_small else frozenset(), not known.isdisjoint(ascii_letters))
