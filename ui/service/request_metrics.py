"""Counts requests and the time that they take, for Prometheus; no text of a request is kept."""

from __future__ import annotations

import os

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from passagework.ui.service.served_collections import ServedCollections

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Seconds: a search takes milliseconds, and no request longer than its time."""

SHARED_COUNTS = "PROMETHEUS_MULTIPROC_DIR"
"""The variable that names the folder in which processes count together; prometheus_client reads it when imported."""


class RequestMetrics:
    """Holds the counts of one service, of all its processes where there are several."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "passagework_requests", "Requests answered.", ("route", "method", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "passagework_request_seconds",
            "Seconds from a request's first byte to its answer.",
            ("route",),
            buckets=BUCKETS,
            registry=self._registry,
        )
        self._collections = Gauge(
            "passagework_collections", "Collections served.", registry=self._registry, multiprocess_mode="mostrecent"
        )
        self._sizes = Gauge(
            "passagework_collection_passages",
            "Passages of a collection.",
            ("collection",),
            registry=self._registry,
            multiprocess_mode="mostrecent",
        )

    def count(self, *, route: str, method: str, status: int, seconds: float) -> None:
        """Counts a request that was answered."""
        self._requests.labels(route, method, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self, collections: ServedCollections) -> bytes:
        """Returns all counts in Prometheus's text format, and what the collections hold now."""
        self._collections.set(len(collections.names))
        for name in collections.names:
            self._sizes.labels(name).set(collections.named(name).status().passages)
        if SHARED_COUNTS not in os.environ:
            return generate_latest(self._registry)
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return generate_latest(together)
