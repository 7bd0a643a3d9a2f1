"""Arrow table in, the same table out with clean text: what all adapters for tables are made of."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

import cleaner
from cleaner.extensions import plugin_versions
from cleaner.pipeline import Cleaner
from cleaner.plugins import records
from cleaner.rulebook.load import pack_hashes
from cleaner.settings import FIELDS, Settings, SettingsError
from cleaner.shards.schemas import REMOVED

REMOVAL = pa.struct([REMOVED.field(name).with_nullable(True) for name in records.REMOVAL])
"""One removal: the columns of ``removed`` that tell it."""

RESULTS = pa.schema(
    [pa.field("text", pa.string()), pa.field("removed", pa.list_(REMOVAL)), pa.field("rejected", pa.string())]
)
"""What became of one row: its clean text, null where it was rejected; what went; the reason for its rejection."""


class TableCleaner:
    """Cleans tables row by row; a function of tables that pickles, so that frameworks can send it to their workers.

    The columns stay as they are but for ``text`` (or what `Settings.columns` maps to it), which becomes the clean text.
    Columns ``removed``, a list of removals, and ``rejected``, a code of docs/output.md, are added; a rejected row keeps
    its place, with null for text.  ``removed`` and ``rejected`` are the names of the two columns.

    Raises `SettingsError` when a table has a column of one of these names.

    >>> story = "The two ministers met in the old town hall on Monday and signed the border treaty. " * 2
    >>> table = TableCleaner()(pa.table({"n": [1, 2], "text": [story + "\\nLeave a review", "Short."]}))
    >>> table.select(["n", "text", "rejected"]).to_pylist() == [
    ...     {"n": 1, "text": story + "\\n", "rejected": None}, {"n": 2, "text": None, "rejected": "too_little_left"}]
    True
    >>> [removal["rule"] for removal in table["removed"][0].as_py()]
    ['en/leave-a-review']
    """

    def __init__(
        self, settings: Settings | None = None, *, removed: str = "removed", rejected: str = "rejected"
    ) -> None:
        self.cleaner = Cleaner(settings)
        self.removed = removed
        self.rejected = rejected

    def __getstate__(self) -> dict[str, Any]:
        """What decides the result: frameworks that keep results by what a function is made of look at it."""
        settings = self.cleaner.settings
        decides = (cleaner.__version__, pack_hashes(settings.rules), plugin_versions(settings.plugins))
        return {**self.__dict__, "decides": decides}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update({name: value for name, value in state.items() if name != "decides"})

    @property
    def text(self) -> str:
        """Name of the column that holds the clean text."""
        return self.cleaner.settings.columns.get("text", "text")

    def fields(self, names: list[str]) -> list[str]:
        """Those of some columns that are looked at."""
        columns = self.cleaner.settings.columns
        wanted = {columns.get(name, name) for name in FIELDS}
        return [name for name in names if name in wanted]

    def results(self, table: pa.Table | pa.RecordBatch) -> pa.Table:
        """What became of each row, in order: a table of schema `RESULTS`."""
        rows = [
            {
                "text": outcome.text if outcome is not None and rejection is None else None,
                "removed": [] if outcome is None else records.removals(outcome, self.cleaner.settings.audit),
                "rejected": rejection.reason if rejection is not None else None,
            }
            for _, outcome, rejection, _ in self.cleaner.results(table)
        ]
        return pa.Table.from_pylist(rows, schema=RESULTS)

    def check(self, names: list[str]) -> None:
        """Raise `SettingsError` for tables that have a column of a name that is needed."""
        for option, name in (("removed", self.removed), ("rejected", self.rejected)):
            if name in names:
                raise SettingsError(f"the table has a column {name!r}; name another one: {option}=…")

    def __call__(self, table: pa.Table) -> pa.Table:
        """The table with clean text and the two columns more."""
        names = table.schema.names
        self.check(names)
        results = self.results(table)
        text = results["text"]
        if self.text in names:
            place = names.index(self.text)
            kind = table.schema.types[place]
            if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
                text = text.cast(kind)
            table = table.set_column(place, pa.field(self.text, text.type), text)
        else:
            table = table.append_column(self.text, text)
        return table.append_column(self.removed, results["removed"]).append_column(self.rejected, results["rejected"])
