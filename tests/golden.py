"""Golden fixtures: raw input, what must be kept, what must be removed and by which rule, all in one file.

    <the raw text or page, exactly as scraped>
    #---- kept ----
    <the lines that must be left, in order; blank lines do not count>
    #---- removed ----
    <rule>: <text of the removal>                  (white space collapsed; of an HTML page: removals other than
                                                   main_content's)
    #---- gap ----
    <only where the program is known to fail: why; such fixtures are strict expected failures>

`python tests/golden.py DIR` writes the raw inputs of all fixtures below DIR, as a scrape directory to try the
program on.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
KEPT = "#---- kept ----\n"
REMOVED = "#---- removed ----\n"
GAP = "#---- gap ----\n"


@dataclass(frozen=True)
class Golden:
    """One fixture.  ``removed`` holds pairs of rule and text, ``gap`` says why it is known to fail, if it is."""

    path: Path
    raw: str
    kept: list[str]
    removed: list[tuple[str, str]]
    gap: str

    @property
    def name(self) -> str:
        return self.path.relative_to(FIXTURES).as_posix()


def read_golden(path: Path) -> Golden:
    text = path.read_bytes().decode("utf-8")
    raw, kept_mark, rest = text.partition(KEPT)
    kept, removed_mark, rest = rest.partition(REMOVED)
    removed, _, gap = rest.partition(GAP)
    if not kept_mark or not removed_mark:
        raise ValueError(f"{path}: a fixture has the lines {KEPT.strip()!r} and {REMOVED.strip()!r}")
    pairs = [line.partition(": ") for line in removed.splitlines() if line.strip()]
    return Golden(
        path,
        raw,
        [line.strip() for line in kept.splitlines() if line.strip()],
        [(rule, " ".join(text.split())) for rule, _, text in pairs],
        gap.strip(),
    )


def all_golden() -> list[Golden]:
    return [read_golden(path) for path in sorted(FIXTURES.rglob("*")) if path.suffix in (".txt", ".md", ".html")]


def unpack(folder: Path) -> int:
    """Write the raw inputs below ``folder``; returns how many."""
    fixtures = all_golden()
    for fixture in fixtures:
        target = folder / fixture.name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(fixture.raw.encode("utf-8"))
    return len(fixtures)


if __name__ == "__main__":
    print(f"{unpack(Path(sys.argv[1]))} raw scrapes written to {sys.argv[1]}")
