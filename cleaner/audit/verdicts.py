"""Verdicts of people on removals, in a file that only grows.

One JSON object a line.  A verdict is about a text that a rule removed (`index.Text`), so that it holds for every place
where the rule removes that text, in this run and in later ones.  The last verdict on a text counts.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cleaner.audit.shown import ViewError

NAME = "verdicts.jsonl"
VERDICTS = ("right", "wrong", "unsure")
NONE = ""
"""Takes a verdict back."""
# A verdict on a text that stands on more sites than this holds for all sites.
MAX_SITES = 20
# A longer text is told by its hash alone.
MAX_TEXT = 20_000

Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a person said of a text that a rule of a filter removed.

    ``sites`` are those where the text was removed, none where a document has none or they are many; ``languages``
    likewise.  ``text`` is None where the run kept none, or where it is very long.
    """

    verdict: str
    filter: str
    rule: str
    digest: str
    text: str | None = None
    sites: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    source: str = ""
    line: int = 0
    note: str = ""
    at: str = field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))

    @property
    def key(self) -> Key:
        """What the verdict is about."""
        return self.filter, self.rule, self.digest

    def as_line(self) -> str:
        """The line of the file."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return json.dumps(plain | {"sites": list(self.sites), "languages": list(self.languages)}, ensure_ascii=False)


class Verdicts:
    """The verdicts of a file: ``last`` by text, ``damaged`` the numbers of lines that cannot be read.

    A line that was being written when the machine stopped is such a line; the file is never rewritten.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.last: dict[Key, Verdict] = {}
        self.damaged: list[int] = []
        self._given: list[tuple[Key, Verdict | None]] = []
        self._lock = threading.Lock()
        try:
            lines = path.read_bytes().split(b"\n")
        except FileNotFoundError:
            lines = []
        except OSError as error:
            raise ViewError(f"{path} cannot be read: {error.strerror or error}") from error
        self._torn = bool(lines and lines[-1])
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                self._take(_verdict(json.loads(line)))
            except (ValueError, TypeError, KeyError):
                self.damaged.append(number)

    def add(self, verdict: Verdict) -> None:
        """Append a verdict: it is on the disk when this returns.  Raises `ViewError` when it cannot be written."""
        with self._lock:
            before = self.last.get(verdict.key)
            self._append(verdict)
            self._given.append((verdict.key, before))

    def undo(self) -> Key | None:
        """Take back the last verdict that was given here: append what was there before.  None without any."""
        with self._lock:
            if not self._given:
                return None
            key, before = self._given.pop()
            self._append(before or Verdict(NONE, *key))
            return key

    def _append(self, verdict: Verdict) -> None:
        line = f"{verdict.as_line()}\n".encode("utf-8", "replace")
        try:
            with open(self.path, "ab", buffering=0) as stream:
                stream.write(b"\n" + line if self._torn else line)
                os.fsync(stream.fileno())
        except OSError as error:
            raise ViewError(f"{self.path} cannot be written: {error.strerror or error}") from error
        self._torn = False
        self._take(verdict)

    def _take(self, verdict: Verdict) -> None:
        if verdict.verdict == NONE:
            self.last.pop(verdict.key, None)
        else:
            self.last[verdict.key] = verdict


def _verdict(plain: Mapping[str, Any]) -> Verdict:
    known = {name: plain[name] for name in Verdict.__dataclass_fields__ if name in plain}
    for name, value in known.items():
        if name in ("sites", "languages"):
            if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
                raise ValueError(name)
            known[name] = tuple(value)
        elif not isinstance(value, int if name == "line" else str) and not (name == "text" and value is None):
            raise ValueError(name)
    if known["verdict"] not in (*VERDICTS, NONE):
        raise ValueError("verdict")
    return Verdict(**known)
