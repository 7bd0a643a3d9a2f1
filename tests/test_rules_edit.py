"""Packs that are written again, formatted or with figures in them, say what they said, with every comment."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cleaner.rulebook.edit import formatted, write_evidence
from cleaner.rulebook.load import pack_files
from cleaner.rulebook.source import statements

TOP = ["schema = 1  # the first", 'pack = "x"', 'languages = [\n  "en",  # and no other\n]']
KEYS = [
    'description = "A line: [[rule]] # no comment."',
    "kind = 'prompt'",
    'match = "exact"  # "as it is',
    "pattern = [\n    'call now',\n    # [[rule]]\n    '''it's\n[[case]]\n\n\n# it''',\n]",
    'scope = "line"',
    "confidence = 0.9",
    'hit = ["Call now"]',
    'miss = ["\\"\\"\\"", """Call\n[[rule]]\n# me \\""" now""""]',
]
EVIDENCE = [
    "",
    "evidence = {right = 3, wrong = 1}  # of May\n",
    "evidence.right = 3\nevidence.wrong = 1\n",
    "\n# Of June.\n[rule.evidence]\nright = 3  # three\nwrong = 1\n",
]
CASE = '[[case]]\nname = "c{}"\n\n\n# The text.\ntext = """\nA.\n\n\n\n[[rule]]\n"""\nwant = "A."\n'
OVERRIDE = '[[override]]\nrule = "a/{}"\nmax_words = 3\nreason = "Why."\n'


@st.composite
def packs(draw: st.DrawFn) -> str:
    """A pack whose keys, tables, comments and blank lines stand anyhow."""
    numbers = iter(range(1000))

    def loose() -> str:
        lines = draw(st.lists(st.sampled_from(["", "# {}", "  # {}"]), max_size=3))
        return "".join(line.format(next(numbers)) + "\n" for line in lines)

    def rule(number: int) -> str:
        keys = [f'id = "x/r{number}"', *KEYS]
        draw(st.randoms(use_true_random=False)).shuffle(keys)
        return "[[rule]]\n" + "".join(f"{loose()}{key}\n" for key in keys) + draw(st.sampled_from(EVIDENCE))

    tables = [rule(number) for number in range(draw(st.integers(0, 3)))]
    tables += [CASE.format(number) for number in range(draw(st.integers(0, 2)))]
    tables += [OVERRIDE.format(number) for number in range(draw(st.integers(0, 2)))]
    draw(st.randoms(use_true_random=False)).shuffle(tables)
    return "".join([loose(), *(f"{key}\n{loose()}" for key in TOP), *(f"{table}{loose()}" for table in tables)])


def data(source: str) -> dict[str, object]:
    """What a pack says, with its rules in one order."""
    found = tomllib.loads(source)
    found.get("rule", []).sort(key=lambda rule: rule["id"])
    return found


def comments(source: str) -> list[str]:
    found = (one.text if one.kind == "comment" else one.comment for one in statements(source))
    return sorted(filter(None, found))


@given(packs())
def test_formatting_keeps_what_a_pack_says_and_every_comment_and_is_done_after_once(source: str) -> None:
    once = formatted(source, "x.toml")
    assert data(once) == data(source)
    assert comments(once) == comments(source)
    assert formatted(once, "x.toml") == once
    assert formatted(source.replace("\n", "\r\n"), "x.toml") == once


@given(packs())
def test_statements_are_the_text_without_the_white_space_around_them(source: str) -> None:
    found = list(statements(source))
    assert all(source[one.start : one.end] == one.text for one in found)
    assert "".join("".join(one.text.split()) for one in found) == "".join(source.split())


RULE = '[[rule]]\nid = "x/{}"\n' + "\n".join(KEYS) + "\n"
HEAD = "\n".join(TOP) + "\n\n"


def test_comments_go_with_the_table_or_key_that_they_stand_above() -> None:
    source = f"""{HEAD}# All about b.

# The rule b.
{RULE.format("b")}# gap = ["more of b"]

# The rule a.
{RULE.format("a").replace("hit =", "# Seen in May.{0}hit =").format(chr(10))}
# The end.
"""
    text = formatted(source, "x.toml")
    assert text.startswith(HEAD + '# The rule a.\n[[rule]]\nid = "x/a"\n')
    assert '\n# Seen in May.\nhit = ["Call now"]\n' in text
    assert '\n\n# All about b.\n\n# The rule b.\n[[rule]]\nid = "x/b"\n' in text
    assert text.endswith(KEYS[-1] + '\n# gap = ["more of b"]\n\n# The end.\n')


@pytest.mark.parametrize("path", pack_files(), ids=lambda path: path.stem)
def test_formatting_a_shipped_pack_moves_lines_and_changes_none(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    text = formatted(source, str(path))
    assert data(text) == data(source)
    assert sorted(filter(None, text.split("\n"))) == sorted(filter(None, source.split("\n")))


FIGURES = {"sites": 2, "high": 0.9, "low": 0.1, "precision": 0.5, "wrong": 2, "right": 2}
LINE = "evidence = {right = 2, wrong = 2, precision = 0.5, low = 0.1, high = 0.9, sites = 2}"


@pytest.mark.parametrize("evidence", EVIDENCE)
@pytest.mark.parametrize("behind", ["", "# loose\n\n", "\n# above\n"])
def test_figures_are_written_in_one_line_and_all_else_stays(evidence: str, behind: str, tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    other = f"  {RULE.format('b')}"
    source = f"{HEAD}{RULE.format('a')}{evidence}{behind}{other}"
    path.write_text(source, encoding="utf-8")
    assert write_evidence(path, {"x/a": FIGURES, "x/none": {}}) == 1
    text = path.read_text(encoding="utf-8")
    before, after = data(source), data(text)
    assert after["rule"][0].pop("evidence") == FIGURES  # type: ignore[index]
    before["rule"][0].pop("evidence", None)  # type: ignore[index]
    assert after == before
    assert comments(text) == comments(source)
    assert text.endswith(other)
    assert f"\n{LINE}" in text
    once = formatted(text, "x.toml")
    assert f"\n{LINE}" in once
    path.write_text(once, encoding="utf-8")
    write_evidence(path, {"x/a": FIGURES})
    assert path.read_text(encoding="utf-8") == once == formatted(once, "x.toml")


def test_no_figures_write_nothing(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    path.write_text(HEAD + RULE.format("a"), encoding="utf-8")
    before = path.stat()
    assert write_evidence(path, {"x/b": FIGURES}) == 0
    assert path.stat().st_ino == before.st_ino
