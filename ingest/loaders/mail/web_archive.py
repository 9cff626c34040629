"""Web archives of one page (MHTML, RFC 2557): the page itself, without its pictures and styles."""

from __future__ import annotations

from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import Message
from pathlib import Path

from passagework.ingest.loaders.base import LoadOptions, RecordFailure
from passagework.ingest.loaders.formats import Format
from passagework.ingest.loaders.html.html_text import render_html
from passagework.ingest.loaders.html.web import surroundings_notes
from passagework.ingest.loaders.mail.bodies import part_text
from passagework.ingest.loaders.mail.mail import mail_metadata
from passagework.ingest.loaders.mail.mail_headers import header
from passagework.ingest.loaders.text.markdown import first_title
from passagework.retrieval.errors import IngestError, NoTextError
from passagework.retrieval.types import Document, Json


def load_web_archive(path: Path, options: LoadOptions) -> Iterator[Document | RecordFailure]:  # noqa: ARG001 - a Loader
    """One document, titled as its page. Raises IngestError where it holds no page, or one that shows nothing."""
    message = message_from_bytes(path.read_bytes(), policy=policy.compat32)
    part = _page(message)
    if part is None:
        raise IngestError("damaged web archive: it holds no page")
    page = render_html(part_text(part), whole=False)
    if not page.body.text:
        raise NoTextError("no text: the page shows none")
    address = header(message, "snapshot-content-location") or header(part, "content-location")
    metadata: dict[str, Json] = {"address": address} if address else {}
    saved = mail_metadata(message).get("date")
    yield Document(
        text=page.body.text,
        media_type=Format.MHTML.value,
        title=page.title or first_title(page.body.headings) or header(message, "subject"),
        metadata={**metadata, **({"date": saved} if saved else {}), **page.metadata},
        headings=page.body.headings,
        notes=surroundings_notes(page.surroundings),
        hidden=page.body.hidden,
        tables=page.body.tables,
        surroundings=page.surroundings,
    )


def _page(message: Message) -> Message | None:
    """The part that `start` names, or else the first that is HTML."""
    pages = [part for part in message.walk() if part.get_content_type() in ("text/html", "application/xhtml+xml")]
    start = str(message.get_param("start") or "")
    return next((part for part in pages if start and header(part, "content-id") == start), next(iter(pages), None))
