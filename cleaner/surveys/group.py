"""The group-by: rows of any number, cut by their key into ranges that fit into memory, each dealt with alone.

Two maps, each over files and each task of either by itself, so that any engine can run them (`Mapper`):

- `split` sorts some of the rows by the range of their key, into one Arrow file with a record batch a range;
- `finish_range` reads the batch of its range from all these files, and writes what becomes of the rows.

What comes out is in the order of the key, and the same whatever the order of the rows, the number of files that they
came in, and the number of ranges and tasks.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cleaner.surveys.tables import COUNTS, LINES

# Bytes of rows that one task holds in memory, more or less; sorting holds them twice.
PARTITION_BYTES = 96_000_000

Mapper = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
"""``map``, or an engine's: results of a function that can be pickled, in the order of the arguments."""

Finish = Callable[[pa.Table], pa.Table]


def grouped(
    files: Sequence[Path], schema: pa.Schema, key: str, finish: Finish, out: Path, mapper: Mapper = map
) -> Iterator[pa.Table]:
    """What ``finish`` makes of all rows with keys in a range, range by range in ascending order.

    ``files`` are Parquet, ``key`` is a column of uint64 hashes.  What lies between the two maps is in a folder in
    ``out`` that is removed.
    """
    pieces = [piece for file in files for piece in _pieces(file)]
    bits = max(0, (sum(piece.size for piece in pieces) // PARTITION_BYTES).bit_length())
    if bits == 0:
        yield finish(_read(pieces, schema))
        return
    with tempfile.TemporaryDirectory(prefix=".grouped-", dir=out) as name:
        folder = Path(name)
        tasks = ((some, folder / f"split-{number:05d}.arrow") for number, some in enumerate(_shares(pieces)))
        written = list(mapper(partial(split, schema=schema, key=key, bits=bits), tasks))
        ranges = ((number, folder / f"range-{number:05d}.arrow") for number in range(1 << bits))
        for file in mapper(partial(finish_range, files=written, schema=schema, finish=finish), ranges):
            with pa.memory_map(str(file)) as source:
                yield pa.ipc.open_file(source).read_all()
            file.unlink()


@dataclass(frozen=True, slots=True)
class _Piece:
    """A row group of a Parquet file, and the bytes that its rows take in memory, more or less."""

    file: Path
    group: int
    size: int


def _pieces(file: Path) -> Iterator[_Piece]:
    metadata = pq.read_metadata(file)
    for group in range(metadata.num_row_groups):
        # twice what Parquet counts: strings have offsets in memory
        yield _Piece(file, group, 2 * metadata.row_group(group).total_byte_size)


def _shares(pieces: Iterable[_Piece]) -> Iterator[list[_Piece]]:
    """Pieces in shares of about `PARTITION_BYTES`."""
    share: list[_Piece] = []
    held = 0
    for piece in pieces:
        if share and held + piece.size > PARTITION_BYTES:
            yield share
            share, held = [], 0
        share.append(piece)
        held += piece.size
    if share:
        yield share


def _read(pieces: Iterable[_Piece], schema: pa.Schema) -> pa.Table:
    tables = [schema.empty_table()]
    for file, some in groupby(pieces, lambda piece: piece.file):
        with pq.ParquetFile(file) as parquet:
            groups = [piece.group for piece in some]
            tables.append(parquet.read_row_groups(groups, use_threads=False).select(schema.names).cast(schema))
    return pa.concat_tables(tables)


def split(task: tuple[Sequence[_Piece], Path], schema: pa.Schema, key: str, bits: int) -> Path:
    """Write the rows of some pieces as record batches, one for each of ``1 << bits`` ranges of the key."""
    pieces, out = task
    table = _read(pieces, schema)
    parts = table[key].to_numpy() >> np.uint64(64 - bits)
    order = np.argsort(parts, kind="stable")
    bounds = np.searchsorted(parts[order], np.arange((1 << bits) + 1)).tolist()
    ordered = pa.RecordBatch.from_pylist([], schema)
    if table.num_rows:
        (ordered,) = table.take(pa.array(order)).combine_chunks().to_batches()
    with pa.OSFile(str(out), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        for low, high in pairwise(bounds):
            writer.write_batch(ordered.slice(low, high - low))
    return out


def finish_range(task: tuple[int, Path], files: Sequence[Path], schema: pa.Schema, finish: Finish) -> Path:
    """Write what ``finish`` makes of the rows of one range."""
    number, out = task
    batches: list[pa.RecordBatch] = []
    for file in files:
        with pa.memory_map(str(file)) as source:
            batches.append(pa.ipc.open_file(source).get_batch(number))
    made = finish(pa.Table.from_batches(batches, schema))
    with pa.OSFile(str(out), "wb") as sink, pa.ipc.new_file(sink, schema) as writer:
        writer.write_table(made)
    return out


def sorted_rows(table: pa.Table, keys: Sequence[str]) -> pa.Table:
    """The rows sorted by columns of numbers, the first one first."""
    table = table.combine_chunks()
    order = np.lexsort([table[key].to_numpy() for key in reversed(keys)])
    return table.take(pa.array(order))


def add_lines(table: pa.Table) -> pa.Table:
    """The rows of one line added up: counts are sums; of texts that differ in capitals alone the least is kept."""
    if not table.num_rows:
        return table
    table = table.combine_chunks()
    key, section = table["key"].to_numpy(), table["section"].to_numpy()
    order = np.lexsort((section, key))
    key, section = key[order], section[order]
    new = np.ones(len(order), dtype=np.bool_)
    new[1:] = (key[1:] != key[:-1]) | (section[1:] != section[:-1])
    starts = np.flatnonzero(new)
    first = table.take(pa.array(_least(table["text"].chunk(0), order, new)))
    for name in COUNTS:
        sums = np.add.reduceat(table[name].to_numpy()[order], starts)
        first = first.set_column(LINES.get_field_index(name), LINES.field(name), pa.array(sums.astype(np.int32)))
    return first.combine_chunks()


def _least(texts: pa.Array, order: npt.NDArray[np.int64], new: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Of each group of rows, in ``order`` and beginning where one is ``new``, the row with the least text, if any."""
    rows = order[new]
    later = np.flatnonzero(~new)
    ours, theirs = texts.take(pa.array(order[later])), texts.take(pa.array(order[later - 1]))
    is_same = pc.or_(pc.fill_null(pc.equal(ours, theirs), False), pc.and_(pc.is_null(ours), pc.is_null(theirs)))
    group = np.cumsum(new) - 1
    unlike = np.unique(group[later[~is_same.to_numpy(zero_copy_only=False)]])
    # as a rule all of a group are the same, so that few have to be compared as texts
    places = np.flatnonzero(np.isin(group, unlike))
    some = pa.table({"group": group[places], "row": order[places], "text": texts.take(pa.array(order[places]))})
    some = some.sort_by([("group", "ascending"), ("text", "ascending")])
    groups, first = np.unique(some["group"].to_numpy(), return_index=True)
    rows[groups] = some["row"].to_numpy()[first]
    return rows
