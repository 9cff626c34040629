"""Messages of Outlook (.msg: MS-OXMSG): body, headers as metadata, attachments by their names, attached messages."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from passagework.ingest.loaders.archive import damaged
from passagework.ingest.loaders.base import LoadOptions, RecordFailure
from passagework.ingest.loaders.data_uris import without_data_uris
from passagework.ingest.loaders.encoding import clean, decode
from passagework.ingest.loaders.formats import Format
from passagework.ingest.loaders.html.html_text import render_html
from passagework.ingest.loaders.html.web import declared_charset
from passagework.ingest.loaders.mail.bodies import MAX_DEPTH, says_more
from passagework.ingest.loaders.mail.compressed_rtf import inflated_rtf
from passagework.ingest.loaders.mail.mail import attachments_note
from passagework.ingest.loaders.parts import Part, joined
from passagework.ingest.loaders.rtf.rtf import rtf_part
from passagework.retrieval.errors import IngestError, NoTextError
from passagework.retrieval.types import Document, Json

if TYPE_CHECKING:
    from olefile import OleFileIO

LARGEST = 64 << 20
"""Bytes of one property of a message."""

_PREFIX = "__substg1.0_"
_UNICODE, _BYTES, _BINARY = "001F", "001E", "0102"
_SUBJECT, _BODY, _HTML, _RTF = "0037", "1000", "1013", "1009"
_METADATA = {"to": "0E04", "cc": "0E03", "message_id": "1035"}
_SENT, _CODE_PAGE, _INTERNET_CODE_PAGE = 0x00390040, 0x3FFD0003, 0x3FDE0003
_EPOCH = datetime(1601, 1, 1, tzinfo=timezone.utc)


def load_outlook(path: Path, options: LoadOptions) -> Iterator[Document | RecordFailure]:  # noqa: ARG001 - a Loader
    """One document. Raises IngestError where the file is damaged, or says nothing."""
    import olefile

    try:
        with path.open("rb") as file, olefile.OleFileIO(file) as container:
            yield _Reader(container).document()
    except (IngestError, MemoryError, RecursionError):
        raise
    except Exception as error:  # malformed sectors lead to whatever they lead to
        raise damaged(path, error) from error


class _Reader:
    """Reads the message of a container, and those that are attached to it."""

    def __init__(self, container: OleFileIO) -> None:
        self._container = container
        self._streams = {"/".join(names): names for names in container.listdir(streams=True, storages=False)}

    def document(self) -> Document:
        """The message as a document."""
        attachments: list[str] = []
        subject = " ".join(self._string("", _SUBJECT).split())
        body = joined(self._bodies("", attachments, 0))
        text = body.text or subject
        if not text:
            raise NoTextError("no text")
        metadata = self._headers("")
        if attachments:
            metadata["attachments"] = list(attachments)
        return Document(
            text=text,
            media_type=Format.MSG.value,
            title=subject,
            metadata=metadata,
            headings=body.headings,
            notes=(attachments_note(attachments),) if attachments else (),
            hidden=body.hidden,
            tables=body.tables,
        )

    def _bodies(self, folder: str, attachments: list[str], depth: int) -> Iterator[Part]:
        """The body of the message in a storage, and what the messages attached to it say."""
        if depth > MAX_DEPTH:
            raise IngestError(f"mail within mail, more than {MAX_DEPTH} levels deep")
        yield self._body(folder)
        storages = {name[len(folder) :].partition("/")[0] for name in self._streams if name.startswith(folder)}
        for storage in sorted(name for name in storages if name.startswith("__attach_version1.0_")):
            inner = f"{folder}{storage}/{_PREFIX}3701000D/"
            if any(name.startswith(inner) for name in self._streams):
                headers = {"Subject": self._string(inner, _SUBJECT), "From": self._sender(inner)}
                yield Part("\n".join(f"{title}: {value}" for title, value in headers.items() if value))
                yield from self._bodies(inner, attachments, depth + 1)
            else:
                place = f"{folder}{storage}/"
                name = self._string(place, "3707") or self._string(place, "3704") or self._string(place, "3001")
                attachments.append(" ".join(name.split()) or "unnamed")

    def _body(self, folder: str) -> Part:
        """The plain text, if it says what the richer one says."""
        plain = Part(without_data_uris(self._string(folder, _BODY).strip("\n")))
        rich = Part("")
        if page := self._html(folder):
            rich = render_html(page).body
        elif not plain.text and (packed := self._stream(folder, _RTF, _BINARY)):
            rich = rtf_part(inflated_rtf(packed))
        return rich if rich.text and (not plain.text or says_more(rich, plain)) else plain

    def _html(self, folder: str) -> str:
        data = self._stream(folder, _HTML, _BINARY)
        return decode(BytesIO(data), declared=declared_charset).text if data else self._string(folder, _HTML)

    def _headers(self, folder: str) -> dict[str, Json]:
        headers: dict[str, Json] = {"from": self._sender(folder)}
        headers |= {key: " ".join(self._string(folder, tag).split()) for key, tag in _METADATA.items()}
        ticks = self._numbers(folder).get(_SENT, 0)
        if 0 < ticks < 1 << 61:
            headers["date"] = (_EPOCH + timedelta(microseconds=ticks // 10)).isoformat(timespec="seconds")
        return {key: value for key, value in headers.items() if value}

    def _sender(self, folder: str) -> str:
        name, address = self._string(folder, "0C1A"), self._string(folder, "5D01") or self._string(folder, "0C1F")
        address = address if "@" in address else ""
        return " ".join(f"{name} <{address}>".split()) if name and address and name != address else name or address

    def _numbers(self, folder: str) -> dict[int, int]:
        """The properties of a fixed size, as whole numbers (MS-OXMSG, 2.4)."""
        data = self._read(f"{folder}__properties_version1.0")
        header = 32 if not folder else 24
        entries = struct.iter_unpack("<IIq", data[header : header + (len(data) - header) // 16 * 16])
        return {tag: value for tag, _, value in entries}

    def _string(self, folder: str, tag: str) -> str:
        wide = self._stream(folder, tag, _UNICODE)
        if wide:
            return clean(wide.decode("utf-16-le", "replace").rstrip("\x00"))
        data = self._stream(folder, tag, _BYTES)
        return clean(data.rstrip(b"\x00").decode(self._codec(folder), "replace")) if data else ""

    def _codec(self, folder: str) -> str:
        numbers = self._numbers(folder)
        page = (numbers.get(_CODE_PAGE) or numbers.get(_INTERNET_CODE_PAGE, 0)) & 0xFFFFFFFF
        name = {65001: "utf-8", 20127: "cp1252", 28591: "cp1252", 932: "cp932"}.get(page, f"cp{page}")
        try:
            "".encode(name)
        except LookupError:
            return "cp1252"
        return name

    def _stream(self, folder: str, tag: str, kind: str) -> bytes:
        return self._read(f"{folder}{_PREFIX}{tag}{kind}")

    def _read(self, name: str) -> bytes:
        if name not in self._streams:
            return b""
        with self._container.openstream(self._streams[name]) as stream:
            data: bytes = stream.read(LARGEST)
        return data
