"""How precise each rule is, on lines that people labelled."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cleaner.chain import Outcome
from cleaner.document import Document
from cleaner.errors import CleanerError
from cleaner.filters.by_rules import rules_chain
from cleaner.ingest.files import Bytes
from cleaner.ingest.record import ReadError
from cleaner.language import detect_lines
from cleaner.rulebook.match import Rulebook
from cleaner.text import tokens

# The quantile of the normal distribution for an interval of 95 %.
Z = 1.96
# Where the words of a label stand in the counts of a language.
_PLACES = {"cruft": 0, "article": 1}


class LabelError(CleanerError, ValueError):
    """Labelled data that cannot be read; the message names file and line."""


@dataclass
class Figures:
    """What one rule did on labelled lines.

    ``right`` and ``wrong`` count distinct lines by their label cruft or article, ``cruft_words`` and ``story_words``
    the words that were removed of each.  ``flagged`` is true for a rule that is off and was measured as if it were on.
    """

    rule: str
    stated: float
    flagged: bool = False
    right: int = 0
    wrong: int = 0
    neutral: int = 0
    cruft_words: int = 0
    story_words: int = 0
    sites: set[str] = field(default_factory=set)
    languages: set[str] = field(default_factory=set)
    worst: list[str] = field(default_factory=list)

    @property
    def precision(self) -> float | None:
        """Share of the scored lines that are cruft; None without any."""
        scored = self.right + self.wrong
        return self.right / scored if scored else None

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson interval of the precision at 95 %."""
        return wilson(self.right, self.right + self.wrong)

    @property
    def overstated(self) -> bool:
        """Whether even the upper bound of the precision is under the confidence that the rule states."""
        return self.interval[1] < self.stated

    @property
    def unproven(self) -> bool:
        """Whether the lower bound is under the stated confidence: wrong, or too few lines to tell."""
        return self.interval[0] < self.stated

    @property
    def mark(self) -> str:
        """``!`` for an overstated rule, ``?`` for one that is unproven."""
        return "!" if self.overstated else "?" if self.unproven else ""

    def count(self, text: str, label: str, site: str, language: str) -> None:
        """Count a line that the rule took."""
        self.right += label == "cruft"
        self.wrong += label == "article"
        self.neutral += label == "neutral"
        self.sites.add(site)
        self.languages.add(language)
        if label == "article" and len(self.worst) < 10:
            self.worst.append(text[:200])

    def as_dict(self, cruft_words: int = 0) -> dict[str, object]:
        """Plain data; ``cruft_words`` of the whole set turn the rule's own into a share of recall."""
        low, high = self.interval
        return {
            "rule": self.rule,
            "stated": self.stated,
            "flagged": self.flagged,
            "matches": self.right + self.wrong + self.neutral,
            "right": self.right,
            "wrong": self.wrong,
            "precision": None if self.precision is None else round(self.precision, 4),
            "low": round(low, 4),
            "high": round(high, 4),
            "recall_share": round(self.cruft_words / cruft_words, 5) if cruft_words else None,
            "story_words": self.story_words,
            "sites": len(self.sites),
            "languages": sorted(self.languages),
            "overstated": self.overstated,
            "unproven": self.unproven,
        }


@dataclass
class Measured:
    """Figures of all rules, and in words of all of them together that are on."""

    figures: list[Figures]
    documents: int
    cruft_words: int
    story_words: int
    removed_cruft: int
    removed_story: int
    groups: dict[str, tuple[int, int, int, int]]
    """By language: cruft words, story words, and how many of each were removed."""
    written: int = 0
    """Rules into whose packs the figures were written."""

    @property
    def precision(self) -> float:
        """Word-weighted precision of all rules together."""
        return self.removed_cruft / max(1, self.removed_cruft + self.removed_story)

    @property
    def recall(self) -> float:
        """Share of the cruft's words that the rules remove."""
        return self.removed_cruft / max(1, self.cruft_words)

    @property
    def lost(self) -> float:
        """Share of the story's words that the rules remove."""
        return self.removed_story / max(1, self.story_words)


def wilson(right: int, total: int) -> tuple[float, float]:
    """Wilson score interval at 95 % (Wilson 1927): fit for few trials and for shares near 0 and 1.

    >>> tuple(round(bound, 3) for bound in wilson(10, 10))
    (0.722, 1.0)
    >>> wilson(0, 0)
    (0.0, 1.0)
    """
    if not total:
        return 0.0, 1.0
    share, square = right / total, Z * Z
    centre = share + square / (2 * total)
    spread = Z * math.sqrt(share * (1 - share) / total + square / (4 * total * total))
    scale = 1 + square / total
    return max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale)


def read_labelled(path: Path) -> Iterator[dict[str, object]]:
    """Objects of a JSONL file (also .gz, .zst) with ``lines``: objects with ``text`` and ``label``.

    Labels are ``article``, ``cruft`` and ``neutral``.  ``id``, ``site``, ``lang`` and ``title`` are optional.  Raises
    `LabelError`.
    """
    import io

    try:
        with io.TextIOWrapper(io.BufferedReader(Bytes(str(path))), encoding="utf-8") as stream:
            for number, line in enumerate(stream, 1):
                if line.strip():
                    yield _labelled(line, f"{path}:{number}")
    except ReadError as error:
        raise LabelError(f"{path}: {error.detail}") from error


def _labelled(line: str, where: str) -> dict[str, object]:
    try:
        record: dict[str, Any] = json.loads(line)
        for row in record["lines"]:
            if row["label"] not in ("article", "cruft", "neutral") or not isinstance(row["text"], str):
                raise ValueError(f"label {row['label']!r} is none of article, cruft, neutral")
    except (ValueError, KeyError, TypeError) as error:
        raise LabelError(f"{where}: no labelled text: {error!r}") from error
    return record


def measure(book: Rulebook, records: Iterable[Mapping[str, Any]], with_flagged: Rulebook | None = None) -> Measured:
    """Run the rules of a book, and nothing else, over labelled texts.

    ``with_flagged`` is the book with rules that are off as well.  Those are measured in a run of their own, beside
    the rules of ``book``, and have no part in the figures of all together.
    """
    figures = {rule.id: Figures(rule.id, rule.confidence) for rule in book.rules}
    chains = [rules_chain(book)]
    if with_flagged is not None:
        chains.append(rules_chain(with_flagged))
        for rule in with_flagged.rules:
            figures.setdefault(rule.id, Figures(rule.id, rule.confidence, flagged=True))
    seen: dict[str, set[tuple[str, str]]] = defaultdict(set)
    groups: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    documents = 0
    for record in records:
        documents += 1
        lines = [(" ".join(row["text"].split()), row["label"]) for row in record["lines"] if row["text"].strip()]
        texts = [text for text, _ in lines]
        language = detect_lines(texts, str(record.get("lang") or "") or None)
        site = str(record.get("site") or "") or None
        document = Document.from_text("\n".join(texts), language=language.code if language else None, site=site)
        group = groups[document.language or "?"]
        for text, label in lines:
            if label in _PLACES:
                group[_PLACES[label]] += len(tokens(text))
        for measures_flagged, chain in zip((False, True), chains, strict=False):
            for (text, label), taken in zip(lines, _taken(chain.clean(document), texts), strict=True):
                for id, start, end in taken:
                    own = figures.get(id)
                    if own is None or own.flagged != measures_flagged:
                        continue
                    removed = len(tokens(text[start:end]))
                    if label in _PLACES and not own.flagged:
                        group[_PLACES[label] + 2] += removed
                    own.cruft_words += removed if label == "cruft" else 0
                    own.story_words += removed if label == "article" else 0
                    if (str(record.get("id")), text) not in seen[id]:
                        # else the same line of the same page, left by another extractor
                        seen[id].add((str(record.get("id")), text))
                        own.count(text, label, site or "?", document.language or "?")
    cruft, story, removed_cruft, removed_story = (sum(group[place] for group in groups.values()) for place in range(4))
    return Measured(
        figures=list(figures.values()),
        documents=documents,
        cruft_words=cruft,
        story_words=story,
        removed_cruft=removed_cruft,
        removed_story=removed_story,
        groups={name: (group[0], group[1], group[2], group[3]) for name, group in sorted(groups.items())},
    )


def _taken(outcome: Outcome, texts: Sequence[str]) -> Iterator[list[tuple[str, int, int]]]:
    """For each line, the rules that took something of it, and from where to where in the line."""
    removals = outcome.removals
    position = following = 0
    for text in texts:
        end = position + len(text)
        while following < len(removals) and removals[following].end <= position:
            following += 1
        taken, ahead = [], following
        while ahead < len(removals) and removals[ahead].start < end:
            low, high = max(removals[ahead].start, position), min(removals[ahead].end, end)
            taken.append((removals[ahead].rule, low - position, high - position))
            ahead += 1
        yield taken
        position = end + 1
