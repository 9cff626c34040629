"""Serves a small web site from this machine, whose pages a test changes, and counts what it is asked."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Site:
    """Answers by path: (status, media type, body); `asked` has every path in order, `agents` who asked."""

    address: str
    pages: dict[str, tuple[int, str, bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)

    def put(
        self, path: str, body: str | bytes, media_type: str = "text/html; charset=utf-8", status: int = 200
    ) -> None:
        """Sets a page."""
        self.pages[path] = (status, media_type, body.encode() if isinstance(body, str) else body)

    def sitemap(self, *pages: tuple[str, str]) -> None:
        """Sets `/docs/sitemap.xml`: paths, each with when it changed."""
        entries = "".join(
            f"<url><loc>{self.address}{path}</loc>{f'<lastmod>{changed}</lastmod>' if changed else ''}</url>"
            for path, changed in pages
        )
        namespace = "http://www.sitemaps.org/schemas/sitemap/0.9"
        self.put(
            "/docs/sitemap.xml", f'<?xml version="1.0"?><urlset xmlns="{namespace}">{entries}</urlset>', "text/xml"
        )


@contextmanager
def web_site() -> Iterator[Site]:
    """A site at an address of this machine; what it has no page for is 404, a status of 302 leads to its body."""
    site = Site("")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            site.asked.append(self.path)
            site.agents.add(self.headers.get("user-agent", ""))
            status, media_type, body = site.pages.get(self.path, (404, "text/plain", b"nothing"))
            self.send_response(status)
            if status == 302:
                self.send_header("Location", body.decode())
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *said: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
