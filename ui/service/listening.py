"""Listens at an address until the process is asked to stop, and then ends what runs."""

from __future__ import annotations

import ipaddress
import logging
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from passagework.retrieval.errors import PassageworkError
from passagework.ui.service.timed_connection import TimedConnection

STOP_SECONDS = 30
"""The time for requests that run to end after the process was asked to."""


def is_loopback(host: str) -> bool:
    """Tells whether only this machine reaches what listens at an address."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_any_address(host: str) -> bool:
    """Tells whether an address stands for all of a machine's, and is no name of it."""
    return host in ("0.0.0.0", "::")  # noqa: S104 - it is recognised, and not listened at


def listening_socket(host: str, port: int) -> socket.socket:
    """Returns a socket that listens; raises PassageworkError where nothing can.

    What is accepted by it sends at once: asyncio sees to that only for sockets that name their protocol, and headers
    and body of an answer, sent one after the other, would wait 40 ms for each other (RFC 896, RFC 1122 4.2.3.2).
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=256)
    except OSError as error:
        reason = error.strerror or str(error)
        raise PassageworkError(f"can't listen at {host}, port {port}: {reason}; --port names another") from error
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening


class _Server(uvicorn.Server):
    """Tells what runs long, at the signal that ends it, to come to an end: requests that wait for it would not."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None], stopping: Callable[[], None]) -> None:
        super().__init__(config)
        self._told_started = started
        self._stopping = stopping

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begins to answer, and tells so."""
        await super().startup(sockets)
        self._told_started()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begins to end the service."""
        self._stopping()
        super().handle_exit(sig, frame)


def listen(
    app: ASGIApp,
    sockets: Sequence[socket.socket],
    *,
    access_log: bool,
    started: Callable[[], None],
    stopping: Callable[[], None],
) -> bool:
    """Serves until SIGINT or SIGTERM, ends what runs, and returns whether it was SIGINT.

    `started` is called when requests are answered, `stopping` in a signal's handler, before anything else.
    """
    received: list[int] = []
    before = {number: signal.signal(number, lambda got, _: received.append(got)) for number in STOPPING}
    _log_to_stderr(access_log=access_log)
    config = uvicorn.Config(
        app,
        http=TimedConnection,
        access_log=False,
        log_config=None,
        server_header=False,
        date_header=False,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    try:
        # it stops at a signal, and then raises it again for the handler above
        _Server(config, started, stopping).run(list(sockets))
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    return signal.SIGINT in received


STOPPING = (signal.SIGINT, signal.SIGTERM)


def _log_to_stderr(*, access_log: bool) -> None:
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    for name, level in (("passagework", logging.INFO if access_log else logging.WARNING), ("uvicorn", logging.WARNING)):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(level)
