"""Leads and standfirsts, which stand between the headline and the story that the model of blocks finds.

They are part of the story wherever the page puts them.  Gold texts of few sites hold them, so that the model, which
learned from those, takes many for something else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from cleaner.extraction.features import PLAIN_FEATURES, PageFacts
from cleaner.extraction.metadata import Metadata
from cleaner.extraction.page import Page
from cleaner.scoring.shape import Flags, Floats
from cleaner.text import letters

# A lead is prose at most this many blocks before the story's next prose, shares at least this much of its words with
# the page's description, and has at least this chance of being story.
LEAD_BLOCKS, DESCRIBED, LEAD = 12, 0.5, 0.1
# A standfirst stands between the headline and the story's next prose, at most so many blocks before it, has so many
# letters at least, and of these such a share at most in links.
STANDFIRST_BLOCKS, STANDFIRST, LINKED = 20, 25, 0.3
# It is what the page gives as its description, or so many letters of its beginning are; or its element is named so, at
# most so many blocks behind the headline; or it stands right behind the headline and is prose, or so many words without
# a digit (bylines have dates).  Of 136 blocks of the development benchmark that are optional in its gold text, most of
# them standfirsts, 123 are kept (without this 85); token F1 of news is .9641 (.9668), since the gold text does not hold
# them (docs/quality.md).
BEGINNING, NAMED_BLOCKS, WORDS = 60, 8, 9.0
_NAMED = re.compile(
    r"(?:^|[\s_-])(?:stand-?first|strap-?line|sub-?(?:title|headline|head(?:ing|er)?|deck)|second-title|de(?:k|ck)|lede|"
    r"(?:article|post|story|entry)-+lead|lead-(?:text|paragraph)|untertitel|vorspann|ondertitel|ingress|manchete?|perex|"
    r"chap[oô]|chapeau|sottotitolo|catenaccio|sommario|entradilla|bajada|copete|subtitulo|linha-fina|sapo)(?:$|[\s_-])",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
_NO_STANDFIRST = frozenset(("caption", "byline", "comments", "consent", "footer"))
_TITLE_DISTANCE, _IN_DESCRIPTION = map(PLAIN_FEATURES.index, ("title_distance", "in_description"))


def leads(
    page: Page, known: Metadata, where: Sequence[str], facts: PageFacts, chance: Floats, kept: Flags
) -> list[int]:
    """The blocks above the first prose that is kept which are lead or standfirst of the story.

    ``where`` they stand (`cleaner.extraction.places`), their ``chance`` of being story and which are ``kept`` already
    are given for each block.
    """
    told = np.flatnonzero(kept & facts.prose)
    if not len(told):
        return []
    first = int(told[0])
    return [*_likely(where, facts, chance, first), *_standfirst(page, known, where, facts, kept, first)]


def _likely(where: Sequence[str], facts: PageFacts, chance: Floats, first: int) -> list[int]:
    """Prose between the headline and the first prose that is kept, which the page gives as its description.

    A standfirst often stands outside the container of the story.  Of the blocks of the development benchmark that come
    in by this, 40 of 70 are story or marked as optional.
    """
    span = slice(max(first - LEAD_BLOCKS, 0), first)
    from_title, described = facts.plain[span, _TITLE_DISTANCE], facts.plain[span, _IN_DESCRIPTION]
    able = facts.prose[span] & (from_title > 0) & (described >= DESCRIBED) & (chance[span] >= LEAD)
    found = (np.flatnonzero(able) + span.start).tolist()
    return [place for place in found if where[place] in ("outside", "header")]


def _standfirst(
    page: Page, known: Metadata, where: Sequence[str], facts: PageFacts, kept: Flags, first: int
) -> list[int]:
    """Blocks between the headline and the first prose that is kept which are the story's standfirst.

    Gold texts of few sites hold standfirsts, so that the model takes them for something else.  Of copies the last one
    is taken, none where one is kept.
    """
    described = [key for text in known.descriptions if len(key := letters(text)) >= STANDFIRST]
    found: dict[str, int] = {}
    for place in range(max(first - STANDFIRST_BLOCKS, 0), first):
        key, behind = facts.keys[place], facts.plain[place, _TITLE_DISTANCE]
        if kept[place] or behind <= 0 or len(key) < STANDFIRST or facts.linked[place] >= LINKED:
            continue
        if where[place] in _NO_STANDFIRST:
            continue
        start = key[:BEGINNING]
        is_named = behind <= NAMED_BLOCKS and _NAMED.search(_own_names(page, place)) is not None
        is_next = behind == 1 and (facts.prose[place] or (facts.words[place] >= WORDS and not _DIGIT.search(key)))
        if any(start in text or text[:BEGINNING] in key for text in described) or (
            where[place] != "related" and (is_named or is_next)
        ):
            found.pop(start, None)
            found[start] = place
    told = [facts.keys[place] for place in np.flatnonzero(kept).tolist()] if found else []
    return [place for start, place in found.items() if not any(start in key for key in told)]


def _own_names(page: Page, place: int) -> str:
    """What a block's element calls itself."""
    return page.contexts.names[page.elements.context[page.blocks.owner[place]]]
