"""What is said about runs: explain, diff, report, sample, precision, verdicts and what becomes of them, drift."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import hostile
import pytest
from audited import HOSTILE, cleaned, hostile_pairs, story_pairs, write_run
from hypothesis import given
from hypothesis import strategies as st
from running import cleaner, manifest, table

from cleaner.audit.apply import apply_verdicts
from cleaner.audit.diff import Chosen, changed_documents, compare
from cleaner.audit.drift import drift
from cleaner.audit.explain import as_data, patch, plain_json, render
from cleaner.audit.folder import documents, find_document, split_run_id
from cleaner.audit.index import Index, text_hash
from cleaner.audit.pages import visible
from cleaner.audit.precision import draw, estimate, measure, read_sample
from cleaner.audit.report import MAX_BYTES, write_report
from cleaner.audit.shown import Shown, ViewError, shown
from cleaner.audit.verdicts import Verdict, Verdicts
from cleaner.chain import Chain, Outcome, Sure
from cleaner.commands import case_runner
from cleaner.document import Document, Removal, split_lines
from cleaner.filters.spare import Spared, spare
from cleaner.ingest.record import Raw
from cleaner.near import near_misses
from cleaner.pipeline import Cleaner, filters
from cleaner.rows import collect
from cleaner.rulebook.load import load_packs, load_rulebook
from cleaner.rulebook.model import FILTERS, Exemption
from cleaner.settings import Settings
from cleaner.shards.folder import RunFolder

PROMO = "Also Read: Harbour towns agree on a ferry line"
TEXT = "\n".join([*hostile.story(1), PROMO, *hostile.story(2)]) + "\n"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 41 documents on three sites, one of them rejected by the brake."""
    out = tmp_path_factory.mktemp("audit") / "run"
    write_run(out, story_pairs())
    return out


@pytest.fixture(scope="module")
def index(run: Path) -> Iterator[Index]:
    with Index(run) as made:
        yield made


@pytest.fixture
def copied(run: Path, tmp_path: Path) -> Path:
    """A run of one's own, to judge."""
    return Path(shutil.copytree(run, tmp_path / "run"))


# documents


@st.composite
def outcomes(draw: st.DrawFn) -> Outcome:
    """A text of any lines, and removals of any spans of it."""
    text = draw(st.text(st.sampled_from("ab \n\r\x0c\x85é\u2028\u202e"), max_size=60))
    points = sorted(draw(st.sets(st.integers(0, len(text)), max_size=8)))
    spans = [(low, high) for low, high in zip(points[::2], points[1::2], strict=False) if low < high]
    cuts = tuple(Removal(low, high, "f", "r", "Why.", 0.5) for low, high in spans)
    return Outcome(Document.from_text(text, id="a", source="a.txt"), cuts)


def rows(outcome: Outcome, audit: str = "full") -> Shown:
    """A document as it comes back from the rows of a run."""
    raw = Raw(id="a", source="a.txt", text=outcome.document.text)
    made = collect([(raw, outcome, outcome.rejected, outcome.document.text)], audit)
    clean, rejected = made.clean.to_pylist(), made.rejected.to_pylist()
    return shown(clean[0] if clean else None, made.removed.to_pylist(), rejected[0] if rejected else None)


@given(outcomes())
def test_kept_and_removed_together_are_the_source(outcome: Outcome) -> None:
    one = rows(outcome)
    assert one.text == outcome.document.text
    assert one.clean == outcome.text
    lines = list(one.lines())
    if outcome.document.segments:
        assert "".join(text for fate in lines for text, _ in fate.pieces) == outcome.document.text
    kept = "".join(text for fate in lines for text, removal in fate.pieces if removal is None)
    assert not lines or kept == outcome.text
    assert [fate.line for fate in lines] == [line.line for line in split_lines(outcome.document.text)]


def applied(source: str, diff: str) -> str:
    """A unified diff applied strictly: every line that it shows must stand where it says."""
    old = source.split("\n")
    old = [f"{line}\n" for line in old[:-1]] + ([old[-1]] if old[-1] else [])
    new: list[str] = []
    at = 0
    lines = diff.split("\n")
    place = 2
    while place < len(lines) - 1:
        head = re.fullmatch(r"@@ -(\d+),(\d+) \+(\d+),(\d+) @@", lines[place])
        assert head, lines[place]
        low, olds, start, news = map(int, head.groups())
        low -= olds > 0
        new += old[at:low]
        assert len(new) == start - (news > 0)
        at, place = low, place + 1
        counted = [0, 0]
        while place < len(lines) - 1 and not lines[place].startswith("@@"):
            sign, text = lines[place][0], lines[place][1:]
            ends = not (place + 1 < len(lines) and lines[place + 1] == "\\ No newline at end of file")
            line = text + ("\n" if ends else "")
            place += 1 if ends else 2
            if sign in " -":
                assert old[at] == line
                at += 1
                counted[0] += 1
            if sign in " +":
                new.append(line)
                counted[1] += 1
        assert counted == [olds, news]
    return "".join(new + old[at:])


@given(outcomes())
def test_a_patch_leads_from_the_source_to_the_clean_text(outcome: Outcome) -> None:
    diff = "".join(patch(rows(outcome)))
    assert bool(diff) == (outcome.text != outcome.document.text)
    assert applied(outcome.document.text, diff) == outcome.text if diff else True


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not on this machine")
def test_a_patch_is_one_that_git_takes(run: Path, tmp_path: Path) -> None:
    one = find_document(RunFolder(run), "zh/03.txt")
    (tmp_path / "zh").mkdir()
    (tmp_path / "zh" / "03.txt").write_bytes(one.text.encode())
    diff = cleaner("explain", f"{run}#zh/03.txt", "--format", "patch").stdout
    subprocess.run(["git", "apply", "-"], input=diff.encode(), cwd=tmp_path, check=True)
    assert (tmp_path / "zh" / "03.txt").read_bytes().decode() == one.clean


def test_a_document_of_a_run_is_explained_as_it_was_cleaned(tmp_path: Path) -> None:
    (tmp_path / "story.txt").write_text(TEXT, encoding="utf-8")
    cleaner("run", tmp_path / "story.txt", "-o", tmp_path / "out", "--quiet")
    recorded = json.loads(cleaner("explain", f"{tmp_path / 'out'}#story.txt", "--format", "json").stdout)
    afresh = json.loads(cleaner("explain", tmp_path / "story.txt", "--format", "json").stdout)
    assert recorded == afresh
    hint = cleaner("explain", f"{tmp_path / 'out'}#storey.txt", code=2).stderr
    assert "did you mean story.txt?" in hint


def test_a_run_and_an_id_are_told_from_a_file(run: Path, tmp_path: Path) -> None:
    assert split_run_id(f"{run}#a#1") == (run, "a#1")
    (tmp_path / "a#b").write_text("x", encoding="utf-8")
    assert split_run_id(str(tmp_path / "a#b")) is None
    assert split_run_id("nowhere#1") is None
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "journal.jsonl").write_text('{"cleaner": "0"}\n')
    assert "is an unfinished run" in cleaner("explain", f"{tmp_path / 'half'}#1", code=2).stderr


def test_long_stretches_that_stay_are_folded(run: Path) -> None:
    one = find_document(RunFolder(run), "en/00.txt")
    folded = ["".join(span.text for span in spans) for spans in render(one, context=2)]
    assert sum("… 5 lines kept" in line for line in folded) == 1
    assert len(list(render(one))) == len(folded) + 4
    whole = cleaner("explain", f"{run}#en/00.txt", "--all").stdout
    assert "…" not in whole


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text(TEXT * 400, encoding="utf-8")
    command = f"{sys.executable} -m cleaner explain long.txt --all | head -n 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[1] == "0"
    assert done.stderr == ""


def test_explain_gives_up_a_document_that_takes_too_long(tmp_path: Path) -> None:
    (tmp_path / "story.txt").write_text(TEXT, encoding="utf-8")
    assert "timeout" in cleaner("explain", tmp_path / "story.txt", "--timeout", "0.000001", code=3).stdout


def test_what_was_not_kept_is_said_to_be_gone() -> None:
    _, outcome = cleaned("a", [("A story.", None), ("Nav", ("main_content", "nav", 0.9)), ("Goes on.", None)])
    one = rows(outcome, audit="counts")
    assert [fate.text for fate in one.lines()] == ["A story.", "[4 characters that the run did not keep]", "Goes on."]
    assert (one.source_chars, one.removed_chars) == (len(outcome.document.text), 4)
    with pytest.raises(ViewError, match="--audit"):
        _ = one.text


def test_rows_that_do_not_fit_are_refused() -> None:
    clean = {"id": "a", "source": "a", "text": "abc", "kept": [{"start": 0, "end": 3, "line": 1}]}
    removal = {"start": 2, "end": 4, "line": 1, "text": "cd", "filter": "f", "rule": "r", "reason": "", "confidence": 1}
    with pytest.raises(ViewError, match="do not fit"):
        shown(clean, [removal], None)


def test_json_is_printable_whatever_it_says() -> None:
    for evil in HOSTILE[:-1]:
        line = plain_json({"text": evil})
        assert line.isprintable()
        assert json.loads(line) == {"text": evil}


# what nearly went


class Doubtful:
    name = "doubtful"

    def removals(self, view: Any) -> Iterator[Removal]:
        for line, sure in zip(view.lines, (0.9, 0.5, 0.2), strict=False):
            yield line.remove(self.name, "guess", "A guess.", sure)


def test_near_misses_are_proposals_under_the_working_point() -> None:
    chain = Chain([Sure(Doubtful(), 0.6)])
    outcome = chain.clean(Document.from_text("one\ntwo\nthree\n"))
    assert [(cut.start, cut.confidence) for cut in outcome.removals] == [(0, 0.9)]
    assert [(cut.start, cut.confidence) for cut in near_misses(chain, outcome)] == [(4, 0.5)]


def test_near_misses_are_recorded_when_a_run_is_asked_to() -> None:
    text = TEXT.replace(PROMO, "Leave a review")
    careful = Settings(min_confidence=0.99, near=True)
    outcome, _, _ = Cleaner(careful).clean_raw(Raw(id="a", source="a", text=text))
    assert outcome is not None
    assert "en/leave-a-review" in {near.rule for near in outcome.near}
    one = rows(outcome)
    (line,) = [fate for fate in one.lines() if fate.text == "Leave a review"]
    assert line.sign == "?"
    assert any("nearly: en/leave-a-review" in span.text for spans in render(one) for span in spans)
    assert any("near" in line for line in as_data(one)["lines"])  # type: ignore[attr-defined]
    assert Cleaner(replace(careful, near=False)).clean_raw(Raw(id="a", source="a", text=text))[0].near == ()  # type: ignore[union-attr]


# the index


def test_the_index_counts_what_the_books_say(index: Index, run: Path) -> None:
    books = manifest(run)["books"]
    assert index.rows("SELECT sum(removals)::BIGINT FROM texts")[0][0] == books["removals"]
    assert index.rows("SELECT sum(removals)::BIGINT FROM rules")[0][0] == books["removals"]
    assert index.rows("SELECT sum(chars)::BIGINT, sum(removed)::BIGINT FROM sites")[0] == (
        books["kept_chars"] + books["removed_chars"],
        books["removed_chars"],
    )
    counted: dict[tuple[str, str, str], int] = {}
    for row in table(run, "removed").to_pylist():
        key = row["filter"], row["rule"], text_hash(row["text"])
        counted[key] = counted.get(key, 0) + 1
    assert {text.key: text.removals for text in index.texts(limit=10_000)} == counted


def test_the_index_refuses_a_run_that_was_altered(copied: Path) -> None:
    plain = manifest(copied)
    plain["books"]["removals"] += 1
    (copied / "run.json").write_text(json.dumps(plain), encoding="utf-8")
    with pytest.raises(ViewError, match="removals"):
        Index(copied)
    (copied / "removed" / "part-00000.parquet").write_bytes(b"no parquet")
    with pytest.raises(ViewError, match="cannot be read"):
        Index(copied)


def test_a_run_of_nothing_has_a_report(tmp_path: Path) -> None:
    write_run(tmp_path / "run", [])
    with Index(tmp_path / "run") as index:
        assert write_report(index, tmp_path / "page.html").texts == 0
        assert draw(index, 3, 7).keys == []
    assert cleaner("diff", tmp_path / "run", tmp_path / "run", "--exit-code").stdout == ""


# diff


def test_diff_of_a_run_shows_the_documents_that_are_chosen(run: Path) -> None:
    def ids(**chosen: Any) -> list[str]:
        return [one.id for one in changed_documents(RunFolder(run), Chosen(**chosen))]

    removed = table(run, "removed").to_pylist()
    assert ids() == list(dict.fromkeys(row["id"] for row in removed))
    assert ids(rule="layout/shape") == list(dict.fromkeys(row["id"] for row in removed if row["filter"] == "layout"))
    assert ids(rule="en/") == ids(filter="rules") == ids(least=0.79, most=0.81)
    assert ids(site="site-1.example", filter="layout") == ids(filter="layout")
    assert ids(site="nowhere.example") == []
    shown = cleaner("diff", run, "--rule", "layout/shape", "--limit", 1, "--context", 1).stdout
    assert shown.startswith("ar/01.txt  [ar]\n")
    assert "layout/shape (0.70): Because of shape." in shown
    assert "… 8 lines kept\n" in shown
    lines = cleaner("diff", run, "--filter", "layout", "--format", "json", "--exit-code", code=1).stdout.splitlines()
    assert [json.loads(line)["id"] for line in lines] == ids(filter="layout")


def test_diff_says_so_when_it_has_nothing_to_show(run: Path) -> None:
    done = cleaner("diff", run, "--filter", "layuot")
    assert done.stdout == ""
    assert "nothing that" in done.stderr
    assert "is as asked for" in done.stderr


def test_diff_of_two_runs_tells_what_was_gained_lost_and_changed(run: Path, tmp_path: Path) -> None:
    pairs = story_pairs()
    one, two, three = pairs[0][1], pairs[1][1], pairs[2][1]
    pairs[0] = pairs[0][0], replace(one, removals=one.removals[1:])
    pairs[1] = pairs[1][0], replace(two, removals=(two.removals[0]._replace(rule="other"), *two.removals[1:]))
    gained = Removal(0, 10, "rules", "en/new", "New.", 0.9)
    pairs[2] = pairs[2][0], replace(three, removals=(gained, *three.removals))
    pairs[3] = cleaned("zh/03.txt", [("Another text.", None)])
    del pairs[4]
    write_run(tmp_path / "after", pairs)
    found = compare(run, tmp_path / "after")
    assert found.counts == {"lost": 1, "changed": 1, "gained": 1}
    assert (found.only_before, found.only_after, found.other_source, found.documents) == (1, 0, 1, 38)
    assert found.rules == {"en/also-read": {"lost": 1}, "en/new": {"gained": 1}, "layout/other": {"changed": 1}}
    assert {(one["id"], one["change"]) for one in found.examples} == {
        (pairs[0][0].id, "lost"),
        (pairs[1][0].id, "changed"),
        (pairs[2][0].id, "gained"),
    }
    done = cleaner("diff", run, tmp_path / "after", "--exit-code", code=1)
    assert "layout/other (0.70), was layout/shape (0.70)" in done.stdout
    assert json.loads(cleaner("diff", run, tmp_path / "after", "--format", "json").stdout)["counts"] == found.counts
    for form in ("text", "json"):
        assert cleaner("diff", run, run, "--exit-code", "--format", form).stdout == ""
    assert "not for two" in cleaner("diff", run, run, "--rule", "en/", code=2).stderr


# the report


def test_the_report_says_what_the_books_say(index: Index, run: Path, tmp_path: Path) -> None:
    written = write_report(index, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    for name, value in manifest(run)["books"].items():
        if isinstance(value, int) and name != "unreadable":
            assert f'<b id="books-{name}">{value:,}</b>' in page
    assert written.size == len(page.encode()) <= MAX_BYTES
    assert f"{written.texts - written.shown:,} texts are not shown" in page
    assert not re.search(r'(?:src|href)="(?!#)', page)
    assert "rules never fired" in page
    again = write_report(index, tmp_path / "again.html")
    assert (tmp_path / "again.html").read_bytes() == (tmp_path / "page.html").read_bytes()
    assert again.size == written.size


def test_a_report_of_hostile_texts_is_small_and_holds_no_markup_of_theirs(tmp_path: Path) -> None:
    write_run(tmp_path / "run", hostile_pairs())
    done = cleaner("report", tmp_path / "run", "-o", tmp_path / "page.html")
    assert "distinct removed texts" in done.stderr
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert len(page.encode()) <= MAX_BYTES
    assert page.count("<script>") == page.count("</script>") == 1
    assert "<img" not in page
    assert "{{ 7*7 }}" in page
    assert not set(re.sub(r"<bdi class=\"control\"[^>]*>.</bdi>", "", page)) & set("\u202e\u2066\x07\x1b\x9b")


def test_visible_text_is_the_text() -> None:
    for evil in HOSTILE:
        html = str(visible(evil))
        assert "<script" not in html
        assert "<img" not in html
    assert str(visible("x" * 100, 4)) == 'xxxx<span class="more"> … 96 more characters</span>'
    assert str(visible("x" * 20, 4)) == "x" * 20


# verdicts


def verdict(said: str, text: str, **other: Any) -> Verdict:
    known = {"filter": "rules", "rule": "en/also-read", "source": "a.txt", "line": 3} | other
    return Verdict(said, digest=text_hash(text), text=text, **known)


def test_verdicts_are_appended_and_the_last_one_counts(tmp_path: Path) -> None:
    path = tmp_path / "verdicts.jsonl"
    given = Verdicts(path)
    given.add(verdict("right", "one"))
    given.add(verdict("wrong", "one"))
    given.add(verdict("unsure", "two"))
    before = path.read_bytes()
    assert [one.verdict for one in Verdicts(path).last.values()] == ["wrong", "unsure"]
    assert given.undo() == verdict("", "two").key
    assert given.undo() == verdict("", "one").key
    assert path.read_bytes().startswith(before)
    assert [one.verdict for one in Verdicts(path).last.values()] == ["right"]
    given.undo()
    assert given.undo() is None
    assert Verdicts(path).last == {}


def test_a_line_that_was_being_written_costs_itself_alone(tmp_path: Path) -> None:
    path = tmp_path / "verdicts.jsonl"
    Verdicts(path).add(verdict("right", "one"))
    with path.open("ab") as stream:
        stream.write(b'{"verdict": "wro')
    Verdicts(path).add(verdict("wrong", "two"))
    again = Verdicts(path)
    assert {one.text: one.verdict for one in again.last.values()} == {"one": "right", "two": "wrong"}
    assert again.damaged == [2]
    for bad in ("[]", '{"verdict": "maybe"}', '{"verdict": "right", "filter": 1}', "\x80"):
        path.write_text(f"{bad}\n", encoding="latin-1")
        assert Verdicts(path).damaged == [1]


# sample and precision


def test_a_sample_is_the_same_for_the_same_seed(run: Path, index: Index, tmp_path: Path) -> None:
    one, again, other = draw(index, 3, 7), draw(index, 3, 7), draw(index, 3, 8)
    assert one == again != other
    assert {key: len(drawn) for key, (_, drawn) in one.strata.items()} == {
        ("layout", "shape"): 3,
        ("main_content", "nav"): 3,
        ("rules", "en/also-read"): 3,
    }
    one.write(tmp_path / "sample.json")
    assert read_sample(tmp_path / "sample.json") == one
    shuffled = story_pairs()[::-1]
    write_run(tmp_path / "shuffled", shuffled)
    with Index(tmp_path / "shuffled") as turned:
        assert draw(turned, 3, 7) == one
    with pytest.raises(ViewError, match="cleaner sample RUN"):
        read_sample(tmp_path / "none.json")


def test_precision_is_that_of_the_sample_weighed_by_stratum(index: Index) -> None:
    sample = draw(index, 4, 7)
    rules = {filter: texts for (filter, _), (texts, _) in sample.strata.items()}
    verdicts = [
        Verdict("wrong" if filter == "layout" and place == 0 else "right", filter, rule, digest)
        for (filter, rule), (_, drawn) in sample.strata.items()
        for place, digest in enumerate(drawn)
    ]
    outside = [
        Verdict("wrong", *text.key) for text in index.texts("t.filter = 'layout'") if text.key not in sample.keys
    ]
    result = measure(index, [*verdicts, *outside[:2]], sample)
    assert result.outside == 2
    by_filter = {one.name: (one.right, one.wrong) for one in result.groups["filter"]}
    assert by_filter == {"layout": (3, 1), "main_content": (4, 0), "rules": (4, 0)}
    assert result.estimate is not None
    assert result.estimate.precision == pytest.approx(1 - rules["layout"] / 4 / sum(rules.values()))
    assert result.estimate.low < result.estimate.precision < result.estimate.high
    assert result.estimate.covered == 1.0
    assert measure(index, [*verdicts, *outside[:2]], None).outside == 0
    assert measure(index, [], sample).estimate is None


@given(st.lists(st.tuples(st.integers(1, 1000), st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=6))
def test_an_estimate_lies_in_its_interval(strata: list[tuple[int, int, int]]) -> None:
    found = estimate(strata, sum(texts for texts, _, _ in strata))
    if found is None:
        assert all(right + wrong == 0 for _, right, wrong in strata)
    else:
        assert 0 <= found.low <= found.precision + 1e-9
        assert found.precision - 1e-9 <= found.high <= 1
        assert 0 < found.covered <= 1


def test_precision_is_a_gate(copied: Path, index: Index) -> None:
    cleaner("sample", copied, "--per-rule", 2)
    assert "nothing was judged" in cleaner("precision", copied, "--fail-under", 0.5, code=1).stderr
    sample = read_sample(copied / "sample.json")
    given = Verdicts(copied / "verdicts.jsonl")
    for place, key in enumerate(sample.keys):
        given.add(Verdict("wrong" if place == 0 else "right", *key))
    assert "is under 99.00%" in cleaner("precision", copied, "--fail-under", 0.99, code=1).stderr
    done = cleaner("precision", copied, "--fail-under", 0.5)
    assert "by a sample of 6 texts; the judged rules stand for 100.0% of its distinct texts" in done.stdout
    data = json.loads(cleaner("precision", copied, "--format", "json").stdout)
    assert data["drawn"] == 6
    assert sum(one["wrong"] for one in data["rule"]) == 1
    cleaner("report", copied)
    assert "Judged precision of the run" in (copied / "report.html").read_text(encoding="utf-8")


# verdicts to rules

MINE = """# Ours.
schema = 1
pack = "my"
languages = ["en"]

[[rule]]
id = "my/elm"
description = "A promo."
kind = "promo"
match = "prefix"
pattern = "also in elm:"
scope = "line"
confidence = 0.9  # by eye
hit = ["Also in Elm: rain"]
miss = ["Elm"]  # the town
"""


@pytest.mark.slow
def test_a_wrong_removal_becomes_an_exception_for_its_sites(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    given = [
        verdict("wrong", PROMO, sites=("elm.example",), languages=("en",)),
        verdict("wrong", "A line", filter="layout", rule="shape"),
        verdict("right", "Also Read: rain"),
        verdict("unsure", "Also Read: snow"),
        verdict("wrong", "x", filter="rules", rule="en/gone"),
        replace(verdict("wrong", "y"), text=None),
    ]
    change = apply_verdicts(given, load_packs(), path, case_runner)
    assert (change.exceptions, change.misses, change.evidence, change.failures) == (2, 0, 0, [])
    assert [line.rpartition(": ")[2] for line in change.left_out] == [
        "there is no such rule any more",
        "the run kept no text of it, or it is very long",
    ]
    assert not path.exists()
    path.write_text(change.after, encoding="utf-8")
    packs = load_packs((str(path),))
    again = apply_verdicts(given, packs, path, case_runner)
    assert (again.diff, again.known) == ("", 2)
    chosen = Cleaner(Settings(rules=(str(path),)))
    for site, stays in (("www.elm.example", True), ("oak.example", False), (None, False)):
        document = chosen.document(Raw(id="a", source="a", text=TEXT, site=site))
        assert (PROMO in chosen.clean(document).text) == stays, site


def test_verdicts_on_ones_own_rules_are_misses_and_evidence(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(MINE, encoding="utf-8")
    own = {"rule": "my/elm"}
    given = [
        verdict("wrong", "In Elm also: a story", **own),
        verdict("right", "Also in Elm: rain", sites=("a.example",), **own),
        verdict("right", "Also in Elm: snow", sites=("b.example",), **own),
    ]
    change = apply_verdicts(given, load_packs((str(path),)), path, case_runner)
    assert (change.exceptions, change.misses, change.evidence, change.failures) == (0, 1, 1, [])
    assert change.after == MINE.replace('["Elm"]', '["Elm", "In Elm also: a story"]') + (
        "evidence = {right = 2, wrong = 1, precision = 0.6667, low = 0.2077, high = 0.9385, sites = 2}\n"
    )
    path.write_text(change.after, encoding="utf-8")
    assert apply_verdicts(given, load_packs((str(path),)), path, case_runner).diff == ""


@pytest.mark.slow
def test_a_change_that_breaks_a_test_is_not_written(tmp_path: Path) -> None:
    case = '\n[[case]]\nname = "promo"\ntext = "Also in Elm: rain"\nwant = " "\n'
    (tmp_path / "mine.toml").write_text(MINE + case, encoding="utf-8")
    given = Verdicts(tmp_path / "verdicts.jsonl")
    given.add(verdict("wrong", "Also in Elm: rain", rule="my/elm"))
    words = ("rules", "apply-verdicts", "verdicts.jsonl", "--rules", "mine.toml", "--pack", "mine.toml", "--write")
    done = cleaner(*words, cwd=tmp_path, code=2)
    assert "nothing is written" in done.stderr
    assert (tmp_path / "mine.toml").read_text(encoding="utf-8") == MINE + case
    (tmp_path / "mine.toml").write_text(MINE, encoding="utf-8")
    shown = cleaner(*words[:-1], cwd=tmp_path)
    assert '+text = ["Also in Elm: rain"]' in shown.stdout
    assert (tmp_path / "mine.toml").read_text(encoding="utf-8") == MINE
    assert "1 exceptions, 0 misses" in cleaner(*words, cwd=tmp_path).stderr
    assert "nothing to change" in cleaner(*words, cwd=tmp_path).stderr


def test_exceptions_can_name_every_filter() -> None:
    assert [one.name for one in filters(load_rulebook(), Settings())] == list(FILTERS)


def test_without_exceptions_the_filters_are_as_they_were() -> None:
    chain = [Doubtful(), Sure(Doubtful(), 0.5)]
    assert spare(chain, Spared({})) == chain
    spared = Spared({"doubtful/guess": [Exemption("doubtful/guess", ("ONE ",), "Ours.")]})
    view = Chain(spare(chain[:1], spared)).clean(Document.from_text("one\ntwo\nthree\n"))
    assert [cut.start for cut in view.removals] == [4, 8]


# drift


def drifting(share: int, promos: int, braked: int) -> list[Any]:
    """A hundred documents on two sites of which one loses so many lines of twenty, with a rule that fires so often."""
    from cleaner.chain import Rejection

    pairs = []
    for number in range(100):
        lines: list[Any] = [(f"A line of a story {place}.", None) for place in range(20)]
        for place in range(share if number % 2 else 2):
            lines[place] = (lines[place][0], ("layout", "shape", 0.9))
        if number < promos:
            lines.append((PROMO, ("rules", "en/also-read", 0.9)))
        lost = Rejection("brake", "lost_too_much", "") if number >= 100 - braked else None
        pairs.append(cleaned(f"{number}.txt", lines, lost, site=f"{'odd' if number % 2 else 'even'}.example"))
    return pairs


def test_what_drifts_is_told_and_nothing_else(tmp_path: Path) -> None:
    write_run(tmp_path / "old", drifting(2, 10, 0))
    for name, pairs, want in (
        ("same", drifting(2, 12, 0), []),
        ("site", drifting(6, 10, 0), [("run", "all sites"), ("site", "odd.example")]),
        ("rule", drifting(2, 60, 0), [("rule", "en/also-read")]),
        ("brake", drifting(2, 10, 30), [("brake", "documents over the brake")]),
    ):
        write_run(tmp_path / name, pairs)
        found = drift(RunFolder(tmp_path / "old"), RunFolder(tmp_path / name), [0])
        assert [(one["kind"], one["name"]) for one in found["findings"]] == want, name


def test_a_run_is_compared_with_its_baseline(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    for number in range(12):
        (tmp_path / "raw" / f"{number}.txt").write_text("\n".join(hostile.story(number)) + "\n", encoding="utf-8")
    cleaner("run", tmp_path / "raw", "-o", tmp_path / "old", "--quiet")
    for number in range(12):
        with (tmp_path / "raw" / f"{number}.txt").open("a", encoding="utf-8") as stream:
            stream.write("Also Read: Harbour towns agree on a ferry line\n" * 3)
    baseline = ("--baseline", tmp_path / "old", "--fail-on-drift")
    done = cleaner("run", tmp_path / "raw", "-o", tmp_path / "new", *baseline, code=1)
    assert "drift: run all sites" in done.stderr
    assert manifest(tmp_path / "new")["drift"]["findings"][0]["kind"] == "run"
    again = cleaner("run", tmp_path / "raw", "-o", tmp_path / "new", *baseline, "--resume", code=1)
    assert "drift" in again.stderr
    cleaner("report", tmp_path / "new")
    assert "all sites" in (tmp_path / "new" / "report.html").read_text(encoding="utf-8")
    assert "--baseline" in cleaner("run", tmp_path / "raw", "-o", tmp_path / "x", "--fail-on-drift", code=2).stderr


def test_documents_are_read_by_unit_and_id(run: Path) -> None:
    found = [one.id for _, one in documents(RunFolder(run), {0: ["en/00.txt", "en/lost.txt", "nowhere"]})]
    assert found == ["en/00.txt", "en/lost.txt"]
