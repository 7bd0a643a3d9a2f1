"""After a run: do the copies that paragraphs were removed for stand in the clean documents?

Which copy stays is decided before the second pass.  A document that the brake rejects then, or a line that another
filter takes for furniture, may be the one that was to stay; `find_copies` relies neither on documents that lose most of
their paragraphs nor on paragraphs that a site prints often, filters by subject and language leave alone what is relied
on (`filters.duplicates.Relied`), and what is left of such cases is counted here, so that a run says so.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from cleaner.surveys.collect import hash_text

Keys = npt.NDArray[np.uint64]


def count_unkept(parts: Callable[[], Iterable[dict[str, pa.Table]]]) -> dict[str, int]:
    """How many paragraphs ``went`` for a copy, and of how many the copy is ``unkept``: gone or in a rejected document.

    ``parts`` gives the tables of the parts of a run, each time that it is called: ``removed`` with id, start, filter
    and evidence, ``rejected`` with id.  Copies in other runs (of a survey that was given) count as kept.
    """
    documents, places = [np.empty(0, dtype=np.uint64)], [np.empty(0, dtype=np.uint64)]
    for part in parts():
        copies = part["removed"].filter(pc.equal(part["removed"]["filter"], "duplicates"))
        kept = [json.loads(evidence) for evidence in copies["evidence"].to_pylist()]
        documents.append(_keys(one["kept"] for one in kept))
        places.append(_mixed(documents[-1], np.array([one["kept_start"] for one in kept], dtype=np.int32)))
    document, place = np.concatenate(documents), np.concatenate(places)
    gone = np.zeros(len(place), dtype=np.bool_)
    for part in parts() if len(place) else ():
        rejected = part["rejected"]
        # of what a document says twice, the filter leaves one itself
        removed = part["removed"].filter(pc.not_equal(part["removed"]["filter"], "repeats"))
        gone |= np.isin(place, _mixed(_keys(removed["id"].to_pylist()), removed["start"].to_numpy()))
        gone |= np.isin(document, _keys(rejected["id"].to_pylist()))
    return {"went": len(place), "unkept": int(gone.sum())}


def _keys(ids: Iterable[str]) -> Keys:
    return np.fromiter((hash_text(id) for id in ids), dtype=np.uint64)


def _mixed(documents: Keys, starts: npt.NDArray[np.int32]) -> Keys:
    mixed: Keys = documents ^ (starts.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    return mixed
