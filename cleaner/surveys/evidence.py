"""What the filters ask of a survey, in Arrow files that are mapped into memory: workers share them and copy nothing.

`build_evidence` makes them from a survey, `Survey` opens them.  Nothing in them is changed after they were written.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cleaner.atomic import write_whole
from cleaner.document import Document
from cleaner.surveys.collect import document_key, hash_text, line_key, words_of
from cleaner.surveys.copies import copy_keys, find_copies, write_arrow
from cleaner.surveys.folder import ROWS, SurveyFolder
from cleaner.surveys.group import Mapper
from cleaner.surveys.sites import section_of, site_of
from cleaner.surveys.tables import COUNTS
from cleaner.text import fold

# Lines that fewer documents of a site have say nothing of other documents.
MIN_DOCS = 2
# Words at either end of a headline or lead by which it is found when it was cut or changed.
EDGE_WORDS = 6
# Characters of an unspaced script are tokens of their own and need more of them.
MIN_TOKENS = 3
# Candidates looked at for one line: bounds the work on headlines that a site prints every day.
MAX_CANDIDATES = 8

_SITES = pa.schema([("key", pa.uint64()), ("docs", pa.int32())])
_LINES = pa.schema([("key", pa.uint64()), *((name, pa.int32()) for name in COUNTS)])
_TITLES = pa.schema([("key", pa.uint64()), ("row", pa.int32()), ("lead", pa.uint8())])
_PAPERS = pa.schema(
    [("doc", pa.uint64()), ("id", pa.string()), ("site", pa.string()), ("headline", pa.string()), ("lead", pa.string())]
)


class Mapped:
    """A mapped Arrow file whose rows are found by a sorted column of keys."""

    def __init__(self, path: Path, key: str) -> None:
        self.table = pa.ipc.open_file(pa.memory_map(str(path))).read_all()
        self._columns: dict[str, npt.NDArray[Any]] = {}
        self.keys = self.column(key)

    def column(self, name: str) -> npt.NDArray[Any]:
        """A column of numbers."""
        if name not in self._columns:
            chunks = self.table[name].chunks
            # as a rule one chunk, of which nothing is copied
            self._columns[name] = chunks[0].to_numpy() if len(chunks) == 1 else self.table[name].to_numpy()
        return self._columns[name]

    def find(self, keys: Sequence[int]) -> list[int]:
        """For each key the first row that has it; -1 where there is none."""
        if not len(self.keys):
            return [-1] * len(keys)
        wanted = np.array(keys, dtype=np.uint64)
        places = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        found: list[int] = np.where(self.keys[places] == wanted, places, -1).tolist()
        return found

    def row(self, place: int) -> dict[str, Any]:
        """One row as plain data."""
        row: dict[str, Any] = self.table.slice(place, 1).to_pylist()[0]
        return row


@dataclass(frozen=True, slots=True)
class Counted:
    """What the survey tells of a line: counts of documents (`tables.LINES`) of the site, or of the section.

    ``others`` and ``of`` are the documents that have the line, and all documents, without the one at hand.
    """

    scope: str
    others: int
    of: int
    head: int
    middle: int
    tail: int
    inside: int
    opens: int
    closes: int


@dataclass(frozen=True, slots=True)
class Titled:
    """Another document of which a line may be headline or lead."""

    doc: int
    id: str
    site: str | None
    headline: str
    lead: str
    is_lead: bool


class Survey:
    """The evidence of a survey, opened for reading.  Cheap to open; a fork shares its memory."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.facts: dict[str, Any] = json.loads((path / "evidence.json").read_text(encoding="utf-8"))
        self._sites = Mapped(path / "sites.arrow", "key")
        self._lines = Mapped(path / "lines.arrow", "key")
        self._titles = Mapped(path / "titles.arrow", "key")
        self._papers = Mapped(path / "papers.arrow", "doc")
        self._copies = Mapped(path / "copies.arrow", "key")
        self._clusters = Mapped(path / "clusters.arrow", "doc")

    def __reduce__(self) -> tuple[object, ...]:
        return Survey, (self.path,)

    @property
    def fingerprint(self) -> str:
        """What tells the survey that this was made of from others."""
        return str(self.facts["fingerprint"])

    @property
    def dedupe(self) -> str:
        """The scope in which copies of paragraphs go."""
        return str(self.facts["dedupe"])

    def knows(self, document: Document) -> bool:
        """Whether the document itself was surveyed."""
        return self._papers.find([document_key(document)])[0] >= 0

    def lines(self, document: Document, folded: Sequence[str]) -> list[list[Counted]]:
        """What the survey tells of lines of a document: counts of the site, and of the section.

        Of lines that no other document has, nothing.
        """
        site, section = site_of(document), section_of(document)
        own = int(self.knows(document))
        answers: list[list[Counted]] = [[] for _ in folded]
        for scope, name in (("site", site), ("section", section)):
            if name is None:
                continue
            (place,) = self._sites.find([hash_text(name)])
            if place < 0:
                continue
            docs = int(self._sites.column("docs")[place])
            for number, row in enumerate(self._lines.find([line_key(name, text) for text in folded])):
                if row < 0:
                    continue
                counts = {key: int(self._lines.column(key)[row]) for key in COUNTS}
                others = counts.pop("docs") - own
                if others > 0:
                    answers[number].append(Counted(scope, others, docs - own, **counts))
        return answers

    def titles(self, texts: Sequence[str]) -> list[list[Titled]]:
        """For each text the documents of which it may be headline or lead: to be verified, at most `MAX_CANDIDATES`."""
        wanted: list[tuple[int, int]] = []
        for number, text in enumerate(texts):
            wanted += ((number, key) for key in edge_keys(text))
        answers: list[list[Titled]] = [[] for _ in texts]
        seen: set[tuple[int, int, bool]] = set()
        places = self._titles.find([key for _, key in wanted])
        for (number, key), place in zip(wanted, places, strict=True):
            while 0 <= place < len(self._titles.keys) and int(self._titles.keys[place]) == key:
                if len(answers[number]) >= MAX_CANDIDATES:
                    break
                row, is_lead = int(self._titles.column("row")[place]), bool(self._titles.column("lead")[place])
                if (number, row, is_lead) not in seen:
                    seen.add((number, row, is_lead))
                    paper = self._papers.row(row)
                    answers[number].append(
                        Titled(
                            paper["doc"],
                            paper["id"],
                            paper["site"],
                            paper["headline"] or "",
                            paper["lead"] or "",
                            is_lead,
                        )
                    )
                place += 1  # noqa: PLW2901
        return answers

    def _titled(self, row: int, is_lead: bool) -> Titled:
        paper = self._papers.row(row)
        return Titled(paper["doc"], paper["id"], paper["site"], paper["headline"] or "", paper["lead"] or "", is_lead)

    def copies(self, document: Document, places: Sequence[int]) -> dict[int, dict[str, Any]]:
        """What the survey tells of copies of a document's paragraphs, by the number of the segment."""
        doc = document_key(document)
        found = self._copies.find(copy_keys(np.full(len(places), doc, np.uint64), np.array(places)).tolist())
        return {place: self._copies.row(row) for place, row in zip(places, found, strict=True) if row >= 0}

    def cluster(self, document: Document) -> dict[str, Any] | None:
        """The near-duplicates of a whole document, where it has any (`tables.CLUSTERS`)."""
        (row,) = self._clusters.find([document_key(document)])
        return self._clusters.row(row) if row >= 0 else None

    def cluster_of(self, doc: int) -> str | None:
        """The id of the first document of the cluster of a surveyed document."""
        (row,) = self._clusters.find([doc])
        return self._clusters.row(row)["cluster"] if row >= 0 else None


def edge_keys(text: str) -> list[int]:
    """Keys by which a folded headline or lead is found: of all its words, of its first and of its last ones.

    >>> whole, *edges = edge_keys("council votes to rebuild the old bridge over the river")
    >>> edges[0] == edge_keys("council votes to rebuild the old bridge, mayor says")[1]
    True
    """
    words = words_of(text[:1200])
    if len(words) < MIN_TOKENS:
        return []
    keys = [hash_text("whole " + " ".join(words))]
    if len(words) >= EDGE_WORDS:
        keys += [
            hash_text("first " + " ".join(words[:EDGE_WORDS])),
            hash_text("last " + " ".join(words[-EDGE_WORDS:])),
        ]
    return keys


def build_evidence(survey: SurveyFolder, out: Path, dedupe: str, documents_kept: str, mapper: Mapper = map) -> Survey:
    """Make the evidence of a survey in the folder ``out``, and open it.

    ``dedupe`` is one of `settings.DEDUPE`, ``documents_kept`` one of `settings.VERSIONS`.
    """
    out.mkdir(parents=True, exist_ok=True)
    documents = pq.read_table(
        survey.file("documents"), columns=["doc", "id", "site", "section", "headline", "lead"]
    ).combine_chunks()
    write_arrow(out / "sites.arrow", _sites(documents))
    parts = [_LINES.empty_table()]
    with pq.ParquetFile(survey.file("lines")) as parquet:
        for batch in parquet.iter_batches(ROWS, columns=_LINES.names):
            parts.append(pa.Table.from_batches([batch.filter(pc.greater_equal(batch["docs"], MIN_DOCS))]).cast(_LINES))
    write_arrow(out / "lines.arrow", pa.concat_tables(parts))
    write_arrow(out / "papers.arrow", documents.select(_PAPERS.names).cast(_PAPERS))
    write_arrow(out / "titles.arrow", _titles(documents))
    found = find_copies(survey, out, dedupe, documents_kept, mapper)
    facts = {"dedupe": dedupe, "documents": survey.documents, "fingerprint": survey.fingerprint, **found}
    write_whole(out / "evidence.json", json.dumps(facts, sort_keys=True).encode())
    return Survey(out)


def _sites(documents: pa.Table) -> pa.Table:
    counts: dict[str, int] = {}
    for column in ("site", "section"):
        for row in documents.group_by(column).aggregate([("doc", "count")]).to_pylist():
            if row[column] is not None:
                counts[row[column]] = counts.get(row[column], 0) + row["doc_count"]
    keys = [hash_text(name) for name in counts]
    table = pa.Table.from_arrays(
        [pa.array(keys, pa.uint64()), pa.array(list(counts.values()), pa.int32())], schema=_SITES
    )
    return table.sort_by("key")


def _titles(documents: pa.Table) -> pa.Table:
    keys: list[int] = []
    rows: list[int] = []
    leads: list[int] = []
    for is_lead, column in ((False, "headline"), (True, "lead")):
        for row, text in enumerate(_strings(documents[column])):
            found = edge_keys(fold(text)) if text else ()
            keys += found
            rows += [row] * len(found)
            leads += [int(is_lead)] * len(found)
    table = pa.Table.from_arrays(
        [pa.array(keys, pa.uint64()), pa.array(rows, pa.int32()), pa.array(leads, pa.uint8())], schema=_TITLES
    )
    return table.sort_by([("key", "ascending"), ("lead", "ascending"), ("row", "ascending")])


def _strings(column: pa.ChunkedArray) -> Iterable[str | None]:
    for chunk in column.chunks:
        for value in chunk:
            yield value.as_py()
