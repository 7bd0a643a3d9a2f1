"""Each command on rules through a real process, and the layers over which packs are laid."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import cleaner
from cleaner.rulebook.lint import CODES, lint
from cleaner.rulebook.load import compose, load_packs, pack_files, shipped_folder
from cleaner.rulebook.model import Pack, Rule, RuleError, load_pack, parse_pack
from cleaner.rulebook.schema import json_schema

Done = subprocess.CompletedProcess[str]
Cli = Callable[..., Done]

STORY = """\
Council of Elm votes to rebuild the old bridge
The council of Elm voted on Monday to rebuild the old bridge over the river before the winter.
Also in Elm: ferry gets a second boat
Also Read: Harbour towns agree on a ferry line
Leave a review
Work is to begin in May, and the bridge is to open to traffic two years later, the mayor said.
"""
HEAD = 'schema = 1\npack = "my"\nlanguages = ["en"]\n'


def rule(id: str = "my/also-in-elm", **fields: object) -> str:
    """A rule of a pack; fields that are given stand in for those of a good one."""
    keys: dict[str, object] = {
        "description": "A pointer to other news of the town.",
        "kind": "promo",
        "match": "prefix",
        "pattern": "Also in Elm:",
        "scope": "line",
        "confidence": 0.9,
        "hit": ["Also in Elm: ferry gets a second boat", "ALSO IN ELM: rain"],
        "miss": ["He also lives in Elm: a town of towers", "Also in Elm, the mayor said"],
    }
    keys |= fields
    return "\n".join(["", "[[rule]]", *(f"{key} = {json.dumps(value)}" for key, value in {"id": id, **keys}.items())])


def process(folder: Path, *arguments: object, code: int = 0) -> Done:
    environment = {**os.environ, "PYTHONPATH": "", "NO_COLOR": "1", "PYTHONUTF8": "1", "COLUMNS": "100"}
    command = [sys.executable, "-m", "cleaner", *map(str, arguments)]
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    """Runs the command in a new directory."""
    return lambda *arguments, code=0: process(tmp_path, *arguments, code=code)


@pytest.fixture
def pack(tmp_path: Path) -> Callable[..., Path]:
    """Writes a pack into the working directory of the command."""

    def write(*rules: str, name: str = "my.toml", head: str = HEAD) -> Path:
        path = tmp_path / name
        path.write_text(head + "\n".join(rules) + "\n", encoding="utf-8")
        return path

    return write


def taken(done: Done) -> dict[str, str]:
    """Text of each line that `explain --format json` shows as taken by a rule, and the rule."""
    gone = [line for line in json.loads(done.stdout)["lines"] if not line["kept"]]
    return {
        line["text"]: line["removals"][0]["rule"]
        for line in gone
        if line["removals"][0]["filter"] in ("rules", "blocks")
    }


@pytest.fixture
def explained(tmp_path: Path, cli: Cli) -> Callable[..., dict[str, str]]:
    """What `explain` takes out of the story, by rule."""
    (tmp_path / "story.txt").write_text(STORY, encoding="utf-8")
    return lambda *arguments: taken(cli("explain", "story.txt", "--format", "json", *arguments))


# list


def test_list_shows_every_rule_of_every_pack_once(cli: Cli) -> None:
    done = cli("rules", "list")
    ids = [line.split()[0] for line in done.stdout.splitlines()]
    assert ids == [one.id for one in (rule for pack in load_packs() for rule in pack.rules)]
    assert done.stderr == f"{len(ids)} rules\n"


def test_list_chooses_by_language_and_kind_and_speaks_json(cli: Cli, pack: Callable[..., Path]) -> None:
    mine = pack(rule(action="flag", kind="credit", credit="agency"))
    found = json.loads(cli("rules", "list", "--language", "en", "--kind", "credit", "--format", "json").stdout)
    assert {one["kind"] for one in found} == {"credit"}
    assert all(set(one["languages"]) & {"en", "*"} for one in found)
    assert "en/photo-credit" in {one["id"] for one in found}
    more = json.loads(
        cli("rules", "list", "--language", "en", "--kind", "credit", "--format", "json", "--rules", mine).stdout
    )
    (own,) = [one for one in more if one not in found]
    assert own["id"] == "my/also-in-elm"
    assert own["credit"] == "agency"
    assert own["file"] == str(mine)
    assert own["line"] == 6
    text = cli("rules", "list", "--language", "en", "--rules", mine).stdout
    assert "(flags only)" in text.splitlines()[-1]
    assert "\nde/" not in text


def test_list_chooses_by_site_and_shows_what_later_packs_leave(cli: Cli, pack: Callable[..., Path]) -> None:
    mine = pack(rule(sites=["elm.example"]), rule("my/off", pattern="Off:", hit=["Off: x"], miss=["Off"]))
    override = '\n[[override]]\nrule = "my/also-in-elm"\nreason = "Why."\nconfidence = 0.5\n'
    over = pack(override, head='schema = 1\npack = "over"\ndisable = ["my/off"]\n', name="over.toml")

    def listed(site: str) -> dict[str, str]:
        lines = cli("rules", "list", "--site", site, "--rules", mine, "--rules", over).stdout.splitlines()
        return {line.split()[0]: line for line in lines}

    elm, oak = listed("www.elm.example"), listed("oak.example")
    assert elm.keys() - oak.keys() == {"my/also-in-elm"}
    assert not oak.keys() - elm.keys()
    assert " 0.50 " in elm["my/also-in-elm"]
    assert oak["my/off"].endswith("  (off)")
    assert "en/also-read" in oak
    assert not [id for id in oak if id.startswith("reuters.com/")]
    assert [id for id in listed("www.reuters.com") if id.startswith("reuters.com/")]


# show


def test_show_takes_an_id_a_prefix_and_an_old_id(cli: Cli, pack: Callable[..., Path]) -> None:
    mine = pack(rule(replaces=["my/old-name"], gap=["In Elm as well: rain"]))
    done = cli("rules", "show", "my/also-in-elm", "--rules", mine)
    assert done.stdout.startswith(f"my/also-in-elm  ({mine}:6)\n")
    for words in ("kind promo, scope line, confidence 0.9, action remove", "ALSO IN ELM: rain", "In Elm as well: rain"):
        assert words in done.stdout
    assert cli("rules", "show", "my/old-name", "--rules", mine).stdout == done.stdout
    assert cli("rules", "show", "my", "--rules", mine).stdout == done.stdout
    common = json.loads(cli("rules", "show", "common/", "--format", "json").stdout)
    assert len(common) > 1
    assert all(one["id"].startswith("common/") for one in common)


def test_show_tells_what_other_packs_change_and_why(cli: Cli, pack: Callable[..., Path]) -> None:
    mine = pack(rule(replaces=["my/elm"], max_words=9))
    first = pack(
        '\n[[override]]\nrule = "my"\nreason = "Long titles."\nmax_words = 12\nconfidence = 0.8\n',
        head='schema = 1\npack = "first"\n',
        name="first.toml",
    )
    second = pack(
        '\n[[override]]\nrule = "my/elm"\nreason = "Longer ones."\nmax_words = 15\n',
        '\n[[except]]\nrule = "my/elm"\ntext = ["Also in Elm: rain"]\nreason = "A column."\n',
        head='schema = 1\npack = "second"\ndisable = ["my/elm"]\n',
        name="second.toml",
    )
    layers = [argument for path in (mine, first, second) for argument in ("--rules", path)]
    lines = cli("rules", "show", "my/elm", *layers).stdout.splitlines()
    assert "  kind promo, scope line, confidence 0.8, action remove" in lines
    assert "  max_words 15" in lines
    assert lines[-5:] == [
        f"  {first}:5 sets max_words 12 (was 9): Long titles.",
        f"  {first}:5 sets confidence 0.8 (was 0.9): Long titles.",
        f"  {second}:6 sets max_words 15 (was 12): Longer ones.",
        f"  {second}:12 leaves alone “Also in Elm: rain”: A column.",
        f"  {second} switches it off",
    ]
    (data,) = json.loads(cli("rules", "show", "my/elm", *layers, "--format", "json").stdout)
    assert (data["max_words"], data["confidence"]) == (15, 0.8)
    assert [one["fields"] for one in data["overrides"]] == [{"max_words": 12, "confidence": 0.8}, {"max_words": 15}]
    assert [(one["text"], one["reason"]) for one in data["exceptions"]] == [(["Also in Elm: rain"], "A column.")]
    assert data["disabled"] == [str(second)]
    assert "sets" not in cli("rules", "show", "my/elm", "--rules", mine).stdout


def test_show_of_an_unknown_id_says_which_was_meant(cli: Cli) -> None:
    done = cli("rules", "show", "en/also-reed", code=2)
    assert "no rule 'en/also-reed'; did you mean 'en/also-read'?" in done.stderr
    assert done.stdout == ""


# test


def test_test_passes_on_the_shipped_packs(cli: Cli) -> None:
    done = cli("rules", "test")
    assert done.stdout == ""
    assert done.stderr.endswith(" 0 failed\n")


def test_test_names_the_rules_whose_proofs_fail(cli: Cli, pack: Callable[..., Path]) -> None:
    mine = pack(
        rule("my/a", hit=["In Elm: rain"]),
        rule("my/b", match="exact", pattern="B", hit=["B"], miss=["b"]),
        rule("my/c", match="exact", pattern="C", hit=["C"], miss=["x"], gap=["c"]),
    )
    done = cli("rules", "test", "--rules", mine, code=1)
    want = [
        ("my/a", "hit", "In Elm: rain", "does not match"),
        ("my/b", "miss", "b", "matches, and must not"),
        ("my/c", "gap", "c", "matches by now: make it a hit"),
    ]
    assert done.stdout == "".join(f"{id}\n  {proof}: {text}\n  {problem}\n" for id, proof, text, problem in want)
    assert done.stderr.endswith(" 3 failed\n")
    failures = json.loads(cli("rules", "test", "--rules", mine, "--format", "json", code=1).stdout)["failures"]
    assert [tuple(one.values()) for one in failures] == want


def test_test_runs_cases_and_exceptions(cli: Cli, pack: Callable[..., Path]) -> None:
    story = "The council of Elm voted on Monday to rebuild the old bridge over the river before the winter.\n"
    case = f'\n[[case]]\nname = "promo"\ntext = """\n{story}Also in Elm: rain\n"""\nwant = """\n{story}"""\n'
    exempt = '\n[[except]]\nrule = "en/also-read"\ntext = ["{}"]\nreason = "A column."\n'
    cli("rules", "test", "--rules", pack(rule() + case + exempt.format("Also Read: the books of the week")))
    wrong = rule() + case.replace("Also in Elm: rain", "Elm also: rain") + exempt.format("The books of the week")
    done = cli("rules", "test", "--rules", pack(wrong), code=1)
    assert "my case 'promo'" in done.stdout
    assert "left ['Elm also: rain']" in done.stdout
    assert "does not match anyway: the exception is not needed" in done.stdout
    assert done.stderr.endswith(" 2 failed\n")


def test_a_pack_breaks_no_proof_of_the_packs_before_it(cli: Cli, pack: Callable[..., Path]) -> None:
    story = "The council of Elm voted on Monday to rebuild the old bridge over the river before the winter.\n"
    case = f'\n[[case]]\nname = "promo"\ntext = """\n{story}Also in Elm: rain\n"""\nwant = """\n{story}"""\n'
    exempt = '\n[[except]]\nrule = "en/also-read"\ntext = ["Also Read: the books of the week"]\nreason = "A column."\n'
    mine = pack(rule() + case + exempt)
    over = pack(
        rule("over/read", pattern="Also Read:", hit=["Also Read: x"], miss=["Also read"]),
        head='schema = 1\npack = "over"\nlanguages = ["en"]\ndisable = ["my", "en", "common", "de"]\n',
        name="over.toml",
    )
    done = cli("rules", "test", "--rules", mine, "--rules", over)
    assert done.stdout == ""
    late = pack(
        head='schema = 1\npack = "late"\n' + case,
        name="late.toml",
    )
    done = cli("rules", "test", "--rules", mine, "--rules", over, "--rules", late, code=1)
    assert done.stdout == "late case 'promo'\n  want: \n  lost [], left ['Also in Elm: rain']\n"


EXCEPT = '\n[[except]]\nrule = "{}"\ntext = ["{}"]\nreason = "A column."\n'


def test_exceptions_by_prefix_and_old_id_are_proved_on_the_rule_as_it_is(cli: Cli, pack: Callable[..., Path]) -> None:
    needed = [("my", "Also in Elm: the first"), ("my/elm", "Also in Elm: the mill")]
    not_needed = [
        ("my/", "In Elm: the mill"),
        ("my/elm", "Elm: the mill"),
        ("my/also-in-elm", "Also in Elm: a line of eight words"),
    ]
    over = pack(
        *(EXCEPT.format(*one) for one in (*needed, *not_needed)),
        head='schema = 1\npack = "over"\n\n[[override]]\nrule = "my"\nreason = "Short."\nmax_words = 7\n',
        name="over.toml",
    )
    done = cli("rules", "test", "--rules", pack(rule(replaces=["my/elm"])), "--rules", over, code=1)
    problem = "does not match anyway: the exception is not needed"
    assert done.stdout == "".join(f"{named}\n  except: {text}\n  {problem}\n" for named, text in not_needed)


def test_an_exception_is_proved_on_the_sites_of_its_rule_or_pack(cli: Cli, pack: Callable[..., Path]) -> None:
    def pair(name: str, here: list[str], there: list[str]) -> str:
        """A rule, another one that matches the same lines, and an exception from the first."""
        keys = {"hit": [f"{name}: x"], "miss": [name], "match": "prefix"}
        first = rule(f"my/{name}", pattern=f"{name}:", **keys, **({"sites": here} if here else {}))
        second = rule(f"my/{name}-too", pattern=f"{name}: ", **keys, **({"sites": there} if there else {}))
        return first + second + EXCEPT.format(f"my/{name}", f"{name}: rain")

    elm, oak = ["elm.example"], ["oak.example"]
    mine = pack(pair("both", elm, elm), pair("apart", elm, oak), pair("there", [], elm))
    done = cli("rules", "test", "--rules", mine, code=1)
    taken = "my/{0}\n  except: {0}: rain\n  is still taken, by my/{0}-too\n"
    assert done.stdout == taken.format("both")
    ours = pack(pair("both", oak, elm), pair("there", [], elm), head=HEAD + 'sites = ["www.elm.example"]\n')
    assert cli("rules", "test", "--rules", ours, code=1).stdout == taken.format("there")


# lint

PLANTED = {
    "dead": rule("my/a", hit=["Also in Elm: a", "Also in Elm: b"])
    + rule("my/b", match="phrase", hit=["Also in Elm: a", "Also in Elm: b"], miss=["Elm", "Oak"]),
    "overlap": rule("my/a", hit=["Also in Elm: a", "Also in Elm: b"])
    + rule("my/b", pattern="Also in", hit=["Also in Elm: a", "Also in Oak: b"], miss=["Elm", "Oak"]),
    "phrase": rule(match="regex", pattern="also in elm", hit=["Also in Elm", "also in ELM"]),
    "few-proofs": rule(hit=["Also in Elm: rain"]),
    "no-evidence": rule(),
    "overstated": rule() + "\nevidence = {right = 5, wrong = 5, precision = 0.5, low = 0.24, high = 0.76, sites = 3}\n",
    "duplicate-pattern": rule(pattern=["Also in Elm:", "ALSO  in Elm:"]),
    "unsorted": rule("my/b") + rule("my/a", pattern="Elm:", hit=["Elm: a", "Elm: b"]),
}


def findings(done: Done, path: Path) -> set[str]:
    return {one["code"] for one in json.loads(done.stdout) if one["file"] == str(path)}


def test_a_pack_is_planted_for_every_code() -> None:
    assert set(PLANTED) == set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_lint_finds(code: str, cli: Cli, pack: Callable[..., Path]) -> None:
    mine = pack(PLANTED[code])
    done = cli("rules", "lint", "--rules", mine, "--format", "json", code=1)
    assert code in findings(done, mine)
    assert findings(done, mine) <= {code, "no-evidence"}
    assert {one["file"] for one in json.loads(done.stdout)} == {str(mine)}
    text = cli("rules", "lint", "--rules", mine, code=1).stdout
    (line,) = [line for line in text.splitlines() if line.startswith(f"{mine}:") and f": {code}: " in line][:1]
    assert ": my/" in line
    silent = process(
        mine.parent, "rules", "lint", "--rules", mine, "--format", "json", *_ignore_all_but(code), code=1
    ).stdout
    assert {one["code"] for one in json.loads(silent)} == {code}
    everything = [argument for name in CODES for argument in ("--ignore", name)]
    assert json.loads(cli("rules", "lint", "--rules", mine, "--format", "json", *everything).stdout) == []


def _ignore_all_but(code: str) -> list[str]:
    return [argument for name in CODES if name != code for argument in ("--ignore", name)]


def test_lint_without_packs_looks_at_the_shipped_ones_and_with_cleaner_toml_at_that(
    cli: Cli, pack: Callable[..., Path]
) -> None:
    def files() -> set[str]:
        return {one["file"] for one in json.loads(cli("rules", "lint", "--format", "json", code=1).stdout)}

    assert files() <= set(map(str, pack_files()))
    pack(rule(), name="cleaner.toml")
    assert files() == {"cleaner.toml"}


@pytest.mark.parametrize(
    ("first", "second", "found"),
    [
        ({}, {}, {("my/a", "dead")}),
        ({"languages": ["en", "de"]}, {"languages": ["en"]}, {("my/a", "dead")}),
        ({"languages": ["en"]}, {"languages": ["*"]}, {("my/a", "overlap")}),
        ({"languages": ["de"]}, {"languages": ["en"]}, set()),
        ({"sites": ["elm.example"]}, {}, {("my/a", "overlap")}),
        ({"sites": ["elm.example"]}, {"sites": ["www.elm.example"]}, {("my/a", "dead")}),
        ({"sites": ["elm.example"]}, {"sites": ["oak.example"]}, set()),
        ({"action": "flag"}, {}, set()),
    ],
)
def test_lint_compares_with_earlier_packs_where_both_rules_hold(
    first: dict[str, object], second: dict[str, object], found: set[tuple[str, str]], pack: Callable[..., Path]
) -> None:
    base = pack(rule("base/a", **first), head=HEAD.replace("my", "base"), name="base.toml")
    mine = pack(rule("my/a", **second))
    packs = [load_pack(base), load_pack(mine)]
    assert {(one.rule, one.code) for one in lint(packs, {str(mine)}) if one.code != "no-evidence"} == found
    off = pack(rule("my/a", **second), head=HEAD + 'disable = ["base/a"]\n')
    assert {one.code for one in lint([packs[0], load_pack(off)], {str(off)})} == {"no-evidence"}


def test_lint_refuses_a_code_that_is_none(cli: Cli) -> None:
    assert "codes are dead, overlap, duplicate-pattern" in cli("rules", "lint", "--ignore", "death", code=2).stderr


# fmt


def plain(rule: Rule) -> Rule:
    return replace(rule, file="", line=0)


def same(one: Pack, other: Pack) -> bool:
    rules = [sorted(map(plain, pack.rules), key=lambda rule: rule.id) for pack in (one, other)]
    rest = [(pack.name, pack.cases, pack.disable) for pack in (one, other)]
    laid = [
        [[replace(each, file="", line=0) for each in layer] for layer in (pack.overrides, pack.exemptions)]
        for pack in (one, other)
    ]
    return rules[0] == rules[1] and rest[0] == rest[1] and laid[0] == laid[1]


def test_fmt_changes_no_rule_of_any_shipped_pack_and_is_done_after_once(cli: Cli, tmp_path: Path) -> None:
    copies: dict[Path, Pack] = {}
    for path in pack_files():
        copy = tmp_path / path.name
        shutil.copy(path, copy)
        copies[copy] = load_pack(path)
    cli("rules", "fmt", *copies)
    for copy, before in copies.items():
        after = load_pack(copy)
        assert same(before, after), copy.name
        assert [rule.id for rule in after.rules] == sorted(rule.id for rule in after.rules)
    assert cli("rules", "fmt", "--check", *copies).stdout == ""


UNTIDY = """\
# Rules for Elm.
schema = 1
pack = "my"  # short
languages = ["en"]


[[rule]]
id = "my/b"
hit = [
    "B: one",  # seen often
    # and once
    "B: two",
]
miss = ["Bees", "A B: no"]
kind = "promo"
description = "Lines of B."  # why
match = "prefix"
pattern = 'B:'
confidence = 0.9
scope = "line"
[[rule]]
id = "my/a"
description = "Lines of A."
kind = "promo"
match = "prefix"
pattern = 'A:'
scope = "line"
confidence = 0.9
hit = ["A: one", "A: two"]
miss = ["Ants", "A and: no"]
"""
# Where a comment stands on a line of its own, in front of a rule or of one of its keys.
LOOSE = UNTIDY.replace('[[rule]]\nid = "my/a"', '# What A prints.\n[[rule]]\nid = "my/a"')


def test_fmt_sorts_rules_and_keys_and_keeps_comments(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    path.write_text(UNTIDY, encoding="utf-8")
    assert cli("rules", "fmt", "--check", "my.toml", code=1).stdout == "would change my.toml\n"
    assert path.read_text(encoding="utf-8") == UNTIDY
    before = load_pack(path)
    assert json.loads(cli("rules", "fmt", "my.toml", "--format", "json").stdout) == {"changed": ["my.toml"]}
    text = path.read_text(encoding="utf-8")
    assert same(before, load_pack(path))
    for comment in ("# Rules for Elm.", "# short", "# seen often", "# and once", "# why"):
        assert text.count(comment) == 1
    assert text.index("my/a") < text.index("my/b")
    keys = [line.split(" =")[0] for line in text[text.index("my/b") - 6 :].splitlines() if " = " in line]
    assert keys == ["id", "description", "kind", "match", "pattern", "scope", "confidence", "hit", "miss"]
    assert cli("rules", "fmt", "--check", "my.toml").stdout == ""


def test_fmt_keeps_a_comment_above_a_rule_above_that_rule(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    path.write_text(LOOSE, encoding="utf-8")
    cli("rules", "fmt", "my.toml")
    text = path.read_text(encoding="utf-8")
    assert '# What A prints.\n[[rule]]\nid = "my/a"' in text


def test_fmt_leaves_a_pack_with_a_mistake_alone(cli: Cli, pack: Callable[..., Path]) -> None:
    mine = pack(rule(confidance=0.5))
    before = mine.read_bytes()
    assert "did you mean 'confidence'?" in cli("rules", "fmt", mine, code=2).stderr
    assert mine.read_bytes() == before


# new

NEW = ("--pattern", "Also in Elm:", "--hit", "Also in Elm: rain", "--miss", "He also lives in Elm: a town")


def test_new_begins_a_pack_and_adds_to_it(cli: Cli, tmp_path: Path) -> None:
    done = cli("rules", "new", "my/one", "-o", "my.toml", *NEW)
    assert done.stdout.startswith('[[rule]]\nid = "my/one"\n')
    (first,) = load_pack(tmp_path / "my.toml").rules
    assert (first.id, first.languages, first.match, first.scope) == ("my/one", ("*",), "prefix", "line")
    second = ("--match", "regex", "--pattern", r"it['’]s (?:rain|snow)ing\.", "--scope", "line", "--kind", "prompt")
    more = ("--hit", "It’s raining.", "--miss", "It’s raining again.", "--language", "en", "--confidence", "0.8")
    done = cli("rules", "new", "my/two", "-o", "my.toml", *second, *more, "--description", "Rain.", "--format", "json")
    assert json.loads(done.stdout)["file"] == "my.toml"
    both = load_pack(tmp_path / "my.toml").rules
    assert [one.id for one in both] == ["my/one", "my/two"]
    assert both[1].patterns == (r"it['’]s (?:rain|snow)ing\.",)
    assert both[1].languages == ("en",)
    assert both[1].confidence == 0.8


def test_new_takes_all_that_a_line_rule_may_say_and_keeps_a_blank_line_before_it(
    cli: Cli, pack: Callable[..., Path]
) -> None:
    mine = pack(rule("my/one") + "\n# of one")
    before = mine.read_text(encoding="utf-8")
    patterns = (
        "--pattern",
        "Elm",
        "--pattern",
        "Elm’s 'press'",
        "--match",
        "exact",
        "--hit",
        "ELM",
        "--hit",
        "elm’s 'press'",
    )
    where = ("--site", "elm.example", "--site", "oak.example", "--language", "en", "--language", "de")
    what = ("--kind", "credit", "--credit", "agency", "--action", "flag", "--max-words", 5, "--miss", "Elms")
    written = cli("rules", "new", "my/two", "-o", mine, *patterns, *where, *what).stdout
    assert mine.read_text(encoding="utf-8") == f"{before.rstrip()}\n\n{written.rstrip()}\n"
    assert "\npattern = [\n    'Elm',\n    \"Elm’s 'press'\",\n]\n" in written
    two = load_pack(mine).rules[1]
    assert two.patterns == ("Elm", "Elm’s 'press'")
    assert (two.sites, two.languages) == (("elm.example", "oak.example"), ("en", "de"))
    assert (two.kind, two.credit, two.action, two.max_words) == ("credit", "agency", "flag", 5)
    assert two.description == "A line that matches “Elm” or “Elm’s 'press'”."
    assert cli("rules", "fmt", "--check", mine).stdout == ""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("my/x", *NEW, "--credit", "photo"), "only rules of kind 'credit' say which credit they take"),
        (("my/x", *NEW, "--action", "flags"), "'flags' is not known; did you mean 'flag'?"),
        (("my/x", *NEW, "--max-words", "2"), "hit 'Also in Elm: rain' does not match"),
        (("my/x", *NEW, "--max-words", "0"), "must be a whole number from 1 on"),
        (("my/x", *NEW, "--hit", "In Elm: rain"), "hit 'In Elm: rain' does not match"),
        (("my/x", *NEW, "--miss", "ALSO IN ELM: RAIN"), "miss 'ALSO IN ELM: RAIN' matches, and must not"),
        (("my/x", *NEW, "--scope", "lines"), "'lines' is not known; did you mean 'line'?"),
        (("my/x", *NEW, "--confidence", "2"), "must be a number above 0 and up to 1"),
        (("my/x", *NEW, "--match", "regex", "--pattern", r"also\b.*"), r"\b knows ASCII letters only"),
        (("my/x", *NEW, "--match", "regex", "--pattern", "(?=also).*"), "RE2 syntax: no look-around"),
        (("my/X", *NEW), "ids look like my/short-name, in lower case"),
        (("my/one", *NEW), "a rule of this id stands above; ids are unique"),
        (("other/x", *NEW), "ids look like my/short-name"),
    ],
)
def test_new_writes_nothing_unless_the_proof_holds(
    cli: Cli, pack: Callable[..., Path], arguments: tuple[str, ...], message: str
) -> None:
    mine = pack(rule("my/one"))
    before = mine.read_bytes()
    assert message in cli("rules", "new", *arguments, "-o", mine, code=2).stderr
    assert mine.read_bytes() == before
    if not arguments[0].startswith(("my/one", "other")):
        cli("rules", "new", *arguments, "-o", "fresh.toml", code=2)
        assert not (mine.parent / "fresh.toml").exists()


# measure

ARTICLE = "The council of Elm voted on Monday to rebuild the old bridge over the river before the winter."


def labelled(path: Path, lines: list[tuple[str, str]]) -> Path:
    rows = [{"text": text, "label": label} for text, label in lines]
    path.write_text(json.dumps({"id": "a", "site": "elm.example", "lang": "en", "lines": rows}) + "\n")
    return path


LINES = [
    (ARTICLE, "article"),
    ("Also in Elm: rain", "cruft"),
    ("Also in Elm: ferry gets a second boat", "cruft"),
    ("Also in Elm: the mill is for sale", "cruft"),
    ("Also in Elm: a long walk home", "article"),
    ("Also in Elm: a picture", "neutral"),
]


def interval(right: int, total: int) -> tuple[float, float]:
    """Bounds of the shares p with |right/total - p| <= 1.96 * sqrt(p * (1 - p) / total), by bisection."""

    def inside(share: float) -> bool:
        return abs(right / total - share) <= 1.96 * math.sqrt(share * (1 - share) / total)

    bounds = []
    for outside in (0.0, 1.0):
        near, far = right / total, outside
        for _ in range(60):
            middle = (near + far) / 2
            near, far = (middle, far) if inside(middle) else (near, middle)
        bounds.append(near)
    return bounds[0], bounds[1]


def test_measure_counts_and_bounds_what_a_rule_took(cli: Cli, pack: Callable[..., Path], tmp_path: Path) -> None:
    mine, data = pack(rule(confidence=0.97)), labelled(tmp_path / "labelled.jsonl", LINES)
    result = json.loads(cli("rules", "measure", data, "--rules", mine, "--format", "json").stdout)
    (own,) = [one for one in result["rules"] if one["rule"] == "my/also-in-elm"]
    low, high = interval(3, 4)
    assert (own["right"], own["wrong"], own["matches"], own["precision"]) == (3, 1, 5, 0.75)
    assert own["low"] == pytest.approx(low, abs=1e-4)
    assert own["high"] == pytest.approx(high, abs=1e-4)
    assert own["overstated"] is True
    assert own["story_words"] == 7
    assert (own["sites"], own["languages"]) == (1, ["en"])
    assert result["documents"] == 1
    assert result["recall"] == 1.0
    text = cli("rules", "measure", data, "--rules", mine).stdout
    assert f"| my/also-in-elm ! | 3 | 1 | 0.750 ({low:.2f} to {high:.2f}) | 0.97 |" in text


def test_measure_names_file_and_line_of_a_bad_label(cli: Cli, tmp_path: Path) -> None:
    data = labelled(tmp_path / "labelled.jsonl", LINES)
    data.write_text(data.read_text() + '\n{"lines": [{"text": "x", "label": "junk"}]}\n')
    done = cli("rules", "measure", "labelled.jsonl", code=2)
    assert "labelled.jsonl:3:" in done.stderr
    assert "label 'junk' is none of article, cruft, neutral" in done.stderr


def test_measure_looks_at_flagged_rules_beside_all_others(cli: Cli, pack: Callable[..., Path], tmp_path: Path) -> None:
    data = labelled(tmp_path / "labelled.jsonl", [*LINES, ("© 2023 Harbour Gazette", "cruft")])

    def measured(*arguments: object) -> tuple[dict[str, object], dict[str, dict[str, object]]]:
        result = json.loads(cli("rules", "measure", data, "--format", "json", *arguments).stdout)
        return result, {one["rule"]: one for one in result.pop("rules")}

    bare, others = measured()
    flagged, rules = measured("--rules", pack(rule(action="flag")))
    own = rules.pop("my/also-in-elm")
    assert flagged == bare
    assert rules == others
    assert (own["flagged"], own["right"], own["wrong"], own["story_words"]) == (True, 3, 1, 7)
    active, rules = measured("--rules", pack(rule()))
    assert rules["my/also-in-elm"] == own | {"flagged": False}
    assert active != bare
    text = cli("rules", "measure", data, "--rules", pack(rule(action="flag"))).stdout
    assert "| my/also-in-elm (flags only) ? | 3 | 1 |" in text
    disabled = pack(rule(action="flag"), head=HEAD + 'disable = ["my/also-in-elm"]\n')
    assert "my/also-in-elm" not in measured("--rules", disabled)[1]


@pytest.mark.parametrize("way", ["--rules", "cleaner.toml", "shipped"])
def test_measure_writes_evidence_into_the_packs(way: str, tmp_path: Path) -> None:
    """In a copy of the program: without packs of one's own the shipped packs are written to."""
    box = tmp_path / "box"
    shutil.copytree(
        Path(cleaner.__file__).parent, box / "cleaner", ignore=shutil.ignore_patterns("__pycache__", "rules")
    )
    shutil.copytree(shipped_folder(), box / "rules")
    name = "cleaner.toml" if way == "cleaner.toml" else "my.toml"
    (box / name).write_text(f"# Mine.\n{HEAD}{rule()}\n\n# The end.\n", encoding="utf-8")
    labelled(box / "labelled.jsonl", [*LINES, ("© 2023 Harbour Gazette", "cruft")])
    before = {path: path.read_bytes() for path in box.rglob("*.toml")}
    given = ("--rules", "my.toml") if way == "--rules" else ()
    done = process(box, "rules", "measure", "labelled.jsonl", *given, "--write")
    assert done.stderr == "figures written for 1 rules\n"
    written = box / "rules" / "common.toml" if way == "shipped" else box / name
    assert {path for path, content in before.items() if path.read_bytes() != content} == {written}
    old, new = parse_pack(before[written].decode(), "old.toml"), load_pack(written)
    assert [replace(plain(one), evidence={}) for one in old.rules] == [
        replace(plain(one), evidence={}) for one in new.rules
    ]
    if way == "shipped":
        return
    (own,) = new.rules
    low, high = interval(3, 4)
    assert own.evidence == {
        "right": 3,
        "wrong": 1,
        "precision": 0.75,
        "low": pytest.approx(low, abs=1e-4),
        "high": pytest.approx(high, abs=1e-4),
        "sites": 1,
    }
    text = written.read_text(encoding="utf-8")
    assert text.startswith("# Mine.\n")
    assert text.endswith("\n\n# The end.\n")
    assert "\nevidence = {right = 3, wrong = 1, precision = 0.75, low = " in text
    assert "measured precision = 0.75" in process(box, "rules", "show", "my", *given).stdout
    process(box, "rules", "fmt", name)
    formatted = written.read_bytes()
    process(box, "rules", "measure", "labelled.jsonl", *given, "--write")
    assert written.read_bytes() == formatted


# until

LISTED = f"""\
{ARTICLE}
Heard in Elm
Harbour towns agree on a ferry line
Bees of the southern islands

Beekeepers ask for a law on honey
Seen in the valley
The mill that stood in Oak
A long walk home
{ARTICLE.replace("bridge", "harbour wall")}
"""
MORE = {"kind": "related", "match": "exact", "scope": "heading-block", "miss": ["Heard", "Picks"], "max_words": 4}


def more(**fields: object) -> str:
    return rule("my/more", pattern="Heard in Elm", hit=["Heard in Elm"], **MORE, **fields)


def picks(**fields: object) -> str:
    return rule("my/picks", pattern="Seen in the valley", hit=["Seen in the valley"], **MORE, **fields)


@pytest.mark.parametrize(
    ("until", "ends", "behind"),
    [
        ({}, "A long walk home", set()),
        ({"until": ["prose"]}, "A long walk home", set()),
        (
            {"until": "heading"},
            "Beekeepers ask for a law on honey",
            {"Seen in the valley", "The mill that stood in Oak"},
        ),
        (
            {"until": ["prose", "blank"]},
            "Bees of the southern islands",
            {"Seen in the valley", "The mill that stood in Oak"},
        ),
        (
            {"until": ["heading", "blank"]},
            "Bees of the southern islands",
            {"Seen in the valley", "The mill that stood in Oak"},
        ),
    ],
)
def test_a_block_ends_where_until_says_and_at_prose(
    until: dict[str, object], ends: str, behind: set[str], cli: Cli, pack: Callable[..., Path], tmp_path: Path
) -> None:
    (tmp_path / "listed.txt").write_text(LISTED, encoding="utf-8")
    lines = list(filter(None, LISTED.splitlines()))
    gone = taken(cli("explain", "listed.txt", "--format", "json", "--rules", pack(more(**until), picks())))
    own = [line for line in lines if gone.get(line) == "my/more"]
    # a short line right before the prose that goes on may be a subheading of the story
    want = lines[1 : lines.index(ends) + 1]
    assert own == (want if behind else want[:-1])
    assert {line for line, id in gone.items() if id == "my/picks"} == behind
    assert not {line for line in gone if line.startswith("The council")}


def test_a_block_until_a_blank_line_takes_no_blank_line_under_its_heading_for_the_end(
    cli: Cli, pack: Callable[..., Path], tmp_path: Path
) -> None:
    text = f"{ARTICLE}\n\nHeard in Elm\n\nHarbour towns agree\nA long walk home\n\nThe vote\n\n{ARTICLE[:-1]} again.\n"
    (tmp_path / "listed.txt").write_text(text, encoding="utf-8")
    gone = taken(cli("explain", "listed.txt", "--format", "json", "--rules", pack(more(until="blank"))))
    assert list(gone) == ["Heard in Elm", "Harbour towns agree", "A long walk home"]


def test_a_block_until_a_heading_ends_at_a_heading_of_the_page(
    cli: Cli, pack: Callable[..., Path], tmp_path: Path
) -> None:
    story = (
        ARTICLE + " It is to be paid for with a loan that the harbour company has promised to carry for ten years.",
        "Work is to begin in May, and the bridge is to open to traffic two years later, the mayor said.",
        "Nobody spoke against it in the council, although the plan had been called too dear as late as in the autumn.",
        "A ferry will take people over the river while the works last, and it will sail until midnight.",
    )
    body = (
        f"<h1>Council of Elm votes</h1><p>{story[0]}</p><p>{story[1]}</p><p>Heard in Elm</p><p>A long walk home</p>"
        f"<p>Bees of the islands</p><h2>The vote</h2><p>Nine for it, two against</p><p>{story[2]}</p><p>{story[3]}</p>"
    )
    (tmp_path / "page.html").write_text(f"<html><body><article>{body}</article></body></html>", encoding="utf-8")
    listed = ["Heard in Elm", "A long walk home", "Bees of the islands"]
    without = taken(cli("explain", "page.html", "--format", "json", "--rules", pack(more())))
    assert [*listed, "The vote"] == [line for line in without if without[line] == "my/more"]
    until = taken(cli("explain", "page.html", "--format", "json", "--rules", pack(more(until=["heading"]))))
    assert listed == [line for line in until if until[line] == "my/more"]


def test_until_is_shown_and_overridden_for_rules_with_a_block_alone(cli: Cli, pack: Callable[..., Path]) -> None:
    override = '\n[[override]]\nrule = "my/{}"\nreason = "Why."\nuntil = ["blank", "prose"]\n'
    shown = cli("rules", "show", "my/more", "--rules", pack(more(until="heading") + override.format("more"))).stdout
    assert "\n  until blank or prose, max_lines 40, max_words 4\n" in shown
    assert "sets until blank or prose (was heading): Why.\n" in shown
    wrong = cli("rules", "list", "--rules", pack(rule() + override.format("also-in-elm")), code=2).stderr
    assert "key 'until': 'my/also-in-elm' has scope 'line'; only 'heading-block' says where a block ends" in wrong


# schema


def test_schema_is_json_and_knows_every_key_of_every_shipped_pack(cli: Cli) -> None:
    schema = json.loads(cli("rules", "schema").stdout)
    assert schema == json.loads(json.dumps(json_schema()))
    top = schema["properties"]
    for path in pack_files():
        data = tomllib.loads(path.read_text(encoding="utf-8"))
        assert set(data) <= set(top)
        assert set(schema["required"]) <= set(data)
        for name in ("rule", "case", "override", "except"):
            items = top[name]["items"]
            for table in data.get(name, []):
                assert set(table) <= set(items["properties"]), path.name
                assert set(items["required"]) <= set(table), path.name
                for key, value in table.items():
                    choices = items["properties"][key].get("enum")
                    assert choices is None or value in choices


# layers


def laid(*packs: str, **chosen: list[str]) -> set[str]:
    """Ids of the rules that are on when the packs are laid over one another."""
    return {
        rule.id for rule in compose([parse_pack(source, f"{n}.toml") for n, source in enumerate(packs)], **chosen).rules
    }


BASE = 'schema = 1\npack = "a"\nlanguages = ["en"]\n' + "".join(
    (
        rule("a/one", pattern="One:", hit=["One: x"], miss=["One"]),
        rule("a/two", pattern="Two:", hit=["Two: x"], miss=["Two"], replaces=["a/second"]),
        rule("a/three", pattern="Three:", hit=["Three: x"], miss=["Three"], action="flag"),
    )
)
OVER = 'schema = 1\npack = "b"\n'


def test_selectors_choose_rules() -> None:
    assert laid(BASE) == {"a/one", "a/two"}
    assert laid(BASE, select=["a/one"]) == {"a/one"}
    assert laid(BASE, select=["a/second"]) == {"a/two"}
    assert laid(BASE, select=["a/"]) == laid(BASE, select=["a"]) == {"a/one", "a/two", "a/three"}
    assert laid(BASE, extend_select=["a/three"]) == {"a/one", "a/two", "a/three"}
    assert laid(BASE, ignore=["a/second"]) == {"a/one"}
    assert laid(BASE, select=["a"], extend_select=["a/two"], ignore=["a/two"]) == {"a/one", "a/three"}


def test_a_later_layer_disables_and_a_selector_brings_back() -> None:
    assert laid(BASE, OVER + 'disable = ["a/second"]\n') == {"a/one"}
    assert laid(BASE, OVER + 'disable = ["a"]\n') == set()
    assert laid(BASE, OVER + 'disable = ["a"]\n', extend_select=["a/one"]) == {"a/one"}
    with pytest.raises(RuleError, match=r"no rule 'a/on'; did you mean 'a/one'\?"):
        laid(BASE, OVER + 'disable = ["a/on"]\n')
    with pytest.raises(RuleError, match="no rule 'a'"):
        laid(OVER + 'disable = ["a"]\n', BASE)


def test_a_later_layer_overrides_fields_and_exempts_lines() -> None:
    override = '\n[[override]]\nrule = "{}"\nreason = "Why."\nmax_words = {}\n'
    exempt = '\n[[except]]\nrule = "a/second"\ntext = ["TWO:  x"]\nreason = "A column."\n'
    sources = (BASE, OVER + override.format("a/one", 2) + override.format("a/one", 3) + exempt)
    book = compose([parse_pack(source, "x.toml") for source in sources])
    (one,) = [rule for rule in book.rules if rule.id == "a/one"]
    assert one.max_words == 3
    matcher = book.matcher("en")
    assert matcher.matching("One: x y")
    assert not matcher.matching("One: x y z")
    assert not matcher.matching("Two: x")
    assert matcher.matching("Two: x y")
    assert laid(BASE, OVER + '\n[[override]]\nrule = "a/three"\nreason = "Why."\naction = "remove"\n') == {
        "a/one",
        "a/two",
        "a/three",
    }


def test_explain_uses_packs_and_selectors(explained: Callable[..., dict[str, str]], pack: Callable[..., Path]) -> None:
    elm, promo, prompt = "my/also-in-elm", "en/also-read", "en/leave-a-review"
    mine = pack(rule())
    assert set(explained().values()) == {promo, prompt}
    assert set(explained("--rules", mine).values()) == {elm, promo, prompt}
    assert set(explained("--rules", mine, "--select", "my/").values()) == {elm}
    assert set(explained("--rules", mine, "--select", "my", "--extend-select", promo).values()) == {elm, promo}
    assert set(explained("--rules", mine, "--ignore", "en").values()) == {elm}
    flagged = pack(rule(action="flag"), name="flagged.toml")
    assert elm not in explained("--rules", flagged).values()
    assert elm in explained("--rules", flagged, "--extend-select", elm).values()


def test_explain_heeds_disable_override_and_except(
    explained: Callable[..., dict[str, str]], pack: Callable[..., Path], cli: Cli
) -> None:
    off = pack(head='schema = 1\npack = "off"\ndisable = ["en/leave-a-review"]\n', name="off.toml")
    assert set(explained("--rules", off).values()) == {"en/also-read"}
    assert len(explained("--rules", off, "--extend-select", "en/leave-a-review")) == 2
    override = '\n[[override]]\nrule = "en/also-read"\nreason = "Columns."\n{}\n'
    assert len(explained("--rules", pack(override.format("max_words = 3"), name="short.toml"))) == 1
    assert len(explained("--rules", pack(override.format('action = "flag"'), name="flag.toml"))) == 1
    assert len(explained("--rules", pack(override.format('languages = ["de"]'), name="de.toml"))) == 1
    line = "Also Read: Harbour towns agree on a ferry line"
    exempt = f'\n[[except]]\nrule = "en/also-read"\ntext = ["{line}"]\nreason = "A title."\n'
    mine = pack(exempt, name="except.toml")
    assert set(explained("--rules", mine).values()) == {"en/leave-a-review"}
    done = cli(
        "explain", "story.txt", "--rules", pack(exempt.replace("also-read", "also-reed"), name="bad.toml"), code=2
    )
    assert "no rule 'en/also-reed'; did you mean 'en/also-read'?" in done.stderr
    assert "bad.toml:6" in done.stderr


def test_an_old_id_goes_on_working(explained: Callable[..., dict[str, str]], pack: Callable[..., Path]) -> None:
    mine = pack(rule(replaces=["my/elm"]))
    assert "my/also-in-elm" in explained("--rules", mine).values()
    assert "my/also-in-elm" not in explained("--rules", mine, "--ignore", "my/elm").values()
    assert set(explained("--rules", mine, "--select", "my/elm").values()) == {"my/also-in-elm"}
    later = pack(head='schema = 1\npack = "later"\ndisable = ["my/elm"]\n', name="later.toml")
    assert "my/also-in-elm" not in explained("--rules", mine, "--rules", later).values()


def test_cleaner_toml_of_the_working_directory_is_read_before_the_packs_that_are_given(
    explained: Callable[..., dict[str, str]], pack: Callable[..., Path], cli: Cli
) -> None:
    project = pack(rule(), name="cleaner.toml")
    assert "my/also-in-elm" in explained().values()
    assert "my/also-in-elm" in cli("rules", "list").stdout
    later = pack(head='schema = 1\npack = "later"\ndisable = ["my/also-in-elm"]\n', name="later.toml")
    assert "my/also-in-elm" not in explained("--rules", later).values()
    assert "my/also-in-elm" in explained("--rules", "cleaner.toml").values()
    project.write_text("schema = 2\n")
    assert "cleaner.toml:1: key 'schema': schema must be 1, not 2" in cli("rules", "list", code=2).stderr


def test_a_site_pack_holds_for_its_site_and_subdomains_alone(
    cli: Cli, pack: Callable[..., Path], tmp_path: Path
) -> None:
    site = pack(rule(sites=["elm.example"], languages=["*"]))
    for name, found in (("elm.example", True), ("www.elm.example", True), ("oak.example", False), (None, False)):
        record = {"id": "1", "text": STORY, **({"site": name} if name else {})}
        (tmp_path / "stories.jsonl").write_text(json.dumps(record) + "\n")
        gone = taken(cli("explain", "stories.jsonl", "--format", "json", "--rules", site))
        assert ("my/also-in-elm" in gone.values()) is found


def test_every_site_pack_is_named_after_its_site_and_found_there() -> None:
    book = compose(load_packs())
    paths = sorted((shipped_folder() / "sites").glob("*.toml"))
    assert paths
    for path in paths:
        pack = load_pack(path)
        assert pack.name == path.stem
        assert all((rule.sites, rule.languages) == ((path.stem,), ("*",)) for rule in pack.rules)
        ids = {rule.id for rule in pack.rules}
        assert ids <= {rule.id for rule in book.matcher(None, f"www.{path.stem}").rules}
        assert not ids & {rule.id for rule in book.matcher(None, "elm.example").rules}
        assert all(len(rule.hit) > 1 and len(rule.miss) > 1 for rule in pack.rules)
