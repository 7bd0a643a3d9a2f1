"""LangChain: a document transformer.

Needs ``pip install 'news-corpus-cleaner[langchain]'``.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.documents import BaseDocumentTransformer, Document

from cleaner.chain import Rejection
from cleaner.pipeline import Cleaner
from cleaner.plugins.records import facts, record_of, removals
from cleaner.settings import Settings

_LOG = logging.getLogger("cleaner")


def _warn(document: Document, rejection: Rejection) -> None:
    name = document.id or document.metadata.get("source") or "a document"
    _LOG.warning("%s left out: %s: %s", name, rejection.reason, rejection.detail)


class NewsCleaner(BaseDocumentTransformer):
    """Cleans the text, or page, of each document.  Metadata ``url``, ``title``, ``date`` … are used where present.

    A clean document is a new one with the id and metadata of the old, facts that it had none of (``title``,
    ``language`` …), and ``removed``: a list of removals.  Rejected documents are left out, each with a call of
    ``on_rejected``, which logs a warning if it is not given.
    """

    def __init__(
        self, settings: Settings | None = None, *, on_rejected: Callable[[Document, Rejection], object] = _warn
    ) -> None:
        self.cleaner = Cleaner(settings)
        self.on_rejected = on_rejected

    def transform_documents(self, documents: Sequence[Document], **kwargs: Any) -> Sequence[Document]:
        """The clean documents, in order."""
        settings = self.cleaner.settings
        cleaned = []
        for place, document in enumerate(documents, 1):
            id = document.id or f"documents#{place}"
            record = record_of(document.page_content, document.metadata, settings, id)
            _, outcome, rejection, _ = self.cleaner.result(record, id)
            if rejection is not None or outcome is None:
                assert rejection is not None
                self.on_rejected(document, rejection)
                continue
            told = facts(outcome.document, document.metadata, settings)
            metadata = {**document.metadata, **told, "removed": removals(outcome, settings.audit)}
            cleaned.append(Document(id=document.id, page_content=outcome.text, metadata=metadata))
        return cleaned
