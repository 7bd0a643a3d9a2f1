"""Report and review of a run with a million removals: seconds, milliseconds, megabytes.

python bench/audit.py [--removals 1000000]
"""

from __future__ import annotations

import argparse
import resource
import statistics
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode

from audit_run import documents, write_run

from cleaner.audit.index import Index
from cleaner.audit.report import write_report
from cleaner.audit.review import Review, create_app
from cleaner.audit.verdicts import Verdicts

ROUNDS = 9
HOST = "127.0.0.1:8000"


def megabytes() -> int:
    """The most memory that this process has held."""
    return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) // 1024


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--removals", type=int, default=1_000_000)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        run = Path(folder) / "run"
        write_run(run, documents(chosen.removals))
        print(f"{chosen.removals:,} removals written; memory so far {megabytes():,} MB")
        started, began = time.perf_counter(), time.process_time()
        with Index(run) as index:
            indexed = time.perf_counter() - started
            report = write_report(index, Path(folder) / "report.html")
            whole, cpu = time.perf_counter() - started, time.process_time() - began
            print(f"report: {whole:.1f} s ({indexed:.1f} s the index), CPU {cpu:.1f} s, {report.size:,} bytes")
            review = Review(index, Verdicts(Path(folder) / "verdicts.jsonl"))
            review.listens(8000)
            client = create_app(review).test_client()
            client.get(f"/?token={review.token}", headers={"Host": HOST})
            last = chosen.removals // 10 - 1
            for name, paths in {
                "list": [f"/texts?page={number}" for number in range(ROUNDS)],
                "rule": [f"/texts?{urlencode({'rule': f'en/also-read-{number}'})}" for number in range(ROUNDS)],
                "site": [f"/texts?site=site-{number}.example" for number in range(ROUNDS)],
                "search": [f"/texts?q=harbour+{word}" for word in ("bridge", "council", "market") * 3],
                "least sure": [f"/texts?sort=unsure&page={number}" for number in range(ROUNDS)],
                "documents": [f"/documents?page={number}" for number in range(ROUNDS)],
                "document": [
                    f"/document?unit={number // 5000}&id=d{number}"
                    for number in range(0, last, max(1, last // (ROUNDS - 1)))
                ],
            }.items():
                times, cpu = [], time.process_time()
                for path in paths:
                    started = time.perf_counter()
                    answer = client.get(path, headers={"Host": HOST})
                    answer.get_data()
                    times.append(time.perf_counter() - started)
                    assert answer.status_code == 200, path
                median, worst = statistics.median(times) * 1000, max(times) * 1000
                used = (time.process_time() - cpu) * 1000 / len(paths)
                figures = f"median {median:4.0f} ms, worst {worst:4.0f} ms, CPU {used:4.0f} ms"
                print(f"review, {name:11} {figures}; memory {megabytes():,} MB")


if __name__ == "__main__":
    main()
