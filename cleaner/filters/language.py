"""Paragraphs in another language than their document: a translated notice, a teaser of the site's other edition.

A paragraph goes only when two signs agree: it shares hardly any words with the rest of the text, not even the small
ones, and its script, its small words or a detector are sure of another language.

Left alone: short paragraphs, quotations (in quotation marks, or announced by a colon), line-ups and other lists of
names, and bilingual documents.  At most `MAX_ASKED` paragraphs a document are asked about.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence

from cleaner.chain import Line, View
from cleaner.document import Removal
from cleaner.language import detect, detect_lines, reads_as
from cleaner.text import scripts, tokens

NAME = "language"
# Letters a paragraph must have: under 100 langdetect is wrong about one paragraph in twelve.
MIN_LETTERS = 100
# Share of a paragraph's words that stand elsewhere in the document.  Paragraphs in the language of their document lie
# above .35 in every language that was looked at, since small words recur; those in another one lie below .15.
SHARED_WORDS = 0.2
# Lines whose words are counted first; then twice as many, and so on, as long as a paragraph shares too few with them.
AT_FIRST = 8
MAX_ASKED = 6
SURE = 0.99
# A document with more than this share of text in other languages is bilingual: nothing is removed.
BILINGUAL = 0.3
# Share of capitalised words from which a paragraph is a list of names: German prose, which capitalises most, has .35.
NAMES = 0.6
QUOTES = frozenset("\"'”’»›“‘„«‹「『《〈—–-")


class OtherLanguage:
    """Removes long paragraphs that are surely in another language than the document."""

    name = NAME

    def __init__(self, detector: str = "words") -> None:
        self.detector = detector

    def removals(self, view: View) -> Iterable[Removal]:
        """One removal a paragraph; nothing when the document's language is unknown."""
        document = view.document
        if document.language is None:
            return
        lines = view.lines
        suspects = {line.index for line in lines if _is_suspect(line.text, document.language)}
        if not suspects:
            return
        known = _Known([line.text for line in lines])
        main: str | None = None
        found: list[Removal] = []
        asked = foreign = 0
        for line in _told(lines, suspects):
            if asked >= MAX_ASKED:
                break
            if known.hold(tokens(line.text)):
                main = main or _script(document.text)
                if _script(line.text) == main:
                    continue
            asked += 1
            other = detect(line.text, detector=self.detector)
            if other and other.confidence >= SURE and other.code != document.language:
                foreign += len(line.text)
                found.append(
                    line.remove(
                        NAME,
                        "other-language",
                        f"A paragraph in {other.code} in a document in {document.language}.",
                        0.85,
                        {"language": other.code, "by": other.by, "sure": round(other.confidence, 4)},
                    )
                )
        if found and foreign <= BILINGUAL * sum(len(line.text) for line in lines):
            gone = {removal.start for removal in found}
            left = (line.text for line in lines if line.segment.start not in gone)
            rest = detect_lines(left, detector=self.detector)
            # A detector that does not know the document's own language takes its paragraphs for any other one.
            if rest is not None and rest.code == document.language:
                yield from found


def _told(lines: Sequence[Line], suspects: Container[int]) -> Iterator[Line]:
    """Those of some lines, by place, that are long and no part of a quotation which a line before them announces."""
    announced = False
    for line in lines:
        is_quotation, is_suspect = announced, line.index in suspects
        is_long = (announced or is_suspect) and sum(map(len, tokens(line.text))) >= MIN_LETTERS
        # a quotation may run over several short lines, as verse does
        announced = line.text.endswith((":", "：", "՝")) or (announced and not is_long)
        if is_suspect and is_long and not is_quotation:
            yield line


class _Known:
    """The words that stand in two lines of a document; no more lines are read than the answers take."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self._read = 0
        self._counts: Counter[str] = Counter()

    def hold(self, words: Sequence[str]) -> bool:
        """Whether so many of some words are among them that these are words of the document; there must be some."""
        while sum(self._counts[word] > 1 for word in words) / len(words) < SHARED_WORDS:
            if self._read >= len(self._lines):
                return False
            more = self._lines[self._read : 2 * self._read + AT_FIRST]
            for line in more:
                self._counts.update(set(tokens(line)))
            self._read += len(more)
        return True


def _is_suspect(text: str, language: str) -> bool:
    """True for what may be a long paragraph in another language, at a small part of the cost of being sure."""
    return len(text) >= MIN_LETTERS and text[0] not in QUOTES and not reads_as(text, language) and not _is_names(text)


def _is_names(text: str) -> bool:
    words = [word for word in text.split() if word[0].isalpha()]
    return sum(word[0].isupper() for word in words) > NAMES * len(words)


def _script(text: str) -> str | None:
    return next(iter(scripts(text)), None)
