"""The map of the survey: from documents to rows of lines, headlines and paragraphs."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from xxhash import xxh3_64_intdigest

from cleaner.document import Document, Segment
from cleaner.surveys.folding import fold_lines
from cleaner.surveys.ranges import starts
from cleaner.surveys.signatures import Hashes, mixed, sign
from cleaner.surveys.sites import section_of, site_of
from cleaner.surveys.tables import DOCUMENTS, LINES, PARAGRAPHS, TABLES
from cleaner.text import CHARACTERS_A_WORD, LONG_WORDS, SENTENCE_ENDS, UNSPACED, is_prose, weight

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
# Nor do fewer than this ever weigh `LONG_WORDS`.
SHORT_CHARACTERS = 40
# Lines that are no paragraphs, whose hashes a process remembers (12 MB): most of them are printed again and again, and
# where 2,660 sites take turns, half as many forget twice as often.
REMEMBERED = 1 << 16

# What most paragraphs begin with, and what tells of a line that it has enough words.
_CHARACTER = "".join(f"{chr(low)}-{chr(high)}" for low, high in UNSPACED)
_BEGINNING = re.compile(
    rf"(?:[^\W_]\S* ){{{MIN_WORDS - 1:.0f}}}[^\W_]|(?:[{_CHARACTER}]\W*){{{MIN_WORDS * CHARACTERS_A_WORD:.0f}}}"
)
_IN_WORDS = (string.ascii_letters + string.digits).encode()

_ODD = np.uint64(0x9E3779B97F4A7C15)


def hash_text(text: str) -> int:
    """The 64-bit hash of a text."""
    return xxh3_64_intdigest(text.encode("utf-8", "surrogatepass"))


_NOTHING = np.uint64(hash_text(""))
_hash_name = lru_cache(maxsize=65536)(hash_text)


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
    elif text[-1].isalnum() and not _may_be_long(text):
        return False
    if text.count(" ") >= LONG_WORDS and sum([word[0].isalpha() for word in text.split()]) >= LONG_WORDS:
        return True
    return is_prose(text) and weight(text) >= MIN_WORDS


def _may_be_long(text: str) -> bool:
    """Whether a line may weigh `LONG_WORDS`: there is something between any two words, and characters weigh less."""
    if not text.isascii():
        return len(text) >= SHORT_CHARACTERS
    return len(text) >= 2 * LONG_WORDS - 1 and len(text.encode().translate(None, _IN_WORDS)) >= LONG_WORDS - 1


_remembered: dict[str, int] = {}


def _look(texts: Sequence[str]) -> tuple[list[int], dict[int, str]]:
    """The hashes of lines, and by place the folded form of those that read as paragraphs."""
    if len(_remembered) >= REMEMBERED:
        _remembered.clear()
    known = list(map(_remembered.get, texts))
    new = [place for place, one in enumerate(known) if one is None]
    fresh = [texts[place] for place in new]
    folded = [one[:MAX_PARAGRAPH] for one in fold_lines(fresh)]
    paragraphs = {}
    for place, text, line in zip(new, fresh, folded, strict=True):
        known[place] = found = hash_text(line)
        if reads_as_paragraph(text):
            paragraphs[place] = line
        elif len(text) <= MAX_LINE:
            _remembered[text] = found
    return [found for found in known if found is not None], paragraphs


class _Rows:
    """The lines of documents, and what is a paragraph among them: from these come the rows of all tables."""

    def __init__(self, documents: Sequence[Document]) -> None:
        self.documents = documents
        self.segments = [segment for document in documents for segment in document.segments]
        self.texts = [document.content(segment) for document in documents for segment in document.segments]
        hashes, folded = _look(self.texts)
        self.hashes = np.array(hashes, dtype=np.uint64)
        # what extraction left out is no paragraph, however it reads
        markup = ((place, self.segments[place].markup) for place in folded)
        places = [place for place, one in markup if one is None or one.witness is not False]
        self.folded = [folded[place] for place in places]
        # what the copy is told from: the text itself, so that capitals still tell names
        self.paragraphs = [self.texts[place] for place in places]
        self.places = np.array(places, dtype=np.int64)
        self.sizes = np.array([len(document.segments) for document in documents], dtype=np.int64)
        ends = np.cumsum(self.sizes)
        # of each line its document, and its number in that; of each document its paragraphs
        self.owners = np.repeat(np.arange(len(documents)), self.sizes)
        self.inside = np.arange(len(self.owners)) - np.repeat(ends - self.sizes, self.sizes)
        self.told = np.diff(np.searchsorted(self.places, ends), prepend=0)

    def documents_table(self, docs: Hashes, sites: Sequence[str | None], sections: Sequence[str | None]) -> pa.Table:
        """A row for each document."""
        rows = []
        begin = line = 0
        for document, doc, site, section, count, size in zip(
            self.documents, docs.tolist(), sites, sections, self.told.tolist(), self.sizes.tolist(), strict=True
        ):
            own = self.paragraphs[begin : begin + count]
            rows.append(
                (
                    doc,
                    document.id,
                    document.source,
                    document.url,
                    site,
                    section,
                    document.date,
                    headline_of(document, self.texts[line : line + min(1, size)]),
                    own[0][:MAX_LEAD] if own else None,
                    sum(map(len, own)),
                    count,
                )
            )
            begin += count
            line += size
        columns = zip(*rows, strict=True) if rows else [()] * len(DOCUMENTS)
        return pa.Table.from_arrays(
            [pa.array(column, kind.type) for column, kind in zip(columns, DOCUMENTS, strict=True)], schema=DOCUMENTS
        )

    def lines_table(self, sites: Sequence[str | None], sections: Sequence[str | None]) -> pa.Table:
        """A row for each line of a document with a site: for its first, where the document has it several times."""
        hashes, owners, inside = self.hashes, self.owners, self.inside
        of_site, of_section = (
            np.array([0 if name is None else _hash_name(name) for name in names], dtype=np.uint64)
            for names in (sites, sections)
        )
        order = np.lexsort((hashes, owners))
        first = order[starts(hashes[order], owners[order])]
        first = first[(of_site[owners[first]] != 0) & (hashes[first] != _NOTHING)]
        rows = np.sort(first)
        owner, place, size = owners[rows], inside[rows], self.sizes[owners[rows]]
        is_story = np.zeros(len(hashes) + 2, dtype=np.bool_)
        is_story[self.places + 1] = True
        opening, closing = self._bounds()
        opening, closing = opening[owner], closing[owner]
        counts = (
            np.ones(len(rows), dtype=np.bool_),
            place < opening,
            (opening <= place) & (place <= closing),
            (place > closing) & (closing >= 0),
            is_story[rows] & is_story[rows + 2] & (place > 0) & (place < size - 1),
            place == 0,
            place == size - 1,
        )
        told = is_story[rows + 1]
        texts = self.texts
        return pa.Table.from_arrays(
            [
                pa.array(line_keys(of_site[owner], hashes[rows])),
                pa.array(np.where(told, np.uint64(0), of_section[owner])),
                pa.array(sites, pa.string()).take(pa.array(owner)),
                pa.array([texts[row][:MAX_LINE] for row in rows.tolist()], pa.string(), mask=told),
                *(pa.array(count.astype(np.int32)) for count in counts),
            ],
            schema=LINES,
        )

    def _bounds(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Of each document the numbers of the lines that are its first and last paragraph; of one without, none is."""
        first, last = self.sizes.copy(), np.full(len(self.sizes), -1)
        ends = np.cumsum(self.told)
        has = self.told > 0
        first[has] = self.inside[self.places[(ends - self.told)[has]]]
        last[has] = self.inside[self.places[ends[has] - 1]]
        return first, last

    def paragraphs_table(self, docs: Hashes) -> pa.Table:
        """A row for each paragraph."""
        segments = [self.segments[place] for place in self.places.tolist()]
        bands, numbers = sign(self.folded)
        return pa.Table.from_arrays(
            [
                pa.array(docs[self.owners[self.places]]),
                pa.array(self.inside[self.places].astype(np.int32)),
                pa.array([segment.start for segment in segments], pa.int32()),
                pa.array([segment.line for segment in segments], pa.int32()),
                pa.array(self.hashes[self.places]),
                pa.array(numbers),
                pa.array([text[:MAX_PARAGRAPH] for text in self.paragraphs], pa.string()),
                pa.FixedSizeBinaryArray.from_buffers(
                    PARAGRAPHS.field("bands").type, len(bands), [None, pa.py_buffer(np.ascontiguousarray(bands))]
                ),
            ],
            schema=PARAGRAPHS,
        )


def survey_documents(documents: Iterable[Document], known: Sequence[int] | None = None) -> dict[str, pa.Table]:
    """The map: tables of `TABLES` for some documents, those apart whose keys are among the sorted ``known`` ones.

    >>> text = "The council of Elm voted on Monday to rebuild the old bridge over the river before winter."
    >>> survey_documents([Document.from_text(text, id="a", url="https://elm.org/x/y")])["lines"].num_rows
    1
    """
    chosen, keys = [], []
    for document in documents:
        key = document_key(document)
        if known is not None:
            place = int(np.searchsorted(known, np.uint64(key)))
            if place < len(known) and known[place] == key:
                continue
        chosen.append(document)
        keys.append(key)
    rows, docs = _Rows(chosen), np.array(keys, dtype=np.uint64)
    sites, sections = list(map(site_of, chosen)), list(map(section_of, chosen))
    return {
        "documents": rows.documents_table(docs, sites, sections),
        "lines": rows.lines_table(sites, sections),
        "paragraphs": rows.paragraphs_table(docs),
    }


def empty_tables() -> dict[str, pa.Table]:
    """Tables without rows."""
    return {name: schema.empty_table() for name, schema in TABLES.items()}
