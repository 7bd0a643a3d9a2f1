"""The shipped packs prove themselves, and packs with mistakes are refused with words that help."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from math import inf
from pathlib import Path
from string import digits

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from cleaner.document import Document
from cleaner.filters.by_rules import rules_chain
from cleaner.language import _BY_SCRIPT, _SHARED
from cleaner.pipeline import Cleaner
from cleaner.rulebook.literals import EDGE, UNKNOWN, literals
from cleaner.rulebook.load import load_packs, load_rulebook, shipped_folder
from cleaner.rulebook.match import Matcher, Rulebook
from cleaner.rulebook.model import Case, Pack, Rule, RuleError, load_pack, parse_pack
from cleaner.rulebook.proof import prove_pack, prove_rule
from cleaner.rulebook.wide import widen
from cleaner.settings import Settings

PACKS = load_packs()
RULES = [rule for pack in PACKS for rule in pack.rules]
CHAIN = rules_chain(load_rulebook())


def run_case(case: Case, language: str) -> str:
    return CHAIN.clean(Document.from_text(case.text, language=case.language or language, site=case.site)).text


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.name)
def test_packs_prove_themselves(pack: Pack) -> None:
    assert [str(failure) for failure in prove_pack(pack, run_case)] == []


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_rule_whose_pattern_is_broken_fails_its_proof(rule: Rule) -> None:
    never = replace(rule, match="regex", patterns=("[^\\x{0}-\\x{10FFFF}]",))
    always = replace(rule, match="regex", patterns=(".+",), max_words=1000)
    assert list(prove_rule(never))
    assert list(prove_rule(always))


def test_every_language_pack_holds_for_its_own_language_only() -> None:
    for path in sorted((shipped_folder() / "lang").glob("*.toml")):
        pack = load_pack(path)
        assert pack.name == path.stem
        if path.stem != "en-abroad":
            assert {language for rule in pack.rules for language in rule.languages} == {path.stem}


def test_english_furniture_is_known_where_no_line_is_in_latin_letters_but_names() -> None:
    pack = load_pack(shipped_folder() / "lang" / "en-abroad.toml")
    languages = {language for rule in pack.rules for language in rule.languages}
    assert languages == {*chain(_BY_SCRIPT.values(), *_SHARED.values())} - {"sr", "uz", "kk", "ku", "sd", "ug"}
    book = Rulebook(RULES)
    assert [rule.id for rule in book.matcher("ta").matching("Leave a Reply")] == ["en-abroad/comment-heading"]
    assert not book.matcher("sr").matching("More")  # the sea, in Serbian


def test_rules_of_a_language_stay_out_of_others_and_of_unknown_languages() -> None:
    book = Rulebook(RULES)
    assert book.matcher("en").matching("Leave a review")
    assert not book.matcher("de").matching("Leave a review")
    assert not book.matcher(None).matching("Leave a review")


GOOD = """
schema = 1
pack = "x"
languages = ["en"]

[[rule]]
id = "x/one"
description = "A line."
kind = "prompt"
match = "regex"
pattern = 'call now!*'
scope = "line"
confidence = 0.9
hit = ["Call now!"]
miss = ["They call now and then."]
"""

MISTAKES = [
    ("no TOML", "schema = ", "not valid TOML"),
    ("other schema", GOOD.replace("schema = 1", "schema = 2"), "x.toml:2: key 'schema': schema must be 1, not 2"),
    ("no pack", GOOD.replace('pack = "x"\n', ""), "key 'pack': missing"),
    ("unknown key", GOOD.replace("confidence", "confidance"), "x.toml:13: rule 'x/one', key 'confidance'"),
    ("a hint for it", GOOD.replace("confidence", "confidance"), "did you mean 'confidence'?"),
    ("unknown pack key", GOOD.replace("languages =", "language ="), "did you mean 'languages'?"),
    ("no language", GOOD.replace('languages = ["en"]', 'languages = ["english"]'), "'english' is neither the code"),
    ("unknown kind", GOOD.replace('"prompt"', '"promt"'), "key 'kind': 'promt' is not known; did you mean 'prompt'?"),
    ("unknown scope", GOOD.replace('"line"', '"lines"'), "key 'scope': 'lines' is not known; did you mean 'line'?"),
    ("unknown match", GOOD.replace('"regex"', '"glob"'), "key 'match': 'glob' is not known"),
    ("no hit", GOOD.replace('["Call now!"]', "[]"), "rule 'x/one', key 'hit': every rule carries its proof"),
    ("no miss", GOOD.replace('["They call now and then."]', "[]"), "key 'miss': every rule carries its proof"),
    ("confidence above one", GOOD.replace("0.9", "1.5"), "key 'confidence': must be a number above 0 and up to 1"),
    ("confidence a word", GOOD.replace("0.9", '"high"'), "key 'confidence': must be a number"),
    ("id of another pack", GOOD.replace("x/one", "y/one"), "ids look like x/short-name"),
    ("id in capitals", GOOD.replace("x/one", "x/One"), "ids look like x/short-name"),
    ("ASCII word edge", GOOD.replace("call now", r"\bcall now"), r"\b knows ASCII letters only"),
    ("no pattern", GOOD.replace("'call now!*'", "[]"), "key 'pattern': no pattern"),
    ("pattern a number", GOOD.replace("'call now!*'", "7"), "key 'pattern': must be a list of strings"),
    ("no languages", GOOD.replace('languages = ["en"]\n', ""), "key 'languages': no languages"),
    ("the id twice", GOOD + GOOD[GOOD.index("[[rule]]") :], "key 'id': a rule of this id stands above"),
    ("lines below one", GOOD + "max_lines = 0\n", "key 'max_lines': must be a whole number from 1 on"),
    ("rules no tables", 'schema = 1\npack = "x"\nrule = 3\n', "written as [[rule]] tables"),
    ("rules one table", GOOD.replace("[[rule]]", "[rule]"), "x.toml:6: key 'rule': written as [[rule]] tables"),
    ("rules a list", 'schema = 1\npack = "x"\nrule = [3]\n', "x.toml:3: key 'rule': written as [[rule]] tables"),
    ("until in a line rule", GOOD + 'until = ["prose"]\n', "x.toml:16: rule 'x/one', key 'until': only rules of scope"),
    (
        "until of nothing",
        GOOD.replace('"line"', '"heading-block"\nuntil = []'),
        "key 'until': names no end; one or more",
    ),
    (
        "unknown until",
        GOOD.replace('"line"', '"heading-block"\nuntil = ["headings"]'),
        "x.toml:13: rule 'x/one', key 'until': 'headings' is not known; did you mean 'heading'?",
    ),
    (
        "a mistake in the second of two tables for one rule",
        GOOD + 2 * '[[except]]\nrule = "x/one"\ntext = "x"\nreason = "Why."\n' + 'raeson = "?"\n',
        "x.toml:24: rule 'x/one', key 'raeson': unknown except key; did you mean 'reason'?",
    ),
    ("a case without text", GOOD + '[[case]]\nname = "c"\nwant = "x"\n', "rule 'c', key 'text': missing"),
]


@pytest.mark.parametrize(("source", "message"), [case[1:] for case in MISTAKES], ids=[case[0] for case in MISTAKES])
def test_a_mistake_in_a_pack_is_named(source: str, message: str) -> None:
    assert parse_pack(GOOD, "x.toml").rules[0].id == "x/one"
    with pytest.raises(RuleError) as caught:
        parse_pack(source, "x.toml")
    assert message in str(caught.value)
    assert str(caught.value).startswith("x.toml")


def test_a_pattern_that_cannot_be_compiled_is_named() -> None:
    rule = replace(parse_pack(GOOD, "x.toml").rules[0], patterns=("(?=look)",))
    with pytest.raises(RuleError, match=r"rule 'x/one', key 'pattern'.*RE2"):
        Matcher([rule])


def test_two_packs_with_one_id_are_refused_and_a_missing_pack_is_named(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.toml").write_text(GOOD)
    with pytest.raises(RuleError, match=r"b\.toml.*rule 'x/one'.*taken by .*a\.toml"):
        load_packs((str(tmp_path / "a.toml"), str(tmp_path / "b.toml")))
    with pytest.raises(RuleError, match=r"none\.toml.*cannot read"):
        load_packs((str(tmp_path / "none.toml"),))


def test_a_pack_of_the_user_is_read_after_the_shipped_ones(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text(GOOD)
    cleaner = Cleaner(Settings(rules=(str(tmp_path / "mine.toml"),), min_kept=0))
    text = "The council voted on Monday to rebuild the old bridge over the river.\n"
    outcome = cleaner.clean(Document.from_text(text + "CALL NOW!!\n", language="en"))
    assert outcome.text == text
    assert [removal.rule for removal in outcome.removals] == ["x/one"]


def spans(matcher: Matcher, line: str) -> list[tuple[int, int]]:
    return [(hit.start, hit.end) for hit in matcher.spans(line, matcher.matching(line))]


def test_word_edges_and_folding_hold_in_every_script() -> None:
    def rule(match: str, pattern: str) -> Rule:
        return replace(parse_pack(GOOD, "x.toml").rules[0], match=match, patterns=(pattern,), scope="span")

    phrase = Matcher([rule("phrase", "читайте")])
    assert spans(phrase, "Также ЧИТАЙТЕ: другое") == [(6, 13)]
    assert spans(phrase, "вычитайтесь") == []
    folded = Matcher([rule("phrase", "Straße")])
    assert spans(folded, "die STRASSE, Haus 4") == [(4, 11)]
    assert spans(folded, "ﬁn: die Straße") == [(8, 14)]


def test_a_pattern_that_would_hang_a_backtracking_engine_answers() -> None:
    rule = replace(parse_pack(GOOD, "x.toml").rules[0], patterns=("(?:(?:a+)+)+b", "(?:a|aa|aaa)*c"), max_words=10**6)
    # 2^n steps for an engine that backtracks: it would not come back from 100 letters
    assert Matcher([rule]).matching("a" * 50_000) == ()
    assert Matcher([rule]).matching("a" * 50_000 + "b") == (rule,)


# What patterns are made of, and characters that tell a class from what stands in for it.
PIECES = st.tuples(
    st.sampled_from(
        (r"\pL", r"\PN", r"\PM", r"\p{Greek}", r"\p{L}", r"[\pL\pN\-]", r"[^\pM]", r"[^\pLЯ]", r"[\PL]",
         r"[^.!?]", r"[^\]a]", r"[]\pL]", "[aeiou]", r"[a\]]",
         "[[:alpha:]]", ".", r"\.", r"\[", r"\x{430}", "(?:a|b)", "(?P<cut>c)", "d")
    ),
    st.sampled_from(("", "?", "*", "+", "{2}", "{1,3}", "{0,2}?", "{2,}")),
).map("".join)  # fmt: skip


@given(st.lists(PIECES, min_size=1, max_size=5).map("".join), st.text("ad1.]-[αЯ\u0301 c!", max_size=12))
def test_what_a_pattern_matches_its_wider_form_matches_and_no_more_in_ascii(pattern: str, line: str) -> None:
    for exact in (f"(?s)^(?:{pattern})$", f"(?s){pattern}"):
        found, wider = (re2.search(one, line) is not None for one in (exact, widen(exact)))
        assert wider or not found
        assert found or not wider or not line.isascii()


# Pieces of which literals are made, and what stands beside them.
NESTED = st.recursive(
    PIECES
    | st.sampled_from(("a", "d1", "[ad]", "[a-d]", "[^a-z]", "[0-9]", "^", "$", "-", " ", r"\*", "(?s:.)"))
    | st.sampled_from(
        (r"\d", r"\D", r"\W", r"[^\D]", r"[^\wα]", "[a-]", "[]a]", r"\x{61}", r"\x61", "a??", "()", r"\b")
    )
    | st.sampled_from(
        (r"\B", r"\z", r"\A", "[[:alpha:]]", r"[\pN-]", r"[^\PL]", r"\ ", "|", "{", "]", r"\Qa\E", "(?i)d")
    ),
    lambda inner: st.tuples(
        st.lists(st.lists(inner, max_size=3).map("".join), min_size=1, max_size=3).map("|".join),
        st.sampled_from(("(?:{})", "(?P<cut>{})", "(?:{})?", "(?:{})*", "(?:{})+", "(?:{}){{0,2}}", "(?:{}){{2}}")),
    ).map(lambda pair: pair[1].format(pair[0])),
    max_leaves=6,
)


@settings(max_examples=500)
@given(st.lists(NESTED, min_size=1, max_size=4).map("".join), st.lists(st.text("ad1.-*[α c", min_size=1, max_size=8)))
def test_a_line_that_a_pattern_matches_holds_one_of_its_literals(pattern: str, lines: list[str]) -> None:
    for written in (f"(?s)^(?:{pattern})$", f"(?s){pattern}"):
        try:
            compiled = re2.compile(written)
        except re2.error:
            continue
        asked = literals(written)
        for line in filter(compiled.search, lines):
            assert any(string in f"{EDGE}{line}{EDGE}" for string in asked.strings)
            assert sum("a" <= character <= "z" for character in line) <= asked.letters


@pytest.mark.parametrize(
    ("pattern", "strings", "letters"),
    (
        (r"(?s)^(?:[^\pL]*(?:ad|advert)[^\pL]*)$", {"ad", "advert"}, 6),
        (r"(?s)^(?:by [\pL ]{2,9}(?:now|then))$", {"now" + EDGE, "then" + EDGE}, 15),
        (r"(?s)(?P<cut>-[0-9]{1,3}-)$", {f"{digit}-{EDGE}" for digit in digits}, inf),
        (
            r"(?s)^(?:[^.]*(?:may|june|july) ?[>»][^.]*)$",
            {f"{m}{s}" for m in ("may", "june", "july") for s in (">", "»", " >", " »")},
            inf,
        ),
        (r"(?s)^(?:[\pL ]+(?:1|2)[\pL ]+)$", {"1", "2"}, inf),
    ),
)
def test_literals_are_the_rarest_that_a_pattern_asks_for(pattern: str, strings: set[str], letters: float) -> None:
    assert literals(pattern) == (strings, letters)


@pytest.mark.parametrize(
    "pattern", ("(?i)a", r"\p{Greek}a", r"\Qa\E", "a{,1}b", "[[:alpha:]]a", "(a", r"[\x{110000}]a", r"\x{D800}a")
)
def test_nothing_is_known_of_patterns_that_are_read_otherwise(pattern: str) -> None:
    assert literals(pattern) == UNKNOWN


@pytest.mark.parametrize("pattern", (r"read \p{Letters}+", "read [z-a]", r"read \pL{1000}"))
def test_what_the_wider_form_hides_of_a_pattern_is_found_when_a_pack_is_loaded(tmp_path: Path, pattern: str) -> None:
    source = GOOD.replace("pattern = 'call now!*'", f"pattern = '{pattern}'")
    assert source != GOOD
    (tmp_path / "mine.toml").write_text(source)
    with pytest.raises(RuleError, match=r"mine\.toml:[0-9]+: rule 'x/one', key 'pattern'.*cannot be compiled"):
        load_packs((str(tmp_path / "mine.toml"),))
