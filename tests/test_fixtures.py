"""Every golden fixture comes out exactly as its file says."""

from __future__ import annotations

import pytest
from golden import Golden, all_golden

from cleaner.document import restore
from cleaner.ingest.encoding import Decoded
from cleaner.ingest.read import _content
from cleaner.pipeline import Cleaner


@pytest.fixture(scope="module")
def cleaner() -> Cleaner:
    return Cleaner()


@pytest.mark.parametrize("golden", all_golden(), ids=lambda golden: golden.name)
def test_golden(golden: Golden, cleaner: Cleaner) -> None:
    raw = _content(golden.name, Decoded(golden.raw, "utf-8"), page=golden.path.suffix == ".html")
    outcome, rejection, _ = cleaner.clean_raw(raw)
    assert outcome is not None, rejection
    assert rejection is None
    source = outcome.document.text
    assert [line.strip() for line in outcome.text.splitlines() if line.strip()] == golden.kept
    got = [
        (removal.rule, source[removal.start : removal.end].strip())
        for removal in outcome.removals
        if removal.filter != "main_content"
    ]
    assert got == golden.removed
    removed = [(removal.start, source[removal.start : removal.end]) for removal in outcome.removals]
    assert restore(outcome.text, removed) == source
