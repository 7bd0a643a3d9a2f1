"""Pages for reading: every visible block of a labelled page, who kept it, and whether the gold text holds it.

`bench/quality.py` writes one for each of the worst pages, and an index.  They hold text of the benchmark and stay in
``bench/results/``, which is not committed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 1.5rem auto; max-width: 76rem; padding: 0 1rem; color: #222; }
table { border-collapse: collapse; width: 100%; }
td, th { padding: .25rem .5rem; text-align: left; vertical-align: top; }
th { position: sticky; top: 0; background: #fff; border-bottom: 2px solid #999; }
td.mark { width: 5.5rem; text-align: center; } tr + tr td { border-top: 1px solid #eee; }
.lost td.text { background: #fde0dc; } .cruft td.text { background: #fff3c4; } .out td.text { color: #888; }
.why { color: #666; font-size: 85%; } a { color: #0645ad; }
@media (prefers-color-scheme: dark) { body { background: #181818; color: #ddd; } th { background: #181818; }
.lost td.text { background: #5a1f1a; } .cruft td.text { background: #54460f; } tr + tr td { border-top-color: #333; }
a { color: #8ab4f8; } }
"""


@dataclass(frozen=True)
class Row:
    """One block: its text, whether gold, cleaner and trafilatura have it, and why cleaner took it out."""

    text: str
    gold: bool
    kept: bool
    peer: bool
    why: str


def page(title: str, summary: str, rows: Sequence[Row]) -> str:
    """A page of HTML with all blocks; what is lost is red, what is left in yellow.

    >>> "<td class=mark>✓" in page("a", "b", [Row("<x>", True, True, False, "")])
    True
    """
    lines = []
    for row in rows:
        look = "" if row.gold == row.kept else "lost" if row.gold else "cruft"
        if not row.gold and not row.kept:
            look = "out"
        marks = "".join(f"<td class=mark>{'✓' if flag else ''}</td>" for flag in (row.gold, row.kept, row.peer))
        why = f"<div class=why>{escape(row.why)}</div>" if row.why else ""
        lines.append(f"<tr class='{look}'>{marks}<td class=text dir=auto>{escape(row.text)}{why}</td></tr>")
    return _document(
        title,
        f"<p>{escape(summary)}</p><p>Red: story that was lost. Yellow: cruft that was left in. "
        "<a href=index.html>All pages</a></p><table><thead><tr><th>gold<th>cleaner<th>trafilatura<th>block</tr></thead>"
        f"<tbody>{''.join(lines)}</tbody></table>",
    )


def write(folder: Path, pages: Sequence[tuple[str, str, Sequence[Row]]]) -> None:
    """Write the pages (title, summary, rows) and their index into a folder, in place of what was there."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.html"):
        old.unlink()
    links = []
    for number, (title, summary, rows) in enumerate(pages, 1):
        name = f"{number:02d}.html"
        (folder / name).write_text(page(title, summary, rows), encoding="utf-8")
        links.append(f"<li><a href={name}>{escape(title)}</a><div class=why>{escape(summary)}</div></li>")
    body = f"<ol>{''.join(links)}</ol>"
    (folder / "index.html").write_text(_document("Worst pages", body), encoding="utf-8")


def _document(title: str, body: str) -> str:
    return (
        f"<!DOCTYPE html><html lang=en><head><meta charset=utf-8><title>{escape(title)}</title>"
        f"<style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>{body}</body></html>\n"
    )
