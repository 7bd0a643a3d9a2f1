"""The brake: a document that lost too much, or keeps too little to be a story, is rejected for review.

Better no document than half a story written as a whole one.  What extraction removes is not counted (most of a page
is no story); the ceilings are settings (``--max-lost``, ``--min-kept``) and stand in ``run.json``.
"""

from __future__ import annotations

from collections.abc import Sequence

from cleaner.chain import Rejection
from cleaner.document import Document, Removal, apply
from cleaner.filters import main_content

STAGE = "brake"


class Brake:
    """Rejects with reason ``lost_too_much`` or ``too_little_left``.

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
        total = len(document.text)
        extracted = total - sum(_length(removal) for removal in removals if removal.filter == main_content.NAME)
        lost = sum(_length(removal) for removal in removals if removal.filter != main_content.NAME)
        if extracted and lost > self.max_lost * extracted:
            by: dict[str, int] = {}
            for removal in removals:
                if removal.filter != main_content.NAME:
                    by[removal.filter] = by.get(removal.filter, 0) + _length(removal)
            worst = max(by, key=lambda name: by[name])
            return Rejection(
                STAGE,
                "lost_too_much",
                f"{lost / extracted:.0%} of {extracted:,} characters would go, most by {worst}; the ceiling is "
                f"{self.max_lost:.0%} (see --max-lost)",
            )
        kept = len(apply(document.text, removals).strip())
        if kept < self.min_kept:
            return Rejection(
                STAGE,
                "too_little_left",
                f"{kept:,} characters are left of {total:,}; a story has at least {self.min_kept} (see --min-kept)",
            )
        return None


def _length(removal: Removal) -> int:
    return removal.end - removal.start
