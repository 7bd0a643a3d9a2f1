"""The books of a run: what went in and what became of it, in documents and characters, which must balance."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from cleaner.extraction.kind import REASONS as NON_ARTICLES
from cleaner.rows import Cleaned

# Rejections that are no errors of the input, besides those of the brake: files that are no documents, folders that are
# read under another name or that we wrote, pages without an article, and versions of a document of which another
# one stays.
QUIET_REASONS = frozenset(
    ("not_a_document", "listed_already", "run_folder", "survey_folder", "duplicate_document", *NON_ARTICLES)
)


class BooksError(Exception):
    """The books of a run do not balance: a bug, never an input's fault."""


@dataclass
class Books:
    """What went in and what became of it, in documents and characters."""

    documents: int = 0
    clean: int = 0
    rejected: int = 0
    chars: int = 0
    kept_chars: int = 0
    removed_chars: int = 0
    rejected_chars: int = 0
    removals: int = 0
    removed_by_filter: Counter[str] = field(default_factory=Counter)
    rejected_by_reason: Counter[str] = field(default_factory=Counter)
    unreadable: int = 0

    def check(self) -> None:
        """Raise `BooksError` unless documents and characters balance."""
        if self.documents != self.clean + self.rejected:
            raise BooksError(f"{self.documents} documents in, {self.clean} clean + {self.rejected} rejected out")
        if self.chars != self.kept_chars + self.removed_chars + self.rejected_chars:
            raise BooksError(
                f"{self.chars} characters in, {self.kept_chars} kept + {self.removed_chars} removed + "
                f"{self.rejected_chars} rejected out"
            )

    def add(self, other: Books) -> None:
        """Add the books of a unit."""
        for name in self.__dataclass_fields__:
            value = getattr(self, name)
            if isinstance(value, Counter):
                value.update(getattr(other, name))
            else:
                setattr(self, name, value + getattr(other, name))

    def as_dict(self) -> dict[str, Any]:
        """Plain data with sorted keys, as written to journal and manifest."""
        return {
            name: dict(sorted(value.items())) if isinstance(value := getattr(self, name), Counter) else value
            for name in self.__dataclass_fields__
        }

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> Books:
        """The inverse of `as_dict`."""
        known: dict[str, Any] = {
            name: Counter(value) if isinstance(value, dict) else value for name, value in plain.items()
        }
        return cls(**known)


def count(documents: int, cleaned: Cleaned) -> Books:
    """The books of a batch of ``documents``, each figure counted from the rows themselves.

    Raises `BooksError` when they do not balance.
    """
    clean, removed, rejected = cleaned.clean, cleaned.removed, cleaned.rejected
    lengths = pc.subtract(removed["end"], removed["start"])
    of_clean = pc.is_in(removed["id"], value_set=clean["id"].combine_chunks())
    counted = removed.select(["filter"]).append_column("chars", lengths).filter(of_clean)
    by_filter = counted.group_by("filter").aggregate([("chars", "sum")]).to_pylist()
    reasons = Counter(rejected["reason"].to_pylist())
    unreadable = sum(
        stage != "brake" and reason not in QUIET_REASONS
        for stage, reason in zip(rejected["stage"].to_pylist(), rejected["reason"].to_pylist(), strict=True)
    )
    books = Books(
        documents=documents,
        clean=clean.num_rows,
        rejected=rejected.num_rows,
        chars=_sum(clean["source_chars"]) + _sum(rejected["source_chars"]),
        kept_chars=_sum(pc.utf8_length(clean["text"])),
        removed_chars=_sum(counted["chars"]),
        rejected_chars=_sum(pc.utf8_length(rejected["text"])),
        removals=removed.num_rows,
        removed_by_filter=Counter({row["filter"]: row["chars_sum"] for row in by_filter}),
        rejected_by_reason=reasons,
        unreadable=unreadable,
    )
    books.check()
    return books


def _sum(column: pa.ChunkedArray) -> int:
    return int(pc.sum(pc.cast(column, pa.int64())).as_py() or 0)
