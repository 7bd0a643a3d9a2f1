"""Speed of loading and matching rules, as ratios to hashing the same lines in the same run.

python bench/matching.py
"""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Callable
from dataclasses import replace

from cleaner.rulebook.load import load_packs, read_packs
from cleaner.rulebook.match import Matcher
from cleaner.rulebook.model import Rule

LINES = 25
RULES = 1_000
ROUNDS = 200
WORDS = "council minister harbour bridge treaty region winter market bus border talks river voted signed Monday".split()


def best(action: Callable[[], object], rounds: int = 5) -> float:
    """CPU seconds of the fastest of a few rounds."""
    times = []
    for _ in range(rounds):
        started = time.process_time()
        action()
        times.append(time.process_time() - started)
    return min(times)


def document() -> list[str]:
    """Lines as long as those of a news text: 18 words on average, a few of them labels."""
    return [
        " ".join(WORDS[(place * 7 + word * 3) % len(WORDS)] for word in range(3 if place % 6 == 5 else 21)) + "."
        for place in range(LINES)
    ]


def many_rules() -> list[Rule]:
    """A thousand rules, made of the shipped ones: their first pattern each, varied by a number."""
    shipped = [rule for pack in load_packs() for rule in pack.rules if rule.scope != "span"]
    return [
        replace(
            shipped[number % len(shipped)],
            id=f"bench/{number}",
            match="regex",
            patterns=(f"{shipped[number % len(shipped)].patterns[0]}(?: {number})?",)
            if shipped[number % len(shipped)].match == "regex"
            else (f"label number {number}(?: .+)?",),
        )
        for number in range(RULES)
    ]


def main() -> int:
    """Print the figures."""
    lines = document()
    loading = best(read_packs)
    packs = load_packs()
    hashing = best(lambda: [hashlib.sha256(line.encode()).digest() for _ in range(ROUNDS) for line in lines]) / ROUNDS
    matcher = Matcher(many_rules())
    matching = best(lambda: [matcher.matching(line) for _ in range(ROUNDS) for line in lines]) / ROUNDS
    print(f"{len(packs)} packs, {sum(len(pack.rules) for pack in packs)} rules loaded in {loading * 1e3:.0f} ms CPU")
    print(
        f"{RULES:,} rules on a document of {LINES} lines: {matching * 1e6:.0f} µs CPU, {matching / hashing:.1f} times "
        f"the SHA-256 of its lines ({hashing * 1e6:.0f} µs)"
    )
    hostile = Matcher([replace(matcher.rules[0], patterns=("(?:(?:a+)+)+b", "(?:a|aa|aaa)*c"), max_words=10**9)])
    print("\nadversarial patterns on a line of a's: CPU per doubling of its length")
    before = 0.0
    for length in (25_000, 50_000, 100_000, 200_000, 400_000):
        seconds = best(lambda length=length: hostile.matching("a" * length))  # type: ignore[misc]
        print(f"  {length:>7,} characters: {seconds * 1e3:7.2f} ms" + (f"  × {seconds / before:.2f}" if before else ""))
        before = seconds
    return 0


if __name__ == "__main__":
    sys.exit(main())
