"""A minute's worth of what `fuzzing` does for hours: its laws over drawn bytes, and over all that it begins with."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import fuzzing
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pieces = st.lists(st.integers(0, 255), max_size=60).map(lambda numbers: bytes([0, *numbers]))
forms = st.builds(
    lambda form, data: bytes([form, *data]), st.integers(0, len(fuzzing.FORMS) - 1), st.binary(max_size=300)
)


@pytest.mark.parametrize("target", sorted(fuzzing.TARGETS))
def test_what_a_campaign_begins_with_keeps_the_laws(target: str) -> None:
    seeds = fuzzing.seeds(target)
    assert len(seeds) > 20
    for seed in seeds[:: 1 if target in ("ingest", "blocks", "segments") else 4]:
        fuzzing.TARGETS[target](seed)


@given(forms)
def test_any_file_gives_records_or_reasons(data: bytes) -> None:
    fuzzing.ingest(data)


@given(pieces)
def test_blocks_of_any_markup_keep_the_laws(data: bytes) -> None:
    fuzzing.blocks(data)


@given(pieces)
@settings(max_examples=40)
def test_any_markup_comes_out_of_the_whole_chain_or_is_rejected(data: bytes) -> None:
    fuzzing.chain_html(data)


@given(pieces)
@settings(max_examples=40)
def test_any_lines_come_out_of_the_whole_chain_and_go_back(data: bytes) -> None:
    fuzzing.chain_text(data)
    fuzzing.restored(data)


@pytest.mark.parametrize("broken", ["segments lose text", ""])
def test_a_broken_law_is_told_with_its_place(
    broken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def target(data: bytes) -> None:
        fuzzing.law(not broken, broken)

    monkeypatch.setitem(fuzzing.TARGETS, "segments", target)
    (tmp_path / "input").write_bytes(b"x")
    assert fuzzing.main(["segments", "--replay", str(tmp_path / "input")]) == bool(broken)
    said = capsys.readouterr().out
    assert (f"Broken: {broken}" if broken else "keeps its laws") in said


@pytest.mark.slow
def test_a_campaign_counts_what_it_tried(tmp_path: Path) -> None:
    pytest.importorskip("atheris", reason="coverage is followed by atheris: pip install -e '.[fuzz]'")
    command = [sys.executable, fuzzing.__file__, "segments", "--seconds", "10", "--out", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    figures = json.loads(done.stdout)
    assert figures["inputs"] > 100 and figures["finds"] == []
