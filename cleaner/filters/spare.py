"""What exceptions spare whatever filter proposes it: a person said that a line belongs to the story.

An exception names a rule, or a filter and its code (``layout/shape``), the lines, and perhaps the sites where it holds.
Rules heed exceptions without sites themselves (`cleaner.rulebook.match`), so that a heading that is excepted opens
no block; here the proposals of all filters are compared with all exceptions.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence

from cleaner.chain import Filter, Sure, View, proposals
from cleaner.document import Document, Removal
from cleaner.rulebook.match import is_one_of
from cleaner.rulebook.model import Exemption
from cleaner.text import fold

SHAPE = "layout/shape"
"""The scored model leaves alone what any exception names: it has no rules of its own that one could name."""


class Spared:
    """Exceptions by the rule, or filter and code, that they are for.

    >>> column = Exemption("layout/shape", ("The small print",), "A column.", ("elm.example",))
    >>> spared = Spared({"layout/shape": [column]})
    >>> document = Document.from_text("The small print\\nA story.\\n", site="www.elm.example")
    >>> spared.spares(Removal(0, 16, "layout", "shape", "", 0.9), document)
    True
    """

    def __init__(self, exemptions: Mapping[str, Sequence[Exemption]]) -> None:
        found: dict[str, list[tuple[frozenset[str], tuple[str, ...]]]] = {}
        for code, own in exemptions.items():
            for one in own:
                texts = frozenset(map(fold, one.text))
                for name in {code, SHAPE}:
                    found.setdefault(name, []).append((texts, one.sites))
        self._found = found

    def __bool__(self) -> bool:
        return bool(self._found)

    def spares(self, removal: Removal, document: Document) -> bool:
        """Whether an exception names what the removal takes, or the line that it takes something of."""
        code = removal.rule if "/" in removal.rule else f"{removal.filter}/{removal.rule}"
        known = [texts for texts, sites in self._found.get(code, ()) if is_one_of(sites, document.site)]
        if not known:
            return False
        place = bisect_right(document.segments, removal.start, key=lambda segment: segment.start) - 1
        lines = {fold(document.text[removal.start : removal.end]), fold(document.content(document.segments[place]))}
        return any(lines & texts for texts in known)


class Spare:
    """A filter less what exceptions spare."""

    def __init__(self, filter: Filter, spared: Spared) -> None:
        self.name = filter.name
        self.filter = filter
        self.spared = spared

    def removals(self, view: View) -> Iterator[Removal]:
        """The removals of the filter that no exception forbids."""
        return self._rest(view, self.filter.removals(view))

    def removals_of(self, views: Sequence[View]) -> Sequence[Iterable[Removal]]:
        """The same for several documents."""
        return [self._rest(*own) for own in zip(views, proposals(self.filter, views), strict=True)]

    def _rest(self, view: View, proposed: Iterable[Removal]) -> Iterator[Removal]:
        return (one for one in proposed if not self.spared.spares(one, view.document))


def spare(filters: Iterable[Filter], spared: Spared) -> list[Filter]:
    """The filters, heeding exceptions; as they are where there is none."""
    if not spared:
        return list(filters)
    return [
        Sure(Spare(one.filter, spared), one.min_confidence) if isinstance(one, Sure) else Spare(one, spared)
        for one in filters
    ]
