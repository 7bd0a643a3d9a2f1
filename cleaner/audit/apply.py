"""Verdicts turned into rules: exceptions, misses and evidence in a pack of one's own.

A removal that was judged wrong becomes an exception with its reason, for the sites where the text stood; or, where the
rule is one's own and does not match the text any more, a miss of that rule, so that it never does again.  Removals that
were judged right are evidence of rules of one's own.
"""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cleaner.audit.measure import wilson
from cleaner.audit.shown import ViewError, code_of
from cleaner.audit.verdicts import Verdict
from cleaner.rulebook.edit import with_evidence, with_exceptions, with_misses
from cleaner.rulebook.load import Laid, lay, layers, shipped_folder
from cleaner.rulebook.match import Matcher
from cleaner.rulebook.model import FILTERS, PROJECT, Exemption, Pack, Rule, load_pack, parse_pack
from cleaner.rulebook.proof import CaseRunner, Failure, prove_layer
from cleaner.text import fold

# A rule is another one's trigger for the same text at most so often; more would be an endless loop by mistake.
MOST_TAKERS = 10


@dataclass
class Change:
    """What verdicts make of a pack: its text before and after, what was counted, and what cannot be said in a pack."""

    path: Path
    before: str
    after: str = ""
    exceptions: int = 0
    misses: int = 0
    evidence: int = 0
    known: int = 0
    left_out: list[str] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    @property
    def diff(self) -> str:
        """The change as a unified diff; empty when there is none."""
        lines = difflib.unified_diff(
            self.before.splitlines(keepends=True),
            self.after.splitlines(keepends=True),
            f"a/{self.path.name}",
            f"b/{self.path.name}",
        )
        return "".join(lines)


def apply_verdicts(
    verdicts: Iterable[Verdict],
    packs: Sequence[Pack],
    path: Path,
    runner: Callable[[Sequence[Pack]], CaseRunner],
) -> Change:
    """What the verdicts make of the pack at ``path``; it and all packs behind it are proved, nothing is written.

    ``packs`` are all packs that are read, that of ``path`` among them where it exists; a new one is begun at their end.
    Raises `RuleError` where the pack cannot be read.
    """
    own = load_pack(path) if path.exists() else None
    before = path.read_text(encoding="utf-8") if own is not None else ""
    text = before or f'schema = 1\npack = "{_pack_name(path)}"\n'
    change = Change(path, before)
    place = next((place for place, pack in enumerate(packs) if Path(pack.file) == path), None)
    if place is None:  # a new pack is read behind the shipped ones if it is the project's, else behind all
        shipped = sum(Path(pack.file).is_relative_to(shipped_folder()) for pack in packs)
        place = shipped if path == Path(PROJECT) else len(packs)
    reach = lay(packs[: place + (own is not None)])  # what an exception of this pack can name
    everything = lay(packs)
    mine = {rule.id for rule in own.rules} if own else set()
    texts: dict[tuple[str, tuple[str, ...]], list[Verdict]] = defaultdict(list)
    misses: dict[str, list[str]] = defaultdict(list)
    counts: dict[str, list[Verdict]] = defaultdict(list)
    for verdict in verdicts:
        code = code_of(verdict.filter, verdict.rule)
        id = reach.names.get(code)
        if id in mine and verdict.verdict in ("right", "wrong"):
            counts[id].append(verdict)
        if verdict.verdict != "wrong":
            continue
        problem = _cannot(verdict, code, reach, everything)
        if problem:
            change.left_out.append(f"{verdict.source}:{verdict.line} {code}: {problem}")
            continue
        said = " ".join((verdict.text or "").split())
        if id in mine and reach.rules[id].scope == "line" and not _matches(reach.rules[id], said):
            if fold(said) in map(fold, reach.rules[id].miss):
                change.known += 1
            else:
                misses[id].append(said)
            continue
        for name in [id or code, *_takers(reach, said, verdict, id)]:
            exempt = reach.exemptions.get(name, []) + reach.for_filters.get(name, [])
            if any(_covers(one, said, verdict.sites) for one in exempt):
                change.known += 1
            else:
                texts[name, verdict.sites].append(verdict)
    exceptions = [_exception(name, sites, given) for (name, sites), given in sorted(texts.items())]
    change.exceptions = sum(len(one.text) for one in exceptions)
    change.misses = sum(map(len, misses.values()))
    if misses:
        text = with_misses(text, misses)
    evidence = {id: figures for id, given in counts.items() if (figures := _evidence(reach.rules[id], given))}
    if evidence:
        text, change.evidence = with_evidence(text, evidence)
    if exceptions:
        text = with_exceptions(text, exceptions)
    change.after = text if exceptions or misses or evidence else before
    if change.after != before:
        pack = parse_pack(change.after, str(path))
        packs = [*packs[:place], pack, *packs[place + (own is not None) :]]
        # a pack is proved with those up to its own layer: no proof of an earlier layer can break
        changed = (layer for layer in layers(packs) if pack in layer[1])
        change.failures = [one for layer, below in changed for one in prove_layer(layer, below, runner(below))]
    return change


def _pack_name(path: Path) -> str:
    name = "".join(letter if letter.isascii() and letter.isalnum() else "-" for letter in path.stem.lower()).strip("-")
    return "project" if name in ("", "cleaner") else name


def _cannot(verdict: Verdict, code: str, reach: Laid, everything: Laid) -> str | None:
    """Why a verdict cannot be said in the pack."""
    if not verdict.text:
        return "the run kept no text of it, or it is very long"
    if code in reach.names or (code.partition("/")[0] in FILTERS and "/" not in verdict.rule):
        return None
    if code in everything.names:
        file = everything.rules[everything.names[code]].file
        return f"its rule stands in a later pack; name that one with --pack: {file}"
    return "there is no such rule any more"


def _matches(rule: Rule, text: str) -> bool:
    return bool(Matcher([rule]).matching(text))


def _takers(laid: Laid, text: str, verdict: Verdict, named: str | None) -> Iterator[str]:
    """Other rules that would take the line by itself, on the verdict's sites and in its languages."""
    if named is None or laid.rules[named].scope != "line":
        return
    found = 0
    for rule in Matcher([laid.rules[id] for id in sorted(laid.active)]).matching(text):
        if rule.id == named or rule.scope != "line" or found == MOST_TAKERS:
            continue
        meets_language = "*" in rule.languages or not verdict.languages or set(rule.languages) & set(verdict.languages)
        if meets_language and (not rule.sites or set(rule.sites) & set(verdict.sites)):
            found += 1
            yield rule.id


def _covers(exemption: Exemption, text: str, sites: Sequence[str]) -> bool:
    if fold(text) not in map(fold, exemption.text):
        return False
    return not exemption.sites or (bool(sites) and set(sites) <= set(exemption.sites))


def _exception(name: str, sites: tuple[str, ...], given: Sequence[Verdict]) -> Exemption:
    texts = dict.fromkeys(" ".join((one.text or "").split()) for one in given)
    first = given[0]
    where = f"{first.source}, line {first.line}" + (f", and {len(given) - 1} more" if len(given) > 1 else "")
    return Exemption(name, tuple(texts), f"Judged to be story in review: {where} ({first.at[:10]}).", sites)


def _evidence(rule: Rule, given: Sequence[Verdict]) -> dict[str, object] | None:
    """Figures of the verdicts on a rule; None where it has figures of more trials, or these."""
    right = sum(one.verdict == "right" for one in given)
    wrong = len(given) - right
    low, high = wilson(right, right + wrong)
    figures: dict[str, object] = {
        "right": right,
        "wrong": wrong,
        "precision": round(right / (right + wrong), 4),
        "low": round(low, 4),
        "high": round(high, 4),
        "sites": len({site for one in given for site in one.sites}),
    }
    old = [value if isinstance(value := rule.evidence.get(key, 0), int) else 0 for key in ("right", "wrong")]
    return None if sum(old) > right + wrong or old == [right, wrong] else figures


def write_change(change: Change) -> None:
    """Write the pack.  Raises `ViewError` when its proofs fail, or it cannot be written."""
    from cleaner.atomic import write_whole

    if change.failures:
        raise ViewError(f"{change.path}: nothing is written: " + "; ".join(map(str, change.failures[:5])))
    try:
        write_whole(change.path, change.after.encode("utf-8"))
    except OSError as error:
        raise ViewError(f"{change.path} cannot be written: {error.strerror or error}") from error
