"""Near-identical paragraphs and documents across a corpus, and which copy stays.

Candidates are paragraphs with the same folded text, and such as share a band of their MinHash signatures (Broder 1997;
banding as in Leskovec, Rajaraman, Ullman: Mining of Massive Datasets, ch. 3).  A candidate counts when rapidfuzz gives
both texts at least `NEAR` and the news guard (`cleaner.surveys.guard`) finds no word that makes other news of one.

Documents are put in an order (`BECAUSE`), and paragraphs in that of their documents, except that first paragraphs come
before all others: on other pages they are teasers, and those may be dated before the article that they announce.  In
this order each paragraph either stays, or goes because one before it, verified against itself, has stayed.  So of any
web of likenesses (chains, stars, cycles) at least one paragraph stays, and for each that goes a copy of it is left:
likeness is never passed on.

Memory: arrays of fixed width are kept in files and mapped; bands and pairs are dealt with in ranges.
"""

from __future__ import annotations

import tempfile
from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from rapidfuzz import fuzz

from cleaner.surveys.folder import SurveyFolder
from cleaner.surveys.group import Mapper
from cleaner.surveys.guard import Veto, veto
from cleaner.surveys.tables import BANDS, CLUSTERS, COPIES, LOOKALIKES
from cleaner.text import fold

# rapidfuzz ratio of two copies.  With a tenth of the words dropped, added or exchanged, 3,000 paragraphs of the
# invented corpus (bench/synthetic.py) all lie above 92; 84 leaves room for a dateline and a clause that was cut.  What
# lies above and is other news is for the guard to see.
NEAR = 84.0
# A ratio of 84 cannot be reached when one text is shorter than this share of the other: 2 * s / (1 + s) = .84.
MIN_LENGTH_RATIO = 0.72
# Share of the characters of the longer document's paragraphs that two documents share to be versions of one.
SAME_DOCUMENT = 0.6
# A document that would lose more of its paragraphs than this is not relied on to keep a copy: the brake may reject it.
MAX_LOST = 0.8
# A site of which more than this share of paragraphs stands on other sites, too, is an aggregator, if it has this many.
AGGREGATED = 0.5
MIN_PARAGRAPHS = 50
# Paragraphs whose bands are sorted, and pairs that are looked at, at a time.
RANGE = 2_000_000
BATCH = 8192
# Pairs that are compared in one task of a worker: half a second's work at most.
COMPARED = 512

BECAUSE = ("earlier date", "own site, not an aggregator", "longer document", "id", "first paragraph of its article")
IS_LEAD = BECAUSE.index("first paragraph of its article")

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class Papers:
    """The documents of a survey in their order: which copy stays is decided by it."""

    table: pa.Table
    rank: Array
    """Place in the order, of each row of the table."""
    row: Array
    """Row of the table, for each place in the order."""
    site: Array
    """Code of the site, for each place in the order; -1 where there is none."""
    aggregates: Array
    """Whether its site is an aggregator, for each place in the order."""

    def value(self, name: str, place: int) -> Any:
        """A field of the document at a place in the order."""
        return self.table[name][int(self.row[place])].as_py()

    def because(self, places: Array, others: Array) -> Array:
        """Why the documents at some places come before others: places in `BECAUSE`."""
        rows, theirs = self.row[places], self.row[others]
        date = self.table["date"].fill_null("9999").combine_chunks()
        chars = self.table["chars"].to_numpy()
        differ = (
            pc.not_equal(date.take(pa.array(rows)), date.take(pa.array(theirs))).to_numpy(zero_copy_only=False),
            self.aggregates[places] != self.aggregates[others],
            chars[rows] != chars[theirs],
        )
        reasons: Array = np.select(differ, range(len(differ)), len(differ))
        return reasons


def order_documents(documents: pa.Table, aggregators: frozenset[str] = frozenset()) -> Papers:
    """The order of documents: earliest date (none comes last), own site before aggregator, longest, least id."""
    names = documents["site"].to_pylist()
    codes = {name: code for code, name in enumerate(sorted({name for name in names if name is not None}))}
    aggregates = np.array([name in aggregators for name in names], dtype=np.bool_)
    order = pa.table(
        {
            "date": documents["date"].fill_null("9999"),
            "aggregates": pa.array(aggregates.astype(np.int8)),
            "chars": pa.array(-documents["chars"].to_numpy()),
            "id": documents["id"],
            "doc": documents["doc"],
            "row": pa.array(np.arange(documents.num_rows)),
        }
    ).sort_by([(name, "ascending") for name in ("date", "aggregates", "chars", "id", "doc")])
    row = order["row"].to_numpy()
    rank = np.empty_like(row)
    rank[row] = np.arange(len(row))
    site = np.array([-1 if name is None else codes[name] for name in names], dtype=np.int32)
    return Papers(documents, rank, row, site[row], aggregates[row])


class Paragraphs:
    """The paragraphs of a survey by their number in the order, as mapped arrays in ``folder``."""

    def __init__(self, parquet: Path, papers_of: pa.Table, folder: Path) -> None:
        self._file = pq.ParquetFile(parquet, memory_map=True)
        self._docs = papers_of["doc"].to_numpy()
        self.count = self._file.metadata.num_rows
        self._folder = folder

    def _scratch(self, name: str, kind: Any, *shape: int) -> Array:
        shape = shape or (max(1, self.count),)
        return np.lib.format.open_memmap(self._folder / f"{name}.npy", mode="w+", dtype=kind, shape=shape)

    def sites_of_hashes(self, site_of_row: Array) -> Iterator[tuple[Array, Array]]:
        """Hash and site code of all paragraphs, in batches."""
        for batch in self._file.iter_batches(BATCH * 8, columns=["doc", "hash"]):
            yield batch["hash"].to_numpy(), site_of_row[np.searchsorted(self._docs, batch["doc"].to_numpy())]

    def read(self, papers: Papers) -> None:
        """Fill the arrays; numbers run through the first paragraphs of all documents in order, then the others."""
        counts = papers.table["paragraphs"].to_numpy().astype(np.int64)
        ordered = counts[papers.row]
        self.leads = int((ordered > 0).sum())
        lead = np.zeros(len(counts), dtype=np.int64)
        lead[papers.row] = np.cumsum(ordered > 0) - 1
        begin = np.zeros(len(counts), dtype=np.int64)
        others = np.maximum(ordered - 1, 0)
        begin[papers.row] = self.leads + np.cumsum(others) - others
        first_row = np.cumsum(counts) - counts
        self.hash = self._scratch("hash", np.uint64)
        self.numbers = self._scratch("numbers", np.uint64)
        self.doc = self._scratch("doc", np.int64)
        self.row = self._scratch("row", np.int64)
        self.size = self._scratch("size", np.int32)
        self.start = self._scratch("start", np.int32)
        self.line = self._scratch("line", np.int32)
        self.place = self._scratch("place", np.int32)
        self.bands = self._scratch("bands", np.uint32, BANDS, max(1, self.count))
        schema = pa.schema([pa.field("text", pa.string())])
        done = 0
        texts = self._folder / "texts.arrow"
        with pa.OSFile(str(texts), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
            for batch in self._batches():
                rows = np.arange(done, done + batch.num_rows)
                document = np.searchsorted(self._docs, batch["doc"].to_numpy())
                inside = rows - first_row[document]
                numbers = np.where(inside == 0, lead[document], begin[document] + inside - 1)
                self.hash[numbers] = batch["hash"].to_numpy()
                self.numbers[numbers] = batch["numbers"].to_numpy()
                self.doc[numbers] = papers.rank[document]
                self.row[numbers] = rows
                for name in ("start", "line", "place"):
                    getattr(self, name)[numbers] = batch[name].to_numpy()
                text = batch["text"]
                self.size[numbers] = pc.utf8_length(text).to_numpy()
                self.bands[:, numbers] = batch["bands"].flatten().to_numpy().reshape(-1, BANDS).T
                writer.write_batch(pa.record_batch([text], schema=schema))
                done += batch.num_rows
        source = pa.ipc.open_file(pa.memory_map(str(texts)))
        self._texts = [source.get_batch(number).column(0) for number in range(source.num_record_batches)]

    def _batches(self) -> Iterator[pa.RecordBatch]:
        """Batches of `BATCH` rows, whatever the row groups of the file are."""
        table = None
        for batch in self._file.iter_batches(BATCH):
            part = pa.Table.from_batches([batch])
            table = part if table is None else pa.concat_tables([table, part])
            while table.num_rows >= BATCH:
                yield table.slice(0, BATCH).combine_chunks().to_batches()[0]
                table = table.slice(BATCH)
        if table is not None and table.num_rows:
            yield table.combine_chunks().to_batches()[0]

    def text(self, number: int) -> str:
        """The text of a paragraph."""
        row = int(self.row[number])
        found: str = self._texts[row // BATCH][row % BATCH].as_py()
        return found


def aggregators(paragraphs: Paragraphs, documents: pa.Table) -> frozenset[str]:
    """Sites of which most paragraphs stand on other sites, too."""
    names = sorted({name for name in documents["site"].to_pylist() if name is not None})
    codes = {name: code for code, name in enumerate(names)}
    site_of_row = np.array([codes.get(name, -1) for name in documents["site"].to_pylist()], dtype=np.int32)
    own = np.zeros(len(names) + 1, dtype=np.int64)
    shared = np.zeros(len(names) + 1, dtype=np.int64)
    bits = max(0, (paragraphs.count // (4 * RANGE)).bit_length())
    for part in range(1 << bits):
        hashes, sites = [], []
        for some, site in paragraphs.sites_of_hashes(site_of_row):
            mine = some >> np.uint64(64 - bits) == part if bits else np.ones(len(some), dtype=np.bool_)
            hashes.append(some[mine])
            sites.append(site[mine])
        if not hashes:
            continue
        key, site = np.concatenate(hashes), np.concatenate(sites)
        order = np.lexsort((site, key))
        key, site = key[order], site[order]
        if not len(key):
            continue
        starts = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1])))
        ends = np.concatenate((starts[1:], [len(key)])) - 1
        is_shared = np.repeat(site[starts] != site[ends], ends - starts + 1)
        own += _counts(site, own)
        shared += _counts(site[is_shared], shared)
    return frozenset(
        name for code, name in enumerate(names) if own[code] >= MIN_PARAGRAPHS and shared[code] > AGGREGATED * own[code]
    )


def _counts(site: Array, like: Array) -> Array:
    return np.bincount(site[site >= 0], minlength=len(like))[: len(like)]


@dataclass(frozen=True)
class Edges:
    """Verified likenesses, sorted: ``later`` is like ``earlier``, a smaller number, with ``score`` of 100."""

    later: Array
    earlier: Array
    score: Array

    def by_later_document(self, doc: Array) -> Edges:
        """The same likenesses, each from the later document to the earlier one, by later document."""
        swap = doc[self.later] < doc[self.earlier]
        later, earlier = np.where(swap, self.earlier, self.later), np.where(swap, self.later, self.earlier)
        order = np.lexsort((earlier, later, doc[later]))
        return Edges(later[order], earlier[order], self.score[order])

    def by_document(self, doc: Array) -> Iterator[tuple[int, Iterator[tuple[int, int, int, float]]]]:
        """By document of the later one: later, earlier, document of the earlier one, score."""

        def rows() -> Iterator[tuple[int, tuple[int, int, int, float]]]:
            for start in range(0, len(self.later), RANGE):
                part = slice(start, start + RANGE)
                later, earlier = self.later[part], self.earlier[part]
                columns = (later, earlier, doc[earlier], self.score[part])
                yield from zip(doc[later].tolist(), zip(*(one.tolist() for one in columns), strict=True), strict=True)

        for document, group in groupby(rows(), key=lambda row: row[0]):
            yield document, (row for _, row in group)


def exact_pairs(paragraphs: Paragraphs, papers: Papers) -> tuple[Array, Array, Array]:
    """Pairs of paragraphs with one folded text, each with the first of all and the first of its site.

    Also which paragraphs are the first of their text on their site: those alone are compared with others.
    """
    count = paragraphs.count
    first = np.ones(count, dtype=np.bool_)
    later: list[Array] = []
    earlier: list[Array] = []
    for numbers in _ranges(paragraphs.hash[:count]):
        key, site = paragraphs.hash[numbers], papers.site[paragraphs.doc[numbers]]
        order = np.argsort(key, kind="stable")  # numbers ascend within a text
        leads = _leads(numbers[order], _starts(key[order]))
        _pairs(numbers[order], leads, later, earlier)
        order = np.lexsort((numbers, site, key))
        leads = _leads(numbers[order], _starts(key[order], site[order]))
        _pairs(numbers[order], leads, later, earlier)
        first[numbers[order]] = leads == numbers[order]
    return _joined(later), _joined(earlier), first


def _ranges(keys: Array) -> Iterator[Array]:
    """The places of keys in ranges of the key, each of a size that can be sorted."""
    bits = max(0, (len(keys) // RANGE).bit_length())
    shift = keys.dtype.type(8 * keys.dtype.itemsize - bits) if bits else 0
    for part in range(1 << bits):
        yield np.flatnonzero(keys >> shift == part) if bits else np.arange(len(keys))


def _starts(*keys: Array) -> Array:
    """Whether a group of equal keys begins at each place."""
    new = np.ones(len(keys[0]), dtype=np.bool_)
    if len(new) > 1:
        new[1:] = np.logical_or.reduce([key[1:] != key[:-1] for key in keys])
    return new


def _leads(numbers: Array, starts: Array) -> Array:
    """For each place the number at which its group begins."""
    return numbers[np.maximum.accumulate(np.where(starts, np.arange(len(starts)), 0))] if len(numbers) else numbers


def _pairs(numbers: Array, leads: Array, later: list[Array], earlier: list[Array]) -> None:
    other = numbers != leads
    later.append(np.maximum(numbers, leads)[other])
    earlier.append(np.minimum(numbers, leads)[other])


def _joined(parts: Sequence[Array]) -> Array:
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.int64)


def candidate_pairs(
    paragraphs: Paragraphs, papers: Papers, first: Array, folder: Path
) -> Iterator[tuple[Array, Array]]:
    """Pairs that share a band, later and earlier, without doubles, in ascending order of the later one.

    Of each group each member is paired with the first, the one before it, the first with the same numbers, and the
    first of its site: a group of a thousand look-alikes costs thousands of pairs and not a million.
    """
    numbers = np.flatnonzero(first)
    spans = max(1, -(-paragraphs.count // RANGE))
    files = [open(folder / f"pairs-{span}", "w+b") for span in range(spans)]  # noqa: SIM115  closed below
    try:
        for band in range(BANDS):
            keys = paragraphs.bands[band, numbers] if len(numbers) else np.empty(0, dtype=np.uint32)
            for places in _ranges(keys):
                later, earlier = _grouped(numbers[places], keys[places], paragraphs, papers)
                pairs = np.unique(later.astype(np.uint64) << np.uint64(32) | earlier.astype(np.uint64))
                bounds = np.searchsorted(
                    pairs, np.arange(spans + 1, dtype=np.uint64) * np.uint64(RANGE) << np.uint64(32)
                )
                for span in range(spans):
                    pairs[bounds[span] : bounds[span + 1]].tofile(files[span])
        for file in files:
            file.seek(0)
            pairs = np.unique(np.fromfile(file, dtype=np.uint64))
            yield (pairs >> np.uint64(32)).astype(np.int64), (pairs & np.uint64(0xFFFFFFFF)).astype(np.int64)
    finally:
        for file in files:
            file.close()


def _grouped(numbers: Array, keys: Array, paragraphs: Paragraphs, papers: Papers) -> tuple[Array, Array]:
    order = np.argsort(keys, kind="stable")
    keys, numbers = keys[order], numbers[order]
    new = _starts(keys)
    alone = new & np.concatenate((new[1:], [True])) if len(new) else new
    keys, numbers = keys[~alone], numbers[~alone]
    later: list[Array] = []
    earlier: list[Array] = []
    if len(keys):
        new = _starts(keys)
        _pairs(numbers, _leads(numbers, new), later, earlier)
        before = np.where(new, numbers, np.roll(numbers, 1))
        _pairs(numbers, before, later, earlier)
        for other in (paragraphs.numbers[numbers], papers.site[paragraphs.doc[numbers]]):
            order = np.lexsort((numbers, other, keys))
            _pairs(numbers[order], _leads(numbers[order], _starts(keys[order], other[order])), later, earlier)
    high, low = _joined(later), _joined(earlier)
    apart = (paragraphs.hash[high] != paragraphs.hash[low]) & (paragraphs.doc[high] != paragraphs.doc[low])
    return high[apart], low[apart]


def same_text(text: str, other: str) -> tuple[float, Veto | None]:
    """How like two paragraphs are (0 where below `NEAR`), and what makes different news of them.

    >>> same_text("The council of Elm voted to build 2 bridges.", "The council of Elm voted to build 3 bridges.")
    (97.7..., Veto(kind='number', ours=('2',), theirs=('3',)))
    """
    if min(len(text), len(other)) < MIN_LENGTH_RATIO * max(len(text), len(other)):
        return 0.0, None
    score = fuzz.ratio(fold(text), fold(other), score_cutoff=NEAR)
    return (score, veto(text, other)) if score else (0.0, None)


def same_texts(pairs: Sequence[tuple[str, Sequence[str]]]) -> list[tuple[float, Veto | None]]:
    """`same_text` of each text with each of its others."""
    return [same_text(text, other) for text, others in pairs for other in others]


def find_edges(
    paragraphs: Paragraphs, papers: Papers, folder: Path, mapper: Mapper = map
) -> tuple[Edges, list[dict[str, Any]]]:
    """All verified likenesses, and the pairs that the news guard keeps apart.  ``mapper`` compares the texts."""
    later, earlier, first = exact_pairs(paragraphs, papers)
    other_document = paragraphs.doc[later] != paragraphs.doc[earlier]
    highs, lows, scores = [later[other_document]], [earlier[other_document]], []
    scores.append(np.full(len(highs[0]), 100.0, dtype=np.float32))
    vetoed: list[dict[str, Any]] = []
    asked: deque[tuple[Array, Array]] = deque()

    def tasks() -> Iterator[list[tuple[str, list[str]]]]:
        for high, low in candidate_pairs(paragraphs, papers, first, folder):
            for start in range(0, len(high), COMPARED):
                some = high[start : start + COMPARED], low[start : start + COMPARED]
                asked.append(some)
                yield [
                    (paragraphs.text(one), [paragraphs.text(other) for _, other in group])
                    for one, group in groupby(zip(some[0].tolist(), some[1].tolist(), strict=True), itemgetter(0))
                ]

    for compared in mapper(same_texts, tasks()):
        high, low = asked.popleft()
        found = []
        for place, (one, other, (ratio, differ)) in enumerate(zip(high.tolist(), low.tolist(), compared, strict=True)):
            if differ is not None:
                vetoed.append({"one": one, "other": other, "score": ratio, "differ": differ})
            elif ratio:
                found.append((place, ratio))
        places = np.array([place for place, _ in found], dtype=np.int64)
        highs.append(high[places])
        lows.append(low[places])
        scores.append(np.array([score for _, score in found], dtype=np.float32))
    later, earlier, score = _joined(highs), _joined(lows), np.concatenate(scores)
    order = np.lexsort((earlier, later))
    later, earlier, score = later[order], earlier[order], score[order]
    new = _starts(later, earlier)
    return Edges(later[new], earlier[new], score[new]), vetoed


def cluster_documents(edges: Edges, doc: Array, size: Array, chars: Array) -> tuple[dict[int, int], dict[int, bool]]:
    """Near-duplicate documents: for each that is one, the first of its cluster; and whether the two are equal.

    As with paragraphs, a document joins one before it that it shares most of its text with, and that has joined none.
    """
    leader: dict[int, int] = {}
    is_exact: dict[int, bool] = {}
    for document, group in edges.by_later_document(doc).by_document(doc):
        shared: dict[int, dict[int, float]] = defaultdict(dict)
        for later, _, other, score in group:
            mine = shared[other]
            mine[later] = max(mine.get(later, 0.0), score)
        best: tuple[int, int] | None = None
        for other, paragraphs in shared.items():
            if other in leader or other == document:
                continue
            common = sum(int(size[later]) for later in paragraphs)
            if common >= SAME_DOCUMENT * max(int(chars[document]), int(chars[other])):
                best = max(best, (common, -other)) if best else (common, -other)
        if best is not None:
            other = -best[1]
            leader[document] = other
            is_exact[document] = best[0] == chars[document] == chars[other] and min(shared[other].values()) == 100.0
    return leader, is_exact


def choose(
    edges: Edges, doc: Array, site: Array, size: Array, chars: Array, scope: str, leader: dict[int, int], gone: set[int]
) -> dict[int, tuple[int, float]]:
    """Which paragraphs go, each with the copy that it loses to and the score of the two.

    ``doc`` and ``size`` are by paragraph; ``site`` and ``chars`` by document, ``gone`` documents that are rejected.
    In scope ``site`` the paragraphs of versions of one document are left alone.

    >>> a, b, c = np.array([1, 2]), np.array([0, 1]), np.array([90.0, 90.0])  # a chain: 1 is like 0, 2 is like 1
    >>> choose(Edges(a, b, c), np.arange(3), np.zeros(3), np.full(3, 100), np.full(3, 900), "corpus", {}, set())
    {1: (0, 90.0)}
    """
    if scope == "none":
        return {}
    unreliable = set(gone)
    while True:
        lost = _lost(edges, doc, site, scope, leader, gone, unreliable)
        share: dict[int, int] = defaultdict(int)
        for number in lost:
            share[int(doc[number])] += int(size[number])
        found = {one for one, chars_lost in share.items() if chars_lost > MAX_LOST * int(chars[one])} - unreliable
        if not found or not any(int(doc[kept]) in found for kept, _ in lost.values()):
            return lost
        unreliable |= found


def _lost(
    edges: Edges, doc: Array, site: Array, scope: str, leader: dict[int, int], gone: set[int], unreliable: set[int]
) -> dict[int, tuple[int, float]]:
    lost: dict[int, tuple[int, float]] = {}
    for document, group in edges.by_document(doc):
        if document in gone:
            continue
        for later, earlier, other, score in group:
            if later in lost or earlier in lost or other in unreliable or other == document:
                continue
            if scope == "site" and (
                site[other] != site[document]
                or site[document] < 0
                or leader.get(other, other) == leader.get(document, document)
            ):
                continue
            lost[later] = (earlier, score)
    return lost


def find_copies(
    survey: SurveyFolder, out: Path, scope: str, documents_kept: str, mapper: Mapper = map
) -> dict[str, int]:
    """Write copies.arrow, clusters.arrow and lookalikes.parquet of a survey to ``out``.  Returns counts of their rows.

    ``scope`` is one of `settings.DEDUPE`, ``documents_kept`` one of `settings.VERSIONS`.
    """
    documents = pq.read_table(
        survey.file("documents"), columns=["doc", "id", "source", "site", "date", "chars", "paragraphs"]
    ).combine_chunks()
    with tempfile.TemporaryDirectory(prefix="copies-", dir=out) as name:
        folder = Path(name)
        paragraphs = Paragraphs(survey.file("paragraphs"), documents, folder)
        papers = order_documents(documents, aggregators(paragraphs, documents))
        paragraphs.read(papers)
        edges, vetoed = find_edges(paragraphs, papers, folder, mapper)
        chars = documents["chars"].to_numpy()[papers.row]
        leader, is_exact = cluster_documents(edges, paragraphs.doc, paragraphs.size, chars)
        corrected = {(int(paragraphs.doc[one["one"]]), int(paragraphs.doc[one["other"]])) for one in vetoed}
        clusters, gone = _clusters(papers, leader, is_exact, corrected, documents_kept)
        lost = choose(edges, paragraphs.doc, papers.site, paragraphs.size, chars, scope, leader, gone)
        copies = _copies(paragraphs, papers, edges, lost)
        lookalikes = [_described(paragraphs, papers, one) for one in vetoed]
    write_arrow(out / "copies.arrow", copies.sort_by("key"))
    write_arrow(out / "clusters.arrow", pa.Table.from_pylist(clusters, schema=CLUSTERS).sort_by("doc"))
    pq.write_table(pa.Table.from_pylist(lookalikes, schema=LOOKALIKES), out / "lookalikes.parquet", compression="zstd")
    return {
        "copies": copies.num_rows,
        "lost": len(lost),
        "versions": len(clusters),
        "lookalikes": len(lookalikes),
    }


def _copies(paragraphs: Paragraphs, papers: Papers, edges: Edges, lost: dict[int, tuple[int, float]]) -> pa.Table:
    """Paragraphs that go, and such as stay but stand on another site before: these are linked."""
    sites = papers.site[paragraphs.doc[edges.later]] != papers.site[paragraphs.doc[edges.earlier]]
    is_kept = ~np.isin(edges.later, np.fromiter(lost, np.int64, len(lost)))
    abroad = np.flatnonzero(sites & is_kept)
    abroad = abroad[_starts(edges.later[abroad])]  # of several, the first
    number = np.concatenate((np.fromiter(lost, np.int64, len(lost)), edges.later[abroad]))
    other = np.concatenate(
        (np.fromiter((kept for kept, _ in lost.values()), np.int64, len(lost)), edges.earlier[abroad])
    )
    score = np.concatenate((np.fromiter((one for _, one in lost.values()), np.float32), edges.score[abroad]))
    place, kept = paragraphs.doc[number], paragraphs.doc[other]
    documents = papers.table.take(pa.array(papers.row[kept]))
    leads = (other < paragraphs.leads) & (number >= paragraphs.leads)
    because = np.where(leads, IS_LEAD, papers.because(kept, place))
    columns = {
        "key": copy_keys(papers.table["doc"].to_numpy()[papers.row[place]], paragraphs.place[number]),
        "lost": np.arange(len(number)) < len(lost),
        "id": documents["id"],
        "source": documents["source"],
        "site": documents["site"],
        "start": paragraphs.start[other],
        "line": paragraphs.line[other],
        "score": score,
        "because": pa.array(BECAUSE).take(pa.array(because)),
    }
    return pa.table({name: pa.chunked_array(_chunks(column)) for name, column in columns.items()}).cast(COPIES)


def _chunks(column: Any) -> list[pa.Array]:
    if isinstance(column, pa.ChunkedArray):
        return column.chunks or [pa.array([], column.type)]
    return [column if isinstance(column, pa.Array) else pa.array(np.ascontiguousarray(column))]


def copy_keys(docs: Array, places: Array) -> Array:
    """The keys of paragraphs by the keys of their documents and the numbers of their segments."""
    mixed = docs ^ (places.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ mixed >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)  # splitmix64, Steele and others 2014
    mixed = (mixed ^ mixed >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
    keys: Array = mixed ^ mixed >> np.uint64(31)
    return keys


def _clusters(
    papers: Papers,
    leader: dict[int, int],
    is_exact: dict[int, bool],
    corrected: set[tuple[int, int]],
    documents_kept: str,
) -> tuple[list[dict[str, Any]], set[int]]:
    members: dict[int, list[int]] = {}
    for document, first in leader.items():
        members.setdefault(first, [first]).append(document)
    rows, gone = [], set()
    for first, documents in sorted(members.items()):
        chain = sorted(documents, key=lambda one: (papers.value("date", one) or "9999", one))
        kept = None if documents_kept == "all" else first if documents_kept == "first" else chain[-1]
        for version, document in enumerate(chain):
            if document == first:
                kind = "original"
            elif papers.site[document] != papers.site[first]:
                kind = "syndicated"
            elif is_exact[document]:
                kind = "republished"
            else:
                kind = "correction" if (document, first) in corrected else "update"
            is_gone = kept is not None and document != kept
            if is_gone:
                gone.add(document)
            rows.append(
                {
                    "doc": papers.value("doc", document),
                    "cluster": papers.value("id", first),
                    "size": len(chain),
                    "version": version + 1,
                    "kind": kind,
                    "previous": papers.value("id", chain[version - 1]) if version else None,
                    "kept": papers.value("id", kept) if is_gone and kept is not None else None,
                    "because": _version_because(papers, kept, document, documents_kept) if is_gone else None,
                }
            )
    return rows, gone


def _version_because(papers: Papers, kept: int | None, document: int, documents_kept: str) -> str:
    if documents_kept == "latest" or kept is None:
        return "latest version"
    return BECAUSE[int(papers.because(np.array([kept]), np.array([document]))[0])]


def _described(paragraphs: Paragraphs, papers: Papers, pair: dict[str, Any]) -> dict[str, Any]:
    one, other, differ = pair["one"], pair["other"], pair["differ"]
    return {
        "id": papers.value("id", int(paragraphs.doc[one])),
        "start": int(paragraphs.start[one]),
        "other": papers.value("id", int(paragraphs.doc[other])),
        "other_start": int(paragraphs.start[other]),
        "score": pair["score"],
        "differ": differ.kind,
        "words": list(differ.ours),
        "other_words": list(differ.theirs),
    }


def write_arrow(path: Path, table: pa.Table) -> None:
    """Write a table as one uncompressed batch, which can be mapped."""
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
        for batch in table.combine_chunks().to_batches():
            writer.write_batch(batch)
