"""A collection as applications use it: open it once, search it from as many threads as you like."""

from __future__ import annotations

import re
import threading
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TypeVar

from retrieval.config import CANDIDATES, Settings
from retrieval.context import build_context
from retrieval.encoder import BiEncoder, Encoder
from retrieval.errors import ConfigError
from retrieval.filters import Condition, Where, compile_filter
from retrieval.generations import Opened, open_index, replay
from retrieval.identity import check_encoder, recorded_encoder, recorded_window
from retrieval.reranker import CrossEncoderReranker, Reranker
from retrieval.searcher import Searcher, SearchRequest
from retrieval.store import DocumentRow, PassageRow, Snapshot, SourceRow, Store
from retrieval.types import Context, Document, Fusion, Hit, Hits, Json, Stage
from retrieval.vector_index import LiveIndex
from retrieval.versions import current_version

UNSTORABLE = re.compile("[\0\ud800-\udfff]")
Choice = TypeVar("Choice", Stage, Fusion)


class Collection:
    """One searchable set of documents. Safe to share among threads; sees what other processes commit."""

    def __init__(
        self, path: Path, *, encoder: Encoder | str | None, reranker: Reranker | str | None, settings: Settings
    ) -> None:
        self.path = path
        self._settings = settings
        self._asked_encoder = encoder
        self._asked_reranker = reranker
        self._encoder: Encoder | None = None
        self._encoder_of: _Live | None = None
        self._lock = threading.Lock()  # guards the live version
        self._models = threading.Lock()  # guards the models, which take seconds to load
        self._closing = ExitStack()
        self._live = _Live(current_version(path))
        self._closing.callback(self._live.close)
        self._searcher = Searcher(self.encoder, reranker=None if reranker is None else self._load_reranker)
        try:
            if encoder is not None:
                self.encoder()  # what was named is checked now, not at the first query
            if reranker is not None:
                self._load_reranker()
        except BaseException:
            self.close()
            raise

    @classmethod
    def open(
        cls,
        path: str | Path,
        *,
        encoder: Encoder | str | None = None,
        reranker: Reranker | str | None = None,
        settings: Settings | None = None,
    ) -> Collection:
        """The collection in the folder `path`.

        `encoder` (default: the one it was built with) and `reranker` (default: none) are objects, folders or hub names;
        models load when first needed. Raises StoreError where there is no collection, IndexMismatchError for another
        encoder than its own, ModelUnavailableError where weights are missing.
        """
        settings = settings or Settings.from_environment()
        return cls(Path(path), encoder=encoder, reranker=reranker or settings.reranker, settings=settings)

    def search(
        self,
        query: str,
        *,
        k: int = 10,
        stage: Stage | str | None = None,
        candidates: int = CANDIDATES,
        fusion: Fusion | str = Fusion.CONVEX,
        where: Where | None = None,
        per_document: int | None = None,
        min_score: float | None = None,
    ) -> Hits:
        """The `k` best passages, with their traces, the plan and milliseconds per stage.

        `stage` is dense, lexical, hybrid or rerank (default: the last that there is a model for); `candidates` the pool
        per first-stage retriever; `where` a filter (see `retrieval.filters`); `per_document` the most hits of one
        document; `min_score` the least score at the last stage. Ties are in order of path and start.
        Raises ConfigError for a value out of range, FilterError for a filter that makes no sense.
        """
        request = SearchRequest(
            query=_clean(query),
            k=k,
            stage=None if stage is None else _choice(Stage, stage, "stage"),
            candidates=candidates,
            fusion=_choice(Fusion, fusion, "fusion"),
            where=where,
            per_document=per_document,
            min_score=min_score,
        )
        live = self._current()
        with live.store.read() as snapshot:
            return self._searcher.search(request, snapshot, live.index(snapshot))

    def context(
        self,
        query: str,
        *,
        max_tokens: int = 2000,
        k: int = 20,
        stage: Stage | str | None = None,
        where: Where | None = None,
        per_document: int | None = None,
        min_score: float | None = None,
    ) -> Context:
        """Text for a language model, at most `max_tokens` of the encoder's tokens, with [1] [2] and their citations.

        Made of the `k` best passages; neighbours are merged and near-duplicates left out. Raises as `search` does.
        """
        hits = self.search(query, k=k, stage=stage, where=where, per_document=per_document, min_score=min_score)
        encoder = self.encoder()
        with self._current().store.read() as snapshot:
            documents = {row.id: row.document_id for row in snapshot.passages([hit.id for hit in hits])}
            kept = tuple(hit for hit in hits if hit.id in documents)  # gone meanwhile: nothing to quote

            def slice_text(hit: Hit, start: int, end: int) -> str:
                return snapshot.text(documents[hit.id], start, end)

            return build_context(
                Hits(hits.query, kept, hits.plan, hits.timings_ms),
                max_tokens=max_tokens,
                count_tokens=lambda text: len(encoder.tokenize([text])[0]),
                slice_text=slice_text,
            )

    def neighbours(self, hit: Hit, *, before: int = 1, after: int = 1) -> list[PassageRow]:
        """The passages around a hit in its document, itself included, in order; [] where it is gone."""
        with self._current().store.read() as snapshot:
            found = snapshot.passages([hit.id])
            if not found:
                return []
            ordinal = found[0].ordinal
            return snapshot.neighbours(found[0].document_id, range(max(0, ordinal - before), ordinal + after + 1))

    def documents(self, *, where: Where | None = None) -> list[DocumentRow]:
        """Every document, or those that a filter lets through, in order of path, without their text."""
        with self._current().store.read() as snapshot:
            return list(snapshot.documents(_document_filter(where, snapshot)))

    def document(self, document_id: int) -> Document:
        """One document whole, by the id that `documents` gives."""
        with self._current().store.read() as snapshot:
            return snapshot.document(document_id)

    def sources(self) -> list[SourceRow]:
        """Every file ingested, with its state and the reason where it failed."""
        with self._current().store.read() as snapshot:
            return snapshot.sources()

    def status(self) -> dict[str, Json]:
        """What the collection holds and what it was made with, as in `passagework status --json`."""
        live = self._current()
        with live.store.read() as snapshot:
            opened = live.opened(snapshot)
            generation = opened.generation
            index: dict[str, Json] = {
                "kind": opened.index.kind.value,
                "passages": opened.index.size,
                "since_build": opened.index.tail_size + opened.index.removed_size,
                "saved": generation.file if generation else None,
                "recall@10": generation.recall if generation else None,
                "set_aside": list(opened.set_aside),
            }
            return {
                "collection": str(self.path),
                "version": live.folder.name,
                **snapshot.counts(),
                "encoder": recorded_encoder(snapshot).to_json(),
                "backend": snapshot.meta("backend"),
                "window": snapshot.meta("window"),
                "chunking": snapshot.meta("chunking"),
                "index": index,
                "fields": list(snapshot.field_names()),
                "created": snapshot.meta("created"),
                "bytes": sum(file.stat().st_size for file in live.folder.rglob("*") if file.is_file()),
            }

    def close(self) -> None:
        """Lets go of the database; searches fail from here on."""
        self._closing.close()

    def __enter__(self) -> Collection:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _current(self) -> _Live:
        """The live version: another one when CURRENT was changed since."""
        folder = current_version(self.path)
        with self._lock:
            if folder != self._live.folder:
                # The old one stays open for the searches under way; `close` closes both.
                self._live = _Live(folder)
                self._closing.callback(self._live.close)
            return self._live

    def encoder(self) -> Encoder:
        """The encoder, loaded when first needed and checked against the collection's record."""
        live = self._current()
        with self._models:
            if self._encoder is None or self._encoder_of is not live:
                with live.store.read() as snapshot:
                    encoder = self._load_encoder(snapshot)
                    check_encoder(snapshot, encoder)
                self._encoder, self._encoder_of = encoder, live
            return self._encoder

    def _load_encoder(self, snapshot: Snapshot) -> Encoder:
        asked, recorded = self._asked_encoder, recorded_encoder(snapshot)
        if asked is not None and not isinstance(asked, str):
            return asked
        return BiEncoder.load(asked or recorded.model, window=recorded_window(snapshot), settings=self._settings)

    def _load_reranker(self) -> Reranker:
        with self._models:
            if isinstance(self._asked_reranker, str):
                self._asked_reranker = CrossEncoderReranker.load(self._asked_reranker, settings=self._settings)
            if self._asked_reranker is None:
                raise ConfigError("no reranker was named")
            return self._asked_reranker


class _Live:
    """An open version: its store, and the index brought up to each snapshot in turn."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = Store.open(folder / "store.db")
        try:
            with self.store.read() as snapshot:
                self.store.dim = recorded_encoder(snapshot).dimension
        except BaseException:
            self.store.close()
            raise
        self._lock = threading.Lock()
        self._opened: Opened | None = None

    def index(self, snapshot: Snapshot) -> LiveIndex:
        """The index as of this snapshot."""
        return self.opened(snapshot).index

    def opened(self, snapshot: Snapshot) -> Opened:
        """The same, with where it came from."""
        # The first statement of a transaction fixes its snapshot. It is run under the lock, so snapshots come by
        # here in the order of time, and the index never has to go back.
        with self._lock:
            change = snapshot.last_change()
            if self._opened is None or change < self._opened.change:
                self._opened = open_index(snapshot, self.folder / "index")
            elif change > self._opened.change:
                index = replay(self._opened.index, snapshot, self._opened.change)
                self._opened = Opened(index, change, self._opened.generation, self._opened.set_aside)
            return self._opened

    def close(self) -> None:
        """Closes the database."""
        self.store.close()


def _document_filter(where: Where | None, snapshot: Snapshot) -> Condition | None:
    return None if where is None else compile_filter(where, snapshot)


def _choice(kind: type[Choice], value: Choice | str, name: str) -> Choice:
    try:
        return kind(value)
    except ValueError as error:
        raise ConfigError(f"{name} is {value!r}: give one of {', '.join(one.value for one in kind)}") from error


def _clean(query: str) -> str:
    """NUL and lone surrogates become U+FFFD, as in the documents."""
    return UNSTORABLE.sub("\ufffd", query)
