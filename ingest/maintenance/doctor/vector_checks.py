"""Checks vectors: every passage has one, each is a unit row, and the encoder still makes the same."""

from __future__ import annotations

import numpy as np

from passagework.ingest.chunker import Chunker, EncoderInput, encode_inputs
from passagework.ingest.maintenance.doctor.check_context import UNREAD, VECTORS, CheckContext, Skipped
from passagework.ingest.maintenance.doctor.diagnosis import Remedy
from passagework.ingest.writing.chunk_settings import recorded_chunking
from passagework.retrieval.dense.index.vector_index import UNIT_TOLERANCE
from passagework.retrieval.errors import IndexMismatchError, ModelUnavailableError
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.models.identity import SAME_WEIGHTS_COSINE, check_encoder, load_recorded_encoder
from passagework.retrieval.store import Snapshot, integrity
from passagework.retrieval.text import counted, text_hash

SAMPLE_DOCUMENTS, SAMPLE_PASSAGES = 8, 32
"""The size of a sample, evenly spaced among the documents; so many passages take the default encoder a second."""

LONGEST = 1_000_000
"""Characters of a document in the sample: a longer one takes long to cut."""


def check_vectors(context: CheckContext) -> str:
    """Checks that every passage has a vector of unit length and the right dimension, and that none is unused."""
    store = context.store
    with store.read() as snapshot:
        misshapen = integrity.misshapen_vectors(snapshot, snapshot.dim)
        if misshapen:
            text = f"{counted(len(misshapen), 'vector')} not of {snapshot.dim} numbers"
            context.find("vectors", text, Remedy.VECTORS)
            context.bad[VECTORS].extend(misshapen)
        missing = integrity.documents_without_vectors(snapshot)
        if missing:
            text = f"{counted(sum(missing.values()), 'passage')} of {counted(len(missing), 'document')} without vectors"
            context.find("vectors", text, Remedy.VECTORS)
        unused = integrity.unused_vectors(snapshot)
        if unused and not snapshot.meta("unswept"):
            context.find("vectors", f"{counted(unused, 'vector')} that no passage uses", Remedy.ORPHANS)
        waiting = f"; {unused:,} wait for the next ingest" if unused and snapshot.meta("unswept") else ""
        if misshapen:
            return f"not compared{waiting}"
        ids, matrix = snapshot.passage_vectors()
        lengths = np.sqrt(np.einsum("nd,nd->n", matrix, matrix))
        bad = ids[~(np.abs(lengths - 1.0) <= UNIT_TOLERANCE)]
        if len(bad):
            context.find("vectors", f"{counted(len(bad), 'passage')} with a vector not of length 1", Remedy.VECTORS)
            context.bad[VECTORS].extend(integrity.hashes_of(snapshot, bad.tolist()))
    return f"one for each of {counted(len(ids), 'passage')}{waiting}"


def check_encoding(context: CheckContext) -> str:
    """Encodes a sample of passages again, and compares the vectors with the stored ones."""
    with context.store.read() as snapshot:
        if not snapshot.passage_count():
            return "no passages yet"
    encoder = loaded_encoder(context)
    with context.store.read() as snapshot:
        sample = _sample(snapshot, encoder, set(context.bad[UNREAD]))
        stored = snapshot.vectors_by_hash(list(sample))
        compared = {key: vector for key, vector in stored.items() if len(vector) == 4 * encoder.dim}
    if not compared:
        raise Skipped("no passage of the sample is cut today as it was then, or none is there")
    encoded = encode_inputs(encoder, [sample[key] for key in compared])
    recorded = np.frombuffer(b"".join(compared.values()), dtype="<f4").reshape(-1, encoder.dim)
    cosines = np.einsum("nd,nd->n", encoded, recorded)
    bad = [key for key, cosine in zip(compared, cosines.tolist(), strict=True) if not cosine >= SAME_WEIGHTS_COSINE]
    if bad:
        text = (
            f"{len(bad):,} of {counted(len(compared), 'vector')} encoded again differ: least cosine {cosines.min():.4f}"
        )
        context.find("encoder", text, Remedy.VECTORS)
        context.bad[VECTORS].extend(bad)
    return f"{counted(len(compared), 'vector')} encoded again, least cosine {cosines.min():.5f}"


def loaded_encoder(context: CheckContext) -> Encoder:
    """Returns the collection's encoder; raises Skipped where its weights are not here, or another was named."""
    encoder = context.encoder
    try:
        with context.store.read() as snapshot:
            if encoder is None or isinstance(encoder, str):
                encoder = load_recorded_encoder(snapshot, context.store.path.parent.parent, encoder, context.settings)
            check_encoder(snapshot, encoder)
    except (ModelUnavailableError, IndexMismatchError) as error:
        raise Skipped(str(error)) from error
    return encoder


def inputs_of(snapshot: Snapshot, encoder: Encoder, document_id: int) -> dict[bytes, EncoderInput]:
    """Returns what the encoder reads of a document, by the hash under which its vector is stored."""
    chunker = Chunker(encoder, recorded_chunking(snapshot))
    return {
        text_hash(encoder_input.text): encoder_input
        for _, encoder_input in chunker.chunk(snapshot.document(document_id))
    }


def _sample(snapshot: Snapshot, encoder: Encoder, unread: set[int | bytes]) -> dict[bytes, EncoderInput]:
    rows = [row for row in snapshot.documents() if row.length <= LONGEST and row.id not in unread]
    chosen = [rows[int(place)] for place in np.linspace(0, len(rows) - 1, min(len(rows), SAMPLE_DOCUMENTS))]
    sample: dict[bytes, EncoderInput] = {}
    for row in chosen:
        inputs = list(inputs_of(snapshot, encoder, row.id).items())
        room = max(1, SAMPLE_PASSAGES // len(chosen))
        sample.update(inputs[:: max(1, -(-len(inputs) // room))])
    return sample
