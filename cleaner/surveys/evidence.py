"""What the filters ask of a survey, in Arrow files that are mapped into memory: workers share them and copy nothing.

`build_evidence` makes them from a survey, `Survey` opens them.  Nothing in them is changed after they were written.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from cleaner.atomic import write_whole
from cleaner.document import Document
from cleaner.surveys.collect import document_key, hash_line, hash_text, line_keys
from cleaner.surveys.copies import copy_keys, find_copies, write_arrow
from cleaner.surveys.folder import ROWS, SurveyFolder
from cleaner.surveys.folding import fold_lines
from cleaner.surveys.furniture import may_be_furniture
from cleaner.surveys.group import Mapper
from cleaner.surveys.ranges import starts
from cleaner.surveys.signatures import Hashes, edge_keys
from cleaner.surveys.sites import section_of, site_of
from cleaner.surveys.tables import COUNTS

# Lines that fewer documents of a site have say nothing of other documents.
MIN_DOCS = 2
# Characters of a headline or lead by which it is found.
MAX_TITLE = 1_200
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

    def find(self, keys: Sequence[int] | npt.NDArray[np.uint64]) -> list[int]:
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


class Printed:
    """How often sites print what they print, for many lines at once."""

    def __init__(self, sites: pa.Table, lines: pa.Table) -> None:
        self._sites, self._docs = sites["key"].to_numpy(), sites["docs"].to_numpy()
        self._lines, self._counts = lines["key"].to_numpy(), lines["docs"].to_numpy()

    def may_go(self, sites: Hashes, lines: Hashes, versions: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Whether paragraphs may be furniture of their sites, by the hashes of both.

        ``versions`` of their documents, themselves among them, do not count.
        """
        others = _found(self._lines, self._counts, line_keys(sites, lines)) - versions
        return may_be_furniture(others, _found(self._sites, self._docs, sites) - 1)


def _found(keys: Hashes, values: npt.NDArray[np.int32], wanted: Hashes) -> npt.NDArray[np.int32]:
    """The values of sorted keys, 0 for those that are not there."""
    if not len(keys):
        return np.zeros(len(wanted), dtype=np.int32)
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    found: npt.NDArray[np.int32] = np.where(keys[places] == wanted, values[places], 0)
    return found


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
        self._relied = Mapped(path / "relied.arrow", "key")
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
        if site is None:
            return answers
        scopes = [("site", site)] if section is None else [("site", site), ("section", section)]
        keys = np.array([hash_line(text) for text in folded], dtype=np.uint64)
        for scope, name in scopes:
            # a section is of a site: the keys of its lines are made of those of the site
            keys = line_keys(np.array([hash_text(name)], dtype=np.uint64), keys)
            (place,) = self._sites.find([hash_text(name)])
            if place < 0:
                continue
            docs = int(self._sites.column("docs")[place])
            for number, row in enumerate(self._lines.find(keys)):
                if row < 0:
                    continue
                counts = {key: int(self._lines.column(key)[row]) for key in COUNTS}
                others = counts.pop("docs") - own
                if others > 0:
                    answers[number].append(Counted(scope, others, docs - own, **counts))
        return answers

    def titles(self, texts: Sequence[str]) -> list[list[Titled]]:
        """For each text the documents of which it may be headline or lead: to be verified, at most `MAX_CANDIDATES`."""
        answers: list[list[Titled]] = [[] for _ in texts]
        seen: set[tuple[int, int, bool]] = set()
        keys, owners = edge_keys([text[:MAX_TITLE] for text in texts])
        for number, key, place in zip(owners.tolist(), keys.tolist(), self._titles.find(keys), strict=True):
            while 0 <= place < len(self._titles.keys) and int(self._titles.keys[place]) == key:
                if len(answers[number]) >= MAX_CANDIDATES:
                    break
                row, is_lead = int(self._titles.column("row")[place]), bool(self._titles.column("lead")[place])
                if (number, row, is_lead) not in seen:
                    seen.add((number, row, is_lead))
                    answers[number].append(self._titled(row, is_lead))
                place += 1  # noqa: PLW2901
        return answers

    def _titled(self, row: int, is_lead: bool) -> Titled:
        paper = self._papers.row(row)
        return Titled(paper["doc"], paper["id"], paper["site"], paper["headline"] or "", paper["lead"] or "", is_lead)

    def copies(self, document: Document, places: Sequence[int]) -> dict[int, dict[str, Any]]:
        """What the survey tells of copies of a document's paragraphs, by the number of the segment."""
        doc = document_key(document)
        found = self._copies.find(copy_keys(np.full(len(places), doc, np.uint64), np.array(places)))
        return {place: self._copies.row(row) for place, row in zip(places, found, strict=True) if row >= 0}

    def relied_on(self, document: Document, places: Sequence[int]) -> frozenset[int]:
        """Those segments of a document that paragraphs of others go for, since they are to stay."""
        doc = document_key(document)
        found = self._relied.find(copy_keys(np.full(len(places), doc, np.uint64), np.array(places, dtype=np.int64)))
        return frozenset(place for place, row in zip(places, found, strict=True) if row >= 0)

    def cluster(self, document: Document) -> dict[str, Any] | None:
        """The near-duplicates of a whole document, where it has any (`tables.CLUSTERS`)."""
        (row,) = self._clusters.find([document_key(document)])
        return self._clusters.row(row) if row >= 0 else None

    def cluster_of(self, doc: int) -> str | None:
        """The id of the first document of the cluster of a surveyed document."""
        (row,) = self._clusters.find([doc])
        return self._clusters.row(row)["cluster"] if row >= 0 else None


def build_evidence(survey: SurveyFolder, out: Path, dedupe: str, documents_kept: str, mapper: Mapper = map) -> Survey:
    """Make the evidence of a survey in the folder ``out``, and open it.

    ``dedupe`` is one of `settings.DEDUPE`, ``documents_kept`` one of `settings.VERSIONS`.
    """
    out.mkdir(parents=True, exist_ok=True)
    sites, lines = _documents_and_sites(survey, out), _counted_lines(survey)
    write_arrow(out / "lines.arrow", lines)
    found = find_copies(survey, out, dedupe, documents_kept, mapper, Printed(sites, lines))
    facts = {"dedupe": dedupe, "documents": survey.documents, "fingerprint": survey.fingerprint, **found}
    write_whole(out / "evidence.json", json.dumps(facts, sort_keys=True).encode())
    return Survey(out)


def _documents_and_sites(survey: SurveyFolder, out: Path) -> pa.Table:
    """Write what is looked up of documents and sites, and return the latter."""
    documents = pq.read_table(
        survey.file("documents"), columns=["doc", "id", "site", "section", "headline", "lead"]
    ).combine_chunks()
    sites = _sites(documents)
    write_arrow(out / "sites.arrow", sites)
    write_arrow(out / "papers.arrow", documents.select(_PAPERS.names).cast(_PAPERS))
    write_arrow(out / "titles.arrow", _titles(documents))
    return sites


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


def _counted_lines(survey: SurveyFolder) -> pa.Table:
    """What is counted of the lines that `MIN_DOCS` documents of a site, or of a section, have."""
    found = [np.empty((len(_LINES), 0), dtype=np.uint64)]
    kept: list[pa.RecordBatch] = []
    with pq.ParquetFile(survey.file("lines")) as parquet:
        for batch in parquet.iter_batches(ROWS, columns=["key", "section", *COUNTS]):
            # the sections of the last line may go on in the next batch
            kept.append(batch)
            keys = batch["key"].to_numpy()
            end = int(np.searchsorted(keys, keys[-1]))
            if end:
                found += _counted(pa.Table.from_batches([*kept[:-1], batch.slice(0, end)]))
                kept = [batch.slice(end)]
    if kept:
        found += _counted(pa.Table.from_batches(kept))
    rows = np.concatenate(found, axis=1)
    rows = rows[:, np.argsort(rows[0])]
    columns = [pa.array(row).cast(field.type) for row, field in zip(rows, _LINES, strict=True)]
    return pa.Table.from_arrays(columns, schema=_LINES)


def _counted(table: pa.Table) -> Iterator[npt.NDArray[np.uint64]]:
    """Key and counts of whole lines, first of sites, then of sections: a row of numbers for each column."""
    key, section = table["key"].to_numpy(), table["section"].to_numpy()
    counts = np.stack([table[name].to_numpy() for name in COUNTS]).astype(np.uint64)
    begins = np.flatnonzero(starts(key))
    of_sites = np.add.reduceat(counts, begins, axis=1)
    often = of_sites[0] >= MIN_DOCS
    yield np.concatenate((key[begins][often][np.newaxis], of_sites[:, often]))
    often = (counts[0] >= MIN_DOCS) & (section != 0)
    yield np.concatenate((line_keys(section[often], key[often])[np.newaxis], counts[:, often]))


def _titles(documents: pa.Table) -> pa.Table:
    keys, rows, leads = [], [], []
    for is_lead, column in ((0, "headline"), (1, "lead")):
        for start in range(0, documents.num_rows, ROWS):
            texts = documents[column].slice(start, ROWS).to_pylist()
            found, row = edge_keys([text[:MAX_TITLE] for text in fold_lines([text or "" for text in texts])])
            keys.append(found)
            rows.append((row + start).astype(np.int32))
            leads.append(np.full(len(found), is_lead, dtype=np.uint8))
    if not keys:
        return _TITLES.empty_table()
    key, row, lead = np.concatenate(keys), np.concatenate(rows), np.concatenate(leads)
    order = np.lexsort((row, lead, key))
    return pa.Table.from_arrays([pa.array(column[order]) for column in (key, row, lead)], schema=_TITLES)
