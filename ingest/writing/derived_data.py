"""Defines what a collection may keep of each passage beside its vector: the writer's one hook for it."""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from passagework.ingest.chunker import EncoderInput, encode_inputs
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.store import Writer
from passagework.retrieval.types import Document, Passage, Vectors

Put: TypeAlias = Callable[[Writer], None]
"""Stores what was made, in the transaction that stores the passages."""


@dataclass(frozen=True, slots=True)
class EncodedTexts:
    """What the encoder made of a group of passages: their `vectors`, None for no passages, and what else is stored."""

    vectors: Vectors | None
    put_derived: Put


@dataclass(slots=True)
class DerivedTexts:
    """The texts of one group of passages by their hash, to be encoded; and hashes of those to be copied."""

    texts: dict[bytes, str] = field(default_factory=dict)
    copies: set[bytes] = field(default_factory=set)

    def __contains__(self, key: bytes) -> bool:
        return key in self.texts or key in self.copies


class DerivedData(Protocol):
    """Makes something of a text of each passage, once for equal texts, and stores it under the text's hash."""

    def text_of(self, document: Document, passage: Passage) -> tuple[bytes, str] | None:
        """Returns the passage's text that is encoded, behind its hash; None where nothing is kept."""

    def queue(
        self,
        texts: Mapping[bytes, str],
        group: DerivedTexts,
        earlier: Sequence[DerivedTexts],
        passages: Container[bytes],
    ) -> int:
        """Queues in `group` what is neither stored nor in an `earlier` group; returns about how many tokens that is.

        `passages` are the hashes of texts that are encoded anyway, which cost nothing more.
        """

    def encode(self, encoder: Encoder, passages: Mapping[bytes, EncoderInput], group: DerivedTexts) -> EncodedTexts:
        """Encodes passages for their vectors, and what was queued, on the thread of the encoder."""

    def copy(self, writer: Writer, group: DerivedTexts) -> None:
        """Stores what another version has of the texts that were queued to be copied."""

    def fill(self, encoder: Callable[[], Encoder], progress: Callable[[int, int], None] | None) -> int:
        """Makes what is missing of passages that are stored already; returns of how many.

        `progress` gets how many passages are done, of how many.
        """


class NoDerivedData:
    """Keeps nothing beside the vectors; see `DerivedData`."""

    def text_of(self, document: Document, passage: Passage) -> None:
        """Keeps nothing of the passage."""

    def queue(
        self,
        texts: Mapping[bytes, str],  # noqa: ARG002
        group: DerivedTexts,  # noqa: ARG002
        earlier: Sequence[DerivedTexts],  # noqa: ARG002
        passages: Container[bytes],  # noqa: ARG002
    ) -> int:
        """Queues nothing."""
        return 0

    def encode(self, encoder: Encoder, passages: Mapping[bytes, EncoderInput], group: DerivedTexts) -> EncodedTexts:  # noqa: ARG002
        """Returns vectors, and what stores nothing."""
        return EncodedTexts(encode_inputs(encoder, list(passages.values())) if passages else None, lambda _: None)

    def copy(self, writer: Writer, group: DerivedTexts) -> None:
        """Stores nothing."""

    def fill(self, encoder: Callable[[], Encoder], progress: Callable[[int, int], None] | None) -> int:  # noqa: ARG002
        """Makes nothing."""
        return 0
