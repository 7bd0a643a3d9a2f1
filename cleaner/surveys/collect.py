"""The map of the survey: from documents to rows of lines, headlines and paragraphs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import rensa
from xxhash import xxh3_64_intdigest

from cleaner.document import Document, Segment
from cleaner.surveys.sites import section_of, site_of
from cleaner.surveys.tables import BAND_ROWS, BANDS, COUNTS, DOCUMENTS, LINES, PARAGRAPHS, SEED, TABLES
from cleaner.text import BULLETS, CLOSERS, LONG_WORDS, SENTENCE_ENDS, UNSPACED, fold, is_prose, weight, word_matches

# Paragraphs shorter than this repeat by chance (see `filters.repeats`).
MIN_WORDS = 12.0
# A headline has at most this many words; a text without a title of its own may begin with one.
HEADLINE_WORDS = 30.0
# Characters kept of a line that is no paragraph, and of a lead.
MAX_LINE = 300
MAX_LEAD = 600
# Bounds the work on one paragraph.
MAX_PARAGRAPH = 4_000
# From this share of characters of scripts without spaces on, signatures are of characters and not of words.
UNSPACED_SHARE = 0.3
GRAM = 3

_UNSPACED = re.compile("[" + "".join(f"{chr(low)}-{chr(high)}" for low, high in UNSPACED) + "]")
_PUNCTUATION = f"{SENTENCE_ENDS}{CLOSERS}{BULLETS},;:،、：؛“„«‘([{{<"
_MARKS = str.maketrans({mark: " " for mark in _PUNCTUATION if mark.isascii()})
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
_ODD = np.array([0x9E3779B97F4A7C15 * (2 * place + 1) % 2**64 | 1 for place in range(BAND_ROWS)], dtype=np.uint64)

Keys = npt.NDArray[np.uint32]


def hash_text(text: str) -> int:
    """The 64-bit hash of a text."""
    return xxh3_64_intdigest(text.encode("utf-8", "surrogatepass"))


def document_key(document: Document) -> int:
    """The key of a document: the same for the same id and text, whatever run it came by."""
    return hash_text(f"{document.id}\0{document.text}")


def line_key(site: str, folded: str) -> int:
    """The key of a line of a site, or of a section."""
    return hash_text(f"{site}\0{folded}")


def headline_of(document: Document, texts: Sequence[str]) -> str | None:
    """The headline of a document: its title, else its first line where that has the form of one."""
    if document.title:
        return document.title
    if texts and not is_prose(texts[0]) and weight(texts[0]) < HEADLINE_WORDS:
        return texts[0]
    return None


def is_paragraph(segment: Segment, text: str) -> bool:
    """Whether a line counts as a paragraph of the document."""
    if segment.markup is not None and segment.markup.witness is False:
        return False
    # most paragraphs are so long that there is no need to weigh them, which takes five times as long
    if text.count(" ") >= LONG_WORDS and sum([word[0].isalpha() for word in text.split()]) >= LONG_WORDS:
        return True
    return is_prose(text) and weight(text) >= MIN_WORDS


@dataclass
class Rows:
    """Rows of the tables of a survey, as columns under construction."""

    documents: list[tuple[object, ...]] = field(default_factory=list)
    lines: list[tuple[object, ...]] = field(default_factory=list)
    paragraphs: list[tuple[int, int, int, int, int, int, str]] = field(default_factory=list)
    grams: list[Sequence[str]] = field(default_factory=list)

    def add(self, document: Document, doc: int) -> None:
        """Add a document with its key."""
        texts = [document.content(segment) for segment in document.segments]
        site, section = site_of(document), section_of(document)
        folded = [fold(text) for text in texts]
        prose = [
            place
            for place, (segment, text) in enumerate(zip(document.segments, texts, strict=True))
            if is_paragraph(segment, text)
        ]
        if site is not None:
            self._add_lines(site, section, texts, folded, prose)
        chars = 0
        for place in prose:
            text = texts[place][:MAX_PARAGRAPH]
            chars += len(texts[place])
            own = folded[place][:MAX_PARAGRAPH]
            # what the copy is told from: the text itself, so that capitals still tell names
            segment = document.segments[place]
            self.paragraphs.append((doc, place, segment.start, segment.line, hash_text(own), hash_numbers(own), text))
            self.grams.append(grams_of(own))
        self.documents.append(
            (
                doc,
                document.id,
                document.source,
                document.url,
                site,
                section,
                document.date,
                headline_of(document, texts),
                texts[prose[0]][:MAX_LEAD] if prose else None,
                chars,
                len(prose),
            )
        )

    def _add_lines(
        self, site: str, section: str | None, texts: Sequence[str], folded: Sequence[str], prose: Sequence[int]
    ) -> None:
        first, last = (prose[0], prose[-1]) if prose else (len(texts), -1)
        story = set(prose)
        seen: set[str] = set()
        for place, own in enumerate(folded):
            if own in seen or not own:
                continue
            seen.add(own)
            is_story = place in story
            # one bit for each of COUNTS
            counted = (
                1
                | (place < first) << 1
                | (first <= place <= last) << 2
                | (place > last >= 0) << 3
                | (place - 1 in story and place + 1 in story) << 4
                | (place == 0) << 5
                | (place == len(folded) - 1) << 6
            )
            text = None if is_story else texts[place][:MAX_LINE]
            words = float(own.count(" ") + 1) if is_story else weight(texts[place])
            self.lines.append((line_key(site, own), site, text, words, is_story, counted))
            if section is not None and not is_story:
                self.lines.append((line_key(section, own), section, text, words, is_story, counted))

    def _lines_table(self) -> pa.Table:
        *columns, counted = zip(*self.lines, strict=True) if self.lines else [()] * (len(LINES) - len(COUNTS) + 1)
        bits = np.array(counted, dtype=np.int32)
        arrays = [pa.array(column, kind.type) for column, kind in zip(columns, LINES, strict=False)]
        arrays += [pa.array(bits >> place & 1) for place in range(len(COUNTS))]
        return pa.Table.from_arrays(arrays, schema=LINES)

    def tables(self) -> dict[str, pa.Table]:
        """The rows as tables, by name of `TABLES`."""
        paragraphs = list(zip(*self.paragraphs, strict=True)) if self.paragraphs else [()] * 7
        bands = band_keys(self.grams)
        return {
            "documents": _table(self.documents, DOCUMENTS),
            "lines": self._lines_table(),
            "paragraphs": pa.Table.from_arrays(
                [
                    *(pa.array(column, kind.type) for column, kind in zip(paragraphs, PARAGRAPHS, strict=False)),
                    pa.FixedSizeListArray.from_arrays(pa.array(bands.reshape(-1)), BANDS),
                ],
                schema=PARAGRAPHS,
            ),
        }


def _table(rows: Sequence[tuple[object, ...]], schema: pa.Schema) -> pa.Table:
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    arrays = [pa.array(column, kind.type) for column, kind in zip(columns, schema, strict=True)]
    return pa.Table.from_arrays(arrays, schema=schema)


def hash_numbers(folded: str) -> int:
    """The hash of the numbers of a text, in any order.

    >>> hash_numbers("2 of 30") == hash_numbers("30 and 2"), hash_numbers("2") == hash_numbers("3")
    (True, False)
    """
    return hash_text(" ".join(sorted(_NUMBER.findall(folded))))


def words_of(folded: str) -> list[str]:
    """The words of a folded text without the marks around them; of scripts without spaces, its characters.

    >>> words_of("the council, in “elm”: yes"), words_of("外长会晤")
    (['the', 'council', 'in', 'elm', 'yes'], ['外', '长', '会', '晤'])
    """
    if folded.isascii():
        return folded.translate(_MARKS).split()
    if is_unspaced(folded):
        return list("".join(match.group() for match in word_matches(folded)))
    # a third of the time that `tokens` takes, and as good for a signature
    return [bare for word in folded.split() if (bare := word.strip(_PUNCTUATION))]


def is_unspaced(folded: str) -> bool:
    """Whether a text is for the most part in scripts without spaces between words."""
    return not folded.isascii() and len(_UNSPACED.findall(folded)) > UNSPACED_SHARE * len(folded)


def grams_of(folded: str) -> list[str]:
    """What a signature is made of: words, or, for scripts without spaces, every `GRAM` characters in a row."""
    words = words_of(folded)
    if folded.isascii() or len(words) * 2 < len(folded):  # of one character each are those of unspaced scripts alone
        return words or [folded]
    bare = "".join(words)
    return [bare[place : place + GRAM] for place in range(max(1, len(bare) - GRAM + 1))]


def band_keys(grams: Sequence[Sequence[str]]) -> Keys:
    """Keys of the `BANDS` bands of each signature: equal keys mean that all rows of the band are equal."""
    if not grams:
        return np.empty((0, BANDS), dtype=np.uint32)
    matrix = rensa.RMinHash.digest_matrix_from_token_sets(grams, BANDS * BAND_ROWS, SEED)
    size = len(grams) * BANDS * BAND_ROWS
    flat = np.fromiter(chain.from_iterable(matrix.to_rows()), dtype=np.uint64, count=size)
    keys = np.einsum("nbr,r->nb", flat.reshape(len(grams), BANDS, BAND_ROWS), _ODD)
    bands: Keys = (keys >> np.uint64(32)).astype(np.uint32)
    return bands


def survey_documents(documents: Iterable[Document], known: Sequence[int] | None = None) -> dict[str, pa.Table]:
    """The map: tables of `TABLES` for some documents, those apart whose keys are among the sorted ``known`` ones.

    >>> text = "The council of Elm voted on Monday to rebuild the old bridge over the river before winter."
    >>> survey_documents([Document.from_text(text, id="a", url="https://elm.org/x/y")])["lines"].num_rows
    1
    """
    rows = Rows()
    for document in documents:
        doc = document_key(document)
        if known is not None:
            place = int(np.searchsorted(known, np.uint64(doc)))
            if place < len(known) and known[place] == doc:
                continue
        rows.add(document, doc)
    return rows.tables()


def empty_tables() -> dict[str, pa.Table]:
    """Tables without rows."""
    return {name: schema.empty_table() for name, schema in TABLES.items()}
