"""A whole run: inputs in, run folder out, books that balance."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa

import cleaner
from cleaner.books import Books, count
from cleaner.engines import open_engine
from cleaner.engines.work import CleaningWork, Engine, each, mapper
from cleaner.errors import extra
from cleaner.extensions import plugin_versions
from cleaner.ingest.files import check_inputs
from cleaner.ingest.read import read_inputs
from cleaner.pipeline import Cleaner
from cleaner.rows import Cleaned
from cleaner.rulebook.load import pack_hashes
from cleaner.settings import Settings
from cleaner.shards.folder import FolderError, RunFolder, open_folder
from cleaner.shards.lock import LOCK, locked
from cleaner.shards.schemas import PARTS, VERSION
from cleaner.shards.store import LocalStore
from cleaner.surveys.first_pass import Staging, evidence_of, first_pass, staged_units
from cleaner.surveys.folder import SurveyError, SurveyFolder, replace_survey
from cleaner.surveys.settle import count_unkept
from cleaner.units import Plan, planned_units, unique_ids
from cleaner.urls import as_place, is_url
from cleaner.versions import deciding_versions


@dataclass(frozen=True, slots=True)
class RunResult:
    """A finished run: folder or URL, books, how many of its units were there already, what drifted (`audit.drift`)."""

    folder: Path | str
    books: Books
    resumed: int
    drift: dict[str, Any] | None = None


Progress = Callable[[Books, int], object]
"""Called with the books so far and the bytes of input dealt with since the last call."""


def run(
    inputs: Sequence[Path | str],
    out: Path | str,
    settings: Settings | None = None,
    *,
    resume: bool = False,
    overwrite: bool = False,
    baseline: Path | str | None = None,
    progress: Progress = lambda books, size: None,
    use_survey: bool = True,
    survey: Path | str | None = None,
    update_survey: bool = False,
    keep_staging: bool = False,
    staging: Path | str | None = None,
    engine: str = "local",
    address: str | None = None,
) -> RunResult:
    """Clean all documents of the inputs into a run folder.

    ``inputs`` are directories and files in any mix, ``"-"`` for JSONL on standard input; they and ``out`` may be URLs
    of file systems that fsspec knows (s3://…).  A folder that holds a run is
    refused unless ``resume`` (go on with it, verify what is there) or ``overwrite`` is given.  ``baseline`` is an
    earlier run to compare with: what drifted from it stands in ``run.json``.

    There are two passes: the first one extracts all documents and surveys them (`cleaner.surveys`), the second one
    cleans them on the evidence of the whole corpus.  ``survey`` is one made before, which is added to that of the
    inputs, and with ``update_survey`` replaced by both together when the run is finished.  Without ``use_survey`` there
    is one pass.

    ``staging`` is a folder for what is kept between the passes (without it, ``out``/staging); a run removes what it put
    there.  ``engine`` is one of `engines.ENGINES`, ``address`` that of a Ray cluster, whose machines must share the
    staging folder.  Neither engine nor number of workers shows in what is written.

    Starts worker processes, so a script must call it under ``if __name__ == "__main__":``.

    Raises `InputError` (an input is not there), `RuleError`, `FolderError`, `SurveyError`, `EngineError` (no worker
    process can be started), and `BooksError`, which is no `CleanerError`: books that do not balance are a bug.

    >>> result = run(["scrapes"], "cleaned", Settings(workers=1))
    >>> result.books.documents, result.books.clean, result.books.rejected
    (2, 2, 0)
    """
    chosen = settings or Settings()
    paths = [as_place(path) for path in inputs]
    folder = open_folder(out)
    Cleaner(chosen)  # a rule that cannot be used fails before anything is touched
    check_inputs(paths, folder.place)
    compared = None if baseline is None else RunFolder(Path(baseline))
    if compared is not None:
        if is_url(str(out)):
            raise FolderError(f"--baseline: only runs on this machine can be compared, and {out} is a URL")
        compared.manifest()
        with extra("audit"):  # now, not after hours of cleaning
            import cleaner.audit.drift  # noqa: F401
    with contextlib.ExitStack() as held:
        if update_survey and survey is not None:
            Path(survey).mkdir(parents=True, exist_ok=True)
            held.enter_context(locked(Path(survey)))
        base = _base(survey, use_survey, update_survey)
        header = run_header(chosen, use_survey, base)
        held.enter_context(folder.locked())
        finished = folder.prepare(header, resume=resume, overwrite=overwrite)
        stage = Staging(_staging(folder, staging))
        if folder.is_finished:
            result = _verified(folder)
        else:
            if not resume:
                stage.remove()
            with open_engine(engine, chosen, address) as workers:
                result = _clean(paths, folder, stage, workers, header, finished, base, compared, progress)
        if update_survey and survey is not None and (stage.path / "survey").exists():
            replace_survey(Path(survey), SurveyFolder(stage.path / "survey"))
        if not keep_staging:  # up to here, each step can be done again
            stage.remove()
        return result


def _staging(folder: RunFolder, staging: Path | str | None) -> Path:
    """Where to keep what lies between the passes: in the run folder, or in a folder of the run's own in ``staging``."""
    if staging is None and isinstance(folder.store, LocalStore):
        return folder.path / "staging"
    if staging is None:
        staging = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "news-corpus-cleaner"
    elif is_url(str(staging)):
        raise FolderError(f"--staging {staging}: must be a folder of this machine, whose files can be mapped")
    place = str(folder.path.absolute() if isinstance(folder.store, LocalStore) else folder.store)
    return Path(staging).absolute() / f"run-{hashlib.sha256(place.encode()).hexdigest()[:16]}"


def _verified(folder: RunFolder) -> RunResult:
    """A finished run again.  Raises `FolderError` where a part is not as it was written."""
    manifest = folder.manifest()
    for entry in manifest["parts"]:
        if not folder.intact(entry["unit"], entry):
            raise FolderError(f"{folder.store}: part {entry['unit']} is not as the run wrote it; use --overwrite")
    return RunResult(folder.place, Books.from_dict(manifest["books"]), len(manifest["parts"]), manifest.get("drift"))


def _clean(
    paths: Sequence[Path | str],
    folder: RunFolder,
    staging: Staging,
    engine: Engine,
    header: dict[str, Any],
    finished: Sequence[dict[str, Any]],
    base: SurveyFolder | None,
    baseline: RunFolder | None,
    progress: Progress,
) -> RunResult:
    """Both passes, or the one, and the manifest."""
    books, entries, resumed, settings = Books(), [], 0, engine.settings

    def report(done: Books, size: int) -> None:
        books.add(done)
        progress(books, size)

    units = planned_units(unique_ids(read_inputs(paths, settings, folder.place)), settings)
    if header["survey"] is not None:
        plans = first_pass(units, staging, engine, base, lambda size: progress(books, size))
        _unchanged(plans, finished)
        evidence = evidence_of(staging, plans, base, settings, mapper(engine))
        second: Iterable[tuple[Plan, Sequence[Sequence[Any]]]] = staged_units(plans, staging, evidence.fingerprint)
        work = CleaningWork(settings, evidence.path)
    else:
        second, work = ((unit.plan, unit.batches) for unit in units), CleaningWork(settings)
    for entry, done_before in _units(second, engine, work, folder, finished, report):
        entries.append(entry)
        resumed += done_before
    books.check()
    if len(finished) > len(entries):
        raise_changed(finished[len(entries)], "its documents are gone")
    found = None
    if baseline is not None:
        from cleaner.audit.drift import drift

        found = drift(baseline, folder, [entry["unit"] for entry in entries])
    folder.finish(
        {
            "header": header,
            "inputs": [str(path) for path in paths],
            "books": books.as_dict(),
            "copies": count_unkept(partial(_tables, folder, entries)) if work.evidence is not None else None,
            "parts": [{"unit": entry["unit"], **entry["parts"]} for entry in entries],
            **({} if found is None else {"drift": found}),
            "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        }
    )
    return RunResult(folder.place, books, resumed, found)


def _tables(folder: RunFolder, entries: Sequence[dict[str, Any]]) -> Iterator[dict[str, pa.Table]]:
    """Removals and rejections of all parts, without their texts."""
    columns = {"removed": ["id", "start", "filter", "evidence"], "rejected": ["id"]}
    for entry in entries:
        yield {kind: folder.table(kind, entry["unit"], some) for kind, some in columns.items()}


def _base(survey: Path | str | None, use_survey: bool, update_survey: bool) -> SurveyFolder | None:
    """The survey that is added to that of the inputs; one that is to be updated may be yet to be made."""
    if survey is None:
        if update_survey:
            raise SurveyError("--update-survey needs the survey to update: --survey FOLDER")
        return None
    if not use_survey:
        raise SurveyError("--survey and --no-survey contradict each other; give one of them")
    if update_survey and not any(entry.name != LOCK for entry in Path(survey).iterdir()):
        return None
    base = SurveyFolder(Path(survey))
    base.check()
    return base


def run_header(settings: Settings, use_survey: bool = True, base: SurveyFolder | None = None) -> dict[str, Any]:
    """What decides the bytes of a run's parts; the number of workers does not."""
    known = settings.as_dict()
    del known["workers"]
    return {
        "cleaner": cleaner.__version__,
        "schema": VERSION,
        "settings": known,
        "rules": pack_hashes(settings.rules),
        "survey": None if not use_survey else base.fingerprint if base is not None else "of the inputs",
        "plugins": plugin_versions(settings.plugins),
        "libraries": deciding_versions(),
    }


def raise_changed(entry: dict[str, Any], what: str) -> None:
    """Raise the `FolderError` of an input that changed between a run and its resumption."""
    raise FolderError(
        f"cannot resume: the input of unit {entry['unit']} (from {entry['first']} on) changed since the run was begun: "
        f"{what}; use --overwrite"
    )


@dataclass(frozen=True, slots=True)
class _Batch:
    """What is known of a batch besides its records: bytes of input that it came from, whether it is the ``last`` of its
    unit, and ``done`` when the whole unit was there before.
    """

    unit: int
    documents: int
    size: int
    last: bool
    done: bool = False


def _unchanged(plans: Sequence[Plan], finished: Sequence[dict[str, Any]]) -> None:
    """Raise `FolderError` where a unit that is finished was made of other documents."""
    for plan, entry in zip(plans, finished, strict=False):
        if entry["input_sha256"] != plan["input_sha256"]:
            raise_changed(entry, "its documents are others now")


def _units(
    units: Iterable[tuple[Plan, Sequence[Sequence[Any]]]],
    engine: Engine,
    work: CleaningWork,
    folder: RunFolder,
    finished: Sequence[dict[str, Any]],
    report: Callable[[Books, int], object],
) -> Iterator[tuple[dict[str, Any], bool]]:
    """Journal entries of all units in order, each with whether it was there before.

    ``report`` is told books and size of each batch, and of each unit that was there.
    """
    plans: dict[int, dict[str, Any]] = {}

    def batches() -> Iterator[tuple[_Batch, Sequence[Any]]]:
        for number, (known, cut) in enumerate(units):
            disk, plan = known["disk"], {key: value for key, value in known.items() if key != "disk"}
            plans[number] = plan
            if number < len(finished):
                if finished[number]["input_sha256"] != plan["input_sha256"]:
                    raise_changed(finished[number], "its documents are others now")
                if finished[number].get("survey") != plan.get("survey"):
                    raise_changed(finished[number], "other documents, on whose evidence it was cleaned, are others now")
                if folder.intact(number, finished[number]["parts"]):
                    yield _Batch(number, 0, sum(disk), last=True, done=True), ()
                    continue
            start = 0
            for place, batch in enumerate(cut):
                size = sum(disk[start : start + len(batch)])
                start += len(batch)
                yield _Batch(number, len(batch), size, last=place == len(cut) - 1), batch

    collected: list[Cleaned] = []
    books = Books()
    for batch, cleaned in each(engine, work, batches()):
        if batch.done:
            del plans[batch.unit]
            report(Books.from_dict(finished[batch.unit]["books"]), batch.size)
            yield finished[batch.unit], True
            continue
        collected.append(cleaned)
        batch_books = count(batch.documents, cleaned)
        books.add(batch_books)
        report(batch_books, batch.size)
        if batch.last:
            tables = {
                kind: pa.concat_tables([getattr(one, kind) for one in collected]).combine_chunks() for kind in PARTS
            }
            entry = {**plans.pop(batch.unit), "books": books.as_dict()}
            collected, books = [], Books()
            yield folder.write_unit(batch.unit, tables, entry), False
