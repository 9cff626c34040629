"""A classifier of one's own: a head on frozen vectors, learned from labelled texts or a field of a collection."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

import numpy as np

from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.duplicates.document_vectors import mean_vectors
from passagework.retrieval.errors import TrainingError
from passagework.retrieval.labels.head_fitting import FittedHead, fit_head
from passagework.retrieval.labels.label_files import LabelledText
from passagework.retrieval.labels.text_classifier import TextClassifier
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.store.text_spans import field_values, passage_spans

LABEL = "label"
"""The metadata field that a classifier learned from texts has its labels written to."""


class LabelsOf(str, Enum):
    """Names what of a collection has a label: each document, or each of its passages."""

    DOCUMENTS = "documents"
    PASSAGES = "passages"


def train_classifier(examples: Sequence[LabelledText], encoder: Encoder) -> TextClassifier:
    """Returns a classifier learned from labelled texts, with its figures on those held out; see `fit_head`.

    Texts are encoded as queries, the same one once. Raises TrainingError where nothing can be learned from them.
    """
    if not examples:
        raise TrainingError("there is no labelled text")
    texts = list(dict.fromkeys(example.text for example in examples))
    row_of = {text: row for row, text in enumerate(texts)}
    vectors = encoder.encode_queries(texts)[[row_of[example.text] for example in examples]]
    fitted = fit_head(vectors, [example.label for example in examples])
    return _classifier(fitted, encoder, LABEL, learned_passages=False)


def train_classifier_on_field(
    collection: Collection, field: str, *, of: LabelsOf = LabelsOf.DOCUMENTS
) -> TextClassifier:
    """Returns a classifier learned from a metadata field of a collection's documents, and their stored vectors.

    Documents that have no value of it, or several, are passed over; a document's vector is the mean of its passages'.
    Raises TrainingError where no document has the field, or nothing can be learned from it.
    """
    with collection._reading() as (_, snapshot):
        values = field_values(snapshot, field)
        if not values:
            raise TrainingError(f"no document has one value of the field {field!r}: `passagework status` lists fields")
        spans = passage_spans(snapshot, lambda _: b"")
        rows = np.flatnonzero(np.isin(spans.documents, np.array(sorted(values), np.int64)))
        vectors, documents = snapshot.vectors_of(spans.ids[rows]), spans.documents[rows]
    if of is LabelsOf.DOCUMENTS:
        documents, vectors = mean_vectors(documents, vectors, (spans.ends - spans.starts)[rows])
    fitted = fit_head(vectors, [values[document] for document in documents.tolist()])
    return _classifier(fitted, collection.encoder(), field, learned_passages=True)


def _classifier(fitted: FittedHead, encoder: Encoder, field: str, *, learned_passages: bool) -> TextClassifier:
    return TextClassifier(
        fitted.head,
        encoder.fingerprint,
        encoder.window,
        field,
        learned_passages,
        fitted.report.to_json(),
        encoder,
    )
