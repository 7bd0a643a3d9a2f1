"""A chain runs filters over one document, each on what those before it have left, and cuts once at the end.

>>> from cleaner.document import Document
>>> class Shouting:
...     name = "shouting"
...     def removals(self, view):
...         for line in view.lines:
...             if line.text.isupper():
...                 yield line.remove(self.name, "upper", "A line in capitals.", 0.5)
>>> outcome = Chain([Shouting()]).clean(Document.from_text("BUY NOW\\nThe story.\\n"))
>>> outcome.text, [removal.rule for removal in outcome.removals]
('The story.\\n', ['upper'])
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from operator import attrgetter
from typing import NamedTuple, Protocol

from cleaner.document import NO_FACTS, Document, Removal, Segment, apply, between, kept_spans, read
from cleaner.markdown import with_signs


class Line(NamedTuple):
    """A segment of which something is still kept.

    ``index`` is its place among the document's segments, ``text`` what is left of what it says without white space
    around it, ``pieces`` the spans of the document which that text is made of: signs of Markdown are not among them,
    and a line break inside a paragraph is a space of ``text``.
    """

    index: int  # type: ignore[assignment]  # hides a method of tuples that nobody asks a line for
    segment: Segment
    text: str
    pieces: tuple[tuple[int, int], ...]

    def spans(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Document spans of ``self.text[start:end]``: several, where something inside was removed before.

        Signs that belong to the text go with it: all of ``[Also read](/more)`` for *Also read*.
        """
        found = [*_trim(self.pieces, start, end)]
        if found and self.segment.signs:
            return iter(with_signs(found, self.segment.signs))
        return iter(found)

    def remove(
        self, filter: str, rule: str, reason: str, confidence: float, evidence: Mapping[str, object] = NO_FACTS
    ) -> Removal:
        """The removal of the whole line, with its line break."""
        return Removal(self.segment.start, self.segment.end, filter, rule, reason, confidence, evidence)


@dataclass(frozen=True)
class View:
    """What a filter sees: the document, and which of it is still kept after the filters before.

    >>> view = View(Document.from_text("BUY NOW\\nThe story.\\n"), (Removal(0, 8, "shouting", "upper", "", 0.5),))
    >>> [line.text for line in view.lines]
    ['The story.']
    """

    document: Document
    removals: tuple[Removal, ...] = ()
    before: View | None = field(default=None, repr=False, compare=False)
    """An earlier view of the document, whose lines are known."""
    new: tuple[Removal, ...] = field(default=(), repr=False, compare=False)
    """The removals that came after ``before``."""

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """The lines that are still kept, in order; lines with nothing left but white space are not among them."""
        before, cuts = self.before, self.cuts
        if before is None:
            return tuple(filter(None, map(self._line, range(len(self.document.segments)))))
        kept = (line if line.index not in cuts else self._line(line.index) for line in before.lines)
        return tuple(filter(None, kept))

    @cached_property
    def cuts(self) -> Mapping[int, Sequence[Removal]]:
        """By place of the segment, the removals that took something of it; segments left whole are not among them."""
        segments, before = self.document.segments, self.before
        if before is not None:
            changed = dict(before.cuts)
            for removal in self.new:
                place = bisect_right(segments, removal.start, key=_END)
                while place < len(segments) and segments[place].start < removal.end:
                    changed[place] = sorted((*changed.get(place, ()), removal), key=_START)
                    place += 1
            return changed
        found: dict[int, list[Removal]] = {}
        index = 0
        for removal in self.removals:
            while index < len(segments) and segments[index].end <= removal.start:
                index += 1
            place = index
            while place < len(segments) and segments[place].start < removal.end:
                found.setdefault(place, []).append(removal)
                place += 1
        return found

    def less(self, removals: Iterable[Removal]) -> View:
        """What is still kept after some more removals."""
        proposed = sorted(removals, key=lambda removal: (removal.start, -removal.end))
        new = _free(self.removals, proposed, len(self.document.text)) if proposed else ()  # as of most filters
        if not new:
            return self
        taken = tuple(sorted((*self.removals, *new), key=_START)) if self.removals else new
        if "lines" in self.__dict__:
            return View(self.document, taken, self, new)
        return View(self.document, taken, self.before, (*self.new, *new) if self.before is not None else ())

    def _line(self, index: int) -> Line | None:
        """What is left of a segment; None where nothing is."""
        text, segment = self.document.text, self.document.segments[index]
        cut = self.cuts.get(index)
        if cut is None and segment.signs is None:
            kept = text[segment.start : segment.end]
            stripped = kept.strip()
            start = segment.start if kept[:1] == stripped[:1] else segment.start + len(kept) - len(kept.lstrip())
            return Line(index, segment, stripped, ((start, start + len(stripped)),)) if stripped else None
        cut = cut or ()
        if len(cut) == 1 and cut[0].start <= segment.start and segment.end <= cut[0].end:
            return None
        pieces = _between(segment, cut)
        kept = read(text, segment, pieces)
        stripped = kept.strip()
        if not stripped:
            return None
        left = len(kept) - len(kept.lstrip())
        said = pieces if segment.signs is None else between(pieces, segment.signs)
        return Line(index, segment, stripped, tuple(_trim(said, left, left + len(stripped))))


_START, _END = attrgetter("start"), attrgetter("end")


def _between(segment: Segment, cut: Sequence[Removal]) -> list[tuple[int, int]]:
    return [
        (max(start, segment.start), min(end, segment.end))
        for start, end in kept_spans(segment.end, cut)
        if end > segment.start
    ]


def _trim(pieces: Sequence[tuple[int, int]], low: int, high: int) -> Iterator[tuple[int, int]]:
    position = 0
    for start, end in pieces:
        first, last = max(low - position, 0), min(high - position, end - start)
        if first < last:
            yield start + first, start + last
        position += end - start


class Filter(Protocol):
    """Proposes what to take out of a document.  Holds no state between documents and never rewrites text.

    >>> class Shouting:
    ...     name = "shouting"
    ...
    ...     def removals(self, view):
    ...         return [line.remove(self.name, "upper", "Capitals.", 0.5) for line in view.lines if line.text.isupper()]
    >>> [removal.start for removal in Shouting().removals(View(Document.from_text("The story.\\nBUY NOW\\n")))]
    [11]
    """

    name: str

    def removals(self, view: View) -> Iterable[Removal]:
        """Removals of text that is still kept; overlaps with what is already gone are cut off by the chain."""
        ...


def proposals(filter: Filter, views: Sequence[View]) -> Sequence[Iterable[Removal]]:
    """What a filter proposes for several documents, one after the other.

    A filter may have a method ``removals_of`` that does the same for many views at once where that saves time; it must
    propose for each what it would propose for it alone.
    """
    together = getattr(filter, "removals_of", None)
    return [filter.removals(view) for view in views] if together is None else together(views)


class Sure:
    """A filter of which only those proposals pass that state at least some confidence."""

    def __init__(self, filter: Filter, min_confidence: float) -> None:
        self.name = filter.name
        self.filter = filter
        self.min_confidence = min_confidence

    def removals(self, view: View) -> Iterable[Removal]:
        """The removals of the filter that are sure enough."""
        return self._sure(self.filter.removals(view))

    def removals_of(self, views: Sequence[View]) -> Sequence[Iterable[Removal]]:
        """The same for several documents."""
        return [self._sure(proposed) for proposed in proposals(self.filter, views)]

    def _sure(self, proposed: Iterable[Removal]) -> Iterable[Removal]:
        return (removal for removal in proposed if removal.confidence >= self.min_confidence)


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why a document goes to ``rejected`` and not to ``clean``: where it failed, a code, and the particulars."""

    stage: str
    reason: str
    detail: str


class Guard(Protocol):
    """Looks at what the filters did to a document and may reject it."""

    def check(self, document: Document, removals: Sequence[Removal]) -> Rejection | None:
        """A rejection, or None when the document may be written."""
        ...


@dataclass(frozen=True)
class Outcome:
    """A cleaned document: what was removed, what is left, and whether it was rejected.

    ``removals`` are sorted and disjoint.  A rejected outcome still tells what the filters took.  ``near`` are
    proposals that were not sure enough, where they were asked for (`cleaner.near`).

    >>> document = Document.from_text("The story.\\nBUY NOW\\n")
    >>> outcome = Outcome(document, (Removal(11, 19, "shouting", "upper", "Capitals.", 0.5),))
    >>> outcome.text, outcome.kept, outcome.rejected
    ('The story.\\n', [(0, 11)], None)
    """

    document: Document
    removals: tuple[Removal, ...]
    rejected: Rejection | None = None
    near: tuple[Removal, ...] = ()

    @cached_property
    def text(self) -> str:
        """The clean text: the kept spans, joined by nothing."""
        return apply(self.document.text, self.removals)

    @property
    def kept(self) -> list[tuple[int, int]]:
        """The kept spans of the source text."""
        return kept_spans(len(self.document.text), self.removals)


class Chain:
    """An ordered list of filters, then a guard.

    ``clean`` is a pure function of the document: no state is carried from one document to the next.

    Raises `ValueError` for two filters of one name.

    >>> Chain([]).clean(Document.from_text("The story.")).text
    'The story.'
    """

    def __init__(self, filters: Sequence[Filter], guard: Guard | None = None) -> None:
        names = [filter.name for filter in filters]
        if len(set(names)) != len(names):
            raise ValueError(f"two filters of one name in the chain: {', '.join(names)}")
        self.filters = tuple(filters)
        self.guard = guard

    def clean(self, document: Document) -> Outcome:
        """Run all filters over the document."""
        return self.clean_all([document])[0]

    def clean_all(self, documents: Sequence[Document]) -> list[Outcome]:
        """Run all filters over documents, filter by filter; what becomes of one does not depend on the others.

        >>> [outcome.text for outcome in Chain([]).clean_all([Document.from_text("One."), Document.from_text("Two.")])]
        ['One.', 'Two.']
        """
        views = [View(document) for document in documents]
        for filter in self.filters:
            proposed = proposals(filter, views)
            views = [view.less(removals) for view, removals in zip(views, proposed, strict=True)]
        return [self._outcome(view) for view in views]

    def _outcome(self, view: View) -> Outcome:
        rejected = self.guard.check(view.document, view.removals) if self.guard else None
        return Outcome(view.document, view.removals, rejected)


def _free(taken: Sequence[Removal], proposed: Sequence[Removal], length: int) -> tuple[Removal, ...]:
    """What sorted proposals take, in order: each loses whatever is gone already or was proposed before it."""
    for removal in proposed:
        if not 0 <= removal.start <= removal.end <= length:
            raise ValueError(
                f"filter {removal.filter!r}, rule {removal.rule!r}: span {removal.start}..{removal.end} leaves the "
                f"text (length {length})"
            )
    if not taken and all(one.start < one.end <= other.start for one, other in pairwise(proposed)):
        return tuple([removal for removal in proposed if removal.start < removal.end])  # as of most pages
    found = []
    free = iter(kept_spans(length, taken))
    gap = next(free, None)
    position = 0
    for removal in proposed:
        start = max(removal.start, position)
        while gap is not None and gap[1] <= start:
            gap = next(free, None)
        while gap is not None and gap[0] < removal.end:
            low, high = max(start, gap[0]), min(removal.end, gap[1])
            if low < high:
                is_whole = (low, high) == (removal.start, removal.end)
                found.append(removal if is_whole else removal._replace(start=low, end=high))
            if gap[1] >= removal.end:
                break
            gap = next(free, None)
        position = max(position, removal.end)
    return tuple(found)
