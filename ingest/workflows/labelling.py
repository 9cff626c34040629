"""Gives the documents of a collection the labels of a classifier, as metadata that filters can use."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from passagework.ingest.writing.write_access import open_for_writing
from passagework.retrieval.duplicates.document_vectors import mean_vectors
from passagework.retrieval.errors import ConfigError
from passagework.retrieval.folder import current_version
from passagework.retrieval.labels.label_head import OTHER
from passagework.retrieval.labels.text_classifier import TextClassifier
from passagework.retrieval.models.identity import recorded_encoder
from passagework.retrieval.models.weights import Fingerprint
from passagework.retrieval.store import DocumentRow, Snapshot, Store
from passagework.retrieval.store.text_spans import passages_of
from passagework.retrieval.types import Json

LABEL, PROBABILITY, MODEL = "label", "label_probability", "label_model"
"""The metadata fields: the label, how probable it is, and which classifier said so."""

AT_ONCE = 500
"""Documents that are labelled in one transaction."""


@dataclass(frozen=True, slots=True)
class Labelling:
    """Counts documents: `labelled` now, of these `other` (no label fits), `unchanged`, and those that have a field
    `label` of their own, which they keep.
    """

    labelled: int
    other: int
    unchanged: int
    own_label: int

    def to_json(self) -> dict[str, Json]:
        """Returns what the ingest JSON has under `labels`."""
        return {
            "labelled": self.labelled,
            "other": self.other,
            "unchanged": self.unchanged,
            "own_label": self.own_label,
        }


def label_documents(collection: str | Path, classifier: TextClassifier) -> Labelling:
    """Writes a label, its probability and the classifier's digest into the metadata of every document that lacks them.

    A document is labelled by the mean of its passages' vectors: nothing is encoded. One that the same classifier
    labelled stays as it is, so that a run that was ended goes on. Raises IndexMismatchError for a classifier of another
    encoder, StoreError where the collection can't be written.
    """
    path = Path(collection)
    current_version(path)
    digest = classifier.head.digest
    with open_for_writing(path) as store:
        with store.read() as snapshot:
            check_labels(classifier, recorded_encoder(snapshot))
            rows = list(snapshot.documents())
        own = [row for row in rows if LABEL in row.metadata and MODEL not in row.metadata]
        kept = {row.id for row in own}
        waiting = [row for row in rows if row.id not in kept and row.metadata.get(MODEL) != digest and row.passages]
        labels = [label for batch in _batches(waiting) for label in _label(store, batch, classifier)]
    return Labelling(len(labels), labels.count(OTHER), len(rows) - len(own) - len(labels), len(own))


def check_labels(classifier: TextClassifier, encoder: Fingerprint) -> None:
    """Raises IndexMismatchError for another encoder, ConfigError where its prompts are others for what was learned."""
    classifier.check(encoder)
    if not classifier.learned_passages and encoder.query_prompt != encoder.passage_prompt:
        raise ConfigError(
            f"the classifier learned from texts encoded as queries, which {encoder.model} encodes otherwise than "
            "passages: train one on a field of the collection"
        )


def _label(store: Store, rows: Sequence[DocumentRow], classifier: TextClassifier) -> list[str]:
    """Labels some documents in one transaction, and returns their labels."""
    with store.write() as writer:
        ids, found = _found(writer, rows, classifier)
        for document, (label, probability) in zip(ids, found, strict=True):
            fields: dict[str, Json] = {LABEL: label, PROBABILITY: probability, MODEL: classifier.head.digest}
            writer.put_fields(document, fields)
    return [label for label, _ in found]


def _found(
    snapshot: Snapshot, rows: Sequence[DocumentRow], classifier: TextClassifier
) -> tuple[list[int], list[tuple[str, float]]]:
    passages = passages_of(snapshot, [row.id for row in rows])
    ids, vectors = mean_vectors(passages.documents, snapshot.vectors_of(passages.ids), passages.lengths)
    return ids.tolist(), [(row.label, row.probability) for row in classifier.head.labelled(vectors)]


def _batches(rows: Sequence[DocumentRow]) -> Iterator[Sequence[DocumentRow]]:
    for start in range(0, len(rows), AT_ONCE):
        yield rows[start : start + AT_ONCE]
