"""Sidebars about something else: a far-away war under a story of the region, the page's own offers between paragraphs.

A block of lines goes when two independent signs agree:

- it is *set apart*: lines that other filters took for furniture stand right before it (a sure one, or several) and
  right behind it (or the text ends there).  Credits, bylines, labels, end marks and one-line promos do not count, since
  stories go on behind them;
- it is about *another subject*: of its telling words (`cleaner.subjects`) fewer stand in headline and story than of any
  paragraph of the story stand in the others, and fewer by far than of a usual one, in number and in proportion.

Left alone: the first block; blocks of more than a quarter of the text; texts of which half is in such blocks; blocks
of few telling words, and those that hold a name of the headline; blocks that go on in lower case; and texts with a
paragraph that shares nothing with the others (roundups, pages of letters, most short texts), since there another
subject is no sign.

Figures at the constants are shares of removed words that are cruft, on labelled texts of three fifths of the sites, by
which they were chosen, behind all filters before this one: .968 (4,161 words of 39 sites).  On the other sites it is
1.000 (1,798 words of 19 sites).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from cleaner.chain import Line, View
from cleaner.document import Removal
from cleaner.filters import main_content
from cleaner.subjects import Words, shares
from cleaner.text import is_prose

NAME = "topic"
# Share of a block's telling words that stand in the story.  At .25 it is .964, of seven eighths as many words.  That
# every paragraph of the story shares more decides: without that it is .94 at .25 and below .87 at .3.
MAX_SHARE = 0.3
# By so much more do the story's paragraphs share with each other, on average.  Here it changes nothing; it is there for
# short texts, whose paragraphs share .05 to .1.
MIN_GAP = 0.15
# And so much in proportion: .3 is little where paragraphs share .6 and much where they share .45.  Behind the present
# model of `layout`, on all sites, it spares 337 of 483 words of story and none of the 4,505 words of cruft; no block
# has a part between .56 and .62.
MAX_PART = 0.6
# Share of the text that a block may have; .982 at .15, of four fifths as many words.
MAX_SIZE = 0.25
# Share of the text that is in larger blocks; at .3 it is .75 (lists that other filters have cut into pieces).
MIN_STORY = 0.5
# Telling words of a block, and grams of the story, without which nothing is compared; .966 at 4 and at 10 words.
MIN_TELLING = 6
MIN_KNOWN = 50
# Kinds of rules whose lines stand inside stories; without them it is .872.
INSIDE = frozenset(("byline", "credit", "endmark", "label", "promo"))
# A block is opened by what is furniture with this confidence, or by so many removals in a row: .987 (3,393 words of all
# sites); by any removal .969 (4,651 words), by sure ones alone .980 (2,174), by sure ones or two .976 (3,737).  On a
# page of readers' letters that no labelled text is made of, single letters that the model had doubts about set others
# apart.
SURE = 0.8
MANY = 3
# Kinds of lines that open what is no story.
CUES = frozenset(("comments", "navigation", "prompt", "related"))
# By whether there is a third sign, a cue before the block or no larger block behind it: .985 and .80 (1.0 and 1.0 on
# the other sites) behind the model that it was chosen with.  Behind the present one, which takes more lines and so sets
# more apart, all together are .987 of 3,393 words on all sites.
CONFIDENCE = {True: 0.9, False: 0.85}
# Words told of in the evidence.
EXAMPLES = 8


@dataclass(frozen=True)
class _Block:
    """Lines that follow each other, with the removals that bound them."""

    lines: Sequence[Line]
    before: Removal | None
    after: Removal | None
    removed: int
    """How many removals stand before it, behind the block before."""

    @cached_property
    def size(self) -> int:
        return sum([len(line.text) for line in self.lines])

    @property
    def texts(self) -> list[str]:
        return [line.text for line in self.lines]


class Topic:
    """Removes blocks between removed lines that share next to nothing with the story."""

    name = NAME

    def removals(self, view: View) -> Iterable[Removal]:
        """One removal a line, with the words that were compared as evidence."""
        if not view.removals or len(view.lines) == len(view.document.segments):
            return
        blocks = _blocks(view)
        total = sum(block.size for block in blocks)
        aside = [place for place in range(1, len(blocks)) if blocks[place].size <= MAX_SIZE * total]
        if not aside or sum(blocks[place].size for place in aside) > (1 - MIN_STORY) * total:
            return
        apart = [(place, Words(blocks[place].texts)) for place in aside if _is_set_apart(blocks[place])]
        apart = [(place, own) for place, own in apart if len(own) >= MIN_TELLING]
        if not apart:
            return
        story = [text for place, block in enumerate(blocks) if place not in aside for text in block.texts]
        known = Words([*story, view.document.title or ""])
        apart = [(place, own) for place, own in apart if known.share_of(own) <= MAX_SHARE]
        # in a title capital letters may say nothing: what is a name there shows in prose
        subject = Words(filter(is_prose, story)).names_in(Words([view.document.title or story[0]]))
        apart = [(place, own) for place, own in apart if own.grams.isdisjoint(subject)]
        if not apart or len(known.grams) < MIN_KNOWN:
            return
        told = shares(story)
        if not told:
            return
        usual, least = sum(told) / len(told), min(told)
        last = max(place for place in range(len(blocks)) if place not in aside)
        for place, own in apart:
            share = known.share_of(own)
            if share < least and share <= min(usual - MIN_GAP, MAX_PART * usual):
                yield from _removals(blocks[place], own, known, usual, place > last)


def _removals(block: _Block, own: Words, known: Words, usual: float, is_behind: bool) -> Iterable[Removal]:
    signs = ["other subject", "set apart"]
    kind = block.before.evidence.get("kind") if block.before else None
    if kind in CUES:
        signs.append(f"under {kind}")
    if is_behind:
        signs.append("behind the story")
    share = known.share_of(own)
    evidence = {
        "signs": signs,
        "share": round(share, 3),
        "usual": round(usual, 3),
        "words": own.examples(EXAMPLES),
        "shared": own.examples(EXAMPLES, known_to=known),
    }
    reason = (
        f"Set apart by removed lines, and about something else: {share:.0%} of its telling words stand in the story, "
        f"whose paragraphs have {usual:.0%} in common."
    )
    for line in block.lines:
        yield line.remove(NAME, "other-subject", reason, CONFIDENCE[len(signs) > 2], evidence)


def _blocks(view: View) -> list[_Block]:
    """The lines in runs between which a filter took something; what extraction took from a page parts nothing."""
    lines, removals = view.lines, view.removals
    blocks: list[_Block] = []
    first = following = removed = 0
    before: Removal | None = None
    for place in range(1, len(lines) + 1):
        is_end = place == len(lines)
        if not is_end and lines[place].index == lines[place - 1].index + 1:
            continue
        low = lines[place - 1].segment.end
        high = len(view.document.text) if is_end else lines[place].segment.start
        between = []
        while following < len(removals) and removals[following].start < high:
            removal = removals[following]
            if removal.start >= low and removal.filter != main_content.NAME:
                between.append(removal)
            following += 1
        if between or is_end:
            blocks.append(_Block(lines[first:place], before, between[0] if between else None, removed))
            before = between[-1] if between else None
            removed = len(between)
            first = place
    return blocks


def _is_set_apart(block: _Block) -> bool:
    if block.lines[0].text[0].islower() or block.before is None:
        return False
    if block.before.confidence < SURE and block.removed < MANY:
        return False
    return all(bound is None or bound.evidence.get("kind") not in INSIDE for bound in (block.before, block.after))
