"""After a run: do the copies that paragraphs were removed for stand in the clean documents?

Which copy stays is decided before the second pass.  A document that the brake rejects then, or a line that another
filter takes for furniture, may be the one that was to stay; `find_copies` does not rely on documents that lose most of
their paragraphs, and what is left of such cases is counted here, so that a run says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from cleaner.surveys.collect import hash_text

Keys = npt.NDArray[np.uint64]


def count_unkept(evidence: Path, parts: Iterable[dict[str, pa.Table]]) -> dict[str, int]:
    """How many paragraphs ``went`` for a copy, and of how many the copy is ``unkept``: gone or in a rejected document.

    ``parts`` are the tables of the parts of a run.  Copies in other runs (of a survey that was given) count as kept.
    """
    copies = pa.ipc.open_file(pa.memory_map(str(evidence / "copies.arrow"))).read_all()
    copies = copies.filter(copies["lost"])
    documents = _keys(copies["id"].to_pylist())
    places = _mixed(documents, copies["start"].to_numpy())
    gone = np.zeros(len(places), dtype=np.bool_)
    went = 0
    for part in parts:
        removed, rejected = part["removed"], part["rejected"]
        by = np.array(removed["filter"].to_pylist()) == "duplicates"
        went += int(by.sum())
        others = removed.filter(pa.array(~by))
        gone |= np.isin(places, _mixed(_keys(others["id"].to_pylist()), others["start"].to_numpy()))
        gone |= np.isin(documents, _keys(rejected["id"].to_pylist()))
    return {"went": went, "unkept": int(gone.sum())}


def _keys(ids: Iterable[str]) -> Keys:
    return np.fromiter((hash_text(id) for id in ids), dtype=np.uint64)


def _mixed(documents: Keys, starts: npt.NDArray[np.int32]) -> Keys:
    mixed: Keys = documents ^ (starts.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    return mixed
