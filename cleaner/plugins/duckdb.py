"""DuckDB: functions of SQL, which get and give Arrow arrays.

Needs ``pip install 'news-corpus-cleaner[duckdb]'``.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from duckdb import DuckDBPyConnection, list_type, struct_type

from cleaner.plugins.tables import REMOVAL, TableCleaner
from cleaner.settings import Settings

_TYPES = {pa.int32(): "INTEGER", pa.string(): "VARCHAR", pa.float32(): "FLOAT"}
AUDIT = pa.struct([("text", pa.string()), ("removed", pa.list_(REMOVAL)), ("rejected", pa.string())])


def register(connection: DuckDBPyConnection, settings: Settings | None = None) -> None:
    """Give a connection the functions ``clean`` and ``clean_audit``, each of one text or page.

    ``clean(text)`` is the clean text, null where a text is null or rejected.  ``clean_audit(text)`` is a struct of that
    ``text``, ``removed`` (a list of removals) and ``rejected`` (a code of docs/output.md).

    Raises what DuckDB raises when there is a function of one of these names already.
    """
    cleaner = TableCleaner(settings)

    def results(texts: Any) -> pa.Table:
        return cleaner.results(pa.table({cleaner.text: texts}))

    def clean(texts: Any) -> Any:
        return results(texts)["text"].combine_chunks()

    def clean_audit(texts: Any) -> Any:
        table = results(texts).combine_chunks()
        return pa.StructArray.from_arrays([column.chunk(0) for column in table.itercolumns()], fields=list(AUDIT))

    removal = struct_type({field.name: _TYPES[field.type] for field in REMOVAL})
    audit = struct_type({"text": "VARCHAR", "removed": list_type(removal), "rejected": "VARCHAR"})
    for function, returned in ((clean, "VARCHAR"), (clean_audit, audit)):
        connection.create_function(
            function.__name__, function, ["VARCHAR"], returned, type="arrow", null_handling="special"
        )
