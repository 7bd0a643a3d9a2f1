"""A dataset card for a run: how the corpus was made, in the form that the Hugging Face Hub reads."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from cleaner.atomic import write_whole
from cleaner.rulebook.load import load_packs, pack_hashes
from cleaner.shards.folder import FolderError, RunFolder

CARD = "README.md"
# Rows of a table in the card; what is left over stands in its last row.
ROWS = 20
_SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
    (100_000_000, "10M<n<100M"),
    (1_000_000_000, "100M<n<1B"),
    (10_000_000_000, "1B<n<10B"),
    (100_000_000_000, "10B<n<100B"),
    (1_000_000_000_000, "100B<n<1T"),
)
"""Fewer documents than this, and how the Hub calls that."""

_LOAD = """\
```python
from datasets import load_dataset

documents = load_dataset("parquet", data_files="clean/*.parquet", split="train")
```

```python
import polars as pl

documents = pl.read_parquet("clean/*.parquet")
```

```sql
-- DuckDB
SELECT site, count(*) AS documents FROM 'clean/*.parquet' GROUP BY site ORDER BY documents DESC;
```"""


def card(
    run: str | os.PathLike[str],
    out: str | os.PathLike[str] | None = None,
    *,
    name: str | None = None,
    licence: str | None = None,
    overwrite: bool = False,
) -> Path:
    """Write the dataset card of a finished run, as ``README.md`` of its folder or as ``out``; returns its path.

    The card tells books, languages, sites, what each filter and rule removed, what was rejected and why, settings, rule
    packs, and how to load the shards.  ``licence`` is the Hub's name of a licence; without one the card names none,
    since a run does not know it.

    Raises `FolderError` when the run cannot be read, or there is another file already and ``overwrite`` is not given.

    >>> card("out", name="Elm news", licence="cc-by-4.0").read_text(encoding="utf-8").splitlines()[1]
    'pretty_name: "Elm news"'
    """
    folder = RunFolder(Path(run))
    path = folder.path / CARD if out is None else Path(out)
    text = render_card(folder, name or folder.path.resolve().name, licence)
    try:
        if path.exists() and not overwrite and path.read_bytes() != text.encode():
            raise FolderError(
                f"{path} is there already and says something else; give --overwrite or name another --out"
            )
        write_whole(path, text.encode("utf-8"))
    except OSError as error:
        raise FolderError(f"cannot write {path}: {error.strerror or error}") from error
    return path


@dataclass
class _Tally:
    """What the shards hold, counted from their rows."""

    languages: dict[str, list[int]] = field(default_factory=dict)
    sites: dict[str, list[int]] = field(default_factory=dict)
    rules: dict[tuple[str, str], list[float]] = field(default_factory=dict)
    first: str = ""
    last: str = ""


def _tally(folder: RunFolder, units: Iterable[int]) -> _Tally:
    tally = _Tally()
    for unit in units:
        try:
            clean = pq.read_table(
                folder.part("clean", unit), columns=["language", "site", "date", "source_chars", "removed_chars"]
            )
            removed = pq.read_table(
                folder.part("removed", unit), columns=["filter", "rule", "start", "end", "confidence"]
            )
        except (OSError, ValueError) as error:  # Arrow's errors are among them
            raise FolderError(f"{folder.path}: part {unit} cannot be read: {error}") from error
        for row in clean.to_pylist():
            for known, counts in ((row["language"], tally.languages), (row["site"], tally.sites)):
                count = counts.setdefault(known or "", [0, 0, 0])
                count[0] += 1
                count[1] += row["source_chars"] - row["removed_chars"]
                count[2] += row["removed_chars"]
            date = (row["date"] or "")[:10]
            if re.fullmatch(r"\d{4}-\d\d-\d\d", date):
                tally.first = min(tally.first or date, date)
                tally.last = max(tally.last, date)
        for row in removed.to_pylist():
            taken = tally.rules.setdefault((row["filter"], row["rule"]), [0, 0, 0])
            taken[0] += 1
            taken[1] += row["end"] - row["start"]
            taken[2] += row["confidence"]
    return tally


def render_card(folder: RunFolder, name: str, licence: str | None) -> str:
    """The card as Markdown with a YAML head.  Raises `FolderError`."""
    manifest = folder.manifest()
    tally = _tally(folder, [entry["unit"] for entry in manifest["parts"]])
    head = "\n".join(_head(name, licence, manifest["books"]["clean"], tally))
    return f"---\n{head}\n---\n\n" + "\n\n".join(_sections(name, manifest, tally)) + "\n"


def _head(name: str, licence: str | None, documents: int, tally: _Tally) -> Iterator[str]:
    """YAML; every string as JSON writes it, which YAML reads as the same string (a bare `no` would be false)."""
    yield f"pretty_name: {_quoted(name)}"
    if licence:
        yield f"license: {_quoted(licence)}"
    languages = sorted(code for code in tally.languages if code)
    if languages:
        yield "language:"
        yield from (f"- {_quoted(code)}" for code in languages)
    yield "task_categories:\n- text-generation"
    yield "tags:\n- news\n- boilerplate-removal"
    yield f"size_categories:\n- {_quoted(next((size for most, size in _SIZES if documents < most), 'n>1T'))}"
    yield "configs:"
    for place, kind in enumerate(("clean", "removed", "rejected")):
        yield f"- config_name: {kind}"
        if not place:
            yield "  default: true"
        yield f'  data_files: "{kind}/*.parquet"'


def _counted(count: int, what: str) -> str:
    """A number of things.

    >>> _counted(1, "site"), _counted(1200, "site")
    ('1 site', '1,200 sites')
    """
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _sections(name: str, manifest: Mapping[str, Any], tally: _Tally) -> Iterator[str]:
    books, header = manifest["books"], manifest["header"]
    extracted = books["kept_chars"] + books["removed_chars"]
    yield f"# {_text(name)}"
    dates = f" Their dates run from {tally.first} to {tally.last}." if tally.first else ""
    yield (
        f"{_counted(books['clean'], 'news document')} in {_counted(sum(map(bool, tally.languages)), 'language')} from "
        f"{_counted(sum(map(bool, tally.sites)), 'site')}, {books['kept_chars']:,} characters of text.{dates} "
        f"Boilerplate was taken out of raw scrapes by cleaner {header['cleaner']}, which keeps every removal with its "
        "filter, rule, reason and confidence."
    )
    yield "## Load it\n\nFrom this folder:\n\n" + _LOAD
    yield (
        "`clean/` holds one row a document, `removed/` one row a removal, `rejected/` one row a document that was left "
        "out; they join on `id`. `run.json` tells rows, bytes and SHA-256 of every part."
    )
    rows = [
        ("documents", books["documents"], books["clean"], "", books["rejected"]),
        ("characters", books["chars"], books["kept_chars"], f"{books['removed_chars']:,}", books["rejected_chars"]),
    ]
    yield "## The books\n\n" + _table(
        ("", "in", "clean", "removed", "rejected"),
        [(what, f"{total:,}", f"{kept:,}", gone, f"{out:,}") for what, total, kept, gone, out in rows],
    )
    yield "## Languages\n\n" + _table(
        ("language", "documents", "characters", "removed"), _shares(tally.languages, "unknown")
    )
    yield "## Sites\n\n" + _table(("site", "documents", "characters", "removed"), _shares(tally.sites, "unknown"))
    filters = sorted(books["removed_by_filter"].items(), key=lambda item: (-item[1], item[0]))
    yield "## What was removed\n\nShares are of all characters of the clean documents' source texts.\n\n" + _table(
        ("filter", "characters", "share"),
        [(_code(known), f"{chars:,}", f"{chars / max(extracted, 1):.2%}") for known, chars in filters],
    )
    yield from _rules(tally, header)
    if books["rejected_by_reason"]:
        reasons = sorted(books["rejected_by_reason"].items(), key=lambda item: (-item[1], item[0]))
        yield "## What was rejected\n\n" + _table(
            ("reason", "documents"), [(_code(reason), f"{count:,}") for reason, count in reasons]
        )
    yield "## How it was made\n\n" + "\n".join(_making(manifest))


def _rules(tally: _Tally, header: Mapping[str, Any]) -> Iterator[str]:
    """The rules that took most, with their precision where the packs of the run are those at hand and state one."""
    found = sorted(
        ((key, one) for key, one in tally.rules.items() if "/" in key[1]), key=lambda item: (-item[1][0], item[0])
    )
    if not found:
        return
    measured = _measured(header)
    rows = [
        (
            _code(rule),
            f"{count:,.0f}",
            f"{chars:,.0f}",
            f"{confidence / count:.2f}",
            measured.get(rule, "–"),
        )
        for (_, rule), (count, chars, confidence) in found[:ROWS]
    ]
    if len(found) > ROWS:
        others = [one for _, one in found[ROWS:]]
        count, chars = sum(one[0] for one in others), sum(one[1] for one in others)
        rows.append((f"{len(others):,} others", f"{count:,.0f}", f"{chars:,.0f}", "", ""))
    yield (
        "### By rule\n\nConfidence is the mean of what the removals state; precision was measured on labelled lines of "
        "news texts (95 % interval), where it was.\n\n"
        + _table(("rule", "removals", "characters", "confidence", "precision"), rows)
    )


def _measured(header: Mapping[str, Any]) -> dict[str, str]:
    """Measured precision by rule, of the packs that are still as the run read them."""
    now = pack_hashes()
    if any(header["rules"].get(file) != digest for file, digest in now.items()):
        return {}
    return {
        rule.id: f"{rule.evidence['precision']:.3f} ({rule.evidence['low']:.2f} to {rule.evidence['high']:.2f})"
        for pack in load_packs()
        for rule in pack.rules
        if {"precision", "low", "high"} <= rule.evidence.keys()
    }


def _making(manifest: Mapping[str, Any]) -> Iterator[str]:
    header = manifest["header"]
    yield f"- finished: {_text(str(manifest.get('finished', 'unknown')))}"
    yield f"- program: cleaner {_text(str(header['cleaner']))}, shard schema {_text(str(header['schema']))}"
    libraries = ", ".join(
        f"{_text(name)} {_text(known)}" for name, known in sorted(header.get("libraries", {}).items())
    )
    yield f"- libraries: {libraries}"
    for name, known in sorted(header.get("plugins", {}).items()):
        yield f"- plug-in {_code(name)}: {_text(known)}"
    kinds = Counter(
        file.partition("/")[0] if file.startswith(("lang/", "sites/")) else file for file in header["rules"]
    )
    packs = ", ".join(f"{count} {_text(kind)}" if count > 1 else _text(kind) for kind, count in sorted(kinds.items()))
    yield f"- rule packs: {packs}"
    settings = json.dumps(header["settings"], ensure_ascii=False, sort_keys=True, indent=1).replace("`", "\\u0060")
    yield f"\n<details><summary>Settings</summary>\n\n```json\n{settings}\n```\n\n</details>"
    yield "\n<details><summary>SHA-256 of every rule pack</summary>\n"
    yield _table(
        ("pack", "SHA-256"), [(_code(file), f"`{digest}`") for file, digest in sorted(header["rules"].items())]
    )
    yield "\n</details>"


def _shares(counts: Mapping[str, list[int]], nameless: str) -> list[tuple[str, ...]]:
    def row(name: str, count: Iterable[int]) -> tuple[str, ...]:
        documents, kept, removed = count
        return name, f"{documents:,}", f"{kept:,}", f"{removed / max(kept + removed, 1):.1%}"

    ordered = sorted(counts.items(), key=lambda item: (-item[1][0], item[0]))
    rows = [row(_text(name) or nameless, count) for name, count in ordered[:ROWS]]
    if len(ordered) > ROWS:
        others = [count for _, count in ordered[ROWS:]]
        rows.append(row(f"{len(others):,} others", map(sum, zip(*others, strict=True))))
    return rows


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---", *("---:" for _ in head[1:])), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _quoted(text: str) -> str:
    return json.dumps(text)


def _code(text: str) -> str:
    """Text of a scrape as a code span in a table."""
    return f"`{' '.join(text.split()).replace('`', ' ').replace('|', ' ')}`"


def _text(text: str) -> str:
    """Text of a scrape that cannot act in Markdown or HTML.

    >>> _text("a|b <script>\\n`x` [y](z)")
    'a&#124;b &#60;script&#62; &#96;x&#96; &#91;y&#93;&#40;z&#41;'
    """
    plain = " ".join(text.split())
    return re.sub(r"[|<>&`\[\]()\\*_~!#$]", lambda found: f"&#{ord(found[0])};", plain)
