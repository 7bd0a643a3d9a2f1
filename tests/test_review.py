"""The review server: who it answers, what it answers, and that what it shows is what the run holds."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from audited import hostile_pairs, story_pairs, write_run
from flask.testing import FlaskClient
from running import manifest

from cleaner.audit.folder import find_document
from cleaner.audit.index import Index
from cleaner.audit.precision import draw
from cleaner.audit.review import HEADERS, Review, TextView, create_app
from cleaner.audit.verdicts import Verdicts
from cleaner.shards.folder import RunFolder

HOST = "127.0.0.1:8000"
OWN = {"Host": HOST}
POST = {**OWN, "Origin": f"http://{HOST}", "Accept": "application/json"}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("review") / "run"
    write_run(out, story_pairs())
    return out


@pytest.fixture
def review(run: Path, tmp_path: Path) -> Iterator[Review]:
    with Index(run) as index:
        made = Review(index, Verdicts(tmp_path / "verdicts.jsonl"), draw(index, 2, 7))
        made.listens(8000)
        yield made


@pytest.fixture
def stranger(review: Review) -> FlaskClient:
    return create_app(review).test_client()


@pytest.fixture
def client(stranger: FlaskClient, review: Review) -> FlaskClient:
    answer = stranger.get(f"/texts?token={review.token}&rule=layout/shape", headers=OWN)
    assert (answer.status_code, answer.headers["Location"]) == (302, "/texts?rule=layout%2Fshape")
    assert "HttpOnly" in answer.headers["Set-Cookie"]
    assert "SameSite=Strict" in answer.headers["Set-Cookie"]
    return stranger


PATHS = ("/", "/texts", "/rules", "/sites", "/documents", "/document?unit=0&id=en/00.txt", "/context?number=0")


def test_without_the_token_nothing_is_answered(stranger: FlaskClient, review: Review) -> None:
    for path in (*PATHS, "/static/review.js", "/nowhere", "/?token=wrong", "/?token=é"):
        assert stranger.get(path, headers=OWN).status_code == 403, path
    for path in ("/verdict", "/undo", f"/undo?token={review.token}"):
        assert stranger.post(path, headers=POST).status_code == 403, path
    stranger.set_cookie(review.cookie, "wrong", domain=HOST)
    assert stranger.get("/", headers=OWN).status_code == 403


def test_another_host_or_origin_is_refused(client: FlaskClient, review: Review) -> None:
    assert client.get("/", headers=OWN).status_code == 200
    for host in ("evil.example", "127.0.0.1", "127.0.0.1:8001", "localhost:8000.evil.example"):
        assert client.get(f"/?token={review.token}", headers={"Host": host}).status_code == 403, host
    number = review.index.texts(limit=1)[0].number
    for origin in ("http://evil.example", "null", "https://127.0.0.1:8000", None):
        headers = {**OWN, **({"Origin": origin} if origin else {})}
        answer = client.post("/verdict", data={"number": number, "verdict": "wrong"}, headers=headers)
        assert answer.status_code == 403, origin
    assert client.get("/", headers={**OWN, "Origin": "http://evil.example"}).status_code == 403
    assert review.verdicts.last == {}


def test_every_answer_carries_the_policy(client: FlaskClient) -> None:
    for path in (*PATHS, "/static/audit.css", "/nowhere"):
        answer = client.get(path, headers=OWN)
        for name, value in HEADERS.items():
            assert answer.headers[name] == value, path
        assert "unsafe" not in answer.headers["Content-Security-Policy"]
    page = client.get("/texts", headers=OWN).text
    assert not re.search(r"<script(?! src=\"/static/)|\son[a-z]+=|style=", page)


def test_nonsense_is_told_apart_from_faults(client: FlaskClient) -> None:
    wrong = (
        "/texts?sort=x",
        "/texts?page=x",
        "/texts?least=x",
        "/texts?verdict=x",
        "/documents?status=x",
        "/texts?page=-1",
    )
    for path in (*wrong, "/document?unit=x&id=a", f"/texts?q={'x' * 600}", "/document?unit=0&id=a&at=²"):
        assert client.get(path, headers=OWN).status_code == 400, path
    for path in ("/document?unit=0&id=a", "/document?unit=7&id=en/00.txt", "/context?number=12345", "/nowhere"):
        assert client.get(path, headers=OWN).status_code == 404, path
    for data in ({"number": "0", "verdict": "maybe"}, {"verdict": "right"}, {"number": "x", "verdict": "right"}):
        assert client.post("/verdict", data=data, headers=POST).status_code == 400, data
    assert client.get("/verdict", headers=OWN).status_code == 405


def test_pages_show_the_figures_of_the_run(client: FlaskClient, run: Path) -> None:
    page = client.get("/", headers=OWN).text
    for name, value in manifest(run)["books"].items():
        if isinstance(value, int) and name != "unreadable":
            assert f'<b id="books-{name}">{value:,}</b>' in page


@pytest.mark.parametrize(
    ("fields", "condition"),
    [
        ({}, lambda text: True),
        ({"rule": "layout/shape"}, lambda text: text.code == "layout/shape"),
        ({"rule": "en/"}, lambda text: text.rule.startswith("en/")),
        ({"filter": "rules", "language": "he"}, lambda text: text.filter == "rules" and text.language == "he"),
        ({"q": "STORY 7"}, lambda text: "story 7" in text.text),
        ({"least": "0.8", "most": "0.9"}, lambda text: 0.8 <= text.least <= 0.9),
        ({"verdict": "none"}, lambda text: True),
        ({"verdict": "wrong"}, lambda text: False),
    ],
)
def test_filters_choose_texts(client: FlaskClient, review: Review, fields: dict[str, str], condition: Any) -> None:
    want = [text for text in review.index.texts(limit=1000) if condition(text)]
    page = client.get(TextView(**fields).link(), headers=OWN).text
    said = re.search(r'id="total">([\d,]+) texts, ([\d,]+) removals', page)
    assert said
    assert (int(said[1]), int(said[2])) == (len(want), sum(text.removals for text in want))
    shown = {int(number) for number in re.findall(r'data-number="(\d+)"', page)}
    assert shown <= {text.number for text in want}
    assert len(shown) == min(20, len(want))


def test_a_site_and_the_sample_choose_texts(client: FlaskClient, review: Review) -> None:
    page = client.get("/texts?site=site-1.example", headers=OWN).text
    ((want,),) = review.index.rows(
        "SELECT count(DISTINCT (filter, rule, digest)) FROM cuts WHERE site = 'site-1.example'"
    )
    assert f'id="total">{want} texts' in page
    assert 'id="total">6 texts' in client.get("/texts?sample=1", headers=OWN).text


def test_pages_of_a_list_hold_every_text_once(client: FlaskClient, review: Review) -> None:
    seen: list[str] = []
    path: str | None = "/texts?sort=unsure"
    while path:
        page = client.get(path, headers=OWN).text
        seen += re.findall(r'data-number="(\d+)"', page)
        found = re.search(r'data-key="n"[^>]*href="([^"]+)"', page)
        path = found[1].replace("&amp;", "&") if found else None
    assert sorted(map(int, seen)) == sorted(text.number for text in review.index.texts(limit=1000))


def test_a_verdict_is_on_the_disk_when_it_is_answered(client: FlaskClient, review: Review) -> None:
    text = review.index.texts("t.filter = 'layout' AND t.removals = 1", limit=1)[0]
    answer = client.post("/verdict", data={"number": text.number, "verdict": "wrong"}, headers=POST)
    assert answer.json == {"number": text.number, "verdict": "wrong"}
    (saved,) = Verdicts(review.verdicts.path).last.values()
    assert (saved.verdict, saved.text, saved.sites, saved.source) == ("wrong", text.text, (text.site,), text.source)
    assert "judged wrong" in client.get("/texts?verdict=wrong", headers=OWN).text
    assert client.post("/undo", headers=POST).json == {"number": text.number, "verdict": ""}
    assert Verdicts(review.verdicts.path).last == {}
    assert client.post("/undo", headers=POST).json == {"number": None, "verdict": ""}
    plain = {name: value for name, value in POST.items() if name != "Accept"}
    back = client.post("/verdict", data={"number": text.number, "verdict": "right"}, headers=plain)
    assert (back.status_code, back.headers["Location"]) == (303, f"/texts?rule=layout%2Fshape&at={text.number}")


def test_a_verdict_that_cannot_be_saved_says_so(client: FlaskClient, review: Review) -> None:
    review.verdicts.path.mkdir()
    number = review.index.texts(limit=1)[0].number
    answer = client.post("/verdict", data={"number": number, "verdict": "wrong"}, headers=POST)
    assert answer.status_code == 500
    assert "cannot be written" in answer.json["error"]


def test_verdicts_on_long_texts_hold_the_whole_text(tmp_path: Path) -> None:
    from audited import cleaned

    long = "Also Read: " + "a long list of stories " * 200
    write_run(tmp_path / "run", [cleaned("a", [("A story.", None), (long, ("layout", "shape", 0.9))])])
    with Index(tmp_path / "run") as index:
        review = Review(index, Verdicts(tmp_path / "verdicts.jsonl"))
        text = index.texts(limit=1)[0]
        assert len(text.text or "") < len(long)
        review.judge(text.number, "wrong")
        assert review.verdicts.last[text.key].text == long.strip()


def test_hostile_fields_are_shown_as_text(tmp_path: Path) -> None:
    write_run(tmp_path / "run", hostile_pairs())
    with Index(tmp_path / "run") as index:
        review = Review(index, Verdicts(tmp_path / "verdicts.jsonl"))
        review.listens(8000)
        client = create_app(review).test_client()
        client.get(f"/?token={review.token}", headers=OWN)
        paths = ["/", "/texts", "/rules", "/sites", "/documents", "/documents?status=rejected"]
        for path in paths:
            page = client.get(path, headers=OWN)
            assert page.status_code == 200, path
            found = re.findall(r'href="(/document[^"]*|/texts[^"]*)"', page.text)
            for inner in sorted({one.replace("&amp;", "&") for one in found})[:6]:
                answer = client.get(inner, headers=OWN)
                assert answer.status_code in (200, 400), inner
                for html in (page.text, answer.text):
                    assert html.count("<script") <= 1
                    assert "<img" not in html
                    assert not re.search(r'href="(?!/|#)', html)


def test_documents_of_one_id_are_told_apart_by_their_source(run: Path) -> None:
    one = find_document(RunFolder(run), "en/00.txt")
    with Index(run) as index:
        review = Review(index, Verdicts(run.parent / "none.jsonl"))
        assert review.shown(0, "en/00.txt", one.source).text == one.text


def test_the_command_serves_until_it_is_interrupted(run: Path, tmp_path: Path) -> None:
    import signal
    import subprocess
    import sys
    import urllib.request

    copied = shutil.copytree(run, tmp_path / "run")
    server = subprocess.Popen(
        [sys.executable, "-m", "cleaner", "review", str(copied)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    link = server.stdout.readline().strip()
    try:
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+/\?token=\S{32}", link)
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        with opener.open(link) as answer:
            assert b"Overview" in answer.read()
    finally:
        server.send_signal(signal.SIGINT)
        _, said = server.communicate(timeout=60)
    assert "Traceback" not in said
    assert "verdicts go to" in said
