"""Hugging Face `datasets`: one call on a dataset, through `map` on Arrow tables.

Needs ``pip install 'news-corpus-cleaner[datasets]'``.
"""

from __future__ import annotations

from typing import Any

from cleaner.plugins.tables import TableCleaner
from cleaner.settings import Settings


def clean_dataset(
    dataset: Any,
    settings: Settings | None = None,
    *,
    removed: str = "removed",
    rejected: str = "rejected",
    **options: Any,
) -> Any:
    """A `Dataset`, `DatasetDict` or `IterableDataset` with clean text (see `TableCleaner` for its columns).

    ``options`` are those of its ``map``, such as ``num_proc``.  Results are kept by `datasets` as long as data,
    settings, rule packs, plug-ins and the version of cleaner stay the same.
    """
    cleaner = TableCleaner(settings, removed=removed, rejected=rejected)
    return dataset.with_format("arrow").map(cleaner, batched=True, **options).with_format(None)
