"""A network in between that can be stopped: what is sent is taken, and nothing goes on."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


class StoppingProxy:
    """Takes connections at `port` and passes on what comes, both ways, to where `connect` leads; until it is `stopped`.

    Then it still accepts, and reads, and says nothing.
    """

    def __init__(self, connect: Callable[[], socket.socket]) -> None:
        self._connect = connect
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.stopped = threading.Event()
        self._open: list[socket.socket] = [self._listener]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = self._connect()
                self._open += [client, server]
                for here, there in ((client, server), (server, client)):
                    threading.Thread(target=self._pass_on, args=(here, there), daemon=True).start()

    def _pass_on(self, here: socket.socket, there: socket.socket) -> None:
        swallowed = False
        with suppress(OSError):
            while data := here.recv(1 << 16):
                swallowed = swallowed or self.stopped.is_set()  # what was lost never comes later
                if not swallowed:
                    there.sendall(data)
            there.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Lets go of all connections."""
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


@contextmanager
def stopping_proxy(connect: Callable[[], socket.socket]) -> Iterator[StoppingProxy]:
    """A proxy, closed at the end."""
    proxy = StoppingProxy(connect)
    try:
        yield proxy
    finally:
        proxy.close()
