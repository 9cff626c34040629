"""Opens the collection that an ingest writes to: made where there is none, checked, and locked meanwhile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from passagework.ingest.personal_data.policy import settled_policy
from passagework.ingest.personal_data.treatment import UNTREATED, Treatment
from passagework.ingest.writing.chunk_settings import (
    check_chunking,
    check_fit,
    check_tokens,
    new_chunking,
    recorded_chunking,
)
from passagework.ingest.writing.cost_counter import CostCounter
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
    WATCH,
    WATCH_LOCK,
    check_verified,
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
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.models.encoder_loading import load_encoder
from passagework.retrieval.models.encoder_options import EncoderOptions
from passagework.retrieval.models.identity import (
    check_encoder,
    load_recorded_encoder,
    record_place,
    recorded_encoder,
    recorded_window,
)
from passagework.retrieval.models.remote.address import is_remote
from passagework.retrieval.models.remote.remote_encoder import RemoteEncoder
from passagework.retrieval.store import Store, VersionState, token_rows
from passagework.retrieval.store.generations import check_whole


def collection_exists(collection: Path) -> bool:
    """Tells whether there is a collection; raises StoreError where there is something else, or it can't be mended."""
    _refuse_foreign(collection)
    return live_version(collection) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRequest:
    """Says which collection a run writes to, and what of it was asked for; None leaves a thing as it is.

    `token_vectors` says whether the collection is to keep them from now on, `pii` what becomes of personal data in the
    documents of a new one.
    """

    collection: Path = field(kw_only=False)
    encoder: Encoder | str | None
    options: EncoderOptions
    chunking: Mapping[str, int | bool]
    settings: Settings
    token_vectors: bool | None = None
    pii: Treatment = UNTREATED

    def load_encoder(self) -> Encoder:
        """Returns the encoder of a collection that is to be made."""
        if self.encoder is None or isinstance(self.encoder, str):
            return load_encoder(self.encoder, self.options, self.settings)
        return self.encoder

    def load_recorded_encoder(self, store: Store) -> Encoder:
        """Returns the encoder of a collection that is there, from where it is or is said to be."""
        if self.encoder is None or isinstance(self.encoder, str):
            with store.read() as snapshot:
                return load_recorded_encoder(snapshot, self.collection, self.encoder, self.settings, self.options)
        return self.encoder


@contextmanager
def open_destination(request: OpenRequest) -> Iterator[CollectionDestination]:
    """Opens the collection for one run, and makes it where there is none.

    `token_vectors` says whether the collection is to keep them from now on; None leaves that as it is, and keeps them
    where nothing was said and the encoder gives them. Raises IndexMismatchError where the collection was made otherwise
    than asked for.
    """
    collection = request.collection
    if not collection_exists(collection):
        check_tokens(request.chunking)
        request = replace(request, encoder=request.load_encoder())
        new_chunking(request.load_encoder(), request.chunking)  # refuses what doesn't fit before a folder is made
        if request.token_vectors:
            token_encoder(request.load_encoder())
    try:
        collection.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{collection} can't be made: {error.strerror}") from error

    def create() -> Path:
        loaded = request.load_encoder()
        tokens = first_record(loaded, request.token_vectors)
        fitted = new_chunking(loaded, request.chunking)
        return create_version(collection, loaded, fitted, state=VersionState.READY, tokens=tokens)

    with open_for_writing(collection, create=create) as store:
        treatment = request.pii.by(settled_policy(store, request.pii.policy, write=True))
        yield CollectionDestination(store, _writer(store, request), treatment)


@contextmanager
def open_dry_run(request: OpenRequest) -> Iterator[DryRun]:
    """Opens the records of the collection, where there is one; raises as `open_destination` does, as far as known."""
    _refuse_foreign(request.collection)
    folder = live_version(request.collection)
    with nullcontext() if folder is None else Store.open(folder / "store.db") as store:
        _check_dry_run(store, request)
        encoder = request.encoder
        if request.token_vectors and encoder is not None and not isinstance(encoder, str):
            token_encoder(encoder)
        server = remote_encoder(request)
        counter = None if server is None else _cost_counter(store, server, request.chunking)
        said = request.pii.policy
        policy = said if store is None else settled_policy(store, said, write=False)
        yield DryRun(store, counter, request.pii.by(policy))


def remote_encoder(request: OpenRequest) -> RemoteEncoder | None:
    """Returns the encoder of a run, where that is a server's, without asking it anything; None for any other."""
    if isinstance(request.encoder, RemoteEncoder):
        return request.encoder
    folder = live_version(request.collection) if request.encoder is None else None
    name, options = request.encoder or request.settings.encoder, request.options
    if folder is not None:
        with Store.open(folder / "store.db") as store, store.read() as snapshot:
            recorded = recorded_encoder(snapshot)
            name = recorded.model
            options = options.as_recorded(recorded, recorded_window(snapshot))
    return RemoteEncoder.load(name, options, request.settings) if isinstance(name, str) and is_remote(name) else None


def _cost_counter(store: Store | None, server: RemoteEncoder, chunking: Mapping[str, int | bool]) -> CostCounter:
    if store is None:
        return CostCounter(server, new_chunking(server, chunking), None)
    with store.read() as snapshot:
        return CostCounter(server, recorded_chunking(snapshot), store)


def _writer(store: Store, request: OpenRequest) -> PassageWriter:
    """Returns a writer whose encoder is checked now where one was named, else loaded when a text has to be encoded."""
    token_vectors = request.token_vectors
    with store.read() as snapshot:
        recorded = recorded_encoder(snapshot)
        cut_as = recorded_chunking(snapshot)
        check_chunking(snapshot, cut_as, request.options.window, request.chunking)

    def load() -> Encoder:
        loaded = request.load_recorded_encoder(store)
        with store.read() as snapshot:
            check_encoder(snapshot, loaded)
            if token_vectors is not False and recorded_tokens(snapshot) is not None:
                token_encoder(loaded)
        return loaded

    checked = None
    if request.encoder is not None or token_vectors or request.options.change_vectors:
        checked = load()
    elif token_vectors is None and not _is_settled(store):
        with suppress(ModelUnavailableError):  # a run that needs no model goes on without
            checked = load()
    if checked is None:
        return PassageWriter(store, load, cut_as, derived=_derived_data(store, token_vectors, None))
    if recorded.revision is None and checked.fingerprint != recorded:  # its folder lies elsewhere now
        with store.write() as writer:
            record_place(writer, checked.fingerprint, request.collection)
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
        check_verified(collection)
        names = [entry.name for entry in collection.iterdir()]
    except OSError as error:
        raise StoreError(f"{collection} can't be read: {error.strerror or error}") from error
    ours = (CURRENT, LOCK, f"{LOCK}.holder", f".{CURRENT}.tmp", JUDGMENTS, JUDGMENTS_LOCK, BENCHMARK, WATCH, WATCH_LOCK)
    foreign = next((name for name in names if name not in ours), None)
    # Where there is a version, a collection lost its CURRENT.
    if foreign is not None and not any(VERSION.fullmatch(name) for name in names):
        raise StoreError(f"{collection} is a folder of other files ({foreign}), not a collection: name a new folder")


def _check_dry_run(store: Store | None, request: OpenRequest) -> None:
    """Refuses what the real run would refuse, as far as that can be known without loading a model."""
    chunking, options = request.chunking, request.options
    loaded = None if request.encoder is None or isinstance(request.encoder, str) else request.encoder
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
    elif (request.encoder or request.settings.encoder or DEFAULT_ENCODER) == DEFAULT_ENCODER:
        reads = options.window or DEFAULT_WINDOW
        check_fit(int(chunking.get("passage_tokens", 0)), window=reads, budget=reads - DEFAULT_SPECIAL_TOKENS)
