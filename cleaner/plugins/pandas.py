"""pandas: a Series of texts, or a DataFrame of records.

Needs ``pip install 'news-corpus-cleaner[pandas]'``.
"""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from cleaner.plugins.tables import TableCleaner
from cleaner.settings import Settings, SettingsError


def clean_series(series: pd.Series, settings: Settings | None = None) -> pd.Series:
    """The clean texts of a Series of texts or pages, with its index; missing where a text is missing or rejected.

    >>> story = "The two ministers met in the old town hall on Monday and signed the border treaty. " * 2
    >>> cleaned = clean_series(pd.Series([story + "\\nLeave a review", None], index=["a", "b"]))
    >>> cleaned["a"] == story + "\\n", cleaned.isna().tolist()
    (True, [False, True])
    """
    table = pa.table({"text": pa.array(series, pa.large_string(), from_pandas=True)})
    texts = _cleaner(settings).results(table)["text"].to_pylist()
    kind = series.dtype if pd.api.types.is_string_dtype(series.dtype) else object
    return pd.Series(texts, index=series.index, name=series.name, dtype=kind)


def clean_frame(
    frame: pd.DataFrame, settings: Settings | None = None, *, removed: str = "removed", rejected: str = "rejected"
) -> pd.DataFrame:
    """A DataFrame with clean text (see `TableCleaner` for its columns); columns that are no field are not touched."""
    cleaner = TableCleaner(settings, removed=removed, rejected=rejected)
    cleaner.check(list(frame.columns))
    fields = cleaner.fields(list(frame.columns))
    known = pa.Table.from_pandas(frame[fields], preserve_index=False)
    results = cleaner.results(known)
    columns = zip((cleaner.text, removed, rejected), results.itercolumns(), strict=True)
    return frame.assign(
        **{name: pd.Series(column.to_pylist(), index=frame.index, dtype=object) for name, column in columns}
    )


def _cleaner(settings: Settings | None) -> TableCleaner:
    """For one column of texts: other names of columns mean nothing here."""
    if settings is not None and settings.columns:
        raise SettingsError("map: a Series has one column, whatever its name; map columns of a DataFrame")
    return TableCleaner(settings)
