"""The brake: a document that lost too much, or keeps too little to be a story, is rejected for review.

Better no document than half a story written as a whole one.  What extraction removes is not counted (most of a page
is no story), nor are signs of Markdown; the ceilings are settings (``--max-lost``, ``--min-kept``) and stand in
``run.json``.  Where copies in other documents are what made the difference, the document is no failure but a duplicate,
and the reason says so.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate

from cleaner.chain import Rejection
from cleaner.document import Document, Removal, apply
from cleaner.filters import duplicates, main_content

STAGE = "brake"


class Brake:
    """Rejects with reason ``lost_too_much``, ``too_little_left`` or ``duplicate_document``.

    ``max_lost`` is the largest share of the characters left by extraction that the other filters may take;
    ``min_kept`` the number of characters that must be left.

    >>> document = Document.from_text("A line of text.\\nAnother one.\\n")
    >>> removal = Removal(0, 16, "rules", "x", "", 1.0)
    >>> Brake(max_lost=0.5, min_kept=0).check(document, [removal]).reason
    'lost_too_much'
    """

    def __init__(self, max_lost: float, min_kept: int) -> None:
        self.max_lost = max_lost
        self.min_kept = min_kept

    def check(self, document: Document, removals: Sequence[Removal]) -> Rejection | None:
        """A rejection, or None."""
        said = _Said(document)
        total = said.between(0, len(document.text))
        by: Counter[str] = Counter()
        for removal in removals:
            by[removal.filter] += said.between(removal.start, removal.end)
        extracted = total - by.pop(main_content.NAME, 0)
        lost = sum(by.values())
        kept = min(len(apply(document.text, removals).strip()), extracted - lost)
        is_lost, is_little = lost > self.max_lost * extracted > 0, kept < self.min_kept
        if not is_lost and not is_little:
            return None
        copied = by[duplicates.NAME]
        if copied and lost - copied <= self.max_lost * extracted and kept + copied >= self.min_kept:
            return Rejection(
                duplicates.STAGE,
                "duplicate_document",
                f"{copied:,} of {extracted:,} characters stand in other documents: {_named(removals)}",
            )
        if is_lost:
            return Rejection(
                STAGE,
                "lost_too_much",
                f"{lost / extracted:.0%} of {extracted:,} characters would go, most by {max(by, key=by.__getitem__)}; "
                f"the ceiling is {self.max_lost:.0%} (see --max-lost)",
            )
        return Rejection(
            STAGE,
            "too_little_left",
            f"{kept:,} characters are left of {total:,}; a story has at least {self.min_kept} (see --min-kept)",
        )


class _Said:
    """Counts characters that are no signs of Markdown: addresses of links, which go with their lists, are no story."""

    def __init__(self, document: Document) -> None:
        signs = [sign for segment in document.segments if segment.signs for sign in segment.signs]
        self._starts = [sign.start for sign in signs]
        self._sizes = [*accumulate((sign.end - sign.start for sign in signs), initial=0)]

    def between(self, start: int, end: int) -> int:
        low, high = bisect_left(self._starts, start), bisect_left(self._starts, end)
        return end - start - (self._sizes[high] - self._sizes[low])


def _named(removals: Sequence[Removal], shown: int = 3) -> str:
    """The documents that keep the copies."""
    names = dict.fromkeys(str(one.evidence["kept"]) for one in removals if one.filter == duplicates.NAME)
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(list(names)[:shown]) + more
