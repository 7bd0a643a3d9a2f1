"""Every golden fixture comes out exactly as its file says."""

from __future__ import annotations

import pytest
from _pytest.mark import ParameterSet
from golden import Golden, all_golden

from cleaner.document import restore
from cleaner.ingest.encoding import Decoded
from cleaner.ingest.read import _content
from cleaner.pipeline import Cleaner


@pytest.fixture(scope="module")
def cleaner() -> Cleaner:
    return Cleaner()


def cases() -> list[ParameterSet]:
    return [
        pytest.param(golden, id=golden.name, marks=pytest.mark.xfail(reason=golden.gap) if golden.gap else ())
        for golden in all_golden()
    ]


@pytest.mark.parametrize("golden", cases())
def test_golden(golden: Golden, cleaner: Cleaner) -> None:
    raw = _content(golden.name, Decoded(golden.raw, "utf-8"), page=golden.path.suffix == ".html")
    outcome, rejection, _ = cleaner.clean_raw(raw)
    assert outcome is not None, rejection
    assert rejection is None
    source = outcome.document.text
    assert [line.strip() for line in outcome.text.splitlines() if line.strip()] == golden.kept
    got = [
        (removal.rule, " ".join(source[removal.start : removal.end].split()))
        for removal in outcome.removals
        if removal.filter != "main_content"
    ]
    assert got == golden.removed
    removed = [(removal.start, source[removal.start : removal.end]) for removal in outcome.removals]
    assert restore(outcome.text, removed) == source
