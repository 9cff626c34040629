"""Rebuilds a collection from what it holds: the index, or a new version with another encoder or chunking."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from passagework.ingest.chunker import ChunkSettings
from passagework.ingest.personal_data.policy import POLICY
from passagework.ingest.report import Progress
from passagework.ingest.writing.chunk_settings import chunking_options, new_chunking, recorded_chunking
from passagework.ingest.writing.commit_group import SourceFile
from passagework.ingest.writing.languages import LANGUAGE
from passagework.ingest.writing.new_version import create_version
from passagework.ingest.writing.passage_writer import PassageWriter
from passagework.ingest.writing.refresh import refresh_index
from passagework.ingest.writing.token_vectors import TokenVectors
from passagework.ingest.writing.write_access import is_damaged, open_for_writing
from passagework.retrieval.config import Settings
from passagework.retrieval.dense.index import IndexKind
from passagework.retrieval.dense.saved_indexes import save_index
from passagework.retrieval.errors import StoreError
from passagework.retrieval.folder import publish, versions
from passagework.retrieval.late_interaction.stored_tokens import (
    TOKEN_RECORD,
    NoTokenVectors,
    TokenRecord,
    first_record,
    recorded_tokens,
)
from passagework.retrieval.lexical.saved_postings import refresh_postings
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.models.encoder_loading import load_encoder
from passagework.retrieval.models.encoder_options import EncoderOptions
from passagework.retrieval.models.identity import load_recorded_encoder, recorded_encoder, recorded_window
from passagework.retrieval.store import ROOTS, Generation, Snapshot, Store, VersionState


def rebuild_index(collection: str | Path, *, kind: IndexKind | None = None) -> Generation:
    """Builds the index again from the stored vectors, without encoding anything; `kind` None chooses by size.

    Below 1,024 passages an approximate kind becomes flat. Returns what was saved, with its recall@10 against exact
    search. Raises StoreError where there is no collection, another writer is at work, or the database is damaged.
    """
    with open_for_writing(Path(collection), check=False) as store:
        with store.read() as snapshot:
            every = snapshot.generations() + snapshot.postings_generations()
            behind = any(generation.change > snapshot.last_change() for generation in every)
        if not behind:
            store.verify()
        with store.write() as writer:
            last = writer.last_change()
            # A database restored from an older copy: what was indexed after it is no longer true.
            every = writer.generations() + writer.postings_generations()
            writer.drop_generations([generation.id for generation in every if generation.change > last])
        folder = store.path.parent / "index"
        saved = save_index(store, folder, kind=kind)
        refresh_postings(store, folder)
        return saved


def rebuild(
    collection: str | Path,
    *,
    encoder: Encoder | str | None = None,
    window: int | None = None,
    dimensions: int | None = None,
    query_prompt: str | None = None,
    passage_prompt: str | None = None,
    passage_tokens: int | None = None,
    overlap: int | None = None,
    whole: bool | None = None,
    settings: Settings | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Path:
    """Chunks and encodes every document again, from the stored text, into a new version; then makes it the live one.

    What is not given stays as it was; token vectors are kept where the encoder gives them and none were refused.
    Searches go on in the old version until the new one is whole; the old one stays on disk, and the ones before it go,
    but for damaged ones. Killed, the next call goes on. Returns the new version's folder.
    Raises ConfigError for chunking out of range; StoreError where there is no collection, or another writer is at work.
    """
    settings = settings or Settings.from_environment()
    options = EncoderOptions(window, dimensions, query_prompt, passage_prompt)
    collection = Path(collection)
    with open_for_writing(collection, read_only=True) as old:
        live = old.path.parent
        with old.read() as snapshot:
            model = recorded_encoder(snapshot)
            cut_as = recorded_chunking(snapshot)
            keeps_none = snapshot.meta(TOKEN_RECORD) == NoTokenVectors.UNWANTED.value
            language, pii = snapshot.meta(LANGUAGE), snapshot.meta(POLICY)
            if encoder is None:
                encoder = load_recorded_encoder(snapshot, collection, None, settings, options)
        if isinstance(encoder, str):
            encoder = load_encoder(encoder, options, settings)
        requested = chunking_options(passage_tokens=passage_tokens, overlap=overlap, whole=whole)
        chunking = new_chunking(encoder, requested, cut_as)
        tokens = first_record(encoder, False if keeps_none else None)
        folder = _unfinished_version(collection, live, encoder, chunking, tokens) or create_version(
            collection, encoder, chunking, state=VersionState.BUILDING, tokens=tokens, language=language, pii=pii
        )
        same = model.same_as(encoder.fingerprint)
        _fill(old, folder, encoder, chunking, tokens, copy_vectors=same, progress=progress)
        publish(collection, folder)
        for entry in versions(collection):
            if entry not in (folder, live) and not is_damaged(entry):
                shutil.rmtree(entry, ignore_errors=True)
    return folder


def _fill(
    old: Store,
    folder: Path,
    encoder: Encoder,
    chunking: ChunkSettings,
    tokens: TokenRecord | NoTokenVectors,
    *,
    copy_vectors: bool,
    progress: Callable[[Progress], None] | None,
) -> None:
    """Brings the new version up to the old one, as of now; what an earlier try did is kept."""
    started = time.monotonic()
    with Store.open(folder / "store.db") as new:
        copied = old if copy_vectors else None
        derived = TokenVectors(new, tokens, copies_from=copied) if isinstance(tokens, TokenRecord) else None
        writer = PassageWriter(new, lambda: encoder, chunking, vectors_from=copied, derived=derived)
        with old.read() as before:
            former_fields = before.former_field_names()
            done = _drop_outdated(new, before)
            sources = before.sources()
            roots = before.roots()
            for number, source in enumerate(sources, start=1):
                file = SourceFile(source.uri, source.path, source.sha256, source.media_type, read_by=source.read_by)
                for row in list(before.documents_of(source.id)):
                    if row.uri not in done:
                        writer.add(file, before.document(row.id), sha256=row.sha256, position=row.position)
                writer.finish_file(replace(file, state=source.state, reason=source.reason, notes=source.notes))
                if progress is not None:
                    seconds = time.monotonic() - started
                    counts = writer.counts.documents, writer.counts.passages, writer.counts.encoded
                    progress(Progress(number, len(sources), *counts, seconds, to_encode=writer.counts.to_encode))
            writer.flush()
        with new.write() as last:
            last.sweep_vectors()
            last.put_former_fields(former_fields)
        refresh_index(new, folder)
        with new.write() as last:
            last.set_meta("state", VersionState.READY.value)
            last.set_meta(ROOTS, list(roots))
        new.checkpoint()


def _drop_outdated(new: Store, before: Snapshot) -> set[str]:
    """Takes out of the new version what the old one no longer holds; returns the uris of what stays."""
    old_hashes = before.document_hashes()
    paths = {source.uri: source.path for source in before.sources()}
    with new.write() as writer:
        for source in writer.sources():
            if source.uri not in paths:
                writer.remove_source(source.id)
            elif source.path != paths[source.uri]:
                writer.move_source(source.id, uri=source.uri, path=paths[source.uri])
        new_hashes = writer.document_hashes()
        good = {uri for uri, (_, sha256) in new_hashes.items() if uri in old_hashes and old_hashes[uri][1] == sha256}
        writer.remove_documents([document_id for uri, (document_id, _) in new_hashes.items() if uri not in good])
    return good


def _unfinished_version(
    collection: Path, live: Path, encoder: Encoder, chunking: ChunkSettings, tokens: TokenRecord | NoTokenVectors
) -> Path | None:
    """Returns the version that an interrupted rebuild to the same encoder and chunking left, maybe just unpublished."""
    for folder in versions(collection):
        if _number(folder) <= _number(live):
            break
        with suppress(StoreError), Store.open(folder / "store.db") as store, store.read() as snapshot:
            same = recorded_encoder(snapshot).same_as(encoder.fingerprint)
            same &= recorded_window(snapshot) == encoder.window
            same &= snapshot.meta("chunking") == chunking.to_json()
            same &= _has_token_record(snapshot, tokens)
            if same:
                return folder
    return None


def _has_token_record(snapshot: Snapshot, tokens: TokenRecord | NoTokenVectors) -> bool:
    if not isinstance(tokens, TokenRecord):
        return snapshot.meta(TOKEN_RECORD) == tokens.to_json()
    recorded = recorded_tokens(snapshot)
    return tokens.same_vectors_as(recorded) and recorded is not None and recorded.filled


def _number(version: Path) -> int:
    return int(version.name[1:])
