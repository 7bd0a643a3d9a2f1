"""What nearly went: proposals of the filters that were not sure enough for the working point.

>>> from cleaner.chain import Chain, Sure
>>> from cleaner.document import Document
>>> class Doubtful:
...     name = "doubtful"
...     def removals(self, view):
...         return [Removal(0, 4, self.name, "guess", "", 0.5)]
>>> chain = Chain([Sure(Doubtful(), 0.6)])
>>> [(one.rule, one.confidence) for one in near_misses(chain, chain.clean(Document.from_text("Text of a story.")))]
[('guess', 0.5)]
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy

from cleaner.chain import Chain, Filter, Outcome, Sure, View
from cleaner.document import Removal
from cleaner.filters.layout import Layout
from cleaner.filters.spare import Spare

# Share of the working point from which on a proposal counts as near: under half of it, story outnumbers cruft by far.
NEAR = 0.5


def near_misses(chain: Chain, outcome: Outcome) -> tuple[Removal, ...]:
    """Proposals to remove text that was kept, of at least half the confidence that a removal needs, in order.

    Each filter is asked again about what it saw: the document less what the filters before it took.  Of several
    proposals for one span the surest counts.
    """
    document = outcome.document
    kept = outcome.kept
    surest: dict[tuple[int, int], Removal] = {}
    before: set[str] = set()
    for filter in chain.filters:
        view = View(document, tuple(removal for removal in outcome.removals if removal.filter in before))
        before.add(filter.name)
        for removal in _doubtful(filter, view):
            span = removal.start, removal.end
            if (span in surest and surest[span].confidence >= removal.confidence) or not any(
                start < removal.end and end > removal.start for start, end in kept
            ):
                continue
            surest[span] = removal
    return tuple(sorted(surest.values(), key=lambda removal: (removal.start, removal.end)))


def _doubtful(filter: Filter, view: View) -> Iterator[Removal]:
    """What a filter proposes under its working point."""
    if not isinstance(filter, Sure):
        return
    floor = filter.min_confidence * NEAR
    asked, spared = filter.filter, None
    if isinstance(asked, Spare):
        spared = asked.spared
        asked = asked.filter
    if isinstance(asked, Layout):
        asked = copy(asked)
        asked.min_confidence = floor
    for removal in asked.removals(view):
        if not floor <= removal.confidence < filter.min_confidence:
            continue
        if spared is None or not spared.spares(removal, view.document):
            yield removal
