"""Opens the collection that an ingest writes to: made where there is none, checked, and locked meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path

from passagework.ingest.writing.chunk_settings import (
    check_chunking,
    check_fit,
    check_tokens,
    new_chunking,
    recorded_chunking,
)
from passagework.ingest.writing.derived_data import DerivedData
from passagework.ingest.writing.destination import CollectionDestination, DryRun
from passagework.ingest.writing.new_version import create_version
from passagework.ingest.writing.passage_writer import PassageWriter
from passagework.ingest.writing.token_vectors import TokenVectors
from passagework.ingest.writing.write_access import live_version, open_for_writing
from passagework.retrieval.config import DEFAULT_ENCODER, DEFAULT_SPECIAL_TOKENS, DEFAULT_WINDOW, Settings
from passagework.retrieval.errors import StoreError
from passagework.retrieval.folder import (
    BENCHMARK,
    CURRENT,
    JUDGMENTS,
    JUDGMENTS_LOCK,
    LOCK,
    VERSION,
    is_collection,
)
from passagework.retrieval.late_interaction.stored_tokens import (
    TOKEN_RECORD,
    TokenRecord,
    new_record,
    recorded_tokens,
    token_encoder,
)
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.models.encoder_loading import load_encoder
from passagework.retrieval.models.encoder_options import EncoderOptions
from passagework.retrieval.models.identity import (
    check_encoder,
    load_recorded_encoder,
    record_place,
    recorded_encoder,
)
from passagework.retrieval.store import Store, VersionState, token_rows
from passagework.retrieval.store.generations import check_whole


def collection_exists(collection: Path) -> bool:
    """Tells whether there is a collection; raises StoreError where there is something else, or it can't be mended."""
    _refuse_foreign(collection)
    return live_version(collection) is not None


@contextmanager
def open_destination(
    collection: Path,
    *,
    encoder: Encoder | str | None,
    options: EncoderOptions,
    chunking: Mapping[str, int | bool],
    settings: Settings,
    token_vectors: bool | None = None,
) -> Iterator[CollectionDestination]:
    """Opens the collection for one run, and makes it where there is none.

    `token_vectors` says whether the collection is to keep them from now on; None leaves that as it is. Raises
    IndexMismatchError where the collection was made otherwise than asked for.
    """
    if not collection_exists(collection):
        check_tokens(chunking)
        encoder = _load_encoder(encoder, options, settings)
        new_chunking(encoder, chunking)  # refuses what doesn't fit before a folder is made
        if token_vectors:
            token_encoder(encoder)
    try:
        collection.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{collection} can't be made: {error.strerror}") from error

    def create() -> Path:
        loaded = _load_encoder(encoder, options, settings)
        tokens = new_record(loaded) if token_vectors else None
        fitted = new_chunking(loaded, chunking)
        return create_version(collection, loaded, fitted, state=VersionState.READY, tokens=tokens)

    with open_for_writing(collection, create=create) as store:
        yield CollectionDestination(store, _writer(store, encoder, options, chunking, settings, token_vectors))


@contextmanager
def open_dry_run(
    collection: Path,
    *,
    encoder: Encoder | str | None,
    options: EncoderOptions,
    chunking: Mapping[str, int | bool],
    settings: Settings,
    token_vectors: bool | None = None,
) -> Iterator[DryRun]:
    """Opens the records of the collection, where there is one; raises as `open_destination` does, as far as known."""
    _refuse_foreign(collection)
    folder = live_version(collection)
    with nullcontext() if folder is None else Store.open(folder / "store.db") as store:
        _check_dry_run(store, encoder, options, chunking, settings)
        if token_vectors and encoder is not None and not isinstance(encoder, str):
            token_encoder(encoder)
        yield DryRun(store)


def _writer(
    store: Store,
    encoder: Encoder | str | None,
    options: EncoderOptions,
    chunking: Mapping[str, int | bool],
    settings: Settings,
    token_vectors: bool | None,
) -> PassageWriter:
    """Returns a writer whose encoder is checked now where one was named, else loaded when a text has to be encoded."""
    collection = store.path.parent.parent
    with store.read() as snapshot:
        recorded = recorded_encoder(snapshot)
        cut_as = recorded_chunking(snapshot)
        check_chunking(snapshot, cut_as, options.window, chunking)

    def load() -> Encoder:
        with store.read() as snapshot:
            loaded = (
                load_recorded_encoder(snapshot, collection, encoder, settings, options)
                if encoder is None or isinstance(encoder, str)
                else encoder
            )
            check_encoder(snapshot, loaded)
            if token_vectors is not False and recorded_tokens(snapshot) is not None:
                token_encoder(loaded)
        return loaded

    if encoder is not None or token_vectors or options.change_vectors:
        checked = load()
        if recorded.revision is None and checked.fingerprint != recorded:  # its folder lies elsewhere now
            with store.write() as writer:
                record_place(writer, checked.fingerprint, collection)
        return PassageWriter(store, lambda: checked, cut_as, derived=_derived_data(store, token_vectors, checked))
    return PassageWriter(store, load, cut_as, derived=_derived_data(store, token_vectors, None))


def _derived_data(store: Store, requested: bool | None, encoder: Encoder | None) -> DerivedData | None:
    record = _token_record(store, requested, encoder)
    return None if record is None else TokenVectors(store, record)


def _token_record(store: Store, requested: bool | None, encoder: Encoder | None) -> TokenRecord | None:
    """Returns how the collection keeps token vectors from now on, and takes out those that it no longer keeps."""
    with store.read() as snapshot:
        recorded = recorded_tokens(snapshot)
        has_record = snapshot.meta(TOKEN_RECORD) is not None
        lacking = bool(requested and token_rows.passages_without(snapshot, most=1))
    if requested is None:
        return recorded
    record = None
    if requested and encoder is not None:
        record = replace(recorded or new_record(encoder), filled=not lacking)
    with store.write() as writer:
        if record is None or recorded is None:
            token_rows.forget_all(writer)
        if record != recorded or (has_record and recorded is None):
            writer.set_meta(TOKEN_RECORD, None if record is None else record.to_json())
    return record


def _refuse_foreign(collection: Path) -> None:
    """Raises StoreError for a folder of other files: a collection needs one of its own."""
    try:
        if collection.exists() and not collection.is_dir():
            raise StoreError(f"{collection} is a file: a collection is a folder")
        if not collection.is_dir() or is_collection(collection):
            return
        names = [entry.name for entry in collection.iterdir()]
    except OSError as error:
        raise StoreError(f"{collection} can't be read: {error.strerror or error}") from error
    ours = (CURRENT, LOCK, f"{LOCK}.holder", f".{CURRENT}.tmp", JUDGMENTS, JUDGMENTS_LOCK, BENCHMARK)
    foreign = next((name for name in names if name not in ours), None)
    # Where there is a version, a collection lost its CURRENT.
    if foreign is not None and not any(VERSION.fullmatch(name) for name in names):
        raise StoreError(f"{collection} is a folder of other files ({foreign}), not a collection: name a new folder")


def _check_dry_run(
    store: Store | None,
    encoder: Encoder | str | None,
    options: EncoderOptions,
    chunking: Mapping[str, int | bool],
    settings: Settings,
) -> None:
    """Refuses what the real run would refuse, as far as that can be known without loading a model."""
    loaded = None if encoder is None or isinstance(encoder, str) else encoder
    if store is not None:
        check_whole(store)
        with store.read() as snapshot:
            check_chunking(snapshot, recorded_chunking(snapshot), options.window, chunking)
            if loaded is not None:
                check_encoder(snapshot, loaded)
        return
    check_tokens(chunking)
    if loaded is not None:
        new_chunking(loaded, chunking)
    elif (encoder or settings.encoder or DEFAULT_ENCODER) == DEFAULT_ENCODER:
        reads = options.window or DEFAULT_WINDOW
        check_fit(int(chunking.get("passage_tokens", 0)), window=reads, budget=reads - DEFAULT_SPECIAL_TOKENS)


def _load_encoder(encoder: Encoder | str | None, options: EncoderOptions, settings: Settings) -> Encoder:
    return load_encoder(encoder, options, settings) if encoder is None or isinstance(encoder, str) else encoder
