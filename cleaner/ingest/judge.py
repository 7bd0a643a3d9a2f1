"""What extraction says of pages: which of their blocks are the story, and which pages hold none.

The model of blocks (`cleaner.extraction.model`) judges several pages at once; trafilatura is asked where its word may
change something (`cleaner.extraction.witness`), or another extractor alone says what is story.  What no model can know
from the pages that it has seen stands here: leads outside the story's container, texts of hundreds of paragraphs, rows
of tables, stories that a page carries twice or as data alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

import numpy as np

from cleaner.extraction.features import PLAIN_FEATURES, PageFacts
from cleaner.extraction.kind import ANY_WORDS, claims_article, non_article
from cleaner.extraction.metadata import Metadata, read_metadata
from cleaner.extraction.model import BlockModel, Judgement, block_model
from cleaner.extraction.names import NO_NAMES
from cleaner.extraction.page import Page, PageError, parse_page
from cleaner.extraction.places import places
from cleaner.extraction.scripted import scripted_story
from cleaner.extraction.shared import HEAD
from cleaner.extraction.together import Pages, join
from cleaner.extraction.witness import ask, trafilatura_text
from cleaner.grouping import grouped
from cleaner.ingest.align import align
from cleaner.ingest.leads import leads
from cleaner.ingest.record import Raw
from cleaner.scoring.shape import Flags, Floats, Integers
from cleaner.text import is_prose, letters, weight

# The chance of being story from which on a block is kept.  At .45 token F1 is the same and recall .001 lower
# (docs/quality.md); the filters behind take cruft as well, and none brings a lost paragraph back.
KEPT = 0.4
# The witness is asked where more than this share of the story's words is likely to be judged wrongly: on 2 % of the
# pages of the development benchmark, with token F1 .9668 in news and .9629 on all pages.  Asked on 9 % (.25) it is
# .9666 and .9631, on none .9633 and .9623 (more in docs/quality.md); an answer costs as much as all else does.
# What the model takes by itself and the witness takes as well is kept, whatever the second round makes of it: token F1
# of the pages on which it was asked (22 % then) rises by .003 (.002 in news), and pages far longer than those that were
# learned from come out whole.
DOUBT = 0.5
# A run of so many blocks of one kind in one element is longer than the stories that the model has learned from; it is
# judged by its first blocks.  At most so many of them are looked at.
LONG_RUN, RUN_HEAD, LONG_RUNS = 300, 100, 20
# A block of so many words is a copy of the story where so many other kept blocks are so much of it.
COPIED, COPIED_SHARE, COPIED_WORDS = 3, 0.8, 100.0
# Text that a page carries as data is the story when the story found on the page has less than this share of its words.
UNSEEN_SHARE = 0.5
UNSEEN_WORDS = 40.0
# Words of prose that trafilatura must find where the model finds no story.
SECOND_WORDS = 60.0
# Pages without an article that are looked into for a story in their scripts; home pages hold teasers there.
DRAWN = frozenset(("script_shell", "no_article", "paywall", "consent_wall"))
# Blocks that are judged together: of more the arrays outgrow the caches, and pages may have tens of thousands.
BLOCKS_TOGETHER = 4000
_BLANKS = re.compile(r"[\s\x1c-\x1f]+")


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What extraction says of the blocks of a page."""

    kept: Sequence[bool]
    witness: Sequence[bool] | None
    story: Sequence[float] | None
    because: dict[int, dict[str, float]]
    unseen: Sequence[str]
    keys: Sequence[str]
    """The letters of each block (`cleaner.text.letters`)."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A page that was read, and not yet judged."""

    raw: Raw
    page: Page
    known: Metadata


@dataclass(frozen=True, slots=True)
class Judged:
    """A page, where its blocks stand, what extraction says of them, and why the page holds no article, if so."""

    opened: Opened
    where: Sequence[str]
    """Of each block (`cleaner.extraction.places`)."""
    verdicts: Verdicts
    found: tuple[str, str] | None


def open_page(raw: Raw, max_blocks: int) -> Opened:
    """Parse a page and read what it says of itself.  Raises `PageError` where it has too many blocks, or too deep."""
    page = parse_page(raw.html or "")
    return _opened(raw, page, read_metadata(page.tree, raw.url), max_blocks)


def _opened(raw: Raw, page: Page, known: Metadata, max_blocks: int) -> Opened:
    count = len(page.blocks.text)
    if count > max_blocks:
        raise PageError("too_many_blocks", f"{count:,} blocks, more than {max_blocks:,} (see --max-blocks)")
    return Opened(raw, page, known)


def judge(
    opened: Sequence[Opened], max_blocks: int, extractor: str = "auto", model: BlockModel | None = None
) -> list[Judged]:
    """What extraction says of pages, as of each alone; together they take less time (see `read_html`)."""
    return [_drawn(one, max_blocks, extractor, model) for one in _judged(opened, extractor, model)]


def _judged(opened: Sequence[Opened], extractor: str, model: BlockModel | None) -> list[Judged]:
    full = [one for one in opened if one.page.blocks.text]
    parts = grouped(full, lambda one: (len(one.page.blocks.text),), (BLOCKS_TOGETHER,))
    judged = (one for part in parts for one in _judged_together(part, extractor, model))
    return [next(judged) if one.page.blocks.text else _judged_empty(one, extractor) for one in opened]


def _judged_together(opened: Sequence[Opened], extractor: str, model: BlockModel | None) -> list[Judged]:
    pages = join([one.page for one in opened])
    by_model = (model or block_model()) if extractor in ("auto", "blocks") else None
    said_of_names = (by_model.names if by_model is not None else NO_NAMES).of(pages.names)
    codes = places(pages, said_of_names[2])
    where = [codes[own] for own in pages.slices()]
    if by_model is not None:
        verdicts = _by_model(opened, pages, where, said_of_names, by_model, may_ask=extractor == "auto")
    else:
        verdicts = [_word_of(_lines(extractor, one.raw), one.page.blocks.text) for one in opened]
    return [_named(*one, extractor) for one in zip(opened, where, verdicts, strict=True)]


def _judged_empty(opened: Opened, extractor: str) -> Judged:
    """A page without visible blocks, which may hold a story all the same."""
    if extractor in ("auto", "blocks"):
        verdicts = Verdicts([], None, [], {}, _as_data(opened.known, [], []), [])
    else:
        verdicts = _word_of(_lines(extractor, opened.raw), [])
    return _named(opened, [], verdicts, extractor)


def _named(opened: Opened, where: Sequence[str], verdicts: Verdicts, extractor: str) -> Judged:
    """A judged page, with the reason why it holds no article, if so; trafilatura has the last word."""
    raw, page, known = opened.raw, opened.page, opened.known
    found = None if verdicts.unseen else non_article(page, verdicts.kept, known, raw.url)
    if found is not None and extractor == "auto" and claims_article(known):
        second = _second_opinion(page, raw)
        if second is not None:
            return Judged(opened, where, second, None)
    return Judged(opened, where, verdicts, found)


def _lines(extractor: str, raw: Raw) -> list[str]:
    return (ask(extractor, raw.html or "", raw.url) or "").split("\n")


def _drawn(judged: Judged, max_blocks: int, extractor: str, model: BlockModel | None) -> Judged:
    """The same, or the story that a script of the page would draw where what is there holds none."""
    raw, page = judged.opened.raw, judged.opened.page
    is_empty = not (page.blocks.text or judged.verdicts.unseen)
    if is_empty or (judged.found is not None and judged.found[0] in DRAWN):
        with suppress(PageError):  # what the page shows can be read
            if (drawn := scripted_story(raw.html or "", page.tree)) is not None:
                other = _opened(raw._replace(html=drawn), parse_page(drawn), judged.opened.known, max_blocks)
                (again,) = _judged([other], extractor, model)
                if again.found is None:
                    return again
    return judged


def _by_model(
    opened: Sequence[Opened],
    pages: Pages,
    where: Sequence[Sequence[str]],
    said_of_names: Floats,
    model: BlockModel,
    may_ask: bool,
) -> list[Verdicts]:
    """What the model says of pages that have blocks; where it is in doubt, it may ask the witness."""
    judgement = Judgement(model, pages, [one.known for one in opened], said_of_names)
    chances = model.chance(judgement.scores)
    found: list[Verdicts] = []
    asked: list[int] = []  # the blocks that go without a witness, whose reasons are found together
    for one, stands, own in zip(opened, where, pages.slices(), strict=True):
        look = judgement.facts.of(own)
        chance, heard = chances[own], None
        # a text of hundreds of paragraphs is judged by its beginning, with a witness or without
        if may_ask and _doubt(chance, look, _long_runs(look, chance)) > DOUBT:
            heard = _hear(one, model, chance)
        kept, unseen = _settle(one, stands, look, chance)
        gone = np.flatnonzero(~kept).tolist()
        because = dict(zip(gone, heard.judgement.because(gone), strict=True)) if heard else {}
        asked += [] if heard else [own.start + place for place in gone]
        witness = heard.taken if heard else None
        story = np.round(chance, 4).tolist()
        found.append(Verdicts(kept.tolist(), witness, story, because, unseen, look.keys))
    reasons = iter(judgement.because(asked))
    for verdicts in found:
        if verdicts.witness is None:
            gone = [place for place, is_kept in enumerate(verdicts.kept) if not is_kept]
            verdicts.because.update(zip(gone, islice(reasons, len(gone)), strict=True))
    return found


class _Heard(NamedTuple):
    """What a page was judged like when a witness was heard."""

    judgement: Judgement
    taken: list[bool]


def _hear(opened: Opened, model: BlockModel, chance: Floats) -> _Heard | None:
    """Judge a page again with what trafilatura takes; ``chance`` is set to what comes out."""
    said = ask("trafilatura", opened.raw.html or "", opened.raw.url)
    if not said:  # who takes nothing at all did not understand the page
        return None
    judgement = Judgement(model, join([opened.page]), [opened.known])
    taken = align(said.split("\n"), opened.page.blocks.text).taken
    agreed = (chance >= KEPT) & np.array(taken)
    judgement.hear(taken)
    chance[:] = model.chance(judgement.scores)
    chance[agreed] = np.maximum(chance[agreed], KEPT)
    return _Heard(judgement, taken)


def _doubt(chance: Floats, facts: PageFacts, settled: Sequence[Integers]) -> float:
    """How much is open: words by how likely their block is judged wrongly, over the words of the story.

    The places ``settled`` are story, whatever the scores say.
    """
    if settled:
        chance = chance.copy()
        chance[np.concatenate(settled)] = 1.0
    wrong = float((np.minimum(chance, 1 - chance) * facts.words).sum())
    return wrong / max(float((chance * facts.words).sum()), 1.0)


def _settle(opened: Opened, where: Sequence[str], facts: PageFacts, chance: Floats) -> tuple[Flags, list[str]]:
    """Which blocks are kept, and what text the page carries as data alone; ``chance`` is set to go with it."""
    page, known = opened.page, opened.known
    above = leads(page, known, where, facts, chance, chance >= KEPT)
    chance[above] = np.maximum(chance[above], KEPT)
    for run in (*_long_runs(facts, chance), *_tables(page, chance)):
        chance[run] = np.maximum(chance[run], KEPT)
    copied = _whole_copies(facts, chance >= KEPT)
    chance[copied] = np.minimum(chance[copied], KEPT / 2)
    kept = chance >= KEPT
    unseen = _as_data(known, page.blocks.text, kept.tolist())
    if unseen:
        # what stands on the page of it would stand twice
        body = letters(known.body)
        kept &= np.array([key not in body for key in facts.keys])
        chance[~kept] = np.minimum(chance[~kept], KEPT / 2)
    return kept, unseen


def _second_opinion(page: Page, raw: Raw) -> Verdicts | None:
    """What trafilatura takes of a page that calls itself an article and holds no story for the model; None for little.

    It looks into structured data and hidden elements as well.
    """
    lines = (trafilatura_text(raw.html or "", raw.url, fast=False) or "").split("\n")
    prose = sum(weight(line) for line in lines if is_prose(line))
    if prose < SECOND_WORDS and sum(map(weight, lines)) < ANY_WORDS:
        return None
    return _word_of(lines, page.blocks.text)


def _word_of(lines: Sequence[str], texts: Sequence[str]) -> Verdicts:
    """What an extractor whose word alone counts says of the blocks, by the lines that it gave."""
    alignment = align(lines, texts)
    unseen = [text for line in alignment.unseen if (text := _BLANKS.sub(" ", line).strip())]
    return Verdicts(alignment.taken, alignment.taken, None, {}, unseen, [letters(text) for text in texts])


def _long_runs(facts: PageFacts, chance: Floats) -> list[Integers]:
    """Paragraphs of one element, hundreds of them, that begin as story: they are one text, however long it is.

    No page that the model has seen is so long, and a block's place on the page, which says much on others, misleads.
    """
    if len(chance) < LONG_RUN:
        return []
    groups, sizes = np.unique(facts.siblings, return_counts=True)
    runs = [np.flatnonzero(facts.siblings == group) for group in groups[sizes >= LONG_RUN][:LONG_RUNS].tolist()]
    return [run for run in runs if float(np.median(chance[run[:RUN_HEAD]])) >= KEPT and _is_text(facts, run)]


def _tables(page: Page, chance: Floats) -> list[Integers]:
    """The rows of tables of which at least half are kept: a table without some of its rows says what is not true."""
    elements, blocks = page.elements, page.blocks
    rows: dict[int, list[int]] = {}
    for place, text in enumerate(blocks.text):
        if "\t" in text:  # a row of several cells
            around = blocks.owner[place]
            while around and elements.tag[around] != "table":
                around = elements.parent[around]
            if around:
                rows.setdefault(around, []).append(place)
    return [np.array(own) for own in rows.values() if 2 * np.count_nonzero(chance[own] >= KEPT) >= len(own)]


def _whole_copies(facts: PageFacts, kept: Flags) -> list[int]:
    """Kept blocks that repeat other kept blocks, at least `COPIED` of them, for most of their length.

    Pages carry a story a second time in one piece, in elements that only machines look at.
    """
    found = []
    able = kept & (facts.plain[:, _HELD_SHARE] >= COPIED_SHARE) & (facts.words >= COPIED_WORDS)
    for place in np.flatnonzero(able).tolist():
        whole = facts.keys[place]
        inside = [
            len(key)
            for other, key in enumerate(facts.keys)
            if kept[other] and other != place and len(key) >= HEAD and key in whole
        ]
        if len(inside) >= COPIED and sum(inside) >= COPIED_SHARE * len(whole):
            found.append(place)
    return found


def _is_text(facts: PageFacts, run: Integers) -> bool:
    return float((facts.words[run] * facts.linked[run]).sum()) < 0.2 * float(facts.words[run].sum())


_HELD_SHARE = PLAIN_FEATURES.index("held_share")


def _as_data(known: Metadata, texts: Sequence[str], kept: Sequence[bool]) -> list[str]:
    """The paragraphs of a story that the page carries as data alone; none where its blocks hold most of it."""
    size = weight(known.body) if known.body else 0.0
    if size < UNSEEN_WORDS:
        return []
    found = sum(weight(text) for text, is_kept in zip(texts, kept, strict=True) if is_kept)
    return known.body.split("\n") if found < UNSEEN_SHARE * size else []
