"""Which copy of a paragraph stays, and which documents are versions of one."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np
import numpy.typing as npt

from cleaner.surveys.likeness import Edges
from cleaner.surveys.papers import BECAUSE, Papers

# Share of the characters of the longer document's paragraphs that two documents share to be versions of one.
SAME_DOCUMENT = 0.6
# A document that would lose more of its paragraphs than this is not relied on to keep a copy: the brake may reject it.
MAX_LOST = 0.8

Array = npt.NDArray[Any]


def cluster_documents(edges: Edges, doc: Array, size: Array, chars: Array) -> tuple[dict[int, int], dict[int, bool]]:
    """Near-duplicate documents: for each that is one, the first of its cluster; and whether the two are equal.

    As with paragraphs, a document joins one before it that it shares most of its text with, and that has joined none.
    """
    leader: dict[int, int] = {}
    is_exact: dict[int, bool] = {}
    for document, group in edges.by_later_document(doc).by_document(doc):
        shared: dict[int, dict[int, float]] = defaultdict(dict)
        for later, _, other, score in group:
            mine = shared[other]
            mine[later] = max(mine.get(later, 0.0), score)
        best: tuple[int, int] | None = None
        for other, paragraphs in shared.items():
            if other in leader or other == document:
                continue
            common = sum(int(size[later]) for later in paragraphs)
            if common >= SAME_DOCUMENT * max(int(chars[document]), int(chars[other])):
                best = max(best, (common, -other)) if best else (common, -other)
        if best is not None:
            other = -best[1]
            leader[document] = other
            is_exact[document] = best[0] == chars[document] == chars[other] and min(shared[other].values()) == 100.0
    return leader, is_exact


def choose(
    edges: Edges, doc: Array, site: Array, size: Array, chars: Array, scope: str, leader: dict[int, int], gone: set[int]
) -> dict[int, tuple[int, float]]:
    """Which paragraphs go, each with the copy that it loses to and the score of the two.

    ``doc`` and ``size`` are by paragraph; ``site`` and ``chars`` by document, ``gone`` documents that are rejected.
    In scope ``site`` the paragraphs of versions of one document are left alone.

    >>> a, b, c = np.array([1, 2]), np.array([0, 1]), np.array([90.0, 90.0])  # a chain: 1 is like 0, 2 is like 1
    >>> choose(Edges(a, b, c), np.arange(3), np.zeros(3), np.full(3, 100), np.full(3, 900), "corpus", {}, set())
    {1: (0, 90.0)}
    """
    if scope == "none":
        return {}
    unreliable = set(gone)
    while True:
        lost = _lost(edges, doc, site, scope, leader, gone, unreliable)
        share: dict[int, int] = defaultdict(int)
        for number in lost:
            share[int(doc[number])] += int(size[number])
        found = {one for one, chars_lost in share.items() if chars_lost > MAX_LOST * int(chars[one])} - unreliable
        if not found or not any(int(doc[kept]) in found for kept, _ in lost.values()):
            return lost
        unreliable |= found
        del lost, share  # two of them would be held while the next ones are found


def _lost(
    edges: Edges, doc: Array, site: Array, scope: str, leader: dict[int, int], gone: set[int], unreliable: set[int]
) -> dict[int, tuple[int, float]]:
    lost: dict[int, tuple[int, float]] = {}
    for document, group in edges.by_document(doc):
        if document in gone:
            continue
        for later, earlier, other, score in group:
            if later in lost or earlier in lost or other in unreliable or other == document:
                continue
            if scope == "site" and (
                site[other] != site[document]
                or site[document] < 0
                or leader.get(other, other) == leader.get(document, document)
            ):
                continue
            lost[later] = (earlier, score)
    return lost


def describe_clusters(
    papers: Papers,
    leader: dict[int, int],
    is_exact: dict[int, bool],
    corrected: set[tuple[int, int]],
    documents_kept: str,
) -> tuple[list[dict[str, Any]], set[int]]:
    members: dict[int, list[int]] = {}
    for document, first in leader.items():
        members.setdefault(first, [first]).append(document)
    rows, gone = [], set()
    for first, documents in sorted(members.items()):
        chain = sorted(documents, key=lambda one: (papers.value("date", one) or "9999", one))
        kept = None if documents_kept == "all" else first if documents_kept == "first" else chain[-1]
        for version, document in enumerate(chain):
            if document == first:
                kind = "original"
            elif papers.site[document] != papers.site[first]:
                kind = "syndicated"
            elif is_exact[document]:
                kind = "republished"
            else:
                kind = "correction" if (document, first) in corrected else "update"
            is_gone = kept is not None and document != kept
            if is_gone:
                gone.add(document)
            rows.append(
                {
                    "doc": papers.value("doc", document),
                    "cluster": papers.value("id", first),
                    "size": len(chain),
                    "version": version + 1,
                    "kind": kind,
                    "previous": papers.value("id", chain[version - 1]) if version else None,
                    "kept": papers.value("id", kept) if is_gone and kept is not None else None,
                    "because": _version_because(papers, kept, document, documents_kept) if is_gone else None,
                }
            )
    return rows, gone


def _version_because(papers: Papers, kept: int | None, document: int, documents_kept: str) -> str:
    if documents_kept == "latest" or kept is None:
        return "latest version"
    return BECAUSE[int(papers.because(np.array([kept]), np.array([document]))[0])]
