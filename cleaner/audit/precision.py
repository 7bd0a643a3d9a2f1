"""How precise the removals of a run are, judged by people on a sample that was drawn by chance.

A stratum is a rule.  Of each, so many distinct texts are drawn, each with the same chance; the judged share of a
stratum has a Wilson interval, and the strata are weighed by their texts to speak for the run.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cleaner.atomic import write_whole
from cleaner.audit.index import Index
from cleaner.audit.measure import wilson
from cleaner.audit.shown import ViewError, code_of
from cleaner.audit.verdicts import Key, Verdict

NAME = "sample.json"


@dataclass(frozen=True, slots=True)
class Sample:
    """Texts drawn for judging: for each stratum (filter and rule) how many texts it has, and the hashes drawn."""

    seed: int
    per_rule: int
    strata: Mapping[tuple[str, str], tuple[int, tuple[str, ...]]]

    @property
    def keys(self) -> list[Key]:
        """The texts drawn."""
        return [(filter, rule, digest) for (filter, rule), (_, drawn) in self.strata.items() for digest in drawn]

    def write(self, path: Path) -> None:
        """Write the sample as JSON."""
        strata = [
            {"filter": filter, "rule": rule, "texts": texts, "drawn": list(drawn)}
            for (filter, rule), (texts, drawn) in self.strata.items()
        ]
        text = json.dumps({"seed": self.seed, "per_rule": self.per_rule, "strata": strata}, indent=1)
        write_whole(path, f"{text}\n".encode())


def read_sample(path: Path) -> Sample:
    """A sample that was written.  Raises `ViewError`."""
    try:
        plain = json.loads(path.read_text(encoding="utf-8"))
        strata = {
            (str(one["filter"]), str(one["rule"])): (int(one["texts"]), tuple(map(str, one["drawn"])))
            for one in plain["strata"]
        }
        return Sample(int(plain["seed"]), int(plain["per_rule"]), strata)
    except FileNotFoundError:
        raise ViewError(f"{path} is not there; draw one with: cleaner sample RUN") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ViewError(f"{path} is no sample: {error}; draw one with: cleaner sample RUN") from error


def draw(index: Index, per_rule: int, seed: int) -> Sample:
    """Draw ``per_rule`` distinct texts of each rule, or all where it has fewer.

    Which ones is decided by a hash of seed and text alone: the same run and seed give the same sample, on any machine.
    Texts that the run did not keep cannot be judged and are not drawn.
    """
    rows = index.rows(
        """SELECT filter, rule, digest, of FROM (
             SELECT filter, rule, digest, count(*) OVER (PARTITION BY filter, rule) AS of,
               row_number() OVER (PARTITION BY filter, rule ORDER BY md5(? || digest), digest) AS place
             FROM texts WHERE digest <> '')
           WHERE place <= ? ORDER BY filter, rule, place""",
        (f"{seed}:", per_rule),
    )
    strata: dict[tuple[str, str], tuple[int, list[str]]] = {}
    for filter, rule, digest, texts in rows:
        strata.setdefault((filter, rule), (texts, []))[1].append(digest)
    return Sample(seed, per_rule, {key: (texts, tuple(drawn)) for key, (texts, drawn) in strata.items()})


@dataclass(frozen=True, slots=True)
class Judged:
    """Judged texts of a group: how many were right and wrong; precision None without any."""

    name: str
    right: int
    wrong: int
    unsure: int = 0
    stated: float | None = None
    texts: int | None = None

    @property
    def precision(self) -> float | None:
        """Share of the judged texts that were rightly removed; unsure ones do not count."""
        judged = self.right + self.wrong
        return self.right / judged if judged else None

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson interval of the precision at 95 %."""
        return wilson(self.right, self.right + self.wrong)

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        low, high = self.interval
        share = self.precision
        return {
            "name": self.name,
            "right": self.right,
            "wrong": self.wrong,
            "unsure": self.unsure,
            "precision": None if share is None else round(share, 4),
            "low": round(low, 4),
            "high": round(high, 4),
            "stated": None if self.stated is None else round(self.stated, 4),
            "texts": self.texts,
        }


@dataclass(frozen=True, slots=True)
class Estimate:
    """Precision of a whole run, with its interval at 95 %, and the share of its texts in strata that were judged."""

    precision: float
    low: float
    high: float
    covered: float


@dataclass(frozen=True, slots=True)
class Precision:
    """Judged precision: by filter, rule, site and language, and of the run; ``outside`` verdicts are not of the sample.

    ``drawn`` is the size of the sample; 0 where there is none, and then every verdict on a text of the run counts:
    those were chosen by a person, not by chance.
    """

    drawn: int
    outside: int
    groups: Mapping[str, Sequence[Judged]]
    estimate: Estimate | None

    @property
    def rules(self) -> dict[str, Judged]:
        """The figures by rule."""
        return {one.name: one for one in self.groups["rule"]}

    def as_dict(self) -> dict[str, Any]:
        """Plain data."""
        estimate = self.estimate
        return {
            "drawn": self.drawn,
            "verdicts_outside_the_sample": self.outside,
            "estimate": estimate
            and {name: round(getattr(estimate, name), 4) for name in ("precision", "low", "high", "covered")},
            **{group: [one.as_dict() for one in judged] for group, judged in self.groups.items()},
        }


def measure(index: Index, verdicts: Iterable[Verdict], sample: Sample | None) -> Precision:
    """Precision of a run from verdicts; with a sample, from those on its texts alone."""
    given = {one.key: one.verdict for one in verdicts}
    keys = sample.keys if sample is not None else list(given)
    chosen = {key: given[key] for key in keys if key in given}
    outside = len(given) - len(chosen)
    cursor = index.database.cursor()
    cursor.execute(
        "CREATE OR REPLACE TEMP TABLE judged (filter VARCHAR, rule VARCHAR, digest VARCHAR, verdict VARCHAR)"
    )
    if chosen:
        cursor.executemany("INSERT INTO judged VALUES (?, ?, ?, ?)", [[*key, said] for key, said in chosen.items()])
    found = cursor.execute(
        "SELECT t.filter, t.rule, j.verdict, t.site, t.language FROM judged j JOIN texts t USING (filter, rule, digest)"
    ).fetchall()
    cursor.execute("DROP TABLE judged")
    if sample is None:
        outside = len(given) - len(found)
    strata = {
        (filter, rule): (texts, confidence)
        for filter, rule, texts, confidence in index.rows("SELECT filter, rule, texts, confidence FROM rules")
    }
    counts: dict[str, dict[Any, list[int]]] = {
        name: defaultdict(lambda: [0, 0, 0]) for name in ("filter", "rule", "site", "language")
    }
    for filter, rule, said, site, language in found:
        place = ("right", "wrong", "unsure").index(said)
        for name, value in (("filter", filter), ("rule", (filter, rule)), ("site", site), ("language", language)):
            counts[name][value][place] += 1
    groups = {
        name: [
            Judged(str(value or "unknown"), right, wrong, unsure)
            for value, (right, wrong, unsure) in sorted(own.items(), key=_by_name)
        ]
        for name, own in counts.items()
        if name != "rule"
    }
    groups["rule"] = [
        Judged(code_of(*key), right, wrong, unsure, stated=strata[key][1], texts=strata[key][0])
        for key, (right, wrong, unsure) in sorted(counts["rule"].items())
    ]
    weighed = [(one.texts or 0, one.right, one.wrong) for one in groups["rule"]]
    total = sum(texts for texts, _ in strata.values())
    return Precision(len(sample.keys) if sample else 0, outside, groups, estimate(weighed, total))


def _by_name(item: tuple[Any, list[int]]) -> str:
    return str(item[0] or "")


def estimate(strata: Iterable[tuple[int, int, int]], total: int) -> Estimate | None:
    """Precision over strata of (texts, right, wrong), weighed by their texts; ``total`` counts those not judged, too.

    The interval combines the Wilson bounds of the strata as confidence limits of a weighted sum (Zou and Donner 2008,
    "Construction of confidence limits about effect measures"), so that strata without a fault still widen it.  None
    without judged texts.

    >>> one = estimate([(900, 30, 0), (100, 15, 15)], 1000)
    >>> round(one.precision, 3), round(one.low, 3), round(one.high, 3), one.covered
    (0.95, 0.846, 0.967, 1.0)
    """
    judged = [(texts, right, right + wrong) for texts, right, wrong in strata if right + wrong]
    whole = sum(texts for texts, _, _ in judged)
    if not whole:
        return None
    share = below = above = 0.0
    for texts, right, trials in judged:
        weight, own = texts / whole, right / trials
        low, high = wilson(right, trials)
        share += weight * own
        below += (weight * (own - low)) ** 2
        above += (weight * (high - own)) ** 2
    return Estimate(
        share, max(0.0, share - math.sqrt(below)), min(1.0, share + math.sqrt(above)), whole / max(total, 1)
    )
