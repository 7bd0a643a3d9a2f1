"""Page furniture of an HTML page: every visible block that extraction does not count to the story.

What it says of each block is a markup fact (see `cleaner.ingest.judge`): the verdict of the model of blocks, with the
probability that the block is story, or that of another extractor.  What is left out is removed here, with a removal,
so that it can be audited and restored.  The story's own headline, which is the row's title, goes as well, unless it is
asked for.  Text without markup is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from cleaner.chain import View
from cleaner.document import Markup, Removal
from cleaner.extraction.places import TOLD

NAME = "main_content"


class MainContent:
    """Removes the blocks that are no story; the rule of each tells where on the page it stood.

    ``headline`` tells what becomes of the story's headline: ``title`` takes it out of the text, ``text`` leaves the
    first one in it.
    """

    name = NAME

    def __init__(self, headline: str = "title") -> None:
        self.headline = headline

    def removals(self, view: View) -> Iterable[Removal]:
        """One removal for each block."""
        kept_headline = self.headline != "text"
        for segment in view.document.segments:  # what is gone already is gone, whatever is proposed
            markup = segment.markup
            if markup is None:
                continue
            if markup.headline:
                if kept_headline:
                    yield Removal(segment.start, segment.end, NAME, "headline", TITLE, HEADLINE)
                kept_headline = True
            elif not is_main(markup):
                rule = markup.place or "outside"
                because = markup.because
                evidence: dict[str, object] = {"because": because} if because else {}
                if markup.story is None:
                    confidence = CONFIDENCE.get(rule, CONFIDENCE["outside"])
                else:
                    confidence = round(1 - markup.story, 3)
                    evidence["story"] = markup.story
                if markup.heard is not None:
                    evidence["witness"] = markup.heard
                yield Removal(segment.start, segment.end, NAME, rule, _reason(rule, *because), confidence, evidence)


TITLE = "The headline, which is the title of the row."
# What a removal of a block is worth that repeats a title which the page names.
HEADLINE = 0.99

# Where another extractor decides alone: precision of its removals by place on the development benchmark (1,096 pages),
# weighted by words, a removal being wrong when the gold text holds the block.
CONFIDENCE = {
    "nav": 0.95,
    "footer": 0.94,
    "comments": 0.99,
    "related": 0.96,
    "aside": 0.89,
    "form": 0.98,
    "caption": 0.89,
    "header": 0.93,
    "links": 0.87,
    "outside": 0.62,
}


def is_main(markup: Markup) -> bool:
    """Whether extraction counts a block to the story.

    >>> is_main(Markup(("p",), (), 0.0)), is_main(Markup(("p",), (), 0.0, witness=False))
    (True, False)
    """
    return markup.witness is not False


# What a person is told of a feature, by the beginning of its name.
_SAID = {
    "names": "the names of its elements",
    "said": "its words",
    "linked": "its links",
    "like": "blocks like it",
    "told": "what stands around it",
    "score": "what stands around it",
    "rank": "what stands around it",
    "behind": "what stands around it",
    "from": "its distance from the story",
    "to": "its distance from the story",
    "main": "its place beside the story",
    "box": "what its container holds",
    "in": "the elements it stands in",
    "title": "its place beside the headline",
    "witness": "another extractor leaves it out",
    "article": "the article it stands in",
    "articles": "the article it stands in",
    "copied": "the same text elsewhere on the page",
    "copies": "the same text elsewhere on the page",
    "holds": "the same text elsewhere on the page",
    "words": "its length",
    "characters": "its length",
    "page": "the page as a whole",
    "place": "its place on the page",
    "block": "its place on the page",
    "blocks": "its place on the page",
    "prose": "its place beside the story",
}


@lru_cache(maxsize=4096)
def _reason(rule: str, *features: str) -> str:
    said = ", ".join(dict.fromkeys(map(_said, features)))
    return f"Not in the main content: {TOLD[rule]}{said and '; evidence: '}{said}."


def _said(feature: str) -> str:
    return _SAID.get(feature.split("_")[0], "its look")
