"""Ray Data: one call on a dataset, through `map_batches` on Arrow tables.

Needs ``pip install 'news-corpus-cleaner[ray]'``.
"""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from cleaner.plugins.tables import TableCleaner
from cleaner.settings import Settings


class _Actor:
    """Loads the rules once for each of Ray's workers."""

    def __init__(self, settings: Settings | None, removed: str, rejected: str) -> None:
        self._clean = TableCleaner(settings, removed=removed, rejected=rejected)

    def __call__(self, table: pa.Table) -> pa.Table:
        return self._clean(table)


def clean_dataset(
    dataset: Any,
    settings: Settings | None = None,
    *,
    removed: str = "removed",
    rejected: str = "rejected",
    concurrency: int | tuple[int, int] = 1,
    **options: Any,
) -> Any:
    """A `ray.data.Dataset` with clean text (see `TableCleaner` for its columns).

    ``concurrency`` is the number of workers, each of which loads the rules once; ``options`` are those of
    ``map_batches``, such as ``batch_size``.
    """
    arguments = {"settings": settings, "removed": removed, "rejected": rejected}
    return dataset.map_batches(
        _Actor, fn_constructor_kwargs=arguments, batch_format="pyarrow", concurrency=concurrency, **options
    )
