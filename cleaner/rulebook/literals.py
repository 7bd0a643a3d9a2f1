r"""Literals of patterns: strings of which any match must hold at least one, so that one search for them rules most out.

A pattern is read as a tree, from below: of each part it is known which strings it may be, where they are few, and which
strings it must hold.  The beginning and the end of a line are written as `EDGE`, which stands nowhere else in it, so
that ``^by `` asks for lines that begin so and not for any that hold the word (after Cox 2012,
https://swtch.com/~rsc/regexp/regexp4.html).
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import groupby, product
from math import inf
from string import ascii_letters, ascii_lowercase
from typing import Any, NamedTuple

from cleaner.function_words import WORDS

_parser: Any = re._parser  # type: ignore[attr-defined]  # the tree of a pattern, which no other module gives

EDGE = "\n"
"""The edges of a line: `cleaner.text.fold` leaves no line break in one."""
# Strings that one part of a pattern may be: more of them save nothing.
MOST = 32
# Characters of a class that are told apart.
SMALL_CLASS = 8
# Each further character makes a literal so many times as rare.
RARER = 8.0
# A small word of any language, between spaces, is as rare as this.
SMALL = 0.1
# What every line holds.
_EVERYWHERE = frozenset(("", EDGE))

# What `re` reads otherwise than RE2, or not at all: flags, quoted text, bytes, counts without a lower end or beyond a
# thousand, properties, references, possessive counts.
_OTHERWISE = re.compile(
    r"\\[QCPzB]|(?<!\\)\(\?(?!:|s\)|s:|P<)|\{,|\[:\^?\w+:\]|\\p(?!\{[LNM]\}|[LNM])"
    r"|\\[1-9]|[*+?}]\+|\{[0-9]*,?[0-9]{4}"
)
_CODE = re.compile(r"\\x\{([0-9A-Fa-f]+)\}")
_PROPERTY = re.compile(r"\\p(?:\{([LNM])\}|([LNM]))")
# Ranges that stand for properties: of many characters, and among those of ASCII of the right ones.
_RANGES = {"L": "A-Za-z\u00c0-\u024f", "N": "0-9\u0660-\u0669", "M": "\u0300-\u036f"}
_CLASS = re.compile(r"\\p(?:\{.\}|.)|\[\^?\]?(?:\\.|[^\]\\])*\]|\\.", re.DOTALL)
# The first and the last part of a pattern that matches whole lines.
_WHOLE = [("AT", "AT_BEGINNING"), ("AT", "AT_END")]


class _Part(NamedTuple):
    """What is known of a part of a pattern; None where nothing is."""

    is_one_of: frozenset[str] | None
    holds: frozenset[str] | None
    ends: frozenset[str] = frozenset(("",))
    """It ends with one of these, where it may be more than a few strings."""


_ANYTHING = _Part(None, None)


class Literals(NamedTuple):
    """What tells of a line that a pattern does not match it."""

    strings: frozenset[str]
    """One of them stands in ``EDGE + line + EDGE`` of any line that it matches; "" says that nothing is known."""
    letters: float
    """So many ASCII letters has such a line at most, in lower case."""


UNKNOWN = Literals(frozenset(("",)), inf)


@lru_cache(maxsize=20_000)
def literals(pattern: str) -> Literals:
    r"""What an RE2 pattern asks of a line in lower case.

    >>> found = literals(r"(?s)^(?:photo(?:graph)?s? by|©) [^.]{2,60}$")
    >>> sorted(found.strings), found.letters
    (['\nphoto by ', '\nphotograph by ', '\nphotographs by ', '\nphotos by ', '\n© '], 73.0)
    >>> literals(r"^[\pL ]+$")
    Literals(strings=frozenset({''}), letters=inf)
    """
    if _OTHERWISE.search(pattern):
        return UNKNOWN
    readable = _CODE.sub(lambda found: rf"\U{int(found[1], 16):08x}", pattern)
    readable = _CLASS.sub(_readable, readable)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of classes that `re` may read otherwise one day
            tree = _parser.parse(readable)
    except (re.error, OverflowError, RecursionError):
        return UNKNOWN
    if not len(tree):
        return UNKNOWN
    part = _sequence(tree)
    strings = _rarer(part.holds, part.is_one_of)
    is_whole = [(str(operation), str(argument)) for operation, argument in (tree[0], tree[-1])] == _WHOLE
    return Literals(frozenset(_shortest(strings)) if strings else UNKNOWN.strings, _letters(tree) if is_whole else inf)


def _readable(found: re.Match[str]) -> str:
    inside = _PROPERTY.sub(lambda own: _RANGES[own[1] or own[2]], found[0])
    return inside if found[0][0] == "[" or inside == found[0] else f"[{inside}]"


def _shortest(strings: Iterable[str]) -> list[str]:
    """The strings less those that hold another of them."""
    kept: list[str] = []
    for string in sorted(strings, key=len):
        if not any(other in string for other in kept):
            kept.append(string)
    return kept


def _letters(items: Iterable[tuple[Any, Any]]) -> float:
    """Most ASCII letters of what parts in a row may be."""
    total = 0.0
    for operation, argument in items:
        match str(operation):
            case "LITERAL":
                total += chr(argument).isascii() and chr(argument).isalpha()
            case "AT":
                pass
            case "IN":
                total += _may_be_letter(argument)
            case "BRANCH":
                total += max(map(_letters, argument[1]))
            case "SUBPATTERN":
                total += _letters(argument[3])
            case "MAX_REPEAT" | "MIN_REPEAT":
                _, most, inside = argument
                own = _letters(inside)
                total += own and own * (inf if most is _parser.MAXREPEAT else int(most))
            case _:
                total += 1
    return total


def _may_be_letter(argument: Sequence[tuple[Any, Any]]) -> bool:
    """Whether a class has an ASCII letter; one that leaves out some, all of them."""
    known: set[str] = set()
    for operation, value in argument:
        match str(operation):
            case "NEGATE":
                pass
            case "LITERAL":
                known.add(chr(value))
            case "RANGE":
                known.update(map(chr, range(value[0], min(value[1], 127) + 1)))
            case _:
                return True
    is_negated = str(argument[0][0]) == "NEGATE"
    return not known.issuperset(ascii_lowercase) if is_negated else not known.isdisjoint(ascii_letters)


def _sequence(items: Iterable[tuple[Any, Any]], run: frozenset[str] = frozenset(("",))) -> _Part:
    """What is known of parts in a row, behind something that is one of ``run``."""
    holds: frozenset[str] | None = None
    is_whole = True
    for operation, argument in _written_out(items):
        part = _part(operation, argument, run)
        if part.is_one_of is not None and len(part.is_one_of) <= MOST:
            run = part.is_one_of
            continue
        is_whole = False
        holds = _rarer(_rarer(holds, run), part.holds)
        # too many together with what stands before it: alone it may be one of few
        alone = _part(operation, argument, frozenset(("",))) if part.is_one_of is not None else _ANYTHING
        run = part.ends if part.is_one_of is None else alone.is_one_of or frozenset(("",))
        run = run if len(run) <= MOST else frozenset(("",))
    return _Part(run if is_whole else None, _rarer(holds, run), run)


def _written_out(items: Iterable[tuple[Any, Any]]) -> Iterator[tuple[str, Any]]:
    """The parts by their names, with letters in a row as one string."""
    for operation, own in groupby(items, key=lambda item: str(item[0])):
        if operation == "LITERAL":
            yield operation, "".join([chr(code) for _, code in own])
        else:
            yield from ((operation, argument) for _, argument in own)


def _part(operation: str, argument: Any, run: frozenset[str]) -> _Part:
    """What is known of a part and what stands before it, which is one of ``run``."""
    match operation:
        case "LITERAL":
            return _joined(run, (argument,))
        case "AT":
            # edges of words are not written in rule packs
            is_edge = str(argument) in ("AT_BEGINNING", "AT_END", "AT_BEGINNING_STRING", "AT_END_STRING")
            return _joined(run, (EDGE if is_edge else "",))
        case "IN":
            found = _class(argument)
            return _joined(run, found) if found else _ANYTHING
        case "BRANCH":
            return _either([_sequence(branch, run) for branch in argument[1]])
        case "SUBPATTERN":
            return _ANYTHING if argument[1] & ~re.DOTALL else _sequence(argument[3], run)
        case "MAX_REPEAT" | "MIN_REPEAT":
            least, most, inside = argument
            return _repeated(least, most, inside, run)
        case _:
            return _ANYTHING


def _joined(run: frozenset[str], strings: Iterable[str]) -> _Part:
    joined = frozenset([one + other for one, other in product(run, strings)])
    # an edge has no width: two in a row are one
    return _Part(frozenset(map(_one_edge, joined)) if EDGE in strings else joined, None)


def _one_edge(string: str) -> str:
    return string.removesuffix(EDGE) if string.endswith(EDGE + EDGE) else string


def _class(argument: Sequence[tuple[Any, Any]]) -> set[str]:
    """The characters of a class; none where they are many."""
    found: set[str] = set()
    for operation, value in argument:
        if str(operation) == "LITERAL":
            found.add(chr(value))
        elif str(operation) == "RANGE" and value[1] - value[0] < SMALL_CLASS:
            found.update(map(chr, range(value[0], value[1] + 1)))
        else:
            return set()
    return found if len(found) <= SMALL_CLASS else set()


def _either(parts: Sequence[_Part]) -> _Part:
    one_of: frozenset[str] | None = frozenset()
    holds: frozenset[str] | None = frozenset()
    for part in parts:
        one_of = None if one_of is None or part.is_one_of is None else one_of | part.is_one_of
        own = _rarer(part.holds, part.is_one_of)
        holds = None if holds is None or own is None else holds | own
    return _Part(one_of, holds, frozenset().union(*[part.ends for part in parts]))


def _repeated(least: int, most: int, argument: Any, run: frozenset[str]) -> _Part:
    if least:
        found = _sequence(argument, run)
        return found if least == most == 1 else _Part(None, _rarer(found.holds, found.is_one_of))
    found = _sequence(argument, run) if most == 1 else _ANYTHING
    return _ANYTHING if found.is_one_of is None else _Part(found.is_one_of | run, None)


def _rarer(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    """The strings that fewer lines will hold, as far as lengths tell; None where neither rules any out."""
    known = [strings for strings in (one, other) if strings is not None and strings.isdisjoint(_EVERYWHERE)]
    return min(known, key=_frequency, default=None)


@lru_cache(maxsize=20_000)
def _frequency(strings: frozenset[str]) -> float:
    small = _small_words()
    return sum([SMALL if string in small else RARER ** -len(string) for string in strings])


@lru_cache(maxsize=1)
def _small_words() -> frozenset[str]:
    return frozenset(f" {word} " for words in WORDS.values() for word in words.split())
