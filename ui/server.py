"""The pages, served by Streamlit in this process: it ends when the process does."""

from __future__ import annotations

import socket
from pathlib import Path

from retrieval.errors import PassageworkError

UPLOAD_MEGABYTES = 100
"""Of one file: a browser sends it whole, and it is held in memory until it is written."""

LOCAL = ("127.0.0.1", "localhost", "::1")


def serve(collection: Path, *, host: str, port: int) -> None:
    """Serves the pages until SIGINT or SIGTERM; raises PassageworkError where nothing can listen at that address."""
    _check_address(host, port)
    from streamlit.web.cli import main as streamlit

    options = {
        "server.address": host,
        "server.port": port,
        "server.headless": "true",  # or it would ask for an e-mail address, and open a browser
        "server.fileWatcherType": "none",
        "runner.magicEnabled": "false",  # or docstrings of the pages would be shown
        "server.maxUploadSize": str(UPLOAD_MEGABYTES),
        "browser.gatherUsageStats": "false",
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",  # a traceback stays in the terminal
    }
    page = Path(__file__).with_name("app.py")
    arguments = ["run", str(page), *(f"--{name}={value}" for name, value in options.items())]
    streamlit([*arguments, "--", f"--collection={collection}"], prog_name="streamlit", standalone_mode=False)


def _check_address(host: str, port: int) -> None:
    """Asks the system now: what Streamlit prints of a port that is taken is no line for a user."""
    try:
        socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET).close()
    except OSError as error:
        reason = error.strerror or str(error)
        raise PassageworkError(f"can't listen at {host}, port {port}: {reason}; --port names another") from error
