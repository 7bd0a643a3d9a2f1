"""Scrapy: an item pipeline.

Needs ``pip install 'news-corpus-cleaner[scrapy]'``.  In the project's settings:

    ITEM_PIPELINES = {"cleaner.plugins.scrapy.CleanerPipeline": 300}
    CLEANER_SETTINGS = {"preset": "careful", "columns": {"html": "body"}}    # fields of cleaner.Settings; optional
    CLEANER_REMOVED_FIELD = "removed"       # a field that gets the list of removals; by default none does
    CLEANER_DROP_REJECTED = True            # False: rejected items pass with None for text
"""

from __future__ import annotations

from typing import Any

from itemadapter import ItemAdapter
from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from cleaner.pipeline import Cleaner
from cleaner.plugins.records import FACTS, facts, removals
from cleaner.settings import Settings


class CleanerPipeline:
    """Cleans the ``text``, or page in ``html``, of each item; its clean text becomes ``text``.

    Facts that the item has a field for and no value (``title``, ``date``, ``language`` …) are filled in, other fields
    are left alone.  A rejected item is dropped with its reason.  The crawl's statistics count characters under
    ``cleaner/kept_chars`` and ``cleaner/removed_chars``, items under ``cleaner/clean`` and ``cleaner/rejected/…``.

    Raises `SettingsError` when the crawl begins with settings that cannot be used.
    """

    def __init__(self, crawler: Crawler) -> None:
        known = crawler.settings
        self.cleaner = Cleaner(Settings(**known.getdict("CLEANER_SETTINGS")))
        self.removed_field: str | None = known.get("CLEANER_REMOVED_FIELD")
        self.drop = known.getbool("CLEANER_DROP_REJECTED", True)
        self.stats = crawler.stats

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> CleanerPipeline:
        """How Scrapy makes a pipeline."""
        return cls(crawler)

    def process_item(self, item: Any) -> Any:
        """The item with its clean text.  Raises `DropItem`, which Scrapy logs, for rejected ones."""
        adapter = ItemAdapter(item)
        settings = self.cleaner.settings
        place = str(adapter.get(settings.columns.get("url", "url")) or "item")
        raw, outcome, rejection, _ = self.cleaner.result(dict(adapter), place)
        text = None
        if rejection is not None or outcome is None:
            assert rejection is not None
            self._count(f"cleaner/rejected/{rejection.reason}", 1)
            if self.drop:
                raise DropItem(f"{raw.source}: {rejection.reason}: {rejection.detail}")
        else:
            text = outcome.text
            self._count("cleaner/clean", 1)
            self._count("cleaner/kept_chars", len(text))
            self._count("cleaner/removed_chars", len(outcome.document.text) - len(text))
            fields = {settings.columns.get(name, name) for name in FACTS} & set(adapter.field_names())
            for name, value in facts(outcome.document, adapter, settings).items():
                if name in fields:
                    adapter[name] = value
        adapter[settings.columns.get("text", "text")] = text
        if self.removed_field:
            adapter[self.removed_field] = [] if outcome is None else removals(outcome, settings.audit)
        return item

    def _count(self, name: str, value: int) -> None:
        if self.stats is not None:
            self.stats.inc_value(name, value)
