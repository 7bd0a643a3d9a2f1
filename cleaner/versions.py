"""What decides the bytes of a run besides settings and rules: the versions of the libraries that it goes by."""

from __future__ import annotations

import platform
import sys
import unicodedata
from importlib.metadata import version

DECIDING = (
    "chardet",  # encodings
    "google-re2",  # rule patterns
    "langdetect",
    "lxml",  # the tree under trafilatura
    "numpy",  # sums of the models' trees
    "publicsuffixlist",  # sites
    "pyarrow",  # the bytes of the shards
    "rapidfuzz",
    "selectolax",  # the tree of pages
    "trafilatura",
    "warcio",
    "xxhash",  # keys of lines and paragraphs
)
"""The libraries whose word can change what is removed, or how it is written."""


def deciding_versions() -> dict[str, str]:
    """Names and versions of what decides: Python, its Unicode tables, `DECIDING`.

    The machine's kind is among them: sums of floating point numbers differ in their last digit from one to another.

    >>> deciding_versions()["lxml"] == version("lxml")
    True
    """
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    known = {"python": python, "unicode": unicodedata.unidata_version, "machine": platform.machine()}
    return known | {name: version(name) for name in DECIDING}
