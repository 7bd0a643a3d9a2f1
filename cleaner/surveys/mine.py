"""Rules proposed from what sites repeat: the same line, lines of one shape, lines with one opening.

Numbers and names are abstracted, so that "Read 3 comments" and "Read 15 comments" are one shape.  What a site repeats
becomes a rule of that site; what several sites of a language repeat, a rule of the language.  Nothing is enabled: rules
are written with ``action = "flag"``, with hits and misses from the corpus, and a person decides.

Left alone: lines that rules match already, paragraphs, and lines that stand between paragraphs as a rule, which are
subheadings.  Memory grows with the number of different short lines of the inputs: mine a sample of a large corpus.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import tomlkit

from cleaner.document import Document
from cleaner.rulebook.match import Rulebook
from cleaner.rulebook.model import RULE_KEYS, parse_pack
from cleaner.rulebook.proof import prove_rule
from cleaner.surveys.collect import is_paragraph
from cleaner.surveys.folder import ROWS, SurveyFolder
from cleaner.surveys.sites import site_of
from cleaner.text import fold, weight

# Documents and sites that must have a line, a shape or an opening, and different lines that an opening needs.
MIN_DOCS = 3
MIN_SITES = 3
MIN_LINES = 3
MAX_WORDS = 40.0
# An opening is what stands before a colon, or else the first words of a line that goes on.
OPENING_WORDS = 4
BARE_OPENING_WORDS = 3
# Of the documents that have a line, the share in which it stands between two paragraphs, as subheadings do.
MAX_INSIDE = 0.5
EXAMPLES = 3
MAX_PROPOSALS = 200

NUMBER = "[0-9]+(?:[.,:][0-9]+)*"
_NUMBER = re.compile(r"\d+(?:[.,:]\d+)*")
# A word behind another word, and names that stand in a row.
_WORD = re.compile(r"(?<=[^\W\d_] )[^\W\d_]{2,}")
_NAMES = re.compile("\1(?: \1)*")
_OPENING = re.compile(r"[^:：]{2,40}[:：](?= ?\S)")
_SLUG = re.compile("[^a-z0-9]+")


@dataclass
class Proposal:
    """A proposed rule: what it matches, where, and how often that stands in the corpus."""

    match: str
    pattern: str
    site: str | None
    language: str | None
    documents: int = 0
    sites: int = 1
    lines: int = 1
    head: int = 0
    middle: int = 0
    tail: int = 0
    inside: int = 0
    hit: list[str] = field(default_factory=list)
    miss: list[str] = field(default_factory=list)
    contexts: list[dict[str, str | None]] = field(default_factory=list)

    @property
    def id(self) -> str:
        """The id of the rule: of where it is for and what it matches; numbers tell like ones apart."""
        where = self.site or self.language or "all"
        return f"mined/{_slug(where)}-{_slug(self.pattern)[:40] or 'line'}".rstrip("-")

    def matches(self, folded: str) -> bool:
        """Whether a folded line matches."""
        if self.match == "exact":
            return folded == self.pattern
        if self.match == "prefix":
            return folded.startswith(self.pattern) and folded != self.pattern
        return re.fullmatch(self.pattern, folded) is not None

    def as_dict(self) -> dict[str, Any]:
        """Plain data, as printed."""
        return {"id": self.id, **asdict(self)}


def shape(text: str) -> str:
    """A pattern of a line in which numbers and names stand for any others; of a line without them, its folded text.

    >>> shape("Read 15 comments"), shape("By Maria Moss for the Gazette")
    ('read [0-9]+(?:[.,:][0-9]+)* comments', 'by [^ ]+(?: [^ ]+){0,3} for the [^ ]+(?: [^ ]+){0,3}')
    >>> shape("Leave a review")
    'leave a review'
    """
    marked = _NUMBER.sub("\0", _NAMES.sub("\1", _WORD.sub(_mark_name, text)))
    if "\0" not in marked and "\1" not in marked:
        return fold(text)
    pattern = re.escape(fold(marked)).replace("\\ ", " ")
    for mark, any_other in (("\0", NUMBER), ("\1", "[^ ]+(?: [^ ]+){0,3}")):
        pattern = pattern.replace(re.escape(mark), any_other).replace(mark, any_other)
    return pattern


def _mark_name(word: re.Match[str]) -> str:
    return "\1" if word.group()[0].isupper() else word.group()


def opening(text: str) -> str | None:
    """What a line begins with, where it goes on: to a colon, else its first words; folded.

    >>> opening("Also Read: Ferry gets a second boat"), opening("See more about the ferry"), opening("Ferries")
    ('also read:', 'see more about', None)
    """
    found = _OPENING.match(text)
    if found is not None and weight(found.group()) <= OPENING_WORDS:
        return fold(found.group())
    words = fold(text).split()
    if len(words) < BARE_OPENING_WORDS + 2:
        return None
    return " ".join(words[:BARE_OPENING_WORDS])


def propose(survey: SurveyFolder, languages: Mapping[str, str]) -> list[Proposal]:
    """Proposals from a survey, most documents first; ``languages`` are those of the sites.

    Hits, misses and contexts are left to `illustrate`.
    """
    found: dict[tuple[str, str, str], Proposal] = {}
    seen: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    with pq.ParquetFile(survey.file("lines")) as parquet:
        for batch in parquet.iter_batches(ROWS):
            for row in batch.to_pylist():
                if row["text"] is None or weight(row["text"]) > MAX_WORDS:
                    continue
                pattern = shape(row["text"])
                match = "exact" if pattern == fold(row["text"]) else "regex"
                _count(found, seen, (match, pattern, row["site"]), row)
                begins = opening(row["text"])
                if begins is not None:
                    _count(found, seen, ("prefix", begins, row["site"]), row)
    for key, proposal in found.items():
        proposal.lines = len(seen[key])
    return _across(found, languages)


def _count(
    found: dict[tuple[str, str, str], Proposal],
    seen: dict[tuple[str, str, str], set[str]],
    key: tuple[str, str, str],
    row: Mapping[str, Any],
) -> None:
    match, pattern, site = key
    proposal = found.setdefault(key, Proposal(match, pattern, site, None))
    proposal.documents += row["docs"]
    for name in ("head", "middle", "tail", "inside"):
        setattr(proposal, name, getattr(proposal, name) + row[name])
    if len(seen[key]) < MIN_LINES:
        seen[key].add(row["text"])


def _across(found: Mapping[tuple[str, str, str], Proposal], languages: Mapping[str, str]) -> list[Proposal]:
    """The proposals that enough documents have; those of several sites of a language become one of the language."""
    together: dict[tuple[str, str, str], list[Proposal]] = defaultdict(list)
    for (match, pattern, site), proposal in found.items():
        together[match, pattern, languages.get(site, "")].append(proposal)
    kept: list[Proposal] = []
    for (match, pattern, language), parts in together.items():
        if len(parts) >= MIN_SITES and language:
            joined = Proposal(match, pattern, None, language, sites=len(parts))
            for name in ("documents", "lines", "head", "middle", "tail", "inside"):
                setattr(joined, name, sum(getattr(part, name) for part in parts))
            candidates = [joined]
        else:
            candidates = parts
        for part in candidates:
            is_enough = part.documents >= MIN_DOCS and (match != "prefix" or part.lines >= MIN_LINES)
            if is_enough and (match != "regex" or part.lines > 1) and part.inside <= MAX_INSIDE * part.documents:
                kept.append(part)
    # an opening says nothing that a shape of as many documents does not say
    shapes = {(one.site, one.language, one.documents) for one in kept if one.match != "prefix"}
    kept = [one for one in kept if one.match != "prefix" or (one.site, one.language, one.documents) not in shapes]
    return sorted(kept, key=lambda one: (-one.documents, one.match, one.pattern, one.site or ""))[:MAX_PROPOSALS]


def illustrate(proposals: Sequence[Proposal], documents: Iterable[Document], rulebook: Rulebook) -> list[Proposal]:
    """The proposals with hits, misses and contexts from the documents; without those that rules know already.

    A miss is a line that shares a word with the proposal and does not match, a paragraph where there is one.
    """
    by_place: dict[str | None, list[Proposal]] = defaultdict(list)
    for proposal in proposals:
        by_place[proposal.site or proposal.language].append(proposal)
    known: set[int] = set()
    for document in documents:
        wanted = [*by_place.get(site_of(document), ()), *by_place.get(document.language, ())]
        if not wanted:
            continue
        texts = [document.content(segment) for segment in document.segments]
        folded = [fold(text) for text in texts]
        matcher = rulebook.matcher(document.language, document.site)
        for proposal in wanted:
            if len(proposal.hit) >= EXAMPLES and len(proposal.contexts) >= EXAMPLES and proposal.miss:
                continue
            for place, own in enumerate(folded):
                if proposal.matches(own):
                    if any(matcher.matching(texts[place])):
                        known.add(id(proposal))
                    _add_hit(proposal, document, texts, place)
                elif (
                    not proposal.miss
                    and _longest_word(proposal.pattern) in own
                    and is_paragraph(document.segments[place], texts[place])
                ):
                    proposal.miss.append(texts[place][:300])
    for proposal in proposals:
        if not proposal.miss:
            proposal.miss.append("The council voted on Monday to rebuild the old bridge before the winter.")
    return [
        one for one in proposals if one.hit and id(one) not in known and not any(one.matches(fold(m)) for m in one.miss)
    ]


def _longest_word(pattern: str) -> str:
    return max(re.findall(r"[^\W\d_]+", pattern), key=len, default=pattern)


def _add_hit(proposal: Proposal, document: Document, texts: Sequence[str], place: int) -> None:
    if texts[place] not in proposal.hit and len(proposal.hit) < EXAMPLES:
        proposal.hit.append(texts[place])
    if len(proposal.contexts) < EXAMPLES and all(one["id"] != document.id for one in proposal.contexts):
        proposal.contexts.append(
            {
                "id": document.id,
                "before": texts[place - 1][:120] if place else None,
                "line": texts[place][:120],
                "after": texts[place + 1][:120] if place + 1 < len(texts) else None,
            }
        )


def languages_of(documents: Iterable[Document]) -> dict[str, str]:
    """The language of each site: that of most of its documents."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for document in documents:
        site = site_of(document)
        if site is not None and document.language is not None:
            counts[site][document.language] += 1
    return {site: min(known, key=lambda code: (-known[code], code)) for site, known in counts.items()}


def as_pack(proposals: Sequence[Proposal]) -> str:
    """The proposals as a rule pack, each rule with its counts and contexts as a comment.

    Raises `RuleError` should a rule not pass its own hits and misses.
    """
    parts = [
        "# Proposed by cleaner mine.  Nothing here is enabled: read a rule, change its action to remove,\n"
        '# and move it to a pack of your own.\nschema = 1\npack = "mined"\nlanguages = ["*"]\n'
    ]
    ids: Counter[str] = Counter()
    for proposal in proposals:
        ids[proposal.id] += 1
        id = proposal.id if ids[proposal.id] == 1 else f"{proposal.id}-{ids[proposal.id]}"
        parts.append("\n".join([*_comments(proposal), "[[rule]]", *_fields(id, proposal), ""]))
    text = "\n".join(parts)
    for rule in parse_pack(text, "proposals").rules:
        for failure in prove_rule(rule):
            raise AssertionError(f"{rule.id}: {failure.text!r} {failure.problem}")
    return text


def _comments(proposal: Proposal) -> Iterator[str]:
    where = f"{proposal.sites:,} sites" if proposal.site is None else proposal.site
    yield (
        f"# {proposal.documents:,} documents of {where}: {proposal.head:,} before the story, {proposal.middle:,} in it "
        f"({proposal.inside:,} between paragraphs), {proposal.tail:,} behind it"
    )
    for context in proposal.contexts:
        around = " | ".join(_plain(context[key]) for key in ("before", "line", "after"))
        yield f"# {_plain(context['id'])}: {around}"


def _plain(text: str | None) -> str:
    return "" if text is None else "".join(one if one.isprintable() else " " for one in text)


def _fields(id: str, proposal: Proposal) -> Iterator[str]:
    where = f"in {proposal.sites:,} sites" if proposal.site is None else f"of {proposal.site}"
    what = {"exact": "The line", "prefix": "Lines that begin with", "regex": "Lines of the shape"}[proposal.match]
    outside = 1 - proposal.inside / max(1, proposal.documents)
    fields: dict[str, object] = {
        "id": id,
        "description": f"{what} “{_plain(proposal.hit[0])[:60]}”, in {proposal.documents:,} documents {where}.",
        "kind": "label" if proposal.match == "exact" and weight(proposal.hit[0]) < OPENING_WORDS else "promo",
        "match": proposal.match,
        "pattern": f"^{proposal.pattern}$" if proposal.match == "regex" else proposal.pattern,
        "scope": "line",
        "confidence": round(min(0.9, max(0.5, outside)), 2),
        "action": "flag",
        "languages": [proposal.language] if proposal.language else ["*"],
        "sites": [proposal.site] if proposal.site else None,
        "hit": proposal.hit,
        "miss": proposal.miss,
    }
    for key in RULE_KEYS:
        if fields.get(key) is not None:
            yield f"{key} = {tomlkit.item(fields[key]).as_string()}"


def _slug(text: str) -> str:
    return _SLUG.sub("-", fold(text)).strip("-")


def read_documents(parts: Sequence[Path]) -> Iterator[Document]:
    """The documents of staged parts."""
    from cleaner.shards.staging import staged_documents

    for part in parts:
        with pq.ParquetFile(part) as parquet:
            for batch in parquet.iter_batches(64):
                yield from (one.document for one in staged_documents(batch) if one.document is not None)
