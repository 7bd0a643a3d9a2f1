"""An index of a finished run: what its pages, samples and figures ask, in a database on disk.

It is built from ``clean/``, ``removed/``, ``rejected/`` and ``run.json``, decides nothing, and goes when it is closed.
The unit of reading is the text: what one rule of one filter removed, told apart by the MD5 of the removed text
without the white space around it; a text that was removed a thousand times is one text.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import duckdb

from cleaner.audit.shown import ViewError, code_of
from cleaner.shards.folder import RunFolder
from cleaner.shards.schemas import PARTS

# White space that does not count in a text: the same for the database and for Python.
BLANKS = " \t\n\r\x0b\x0c\x85\xa0\u2028\u2029\u3000"
# Characters of a text that the index keeps; pages show the document for more.
EXCERPT = 2_000
# The database spills to disk beyond this.
MEMORY = "1GB"
# Rows of a part, at most: unit and row give a removal its number.
UNIT = 1_000_000_000
# Bars of a histogram of shares.
BINS = 20

Values = Sequence[Any]


def text_hash(text: str | None) -> str:
    """What tells removed texts apart: MD5 without the white space around; empty where the text was not kept.

    >>> text_hash(" Also Read: rain\\n") == text_hash("Also Read: rain")
    True
    >>> text_hash(None)
    ''
    """
    return "" if text is None else hashlib.md5(text.strip(BLANKS).encode(), usedforsecurity=False).hexdigest()


@dataclass(frozen=True, slots=True)
class Text:
    """A distinct removed text: who removed it, how often, how surely, and where it stands first."""

    number: int
    filter: str
    rule: str
    digest: str
    text: str | None
    chars: int
    removals: int
    documents: int
    sites: int
    least: float
    most: float
    unit: int
    id: str
    source: str
    site: str | None
    language: str | None
    start: int
    end: int
    line: int
    reason: str
    evidence: str
    verdict: str | None = None

    @property
    def code(self) -> str:
        """The rule's id, or filter and code."""
        return code_of(self.filter, self.rule)

    @property
    def key(self) -> tuple[str, str, str]:
        """What a verdict is about: filter, rule and text."""
        return self.filter, self.rule, self.digest


TEXT_COLUMNS = (
    "t.number, t.filter, t.rule, t.digest, t.text, t.chars, t.removals, t.documents, t.sites, t.least, t.most, t.unit, "
    "t.id, t.source, t.site, t.language, t.start, t.stop, t.line, t.reason, t.evidence, v.verdict"
)


class Index:
    """The index of a run.  Use it as a context manager: its database is a temporary file.

    Raises `shards.folder.FolderError` where there is no finished run and `ViewError` where the parts do not agree with
    ``run.json``.
    """

    def __init__(self, run: Path) -> None:
        self.folder = RunFolder(run)
        self.manifest = self.folder.manifest()
        self.books: dict[str, Any] = self.manifest["books"]
        self._place = tempfile.TemporaryDirectory(prefix="cleaner-audit-")
        self.database = duckdb.connect(str(Path(self._place.name) / "index.duckdb"))
        try:
            self.database.execute(f"SET memory_limit = '{MEMORY}'")
            self.database.execute(f"SET temp_directory = '{self._place.name.replace(chr(39), chr(39) * 2)}'")
            self._build()
            self._check()
        except duckdb.Error as error:
            self.close()
            raise ViewError(f"{run}: the parts cannot be read: {str(error).splitlines()[0]}") from error
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Index:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the database and remove it."""
        self.database.close()
        self._place.cleanup()

    def rows(self, sql: str, values: Values = ()) -> list[tuple[Any, ...]]:
        """The rows that a query gives; safe to call from several threads."""
        found: list[tuple[Any, ...]] = self.database.cursor().execute(sql, list(values)).fetchall()
        return found

    def records(self, sql: str, values: Values = ()) -> list[dict[str, Any]]:
        """The rows that a query gives, by the names of their columns."""
        cursor = self.database.cursor().execute(sql, list(values))
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def texts(
        self, where: str = "true", order: str = "t.number", values: Values = (), limit: int = 50, offset: int = 0
    ) -> list[Text]:
        """Distinct texts that meet a condition, each with the verdict on it."""
        sql = f"SELECT {TEXT_COLUMNS} FROM texts t LEFT JOIN verdicts v USING (filter, rule, digest) WHERE {where}"
        return [Text(*row) for row in self.rows(f"{sql} ORDER BY {order} LIMIT {limit} OFFSET {offset}", values)]

    def judge(self, verdicts: Iterator[tuple[str, str, str, str]] | Sequence[tuple[str, str, str, str]]) -> None:
        """Take verdicts (filter, rule, hash, verdict) in; an empty verdict takes one back."""
        cursor = self.database.cursor()
        for filter, rule, digest, verdict in verdicts:
            cursor.execute("DELETE FROM verdicts WHERE filter = ? AND rule = ? AND digest = ?", [filter, rule, digest])
            if verdict:
                cursor.execute("INSERT INTO verdicts VALUES (?, ?, ?, ?)", [filter, rule, digest, verdict])

    def _build(self) -> None:
        make = self.database.execute
        for kind in PARTS:
            files = [str(self.folder.part(kind, entry["unit"])) for entry in self.manifest["parts"]]
            if files:
                make(
                    f"CREATE VIEW {kind}_rows AS SELECT *, unit::BIGINT * {UNIT} + file_row_number AS number FROM ("
                    r"SELECT *, regexp_extract(filename, 'part-(\d+)\.parquet$', 1)::INTEGER AS unit FROM read_parquet("
                    f"[{', '.join(map(_quoted, files))}], filename = true, file_row_number = true))"
                )
            else:
                columns = ", ".join(
                    f'NULL::{_TYPES.get(field.name, "VARCHAR")} AS "{field.name}"' for field in PARTS[kind]
                )
                make(f"CREATE VIEW {kind}_rows AS SELECT {columns}, 0 AS unit, 0 AS number WHERE false")
        make("CREATE TABLE verdicts (filter VARCHAR, rule VARCHAR, digest VARCHAR, verdict VARCHAR)")
        make("CREATE TABLE sampled (filter VARCHAR, rule VARCHAR, digest VARCHAR)")
        make(
            "CREATE TABLE documents AS "
            "SELECT number, unit, id, source, site, language, title, format, source_chars, removed_chars, "
            "'' AS stage, '' AS reason, '' AS detail FROM clean_rows "
            "UNION ALL BY NAME "
            f"SELECT number + {UNIT // 2} AS number, unit, id, source, NULL AS site, NULL AS language, NULL AS title, "
            "NULL AS format, "
            "source_chars, 0 AS removed_chars, stage, reason, left(detail, 300) AS detail FROM rejected_rows"
        )
        blanks = " || ".join(f"chr({ord(blank)})" for blank in BLANKS)
        make(
            f"""CREATE TABLE cuts AS
            SELECT number, unit, id, site, start, "end" AS stop, filter, rule, round(confidence::DOUBLE, 4)
              AS confidence, coalesce(md5(trim(text, {blanks})), '') AS digest,
              id IN (SELECT id FROM clean_rows) AS of_clean
            FROM removed_rows"""
        )
        make(
            """CREATE TEMP TABLE grouped AS
            SELECT filter, rule, digest, count(*) AS removals, min(confidence) AS least, max(confidence) AS most,
              min(number) AS number
            FROM cuts GROUP BY ALL"""
        )
        # most texts stand once: those need no counting of documents and sites
        make(
            """CREATE TEMP TABLE spread AS
            SELECT g.number, count(DISTINCT c.id) AS documents, count(DISTINCT c.site) AS sites
            FROM cuts c JOIN grouped g USING (filter, rule, digest) WHERE g.removals > 1 GROUP BY ALL"""
        )
        make(
            f"""CREATE TABLE texts AS
            SELECT g.number, g.filter, g.rule, g.digest, left(trim(r.text, {blanks}), {EXCERPT}) AS text,
              r."end" - r.start AS chars, g.removals, coalesce(s.documents, 1) AS documents,
              coalesce(s.sites, (r.site IS NOT NULL)::INTEGER) AS sites, g.least, g.most, r.unit, r.id, r.source,
              r.site, r.language, r.start, r."end" AS stop, r.line, left(r.reason, 500) AS reason,
              left(r.evidence, 2000) AS evidence
            FROM grouped g JOIN removed_rows r USING (number) LEFT JOIN spread s USING (number)"""
        )
        make(
            """CREATE TABLE rules AS
            WITH own AS (SELECT filter, rule, count(*) AS texts FROM grouped GROUP BY ALL)
            SELECT c.filter, c.rule, count(*) AS removals, sum(c.stop - c.start)::BIGINT AS chars,
              count(DISTINCT c.id) AS documents, count(DISTINCT c.site) AS sites, avg(c.confidence) AS confidence,
              min(c.confidence) AS least, any_value(own.texts) AS texts
            FROM cuts c JOIN own USING (filter, rule) GROUP BY ALL"""
        )
        make("DROP TABLE grouped")
        make("DROP TABLE spread")
        for table, column in (("sites", "site"), ("languages", "language")):
            make(
                f"""CREATE TABLE {table} AS
                SELECT {column} AS name, count(*) AS documents, sum(source_chars)::BIGINT AS chars,
                  sum(removed_chars)::BIGINT AS removed, max(removed_chars / greatest(source_chars, 1)) AS most
                FROM documents WHERE stage = '' GROUP BY ALL"""
            )

    def _check(self) -> None:
        """Raise `ViewError` unless the rows give the books of ``run.json`` again."""
        ((clean, kept, removed),) = self.rows(
            "SELECT count(*), coalesce(sum(source_chars - removed_chars), 0), coalesce(sum(removed_chars), 0) "
            "FROM documents WHERE stage = ''"
        )
        ((rejected, chars),) = self.rows(
            "SELECT count(*), coalesce(sum(source_chars), 0) FROM documents WHERE stage <> ''"
        )
        ((removals,),) = self.rows("SELECT count(*) FROM cuts")
        by_filter = dict(self.rows("SELECT filter, sum(stop - start)::BIGINT FROM cuts WHERE of_clean GROUP BY ALL"))
        counted = {
            "clean": clean,
            "kept_chars": kept,
            "removed_chars": removed,
            "rejected": rejected,
            "rejected_chars": chars,
            "removals": removals,
            "removed_by_filter": by_filter,
        }
        for name, value in counted.items():
            if self.books[name] != value:
                raise ViewError(
                    f"{self.folder.path}: the rows give {value!r} for {name}, run.json says {self.books[name]!r}: the "
                    "shards were changed after the run (see `cleaner restore`)"
                )


_TYPES = {
    "start": "INTEGER",
    "end": "INTEGER",
    "line": "INTEGER",
    "source_chars": "INTEGER",
    "removed_chars": "INTEGER",
    "confidence": "FLOAT",
}


def _quoted(path: str) -> str:
    return "'" + path.replace("'", "''") + "'"
