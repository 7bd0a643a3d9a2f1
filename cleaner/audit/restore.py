"""Source texts from a run folder: clean text plus removals, checked against the hash of the source."""

from __future__ import annotations

import contextlib
import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from cleaner.document import restore
from cleaner.rows import sha256
from cleaner.shards.folder import FolderError, RunFolder

# Bytes of a file's name; file systems take 255.
MAX_NAME = 240


@dataclass
class Restored:
    """How a restoration went.  ``wrong`` and ``impossible`` name the documents concerned, with the cause.

    ``renamed`` counts the texts whose own name was taken or too long for this file system.
    """

    written: int = 0
    without_text: int = 0
    renamed: int = 0
    wrong: list[str] = field(default_factory=list)
    impossible: list[str] = field(default_factory=list)


def restore_run(run: Path, out: Path, progress: Callable[[int], object] = lambda documents: None) -> Restored:
    """Write every source text of a finished run below ``out``, in UTF-8, and check it against its SHA-256.

    A text file comes back under its own path, a page or record as ``<source>.txt`` (of a page all visible blocks, one
    a line; its HTML is not kept by runs); a name that is taken or too long gets eight hexadecimal digits.  Rejected
    documents come back where there was text.  Documents whose removed text was left out by ``--audit filters`` or
    ``counts`` cannot be restored and are listed.

    Raises `FolderError` when the run cannot be read or ``out`` is not empty.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise FolderError(f"{out} is not an empty folder; name a new one")
    result = Restored()
    folder = RunFolder(run)
    for entry in folder.manifest()["parts"]:
        if not folder.intact(entry["unit"], entry):
            result.wrong.append(f"part {entry['unit']}: not as the run wrote it")
    for documents, (source, text, problem) in enumerate(_texts(folder), 1):
        if text is None:
            if problem is None:
                result.without_text += 1
            elif problem.startswith("hash"):
                result.wrong.append(f"{source}: {problem}")
            else:
                result.impossible.append(f"{source}: {problem}")
        else:
            result.renamed += _write(out, source, text)
            result.written += 1
        progress(documents)
    return result


def _texts(folder: RunFolder) -> Iterator[tuple[str, str | None, str | None]]:
    """File name, text and problem of every document of a run."""
    for tables in folder.units():
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
        for row in tables["rejected"].select(["source", "text", "source_chars"]).to_pylist():
            name, text = _name(row["source"], "rejected"), row["text"]
            if (text is None) != (row["source_chars"] is None) or len(text or "") != (row["source_chars"] or 0):
                yield name, None, "hash not checked: the text has another length than the source's"
            else:
                yield name, text, None


def _name(source: str, format: str) -> str:
    is_text = source.lower().endswith((".txt", ".md", ".text"))
    return source if is_text and format != "html" else f"{source}.txt"


def _write(out: Path, name: str, text: str) -> bool:
    """Write a text below ``out``.  Returns whether it had to go under another name than its own."""
    parts = [part for part in name.split("/") if part not in ("", ".", "..")] or ["unnamed.txt"]
    digits = hashlib.sha256(name.encode("utf-8")).hexdigest()[:8]
    *folders, last = (_short(part) for part in parts)
    data = text.encode("utf-8")
    for place, path in enumerate((out.joinpath(*folders, last), out.joinpath(*folders, f"{last}-{digits}.txt"))):
        with contextlib.suppress(FileExistsError, NotADirectoryError):
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(path, "xb") as stream:
                stream.write(data)
            return place > 0 or path != out.joinpath(*parts)
    with open(out / f"{digits}.txt", "xb") as stream:  # its folder is another text's file
        stream.write(data)
    return True


def _short(part: str) -> str:
    """A name of a file or folder that file systems take (at most 255 bytes), with digits that tell it from others."""
    data = part.encode("utf-8")
    if len(data) <= MAX_NAME:
        return part
    return f"{data[: MAX_NAME - 50].decode('utf-8', 'ignore')}-{hashlib.sha256(data).hexdigest()[:8]}.txt"
