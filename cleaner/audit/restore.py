"""Source texts from a run folder: clean text plus removals, checked against the hash of the source."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cleaner.document import restore
from cleaner.pipeline import sha256
from cleaner.shards.folder import FolderError, RunFolder


@dataclass
class Restored:
    """How a restoration went.  ``wrong`` and ``impossible`` name the documents concerned, with the cause."""

    written: int = 0
    without_text: int = 0
    wrong: list[str] = field(default_factory=list)
    impossible: list[str] = field(default_factory=list)


def restore_run(run: Path, out: Path, progress: Callable[[int], object] = lambda documents: None) -> Restored:
    """Write every source text of a finished run below ``out``, in UTF-8, and check it against its SHA-256.

    A text file comes back under its own path, a page or record as ``<source>.txt`` (of a page all visible blocks, one
    a line; its HTML is not kept by runs).  Rejected documents come back where there was text.  Documents whose removed
    text was left out by ``--audit filters`` or ``counts`` cannot be restored and are listed.

    Raises `FolderError` when the run cannot be read or ``out`` is not empty.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise FolderError(f"{out} is not an empty folder; name a new one")
    result = Restored()
    for documents, (source, text, problem) in enumerate(_texts(run), 1):
        if text is None:
            if problem is None:
                result.without_text += 1
            elif problem.startswith("hash"):
                result.wrong.append(f"{source}: {problem}")
            else:
                result.impossible.append(f"{source}: {problem}")
        else:
            _write(out, source, text)
            result.written += 1
        progress(documents)
    return result


def _texts(run: Path) -> Iterator[tuple[str, str | None, str | None]]:
    """File name, text and problem of every document of a run."""
    for tables in RunFolder(run).units():
        pieces: dict[str, list[tuple[int, str]]] = defaultdict(list)
        silent: dict[str, int] = defaultdict(int)
        for row in tables["removed"].select(["id", "start", "text"]).to_pylist():
            if row["text"] is None:
                silent[row["id"]] += 1
            else:
                pieces[row["id"]].append((row["start"], row["text"]))
        for row in tables["clean"].select(["id", "source", "text", "format", "source_sha256"]).to_pylist():
            name = _name(row["source"], row["format"])
            if silent[row["id"]]:
                yield name, None, f"the text of {silent[row['id']]} removals was not kept (see --audit of the run)"
                continue
            try:
                text = restore(row["text"], pieces[row["id"]])
            except ValueError as error:
                yield name, None, f"hash not checked: {error}"
                continue
            if sha256(text) != row["source_sha256"]:
                yield name, None, "hash differs from the source's: the shards were changed after the run"
            else:
                yield name, text, None
        for row in tables["rejected"].select(["source", "text"]).to_pylist():
            yield _name(row["source"], "rejected"), row["text"], None


def _name(source: str, format: str) -> str:
    is_text = source.lower().endswith((".txt", ".md", ".text"))
    return source if is_text and format != "html" else f"{source}.txt"


def _write(out: Path, name: str, text: str) -> None:
    parts = [part for part in name.split("/") if part not in ("", ".", "..")]
    path = out.joinpath(*parts) if parts else out / "unnamed.txt"
    if os.path.commonpath([os.path.abspath(path), os.path.abspath(out)]) != os.path.abspath(out):
        raise FolderError(f"{name!r} would be written outside {out}")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode("utf-8"))
