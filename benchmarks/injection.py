"""Trains and measures the head that tells instructions to language models: `python -m benchmarks.injection`.

Positives and negatives are those of s-labs' prompt-injections (MIT); further negatives are sentences of SQuAD,
MedQuAD and PubMedQA, and lines of contracts, manuals and letters written for this project. False alarms are counted
among the passages of collections, which the head has not seen: `--collections DIR ...`; with `--unseen` also among
passages of the sets that the sentences come from, of which no sentence was learned. `--unseen` also tells what is
found of injections of a kind that none was learned of: kinds are clusters of their vectors. `--write` puts the head
in its place.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.datasets import data_folder
from passagework import BiEncoder, Collection
from passagework.ingest.injection.candidate_sentences import candidate_sentences
from passagework.ingest.injection.injection_head import InjectionHead
from passagework.ingest.injection.instruction_rules import instructions_by_rules
from passagework.retrieval.types import Vectors

LABELS = Path("labels", "prompt-injections", "s-labs")
NEGATIVES = Path(__file__).with_name("injection_negatives.txt")
SENTENCES = {"squad-train": 2_000, "medquad": 2_000, "pubmedqa": 100}
"""Sentences of each set that the head learns not to suspect."""

SENTENCE_WEIGHT, REGULARISATION = 3.0, 1.0
"""What a sentence of prose counts for beside a labelled text; the inverse strength of L2. By the validation split."""

KINDS = 8
"""Clusters of injections that are held out in turn: as many as are still told apart by who reads their middles."""

THRESHOLD = 3.0
"""The log-odds from which on the head suspects: of 1,050 validation negatives one reaches it."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """Holds texts, whether each is an injection, and their vectors (n, dim)."""

    texts: list[str]
    positive: np.ndarray
    vectors: Vectors

    @classmethod
    def read(cls, split: str, encoder: BiEncoder) -> Labelled:
        """Reads and encodes a split: train, validation or test, as its authors made them."""
        with (data_folder() / LABELS / f"{split}.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        texts = [row["text"] for row in rows]
        return cls(texts, np.array([row["label"] == "1" for row in rows]), encoder.encode_passages(texts))


def main() -> None:
    """Trains the head, prints its figures, and writes it where that is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--collections", nargs="*", type=Path, default=[], help="folders of collections of prose")
    parser.add_argument("--write", action="store_true", help="put the head in the package")
    parser.add_argument("--shipped", action="store_true", help="measure the head of the package; train none")
    parser.add_argument("--unseen", action="store_true", help="count false alarms in passages nothing was drawn of")
    options = parser.parse_args()
    encoder = BiEncoder.load()
    head = InjectionHead.load() if options.shipped else trained(encoder)
    if options.write:
        head.save()
    for split in ("validation", "test"):
        print_recall(split, Labelled.read(split, encoder), head)
    for folder in options.collections:
        print_false_alarms(folder.name, list(stored_texts(folder)), head, encoder)
    for name in SENTENCES if options.unseen else ():
        print_false_alarms(f"{name}, unseen", unseen_passages(name), head, encoder)
    if options.unseen:
        print_unseen_kinds(encoder)


def trained(encoder: BiEncoder) -> InjectionHead:
    """Returns the head that logistic regression makes of the training split and of sentences of prose."""
    labelled = Labelled.read("train", encoder)
    return fitted(encoder, labelled.vectors, labelled.positive, encoder.encode_passages(list(sentences())))


def fitted(encoder: BiEncoder, vectors: Vectors, positive: np.ndarray, prose: Vectors) -> InjectionHead:
    """Returns the head that logistic regression makes of labelled texts, and of sentences that are none."""
    from sklearn.linear_model import LogisticRegression

    rows = np.vstack([vectors, prose])
    labels = np.concatenate([positive, np.zeros(len(prose), dtype=bool)])
    weights = np.concatenate([np.ones(len(positive)), np.full(len(prose), SENTENCE_WEIGHT)])
    model = LogisticRegression(C=REGULARISATION, max_iter=3_000).fit(rows, labels, sample_weight=weights)
    return InjectionHead(encoder.fingerprint, model.coef_[0].astype(np.float32), float(model.intercept_[0]), THRESHOLD)


def sentences() -> Iterator[str]:
    """Yields the sentences of prose that the head learns not to suspect: such as it would be asked about."""
    drawn = random.Random(1)
    for name, most in SENTENCES.items():
        found = {sentence for passage in passages_of(name) for sentence in candidates_in(passage)}
        yield from drawn.sample(sorted(found), min(most, len(found)))
    yield from NEGATIVES.read_text(encoding="utf-8").splitlines()


def passages_of(name: str) -> list[str]:
    """Returns the passages of a set that sentences are drawn of."""
    with gzip.open(data_folder() / "pairs" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    return [passage for row in rows for passage in row.get("contexts", [row.get("passage", "")])[:1]]


def candidates_in(passage: str) -> list[str]:
    """Returns the sentences of a passage that the head is asked about."""
    return [passage[start:end] for start, end in candidate_sentences(passage)]


def unseen_passages(name: str) -> list[str]:
    """Returns the passages of a set of which no sentence was drawn for the head to learn from."""
    learned = set(sentences())
    return [passage for passage in dict.fromkeys(passages_of(name)) if learned.isdisjoint(candidates_in(passage))]


def print_recall(split: str, labelled: Labelled, head: InjectionHead) -> None:
    """Prints which share of a split's positives and negatives rules, head and both suspect."""
    by_rules = np.array([any(instructions_by_rules(text)) for text in labelled.texts])
    asked = np.array([any(candidate_sentences(text)) for text in labelled.texts])
    by_head = head.suspects(labelled.vectors) & asked
    for name, suspected in (("rules", by_rules), ("head", by_head), ("both", by_rules | by_head)):
        recall, wrong = suspected[labelled.positive].mean(), suspected[~labelled.positive].mean()
        print(f"{split:<12}{name:<7}recall {recall:.3f}  false {wrong:.4f}")


def print_unseen_kinds(encoder: BiEncoder) -> None:
    """Prints, kind by kind, the head's recall on the test split where it learned of the kind, and where it did not."""
    from sklearn.cluster import KMeans

    labelled, test = Labelled.read("train", encoder), Labelled.read("test", encoder)
    prose = encoder.encode_passages(list(sentences()))
    clusters = KMeans(KINDS, random_state=1, n_init=4).fit(labelled.vectors[labelled.positive])
    kinds = np.full(len(labelled.positive), -1)
    kinds[labelled.positive] = clusters.labels_
    asked = test.vectors[test.positive]
    texts = [text for text, positive in zip(test.texts, test.positive, strict=True) if positive]
    by_rules = np.array([any(instructions_by_rules(text)) for text in texts])
    whole = fitted(encoder, labelled.vectors, labelled.positive, prose).suspects(asked)
    of_kind, unseen = clusters.predict(asked), np.zeros(len(asked), dtype=bool)
    for kind in range(KINDS):
        kept, rows = kinds != kind, of_kind == kind
        head = fitted(encoder, labelled.vectors[kept], labelled.positive[kept], prose)
        unseen[rows] = head.suspects(asked[rows])
        nearest = np.flatnonzero(rows)[(asked[rows] @ clusters.cluster_centers_[kind]).argmax()]
        print(
            f"kind {kind}: {rows.sum():>4} texts, rules {by_rules[rows].mean():.3f}, head {whole[rows].mean():.3f}, "
            f"without the kind {unseen[rows].mean():.3f}: {texts[nearest][:80]}"
        )
    print(f"all: rules {by_rules.mean():.3f}, head {whole.mean():.3f}, each kind unseen {unseen.mean():.3f}")


def print_false_alarms(name: str, texts: Sequence[str], head: InjectionHead, encoder: BiEncoder) -> None:
    """Prints how many of some passages rules and head suspect, and which sentences."""
    candidates = [candidates_in(text) for text in texts]
    every = sorted({sentence for found in candidates for sentence in found})
    suspects = head.suspects(encoder.encode_passages(every)) if every else np.zeros(0, dtype=bool)
    judged = {sentence for sentence, suspect in zip(every, suspects, strict=True) if suspect}
    by_rules = sum(any(instructions_by_rules(text)) for text in texts)
    by_head = sum(any(sentence in judged for sentence in found) for found in candidates)
    rate = 1000 * (by_rules + by_head) / len(texts)
    found = f"rules {by_rules}, head {by_head}: {rate:.2f} in 1,000"
    print(f"{name}: {len(texts):,} passages, {len(every):,} sentences judged; {found}")
    for sentence in sorted(judged)[:10]:
        print(f"    {sentence[:110]}")


def stored_texts(folder: Path) -> Sequence[str]:
    """Returns the texts of a collection's passages."""
    with Collection.open(folder) as collection, collection._reading() as (_, snapshot):
        ids, _ = snapshot.passage_vectors()
        return list(snapshot.texts(ids.tolist()).values())


if __name__ == "__main__":
    main()
