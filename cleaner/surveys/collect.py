"""The map of the survey: from documents to rows of lines, headlines and paragraphs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from xxhash import xxh3_64_intdigest

from cleaner.document import Document, Segment
from cleaner.surveys.signatures import Hashes, mixed, sign
from cleaner.surveys.sites import section_of, site_of
from cleaner.surveys.tables import DOCUMENTS, LINES, PARAGRAPHS, TABLES
from cleaner.text import CHARACTERS_A_WORD, LONG_WORDS, SENTENCE_ENDS, UNSPACED, fold_line, is_prose, weight

# Paragraphs shorter than this repeat by chance (see `filters.repeats`).
MIN_WORDS = 12.0
# A headline has at most this many words; a text without a title of its own may begin with one.
HEADLINE_WORDS = 30.0
# Characters kept of a line that is no paragraph, and of a lead.
MAX_LINE = 300
MAX_LEAD = 600
# Bounds the work on one paragraph.
MAX_PARAGRAPH = 4_000
# Fewer characters than this never weigh `MIN_WORDS`: at best a letter and a character of an unspaced script take turns.
MIN_CHARACTERS = 16
# Lines that are no paragraphs, whose hashes a process remembers: most of them are printed again and again.
REMEMBERED = 1 << 15

# What most paragraphs begin with, and what tells of a line that it has enough words.
_CHARACTER = "".join(f"{chr(low)}-{chr(high)}" for low, high in UNSPACED)
_BEGINNING = re.compile(
    rf"(?:[^\W_]\S* ){{{MIN_WORDS - 1:.0f}}}[^\W_]|(?:[{_CHARACTER}]\W*){{{MIN_WORDS * CHARACTERS_A_WORD:.0f}}}"
)

_ODD = np.uint64(0x9E3779B97F4A7C15)


def hash_text(text: str) -> int:
    """The 64-bit hash of a text."""
    return xxh3_64_intdigest(text.encode("utf-8", "surrogatepass"))


def document_key(document: Document) -> int:
    """The key of a document: the same for the same id and text, whatever run it came by."""
    return hash_text(f"{document.id}\0{document.text}")


def hash_line(folded: str) -> int:
    """The hash of a folded line, of which its first `MAX_PARAGRAPH` characters count."""
    return hash_text(folded[:MAX_PARAGRAPH])


def line_keys(scopes: Hashes, lines: Hashes) -> Hashes:
    """The keys of lines of sites, of the hashes of both; or of sections, of their hashes and the keys in the site."""
    return mixed(scopes * _ODD + lines)


def headline_of(document: Document, texts: Sequence[str]) -> str | None:
    """The headline of a document: its title, else its first line where that has the form of one."""
    if document.title:
        return document.title
    if texts and not is_prose(texts[0]) and weight(texts[0]) < HEADLINE_WORDS:
        return texts[0]
    return None


def is_paragraph(segment: Segment, text: str) -> bool:
    """Whether a line counts as a paragraph of the document: as prose of `MIN_WORDS` and more."""
    if segment.markup is not None and segment.markup.witness is False:
        return False
    return reads_as_paragraph(text)


def reads_as_paragraph(text: str) -> bool:
    """Whether a line, without white space around it, is prose of `MIN_WORDS` and more.

    >>> reads_as_paragraph("The council of Elm voted on Monday to rebuild the old bridge over the river.")
    True
    """
    if len(text) < MIN_CHARACTERS:
        return False
    # most lines are settled by a look at their end and their first words: to weigh them takes five times as long
    if text[-1] in SENTENCE_ENDS:
        if _BEGINNING.match(text) is not None:
            return True
    elif len(text) < 2 * LONG_WORDS - 1 and text.isascii() and text[-1].isalnum():
        return False
    if text.count(" ") >= LONG_WORDS and sum([word[0].isalpha() for word in text.split()]) >= LONG_WORDS:
        return True
    return is_prose(text) and weight(text) >= MIN_WORDS


_remembered: dict[str, int] = {}


def _look(text: str) -> tuple[int, str | None]:
    """The hash of a line, and its folded form where it reads as a paragraph."""
    known = _remembered.get(text)
    if known is not None:
        return known, None
    folded = fold_line(text)
    found = hash_line(folded)
    if reads_as_paragraph(text):
        return found, folded
    if len(text) <= MAX_LINE:
        if len(_remembered) >= REMEMBERED:
            _remembered.clear()
        _remembered[text] = found
    return found, None


@dataclass
class Rows:
    """Rows of the tables of a survey, as columns under construction."""

    documents: list[tuple[object, ...]] = field(default_factory=list)
    # of each document: how many lines it has, hashes of its site and section (0: none)
    sizes: list[int] = field(default_factory=list)
    sites: list[int] = field(default_factory=list)
    sections: list[int] = field(default_factory=list)
    # of each line: its hash, and the text of one that is no paragraph
    hashes: list[int] = field(default_factory=list)
    texts: list[str | None] = field(default_factory=list)
    # of each paragraph: place among the lines of all documents, start, line, text, folded
    places: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    paragraphs: list[str] = field(default_factory=list)
    folded: list[str] = field(default_factory=list)

    def add(self, document: Document, doc: int) -> None:
        """Add a document with its key."""
        site, section = site_of(document), section_of(document)
        content, segments = document.text, document.segments
        before, count, chars = len(self.hashes), len(self.places), 0
        for place, segment in enumerate(segments, before):
            text = content[segment.start : segment.end].strip()
            found, folded = _look(text)
            self.hashes.append(found)
            if folded is None or (segment.markup is not None and segment.markup.witness is False):
                self.texts.append(text[:MAX_LINE])
                continue
            self.texts.append(None)
            chars += len(text)
            self.places.append(place)
            self.starts.append(segment.start)
            self.numbers.append(segment.line)
            # what the copy is told from: the text itself, so that capitals still tell names
            self.paragraphs.append(text[:MAX_PARAGRAPH])
            self.folded.append(folded[:MAX_PARAGRAPH])
        self.sizes.append(len(segments))
        self.sites.append(hash_text(site) if site is not None else 0)
        self.sections.append(hash_text(section) if section is not None else 0)
        begins = [document.content(segment) for segment in segments[:1]]
        has_story = len(self.places) > count
        self.documents.append(
            (
                doc,
                document.id,
                document.source,
                document.url,
                site,
                section,
                document.date,
                headline_of(document, begins),
                self.paragraphs[count][:MAX_LEAD] if has_story else None,
                chars,
                len(self.places) - count,
            )
        )

    def _lines_table(self, hashes: Hashes, owners: npt.NDArray[np.int64], inside: npt.NDArray[np.int64]) -> pa.Table:
        """Lines of sites; ``owners`` are the documents of all lines, ``inside`` their numbers in these."""
        sizes = np.array(self.sizes, dtype=np.int64)
        is_story = np.zeros(len(hashes), dtype=np.bool_)
        told = np.array(self.places, dtype=np.int64)
        is_story[told] = True
        first, last = sizes.copy(), np.full(len(sizes), -1)
        first[owners[told[::-1]]] = inside[told[::-1]]  # of several, the one that is written last stays
        last[owners[told]] = inside[told]
        first, last, end = first[owners], last[owners], sizes[owners] - 1
        behind_story, before_story = np.zeros((2, len(hashes)), dtype=np.bool_)
        behind_story[1:] = is_story[:-1]
        before_story[:-1] = is_story[1:]
        counts = (
            np.ones(len(hashes), dtype=np.bool_),
            inside < first,
            (first <= inside) & (inside <= last),
            (inside > last) & (last >= 0),
            behind_story & before_story & (inside > 0) & (inside < end),
            inside == 0,
            inside == end,
        )
        # the first line of a site's document that has these words
        order = np.lexsort((hashes, owners))
        new = np.ones(len(order), dtype=np.bool_)
        new[1:] = (hashes[order][1:] != hashes[order][:-1]) | (owners[order][1:] != owners[order][:-1])
        sites = np.array(self.sites, dtype=np.uint64)
        chosen = np.zeros(len(hashes), dtype=np.bool_)
        chosen[order[new]] = True
        chosen &= (sites[owners] != 0) & (hashes != np.uint64(hash_text("")))
        rows = np.flatnonzero(chosen)
        owner = owners[rows]
        sections = np.where(is_story[rows], np.uint64(0), np.array(self.sections, dtype=np.uint64)[owner])
        names = pa.array([row[4] for row in self.documents], pa.string())
        return pa.Table.from_arrays(
            [
                pa.array(line_keys(sites[owner], hashes[rows])),
                pa.array(sections),
                names.take(pa.array(owner)),
                pa.array(self.texts, pa.string()).take(pa.array(rows)),
                *(pa.array(count[rows].astype(np.int32)) for count in counts),
            ],
            schema=LINES,
        )

    def tables(self) -> dict[str, pa.Table]:
        """The rows as tables, by name of `TABLES`."""
        hashes = np.array(self.hashes, dtype=np.uint64)
        sizes = np.array(self.sizes, dtype=np.int64)
        owners = np.repeat(np.arange(len(sizes)), sizes)
        inside = np.arange(len(hashes)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        columns = list(zip(*self.documents, strict=True)) if self.documents else [()] * len(DOCUMENTS)
        told = np.array(self.places, dtype=np.int64)
        bands, numbers = sign(self.folded)
        docs = np.array(columns[0], dtype=np.uint64)
        return {
            "documents": pa.Table.from_arrays(
                [pa.array(column, kind.type) for column, kind in zip(columns, DOCUMENTS, strict=True)],
                schema=DOCUMENTS,
            ),
            "lines": self._lines_table(hashes, owners, inside),
            "paragraphs": pa.Table.from_arrays(
                [
                    pa.array(docs[owners[told]]),
                    pa.array(inside[told].astype(np.int32)),
                    pa.array(self.starts, pa.int32()),
                    pa.array(self.numbers, pa.int32()),
                    pa.array(hashes[told]),
                    pa.array(numbers),
                    pa.array(self.paragraphs, pa.string()),
                    pa.FixedSizeBinaryArray.from_buffers(
                        PARAGRAPHS.field("bands").type, len(bands), [None, pa.py_buffer(np.ascontiguousarray(bands))]
                    ),
                ],
                schema=PARAGRAPHS,
            ),
        }


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
