"""Measures a scan for personal data: `python -m benchmarks.scan COLLECTION... [--passages N] [--names MODEL]`.

The collections are scanned in turns until that many passages were read; memory is the most that the process took.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections import Counter
from itertools import cycle
from pathlib import Path

from passagework import Collection


def main() -> None:
    """Scans and prints passages, seconds, memory, and findings by kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("collections", nargs="+", type=Path)
    parser.add_argument("--passages", type=int, default=100_000)
    parser.add_argument("--names")
    options = parser.parse_args()
    passages, counts = 0, Counter[str]()
    started, cpu = time.monotonic(), time.process_time()
    for folder in cycle(options.collections):
        with Collection.open(folder) as collection:
            counts.update(collection.scan(names=options.names).counts)
            passages += sum(row.passages for row in collection.documents())
        if passages >= options.passages:
            break
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    seconds, busy = time.monotonic() - started, time.process_time() - cpu
    print(f"{passages:,} passages in {seconds:.0f} s ({busy:.0f} s of one core), {megabytes:,.0f} MB")
    print(", ".join(f"{kind} {count:,}" for kind, count in counts.most_common()))


if __name__ == "__main__":
    main()
