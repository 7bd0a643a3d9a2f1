"""datatrove: a pipeline step that cleans documents and keeps what went.

Needs ``pip install 'news-corpus-cleaner[datatrove]'``.  Put it where datatrove's own extraction would stand: pages are
read by cleaner itself.  (datatrove's extra ``processing`` asks for trafilatura 1 and cannot be installed beside it.)
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from typing import Any

from datatrove.data import Document
from datatrove.pipeline.base import PipelineStep

from cleaner.pipeline import Cleaner
from cleaner.plugins.records import facts, record_of, removals
from cleaner.settings import Settings


class NewsCleaner(PipelineStep):
    """Cleans the text, or page, of each document.  Metadata ``url``, ``title``, ``date`` … are used where present.

    A clean document gets ``removed_chars``, facts that it had none of (``title``, ``language`` …), and ``removed``: a
    list of removals as JSON, so that every writer takes it.  With ``removal_writer`` each removal is written there as a
    document of its own, with the id of its document, and ``removed`` is left out.  Rejected documents go to
    ``exclusion_writer``, as they were, with ``filter_reason``; the step's statistics count them in any case.
    """

    type = "CLEANER"
    name = "news-corpus-cleaner"

    def __init__(
        self, settings: Settings | None = None, *, exclusion_writer: Any = None, removal_writer: Any = None
    ) -> None:
        super().__init__()
        self.cleaner = Cleaner(settings)
        self.exclusion_writer = exclusion_writer
        self.removal_writer = removal_writer

    def run(self, data: Iterable[Document], rank: int = 0, world_size: int = 1) -> Iterator[Document]:
        """Clean documents, in order."""
        with self.exclusion_writer or nullcontext() as excluded, self.removal_writer or nullcontext() as written:
            for document in data:
                self.stat_update("total")
                with self.track_time():
                    record = record_of(document.text, document.metadata, self.cleaner.settings, document.id)
                    _, outcome, rejection, _ = self.cleaner.result(record, document.id)
                if rejection is not None or outcome is None:
                    assert rejection is not None
                    self.stat_update("dropped", f"dropped_{rejection.reason}")
                    document.metadata["filter_reason"] = rejection.reason
                    if excluded is not None:
                        excluded.write(document, rank)
                    continue
                self.stat_update("forwarded")
                removed = removals(outcome, self.cleaner.settings.audit)
                if written is not None:
                    for row in removed:
                        text = str(row.pop("text") or "")
                        written.write(Document(text=text, id=document.id, metadata=row), rank)
                else:
                    document.metadata["removed"] = json.dumps(removed, ensure_ascii=False)
                removed_chars = len(outcome.document.text) - len(outcome.text)
                self.stat_update("removed_chars", value=removed_chars, unit="doc")
                document.metadata |= {"removed_chars": removed_chars}
                document.metadata |= facts(outcome.document, document.metadata, self.cleaner.settings)
                document.text = outcome.text
                self.update_doc_stats(document)
                yield document
