"""Asks a server over HTTP: patient where it is busy, bounded in what is on its way, and silent about the key."""

from __future__ import annotations

import os
import re
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, TypeVar

from passagework.retrieval.config import API_KEY, Settings, api_key
from passagework.retrieval.errors import ConfigError, ModelUnavailableError
from passagework.retrieval.models.remote.address import RemoteAddress
from passagework.retrieval.text import one_line
from passagework.retrieval.types import Json

if TYPE_CHECKING:
    import httpx2

BUSY = frozenset((408, 429, 500, 502, 503, 504, 529))
"""Status codes after which the same request may succeed a little later."""

REFUSED = frozenset((400, 413, 422))
"""Status codes of a request that the server can't take as it is: too many texts, or one that is too long."""

FIRST_WAIT, LONGEST_WAIT = 0.5, 120.0
"""Seconds before the second try, doubled before each further one; and the longest that a server may ask to wait."""

MOST_BYTES = 256 << 20
"""Bytes of an answer: 2,048 vectors of 4,096 dimensions, each number written out in 20 characters, are 168 million."""

TIMEOUTS = 4
"""Timeouts that a whole answer may take: each is for the next bytes alone."""

_OF_THE_WIRE = frozenset(("content-encoding", "content-length", "transfer-encoding"))

_TOO_LONG = re.compile(r"too (long|large|many tokens)|token|context|length|exceed|maximum|max_", re.IGNORECASE)


Asked = TypeVar("Asked")
Answered = TypeVar("Answered")


class RefusedError(Exception):
    """The server can't take a request as it is; `too_long` tells that it speaks of a text's length."""

    def __init__(self, message: str, *, too_long: bool) -> None:
        super().__init__(message)
        self.too_long = too_long


class RemoteClient:
    """Posts JSON to one server; it is safe to share among threads, and a forked child opens connections of its own."""

    def __init__(self, address: RemoteAddress, settings: Settings) -> None:
        if settings.offline and not address.is_here:
            raise ModelUnavailableError(
                f"{address.model} is at {address.host}, and offline is set: unset PASSAGEWORK_OFFLINE and "
                "HF_HUB_OFFLINE, or name a model on this machine"
            )
        self._address = address
        self._key = api_key(address.key or API_KEY)
        if address.key is not None and self._key is None:
            raise ConfigError(f"the key of {address.host} is to be in {address.key}, which is not set")
        self._lock = threading.Lock()
        self._client: tuple[int, httpx2.Client] | None = None

    def in_parallel(self, ask: Callable[[Asked], Answered], items: Sequence[Asked]) -> list[Answered]:
        """Returns what `ask` gives for each item, in order; no more than `parallel` are under way at once.

        Raises the first error of any; what has not begun by then is not asked.
        """
        if len(items) <= 1:
            return [ask(item) for item in items]
        with ThreadPoolExecutor(self._address.parallel, thread_name_prefix="passagework-remote") as threads:
            begun = [threads.submit(ask, item) for item in items]
            try:
                return [future.result() for future in begun]
            except BaseException:
                threads.shutdown(wait=False, cancel_futures=True)
                raise

    def post(self, call: str, request: dict[str, Json]) -> Any:
        """Returns the JSON of an answer; where the server is busy or silent, it is asked again.

        Raises RefusedError for what it can't take as it is, ModelUnavailableError where it stays silent or refuses.
        """
        return self._answer(self._patiently(lambda: self._asked(call, request)))

    def lines(self, call: str, request: dict[str, Json]) -> Iterator[str]:
        """Yields the lines of an answer as they come; it is asked again only as long as none has come.

        Raises as `post` does, and ModelUnavailableError where the connection ends before the answer does.
        """
        import httpx2

        response = self._patiently(lambda: self._begun(call, request))
        if response.status_code != 200:
            self._answer(response)
        size = 0
        try:
            for line in response.iter_lines():
                size += len(line)
                if size > MOST_BYTES:
                    raise self._unavailable(f"answers more than {MOST_BYTES >> 20} MiB")
                yield line
        except httpx2.TransportError as error:
            reason = one_line(str(error) or type(error).__name__, limit=200)
            raise self._unavailable(f"stopped half way: {reason}") from error
        finally:
            response.close()

    def _begun(self, call: str, request: dict[str, Json]) -> httpx2.Response:
        """Returns an answer whose body is still to come where it is good, else read to its end."""
        connection = self._connection()
        asked = connection.build_request("POST", f"{self._address.url}/{call}", json=request)
        response = connection.send(asked, stream=True)
        if response.status_code == 200:
            return response
        try:
            return self._read(response)
        finally:
            response.close()

    def _patiently(self, ask: Callable[[], httpx2.Response]) -> httpx2.Response:
        """Returns an answer that is not of a busy server; raises ModelUnavailableError where there is none."""
        import httpx2

        wait, reason = FIRST_WAIT, ""
        for attempt in range(self._address.retries + 1):
            if attempt:
                time.sleep(wait)
                wait *= 2
            try:
                response = ask()
            except httpx2.TransportError as error:
                reason = one_line(str(error) or type(error).__name__, limit=200)
                continue
            if response.status_code not in BUSY:
                return response
            reason, asked = self._reason(response), _asked_wait(response)
            if asked is not None and asked > LONGEST_WAIT:
                raise self._unavailable(f"asks to wait {asked:,.0f} seconds: {reason}")
            wait = wait if asked is None else max(asked, 0.0)
        raise self._unavailable(f"gave no answer in {self._address.retries + 1} tries: {reason}")

    def _asked(self, call: str, request: dict[str, Json]) -> httpx2.Response:
        """Returns an answer that was read whole."""
        with self._connection().stream("POST", f"{self._address.url}/{call}", json=request) as response:
            return self._read(response)

    def _read(self, response: httpx2.Response) -> httpx2.Response:
        """Returns an answer read to its end, of at most MOST_BYTES, within TIMEOUTS times the address's own."""
        import httpx2

        until = time.monotonic() + TIMEOUTS * self._address.timeout
        body = bytearray()
        for part in response.iter_bytes():
            body += part
            if len(body) > MOST_BYTES:
                raise self._unavailable(f"answers more than {MOST_BYTES >> 20} MiB")
            if time.monotonic() > until:
                raise httpx2.ReadTimeout(f"no whole answer in {TIMEOUTS * self._address.timeout:g} seconds")
        headers = {name: value for name, value in response.headers.items() if name.lower() not in _OF_THE_WIRE}
        return httpx2.Response(response.status_code, headers=headers, content=bytes(body), request=response.request)

    def _answer(self, response: httpx2.Response) -> Any:
        status = response.status_code
        if status in REFUSED:
            reason = self._reason(response)
            raise RefusedError(reason, too_long=status == 413 or bool(_TOO_LONG.search(reason)))
        if status in (401, 403):
            held = f"the key in {self._address.key or API_KEY}" if self._key else f"a request without {API_KEY}"
            raise self._unavailable(f"refuses {held}: {self._reason(response)}")
        if status != 200:
            raise self._unavailable(f"answers: {self._reason(response)}")
        try:
            return response.json()
        except (ValueError, RecursionError) as error:
            raise self._unavailable("answers something that is not JSON") from error

    def _reason(self, response: httpx2.Response) -> str:
        """Returns what the server says, in a line that does not hold the key."""
        try:
            said = response.json()
        except (ValueError, RecursionError):
            said = response.text
        for name in ("error", "message", "detail"):
            said = said.get(name, said) if isinstance(said, dict) else said
        text = f"{response.status_code} {said}"
        return one_line(text.replace(self._key, "***") if self._key else text, limit=200)

    def _unavailable(self, what: str) -> ModelUnavailableError:
        return ModelUnavailableError(f"{self._address.model} at {self._address.host}: the server {what}")

    def _connection(self) -> httpx2.Client:
        import httpx2

        with self._lock:
            if self._client is None or self._client[0] != os.getpid():
                client = httpx2.Client(
                    headers={"Authorization": f"Bearer {self._key}"} if self._key else {},
                    timeout=self._address.timeout,
                    limits=httpx2.Limits(max_connections=self._address.parallel),
                )
                weakref.finalize(self, client.close)  # nobody has to close an encoder
                self._client = os.getpid(), client
            return self._client[1]


def _asked_wait(response: httpx2.Response) -> float | None:
    """Returns the seconds that Retry-After asks for, as a number or as a date; None where it asks nothing."""
    value = response.headers.get("Retry-After", "").strip()
    if value.isdecimal():
        return float(value)
    try:
        return (parsedate_to_datetime(value) - datetime.now(timezone.utc)).total_seconds()
    except (TypeError, ValueError):
        return None
