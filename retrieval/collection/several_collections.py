"""Several collections as one: each is searched, and what answers best is in one ranking."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import update_wrapper
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, TypeVar

from passagework.retrieval.citations import Citation, Context
from passagework.retrieval.collection.call_forms import in_thread
from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.config import Settings
from passagework.retrieval.errors import ConfigError
from passagework.retrieval.filters.compiler import Where
from passagework.retrieval.hits import Hit, Hits
from passagework.retrieval.merged_hits import merged, merged_context
from passagework.retrieval.models.encoder import Encoder, tokens_as_read
from passagework.retrieval.models.encoder_loading import load_reranker
from passagework.retrieval.models.reranker import Reranker
from passagework.retrieval.search.context import ContextLayout, build_context
from passagework.retrieval.search.quoted_documents import QuotedDocuments
from passagework.retrieval.search.request import SearchRequest
from passagework.retrieval.verification.verification import Verification
from passagework.retrieval.verification.verifier import EVIDENCE

if TYPE_CHECKING:
    from typing import Concatenate

    from typing_extensions import ParamSpec, Self

    Options = ParamSpec("Options")

Answer = TypeVar("Answer")


class Collections:
    """Holds open collections by name, and searches them as one; it is safe to share among threads.

    Each is searched as `Collection.search` would, then the hits of all are merged by relevance, the same for every
    encoder: it can't be switched off. An option means what it does there. Hits and citations say their `collection`.
    """

    def __init__(self, collections: Mapping[str, Collection]) -> None:
        if not collections:
            raise ConfigError("no collection was given: name one at least")
        self._by_name = dict(collections)
        self._as_one = _AsOne(self._by_name)

    @classmethod
    def open(
        cls,
        paths: Mapping[str, str | Path],
        *,
        encoder: Encoder | str | None = None,
        reranker: Reranker | str | None = None,
        settings: Settings | None = None,
    ) -> Self:
        """Opens the collections in folders by name; those that were built with the same encoder share it.

        Raises as `Collection.open` does.
        """
        settings = settings or Settings.from_environment()
        named = reranker or settings.reranker
        loaded = load_reranker(named, settings) if isinstance(named, str) else named
        encoders: list[Encoder] = []
        with ExitStack() as opened:
            collections = {}
            for name, folder in paths.items():
                collection = Collection.open(folder, encoder=encoder, reranker=loaded, settings=settings)
                opened.callback(collection.close)
                shared = None if encoder is not None else _loaded_for(collection, encoders)
                if shared is not None:
                    collection = Collection.open(folder, encoder=shared, reranker=loaded, settings=settings)
                    opened.callback(collection.close)
                elif encoder is None and len(paths) > 1:
                    encoders.append(collection.encoder())
                collections[name] = collection
            several = cls(collections)
            opened.pop_all()
        return several

    @property
    def names(self) -> tuple[str, ...]:
        """Returns the names, in the order in which they were given."""
        return tuple(self._by_name)

    def __getitem__(self, name: str) -> Collection:
        """Returns one of them; raises KeyError where there is none of the name."""
        return self._by_name[name]

    def close(self) -> None:
        """Closes all of them."""
        for collection in self._by_name.values():
            collection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        """Returns one line: the names."""
        return f"<Collections {', '.join(self._by_name)}>"

    @staticmethod
    def _of_all(
        call: Callable[Concatenate[Collection, Options], Answer],
    ) -> Callable[Concatenate[Collections, Options], Answer]:
        """Returns the form of a collection's call that asks all collections."""

        def of_all(self: Collections, *args: Options.args, **options: Options.kwargs) -> Answer:
            return call(self._as_one, *args, **options)

        return update_wrapper(of_all, call)  # type: ignore[return-value]  # `self` is no parameter of a caller

    search = _of_all(Collection.search)
    search_many = _of_all(Collection.search_many)
    context = _of_all(Collection.context)
    ask = _of_all(Collection.ask)
    search_async = in_thread(search)
    search_many_async = in_thread(search_many)
    context_async = in_thread(context)


class _AsOne(Collection):
    """Is what the calls of one collection are made on to ask several."""

    def __init__(self, collections: Mapping[str, Collection]) -> None:
        self._by_name = collections
        self._settings = next(iter(collections.values()))._settings

    def _answers(self, requests: Sequence[SearchRequest]) -> list[Hits]:
        """Returns the merged hits of each request."""
        _check(requests)
        found = {name: collection._answers(requests) for name, collection in self._by_name.items()}
        return [
            merged(request.query, {name: hits[number] for name, hits in found.items()}, request.k)
            for number, request in enumerate(requests)
        ]

    def _quoted(
        self, request: SearchRequest, layout: ContextLayout, max_tokens: int, count: Callable[[str], int] | None
    ) -> Context:
        """Returns what a request finds as cited text; without `count` the first collection's encoder counts tokens."""
        _check([request])
        with ExitStack() as reading:
            parts: dict[str, Hits] = {}
            documents: dict[str, QuotedDocuments] = {}
            for name, collection in self._by_name.items():
                live, snapshot = reading.enter_context(collection._reading())
                parts[name] = hits = collection._search(request, live, snapshot)
                documents[name] = QuotedDocuments(snapshot, hits, expand=layout.expand, max_tokens=max_tokens)
            first = next(iter(self._by_name.values()))
            hits = merged(request.query, parts, request.k)
            context = build_context(
                hits,
                max_tokens=max_tokens,
                count_tokens=count or (lambda text: tokens_as_read(first.encoder(), text)),
                slice_text=lambda hit, start, end: _documents_of(hit, documents).text(hit, start, end),
                hidden_in=lambda hit, start, end: _documents_of(hit, documents).hidden(hit, start, end),
                wider=lambda hit: _documents_of(hit, documents).wider(hit),
                layout=layout,
            )
        return merged_context(context, hits)

    def verify(
        self,
        answer: str,
        citations: Context | Sequence[Citation] | None = None,
        *,
        k: int = EVIDENCE,
        where: Where | None = None,
        nli: str | None = None,
    ) -> Verification:
        """Returns the verdicts of an answer by its citations, of whichever collections; the first one's engine tells.

        Raises ConfigError where there are none: `Collection.verify` looks for evidence in one collection.
        """
        if citations is None:
            raise ConfigError("several collections verify an answer by its citations: give them")
        return next(iter(self._by_name.values())).verify(answer, citations, k=k, where=where, nli=nli)

    def __repr__(self) -> str:
        """Returns one line: the names."""
        return f"<_AsOne {', '.join(self._by_name)}>"


def _documents_of(hit: Hit, documents: Mapping[str, QuotedDocuments]) -> QuotedDocuments:
    return documents[hit.collection]


def _check(requests: Sequence[SearchRequest]) -> None:
    if not all(request.relevance for request in requests):
        raise ConfigError("relevance is what hits of different collections are compared by: it can't be left out")


def _loaded_for(collection: Collection, encoders: Sequence[Encoder]) -> Encoder | None:
    """Returns the one of the encoders that a collection was built with; None for none."""
    if not encoders:
        return None
    status = collection.status()
    fitting = (one for one in encoders if status.encoder.same_as(one.fingerprint) and status.window == one.window)
    return next(fitting, None)
