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
from cleaner.rulebook.lint import CODES
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
    """Text of each line that `explain --format json` shows as gone, and the rule that took it."""
    return {line["text"]: line["removals"][0]["rule"] for line in json.loads(done.stdout)["lines"] if not line["kept"]}


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
    others = {"no-evidence", *({"overlap"} if code == "dead" else ())}
    assert code in findings(done, mine)
    assert findings(done, mine) <= {code, *others}
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


def test_lint_refuses_a_code_that_is_none(cli: Cli) -> None:
    assert "codes are dead, overlap" in cli("rules", "lint", "--ignore", "death", code=2).stderr


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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
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


def test_measure_writes_evidence_into_the_packs(tmp_path: Path) -> None:
    """In a copy of the program: the shipped packs are written to as well."""
    box = tmp_path / "box"
    shutil.copytree(
        Path(cleaner.__file__).parent, box / "cleaner", ignore=shutil.ignore_patterns("__pycache__", "rules")
    )
    shutil.copytree(shipped_folder(), box / "rules")
    (box / "my.toml").write_text(f"# Mine.\n{HEAD}{rule()}\n", encoding="utf-8")
    labelled(box / "labelled.jsonl", [*LINES, ("© 2023 Harbour Gazette", "cruft")])
    before = {path: path.read_bytes() for path in box.rglob("*.toml")}
    done = process(box, "rules", "measure", "labelled.jsonl", "--rules", "my.toml", "--write")
    assert done.stderr == "figures written for 2 rules\n"
    changed = {path for path, content in before.items() if path.read_bytes() != content}
    assert changed == {box / "my.toml", box / "rules" / "common.toml"}
    (own,) = load_pack(box / "my.toml").rules
    low, high = interval(3, 4)
    assert own.evidence == {
        "right": 3,
        "wrong": 1,
        "precision": 0.75,
        "low": pytest.approx(low, abs=1e-4),
        "high": pytest.approx(high, abs=1e-4),
        "sites": 1,
    }
    assert (box / "my.toml").read_text(encoding="utf-8").startswith("# Mine.\n")
    assert "measured precision = 0.75" in process(box, "rules", "show", "my", "--rules", "my.toml").stdout
    old = parse_pack(before[box / "rules" / "common.toml"].decode(), "common.toml")
    new = load_pack(box / "rules" / "common.toml")
    assert [replace(plain(one), evidence={}) for one in old.rules] == [
        replace(plain(one), evidence={}) for one in new.rules
    ]


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
