"""The paragraphs of a survey by their number in the order, as arrays in files that are mapped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cleaner.surveys import ranges as sizes
from cleaner.surveys.papers import Papers
from cleaner.surveys.ranges import starts
from cleaner.surveys.tables import BANDS

# A site of which more than this share of paragraphs stands on other sites, too, is an aggregator, if it has this many.
AGGREGATED = 0.5
MIN_PARAGRAPHS = 50
# Rows that are read at a time.
BATCH = 8192

Array = npt.NDArray[Any]


class Paragraphs:
    """The paragraphs of a survey by their number in the order, as mapped arrays in ``folder``.

    ``bands`` and ``number``, the number of each, are by row of the survey.
    """

    def __init__(self, parquet: Path, papers_of: pa.Table, folder: Path) -> None:
        self._file = pq.ParquetFile(parquet, memory_map=True)
        self._docs = papers_of["doc"].to_numpy()
        self.count = self._file.metadata.num_rows
        self._folder = folder

    def _scratch(self, name: str, kind: Any, *shape: int) -> Array:
        shape = shape or (max(1, self.count),)
        made = np.lib.format.open_memmap(self._folder / f"{name}.npy", mode="w+", dtype=kind, shape=shape)
        return made.view(np.ndarray)  # of which a value is read in a third of the time

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
        # by row: of these few are asked for, or all, and they are written and read one behind the other
        self.number = self._scratch("number", np.int64)
        self.bands = self._scratch("bands", np.uint32, BANDS, max(1, self.count))
        self._columns = {name: self._scratch(name, np.int32) for name in ("start", "line", "place")}
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
                text = batch["text"]
                self.size[numbers] = pc.utf8_length(text).to_numpy()
                own = slice(done, done + batch.num_rows)
                self.number[own] = numbers
                self.bands[:, own] = _keys_of(batch["bands"]).T
                for name, column in self._columns.items():
                    column[own] = batch[name].to_numpy()
                writer.write_batch(pa.record_batch([text], schema=schema))
                done += batch.num_rows
        source = pa.ipc.open_file(pa.memory_map(str(texts)))
        self._texts = [source.get_batch(number).column(0) for number in range(source.num_record_batches)]

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
        order = np.lexsort((site, key))
        key, site = key[order], site[order]
        begins = np.flatnonzero(starts(key))
        if not len(begins):
            continue
        ends = np.append(begins[1:], len(key)) - 1
        is_shared = np.repeat(site[begins] != site[ends], ends - begins + 1)
        own += _counts(site, own)
        shared += _counts(site[is_shared], shared)
    return frozenset(
        name for code, name in enumerate(names) if own[code] >= MIN_PARAGRAPHS and shared[code] > AGGREGATED * own[code]
    )


def _counts(site: Array, like: Array) -> Array:
    return np.bincount(site[site >= 0], minlength=len(like))[: len(like)]
