"""A collection as applications use it: it is opened once, and searched from any number of threads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from passagework.retrieval.choices import choose
from passagework.retrieval.citations import Citation, Context
from passagework.retrieval.collection.loaded_models import LoadedModels
from passagework.retrieval.collection.opened import OpenedVersion
from passagework.retrieval.collection.status import Status, contents_summary, status_of
from passagework.retrieval.config import CANDIDATES, Settings
from passagework.retrieval.errors import StoreError
from passagework.retrieval.filters.compiler import Where, compile_filter
from passagework.retrieval.filters.hints import filter_hints
from passagework.retrieval.folder import current_version
from passagework.retrieval.forks import ForkSafeLock, in_use
from passagework.retrieval.hits import Hit, Hits
from passagework.retrieval.memory import enough_memory
from passagework.retrieval.models.encoder import Encoder, tokens_as_read
from passagework.retrieval.models.reranker import Reranker
from passagework.retrieval.models.weights import fixed_model
from passagework.retrieval.search.context import build_context
from passagework.retrieval.search.request import SearchRequest, clean_query
from passagework.retrieval.search.searcher import Searcher
from passagework.retrieval.store import COMMITS, DocumentRow, PassageRow, RootRow, Snapshot, SourceRow
from passagework.retrieval.text import shortened
from passagework.retrieval.types import Document, Fusion, Stage, Syntax

if TYPE_CHECKING:
    from typing_extensions import Self


class Collection:
    """Opens a searchable set of documents; it is safe to share among threads, and sees what other processes commit."""

    def __init__(
        self, path: Path, *, encoder: Encoder | str | None, reranker: Reranker | str | None, settings: Settings
    ) -> None:
        self.path = path
        self._settings = settings
        self._models = LoadedModels(encoder, reranker, settings)
        self._lock = ForkSafeLock()  # guards the versions
        self._live: OpenedVersion | None = OpenedVersion(current_version(path))
        self._retired: OpenedVersion | None = None  # a version that searches under way may still read
        try:
            if encoder is not None:
                self.encoder()  # what was named is checked now, not at the first query
            if reranker is not None:
                self._models.named_reranker()
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
    ) -> Self:
        """Opens the collection in the folder `path`.

        `encoder` (default: the one it was built with) and `reranker` (default: late interaction of that encoder, see
        `passagework.retrieval.late_interaction`) are objects, folders or hub names; models load when first needed.
        Raises StoreError where there is no collection, IndexMismatchError for another encoder than its own,
        ModelUnavailableError where weights are missing.
        """
        settings = settings or Settings.from_environment()
        reranker = reranker or settings.reranker
        return cls(
            Path(path).absolute(), encoder=fixed_model(encoder), reranker=fixed_model(reranker), settings=settings
        )

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
        rerank_depth: int | None = None,
        syntax: Syntax | str = Syntax.FULL,
    ) -> Hits:
        """Returns the `k` best passages with their traces, the plan, and milliseconds per stage.

        `stage` is dense, lexical, hybrid or rerank (default: the last that there is a model for); `candidates` the pool
        per first-stage retriever; `fusion` how both rankings become one (see `Fusion`); `where` a filter (see
        `passagework.retrieval.filters`); `per_document` the most hits of one document; `min_score` the least score at
        the last stage; `rerank_depth` the candidates that the reranker reads (default: its own), never fewer than `k`;
        `syntax` whether the query is read as it was typed, or as words alone (see docs/query-syntax.md).
        Ties are in order of path and start.
        Raises ConfigError for a value out of range, FilterError for a filter that makes no sense,
        EncodingError where memory runs out.
        """
        request = SearchRequest(
            query=clean_query(query),
            k=k,
            stage=None if stage is None else choose(Stage, stage, "stage"),
            candidates=candidates,
            fusion=choose(Fusion, fusion, "fusion"),
            where=where,
            per_document=per_document,
            min_score=min_score,
            rerank_depth=rerank_depth,
            syntax=choose(Syntax, syntax, "syntax"),
        )
        with self._reading() as (live, snapshot):
            return self._search(request, live, snapshot)

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
        syntax: Syntax | str = Syntax.FULL,
    ) -> Context:
        """Returns text for a language model, at most `max_tokens` of the encoder's tokens, with [1] [2] and citations.

        It is made of the `k` best passages: neighbours are merged, near-duplicates left out, and for text that readers
        of the documents don't see stands `[hidden text left out]`. Raises as `search` does.
        """
        request = SearchRequest(
            query=clean_query(query),
            k=k,
            stage=None if stage is None else choose(Stage, stage, "stage"),
            where=where,
            per_document=per_document,
            min_score=min_score,
            syntax=choose(Syntax, syntax, "syntax"),
        )
        with self._reading() as (live, snapshot):
            hits = self._search(request, live, snapshot)
            documents = {row.id: row.document_id for row in snapshot.passages([hit.id for hit in hits])}
            return build_context(
                hits,
                max_tokens=max_tokens,
                count_tokens=lambda text: tokens_as_read(self._models.encoder(live, snapshot), text),
                slice_text=lambda hit, start, end: snapshot.text(documents[hit.id], start, end),
                hidden_in=lambda hit, start, end: snapshot.hidden(documents[hit.id], start, end),
            )

    def neighbours(self, hit: Hit, *, before: int = 1, after: int = 1) -> list[PassageRow]:
        """Returns the passages around a hit in its document, itself included, in order; [] where it is gone."""
        with self._reading() as (_, snapshot):
            rows = snapshot.passages([hit.id])
            if not rows or (rows[0].uri, rows[0].start, rows[0].text) != (hit.uri, hit.start, hit.text):
                return []  # another version counts its passages anew
            ordinal = rows[0].ordinal
            return snapshot.neighbours(rows[0].document_id, range(max(0, ordinal - before), ordinal + after + 1))

    def documents(self, *, where: Where | None = None) -> list[DocumentRow]:
        """Returns every document, or those that a filter lets through, in order of path, without their text.

        Raises FilterError for a filter that makes no sense.
        """
        with self._reading() as (_, snapshot):
            return list(snapshot.documents(None if where is None else compile_filter(where, snapshot)))

    def filter_hints(self, where: Where) -> list[str]:
        """Returns what a filter may have meant that asks for what no document has: a line on each such thing.

        That is a field whose name is nearly that of another, and a folder in place of a document's path. Raises as
        `documents` does.
        """
        with self._reading() as (_, snapshot):
            return list(filter_hints(compile_filter(where, snapshot), snapshot))

    def documents_named(self, names: Iterable[str]) -> dict[str, list[DocumentRow]]:
        """Returns the documents that each name stands for; names of none are left out.

        A name is a record's `_id`, a URI, a path, or `path#record` as hits show it. Where no document is spelled like
        it, those stand for it that are in another of Unicode's normal forms.
        """
        with self._reading() as (_, snapshot):
            return snapshot.documents_by_name([names] if isinstance(names, str) else names)

    def document(self, document: int | str | Hit | Citation) -> Document:
        """Returns one document whole: of a hit, of a citation, by a name, or by the number that `documents` gives.

        A name is a record's `_id`, a URI, a path, or `path#record`. Raises StoreError where there is none, or several.
        """
        with self._reading() as (_, snapshot):
            if isinstance(document, int):
                return snapshot.document(document)
            return snapshot.document_named(document if isinstance(document, str) else document.uri)

    def sources(self) -> list[SourceRow]:
        """Returns every file ingested, with its state and the reason where it failed."""
        with self._reading() as (_, snapshot):
            return snapshot.sources()

    def roots(self) -> list[RootRow]:
        """Returns the folders that files came from, and of how many documents the file is no longer there."""
        with self._reading() as (_, snapshot):
            return snapshot.root_rows()

    def moment(self) -> str:
        """Returns a text that changes with every commit: what was read of the collection holds as long as it stays."""
        with self._reading() as (live, snapshot):
            return f"{live.folder.name} {snapshot.meta('created')} {snapshot.meta(COMMITS)}"

    def languages(self) -> tuple[str, ...]:
        """Returns the languages, by their codes, by whose stems a query's words are looked for as well."""
        with self._reading() as (_, snapshot):
            return snapshot.languages()

    def status(self) -> Status:
        """Returns what the collection holds and what it was made with; `to_json()` is that of `passagework status`."""
        with self._reading() as (live, snapshot):
            return status_of(self.path, live, snapshot)

    def close(self) -> None:
        """Lets go of the database; searches fail from here on."""
        with self._lock:
            for version in (self._live, self._retired):
                if version is not None:
                    version.close()
            self._live = self._retired = None
        self._models.forget()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        """Returns one line: path, version, documents, passages and encoder, or that it is closed or can't be read."""
        live = getattr(self, "_live", None)
        if live is None:
            return f"<Collection {str(self.path)!r}, closed>"
        try:
            with live.store.read() as snapshot:
                contents = contents_summary(snapshot)
        except Exception as error:  # noqa: BLE001 - a debugger shows what it can
            contents = shortened(f"can't be read: {error}", 120)
        return f"<Collection {str(self.path)!r} {live.folder.name}: {contents}>"

    @contextmanager
    def _reading(self) -> Iterator[tuple[OpenedVersion, Snapshot]]:
        """Gives the live version and one moment of it; a fork waits until it is over."""
        with in_use(str(self.path)):
            live = self._current()
            with live.store.read() as snapshot:
                yield live, snapshot

    def _current(self) -> OpenedVersion:
        """Returns the live version: another one when CURRENT was changed since, or the collection made anew."""
        with self._lock:
            if self._live is None:
                raise StoreError(f"the collection {self.path} was closed")
            folder = current_version(self.path)  # read under the lock, or a late thread would bring back an old one
            if not self._live.is_at(folder):
                opened = OpenedVersion(folder)
                if self._retired is not None:
                    self._retired.close()
                self._retired, self._live = self._live, opened
            return self._live

    def _search(self, request: SearchRequest, live: OpenedVersion, snapshot: Snapshot) -> Hits:
        """Searches one version at one moment, with that version's encoder, whatever becomes CURRENT meanwhile."""
        with enough_memory("the search ran out of memory: end other programs, or ask for fewer candidates"):
            models = self._models.at(live, snapshot)
            searcher = Searcher(
                models,
                lexical=lambda: live.lexical(snapshot),
                filters=live.filters,
                background=live.background,
                words=live.words,
            )
            return searcher.search(request, snapshot, live.index(snapshot))

    def encoder(self) -> Encoder:
        """Returns the encoder, loaded when first needed and checked against the collection's record.

        Raises IndexMismatchError for another encoder than its own, ModelUnavailableError where weights are missing.
        """
        with self._reading() as (live, snapshot):
            return self._models.encoder(live, snapshot)
