"""Creates a new version of a collection, with nothing in it but the record of how it is made."""

from __future__ import annotations

from pathlib import Path

from passagework.ingest.chunker import Chunker, ChunkSettings
from passagework.ingest.personal_data.policy import POLICY
from passagework.ingest.writing.languages import LANGUAGE, WORDS
from passagework.retrieval.folder import next_version, publish
from passagework.retrieval.late_interaction.stored_tokens import TOKEN_RECORD, NoTokenVectors, TokenRecord
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.models.identity import record_identity
from passagework.retrieval.store import Store, VersionState
from passagework.retrieval.types import Json
from passagework.retrieval.words.indexed import WORDS_VERSION


def create_version(
    collection: Path,
    encoder: Encoder,
    chunking: ChunkSettings,
    *,
    state: VersionState,
    tokens: TokenRecord | NoTokenVectors = NoTokenVectors.UNWANTED,
    language: Json = None,
    pii: Json = None,
) -> Path:
    """Creates an empty version and returns its folder; one that is `ready` is published at once.

    `tokens` is how it keeps token vectors, or why not; `language` what was said of its documents' language,
    `pii` the record of what becomes of personal data in them.
    """
    Chunker(encoder, chunking)  # refuses settings that don't go together
    folder = next_version(collection)
    with Store.create(folder / "store.db") as store, store.write() as writer:
        record_identity(writer, encoder, chunking.to_json(), collection=collection, state=state)
        writer.set_meta(WORDS, WORDS_VERSION)
        if language is not None:
            writer.set_meta(LANGUAGE, language)
        if pii is not None:
            writer.set_meta(POLICY, pii)
        writer.set_meta(TOKEN_RECORD, tokens.to_json())
    if state is VersionState.READY:
        publish(collection, folder)
    return folder
