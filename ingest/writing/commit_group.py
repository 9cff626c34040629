"""Holds what is committed together: documents with their passages, the texts to be encoded for them, their files."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from passagework.ingest.chunker import EncoderInput
from passagework.ingest.injection.injection_screen import NO_SUSPECTS, InjectionScreen, Suspects
from passagework.ingest.writing.derived_data import DerivedData, DerivedTexts, EncodedTexts
from passagework.retrieval.errors import TextTooLongError
from passagework.retrieval.memory import enough_memory
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.store import NewPassage, SourceState
from passagework.retrieval.store.rows import NO_MODEL
from passagework.retrieval.types import Document


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file as its record is to show it; `state` partial stands until the last of its documents is in."""

    uri: str
    path: str
    sha256: str
    media_type: str
    state: SourceState = SourceState.PARTIAL
    reason: str | None = None
    notes: tuple[str, ...] = ()
    read_by: str = NO_MODEL


@dataclass(frozen=True, slots=True)
class ChunkedDocument:
    """A document as it is to be stored, with its passages, and what of it may instruct a language model."""

    source: SourceFile
    document: Document
    passages: Sequence[NewPassage]
    sha256: str
    position: int
    language: str
    replaces: int | None
    suspects: Suspects = NO_SUSPECTS


@dataclass(slots=True)
class CommitGroup:
    """The documents and texts of the next commit."""

    ready: list[ChunkedDocument] = field(default_factory=list)
    finished: list[tuple[SourceFile, Sequence[int]]] = field(default_factory=list)
    texts: dict[bytes, EncoderInput] = field(default_factory=dict)
    copies: set[bytes] = field(default_factory=set)
    derived: DerivedTexts = field(default_factory=DerivedTexts)
    judged: set[str] = field(default_factory=set)
    tokens: int = 0
    characters: int = 0


@dataclass(frozen=True, slots=True)
class GroupEncoding:
    """A group whose texts are being encoded; `ahead` of the last document, some of whose vectors are among them."""

    group: CommitGroup
    ahead: bool
    future: Future[EncodedTexts] | None


def encoding_result(group: CommitGroup, future: Future[EncodedTexts]) -> EncodedTexts:
    """Returns what became of a group's texts; a text that was too long for a server is told with its document."""
    try:
        return future.result()
    except TextTooLongError as error:
        key = list(group.texts)[error.position]
        owners = (document for document in group.ready if any(passage.hash == key for passage in document.passages))
        document = next(owners, None)
        if document is None:
            raise
        raise TextTooLongError(f"{document.source.path}: {error}", error.position) from error


def encode_group(encoder: Encoder, screen: InjectionScreen, group: CommitGroup, derived: DerivedData) -> EncodedTexts:
    """Encodes what a group needs, on the encoder's thread, and judges its sentences."""
    otherwise = (
        f"the encoder ran out of memory over {len(group.texts) + len(group.derived.texts):,} texts: what was committed "
        "is safe; end other programs, or take a smaller encoder, and run again"
    )
    with enough_memory(otherwise):
        sentences = {text for document in group.ready for _, _, text in document.suspects.sentences}
        group.judged |= screen.judged(sorted(sentences))
        return derived.encode(encoder, group.texts, group.derived)
