"""Runs of invented corpora of several sizes with one and two workers: time, overhead, memory, and a picture of them.

    python bench/scaling.py [--documents N …] [--workers N …] [--short N …] [--rounds N] [--json FILE] [--picture FILE]

Each run is the command line in processes of its own.  The pace of a machine that others use as well changes from minute
to minute, so runs take turns for some rounds, and the fastest of each counts; what each round says by itself is printed
beside it.  Times are CPU times of all processes, which other work changes less than clock times; what two workers gain
is reckoned from them, and the clock's answer stands beside it.  ``--short`` are sizes of corpora of short texts, with
which peak memory is measured up to many documents.  Evidence of the corpus is left out unless ``--survey`` is given.
Needs Linux, whose processes can adopt the orphans of others.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from synthetic import Corpus, lexicon, sentence, written
from tqdm import tqdm

from cleaner.ingest.read import read_inputs
from cleaner.pipeline import Cleaner
from cleaner.settings import Settings

PR_SET_CHILD_SUBREAPER = 36
# With so many documents the chain alone is measured about as long as a run, so that it sees as much of the machine.
CHAIN_DOCUMENTS = 10_000
# A run whose overhead or whose loss by a second worker is above these is a regression.
MOST_OVERHEAD, LEAST_EFFICIENCY, MOST_GROWTH = 0.25, 0.85, 1.25


@dataclass(frozen=True, slots=True)
class Figures:
    """What one run took: CPU seconds of the first process and of all others, clock seconds, peaks in bytes."""

    documents: int
    workers: int
    first: float
    others: float
    clock: float
    first_peak: int
    others_peak: int

    @property
    def cpu(self) -> float:
        """CPU seconds of all processes."""
        return self.first + self.others


def write_corpus(folder: Path, documents: int) -> None:
    """An invented corpus as one file a thousand documents, without its truth."""
    pages = (record for record, _ in Corpus(documents, max(documents // 50, 10), 0).pages())
    _write(folder, pages)


def write_short(folder: Path, documents: int) -> None:
    """A corpus of texts of two sentences."""
    import random

    words = lexicon("en")

    def pages() -> Iterable[dict[str, str]]:
        for number in range(documents):
            draw = random.Random(number)
            text = f"{written(sentence(draw, words, 14), words)}.\n{written(sentence(draw, words, 14), words)}.\n"
            yield {"id": f"{number:08d}", "url": f"http://site{number % 50}.example/{number}", "text": text}

    _write(folder, pages())


def _write(folder: Path, pages: Iterable[dict[str, str]]) -> None:
    folder.mkdir(parents=True)
    stream = None
    for number, record in enumerate(pages):
        if number % 1000 == 0:
            if stream is not None:
                stream.close()
            stream = open(folder / f"part-{number // 1000:05d}.jsonl", "w", encoding="utf-8")  # noqa: SIM115
        assert stream is not None
        stream.write(json.dumps(record, ensure_ascii=False) + "\n")
    if stream is not None:
        stream.close()


def adopt_orphans() -> None:
    """Let this process wait for all that its children leave behind."""
    if ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise SystemExit("this system does not let a process adopt orphans: no figures")


def measure(inputs: Path, out: Path, documents: int, workers: int, options: Sequence[str]) -> Figures:
    """Run the command line over a corpus and wait for all processes that it leaves."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "cleaner", "run", str(inputs), "-o", str(out), "--workers", str(workers), *options]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert process.stderr is not None
    said = process.stderr.read().decode()
    used: dict[int, Any] = {}
    statuses: dict[int, int] = {}
    clock = 0.0
    while True:
        try:
            pid, status, usage = os.wait4(-1, 0)
        except ChildProcessError:
            break
        used[pid], statuses[pid] = usage, status
        if pid == process.pid:
            clock = time.perf_counter() - started
    if os.waitstatus_to_exitcode(statuses[process.pid]) not in (0, 3):  # 3: some documents were rejected
        raise SystemExit(f"{' '.join(command)} failed:\n{said}")
    first = used.pop(process.pid)
    return Figures(
        documents,
        workers,
        first.ru_utime + first.ru_stime,
        sum(usage.ru_utime + usage.ru_stime for usage in used.values()),
        clock,
        first.ru_maxrss * 1024,
        max((usage.ru_maxrss for usage in used.values()), default=0) * 1024,
    )


def chain_seconds(inputs: Path) -> float:
    """CPU seconds a document of the chain alone, in one process, on documents that are read before."""
    cleaner = Cleaner()
    cleaner.warm_up()
    raws = []
    for raw in read_inputs([inputs], Settings()):
        raws.append(raw)
        if len(raws) == CHAIN_DOCUMENTS:
            break
    for raw in raws[: len(raws) // 10]:
        cleaner.clean_raw(raw)
    rest = raws[len(raws) // 10 :]
    started = time.process_time()
    for _ in cleaner.clean_many(rest):
        pass
    return (time.process_time() - started) / len(rest)


def fastest(runs: Sequence[Figures]) -> Figures:
    """The least times and the highest peaks of equal runs."""
    one = runs[0]
    return Figures(
        one.documents,
        one.workers,
        min(run.first for run in runs),
        min(run.others for run in runs),
        min(run.clock for run in runs),
        max(run.first_peak for run in runs),
        max(run.others_peak for run in runs),
    )


def summary(runs: Sequence[Figures], chain: float) -> dict[str, float]:
    """Overhead and efficiency, of the two largest corpora that were run.

    ``overhead`` is what a document of a run of one worker takes above the chain alone, as a share of the chain's time.
    ``efficiency`` is that of two workers on two cores: the time that one worker is busy, over the CPU time that two
    cores share, or twice that of the first process where that is more.  What starting takes cancels out: all of them
    are differences of two sizes.
    """
    by = {(run.documents, run.workers): run for run in runs}
    sizes = sorted({run.documents for run in runs})[-2:]
    found: dict[str, float] = {}
    if len(sizes) < 2 or any((size, 1) not in by for size in sizes):
        return found
    small, large = (by[size, 1] for size in sizes)
    found["overhead"] = (large.cpu - small.cpu) / (large.documents - small.documents) / chain - 1
    if all((size, 2) in by for size in sizes):
        few, many = (by[size, 2] for size in sizes)
        busy = max(large.others - small.others, large.first - small.first)
        found["efficiency"] = busy / max(many.cpu - few.cpu, 2 * (many.first - few.first))
        found["efficiency_by_clock"] = (large.clock - small.clock) / (2 * (many.clock - few.clock))
    return found


def picture(runs: Sequence[Figures], short: Sequence[Figures], file: Path) -> None:
    """Draw time and memory against size."""
    import matplotlib

    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "cleaner"  # the same picture of the same figures
    from matplotlib import pyplot

    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
    for workers in sorted({run.workers for run in runs}):
        chosen = [run for run in runs if run.workers == workers]
        label = f"{workers} worker{'s' if workers > 1 else ''}"
        left.plot([run.documents for run in chosen], [run.clock for run in chosen], marker="o", label=label)
    left.set(xlabel="documents", ylabel="seconds by the clock", title="Time of a run", xscale="log", yscale="log")
    left.yaxis.set_major_formatter("{x:g}")
    left.legend()
    for name, marker in (("first_peak", "o"), ("others_peak", "s")):
        label = "first process" if name == "first_peak" else "largest worker"
        right.plot(
            [run.documents for run in short], [getattr(run, name) / 1e6 for run in short], marker=marker, label=label
        )
    right.set(xlabel="documents (short texts)", ylabel="peak memory, MB", title="Memory", xscale="log")
    right.set_ylim(0, 1.3 * max((max(run.first_peak, run.others_peak) / 1e6 for run in short), default=1.0))
    right.legend()
    for axes, drawn in ((left, runs), (right, short)):
        sizes = sorted({run.documents for run in drawn})
        axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
        axes.minorticks_off()
        axes.grid(alpha=0.3)
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, metadata={"Date": None})


def main() -> int:
    """Print the figures; fail where a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, nargs="*", default=[1_000, 10_000])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--short", type=int, nargs="*", default=[10_000, 50_000])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--survey", action="store_true", help="two passes, with the evidence of the corpus")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--picture", type=Path)
    parser.add_argument("--chain", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.chain:
        print(chain_seconds(args.chain))
        return 0
    adopt_orphans()
    options = [] if args.survey else ["--no-survey"]
    measured: dict[tuple[int, int, bool], list[Figures]] = {}
    chains: list[float] = []
    # short texts are for memory alone, which does not change from round to round
    plan = [(size, workers, False) for size in args.documents for workers in args.workers] * args.rounds
    plan += [(size, 1, True) for size in args.short]
    with tempfile.TemporaryDirectory(prefix="cleaner-scaling-") as folder:
        for size, workers, is_short in tqdm(plan, disable=not sys.stderr.isatty()):
            inputs = Path(folder) / f"{'short' if is_short else 'raw'}-{size}"
            if not inputs.exists():
                (write_short if is_short else write_corpus)(inputs, size)
            out = Path(folder) / "out"
            # none of the short texts is long enough to be a story
            run = measure(inputs, out, size, workers, [*options, *(["--min-kept", "0"] if is_short else [])])
            shutil.rmtree(out)
            measured.setdefault((size, workers, is_short), []).append(run)
            if (size, workers, is_short) == (max(args.documents, default=0), args.workers[0], False):
                # in a process of its own: what this one holds would count to those that it starts
                command = [sys.executable, __file__, "--chain", str(inputs)]
                chains.append(float(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout))
    long = [found for (*_, is_short), found in measured.items() if not is_short]
    rounds = [[found[number] for found in long] for number in range(len(chains))]
    runs = [fastest(found) for found in long]
    short = [fastest(found) for (_, _, is_short), found in measured.items() if is_short]
    chain = min(chains, default=0.0)
    print("documents workers  CPU s  of the first process  ms a document  clock s  peak MB: first, worker")
    for run in (*runs, *short):
        each, peaks = 1000 * run.cpu / run.documents, f"{run.first_peak / 1e6:14.0f}, {run.others_peak / 1e6:.0f}"
        print(
            f"{run.documents:9,} {run.workers:7} {run.cpu:6.1f} {run.first:21.1f} {each:14.2f} {run.clock:8.1f} {peaks}"
            + (" (short texts)" if run in short else "")
        )
    if runs:
        print(f"chain alone: {1000 * chain:.2f} ms CPU a document")
    each_round = [summary(one, alone) for one, alone in zip(rounds, chains, strict=True)]
    found = summary(runs, chain) if runs else {}
    for name, value in found.items():
        by_round = ", ".join(f"{one[name]:.0%}" for one in each_round)
        print(f"{name.replace('_', ' ')}: {value:.0%} (round by round {by_round})")
    growth = 1.0
    if len(short) > 1:
        growth = max(short[-1].first_peak / short[0].first_peak, short[-1].others_peak / short[0].others_peak)
        found["memory_growth"] = growth
        print(f"peak memory of {short[-1].documents:,} documents: {growth:.2f} times that of {short[0].documents:,}")
    if args.json:
        args.json.parent.mkdir(parents=True, exist_ok=True)
        figures = {
            "runs": [asdict(run) for run in runs],
            "short": [asdict(run) for run in short],
            "chain": chain,
            "rounds": each_round,
            **found,
        }
        args.json.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    if args.picture:
        picture(runs, short, args.picture)
    broken = (
        found.get("overhead", 0) > MOST_OVERHEAD
        or found.get("efficiency", 1) < LEAST_EFFICIENCY
        or growth > MOST_GROWTH
    )
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
