"""Generated documents: story and cruft in several scripts, with everything that makes text awkward."""

from __future__ import annotations

from textwrap import fill

from hypothesis import strategies as st

WORDS = {
    "Latin": "the minister said on Monday that harbour council river İlham naïve Straße ﬁnal e\u0301tude".split(),
    "Cyrillic": "министр заявил в понедельник совет мост река договор голосование й\u0306 город сегодня".split(),
    "Arabic": "الوزير قال يوم الاثنين المجلس الجسر النهر الاتفاق \u202bالمدينة\u202c وَقَّع".split(),
    "Armenian": "նախարարը ասաց երկուշաբթի խորհուրդ կամուրջ գետ պայմանագիր".split(),
    "Devanagari": "मंत्री ने सोमवार को कहा परिषद पुल नदी संधि क्\u200dष".split(),
    "Han": "外长 周一 表示 议会 桥梁 河流 条约 投票".split(),
    "Thai": "รัฐมนตรี กล่าว วันจันทร์ สภา สะพาน แม่น้ำ".split(),
}
STOPS = {"Arabic": ".", "Armenian": "։", "Devanagari": "।", "Han": "。", "Thai": ""}
CRUFT = [
    "Also Read: Harbour towns agree on a ferry line",
    "Leave a review",
    "source: gazette.example",
    "photo: The bridge in winter (archive picture)",
    "Related articles",
    "Editor's choice",
    "Politics",
    "News",
    "-",
    "•",
    "ADVERTISEMENT",
    "-02D-",
    "###",
    "© 2023 Gazette",
    "All rights reserved.",
    "https://www.example.org/x",
    "Read more | Another",
    "Share this article on Facebook",
]
MARKDOWN = [
    "# The council of Elm decides",
    "* [Sport](/sport)",
    '[![Logo](/logo.png)](https://www.example.org/ "Home")',
    "![A bridge](bridge.jpg)",
    "> [Also Read: Harbour towns agree](/ferry) on a **ferry**",
    "| a | [b](c) |",
    "|---|---|",
    "* * *",
    "**Leave a review**",
    "The [council](/c) of _Elm_ \\[voted\\] on `Monday`.",
    "[open **and** never](closed",
    "](x) ** _ [",
]
BREAKS = ["\n", "\n\n", "\r\n", "\r", "\x0b", "\f", "\u2028", "\u2029", "\x85", "\n \t\n", "\r\n\r\n"]
MARKS = ["", "", "", " -02D-", " -0- -1-", " /END/", "\u00a0-02D-", "\x00", "\u0301", "\ufeff", "  "]


@st.composite
def lines(draw: st.DrawFn) -> str:
    """One line: a sentence in some script, cruft, a headline, or characters of any kind."""
    kind = draw(st.sampled_from(["story", "story", "story", "cruft", "cruft", "headline", "any", "markdown"]))
    if kind == "markdown":
        return draw(st.sampled_from(MARKDOWN))
    if kind == "cruft":
        return draw(st.sampled_from(CRUFT)) + draw(st.sampled_from(MARKS))
    if kind == "any":
        return draw(st.text(st.characters(exclude_categories=("Cs",)), max_size=40))
    script = draw(st.sampled_from(sorted(WORDS)))
    words = draw(st.lists(st.sampled_from(WORDS[script]), min_size=1, max_size=5 if kind == "headline" else 30))
    joined = ("" if script in ("Han", "Thai") else " ").join(words)
    return joined + (STOPS.get(script, ".") if kind == "story" else "") + draw(st.sampled_from(MARKS))


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A whole text: lines with line breaks of every kind, some of them repeated."""
    drawn = draw(st.lists(lines(), max_size=14))
    if drawn and draw(st.booleans()):
        drawn += draw(st.lists(st.sampled_from(drawn), max_size=6))
    parts = [draw(st.sampled_from(["", "", "\n", "  ", "\ufeff"]))]
    for line in drawn:
        parts += (line, draw(st.sampled_from(BREAKS)))
    if drawn and draw(st.booleans()):
        parts.pop()
    whole = "".join(parts)
    return "\n".join(fill(line, 60) for line in whole.split("\n")) if draw(st.integers(0, 4)) == 0 else whole
