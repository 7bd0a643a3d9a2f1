"""The documents of a survey in the order that decides which copy of a paragraph stays.

Earliest date first (none comes last), own site before aggregator, longest, least id.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

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
