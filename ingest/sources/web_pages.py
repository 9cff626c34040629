"""Pages of the web: one by its address, those of a list, or those of a sitemap. No link is followed.

It is the user who names them: nothing that is served to others ingests an address.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit

from passagework.ingest.globs import Globs
from passagework.ingest.loaders.formats import SUFFIXES
from passagework.ingest.scan import FoundFile, Scan, Unread, unsupported
from passagework.ingest.sources.sitemaps import Entry, Sitemap, read_list, read_sitemap
from passagework.ingest.sources.source import LocalCopies
from passagework.ingest.sources.web_client import GonePageError, WebClient, WebPage
from passagework.retrieval.errors import ConfigError, IngestError
from passagework.retrieval.extras import require
from passagework.retrieval.text import one_line
from passagework.retrieval.types import Json

LIST = "urls:"
"""How the address of a file of addresses begins."""
MOST_PAGES = 50_000
MOST_SITEMAPS = 500

_SUFFIX = {"application/pdf": ".pdf", "text/plain": ".txt", "text/markdown": ".md"}
"""Of media types that aren't told by their first bytes; all else is taken for HTML, unless its bytes say otherwise."""


@dataclass(frozen=True, slots=True)
class WebPages:
    """Names a page, a sitemap or a list of pages by its `address`, and says where pages may be asked for.

    That is `https://host/page`, `https://host/sitemap.xml`, or `urls:FILE` for a file of addresses, one a line. Pages
    are asked of the address's own host, or those of the list, and of `allow_hosts`; of addresses in private networks
    only with `allow_private`. Raises ConfigError for another kind of address, or without the extra `web`.
    """

    address: str
    allow_hosts: Sequence[str] = field(default=(), kw_only=True)
    allow_private: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        require("web")
        try:
            if not self.address.startswith(LIST):
                normal_address(self.address)
        except IngestError as error:
            raise ConfigError(str(error)) from error


class WebSource:
    """Gets the pages that one `WebPages` names."""

    def __init__(self, named: WebPages) -> None:
        self.address = named.address
        self._hosts = {host.lower() for host in named.allow_hosts}
        self._private = named.allow_private
        self.uri = ""
        self.gone: frozenset[str] = frozenset()
        self._client: WebClient | None = None
        self._changed: dict[str, str] = {}

    def scan(self, globs: Globs, supported: Callable[[Path], bool], copies: LocalCopies) -> Scan:
        """Gets all pages but those that a sitemap dates; raises IngestError where the list or sitemap can't be had."""
        files: list[FoundFile] = []
        skipped: list[Unread] = []
        failed: list[Unread] = []
        gone: set[str] = set()
        for entry, page in self._pages():
            url = relative = entry.url
            try:
                url = normal_address(entry.url)
                relative = page_path(url)
                if not globs.take_file(relative):
                    continue
                found = self._found(entry, page, copies)
            except GonePageError as error:
                gone.add(url)
                failed.append(Unread(Path(relative), relative, str(error)))
            except IngestError as error:
                failed.append(Unread(Path(relative), relative, str(error), uri=url))
            else:
                if supported(found.path):
                    files.append(found)
                else:
                    skipped.append(Unread(found.path, relative, unsupported(found.path), uri=url))
        self.gone = frozenset(gone)
        return Scan(tuple(files), tuple(skipped), tuple(failed))

    def fetch(self, file: FoundFile) -> None:
        """Gets a page that a sitemap dates, and writes it to its place; others are there."""
        if not file.path.exists():
            _write(file.path, self._web().get(file.uri).content)

    def metadata(self, file: FoundFile, said: Mapping[str, Json]) -> Mapping[str, Json]:  # noqa: ARG002 - an Origin
        """Returns the page's `host`, and where the sitemap says it, when it was last `changed`."""
        changed = self._changed.get(file.uri)
        return {"host": urlsplit(file.uri).hostname or "", **({"changed": changed} if changed else {})}

    def close(self) -> None:
        """Closes the connections."""
        if self._client is not None:
            self._client.close()
            self._client = None

    def _web(self) -> WebClient:
        if self._client is None:
            self._client = WebClient(lambda host: host.lower() in self._hosts, private=self._private)
        return self._client

    def _pages(self) -> Iterator[tuple[Entry, WebPage | None]]:
        """Yields the pages in order, each once; with what came of one that was asked for to see what it is."""
        if self.address.startswith(LIST):
            yield from ((entry, None) for entry in self._list(Path(self.address[len(LIST) :])))
            return
        url = normal_address(self.address)
        self._hosts.add(urlsplit(url).hostname or "")
        try:
            page = self._web().get(url)
        except GonePageError:
            yield Entry(url), None
            return
        except IngestError as error:
            raise IngestError(one_line(f"{url}: {error}")) from error
        sitemap = read_sitemap(page.content)
        if sitemap is None:
            yield Entry(url), page
            return
        yield from ((entry, None) for entry in self._named(url, sitemap))

    def _named(self, url: str, sitemap: Sitemap) -> list[Entry]:
        """Returns the pages of a sitemap, with those of the sitemaps that it names."""
        self.uri = url.rpartition("/")[0]  # a sitemap names pages beneath its own folder, says the protocol
        pages = {entry.url: entry for entry in sitemap.pages}
        waiting, asked = [*sitemap.sitemaps], {url}
        while waiting and len(asked) < MOST_SITEMAPS:
            below = waiting.pop(0).url
            if below in asked:
                continue
            asked.add(below)
            try:
                part = read_sitemap(self._web().get(below).content)
            except IngestError as error:
                raise IngestError(one_line(f"{below}: {error}")) from error
            if part is not None:
                pages.update({entry.url: entry for entry in part.pages})
                waiting += part.sitemaps
        if len(pages) > MOST_PAGES or waiting:
            raise IngestError(
                f"{url} names more than {MOST_PAGES:,} pages, or {MOST_SITEMAPS} sitemaps: name its parts"
            )
        return list(pages.values())

    def _list(self, path: Path) -> list[Entry]:
        try:
            entries = read_list(path.read_text(encoding="utf-8-sig"))
        except (OSError, UnicodeDecodeError) as error:
            raise IngestError(one_line(f"{path} is no list of addresses: {error}")) from error
        self._hosts |= {urlsplit(normal_address(entry.url)).hostname or "" for entry in entries}
        return list({normal_address(entry.url): entry for entry in entries}.values())

    def _found(self, entry: Entry, page: WebPage | None, copies: LocalCopies) -> FoundFile:
        url = normal_address(entry.url)
        relative = page_path(url)
        if entry.changed and page is None:
            self._changed[url] = entry.changed
            place = copies.place(_file_name(url, ""))
            return FoundFile(place, relative, url, Path(self.address), origin=self, digest=f"changed:{entry.changed}")
        page = page or self._web().get(url)
        place = copies.place(_file_name(url, page.media_type))
        _write(place, page.content)
        return FoundFile(place, relative, url, Path(self.address), len(page.content), origin=self)


def _file_name(url: str, media_type: str) -> str:
    """Returns the path of a page with an ending by which loaders know what it is."""
    relative, own = page_path(url), Path(urlsplit(url).path).suffix.lower()
    ending = _SUFFIX.get(media_type, own if own in SUFFIXES else ".html")
    return relative if relative.lower().endswith(ending) else f"{relative}{ending}"


def normal_address(url: str) -> str:
    """Returns an address as documents have it; raises IngestError for what is none of a page."""
    try:
        parts = urlsplit(url.strip())
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise IngestError(one_line(f"{url} is no address of a page: {error}")) from error
    if parts.scheme.lower() not in ("http", "https") or not host or parts.username is not None:
        raise IngestError(one_line(f"{url} is no address of a page: give one such as https://example.org/docs/"))
    name = f"[{host}]" if ":" in host else host
    at = f"{name}:{port}" if port else name
    path = quote(unquote(parts.path), safe="/-._~!$&'()*+,;=:@") if "%2f" not in parts.path.lower() else parts.path
    query = parts.query.replace("/", "%2F")
    return urlunsplit((parts.scheme.lower(), at, path or "/", query, ""))


def page_path(url: str) -> str:
    """Returns the path of a page: what stands behind its host; one that ends in a slash is its `index.html`."""
    parts = urlsplit(url)
    path = parts.path.lstrip("/")
    path = f"{path}index.html" if not path or path.endswith("/") else path
    return f"{path}?{parts.query}" if parts.query else path


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise IngestError(one_line(f"can't be copied: {error.strerror or error}")) from error
