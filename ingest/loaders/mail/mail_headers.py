"""The headers of mails and of their parts, decoded."""

from __future__ import annotations

from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message

from passagework.ingest.loaders.encoding import clean
from passagework.retrieval.text import composed


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


def file_name(part: Message) -> str:
    """The name that a part is to be saved under; "" where it has none."""
    try:
        name = part.get_filename() or ""
        name = str(make_header(decode_header(name)))
    except (HeaderParseError, LookupError, ValueError, TypeError):
        name = "unnamed"
    return composed(" ".join(clean(name).split()))
