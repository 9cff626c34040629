"""Rich text as messages of Outlook pack it (MS-OXRTFCP)."""

from __future__ import annotations

import struct

from passagework.retrieval.errors import IngestError

MOST = 32 << 20
"""Bytes that a text may inflate to."""

_COMPRESSED, _PLAIN = 0x75465A4C, 0x414C454D
_WINDOW = 4096
_BEGINNING = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript "
    b"\\fdecor MS Sans SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par "
    b"\\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
"""What the window holds before the first byte (MS-OXRTFCP, 2.1.2.1)."""


def inflated_rtf(data: bytes) -> bytes:
    """The text of a packed one, as far as it goes. Raises IngestError where it is packed in an unknown way."""
    if len(data) < 16:
        return b""
    _, size, kind = struct.unpack_from("<III", data)
    if kind == _PLAIN:
        return data[16 : 16 + size]
    if kind != _COMPRESSED:
        raise IngestError("damaged .msg: its rich text is packed in an unknown way")
    return bytes(_inflated(data[16:], min(size, MOST)))


def _inflated(data: bytes, size: int) -> bytearray:
    window = bytearray(_BEGINNING.ljust(_WINDOW, b"\x00"))
    write = len(_BEGINNING)
    out = bytearray()
    at = 0
    while at + 1 < len(data) and len(out) < size:
        control = data[at]
        at += 1
        for bit in range(8):
            piece = data[at : at + 1]
            if control >> bit & 1:
                (reference,) = struct.unpack(">H", data[at : at + 2].ljust(2, b"\x00"))
                read, length = reference >> 4, (reference & 15) + 2
                if read == write:  # the end
                    return out
                at += 1
                for _ in range(length):  # byte by byte: a piece may go on into what it has just written
                    out.append(window[read])
                    window[write] = window[read]
                    read, write = (read + 1) % _WINDOW, (write + 1) % _WINDOW
            else:
                out += piece
                window[write : write + 1] = piece or b"\x00"
                write = (write + 1) % _WINDOW
            at += 1
    return out
