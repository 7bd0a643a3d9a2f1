"""Signs that a line which reads like prose is a teaser and no story.

A line of prose is removed on two independent signs only.  A heading over it is one; these are the others, none of
which needs to know the language:

- ``bullet``: it stands behind a bullet that is alone on its line, as teaser lists are left by extractors;
- ``repeated``: the same text stands more than once in the document;
- ``title twice``: the line before it stands twice in a row, as a teaser's picture title and headline do.

Prose that stands next to prose has no sign against it: teasers are set apart by their titles, labels or bullets, and
where two paragraphs follow each other a story is told.  Mere labels (``News``, ``organic cotton``) may stand anywhere
any number of times: their repetition says nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from itertools import islice

from cleaner.chain import Line
from cleaner.text import fold, is_bullet, is_prose, weight

# Paragraphs before which nothing stands behind a story.
FEW = 3
# A line of fewer words is a label rather than a title.
TITLE_WORDS = 4.0


class Witnesses:
    """Answers for the lines of one document, by their place in ``lines``."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = lines
        self._prose: dict[int, bool] = {}

    @cached_property
    def _folded(self) -> list[str]:
        return [fold(line.text) for line in self.lines]

    @cached_property
    def _counts(self) -> Counter[str]:
        return Counter(self._folded)

    def is_prose(self, place: int) -> bool:
        """Whether the line reads like story prose (`cleaner.text.is_prose`)."""
        if place not in self._prose:
            self._prose[place] = is_prose(self.lines[place].text)
        return self._prose[place]

    @cached_property
    def first_prose(self) -> tuple[int, ...]:
        """The places of the first lines that read like story prose, `FEW` of them at most."""
        return tuple(islice(filter(self.is_prose, range(len(self.lines))), FEW))

    def signs(self, place: int) -> list[str]:
        """The signs against a line, in a fixed order."""
        signs: list[str] = []
        if self.is_prose(place) and self._beside_prose(place):
            return signs
        if place > 0 and is_bullet(self.lines[place - 1].text):
            signs.append("bullet")
        if self._counts[self._folded[place]] > 1 and not self._is_label(place):
            signs.append("repeated")
        if place > 1 and self._folded[place - 1] == self._folded[place - 2] and not self._is_label(place - 1):
            signs.append("title twice")
        return signs

    def _beside_prose(self, place: int) -> bool:
        return any(0 <= near < len(self.lines) and self.is_prose(near) for near in (place - 1, place + 1))

    def _is_label(self, place: int) -> bool:
        return weight(self.lines[place].text) < TITLE_WORDS


def story_end(witnesses: Witnesses, count: int) -> int:
    """Place behind the last line of prose that has no sign against it; 0 where there is none."""
    for place in range(count - 1, -1, -1):
        if witnesses.is_prose(place) and not witnesses.signs(place):
            return place + 1
    return 0
