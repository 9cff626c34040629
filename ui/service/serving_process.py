"""Opens collections and answers for them, until the process is asked to stop."""

from __future__ import annotations

import contextlib
import ctypes
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from passagework.ui.service.listening import listen

if TYPE_CHECKING:
    from passagework.ui.service.served_collections import ServedCollections


M_ARENA_MAX, HEAPS = -8, 2
"""The name that glibc's malloc.h has for how many heaps threads share, and how many they do here.

64 callers beside an ingest: 551 MB after 90 s, and 672 with as many heaps as glibc makes of itself; as many searches.
"""


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """Tells what is served, to whom and how; `sources` are the folders that a collection is brought up to date with.

    `timeout` is in seconds; `hosts` are other names that callers reach this machine by; so many `workers` share its
    cores.
    """

    folders: Mapping[str, Path]
    sources: Mapping[str, Sequence[Path]]
    reranker: str | None = None
    tokens: Path | None = None
    hosts: tuple[str, ...] = ()
    timeout: float = 30.0
    access_log: bool = True
    workers: int = 1


def serve_until_stopped(
    options: ServeOptions,
    sockets: Sequence[socket.socket],
    *,
    started: Callable[[], None],
    writer: Path | None = None,
    rates: Path | None = None,
) -> bool:
    """Answers at sockets until SIGINT or SIGTERM; returns whether it was SIGINT.

    `started` is called once models are loaded. What writes goes to the process that listens at `writer`, where there is
    one, and what tokens send a minute is counted in the folder `rates`. Raises as `ServedCollections.open` does.
    """
    _share_heaps()
    with ThreadPoolExecutor(1) as beside:
        opening = beside.submit(_open, options)
        # what follows is imported while the models are loaded
        from passagework.ui.service.access_tokens import TokenFile
        from passagework.ui.service.application import application
        from passagework.ui.service.request_rates import RequestRates
        from passagework.ui.service.serving_state import Service
        from passagework.ui.service.worker_threads import AT_ONCE, WorkerThreads
        from passagework.ui.service.writer_forwarding import WriterForwarding
        from passagework.ui.service.writing_jobs import Writers

        threads = WorkerThreads(at_once=max(2, AT_ONCE // options.workers), seconds=options.timeout)
        writers = Writers(seconds=options.timeout)
        tokens = None if options.tokens is None else TokenFile(options.tokens)
        service = Service(
            opening.result(),
            threads,
            tokens=tokens,
            writers=writers,
            sources=options.sources,
            rates=RequestRates(rates),
        )
    app = application(service, hosts=options.hosts)
    return listen(
        app if writer is None else WriterForwarding(app, writer),
        sockets,
        access_log=options.access_log,
        started=started,
        stopping=writers.stop,
    )


def _open(options: ServeOptions) -> ServedCollections:
    from passagework.ui.service.served_collections import ServedCollections

    return ServedCollections.open(options.folders, reranker=options.reranker)


def _share_heaps() -> None:
    """Has the C library keep few heaps for all threads: each keeps what was freed in it."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):  # another C library than glibc
            ctypes.CDLL("libc.so.6").mallopt(M_ARENA_MAX, HEAPS)
