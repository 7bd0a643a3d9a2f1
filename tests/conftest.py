"""Puts this folder on the path, so that tests can share helpers, and finds the labelled data where it is present."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

# Time limits are no laws: a loaded machine must not fail a property.  HYPOTHESIS_PROFILE=thorough looks longer.
settings.register_profile("default", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.register_profile("thorough", deadline=None, max_examples=3000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "default"))

sys.path.insert(0, str(Path(__file__).parent))

SHARED = Path(os.environ.get("CLEANER_DATA", Path(__file__).resolve().parents[2] / "shared"))


@pytest.fixture(scope="session")
def seeds() -> Path:
    """The folder of real scrapes with an editor's verdicts; set CLEANER_DATA to the folder above it."""
    folder = SHARED / "seeds"
    if not folder.is_dir():
        pytest.skip("the real scrapes are not on this machine (fixtures/ holds the same shapes, invented)")
    return folder
