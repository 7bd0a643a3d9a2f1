"""Near-identical paragraphs and documents across a corpus, and which copy stays.

Candidates are paragraphs with the same folded text, and such as share a band of their MinHash signatures (Broder 1997;
banding as in Leskovec, Rajaraman, Ullman: Mining of Massive Datasets, ch. 3).  A candidate counts when rapidfuzz gives
both texts at least `NEAR` and the news guard (`cleaner.surveys.guard`) finds no word that makes other news of one.

Documents are put in an order (`BECAUSE`), and paragraphs in that of their documents, except that first paragraphs come
before all others: on other pages they are teasers, and those may be dated before the article that they announce.  In
this order each paragraph either stays, or goes because one before it, verified against itself, has stayed.  So of any
web of likenesses (chains, stars, cycles) at least one paragraph stays, and for each that goes a copy of it is left:
likeness is never passed on.  Nothing goes for a paragraph that its site prints so often that the filter `templates` may
take it (`cleaner.surveys.furniture`).

Memory: arrays of fixed width are kept in files and mapped; bands and pairs are dealt with in ranges.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from cleaner.surveys.choice import choose, cluster_documents, describe_clusters
from cleaner.surveys.collect import hash_text
from cleaner.surveys.folder import SurveyFolder
from cleaner.surveys.group import Mapper
from cleaner.surveys.likeness import Edges, find_edges
from cleaner.surveys.papers import BECAUSE, IS_LEAD, Papers, order_documents
from cleaner.surveys.paragraphs import Paragraphs, aggregators
from cleaner.surveys.ranges import starts
from cleaner.surveys.signatures import Hashes, mixed
from cleaner.surveys.tables import CLUSTERS, COPIES, LOOKALIKES

Array = npt.NDArray[Any]


class Places(Protocol):
    """What tells of paragraphs whether another filter may take them."""

    def may_go(self, sites: Hashes, lines: Hashes, versions: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Whether they may be furniture of their sites, by the hashes of both.

        ``versions`` of their documents, themselves among them, do not count.
        """
        ...


def find_copies(
    survey: SurveyFolder, out: Path, scope: str, documents_kept: str, mapper: Mapper, printed: Places
) -> dict[str, int]:
    """Write what is found in a survey to ``out``, and return counts of its rows.

    copies.arrow, relied.arrow (which paragraphs others go for), clusters.arrow and lookalikes.parquet.

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
        clusters, gone = describe_clusters(papers, leader, is_exact, corrected, documents_kept)
        steady = edges.among(~_may_go(paragraphs, papers, edges.earlier, leader, printed))
        lost = choose(steady, paragraphs.doc, papers.site, paragraphs.size, chars, scope, leader, gone)
        copies = _copies(paragraphs, papers, edges, lost)
        kept = np.unique(np.fromiter((one for one, _ in lost.values()), np.int64, len(lost)))
        relied = np.sort(_keys(paragraphs, papers, kept))
        lookalikes = [_described(paragraphs, papers, one) for one in vetoed]
    write_arrow(out / "copies.arrow", copies.sort_by("key"))
    write_arrow(out / "relied.arrow", pa.table({"key": relied}))
    write_arrow(out / "clusters.arrow", pa.Table.from_pylist(clusters, schema=CLUSTERS).sort_by("doc"))
    pq.write_table(pa.Table.from_pylist(lookalikes, schema=LOOKALIKES), out / "lookalikes.parquet", compression="zstd")
    return {
        "copies": copies.num_rows,
        "lost": len(lost),
        "versions": len(clusters),
        "lookalikes": len(lookalikes),
    }


def _may_go(paragraphs: Paragraphs, papers: Papers, numbers: Array, leader: dict[int, int], printed: Places) -> Array:
    """Which paragraphs may go as furniture of their sites; the first ones of articles are never taken for such."""
    names = papers.table["site"].fill_null("").combine_chunks().dictionary_encode()
    hashes = np.array([hash_text(name) for name in names.dictionary.to_pylist()], dtype=np.uint64)
    document = paragraphs.doc[numbers]
    sites = hashes[names.indices.to_numpy()[papers.row[document]]] if len(numbers) else np.empty(0, dtype=np.uint64)
    first = np.arange(len(papers.row))
    first[list(leader)] = list(leader.values())
    versions = np.bincount(first, minlength=len(first))[first]
    may_go: Array = printed.may_go(sites, paragraphs.hash[numbers], versions[document])
    return may_go & (papers.site[document] >= 0) & (numbers >= paragraphs.leads)


def _copies(paragraphs: Paragraphs, papers: Papers, edges: Edges, lost: dict[int, tuple[int, float]]) -> pa.Table:
    """Paragraphs that go, and such as stay but stand on another site before: these are linked."""
    sites = papers.site[paragraphs.doc[edges.later]] != papers.site[paragraphs.doc[edges.earlier]]
    is_kept = ~np.isin(edges.later, np.fromiter(lost, np.int64, len(lost)))
    abroad = np.flatnonzero(sites & is_kept)
    abroad = abroad[starts(edges.later[abroad])]  # of several, the first
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
        "key": _keys(paragraphs, papers, number),
        "lost": np.arange(len(number)) < len(lost),
        "id": documents["id"],
        "source": documents["source"],
        "site": documents["site"],
        "start": paragraphs.column("start", other),
        "line": paragraphs.column("line", other),
        "score": score,
        "because": pa.array(BECAUSE).take(pa.array(because)),
    }
    return pa.table({name: pa.chunked_array(_chunks(column)) for name, column in columns.items()}).cast(COPIES)


def _chunks(column: Any) -> list[pa.Array]:
    if isinstance(column, pa.ChunkedArray):
        return column.chunks or [pa.array([], column.type)]
    return [column if isinstance(column, pa.Array) else pa.array(np.ascontiguousarray(column))]


def _keys(paragraphs: Paragraphs, papers: Papers, numbers: Array) -> Array:
    docs = papers.table["doc"].to_numpy()[papers.row[paragraphs.doc[numbers]]]
    return copy_keys(docs, paragraphs.column("place", numbers))


def copy_keys(docs: Array, places: Array) -> Array:
    """The keys of paragraphs by the keys of their documents and the numbers of their segments."""
    return mixed(docs ^ (places.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15))


def _described(paragraphs: Paragraphs, papers: Papers, pair: dict[str, Any]) -> dict[str, Any]:
    one, other, differ = pair["one"], pair["other"], pair["differ"]
    return {
        "id": papers.value("id", int(paragraphs.doc[one])),
        "start": int(paragraphs.column("start", one)),
        "other": papers.value("id", int(paragraphs.doc[other])),
        "other_start": int(paragraphs.column("start", other)),
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
