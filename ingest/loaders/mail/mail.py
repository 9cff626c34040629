"""Mail (RFC 5322, MIME): the body as text, the headers as metadata, attachments by their names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from email import message_from_bytes, policy
from email.message import Message
from email.utils import parsedate_to_datetime
from io import BytesIO
from pathlib import Path

from passagework.ingest.loaders.base import LoadOptions, RecordFailure
from passagework.ingest.loaders.encoding import decode, detect, encoding_metadata
from passagework.ingest.loaders.formats import Format, named_format
from passagework.ingest.loaders.mail.bodies import bodies
from passagework.ingest.loaders.mail.mail_headers import header
from passagework.ingest.loaders.parts import joined
from passagework.retrieval.errors import IngestError, NoTextError
from passagework.retrieval.text import one_line
from passagework.retrieval.types import Document, Json

_TRASHED = re.compile(r":2,[A-Za-z]*T[A-Za-z]*$")
"""Flags at the end of a file's name in a Maildir (https://cr.yp.to/proto/maildir.html)."""
_ENCRYPTED = frozenset({"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"})


def load_mail(path: Path, options: LoadOptions) -> Iterator[Document | RecordFailure]:  # noqa: ARG001 - a Loader
    """One document: the body, plain or from HTML, what is forwarded in it, and invitations; else the subject.

    Raises IngestError for encrypted mail, and where there is neither body nor subject.
    """
    if _TRASHED.search(path.name):
        raise NoTextError("deleted: its Maildir flags say so")
    yield mail_document(path.read_bytes())


def mail_document(data: bytes) -> Document:
    """One mail as a document. Raises IngestError where it is encrypted, or has neither body nor subject."""
    encoding = detect(BytesIO(data)).name
    if encoding.startswith(("utf-16", "utf-32")):
        # A mail saved by an editor: its parts' charsets speak of the bytes it once had.
        data = decode(BytesIO(data)).text.encode()
    else:
        encoding = "utf-8"
    return message_document(message_from_bytes(data, policy=policy.compat32), encoding)


def message_document(message: Message, encoding: str = "utf-8") -> Document:
    """As `mail_document`, of a mail whose headers and parts are known."""
    if message.get_content_type() in _ENCRYPTED and "signed" not in str(message.get_param("smime-type")):
        raise IngestError("encrypted mail")
    subject = header(message, "subject")
    attachments: list[str] = []
    body = joined(bodies(message, attachments))
    text = body.text or subject
    if not text:
        raise NoTextError("no text")
    metadata: dict[str, Json] = {**mail_metadata(message), **encoding_metadata(encoding)}
    notes: tuple[str, ...] = ()
    if attachments:
        metadata["attachments"] = list(attachments)
        notes = (attachments_note(attachments),)
    return Document(
        text=text,
        media_type=Format.EML.value,
        title=subject,
        metadata=metadata,
        headings=body.headings,
        notes=notes,
        hidden=body.hidden,
        tables=body.tables,
    )


def mail_metadata(message: Message) -> dict[str, Json]:
    """`from`, `to`, `cc`, `message_id`, and `date` in ISO form, each where the mail has it."""
    metadata: dict[str, Json] = {}
    for key, name in (("from", "from"), ("to", "to"), ("cc", "cc"), ("message_id", "message-id")):
        value = header(message, name)
        if value:
            metadata[key] = value
    date = _date(header(message, "date"))
    if date:
        metadata["date"] = date
    return metadata


def _date(value: str) -> str:
    """The date in ISO form, in the sender's zone; "" where it is none."""
    try:
        return parsedate_to_datetime(value).isoformat()
    except (ValueError, TypeError, IndexError, OverflowError):
        pass  # not of RFC 5322; some senders write ISO 8601
    try:
        return datetime.fromisoformat(value.replace("Z", "+00:00")).isoformat() if value else ""
    except ValueError:
        return ""


def attachments_note(names: list[str]) -> str:
    """What stays unread, and which of it could be read as a file of its own."""
    readable = [name for name in names if Path(name).suffix and named_format(Path(name)) is not None]
    more = f" (saved as files, these can be: {', '.join(readable)})" if readable else ""
    return one_line(f"attachments are not searched: {', '.join(names)}{more}")
