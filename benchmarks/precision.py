"""What the default encoder loses and gains by computing in int8 or bf16 in place of fp32.

    python -m benchmarks.precision [--isa AVX512_CORE_VNNI] [--precisions fp32 int8] [--texts 256]
        [--data cranfield financebench --keep DIR]

Cosines to the vectors of fp32, of abstracts of SciFact, and the least time of encoding them in three rounds by turns,
of the clock and of the processors; with --data also nDCG@10 (of financebench, the share of questions with the right
page among ten hits) of collections whose vectors and token codes are of that precision. `--isa` limits the
instructions that oneDNN may use (its ONEDNN_MAX_CPU_ISA), as on a processor that has no others.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

import numpy as np

from benchmarks.datasets import beir, documents_of, financebench
from passagework import Collection
from passagework.ingest import ingest
from passagework.retrieval import BiEncoder, Stage
from passagework.retrieval.config import Settings
from passagework.retrieval.evaluation import evaluate
from passagework.retrieval.evaluation.judged_places import JudgedPlaces

ROUNDS = 3
STAGES = (Stage.DENSE, Stage.HYBRID, Stage.RERANK)


def main() -> None:
    """Prints a line for each precision, then one for each set and precision."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--isa", help="the instruction set that oneDNN may use at most, by its name there")
    parser.add_argument("--precisions", nargs="+", default=["fp32", "int8"], help="others are held to the first")
    parser.add_argument("--texts", type=int, default=256, help="abstracts that are encoded (default 256)")
    parser.add_argument("--data", nargs="*", default=[], help="sets: financebench, or folders in BEIR layout")
    parser.add_argument("--keep", type=Path, help="folder for the collections, which --data needs")
    arguments = parser.parse_args()
    if arguments.data and arguments.keep is None:
        parser.error("--data needs --keep")
    if arguments.isa:
        os.environ["ONEDNN_MAX_CPU_ISA"] = arguments.isa  # read as OpenVINO is loaded, which comes later
    encoders = {
        precision: BiEncoder.load(settings=Settings(precision=precision, device="cpu", offline=True))
        for precision in arguments.precisions
    }
    compare(encoders, arguments.texts)
    for name in arguments.data:
        for precision, encoder in encoders.items():
            print(
                json.dumps({"data": name, "precision": precision, **found(name, arguments.keep, encoder)}), flush=True
            )


def compare(encoders: dict[str, BiEncoder], count: int) -> None:
    """Prints cosines to the first encoder's vectors, and times."""
    lines = documents_of("scifact").read_text(encoding="utf-8").splitlines()[:count]
    texts = [" ".join((record["title"], record["text"])) for record in map(json.loads, lines)]
    vectors = {name: encoder.encode_passages(texts) for name, encoder in encoders.items()}  # shapes are compiled here
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in encoders}
    for _ in range(ROUNDS):
        for name, encoder in encoders.items():
            clock, processors = time.perf_counter(), time.process_time()
            encoder.encode_passages(texts)
            times[name].append((time.perf_counter() - clock, time.process_time() - processors))
    first = next(iter(vectors.values()))
    for name, encoder in encoders.items():
        cosines = np.sum(vectors[name] * first, axis=1)
        seconds, processor_seconds = np.min(times[name], axis=0)
        line = {
            "precision": name,
            "backend": encoder.backend,
            "cosine": round(float(cosines.mean()), 5),
            "least": round(float(cosines.min()), 5),
            "seconds": round(float(seconds), 2),
            "processor_seconds": round(float(processor_seconds), 2),
        }
        print(json.dumps(line), flush=True)


def found(name: str, keep: Path, encoder: BiEncoder) -> dict[str, float]:
    """Returns nDCG@10 of a set by stage, or of financebench success@10, in a collection of the encoder's precision."""
    folder = keep / f"{name}-{encoder.backend.rpartition(' ')[2]}"
    if not folder.exists():
        ingest([documents_of(name)], folder, encoder=encoder)
    with Collection.open(folder, encoder=encoder) as collection:
        judged = JudgedPlaces(collection, financebench(), name=name) if name == "financebench" else beir(name)
        measure = "Success@10" if name == "financebench" else "nDCG@10"
        figures = evaluate(collection, judged, stages=STAGES, measures=(measure,))
    return {stage.value: round(figures.stages[stage].means[measure], 4) for stage in STAGES}


if __name__ == "__main__":
    main()
