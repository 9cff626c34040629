"""Mail (RFC 5322, MIME): the body as text, the headers as metadata, attachments by their names."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from email import message_from_bytes, policy
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parsedate_to_datetime
from io import BytesIO
from pathlib import Path
from typing import TypeAlias

from passagework.ingest.loaders.base import LoadOptions, RecordFailure
from passagework.ingest.loaders.encoding import clean, decode, detect, encoding_metadata
from passagework.ingest.loaders.formats import Format
from passagework.ingest.loaders.html.html_text import render_html
from passagework.ingest.loaders.html.web import codec_for, declared_charset
from passagework.retrieval.errors import IngestError, NoTextError
from passagework.retrieval.text import composed, one_line
from passagework.retrieval.types import Document, Heading, Hidden, Json

MAX_DEPTH = 20
"""Messages within messages."""

Part: TypeAlias = "tuple[str, tuple[Heading, ...], tuple[Hidden, ...]]"

_ENCRYPTED = frozenset({"multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"})


def load_mail(path: Path, options: LoadOptions) -> Iterator[Document | RecordFailure]:  # noqa: ARG001 - a Loader
    """One document: the plain body, else the HTML one; the subject where there is none.

    Raises IngestError for encrypted mail, and where there is neither body nor subject.
    """
    data = path.read_bytes()
    encoding = detect(BytesIO(data)).name
    if encoding.startswith(("utf-16", "utf-32")):
        # A mail saved by an editor: its parts' charsets speak of the bytes it once had.
        data = decode(BytesIO(data)).text.encode()
    else:
        encoding = "utf-8"
    message = message_from_bytes(data, policy=policy.compat32)
    if message.get_content_type() in _ENCRYPTED and "signed" not in str(message.get_param("smime-type")):
        raise IngestError("encrypted mail")
    subject = header(message, "subject")
    attachments: list[str] = []
    text, headings, hidden = _joined(_bodies(message, attachments, 0))
    if not text:
        text = subject
    if not text:
        raise NoTextError("no text")
    metadata: dict[str, Json] = {**_metadata(message), **encoding_metadata(encoding)}
    notes: tuple[str, ...] = ()
    if attachments:
        metadata["attachments"] = list(attachments)
        notes = (one_line(f"attachments are not searched: {', '.join(attachments)}"),)
    yield Document(
        text=text,
        media_type=Format.EML.value,
        title=subject,
        metadata=metadata,
        headings=headings,
        notes=notes,
        hidden=hidden,
    )


def header(message: Message, name: str) -> str:
    """A header in one line, encoded words decoded; "" where it is missing. Malformed ones come as they stand.

    The policy is compat32, because the newer one parses headers as it reads them and fails on malformed ones.
    """
    raw = next((str(value) for key, value in message.raw_items() if key.lower() == name), "")
    if not raw.isascii():
        data = raw.encode("utf-8", "surrogateescape")
        try:
            raw = data.decode("utf-8")
        except UnicodeDecodeError:
            raw = data.decode("cp1252", "replace")
    try:
        words = str(make_header(decode_header(raw)))
    except (HeaderParseError, LookupError, ValueError, TypeError):
        words = raw
    return " ".join(clean(words).split())


def _bodies(part: Message, attachments: list[str], depth: int) -> Iterator[Part]:
    """The texts to read, in order, with their headings; the names of everything else go to `attachments`."""
    if depth > MAX_DEPTH:
        raise IngestError(f"mail within mail, more than {MAX_DEPTH} levels deep")
    kind = part.get_content_type()
    payload = part.get_payload()
    name = _file_name(part)
    inner = [item for item in payload if isinstance(item, Message)] if isinstance(payload, list) else []
    if kind == "multipart/alternative" and inner:
        yield from _preferred(inner, attachments, depth + 1)
    elif kind.startswith("multipart/") and inner:
        for item in inner:
            yield from _bodies(item, attachments, depth + 1)
    elif part.get_content_disposition() == "attachment" or (name and not _is_inline_text(part)):
        attachments.append(name or kind)
    elif kind == "message/rfc822":
        for item in inner:
            yield f"Subject: {header(item, 'subject')}", (), ()
            yield from _bodies(item, attachments, depth + 1)
    else:
        yield _read(part, kind)


def _read(part: Message, kind: str) -> Part:
    """A part that holds no other parts. A multipart without them is malformed: its source is what there is."""
    if kind == "text/html":
        page = render_html(_text(part))
        return page.text, page.headings, page.hidden
    if kind.startswith(("text/plain", "text/markdown", "multipart/")):
        return _text(part).strip("\n"), (), ()
    return "", (), ()


def _preferred(parts: list[Message], attachments: list[str], depth: int) -> Iterator[Part]:
    """The plain one of the alternatives, if it says anything, else the last that does: the richest."""
    readings = [(part.get_content_type(), list(_bodies(part, attachments, depth))) for part in parts]
    said = [(kind, bodies) for kind, bodies in readings if any(text.strip() for text, _, _ in bodies)]
    plain = [bodies for kind, bodies in said if kind == "text/plain"]
    if said:
        yield from plain[0] if plain else said[-1][1]


def _is_inline_text(part: Message) -> bool:
    return part.get_content_disposition() == "inline" and part.get_content_type() in ("text/plain", "text/html")


def _file_name(part: Message) -> str:
    try:
        name = part.get_filename() or ""
        name = str(make_header(decode_header(name)))
    except (HeaderParseError, LookupError, ValueError, TypeError):
        name = "unnamed"
    return composed(" ".join(clean(name).split()))


def _text(part: Message) -> str:
    """A part's text by its charset; by looking, where it declares none, a wrong one, or one that can't be here."""
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes) or not payload:
        return ""
    if not payload.isascii():
        try:
            return clean(payload.decode("utf-8-sig"))  # what is valid UTF-8 is UTF-8, whatever it claims to be
        except UnicodeDecodeError:
            pass
    charset = str(part.get_content_charset() or "")
    encoded = str(part.get("content-transfer-encoding", "")).strip().lower() in ("base64", "quoted-printable")
    usable = charset not in ("", "us-ascii", "ascii") and (encoded or not charset.startswith(("utf-16", "utf-32")))
    if usable:
        try:
            return clean(payload.decode(codec_for(charset)))
        except (LookupError, ValueError):
            pass  # looked at below, like a part that declares none
    return decode(BytesIO(payload), declared=declared_charset).text


def _joined(bodies: Iterator[Part]) -> Part:
    """The bodies as one text, a blank line between, their headings and hidden text shifted to their places."""
    texts: list[str] = []
    headings: list[Heading] = []
    hidden: list[Hidden] = []
    length = 0
    for text, found, unseen in bodies:
        if not text.strip():
            continue
        start = length + 2 if texts else 0
        texts.append(text)
        headings += [Heading(level=h.level, title=h.title, start=h.start + start, end=h.end + start) for h in found]
        hidden += [Hidden(h.start + start, h.end + start, h.reason) for h in unseen]
        length = start + len(text)
    return "\n\n".join(texts), tuple(headings), tuple(hidden)


def _metadata(message: Message) -> dict[str, Json]:
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
