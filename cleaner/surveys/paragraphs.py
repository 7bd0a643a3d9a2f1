"""The paragraphs of a survey by their number in the order, as arrays in files that are mapped."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cleaner.surveys import ranges as sizes
from cleaner.surveys.folder import SurveyError
from cleaner.surveys.papers import Papers
from cleaner.surveys.ranges import starts
from cleaner.surveys.tables import BANDS

# A site of which more than this share of paragraphs stands on other sites, too, is an aggregator, if it has this many.
AGGREGATED = 0.5
MIN_PARAGRAPHS = 50
# Rows that are read at a time.
BATCH = 8192

Array = npt.NDArray[Any]


# Numbers of paragraphs have 32 bits.
MOST = 2**32


class Paragraphs:
    """The paragraphs of a survey by their number in the order, as mapped arrays in ``folder``.

    ``bands`` and ``number``, the number of each, are by row of the survey: of these few are asked for, or all, and they
    are read one behind the other.

    Raises `SurveyError` for more than `MOST` of them.
    """

    def __init__(self, parquet: Path, papers_of: pa.Table, folder: Path) -> None:
        self._file = pq.ParquetFile(parquet, memory_map=True)
        self._docs = papers_of["doc"].to_numpy()
        self.count = self._file.metadata.num_rows
        if self.count > MOST:
            raise SurveyError(
                f"{parquet}: {self.count:,} paragraphs, more than the {MOST:,} that one survey can have numbers for; "
                "make surveys of parts of the corpus, by site"
            )
        self._folder = folder

    def sites_of_hashes(self, site_of_row: Array) -> Iterator[tuple[Array, Array]]:
        """Hash and site code of all paragraphs, in batches."""
        for batch in self._file.iter_batches(BATCH * 8, columns=["doc", "hash"]):
            yield batch["hash"].to_numpy(), site_of_row[np.searchsorted(self._docs, batch["doc"].to_numpy())]

    def read(self, papers: Papers) -> None:
        """Fill the arrays; numbers run through the first paragraphs of all documents in order, then the others."""
        schema = pa.schema([pa.field("text", pa.string())])
        texts = self._folder / "texts.arrow"
        with (
            _Files(self._folder) as by_row,
            pa.OSFile(str(texts), "wb") as sink,
            pa.ipc.new_file(sink, schema) as writer,
        ):
            for batch in self._batches():
                for name in ("hash", "numbers", "start", "line", "place"):
                    by_row.write(name, batch[name].to_numpy())
                by_row.write("size", pc.utf8_length(batch["text"]).to_numpy())
                for band, keys in enumerate(np.ascontiguousarray(_keys_of(batch["bands"]).T)):
                    by_row.write(f"band-{band}", keys)
                writer.write_batch(pa.record_batch([batch["text"]], schema=schema))
        source = pa.ipc.open_file(pa.memory_map(str(texts)))
        self._texts = [source.get_batch(number).column(0) for number in range(source.num_record_batches)]
        self._columns = {name: by_row.mapped(name, np.int32) for name in ("start", "line", "place")}
        self.bands = [by_row.mapped(f"band-{band}", "<u4") for band in range(BANDS)]
        kinds = {"hash": np.uint64, "numbers": np.uint64, "size": np.int32}
        unordered = {name: by_row.mapped(name, kind) for name, kind in kinds.items()}
        self.number = np.empty(self.count, dtype=np.uint32)
        done = 0
        with _Files(self._folder / "ordered") as ordered:
            for rows, document in _ordered(papers):
                self.number[rows] = np.arange(done, done + len(rows))
                ordered.write("row", rows.astype(np.uint32))
                ordered.write("doc", document.astype(np.int32))
                for name, column in unordered.items():
                    ordered.write(name, column[rows])
                done += len(rows)
        self.leads = int(np.count_nonzero(papers.table["paragraphs"].to_numpy()))
        self.row, self.doc = ordered.mapped("row", np.uint32), ordered.mapped("doc", np.int32)
        self.hash, self.numbers, self.size = (ordered.mapped(name, kind) for name, kind in kinds.items())

    def _batches(self) -> Iterator[pa.RecordBatch]:
        """Batches of `BATCH` rows, whatever the row groups of the file are."""
        table = None
        for batch in self._file.iter_batches(BATCH, use_threads=False):
            if table is None and batch.num_rows == BATCH:  # as a rule row groups are whole batches
                yield batch
                continue
            part = pa.Table.from_batches([batch])
            table = part if table is None else pa.concat_tables([table, part])
            while table is not None and table.num_rows >= BATCH:
                yield table.slice(0, BATCH).combine_chunks().to_batches()[0]
                table = table.slice(BATCH) if table.num_rows > BATCH else None
        if table is not None and table.num_rows:
            yield table.combine_chunks().to_batches()[0]

    def column(self, name: str, numbers: Array) -> Array:
        """``start``, ``line`` or ``place`` (`tables.PARAGRAPHS`) of some paragraphs."""
        return self._columns[name][self.row[numbers]]

    def texts(self, numbers: Array) -> list[str]:
        """The texts of some paragraphs."""
        rows = self.row[numbers]
        batches, places = (rows // BATCH).tolist(), (rows % BATCH).tolist()
        return [self._texts[batch][place].as_py() for batch, place in zip(batches, places, strict=True)]


class _Files:
    """Arrays in a folder, written from front to back and mapped when they are whole.

    To write to mapped files here and there takes several times as long, once they are larger than what is cached.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[str, BinaryIO] = {}

    def __enter__(self) -> _Files:
        self._folder.mkdir(exist_ok=True)
        return self

    def __exit__(self, *error: object) -> None:
        for file in self._open.values():
            file.close()

    def write(self, name: str, array: Array) -> None:
        """Add to the array of a name."""
        if name not in self._open:
            self._open[name] = open(self._folder / f"{name}.bin", "wb")  # noqa: SIM115  closed by __exit__
        self._open[name].write(array.data)

    def mapped(self, name: str, kind: Any) -> Array:
        """The whole array."""
        if name not in self._open:
            return np.empty(0, dtype=kind)
        found = np.memmap(self._folder / f"{name}.bin", dtype=kind, mode="r")
        return found.view(np.ndarray)  # of which a value is read in a third of the time


def _ordered(papers: Papers) -> Iterator[tuple[Array, Array]]:
    """Row and document of each paragraph, in the order of their numbers and in parts of `ranges.RANGE` or so."""
    counts = papers.table["paragraphs"].to_numpy().astype(np.int64)
    first = (np.cumsum(counts) - counts)[papers.row]
    counts = counts[papers.row]
    has = np.flatnonzero(counts)
    if len(has):
        yield first[has], has
    others = np.maximum(counts - 1, 0)
    ends = np.cumsum(others)
    bounds = np.searchsorted(ends, np.arange(0, others.sum() + sizes.RANGE, sizes.RANGE), side="right")
    for low, high in pairwise(bounds.tolist()):
        some = slice(low, high)
        document = np.repeat(np.arange(low, high), others[some])
        begins = np.repeat(np.cumsum(others[some]) - others[some], others[some])
        yield first[document] + 1 + np.arange(len(document)) - begins, document


def _keys_of(bands: pa.FixedSizeBinaryArray) -> Array:
    """The keys of bands, one row for each signature."""
    begin = bands.offset * BANDS
    return np.frombuffer(bands.buffers()[1], dtype="<u4")[begin : begin + len(bands) * BANDS].reshape(-1, BANDS)


def aggregators(paragraphs: Paragraphs, documents: pa.Table) -> frozenset[str]:
    """Sites of which most paragraphs stand on other sites, too."""
    names = sorted({name for name in documents["site"].to_pylist() if name is not None})
    codes = {name: code for code, name in enumerate(names)}
    site_of_row = np.array([codes.get(name, -1) for name in documents["site"].to_pylist()], dtype=np.int32)
    own = np.zeros(len(names) + 1, dtype=np.int64)
    shared = np.zeros(len(names) + 1, dtype=np.int64)
    bits = max(0, (paragraphs.count // (4 * sizes.RANGE)).bit_length())
    for part in range(1 << bits):
        hashes, codes_of = [np.empty(0, dtype=np.uint64)], [np.empty(0, dtype=np.int32)]
        for some, site in paragraphs.sites_of_hashes(site_of_row):
            mine = some >> np.uint64(64 - bits) == part if bits else np.ones(len(some), dtype=np.bool_)
            hashes.append(some[mine])
            codes_of.append(site[mine])
        key, site = np.concatenate(hashes), np.concatenate(codes_of)
        order = np.argsort(key)
        key, theirs = key[order], site[order]
        begins = np.flatnonzero(starts(key))
        if not len(begins):
            continue
        is_abroad = np.minimum.reduceat(theirs, begins) != np.maximum.reduceat(theirs, begins)
        is_shared = np.repeat(is_abroad, np.diff(begins, append=len(key)))
        own += _counts(site, own)
        shared += _counts(theirs[is_shared], shared)
    return frozenset(
        name for code, name in enumerate(names) if own[code] >= MIN_PARAGRAPHS and shared[code] > AGGREGATED * own[code]
    )


def _counts(site: Array, like: Array) -> Array:
    return np.bincount(site[site >= 0], minlength=len(like))[: len(like)]
