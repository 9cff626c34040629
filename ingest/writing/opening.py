"""Opens the collection that an ingest writes to: made where there is none, checked, and locked meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
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
from passagework.retrieval.errors import ModelUnavailableError, StoreError
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
    NoTokenVectors,
    TokenRecord,
    first_record,
    recorded_tokens,
    token_encoder,
)
from passagework.retrieval.models.bi_encoder import BiEncoder
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.models.identity import (
    check_encoder,
    locate_encoder,
    record_place,
    recorded_encoder,
    recorded_window,
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
    window: int | None,
    chunking: Mapping[str, int | bool],
    settings: Settings,
    token_vectors: bool | None = None,
) -> Iterator[CollectionDestination]:
    """Opens the collection for one run, and makes it where there is none.

    `token_vectors` says whether the collection is to keep them from now on; None leaves that as it is, and keeps them
    where nothing was said and the encoder gives them. Raises IndexMismatchError where the collection was made otherwise
    than asked for.
    """
    if not collection_exists(collection):
        check_tokens(chunking)
        encoder = _load_encoder(encoder, window, settings)
        new_chunking(encoder, chunking)  # refuses what doesn't fit before a folder is made
        if token_vectors:
            token_encoder(encoder)
    try:
        collection.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{collection} can't be made: {error.strerror}") from error

    def create() -> Path:
        loaded = _load_encoder(encoder, window, settings)
        tokens = first_record(loaded, token_vectors)
        fitted = new_chunking(loaded, chunking)
        return create_version(collection, loaded, fitted, state=VersionState.READY, tokens=tokens)

    with open_for_writing(collection, create=create) as store:
        yield CollectionDestination(store, _writer(store, encoder, window, chunking, settings, token_vectors))


@contextmanager
def open_dry_run(
    collection: Path,
    *,
    encoder: Encoder | str | None,
    window: int | None,
    chunking: Mapping[str, int | bool],
    settings: Settings,
    token_vectors: bool | None = None,
) -> Iterator[DryRun]:
    """Opens the records of the collection, where there is one; raises as `open_destination` does, as far as known."""
    _refuse_foreign(collection)
    folder = live_version(collection)
    with nullcontext() if folder is None else Store.open(folder / "store.db") as store:
        _check_dry_run(store, encoder, window, chunking, settings)
        if token_vectors and encoder is not None and not isinstance(encoder, str):
            token_encoder(encoder)
        yield DryRun(store)


def _writer(
    store: Store,
    encoder: Encoder | str | None,
    window: int | None,
    chunking: Mapping[str, int | bool],
    settings: Settings,
    token_vectors: bool | None,
) -> PassageWriter:
    """Returns a writer whose encoder is checked now where one was named, else loaded when a text has to be encoded."""
    collection = store.path.parent.parent
    with store.read() as snapshot:
        recorded = recorded_encoder(snapshot)
        cut_as = recorded_chunking(snapshot)
        window_as = recorded_window(snapshot)
        check_chunking(snapshot, cut_as, window, chunking)

    def load() -> Encoder:
        with store.read() as snapshot:
            model = encoder or locate_encoder(snapshot, collection)
        loaded = _load_encoder(model, window_as, settings)
        with store.read() as snapshot:
            check_encoder(snapshot, loaded)
            if token_vectors is not False and recorded_tokens(snapshot) is not None:
                token_encoder(loaded)
        return loaded

    checked = None
    if encoder is not None or token_vectors:
        checked = load()
    elif token_vectors is None and not _is_settled(store):
        with suppress(ModelUnavailableError):  # a run that needs no model goes on without
            checked = load()
    if checked is None:
        return PassageWriter(store, load, cut_as, derived=_derived_data(store, token_vectors, None))
    if recorded.revision is None and checked.fingerprint != recorded:  # its folder lies elsewhere now
        with store.write() as writer:
            record_place(writer, checked.fingerprint, collection)
    return PassageWriter(store, lambda: checked, cut_as, derived=_derived_data(store, token_vectors, checked))


def _is_settled(store: Store) -> bool:
    """Tells whether the collection says how it keeps token vectors, or that it doesn't; else the encoder must."""
    with store.read() as snapshot:
        record = recorded_tokens(snapshot)
        return record.is_current if record is not None else snapshot.meta(TOKEN_RECORD) is not None


def _derived_data(store: Store, requested: bool | None, encoder: Encoder | None) -> DerivedData | None:
    record = _token_record(store, requested, encoder)
    return None if record is None else TokenVectors(store, record)


def _token_record(store: Store, requested: bool | None, encoder: Encoder | None) -> TokenRecord | None:
    """Returns how the collection keeps token vectors from now on, and takes out those that it no longer keeps.

    Without an encoder to ask, and nothing asked for, it stays as it was.
    """
    with store.read() as snapshot:
        before, recorded = snapshot.meta(TOKEN_RECORD), recorded_tokens(snapshot)
    if requested is None and (encoder is None or _is_settled(store)):
        return recorded
    serves = requested is not False and recorded is not None and recorded.is_current
    record: TokenRecord | NoTokenVectors = NoTokenVectors.UNWANTED
    if serves and recorded is not None:
        record = recorded
    elif encoder is not None:
        record = first_record(encoder, requested)
    with store.write() as writer:
        if not serves:
            token_rows.forget_all(writer)
        if isinstance(record, TokenRecord):
            record = replace(record, filled=not token_rows.passages_without(writer, most=1))
        if record.to_json() != before:
            writer.set_meta(TOKEN_RECORD, record.to_json())
    return record if isinstance(record, TokenRecord) else None


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
    window: int | None,
    chunking: Mapping[str, int | bool],
    settings: Settings,
) -> None:
    """Refuses what the real run would refuse, as far as that can be known without loading a model."""
    loaded = None if encoder is None or isinstance(encoder, str) else encoder
    if store is not None:
        check_whole(store)
        with store.read() as snapshot:
            check_chunking(snapshot, recorded_chunking(snapshot), window, chunking)
            if loaded is not None:
                check_encoder(snapshot, loaded)
        return
    check_tokens(chunking)
    if loaded is not None:
        new_chunking(loaded, chunking)
    elif (encoder or settings.encoder or DEFAULT_ENCODER) == DEFAULT_ENCODER:
        reads = window or DEFAULT_WINDOW
        check_fit(int(chunking.get("passage_tokens", 0)), window=reads, budget=reads - DEFAULT_SPECIAL_TOKENS)


def _load_encoder(encoder: Encoder | str | None, window: int | None, settings: Settings) -> Encoder:
    if encoder is None or isinstance(encoder, str):
        return BiEncoder.load(encoder, window=window, settings=settings)
    return encoder
