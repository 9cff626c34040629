"""Pages of the web: by address, list or sitemap; only where they may be asked for, and politely."""

from __future__ import annotations

import gzip
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given, strategies as st

pytest.importorskip("protego", reason='pip install "passagework[web]"')

from passagework import Collection
from passagework.ingest import Report, WebPages, ingest
from passagework.ingest.sources import web_client
from passagework.ingest.sources.sitemaps import Entry, read_list, read_sitemap
from passagework.ingest.sources.web_client import WebClient, is_public
from passagework.ingest.sources.web_pages import normal_address, page_path
from passagework.retrieval import ConfigError, IngestError
from passagework.retrieval.roots import root_of
from tests.support.fakes import FakeEncoder
from tests.support.web_site import Site, web_site

BEES = "<title>Bees</title><h1>Bees</h1><p>Bees dance to tell of flowers.</p>"
WASPS = "<title>Wasps</title><h1>Wasps</h1><p>Wasps build paper nests.</p>"


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """Two pages and a text, asked for without a pause."""
    monkeypatch.setattr(WebClient.__init__, "__kwdefaults__", {"private": False, "delay": 0.0})
    with web_site() as made:
        made.put("/docs/bees", BEES)
        made.put("/docs/wasps.html?year=2020", WASPS)
        made.put("/notes", "Moths seek light.", "text/plain")
        yield made


def run(address: str, collection: Path, **options: Any) -> Report:
    """An ingest that may ask this machine."""
    given = {"allow_private": True, **options}
    delete_missing = bool(given.pop("delete_missing", False))
    return ingest(WebPages(address, **given), collection, encoder=FakeEncoder(), delete_missing=delete_missing)


def documents(collection: Path) -> dict[str, tuple[str, str, dict[str, Any]]]:
    """Titles, texts and metadata by URI."""
    with Collection.open(collection, encoder=FakeEncoder()) as opened:
        return {row.uri: (row.title, opened.document(row.id).text, dict(row.metadata)) for row in opened.documents()}


def test_a_list_of_pages(site: Site, tmp_path: Path) -> None:
    """Each by its own address; a page that isn't there fails alone, and goes when that is asked for."""
    pages = [f"{site.address}/{path}" for path in ("docs/bees#dance", "docs/wasps.html?year=2020", "notes", "none")]
    (tmp_path / "list.txt").write_text("# what to read\n\n" + "\n".join(pages) + "\n")
    address = f"urls:{tmp_path / 'list.txt'}"
    report = run(address, tmp_path / "c")
    assert report.added == 3
    assert [(problem.path, problem.reason) for problem in report.failed] == [("none", "there is no such page (404)")]
    found = documents(tmp_path / "c")
    assert {uri: (title, text) for uri, (title, text, _) in found.items()} == {
        f"{site.address}/docs/bees": ("Bees", "Bees\n\nBees dance to tell of flowers."),
        f"{site.address}/docs/wasps.html?year=2020": ("Wasps", "Wasps\n\nWasps build paper nests."),
        f"{site.address}/notes": ("notes", "Moths seek light."),
    }
    assert found[f"{site.address}/notes"][2] == {"host": "127.0.0.1"}
    assert site.agents == {"passagework"}
    del site.pages["/notes"]
    site.put("/docs/bees", BEES.replace("dance", "hum"))
    report = run(address, tmp_path / "c")
    assert (report.updated, report.unchanged, report.gone) == (1, 1, 1)
    assert run(address, tmp_path / "c", delete_missing=True).deleted == 1
    assert len(documents(tmp_path / "c")) == 2


def test_a_sitemap_says_what_changed(site: Site, tmp_path: Path) -> None:
    """Pages that it dates are asked for again when the date is another; those that it no longer names are gone."""
    site.sitemap(("/docs/bees", "2024-05-01"), ("/docs/wasps.html?year=2020", ""))
    address = f"{site.address}/docs/sitemap.xml"
    assert run(address, tmp_path / "c").added == 2
    assert documents(tmp_path / "c")[f"{site.address}/docs/bees"][2] == {"host": "127.0.0.1", "changed": "2024-05-01"}
    site.asked.clear()
    assert run(address, tmp_path / "c").unchanged == 2
    assert site.asked == ["/robots.txt", "/docs/sitemap.xml", "/docs/wasps.html?year=2020"]
    site.put("/docs/bees", BEES.replace("dance", "hum"))
    site.sitemap(("/docs/bees", "2024-06-01"))
    report = run(address, tmp_path / "c")
    assert (report.updated, report.gone) == (1, 1)
    report = run(address, tmp_path / "c", delete_missing=True)
    assert (report.deleted, report.unchanged) == (1, 1)
    assert run(f"{site.address}/notes", tmp_path / "c", delete_missing=True).deleted == 0


def test_robots_are_heeded(site: Site, tmp_path: Path) -> None:
    """A page that they disallow fails with that reason; where they can't be had for the server's fault, all do."""
    site.put("/robots.txt", "User-agent: *\nDisallow: /docs/*?year=\n", "text/plain")
    (tmp_path / "list.txt").write_text(f"{site.address}/docs/bees\n{site.address}/docs/wasps.html?year=2020\n")
    report = run(f"urls:{tmp_path / 'list.txt'}", tmp_path / "c")
    assert (report.added, [problem.reason for problem in report.failed]) == (1, ["robots.txt disallows it"])
    assert "/docs/wasps.html?year=2020" not in site.asked
    site.put("/robots.txt", "", status=503)
    with pytest.raises(IngestError, match=r"robots\.txt can't be had: the server answered 503"):
        run(f"{site.address}/docs/bees", tmp_path / "c")


def test_robots_may_ask_for_a_pause(site: Site, tmp_path: Path) -> None:
    """Between two requests to a host."""
    site.put("/robots.txt", "User-agent: passagework\nCrawl-delay: 0.4\n", "text/plain")
    (tmp_path / "list.txt").write_text(f"{site.address}/docs/bees\n{site.address}/notes\n")
    began = time.monotonic()
    assert run(f"urls:{tmp_path / 'list.txt'}", tmp_path / "c").added == 2
    assert time.monotonic() - began >= 0.4


def test_redirects_lead_no_further_than_hosts_that_are_allowed(site: Site, tmp_path: Path) -> None:
    """Within the host they are followed; elsewhere, and in a circle, they fail."""
    site.put("/here", f"{site.address}/docs/bees", status=302)
    site.put("/away", f"{site.address.replace('127.0.0.1', 'localhost')}/docs/bees", status=302)
    site.put("/round", f"{site.address}/round", status=302)
    site.put("/file", "file:///etc/passwd", status=302)
    assert run(f"{site.address}/here", tmp_path / "c").added == 1
    for path, said in (
        ("away", "http://localhost isn't allowed"),
        ("round", "redirects"),
        ("file", "file://None isn't"),
    ):
        with pytest.raises(IngestError, match=said):
            run(f"{site.address}/{path}", tmp_path / "c")
    assert run(f"{site.address}/away", tmp_path / "d", allow_hosts=["localhost"]).added == 1


def test_private_addresses_are_not_asked(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever name stands for them; not even for robots.txt."""
    with pytest.raises(IngestError, match=r"127\.0\.0\.1 has an address in a private network: --allow-private"):
        ingest(f"{site.address}/docs/bees", tmp_path / "c", encoder=FakeEncoder())
    port = int(site.address.rpartition(":")[2])
    answers = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in ("93.184.216.34", "127.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: answers)
    with pytest.raises(IngestError, match=r"example.org has an address in a private network"):
        ingest(f"http://example.org:{port}/docs/bees", tmp_path / "c", encoder=FakeEncoder())
    assert site.asked == []


def test_the_address_that_was_checked_is_the_one_that_is_asked(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name is looked up once for a request: its second answer can't be another machine. It keeps its Host."""
    port = int(site.address.rpartition(":")[2])
    looked_up: list[str] = []

    def answer(host: str, *_: object, **__: object) -> list[object]:
        looked_up.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host if host[0].isdigit() else "127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    client = WebClient(lambda host: host == "example.org", private=True)
    assert client.get(f"http://example.org:{port}/docs/bees").content.decode() == BEES
    assert [host for host in looked_up if not host[0].isdigit()] == ["example.org"] * 2  # robots.txt, then the page
    client.close()


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("2002:a00:1::1", False),
        ("64:ff9b::a00:1", False),
        ("64:ff9b::5db8:d822", True),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    """Those in no network of one's own, also not wrapped in an address of another kind."""
    assert is_public(address) is public


def test_a_page_that_is_too_long(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not read to its end."""
    monkeypatch.setattr(web_client, "MOST_BYTES", 1 << 20)
    site.put("/long", b"a" * (3 << 20), "text/plain")
    with pytest.raises(IngestError, match="more than"):
        run(f"{site.address}/long", tmp_path / "c")


def test_a_path_is_never_an_address(tmp_path: Path) -> None:
    """What the pages and the service take is one: nobody has them ask for something elsewhere."""
    with pytest.raises(IngestError, match="doesn't exist"):
        ingest(Path("https://example.org/"), tmp_path / "c")


@given(st.lists(st.text(max_size=8), max_size=3), st.text(max_size=8))
def test_addresses_have_one_form(names: list[str], query: str) -> None:
    """Which is its own form; and a page's path ends it, so that what stands before is the site."""
    quoted = "/".join(quote(name, safe="") for name in names if name.strip("/."))
    url = normal_address(f"HTTPS://Example.org/{quoted}{f'?q={quote(query)}' if query else ''}#part")
    assert normal_address(url) == url
    assert root_of(url, page_path(url)) == "https://example.org"


@pytest.mark.parametrize("address", ["https://", "https://user:pw@example.org/", "http://example.org:port/"])
def test_what_is_no_address_is_refused(address: str, tmp_path: Path) -> None:
    """With one line."""
    with pytest.raises(ConfigError, match="is no address of a page"):
        ingest(address, tmp_path / "c")


def test_sitemaps() -> None:
    """Of pages and of sitemaps, packed too; entities are not resolved; what is none is none."""
    index = b'<sitemapindex xmlns="x"><sitemap><loc> https://a/1.xml </loc></sitemap></sitemapindex>'
    found = read_sitemap(gzip.compress(index))
    assert found is not None
    assert (found.sitemaps, found.pages) == ((Entry("https://a/1.xml"),), ())
    entities = (
        b'<!DOCTYPE u [<!ENTITY e SYSTEM "file:///etc/passwd">]><urlset><url><loc>https://a/&e;</loc></url></urlset>'
    )
    found = read_sitemap(entities)
    assert found is not None
    assert [entry.url for entry in found.pages] == ["https://a/"]
    assert read_sitemap(b"<html><p>urlset</p></html>") is None
    with pytest.raises(IngestError, match="damaged"):
        read_sitemap(b"<urlset><url>")
    assert read_list("# a\nhttps://a/#b\n\n https://c/ # d\n") == (Entry("https://a/#b"), Entry("https://c/"))
