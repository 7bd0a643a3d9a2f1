"""Paragraphs that a program has broken into lines of one width, as old mail, `html2text` and text browsers write them.

A broken paragraph is judged as a whole: its single lines look like no prose, have no beginning and no end.

A line was broken by a program when the next word did not fit in.  The width is the one that explains most line breaks.
Nothing is joined where it explains few, as in verse, where it is often exceeded, as in texts of a paragraph a line, or
where lines seldom go on in the middle of a sentence, as in lists.  Left alone are scripts without spaces between words,
in which any line may have been broken anywhere.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate

from cleaner.text import ends_sentence, unspaced

# Widths in use are 60 to 100 characters.
NARROW, WIDE = 50, 130
# So many line breaks must be explained by one width, and so large a share of those within paragraphs.
BREAKS = 6
SHARE = 0.6
# Only lines that are at least half as long as the text is wide are asked: what is shorter was broken by hand.
HALF = 0.5
# So large a share of the lines behind such breaks must go on in the middle of a sentence, and so many lines, for each
# such break, may be longer than the text is wide.  Of 3,169 labelled texts four are read as wrapped, which are versions
# of one page that is; of 1,874 that were wrapped at 60 to 100 characters all but one, of 600 that html2text wrote all
# but ten, which have few breaks or no spaces between words (docs/quality.md).  Without these two bounds 50 are misread.
GO_ON = 0.25
LONG = 0.25
# Headings, items and rows of tables begin a line of their own.
_OWN_LINE = re.compile(r"\s*(?:#{1,6}\s|[*+\-•·|]\s|\d{1,3}[.)]\s|\|)")
_QUOTED = re.compile(r"[ \t]*(?:>[ \t]?)*[ \t]*")


def continues(lines: Sequence[str]) -> frozenset[int]:
    """Which lines of a text go on with the paragraph of the line before, by place; none where it is not wrapped.

    >>> text = '''The council of the town voted on Monday to rebuild the old
    ... bridge over the river before the winter, and asked the harbour
    ... for a ferry until then. The work is to begin in May, and will
    ... take two years. Nobody spoke against it, although the price has
    ... doubled since the first plans were shown to the people of the
    ... town in the hall behind the church two years ago, where many of
    ... them had asked for a tunnel.
    ... '''
    >>> sorted(continues(text.splitlines()))
    [1, 2, 3, 4, 5, 6]
    """
    sizes = [*map(len, lines)]
    if sum([NARROW * HALF < size <= WIDE + 2 for size in sizes]) < BREAKS:
        return frozenset()
    # too few lines that may go on with a sentence, as in most texts: which is known in a tenth of the time
    if sum([_is_inner(line) for line in lines]) < GO_ON * BREAKS:
        return frozenset()
    breaks = _breaks(lines, sizes)
    width = _width([(size, first) for _, size, first in breaks])
    if width is None or not _is_wrapped(lines, breaks, width):
        return frozenset()
    return frozenset(
        place + 1
        for place, size, first in breaks
        if size + 1 + first > width and (size <= width or lines[place].rstrip().rfind(" ") <= width)
    )


def _breaks(lines: Sequence[str], sizes: Sequence[int]) -> list[tuple[int, int, int]]:
    """Line breaks inside of paragraphs: place and length of the line before, length of the first word behind."""
    found = []
    for place in range(len(lines) - 1):
        if sizes[place] <= NARROW * HALF:
            continue
        line, behind = lines[place].rstrip(), lines[place + 1]
        if not line or behind.isspace() or _OWN_LINE.match(behind):
            continue
        quoted = _QUOTED.match(behind)
        if quoted is not None:
            if quoted[0].count(">") != line[: len(line) // 2].count(">") and ">" in quoted[0] + line[:1]:
                continue
            behind = behind[quoted.end() :]
        words = behind.split(maxsplit=1)
        if words and not unspaced(words[0]):
            found.append((place, len(line), len(words[0])))
    return found


def _width(breaks: Sequence[tuple[int, int]]) -> int | None:
    """The width that explains most breaks, of lines so long before a word so long; None where none explains enough."""
    explained = [0] * (WIDE + 2)
    for size, first in breaks:
        low, high = max(size, NARROW), min(size + first, WIDE)
        if low <= high:
            explained[low] += 1
            explained[high + 1] -= 1
    counts = [*accumulate(explained)]
    width = max(range(NARROW, WIDE + 1), key=counts.__getitem__)
    asked = sum([HALF * width <= size <= width for size, _ in breaks])
    return width if counts[width] >= max(BREAKS, SHARE * asked) else None


def _is_wrapped(lines: Sequence[str], breaks: Sequence[tuple[int, int, int]], width: int) -> bool:
    """Whether lines go on over the breaks that a width explains, and few are longer."""
    explained = [place for place, size, first in breaks if HALF * width <= size <= width <= size + first]
    go_on = sum([_goes_on(lines[place], lines[place + 1]) for place in explained])
    long = sum([len(line) > width + 2 and " " in line[:width] and not _OWN_LINE.match(line) for line in lines])
    return go_on >= GO_ON * len(explained) and long <= LONG * len(explained)


def _goes_on(line: str, behind: str) -> bool:
    return _is_inner(behind) and (behind.lstrip("> \t")[0].islower() or not ends_sentence(line.rstrip()))


def _is_inner(line: str) -> bool:
    """Whether a line begins with a letter that is not a capital: in the middle of a sentence, where a script tells."""
    first = line[:1] if line[:1] > ">" else line.lstrip("> \t")[:1]
    return first.isalpha() and not first.isupper()
