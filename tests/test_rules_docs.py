"""The page on rules is true: its packs prove themselves, its commands print what it says."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pages import DOCS, Block, blocks, like, steps

import cleaner
from cleaner.document import Document
from cleaner.filters.by_rules import rules_chain
from cleaner.rulebook.lint import CODES
from cleaner.rulebook.load import load_packs, load_rulebook, shipped_folder
from cleaner.rulebook.model import (
    ACTIONS,
    CREDITS,
    KINDS,
    MATCHES,
    OVERRIDE_KEYS,
    PACK_KEYS,
    RULE_KEYS,
    SCOPES,
    UNTIL,
    Case,
    parse_pack,
)
from cleaner.rulebook.proof import prove_layer

PAGE = DOCS / "rules.md"
BLOCKS = blocks(PAGE)
PACKS = [block for block in BLOCKS if block.language == "toml"]


def test_every_block_is_a_file_or_a_session() -> None:
    assert len(BLOCKS) == PAGE.read_text(encoding="utf-8").count("\n```") // 2
    for block in BLOCKS:
        assert (block.language == "console") == (block.title is None), block.line
        if block.language == "console":
            assert block.body.startswith("$ "), block.line


@pytest.mark.parametrize("block", PACKS, ids=lambda block: f"{block.title}:{block.line}")
def test_packs_of_the_page_prove_themselves(block: Block, tmp_path: Path) -> None:
    path = tmp_path / str(block.title)
    path.write_text(block.body, encoding="utf-8")
    pack = parse_pack(block.body, str(path))
    shipped = load_packs()
    chain = rules_chain(load_rulebook((str(path),)))

    def run(case: Case, language: str) -> str:
        return chain.clean(Document.from_text(case.text, language=language, site=case.site)).text

    assert [str(failure) for failure in prove_layer([pack], [*shipped, pack], run)] == []


@pytest.mark.skipif(shutil.which("bash") is None, reason="the sessions are for a shell")
def test_the_sessions_of_the_page_print_what_it_says(tmp_path: Path) -> None:
    folder, programs = tmp_path / "work", tmp_path / "bin"
    folder.mkdir()
    programs.mkdir()
    # a copy of the program: `measure --write` writes to the shipped packs as well
    code = tmp_path / "code"
    shutil.copytree(
        Path(cleaner.__file__).parent, code / "cleaner", ignore=shutil.ignore_patterns("__pycache__", "rules")
    )
    shutil.copytree(shipped_folder(), code / "rules")
    program = programs / "cleaner"
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m cleaner "$@"\n')
    program.chmod(0o755)
    environment = {
        **os.environ,
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(code),
        "NO_COLOR": "1",
        "PYTHONUTF8": "1",
        "LC_ALL": "C.UTF-8",
    }
    followed = 0
    for block in BLOCKS:
        if block.title is not None:
            (folder / block.title).write_text(block.body, encoding="utf-8")
            continue
        for command, expected in steps(block.body):
            done = subprocess.run(
                ["bash", "-c", command],
                cwd=folder,
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                check=False,
            )
            assert re.fullmatch(like(expected), done.stdout), (
                f"{PAGE.name}:{block.line}: {command}the page says\n{expected}\nit prints\n{done.stdout}"
            )
            followed += 1
    assert followed > 20


def test_the_page_names_every_key_kind_scope_and_code() -> None:
    page = PAGE.read_text(encoding="utf-8")
    coded = set(re.findall(r"`+([^`\n]+)`+", page))
    words = {word for code in coded for word in re.findall(r"[a-z_][a-z_-]*", code)}
    names = (*PACK_KEYS, *RULE_KEYS, *OVERRIDE_KEYS, *KINDS, *CREDITS, *MATCHES, *SCOPES, *ACTIONS, *UNTIL, *CODES)
    prose = re.sub(r"^```.*?^```$", "", page, flags=re.MULTILINE | re.DOTALL)
    missing = {name for name in names if name not in words and not re.search(rf"\b{re.escape(name)}\b", prose)}
    assert missing == set()
    for name in ("few-proofs", "heading-block", "min_lines", "endmark"):
        assert name in prose


def test_the_command_options_that_the_page_names_exist() -> None:
    page = PAGE.read_text(encoding="utf-8")
    prose = re.sub(r"^```.*?^```$", "", page, flags=re.MULTILINE | re.DOTALL)
    named = set(re.findall(r"`(--[a-z-]+)", prose))
    helps = "".join(
        subprocess.run(
            [sys.executable, "-m", "cleaner", *command, "--help"], capture_output=True, text=True, check=True
        ).stdout
        for command in (["run"], ["explain"], *(["rules", name] for name in "test lint fmt measure list new".split()))
    )
    assert named
    assert {option for option in named if not re.search(rf"{option}\b", helps)} == set()
