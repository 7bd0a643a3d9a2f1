"""Pages: their visible blocks, what they say about themselves, which are articles, and what extraction says of them."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.document import restore
from cleaner.extraction.around import FAR
from cleaner.extraction.dates import find_day, iso_date, written_day
from cleaner.extraction.features import PLAIN_FEATURES, Facts, page_facts
from cleaner.extraction.kind import REASONS
from cleaner.extraction.learned import LEARNED_FEATURES, learned_features
from cleaner.extraction.metadata import Metadata, Value, read_metadata
from cleaner.extraction.model import block_model, features_of_round, load_block_model
from cleaner.extraction.names import Names
from cleaner.extraction.page import MAX_DEPTH, PageError, parse_page
from cleaner.extraction.rounds import ROUND_FEATURES, WITNESS_FEATURES, round_features, witness_features
from cleaner.extraction.together import join
from cleaner.extraction.witness import ask, register
from cleaner.extraction.words import MAX_WORDS, TOGETHER, read_words
from cleaner.ingest.judge import Judged, Opened, judge
from cleaner.ingest.record import Raw
from cleaner.pipeline import Cleaner
from cleaner.settings import Settings, SettingsError
from cleaner.text import letters, tokens

PARAGRAPHS = [
    "The harbour office said on Monday that the old crane would be taken down before the first storm of the autumn.",
    "It was built in 1911 and has not lifted anything since the grain ships stopped calling at the eastern quay.",
    "A group of citizens wants to keep it as a landmark, and has collected two thousand signatures in three weeks.",
    "The council is to decide in May; until then the crane stands behind a fence, and gulls are nesting in the cabin.",
]
STORY = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)


def texts(html: str) -> list[str]:
    return parse_page(html).blocks.text


def raw(html: str, url: str | None = None) -> Raw:
    return Raw(id="page", source="page.html", html=html, url=url)


@pytest.fixture(scope="module")
def cleaners() -> dict[str, Cleaner]:
    return {name: Cleaner(Settings(extractor=name)) for name in ("auto", "blocks", "trafilatura")}


@pytest.mark.parametrize(
    ("html", "blocks"),
    [
        ("<p>one<br>two<br><br>three", ["one", "two", "three"]),
        ("<p>a <b>bold</b><i> and <u>under</u>lined</i> word", ["a bold and underlined word"]),
        ("<div>before<p>inside</p>after</div>", ["before", "inside", "after"]),
        ("<p>not<nobr> broken</nobr><wbr> here", ["not broken here"]),
        ("<dl><dt>Open<dd>daily<dt>Closed<dd>never</dl>", ["Open", "daily", "Closed", "never"]),
        ("<table><tr><td>a<td>b<tr><th>c<td><p>d<p>e</table>", ["a\tb", "c", "d", "e"]),
        ("<pre>  one\n  two\n\nthree</pre>", ["one", "two", "three"]),
        ("<blockquote>said<cite>who</cite></blockquote>next", ["saidwho", "next"]),
        ("<ul><li>one<li>two<ul><li>three</ul></ul>", ["one", "two", "three"]),
        ("<p>see<script>x</script><style>y</style><template>z</template><p hidden>h<p>n", ["see", "n"]),
        ("<p>story</p><div><noscript><p>copy</p></noscript></div>", ["story"]),
        ("<p>a<!-- b -->c", ["ac"]),
        ("<p>&#xD800;&nbsp;x&zwj;", ["\ufffd x\u200d"]),
        ("<td>lost<p>cell", ["lost", "cell"]),
        ("text alone", ["text alone"]),
        ("<p> \n\t <p>\u00a0<p>x", ["x"]),
        ("<a href=/><div>block</div>in a link</a>", ["block", "in a link"]),
        ("<ruby>漢<rp>(</rp><rt>kan</rt></ruby>", ["漢kan"]),
        ("", []),
    ],
)
def test_blocks_are_what_a_reader_sees_in_order(html: str, blocks: list[str]) -> None:
    assert texts(html) == blocks


def test_a_block_knows_its_links_and_its_elements() -> None:
    page = parse_page("<div class='Story Body' id=x><p>half <a href=/>half</a></p><p><a>all</a></p></div>")
    assert page.blocks.linked == [0.5, 1.0]
    assert page.path(page.blocks.owner[1]) == ("html", "body", "div", "p")
    one = page.elements.context[page.blocks.owner[0]]
    assert page.contexts.names[page.contexts.outer[one]] == "Story Body x"


def test_elements_hold_the_blocks_between_their_tags() -> None:
    page = parse_page("<nav>a</nav><div><p>b<p>c</div><p>d")
    held = {
        page.elements.tag[one]: page.blocks.text[page.elements.first[one] : page.elements.end[one]]
        for one in range(len(page.elements.tag))
    }
    assert held["div"] == ["b", "c"]
    assert held["html"] == ["a", "b", "c", "d"]


def test_a_page_of_more_blocks_than_the_settings_allow_is_refused() -> None:
    page = "<h1>The bridge</h1>" + "<p>The council voted to rebuild the old bridge before the winter.</p>" * 5
    for most, reason in ((5, "too_many_blocks"), (6, None)):
        rejection = Cleaner(Settings(max_blocks=most)).extract(Raw(id="a", source="a", html=page)).rejection
        assert (rejection.reason if rejection else None) == reason


@pytest.mark.parametrize("html", ["<div>" * (MAX_DEPTH + 1) + "x", "<div>" * 400_000, "<b><i>" * 100_000])
def test_a_page_nested_without_end_is_refused(html: str) -> None:
    with pytest.raises(PageError) as error:
        parse_page(html)
    assert error.value.reason == "too_deep"


MARKUP = st.sampled_from(
    "<p> </p> <div class='a b'> </div> <br> <li> <ul> </ul> <td> <tr> <table> </table> <a href=/> </a> <b> </b> <pre> "
    "</pre> <h1> </h1> <nav> </nav> <article> </article> <!-- --> <script> </script> <p hidden> &amp; < > \n".split(" ")
)


@given(st.lists(st.one_of(MARKUP, st.text(st.characters(exclude_categories=("Cs",)), max_size=12)), max_size=40))
def test_any_page_gives_figures_for_every_block(parts: list[str]) -> None:
    page = parse_page("".join(parts))
    blocks = page.blocks
    count = len(blocks.text)
    assert all(text == text.strip() and "\n" not in text and text for text in blocks.text)
    assert all(0 <= first <= end <= count for first, end in zip(page.elements.first, page.elements.end, strict=True))
    if not count:
        return
    pages = join([page])
    facts: Facts = page_facts(pages, [read_metadata(page.tree)])
    model = block_model()
    assert facts.plain.shape == (count, len(PLAIN_FEATURES))
    learned = learned_features(pages, facts, model.names.of(pages.names), model.said)
    assert learned.shape == (count, len(LEARNED_FEATURES))
    scores = facts.words - FAR
    assert round_features(facts, scores).shape == (count, len(ROUND_FEATURES))
    assert witness_features(facts, [True] * count, scores).shape == (count, len(WITNESS_FEATURES))


CHARACTERS = st.one_of(
    st.sampled_from("aBß'’- 1_İ\u0301\u200d\u0e01\u0e31外長\U00020000\U0001f600\U0001d400אבि"),
    st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")),
)


@given(st.lists(st.text(CHARACTERS, min_size=1, max_size=12), min_size=1, max_size=6))
def test_words_of_many_lines_are_those_of_each(lines: list[str]) -> None:
    words = read_words(lines)
    own = [tokens(line)[:MAX_WORDS] for line in lines]
    assert words.line.tolist() == [place for place, spelled in enumerate(own) for _ in spelled]
    assert words.keys == [letters(line) for line in lines]
    number = dict(zip((word for spelled in own for word in spelled), words.number.tolist(), strict=True))
    assert words.number.tolist() == [number[word] for spelled in own for word in spelled]
    assert len(set(number.values())) == len(number)


def test_words_of_a_long_page_are_read_in_pieces() -> None:
    lines = [f"line {place} of the page" for place in range(TOGETHER // 5)]
    words = read_words(lines)
    assert words.keys == [letters(line) for line in lines]
    assert words.line.tolist() == [place for place in range(len(lines)) for _ in range(5)]
    assert len(set(words.number.tolist())) == len(lines) + 4


@given(st.lists(st.one_of(MARKUP, st.sampled_from(PARAGRAPHS), st.text(max_size=8)), max_size=30))
def test_any_page_restores(parts: list[str]) -> None:
    cleaner = Cleaner(Settings(extractor="blocks", keep_non_articles=True, min_kept=0))
    outcome, rejection, _ = _shared(cleaner).clean_raw(raw("".join(parts)))
    assert rejection is None or rejection.stage != "clean", rejection
    if outcome is not None:
        source = outcome.document.text
        assert restore(outcome.text, [(one.start, source[one.start : one.end]) for one in outcome.removals]) == source


PAGE = st.lists(st.one_of(MARKUP, st.sampled_from(PARAGRAPHS), st.text(max_size=8)), max_size=20).map("".join)
NAMED = st.sampled_from(PARAGRAPHS).map(lambda one: f"<title>{one}</title><meta name=description content='{one}'>")


@given(
    st.lists(st.one_of(PAGE, st.builds(str.__add__, NAMED, PAGE)), min_size=1, max_size=12),
    st.sampled_from((1, 20, 4000)),
)
def test_pages_are_judged_together_as_each_alone(pages: list[str], together: int) -> None:
    cleaner = _shared(Cleaner(Settings(extractor="blocks", keep_non_articles=True, min_kept=0)))
    raws = [raw(html) for html in pages]
    raws.insert(len(raws) // 2, Raw(id="text", source="text", text=PARAGRAPHS[0]))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cleaner.ingest.judge.BLOCKS_TOGETHER", together)
        found = [*cleaner.extract_many(raws)]
    assert found == [cleaner.extract(one) for one in raws]


def test_a_page_that_cannot_be_judged_is_rejected_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = raw(f"<p>Broken</p>{STORY}")

    def fails(opened: Sequence[Opened], *settings: Any) -> list[Judged]:
        if any(one.raw is broken for one in opened):
            raise ArithmeticError("nothing adds up")
        return judge(opened, *settings)

    monkeypatch.setattr("cleaner.pipeline.judge", fails)
    found = [*Cleaner(Settings(extractor="blocks")).extract_many([raw(STORY), broken, raw("<b>" * 1000), raw(STORY)])]
    reasons = [one.rejection.reason if one.rejection else None for one in found]
    assert reasons == [None, "error", "too_deep", None]
    assert found[1].rejection is not None
    assert "nothing adds up" in found[1].rejection.detail


_known: list[Cleaner] = []


def _shared(cleaner: Cleaner) -> Cleaner:
    if not _known:
        _known.append(cleaner)
    return _known[0]


WRITTEN_NAMES = st.lists(
    st.sampled_from(["", "Body", "relatedLinks", "links-body", "nav", "x9 site_header", "body nav Body"]), min_size=1
)


@given(st.lists(WRITTEN_NAMES, max_size=6))
def test_names_say_the_same_whatever_is_remembered(calls: list[list[str]]) -> None:
    odds = {"body": -2.0, "related": 1.0, "links": 0.5, "related_links": 3.0, "links_body": 2.0}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cleaner.extraction.names.REMEMBERED", 3)
        names = Names(odds)
        for sets in calls:
            alone = [Names(odds).of([one])[:, 0].tolist() for one in sets]
            assert names.of(sets).T.tolist() == alone


def test_metadata_name_their_sources() -> None:
    linked = {
        "@graph": [
            {"@type": "WebSite", "name": "Site"},
            {
                "@type": ["NewsArticle"],
                "headline": "A &amp; B",
                "author": [{"name": "Ann Oak"}, "By Bo Ash"],
                "datePublished": "2021-05-04T08:00:00+02:00",
                "articleSection": "Sea",
            },
        ]
    }
    html = (
        f"<html lang=en-GB><script type='application/ld+json'>{json.dumps(linked)}</script>"
        "<script type='application/ld+json'>{broken</script>"
        "<meta property=og:title content='A and B'><meta property=og:site_name content=Elm>"
        "<meta property=article:modified_time content=2021-05-05><link rel=canonical href=/story>"
    )
    known = read_metadata(parse_page(html).tree, "https://elm.example/x")
    assert known.title is not None
    assert (known.title.text, known.title.source) == ("A & B", "json-ld")
    assert [(author.text, author.source) for author in known.authors] == [("Ann Oak", "json-ld"), ("Bo Ash", "json-ld")]
    found = (known.site, known.modified, known.section, known.canonical, known.language)
    assert [value and (value.text, value.source) for value in found] == [
        ("Elm", "meta:og:site_name"),
        ("2021-05-05", "meta:article:modified_time"),
        ("Sea", "json-ld"),
        ("https://elm.example/story", "link:canonical"),
        ("en", "html lang"),
    ]
    assert known.kind == "article"


@pytest.mark.parametrize(
    ("window", "headings", "title", "source"),
    [
        ("Elm Post: Bridge over the Elm opens again", "<h2>Bridge over the Elm opens again</h2>", 10, "h2"),
        ("Bridge over the Elm opens again | Elm Post", "<h3>Bridge over the Elm opens again</h3>", 0, "h3"),
        # what stands before a colon may be half of a title, and what stands in a first heading is one
        ("Bridge over the Elm: it opens again", "<h2>Bridge over the Elm</h2>", 0, "title"),
        ("Elm Post: Bridge over the Elm opens", "<h1>Elm Post: Bridge</h1><h2>Bridge over the Elm opens</h2>", 0, "h1"),
        ("Elm Post: News of the day", "<h2>News of the day</h2>" * 3, 10, "h2"),
        ("Elm Post: Sports", "<h2>Sports</h2>", 0, "title"),
    ],
)
def test_a_lower_heading_beside_a_name_is_the_title(window: str, headings: str, title: int, source: str) -> None:
    known = read_metadata(parse_page(f"<title>{window}</title><body>{headings}<p>Story.</p>").tree)
    assert known.title is not None
    assert known.title.source == source
    if source in ("h2", "h3"):
        assert window[title:].startswith(known.title.text)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=9),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["@type", "@graph", "author", "headline", "name", "articleBody", "mainEntity"]),
                inner,
                max_size=4,
            )
        ),
    )
)
def test_any_structured_data_is_read_or_left(data: object) -> None:
    code = json.dumps(data).replace("<", "\\u003c")
    read_metadata(parse_page(f"<script type='application/ld+json'>{code}</script>").tree)


@pytest.mark.parametrize(
    ("line", "day"),
    [
        ("Veröffentlicht am 31. März 2021 um 9 Uhr", "2021-03-31"),
        ("Publié le 1er août 2019", "2019-08-01"),
        ("3 de mayo de 2020 | 10:00", "2020-05-03"),
        ("Опубликовано 14 ноября 2022 г.", "2022-11-14"),
        ("12 ARALIK 2018", "2018-12-12"),
        ("15 listopada 2017", "2017-11-15"),
        ("April 21st, 2016", "2016-04-21"),
        ("Sept. 4, 2015", "2015-09-04"),
        ("2023년 1월 2일", "2023-01-02"),
        ("Stand: 04.05.2021", "2021-05-04"),
        ("4/31/2021", None),
        ("31.13.2021", None),
        ("The war ended on 8 May 1945", None),
        ("Tel. 010-2020-2021", None),
        ("Aprıl 3, 2014", "2014-04-03"),
    ],
)
def test_a_day_is_read_as_people_write_it(line: str, day: str | None) -> None:
    assert written_day(line) == day


@pytest.mark.parametrize(
    ("html", "url", "found"),
    [
        ("<h1>Crane</h1><p>2 May 2021<p>Story", "https://elm.example/2021/05/03/crane", Value("2021-05-03", "url")),
        ("<p>1 May 2021</p><h1>Crane</h1><p>By Ann Oak<p>2 May 2021", None, Value("2021-05-02", "line")),
        ("<p>1 May 2021</p><h1>Crane</h1><p>By Ann Oak", None, Value("2021-05-01", "line")),
        (
            "<p>Crane<p>" + "word " * 20 + "2 May 2021<time datetime=2021-05-04>today</time>",
            None,
            Value("2021-05-04", "time"),
        ),
        ("<h1>Crane</h1><p>" + "word " * 20 + "2 May 2021", "https://elm.example/20214455", None),
        ("<h1>Crane</h1>", "https://elm.example/2021/13/45/crane", None),
    ],
)
def test_the_day_of_a_page_that_declares_none(html: str, url: str | None, found: Value | None) -> None:
    assert find_day(parse_page(html), Metadata(), url) == found


@given(st.text(max_size=30))
def test_a_date_is_a_day_or_none(text: str) -> None:
    found = iso_date(text)
    assert found is None or len(found) == 10


def test_a_row_tells_what_the_page_says_and_where(cleaners: dict[str, Cleaner]) -> None:
    head = (
        "<title>The crane | Elm Post</title><meta property=og:title content='The old crane of Elm goes'>"
        "<meta property=article:published_time content=2021-05-04T08:00:00Z><meta name=author content='Ann Oak'>"
    )
    from cleaner.rows import collect

    page = raw(
        f"<html lang=en>{head}<article><h1>The old crane of Elm goes</h1>{STORY}</article>", "https://elm.example/c"
    )
    row = collect([(page, *cleaners["auto"].clean_raw(page))], "full").clean.to_pylist()[0]
    assert row["title"] == "The old crane of Elm goes"
    assert (row["author"], row["date"], row["site"]) == ("Ann Oak", "2021-05-04", "elm.example")
    assert {"field": "title", "source": "meta:og:title"} in row["sources"]
    assert row["text"].split("\n")[:-1] == PARAGRAPHS


def test_byline_and_caption_are_facts_of_the_row_and_no_text(cleaners: dict[str, Cleaner]) -> None:
    from cleaner.rows import collect

    page = raw(
        "<html lang=en><title>The old crane of Elm goes</title><meta name=author content='Ann Oak'>"
        "<article><h1>The old crane of Elm goes</h1><div class=byline>By <a href=/ann>Ann Oak</a></div>"
        "<figure><img src=crane.jpg><figcaption>The crane on the eastern quay last week</figcaption></figure>"
        f"{STORY}</article>"
    )
    row = collect([(page, *cleaners["auto"].clean_raw(page))], "full").clean.to_pylist()[0]
    assert row["text"].split("\n")[:-1] == PARAGRAPHS
    assert row["credits"] == [
        {"kind": "byline", "text": "By Ann Oak"},
        {"kind": "caption", "text": "The crane on the eastern quay last week"},
    ]


@pytest.mark.parametrize("extractor", ["auto", "blocks", "trafilatura"])
def test_the_headline_stands_in_the_title_or_first_in_the_text(extractor: str) -> None:
    page = raw(
        f"<!DOCTYPE html><html><head><title>The crane goes</title></head><body>{MENU}"
        f"<article><h1>The crane goes</h1>{STORY}</article></body></html>"
    )
    for headline, first in (("title", PARAGRAPHS[0]), ("text", "The crane goes")):
        outcome, rejection, _ = Cleaner(Settings(extractor=extractor, headline=headline)).clean_raw(page)
        assert outcome is not None and rejection is None
        assert outcome.document.title == "The crane goes"
        assert outcome.text.split("\n")[0] == first
        assert outcome.text.count("The crane goes") == (headline == "text")


def test_text_without_markup_keeps_its_headline(cleaners: dict[str, Cleaner]) -> None:
    text = "\n".join(["The crane goes", *PARAGRAPHS]) + "\n"
    outcome, _, _ = cleaners["auto"].clean_raw(Raw(id="t", source="t.txt", text=text, title="The crane goes"))
    assert outcome is not None
    assert outcome.text == text


MENU = "<nav class=main-nav><ul>" + "".join(f"<li><a href=/{n}>Section {n}</a>" for n in range(9)) + "</ul></nav>"
NON_ARTICLES = {
    "error_page": f"<title>404 - Page not found</title>{MENU}<h1>Page not found</h1><p>Try the search.</p>",
    "script_shell": "<title>Elm Post</title><div id=root></div><script>1</script><script>2</script><script>3</script>"
    "<p>Please enable JavaScript.</p>",
    "consent_wall": "<title>Elm Post</title><div class=cmp><h2>Your privacy</h2><p>We and our partners use cookies.</p>"
    "<p>Cookies help us to measure.</p><button>Accept cookies</button></div>" + "<a href=/>Elm Post</a><br>" * 6,
    "paywall": "<title>The crane goes</title><meta property=og:type content=article>" + MENU + "<h1>The crane goes</h1>"
    "<div class=paywall-box><p>This story is for readers with a subscription.</p><a href=/s>Subscribe now</a></div>"
    + "<footer>" + "<a href=/i>Imprint of Elm Post</a> " * 12 + "</footer>",
    "gallery": f"<title>Gallery: the crane in 20 pictures</title>{MENU}<h1>The crane in 20 pictures</h1>"
    + "<figure><img src=a><figcaption>The crane</figcaption></figure>" * 20,
    "home_page": f"<title>Elm Post</title>{MENU}"
    + "".join(f"<div class=teaser><h2><a href=/{n}>Council votes on bridge {n}</a></h2></div>" for n in range(20)),
    "no_article": "<title>Weather in Elm</title><meta property=og:type content=article>" + MENU + "<table>"
    + "".join(f"<tr><td>Day {n}<td>{n} degrees<td>rain" for n in range(20)) + "</table>",
}  # fmt: skip


@pytest.mark.parametrize("reason", REASONS)
def test_a_page_without_an_article_is_rejected_with_its_reason(reason: str, cleaners: dict[str, Cleaner]) -> None:
    outcome, rejection, text = cleaners["auto"].clean_raw(raw(f"<!DOCTYPE html><html lang=en>{NON_ARTICLES[reason]}"))
    assert outcome is None
    assert rejection is not None
    assert (rejection.stage, rejection.reason) == ("extract", reason), rejection
    assert text


def test_non_articles_are_cleaned_where_it_is_asked() -> None:
    cleaner = Cleaner(Settings(keep_non_articles=True, min_kept=0))
    outcome, rejection, _ = cleaner.clean_raw(raw(NON_ARTICLES["home_page"]))
    assert outcome is not None
    assert rejection is None or rejection.stage == "brake"


def test_an_article_about_missing_pages_is_an_article(cleaners: dict[str, Cleaner]) -> None:
    page = (
        f"<title>Why error 404 means not found</title><article><h1>Why error 404 means not found</h1>{STORY}</article>"
    )
    _, rejection, _ = cleaners["auto"].clean_raw(raw(page))
    assert rejection is None


def test_a_story_that_the_page_carries_as_data_alone_is_kept(cleaners: dict[str, Cleaner]) -> None:
    linked = json.dumps({"@type": "NewsArticle", "headline": "The crane", "articleBody": "\n".join(PARAGRAPHS)})
    page = f"<script type='application/ld+json'>{linked}</script>{MENU}<h1>The crane</h1><p>{PARAGRAPHS[0]}</p>"
    for name in ("auto", "blocks"):
        outcome, rejection, _ = cleaners[name].clean_raw(raw(page))
        assert outcome is not None and rejection is None
        assert outcome.text.split("\n")[:-1] == PARAGRAPHS


@pytest.mark.parametrize(
    ("html", "blocks"),
    [
        ('a<template id="B:0"></template>c<div hidden id="S:0"><p>b</p></div><script>$RC("B:0","S:0")</script>', "abc"),
        ('<p>a<template id="B:1"></template></p><p>c</p><div hidden id="S:4">b</div><script>$RC("B:1","S:4")', "abc"),
        # by its number where the calls are gone, where it stands where its place is not there; nested
        ('<template id="B:0"></template><p>b</p><div hidden id="S:0"><p>a</p></div>', "ab"),
        ('<p>a</p><div hidden id="S:1"><p>b</p></div>', "ab"),
        ('<template id="B:0"></template><p>d</p><div hidden id="S:0"><p>a</p><template id="P:1"></template><p>c</p>'
         '</div><div hidden id="S:1"><p>b</p></div><script>$RS("S:1","P:1");$RC("B:0","S:0")</script>', "abcd"),
        # a part that is its own place is not seen, and does no harm
        ('<p>a</p><div hidden id="S:0"><template id="B:0"></template><p>b</p></div><div hidden id=S:x>c</div>', "a"),
    ],
)  # fmt: skip
def test_parts_that_the_server_sent_late_stand_where_a_reader_sees_them(html: str, blocks: str) -> None:
    assert "".join(texts(f"<body>{html}")) == blocks


def test_a_story_that_a_script_draws_is_read(cleaners: dict[str, Cleaner]) -> None:
    inner = json.dumps({"headline": "The crane", "body": STORY}).replace("<", "\\u003c")
    empty = f"<title>The crane</title><meta property=og:type content=article><div id=root></div>{MENU}"
    for code in (f"self.push([1,{json.dumps(inner)}])", inner):
        for name in ("auto", "blocks"):
            outcome, rejection, _ = cleaners[name].clean_raw(raw(f"<html>{empty}<script>{code}</script></html>"))
            assert outcome is not None and rejection is None
            assert outcome.text.split("\n")[:-1] == PARAGRAPHS


def test_a_story_that_stands_twice_is_told_once(cleaners: dict[str, Cleaner]) -> None:
    told = [
        *PARAGRAPHS,
        "Ann Oak, who runs the museum of shipping, said that nobody had asked her, and that she has its drawings.",
        "Taking it apart costs more than a coat of paint every ten years, an engineer wrote in a letter to the mayor.",
        "Trains to the quay stopped in 1974, and the rails were sold to a railway in the hills that carries children.",
    ]
    whole = f"<div itemprop=articleBody>{' '.join(told)}</div>"
    page = f"<title>The crane</title><article><h1>The crane</h1>{''.join(f'<p>{one}</p>' for one in told)}</article>"
    for name in ("auto", "blocks"):
        outcome, rejection, _ = cleaners[name].clean_raw(raw(page + whole))
        assert outcome is not None and rejection is None
        assert outcome.text.split("\n")[:-1] == told


def test_a_page_of_little_but_a_brief_is_an_article(cleaners: dict[str, Cleaner]) -> None:
    brief = " ".join(PARAGRAPHS[:2])
    outcome, rejection, _ = cleaners["auto"].clean_raw(raw(f"<title>The crane</title><h1>The crane</h1><p>{brief}</p>"))
    assert rejection is None and outcome is not None
    assert outcome.text.split("\n")[:-1] == [brief]


@pytest.mark.parametrize("extractor", ["auto", "blocks"])
def test_a_page_longer_than_all_that_was_learned_from_comes_out_whole(
    extractor: str, cleaners: dict[str, Cleaner]
) -> None:
    words = (
        "council minister harbour bridge treaty winter market bus border river voted the of a in and to for on".split()
    )
    seeded = random.Random(0)
    told = [" ".join(seeded.choices(words, k=25)).capitalize() + "." for _ in range(1000)]
    page = raw(f"<title>Story of it</title><article>{''.join(f'<p>{one}</p>' for one in told)}</article>")
    outcome, rejection, _ = cleaners[extractor].clean_raw(page)
    assert rejection is None and outcome is not None
    assert outcome.text.split("\n")[:-1] == told


def test_another_extractor_comes_in_by_its_name() -> None:
    register("only-second", lambda html, url: PARAGRAPHS[1])
    outcome, rejection, _ = Cleaner(Settings(extractor="only-second", keep_non_articles=True)).clean_raw(raw(STORY))
    assert outcome is not None and rejection is None
    assert outcome.text == PARAGRAPHS[1] + "\n"
    assert ask("only-second", "", None) == PARAGRAPHS[1]
    with pytest.raises(ValueError, match="built in"):
        register("auto", lambda html, url: None)


def test_an_extractor_that_is_not_there_is_named() -> None:
    with pytest.raises(SettingsError, match="extractor: 'readabillity' is none of auto, blocks, trafilatura"):
        Cleaner(Settings(extractor="readabillity"))


def test_every_removal_of_extraction_tells_why(cleaners: dict[str, Cleaner]) -> None:
    page = f"<title>Crane</title>{MENU}<article><h1>Crane</h1>{STORY}</article><footer><p>Elm Post, Quay 3</footer>"
    outcome, _, _ = cleaners["auto"].clean_raw(raw(page))
    assert outcome is not None
    mine = [one for one in outcome.removals if one.filter == "main_content"]
    assert {one.rule for one in mine} == {"nav", "headline", "footer"}
    assert all(one.evidence.get("because") for one in mine if one.rule != "headline")
    assert all("evidence: " in one.reason for one in mine if one.rule != "headline")


def test_a_model_of_other_features_is_refused(tmp_path: object) -> None:
    from pathlib import Path

    assert block_model().record["sites"] > 800
    assert len(features_of_round(0)) < len(features_of_round(1))
    path = Path(str(tmp_path)) / "model.json"
    path.write_text(json.dumps({"rounds": [{"features": ["words"]}]}))
    with pytest.raises(ValueError, match="train it again"):
        load_block_model(path)


def test_verdicts_depend_on_the_page_alone(cleaners: dict[str, Cleaner]) -> None:
    page = raw(f"<title>Crane</title>{MENU}<article>{STORY}</article>")
    first = cleaners["auto"].document(page)
    cleaners["auto"].document(raw(NON_ARTICLES["home_page"]))
    assert replace(first) == cleaners["auto"].document(page)


STANDFIRST = "Two lanes for cars, one for bicycles and no toll: what was decided after five hours"
DECISION = "".join(
    f"<p>The council of Elm voted on Monday to rebuild the old bridge over the river, the mayor said {number} times, "
    "after a debate that had lasted until midnight.</p>"
    for number in ("two", "three", "four", "five", "six")
)
BYLINE = "<div class=meta>By Ann Oak, 4 May 2021, 10:15</div>"


@pytest.mark.parametrize(
    ("head", "above"),
    [
        (f'<meta name=description content="{STANDFIRST}">', f"{BYLINE}<div class=x1>{STANDFIRST}</div>"),
        (
            f'<meta property="og:description" content="{STANDFIRST[:70]} …">',
            f"{BYLINE}<div class=x1>{STANDFIRST}</div>",
        ),
        ("", f"{BYLINE}<h3 class='post__subtitle'>{STANDFIRST}</h3>"),
        ("", f"<h2 class=css-1x2y3z>{STANDFIRST}</h2>{BYLINE}"),
    ],
)
def test_a_standfirst_is_kept_wherever_the_page_puts_it(head: str, above: str) -> None:
    page = (
        f"<html><head><title>Elm decides</title>{head}</head><body><nav><a href=/a>News</a><a href=/b>Sport</a></nav>"
        f"<header><h1>Elm decides on its old bridge</h1>{above}</header><div class=body>{DECISION}</div>"
        "<footer><a href=/t>Terms</a></footer></body></html>"
    )
    outcome = Cleaner().clean_html(page)
    assert outcome.text.splitlines()[0] == STANDFIRST
    assert "Ann Oak" not in outcome.text


def test_a_description_that_repeats_the_lead_or_a_caption_brings_nothing_in() -> None:
    lead = "The council of Elm voted on Monday to rebuild the old bridge over the river."
    page = (
        f'<html><head><title>Elm</title><meta name=description content="{lead}"></head><body>'
        f"<header><h1>Elm decides on its old bridge</h1>{BYLINE}"
        f"<figure><figcaption>{lead}</figcaption></figure></header>"
        f"<div class=teaser>{lead}</div><div class=body><p>{lead}</p>{DECISION}</div></body></html>"
    )
    assert Cleaner().clean_html(page).text.count(lead) == 1
