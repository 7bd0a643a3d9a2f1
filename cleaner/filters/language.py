"""Paragraphs in another language than their document: a translated notice, a teaser of the site's other edition.

A paragraph goes only when two signs agree: it shares hardly any words with the rest of the text, not even the small
ones, and a detector (the script, or langdetect, seeded) is sure of another language.  Left alone: short paragraphs,
quotations, documents that are bilingual, and at most `MAX_ASKED` paragraphs a document are asked about.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from cleaner.chain import View
from cleaner.document import Removal
from cleaner.language import detect
from cleaner.text import CLOSERS, scripts, tokens

NAME = "language"
# Letters a paragraph must have: under 100 langdetect is wrong about one paragraph in twelve.
MIN_LETTERS = 100
# Share of a paragraph's words that stand elsewhere in the document.  Paragraphs in the language of their document lie
# above .35 in every language that was looked at, since small words recur; those in another one lie below .15.
SHARED_WORDS = 0.2
MAX_ASKED = 6
SURE = 0.99
# A document with more than this share of text in other languages is bilingual: nothing is removed.
BILINGUAL = 0.3


class OtherLanguage:
    """Removes long paragraphs that are surely in another language than the document."""

    name = NAME

    def removals(self, view: View) -> Iterable[Removal]:
        """One removal a paragraph; nothing when the document's language is unknown."""
        document = view.document
        if document.language is None:
            return
        lines = view.lines
        words = [tokens(line.text) for line in lines]
        counts: Counter[str] = Counter()
        for own in words:
            counts.update(set(own))
        main = _script(document.text)
        found: list[Removal] = []
        asked = foreign = 0
        for line, own in zip(lines, words, strict=True):
            if sum(map(len, own)) < MIN_LETTERS or asked >= MAX_ASKED or _quoted(line.text):
                continue
            shared = sum(counts[word] > 1 for word in own) / len(own)
            if shared >= SHARED_WORDS and _script(line.text) == main:
                continue
            asked += 1
            other = detect(line.text)
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
        if foreign <= BILINGUAL * sum(len(line.text) for line in lines):
            yield from found


def _quoted(text: str) -> bool:
    return text[:1] in CLOSERS + "„«“‘「『¿¡"


def _script(text: str) -> str | None:
    return next(iter(scripts(text)), None)
