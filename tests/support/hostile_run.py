"""An ingest of a hostile folder in a process of its own, and what it cost: time, memory, files written elsewhere.

python -m tests.support.hostile_run DOCS COLLECTION MEMORY_MB TIMEOUT_S
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from passagework.ingest import ingest
from passagework.retrieval.config import Settings
from tests.support.collection_checks import check_whole
from tests.support.fakes import FakeEncoder

if sys.platform != "win32":
    import resource

ROOT = Path(__file__).parents[2]
MEMORY_MB = 768
"""Address space of a parser here: the default is 4096, and a folder of bombs would fill a small machine with it."""
TIMEOUT_S = 30.0

GOOD = "good.md"
"""Lies in each folder, and comes through."""


@dataclass(frozen=True)
class Outcome:
    """How the ingest ended: its report, the documents stored, seconds, the most memory of it and of a parser in MB.

    `written` are the files that lie beneath the folder above DOCS and COLLECTION and didn't before.
    """

    report: dict[str, Any]
    documents: dict[str, str]
    seconds: float
    own_mb: float
    parser_mb: float
    written: frozenset[Path]

    @property
    def reasons(self) -> dict[str, list[str]]:
        """Why files or records failed, or were skipped, by path."""
        found: dict[str, list[str]] = {}
        for problem in (*self.report["failed"], *self.report["skipped"]):
            found.setdefault(problem["path"], []).append(problem["reason"])
        return found


def run(base: Path, *, memory_mb: int = MEMORY_MB, timeout: float = TIMEOUT_S) -> Outcome:
    """Ingests `base/docs` into `base/c`; asserts what must hold of any folder.

    The other document comes through; whatever is stored is whole; reasons are plain lines; nothing is written beside
    the collection, nor printed; memory stays within the limits.
    """
    (base / "docs" / GOOD).write_text("# Good\n\nThe lantern of the harbour burns all winter.\n")
    (base / "tmp").mkdir()
    before = _files(base)
    started = time.monotonic()
    done = subprocess.run(
        [
            sys.executable,
            "-W",
            "error",
            "-m",
            "tests.support.hostile_run",
            base / "docs",
            base / "c",
            str(memory_mb),
            str(timeout),
        ],
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(base / "tmp"), "HOME": str(base / "tmp")},
        capture_output=True,
        timeout=240,
        check=False,
    )
    seconds = time.monotonic() - started
    assert (done.returncode, done.stderr) == (0, b""), done.stderr.decode(errors="replace")[-2000:]
    said = json.loads(done.stdout)
    outcome = Outcome(
        **said,
        documents=check_whole(base / "c", FakeEncoder(), ("lantern harbour",)),
        seconds=seconds,
        written=frozenset(path for path in _files(base) - before if not path.is_relative_to(base / "c")),
    )
    assert not outcome.written, sorted(outcome.written)
    assert any(uri.endswith(f"/{GOOD}") for uri in outcome.documents)
    assert outcome.parser_mb <= memory_mb
    assert outcome.own_mb <= OWN_MB
    for problem in (*outcome.report["failed"], *outcome.report["notes"], *outcome.report["skipped"]):
        assert_plain(problem["reason"])
    return outcome


OWN_MB = 600
"""What the ingest itself may hold, whatever the folder: its libraries take 150."""


def assert_plain(line: str, *, limit: int = 300) -> None:
    """One line without what drives a terminal, or turns the words around it."""
    assert 0 < len(line) <= limit, len(line)
    odd = {unicodedata.name(c, hex(ord(c))) for c in line if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
    assert not odd, (odd, line)


def _files(base: Path) -> set[Path]:
    """Everything beneath a folder but folders."""
    return {Path(folder) / name for folder, _, names in os.walk(base) for name in names}


def main() -> None:
    """Runs the ingest, and prints the report and the memory it took."""
    docs, collection, memory, timeout = sys.argv[1:]
    settings = Settings(workers=2, parse_memory=int(memory) << 20, parse_timeout=float(timeout))
    report = ingest([docs], collection, encoder=FakeEncoder(), settings=settings)
    parsers = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(json.dumps({"report": report.to_json(), "own_mb": _peak_mb(), "parser_mb": parsers}))


def _peak_mb() -> float:
    """Of this program: what `getrusage` says of a process includes what its parent held when it was started."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM:"))


if __name__ == "__main__":
    main()
