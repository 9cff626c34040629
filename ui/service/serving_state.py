"""What the routes of a service share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, TypeAlias, TypeVar, cast

from fastapi import Depends, Request

from passagework.retrieval.collection.collection import Collection
from passagework.ui.service.request_metrics import RequestMetrics
from passagework.ui.service.served_collections import ServedCollections
from passagework.ui.service.worker_threads import WorkerThreads

Answer = TypeVar("Answer")


@dataclass(frozen=True, slots=True)
class Service:
    """Holds the collections, the threads that search them, and the counts."""

    collections: ServedCollections
    threads: WorkerThreads = field(default_factory=WorkerThreads)
    metrics: RequestMetrics = field(default_factory=RequestMetrics)

    def close(self) -> None:
        """Waits for what runs, and closes the collections."""
        self.threads.close()
        self.collections.close()


class Caller:
    """Is whoever sent a request: what it may have of the service."""

    def __init__(self, service: Service) -> None:
        self._service = service

    @property
    def names(self) -> tuple[str, ...]:
        """Returns the names of the collections that it may search, sorted."""
        return self._service.collections.names

    def collection(self, name: str) -> Collection:
        """Returns a collection as the caller may see it; raises RefusedError (404) where there is none for it."""
        return self._service.collections.named(name)

    async def run(self, call: Callable[[], Answer]) -> Answer:
        """Returns what a call returns that may take long; raises as `WorkerThreads.run` does."""
        return await self._service.threads.run(call)

    async def metrics(self) -> bytes:
        """Returns the counts in Prometheus's text format."""
        service = self._service
        return await self.run(lambda: service.metrics.text(service.collections))


def caller_of(request: Request) -> Caller:
    """Returns the caller of a request."""
    return Caller(cast(Service, request.app.state.service))


Asking: TypeAlias = Annotated[Caller, Depends(caller_of)]
"""The parameter of a route that tells who asks."""
