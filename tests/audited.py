"""Runs made by hand, for tests of what is said about runs: which document, which removals, nothing cleaned."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from cleaner.chain import Outcome, Rejection
from cleaner.document import Document, Removal
from cleaner.ingest.record import Raw

sys.path.append(str(Path(__file__).resolve().parent.parent / "bench"))

from audit_run import Pair, write_run

__all__ = ["HOSTILE", "cleaned", "hostile_pairs", "story_pairs", "write_run"]

HOSTILE = (
    "<script>window.owned=1</script>",
    "\"'><img src=x onerror=window.owned=1>",
    "</script></style></title><script>window.owned=1</script>",
    "\u202efdp.exe\u202c \u2066iso\u2069 \u061c",
    "{{ 7*7 }}{% raw %}${7*7}#{7*7}",
    "javascript:window.owned=1",
    "nul \x00 bell \x07 escape \x1b[31m return \r form \x0c csi \x9b",
    "w" * 1_000_000,
)
"""What a scrape may hold to act in a page instead of standing in it."""


def cleaned(
    id: str,
    lines: Sequence[tuple[str, tuple[str, str, float] | None]],
    rejected: Rejection | None = None,
    **known: object,
) -> Pair:
    """A document of lines, each kept or taken by (filter, rule, confidence)."""
    text, cuts = "", []
    for line, taken in lines:
        start = len(text)
        text += f"{line}\n"
        if taken:
            filter, rule, confidence = taken
            cuts.append(Removal(start, len(text), filter, rule, f"Because of {rule}.", confidence, {"kind": "promo"}))
    document = Document.from_text(text, id=id, **{"source": id, "language": "en", **known})
    return Raw(id=id, source=document.source, text=text), Outcome(document, tuple(cuts), rejected)


STORIES = {
    "en": "The council of Elm voted on Monday to rebuild the old bridge number {}.",
    "ar": "وافق مجلس الميناء مساء الثلاثاء على محطة العبارات الجديدة رقم {}.",
    "he": "מועצת העיר אישרה ביום שלישי את בניית הגשר החדש מספר {}.",
    "zh": "市议会周二批准了第{}号新桥的建设计划。",
}
PROMOS = {"en": "Also Read: {}", "ar": "اقرأ أيضا: {}", "he": "קראו גם: {}", "zh": "相关阅读：{}"}
RULES = (("rules", "en/also-read", 0.8), ("layout", "shape", 0.7), ("main_content", "nav", 0.95))


def story_pairs(documents: int = 40) -> list[Pair]:
    """Documents in four languages on three sites, each with two removals; every third promo is the same everywhere."""
    languages = list(STORIES)
    pairs = []
    for number in range(documents):
        language = languages[number % 4]
        promo = PROMOS[language].format("the weather" if number % 3 == 0 else f"story {number}")
        pairs.append(
            cleaned(
                f"{language}/{number:02}.txt",
                [
                    (STORIES[language].format(number), None),
                    (promo, RULES[number % 3]),
                    *((STORIES[language].format(f"{number}-{more}"), None) for more in range(9)),
                    (f"Home {number % 5}", RULES[2]),
                ],
                site=f"site-{number % 3}.example",
                language=language,
                title=f"Story {number}",
            )
        )
    lost = Rejection("brake", "lost_too_much", "95% of 100 characters would go")
    pairs.append(cleaned("en/lost.txt", [("A line.", RULES[0]), ("Another.", None)], lost))
    return pairs


def hostile_pairs() -> list[Pair]:
    """Documents whose every field is hostile."""
    pairs = []
    for number, evil in enumerate(HOSTILE):
        short = evil[:400]
        one, outcome = cleaned(
            f"{number} {short}",
            [("A line that stays.", None), (evil, ("rules", f"evil/{short}"[:60], 0.9)), (f"kept {evil}", None)],
            source=f"{number} {short}",
            site=short,
            language=short[:40],
            title=short,
            url=short,
            author=short,
        )
        removals = tuple(cut._replace(reason=short, evidence={"said": short}) for cut in outcome.removals)
        pairs.append((one, replace(outcome, removals=removals)))
        lost = Rejection("brake", "lost_too_much", short)
        pairs.append(cleaned(f"rejected {number} {short}", [(evil, None)], lost))
    return pairs
