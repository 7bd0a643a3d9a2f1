"""One pure function over Arrow record batches: raw documents in; clean, removed and rejected rows out.

Every engine and every plug-in calls `Cleaner.clean_batch`; there is no second implementation of anything.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import pyarrow as pa

from cleaner.chain import Chain, Filter, Outcome, Rejection, Sure, View
from cleaner.dateline import parse_dateline
from cleaner.document import Document, find_surrogate
from cleaner.extraction.model import BlockModel
from cleaner.extraction.witness import ask, check_extractor
from cleaner.filters import main_content
from cleaner.filters.blocks import Blocks
from cleaner.filters.brake import Brake
from cleaner.filters.language import OtherLanguage
from cleaner.filters.layout import Layout
from cleaner.filters.main_content import MainContent, is_main
from cleaner.filters.repeats import Repeats
from cleaner.filters.rules import Rules
from cleaner.filters.teasers import Teasers
from cleaner.filters.topic import Topic
from cleaner.ingest.html import PageError, host, read_html
from cleaner.ingest.record import Raw
from cleaner.language import detect_lines, warm_up
from cleaner.rulebook.load import load_rulebook
from cleaner.rulebook.match import Rulebook
from cleaner.scoring.trees import Model
from cleaner.settings import Settings
from cleaner.shards.schemas import CLEAN, RAW, REJECTED, REMOVED

# A dateline opens the first paragraph: behind headline, standfirst and subheading at most.
DATELINE_LINES = 4


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What became of a batch: tables of the schemas `shards.schemas.CLEAN`, ``REMOVED`` and ``REJECTED``."""

    clean: pa.Table
    removed: pa.Table
    rejected: pa.Table


def filters(rulebook: Rulebook, settings: Settings, model: Model | None = None) -> list[Filter]:
    """The filters of a run, in order; ``model`` is asked about lines in place of the shipped one.

    What stands in a page's text is for extraction to say, whose verdicts are not measured by the working point.
    """
    on_text: list[Filter] = [
        *before_model(rulebook),
        Layout(rulebook, settings.working_point, model),
        Topic(),
        Repeats(),
        OtherLanguage(settings.detector),
    ]
    return [MainContent(settings.headline), *(Sure(one, settings.working_point) for one in on_text)]


def before_model(rulebook: Rulebook) -> list[Filter]:
    """The filters of texts that run before the model, which is trained on what they leave."""
    return [Rules(rulebook), Blocks(rulebook), Teasers()]


class Cleaner:
    """Cleans documents with one set of settings.  Loads the rules once, keeps no state between documents.

    Raises `rulebook.model.RuleError` when a rule pack cannot be used.

    >>> cleaner = Cleaner()
    >>> text = "The two ministers met in the old town hall on Monday and signed the border treaty.\\n"
    >>> cleaner.clean(cleaner.document(Raw(id="a", source="a.txt", text=text + "Leave a review\\n"))).text == text
    True
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings()
        chosen = self.settings
        rulebook = load_rulebook(chosen.rules, chosen.select, chosen.extend_select, chosen.ignore)
        self.chain = Chain(filters(rulebook, chosen), Brake(chosen.max_lost, chosen.min_kept))
        self.block_model: BlockModel | None = None
        """Asked about the blocks of pages in place of the shipped model."""
        check_extractor(chosen.extractor)

    def warm_up(self) -> None:
        """Load what the first documents would load, so that no document's time limit pays for it.

        Raises `ImportError` when the installation is broken.
        """
        warm_up()
        text = "The council of the town voted on Monday to rebuild the old bridge over the river before winter. " * 3
        self.clean_raw(Raw(id="", source="", text=text))
        page = f"<html><body><article><p>{text}</p></article></body></html>"
        self.clean_raw(Raw(id="", source="", html=page))
        if self.settings.extractor == "auto":
            ask("trafilatura", page, None)

    def document(self, raw: Raw) -> Document:
        """The document of a raw record.

        Raises `ingest.html.PageError` for pages that cannot be read and `ValueError` for lone surrogates.
        """
        if raw.html is not None:
            document = read_html(raw, self.settings.max_blocks, self.settings.extractor, self.block_model)
        else:
            document = Document.from_text(
                raw.text or "",
                id=raw.id,
                source=raw.source,
                url=raw.url,
                site=raw.site or host(raw.url),
                title=raw.title,
                author=raw.author,
                date=raw.date,
                language=raw.language,
            )
        story = [
            document.content(segment)
            for segment in document.segments
            if segment.markup is None or is_main(segment.markup)
        ]
        language = detect_lines(story or [document.text[:2000]], document.language, self.settings.detector)
        if language is None:
            return replace(document, language=None)
        return replace(
            document, language=language.code, language_by=language.by, language_confidence=language.confidence
        )

    def clean(self, document: Document) -> Outcome:
        """Run the chain over one document."""
        return self.chain.clean(document)

    def clean_raw(self, raw: Raw) -> tuple[Outcome | None, Rejection | None, str | None]:
        """Outcome, rejection and, for rejected documents, what text there was.  Never raises for bad content."""
        if raw.reason is not None:
            return None, Rejection(raw.stage, raw.reason, raw.detail or ""), raw.text
        content = raw.html if raw.html is not None else raw.text or ""
        if len(content) > self.settings.max_bytes:
            detail = f"{len(content):,} characters, more than {self.settings.max_bytes:,} (see --max-bytes)"
            return None, Rejection("ingest", "too_large", detail), None
        if find_surrogate(content) is not None:
            return None, Rejection("ingest", "bad_text", "lone surrogates: the text was decoded wrongly"), None
        text = raw.text
        try:
            document = self.document(raw)
            text = document.text
            if len(text) > self.settings.max_chars:
                detail = f"{len(text):,} characters of text, more than {self.settings.max_chars:,} (see --max-chars)"
                return None, Rejection("ingest", "too_long", detail), None
            if len(document.segments) > self.settings.max_lines:
                detail = f"{len(document.segments):,} lines, more than {self.settings.max_lines:,}"
                return None, Rejection("ingest", "too_many_lines", detail), None
            non_article = document.facts.get("non_article")
            if isinstance(non_article, tuple) and not self.settings.keep_non_articles:
                return None, Rejection("extract", *non_article), text
            outcome = self.clean(document)
        except PageError as error:
            return None, Rejection("extract", error.reason, error.detail), text
        except ImportError:
            raise  # the installation is broken, not the document
        except Exception as error:
            # A failure is not a filter result: whatever breaks on one document rejects that document, with its cause.
            return None, Rejection("clean", "error", f"{type(error).__name__}: {error}"[:1000]), text
        return outcome, outcome.rejected, document.text

    def clean_batch(self, batch: pa.RecordBatch | pa.Table) -> Cleaned:
        """Clean raw rows (schema `shards.schemas.RAW`; missing columns count as null).

        Rows come out in the order in which they went in.  Never raises for bad content.
        """
        return collect(((raw, *self.clean_raw(raw)) for raw in raw_records(batch)), self.settings.audit)


def raw_records(batch: pa.RecordBatch | pa.Table) -> Iterable[Raw]:
    """The rows of a raw batch.  Raises `ValueError` for a batch without ``id``."""
    names = [name for name in RAW.names if name in batch.schema.names]
    if "id" not in names:
        raise ValueError(f"a raw batch needs a column 'id'; it has {', '.join(batch.schema.names)}")
    for row in batch.select(names).to_pylist():
        row.setdefault("source", row["id"])
        row["replaced"] = row.get("replaced") or 0
        row["stage"] = row.get("stage") or "ingest"
        yield Raw(**row)


def raw_batch(records: Iterable[Raw]) -> pa.RecordBatch:
    """Raw records as one batch of schema `shards.schemas.RAW`."""
    return pa.RecordBatch.from_pylist([{name: getattr(raw, name) for name in RAW.names} for raw in records], schema=RAW)


def collect(results: Iterable[tuple[Raw, Outcome | None, Rejection | None, str | None]], audit: str) -> Cleaned:
    """Rows of cleaned documents as tables.  ``audit`` is one of `settings.AUDITS`."""
    clean: list[dict[str, object]] = []
    removed: list[dict[str, object]] = []
    rejected: list[dict[str, object]] = []
    for raw, outcome, rejection, text in results:
        if outcome is not None:
            removed += _removed_rows(outcome, audit)
        if rejection is not None:
            rejected.append(
                {
                    "id": raw.id,
                    "source": raw.source,
                    "stage": rejection.stage,
                    "reason": rejection.reason,
                    "detail": rejection.detail,
                    "text": text,
                    "source_chars": None if text is None else len(text),
                }
            )
        elif outcome is not None:
            clean.append(_clean_row(raw, outcome))
    return Cleaned(
        pa.Table.from_pylist(clean, schema=CLEAN),
        pa.Table.from_pylist(removed, schema=REMOVED),
        pa.Table.from_pylist(rejected, schema=REJECTED),
    )


def sha256(text: str) -> str:
    """SHA-256 of a text in UTF-8, as hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _clean_row(raw: Raw, outcome: Outcome) -> dict[str, object]:
    document = outcome.document
    return {
        "id": document.id,
        "source": document.source,
        "url": document.url,
        "site": document.site,
        "title": document.title,
        "author": document.author,
        "date": document.date,
        "language": document.language,
        "text": outcome.text,
        "kept": _kept(outcome),
        "source_chars": len(document.text),
        "removed_chars": len(document.text) - len(outcome.text),
        "text_sha256": sha256(outcome.text),
        "source_sha256": sha256(document.text),
        "format": "html" if raw.html is not None else "text",
        "encoding": raw.encoding,
        "replaced": raw.replaced,
        "credits": list(credits(outcome)),
        "dateline": _dateline(outcome),
        "language_by": document.language_by,
        "language_confidence": document.language_confidence,
        **_page_facts(document),
    }


def _page_facts(document: Document) -> dict[str, object]:
    """What the page says about itself beyond title, author and date, and where each value comes from."""
    said = document.facts.get("page")
    page: Mapping[str, Mapping[str, str]] = said if isinstance(said, Mapping) else {}
    return {
        **{name: page[name]["value"] if name in page else None for name in ("modified", "section", "canonical")},
        "sources": [{"field": name, "source": value["source"]} for name, value in sorted(page.items())],
    }


def credits(outcome: Outcome) -> Iterator[dict[str, str]]:
    """The credits that rules took out of the text, in order: kind (photo, source, author, agency, credit) and text."""
    for removal in outcome.removals:
        if removal.evidence.get("kind") == "credit":
            text = outcome.document.text[removal.start : removal.end].strip()
            yield {"kind": str(removal.evidence.get("credit", "credit")), "text": text}


def _dateline(outcome: Outcome) -> dict[str, str | None] | None:
    """The dateline of the first kept lines that have one; it stays in the text."""
    for line in View(outcome.document, outcome.removals).lines[:DATELINE_LINES]:
        found = parse_dateline(line.text)
        if found is not None:
            return {"place": found.place, "date": found.date, "agency": found.agency}
    return None


def _kept(outcome: Outcome) -> list[dict[str, int]]:
    return [
        {"start": start, "end": end, "line": line}
        for (start, end), line in zip(outcome.kept, _lines(outcome, [s for s, _ in outcome.kept]), strict=True)
    ]


def _lines(outcome: Outcome, starts: list[int]) -> Iterable[int]:
    """The line numbers of positions that are in ascending order."""
    segments = outcome.document.segments
    place = 0
    for start in starts:
        while place + 1 < len(segments) and segments[place + 1].start <= start:
            place += 1
        yield segments[place].line if segments else 1


def _removed_rows(outcome: Outcome, audit: str) -> Iterable[dict[str, object]]:
    document = outcome.document
    lines = _lines(outcome, [removal.start for removal in outcome.removals])
    for removal, line in zip(outcome.removals, lines, strict=True):
        silent = audit == "counts" or (audit == "filters" and removal.filter == main_content.NAME)
        yield {
            "id": document.id,
            "source": document.source,
            "site": document.site,
            "language": document.language,
            "start": removal.start,
            "end": removal.end,
            "line": line,
            "text": None if silent else document.text[removal.start : removal.end],
            "filter": removal.filter,
            "rule": removal.rule,
            "reason": removal.reason,
            "confidence": removal.confidence,
            "evidence": "{}" if audit == "counts" else json.dumps(dict(removal.evidence), ensure_ascii=False),
        }
