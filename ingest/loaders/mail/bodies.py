"""What a mail says: of alternatives the one that a reader is shown, forwarded mails, and invitations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.message import Message
from io import BytesIO

from passagework.ingest.loaders.data_uris import without_data_uris
from passagework.ingest.loaders.encoding import clean, decode
from passagework.ingest.loaders.html.html_text import render_html
from passagework.ingest.loaders.html.web import codec_for, declared_charset
from passagework.ingest.loaders.mail.flowed_text import unflowed
from passagework.ingest.loaders.mail.invitation import invitation_text
from passagework.ingest.loaders.mail.mail_headers import file_name, header
from passagework.ingest.loaders.parts import Part, joined
from passagework.retrieval.errors import IngestError

MAX_DEPTH = 20
"""Messages within messages."""
_FORWARDED = ("Subject", "From", "Date", "To")
"""Headers of a forwarded mail that stand above its text."""
_WORD = re.compile(r"\w{2,}")
_STUB = re.compile(r"\b(?:html|browser)\b", re.IGNORECASE)


def bodies(message: Message, attachments: list[str]) -> Iterator[Part]:
    """The texts of a mail, in order; the names of everything else go to `attachments`.

    Raises IngestError for mails within mails beyond MAX_DEPTH.
    """
    shown: set[str] = set()  # an invitation comes as a part and as a file
    for part in _bodies(message, attachments, 0):
        if part.text not in shown:
            yield part
        if part.text.startswith(_INVITED):
            shown.add(part.text)


def _bodies(part: Message, attachments: list[str], depth: int) -> Iterator[Part]:
    if depth > MAX_DEPTH:
        raise IngestError(f"mail within mail, more than {MAX_DEPTH} levels deep")
    kind = part.get_content_type()
    payload = part.get_payload()
    name = file_name(part)
    inner = [item for item in payload if isinstance(item, Message)] if isinstance(payload, list) else []
    if kind == "multipart/alternative" and inner:
        yield from _preferred(inner, attachments, depth + 1)
    elif kind.startswith("multipart/") and inner:
        for item in inner:
            yield from _bodies(item, attachments, depth + 1)
    elif kind == "message/rfc822" and inner:
        for item in inner:
            lines = [f"{title}: {value}" for title in _FORWARDED if (value := header(item, title.lower()))]
            yield Part("\n".join(lines))
            yield from _bodies(item, attachments, depth + 1)
    elif kind == "text/calendar":
        text = invitation_text(part_text(part))
        yield Part(f"{_INVITED}{text}" if text else "")
    elif part.get_content_disposition() == "attachment" or (name and not _is_inlinepart_text(part)):
        attachments.append(name or kind)
    else:
        yield from _read(part, kind, attachments)


_INVITED = "Invitation: "


def _read(part: Message, kind: str, attachments: list[str]) -> Iterator[Part]:
    """A part that holds no other parts. A multipart without them is malformed: its source is what there is."""
    if kind == "text/html":
        yield render_html(part_text(part)).body
    elif kind.startswith(("text/plain", "text/markdown", "multipart/")):
        text = part_text(part).strip("\n")
        flowed = str(part.get_param("format") or "").lower() == "flowed"
        delete_space = str(part.get_param("delsp") or "").lower() == "yes"
        yield Part(without_data_uris(unflowed(text, delete_space=delete_space) if flowed else text))
    elif part.get_payload():
        attachments.append(kind)


def _preferred(parts: list[Message], attachments: list[str], depth: int) -> Iterator[Part]:
    """The plain one of the alternatives, if it says what the others say, else the last that does: the richest.

    An invitation is none of them: it is shown beside the text.
    """
    readings = [(part.get_content_type(), joined(_bodies(part, attachments, depth))) for part in parts]
    said = [(kind, body) for kind, body in readings if body.text and kind != "text/calendar"]
    plain = next((body for kind, body in said if kind == "text/plain"), None)
    if said:
        richest = said[-1][1]
        yield richest if plain is None or says_more(richest, plain) else plain
    yield from (body for kind, body in readings if kind == "text/calendar" and body.text)


def says_more(rich: Part, plain: Part) -> bool:
    """Whether a mail's plain text stands in for its rich one, or has lost the columns of its tables."""
    if any(table.columns for table in rich.tables):
        return True
    rich_words, plain_words = (set(_WORD.findall(part.text.casefold())) for part in (rich, plain))
    if 2 * len(rich_words & plain_words) >= len(rich_words):
        return False
    return 2 * len(rich_words) > len(plain_words) or _STUB.search(plain.text) is not None


def _is_inlinepart_text(part: Message) -> bool:
    return part.get_content_disposition() == "inline" and part.get_content_type() in ("text/plain", "text/html")


def part_text(part: Message) -> str:
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
