"""HTML files: the visible text as one document."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from passagework.ingest.loaders.base import LoadOptions, RecordFailure
from passagework.ingest.loaders.encoding import read_text
from passagework.ingest.loaders.formats import Format
from passagework.ingest.loaders.html.html_text import render_html
from passagework.ingest.loaders.text.front_matter import front_matter
from passagework.ingest.loaders.text.markdown import first_title
from passagework.retrieval.errors import NoTextError
from passagework.retrieval.text import counted
from passagework.retrieval.types import Document

_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w:.-]+)", re.IGNORECASE)
_XML_ENCODING = re.compile(rb"\s*<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([\w:.-]+)", re.IGNORECASE)

# What the WHATWG encoding standard reads these labels as, and browsers therefore do.
_ALIASES = {
    "iso-8859-1": "cp1252",
    "latin1": "cp1252",
    "us-ascii": "cp1252",
    "ascii": "cp1252",
    "iso-8859-9": "cp1254",
    "iso-8859-11": "cp874",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "x-gbk": "gb18030",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "big5": "big5hkscs",
}


def load_html(path: Path, options: LoadOptions) -> Iterator[Document | RecordFailure]:  # noqa: ARG001 - a Loader
    """One document, titled by `<title>`, else by its first `h1`. Raises IngestError where nothing is visible."""
    decoded = read_text(path, declared=declared_charset)
    above = front_matter(decoded.text)  # of the programs that make sites of such pages
    fields = dict(above.fields)
    page = render_html(decoded.text[above.end :], whole=False)
    body = page.body
    if not body.text:
        raise NoTextError("no text: the page shows none")
    title = fields.pop("title", None)
    yield Document(
        text=body.text,
        media_type=Format.HTML.value,
        title=page.title or (title if isinstance(title, str) else "") or first_title(body.headings),
        metadata={**fields, **page.metadata, **decoded.metadata},
        headings=body.headings,
        notes=(*decoded.notes, *above.notes, *surroundings_notes(page.surroundings)),
        hidden=body.hidden,
        tables=body.tables,
        surroundings=page.surroundings,
    )


def surroundings_notes(text: str) -> tuple[str, ...]:
    """What a report says of the text around a page's content; nothing where there was none."""
    if not text:
        return ()
    return (f"{counted(len(text), 'character')} around its content (navigation, header, footer) are not searched",)


def declared_charset(head: bytes) -> str | None:
    """The encoding named by the XML declaration or a meta element, as a Python codec's name."""
    match = _XML_ENCODING.match(head) or _CHARSET.search(head)
    if match is None:
        return None
    return codec_for(match[1].decode("ascii", "replace"))


def codec_for(label: str) -> str:
    """The codec that browsers use for a charset label: ISO-8859-1 is read as Windows-1252."""
    label = label.strip().lower()
    return _ALIASES.get(label, label)
