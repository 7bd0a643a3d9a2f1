"""The report of a run: one page that needs nothing else, of at most 3 MB whatever the corpus."""

from __future__ import annotations

import base64
import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from markupsafe import Markup

from cleaner.atomic import write_whole
from cleaner.audit import figures
from cleaner.audit.index import Index, Text
from cleaner.audit.pages import environment
from cleaner.audit.precision import Precision
from cleaner.audit.shown import ViewError

MAX_BYTES = 3_000_000
# Texts in the sample: of each rule up to nine (three least sure, three most frequent, three by chance).  400 of them,
# in context and cut, are 1.2 MB.
MOST_TEXTS = 400
EACH = 3
WHYS = (
    ("least sure", "least, removals DESC, number"),
    ("most frequent", "removals DESC, number"),
    ("by chance", "md5(? || digest), digest"),
)


@dataclass(frozen=True, slots=True)
class Report:
    """A report that was written: its size in bytes, and how many of the distinct texts it shows."""

    path: Path
    size: int
    shown: int
    texts: int


def write_report(index: Index, out: Path, precision: Precision | None = None, seed: int = 7) -> Report:
    """Write the report of a run to ``out``.  Raises `ViewError` when it cannot be written."""
    most = MOST_TEXTS
    while True:
        page, shown, texts = _page(index, precision, seed, most)
        data = page.encode("utf-8", "replace")
        if len(data) <= MAX_BYTES or not most:
            break
        most //= 2
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        write_whole(out, data)
    except OSError as error:
        raise ViewError(f"{out} cannot be written: {error.strerror or error}") from error
    return Report(out, len(data), shown, texts)


def _page(index: Index, precision: Precision | None, seed: int, most: int) -> tuple[str, int, int]:
    rows = figures.rules(index, precision)
    sampled = list(sample(index, rows, seed, most))
    excerpts = {one.text.number: one for one in figures.excerpts(index, sampled)}
    samples: list[dict[str, Any]] = []
    for row in rows:
        own = [excerpts[text.number] for text, _ in sampled if text.code == row["code"] and text.number in excerpts]
        own = [one for one in own if one.text.filter == row["filter"]]
        if own:
            samples.append({"rule": row, "excerpts": own})
    texts = figures.count(index, "texts")
    script = static("report.js")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    page = (
        environment()
        .get_template("report.html")
        .render(
            name=str(index.folder.path),
            header=index.manifest["header"],
            finished=index.manifest.get("finished"),
            books=index.books,
            bins=figures.histogram(index),
            bars=figures.waterfall(index.books),
            rules=rows[: figures.MOST_ROWS],
            rules_total=len(rows),
            silent=figures.silent_rules(index),
            estimate=precision.estimate if precision else None,
            drawn=precision.drawn if precision else 0,
            sites=figures.groups(index, "sites"),
            sites_total=figures.count(index, "sites"),
            languages=figures.groups(index, "languages"),
            languages_total=figures.count(index, "languages"),
            heaviest=figures.heaviest(index),
            found_drift=index.manifest.get("drift"),
            samples=samples,
            seed=seed,
            texts_total=texts,
            shown_texts=len(excerpts),
            shown_removals=sum(one.text.removals for one in excerpts.values()),
            unshown_rules=len(rows) - len(samples),
            style=Markup(static("audit.css")),
            script=Markup(script),
            script_hash=f"sha256-{digest}",
        )
    )
    return page, len(excerpts), texts


def static(name: str) -> str:
    """A style sheet or script that comes with the package."""
    return (resources.files("cleaner.audit") / "static" / name).read_text(encoding="utf-8")


def sample(index: Index, rules: list[dict[str, Any]], seed: int, most: int) -> Iterator[tuple[Text, str]]:
    """Texts of each rule: the least sure, the most frequent, some by chance; each with why it was chosen, each once.

    Rules with most removals come first; ``most`` texts are shared out evenly among them.
    """
    if not rules or not most:
        return
    each = max(1, min(EACH, most // (len(rules) * len(WHYS))))
    places = ", ".join(
        f"row_number() OVER (PARTITION BY filter, rule ORDER BY {order}) AS by_{place}"
        for place, (_, order) in enumerate(WHYS)
    )
    # a text may be among the first for more than one reason, so that more than ``each`` are looked at
    wanted = " OR ".join(f"by_{place} <= {each * len(WHYS)}" for place in range(len(WHYS)))
    found = index.texts(
        f"t.number IN (SELECT number FROM (SELECT number, {places} FROM texts) WHERE {wanted})",
        "t.number",
        (f"{seed}:",),
        len(rules) * each * len(WHYS) ** 2,
    )
    by_rule: dict[tuple[str, str], list[Text]] = defaultdict(list)
    for text in found:
        by_rule[text.filter, text.rule].append(text)
    left = most
    for row in rules:
        seen: set[int] = set()
        for why, _ in WHYS:
            own = [text for text in _ordered(by_rule[row["filter"], row["rule"]], why, seed) if text.number not in seen]
            for text in own[:each]:
                if not left:
                    return
                left -= 1
                seen.add(text.number)
                yield text, why


def _ordered(texts: list[Text], why: str, seed: int) -> list[Text]:
    if why == "least sure":
        return sorted(texts, key=lambda text: (text.least, -text.removals, text.number))
    if why == "most frequent":
        return sorted(texts, key=lambda text: (-text.removals, text.number))
    return sorted(
        texts, key=lambda text: hashlib.md5(f"{seed}:{text.digest}".encode(), usedforsecurity=False).hexdigest()
    )
