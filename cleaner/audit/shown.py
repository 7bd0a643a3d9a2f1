"""One document as a run recorded it: its text in pieces, each kept or with the removal that took it.

Nothing here decides anything.  The pieces come from the rows of ``clean``, ``removed`` and ``rejected``; put together
they are the document's source text.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from cleaner.chain import Outcome, Rejection
from cleaner.document import Removal, split_lines
from cleaner.errors import CleanerError

Row = Mapping[str, Any]


class ViewError(CleanerError):
    """A document or run that cannot be shown; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A span of the source.  ``text`` is None where the run did not keep it; ``removal`` None where the text stays."""

    start: int
    end: int
    line: int
    text: str | None
    removal: Removal | None = None

    @property
    def shown(self) -> str:
        """The text, or what stands for it."""
        return f"[{self.end - self.start:,} characters that the run did not keep]\n" if self.text is None else self.text


@dataclass(frozen=True, slots=True)
class LineFate:
    """One line of the source: its number, its text in pieces, each kept (None) or with the removal that took it.

    ``near`` are proposals to take the line, or some of it, that were not sure enough.
    """

    line: int
    pieces: tuple[tuple[str, Removal | None], ...]
    near: tuple[Removal, ...] = ()

    @property
    def kept(self) -> bool:
        """Whether anything of the line is left."""
        return any(removal is None and text.strip() for text, removal in self.pieces)

    @property
    def removals(self) -> list[Removal]:
        """The removals that took something of the line."""
        return [removal for _, removal in self.pieces if removal is not None]

    @property
    def text(self) -> str:
        """The whole line, without the line break and the white space around it."""
        return "".join(text for text, _ in self.pieces).strip()

    @property
    def sign(self) -> str:
        """``-`` for a line that went, ``~`` for one that lost a part, ``?`` for one that nearly did, else a blank."""
        return ("~" if self.kept else "-") if self.removals else "?" if self.near else " "


@dataclass(frozen=True, slots=True)
class Shown:
    """A document of a run, or one that was cleaned in the same way to be looked at."""

    id: str
    source: str
    pieces: tuple[Piece, ...]
    facts: Mapping[str, Any] = field(default_factory=dict)
    near: tuple[Removal, ...] = ()
    rejected: Rejection | None = None

    @property
    def text(self) -> str:
        """The source text: kept and removed pieces together.  Raises `ViewError` where the run did not keep it all."""
        if any(piece.text is None for piece in self.pieces):
            raise ViewError(f"{self.source}: the run kept no text of some removals (see its --audit)")
        return "".join(piece.text or "" for piece in self.pieces)

    @property
    def clean(self) -> str:
        """The clean text: the kept pieces."""
        return "".join(piece.text or "" for piece in self.pieces if piece.removal is None)

    @property
    def removals(self) -> list[Removal]:
        """The removals, in order."""
        return [piece.removal for piece in self.pieces if piece.removal is not None]

    @property
    def source_chars(self) -> int:
        """Characters of the source text."""
        return self.pieces[-1].end if self.pieces else 0

    @property
    def removed_chars(self) -> int:
        """How many of them are gone."""
        return sum(piece.end - piece.start for piece in self.pieces if piece.removal is not None)

    def lines(self) -> Iterator[LineFate]:
        """The fate of every line that is not blank, in order."""
        text = "".join(piece.shown for piece in self.pieces)
        whole = all(piece.text is not None for piece in self.pieces)
        # where each piece begins in what is shown, which is the source text where all of it was kept
        begins: list[int] = []
        position = 0
        for piece in self.pieces:
            begins.append(position)
            position += len(piece.shown)
        first = 0
        for segment in split_lines(text):
            while first + 1 < len(begins) and begins[first + 1] <= segment.start:
                first += 1
            pieces: list[tuple[str, Removal | None]] = []
            low, at = segment.start, first
            while low < segment.end:
                high = min(segment.end, begins[at + 1] if at + 1 < len(begins) else len(text))
                pieces.append((text[low:high], self.pieces[at].removal))
                low, at = high, at + 1
            start = self.pieces[first].start + segment.start - begins[first]
            end = start + segment.end - segment.start
            near = tuple(one for one in self.near if whole and one.start < end and one.end > start)
            line = segment.line if whole else self.pieces[first].line + text.count("\n", begins[first], segment.start)
            yield LineFate(line, tuple(pieces), near)


def shown_outcome(outcome: Outcome) -> Shown:
    """A document that was cleaned just now."""
    document = outcome.document
    cuts: list[tuple[int, int, Removal | None]] = [(start, end, None) for start, end in outcome.kept]
    cuts += [(removal.start, removal.end, removal) for removal in outcome.removals]
    cuts.sort(key=lambda cut: cut[0])
    pieces = (Piece(start, end, 1, document.text[start:end], removal) for start, end, removal in cuts)
    return Shown(document.id, document.source, tuple(pieces), near=outcome.near, rejected=outcome.rejected)


def shown(clean: Row | None, removed: Iterable[Row], rejected: Row | None) -> Shown:
    """A document from its rows: of ``clean`` or ``rejected``, and those of ``removed``.

    Raises `ViewError` where the rows do not fit together.

    >>> kept = [{"start": 0, "end": 6, "line": 1}]
    >>> removal = {"start": 6, "end": 11, "line": 2, "text": "-02D-", "filter": "rules", "rule": "common/end-mark",
    ...     "reason": "An end mark.", "confidence": 0.9, "evidence": "{}"}
    >>> one = shown({"id": "a", "source": "a.txt", "text": "Story\\n", "kept": kept}, [removal], None)
    >>> one.text, one.clean, [fate.sign for fate in one.lines()]
    ('Story\\n-02D-', 'Story\\n', [' ', '-'])
    """
    removed = sorted(removed, key=lambda row: row["start"])
    row = clean or rejected
    assert row is not None, "a document has a row in clean or in rejected"
    pieces = list(_clean_pieces(clean, removed) if clean is not None else _rejected_pieces(row, removed))
    position = 0
    for piece in pieces:
        if piece.start != position or (piece.text is not None and len(piece.text) != piece.end - piece.start):
            raise ViewError(
                f"{row['source']}: kept and removed text do not fit together at character {position:,}: the shards "
                "were changed after the run (see `cleaner restore`)"
            )
        position = piece.end
    facts = {key: value for key, value in row.items() if key not in ("id", "source", "text", "kept", "near")}
    if clean is None and removed:
        facts |= {key: removed[0].get(key) for key in ("site", "language")}
    rejection = None if clean is not None else Rejection(row["stage"], row["reason"], row["detail"])
    near = tuple(_removal(one) for one in row.get("near") or ())
    return Shown(row["id"], row["source"], tuple(pieces), facts, near, rejection)


def _clean_pieces(clean: Row, removed: Sequence[Row]) -> Iterator[Piece]:
    position = 0
    rows: list[tuple[int, Piece]] = []
    for span in clean["kept"]:
        length = span["end"] - span["start"]
        text = clean["text"][position : position + length]
        rows.append((span["start"], Piece(span["start"], span["end"], span["line"], text)))
        position += length
    rows += [
        (row["start"], Piece(row["start"], row["end"], row["line"], row["text"], _removal(row))) for row in removed
    ]
    rows.sort(key=lambda one: one[0])
    return (piece for _, piece in rows)


def _rejected_pieces(rejected: Row, removed: Sequence[Row]) -> Iterator[Piece]:
    text = rejected["text"]
    if not text:
        return
    position, line = 0, 1
    for row in removed:
        if position < row["start"]:
            yield Piece(position, row["start"], line, text[position : row["start"]])
        yield Piece(row["start"], row["end"], row["line"], text[row["start"] : row["end"]], _removal(row))
        position, line = row["end"], row["line"] + 1
    if position < len(text):
        yield Piece(position, len(text), line, text[position:])


def _removal(row: Row) -> Removal:
    evidence = row.get("evidence") or "{}"
    return Removal(
        row["start"],
        row["end"],
        row["filter"],
        row["rule"],
        row["reason"],
        round(float(row["confidence"]), 4),
        json.loads(evidence) if isinstance(evidence, str) else evidence,
    )


def code(removal: Removal) -> str:
    """What a removal is called: the id of a rule, or filter and code.

    >>> code(Removal(0, 1, "layout", "shape", "", 0.9))
    'layout/shape'
    """
    return code_of(removal.filter, removal.rule)


def code_of(filter: str, rule: str) -> str:
    """The same by the name of the filter and what it says."""
    return rule if "/" in rule else f"{filter}/{rule}"


def without_near(one: Shown) -> Shown:
    """The document without what nearly went."""
    return replace(one, near=())
