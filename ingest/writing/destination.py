"""The collection that an ingest writes to: made where there is none, checked where there is one, locked meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from passagework.ingest.chunker import Chunker, ChunkSettings
from passagework.ingest.writing.chunking import check_chunking, check_fit, check_tokens, new_chunking, recorded_chunking
from passagework.ingest.writing.passage_writer import PassageWriter
from passagework.ingest.writing.recovery import live_version, mended_version
from passagework.retrieval.config import DEFAULT_ENCODER, DEFAULT_FRAME, DEFAULT_WINDOW, Settings
from passagework.retrieval.dense.saved_indexes import chosen_kind, open_index, save_index
from passagework.retrieval.errors import StoreError
from passagework.retrieval.folder import (
    BENCHMARK,
    CURRENT,
    JUDGMENTS,
    JUDGMENTS_LOCK,
    LOCK,
    VERSION,
    is_collection,
    next_version,
    publish,
    writer_lock,
)
from passagework.retrieval.late_interaction.stored import (
    TOKEN_RECORD,
    TokenRecord,
    new_record,
    recorded_tokens,
    token_encoder,
)
from passagework.retrieval.lexical.saved_postings import refresh_words
from passagework.retrieval.models.bi_encoder import BiEncoder
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.models.identity import check_encoder, record_identity, recorded_encoder, recorded_window
from passagework.retrieval.store import SourceRow, Store, VersionState, token_rows
from passagework.retrieval.store.generations import check_whole


class Destination:
    """An open collection and its only writer; `writer` is None in a dry run, and `store` where nothing is there yet."""

    def __init__(self, folder: Path | None, store: Store | None, writer: PassageWriter | None) -> None:
        self.folder = folder
        self.store = store
        self.writer = writer

    @staticmethod
    def exists(collection: Path) -> bool:
        """Whether there is a collection; raises StoreError where there is something else, or it can't be mended."""
        _refuse_foreign(collection)
        return live_version(collection) is not None

    @classmethod
    @contextmanager
    def open(
        cls,
        collection: Path,
        *,
        encoder: Encoder | str | None,
        window: int | None,
        chunking: Mapping[str, int | bool],
        dry_run: bool,
        settings: Settings,
        token_vectors: bool | None = None,
    ) -> Iterator[Destination]:
        """The collection for one run. Raises IndexMismatchError where it was made otherwise than asked for.

        `token_vectors` says whether the collection is to keep them from now on; None leaves that as it is.
        """
        _refuse_foreign(collection)
        found = live_version(collection)
        if dry_run:
            store = None if found is None else Store.open(found / "store.db")
            try:
                _check_dry(store, encoder, window, chunking, settings)
                if token_vectors and encoder is not None and not isinstance(encoder, str):
                    token_encoder(encoder)
                yield cls(None, store, None)
            finally:
                if store is not None:
                    store.close()
            return
        if found is None:
            check_tokens(chunking)
            encoder = _loaded(encoder, window, settings)
            new_chunking(encoder, chunking)  # refuses what doesn't fit before a folder is made
            if token_vectors:
                token_encoder(encoder)
        try:
            collection.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"{collection} can't be made: {error.strerror}") from error
        with writer_lock(collection):
            folder = mended_version(collection)
            if folder is None:
                encoder = _loaded(encoder, window, settings)
                tokens = new_record(encoder) if token_vectors else None
                fitted = new_chunking(encoder, chunking)
                folder = create_version(collection, encoder, fitted, state=VersionState.READY, tokens=tokens)
            with Store.open(folder / "store.db") as store:
                yield cls(folder, store, _writer(store, encoder, window, chunking, settings, token_vectors))

    def sources(self) -> list[SourceRow]:
        """Every file on record."""
        if self.store is None:
            return []
        with self.store.read() as snapshot:
            return snapshot.sources()

    def document_hashes(self, source: SourceRow) -> Mapping[str, tuple[int, str]]:
        """Of a file's documents on record: uri to (id, sha256)."""
        if self.store is None:
            return {}
        with self.store.read() as snapshot:
            return snapshot.document_hashes(source.id)

    def move_source(self, source: SourceRow, *, uri: str, path: str, reread: bool) -> None:
        """Records that a file lies elsewhere now; `reread` if it isn't done before it was read again."""
        if self.store is not None and self.writer is not None:
            with self.store.write() as writer:
                writer.move_source(source.id, uri=uri, path=path)
                if reread:
                    writer.mark_partial(source.id)

    def remove_source(self, source: SourceRow) -> None:
        """Forgets a file, with all that came of it."""
        if self.store is not None and self.writer is not None:
            with self.store.write() as writer:
                writer.remove_source(source.id)

    def finish(self, *, progress: Callable[[int, int], None] | None = None) -> None:
        """Clears up behind a run that came to its end, and saves the index where enough has changed.

        Passages that lack token vectors get them last; `progress` is told how many have, of how many.
        """
        if self.store is None or self.folder is None:
            return
        with self.store.write() as writer:
            writer.sweep_vectors()
        refresh_index(self.store, self.folder)
        if self.writer is not None:
            self.writer.fill_in(progress)
        self.store.checkpoint()


def refresh_index(store: Store, folder: Path) -> None:
    """Saves a new index where none is good, or the newest lags far behind; of the kind that somebody chose, if any.

    The same of the postings of words, where a collection is large.
    """
    if _index_lags(store, folder):
        with store.read() as snapshot:
            kind = chosen_kind(snapshot)
        save_index(store, folder / "index", kind=kind)
    refresh_words(store, folder / "index")


def _index_lags(store: Store, folder: Path) -> bool:
    with store.read() as snapshot:
        if not snapshot.generations():  # nothing to open: it would be built here, and built again to be saved
            return snapshot.passage_count() > 0
        opened = open_index(snapshot, folder / "index")
        return opened.generation is None or bool(opened.set_aside) or opened.derived.needs_rebuild


def _writer(
    store: Store,
    encoder: Encoder | str | None,
    window: int | None,
    chunking: Mapping[str, int | bool],
    settings: Settings,
    token_vectors: bool | None,
) -> PassageWriter:
    """A writer whose encoder is checked now where one was named, else loaded when a text has to be encoded."""
    check_whole(store)
    with store.read() as snapshot:
        recorded = recorded_encoder(snapshot)
        cut_as = recorded_chunking(snapshot)
        window_as = recorded_window(snapshot)
        check_chunking(snapshot, cut_as, window, chunking)

    def load() -> Encoder:
        loaded = _loaded(encoder or recorded.model, window_as, settings)
        with store.read() as snapshot:
            check_encoder(snapshot, loaded)
            if token_vectors is not False and recorded_tokens(snapshot) is not None:
                token_encoder(loaded)
        return loaded

    if encoder is not None or token_vectors:
        checked = load()
        return PassageWriter(store, lambda: checked, cut_as, tokens=_tokens_kept(store, token_vectors, checked))
    return PassageWriter(store, load, cut_as, tokens=_tokens_kept(store, token_vectors, None))


def _tokens_kept(store: Store, asked: bool | None, encoder: Encoder | None) -> TokenRecord | None:
    """How the collection keeps token vectors from now on; those that it no longer keeps are taken out."""
    with store.read() as snapshot:
        found = recorded_tokens(snapshot)
        there = snapshot.meta(TOKEN_RECORD) is not None
        lacking = bool(asked and token_rows.passages_without(snapshot, most=1))
    if asked is None:
        return found
    kept = None
    if asked and encoder is not None:
        kept = replace(found or new_record(encoder), filled=not lacking)
    with store.write() as writer:
        if kept is None or found is None:
            token_rows.forget_all(writer)
        if kept != found or (there and found is None):
            writer.set_meta(TOKEN_RECORD, None if kept is None else kept.to_json())
    return kept


def _refuse_foreign(collection: Path) -> None:
    """Raises StoreError for a folder of other files: a collection needs one of its own."""
    try:
        if collection.exists() and not collection.is_dir():
            raise StoreError(f"{collection} is a file: a collection is a folder")
        if not collection.is_dir() or is_collection(collection):
            return
        names = [one.name for one in collection.iterdir()]
    except OSError as error:
        raise StoreError(f"{collection} can't be read: {error.strerror or error}") from error
    ours = (CURRENT, LOCK, f"{LOCK}.holder", f".{CURRENT}.tmp", JUDGMENTS, JUDGMENTS_LOCK, BENCHMARK)
    other = next((name for name in names if name not in ours), None)
    # Where there is a version, a collection lost its CURRENT.
    if other is not None and not any(VERSION.fullmatch(name) for name in names):
        raise StoreError(f"{collection} is a folder of other files ({other}), not a collection: name a new folder")


def _check_dry(
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
        check_fit(int(chunking.get("passage_tokens", 0)), window=reads, budget=reads - DEFAULT_FRAME)


def _loaded(encoder: Encoder | str | None, window: int | None, settings: Settings) -> Encoder:
    if encoder is None or isinstance(encoder, str):
        return BiEncoder.load(encoder, window=window, settings=settings)
    return encoder


def create_version(
    collection: Path,
    encoder: Encoder,
    chunking: ChunkSettings,
    *,
    state: VersionState,
    tokens: TokenRecord | None = None,
) -> Path:
    """An empty version; one that is `ready` is published at once, so that the collection opens whatever happens.

    `tokens` is how it keeps token vectors, if it does.
    """
    Chunker(encoder, chunking)  # refuses settings that don't go together
    folder = next_version(collection)
    with Store.create(folder / "store.db") as store, store.write() as writer:
        record_identity(writer, encoder, chunking.to_json(), state=state)
        if tokens is not None:
            writer.set_meta(TOKEN_RECORD, tokens.to_json())
    if state is VersionState.READY:
        publish(collection, folder)
    return folder
