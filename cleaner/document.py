"""The heart: a document that never changes, and removals that cut spans out of it.

Nothing in this package rewrites text.  A filter proposes `Removal`s, spans of ``Document.text`` counted in Unicode
code points; `apply` cuts them out once, and `restore` puts them back.  That kept and removed text together are the
source, to the character, follows from this construction and is tested as a law.

>>> document = Document.from_text("The story.\\n\\nAlso Read: another one\\n\\nIt goes on.\\n")
>>> [document.content(segment) for segment in document.segments]
['The story.', 'Also Read: another one', 'It goes on.']
>>> promo = document.segments[1]
>>> cut = Removal(promo.start, promo.end, "rules", "en/also-read", "A promo for another story.", 0.95)
>>> clean = apply(document.text, [cut])
>>> clean
'The story.\\n\\nIt goes on.\\n'
>>> restore(clean, [(cut.start, document.text[cut.start:cut.end])]) == document.text
True
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from types import MappingProxyType
from typing import NamedTuple

from cleaner.markdown import Sign, find_signs, is_markdown
from cleaner.wrapping import continues

# What `str.splitlines` breaks lines at.
_BREAKS = dict.fromkeys(map(ord, "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"), " ")
NO_FACTS: Mapping[str, object] = MappingProxyType({})
NO_WEIGHTS: Mapping[str, float] = MappingProxyType({})


class Markup(NamedTuple):
    """What the page's markup says of one block.

    ``path`` is the chain of element names from the root to the block's own element, ``names`` what the elements around
    the block call themselves (the values of ``class``, ``id`` and the like, outermost first), ``link_density`` the
    share of the block's characters that stand inside a link (0..1), ``witness`` whether extraction took the block for
    main content (None: not asked).

    ``story`` is the probability that the block is story (None: the model of blocks was not asked), ``heard`` whether
    another extractor took it (None: none was asked as well).  ``place`` is a code for where on the page it stands
    (`cleaner.extraction.places`), ``because`` what spoke most against it.  ``headline`` is true for the story's own
    headline.
    """

    path: tuple[str, ...]
    names: tuple[str, ...]
    link_density: float
    witness: bool | None = None
    story: float | None = None
    heard: bool | None = None
    place: str = ""
    because: Mapping[str, float] = NO_WEIGHTS
    headline: bool = False

    @property
    def tokens(self) -> frozenset[str]:
        """The single words of ``names``, in lower case.

        >>> sorted(Markup(("p",), ("Story main", "Intro"), 0.0).tokens)
        ['intro', 'main', 'story']
        """
        return frozenset(" ".join(self.names).lower().split())

    @property
    def tag(self) -> str:
        """Name of the element that holds the block."""
        return self.path[-1] if self.path else ""


class Segment(NamedTuple):
    """One line or block: a span of the document that runs to the start of the next segment.

    The line break and the blank lines behind a line belong to its segment, so that they go where the line goes.
    ``line`` is the 1-based line number, counted as text editors count (``\\n``, ``\\r\\n`` and ``\\r`` end a line).

    ``signs`` are spans in it that are no part of what it says (`cleaner.markdown`); None where it reads as it stands.
    With signs, or none of them but an empty tuple, line breaks inside are read as spaces.

    >>> Document.from_text("One.\\n\\nTwo.\\n").segments[1]
    Segment(start=6, end=11, line=3, role='line', markup=None, signs=None)
    """

    start: int
    end: int
    line: int
    role: str = "line"
    markup: Markup | None = None
    signs: tuple[Sign, ...] | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A source text with its segments and what is known about it.  Immutable.

    Raises `ValueError` when the text holds lone surrogates (such text cannot be written as UTF-8).

    >>> document = Document.from_text("The story.\\nIt goes on.\\n", id="a", language="en")
    >>> len(document.segments), document.content(document.segments[1])
    (2, 'It goes on.')
    """

    id: str
    text: str
    segments: tuple[Segment, ...] = ()
    source: str = ""
    url: str | None = None
    site: str | None = None
    title: str | None = None
    author: str | None = None
    date: str | None = None
    language: str | None = None
    facts: Mapping[str, object] = field(default_factory=lambda: NO_FACTS)
    language_by: str | None = None
    language_confidence: float | None = None

    def __post_init__(self) -> None:
        position = find_surrogate(self.text)
        if position is not None:
            raise ValueError(
                f"document {self.id!r}: lone surrogate U+{ord(self.text[position]):04X} at character {position}; "
                "decode the text again, or replace it before cleaning"
            )

    @classmethod
    def from_text(cls, text: str, id: str = "", **known: object) -> Document:
        """A document of plain text or Markdown, with the segments of `read_segments`.

        Raises `ValueError` for lone surrogates and `TypeError` for unknown fields.
        """
        return cls(id=id, text=text, segments=read_segments(text), **known)  # type: ignore[arg-type]

    def content(self, segment: Segment) -> str:
        """What the segment says, without signs and the white space around it.

        >>> document = Document.from_text("# Elm\\n\\nThe [council](/council) met.")
        >>> [document.content(segment) for segment in document.segments]
        ['Elm', 'The council met.']
        """
        if segment.signs is None:
            return self.text[segment.start : segment.end].strip()
        return read(self.text, segment, [(segment.start, segment.end)]).strip()


class Removal(NamedTuple):
    """A span that a filter takes out, and why.

    ``rule`` is a rule id or the filter's own reason code, ``reason`` a sentence for a person, ``confidence`` the
    probability (0..1) that an editor would remove it as well, ``evidence`` plain JSON-able data.

    >>> Removal(11, 23, "rules", "en/also-read", "A promo for another story.", 0.95).evidence
    mappingproxy({})
    """

    start: int
    end: int
    filter: str
    rule: str
    reason: str
    confidence: float
    evidence: Mapping[str, object] = NO_FACTS


def find_surrogate(text: str) -> int | None:
    """Position of the first lone surrogate, or None.

    >>> find_surrogate("good"), find_surrogate("b\\ud800d")
    (None, 1)
    """
    if text.isascii():  # which is known, not looked for
        return None
    try:
        text.encode("utf-16-le")  # of text beyond ASCII a third of the time of UTF-8
    except UnicodeEncodeError as error:
        return error.start
    return None


def split_lines(text: str) -> tuple[Segment, ...]:
    """Segments that partition ``text``, one for each line that is not blank.

    Lines end where `str.splitlines` ends them (form feeds and U+2028 included).  Leading blank lines belong to the
    first segment, all others to the segment before them.  Blank text has no segments.

    >>> [(s.start, s.end, s.line) for s in split_lines("\\none\\r\\n\\r\\ntwo\\x0cthree")]
    [(0, 8, 2), (8, 12, 4), (12, 17, 4)]
    """
    return _lines(text.splitlines(keepends=True))


def _lines(pieces: Iterable[str]) -> tuple[Segment, ...]:
    starts: list[tuple[int, int]] = []
    position, line = 0, 1
    for piece in pieces:
        if not piece.isspace():
            starts.append((position, line))
        position += len(piece)
        if piece[-1] in "\r\n":
            line += 1
    if not starts:
        return ()
    bounds = [0, *(start for start, _ in starts[1:]), position]
    return tuple(Segment(bounds[i], bounds[i + 1], line) for i, (_, line) in enumerate(starts))


def read_segments(text: str) -> tuple[Segment, ...]:
    """Segments that partition ``text``: its lines, paragraphs where a program has broken them into lines.

    Signs of Markdown are noted, and lines of nothing but signs belong to the segment before, as blank lines do.

    >>> [(s.start, s.end) for s in read_segments("# Elm\\n\\n![](elm.png)\\n\\nThe [council](/council) met.\\n")]
    [(0, 21), (21, 50)]
    """
    pieces = text.splitlines(keepends=True)
    lines = _lines(pieces)
    goes_on = continues(pieces)
    has_signs = is_markdown(text)
    if not goes_on and not has_signs:
        return lines
    if goes_on:
        behind = [*accumulate(map(len, pieces), initial=0)]
        inner = {behind[place] for place in goes_on}
        firsts = [line for place, line in enumerate(lines) if not place or line.start not in inner]
        ends = [*(line.start for line in firsts[1:]), len(text)]
        lines = tuple(line._replace(end=end, signs=()) for line, end in zip(firsts, ends, strict=True))
    return _signed(text, lines) if has_signs else lines


def _signed(text: str, lines: Sequence[Segment]) -> tuple[Segment, ...]:
    """The segments of a text in Markdown, of its lines or paragraphs."""
    found: list[Segment] = []
    signs: list[Sign] = []
    open_since: Segment | None = None
    for line in lines:
        own = find_signs(text, line.start, line.end)
        if read(text, line._replace(signs=own), [(line.start, line.end)]).strip():
            if open_since is not None:
                found.append(open_since._replace(end=line.start, signs=tuple(signs)))
                signs.clear()
            # what stands before the first that says something belongs to it
            open_since = line if found or open_since is not None else line._replace(start=0)
        signs += own
    if open_since is None:
        return tuple(lines)
    return (*found, open_since._replace(end=len(text), signs=tuple(signs)))


def between(spans: Iterable[tuple[int, int]], signs: Sequence[Sign]) -> list[tuple[int, int]]:
    """What sorted spans hold beside sorted signs.

    >>> between([(0, 4), (6, 9)], [Sign(2, 3), Sign(5, 7)])
    [(0, 2), (3, 4), (7, 9)]
    """
    found = []
    place = 0
    for start, end in spans:
        position = start
        while place < len(signs) and signs[place].end <= start:
            place += 1
        at = place
        while at < len(signs) and signs[at].start < end:
            if position < signs[at].start:
                found.append((position, signs[at].start))
            position = signs[at].end
            at += 1
        if position < end:
            found.append((position, end))
    return found


def read(text: str, segment: Segment, pieces: Sequence[tuple[int, int]]) -> str:
    """What sorted pieces of a segment say."""
    if segment.signs is None:
        return "".join([text[start:end] for start, end in pieces])
    return "".join([text[start:end] for start, end in between(pieces, segment.signs)]).translate(_BREAKS)


def line_at(text: str, segment: Segment, position: int) -> int:
    """The number of the line in which a position of a segment stands."""
    if segment.signs is None:  # it is one line
        return segment.line
    own = text[segment.start : segment.end]
    before = text[segment.end - len(own.lstrip()) : position]
    return segment.line + sum([line[-1] in "\r\n" for line in before.splitlines(keepends=True)])


def check_removals(length: int, removals: Sequence[Removal]) -> None:
    """Raise `ValueError` unless the removals are sorted, disjoint, not empty and inside ``0..length``."""
    position = 0
    for removal in removals:
        if not position <= removal.start < removal.end <= length:
            raise ValueError(
                f"removal {removal.start}..{removal.end} of {removal.filter}:{removal.rule} overlaps another one, is "
                f"out of order, or leaves the text (length {length})"
            )
        position = removal.end


def kept_spans(length: int, removals: Iterable[Removal]) -> list[tuple[int, int]]:
    """The spans between sorted, disjoint removals: with them a partition of ``0..length``.

    >>> kept_spans(10, [Removal(2, 5, "f", "r", "", 1.0)])
    [(0, 2), (5, 10)]
    """
    spans = []
    position = 0
    for removal in removals:
        if position < removal.start:
            spans.append((position, removal.start))
        position = removal.end
    if position < length:
        spans.append((position, length))
    return spans


def apply(text: str, removals: Sequence[Removal]) -> str:
    """The text without the removed spans.  Raises `ValueError` for removals that are not sorted and disjoint.

    >>> apply("The story. Advertisement", [Removal(10, 24, "mine", "advertisement", "A label.", 0.9)])
    'The story.'
    """
    check_removals(len(text), removals)
    return "".join(text[start:end] for start, end in kept_spans(len(text), removals))


def restore(clean: str, removed: Iterable[tuple[int, str]]) -> str:
    """The source text again, from the clean text and the removed pieces with their start in the source.

    Raises `ValueError` when the pieces cannot come from one source (overlap, or a start past the end of the text).
    """
    parts: list[str] = []
    taken = position = 0
    for start, piece in sorted(removed):
        gap = start - position
        if gap < 0 or taken + gap > len(clean):
            raise ValueError(f"removed piece at {start} does not fit: it overlaps another one or lies past the end")
        parts += (clean[taken : taken + gap], piece)
        taken += gap
        position = start + len(piece)
    parts.append(clean[taken:])
    return "".join(parts)
