"""Lines that look like furniture by their shape, their place and what stands around them, in any language.

A model over shallow features of each line and its neighbours (`cleaner.scoring.features`) gives the probability that a
line is cruft.  It was trained, and its probabilities calibrated, on texts that people labelled
(``bench/train_text.py``, docs/quality.md); it knows lines that rules took as places where cruft begins, and the words
of English and German cruft, but asks for no language.

Left alone: lines that an exception of a rule pack names, whatever the rule (`cleaner.filters.spare`), headline and
standfirst of the story (`cleaner.scoring.headline`), and pages that the model of blocks has judged (`is_judged`).

The model judges twice, the second time by what it made of the lines around (`cleaner.scoring.model`), and neighbours
agree (`weighed`), items of a list above all; a list right before a paragraph that stays, and a schedule, are let alone.
The more of a text is to go, and the longer its story, the surer each removal has to be, so that whole pages and what
extractors leave of them come out with like losses, and short stories under long lists come out clean; a short line
before a paragraph that stays needs more.  Two sorts of documents are let alone: those in which nothing is certain (no
filter before took a line and no line scores high), since a clean text has lines of odd shapes, too; and those of which
no line of prose would be left, since the model has found no story in them and does not know what belongs to one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from cleaner.chain import View
from cleaner.document import Removal
from cleaner.filters import main_content
from cleaner.months import begins_with_day
from cleaner.rulebook.match import Matcher, Rulebook
from cleaner.scoring.bounds import NEAR, Bounds, exact
from cleaner.scoring.features import (
    BULLETED,
    KIND_BITS,
    UNMARKED,
    Lines,
    Mark,
    line_features,
)
from cleaner.scoring.headline import headlines, standfirsts
from cleaner.scoring.lexicon import NO_LEXICON
from cleaner.scoring.model import PROSE, SEEN, STARTS, WORDS, Model, load_model
from cleaner.scoring.rounds import ROUND_FEATURES
from cleaner.scoring.shape import Flags, Floats, Singles

NAME = "layout"
MODEL = Path(__file__).parent.parent / "scoring" / "text.json"
# The constants of `weighed` were chosen together, on scores of models that did not know the site, from some fifty
# combinations, by token F1 at .7 % of the story lost in whole-body text (docs/quality.md).
# Share of the mean score of the lines around that is added to a line's own; no score counts for more than `CERTAIN`.
AGREEMENT = 0.2
# Log odds that a removal needs more in a text of which so much (`MUCH`) or more is cruft, less in proportion.
STRICTNESS = 2.5
MUCH = 0.4
# Words of a story of usual length: one of twice as many needs .7 log odds more.  Without it whole-body text loses .01
# of token F1 where as many words of story are lost.
USUAL_STORY = 400.0
# Log odds of a line that is cruft for certain.  Without one, and without removals by other filters, nothing goes: this
# keeps a cleaned text as it is, and on labelled texts it loses no recall at like losses.  At 4 all figures are the same
# to a thousandth, and menus of many short words stay; at 3 stories alone lose words in 9.3 % of them, and not in 8.7.
CERTAIN = 3.5
# Log odds that a line needs more beside prose that stays.  It moves no figure, and keeps headings within the story.  To
# look for prose before the lines that other filters took keeps six paragraphs of labelled stories, and seven of cruft.
BESIDE = 0.5
# And so much more that a short line needs between two such paragraphs.  On labelled texts .5 leaves nine headings of
# stories alone, and 36 lines of cruft; 1 three more, and 24.
BETWEEN = 0.75
# What a paragraph begins with of which a dateline was broken off.
DASHES = ("- ", "– ", "— ")
# Lines that begin with a day and stand together.
SCHEDULE = 4
# What is said of the features that weighed most: at most this many.
REASONS = 4


@lru_cache(maxsize=1)
def text_model() -> Model:
    """The shipped model, read once."""
    return load_model(MODEL)


class Layout:
    """Removes lines that the model takes for cruft with at least ``min_confidence``."""

    name = NAME

    def __init__(self, rulebook: Rulebook, min_confidence: float, model: Model | None = None) -> None:
        self.rulebook = rulebook
        self.min_confidence = min_confidence
        self._model = model

    @property
    def model(self) -> Model:
        """The model it asks; the shipped one is read when it is first needed."""
        return self._model or text_model()

    def removals(self, view: View) -> Iterable[Removal]:
        """One removal a line, with the features that weighed most as evidence."""
        return self.removals_of([view])[0]

    def removals_of(self, views: Sequence[View]) -> Sequence[Sequence[Removal]]:
        """The removals of several documents, each judged by itself."""
        found: list[list[Removal]] = [[] for _ in views]
        seen = [
            []
            if is_judged(view)
            else marked_lines(view, self.rulebook.matcher(view.document.language, view.document.site))
            for view in views
        ]
        asked = [place for place, lines in enumerate(seen) if lines]
        if not asked:
            return found
        model = self.model
        texts = [
            Lines(
                [text for _, text, _ in seen[place]],
                [mark for *_, mark in seen[place]],
                views[place].document.title,
                model.lexicons.get(views[place].document.language or "", NO_LEXICON),
            )
            for place in asked
        ]
        features = line_features(texts)
        taken = np.array([mark.taken for text in texts for mark in text.marks])
        bounds = Bounds(np.array([len(text.lines) for text in texts]))
        scores, judged_by = model.judge(features, taken, bounds)
        weight = weighed(scores, features, taken, bounds)
        goes = weight >= model.score_of(self.min_confidence)
        written = [line for text in texts for line in text.lines]
        goes &= ~(_lists_of_story(features, goes, taken, bounds) | schedules(written, goes, taken, bounds))
        goes &= ~(headlines(texts, features, goes, taken, bounds) | _datelines(written, features, goes, taken, bounds))
        goes &= ~standfirsts(texts, features, goes, taken, bounds)
        left = bounds.total((features[:, PROSE] > 0) & ~goes & ~taken) > 0
        # what is certain and stays all the same, such as a headline, says nothing about the rest
        certain = bounds.total(taken | (goes & (scores >= CERTAIN))) > 0
        rows = np.flatnonzero(goes & (left & certain)[bounds.text])
        because = _because(model.contributions(judged_by[rows]))
        lines = zip(bounds.text[rows].tolist(), bounds.line[rows].tolist(), strict=True)
        worth = np.round(model.confidence(weight[rows]), 3).tolist()
        for (text, line), score, reasons, confidence in zip(lines, scores[rows].tolist(), because, worth, strict=True):
            place = asked[text]
            segment = views[place].document.segments[seen[place][line][0]]
            said = ", ".join(dict.fromkeys(SAID[name] for name in reasons))
            reason = f"Looks like no part of the story: {said}."
            evidence = {"score": round(score, 2), "because": reasons}
            found[place].append(Removal(segment.start, segment.end, NAME, "shape", reason, confidence, evidence))
        return found


def is_judged(view: View) -> bool:
    """Whether these are lines of a page that the model of blocks has judged, by much of what is asked here and more.

    On the 1,096 pages of the development benchmark this filter would take 1,400 words of cruft and 700 of the story
    (580 of them from blocks that the other model finds story by .7 and more), move token F1 by .0002, in news by .0003,
    which is luck, and ask for a tenth of the time.
    """
    return any(line.segment.markup is not None and line.segment.markup.story is not None for line in view.lines)


def weighed(scores: Floats, features: Floats | Singles, taken: Flags, bounds: Bounds) -> Floats:
    """Scores (log odds) of lines after a look at their documents; -inf for lines that must stay.

    ``taken`` lines have gone already.  The model's confidence is calibrated on these figures.
    """
    certain = bounds.total(taken | (scores >= CERTAIN)) > 0
    chance = np.where(taken, 1.0, 1.0 / (1.0 + np.exp(-scores)))
    words = features[:, WORDS].astype(np.float64)
    total, cruft = bounds.total(np.array([words, exact(chance * words)]))
    share = cruft / np.maximum(total, 1.0)
    length = np.maximum((total - cruft) / USUAL_STORY, 1.0)
    asked = STRICTNESS * np.minimum(share / MUCH, 1.0) + np.log(length)
    capped = exact(np.clip(scores, -CERTAIN, CERTAIN))
    ((around, count),) = bounds.around(np.array([capped, np.ones(len(scores))]), NEAR)
    weight = scores + AGREEMENT * around / np.maximum(count, 1.0) - asked[bounds.text]
    is_prose = features[:, PROSE] > 0
    stays = is_prose & (weight < 0) & ~taken
    _, behind = bounds.beside(stays)
    # what other filters took between a paragraph and the rest of its story, such as the mark of an ad, parts them not
    (above,) = bounds.last_before(~taken[None, :])
    before = (above >= 0) & stays[above]
    # a short line before a paragraph that stays may be its heading
    weight -= BESIDE * np.where(is_prose, before | behind, behind) + BETWEEN * (~is_prose & before & behind)
    # items of a list go together or stay together
    item, lists = _lists(features, taken, bounds)
    means = lists.total(exact(np.where(item, weight, 0.0))) / lists.sizes
    weight = np.where(item, means[lists.text], weight)
    return np.where(taken | ~certain[bounds.text], -np.inf, weight)


def _lists_of_story(features: Singles, goes: Flags, taken: Flags, bounds: Bounds) -> Flags:
    """Items of a list right before a paragraph that stays, and the line before the list, which may be its heading.

    Of items that stand so in labelled texts 269 are of the story and 26 are cruft, nine of which the scores name.
    """
    item, lists = _lists(features, taken, bounds)
    _, before_story = bounds.beside((features[:, PROSE] > 0) & ~goes & ~taken)
    spared = (item[lists.first] & (lists.sizes > 1) & before_story[lists.last])[lists.text]
    _, before_list = bounds.beside(spared)
    return np.asarray(spared | before_list)


def _datelines(lines: Sequence[str], features: Singles, goes: Flags, taken: Flags, bounds: Bounds) -> Flags:
    """Lines that a paragraph which stays goes on from behind a dash: place and paper, set apart by bold type.

    No labelled line stands so.
    """
    dashed = (features[:, STARTS] == BULLETED) & (features[:, PROSE] > 0) & ~goes & ~taken
    _, before = bounds.beside(dashed)
    spared = before & goes
    for row in np.flatnonzero(spared).tolist():
        spared[row] = lines[row + 1].startswith(DASHES)
    return np.asarray(spared)


def schedules(lines: Sequence[str], goes: Flags, taken: Flags, bounds: Bounds) -> Flags:
    """Lines of a schedule or chronicle, `SCHEDULE` and more that begin with a day, and the line before them.

    Labelled texts have nine such runs, on four sites, of 104 lines: tour dates, events of a place.  All are story.
    """
    dated = np.zeros(len(lines), dtype=np.bool_)
    for row in np.flatnonzero(goes).tolist():
        dated[row] = begins_with_day(lines[row])
    if not dated.any():
        return dated
    # in texts that would lose some, those that stay count, too
    for row in np.flatnonzero((bounds.total(dated) > 0)[bounds.text] & ~goes & ~taken).tolist():
        dated[row] = begins_with_day(lines[row])
    runs = bounds.runs(dated)
    spared = dated & (runs.sizes >= SCHEDULE)[runs.text]
    _, before = bounds.beside(spared)
    return np.asarray(spared | before)


def _lists(features: Floats | Singles, taken: Flags, bounds: Bounds) -> tuple[Flags, Bounds]:
    """Which lines are items of lists, and the runs of lines that are or that are none."""
    item = (features[:, STARTS] == BULLETED) & ~taken
    return item, bounds.runs(item)


def _because(moved: Floats) -> Iterator[dict[str, float]]:
    """Of each line, the features that spoke most for cruft, and by how much log odds."""
    left, most = moved.copy(), np.zeros((len(moved), REASONS), dtype=np.int64)
    for place in range(REASONS):  # a few times the largest takes less time than all in order
        most[:, place] = left.argmax(axis=1)
        np.put_along_axis(left, most[:, place : place + 1], -np.inf, axis=1)
    figures = np.round(np.take_along_axis(moved, most, axis=1), 2)
    for places, weights in zip(most.tolist(), figures.tolist(), strict=True):
        yield {SEEN[place]: weight for place, weight in zip(places, weights, strict=True) if weight > 0}


def marked_lines(view: View, matcher: Matcher) -> Sequence[tuple[int, str, Mark]]:
    """The lines that the model looks at, with what earlier filters said of them: place of the segment, text, mark.

    Lines that other filters took are among them, since they tell about their neighbours; what extraction took from a
    page is not, so that a page looks like the text that is left of it.
    """
    document, cuts = view.document, view.cuts
    if not cuts:
        return [(line.index, line.text, _mark(matcher, line.text)) for line in view.lines]
    kept = {line.index: line.text for line in view.lines}
    seen: list[tuple[int, str, Mark]] = []
    for index, segment in enumerate(document.segments):
        text, cut = kept.get(index), cuts.get(index)
        if cut is None:
            if text is not None:
                seen.append((index, text, _mark(matcher, text)))
            continue
        if text is None and any(removal.filter == main_content.NAME for removal in cut):
            continue  # as most of a page is
        kinds, heading = 0, False
        for removal in cut:
            kinds |= KIND_BITS.get(str(removal.evidence.get("kind")), 0)
            heading |= "opens" in removal.evidence
        if text is not None:
            seen.append((index, text, _mark(matcher, text, kinds, heading)))
        elif text := document.content(segment):
            seen.append((index, text, Mark(True, kinds, heading)))
    return seen


def _mark(matcher: Matcher, text: str, kinds: int = 0, heading: bool = False) -> Mark:
    """What is said of a line that is kept."""
    cues = 0
    for rule in matcher.every(text):
        heading |= rule.scope == "tail"
        if rule.action == "cue":
            cues |= KIND_BITS[rule.kind]
    return Mark(False, kinds, heading, cues) if kinds or heading or cues else UNMARKED


def _said() -> dict[str, str]:
    """What a person is told of each feature."""
    groups = {
        "its length": "words characters word_length sentence_words",
        "its capital letters": "capitalised upper",
        "its digits, signs and addresses": "digits punctuation address unspaced",
        "how it begins and ends": "starts ends",
        "the same text elsewhere": "copies openings closings",
        "its place in the text": "line lines_after place words_so_far words_to_come",
        "its place beside the story": "prose_place prose_before prose_after prose_lines_before prose_lines_after "
        "from_prose to_prose prose_near prose_far prose_run full_stops_near full_stops_far",
        "what rules found around it": "closing_before cues_before cues_after comments_before from_closing to_closing "
        "from_heading to_heading from_related to_related from_prompt to_prompt from_comments to_comments taken_near "
        "taken_far taken_share run_closing",
        "the look of its neighbours": "short_near short_far alike_near alike_far run runs_before runs_after run_spread "
        "run_words run_capitalised run_upper run_digits run_symbols",
        "the look of the whole text": "text_words text_lines text_prose text_mean",
        "words it shares with the story": "in_title in_lead in_prose in_text in_before in_after subjects in_prose_near "
        "in_prose_far run_in_prose",
    }
    said = {name: phrase for phrase, names in groups.items() for name in names.split()}
    for name in SEEN:
        if name in ROUND_FEATURES:
            said[name] = "what the lines around it look like" if name != "score" else "its look"
        elif name.startswith("hint") or name == "run_hints":
            said[name] = "phrases of cruft"
        elif "lexical" in name:
            said[name] = "its words"
        elif name.endswith(("_before", "_after")) and name not in said:
            said[name] = "the look of its neighbours"
    return said


SAID = _said()
