"""Passage size, overlap and heading context, measured: evidence pages of FinanceBench, answer spans of chunking-eval.

    python -m benchmarks.chunking [--keep DIR] [--settings 200/32 128/0 ...] [--data NAME ...] [--out FILE.jsonl]

A setting is tokens/overlap, with `w512` before it for another window and `plain` behind it for no heading context:
`w512:300/48`, `200/32:plain`. What FILE holds already is not measured again. The records of Cranfield, SciFact and
SQuAD are chunked as well: what is cut too small loses there.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from pathlib import Path
from unittest.mock import patch

from benchmarks.datasets import beir, chunking_eval, documents_of, financebench
from passagework import Collection
from passagework.ingest import ingest
from passagework.retrieval import BiEncoder, Stage
from passagework.retrieval.evaluation import Evaluation, evaluate
from passagework.retrieval.evaluation.judged_places import JudgedPlaces

SETTINGS = (
    "64/16", "96/16", "128/0", "128/32", "160/24", "200/0", "200/32", "200/64", "240/32", "w512:300/48", "w512:400/64",
    "128/32:plain", "200/32:plain",
)  # fmt: skip
DATA = {"chunking-eval": 1, "financebench": 1, "cranfield": 1, "scifact": 1, "squad-dev": 21}
"""Of the judged queries every so many."""
STAGES = (Stage.DENSE, Stage.LEXICAL, Stage.HYBRID)


def measure(setting: str, data: str, keep: Path) -> dict[str, object]:
    """Figures of one setting on one set, by stage."""
    found = re.fullmatch(r"(?:w(\d+):)?(\d+)/(\d+)(:plain)?", setting)
    if found is None:
        sys.exit(f"{setting!r} is no setting such as w512:300/48")
    encoder = BiEncoder.load(window=int(found[1]) if found[1] else None)
    folder = keep / f"{data}-{re.sub(r'[^0-9a-z]', '-', setting)}"
    share = 10**6 if found[4] else 4
    with patch(
        "passagework.ingest.chunker.chunker._CONTEXT_SHARE", share
    ):  # of so many parts of the window none is left
        tokens, overlap = int(found[2]), int(found[3])
        report = ingest([documents_of(data)], folder, encoder=encoder, passage_tokens=tokens, overlap=overlap)
    with Collection.open(folder, encoder=encoder) as collection:
        figures = evaluate_data(collection, data)
        passages = collection.status().passages
    if figures.notes:
        print(setting, data, figures.notes[:3], file=sys.stderr)
    by_stage = {stage.value: {key: round(value, 4) for key, value in one.means.items()}
                for stage, one in figures.stages.items()}  # fmt: skip
    return {"setting": setting, "data": data, "passages": passages, "seconds": round(report.seconds, 1), **by_stage}


def evaluate_data(collection: Collection, data: str) -> Evaluation:
    """FinanceBench by pages, chunking-eval by characters, the rest by documents."""
    if data not in ("financebench", "chunking-eval"):
        return evaluate(collection, beir(data, every=DATA[data]), stages=STAGES, measures=("nDCG@10",))
    judgments = financebench() if data == "financebench" else chunking_eval()
    places = JudgedPlaces(collection, judgments, name=data)
    measures = ("Success@5", "Success@10", "RR@10", "R@10")
    return evaluate(collection, places, stages=STAGES, measures=measures, notes=places.drifted)


def main() -> int:
    """Prints and keeps a line a setting and a set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--keep", type=Path, help="folder for the collections, reused by the next run")
    parser.add_argument("--settings", nargs="+", default=list(SETTINGS))
    parser.add_argument("--data", nargs="+", default=list(DATA), choices=DATA)
    parser.add_argument("--out", type=Path, default=Path("build/chunking.jsonl"))
    arguments = parser.parse_args()
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    done = set()
    if arguments.out.exists():
        lines = map(json.loads, arguments.out.read_text(encoding="utf-8").splitlines())
        done = {(line["setting"], line["data"]) for line in lines}
    with tempfile.TemporaryDirectory(prefix="passagework-") as temporary:
        for data in arguments.data:
            for setting in arguments.settings:
                if (setting, data) not in done:
                    line = json.dumps(measure(setting, data, arguments.keep or Path(temporary)))
                    print(line, flush=True)
                    with arguments.out.open("a", encoding="utf-8") as file:
                        file.write(line + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
