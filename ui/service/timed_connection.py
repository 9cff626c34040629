"""A connection that is ended where nothing comes of it: uvicorn waits for a request's headers for ever."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.h11_impl import H11Protocol

HEADER_SECONDS = 30.0
"""The time in which a request must begin, from the connection or its own first byte on."""


class TimedConnection(H11Protocol):
    """Is closed after HEADER_SECONDS without a request: else whoever opens many and sends nothing keeps others out."""

    _due: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begins, and gives the first request its time."""
        super().connection_made(transport)
        self._due = self.loop.call_later(HEADER_SECONDS, self._end_unless_asked)

    def data_received(self, data: bytes) -> None:
        """Takes what came; the time goes on until headers are whole, however slowly they come."""
        super().data_received(data)
        if self._is_asked():
            self._forget()
        elif self._due is None:
            self._due = self.loop.call_later(HEADER_SECONDS, self._end_unless_asked)

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends."""
        self._forget()
        super().connection_lost(exc)

    def _is_asked(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _forget(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None

    def _end_unless_asked(self) -> None:
        self._due = None
        if not self._is_asked():
            self.transport.close()
