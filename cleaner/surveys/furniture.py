"""How many documents must have a line for it to be furniture: figures for the filter `templates`, and for copies."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

# Other documents that must have a line, and their share of the site's or section's, by what the line is.  Each is an
# alternative; measured on the sites with two to nine pages of the development benchmark, and on the invented corpus for
# larger ones, where subheadings that a tenth of a site's stories have must stay.
NEEDED: dict[str, tuple[tuple[int, float], ...]] = {
    "line": ((2, 0.02), (5, 0.0)),
    "short line": ((2, 0.1), (10, 0.01)),
    "paragraph": ((3, 0.1),),
    "line between paragraphs": ((4, 0.2),),
    "short line between paragraphs": ((10, 0.3),),
    "paragraph between paragraphs": ((10, 0.5),),
}


def enough(kind: str, others: int, share: float) -> bool:
    """Whether a line of some kind in so many other documents, and such a share of them, is furniture.

    >>> enough("line", 3, 0.5), enough("paragraph between paragraphs", 3, 0.5)
    (True, False)
    """
    return any(others >= docs and share >= least for docs, least in NEEDED[kind])


def may_be_furniture(others: npt.NDArray[Any], of: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Whether paragraphs in so many other documents, of ``of`` of their site, may be furniture in some of them.

    >>> may_be_furniture(np.array([2, 3, 3]), np.array([20, 20, 1000])).tolist()
    [False, True, False]
    """
    share = others / np.maximum(1, of)
    found: npt.NDArray[np.bool_] = np.logical_or.reduce(
        [(others >= docs) & (share >= least) for docs, least in NEEDED["paragraph"]]
    )
    return found
