"""Precision and recall of the rules alone, on sites that nobody looked at to write them.

    python bench/rules.py [--data DIR] [--half report|look|all] [--all-variants]

Sites are cut into two halves by the SHA-256 of their name: rules are written by looking at the half ``look`` and
reported on the half ``report``.  By default the variants that extractors leave are measured, on news sets only.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Iterator
from pathlib import Path

from labelled import DATA

from cleaner.audit.measure import measure, read_labelled
from cleaner.rulebook.load import load_rulebook


def half_of(site: str) -> str:
    """The half that a site belongs to.

    >>> half_of("example.org") in ("look", "report")
    True
    """
    return "report" if hashlib.sha256(site.encode()).digest()[0] % 2 else "look"


def chosen(path: Path, half: str, all_variants: bool) -> Iterator[dict[str, object]]:
    """The labelled texts of a half."""
    for record in read_labelled(path):
        is_news = record["dataset"] != "wcxb" and record["variant"] != "B_body"
        if (half == "all" or half_of(str(record["site"])) == half) and (all_variants or is_news):
            yield record


def main() -> int:
    """Print the figures; exit code 1 when precision or story lost are out of bounds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--half", choices=("report", "look", "all"), default="report")
    parser.add_argument("--all-variants", action="store_true", help="whole-body texts, blogs and guides as well")
    options = parser.parse_args()
    path = options.data / "lines.jsonl.gz"
    if not path.exists():
        print(f"no labelled texts at {path}; name their folder with --data or CLEANER_DATA", file=sys.stderr)
        return 2
    book = load_rulebook()
    result = measure(book, chosen(path, options.half, options.all_variants))
    print("| rule | right | wrong | precision (95 %) | stated | share of recall | story words | sites |")
    print("|---|---|---|---|---|---|---|---|")
    for one in sorted(result.figures, key=lambda figures: -figures.cruft_words - figures.story_words):
        if one.precision is None:
            continue
        low, high = one.interval
        print(
            f"| {one.rule}{f' {one.mark}' if one.mark else ''} | {one.right} | {one.wrong} "
            f"| {one.precision:.3f} ({low:.2f} to {high:.2f}) | {one.stated:.2f} "
            f"| {one.cruft_words / result.cruft_words:.2%} | {one.story_words} | {len(one.sites)} |"
        )
    kinds = {rule.id: rule.kind for rule in book.rules}
    print("\n| kind of rule | precision | share of recall |\n|---|---|---|")
    for kind in sorted(set(kinds.values())):
        right = sum(one.cruft_words for one in result.figures if kinds[one.rule] == kind)
        wrong = sum(one.story_words for one in result.figures if kinds[one.rule] == kind)
        if right + wrong:
            print(f"| {kind} | {right / (right + wrong):.3f} | {right / result.cruft_words:.3f} |")
    print("\n| language | texts' cruft words | precision | recall | story lost |\n|---|---|---|---|---|")
    for language, (cruft, story, right, wrong) in result.groups.items():
        precision = f"{right / (right + wrong):.3f}" if right + wrong else "–"
        print(f"| {language} | {cruft:,} | {precision} | {right / max(1, cruft):.3f} | {wrong / max(1, story):.3%} |")
    print(
        f"\nhalf {options.half}, {result.documents:,} texts: precision {result.precision:.3f}, recall "
        f"{result.recall:.3f}, story lost {result.lost:.3%} (by words)"
    )
    return 0 if result.precision >= 0.95 and result.lost <= 0.001 else 1


if __name__ == "__main__":
    sys.exit(main())
