"""Which blocks of a page does the text that an extractor returned come from?

Extractors return text, not places: they normalise space, quotes and list marks, join and split lines.  So lines are
compared by their letters and digits alone.  First the longest common subsequence of equal lines; between two matches,
blocks and lines that spell one another in pieces; last, anywhere, long blocks most of whose 4-grams the text holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from rapidfuzz.distance import LCSseq

from cleaner.text import letters, tokens

# Share of a block's 4-grams that lines without an equal block must hold.  Pages write words into a paragraph that
# extractors drop (", opens new tab" behind each link), so the bar is below the 0.8 used for labelling benchmarks.
COVER = 0.6
# A line of the extractor's text of which less than this share stands in the page's blocks was found elsewhere.
UNSEEN = 0.5
# Lines of fewer words than this have too few 4-grams to tell whether the page holds them.
JUDGED = 8
# Pieces shorter than this (in letters) are not looked for inside other lines: they would be found by chance.
PIECE = 12


@dataclass(frozen=True, slots=True)
class Alignment:
    """``taken[i]`` tells whether block ``i`` is in the text; ``unseen`` are lines of the text that no block holds."""

    taken: list[bool]
    unseen: list[str]


def align(lines: Sequence[str], blocks: Sequence[str]) -> Alignment:
    """Align an extractor's lines with the blocks of the page, both in page order.

    Quadratic only in the bit-parallel subsequence search (20,000 by 20,000 lines take tens of milliseconds).

    >>> blocks = ["Menu", "The story.", "One point", "Two.", "Three.", "Menu"]
    >>> align(["The story.", "- One point", "Two. Three.", "This is said in no visible block of the page."], blocks)
    Alignment(taken=[False, True, True, True, True, False], unseen=['This is said in no visible block of the page.'])
    """
    said = [(key, line) for line in lines if (key := letters(line))]
    said_keys = [key for key, _ in said]
    have = [letters(block) for block in blocks]
    taken = [False] * len(blocks)
    matches = [(-1, -1)]
    for step in LCSseq.opcodes(said_keys, have):
        if step.tag == "equal":
            matches += zip(range(step.src_start, step.src_end), range(step.dest_start, step.dest_end), strict=True)
    for _, block in matches[1:]:
        taken[block] = True
    matches.append((len(said), len(have)))
    loose: list[int] = []
    for (line, block), (next_line, next_block) in pairwise(matches):
        between = range(line + 1, next_line)
        spelled = _spell([said_keys[index] for index in between], have, range(block + 1, next_block), taken)
        loose += (index for index, is_spelled in zip(between, spelled, strict=True) if not is_spelled)
    if not loose:
        return Alignment(taken, [])
    loose_lines = [said[index][1] for index in loose]
    _cover(loose_lines, blocks, have, taken)
    return Alignment(taken, _unseen(loose_lines, blocks, sum(map(len, said_keys))))


def _spell(lines: Sequence[str], have: Sequence[str], gap: range, taken: list[bool]) -> list[bool]:
    """Take the blocks of a gap that stand, in order, in the gap's lines run together.

    Returns for each line whether the blocks taken spell at least half of it.
    """
    run = "".join(lines)
    position = 0
    found: list[tuple[int, int]] = []
    for block in gap if run else ():
        key = have[block]
        place = position if key and run.startswith(key, position) else -1
        if place < 0 and len(key) >= PIECE:
            # Look ahead no further than a few times the block: keeps the search linear.
            place = run.find(key, position, position + 8 * len(key) + 2000)
        if place >= 0:
            taken[block] = True
            position = place + len(key)
            found.append((place, position))
    spelled = []
    start = first = 0
    for line in lines:
        end = start + len(line)
        while first < len(found) and found[first][1] <= start:
            first += 1
        covered, piece = 0, first
        while piece < len(found) and found[piece][0] < end:
            covered += min(found[piece][1], end) - max(found[piece][0], start)
            piece += 1
        spelled.append(2 * covered >= len(line))
        start = end
    return spelled


def _cover(loose: Sequence[str], blocks: Sequence[str], have: Sequence[str], taken: list[bool]) -> None:
    """Take blocks whose 4-grams the loose lines hold, unless the block only repeats one that is taken."""
    grams = _grams(loose)
    known = {key for key, is_taken in zip(have, taken, strict=True) if is_taken}
    for index, block in enumerate(blocks):
        if not taken[index] and have[index] not in known and _share(tokens(block), grams) >= COVER:
            taken[index] = True
            known.add(have[index])


def _unseen(loose: Sequence[str], blocks: Sequence[str], said: int) -> list[str]:
    """The loose lines that no block holds.  Lines too short to tell go with the others, if those are most of it all."""
    if not loose:
        return []
    held = _grams(blocks)
    long = [len(words := tokens(line)) >= JUDGED and _share(words, held) < UNSEEN for line in loose]
    missing = sum(len(letters(line)) for line, is_missing in zip(loose, long, strict=True) if is_missing)
    elsewhere = missing > said / 2
    return [
        line
        for line, is_missing in zip(loose, long, strict=True)
        if is_missing or (elsewhere and len(tokens(line)) < JUDGED)
    ]


def _grams(lines: Sequence[str]) -> set[tuple[str, ...]]:
    grams: set[tuple[str, ...]] = set()
    for line in lines:
        words = tokens(line)
        grams.update(zip(words, words[1:], words[2:], words[3:], strict=False))
    return grams


def _share(words: Sequence[str], grams: set[tuple[str, ...]]) -> float:
    """Share of the 4-grams that ``grams`` holds; 0 for fewer than three of them, which could meet by chance."""
    own = list(zip(words, words[1:], words[2:], words[3:], strict=False))
    return sum(gram in grams for gram in own) / len(own) if len(own) >= 3 else 0.0
