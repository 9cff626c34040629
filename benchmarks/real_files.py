"""Every difficult file in one run: what failed and why, how long it took, and that each passage is its slice.

python -m benchmarks.real_files [--keep DIR] [--folder DIR]
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections import Counter
from pathlib import Path

from benchmarks.datasets import data_folder
from passagework.ingest import ingest
from passagework.retrieval.folder import current_version
from passagework.retrieval.store import Store


def main() -> int:
    """Prints the report; exits 1 where a passage is not its slice, is blank, or a reason is not one short line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, help="folder for the collection, reused by the next run")
    parser.add_argument("--folder", type=Path, help="what to ingest (default: the folder of difficult files)")
    arguments = parser.parse_args()
    keep = arguments.keep or Path(tempfile.mkdtemp(prefix="passagework-"))
    report = ingest([arguments.folder or data_folder() / "files"], keep)
    wrong = [problem for problem in report.failed if len(problem.reason) > 300 or "\n" in problem.reason]
    for problem in report.failed:
        print(f"failed   {problem.path}: {problem.reason}")
    for problem in report.notes:
        print(f"note     {problem.path}: {problem.reason}")
    print("skipped ", dict(Counter(Path(problem.path).suffix for problem in report.skipped)))
    checked, bad = check_slices(keep)
    print(
        f"{report.added} documents added, {report.unchanged} unchanged, {len(report.failed)} failed, "
        f"{len(report.skipped)} skipped; {report.passages} passages, {report.encoded} texts encoded, "
        f"{report.cut} cut, in {report.seconds:.0f} s; {checked} passages checked, {bad} not equal to their slice"
    )
    if arguments.keep is None:
        shutil.rmtree(keep)
    return 1 if bad or wrong else 0


def check_slices(collection: Path) -> tuple[int, int]:
    """How many passages there are, and how many are blank or differ from their slice of the stored text."""
    store = Store.open(current_version(collection) / "store.db")
    checked = bad = 0
    with store.read() as snapshot:
        for row in list(snapshot.documents()):
            text = snapshot.document(row.id).text
            for passage in snapshot.neighbours(row.id, range(row.passages)):
                checked += 1
                bad += text[passage.start : passage.end] != passage.text or not passage.text.strip()
    store.close()
    return checked, bad


if __name__ == "__main__":
    sys.exit(main())
