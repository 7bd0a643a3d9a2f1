"""One pure function over Arrow record batches: raw documents in; clean, removed and rejected rows out.

Every engine calls `Cleaner.clean_batch`, every plug-in what it is made of; there is no second implementation.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

import pyarrow as pa

from cleaner.chain import Chain, Filter, Outcome, Rejection, Sure
from cleaner.document import Document, find_surrogate
from cleaner.extensions import plugin_filters
from cleaner.extraction.model import BlockModel
from cleaner.extraction.witness import ask, check_extractor
from cleaner.filters.blocks import Blocks
from cleaner.filters.brake import Brake
from cleaner.filters.duplicates import Duplicates, Relied, check_version
from cleaner.filters.headlines import Headlines
from cleaner.filters.language import OtherLanguage
from cleaner.filters.layout import Layout
from cleaner.filters.main_content import MainContent, is_main
from cleaner.filters.repeats import Repeats
from cleaner.filters.rules import Rules
from cleaner.filters.spare import Spared, spare
from cleaner.filters.teasers import Teasers
from cleaner.filters.templates import Templates
from cleaner.filters.topic import Topic
from cleaner.garbage import uncollected
from cleaner.grouping import grouped
from cleaner.ingest.html import PageError, host, page_document, read_html
from cleaner.ingest.judge import Judged, Opened, judge, open_page
from cleaner.ingest.record import Raw, ReadError
from cleaner.language import detect_lines, warm_up
from cleaner.near import near_misses
from cleaner.rows import Cleaned, Result, collect
from cleaner.rulebook.load import load_exemptions, load_rulebook
from cleaner.rulebook.match import Rulebook
from cleaner.scoring.model import Model
from cleaner.settings import Settings
from cleaner.shards.schemas import RAW, STAGED
from cleaner.shards.staging import Extracted, staged_documents, staged_table
from cleaner.surveys.collect import survey_documents
from cleaner.surveys.evidence import Survey
from cleaner.text import forget_lines

T = TypeVar("T")


def filters(
    rulebook: Rulebook, settings: Settings, model: Model | None = None, survey: Survey | None = None
) -> list[Filter]:
    """The filters of a run, in order; ``model`` is asked about lines in place of the shipped one.

    With a ``survey``, those that go by corpus evidence are among them.

    What stands in a page's text is for extraction to say, whose verdicts are not measured by the working point.
    """
    topic, language = Topic(), OtherLanguage(settings.detector)
    on_text: list[Filter] = [
        *before_model(rulebook),
        Layout(rulebook, settings.working_point, model),
        topic if survey is None else Relied(topic, survey),
        Repeats(),
        language if survey is None else Relied(language, survey),
        # behind the model, which was trained without them: what they take would make it stricter with the rest
        *((Templates(survey), Headlines(survey), Duplicates(survey)) if survey is not None else ()),
        *plugin_filters(settings.plugins),
    ]
    return [MainContent(settings.headline), *(Sure(one, settings.working_point) for one in on_text)]


def before_model(rulebook: Rulebook) -> list[Filter]:
    """The filters of texts that run before the model, which is trained on what they leave."""
    return [Rules(rulebook), Blocks(rulebook), Teasers()]


class Cleaner:
    """Cleans documents with one set of settings.  Loads the rules once, keeps no state between documents.

    A ``survey`` is evidence of a corpus (`surveys.evidence`), which is read and never changed.

    One cleaner may be used by many threads at once.  It pickles as its settings and the place of the survey: the
    process that gets it loads the rules itself, once.  Text, lines and blocks of a document are bounded (see
    `Settings`); the time that one may take is bounded by worker processes alone, which `run` and `pipe` have.

    Raises `RuleError` when a rule pack cannot be used.

    >>> cleaner = Cleaner()
    >>> text = "The two ministers met in the old town hall on Monday and signed the border treaty.\\n"
    >>> cleaner.clean_text(text + "Leave a review\\n").text == text
    True
    """

    def __init__(self, settings: Settings | None = None, survey: Survey | None = None) -> None:
        self.settings = settings or Settings()
        self.survey = survey
        chosen = self.settings
        self._rulebook = load_rulebook(chosen.rules, chosen.select, chosen.extend_select, chosen.ignore)
        self._spared = Spared(load_exemptions(chosen.rules))
        self._model: Model | None = None
        self.chain = self._chain()
        self.block_model: BlockModel | None = None
        """Asked about the blocks of pages in place of the shipped model."""
        check_extractor(chosen.extractor)

    def _chain(self) -> Chain:
        chain = spare(filters(self._rulebook, self.settings, self._model, self.survey), self._spared)
        return Chain(chain, Brake(self.settings.max_lost, self.settings.min_kept))

    def with_survey(self, survey: Survey | None) -> Cleaner:
        """A cleaner that goes by this evidence and is the same otherwise; the rules are not loaded again.

        >>> cleaner = Cleaner()
        >>> document = Document.from_text("Leave a review", language="en")
        >>> cleaner.with_survey(None).chain.clean(document).removals[0].rule
        'en/leave-a-review'
        """
        return self._other(survey, self._model)

    def with_model(self, model: Model) -> Cleaner:
        """A cleaner that asks this model about lines, to measure it, and is the same otherwise."""
        return self._other(self.survey, model)

    def _other(self, survey: Survey | None, model: Model | None) -> Cleaner:
        other = copy.copy(self)
        other.survey, other._model = survey, model
        other.chain = other._chain()
        return other

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.settings, self.survey)

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

    @uncollected()
    def document(self, raw: Raw) -> Document:
        """The document of a raw record.

        Raises `ingest.html.PageError` for pages that cannot be read and `ValueError` for lone surrogates.
        """
        if raw.html is not None:
            return self._in_language(
                read_html(raw, self.settings.max_blocks, self.settings.extractor, self.block_model)
            )
        return self._in_language(
            Document.from_text(
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
        )

    def _in_language(self, document: Document) -> Document:
        """The document with the language that its story is in."""
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
        return self.clean_all([document])[0]

    def clean_all(self, documents: Sequence[Document]) -> list[Outcome]:
        """Run the chain over several documents at once, which takes less time; none depends on the others."""
        with uncollected():
            outcomes = self.chain.clean_all(documents)
        if not self.settings.near:
            return outcomes
        return [replace(outcome, near=near_misses(self.chain, outcome)) for outcome in outcomes]

    def clean_text(
        self,
        text: str,
        *,
        language: str | None = None,
        site: str | None = None,
        title: str | None = None,
        url: str | None = None,
    ) -> Outcome:
        """`cleaner.clean` with the settings of this cleaner."""
        raw = Raw(id="", source="", text=text, language=language, site=site, title=title, url=url)
        return self.clean(self.document(raw))

    def clean_html(self, html: str, *, url: str | None = None, language: str | None = None) -> Outcome:
        """`cleaner.clean_html` with the settings of this cleaner."""
        return self.clean(self.document(Raw(id="", source="", html=html, url=url, language=language)))

    def extract(self, raw: Raw) -> Extracted:
        """The document of a raw record, or the rejection of one that has none.  Never raises for bad content."""
        return self._extract_group([raw])[0]

    def extract_many(self, raws: Iterable[Raw]) -> Iterator[Extracted]:
        """What `extract` makes of each record, in order and in less time: several pages are judged together."""
        for group in grouped(raws, _measured, PAGES_AT_A_TIME):
            yield from self._extract_group(group)

    @uncollected()
    def _extract_group(self, raws: Sequence[Raw]) -> list[Extracted]:
        opened = [self._guarded(raw, self._open) for raw in raws]
        pages = [one for one in opened if isinstance(one, Opened)]
        try:
            judged = iter(judge(pages, self.settings.max_blocks, self.settings.extractor, self.block_model))
        except ImportError:
            raise  # the installation is broken, not the document
        except Exception as error:
            if len(raws) > 1:  # whose failure it is shows when each is read alone
                return [self.extract(raw) for raw in raws]
            return [_failed(raws[0], error)]
        return [
            self._guarded(one.raw, partial(self._finish, next(judged))) if isinstance(one, Opened) else one
            for one in opened
        ]

    def _guarded(self, raw: Raw, step: Callable[[Raw], T]) -> T | Extracted:
        """What a step makes of a record; a rejection where it fails."""
        try:
            return step(raw)
        except PageError as error:
            return Extracted(raw, None, Rejection("extract", error.reason, error.detail), raw.text)
        except ImportError:
            raise  # the installation is broken, not the document
        except Exception as error:
            return _failed(raw, error)

    def _open(self, raw: Raw) -> Opened | Extracted:
        """A page that is to be judged, or what became of a record that is none."""
        if raw.reason is not None:
            return Extracted(raw, None, Rejection(raw.stage, raw.reason, raw.detail or ""), raw.text)
        content = raw.html if raw.html is not None else raw.text or ""
        if len(content) > self.settings.max_bytes:
            detail = f"{len(content):,} characters, more than {self.settings.max_bytes:,} (see --max-bytes)"
            return Extracted(raw, None, Rejection("ingest", "too_large", detail))
        if find_surrogate(content) is not None:
            detail = "lone surrogates: the text was decoded wrongly"
            return Extracted(raw, None, Rejection("ingest", "bad_text", detail))
        return (
            open_page(raw, self.settings.max_blocks) if raw.html is not None else self._bounded(raw, self.document(raw))
        )

    def _finish(self, judged: Judged, raw: Raw) -> Extracted:
        return self._bounded(raw, self._in_language(page_document(judged)))

    def _bounded(self, raw: Raw, document: Document) -> Extracted:
        """The document of a record, or its rejection where it is too long or no article."""
        text = document.text
        if len(text) > self.settings.max_chars:
            detail = f"{len(text):,} characters of text, more than {self.settings.max_chars:,} (see --max-chars)"
            return Extracted(raw, None, Rejection("ingest", "too_long", detail))
        if len(document.segments) > self.settings.max_lines:
            detail = f"{len(document.segments):,} lines, more than {self.settings.max_lines:,}"
            return Extracted(raw, None, Rejection("ingest", "too_many_lines", detail))
        non_article = document.facts.get("non_article")
        if isinstance(non_article, tuple) and not self.settings.keep_non_articles:
            reason, particulars = non_article
            return Extracted(raw, None, Rejection("extract", reason, particulars), text)
        return Extracted(raw, document)

    def clean_extracted(self, extracted: Sequence[Extracted]) -> Iterator[Result]:
        """What became of extracted documents, in order.  Never raises for bad content."""
        documents = [one.document for one in extracted if one.document is not None]
        try:
            outcomes = iter(self.clean_all(documents))
            versions = iter([check_version(self.survey, one) if self.survey is not None else None for one in documents])
        except ImportError:
            raise  # the installation is broken, not the document
        except Exception as error:
            if len(extracted) > 1:  # whose failure it is shows when each is cleaned alone
                for one in extracted:
                    yield from self.clean_extracted([one])
                return
            ((raw, text),) = ((one.raw, one.document.text) for one in extracted if one.document is not None)
            yield raw, None, Rejection("clean", "error", f"{type(error).__name__}: {error}"[:1000]), text
            return
        for one in extracted:
            if one.document is None:
                yield one.raw, None, one.rejection, one.text
            else:
                outcome = next(outcomes)
                yield one.raw, outcome, next(versions) or outcome.rejected, one.document.text

    def clean_raw(self, raw: Raw) -> tuple[Outcome | None, Rejection | None, str | None]:
        """Outcome, rejection and, for rejected documents, what text there was.  Never raises for bad content."""
        ((_, outcome, rejection, text),) = self.clean_extracted([self.extract(raw)])
        return outcome, rejection, text

    def stage_batch(
        self, batch: pa.RecordBatch | pa.Table, known: Sequence[int] | None = None
    ) -> tuple[pa.Table, dict[str, pa.Table]]:
        """The first pass: raw rows to staged rows (schema `shards.schemas.STAGED`), and what they add to a survey.

        Documents whose keys are among the sorted ``known`` ones add nothing: a survey holds them already.
        """
        return self.stage_raws(raw_records(batch, self.settings), known)

    def stage_raws(
        self, raws: Iterable[Raw], known: Sequence[int] | None = None
    ) -> tuple[pa.Table, dict[str, pa.Table]]:
        """`stage_batch` of records."""
        extracted = [*self.extract_many(raws)]
        forget_lines()
        documents = (one.document for one in extracted if one.document is not None)
        return staged_table(extracted), survey_documents(documents, known)

    def clean_batch(self, batch: pa.RecordBatch | pa.Table) -> Cleaned:
        """Clean a batch of records: columns ``text`` or ``html``, and what else of `settings.FIELDS` there is.

        ``Settings(columns={"text": "body"})`` maps other names; columns that are no field are not looked at.  A row is
        read as `run` reads a record of a Parquet file: text that is a page counts as one, a row with neither text nor
        page is rejected.  Rows without ``id`` are called ``batch#1``, ``batch#2`` and so on.  Staged documents (schema
        `shards.schemas.STAGED`) come from a first pass and are not read again.

        Returns three tables whose rows are in the order of the batch.  Never raises for bad content.

        >>> story = "The two ministers met in the old town hall on Monday and signed the border treaty. " * 2
        >>> batch = pa.table({"id": ["a", "b"], "text": [story + "\\nLeave a review", "Short."]})
        >>> cleaned = Cleaner().clean_batch(batch)
        >>> cleaned.clean["text"].to_pylist() == [story + "\\n"], cleaned.removed["rule"].to_pylist()
        (True, ['en/leave-a-review'])
        >>> cleaned.rejected.select(["id", "reason"]).to_pylist()
        [{'id': 'b', 'reason': 'too_little_left'}]
        """
        return collect(self.results(batch), self.settings.audit, self.survey)

    def clean_raws(self, raws: Iterable[Raw]) -> Cleaned:
        """`clean_batch` of records."""
        return collect(self.clean_many(raws), self.settings.audit, self.survey)

    def results(self, batch: pa.RecordBatch | pa.Table) -> Iterator[Result]:
        """What became of each row of a batch, in order: one result a row."""
        if batch.schema.equals(STAGED):
            return self._clean_groups(staged_documents(batch))
        return self.clean_many(raw_records(batch, self.settings))

    def clean_many(self, raws: Iterable[Raw]) -> Iterator[Result]:
        """What `clean_raw` makes of each record, in order and in less time: several go through the chain together."""
        return self._clean_groups(self.extract_many(raws))

    def _clean_groups(self, extracted: Iterable[Extracted]) -> Iterator[Result]:
        for group in grouped(extracted, _read, AT_A_TIME):
            yield from self.clean_extracted(group)
            forget_lines()

    def result(self, record: Mapping[str, object], place: str) -> Result:
        """What became of one record, which `run` would have read at ``place``.  Never raises for bad content."""
        raw = raw_record(record, place, self.settings)
        return raw, *self.clean_raw(raw)


# Documents that go through the chain together: more of them save no time, and the arrays outgrow the caches.  What
# extraction leaves out of a page is no line that a filter reads; such lines only take memory.
TOGETHER = 64
LINES_TOGETHER = 2000
SEGMENTS_TOGETHER = 40_000
AT_A_TIME = (TOGETHER, LINES_TOGETHER, SEGMENTS_TOGETHER)
# Pages that are judged together, and the characters of records that are extracted together: more of them save no time.
PAGES_TOGETHER = 8
CHARACTERS_TOGETHER = 4_000_000
PAGES_AT_A_TIME = (TOGETHER, PAGES_TOGETHER, CHARACTERS_TOGETHER)


def _failed(raw: Raw, error: Exception) -> Extracted:
    """A failure is not a filter result: whatever breaks on one document rejects that document, with its cause."""
    detail = f"{type(error).__name__}: {error}"[:1000]
    return Extracted(raw, None, Rejection("clean", "error", detail), raw.text)


def _measured(raw: Raw) -> tuple[int, int, int]:
    """Of a record, what `PAGES_AT_A_TIME` bounds."""
    return 1, raw.html is not None, raw.size


def _read(extracted: Extracted) -> tuple[int, int, int]:
    """Of a document, what `AT_A_TIME` bounds."""
    own = extracted.document.segments if extracted.document is not None else ()
    return 1, sum([segment.markup is None or is_main(segment.markup) for segment in own]), len(own)


def raw_records(batch: pa.RecordBatch | pa.Table, settings: Settings) -> Iterator[Raw]:
    """The rows of a batch: of schema `shards.schemas.RAW` as they are, any other as records, read as files are."""
    if batch.schema.equals(RAW, check_metadata=True):
        for row in batch.to_pylist():
            row["replaced"] = row["replaced"] or 0
            row["stage"] = row["stage"] or "ingest"
            yield Raw(**row)
        return
    from cleaner.ingest.read import read_rows

    yield from read_rows(batch.to_batches() if isinstance(batch, pa.Table) else [batch], "batch", settings)


def raw_record(record: Mapping[str, object], place: str, settings: Settings) -> Raw:
    """One record as `run` reads it; a `Raw` with a reason where it cannot be used."""
    from cleaner.ingest.read import from_record

    try:
        return from_record(record, place, settings)
    except ReadError as error:
        return Raw(id=place, source=place, reason=error.reason, detail=error.detail)


def raw_batch(records: Iterable[Raw]) -> pa.RecordBatch:
    """Raw records as one batch of schema `shards.schemas.RAW`."""
    return pa.RecordBatch.from_pylist([{name: getattr(raw, name) for name in RAW.names} for raw in records], schema=RAW)
