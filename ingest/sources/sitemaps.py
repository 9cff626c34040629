"""Reads sitemaps (sitemaps.org, 0.9) and lists of addresses."""

from __future__ import annotations

import zlib
from dataclasses import dataclass

from lxml import etree  # type: ignore[import-untyped]

from passagework.retrieval.errors import IngestError
from passagework.retrieval.text import one_line

MOST_BYTES = 50 << 20
"""Bytes of a sitemap, unpacked: the protocol allows no more."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A page that a sitemap names, or another sitemap; `changed` is when it last was, "" where that isn't said."""

    url: str
    changed: str = ""


@dataclass(frozen=True, slots=True)
class Sitemap:
    """The pages, and in an index the sitemaps, that one file names."""

    pages: tuple[Entry, ...] = ()
    sitemaps: tuple[Entry, ...] = ()


def read_sitemap(content: bytes) -> Sitemap | None:
    """Returns what a sitemap names; None for what is none. Raises IngestError for one that is damaged or too large."""
    if content.startswith(b"\x1f\x8b"):
        unpacked = zlib.decompressobj(zlib.MAX_WBITS | 16)
        try:
            content = unpacked.decompress(content, MOST_BYTES)
        except zlib.error as error:
            raise IngestError(f"damaged: {error}") from error
        if unpacked.unconsumed_tail:
            raise IngestError(f"a sitemap of more than {MOST_BYTES >> 20} MB")
    if b"<urlset" not in content[:4096] and b"<sitemapindex" not in content[:4096]:
        return None
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        top = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise IngestError(one_line(f"damaged: {error}")) from error
    entries = []
    for child in top.iterchildren("{*}url", "{*}sitemap"):
        url = (child.findtext("{*}loc") or "").strip()
        if url:
            entries.append(Entry(url, (child.findtext("{*}lastmod") or "").strip()))
    index = etree.QName(top).localname == "sitemapindex"
    return Sitemap(sitemaps=tuple(entries)) if index else Sitemap(pages=tuple(entries))


def read_list(text: str) -> tuple[Entry, ...]:
    """Returns the addresses of a list, one a line; what follows a `#` at a line's beginning or a blank is a remark."""
    lines = (line.partition(" #")[0].strip() for line in text.splitlines())
    return tuple(Entry(line) for line in lines if line and not line.startswith("#"))
