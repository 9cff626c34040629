"""Mailboxes (mbox, RFC 4155, and mboxrd): each mail a document; those marked as deleted are none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import Message
from pathlib import Path

from passagework.ingest.loaders.base import LoadOptions, RecordFailure
from passagework.ingest.loaders.formats import Format
from passagework.ingest.loaders.mail.mail import message_document
from passagework.ingest.loaders.mail.mail_headers import header
from passagework.retrieval.errors import IngestError, NoTextError
from passagework.retrieval.text import counted
from passagework.retrieval.types import Document

LARGEST = 64 << 20
"""Bytes of one mail; of a longer one the rest, which is attachments, is left out."""

_BEGINS = re.compile(rb"From (?:\S+ .*\d\d:\d\d|\S*\s*$)")
_QUOTED = re.compile(rb">+From ")
_EXPUNGED = 0x0008
"""A flag of Mozilla's: deleted, until the folder is compacted."""


def load_mailbox(path: Path, options: LoadOptions) -> Iterator[Document | RecordFailure]:  # noqa: ARG001 - a Loader
    """One document a mail, `#message=3` its address. Raises IngestError where the file is no mailbox."""
    deleted, number = 0, 0
    held: Document | None = None
    for number, data in enumerate(_messages(path), 1):
        message = message_from_bytes(data, policy=policy.compat32)
        if _is_deleted(message):
            deleted += 1
            continue
        try:
            document = message_document(message)
        except IngestError as error:
            yield RecordFailure(f"message {number}: {error}")
            continue
        if held is not None:
            yield held
        held = replace(document, uri=f"#message={number}", media_type=Format.MBOX.value)
    if held is not None:
        notes = (f"{counted(deleted, 'mail')} marked as deleted: not read",) if deleted else ()
        yield replace(held, notes=(*held.notes, *notes))
    elif number == deleted:
        raise NoTextError("no mail that isn't deleted" if deleted else "no text: it holds no mail")


def _messages(path: Path) -> Iterator[bytes]:
    """The mails as they are between the lines that begin with `From `, one at a time."""
    lines: list[bytes] = []
    size, blank, begun = 0, True, False
    with path.open("rb") as file:
        for line in iter(lambda: file.readline(1 << 20), b""):
            if blank and _BEGINS.match(line[:400]):
                if begun:
                    yield b"".join(lines)
                lines, size, begun = [], 0, True
            elif begun and size < LARGEST:
                lines.append(line[1:] if _QUOTED.match(line) else line)
                size += len(line)
            elif not begun and line.strip():
                raise IngestError("named as a mailbox but isn't one: it doesn't begin with a line `From `")
            blank = not line.strip()
    if begun:
        yield b"".join(lines)


def _is_deleted(message: Message) -> bool:
    mozilla = header(message, "x-mozilla-status")
    flagged = re.fullmatch(r"[0-9A-Fa-f]{1,8}", mozilla)
    return bool(flagged and int(mozilla, 16) & _EXPUNGED) or "D" in header(message, "x-status")
