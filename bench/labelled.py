"""Labelled texts for measuring and training: reading them, their groups, and folds by site."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

DATA = Path(os.environ.get("CLEANER_DATA", Path(__file__).resolve().parents[2] / "shared")) / "bench"
FOLDS = 5
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text whose lines are labelled ``article``, ``cruft`` or ``neutral``, and words of the story that is in it."""

    id: str
    dataset: str
    variant: str
    site: str
    url: str
    language: str
    """What the page declares; empty where it says nothing."""
    title: str
    lines: tuple[tuple[str, str, str], ...]
    """Text, label and kind of each line; white space collapsed."""

    @property
    def text(self) -> str:
        """The lines as one text."""
        return "\n".join(line for line, _, _ in self.lines)

    @property
    def is_body(self) -> bool:
        """Whether it is all visible text of a page, and not what an extractor left."""
        return self.variant == "B_body"

    @property
    def group(self) -> str:
        """The set it is reported under."""
        if self.dataset == "wcxb":
            return "blogs and guides, " + ("whole body" if self.is_body else "extracted")
        language = "English" if self.language[:2].lower() == "en" else "other languages"
        return f"{'whole body' if self.is_body else 'extracted'}, {language}"


def read_labelled_texts(data: Path = DATA) -> Iterator[Labelled]:
    """All labelled texts of ``lines.jsonl.gz``.  Raises `FileNotFoundError`."""
    with gzip.open(data / "lines.jsonl.gz", "rt", encoding="utf-8") as stream:
        for line in stream:
            record = json.loads(line)
            yield Labelled(
                id=record["id"],
                dataset=record["dataset"],
                variant=record["variant"],
                site=record["site"],
                url=record["url"],
                language=record["lang"] or "",
                title=record["title"] or "",
                lines=tuple(
                    (" ".join(row["text"].split()), row["label"], row.get("kind") or "")
                    for row in record["lines"]
                    if row["text"].strip()
                ),
            )


@dataclass(frozen=True, slots=True)
class Story:
    """The story of a page, as people marked it."""

    dataset: str
    id: str
    site: str
    url: str
    title: str
    paragraphs: tuple[str, ...]
    """White space collapsed; none is empty."""


def read_stories(data: Path = DATA) -> Iterator[Story]:
    """The stories of all pages, from ``gold.jsonl``.  Raises `FileNotFoundError`."""
    with (data / "gold.jsonl").open(encoding="utf-8") as stream:
        for line in stream:
            record = json.loads(line)
            yield Story(
                dataset=record["dataset"],
                id=_short(record["id"]),
                site=record["site"],
                url=record["url"],
                title=record["title"] or "",
                paragraphs=tuple(" ".join(text.split()) for text in record["paragraphs"] if text.strip()),
            )


def read_gold(data: Path = DATA) -> dict[tuple[str, str], Counter[str]]:
    """Words of the story of each page, by dataset and id as the labelled texts write them."""
    return {(story.dataset, story.id): Counter(words("\n".join(story.paragraphs))) for story in read_stories(data)}


def gold_key(text: Labelled) -> tuple[str, str]:
    """Where a text's story stands in `read_gold`."""
    return text.dataset, _short(text.id)


def _short(id: str) -> str:
    # the two files write ids differently: slashes as dashes, digests cut to 16 digits
    return id[:16] if re.fullmatch(r"[0-9a-f]{64}", id) else id.replace("/", "-")


def words(text: str) -> list[str]:
    """Words as the benchmark counts them."""
    return _WORD.findall(text.lower())


def fold_of(site: str) -> int:
    """The fold of a site: all its texts are trained on together or tested on together.

    >>> 0 <= fold_of("example.org") < FOLDS
    True
    """
    return hashlib.sha256(site.encode()).digest()[0] % FOLDS
