"""Counts what an ingest will have a server encode."""

from __future__ import annotations

from passagework.ingest.chunker import Chunker, ChunkSettings
from passagework.ingest.encoding_cost import EncodingCost
from passagework.retrieval.models.reference_answers import REFERENCE_ANSWERS
from passagework.retrieval.models.remote.remote_encoder import RemoteEncoder
from passagework.retrieval.models.weights import PROBE_TEXT
from passagework.retrieval.store import Store
from passagework.retrieval.text import text_hash
from passagework.retrieval.types import Document


class CostCounter:
    """Cuts documents as an ingest would, and counts what of them has no vector yet; it asks the server nothing."""

    def __init__(self, encoder: RemoteEncoder, chunking: ChunkSettings, store: Store | None) -> None:
        self._encoder = encoder
        self._chunker = Chunker(encoder, chunking)
        self._store = store
        self._counted: set[bytes] = set()
        self._tokens = 0
        # that a collection is made with: the encoder's scale, and the probe that it is known by
        self._first = [] if store is not None else [PROBE_TEXT, *(text for pair in REFERENCE_ANSWERS for text in pair)]
        for tokens in encoder.tokenize(self._first):
            self._tokens += len(tokens) + encoder.passage_overhead

    def add(self, document: Document) -> None:
        """Counts a document's passages, each text once."""
        sizes = {
            text_hash(encoder_input.text): len(encoder_input.token_ids)
            for _, encoder_input in self._chunker.chunk(document)
        }
        fresh = sizes.keys() - self._counted
        if self._store is not None:
            with self._store.read() as snapshot:
                fresh -= snapshot.known_hashes(list(fresh))
        self._counted |= fresh
        self._tokens += sum(sizes[key] + self._encoder.passage_overhead for key in fresh)

    def cost(self) -> EncodingCost:
        """Returns what was counted so far."""
        address = self._encoder.address
        price = None if address.price is None else self._tokens * address.price / 1_000_000
        estimated = not self._encoder.counts_exactly
        return EncodingCost(address.host, len(self._counted) + len(self._first), self._tokens, estimated, price)
