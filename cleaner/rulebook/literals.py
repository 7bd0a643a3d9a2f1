r"""Literals of patterns: strings of which any match must hold at least one, so that one search for them rules most out.

A pattern is read as a tree, from below: of each part it is known which strings it may be, where they are few, and which
strings it must hold.  The beginning and the end of a line are written as `EDGE`, which stands nowhere else in it, so
that ``^by `` asks for lines that begin so and not for any that hold the word (after Cox 2012,
https://swtch.com/~rsc/regexp/regexp4.html).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import product
from math import inf, prod
from string import ascii_letters, digits
from typing import NamedTuple

from cleaner.function_words import WORDS
from cleaner.rulebook.syntax import Class, Counted, Edge, Either, Part, parse

EDGE = "\n"
"""The edges of a line: `cleaner.text.fold` leaves no line break in one."""
# Strings that one part of a pattern may be: more of them save nothing.
MOST = 32
# One in how many characters is such a one, in lines of news in any of nineteen languages; of a letter or digit, one of
# how many that stand in its place in a word or number.
OFTEN = {" ": 7.0, EDGE: 100.0, ".": 100.0, ",": 100.0, **dict.fromkeys(digits, 30.0)}
LETTER, OTHER = 8.0, 500.0
# A small word of any language, between spaces, is as rare as this.
SMALL = 0.003
# What every line holds.
_EVERYWHERE = frozenset(("", EDGE))
_LETTERS = frozenset(ascii_letters)


class _Rarity(dict[str, float]):
    """One in how many characters is this one."""

    def __missing__(self, character: str) -> float:
        self[character] = rarity = LETTER if character.isalnum() else OTHER
        return rarity


_RARITY = _Rarity(OFTEN)


class _Known(NamedTuple):
    """What is known of a part of a pattern; None where nothing is."""

    is_one_of: frozenset[str] | None
    holds: frozenset[str] | None
    ends: frozenset[str] = frozenset(("",))
    """It ends with one of these, where it may be more than a few strings."""


_ANYTHING = _Known(None, None)


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
    tree = parse(pattern)
    if not tree:
        return UNKNOWN
    part = _sequence(tree)
    strings = _rarer(part.holds, part.is_one_of)
    is_whole = tree[0] is Edge.BEGINNING and tree[-1] is Edge.END
    return Literals(strings or UNKNOWN.strings, float(_letters(tree)) if is_whole else inf)


def _letters(part: Part) -> float:
    """Most ASCII letters of what a part may be."""
    match part:
        case str():
            return len(part) if part.isascii() and part.isalpha() else sum(map(_LETTERS.__contains__, part))
        case list():
            return sum(map(_letters, part))
        case Class():
            return part.has_letter
        case Either():
            return max(map(_letters, part.branches))
        case Counted():
            own = _letters(part.part)
            return own and own * part.most
        case Edge():
            return 0


def _sequence(parts: Iterable[Part], run: frozenset[str] = frozenset(("",))) -> _Known:
    """What is known of parts in a row, behind something that is one of ``run``."""
    holds: frozenset[str] | None = None
    is_whole = True
    for part in parts:
        known = _part(part, run)
        if known.is_one_of is not None and len(known.is_one_of) <= MOST:
            run = known.is_one_of
            continue
        is_whole = False
        holds = _rarer(_rarer(holds, run), known.holds)
        # too many together with what stands before it: alone it may be one of few
        alone = _part(part, frozenset(("",))) if known.is_one_of is not None else _ANYTHING
        run = known.ends if known.is_one_of is None else alone.is_one_of or frozenset(("",))
        run = run if len(run) <= MOST else frozenset(("",))
    return _Known(run if is_whole else None, _rarer(holds, run), run)


def _part(part: Part, run: frozenset[str]) -> _Known:
    """What is known of a part and what stands before it, which is one of ``run``."""
    match part:
        case str():
            return _joined(run, (part,))
        case list():
            return _sequence(part, run)
        case Edge():
            return _joined(run, (EDGE,))
        case Class():
            return _joined(run, part.members) if part.members else _ANYTHING
        case Either():
            # most branches are plain strings: these are joined together
            plain: list[str] = []
            known: list[_Known] = []
            for branch in part.branches:
                if len(branch) == 1 and isinstance(branch[0], str):
                    plain.append(branch[0])
                else:
                    known.append(_sequence(branch, run))
            return _either([*known, _plain(run, plain)] if plain else known)
        case Counted():
            return _counted(part, run)


def _plain(run: frozenset[str], strings: Iterable[str]) -> _Known:
    """What is known of some branches that are characters in a row, behind something that is one of ``run``."""
    joined = _joins(run, strings)
    return _Known(joined, _rarer(joined, None), joined)


def _joined(run: frozenset[str], strings: Iterable[str]) -> _Known:
    return _Known(_joins(run, strings), None)


def _joins(run: frozenset[str], strings: Iterable[str]) -> frozenset[str]:
    joined = frozenset([one + other for one, other in product(run, strings)])
    # an edge has no width: two in a row are one
    return frozenset(map(_one_edge, joined)) if EDGE in strings else joined


def _one_edge(string: str) -> str:
    return string.removesuffix(EDGE) if string.endswith(EDGE + EDGE) else string


def _either(parts: Sequence[_Known]) -> _Known:
    one_of: frozenset[str] | None = frozenset()
    holds: frozenset[str] | None = frozenset()
    for part in parts:
        one_of = None if one_of is None or part.is_one_of is None else one_of | part.is_one_of
        own = _rarer(part.holds, part.is_one_of)
        holds = None if holds is None or own is None else holds | own
    return _Known(one_of, holds, frozenset().union(*[part.ends for part in parts]))


def _counted(counted: Counted, run: frozenset[str]) -> _Known:
    if counted.least:
        found = _sequence((counted.part,), run)
        if counted.most == 1:
            return found
        last = _sequence((counted.part,))
        ends = last.ends if last.is_one_of is None else last.is_one_of
        return _Known(None, _rarer(found.holds, found.is_one_of), ends)
    found = _part(counted.part, run) if counted.most == 1 else _ANYTHING
    return _ANYTHING if found.is_one_of is None else _Known(found.is_one_of | run, None)


def _rarer(one: frozenset[str] | None, other: frozenset[str] | None) -> frozenset[str] | None:
    """The strings that fewer lines will hold, as far as characters tell; None where neither rules any out."""
    if one is None or not one.isdisjoint(_EVERYWHERE):
        return other if other is not None and other.isdisjoint(_EVERYWHERE) else None
    if other is None or not other.isdisjoint(_EVERYWHERE):
        return one
    return one if _frequency(one) <= _frequency(other) else other


@lru_cache(maxsize=20_000)
def _frequency(strings: frozenset[str]) -> float:
    small = _small_words()
    return sum([SMALL if string in small else 1 / prod(map(_RARITY.__getitem__, string)) for string in strings])


@lru_cache(maxsize=1)
def _small_words() -> frozenset[str]:
    return frozenset(f" {word} " for words in WORDS.values() for word in words.split())
