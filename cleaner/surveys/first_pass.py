"""The first pass: raw records to staged documents and to rows of a survey, unit by unit.

STAGING/documents/part-00000.parquet      the extracted documents of unit 0 (unless only a survey is made)
STAGING/lines/part-00000.parquet …        what they add to the tables of a survey
STAGING/units/part-00000.json             written last: what the unit was made of, and the hashes of its files
STAGING/survey/                           the survey of all of them, with that which was given added
STAGING/evidence/                         what the filters look up
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cleaner.atomic import write_whole
from cleaner.engines.work import Engine, Staged, StagingWork, each
from cleaner.ingest.record import Raw
from cleaner.settings import Settings
from cleaner.shards.folder import FolderError
from cleaner.shards.parts import file_sha256, write_part
from cleaner.surveys.evidence import Survey, build_evidence
from cleaner.surveys.folder import SurveyFolder, write_survey
from cleaner.surveys.group import Mapper
from cleaner.surveys.tables import TABLES
from cleaner.units import Plan, Unit, batches

DOCUMENTS = "staged"
# What is read once and then removed need not be small: zstd takes half the time that it takes for parts.  Rows of a
# survey are half hashes, which no codec makes smaller: LZ4 takes two thirds of that time, for a quarter more bytes.
BRIEF: dict[str, Any] = {"compression_level": 1, "write_statistics": False}
BRIEF_ROWS: dict[str, Any] = {"compression": "lz4", "compression_level": None, "write_statistics": False}


class Staging:
    """The folder of a first pass.  ``keeps_documents`` is False where only a survey is wanted."""

    def __init__(self, path: Path, keeps_documents: bool = True) -> None:
        self.path = path
        self.keeps_documents = keeps_documents

    def part(self, name: str, unit: int) -> Path:
        """A file of a unit: of the staged documents, or of a table of the survey."""
        return self.path / name / f"part-{unit:05d}.parquet"

    def _note(self, unit: int) -> Path:
        return self.path / "units" / f"part-{unit:05d}.json"

    def intact(self, unit: int, plan: Plan) -> bool:
        """Whether a unit was staged before, from the same records, and its files are as they were written."""
        try:
            note = json.loads(self._note(unit).read_text(encoding="utf-8"))
            return note["input_sha256"] == plan["input_sha256"] and all(
                file_sha256(self.part(name, unit)) == known["sha256"] for name, known in note["files"].items()
            )
        except (OSError, ValueError, KeyError, TypeError):
            return False

    def write(self, unit: int, plan: Plan, staged: Staged) -> None:
        """Write the files of a unit.  Raises `FolderError` when the disk is full or gone."""
        try:
            self._write(unit, plan, staged)
        except OSError as error:
            raise FolderError(
                f"cannot write part {unit} to {self.path}: {error}; mend it and go on with --resume"
            ) from error

    def _write(self, unit: int, plan: Plan, staged: Staged) -> None:
        files = {
            name: write_part(self.part(name, unit), table.combine_chunks(), **BRIEF_ROWS)
            for name, table in staged.survey.items()
        }
        if self.keeps_documents:
            files[DOCUMENTS] = write_part(self.part(DOCUMENTS, unit), staged.documents.combine_chunks(), **BRIEF)
        self._note(unit).parent.mkdir(parents=True, exist_ok=True)
        write_whole(self._note(unit), json.dumps({**plan, "files": files}, sort_keys=True).encode())

    def documents(self, unit: int) -> pa.Table:
        """The staged documents of a unit."""
        return pq.read_table(self.part(DOCUMENTS, unit))

    def remove(self) -> None:
        """Remove the folder with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)


def first_pass(
    units: Iterable[Unit],
    staging: Staging,
    engine: Engine,
    base: SurveyFolder | None,
    report: Callable[[int], object],
) -> list[Plan]:
    """Stage all units that are not staged yet.  Returns what is known of each.

    ``report`` is told the bytes of input that were dealt with.
    """
    staging.path.mkdir(parents=True, exist_ok=True)
    known = None
    if base is not None:
        known = staging.path / "known.npy"
        docs = pq.read_table(base.file("documents"), columns=["doc"])["doc"].to_numpy()
        np.save(known, np.ascontiguousarray(docs))
    plans: list[Plan] = []
    collected: list[Staged] = []
    work = StagingWork(engine.settings, known)
    for (number, plan, size, is_last), staged in each(engine, work, _batches(units, staging)):
        report(size)
        if staged.documents.num_rows:
            collected.append(staged)
        if is_last:
            if collected:
                staging.write(number, plan, work.join(collected))
            collected = []
            plans.append(plan)
    return plans


def _batches(units: Iterable[Unit], staging: Staging) -> Iterator[tuple[tuple[int, Plan, int, bool], Sequence[Raw]]]:
    for number, unit in enumerate(units):
        if staging.intact(number, unit.plan):
            yield (number, unit.plan, sum(unit.plan["disk"]), True), ()
            continue
        for place, batch in enumerate(unit.batches):
            is_last = place == len(unit.batches) - 1
            yield (number, unit.plan, sum(raw.disk for raw in batch), is_last), batch


def staged_units(plans: Sequence[Plan], staging: Staging, survey: str) -> Iterator[tuple[Plan, list[list[pa.Table]]]]:
    """The units of the second pass: staged documents, a table of one row each, in batches."""
    for number, plan in enumerate(plans):
        table = staging.documents(number)
        rows = [table.slice(row, 1) for row in range(table.num_rows)]
        sizes = pc.fill_null(pc.utf8_length(table["text"]), 0).to_pylist()
        yield {**plan, "survey": survey}, batches(zip(rows, sizes, strict=True))


def gather(staging: Staging, count: int, base: SurveyFolder | None, out: Path, mapper: Mapper = map) -> SurveyFolder:
    """The survey of all staged units, with ``base`` added, in the folder ``out``."""
    return write_survey(
        out,
        {
            name: [
                *(staging.part(name, unit) for unit in range(count)),
                *([base.file(name)] if base is not None else ()),
            ]
            for name in TABLES
        },
        mapper,
    )


def evidence_of(
    staging: Staging, plans: Sequence[Plan], base: SurveyFolder | None, settings: Settings, mapper: Mapper = map
) -> Survey:
    """Survey and evidence of all staged units; those that are there already when they are of the same documents."""
    made_of = {
        "inputs": [plan["input_sha256"] for plan in plans],
        "base": base.fingerprint if base is not None else None,
        "dedupe": [settings.dedupe, settings.dedupe_documents],
    }
    folder, note = staging.path / "evidence", staging.path / "made-of.json"
    try:
        known = json.loads(note.read_text(encoding="utf-8"))
        if known["of"] == made_of and known["files"] == _hashes(folder):
            return Survey(folder)
    except (OSError, ValueError, KeyError, TypeError):
        pass
    survey = gather(staging, len(plans), base, staging.path / "survey", mapper)
    evidence = build_evidence(survey, folder, settings.dedupe, settings.dedupe_documents, mapper)
    write_whole(note, json.dumps({"of": made_of, "files": _hashes(folder)}).encode())
    return evidence


def _hashes(folder: Path) -> dict[str, str]:
    return {file.name: file_sha256(file) for file in sorted(folder.iterdir()) if file.is_file()}
