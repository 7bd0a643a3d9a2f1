"""Report and review in a real browser: keyboard, verdicts, links, hostile text, accessibility, screenshots.

Runs where playwright and a Chromium are (`apt-get install chromium`, or the path of one in CHROMIUM); otherwise every
test here is skipped and says so.  SCREENSHOTS names a folder that keeps the screenshots.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import hostile
import pytest
from audited import HOSTILE, hostile_pairs, story_pairs, write_run
from running import cleaner, manifest

from cleaner.audit.folder import find_document
from cleaner.shards.folder import RunFolder

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
CHROMIUM = os.environ.get("CHROMIUM") or next((path for name in NAMES if (path := shutil.which(name))), None)
playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install -e '.[dev]'")
pytestmark = [
    pytest.mark.skipif(
        CHROMIUM is None, reason="no Chromium on this machine: apt-get install chromium, or set CHROMIUM"
    ),
    pytest.mark.xdist_group("browser"),
]

SERIOUS = ("serious", "critical")
VIEWS = [(scheme, width) for scheme in ("light", "dark") for width in (1280, 390)]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    root = ["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    quiet = ["--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    with playwright.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=[*root, *quiet, "--no-first-run"])
        yield browser
        browser.close()


@pytest.fixture
def page(chromium: Any) -> Iterator[Any]:
    context = chromium.new_context(
        viewport={"width": 1280, "height": 900}, permissions=["clipboard-read", "clipboard-write"]
    )
    context.set_default_timeout(30_000)
    faults: list[str] = []
    one = context.new_page()
    one.on("pageerror", lambda error: faults.append(str(error)))
    one.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    one.on("dialog", lambda dialog: faults.append(f"dialog: {dialog.message}"))
    yield one
    context.close()
    assert faults == []


@contextmanager
def served(run: Path, *more: object) -> Iterator[str]:
    """The link to a review of a run by the command itself."""
    command = [sys.executable, "-m", "cleaner", "review", str(run), *map(str, more)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert server.stdout is not None
    try:
        yield server.stdout.readline().strip()
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(60)
        server.stdout.close()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("browser") / "run"
    drifted = {"baseline": "last week", "findings": [{"kind": "site", "name": "site-1.example", "said": "loses more"}]}
    write_run(out, story_pairs(90), drifted)
    cleaner("sample", out, "--per-rule", 5)
    cleaner("report", out)
    return out


@pytest.fixture(scope="module")
def link(run: Path) -> Iterator[str]:
    """A review that is only looked at."""
    with served(run) as given:
        yield given


@pytest.fixture(scope="module")
def hostile_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("hostile") / "run"
    write_run(out, hostile_pairs())
    return out


@pytest.fixture(scope="module")
def hostile_link(hostile_run: Path) -> Iterator[str]:
    with served(hostile_run) as given:
        yield given


def base(link: str) -> str:
    return link.partition("/?")[0]


def check_accessibility(page: Any) -> None:
    """axe-core finds nothing serious on the page as it is."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-core is not installed")
    found = axe.Axe().run(page).response["violations"]
    serious = [(one["id"], one["nodes"][0]["html"][:200]) for one in found if one["impact"] in SERIOUS]
    assert serious == []


def keep(page: Any, name: str) -> None:
    """Keep a screenshot where someone asked for it."""
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=f"{folder}/{name}.png")


def current(page: Any) -> str:
    return str(page.locator("article.current").get_attribute("data-number"))


def test_the_report_reads_filters_and_moves(page: Any, run: Path) -> None:
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.goto((run / "report.html").as_uri())
    assert len(requests) == 1
    for name, value in manifest(run)["books"].items():
        if isinstance(value, int) and name != "unreadable":
            assert page.locator(f"#books-{name}").inner_text() == f"{value:,}"
    page.keyboard.press("j")
    first = page.locator("article.current").inner_text()
    page.keyboard.press("j")
    assert page.locator("article.current").inner_text() != first
    page.keyboard.press("k")
    assert page.locator("article.current").inner_text() == first
    page.keyboard.press("/")
    page.keyboard.type("layout/shape")
    assert {section.get_attribute("data-rule") for section in page.locator("section.rule:visible").all()} == {
        "layout/shape"
    }
    assert page.locator("#narrowed").inner_text() == f"{page.locator('article.text:visible').count()} texts"
    removed = page.locator("article.text:visible .line.gone").first
    assert removed.locator(".sign").inner_text() == "−"
    assert "line-through" in removed.locator("del").evaluate("one => getComputedStyle(one).textDecorationLine")


def test_review_by_keyboard_alone(page: Any, run: Path, tmp_path: Path) -> None:
    verdicts = tmp_path / "verdicts.jsonl"
    with served(run, "--verdicts", verdicts) as link:
        page.goto(link)
        assert "token" not in page.url
        page.get_by_role("link", name="Texts").click()
        page.locator("select[name=filter]").select_option("layout")
        page.get_by_role("button", name="Show", exact=True).click()
        page.wait_for_url("**/texts?filter=layout*")
        total = page.locator("#total").inner_text()
        first = current(page)
        page.keyboard.press("j")
        second = current(page)
        assert second != first
        page.locator("article.current .context .line").first.wait_for()
        assert page.locator("article.current .context .line").count() > 3
        page.keyboard.press("k")
        assert current(page) == first
        for key, said in (("y", "right"), ("x", "wrong"), ("m", "unsure")):
            page.keyboard.press(key)
            page.get_by_text(f"{said}: saved").wait_for()
        page.keyboard.press("u")
        page.get_by_text("undone").wait_for()
        assert page.locator("article.current [data-verdict]").inner_text() == "judged wrong"
        page.keyboard.press("c")
        page.get_by_text("link copied").wait_for()
        copied = page.evaluate("navigator.clipboard.readText()")
        page.goto(f"{base(link)}/")
        page.goto(copied)
        assert page.locator("#total").inner_text() == total
        assert current(page) == first
        assert page.locator("article.current [aria-pressed=true]").get_attribute("value") == "wrong"
        page.keyboard.press("n")
        page.wait_for_url("**page=1**")
        page.keyboard.press("p")
        page.wait_for_function("!location.search.includes('page=1')")
        page.keyboard.press("]")
        page.wait_for_url("**rule=**")
        rule = page.locator("input[name=rule]").input_value()
        page.keyboard.press("]")
        page.wait_for_function("rule => document.querySelector('input[name=rule]').value !== rule", arg=rule)
        page.keyboard.press("[")
        page.wait_for_function("rule => document.querySelector('input[name=rule]').value === rule", arg=rule)
        page.keyboard.press("?")
        assert page.get_by_role("dialog").is_visible()
        page.keyboard.press("Escape")
        assert not page.get_by_role("dialog").is_visible()
        page.keyboard.press("/")
        page.keyboard.type("story 41")
        page.keyboard.press("Enter")
        page.wait_for_url("**/texts?q=story*41")
        assert page.locator("#total").inner_text().startswith("1 texts")
        page.keyboard.press("o")
        page.wait_for_url("**/document?**")
        page.keyboard.press("]")
        page.wait_for_url("**view=split**")
        assert page.locator("#clean").is_visible()
        page.keyboard.press("[")
        page.wait_for_function("!location.search.includes('split')")
        page.keyboard.press("j")
        assert "Removal 2 of 2" in page.locator("#judge").inner_text()
        page.keyboard.press("x")
        page.get_by_text("wrong: saved").wait_for()
        page.reload()
        assert page.locator("#judge [data-verdict]").inner_text() == "judged wrong"
    # another server, the same verdicts
    with served(run, "--verdicts", verdicts) as link:
        page.goto(link)
        page.goto(f"{base(link)}/texts?verdict=wrong")
        assert page.locator("#total").inner_text().startswith("2 texts")


def test_every_shortcut_is_a_button_that_says_so(page: Any, link: str) -> None:
    page.goto(link)
    for path in ("/", "/texts?page=1", "/document?unit=0&id=en/04.txt"):
        page.goto(base(link) + path)
        for one in page.locator("[data-key], [data-judge]").all():
            key = one.get_attribute("data-key") or one.get_attribute("data-judge")
            assert one.get_attribute("aria-keyshortcuts") == key
            assert one.evaluate("one => one.tagName") in ("BUTTON", "A")
            assert one.locator("kbd").text_content() == key


HELD = """() => [...document.querySelectorAll('#source .said')].map((one) => {
    for (const mark of one.querySelectorAll('.control'))
      if (!mark.textContent) mark.textContent = String.fromCodePoint(parseInt(mark.dataset.code.slice(2), 16));
    return one.textContent;
  }).join('')"""
"""The text of a document on its page, with the characters that HTML cannot hold from their names."""


def test_the_text_of_a_document_on_the_page_is_its_source(page: Any, run: Path, link: str) -> None:
    page.goto(link)
    for name in ("he/02.txt", "en/lost.txt"):
        for mode in ("inline", "split"):
            check_text(page, run, link, name, mode)


def test_the_text_of_a_hostile_document_is_its_source(page: Any, hostile_run: Path, hostile_link: str) -> None:
    page.goto(hostile_link)
    for one, _ in hostile_pairs():
        check_text(page, hostile_run, hostile_link, one.id, "inline")


def check_text(page: Any, folder: Path, link: str, name: str, mode: str) -> None:
    one = find_document(RunFolder(folder), name)
    page.goto(f"{base(link)}/document?{urlencode({'unit': 0, 'id': name, 'view': mode})}")
    assert page.evaluate(HELD) == one.text
    assert page.locator("#source-chars").inner_text() == f"{one.source_chars:,}"
    assert page.locator("#removed-chars").inner_text() == f"{one.removed_chars:,}"


def test_hostile_text_stands_in_the_page_and_does_nothing(page: Any, hostile_run: Path, hostile_link: str) -> None:
    cleaner("report", hostile_run)
    page.goto((hostile_run / "report.html").as_uri())
    check_hostile(page)
    assert page.evaluate("document.querySelectorAll('script').length") == 1
    page.goto(hostile_link)
    for path in ("/", "/texts", "/rules", "/sites", "/documents", "/documents?status=rejected"):
        page.goto(base(hostile_link) + path)
        page.wait_for_load_state("networkidle")
        counted = page.evaluate("[typeof window.owned, document.querySelectorAll('script, img, iframe').length]")
        assert counted == ["undefined", 1]
        assert page.evaluate("[...document.links].every((one) => one.protocol === 'http:')")
        assert page.evaluate("document.documentElement.scrollWidth") <= 1280
        if path == "/texts":
            check_hostile(page)


def check_hostile(page: Any) -> None:
    """What can stand in a page stands there, to the letter."""
    text = page.locator("body").text_content()
    for evil in HOSTILE[:6]:
        assert evil in text
    assert page.evaluate("typeof window.owned") == "undefined"


@pytest.mark.parametrize(("scheme", "width"), VIEWS)
def test_pages_are_accessible_and_fit(chromium: Any, run: Path, link: str, scheme: str, width: int) -> None:
    context = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    context.set_default_timeout(30_000)
    page = context.new_page()
    page.goto((run / "report.html").as_uri())
    # what axe looks for besides colours is the same in all views
    thorough = (scheme, width) in (("light", 1280), ("dark", 390))
    if thorough:
        check_accessibility(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    keep(page, f"report-{scheme}-{width}")
    page.evaluate("document.querySelector('#sample').scrollIntoView()")
    keep(page, f"report-sample-{scheme}-{width}")
    page.goto(link)
    paths = {
        "overview": "/",
        "texts": "/texts?filter=rules",
        "rules": "/rules",
        "sites": "/sites",
        "documents": "/documents",
        "arabic": "/document?unit=0&id=ar/05.txt",
        "hebrew": "/document?unit=0&id=he/02.txt&view=split",
        "chinese": "/document?unit=0&id=zh/03.txt",
    }
    for name, path in paths.items():
        page.goto(base(link) + path)
        page.wait_for_load_state("networkidle")
        if thorough:
            check_accessibility(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        keep(page, f"review-{name}-{scheme}-{width}")
    if thorough:
        page.keyboard.press("?")
        check_accessibility(page)
    context.close()


def test_excerpts_say_their_language_and_run_their_way(page: Any, link: str) -> None:
    page.goto(link)
    for name, direction in (("ar/05.txt", "rtl"), ("he/02.txt", "rtl"), ("zh/03.txt", "ltr")):
        page.goto(f"{base(link)}/document?unit=0&id={name}")
        said = page.locator("#source .said").first
        assert said.get_attribute("lang") == name[:2]
        assert said.evaluate("one => getComputedStyle(one).direction") == direction


@pytest.mark.slow
def test_three_wrong_removals_come_back_and_nothing_else(page: Any, tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    promos = ["Also Read: Harbour towns agree on a ferry line", "Also Read: The small print", "Leave a review"]
    for number in range(4):
        lines = [*hostile.story(number), *(promos[number : number + 1] or ["Sign up for our newsletter"])]
        lines += hostile.story(number + 50, 2)
        record = {"id": f"doc-{number}", "text": "\n".join(lines) + "\n", "site": "elm.example", "language": "en"}
        with (raw / "scrape.jsonl").open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(record) + "\n")
    cleaner("run", "raw", "-o", "before", "--quiet", cwd=tmp_path)
    with served(tmp_path / "before") as link:
        page.goto(link)
        for promo in promos:
            page.goto(f"{base(link)}/texts?{urlencode({'q': promo})}")
            page.keyboard.press("x")
            page.get_by_text("wrong: saved").wait_for()
    verdicts = Path("before") / "verdicts.jsonl"
    shown = cleaner("rules", "apply-verdicts", verdicts, cwd=tmp_path).stdout
    assert shown.count("+[[except]]") == 2
    assert not (tmp_path / "cleaner.toml").exists()
    cleaner("rules", "apply-verdicts", verdicts, "--write", cwd=tmp_path)
    cleaner("run", "raw", "-o", "after", "--quiet", cwd=tmp_path)
    found = json.loads(
        cleaner("diff", "before", "after", "--format", "json", "--exit-code", cwd=tmp_path, code=1).stdout
    )
    assert found["counts"] == {"lost": 3}
    assert sorted(one["text"].strip() for one in found["examples"]) == sorted(promos)
    assert re.search(r'sites = \["elm.example"\]', (tmp_path / "cleaner.toml").read_text(encoding="utf-8"))
