"""The group-by: rows of any number, cut by their key into partitions that fit into memory, each dealt with alone.

Partitions are ranges of the key, written to temporary Arrow files; so what comes out is in the order of the key, and
the same whatever the order of the rows, the number of files that they came in, and the number of partitions.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from cleaner.surveys.tables import COUNTS, LINES

# Bytes of rows that one partition holds in memory, more or less.
PARTITION_BYTES = 192_000_000


def partitioned(
    tables: Iterable[pa.Table], schema: pa.Schema, key: str, size: int, finish: Callable[[pa.Table], pa.Table]
) -> Iterator[pa.Table]:
    """What ``finish`` makes of all rows with keys in a range, range by range in ascending order.

    ``key`` is a column of uint64 hashes, ``size`` the bytes that all rows take in memory.
    """
    bits = max(0, (size // PARTITION_BYTES).bit_length())
    if bits == 0:
        yield finish(pa.concat_tables([schema.empty_table(), *tables]))
        return
    with tempfile.TemporaryDirectory(prefix="cleaner-survey-") as folder:
        files = [Path(folder) / f"{number:05d}.arrow" for number in range(1 << bits)]
        sinks = [pa.OSFile(str(file), "wb") for file in files]
        writers = [pa.ipc.new_stream(sink, schema) for sink in sinks]
        try:
            for table in tables:
                parts = table[key].to_numpy() >> np.uint64(64 - bits)
                order = np.argsort(parts, kind="stable")
                bounds = np.searchsorted(parts[order], np.arange((1 << bits) + 1))
                ordered = table.take(pa.array(order))
                for number, writer in enumerate(writers):
                    low, high = int(bounds[number]), int(bounds[number + 1])
                    if low < high:
                        writer.write_table(ordered.slice(low, high - low))
        finally:
            for writer, sink in zip(writers, sinks, strict=True):
                writer.close()
                sink.close()
        for file in files:
            with pa.OSFile(str(file), "rb") as source:
                yield finish(pa.ipc.open_stream(source).read_all())
            file.unlink()


def add_lines(table: pa.Table) -> pa.Table:
    """The rows of one line added up: counts are sums; of texts that differ in capitals alone the least is kept."""
    if not table.num_rows:
        return table
    table = table.sort_by([("key", "ascending"), ("text", "ascending")]).combine_chunks()
    keys = table["key"].to_numpy()
    starts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1])))
    first = table.take(pa.array(starts))
    for name in COUNTS:
        place = LINES.get_field_index(name)
        sums = np.add.reduceat(table[name].to_numpy(), starts)
        first = first.set_column(place, LINES.field(name), pa.array(sums.astype(np.int32)))
    return first.combine_chunks()
