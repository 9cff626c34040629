"""What the routes of a service share, and what a caller may have of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, TypeAlias, TypeVar, cast

from fastapi import Depends, Request
from starlette.datastructures import Headers

from passagework.ingest.watching.watch_status import WatchState, watch_status
from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.models.reranker import Reranker
from passagework.retrieval.types import Json
from passagework.ui.service.access_tokens import EVERYTHING, Access, Right, TokenFile
from passagework.ui.service.problems import RefusedError
from passagework.ui.service.request_metrics import RequestMetrics
from passagework.ui.service.request_rates import RequestRates
from passagework.ui.service.served_collections import ServedCollections
from passagework.ui.service.uploading import Arrivals
from passagework.ui.service.worker_threads import WorkerThreads
from passagework.ui.service.writing_jobs import Writers

Answer = TypeVar("Answer")

TOLD_OF_A_PART = (
    *("documents", "passages", "encoder", "backend", "window", "chunking", "languages", "fields", "created"),
)
"""What of the status JSON is told of a part of a collection: the rest is about the whole."""


@dataclass(frozen=True, slots=True)
class Service:
    """Holds the collections, the threads that search them, the counts, and the tokens where some are asked for.

    `writers` bring documents in, `arrivals` are uploads on their way, `drawing` draws pages; `sources` are the folders
    of which a collection is brought up to date; `rates` counts what tokens send a minute.
    """

    collections: ServedCollections
    threads: WorkerThreads = field(default_factory=WorkerThreads)
    metrics: RequestMetrics = field(default_factory=RequestMetrics)
    tokens: TokenFile | None = None
    writers: Writers = field(default_factory=Writers)
    arrivals: Arrivals = field(default_factory=Arrivals)
    drawing: WorkerThreads = field(default_factory=lambda: WorkerThreads(at_once=1, lending=0, waiting=8))
    sources: Mapping[str, Sequence[Path]] = field(default_factory=dict)
    rates: RequestRates = field(default_factory=RequestRates)

    def access(self, headers: Headers) -> Access:
        """Returns what the sender of a request may have; raises RefusedError (401) for none."""
        if self.tokens is None:
            return EVERYTHING
        scheme, _, token = headers.get("authorization", "").partition(" ")
        access = self.tokens.access(token.strip()) if scheme.lower() == "bearer" else None
        if access is None:
            detail = "the token is not known" if token else "send a token: Authorization: Bearer TOKEN"
            raise RefusedError(HTTPStatus.UNAUTHORIZED, detail, {"WWW-Authenticate": "Bearer"})
        return access

    def watches(self) -> dict[str, int]:
        """Counts the collections by what their watches do: running, failing (running, with a problem), stopped."""
        folders = {self.collections.named(name).path for name in self.collections.names}
        watched = [watch_status(folder) for folder in folders]
        running = [one for one in watched if one is not None and one.state is not WatchState.STOPPED]
        failing = sum(bool(one.problem or one.absent) for one in running)
        return {
            "running": len(running),
            "failing": failing,
            "stopped": len(watched) - watched.count(None) - len(running),
        }

    def close(self) -> None:
        """Waits for what runs, and closes the collections; an ingest ends at its next step."""
        self.writers.close()
        self.threads.close()
        self.drawing.close()
        self.collections.close()


class Caller:
    """Is whoever sent a request: what it may have of the service."""

    def __init__(self, service: Service, access: Access) -> None:
        self._service = service
        self._access = access

    @property
    def names(self) -> tuple[str, ...]:
        """Returns the names of the collections that it may search, sorted."""
        return tuple(name for name in self._service.collections.names if self._access.may_ask(name))

    def collection(self, name: str, *rights: Right) -> Collection:
        """Returns a collection as the caller may see it, for what needs rights.

        Raises RefusedError: 404 where there is none for the caller, 403 where it has not one of the rights.
        """
        for right in rights:
            self.need(right)
        whole = self._service.collections.named(name if self._access.may_ask(name) else "")
        visible = self._access.visible
        return whole if visible is None else self._service.collections.part(name, visible)

    def writable(self, name: str) -> Collection:
        """Returns a collection to bring documents in, and take them out, of which the caller sees everything.

        Raises as `collection` does; RefusedError (403) also for a token with a filter: it would learn of the documents
        that it doesn't see, and bring in such as it could not.
        """
        self.whole(name, Right.INGEST)
        return self._service.collections.named(name)

    @property
    def may_write(self) -> bool:
        """Tells whether the caller may bring documents into its collections, and so sees all of them."""
        return Right.INGEST in self._access.rights and self._access.visible is None

    def whole(self, name: str, right: Right) -> Collection:
        """Returns a collection of which the caller sees everything; raises as `writable` does."""
        collection = self.collection(name, right)
        if self._access.visible is not None:
            raise RefusedError(HTTPStatus.FORBIDDEN, "a token with a filter may not do that: it is of the whole")
        return collection

    @property
    def writers(self) -> Writers:
        """Returns what runs ingests; `writable` has told whether the caller may."""
        return self._service.writers

    @property
    def arrivals(self) -> Arrivals:
        """Returns the uploads on their way; `writable` has told whether the caller may."""
        return self._service.arrivals

    def sources(self, name: str) -> Sequence[Path]:
        """Returns the folders that the service was given for a collection."""
        return self._service.sources.get(name, ())

    async def draw(self, call: Callable[[], Answer]) -> Answer:
        """Returns what a call gives that draws a page, one at a time; raises as `run` does."""
        return await self._service.drawing.run(call)

    def need(self, right: Right) -> None:
        """Raises RefusedError (403) where the caller has not that right."""
        if right not in self._access.rights:
            raise RefusedError(HTTPStatus.FORBIDDEN, f"the token has not the right {right.value!r}")

    async def status(self, name: str) -> dict[str, Json]:
        """Returns the status JSON of a collection; of a part what is of it alone."""
        whole = self._access.visible is None
        collection = self.collection(name)
        status = (await self.run(collection.status)).to_json()
        watched = watch_status(collection.path)
        status["watch"] = None if watched is None else watched.to_json()
        return status if whole else {"collection": name, **{key: status[key] for key in TOLD_OF_A_PART}}

    def encoders(self) -> dict[str, Encoder]:
        """Returns the encoders of its collections by their names, for what needs the right to search."""
        collections = [self.collection(name, Right.SEARCH) for name in self.names]
        encoders = [collection.encoder() for collection in collections]
        return {encoder.fingerprint.model: encoder for encoder in encoders}

    @property
    def reranker(self) -> Reranker | None:
        """Returns the reranker that the service was given; None where the encoders' late interaction reranks."""
        self.need(Right.SEARCH)
        return self._service.collections.reranker

    async def run(self, call: Callable[[], Answer]) -> Answer:
        """Returns what a call returns that may take long; raises as `WorkerThreads.run` does."""
        return await self._service.threads.run(call)

    async def metrics(self) -> bytes:
        """Returns the counts in Prometheus's text format; raises RefusedError (403) without the right to."""
        self.need(Right.ADMIN)
        service = self._service
        return await self.run(lambda: service.metrics.text(service.collections))


def caller_of(request: Request) -> Caller:
    """Returns the caller of a request that the guard let through."""
    return Caller(cast(Service, request.app.state.service), cast(Access, request.state.access))


Asking: TypeAlias = Annotated[Caller, Depends(caller_of)]
"""The parameter of a route that tells who asks."""
