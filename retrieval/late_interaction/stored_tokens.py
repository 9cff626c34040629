"""Token vectors that a collection keeps: what it records of them, and those of one moment, for a reranker."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import Enum
from functools import lru_cache

import numpy as np

from passagework.retrieval.errors import ConfigError, StoreError
from passagework.retrieval.late_interaction.codec import LEVELS, TokenCodec
from passagework.retrieval.late_interaction.kept_tokens import KeptTokens
from passagework.retrieval.models.encoder import Encoder, TokenEncoder, gives_token_vectors
from passagework.retrieval.models.identity import recorded_encoder
from passagework.retrieval.models.weights import Fingerprint
from passagework.retrieval.store import Snapshot, token_rows
from passagework.retrieval.store.rows import recorded
from passagework.retrieval.text import text_hash
from passagework.retrieval.types import Json, Vectors

TOKEN_RECORD = "token_vectors"  # noqa: S105 - no password
"""The record's key in the database."""

MOST_DIMENSIONS = 8192
"""Dimensions of a token's vector: a record that says more is damaged. The rotation of so many takes 256 MB."""

BITS, KEPT = 1, KeptTokens.CONTENT_WORDS
"""Bits of a coordinate, and the tokens that are coded: docs/second-stage.md."""

OF_OLD_RECORDS = KeptTokens.ALL.value
"""What a record means that doesn't tell which tokens."""


class NoTokenVectors(str, Enum):
    """Names why a version keeps none, as it records it; where nothing is recorded, the next ingest decides."""

    UNWANTED = "unwanted"
    NOT_GIVEN = "not given by the encoder"

    @classmethod
    def says(cls, value: Json) -> bool:
        """Tells whether a record says that none are kept, or doesn't say anything yet."""
        return value is None or value in tuple(cls)

    def to_json(self) -> Json:
        """Returns what is recorded."""
        return self.value


@dataclass(frozen=True, slots=True)
class TokenRecord:
    """Tells how token vectors are kept: of the tokens `kept`, `bits` of each of `dim` coordinates, made by `encoder`.

    `filled` tells that every passage has them; before, the next ingest makes what is missing.
    """

    bits: int
    dim: int
    encoder: Fingerprint
    filled: bool
    kept: KeptTokens = KEPT

    @property
    def codec(self) -> TokenCodec:
        """Returns the codec of the vectors."""
        return _codec(self.dim, self.bits)

    @property
    def is_current(self) -> bool:
        """Tells whether they are kept as new ones are; others serve until the next ingest makes them again."""
        return (self.bits, self.kept) == (BITS, KEPT)

    def unfilled(self) -> TokenRecord:
        """Returns the same record, with passages to come."""
        return replace(self, filled=False)

    def complete(self) -> TokenRecord:
        """Returns the same record, with nothing missing."""
        return replace(self, filled=True)

    def same_vectors_as(self, other: TokenRecord | None) -> bool:
        """Tells whether both records give a text the same codes."""
        if other is None or (self.bits, self.dim, self.kept) != (other.bits, other.dim, other.kept):
            return False
        return self.of(other.encoder)

    def of(self, encoder: Fingerprint) -> bool:
        """Tells whether this encoder made them."""
        return self.encoder.same_as(encoder)

    def to_json(self) -> dict[str, Json]:
        """Returns the record as in the database, and in an export."""
        return {**asdict(self), "encoder": self.encoder.to_json(), "kept": self.kept.value}

    @classmethod
    def from_json(cls, value: Json) -> TokenRecord:
        """Returns the record that `to_json` gave; raises StoreError for anything else."""
        if isinstance(value, Mapping):
            bits, dim, filled = value.get("bits"), value.get("dim"), value.get("filled")
            whole = isinstance(dim, int) and not isinstance(dim, bool) and 0 < dim <= MOST_DIMENSIONS
            if whole and isinstance(bits, int) and bits in LEVELS and isinstance(filled, bool):
                encoder = Fingerprint.from_json(value.get("encoder"))
                return cls(
                    bits, int(str(dim)), encoder, filled, recorded(KeptTokens, value.get("kept", OF_OLD_RECORDS))
                )
        raise StoreError("the collection's record of its token vectors is damaged")


@lru_cache(4)
def _codec(dim: int, bits: int) -> TokenCodec:
    return TokenCodec(dim, bits)


def new_record(encoder: Encoder) -> TokenRecord:
    """Returns the record of a version that begins to keep this encoder's; raises ConfigError where it gives none."""
    checked_encoder = token_encoder(encoder)
    (probe,) = checked_encoder.encode_token_vectors([checked_encoder.tokenize(["a"])[0].ids])
    return TokenRecord(BITS, probe.shape[1], checked_encoder.fingerprint, filled=True)


def first_record(encoder: Encoder, requested: bool | None) -> TokenRecord | NoTokenVectors:
    """Returns the record of a version that is asked to keep token vectors, or not, or (None) to where there are some.

    Raises ConfigError where they are asked for and the encoder gives none.
    """
    if requested is False:
        return NoTokenVectors.UNWANTED
    return new_record(encoder) if requested or gives_token_vectors(encoder) else NoTokenVectors.NOT_GIVEN


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
    if NoTokenVectors.says(value):
        return None
    try:
        record = TokenRecord.from_json(value)
        return record if record.of(recorded_encoder(snapshot)) else None
    except StoreError:
        return None


@dataclass(frozen=True, slots=True)
class BestCosines:
    """Holds for each token of a query its best cosine with a text's, (query tokens,), and how many tokens were read."""

    cosines: Vectors
    tokens: int


class StoredTokens:
    """Gives the token vectors that a collection keeps at one moment, by the text that a reranker reads."""

    def __init__(self, snapshot: Snapshot, record: TokenRecord) -> None:
        self._snapshot = snapshot
        self._codec = record.codec
        self._kept = record.kept

    @classmethod
    def of(cls, snapshot: Snapshot) -> StoredTokens | None:
        """Returns those of the version; None where it keeps none."""
        record = recorded_tokens(snapshot)
        return None if record is None else cls(snapshot, record)

    @property
    def dim(self) -> int:
        """Returns the dimensions of a vector."""
        return self._codec.dim

    @property
    def form(self) -> str:
        """Returns what tells codes of one form from those of another."""
        return f"{self._codec.bits} {self._codec.dim} {self._kept.value}"

    @property
    def kept(self) -> KeptTokens:
        """Returns the tokens whose vectors are kept."""
        return self._kept

    def best_cosines(self, query: Vectors, texts: Iterable[str]) -> dict[str, BestCosines]:
        """Returns the best cosines of the query's tokens for those of the texts that have whole codes."""
        hashes = {text: text_hash(text) for text in dict.fromkeys(texts)}
        stored = token_rows.codes_by_hash(self._snapshot, list(hashes.values()))
        whole = {key: row for key, row in stored.items() if row.codes and row.is_whole(self._codec.row_bytes)}
        coded = [text for text, key in hashes.items() if key in whole]
        best = self._codec.best_products(self._codec.rotate(query), [whole[hashes[text]].codes for text in coded])
        return {
            text: BestCosines(cosines, whole[hashes[text]].tokens) for text, cosines in zip(coded, best.T, strict=True)
        }

    def codes(self, vectors: Vectors) -> bytes:
        """Returns the codes of token vectors made now, as they would be stored."""
        return self._codec.encode(vectors)

    def best_cosines_of(self, query: Vectors, codes: Sequence[bytes]) -> Vectors:
        """Returns (query tokens, texts) of such codes."""
        return self._codec.best_products(self._codec.rotate(query), codes)


def best_products(query: Vectors, vectors: Sequence[Vectors]) -> Vectors:
    """Returns (query tokens, texts) float32: the largest product with each text's vectors, 0 where it has none."""
    return np.stack(
        [(query @ rows.T).max(axis=1) if len(rows) else np.zeros(len(query), np.float32) for rows in vectors], axis=1
    )
