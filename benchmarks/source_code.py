"""20 questions about this project's own source, each with the file and the function that answers it.

    python -m benchmarks.source_code [--keep DIR]

They were written with their answers before any was searched for (source_questions.jsonl). Prints by stage how often the
file, and how often the very function, is among the first 1 and the first 5 hits, and the questions that fail.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from passagework import Collection, Hit, ingest
from passagework.retrieval import Stage

ROOT = Path(__file__).parents[1]
SOURCES = ("retrieval", "ingest", "ui")
DEPTHS = (1, 5)


def questions() -> list[dict[str, str]]:
    """Returns them: `question`, `path` and `function`."""
    lines = (ROOT / "benchmarks" / "source_questions.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def place(hits: list[Hit], path: str, function: str = "") -> int | None:
    """Returns the rank of the first hit in a file, and in a function or a method of it where that is named."""
    found = (hit.rank for hit in hits if hit.uri.endswith(f"/{path}") and (not function or _is_in(hit, function)))
    return next(found, None)


def _is_in(hit: Hit, function: str) -> bool:
    return bool(hit.headings) and hit.headings[-1].rpartition(".")[2] == function


def measure(folder: Path) -> None:
    """Prints a line for each stage."""
    asked = questions()
    if not (folder / "CURRENT").exists():
        ingest([ROOT / name for name in SOURCES], folder, include=["**/*.py"])
    with Collection.open(folder) as collection:
        for stage in Stage:
            answers = [list(collection.search(one["question"], k=max(DEPTHS), stage=stage)) for one in asked]
            files = [place(hits, one["path"]) for hits, one in zip(answers, asked, strict=True)]
            functions = [place(hits, one["path"], one["function"]) for hits, one in zip(answers, asked, strict=True)]
            success = {
                f"{name}@{depth}": sum(rank is not None and rank <= depth for rank in ranks) / len(asked)
                for name, ranks in (("file", files), ("function", functions))
                for depth in DEPTHS
            }
            missed = [one["function"] for one, rank in zip(asked, functions, strict=True) if rank is None]
            print(json.dumps({"stage": stage.value, **success, "missed": missed}), flush=True)


def main() -> None:
    """Prints a line for each stage."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, help="folder for the collection, reused by the next run")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="passagework-") as temporary:
        measure(arguments.keep or Path(temporary) / "c")


if __name__ == "__main__":
    main()
