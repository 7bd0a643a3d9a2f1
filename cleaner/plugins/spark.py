"""Spark: one call on a data frame, through `mapInArrow`.

Needs ``pip install 'news-corpus-cleaner[spark]'`` and Java.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
from pyspark.sql.pandas.types import from_arrow_schema
from pyspark.sql.types import StructField, StructType

from cleaner.plugins.tables import RESULTS, TableCleaner
from cleaner.settings import Settings


def clean_frame(
    frame: Any, settings: Settings | None = None, *, removed: str = "removed", rejected: str = "rejected"
) -> Any:
    """A Spark data frame with clean text (see `TableCleaner` for its columns)."""
    cleaner = TableCleaner(settings, removed=removed, rejected=rejected)
    cleaner.check(frame.columns)
    text, *others = from_arrow_schema(RESULTS.set(0, pa.field(cleaner.text, pa.string())))
    fields = [text if field.name == text.name else field for field in frame.schema.fields]
    if text not in fields:
        fields.append(text)
    names = (removed, rejected)
    fields += [StructField(name, field.dataType) for name, field in zip(names, others, strict=True)]
    return frame.mapInArrow(_Batches(cleaner), StructType(fields))


class _Batches:
    def __init__(self, cleaner: TableCleaner) -> None:
        self._cleaner = cleaner

    def __call__(self, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield from self._cleaner(pa.Table.from_batches([batch])).to_batches()
