"""Polars: a Series of texts, an expression, or a DataFrame of records.

Importing this module gives expressions the name space ``cleaner``: ``pl.col("text").cleaner.clean()``.
Needs ``pip install 'news-corpus-cleaner[polars]'``.
"""

from __future__ import annotations

from functools import partial

import polars as pl
import pyarrow as pa

from cleaner.plugins.tables import TableCleaner
from cleaner.settings import Settings


def clean_series(series: pl.Series, settings: Settings | None = None) -> pl.Series:
    """The clean texts of a Series of texts or pages; null where a text is null or rejected.

    >>> story = "The two ministers met in the old town hall on Monday and signed the border treaty. " * 2
    >>> clean_series(pl.Series("body", [story + "\\nLeave a review", None])).to_list() == [story + "\\n", None]
    True
    """
    return _clean(series, TableCleaner(settings))


def _clean(series: pl.Series, cleaner: TableCleaner) -> pl.Series:
    texts = series.cast(pl.String).to_arrow().cast(pa.large_string())
    name = cleaner.text
    return pl.Series(series.name, cleaner.results(pa.table({name: texts}))["text"].to_pylist(), dtype=pl.String)


@pl.api.register_expr_namespace("cleaner")
class _Expression:
    def __init__(self, expression: pl.Expr) -> None:
        self._expression = expression

    def clean(self, settings: Settings | None = None) -> pl.Expr:
        """The clean texts of a column of texts or pages; null where a text is null or rejected."""
        clean = partial(_clean, cleaner=TableCleaner(settings))
        return self._expression.map_batches(clean, return_dtype=pl.String, is_elementwise=True)


def clean_frame(
    frame: pl.DataFrame, settings: Settings | None = None, *, removed: str = "removed", rejected: str = "rejected"
) -> pl.DataFrame:
    """A DataFrame with clean text (see `TableCleaner` for its columns); columns that are no field are not touched."""
    cleaner = TableCleaner(settings, removed=removed, rejected=rejected)
    cleaner.check(frame.columns)
    results = cleaner.results(frame.select(cleaner.fields(frame.columns)).to_arrow())
    return frame.with_columns(pl.DataFrame(results.rename_columns([cleaner.text, removed, rejected])).get_columns())
