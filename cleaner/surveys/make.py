"""Surveys and proposals from raw inputs: what ``cleaner survey`` and ``cleaner mine`` do."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from cleaner.engines import open_engine
from cleaner.engines.local import LocalEngine
from cleaner.engines.work import mapper
from cleaner.ingest.files import check_inputs
from cleaner.ingest.read import read_inputs
from cleaner.pipeline import Cleaner
from cleaner.rulebook.load import load_rulebook
from cleaner.settings import Settings
from cleaner.shards.lock import LOCK, locked
from cleaner.surveys.first_pass import DOCUMENTS, Staging, first_pass, gather
from cleaner.surveys.folder import SurveyError, SurveyFolder
from cleaner.surveys.mine import Proposal, illustrate, languages_of, propose, read_documents
from cleaner.units import planned_units, unique_ids
from cleaner.urls import as_place

Progress = Callable[[int], object]


def survey(
    inputs: Sequence[Path | str],
    out: Path | str,
    settings: Settings | None = None,
    *,
    progress: Progress = lambda size: None,
    engine: str = "local",
    address: str | None = None,
) -> SurveyFolder:
    """Survey all documents of the inputs (directories and files in any mix) into the new folder ``out``.

    What sites print on many pages, headlines and leads, signatures of paragraphs: what the first pass of `run` finds.
    ``progress`` is told the bytes of input that were dealt with since the last call.  ``engine`` is one of
    `engines.ENGINES`, ``address`` that of a Ray cluster: its workers extract and survey the documents, what they found
    is put together on this machine, and neither shows in what is written.

    Starts worker processes, so a script must call it under ``if __name__ == "__main__":``.

    Raises `InputError`, `RuleError`, `EngineError`, and `SurveyError` when ``out`` is there already.

    >>> survey(["scrapes"], "corpus", Settings(workers=1)).documents
    2
    """
    chosen, folder = settings or Settings(), Path(out)
    if folder.exists() and (not folder.is_dir() or any(_is_others(entry.name) for entry in folder.iterdir())):
        raise SurveyError(f"{folder} is there already; name a new folder, or add surveys with: cleaner survey merge")
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder):
        staging = Staging(folder / "staging", keeps_documents=False)
        staging.remove()
        try:
            return _survey(inputs, staging, folder, chosen, progress, engine, address)[0]
        finally:
            staging.remove()


def _is_others(name: str) -> bool:
    """Whether a file in a new survey's folder is none that a survey which was killed has left."""
    return name not in ("staging", LOCK) and not name.endswith(".parquet.tmp") and not name.startswith(".grouped-")


def mine(
    inputs: Sequence[Path | str],
    settings: Settings | None = None,
    *,
    progress: Progress = lambda size: None,
    engine: str = "local",
    address: str | None = None,
) -> list[Proposal]:
    """Rules proposed from the lines, shapes of lines and openings that sites of the inputs repeat.

    Each proposal has its counts, three contexts, hits and misses; `cleaner.surveys.mine.as_pack` writes them as a pack
    in which all only flag.  Starts worker processes, as `survey` does, with the same engines, and raises what that
    raises.

    >>> mine(["scrapes"], Settings(workers=1))  # two documents repeat nothing
    []
    """
    chosen = settings or Settings()
    with tempfile.TemporaryDirectory(prefix="cleaner-mine-") as name:
        staging = Staging(Path(name))
        found, count = _survey(inputs, staging, staging.path / "survey", chosen, progress, engine, address)
        parts = [staging.part(DOCUMENTS, unit) for unit in range(count)]
        proposals = propose(found, languages_of(read_documents(parts)))
        rulebook = load_rulebook(chosen.rules, chosen.select, chosen.extend_select, chosen.ignore)
        return illustrate(proposals, read_documents(parts), rulebook)


def _survey(
    inputs: Sequence[Path | str],
    staging: Staging,
    out: Path,
    settings: Settings,
    progress: Progress,
    engine: str,
    address: str | None,
) -> tuple[SurveyFolder, int]:
    paths = [as_place(path) for path in inputs]
    Cleaner(settings)  # a rule that cannot be used fails before anything is touched
    check_inputs(paths)
    with open_engine(engine, settings, address) as workers:
        units = planned_units(unique_ids(read_inputs(paths, settings, out)), settings)
        count = len(first_pass(units, staging, workers, None, progress))
        if isinstance(workers, LocalEngine):
            return gather(staging, count, None, out, mapper(workers)), count
    # the group-by goes from file to file, and workers elsewhere need not see the files of this machine
    with LocalEngine(replace(settings, workers=0)) as workers:
        return gather(staging, count, None, out, mapper(workers)), count
