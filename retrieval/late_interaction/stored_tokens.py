"""Token vectors that a collection keeps: what it records of them, and those of one moment, for a reranker."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import lru_cache

from passagework.retrieval.errors import ConfigError, StoreError
from passagework.retrieval.late_interaction.codec import LEVELS, TokenCodec
from passagework.retrieval.models.encoder import Encoder, TokenEncoder, gives_token_vectors
from passagework.retrieval.models.identity import recorded_encoder
from passagework.retrieval.models.weights import Fingerprint
from passagework.retrieval.store import Snapshot, token_rows
from passagework.retrieval.text import text_hash
from passagework.retrieval.types import Json, Vectors

TOKEN_RECORD = "token_vectors"  # noqa: S105 - no password
"""The record's key in the database."""

MOST_DIMENSIONS = 8192
"""Dimensions of a token's vector: a record that says more is damaged. The rotation of so many takes 256 MB."""

BITS = 4
"""Bits of a coordinate: docs/second-stage.md."""


@dataclass(frozen=True, slots=True)
class TokenRecord:
    """Tells how token vectors are kept: `bits` of each of `dim` coordinates, made by `encoder`.

    `filled` tells that every passage has them; before, the next ingest makes what is missing.
    """

    bits: int
    dim: int
    encoder: Fingerprint
    filled: bool

    @property
    def codec(self) -> TokenCodec:
        """Returns the codec of the vectors."""
        return _codec(self.dim, self.bits)

    def unfilled(self) -> TokenRecord:
        """Returns the same record, with passages to come."""
        return replace(self, filled=False)

    def complete(self) -> TokenRecord:
        """Returns the same record, with nothing missing."""
        return replace(self, filled=True)

    def same_vectors_as(self, other: TokenRecord | None) -> bool:
        """Tells whether both records give a text the same codes."""
        return other is not None and (self.bits, self.dim) == (other.bits, other.dim) and self.of(other.encoder)

    def of(self, encoder: Fingerprint) -> bool:
        """Tells whether this encoder made them."""
        return self.encoder.same_as(encoder)

    def to_json(self) -> dict[str, Json]:
        """Returns the record as in the database, and in an export."""
        return {**asdict(self), "encoder": self.encoder.to_json()}

    @classmethod
    def from_json(cls, value: Json) -> TokenRecord:
        """Returns the record that `to_json` gave; raises StoreError for anything else."""
        if isinstance(value, Mapping):
            bits, dim, filled = value.get("bits"), value.get("dim"), value.get("filled")
            whole = isinstance(dim, int) and not isinstance(dim, bool) and 0 < dim <= MOST_DIMENSIONS
            if whole and isinstance(bits, int) and bits in LEVELS and isinstance(filled, bool):
                return cls(bits, int(str(dim)), Fingerprint.from_json(value.get("encoder")), filled)
        raise StoreError("the collection's record of its token vectors is damaged")


@lru_cache(4)
def _codec(dim: int, bits: int) -> TokenCodec:
    return TokenCodec(dim, bits)


def new_record(encoder: Encoder, *, bits: int = BITS) -> TokenRecord:
    """Returns the record of a version that begins to keep this encoder's; raises ConfigError where it gives none."""
    checked_encoder = token_encoder(encoder)
    (probe,) = checked_encoder.encode_token_vectors([checked_encoder.tokenize(["a"])[0].ids])
    return TokenRecord(bits, probe.shape[1], checked_encoder.fingerprint, filled=True)


def token_encoder(encoder: Encoder) -> TokenEncoder:
    """Returns the encoder, where it gives token vectors; raises ConfigError where it doesn't."""
    if not gives_token_vectors(encoder):
        raise ConfigError(
            f"{encoder.fingerprint.model} gives no vectors of tokens, so none can be kept: "
            "ingest without token vectors (--no-token-vectors), or take another encoder"
        )
    return encoder


def recorded_tokens(snapshot: Snapshot) -> TokenRecord | None:
    """Returns how the version keeps token vectors; None where it doesn't, or the record is damaged: a doctor tells."""
    value = snapshot.meta(TOKEN_RECORD)
    if value is None:
        return None
    try:
        record = TokenRecord.from_json(value)
        return record if record.of(recorded_encoder(snapshot)) else None
    except StoreError:
        return None


class StoredTokens:
    """Gives the token vectors that a collection keeps at one moment, by the text that a reranker reads."""

    def __init__(self, snapshot: Snapshot, record: TokenRecord) -> None:
        self._snapshot = snapshot
        self._codec = record.codec

    @classmethod
    def of(cls, snapshot: Snapshot) -> StoredTokens | None:
        """Returns those of the version; None where it keeps none."""
        record = recorded_tokens(snapshot)
        return None if record is None else cls(snapshot, record)

    def cosines(self, query: Vectors, texts: Iterable[str]) -> dict[str, Vectors]:
        """Returns cosines (query tokens, text tokens) for those of the texts that have whole codes."""
        if query.shape[1] != self._codec.dim:
            return {}  # the record is damaged: no code is of the encoder's dimensions
        hashes = {text: text_hash(text) for text in dict.fromkeys(texts)}
        stored = token_rows.codes_by_hash(self._snapshot, list(hashes.values()))
        size = self._codec.row_bytes
        whole = {
            key: stored_codes.codes
            for key, stored_codes in stored.items()
            if stored_codes.codes and len(stored_codes.codes) == size * stored_codes.tokens
        }
        coded = [text for text, key in hashes.items() if key in whole]
        cosines = self._codec.products(self._codec.rotate(query), [whole[hashes[text]] for text in coded])
        return dict(zip(coded, cosines, strict=True))
