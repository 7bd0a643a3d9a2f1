"""The text of a pack cut into statements, so that it can be put in another order with every comment.

>>> [(one.kind, one.name) for one in statements('a = 1  # one\\n\\n# two\\n[[rule]]\\nid = "x"\\n')]
[('key', 'a'), ('blank', ''), ('comment', ''), ('table', 'rule'), ('key', 'id')]
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

# What may hide a line break, a bracket or a number sign: strings of the four sorts and comments.
_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:\\.|[^"\\\n])*"'
    r"|'[^'\n]*'"
    r"|(?P<comment>#[^\n]*)|(?P<open>[\[{])|(?P<close>[\]}])|(?P<end>\n)",
    re.DOTALL,
)
_NAME = re.compile(r"\[*\s*([A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*')\s*(?:\.\s*([A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*'))?")


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement: a key with its value, the head of a table, a comment on a line of its own, or a blank line.

    ``name`` is the key, without what stands behind its first dot, or the name of the table ("rule", "rule.evidence").
    ``start`` is where ``text`` begins in the source.  ``comment`` is the comment behind a key or head.
    """

    kind: str
    name: str
    start: int
    text: str
    comment: str = ""

    @property
    def end(self) -> int:
        """Where ``text`` ends in the source."""
        return self.start + len(self.text)


@dataclass(slots=True)
class Chunk:
    """A table of a pack: the comments above its head, the head, and what stands under it.

    A table inside it (``[rule.evidence]``) is among ``inner``.  The chunk of the keys at the top has no head.
    """

    head: Statement | None
    above: list[Statement] = field(default_factory=list)
    body: list[Statement] = field(default_factory=list)
    inner: list[Chunk] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Name of the table; empty for the keys at the top."""
        return self.head.name if self.head else ""

    @property
    def statements(self) -> list[Statement]:
        """All statements of the chunk in order, those of tables inside it included."""
        own = [*self.above, *([self.head] if self.head else []), *self.body]
        return [*own, *(one for chunk in self.inner for one in chunk.statements)]

    def value(self, key: str) -> object:
        """The value of a key; None without it."""
        found = next((one for one in self.body if one.kind == "key" and one.name == key), None)
        return tomllib.loads(found.text)[key] if found else None


def statements(source: str) -> Iterator[Statement]:
    """The statements of valid TOML whose lines end in "\\n", without the white space around them."""
    start = depth = 0
    comment = ""
    for token in _TOKEN.finditer(source if source.endswith("\n") else f"{source}\n"):
        if token["comment"] is not None:
            comment = token["comment"].rstrip()
        depth += (token["open"] is not None) - (token["close"] is not None)
        if token["end"] is not None and depth == 0:
            line = source[start : token.start()]
            yield _statement(start + len(line) - len(line.lstrip()), line.strip(), comment)
            start, comment = token.end(), ""


def _statement(start: int, text: str, comment: str) -> Statement:
    if text == "":
        return Statement("blank", "", start, "")
    if text.startswith("#"):
        return Statement("comment", "", start, text)
    found = _NAME.match(text)
    parts = [part.strip("\"'") for part in found.groups() if part] if found else []
    if text.startswith("["):
        return Statement("table", ".".join(parts), start, text, comment)
    return Statement("key", parts[0] if parts else "", start, text, comment)


def chunks(source: str) -> tuple[list[Chunk], list[Statement]]:
    """The tables of valid TOML in order, the keys at the top first; and the comments at the end of the file.

    A comment goes with the table that it stands above.  One right under a key, with a blank line behind it, stays with
    that key's table.
    """
    last = Chunk(None)
    found = [last]
    loose: list[Statement] = []  # comments and blank lines behind the last key
    for one in statements(source):
        if one.kind in ("comment", "blank"):
            loose.append(one)
            continue
        if one.kind == "key":
            last.body += [*loose, one]
        else:
            own, above = _parted(loose)
            last.body += own
            last = Chunk(one, above)
            outer, dot, _ = one.name.partition(".")
            owners = [chunk.inner for chunk in found if dot and chunk.name == outer]
            (owners[-1] if owners else found).append(last)
        loose = []
    own, rest = _parted([*loose, Statement("blank", "", len(source), "")])
    last.body += own
    return found, rest


def _parted(loose: Sequence[Statement]) -> tuple[list[Statement], list[Statement]]:
    """Comments right under a key, with a blank line behind them; and the others, without blank lines at their ends."""
    blank = next((place for place, one in enumerate(loose) if one.kind == "blank"), 0)
    rest = list(loose[blank:])
    while rest and rest[0].kind == "blank":
        del rest[0]
    while rest and rest[-1].kind == "blank":
        del rest[-1]
    return list(loose[:blank]), rest
