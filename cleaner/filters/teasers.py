"""Teaser lists that no rule names, known by their structure alone.

Behind the story stand teasers, whose subjects are not the story's.  Three structures give them away:

- ``bullets``: a short label, and under it bullets alone on their lines, each over a summary;
- ``doubled``: titles that stand twice in a row (of the picture, and of the text), each pair over a summary;
- ``series``: titles in a row, with or without labels and summaries between them, where another filter has taken a line
  as furniture already.

Two more show in a line by itself, wherever it stands: ``twice``, a title that stands there twice, as picture and as
text of one link, and ``ticker``, titles set apart by runs of spaces.

The last line of story is the last one of prose that stands beside prose or under no title.  A list that is longer than
the story is no list of teasers.

On labelled texts a series is cruft in 1.0 of its words on the three fifths of the sites by which thresholds were
chosen (1,821 words of 14 sites) and in .96 on the others (1,556 words of 15 sites); bullets and doubled titles without
a heading that rules know do not occur in them, and were written from single scrapes, as the ticker was.  Of the lines
that say at least seven words twice and are no prose all are cruft (26 of 3 sites).

Left out, since they do not hold: series of titles without summaries and without a removed line beside them, .85 where
chosen (sources, products, appointments); series with summaries and without a removed line, 1.0 where chosen but .36 on
the others (guides of which each item has a title and a text); last paragraphs under a short line that share less than
a tenth of their words with the story, .62, and blocks of several such paragraphs, .01.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from cleaner.chain import Line, View
from cleaner.document import Removal
from cleaner.filters import main_content
from cleaner.filters.witness import TITLE_WORDS, Witnesses, story_end
from cleaner.subjects import Words, shares
from cleaner.text import (
    LONG_WORDS,
    ends_sentence,
    fold,
    is_bullet,
    is_marked,
    is_prose,
    is_question,
    subject_words,
    tokens,
    weight,
)

NAME = "teasers"
# A label over a teaser list has at most this many words ("More from the region").
LABEL_WORDS = 4.0
# Share of a teaser's longer words that stand in the story.  Paragraphs of one story share .3 to .6 with the rest of
# it, paragraphs of two stories of one site .05 to .2.
RELATED_SHARE = 0.25
MIN_BULLETS = 2
# Doubled titles over summaries.
MIN_DOUBLED = 2
# A series has this many titles; its telling words stand in the story to this share at most, and by so much less than
# those of the story's paragraphs stand in each other.
MIN_TITLES = 3
SERIES_SHARE = 0.35
SERIES_GAP = 0.2
# Titles alone look like references and programmes, too: they go under a story whose paragraphs hold together this well.
TITLES_COHERENCE = 0.5
# Share of the text that a series may have.
SERIES_SIZE = 0.35
# A title that stands twice on a line: shorter words come twice in tables and in refrains, and prose is no title.
TWICE_WORDS = 7.0
# Titles of a ticker: so many, of so many words each and on average; cells of tables are shorter.
TICKER_TITLES = 5
TICKER_WORDS = 3.0
TICKER_MEAN = 6.0
_SPACES = " \u00a0\u3000\t"
_GAP = "   "
_GAPS = re.compile(r"[ \u00a0]{3,}")
# Lines of these kinds stand inside stories and say nothing of what stands behind them.
INSIDE = frozenset(("byline", "credit", "endmark", "label"))


class Teasers:
    """Removes a list of teasers behind the story."""

    name = NAME

    def removals(self, view: View) -> Iterable[Removal]:
        """Removals of single lines, and of a list of bullets to the end of the text, doubled teasers, or a series."""
        lines = view.lines
        yield from _alone(lines)
        if len(lines) <= MIN_TITLES:
            return
        witnesses = Witnesses(lines)
        end = story_end(witnesses, len(lines))
        if end and _length(lines[end:]) <= _length(lines[:end]):
            if _is_list(lines, end, witnesses):
                yield from _bullets(lines, end, witnesses)
                return
            doubled = _doubled(lines, end, witnesses)
            if doubled is not None:
                yield from _groups(lines, *doubled, witnesses)
                return
        yield from _series(view, witnesses)


def _alone(lines: Sequence[Line]) -> Iterable[Removal]:
    """Lines that are teasers by what stands in them; of a headline above the story that stands twice, one stays."""
    for place, line in enumerate(lines):
        text = line.text
        if text[len(text) // 2] not in _SPACES and _GAP not in text:  # as of most lines
            continue
        again = _again(text)
        if again:
            first = text[: again - 1].rstrip()
            reason = f"Says “{first[:60]}” twice, as picture and text of a link do."
            if any(is_prose(other.text) for other in lines[:place]):
                yield line.remove(NAME, "twice", reason, 0.95)
            else:
                for start, end in line.spans(len(first), len(text)):
                    yield Removal(start, end, NAME, "twice", reason, 0.95)
        elif _GAP in text and _is_ticker(text):
            yield line.remove(NAME, "ticker", "Titles in a row, set apart by runs of spaces.", 0.9)


def _again(text: str) -> int:
    """Where the second half of a line begins that says the same as the first; 0 where it does not."""
    half = len(text) // 2
    first, second = text[:half], text[half + 1 :]
    return half + 1 if first == second and weight(first) >= TWICE_WORDS and not is_prose(first) else 0


def _is_ticker(text: str) -> bool:
    titles = [title for title in map(str.strip, _GAPS.split(text)) if title]
    words = [weight(title) for title in titles]
    return (
        len(titles) >= TICKER_TITLES
        and min(words) >= TICKER_WORDS
        and sum(words) >= TICKER_MEAN * len(titles)
        and 4 * sum(map(ends_sentence, titles)) <= len(titles)
    )


def _length(lines: Sequence[Line]) -> int:
    return sum([len(line.text) for line in lines])


def _bullets(lines: Sequence[Line], end: int, witnesses: Witnesses) -> Iterable[Removal]:
    label = lines[end].text[:200]
    for place in range(end, len(lines)):
        evidence = {
            "heading": label,
            "line": lines[end].segment.line,
            "signs": ["other subject", *witnesses.signs(place)],
        }
        reason = f"Belongs to the list of teasers under “{label[:60]}”, behind the end of the story."
        yield lines[place].remove(NAME, "bullets", reason, 0.8, evidence)


def _is_list(lines: Sequence[Line], end: int, witnesses: Witnesses) -> bool:
    """Whether a label stands at ``end`` and under it bullets with teasers on other subjects than the story's."""
    if end + 2 * MIN_BULLETS > len(lines) or not _is_label(lines[end].text):
        return False
    behind = [place for place in range(end + 1, len(lines)) if "bullet" in witnesses.signs(place)]
    if len(behind) < MIN_BULLETS or sum(is_bullet(line.text) for line in lines[end + 1 :]) < MIN_BULLETS:
        return False
    return _unrelated(lines, end, behind)


def _unrelated(lines: Sequence[Line], end: int, places: Sequence[int]) -> bool:
    story = {word for line in lines[:end] for word in subject_words(tokens(line.text))}
    shares = [_share(lines[place].text, story) for place in places]
    return sum(shares) / len(shares) < RELATED_SHARE


def _is_label(text: str) -> bool:
    return not is_bullet(text) and not text.rstrip().endswith(":") and weight(text) <= LABEL_WORDS


def _share(text: str, story: set[str]) -> float:
    own = subject_words(tokens(text))
    return len(own & story) / len(own) if own else 1.0


def _doubled(lines: Sequence[Line], end: int, witnesses: Witnesses) -> tuple[int, int] | None:
    """First and last line of teasers whose titles stand twice, each pair of another title and over a summary."""
    places = [
        place
        for place in range(end + 2, len(lines))
        if witnesses.is_prose(place) and "title twice" in witnesses.signs(place)
    ]
    if len({fold(lines[place - 1].text) for place in places}) < MIN_DOUBLED or not _unrelated(lines, end, places):
        return None
    first = places[0] - 2
    if first > end and _is_label(lines[first - 1].text):
        first -= 1
    return first, places[-1]


def _groups(lines: Sequence[Line], first: int, last: int, witnesses: Witnesses) -> Iterable[Removal]:
    for place in range(first, last + 1):
        evidence = {"line": lines[first].segment.line, "signs": ["other subject", *witnesses.signs(place)]}
        reason = "Belongs to teasers whose titles stand twice, behind the end of the story."
        yield lines[place].remove(NAME, "doubled", reason, 0.9, evidence)


def _series(view: View, witnesses: Witnesses) -> Iterable[Removal]:
    lines = view.lines
    end = _titles_end(lines, witnesses)
    titles = sum(_is_title(lines[place].text) for place in range(end, len(lines)))
    if not end or titles < MIN_TITLES or not _is_furnished(view, lines[end - 1]):
        return
    size, whole = _length(lines[end:]), _length(lines)
    summaries = sum(witnesses.is_prose(place) for place in range(end, len(lines)))
    if size > SERIES_SIZE * whole or (summaries and 2 * titles < len(lines) - end - summaries):
        return
    texts = [line.text for line in lines[:end]]
    story, own = Words([*texts, view.document.title or ""]), Words(line.text for line in lines[end:])
    share = story.share_of(own)
    if share > SERIES_SHARE:
        return
    told = shares(texts)
    usual = sum(told) / len(told) if told else 0.0
    if usual < share + SERIES_GAP or (not summaries and usual < TITLES_COHERENCE):
        return
    evidence = {
        "line": lines[end].segment.line,
        "titles": titles,
        "share": round(share, 3),
        "usual": round(usual, 3),
        "signs": ["other subject", "series of titles"],
    }
    reason = f"Belongs to a series of {titles} titles behind the end of the story, on other subjects."
    for line in lines[end:]:
        yield line.remove(NAME, "series", reason, 0.9, evidence)


def _titles_end(lines: Sequence[Line], witnesses: Witnesses) -> int:
    """Place behind the last line of prose that stands beside prose or under no title; 0 where there is none."""
    for place in range(len(lines) - 1, 0, -1):
        if witnesses.is_prose(place) and (
            not _is_title(lines[place - 1].text) or (place + 1 < len(lines) and witnesses.is_prose(place + 1))
        ):
            return place + 1
    return 0


def _is_title(text: str) -> bool:
    """Whether a line has the length of a title and is neither a statement nor an item nor leads to something."""
    if not TITLE_WORDS <= weight(text) < LONG_WORDS or text.endswith((":", "：", ",", "،", "、")) or is_marked(text):
        return False
    if "://" in text:
        return False
    return not ends_sentence(text) or is_question(text)


def _is_furnished(view: View, last: Line) -> bool:
    """Whether a filter has taken something behind the last line of the story as what stands behind stories."""
    return any(
        removal.start >= last.segment.end
        and removal.filter != main_content.NAME
        and removal.evidence.get("kind") not in INSIDE
        for removal in reversed(view.removals)
    )
