"""Gets pages politely and safely: robots.txt, a pause between requests, limits, hosts allowed, and no private address.

Robots' rules are those of RFC 9309. The address that a name stands for is looked up once, checked, and that very one is
asked, so that a name can't stand for another address a moment later (DNS rebinding). Proxies are not used.
"""

from __future__ import annotations

import ipaddress
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from passagework.retrieval.errors import IngestError
from passagework.retrieval.text import one_line

if TYPE_CHECKING:
    import httpx2
    from protego import Protego

AGENT = "passagework"
"""What robots.txt calls it."""
DELAY, LONGEST_DELAY = 1.0, 30.0
"""Seconds between two requests to a host; robots.txt may ask for more, up to the second."""
MOST_BYTES = 50 << 20
"""Bytes of a page, as they are when they are unpacked."""
SECONDS, WHOLE_SECONDS = 30.0, 120.0
"""For the next bytes, and for a whole page."""
MOST_REDIRECTS = 5

_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class GonePageError(IngestError):
    """The server says that there is no such page (404 or 410)."""


@dataclass(frozen=True, slots=True)
class WebPage:
    """A page as it came: `media_type` without parameters, in lower case, "" where the server told none."""

    url: str
    media_type: str
    content: bytes


class WebClient:
    """Gets pages of hosts for which `allowed` is true, one after the other; `private` lets it ask private addresses."""

    def __init__(self, allowed: Callable[[str], bool], *, private: bool = False, delay: float = DELAY) -> None:
        import httpx2

        self._allowed, self._private, self._delay = allowed, private, delay
        self._client = httpx2.Client(trust_env=False, follow_redirects=False, timeout=SECONDS)
        self._robots: dict[str, Protego | IngestError | None] = {}
        self._asked: dict[str, float] = {}

    def get(self, url: str) -> WebPage:
        """Returns a page; raises GonePageError where there is none, IngestError where it can't or mustn't be had."""
        return self._followed(url, self._check_robots)

    def close(self) -> None:
        """Closes the connections."""
        self._client.close()

    def _followed(self, url: str, check: Callable[[str], None]) -> WebPage:
        for _ in range(MOST_REDIRECTS + 1):
            self._check_allowed(url)
            check(url)
            status, headers, content = self._ask(url)
            if status in (301, 302, 303, 307, 308) and headers.get("location"):
                url = urljoin(url, headers["location"])
                continue
            if status in (404, 410):
                raise GonePageError(f"there is no such page ({status})")
            if status != 200:
                raise IngestError(f"the server answered {status}")
            return WebPage(url, headers.get("content-type", "").partition(";")[0].strip().lower(), content)
        raise IngestError(f"more than {MOST_REDIRECTS} redirects")

    def _check_robots(self, url: str) -> None:
        site = "{0.scheme}://{0.netloc}".format(urlsplit(url))
        if site not in self._robots:
            self._robots[site] = self._read_robots(site)
        robots = self._robots[site]
        if isinstance(robots, IngestError):
            raise IngestError(str(robots))
        if robots is not None and not robots.can_fetch(url, AGENT):
            raise IngestError("robots.txt disallows it")
        pause = self._delay if robots is None else max(self._delay, robots.crawl_delay(AGENT) or 0.0)
        self._wait(site, min(pause, max(LONGEST_DELAY, self._delay)))

    def _read_robots(self, site: str) -> Protego | IngestError | None:
        """Returns the rules; None where all is allowed, and the error where nothing is, for nobody can tell them."""
        from protego import Protego

        try:
            page = self._followed(f"{site}/robots.txt", lambda _: None)
        except GonePageError:
            return None
        except IngestError as error:
            if str(error).startswith("the server answered 4"):
                return None  # RFC 9309, 2.3.1.3
            return IngestError(f"robots.txt can't be had: {error}")  # 2.3.1.4
        return Protego.parse(page.content[: 500 << 10].decode("utf-8", "replace"))

    def _check_allowed(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not self._allowed(parts.hostname or ""):
            place = f"{parts.scheme}://{parts.hostname}"
            raise IngestError(one_line(f"{place} isn't allowed: --allow-host names further hosts"))

    def _wait(self, site: str, pause: float) -> None:
        time.sleep(max(0.0, self._asked.get(site, 0.0) + pause - time.monotonic()))
        self._asked[site] = time.monotonic()

    def _ask(self, url: str) -> tuple[int, Mapping[str, str], bytes]:
        """Returns the status, headers and body of one answer; raises IngestError for no answer, or too long a one."""
        import httpx2

        parts = urlsplit(url)
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
        pinned = httpx2.URL(url).copy_with(host=self._address(host, port), userinfo=b"")
        extensions: dict[str, Any] = {"sni_hostname": host}
        headers = {"host": parts.netloc.rpartition("@")[2], "user-agent": AGENT}
        try:
            with self._client.stream("GET", pinned, headers=headers, extensions=extensions) as answer:
                return answer.status_code, answer.headers, _body(answer)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise IngestError(one_line(f"{host} can't be reached: {error or type(error).__name__}")) from error

    def _address(self, host: str, port: int) -> str:
        """Returns the address of a host; raises IngestError where it has none, or one of its addresses is private."""
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise IngestError(one_line(f"{host} can't be found: {error}")) from error
        addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
        if not self._private and not all(map(is_public, addresses)):
            raise IngestError(one_line(f"{host} has an address in a private network: --allow-private allows that"))
        return addresses[0]


def is_public(address: str) -> bool:
    """Tells whether an IP address is one of the open network, also where it wraps one of another kind."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        if ip in _NAT64:
            return is_public(str(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)))
        wrapped = ip.ipv4_mapped or ip.sixtofour
        if wrapped is not None:
            return is_public(str(wrapped))
        if ip.teredo is not None:
            return False
    return ip.is_global and not ip.is_multicast


def _body(answer: httpx2.Response) -> bytes:
    end = time.monotonic() + WHOLE_SECONDS
    content = bytearray()
    for piece in answer.iter_bytes():
        content += piece
        if len(content) > MOST_BYTES:
            raise IngestError(f"more than {MOST_BYTES >> 20} MB")
        if time.monotonic() > end:
            raise IngestError(f"not there after {WHOLE_SECONDS:g} seconds")
    return bytes(content)
