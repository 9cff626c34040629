"""Serves the pages by Streamlit in this process: they end when the process does."""

from __future__ import annotations

import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from passagework.retrieval.errors import PassageworkError
from passagework.ui.commands.output import DONE, INTERRUPTED, print_message
from passagework.ui.sources.uploads import UPLOAD_MEGABYTES

STOP_SECONDS = 10.0
"""The time for an ingest to come to its next step."""

LOCAL = ("127.0.0.1", "localhost", "::1")


def serve(collections: Sequence[Path], *, host: str, port: int) -> bool:
    """Serves the pages until SIGINT or SIGTERM, and returns whether it was SIGINT.

    Raises PassageworkError where nothing can listen at that address.
    """
    _check_address(host, port)
    from streamlit.runtime.pages_manager import PagesManager
    from streamlit.web.cli import main as streamlit

    from passagework.ui.web.styled_index import style_at_once

    style_at_once()
    PagesManager.uses_pages_directory = False  # or a page opened first would be alone, without what `ui/app.py` draws
    options = {
        "server.address": host,
        "server.port": port,
        "server.headless": "true",  # or it would ask for an e-mail address, and open a browser
        "server.fileWatcherType": "none",
        "runner.magicEnabled": "false",  # or docstrings of the pages would be shown
        "server.maxUploadSize": str(UPLOAD_MEGABYTES),
        "browser.gatherUsageStats": "false",
        "client.toolbarMode": "minimal",
        # White stands on these with a contrast of 4.5 or more; `page_style` sees to where they would be text.
        "theme.light.primaryColor": "#0b5cad",
        "theme.dark.primaryColor": "#3273cc",
        "client.showErrorDetails": "none",  # a traceback stays in the terminal
    }
    page = Path(__file__).parents[1] / "app.py"
    named = [f"--collection={one}" for one in collections]
    arguments = ["run", str(page), *(f"--{name}={value}" for name, value in options.items())]
    with _received_signals() as received:
        try:
            streamlit(
                [*arguments, "--", *named],
                prog_name="streamlit",
                standalone_mode=False,
            )
        finally:
            interrupted = signal.SIGINT in received()
            ended = _end_ingests(interrupted=interrupted)
    if interrupted and not ended:
        print_message("stopped")
    return interrupted


@contextmanager
def _received_signals() -> Iterator[Callable[[], bytes]]:
    """Yields a function that returns the numbers of the signals that came; Streamlit keeps to itself which one did."""
    receiving, noting = socket.socketpair()
    with receiving, noting:
        receiving.setblocking(False)
        noting.setblocking(False)

        def received() -> bytes:
            with suppress(BlockingIOError):
                return receiving.recv(1024)
            return b""

        before = signal.set_wakeup_fd(noting.fileno(), warn_on_full_buffer=False)
        handler = signal.signal(signal.SIGINT, _stop_at_once)  # until Streamlit, once it has started, sets its own
        try:
            yield received
        finally:
            signal.signal(signal.SIGINT, handler)
            signal.set_wakeup_fd(before)


def _stop_at_once(number: int, frame: object) -> None:
    """Ends the process: a server that is just starting has nothing to bring to its end, and would say how it broke."""
    del number, frame
    print_message("stopped")
    os._exit(INTERRUPTED)


def _end_ingests(*, interrupted: bool) -> int:
    """Stops an ingest that is under way at its next step, and says so in a line; returns how many there were.

    One that reads or encodes for longer than that ends as by a power cut, which costs only what was not yet committed:
    the interpreter would otherwise take away what its thread still works with.
    """
    from passagework.ui.web.ingest_job import stop_jobs

    under_way, still_running = stop_jobs(STOP_SECONDS)
    if under_way:
        print_message("the ingest was stopped; what was committed is safe, and the same ingest goes on from there")
    if still_running:
        sys.stdout.flush()
        os._exit(INTERRUPTED if interrupted else DONE)
    return under_way


def _check_address(host: str, port: int) -> None:
    """Asks the system now: what Streamlit prints of a port that is taken is no line for a user."""
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError as error:
        reason = error.strerror or str(error)
        raise PassageworkError(f"can't listen at {host}, port {port}: {reason}; --port names another") from error
