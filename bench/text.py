"""Quality on texts without markup whose lines are labelled, beside other tools, cross-validated by site.

    python bench/text.py [--data DIR] [--folds DIR] [--preset NAME] [--limit N] [--peers/--no-peers]

Every text is cleaned by the whole chain, with the model that was trained without the text's site (``make train``
leaves them in build/folds).  Figures are weighted by words; neutral lines are not scored; token F1 is the mean over
texts.  Prints tables; writes bench/results/text.json and text.md, and the tables of docs/quality.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from folds import FOLD_MODELS, cleaner_of, has_models
from included import include
from labelled import DATA, Labelled, Story, fold_of, gold_key, read_gold, read_labelled_texts, read_stories, words
from peers import PEERS

from cleaner.chain import Outcome
from cleaner.document import Document, Removal
from cleaner.ingest.record import Raw
from cleaner.pipeline import Cleaner

RESULTS = Path(__file__).parent / "results"
OURS = "cleaner"
BINS = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1.01)
LATIN = frozenset("de fr es pt it nl pl tr az id vi sv no da cs ro hu sw ca hr sk sl fi et lt lv".split())
CYRILLIC = frozenset("ru uk bg sr mk be kk".split())
CJK = frozenset(("ja", "zh", "ko"))


@dataclass
class Result:
    """What one tool did to one text."""

    labels: Counter[str] = field(default_factory=Counter)
    """Words by label."""
    removed: Counter[str] = field(default_factory=Counter)
    by_kind: Counter[tuple[str, bool]] = field(default_factory=Counter)
    """Words of cruft by kind, and whether they were removed."""
    score: float = 0.0
    """Token F1 of the kept text against the story."""
    story: tuple[tuple[str, int], ...] = ()
    """Story lines that were removed, with their words."""


@dataclass
class Outcomes:
    """What all tools did to one text."""

    text: tuple[str, str, str, str, str]
    """Group, dataset, variant, language, id with site."""
    tools: dict[str, Result] = field(default_factory=dict)
    bins: Counter[tuple[str, float, str]] = field(default_factory=Counter)
    """Words of our removals by filter, lower edge of confidence, and label."""
    again: int = 0
    """Characters that cleaning the result again takes."""


@lru_cache(maxsize=1)
def _gold(data: str) -> dict[tuple[str, str], Counter[str]]:
    return read_gold(Path(data))


def measure(job: tuple[Labelled, str, str, str, bool]) -> Outcomes:
    """Run all tools over one labelled text."""
    text, data, folds, preset, with_peers = job
    return measure_with(cleaner_of(folds, fold_of(text.site), preset), text, data, with_peers)


def measure_with(cleaner: Cleaner, text: Labelled, data: str, with_peers: bool = False) -> Outcomes:
    """Run a cleaner, and the other tools, over one labelled text."""
    document = cleaner.document(_raw(text, text.text))
    outcome = cleaner.clean(document)
    again = cleaner.clean(cleaner.document(_raw(text, outcome.text)))
    group = text.group
    result = Outcomes((group, text.dataset, text.variant, language_group(text, document), f"{text.site} {text.id}"))
    result.again = len(outcome.text) - len(again.text)
    gold = _gold(data).get(gold_key(text), Counter())
    ours = _scored(text, gold, _left(text, outcome))
    result.tools[OURS] = ours
    for removal, label, count in _by_removal(text, outcome):
        low = max((edge for edge in BINS[:-1] if removal.confidence >= edge), default=0.0)
        result.bins[removal.filter, low, label] += count
    if with_peers:
        lines = [line for line, _, _ in text.lines]
        for name, peer in PEERS.items():
            kept = peer(lines, document.language or "")
            left = [line if keep else "" for line, keep in zip(lines, kept, strict=True)]
            result.tools[name] = _scored(text, gold, left)
    return result


def _raw(text: Labelled, content: str) -> Raw:
    return Raw(id=text.id, source=text.id, text=content, url=text.url, title=text.title or None)


def language_group(text: Labelled, document: Document) -> str:
    """English, other Latin, Cyrillic, CJK, or other."""
    code = (text.language[:2].lower() or document.language or "").strip()
    if code == "en":
        return "English"
    for name, codes in (("other Latin", LATIN), ("Cyrillic", CYRILLIC), ("CJK", CJK)):
        if code in codes:
            return name
    return "other"


def _left(text: Labelled, outcome: Outcome) -> list[str]:
    """What is left of each line."""
    end = len(outcome.document.text)
    spans = iter([*outcome.kept, (end, end)])
    span = next(spans)
    left = []
    for low, high, _ in _lines(text):
        pieces = []
        while span[0] < high:
            pieces.append(outcome.document.text[max(span[0], low) : min(span[1], high)])
            if span[1] > high:
                break
            span = next(spans)
        left.append("".join(pieces).strip())
    return left


def _lines(text: Labelled) -> Iterator[tuple[int, int, str]]:
    """Where each line begins and ends, and its label."""
    position = 0
    for line, label, _ in text.lines:
        yield position, position + len(line), label
        position += len(line) + 1


def _scored(text: Labelled, gold: Counter[str], left: Sequence[str]) -> Result:
    result = Result()
    kept: Counter[str] = Counter()
    story = []
    for (line, label, kind), rest in zip(text.lines, left, strict=True):
        total, own = len(words(line)), words(rest)
        kept.update(own)
        gone = total - len(own)
        result.labels[label] += total
        result.removed[label] += gone
        if label == "cruft":
            result.by_kind[kind, True] += gone
            result.by_kind[kind, False] += total - gone
        elif label == "article" and gone:
            story.append((line[:200], gone))
    result.story = tuple(story)
    common = sum((kept & gold).values())
    if common:
        precision, recall = common / sum(kept.values()), common / sum(gold.values())
        result.score = 2 * precision * recall / (precision + recall)
    return result


def _by_removal(text: Labelled, outcome: Outcome) -> Iterable[tuple[Removal, str, int]]:
    bounds = [*_lines(text)]
    for removal in outcome.removals:
        for low, high, label in bounds:
            if removal.start < high and removal.end > low:
                piece = outcome.document.text[max(low, removal.start) : min(high, removal.end)]
                yield removal, label, len(words(piece))


Key = Callable[[Outcomes], str]


def table(results: Sequence[Outcomes], key: Key, tools: Sequence[str], what: str) -> Iterable[str]:
    """Precision, recall, story lost and token F1 by tool, for the texts of each key, as Markdown."""
    yield f"| {what} | texts | tool | cruft precision | cruft recall | story lost | token F1 | gain |"
    yield "|---|---|---|---|---|---|---|---|"
    for name in sorted({key(one) for one in results}):
        chosen = [one for one in results if key(one) == name]
        for tool in tools:
            row = figures([one.tools[tool] for one in chosen])
            gain = ""
            if "nothing" in chosen[0].tools:
                gain = f"{row['f1'] - figures([one.tools['nothing'] for one in chosen])['f1']:+.4f}"
            label = f"**{tool}**" if tool == OURS else tool
            yield (
                f"| {name} | {len(chosen):,} | {label} | {row['precision']:.3f} | {row['recall']:.3f} "
                f"| {row['lost']:.2%} | {row['f1']:.4f} | {gain} |"
            )


def figures(rows: Sequence[Result]) -> dict[str, float]:
    """Word-weighted figures of a tool over texts, and its mean token F1."""
    labels, removed = total(row.labels for row in rows), total(row.removed for row in rows)
    return {
        "precision": removed["cruft"] / max(removed["cruft"] + removed["article"], 1),
        "recall": removed["cruft"] / max(labels["cruft"], 1),
        "lost": removed["article"] / max(labels["article"], 1),
        "f1": sum(row.score for row in rows) / max(len(rows), 1),
    }


def total(counters: Iterable[Counter[str]]) -> Counter[str]:
    """The sum of counters."""
    together: Counter[str] = Counter()
    for counter in counters:
        together.update(counter)
    return together


def kinds_table(results: Sequence[Outcomes]) -> Iterable[str]:
    """Recall by kind of cruft (a guess from markup and cue words)."""
    gone: Counter[str] = Counter()
    left: Counter[str] = Counter()
    for one in results:
        for (kind, removed), count in one.tools[OURS].by_kind.items():
            (gone if removed else left)[kind] += count
    yield "| kind of cruft | words | recall |"
    yield "|---|---|---|"
    for kind, _ in (gone + left).most_common():
        yield f"| {kind or '–'} | {gone[kind] + left[kind]:,} | {gone[kind] / (gone[kind] + left[kind]):.3f} |"


def reliability_table(results: Sequence[Outcomes]) -> Iterable[str]:
    """What share of the removed words is cruft, by the confidence that was stated."""
    bins: Counter[tuple[str, float, str]] = Counter()
    for one in results:
        bins.update(one.bins)
    yield "| filter | stated confidence | words | measured precision |"
    yield "|---|---|---|---|"
    for name in (*sorted({name for name, _, _ in bins}), "all"):
        for low, high in zip((0.0, *BINS), BINS, strict=False):
            cruft, story = (
                sum(
                    count
                    for (filter, edge, kind), count in bins.items()
                    if edge == low and kind == label and name in (filter, "all")
                )
                for label in ("cruft", "article")
            )
            if cruft + story:
                share = cruft / (cruft + story)
                yield f"| {name} | {low:.2f} to {min(high, 1.0):.2f} | {cruft + story:,} | {share:.3f} |"


def clean_story(job: tuple[Story, str, str]) -> tuple[str, int, Counter[str]]:
    """Set of a story that is cleaned as if it were a text, its words, and those that went by filter and rule."""
    story, folds, preset = job
    cleaner = cleaner_of(folds, fold_of(story.site), preset)
    text = "\n".join(story.paragraphs)
    raw = Raw(id=story.id, source=story.id, text=text, url=story.url, title=story.title or None)
    gone: Counter[str] = Counter()
    for removal in cleaner.clean(cleaner.document(raw)).removals:
        gone[f"{removal.filter}: {removal.rule}"] += len(words(text[removal.start : removal.end]))
    return story.dataset, len(words(text)), gone


def stories_table(results: Sequence[tuple[str, int, Counter[str]]]) -> Iterable[str]:
    """What cleaning takes of stories that hold nothing else, by set, and the rules that take most."""
    yield "| stories alone, of | stories | words that go | stories that lose any |"
    yield "|---|---|---|---|"
    for name in (*sorted({name for name, _, _ in results}), "all"):
        some = [(size, rules) for own, size, rules in results if name in (own, "all")]
        share = sum(rules.total() for _, rules in some) / sum(size for size, _ in some)
        yield f"| {name} | {len(some):,} | {share:.2%} | {sum(bool(rules) for _, rules in some) / len(some):.1%} |"
    yield ""
    yield "| filter and rule | stories | words |"
    yield "|---|---|---|"
    together = total(rules for *_, rules in results)
    documents = Counter(rule for *_, rules in results for rule in rules)
    for rule, count in sorted(documents.items(), key=lambda item: (-item[1], item[0]))[:12]:
        yield f"| {rule} | {count:,} | {together[rule]:,} |"


def worst(results: Sequence[Outcomes]) -> Iterable[str]:
    """The texts that lost most of their story, and the longest story lines that went."""
    yield "## The 20 worst texts"
    yield ""
    for one in sorted(results, key=lambda one: -one.tools[OURS].removed["article"])[:20]:
        ours = one.tools[OURS]
        lost, whole = ours.removed["article"], ours.labels["article"]
        yield f"- {one.text[4]} ({one.text[2]}): {lost:,} of {whole:,} words of story"
    yield ""
    yield "## The 20 worst removals"
    yield ""
    lines = {line: count for one in results for line, count in one.tools[OURS].story}
    for line, count in sorted(lines.items(), key=lambda item: -item[1])[:20]:
        yield f"- {count} words: {line}"


def main() -> int:
    """Print the tables and write them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--folds", type=Path, default=FOLD_MODELS)
    parser.add_argument("--preset", default="balanced", help="the working point (default: balanced)")
    parser.add_argument("--limit", type=int, help="only this many texts, spread over all")
    parser.add_argument("--peers", action=argparse.BooleanOptionalAction, default=True, help="run the other tools, too")
    options = parser.parse_args()
    if not (options.data / "lines.jsonl.gz").exists():
        print(f"no labelled texts in {options.data}; name their folder with --data or CLEANER_DATA", file=sys.stderr)
        return 2
    if not has_models(options.folds):
        return 2
    texts = list(read_labelled_texts(options.data))
    if options.limit:
        texts = texts[:: max(1, len(texts) // options.limit)]
    stories = list(read_stories(options.data))
    if options.limit:
        stories = stories[:: max(1, len(stories) // options.limit)]
    where = (str(options.folds.resolve()), options.preset)
    jobs = [(text, str(options.data), *where, options.peers) for text in texts]
    with ProcessPoolExecutor() as pool:
        results = list(pool.map(measure, jobs, chunksize=8))
        taken = list(pool.map(clean_story, ((story, *where) for story in stories), chunksize=8))
    tools = [*PEERS, OURS] if options.peers else [OURS]
    unchanged = sum(one.again == 0 for one in results)
    parts = [
        "\n".join(table(results, lambda one: one.text[0], tools, "set")),
        "By language, dataset and variant:",
        "\n".join(table(results, lambda one: one.text[3], [OURS], "languages")),
        "\n".join(table(results, lambda one: one.text[1], [OURS], "dataset")),
        "\n".join(table(results, lambda one: one.text[2], [OURS], "variant")),
        "Recall by kind of cruft, as far as markup and cue words tell it:",
        "\n".join(kinds_table(results)),
        "What a stated confidence is worth, by filter:",
        "\n".join(reliability_table(results)),
        f"Cleaning the result again changes nothing in {unchanged / len(results):.2%} of {len(results):,} texts.",
        "\n".join(stories_table(taken)),
    ]
    page = "\n\n".join(parts) + "\n"
    print(page)
    print("\n".join(worst(results)))
    if not options.limit and options.peers and options.preset == "balanced":
        RESULTS.mkdir(exist_ok=True)
        (RESULTS / "text.md").write_text(page, encoding="utf-8")
        include("bench/text.py", page)
        groups = sorted({one.text[0] for one in results})
        data = {
            group: {tool: figures([one.tools[tool] for one in results if one.text[0] == group]) for tool in tools}
            for group in groups
        }
        (RESULTS / "text.json").write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
