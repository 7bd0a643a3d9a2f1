"""The figures of a run that its report and its review show, each counted from the rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cleaner.audit.folder import documents
from cleaner.audit.index import BINS, Index, Text
from cleaner.audit.precision import Precision
from cleaner.audit.shown import LineFate, Shown, code_of
from cleaner.rulebook.load import load_packs, pack_hashes
from cleaner.rulebook.model import RuleError

# Rows of a table on a page; more are counted.
MOST_ROWS = 100
# Lines around a removal.
CONTEXT = 3


@dataclass(frozen=True, slots=True)
class Bar:
    """One step of the waterfall: from where to where of all characters, as shares."""

    name: str
    chars: int
    low: float
    high: float
    kind: str


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A removed text in its context: the lines around its first place, those of the removal marked as its own."""

    text: Text
    before: tuple[LineFate, ...]
    own: tuple[LineFate, ...]
    after: tuple[LineFate, ...]
    why: str


def waterfall(books: Mapping[str, Any]) -> list[Bar]:
    """Characters in, what each filter took, what is left; characters of rejected documents first."""
    whole = max(books["chars"], 1)
    bars = [Bar("characters in", books["chars"], 0.0, 1.0, "in")]
    left = books["chars"]
    steps = [("rejected documents", books["rejected_chars"])]
    steps += sorted(books["removed_by_filter"].items(), key=lambda item: -item[1])
    for name, chars in steps:
        if chars:
            bars.append(Bar(name, chars, (left - chars) / whole, left / whole, "out"))
            left -= chars
    return [*bars, Bar("kept", left, 0.0, left / whole, "kept")]


def histogram(index: Index) -> list[tuple[int, int, int]]:
    """Documents by the share of their text that is gone: (from percent, to percent, documents)."""
    counted = dict(
        index.rows(
            f"SELECT least(floor(removed_chars / greatest(source_chars, 1) * {BINS}), {BINS - 1})::INTEGER, count(*) "
            "FROM documents WHERE stage = '' GROUP BY ALL"
        )
    )
    step = 100 // BINS
    return [(place * step, (place + 1) * step, counted.get(place, 0)) for place in range(BINS)]


def rules(index: Index, precision: Precision | None = None) -> list[dict[str, Any]]:
    """Every rule that removed something, most removals first, with its judged precision where there is one."""
    judged = precision.rules if precision else {}
    found = index.records("SELECT * FROM rules ORDER BY removals DESC, filter, rule")
    return [{**row, "code": (code := code_of(row["filter"], row["rule"])), "judged": judged.get(code)} for row in found]


def silent_rules(index: Index) -> list[str] | None:
    """Ids of rules that removed nothing in the run; None where the packs are not those of the run any more."""
    settings = index.manifest["header"]["settings"]
    packs = tuple(settings.get("rules", ()))
    try:
        if pack_hashes(packs) != index.manifest["header"].get("rules"):
            return None
        known = {rule.id for pack in load_packs(packs) for rule in pack.rules if rule.action == "remove"}
    except (OSError, RuleError):
        return None
    return sorted(known - {row[0] for row in index.rows("SELECT DISTINCT rule FROM rules")})


def groups(index: Index, table: str, most: int = MOST_ROWS) -> list[dict[str, Any]]:
    """Sites or languages, those that lost the largest share of their text first."""
    order = "removed / greatest(chars, 1) DESC, chars DESC, name"
    return index.records(f"SELECT * FROM {table} ORDER BY {order} LIMIT {most}")


def heaviest(index: Index, most: int = 25) -> list[dict[str, Any]]:
    """The clean documents that lost the largest share of their text."""
    return index.records(
        "SELECT * FROM documents WHERE stage = '' AND removed_chars > 0 "
        f"ORDER BY removed_chars / source_chars DESC, source_chars DESC, unit, id LIMIT {most}"
    )


def count(index: Index, table: str) -> int:
    """Rows of a table of the index."""
    ((rows,),) = index.rows(f"SELECT count(*) FROM {table}")
    return int(rows)


def excerpt(one: Shown, text: Text, why: str = "") -> Excerpt:
    """A removed text in the lines around its first place."""
    lines = list(one.lines())
    own = [
        place
        for place, fate in enumerate(lines)
        if any(removal.start == text.start and removal.end == text.end for removal in fate.removals)
    ]
    low, high = (own[0], own[-1] + 1) if own else (0, 0)
    return Excerpt(
        text,
        tuple(lines[max(0, low - CONTEXT) : low]),
        tuple(lines[low:high]),
        tuple(lines[high : high + CONTEXT]),
        why,
    )


def excerpts(index: Index, texts: Iterable[tuple[Text, str]]) -> Iterator[Excerpt]:
    """Texts in their context, in the order given; each part of the run is read once."""
    chosen = list(texts)
    wanted: dict[int, list[str]] = {}
    for text, _ in chosen:
        wanted.setdefault(text.unit, []).append(text.id)
    by_place: dict[tuple[int, str, str], list[int]] = {}
    for place, (text, _) in enumerate(chosen):
        by_place.setdefault((text.unit, text.id, text.source), []).append(place)
    found: dict[int, Excerpt] = {}
    for unit, one in documents(index.folder, wanted):
        for place in by_place.get((unit, one.id, one.source), ()):
            found[place] = excerpt(one, *chosen[place])
    return (found[place] for place in range(len(chosen)) if place in found)
