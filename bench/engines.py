"""What the process that hands out the work takes of it, and its memory: what bounds the number of workers.

    python bench/engines.py [--documents N] [--memory SIZE…] [--engine local|ray]

Runs an invented corpus with survey, once for each SIZE of ``--memory`` in a process of its own, and prints CPU time a
document of the process itself and of its workers, and its peak memory above what it has before the run.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import psutil
from synthetic import Corpus, write

from cleaner.cli.common import Size
from cleaner.runner import run
from cleaner.settings import Settings


class _Watch(threading.Thread):
    """Adds up the CPU time of all processes below this one, those that end as well."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self._seen: dict[tuple[int, float], float] = {}
        self._done = threading.Event()
        self.cost = 0.0
        """Seconds that the watching took."""

    def run(self) -> None:
        while not self._done.wait(0.1):
            for process in psutil.Process().children(recursive=True):
                try:
                    times = process.cpu_times()
                    self._seen[process.pid, process.create_time()] = times.user + times.system
                except psutil.Error:
                    pass
        self.cost = time.thread_time()

    def stop(self) -> float:
        """Seconds of all of them."""
        self._done.set()
        self.join()
        return sum(self._seen.values())


def _measure(corpus: Path, memory: int, engine: str) -> dict[str, Any]:
    before, begun = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    watch = _Watch()
    watch.start()
    with tempfile.TemporaryDirectory() as out:
        result = run([corpus / "raw"], Path(out) / "out", Settings(memory=memory, workers=2), engine=engine)
    own, workers = time.process_time() - begun, watch.stop()
    own -= watch.cost
    documents = result.books.documents
    return {
        "memory": memory,
        "documents": documents,
        "chars": result.books.chars,
        "own_us": round(1e6 * own / documents),
        "workers_us": round(1e6 * workers / documents),
        "peak_mb": round((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1000),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--documents", type=int, default=2000)
    parser.add_argument("--memory", nargs="*", default=["1G"])
    parser.add_argument("--engine", default="local")
    parser.add_argument("--corpus", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    sizes = [Size().convert(size, None, None) for size in given.memory]
    if given.corpus is not None:
        print(json.dumps(_measure(given.corpus, sizes[0], given.engine)))
        return
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "corpus"
        write(Corpus(given.documents, given.documents // 25), corpus)
        for size in sizes:
            command = [
                sys.executable,
                __file__,
                "--corpus",
                str(corpus),
                "--engine",
                given.engine,
                "--memory",
                str(size),
            ]
            print(subprocess.run(command, check=True, capture_output=True, text=True).stdout, end="", flush=True)


if __name__ == "__main__":
    main()
