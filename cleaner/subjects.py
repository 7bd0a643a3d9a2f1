"""What a text is about, as far as words tell: its telling words, and the share of them that another text knows.

Telling are long words, and names most of all: words with a capital letter inside a sentence, where the script has case.
Words count as the same when they begin alike (`STEM`), which sees through most endings.  Scripts without case write
small words as prefixes, so their words are compared by any `WORD_LETTERS` letters in a row, those of Korean by any
two syllables.  Of scripts that put no spaces between words (Chinese, Japanese, Thai, …) every pair of characters is a
word, except of Hiragana, which writes grammar.

>>> story = Words(["The council of Elm voted to rebuild the old bridge.", "Work on the bridge begins in May."])
>>> teaser = Words(["Insurers trebled their prices for tankers that pass the straits of Qadun."])
>>> story.share_of(Words(["The bridge in Elm is closed."])), story.share_of(teaser)
(0.75, 0.0)
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from cleaner.text import UNSPACED, fold, is_prose, word_matches

# Figures are shares of cruft among the words that `filters.topic` takes, as it stands .968.
# Letters from which a word tells, and syllables from which one of Korean does; with 5 letters it is .896: small words
# that recur hold the story together, too.
WORD_LETTERS = 4
SYLLABLES = 2
NAME_LETTERS = 3
LONG_LETTERS = 8
# How much a name and a long word tell beside another one; with names at 1 it is .918, at 3 .970.
NAME_WEIGHT = 2.0
LONG_WEIGHT = 1.5
# Letters by which words of scripts with case are compared (with 6 .947, with 7 .910, with 4 .955).
STEM = 5

_HIRAGANA = "\u3040-\u309f"
_DENSE = "".join(f"{chr(low)}-{chr(high)}" for low, high in UNSPACED)
_IS_DENSE = re.compile(f"[{_DENSE}]")
_DENSE_RUN = re.compile(f"(?:(?![{_HIRAGANA}])[{_DENSE}])+")
# What a sentence, a quotation or an item begins behind: a capital letter says nothing there.
_OPENINGS = frozenset(".!?…:;|*/•·-–—\"'“”„«»‹›‘’(")

Grams = tuple[str, ...]


class Words:
    """The telling words of some lines: for each, the grams it is known by, its weight, and how it was written."""

    __slots__ = ("grams", "weights")

    def __init__(self, texts: Iterable[str]) -> None:
        self.weights: dict[Grams, tuple[float, str]] = {}
        for text in texts:
            self._read(text)
        self.grams = {gram for grams in self.weights for gram in grams}

    def __len__(self) -> int:
        return len(self.weights)

    def share_of(self, other: Words) -> float:
        """Share of the other text's telling words, by weight, that stand in this one; 1 where there are none."""
        total = sum(weight for weight, _ in other.weights.values())
        return sum(weight for weight, _ in self._known(other)) / total if total else 1.0

    def examples(self, count: int, known_to: Words | None = None) -> list[str]:
        """The most telling words, in the order of the text; with ``known_to``, those that stand there, too."""
        found = self.weights.values() if known_to is None else known_to._known(self)
        best = sorted(enumerate(found), key=lambda item: (-item[1][0], item[0]))[:count]
        return [word for _, (_, word) in sorted(best)]

    def names_in(self, other: Words) -> set[str]:
        """The grams of the names among these words that stand in the other text."""
        known = other.grams
        names = [grams for grams, (weight, _) in self.weights.items() if weight >= NAME_WEIGHT]
        return {gram for grams in names if not known.isdisjoint(grams) for gram in grams}

    def _known(self, other: Words) -> list[tuple[float, str]]:
        known = self.grams
        return [found for grams, found in other.weights.items() if not known.isdisjoint(grams)]

    def _read(self, text: str) -> None:
        for match in word_matches(text):
            word = match.group()
            if not word[0].isalpha():
                continue
            if not word.isascii() and _IS_DENSE.search(word):
                for run in _DENSE_RUN.findall(word):
                    for place in range(len(run) - 1):
                        pair = run[place : place + 2]
                        self.weights[(pair,)] = (1.0, pair)
                continue
            folded = word.casefold()
            is_upper = word[0].isupper()
            size = SYLLABLES if "\uac00" <= word[0] <= "\ud7af" else WORD_LETTERS
            start = match.start()
            before = text[max(0, start - 4) : start].rstrip()[-1:]
            if is_upper and len(word) >= NAME_LETTERS and before and before not in _OPENINGS:
                weight = NAME_WEIGHT
            elif len(folded) >= size:
                weight = LONG_WEIGHT if len(folded) >= LONG_LETTERS else 1.0
            else:
                continue
            grams: Grams = (folded[:STEM],)
            if not is_upper and not word[0].islower():
                grams = tuple(folded[place : place + size] for place in range(max(1, len(folded) - size + 1)))
            old = self.weights.get(grams)
            if old is None or old[0] < weight:
                self.weights[grams] = (weight, word)


def shares(lines: Iterable[str]) -> list[float]:
    """For each paragraph of prose, the share of its telling words that stand in another one; copies count once."""
    prose = [Words([line]) for line in {fold(line): line for line in lines if is_prose(line)}.values()]
    counts = Counter(gram for own in prose for gram in own.grams)
    found = []
    for own in prose:
        total = sum(weight for weight, _ in own.weights.values())
        if total:
            again = sum(weight for grams, (weight, _) in own.weights.items() if any(counts[gram] > 1 for gram in grams))
            found.append(again / total)
    return found
