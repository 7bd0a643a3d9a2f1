"""Whether a run removes other shares than an earlier one: by site, by rule, by the brake, and as a whole.

A difference counts when chance does not explain it (`SIGMAS` standard errors) and it is large enough to matter.  What
has too few documents to tell is left out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from cleaner.audit.diff import CODE, Database, parts
from cleaner.shards.folder import RunFolder

# Four standard errors: one false alarm in 16,000 sites or rules.
SIGMAS = 4.0
# Documents of a site, or in which a rule fires, from which on there is something to tell.
MIN_DOCUMENTS = 10
# Mean share of a document's text: what an editor would notice, a paragraph in twenty.
SHARE = 0.05
# How much more often a rule must fire to have "suddenly" done so.
TIMES = 2.0
# Share of all documents that the brake rejects.
BRAKED = 0.01


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that drifted: what (run, site, rule, brake), which one, from where to where, and a sentence."""

    kind: str
    name: str
    before: float
    after: float
    said: str


def drift(baseline: RunFolder, folder: RunFolder, units: Sequence[int]) -> dict[str, Any]:
    """What drifted from a finished run to the parts of another, as it stands in ``run.json``.

    Raises `FolderError` where the baseline is no finished run, `ViewError` where parts cannot be read.
    """
    known = [entry["unit"] for entry in baseline.manifest()["parts"]]
    with Database(baseline, folder) as found:
        for name, run, own in (("a", baseline, known), ("b", folder, list(units))):
            found.execute(
                f"CREATE TABLE clean_{name} AS SELECT id, coalesce(site, 'unknown') AS site, "
                f"removed_chars / greatest(source_chars, 1) AS gone FROM {parts(run, 'clean', own)}"
            )
            found.execute(
                f"CREATE TABLE fires_{name} AS SELECT {CODE} AS code, count(DISTINCT id) AS documents "
                f"FROM {parts(run, 'removed', own)} GROUP BY ALL"
            )
            found.execute(
                f"CREATE TABLE all_{name} AS SELECT (SELECT count(*) FROM clean_{name}) AS clean, "
                f"count(*) FILTER (stage = 'brake') AS braked FROM {parts(run, 'rejected', own)}"
            )
        groups = [("run", "all sites", row) for row in found.execute(_SHARES.format(by="true")).fetchall()]
        groups += [("site", row[0], row) for row in found.execute(_SHARES.format(by="site")).fetchall()]
        rules = found.execute(
            "SELECT code, coalesce(a.documents, 0), coalesce(b.documents, 0) "
            "FROM fires_a a FULL JOIN fires_b b USING (code)"
        ).fetchall()
        ((clean_a, braked_a, clean_b, braked_b),) = found.execute("SELECT * FROM all_a, all_b").fetchall()
    findings = [one for kind, name, row in groups if (one := _share(kind, str(name), *row[1:]))]
    before, after = clean_a + braked_a, clean_b + braked_b
    findings += [one for code, was, now in rules if (one := _rule(code, was, before, now, after))]
    braked = _braked(braked_a, before, braked_b, after)
    findings += [braked] if braked else []
    kinds = ("run", "brake", "site", "rule")
    findings.sort(key=lambda one: (kinds.index(one.kind), -abs(one.after - one.before), one.name))
    return {"baseline": str(baseline.path), "findings": [asdict(one) for one in findings]}


_SHARES = """SELECT * FROM
  (SELECT {by} AS name, count(*), avg(gone), coalesce(var_samp(gone), 0) FROM clean_a GROUP BY ALL) a
  JOIN (SELECT {by} AS name, count(*), avg(gone), coalesce(var_samp(gone), 0) FROM clean_b GROUP BY ALL) b USING (name)
  ORDER BY name"""


def _share(
    kind: str, name: str, was: int, before: float, spread_was: float, now: int, after: float, spread_now: float
) -> Finding | None:
    """Whether the mean share of the documents' text that is gone drifted (Welch's standard error)."""
    if min(was, now) < MIN_DOCUMENTS or abs(after - before) < SHARE:
        return None
    error = math.sqrt(spread_was / was + spread_now / now)
    if abs(after - before) < SIGMAS * error:
        return None
    said = f"a document loses {after:.1%} of its text on average, it was {before:.1%} ({now:,} and {was:,} documents)"
    return Finding(kind, name, round(before, 4), round(after, 4), said)


def _rule(code: str, was: int, before: int, now: int, after: int) -> Finding | None:
    """Whether a rule fires in a larger share of the documents."""
    if not before or not after or now < MIN_DOCUMENTS:
        return None
    old, new = was / before, now / after
    if new < TIMES * old or new - old < SIGMAS * _error(was, before, now, after):
        return None
    said = f"fires in {new:.2%} of the documents, it was {old:.2%}"
    return Finding("rule", code, round(old, 6), round(new, 6), said)


def _braked(was: int, before: int, now: int, after: int) -> Finding | None:
    """Whether the brake rejects a larger share of the documents."""
    if not before or not after:
        return None
    old, new = was / before, now / after
    if new - old < max(BRAKED, SIGMAS * _error(was, before, now, after)):
        return None
    said = f"rejects {new:.2%} of the documents, it was {old:.2%}"
    return Finding("brake", "documents over the brake", round(old, 6), round(new, 6), said)


def _error(was: int, before: int, now: int, after: int) -> float:
    """Standard error of the difference of two shares, pooled."""
    share = (was + now) / (before + after)
    return math.sqrt(share * (1 - share) * (1 / before + 1 / after))
