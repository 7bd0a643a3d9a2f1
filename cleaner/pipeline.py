"""One pure function over Arrow record batches: raw documents in; clean, removed and rejected rows out.

Every engine and every plug-in calls `Cleaner.clean_batch`; there is no second implementation of anything.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from cleaner.chain import Chain, Filter, Outcome, Rejection, Sure, View
from cleaner.dateline import parse_dateline
from cleaner.document import Document, find_surrogate
from cleaner.filters import main_content
from cleaner.filters.blocks import Blocks
from cleaner.filters.brake import Brake
from cleaner.filters.duplicates import Duplicates, check_version, links, versions
from cleaner.filters.headlines import Headlines
from cleaner.filters.language import OtherLanguage
from cleaner.filters.layout import Layout
from cleaner.filters.main_content import MainContent
from cleaner.filters.repeats import Repeats
from cleaner.filters.rules import Rules
from cleaner.filters.spare import Spared, spare
from cleaner.filters.teasers import Teasers
from cleaner.filters.templates import Templates
from cleaner.filters.topic import Topic
from cleaner.ingest.record import Raw
from cleaner.language import detect_lines, warm_up
from cleaner.near import near_misses
from cleaner.rulebook.load import load_exemptions, load_rulebook
from cleaner.rulebook.match import Rulebook
from cleaner.scoring.trees import Model
from cleaner.settings import Settings
from cleaner.shards.schemas import CLEAN, RAW, REJECTED, REMOVED, STAGED
from cleaner.shards.staging import Extracted, staged_documents, staged_table
from cleaner.survey.collect import survey_documents
from cleaner.survey.evidence import Survey

# A dateline opens the first paragraph: behind headline, standfirst and subheading at most.
DATELINE_LINES = 4


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What became of a batch: tables of the schemas `shards.schemas.CLEAN`, ``REMOVED`` and ``REJECTED``."""

    clean: pa.Table
    removed: pa.Table
    rejected: pa.Table


def filters(
    rulebook: Rulebook, settings: Settings, model: Model | None = None, survey: Survey | None = None
) -> list[Filter]:
    """The filters of a run, in order; ``model`` is asked about lines in place of the shipped one.

    With a ``survey``, those that go by corpus evidence are among them.

    What stands in a page's text is for extraction to say, whose verdicts are not measured by the working point.
    """
    on_text: list[Filter] = [
        *before_model(rulebook),
        Layout(rulebook, settings.working_point, model),
        Topic(),
        Repeats(),
        OtherLanguage(settings.detector),
        # behind the model, which was trained without them: what they take would make it stricter with the rest
        *((Templates(survey), Headlines(survey), Duplicates(survey)) if survey is not None else ()),
    ]
    return [MainContent(), *(Sure(one, settings.working_point) for one in on_text)]


def before_model(rulebook: Rulebook) -> list[Filter]:
    """The filters of texts that run before the model, which is trained on what they leave."""
    return [Rules(rulebook), Blocks(rulebook), Teasers()]


class Cleaner:
    """Cleans documents with one set of settings.  Loads the rules once, keeps no state between documents.

    A ``survey`` is evidence of a corpus (`survey.evidence`), which is read and never changed.

    Raises `rulebook.model.RuleError` when a rule pack cannot be used.

    >>> cleaner = Cleaner()
    >>> text = "The two ministers met in the old town hall on Monday and signed the border treaty.\\n"
    >>> cleaner.clean(cleaner.document(Raw(id="a", source="a.txt", text=text + "Leave a review\\n"))).text == text
    True
    """

    def __init__(self, settings: Settings | None = None, survey: Survey | None = None) -> None:
        self.settings = settings or Settings()
        self.survey = survey
        chosen = self.settings
        rulebook = load_rulebook(chosen.rules, chosen.select, chosen.extend_select, chosen.ignore)
        spared = Spared(load_exemptions(chosen.rules))
        chain = spare(filters(rulebook, chosen, survey=survey), spared)
        self.chain = Chain(chain, Brake(chosen.max_lost, chosen.min_kept))

    def warm_up(self) -> None:
        """Load what the first documents would load, so that no document's time limit pays for it.

        Raises `ImportError` when the installation is broken.
        """
        warm_up()
        text = "The council of the town voted on Monday to rebuild the old bridge over the river before winter. " * 3
        self.clean_raw(Raw(id="", source="", text=text))
        self.clean_raw(Raw(id="", source="", html=f"<html><body><article><p>{text}</p></article></body></html>"))

    def document(self, raw: Raw) -> Document:
        """The document of a raw record.

        Raises `ingest.html.PageError` for pages that cannot be read and `ValueError` for lone surrogates.
        """
        if raw.html is not None:
            from cleaner.ingest.html import read_html

            document = read_html(raw, self.settings.max_blocks)
        else:
            document = Document.from_text(
                raw.text or "",
                id=raw.id,
                source=raw.source,
                url=raw.url,
                site=raw.site or _host(raw.url),
                title=raw.title,
                author=raw.author,
                date=raw.date,
                language=raw.language,
            )
        story = [
            document.content(segment)
            for segment in document.segments
            if segment.markup is None or segment.markup.witness is not False
        ]
        language = detect_lines(story or [document.text[:2000]], document.language, self.settings.detector)
        if language is None:
            return replace(document, language=None)
        return replace(
            document, language=language.code, language_by=language.by, language_confidence=language.confidence
        )

    def clean(self, document: Document) -> Outcome:
        """Run the chain over one document."""
        outcome = self.chain.clean(document)
        return replace(outcome, near=near_misses(self.chain, outcome)) if self.settings.near else outcome

    def extract(self, raw: Raw) -> Extracted:
        """The document of a raw record, or the rejection of one that has none.  Never raises for bad content."""
        from cleaner.ingest.html import PageError

        def rejected(stage: str, reason: str, detail: str, text: str | None) -> Extracted:
            return Extracted(raw, None, Rejection(stage, reason, detail), text)

        if raw.reason is not None:
            return rejected(raw.stage, raw.reason, raw.detail or "", raw.text)
        content = raw.html if raw.html is not None else raw.text or ""
        if len(content) > self.settings.max_bytes:
            detail = f"{len(content):,} characters, more than {self.settings.max_bytes:,} (see --max-bytes)"
            return rejected("ingest", "too_large", detail, None)
        if find_surrogate(content) is not None:
            return rejected("ingest", "bad_text", "lone surrogates: the text was decoded wrongly", None)
        try:
            document = self.document(raw)
        except PageError as error:
            return rejected("extract", error.reason, error.detail, raw.text)
        except ImportError:
            raise  # the installation is broken, not the document
        except Exception as error:
            # A failure is not a filter result: whatever breaks on one document rejects that document, with its cause.
            return rejected("clean", "error", f"{type(error).__name__}: {error}"[:1000], raw.text)
        text = document.text
        if len(text) > self.settings.max_chars:
            detail = f"{len(text):,} characters of text, more than {self.settings.max_chars:,} (see --max-chars)"
            return rejected("ingest", "too_long", detail, None)
        if len(document.segments) > self.settings.max_lines:
            detail = f"{len(document.segments):,} lines, more than {self.settings.max_lines:,}"
            return rejected("ingest", "too_many_lines", detail, None)
        return Extracted(raw, document)

    def clean_extracted(self, extracted: Extracted) -> tuple[Outcome | None, Rejection | None, str | None]:
        """Outcome, rejection and, for rejected documents, what text there was.  Never raises for bad content."""
        document = extracted.document
        if document is None:
            return None, extracted.rejection, extracted.text
        try:
            outcome = self.clean(document)
            version = check_version(self.survey, document) if self.survey is not None else None
        except ImportError:
            raise  # the installation is broken, not the document
        except Exception as error:
            return None, Rejection("clean", "error", f"{type(error).__name__}: {error}"[:1000]), document.text
        return outcome, version or outcome.rejected, document.text

    def clean_raw(self, raw: Raw) -> tuple[Outcome | None, Rejection | None, str | None]:
        """Outcome, rejection and, for rejected documents, what text there was.  Never raises for bad content."""
        return self.clean_extracted(self.extract(raw))

    def stage_batch(
        self, batch: pa.RecordBatch | pa.Table, known: Sequence[int] | None = None
    ) -> tuple[pa.Table, dict[str, pa.Table]]:
        """The first pass: raw rows to staged rows (schema `shards.schemas.STAGED`), and what they add to a survey.

        Documents whose keys are among the sorted ``known`` ones add nothing: a survey holds them already.
        """
        extracted = [self.extract(raw) for raw in raw_records(batch)]
        documents = (one.document for one in extracted if one.document is not None)
        return staged_table(extracted), survey_documents(documents, known)

    def clean_batch(self, batch: pa.RecordBatch | pa.Table) -> Cleaned:
        """Clean raw rows (schema `shards.schemas.RAW`; missing columns count as null), or staged ones.

        Rows come out in the order in which they went in.  Never raises for bad content.
        """
        if batch.schema.equals(STAGED):
            extracted: Iterable[Extracted] = staged_documents(batch)
        else:
            extracted = map(self.extract, raw_records(batch))
        return collect(((one.raw, *self.clean_extracted(one)) for one in extracted), self.settings.audit, self.survey)


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


def collect(
    results: Iterable[tuple[Raw, Outcome | None, Rejection | None, str | None]],
    audit: str,
    survey: Survey | None = None,
) -> Cleaned:
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
            clean.append(_clean_row(raw, outcome, survey))
    return Cleaned(
        pa.Table.from_pylist(clean, schema=CLEAN),
        pa.Table.from_pylist(removed, schema=REMOVED),
        pa.Table.from_pylist(rejected, schema=REJECTED),
    )


def sha256(text: str) -> str:
    """SHA-256 of a text in UTF-8, as hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def _clean_row(raw: Raw, outcome: Outcome, survey: Survey | None) -> dict[str, object]:
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
        "syndicated_from": links(survey, document, outcome.kept) if survey is not None else [],
        "versions": versions(survey, document) if survey is not None else None,
        "near": [
            {
                "start": near.start,
                "end": near.end,
                "filter": near.filter,
                "rule": near.rule,
                "reason": near.reason,
                "confidence": near.confidence,
            }
            for near in outcome.near
        ],
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


def _host(url: str | None) -> str | None:
    from urllib.parse import urlsplit

    try:
        host = urlsplit(url).hostname if url else None
    except ValueError:
        return None
    return host.removeprefix("www.") if host else None
