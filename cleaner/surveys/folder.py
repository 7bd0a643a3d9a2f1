"""A survey on disk: three Parquet tables and survey.json, written last, which names them by their hash.

Surveys can be added: `write_survey` takes the tables of any number of maps, or of other surveys, and what it writes is
the same whatever their order and number.  A document may be in one of them only: counts of one that is in two would be
wrong without a word.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cleaner.atomic import write_whole
from cleaner.errors import CleanerError
from cleaner.shards.parts import ZSTD_LEVEL, file_sha256
from cleaner.surveys.group import Mapper, add_lines, grouped, sorted_rows
from cleaner.surveys.tables import (
    BAND_ROWS,
    BANDS,
    KEYS,
    SEED,
    SHINGLE_CHARACTERS,
    SHINGLE_WORDS,
    TABLES,
    VERSION,
)

MANIFEST = "survey.json"
ROWS = 65_536
# Columns without repeats: a dictionary for them only costs time.
_LONG = frozenset(("id", "source", "url", "headline", "lead", "text"))
# Columns of hashes in no order, which no codec makes smaller.
_RANDOM = frozenset(("hash", "numbers", "bands"))


class SurveyError(CleanerError):
    """A survey that cannot be used; the message says why and what to do."""


def signature() -> dict[str, object]:
    """How paragraphs are signed: surveys with other signatures cannot be added."""
    return {"words": SHINGLE_WORDS, "characters": SHINGLE_CHARACTERS, "bands": BANDS, "rows": BAND_ROWS, "seed": SEED}


class SurveyFolder:
    """A survey in a folder.

    Raises `SurveyError` when there is none, or one of another version.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            manifest = json.loads((path / MANIFEST).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise SurveyError(f"{path} is no survey: {MANIFEST} is missing; make one with: cleaner survey") from None
        except (OSError, ValueError) as error:
            raise SurveyError(f"{path / MANIFEST} cannot be read: {error}") from error
        if not isinstance(manifest, dict) or not {"version", "signature", "tables"} <= manifest.keys():
            raise SurveyError(f"{path / MANIFEST} is no manifest of a survey; name another folder")
        if manifest["version"] != VERSION or manifest["signature"] != signature():
            raise SurveyError(
                f"{path} was made by another version of cleaner: it is a survey of version {manifest['version']}, and "
                f"this one reads version {VERSION}; make it again with: cleaner survey"
            )
        self.manifest: dict[str, Any] = manifest

    @property
    def fingerprint(self) -> str:
        """What tells this survey from others: the hashes of its tables."""
        return "-".join(self.manifest["tables"][name]["sha256"][:16] for name in TABLES)

    @property
    def documents(self) -> int:
        """Number of documents."""
        return int(self.manifest["tables"]["documents"]["rows"])

    def file(self, name: str) -> Path:
        """The Parquet file of a table."""
        return self.path / str(self.manifest["tables"][name]["file"])

    def check(self) -> None:
        """Raise `SurveyError` unless all tables are as they were written."""
        for name in TABLES:
            if file_sha256(self.file(name)) != self.manifest["tables"][name]["sha256"]:
                raise SurveyError(f"{self.file(name)} is damaged; make the survey again")


def write_survey(out: Path, files: Mapping[str, Sequence[Path]], mapper: Mapper = map) -> SurveyFolder:
    """Write the survey of all rows of ``files`` (by table) to ``out``, which is made, and return it.

    ``mapper`` runs the tasks of the group-by.

    Raises `SurveyError` when a document is in it twice.
    """
    out.mkdir(parents=True, exist_ok=True)
    tables: dict[str, dict[str, Any]] = {}
    for name, schema in TABLES.items():
        finish = FINISH[name]
        temporary = out / f".{name}.parquet.tmp"
        rows = 0
        short = [field.name for field in schema if pa.types.is_string(field.type) and field.name not in _LONG]
        packed = [name for name in schema.names if name not in _RANDOM]
        with pq.ParquetWriter(
            temporary,
            schema,
            compression={column: "zstd" if column in packed else "none" for column in schema.names},
            compression_level=dict.fromkeys(packed, ZSTD_LEVEL),
            use_dictionary=short,
            write_statistics=[KEYS[name]],
        ) as writer:
            # row groups are cut by number alone, so that they do not depend on how the rows were partitioned
            pending = schema.empty_table()
            for table in grouped(files[name], schema, KEYS[name], finish, out, mapper):
                rows += table.num_rows
                pending = pa.concat_tables([pending, table])
                while pending.num_rows >= ROWS:
                    writer.write_table(pending.slice(0, ROWS).combine_chunks(), row_group_size=ROWS)
                    pending = pending.slice(ROWS)
            if pending.num_rows:
                writer.write_table(pending.combine_chunks(), row_group_size=ROWS)
        sha256 = file_sha256(temporary)
        tables[name] = {"rows": rows, "sha256": sha256, "file": f"{name}-{sha256[:16]}.parquet"}
        os.replace(temporary, out / tables[name]["file"])
    return _publish(out, tables)


def _publish(out: Path, tables: dict[str, dict[str, Any]]) -> SurveyFolder:
    """Write survey.json, from which moment on these tables count, and remove those that no longer do."""
    manifest = {"version": VERSION, "signature": signature(), "tables": tables}
    write_whole(out / MANIFEST, f"{json.dumps(manifest, indent=2, sort_keys=True)}\n".encode())
    current = {table["file"] for table in tables.values()}
    for name in TABLES:
        for file in out.glob(f"{name}-*.parquet"):
            if file.name not in current:
                file.unlink()
    return SurveyFolder(out)


def replace_survey(target: Path, source: SurveyFolder) -> SurveyFolder:
    """Put another survey in the place of the one in ``target``, at one stroke; the folder is made if need be."""
    target.mkdir(parents=True, exist_ok=True)
    for name in TABLES:
        temporary = target / f".{name}.parquet.tmp"
        shutil.copyfile(source.file(name), temporary)
        os.replace(temporary, target / source.file(name).name)
    return _publish(target, source.manifest["tables"])


def survey_merge(surveys: Sequence[Path | str], out: Path | str) -> SurveyFolder:
    """Add surveys of different documents into the new folder ``out``: the same bytes as one survey of all of them.

    Raises `SurveyError` when ``out`` is there already, or a survey cannot be used, is damaged, or shares a document
    with another one, which would be counted twice.

    >>> from cleaner import Settings, survey
    >>> for name in ("bridge", "ferry"):
    ...     _ = survey([f"scrapes/{name}.txt"], f"survey-{name}", Settings(workers=1))
    >>> survey_merge(["survey-bridge", "survey-ferry"], "both").documents
    2
    """
    if Path(out).exists():
        raise SurveyError(f"{out} is there already; name a new folder")
    folders = [SurveyFolder(Path(path)) for path in surveys]
    for folder in folders:
        folder.check()
    return write_survey(Path(out), {name: [folder.file(name) for folder in folders] for name in TABLES})


def _documents(table: pa.Table) -> pa.Table:
    table = sorted_rows(table, ("doc",))
    keys = table["doc"].to_numpy()
    same = (keys[1:] == keys[:-1]).nonzero()[0]
    if len(same):
        names = ", ".join(table["id"][int(place)].as_py() for place in same[:3])
        raise SurveyError(
            f"{len(same):,} documents are in two of the surveys ({names}, …), and each may be counted only once; "
            "survey what is new alone, or everything at once"
        )
    return table


FINISH: dict[str, Callable[[pa.Table], pa.Table]] = {
    "documents": _documents,
    "lines": add_lines,
    "paragraphs": partial(sorted_rows, keys=("doc", "place")),
}
