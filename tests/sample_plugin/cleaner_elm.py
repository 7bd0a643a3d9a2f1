"""What the harbour gazette of Elm needs: tide tables out of its texts, and its mailbag files read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import IO

from cleaner import Removal, View


class TideTable:
    """Takes lines of tide tables: "High water 04:10"."""

    name = "tide-table"

    def removals(self, view: View) -> Iterable[Removal]:
        """Removals of the lines that begin with high or low water."""
        for line in view.lines:
            if line.text.startswith(("High water ", "Low water ")):
                yield line.remove(self.name, "tide", "A line of the tide table.", 0.99)


class Mailbag:
    """Files of letters, each under a line "== title"."""

    suffixes = (".mailbag",)

    def read(self, stream: IO[bytes]) -> Iterator[Mapping[str, object]]:
        """One record a letter."""
        title, lines = "", []
        for line in stream.read().decode("utf-8").splitlines(keepends=True):
            if line.startswith("== "):
                if lines:
                    yield {"title": title, "text": "".join(lines)}
                title, lines = line[3:].strip(), []
            else:
                lines.append(line)
        if lines:
            yield {"title": title, "text": "".join(lines)}
