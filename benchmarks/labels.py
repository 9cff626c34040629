"""Measures classifiers of frozen vectors on banking77: all examples and a few a label, calibration, other, and speed.

python -m benchmarks.labels [--encoder M] [--shots 8 16 0] [--fine-tuned]

With `--fine-tuned` the encoder first learns from the same examples: a draw of each number, as `train encoder --labels`.
"""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.datasets import data_folder
from passagework.retrieval import BiEncoder
from passagework.retrieval.labels.head_fitting import fit_head
from passagework.retrieval.labels.head_report import measured_head
from passagework.retrieval.labels.label_files import LabelledText, read_labels
from passagework.retrieval.training import ENCODER_OPTIONS, train_encoder
from passagework.retrieval.training.label_pairs import label_pairs
from passagework.retrieval.types import Ids, Vectors

SINGLY = 200
"""Texts that are labelled one at a time to time it."""


def drawn(examples: list[LabelledText], shots: int, seed: int) -> Ids:
    """The rows of so many examples a label, drawn; of all where `shots` is 0."""
    order = np.random.default_rng(seed).permutation(len(examples))
    if not shots:
        return order
    seen: dict[str, int] = {}
    rows = []
    for row in order.tolist():
        label = examples[row].label
        seen[label] = seen.get(label, 0) + 1
        if seen[label] <= shots:
            rows.append(row)
    return np.array(rows, np.int64)


def measure(
    shots: int,
    examples: list[LabelledText],
    vectors: Vectors,
    test: list[LabelledText],
    held: Vectors,
    *,
    draws: int = 3,
) -> None:
    """Prints the figures on the test set, and what the held-out examples had promised."""
    for seed in range(draws if shots else 1):
        rows = drawn(examples, shots, seed)
        started, used = time.perf_counter(), time.process_time()
        fitted = fit_head(vectors[rows], [examples[row].label for row in rows.tolist()])
        seconds, processor = time.perf_counter() - started, time.process_time() - used
        head, promised = fitted.head, fitted.report
        place = {label: row for row, label in enumerate(head.labels)}
        logits = held @ head.weights.T + head.biases
        fits = (held * head.centres[logits.argmax(axis=1)]).sum(axis=1) >= head.least_cosine
        report = measured_head(head.labels, np.array([place[one.label] for one in test]), logits, fits)
        other = "" if promised.other is None else f", of labels left out {promised.other.found:.3f}"
        print(
            f"{shots or 'all'} a label, draw {seed}: accuracy {report.accuracy:.4f} "
            f"(held out {promised.accuracy:.4f}), macro F1 {report.macro_f1:.4f}, calibration error "
            f"{report.calibration_error:.4f}, called other "
            f"{report.called_other:.3f}{other}; C {promised.strength:g}, {seconds:.0f} s ({processor:.0f} processor s)",
            flush=True,
        )


def measure_fine_tuned(
    shots: int, examples: list[LabelledText], test: list[LabelledText], base: BiEncoder, epochs: float
) -> None:
    """Trains an encoder on one draw of the examples, and prints the figures of a head on its vectors."""
    rows = drawn(examples, shots, 0)
    learned = [examples[row] for row in rows.tolist()]
    options = replace(ENCODER_OPTIONS, batch_negatives=False, window=64, epochs=epochs)
    with TemporaryDirectory() as folder:
        started, used = time.perf_counter(), time.process_time()
        pairs = label_pairs(learned, base)
        run = train_encoder(pairs, Path(folder) / "encoder", base=base.fingerprint.model, options=options)
        seconds, processor = time.perf_counter() - started, time.process_time() - used
        print(f"{len(pairs):,} pairs, {run.measures}, {seconds:.0f} s ({processor:.0f} processor s)", flush=True)
        encoder = BiEncoder.load(str(Path(folder) / "encoder"))
        vectors = encoder.encode_queries([example.text for example in learned])
        held = encoder.encode_queries([example.text for example in test])
    measure(shots, learned, vectors, test, held, draws=1)


def main() -> None:
    """Encodes once, then measures each number of examples; or trains an encoder of each first."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoder")
    parser.add_argument("--shots", type=int, nargs="+", default=[8, 16, 0])
    parser.add_argument("--fine-tuned", action="store_true", help="train an encoder on the examples first")
    parser.add_argument("--epochs", type=float, default=1.0, help="of that training")
    chosen = parser.parse_args()
    folder = data_folder() / "labels" / "banking77"
    examples, test = read_labels(folder / "train.csv"), read_labels(folder / "test.csv")
    encoder = BiEncoder.load(chosen.encoder)
    if chosen.fine_tuned:
        for shots in chosen.shots:
            measure_fine_tuned(shots, examples, test, encoder, chosen.epochs)
        return
    encoder.encode_queries([example.text for example in test[:64]])
    started, used = time.perf_counter(), time.process_time()
    held = encoder.encode_queries([example.text for example in test])
    rate, busy = len(test) / (time.perf_counter() - started), len(test) / (time.process_time() - used)
    singly = []
    for example in test[:SINGLY]:
        begun = time.perf_counter()
        encoder.encode_queries([example.text])
        singly.append(1000 * (time.perf_counter() - begun))
    print(
        f"{rate:.0f} texts a second in batches ({busy:.0f} a processor second), {np.median(singly):.1f} ms singly "
        f"at the median; load {os.getloadavg()[0]:.1f}",
        flush=True,
    )
    vectors = encoder.encode_queries([example.text for example in examples])
    for shots in chosen.shots:
        measure(shots, examples, vectors, test, held)


if __name__ == "__main__":
    main()
