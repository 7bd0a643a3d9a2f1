"""Which lines of a text are the headline and the standfirst of its story, so that they stay above it.

Labelled texts say of headlines neither that they are story nor that they are cruft, and by its shape one looks like
a teaser's title: the model knows nothing about them.  A standfirst looks like a teaser's summary.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cleaner.scoring.bounds import Bounds
from cleaner.scoring.features import FEATURES, Lines
from cleaner.scoring.shape import Flags, Floats, Integers, Singles
from cleaner.text import letters

# A headline has so many words.
LEAST, MOST = 3.0, 30.0
# A line is the title where one holds the other and is at least so much of it ("Headline | Site").  Of 202 lines that
# were kept for their document's title, in 1,600 labelled texts, none is labelled cruft.
SHARE = 0.5
# Without a title: a line at most so far above the story of whose longer words such a share stands in the story, or one
# not so far above it that has some longer words; words of inflected languages seldom come again in the same form.  The
# line with most of these words is taken, and `PLAIN` is what one counts for that does not come again.
# Of 1,000 labelled texts whose titles were held back 6 % of those that an extractor left lose their headline (without
# this 33 %) and 27 % of whole bodies (69 %); of 30,342 lines of cruft 52 more stay, of 42,809 of the story 18.
REACH = 20
SHARED = 0.34
NEAR = 10
SUBJECTS = 3.0
PLAIN = 0.2
# A standfirst has so many words; it ends a sentence, or holds no digits and few capital letters, unlike the names and
# days of a byline.  Of 19 lines behind the title that this keeps in labelled texts nine are story, one is cruft, and
# nine are open: six standfirsts, two captions, a path.
STANDFIRST = 8.0
CAPITALS = 1 / 3
_WORDS, _PROSE, _SUBJECTS, _IN_PROSE, _ENDS, _DIGITS, _CAPITALISED = map(
    FEATURES.index, ("words", "prose_run", "subjects", "in_prose", "ends", "digits", "capitalised")
)
_SENTENCE_ENDS = (3, 4, 6)


def headlines(texts: Sequence[Lines], features: Floats | Singles, goes: Flags, taken: Flags, bounds: Bounds) -> Flags:
    """The line of each text that is its headline, where no other copy of it stays above the first paragraph that stays.

    By the document's title, else by the words that a line shares with the story.
    """
    stays = ((features[:, _PROSE] > 0) & ~goes & ~taken).astype(np.float64)
    words, above = features[:, _WORDS], bounds.through(stays[None, :])[0] == 0
    may_be = above & ~taken & (words >= LEAST) & (words <= MOST)
    found = np.zeros(len(goes), dtype=np.bool_)
    for text in np.unique(bounds.text[may_be & goes & (bounds.total(stays) > 0)[bounds.text]]).tolist():
        first, last = int(bounds.first[text]), int(bounds.last[text])
        rows = first + np.flatnonzero(may_be[first : last + 1])
        if title := letters(texts[text].title or ""):
            rows = rows[[_is_title(letters(texts[text].lines[row - first]), title) for row in rows.tolist()]]
            if len(rows) and goes[rows].all():
                found[rows[-1]] = True
        else:
            lead = first + int(stays[first : last + 1].argmax())
            found[_likely(rows, lead - rows, features, goes)] = True
    return found


def standfirsts(texts: Sequence[Lines], features: Floats | Singles, goes: Flags, taken: Flags, bounds: Bounds) -> Flags:
    """The lines that stand behind the document's title as its standfirst, above the first paragraph that stays."""
    stays = ((features[:, _PROSE] > 0) & ~goes & ~taken).astype(np.float64)
    (above,) = bounds.last_before(~taken[None, :])
    ends = np.isin(features[:, _ENDS], _SENTENCE_ENDS)
    few = (features[:, _DIGITS] == 0) & (features[:, _CAPITALISED] <= CAPITALS)
    may_be = goes & (features[:, _WORDS] >= STANDFIRST) & (ends | few) & (above >= 0) & ~goes[above]
    found = np.zeros(len(goes), dtype=np.bool_)
    for row in np.flatnonzero(may_be & (bounds.through(stays[None, :])[0] == 0)).tolist():
        text = texts[bounds.text[row]]
        first = int(bounds.first[bounds.text[row]])
        if (ends[row] or _has_case(text.lines[row - first])) and (title := letters(text.title or "")):
            found[row] = _is_title(letters(text.lines[int(above[row]) - first]), title)
    return found


def _has_case(line: str) -> bool:
    return any(map(str.islower, line))


def _likely(rows: Integers, above: Integers, features: Floats | Singles, goes: Flags) -> Integers:
    """The one of some lines, so many lines above the story, that is most likely its headline; none if it stays."""
    subjects, shared = features[rows, _SUBJECTS], np.maximum(features[rows, _IN_PROSE], 0.0)
    fits = ((shared >= SHARED) & (above <= REACH)) | ((subjects >= SUBJECTS) & (above <= NEAR))
    likeness = np.where(fits, subjects * (shared + PLAIN), 0.0)
    going = np.where(goes[rows], likeness, 0.0)
    most = going.max(initial=0.0)
    best = np.flatnonzero((going == most) & (most > 0))[-1:]  # what stands higher may be a line of the navigation
    if len(best) and (likeness[: best[0]][~goes[rows[: best[0]]]] >= most).any():
        return rows[:0]
    return rows[best]


def _is_title(line: str, title: str) -> bool:
    short, long = sorted((line, title), key=len)
    return short in long and len(short) >= SHARE * len(long)
