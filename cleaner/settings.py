"""Everything about a run that a person may choose, in one immutable value.  Imports nothing heavy."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from cleaner.errors import CleanerError

FIELDS = ("id", "url", "title", "date", "author", "site", "language", "html", "text")
"""Names of the record fields that are read, and to which columns can be mapped."""

MAX_WORKERS = 1024

DEFAULT_MEMORY = 1_000_000_000
MIN_MEMORY = 50_000_000
MIN_WORKER_MEMORY = 300_000_000

SIZES = frozenset(("max_bytes", "max_memory", "memory"))
"""Settings that are numbers of bytes, which people may write as 500M or 2G."""
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}

AUDITS = ("full", "filters", "counts")
"""How much text of the removals is kept: all of it; all but extraction's; spans and numbers only."""

HEADLINES = ("title", "text")
"""Where the headline of a page goes: to the row's title alone, or into the text as well."""

DETECTORS = ("words", "langdetect")
"""What tells languages that share a script: small words, then langdetect where they do not settle it; or langdetect."""


DEDUPE = ("none", "site", "corpus")
"""Where a paragraph that stands in several documents stays but once: nowhere, within each site, in the whole corpus."""

VERSIONS = ("all", "first", "latest")
"""Which versions of a document stay."""

PRESETS: Mapping[str, float] = MappingProxyType({"careful": 0.95, "balanced": 0.75, "thorough": 0.5})
"""Working points by name: the confidence that a removal needs."""


class SettingsError(CleanerError, ValueError):
    """A setting that cannot be used; the message names it and says what to do."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of a run.

    >>> Settings(max_lost=0.5).max_lost
    0.5
    """

    columns: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Record field -> column that holds it, where the names differ (``--map text=body``)."""

    rules: tuple[str, ...] = ()
    """Rule packs (files) read after the shipped ones."""

    select: tuple[str, ...] = ()
    """Ids or prefixes of the rules that are on; without any, all but those that only flag."""

    extend_select: tuple[str, ...] = ()
    """Ids or prefixes of rules that are on as well."""

    ignore: tuple[str, ...] = ()
    """Ids or prefixes of rules that are off, whatever else is said."""

    preset: str = "balanced"
    """One of `PRESETS`: how sure a removal must be."""

    min_confidence: float | None = None
    """Confidence that a removal needs (0..1), in place of the preset's.  Extraction of pages has its own measure."""

    audit: str = "full"
    """One of `AUDITS`."""

    near: bool = False
    """Whether proposals under the working point are recorded beside the text that they leave alone."""

    extractor: str = "auto"
    """Who finds the story of a page: ``auto`` (the model of blocks, and trafilatura where the model is in doubt),
    ``blocks`` (the model alone), ``trafilatura``, or the name of another extractor (see `extraction.witness`)."""

    headline: str = "title"
    """One of `HEADLINES`."""

    keep_non_articles: bool = False
    """Write pages that hold no article, too, instead of rejecting them."""

    detector: str = "words"
    """One of `DETECTORS`."""

    dedupe: str = "site"
    """One of `DEDUPE`; needs a survey."""

    dedupe_documents: str = "all"
    """One of `VERSIONS`; needs a survey."""

    max_bytes: int = 20_000_000
    """Largest document, in bytes after decompression; larger ones are rejected unread."""

    max_chars: int = 5_000_000
    """Longest document text, in characters.  The longest story of the development benchmark has 112,000."""

    max_blocks: int = 50_000
    """Most blocks of a page; the longest page of the development benchmark has 4,100.  So many take half a gigabyte."""

    max_lines: int = 100_000
    """Most lines of a text; the longest text of the development benchmark has 1,400."""

    timeout: float = 20.0
    """Seconds that one document may take; then its worker is killed and the document rejected.  trafilatura needs
    0.03 s for the median page of the development benchmark and under 3 s for the worst."""

    max_lost: float = 0.9
    """Brake: share of the characters left by extraction that the other filters may remove (see `filters.brake`)."""

    min_kept: int = 80
    """Brake: characters that must be left of a document for it to be a story."""

    max_memory: int = 2_000_000_000
    """Bytes of memory that a worker may take; then it is killed and the document that it was at rejected.  A worker
    has 130 MB before its first document, and takes 940 MB for a page of 16 MB with 600,000 elements."""

    memory: int = DEFAULT_MEMORY
    """Bytes of memory that a run may take for the documents that become one part, besides those of its workers: parts
    are cut by it."""

    plugins: tuple[str, ...] = ()
    """Installed plug-ins that are used: names of entry points of the groups cleaner.filters and cleaner.formats."""

    workers: int = 0
    """Worker processes; 0 for one a core."""

    def __post_init__(self) -> None:
        if self.audit not in AUDITS:
            raise SettingsError(f"audit: {self.audit!r} is none of {', '.join(AUDITS)}")
        if self.headline not in HEADLINES:
            raise SettingsError(f"headline: {self.headline!r} is none of {', '.join(HEADLINES)}")
        if self.detector not in DETECTORS:
            raise SettingsError(f"detector: {self.detector!r} is none of {', '.join(DETECTORS)}")
        for name, known in (("dedupe", DEDUPE), ("dedupe_documents", VERSIONS)):
            if getattr(self, name) not in known:
                option = name.replace("_", "-")
                raise SettingsError(f"{option}: {getattr(self, name)!r} is none of {', '.join(known)}")
        for name in self.columns:
            if name not in FIELDS:
                raise SettingsError(f"map: no field {name!r}; fields are {', '.join(FIELDS)}")
        if self.preset not in PRESETS:
            raise SettingsError(f"preset: {self.preset!r} is none of {', '.join(PRESETS)}")
        if self.min_confidence is not None and not 0 <= self.min_confidence <= 1:
            raise SettingsError(f"min-confidence: {self.min_confidence} is not between 0 and 1")
        if not 0 < self.max_lost <= 1:
            raise SettingsError(f"max-lost: {self.max_lost} is not a share above 0 and up to 1")
        for name in ("max_bytes", "max_chars", "max_blocks", "max_lines", "timeout"):
            if not getattr(self, name) > 0:  # also true of nan
                raise SettingsError(f"{name.replace('_', '-')}: {getattr(self, name)} is not above 0")
        if self.memory < MIN_MEMORY:
            raise SettingsError(f"memory: {self.memory} is below {MIN_MEMORY:,} bytes")
        if self.max_memory < MIN_WORKER_MEMORY:
            raise SettingsError(
                f"max-memory: {self.max_memory} is below {MIN_WORKER_MEMORY:,} bytes, too few for a worker"
            )
        if self.workers > MAX_WORKERS:
            raise SettingsError(f"workers: {self.workers} is above {MAX_WORKERS}")
        for name in ("min_kept", "workers"):
            if getattr(self, name) < 0:
                raise SettingsError(f"{name.replace('_', '-')}: {getattr(self, name)} is below 0")

    @property
    def working_point(self) -> float:
        """The confidence that a removal needs."""
        return PRESETS[self.preset] if self.min_confidence is None else self.min_confidence

    def __reduce__(self) -> tuple[object, ...]:  # MappingProxyType cannot be pickled
        return _unpickle, (self.as_dict(),)

    def as_dict(self) -> dict[str, object]:
        """Plain data, as written to ``run.json``."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        lists = {name: list(value) for name, value in plain.items() if isinstance(value, tuple)}
        return plain | lists | {"columns": dict(self.columns)}


def parse_size(text: str) -> int:
    """A number of bytes as people write it: 2000000000, 500M, 2G, 2GB (thousands, not 1,024s).

    Raises `SettingsError` for what is none.

    >>> parse_size("1.5g"), parse_size("200_000")
    (1500000000, 200000)
    """
    found = re.fullmatch(r"(\d[\d_]*(?:\.\d+)?)\s*([kmgt]?)b?", text.strip().lower())
    if found is None:
        raise SettingsError(f"{text!r} is no size; give bytes, or a number with K, M, G or T, such as 2G")
    return int(float(found[1]) * _UNITS[found[2]]) if "." in found[1] else int(found[1]) * _UNITS[found[2]]


def _unpickle(plain: dict[str, Any]) -> Settings:
    known: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in plain.items()}
    return Settings(**known)
