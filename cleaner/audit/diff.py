"""What a run removed, document by document; and what changed between two runs over the same corpus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from cleaner.audit.folder import documents
from cleaner.audit.shown import Shown, ViewError, code_of
from cleaner.document import Removal
from cleaner.shards.folder import RunFolder

# What a rule is called, as `code_of` has it.
CODE = "CASE WHEN contains(rule, '/') THEN rule ELSE filter || '/' || rule END"
# Documents that are read at once.
TOGETHER = 50
# A removal whose confidence moved by less is the same.
SAME = 0.005


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which removals to show; ``rule`` is an id, filter/code, or a prefix that ends in a slash."""

    filter: str | None = None
    rule: str | None = None
    site: str | None = None
    least: float = 0.0
    most: float = 1.0

    def takes(self, removal: Removal) -> bool:
        """Whether a removal is among them (of whatever site)."""
        code = code_of(removal.filter, removal.rule)
        return (
            (self.filter is None or removal.filter == self.filter)
            and (self.rule is None or code == self.rule or (self.rule.endswith("/") and code.startswith(self.rule)))
            and self.least - 1e-6 <= removal.confidence <= self.most + 1e-6
        )

    @property
    def sql(self) -> tuple[str, list[object]]:
        """The same as a condition on rows of ``removed``."""
        parts, values = ["round(confidence::DOUBLE, 4) BETWEEN ? AND ?"], [self.least - 1e-6, self.most + 1e-6]
        found: list[object] = list(values)
        for value, condition in (
            (self.filter, "filter = ?"),
            (self.rule, f"starts_with({CODE}, ?)" if (self.rule or "").endswith("/") else f"{CODE} = ?"),
            (self.site, "site = ?"),
        ):
            if value is not None:
                parts.append(condition)
                found.append(value)
        return " AND ".join(parts), found


def changed_documents(folder: RunFolder, chosen: Chosen) -> Iterator[Shown]:
    """The documents of a run that lost something of what is chosen, in order.  Raises `FolderError`."""
    condition, values = chosen.sql
    for entry in folder.manifest()["parts"]:
        unit = entry["unit"]
        with Database(folder) as found:
            rows = found.execute(
                f"SELECT id FROM {parts(folder, 'removed', [unit])} WHERE {condition} GROUP BY id "
                "ORDER BY min(file_row_number)",
                values,
            ).fetchall()
        ids = [row[0] for row in rows]
        for place in range(0, len(ids), TOGETHER):
            some = ids[place : place + TOGETHER]
            read = {one.id: one for _, one in documents(folder, {unit: some}) if one.pieces}
            yield from (read[id] for id in some if id in read)


@dataclass
class Comparison:
    """What changed from one run to another over the documents that both cleaned and whose source is the same.

    ``counts`` by kind of change (gained, lost, changed), ``rules`` and ``sites`` likewise, ``examples`` by rule.
    """

    documents: int = 0
    only_before: int = 0
    only_after: int = 0
    other_source: int = 0
    rejected_before: int = 0
    rejected_after: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    rules: dict[str, Counter[str]] = field(default_factory=dict)
    sites: dict[str, Counter[str]] = field(default_factory=dict)
    examples: list[dict[str, Any]] = field(default_factory=list)

    @property
    def nothing(self) -> bool:
        """Whether both runs removed the same from the same documents."""
        others = (self.only_before, self.only_after, self.other_source, self.rejected_before, self.rejected_after)
        return not self.counts and not any(others)

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return plain | {
            "counts": dict(self.counts),
            "rules": {name: dict(one) for name, one in self.rules.items()},
            "sites": {name: dict(one) for name, one in self.sites.items()},
        }


def compare(before: Path, after: Path, examples: int = 3) -> Comparison:
    """Compare two runs, with up to so many ``examples`` for each rule and kind of change.

    A removal is gained, lost, or changed: the same span, taken by another rule or with another confidence.
    Raises `FolderError` and `ViewError`.
    """
    folders = RunFolder(before), RunFolder(after)
    with Database(*folders) as found:
        for name, folder in zip("ab", folders, strict=True):
            for kind, columns in (
                ("clean", "id, site, source, source_sha256 AS hash, '' AS reason"),
                ("rejected", "id, NULL AS site, source, '' AS hash, reason"),
            ):
                found.execute(f"CREATE VIEW {kind}_{name} AS SELECT {columns} FROM {parts(folder, kind)}")
            found.execute(
                f"""CREATE VIEW removed_{name} AS
                SELECT id, source, site, start, "end" AS stop, line, filter, rule,
                  {CODE} AS code, reason,
                  round(confidence::DOUBLE, 4) AS confidence, left(text, 500) AS text
                FROM {parts(folder, "removed")}"""
            )
        found.execute(
            """CREATE TABLE documents AS
            SELECT coalesce(a.id, b.id) AS id, a.hash AS was, b.hash AS is FROM
              (FROM clean_a UNION ALL FROM rejected_a) a FULL JOIN (FROM clean_b UNION ALL FROM rejected_b) b
              ON a.id = b.id AND a.source = b.source"""
        )
        result = Comparison()
        (
            result.only_before,
            result.only_after,
            result.rejected_before,
            result.rejected_after,
            result.other_source,
            result.documents,
        ) = (
            found.execute(
                """SELECT count(*) FILTER ("is" IS NULL), count(*) FILTER (was IS NULL),
              count(*) FILTER (was = '' AND "is" <> ''), count(*) FILTER (was <> '' AND "is" = ''),
              count(*) FILTER (was <> '' AND "is" <> '' AND was <> "is"), count(*) FILTER (was <> '' AND was = "is")
            FROM documents"""
            ).fetchone()
            or (0,) * 6
        )
        found.execute(
            f"""CREATE TABLE changes AS
            WITH a AS (SELECT * FROM removed_a WHERE id IN (SELECT id FROM documents WHERE was <> '' AND was = "is")),
              b AS (SELECT * FROM removed_b WHERE id IN (SELECT id FROM documents WHERE was <> '' AND was = "is"))
            SELECT CASE WHEN a.id IS NULL THEN 'gained' WHEN b.id IS NULL THEN 'lost' ELSE 'changed' END AS change,
              coalesce(b.code, a.code) AS code, a.code AS code_before, coalesce(a.id, b.id) AS id,
              coalesce(a.source, b.source) AS source, coalesce(a.site, b.site) AS site,
              coalesce(a.line, b.line) AS line,
              coalesce(a.start, b.start) AS start, coalesce(b.text, a.text) AS text,
              coalesce(b.reason, a.reason) AS reason, a.confidence AS confidence_before,
              coalesce(b.confidence, a.confidence) AS confidence
            FROM a FULL JOIN b ON a.id = b.id AND a.start = b.start AND a.stop = b.stop
            WHERE a.id IS NULL OR b.id IS NULL OR a.code <> b.code OR abs(a.confidence - b.confidence) > {SAME}"""
        )
        for table, column in ((result.rules, "code"), (result.sites, "coalesce(site, 'unknown')")):
            for name, change, count in found.execute(
                f"SELECT {column}, change, count(*) FROM changes GROUP BY ALL ORDER BY count(*) DESC, 1, 2"
            ).fetchall():
                table.setdefault(name, Counter())[change] = count
        for counter in result.rules.values():
            result.counts.update(counter)
        cursor = found.execute(
            """SELECT * EXCLUDE place FROM (
              SELECT *, row_number() OVER (PARTITION BY code, change ORDER BY source, id, start) AS place FROM changes)
            WHERE place <= ? ORDER BY code, change, place""",
            [examples],
        )
        names = [column[0] for column in cursor.description]
        result.examples = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return result


class Database:
    """A database in memory for the time of a comparison; its errors become messages."""

    def __init__(self, *folders: RunFolder) -> None:
        self._folders = folders

    def __enter__(self) -> duckdb.DuckDBPyConnection:
        self._database = duckdb.connect()
        return self._database

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self._database.close()
        if isinstance(error, duckdb.Error):
            names = " and ".join(str(folder.path) for folder in self._folders)
            raise ViewError(f"{names}: the parts cannot be read: {str(error).splitlines()[0]}") from error


def parts(folder: RunFolder, kind: str, units: list[int] | None = None) -> str:
    """The rows of the parts of one kind, as a table of a query."""
    chosen = units if units is not None else [entry["unit"] for entry in folder.manifest()["parts"]]
    names = ", ".join("'" + str(folder.part(kind, unit)).replace("'", "''") + "'" for unit in chosen)
    if names:
        return f"read_parquet([{names}], file_row_number = true)"
    from cleaner.shards.schemas import PARTS

    numbers = {"start", "end", "line", "confidence", "source_chars", "removed_chars"}
    columns = (f'NULL::{"INTEGER" if name in numbers else "VARCHAR"} AS "{name}"' for name in PARTS[kind].names)
    return f"(SELECT {', '.join(columns)}, 0 AS file_row_number WHERE false)"
