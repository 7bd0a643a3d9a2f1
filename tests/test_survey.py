"""Corpus evidence: the same bytes however it was collected, copies that never take the last one, guards, filters."""

from __future__ import annotations

import hashlib
import json
import random
import sys
import tempfile
from collections.abc import Collection, Sequence
from pathlib import Path

import hostile
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from running import cleaner, hashes, manifest, rows, table

from cleaner.chain import Chain, View
from cleaner.document import Document, Removal
from cleaner.filters.duplicates import Duplicates, Relied
from cleaner.ingest.record import Raw
from cleaner.pipeline import Cleaner
from cleaner.settings import Settings
from cleaner.shards.staging import Extracted, staged_documents, staged_table
from cleaner.surveys import evidence as looked_up
from cleaner.surveys import group, likeness, ranges
from cleaner.surveys import paragraphs as numbered
from cleaner.surveys.choice import choose
from cleaner.surveys.collect import survey_documents
from cleaner.surveys.evidence import Survey, build_evidence
from cleaner.surveys.folder import SurveyError, SurveyFolder, survey_merge, write_survey
from cleaner.surveys.guard import veto
from cleaner.surveys.likeness import Edges
from cleaner.surveys.settle import count_unkept

sys.path.insert(0, str(Path(__file__).parent.parent / "bench"))
from synthetic import Corpus

DOCUMENTS = 120
CORPUS = Corpus(DOCUMENTS, 4, seed=3)
NONE: dict[int, int] = {}


def documents() -> list[Document]:
    return [document_of(record) for record, _ in CORPUS.pages()]


def document_of(record: dict[str, str]) -> Document:
    known = {key: record[key] for key in ("id", "url", "title", "date")}
    return Document.from_text(record["text"], source=f"{record['id']}.txt", **known)


def survey_of(some: Sequence[Document], folder: Path, pieces: int = 1) -> SurveyFolder:
    """The survey of some documents, mapped in pieces."""
    folder.mkdir(parents=True)
    files: dict[str, list[Path]] = {"documents": [], "lines": [], "paragraphs": []}
    for piece in range(pieces):
        for name, rows_of in survey_documents(some[piece::pieces]).items():
            files[name].append(folder / f"map-{name}-{piece}.parquet")
            pq.write_table(rows_of, files[name][-1])
    return write_survey(folder / "survey", files)


def evidence_of(some: Sequence[Document], folder: Path, dedupe: str = "site", kept: str = "all") -> Survey:
    return build_evidence(survey_of(some, folder), folder / "evidence", dedupe, kept)


def bytes_of(folder: Path) -> dict[str, str]:
    return {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in sorted(folder.iterdir()) if file.is_file()
    }


# the same bytes


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Survey and evidence of all documents, made at once."""
    folder = tmp_path_factory.mktemp("whole") / "made"
    evidence_of(documents(), folder, "corpus")
    return folder


def test_more_paragraphs_than_have_numbers_are_an_error(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numbered, "MOST", 100)
    with pytest.raises(SurveyError, match=r"paragraphs, more than the 100 that one survey can have numbers for"):
        build_evidence(SurveyFolder(whole / "survey"), tmp_path / "evidence", "corpus", "all")


@pytest.mark.parametrize("pieces", [1, 2, 8])
def test_order_and_split_do_not_show(pieces: int, whole: Path, tmp_path: Path) -> None:
    some = documents()
    random.Random(pieces).shuffle(some)
    survey = survey_of(some, tmp_path / "made", pieces)
    assert bytes_of(survey.path) == bytes_of(whole / "survey")
    build_evidence(survey, tmp_path / "evidence", "corpus", "all")
    assert bytes_of(tmp_path / "evidence") == bytes_of(whole / "evidence")


def test_four_surveys_merged_are_one(whole: Path, tmp_path: Path) -> None:
    parts = [survey_of(documents()[n::4], tmp_path / str(n)).path for n in range(4)]
    merged = survey_merge(parts[::-1], tmp_path / "merged")
    assert bytes_of(merged.path) == bytes_of(whole / "survey")


def test_ranges_and_partitions_do_not_show(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group, "PARTITION_BYTES", 30_000)
    monkeypatch.setattr(looked_up, "ROWS", 100)
    monkeypatch.setattr(ranges, "RANGE", 50)
    monkeypatch.setattr(numbered, "BATCH", 16)
    monkeypatch.setattr(likeness, "COMPARED", 5)
    monkeypatch.setattr(likeness, "ROWS", 7)
    evidence_of(documents(), tmp_path / "made", "corpus")
    assert bytes_of(tmp_path / "made" / "survey") == bytes_of(whole / "survey")
    assert bytes_of(tmp_path / "made" / "evidence") == bytes_of(whole / "evidence")


def test_a_document_is_counted_once_or_not_at_all(tmp_path: Path) -> None:
    one = survey_of(documents()[:10], tmp_path / "one")
    two = survey_of(documents()[9:20], tmp_path / "two")
    with pytest.raises(SurveyError, match="1 documents are in two of the surveys"):
        survey_merge([one.path, two.path], tmp_path / "both")


def test_known_documents_add_nothing() -> None:
    some = documents()[:10]
    known = np.sort(survey_documents(some[:4])["documents"]["doc"].to_numpy())
    added = survey_documents(some, known)
    alone = survey_documents(some[4:])
    assert all(added[name].equals(alone[name]) for name in alone)


def test_damage_and_other_versions_are_noticed(tmp_path: Path) -> None:
    survey = survey_of(documents()[:3], tmp_path / "made")
    survey.file("lines").write_bytes(b"PAR1")
    with pytest.raises(SurveyError, match="is damaged"):
        SurveyFolder(survey.path).check()
    (survey.path / "survey.json").write_text('{"version": 0, "signature": {}, "tables": {}}')
    with pytest.raises(SurveyError, match="another version"):
        SurveyFolder(survey.path)
    with pytest.raises(SurveyError, match=r"survey.json is missing"):
        SurveyFolder(tmp_path)


# copies: whatever is like what, something stays


@st.composite
def webs(draw: st.DrawFn) -> tuple[Edges, np.ndarray, np.ndarray]:
    """Likenesses of some paragraphs: chains, stars, cycles, cliques, and what chance makes; documents and sites."""
    count = draw(st.integers(2, 24))
    shape = draw(st.sampled_from(["chain", "star", "cycle", "clique", "any"]))
    pairs = {
        "chain": [(n, n - 1) for n in range(1, count)],
        "star": [(n, 0) for n in range(1, count)],
        "cycle": [(n, n - 1) for n in range(1, count)] + [(count - 1, 0)],
        "clique": [(n, m) for n in range(count) for m in range(n)],
        "any": draw(st.lists(st.tuples(st.integers(1, count - 1), st.integers(0, count - 2)), max_size=60)),
    }[shape]
    # the numbers of a chain are dealt anew: its order is not that of the paragraphs
    numbers = draw(st.permutations(range(count)))
    found = sorted({(max(numbers[a], numbers[b]), min(numbers[a], numbers[b])) for a, b in pairs if a != b})
    leads = draw(st.integers(0, count))
    doc = [n if n < leads else draw(st.integers(0, count)) for n in range(count)]
    later, earlier = np.array([a for a, _ in found], int), np.array([b for _, b in found], int)
    doc_of = np.array(doc)
    order = np.lexsort((earlier, later))
    site = np.array([draw(st.integers(-1, 2)) for _ in range(count + 1)])
    return Edges(later[order], earlier[order], np.full(len(found), 90.0)), doc_of, site


@given(webs(), st.sampled_from(["none", "site", "corpus"]), st.sets(st.integers(0, 24), max_size=4), st.data())
def test_no_web_of_likenesses_loses_its_last_paragraph(
    web: tuple[Edges, np.ndarray, np.ndarray], scope: str, gone: set[int], data: st.DataObject
) -> None:
    edges, doc, site = web
    size = np.full(len(doc), 100)
    chars = np.bincount(doc, minlength=len(site)) * data.draw(st.sampled_from([100, 1000]))
    lost = choose(edges, doc, site, size, chars, scope, NONE, gone)
    alike = set(zip(edges.later.tolist(), edges.earlier.tolist(), strict=True))
    for number, (kept, score) in lost.items():
        assert (number, kept) in alike, "it lost to what it was never compared with"
        assert kept not in lost, "the copy that it lost to is gone, too"
        assert doc[kept] not in gone, "the copy that it lost to is in a document that is rejected"
        assert doc[kept] != doc[number]
        assert scope == "corpus" or site[doc[kept]] == site[doc[number]] != -1
        assert score == 90.0
    assert scope != "none" or not lost


def test_likeness_is_not_passed_on() -> None:
    chain = Edges(np.array([1, 2, 3]), np.array([0, 1, 2]), np.full(3, 90.0))
    lost = choose(chain, np.arange(4), np.zeros(4), np.full(4, 100), np.full(4, 900), "corpus", NONE, set())
    assert lost == {1: (0, 90.0), 3: (2, 90.0)}


def test_a_document_that_the_brake_may_reject_keeps_no_copy_for_others() -> None:
    # document 1 would lose all but its last paragraph, which document 2 has as well
    edges = Edges(np.array([1, 2, 4]), np.array([0, 0, 3]), np.full(3, 95.0))
    doc = np.array([0, 1, 1, 1, 2])
    lost = choose(
        edges, doc, np.zeros(3), np.array([400, 400, 400, 90, 90]), np.array([400, 890, 90]), "corpus", NONE, set()
    )
    assert lost == {1: (0, 95.0), 2: (0, 95.0)}


# the news guard


@pytest.mark.parametrize(
    ("kind", "text", "other"),
    [
        ("number", "Profit rose to 12 million in the quarter.", "Profit rose to 21 million in the quarter."),
        ("number", "Two men were hurt in the harbour fire.", "Three men were hurt in the harbour fire."),
        ("number", "公司利润增长12%，好于预期。", "公司利润增长14%，好于预期。"),
        ("date", "Der Rat tagt am montag im Rathaus.", "Der Rat tagt am freitag im Rathaus."),
        ("date", "Совет соберется в понедельник в ратуше.", "Совет соберется в пятницу в ратуше."),
        ("negation", "The court has ruled on the bridge.", "The court has not ruled on the bridge."),
        ("negation", "Министр заявил, что подпишет договор.", "Министр заявил, что не подпишет договор."),
        ("negation", "外长表示将签署条约。", "外长表示将不签署条约。"),
        ("negation", "大臣は条約に署名する。", "大臣は条約に署名しない。"),
        ("name", "It was said by Maria Moss on the pier.", "It was said by Maria Fern on the pier."),
        ("name", "Fern voted for the bridge on the pier.", "Moss voted for the bridge on the pier."),
        ("name", "زار الوزير مدينة حلب امس", "زار الوزير مدينة حمص امس"),
        ("name", "परिषद ने राम को चुना", "परिषद ने श्याम को चुना"),
    ],
)
def test_other_news_is_told_apart(kind: str, text: str, other: str) -> None:
    for one, two in ((text, other), (other, text)):
        found = veto(one, two)
        assert found is not None
        assert found.kind == kind
        assert found.ours or found.theirs


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("The council voted to rebuild the bridge.", "The council “voted” to rebuild the bridge"),
        ("ELM (Gazette) – The council voted on it.", "The council voted on it."),
        ("The council voted on the old bridge.", "The council has voted on the bridge."),
        ("在会上外长的表示。", "在会上外长表示。"),
    ],
)
def test_the_same_news_is_not(text: str, other: str) -> None:
    assert veto(text, other) is None


# the filters


def story(n: int) -> list[str]:
    return [line for line in hostile.text(n).splitlines() if line]


def site_page(n: int, *lines: str, site: str = "elm-gazette.org", **known: str) -> Document:
    text = "\n".join(lines) + "\n"
    given_fields = {"title": f"Headline of story number {n} of the town", "date": f"2026-01-{n % 28 + 1:02d}", **known}
    return Document.from_text(text, id=f"{site}-{n}", url=f"https://{site}/news/{n}.html", **given_fields)


def paragraphs(n: int, count: int = 4) -> list[str]:
    """Paragraphs of invented words that no other number has."""
    draw = random.Random(n)
    syllables = "ba ker lo min tas ru vel don sha pir".split()
    made = []
    for _ in range(count):
        words = ["".join(draw.choices(syllables, k=3)) for _ in range(24)]
        made.append(" ".join(["The", *words]) + ".")
    return made


def test_furniture_goes_and_the_story_stays(tmp_path: Path) -> None:
    pages = []
    for n in range(24):
        headline = f"Headline of story number {n} of the town"
        body = paragraphs(n)
        if n % 6 == 0:  # a subheading that some stories have
            body.insert(2, "What comes next")
        pages.append(
            site_page(n, "Elm Gazette", headline, *body, "Get our letter every morning", "All stories of the town")
        )
    evidence = evidence_of(pages, tmp_path / "made")
    outcome = Cleaner(survey=evidence).clean(pages[6])
    gone = {pages[6].text[one.start : one.end].strip(): one for one in outcome.removals if one.filter == "templates"}
    assert gone.keys() == {"Elm Gazette", "Get our letter every morning", "All stories of the town"}
    assert gone["Elm Gazette"].evidence["documents"] == 23
    assert gone["Elm Gazette"].reason == "Stands in 23 of 23 other documents of the site."
    assert "What comes next" in outcome.text
    assert "Headline of story number 6" in outcome.text


def test_a_most_read_box_does_not_cost_the_article_its_headline_and_lead(tmp_path: Path) -> None:
    famous = site_page(
        0, "Ferry sinks off the harbour of Elm", *paragraphs(0), title="Ferry sinks off the harbour of Elm"
    )
    pages = [famous] + [
        site_page(n, f"Headline of story number {n} of the town", *paragraphs(n), "Ferry sinks off the harbour of Elm",
                  paragraphs(0)[0])
        for n in range(1, 24)
    ]  # fmt: skip
    evidence = evidence_of(pages, tmp_path / "made", "corpus")
    tidy = Cleaner(survey=evidence)
    assert tidy.clean(famous).text == famous.text
    other = tidy.clean(pages[5])
    assert [one.filter for one in other.removals] == ["templates", "templates"]
    assert "Ferry" not in other.text


def test_a_teaser_is_known_by_the_article_that_it_announces(tmp_path: Path) -> None:
    announced = site_page(
        9, "Harbour towns agree on a ferry line", *paragraphs(9), title="Harbour towns agree on a ferry line"
    )
    page = site_page(
        2,
        "Headline of story number 2 of the town",
        *paragraphs(2),
        "Harbour towns agree on a ferry line",
        paragraphs(9)[0],
    )
    others = [site_page(n, f"Headline of story number {n} of the town", *paragraphs(n)) for n in (3, 4)]
    evidence = evidence_of([announced, page, *others], tmp_path / "made", "corpus")
    tidy = Cleaner(survey=evidence)
    outcome = tidy.clean(page)
    assert [(one.filter, one.rule, one.evidence["document"]) for one in outcome.removals] == [
        ("teasers", "headline", announced.id),
        ("teasers", "lead", announced.id),
    ]
    # the article itself, though it is dated later than the page that announces it, keeps everything
    assert tidy.clean(announced).text == announced.text


HEADLINES = (
    "Council votes for the old bridge",
    "Harbour towns agree on a ferry line",
    "Beekeepers ask for a law on honey",
    "National theatre opens its season",
    "Snow closes the northern pass",
)


def test_a_round_up_of_what_others_told_at_length_is_a_story(tmp_path: Path) -> None:
    told = [
        site_page(n, headline, *paragraphs(n), title=headline, date="2026-03-01")
        for n, headline in enumerate(HEADLINES, 1)
    ]
    begins = [paragraphs(n)[0] for n in range(1, 6)]
    round_up = site_page(8, "The week in Elm, told once more", paragraphs(8)[0], *begins, date="2026-03-08")
    evidence = evidence_of([*told, round_up], tmp_path / "made", "none")
    outcome = Cleaner(survey=evidence).clean(round_up)
    assert [one for one in outcome.removals if one.filter == "teasers"] == []
    # the same lines under the story of a page, fewer than it, are teasers
    page = site_page(9, "A school in Elm gets its roof back", *paragraphs(9), *begins[:2])
    gone = Cleaner(survey=evidence).clean(page).removals
    assert [(one.filter, one.rule) for one in gone] == [("teasers", "lead")] * 2


def test_a_document_of_copies_alone_is_a_duplicate_and_says_of_what(tmp_path: Path) -> None:
    bodies = [paragraphs(n, 4) for n in range(4)]
    first = [site_page(n, *bodies[n], date="2026-01-01") for n in range(4)]
    # made of four documents, a paragraph of each: a version of none of them
    digest = site_page(7, paragraphs(7)[0], *(body[2] for body in bodies), date="2026-01-02", site="oak-post.org")
    tidy = Cleaner(Settings(max_lost=0.5), survey=evidence_of([*first, digest], tmp_path / "made", "corpus"))
    outcome = tidy.clean(digest)
    assert outcome.rejected is not None
    assert (outcome.rejected.stage, outcome.rejected.reason) == ("duplicates", "duplicate_document")
    assert outcome.rejected.detail.endswith(", ".join(one.id for one in first[:3]) + " and 1 more")
    assert all(tidy.clean(one).text == one.text for one in first)


def test_the_article_that_a_paragraph_opens_keeps_it_and_that_is_the_reason(tmp_path: Path) -> None:
    quoting = site_page(1, *paragraphs(1), paragraphs(2)[0], date="2026-01-01")
    opening = site_page(2, *paragraphs(2), date="2026-01-02", site="oak-post.org")
    tidy = Cleaner(survey=evidence_of([quoting, opening], tmp_path / "made", "corpus"))
    (removal,) = tidy.clean(quoting).removals
    assert (removal.filter, removal.evidence["kept"]) == ("duplicates", opening.id)
    assert removal.evidence["because"] == "first paragraph of its article"
    assert tidy.clean(opening).text == opening.text


def test_copies_on_another_site_are_linked_or_removed_and_lookalikes_are_neither(tmp_path: Path) -> None:
    wire = paragraphs(50, 5)
    report = "The Elm ferry company earned {} million marks in the quarter, it said, and its boats carried {} people."
    first = site_page(1, *wire[:2], report.format(12, 4000), *paragraphs(1), date="2026-01-01")
    second = site_page(2, *paragraphs(2), wire[0], report.format(14, 5000), date="2026-01-02", site="oak-post.org")
    third = site_page(3, *paragraphs(3), report.format(13, 4500), date="2026-01-03", site="oak-post.org")
    every = [first, second, third]
    linked = Cleaner(survey=evidence_of(every, tmp_path / "site", "site"))
    batch = staged_table([Extracted(Raw(id=one.id, source=one.id, text=""), one) for one in every])
    cleaned = linked.clean_batch(batch)
    assert cleaned.removed.num_rows == 0
    (link,) = cleaned.clean["syndicated_from"][1].as_py()
    assert (link["id"], link["copy_start"], link["because"]) == (first.id, 0, "first paragraph of its article")
    assert second.text[link["start"] : link["end"]].strip() == wire[0]
    removing = Cleaner(survey=evidence_of(every, tmp_path / "corpus", "corpus")).clean_batch(batch)
    (removal,) = removing.removed.to_pylist()
    evidence = json.loads(removal["evidence"])
    assert (removal["id"], removal["filter"], removal["rule"]) == (second.id, "duplicates", "exact")
    assert (evidence["kept"], evidence["kept_start"], evidence["because"]) == (
        first.id,
        0,
        "first paragraph of its article",
    )
    apart = pq.read_table(tmp_path / "corpus" / "evidence" / "lookalikes.parquet").to_pylist()
    assert {one["differ"] for one in apart} == {"number"}
    assert len(apart) >= 2


def test_versions_of_a_document_make_a_chain_of_which_one_may_stay(tmp_path: Path) -> None:
    body = paragraphs(7, 6)
    report = "On Monday 12 boats lay in the harbour of Elm, and the council counted them all again before the evening."
    first = site_page(1, *body, report, date="2026-01-01")
    corrected = site_page(2, *body, report.replace("12", "14"), date="2026-01-03")
    abroad = site_page(3, *body, report, date="2026-01-02", site="oak-post.org")
    every = [first, corrected, abroad]
    kept = Cleaner(survey=evidence_of(every, tmp_path / "all"))
    for one, version, kind in ((first, 1, "original"), (abroad, 2, "syndicated"), (corrected, 3, "correction")):
        chain = kept.survey.cluster(one) if kept.survey else None
        assert chain is not None
        assert (chain["cluster"], chain["size"], chain["version"], chain["kind"]) == (first.id, 3, version, kind)
        assert kept.clean(one).text == one.text
    latest = Cleaner(survey=evidence_of(every, tmp_path / "latest", "site", "latest"))
    said = [next(latest.clean_extracted([Extracted(Raw(id=one.id, source=one.id), one)]))[2] for one in every]
    assert [one.reason if one else None for one in said] == ["duplicate_document", None, "duplicate_document"]
    assert said[0] is not None
    assert f"{corrected.id} is kept: latest version" in said[0].detail


def test_a_single_document_of_a_site_and_one_without_a_site_come_out_as_without_a_survey(tmp_path: Path) -> None:
    alone = Document.from_text("Leave it\n" + "\n".join(paragraphs(1)) + "\nRead it\n", id="a")
    single = site_page(2, "Leave it", *paragraphs(2), "Read it")
    tidy = Cleaner(survey=evidence_of([alone, single], tmp_path / "made", "corpus"))
    assert [tidy.clean(one).removals for one in (alone, single)] == [
        Cleaner().clean(one).removals for one in (alone, single)
    ]


@pytest.mark.parametrize("raw", [Raw("p", "p.html", html=hostile.page(3)), Raw("t", "t.txt", text=hostile.text(4))])
def test_a_staged_document_is_the_document(raw: Raw) -> None:
    extracted = Cleaner().extract(raw)
    (back,) = staged_documents(staged_table([extracted]))
    assert extracted.document is not None
    assert back.document == extracted.document


# the commands


@pytest.fixture(scope="module")
def scrapes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scrapes")
    for day in range(2):
        some = [CORPUS.page(number)[0] for number in range(day * 60, day * 60 + 60)]
        (folder / f"day-{day}").mkdir()
        lines = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in some)
        (folder / f"day-{day}" / "pages.jsonl").write_text(lines, encoding="utf-8")
    return folder


def test_a_survey_is_kept_up_to_date_by_daily_runs(scrapes: Path, tmp_path: Path) -> None:
    survey = tmp_path / "survey"
    for day in range(2):
        cleaner("run", scrapes / f"day-{day}", "-o", tmp_path / f"out-{day}", "--survey", survey, "--update-survey")
        assert SurveyFolder(survey).documents == 60 * (day + 1)
    # the second day knew the first
    counted = [
        json.loads(row["evidence"])["of"] for row in table(tmp_path / "out-1", "removed").to_pylist()
        if row["filter"] == "templates"
    ]  # fmt: skip
    assert max(counted) > 60
    # days that are surveyed by themselves and added come to the same
    parts = []
    for day in range(2):
        parts.append(tmp_path / f"survey-{day}")
        cleaner("survey", scrapes / f"day-{day}", "-o", parts[-1], "--workers", 1 + day)
    cleaner("survey", "merge", *parts, "-o", tmp_path / "merged")
    assert bytes_of(tmp_path / "merged") == bytes_of(survey)
    assert "cannot be" not in cleaner("survey", "merge", parts[0], parts[0], "-o", tmp_path / "x", code=2).stderr
    assert not (tmp_path / "out-1" / "staging").exists()
    assert manifest(tmp_path / "out-1")["header"]["survey"] != manifest(tmp_path / "out-0")["header"]["survey"]


def test_workers_do_not_show_in_two_passes(scrapes: Path, tmp_path: Path) -> None:
    found = []
    for workers in (1, 3):
        out = tmp_path / str(workers)
        cleaner("run", scrapes, "-o", out, "--workers", workers, "--dedupe", "corpus", code=None)
        found.append(hashes(out))
    assert found[0] == found[1]
    copies_of = manifest(tmp_path / "1")["copies"]
    taken_by = table(tmp_path / "1", "removed")["filter"].to_pylist()
    assert copies_of["went"] == taken_by.count("duplicates") > 0
    assert 0 <= copies_of["unkept"] <= copies_of["went"]
    taken = set(table(tmp_path / "1", "removed")["filter"].to_pylist())
    assert {"templates", "teasers", "duplicates"} <= taken
    assert rows(tmp_path / "1", "clean")


def test_options_that_contradict_each_other_are_refused(scrapes: Path, tmp_path: Path) -> None:
    for options, said in (
        (("--update-survey",), "--update-survey needs the survey to update"),
        (("--no-survey", "--survey", tmp_path), "contradict each other"),
        (("--survey", tmp_path / "none"), "is no survey"),
    ):
        done = cleaner("run", scrapes, "-o", tmp_path / "out", *options, code=2)
        assert said in done.stderr
        assert not (tmp_path / "out").exists()


def test_mine_proposes_what_a_site_repeats_as_rules_that_only_flag(tmp_path: Path) -> None:
    raw = tmp_path / "in"
    raw.mkdir()
    lines = []
    for n in range(8):
        text = "\n".join([*paragraphs(n), f"Read {n + 2} comments", "Get our letter every morning"]) + "\n"
        lines.append(json.dumps({"id": str(n), "url": f"https://elm-gazette.org/a/{n}", "text": text}))
    (raw / "pages.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = json.loads(cleaner("mine", raw, "-o", tmp_path / "proposals.toml", "--format", "json").stdout)
    by_pattern = {one["pattern"]: one for one in found}
    assert by_pattern["get our letter every morning"]["documents"] == 8
    assert by_pattern["get our letter every morning"]["tail"] == 8
    comments = by_pattern["read [0-9]+(?:[.,:][0-9]+)* comments"]
    assert (comments["documents"], comments["site"], len(comments["contexts"])) == (8, "elm-gazette.org", 3)
    pack = (tmp_path / "proposals.toml").read_text(encoding="utf-8")
    assert pack.count('action = "flag"') == len(found)
    cleaner("rules", "test", "--rules", tmp_path / "proposals.toml")


def test_nothing_goes_for_a_copy_that_its_site_prints_so_often_that_it_may_go(tmp_path: Path) -> None:
    appeal = paragraphs(70)[1]
    printed = [site_page(n, *paragraphs(n), appeal, date="2026-01-01") for n in range(6)]
    quoting = site_page(9, *paragraphs(9), appeal, date="2026-02-01", site="oak-post.org")
    once = site_page(10, *paragraphs(10), paragraphs(0)[2], date="2026-02-02", site="oak-post.org")
    evidence = evidence_of([*printed, quoting, once], tmp_path / "made", "corpus")
    tidy = Cleaner(survey=evidence)
    (removal,) = tidy.clean(printed[0]).removals
    assert removal.filter == "templates"
    assert appeal in printed[0].text[removal.start : removal.end]
    assert appeal in tidy.clean(quoting).text
    assert [removal.filter for removal in tidy.clean(once).removals] == ["duplicates"]


class Greedy:
    """Removes chosen lines: pairs of the document's id and the number of the line."""

    name = "greedy"

    def __init__(self, chosen: Collection[tuple[str, int]]) -> None:
        self.chosen = chosen

    def removals(self, view: View) -> list[Removal]:
        lines = (line for line in view.lines if (view.document.id, line.index) in self.chosen)
        return [line.remove(self.name, "chosen", "Chosen.", 1.0) for line in lines]


def unkept(some: Sequence[Document], chain: Chain) -> tuple[int, int]:
    """How many paragraphs went for a copy, and how many for one that is gone."""
    gone = {(one.document.id, cut.start): cut for one in chain.clean_all(some) for cut in one.removals}
    kept = [(cut.evidence["kept"], cut.evidence["kept_start"]) for cut in gone.values() if cut.filter == "duplicates"]
    return len(kept), sum(place in gone for place in kept)


@given(st.data())
@settings(max_examples=50)
def test_no_paragraph_goes_for_one_that_a_filter_by_subject_takes(data: st.DataObject) -> None:
    told = [line for n in range(3) for line in hostile.story(n, 3)]
    stories = data.draw(st.lists(st.lists(st.sampled_from(told), min_size=1, max_size=5, unique=True), max_size=6))
    some = [
        Document.from_text("\n".join(story), id=str(n), url=f"https://elm.example/{n}")
        for n, story in enumerate(stories)
    ]
    places = [(document.id, place) for document in some for place in range(len(document.segments))]
    chosen = data.draw(st.sets(st.sampled_from(places))) if places else set()
    with tempfile.TemporaryDirectory() as name:
        survey = evidence_of(some, Path(name) / "made", data.draw(st.sampled_from(("site", "corpus"))))
        assert unkept(some, Chain([Relied(Greedy(chosen), survey), Duplicates(survey)]))[1] == 0


def test_what_others_go_for_is_left_alone_and_nothing_else_is(tmp_path: Path) -> None:
    told = hostile.story(1, 4)
    some = [
        Document.from_text("\n".join(story), id=str(n), url=f"https://elm{n}.example/{n}", date=f"2026-01-0{n + 1}")
        for n, story in enumerate((told[:3], [*hostile.story(2, 3), told[2]]))
    ]
    survey = evidence_of(some, tmp_path / "made", "corpus")
    assert survey.relied_on(some[0], range(3)) == {2} and not survey.relied_on(some[1], range(4))
    greedy = Greedy({("0", 1), ("0", 2)})
    assert unkept(some, Chain([greedy, Duplicates(survey)])) == (1, 1)
    chain = Chain([Relied(greedy, survey), Duplicates(survey)])
    assert unkept(some, chain) == (1, 0)
    assert [cut.filter for cut in chain.clean(some[0]).removals] == ["greedy"]


def test_copies_that_did_not_stay_are_counted() -> None:
    def removed(*rows_of: tuple[str, int, str, str | None, int]) -> pa.Table:
        names = ("id", "start", "filter", "evidence")
        made = [
            (id, start, filter, json.dumps({"kept": kept, "kept_start": place} if kept else {}))
            for id, start, filter, kept, place in rows_of
        ]
        return pa.Table.from_pylist([dict(zip(names, row, strict=True)) for row in made])

    rejected = pa.table({"id": ["r"]})
    one = removed(("b", 0, "duplicates", "a", 40), ("b", 90, "duplicates", "c", 7), ("a", 0, "rules", None, 0))
    two = removed(("d", 5, "duplicates", "r", 0), ("d", 50, "duplicates", "a", 0), ("c", 7, "topic", None, 0))
    parts = [{"removed": one, "rejected": rejected.slice(1)}, {"removed": two, "rejected": rejected}]
    assert count_unkept(lambda: parts) == {"went": 4, "unkept": 3}
    # what a document says twice it still says once
    twice = removed(("a", 40, "repeats", None, 0))
    assert count_unkept(lambda: [{"removed": pa.concat_tables([one, twice]), "rejected": rejected}])["unkept"] == 0
    assert count_unkept(list) == {"went": 0, "unkept": 0}
