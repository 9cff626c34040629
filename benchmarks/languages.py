"""XQuAD in six languages: what words, vectors and both find; questions in one language, passages in another.

    python -m benchmarks.languages [--encoder MODEL ...] [--passages de en ...] [--questions en ...] [--every N]

Prints a line for each language of the passages, of the questions, and encoder: nDCG@10 by stage, the bytes that the
text index takes for a passage, and milliseconds of the lexical stage. With `--texts FOLDER`, whose folders are named by
language and hold texts with a sentence a line, it counts the errors of language identification instead.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import tempfile
import time
from collections import Counter
from pathlib import Path

from benchmarks.datasets import beir, documents_of
from passagework import Collection, ingest
from passagework.ingest.writing.languages import identified
from passagework.retrieval import Stage
from passagework.retrieval.evaluation import evaluate

LANGUAGES = ("en", "de", "es", "zh", "ar", "th")
STAGES = (Stage.DENSE, Stage.LEXICAL, Stage.HYBRID)


def measure(folder: Path, passages: str, questions: str, encoder: str | None, every: int) -> dict[str, object]:
    """Figures of the questions in one language on the passages in one, ingested into `folder` where they are not."""
    if not folder.exists():
        ingest([documents_of(f"xquad-{passages}")], folder, encoder=encoder)
    with Collection.open(folder) as collection:
        judged = beir(f"xquad-{questions}", every=every)
        figures = evaluate(collection, judged, stages=STAGES, measures=("nDCG@10",))
        status = collection.status()
        words = list(judged.queries.values())
        begun = time.perf_counter()
        for query in words:
            collection.search(query, stage=Stage.LEXICAL)
        lexical_ms = (time.perf_counter() - begun) * 1000 / len(words)
    found = {stage.value: round(figures.stages[stage].means["nDCG@10"], 4) for stage in STAGES}
    return {
        "passages": passages,
        "questions": questions,
        "encoder": status.encoder.model,
        **found,
        "bytes": round(_index_bytes(next(folder.glob("v*/store.db"))) / status.passages),
        "lexical_ms": round(lexical_ms, 2),
    }


def _index_bytes(database: Path) -> int:
    """The text index's tables, and the words of passages that are kept beside them."""
    connection = sqlite3.connect(database)
    (index,) = connection.execute("SELECT sum(pgsize) FROM dbstat WHERE name LIKE 'passages_fts%'").fetchone()
    columns = [row[1] for row in connection.execute("PRAGMA table_info(passages)")]
    kept = [name for name in columns if name.startswith(("indexed_", "folded_"))]
    lengths = "+".join(f"coalesce(length(CAST({name} AS BLOB)), 0)" for name in kept) or "0"
    (beside,) = connection.execute(f"SELECT sum({lengths}) FROM passages").fetchone()
    connection.close()
    return int(index + beside)


def identification(texts: Path) -> dict[str, object]:
    """How many sentences were taken for another language, and for none, of those in the files of each folder."""
    wrong: Counter[str] = Counter()
    untold = total = 0
    for folder in sorted(path for path in texts.iterdir() if path.is_dir()):
        for file in sorted(folder.iterdir()):
            for sentence in file.read_text(encoding="utf-8").splitlines():
                told = identified(sentence)
                total += 1
                untold += told == ""
                wrong[f"{folder.name}>{told}"] += told not in ("", folder.name)
    return {"sentences": total, "wrong": wrong.total(), "untold": untold, "pairs": dict(wrong.most_common(10))}


def main() -> None:
    """Prints a line for each measurement."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoder", nargs="+", default=[None], help="model folders or hub names")
    parser.add_argument("--passages", nargs="+", default=list(LANGUAGES), choices=LANGUAGES)
    parser.add_argument("--questions", nargs="+", default=["same"], choices=[*LANGUAGES, "same"])
    parser.add_argument("--every", type=int, default=1, help="of the questions every so many")
    parser.add_argument("--keep", type=Path, help="folder for the collections, reused by the next run")
    parser.add_argument("--texts", type=Path, help="count the errors of language identification on these")
    arguments = parser.parse_args()
    if arguments.texts:
        print(json.dumps(identification(arguments.texts)))
        return
    with tempfile.TemporaryDirectory(prefix="passagework-") as temporary:
        for number, encoder in enumerate(arguments.encoder):
            for passages in arguments.passages:
                for questions in arguments.questions:
                    asked = passages if questions == "same" else questions
                    folder = (arguments.keep or Path(temporary)) / f"{number}-{passages}"
                    print(json.dumps(measure(folder, passages, asked, encoder, arguments.every)), flush=True)


if __name__ == "__main__":
    main()
