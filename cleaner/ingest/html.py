"""HTML to a document of all its visible blocks, in order, each with its markup facts and what extraction says of it.

Which blocks are the story is decided by the model of blocks (`cleaner.extraction.model`), with trafilatura as a witness
where its word may change something, or by another extractor alone (see `cleaner.extraction.witness`); the filter
`main_content` removes the others.  Pages that hold no article are named in ``Document.facts["non_article"]``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import accumulate, count

import numpy as np
import numpy.typing as npt

from cleaner.document import NO_WEIGHTS, Document, Markup, Segment
from cleaner.extraction.dates import find_day, iso_date
from cleaner.extraction.features import PLAIN_FEATURES, Facts, page_facts
from cleaner.extraction.kind import ANY_WORDS, claims_article, non_article
from cleaner.extraction.metadata import Metadata, Value, read_metadata
from cleaner.extraction.model import BlockModel, Judgement, block_model
from cleaner.extraction.page import CELLS, HEADINGS, Page, PageError, parse_page
from cleaner.extraction.places import places
from cleaner.extraction.scripted import scripted_story
from cleaner.extraction.shared import HEAD
from cleaner.extraction.witness import ask, trafilatura_text
from cleaner.ingest.align import align
from cleaner.ingest.record import Raw
from cleaner.scoring.shape import Floats
from cleaner.text import is_prose, letters, weight

__all__ = ["PageError", "read_html"]

ROLES = {
    **dict.fromkeys(HEADINGS, "heading"),
    **dict.fromkeys(("li", "dd", "dt"), "list item"),
    **dict.fromkeys((*CELLS, "tr", "table"), "table row"),
    **dict.fromkeys(("figcaption", "figure", "caption"), "caption"),
}
# The chance of being story from which on a block is kept.  At .45 token F1 is the same and recall .003 lower
# (docs/quality.md); the filters behind take cruft as well, and none brings a lost paragraph back.
KEPT = 0.4
# The witness is asked where more than this share of the story's words is likely to be judged wrongly: on 2 % of the
# pages of the development benchmark, with token F1 .9660 in news and .9638 on all pages.  Asked on 8 % (.25) it is
# .9658 and .9642, on none .9641 and .9634 (more in docs/quality.md); an answer costs as much as all else does.
# What the model takes by itself and the witness takes as well is kept, whatever the second round makes of it: token F1
# of the pages on which it was asked (22 % then) rises by .003 (.002 in news), and pages far longer than those that were
# learned from come out whole.
DOUBT = 0.5
# A lead stands at most this many blocks before the story's next prose, shares at least this much of its words with the
# page's description, and has at least this chance of being story.
LEAD_BLOCKS, DESCRIBED, LEAD = 12, 0.5, 0.1
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
# A headline is no longer than this, in words.
HEADLINE_WORDS = 60.0
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
class _Judged:
    """Where the blocks of a page stand, what extraction says of them, and why the page holds no article, if so."""

    where: list[str]
    verdicts: Verdicts
    found: tuple[str, str] | None


def read_html(raw: Raw, max_blocks: int, extractor: str = "auto", model: BlockModel | None = None) -> Document:
    """The document of an HTML record: all visible blocks, what extraction says of each, and the page's metadata.

    ``extractor`` is ``auto``, ``blocks`` (the model alone) or the name of an extractor whose word counts alone;
    ``model`` is asked in place of the shipped one.  Text that a page carries as data and not in visible blocks stands
    at the end, with the role ``unseen``, when the visible blocks hold little of it.  A story that a script would draw
    (`cleaner.extraction.scripted`) makes up blocks like others, behind those that are there.  Fields of the record go
    before the page's own metadata.

    Raises `PageError` for pages that cannot be read whole, and `ValueError` for an extractor that is not there.
    """
    page = parse_page(raw.html or "")
    known = read_metadata(page.tree, raw.url)
    judged = _judged(page, known, raw, max_blocks, extractor, model)
    is_empty = not (page.blocks.text or judged.verdicts.unseen)
    if is_empty or (judged.found is not None and judged.found[0] in DRAWN):
        with suppress(PageError):  # what the page shows can be read
            if (drawn := scripted_story(raw.html or "", page.tree)) is not None:
                other = parse_page(drawn)
                again = _judged(other, known, raw._replace(html=drawn), max_blocks, extractor, model)
                if again.found is None:
                    page, judged = other, again
    texts, where, verdicts, found = page.blocks.text, judged.where, judged.verdicts, judged.found
    if not texts and not verdicts.unseen:
        raise PageError("no_text", "no visible text: an empty page, a script shell or frames only")
    lines = [*texts, *verdicts.unseen]
    rows = _markups(page, known, where, verdicts) + [("unseen", _UNSEEN)] * len(verdicts.unseen)
    ends = [*accumulate(len(text) + 1 for text in lines)]
    segments = [*map(Segment, [0, *ends[:-1]], ends, count(1), *zip(*rows, strict=True))] if rows else []
    facts: dict[str, object] = {"witness": verdicts.witness is not None}
    if found is not None:
        facts["non_article"] = found
    day = raw.date or (iso_date(known.published.text) if known.published else None)
    if day is None and found is None:
        known = replace(known, published=find_day(page, known, raw.url))
        day = known.published.text if known.published else None
    facts["page"] = _facts(known)
    address = raw.url or (known.canonical.text if known.canonical else None)
    return Document(
        id=raw.id,
        text="\n".join([*lines, ""]),
        segments=tuple(segments),
        source=raw.source,
        url=address,
        site=raw.site or host(address) or (known.site.text if known.site else None),
        title=raw.title or (known.title.text if known.title else None),
        author=raw.author or ", ".join(author.text for author in known.authors) or None,
        date=day,
        language=raw.language or (known.language.text if known.language else None),
        facts=facts,
    )


def _judged(
    page: Page, known: Metadata, raw: Raw, max_blocks: int, extractor: str, model: BlockModel | None
) -> _Judged:
    """Verdicts on all blocks of a page.  Raises `PageError` where it has too many."""
    texts = page.blocks.text
    if len(texts) > max_blocks:
        raise PageError("too_many_blocks", f"{len(texts):,} blocks, more than {max_blocks:,} (see --max-blocks)")
    where = places(page)
    verdicts = _judge(page, known, where, raw, extractor, model)
    found = None if verdicts.unseen else non_article(page, verdicts.kept, known, raw.url)
    if found is not None and extractor == "auto" and claims_article(known):
        second = _second_opinion(page, raw)
        if second is not None:
            verdicts, found = second, None
    return _Judged(where, verdicts, found)


def host(url: str | None) -> str | None:
    """The host of a URL without ``www.``.

    >>> host("https://www.example.org/story"), host("story.html")
    ('example.org', None)
    """
    from urllib.parse import urlsplit

    try:
        name = urlsplit(url).hostname if url else None
    except ValueError:
        return None
    return name.removeprefix("www.") if name else None


_UNSEEN = Markup(path=("script",), names=(), link_density=0.0, witness=True, place="data")


def _role(path: tuple[str, ...]) -> str:
    return ROLES.get(path[-1]) or ("list item" if "li" in path[-3:] else "paragraph")


def _judge(
    page: Page, known: Metadata, where: Sequence[str], raw: Raw, extractor: str, model: BlockModel | None
) -> Verdicts:
    texts = page.blocks.text
    if extractor not in ("auto", "blocks"):
        return _word_of((ask(extractor, raw.html or "", raw.url) or "").split("\n"), texts)
    if not texts:
        return Verdicts([], None, [], {}, _as_data(known, [], []), [])
    judgement = Judgement(model or block_model(), page, page_facts(page, known))
    witness = None
    chance = judgement.model.chance(judgement.scores)
    # a text of hundreds of paragraphs is judged by its beginning, with a witness or without
    if extractor == "auto" and judgement.doubt(_long_runs(judgement.facts, chance)) > DOUBT:
        heard = ask("trafilatura", raw.html or "", raw.url)
        if heard:  # who takes nothing at all did not understand the page
            witness = align(heard.split("\n"), texts).taken
            judgement.hear(witness)
            agreed = (chance >= KEPT) & np.array(witness)
            chance = judgement.model.chance(judgement.scores)
            chance[agreed] = np.maximum(chance[agreed], KEPT)
    leads = _leads(where, judgement.facts, chance)
    chance[leads] = np.maximum(chance[leads], KEPT)
    for run in (*_long_runs(judgement.facts, chance), *_tables(page, chance)):
        chance[run] = np.maximum(chance[run], KEPT)
    keys = judgement.facts.spoken.keys
    copied = _whole_copies(judgement.facts, chance >= KEPT)
    chance[copied] = np.minimum(chance[copied], KEPT / 2)
    kept = chance >= KEPT
    unseen = _as_data(known, texts, kept.tolist())
    if unseen:
        # what stands on the page of it would stand twice
        body = letters(known.body)
        kept &= np.array([key not in body for key in keys])
        chance = np.where(kept, chance, np.minimum(chance, KEPT / 2))
    gone = np.flatnonzero(~kept).tolist()
    because = dict(zip(gone, judgement.because(gone), strict=True))
    return Verdicts(kept.tolist(), witness, np.round(chance, 4).tolist(), because, unseen, keys)


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


def _long_runs(facts: Facts, chance: Floats) -> list[npt.NDArray[np.int64]]:
    """Paragraphs of one element, hundreds of them, that begin as story: they are one text, however long it is.

    No page that the model has seen is so long, and a block's place on the page, which says much on others, misleads.
    """
    groups = facts.like[2]
    sizes = np.bincount(groups)
    runs = [np.flatnonzero(groups == group) for group in np.flatnonzero(sizes >= LONG_RUN)[:LONG_RUNS].tolist()]
    return [run for run in runs if float(np.median(chance[run[:RUN_HEAD]])) >= KEPT and _is_text(facts, run)]


def _tables(page: Page, chance: Floats) -> list[npt.NDArray[np.int64]]:
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


def _whole_copies(facts: Facts, kept: npt.NDArray[np.bool_]) -> list[int]:
    """Kept blocks that repeat other kept blocks, at least `COPIED` of them, for most of their length.

    Pages carry a story a second time in one piece, in elements that only machines look at.
    """
    share = facts.plain[:, PLAIN_FEATURES.index("held_share")]
    found = []
    for place in np.flatnonzero(kept & (share >= COPIED_SHARE) & (facts.words >= COPIED_WORDS)).tolist():
        whole = facts.spoken.keys[place]
        inside = [
            len(key)
            for other, key in enumerate(facts.spoken.keys)
            if kept[other] and other != place and len(key) >= HEAD and key in whole
        ]
        if len(inside) >= COPIED and sum(inside) >= COPIED_SHARE * len(whole):
            found.append(place)
    return found


def _is_text(facts: Facts, run: npt.NDArray[np.int64]) -> bool:
    return float((facts.words[run] * facts.linked[run]).sum()) < 0.2 * float(facts.words[run].sum())


def _leads(where: Sequence[str], facts: Facts, chance: Floats) -> list[int]:
    """Prose between the headline and the first prose that is kept, which the page gives as its description.

    A standfirst often stands outside the container of the story.  Of the blocks of the development benchmark that come
    in by this, 40 of 70 are story or marked as optional.
    """
    told = np.flatnonzero((chance >= KEPT) & facts.prose)
    if not len(told):
        return []
    span = slice(max(int(told[0]) - LEAD_BLOCKS, 0), int(told[0]))
    from_title, described = (
        facts.plain[span, PLAIN_FEATURES.index(name)] for name in ("title_distance", "in_description")
    )
    able = facts.prose[span] & (from_title > 0) & (described >= DESCRIBED) & (chance[span] >= LEAD)
    found = (np.flatnonzero(able) + span.start).tolist()
    return [place for place in found if where[place] in ("outside", "header")]


def _as_data(known: Metadata, texts: Sequence[str], kept: Sequence[bool]) -> list[str]:
    """The paragraphs of a story that the page carries as data alone; none where its blocks hold most of it."""
    size = weight(known.body) if known.body else 0.0
    if size < UNSEEN_WORDS:
        return []
    found = sum(weight(text) for text, is_kept in zip(texts, kept, strict=True) if is_kept)
    return known.body.split("\n") if found < UNSEEN_SHARE * size else []


def _markups(page: Page, known: Metadata, where: Sequence[str], verdicts: Verdicts) -> list[tuple[str, Markup]]:
    """The role and the markup of each block."""
    blocks, contexts, context = page.blocks, page.contexts, page.elements.context
    paths = page.paths()
    around: list[tuple[str, ...]] = []
    for outer, names in zip(contexts.outer, contexts.names, strict=True):
        outside = around[outer] if around else ()
        around.append((*outside, names) if names else outside)
    headlines = _headlines(blocks.text, verdicts.keys, known)
    own = [context[owner] for owner in blocks.owner]
    roles = {one: _role(paths[one]) for one in set(own)}
    heard, story = ([None] * len(own) if one is None else one for one in (verdicts.witness, verdicts.story))
    markups = map(
        Markup,
        [paths[one] for one in own],
        [around[context[leaf]] for leaf in blocks.leaf],
        blocks.linked,
        verdicts.kept,
        story,
        heard,
        where,
        [verdicts.because.get(place, NO_WEIGHTS) for place in range(len(own))],
        headlines,
    )
    said = ["headline" if is_headline else roles[one] for is_headline, one in zip(headlines, own, strict=True)]
    return [*zip(said, markups, strict=True)]


def _headlines(texts: Sequence[str], letters_of: Sequence[str], known: Metadata) -> list[bool]:
    """Whether a block repeats what the page names as its title, as a heading or as a line that is no prose."""
    keys = {key for title in known.titles if (key := letters(title))}
    longest = 3 * max(map(len, keys), default=0) + 20
    return [
        key in keys and len(text) <= longest and weight(text) <= HEADLINE_WORDS
        for key, text in zip(letters_of, texts, strict=True)
    ]


def _facts(known: Metadata) -> dict[str, object]:
    """What the page says about itself beyond the fields of a document, each value with its source."""
    named: dict[str, Value | None] = {
        "title": known.title,
        "date": known.published,
        "modified": known.modified,
        "site": known.site,
        "section": known.section,
        "language": known.language,
        "canonical": known.canonical,
        "description": known.description,
    }
    facts: dict[str, object] = {
        name: {"value": value.text, "source": value.source} for name, value in named.items() if value is not None
    }
    if known.authors:
        facts["author"] = {
            "value": ", ".join(author.text for author in known.authors), "source": known.authors[0].source
        }  # fmt: skip
    return facts
