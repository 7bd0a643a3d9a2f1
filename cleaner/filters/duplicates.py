"""Paragraphs that stand in other documents, too, and of which another copy stays.

Which ones they are, and which copy stays, was decided over the whole corpus (`cleaner.surveys.copies`): by
``--dedupe`` within each site, over all of them, or not at all.  Copies on other sites that are not removed are linked:
they stand in the column ``syndicated_from`` of the clean document.

Left alone: paragraphs that differ from their like in a number, a date, a name or a negation; paragraphs of versions
of the same document (``--dedupe-documents`` is about those); and every paragraph of which no copy would be left.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from cleaner.chain import Filter, Rejection, View
from cleaner.document import Document, Removal
from cleaner.surveys.evidence import Survey

NAME = "duplicates"
STAGE = "duplicates"
# Two paragraphs of one wording with the same numbers, dates and names are copies: on the invented corpus all of them.
CONFIDENCE = 0.95


class Duplicates:
    """Removes paragraphs that lost to a copy in another document."""

    name = NAME

    def __init__(self, survey: Survey) -> None:
        self.survey = survey

    def removals(self, view: View) -> Iterable[Removal]:
        """One removal a paragraph, which names the copy that stays, its place, the score, and why that one stays."""
        lines = {line.index: line for line in view.lines}
        for place, copy in self.survey.copies(view.document, list(lines)).items():
            if not copy["lost"]:
                continue
            evidence = {
                "kept": copy["id"],
                "kept_source": copy["source"],
                "kept_site": copy["site"],
                "kept_start": copy["start"],
                "kept_line": copy["line"],
                "score": round(copy["score"], 1),
                "because": copy["because"],
            }
            how = "The same text stands" if copy["score"] == 100 else "Nearly the same text stands"
            reason = f"{how} in {copy['id']}, line {copy['line']}, which is kept: {copy['because']}."
            yield lines[place].remove(NAME, "exact" if copy["score"] == 100 else "near", reason, CONFIDENCE, evidence)


class Relied:
    """A filter that leaves alone the paragraphs that others go for: of these no other copy would be left.

    For filters that go by subject or language: elsewhere the same words are part of a story.  Not for those that know
    furniture by its words, or by its shape: of such lines that `layout` takes seven are cruft, whose other copies are
    gone for good, for one of the story (docs/survey.md).
    """

    def __init__(self, filter: Filter, survey: Survey) -> None:
        self.name = filter.name
        self.filter = filter
        self.survey = survey

    def removals(self, view: View) -> Iterable[Removal]:
        """The removals of the filter, less those that take a part of such a paragraph."""
        proposed = list(self.filter.removals(view))
        if not proposed:
            return proposed
        segments = view.document.segments
        relied = [segments[place] for place in sorted(self.survey.relied_on(view.document, range(len(segments))))]
        return [one for one in proposed if not any(one.start < kept.end and kept.start < one.end for kept in relied)]


def links(survey: Survey, document: Document, kept: Sequence[tuple[int, int]]) -> list[dict[str, object]]:
    """What of the kept text stands on another site before: spans of the source text, and where."""
    found = []
    starts = [(segment.start, segment.end) for segment in document.segments]
    for place, copy in sorted(survey.copies(document, range(len(starts))).items()):
        start, end = starts[place]
        if not copy["lost"] and any(low < end and start < high for low, high in kept):
            found.append(
                {
                    "start": start,
                    "end": end,
                    "id": copy["id"],
                    "source": copy["source"],
                    "site": copy["site"],
                    "copy_start": copy["start"],
                    "score": copy["score"],
                    "because": copy["because"],
                }
            )
    return found


def versions(survey: Survey, document: Document) -> dict[str, object] | None:
    """The near-duplicates of the whole document: cluster, number of versions, which one it is, and the one before."""
    cluster = survey.cluster(document)
    if cluster is None:
        return None
    return {name: cluster[name] for name in ("cluster", "size", "version", "kind", "previous")}


def check_version(survey: Survey, document: Document) -> Rejection | None:
    """A rejection, where another version of the whole document stays in its place (``--dedupe-documents``)."""
    cluster = survey.cluster(document)
    if cluster is None or cluster["kept"] is None:
        return None
    detail = (
        f"version {cluster['version']} of {cluster['size']} of {cluster['cluster']} ({cluster['kind']}); "
        f"{cluster['kept']} is kept: {cluster['because']}"
    )
    return Rejection(STAGE, "duplicate_document", detail)
