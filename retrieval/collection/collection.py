"""A collection as applications use it: it is opened once, and searched from any number of threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, NoReturn

from passagework.retrieval.choices import choose
from passagework.retrieval.citations import Context
from passagework.retrieval.collection.call_forms import for_many, in_thread
from passagework.retrieval.collection.checked_answers import CheckedAnswers
from passagework.retrieval.collection.live_version import LiveVersion, opened_version
from passagework.retrieval.collection.loaded_models import LoadedModels
from passagework.retrieval.collection.status import Status, contents_summary, status_of
from passagework.retrieval.config import CANDIDATES, RELEVANT, Settings
from passagework.retrieval.errors import StoreError
from passagework.retrieval.filters.compiler import Where
from passagework.retrieval.folder import current_version, given_folder
from passagework.retrieval.forks import ForkSafeLock, in_use
from passagework.retrieval.hits import Hits
from passagework.retrieval.injection import InjectionUse
from passagework.retrieval.labels.routing import proposed_by
from passagework.retrieval.labels.text_classifier import TextClassifier
from passagework.retrieval.memory import enough_memory
from passagework.retrieval.models.encoder import Encoder, tokens_as_read
from passagework.retrieval.models.reranker import Reranker
from passagework.retrieval.models.token_counter import Tokenizer, token_counter
from passagework.retrieval.models.weights import fixed_model
from passagework.retrieval.search.context import ContextLayout, checked_budget, context_of
from passagework.retrieval.search.request import SearchRequest, clean_query
from passagework.retrieval.search.searcher import Searcher
from passagework.retrieval.store import Snapshot
from passagework.retrieval.text import shortened
from passagework.retrieval.types import (
    ContextExpansion,
    ContextFormat,
    ContextOrder,
    Copies,
    Fusion,
    Stage,
    Syntax,
)

if TYPE_CHECKING:
    from typing_extensions import Self


class Collection(CheckedAnswers):
    """Opens a searchable set of documents; it is safe to share among threads, and sees what other processes commit."""

    def __init__(
        self, path: Path, *, encoder: Encoder | str | None, reranker: Reranker | str | None, settings: Settings
    ) -> None:
        self.path = path
        self._settings = settings
        self._models = LoadedModels(encoder, reranker, settings)
        self._lock = ForkSafeLock()  # guards the versions
        self._live: LiveVersion | None = opened_version(self._live_folder())
        self._retired: LiveVersion | None = None  # a version that searches under way may still read
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
        return cls(given_folder(path), encoder=fixed_model(encoder), reranker=fixed_model(reranker), settings=settings)

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
        relevance: bool = True,
        min_relevance: float | None = None,
        copies: Copies | str = Copies.COLLAPSE,
        diversity: float = 0.0,
        syntax: Syntax | str = Syntax.FULL,
        route: TextClassifier | None = None,
    ) -> Hits:
        """Returns the `k` best passages with their traces, the plan, and milliseconds per stage.

        `stage` is dense, lexical, hybrid or rerank (default: the last that there is a model for); `candidates` the pool
        per first-stage retriever; `fusion` how both rankings become one (see `Fusion`); `where` a filter (see
        `passagework.retrieval.filters`); `per_document` the most hits of one document; `min_score` the least score at
        the last stage; `rerank_depth` the candidates that the reranker reads (default: its own), never fewer than `k`;
        `min_relevance` the least relevance of a hit, which is not estimated where `relevance` is False; `copies`
        whether passages that say the same are one hit; `diversity` (0 to 1) how far hits are spread; `syntax` whether
        the query is read as it was typed, or as words alone (see docs/query-syntax.md); `route` a
        classifier whose proposal of a filter the plan has: the search itself is not narrowed. Ties are in order of path
        and start. Raises ConfigError for a value out of range, FilterError for a filter that makes no sense,
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
            relevance=relevance,
            min_relevance=min_relevance,
            copies=choose(Copies, copies, "copies"),
            diversity=diversity,
            syntax=choose(Syntax, syntax, "syntax"),
            route=None if route is None else proposed_by(route),
        )
        return self._answers([request])[0]

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
        min_relevance: float = RELEVANT,
        diversity: float = 0.0,
        tokenizer: Tokenizer | None = None,
        format: ContextFormat | str = ContextFormat.PLAIN,  # noqa: A002 - the same word as on the command line
        order: ContextOrder | str = ContextOrder.RANK,
        expand: ContextExpansion | str | None = None,
        injection: InjectionUse | str = InjectionUse.MARK,
        syntax: Syntax | str = Syntax.FULL,
    ) -> Context:
        """Returns text for a language model, at most `max_tokens` long, with [1] [2] and citations.

        It is made of the `k` best passages, as far as their relevance is `min_relevance` at least: where nothing in the
        collection answers, it is empty. Neighbours are merged, copies named beside the text, and for text that readers
        of the documents don't see stands `[hidden text left out]`. `tokenizer` counts tokens (default: the encoder's;
        see `Tokenizer`), `format` lays it out, markup included in the budget; `order` is by rank or by document,
        `expand` quotes neighbours or sections where they fit; `injection` says what becomes of instructions to language
        models that stand in documents. Raises as `search` does.
        """
        request = SearchRequest(
            query=clean_query(query),
            k=k,
            stage=None if stage is None else choose(Stage, stage, "stage"),
            where=where,
            per_document=per_document,
            min_score=min_score,
            min_relevance=min_relevance,
            diversity=diversity,
            syntax=choose(Syntax, syntax, "syntax"),
        )
        layout = ContextLayout.chosen(format, order, expand, injection)
        count = None if tokenizer is None else token_counter(tokenizer, self._settings)
        return self._quoted(request, layout, checked_budget(max_tokens), count)

    search_many = for_many(search)
    search_async = in_thread(search)
    search_many_async = in_thread(search_many)
    context_async = in_thread(context)

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

    def __reduce__(self) -> NoReturn:
        raise TypeError("a collection can't be pickled: open it by its path where it is wanted, with Collection.open")

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
            with live.read() as snapshot:
                contents = contents_summary(snapshot)
        except Exception as error:  # noqa: BLE001 - a debugger shows what it can
            contents = shortened(f"can't be read: {error}", 120)
        return f"<Collection {str(self.path)!r} {live.folder.name}: {contents}>"

    @contextmanager
    def _reading(self) -> Iterator[tuple[LiveVersion, Snapshot]]:
        """Gives the live version and one moment of it; a fork waits until it is over."""
        with in_use(str(self.path)):
            live = self._current()
            with live.read() as snapshot:
                yield live, snapshot

    def _current(self) -> LiveVersion:
        """Returns the live version: another one when CURRENT was changed since, or the collection made anew."""
        with self._lock:
            if self._live is None:
                raise StoreError(f"the collection {self.path} was closed")
            folder = self._live_folder()  # read under the lock, or a late thread would bring back an old one
            if not self._live.is_at(folder):
                opened = opened_version(folder)
                if self._retired is not None:
                    self._retired.close()
                self._retired, self._live = self._live, opened
            return self._live

    def _live_folder(self) -> Path:
        """Returns the folder of the version that is answered from."""
        return current_version(self.path)

    def _answers(self, requests: Sequence[SearchRequest]) -> list[Hits]:
        """Returns the hits of each request, all at one moment of the collection."""
        with self._reading() as (live, snapshot):
            return self._search_many(requests, live, snapshot)

    def _quoted(
        self, request: SearchRequest, layout: ContextLayout, max_tokens: int, count: Callable[[str], int] | None
    ) -> Context:
        """Returns what a request finds as cited text; without `count` the encoder's tokens are counted."""
        with self._reading() as (live, snapshot):
            hits = self._search(request, live, snapshot)
            count = count or (lambda text: tokens_as_read(self._models.encoder(live, snapshot), text))
            return context_of(hits, snapshot, layout, max_tokens=max_tokens, count_tokens=count)

    def _search(self, request: SearchRequest, live: LiveVersion, snapshot: Snapshot) -> Hits:
        return self._search_many([request], live, snapshot)[0]

    def _search_many(self, requests: Sequence[SearchRequest], live: LiveVersion, snapshot: Snapshot) -> list[Hits]:
        """Searches one version at one moment, with that version's encoder, whatever becomes CURRENT meanwhile."""
        with enough_memory("the search ran out of memory: end other programs, or ask for fewer candidates"):
            models = self._models.at(live, snapshot)
            searcher = Searcher(models, background=live.background, words=live.words)
            return searcher.search_many(requests, snapshot, live.passages(snapshot))

    def encoder(self) -> Encoder:
        """Returns the encoder, loaded when first needed and checked against the collection's record.

        Raises IndexMismatchError for another encoder than its own, ModelUnavailableError where weights are missing.
        """
        with self._reading() as (live, snapshot):
            return self._models.encoder(live, snapshot)
