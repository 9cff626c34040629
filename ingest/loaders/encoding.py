"""Bytes to text: which encoding, found by looking; then text that offsets can be counted in.

The order: byte order mark, the NUL pattern of UTF-16 and UTF-32, strict UTF-8, what the file declares of itself,
then a guess among the older encodings. Everything streams: a file is never held as bytes.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeAlias

from passagework.retrieval.errors import IngestError, NoTextError
from passagework.retrieval.text import storable
from passagework.retrieval.types import Json

FEW_CONTROLS = 4
"""Fewer control characters make no binary file: short texts have strays."""
BLOCK = 1 << 20
SAMPLE = 1 << 16

Declared: TypeAlias = Callable[[bytes], "str | None"]
"""Finds the encoding that a format declares in its first bytes (HTML, XML), asked only where UTF-8 fails."""

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16: its mark begins with that of UTF-16-LE
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_CONTROLS = bytes(range(9)) + bytes(range(14, 27)) + bytes(range(28, 32)) + b"\x7f"
_CONTROL = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f]")
_UTF8_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")


@dataclass(frozen=True, slots=True)
class Encoding:
    """A Python codec's name, how many bytes of byte order mark precede the text, and whether all bytes fit it."""

    name: str
    mark: int = 0
    proven: bool = False


@dataclass(frozen=True, slots=True)
class Decoded:
    """A file's text, cleaned, with what the report and the metadata should say about its encoding."""

    text: str
    encoding: str
    notes: tuple[str, ...] = ()

    @property
    def metadata(self) -> dict[str, Json]:
        """`{"encoding": name}` where it isn't UTF-8."""
        return encoding_metadata(self.encoding)


def encoding_metadata(name: str) -> dict[str, Json]:
    """`{"encoding": name}` where it isn't UTF-8, else nothing."""
    return {} if name == "utf-8" else {"encoding": name}


def clean(text: str) -> str:
    """`text` with LF line ends, and U+FFFD for NUL and for lone surrogates. Before any offset is counted."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if text.isascii() and "\x00" not in text else storable(text)


def read_text(path: Path, *, declared: Declared | None = None) -> Decoded:
    """The file's text, cleaned, without its byte order mark.

    Raises IngestError for an empty file, for one of white space alone, and for bytes that are not text.
    """
    with path.open("rb") as file:
        decoded = decode(file, declared=declared)
    if not decoded.text or decoded.text.isspace():
        raise NoTextError("no text" if decoded.text else "empty file")
    return decoded


def decode(stream: BinaryIO, *, declared: Declared | None = None) -> Decoded:
    """All of a seekable stream as cleaned text. Raises IngestError for bytes that are not text."""
    encoding = detect(stream, declared=declared)
    stream.seek(encoding.mark)
    parts = list(_decoded(stream, encoding.name, "replace"))
    lost = 0 if encoding.proven else sum(part.count("\ufffd") for part in parts)
    # NUL becomes U+FFFD too, and is no fault of the encoding: it is replaced after the count.
    text = "".join(part.replace("\x00", "\ufffd") if "\x00" in part else part for part in parts)
    parts.clear()
    notes = (f"{lost} characters are not valid {encoding.name}: U+FFFD stands for them",) if lost else ()
    return Decoded(text=text, encoding=encoding.name, notes=notes)


def detect_file(path: Path) -> Encoding:
    """As `detect`, of a file."""
    with path.open("rb") as file:
        return detect(file)


def detect(stream: BinaryIO, *, declared: Declared | None = None) -> Encoding:
    """The encoding of a seekable stream. Raises IngestError for bytes that are not text.

    Reads all of it once, to be sure that UTF-8 is UTF-8 to the end; holds no more than a block.
    """
    stream.seek(0)
    head = stream.read(SAMPLE)
    for mark, name in _BOMS:
        if head.startswith(mark):
            return Encoding(name, len(mark))
    wide = _wide(head, share=0.3)
    if wide:
        _refuse_numbers(head.decode(wide, "ignore"))
        return Encoding(wide)
    bad = _first_bad_block(stream)
    if bad is None:
        if _control_share(head) > 0.2:  # valid UTF-8, but mostly NULs and the like
            raise IngestError("binary: not text")
        return Encoding("iso2022_jp") if _is_iso_2022(head) else Encoding("utf-8", proven=True)
    return Encoding(_not_utf8(head, bad, declared))


@contextmanager
def open_text(path: Path, encoding: Encoding, *, newline: str, errors: str = "replace") -> Iterator[io.TextIOWrapper]:
    """The file for reading by lines, past its byte order mark; `newline` as for `open`."""
    with path.open("rb") as file:
        file.seek(encoding.mark)
        with io.TextIOWrapper(file, encoding.name, errors, newline=newline) as text:
            yield text


def _not_utf8(head: bytes, bad: bytes, declared: Declared | None) -> str:
    wide = _wide(head, share=0.005)
    if wide and head.count(0) > 1 and _decodes(head, wide):  # one NUL is a stray
        return wide
    if _is_binary(head) or _is_binary(bad):
        raise IngestError("binary: not text")
    name = declared(head) if declared else None
    if name and not name.startswith(("utf-16", "utf-32")) and _known(name):  # those could not declare it in ASCII
        return codecs.lookup(name).name
    # Many good sequences and few bad bytes: damaged UTF-8, not some other encoding.
    good = sum(len(match.group()) for match in _UTF8_SEQUENCE.finditer(bad))
    high = len(bad) - len(bad.translate(None, bytes(range(128, 256))))
    if good and good >= 0.9 * high:
        return "utf-8"
    from passagework.ingest.loaders.legacy import guess_legacy

    return guess_legacy(head + bad if head != bad[:SAMPLE] else bad)


def _first_bad_block(stream: BinaryIO) -> bytes | None:
    """The first block that isn't UTF-8; None where all is."""
    stream.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")("strict")
    while True:
        block = stream.read(BLOCK)
        pending = decoder.getstate()[0]
        try:
            decoder.decode(block, final=not block)
        except UnicodeDecodeError:
            return pending + block
        if not block:
            return None


def _decoded(stream: BinaryIO, encoding: str, errors: str) -> Iterator[str]:
    """The rest of the stream by blocks, line ends made LF across block borders."""
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(encoding)(errors), translate=True)
    while True:
        block = stream.read(BLOCK)
        part = decoder.decode(block, final=not block)
        if part:
            yield part
        if not block:
            return


def _wide(head: bytes, *, share: float) -> str | None:
    """UTF-16 or UTF-32 by where its NULs stand, at least `share` of the units having one; None where neither."""
    units = len(head) // 4
    if units == 0 or b"\x00" not in head:
        return None
    first, second, third, fourth = (head[k : units * 4 : 4].count(0) for k in range(4))
    if min(third, fourth) == units and first + second < 2 * units:
        return "utf-32-le"
    if min(first, second) == units and third + fourth < 2 * units:
        return "utf-32-be"
    even, odd = first + third, second + fourth
    if odd >= share * 2 * units and even * 20 <= odd:
        return "utf-16-le"
    if even >= share * 2 * units and odd * 20 <= even:
        return "utf-16-be"
    return None


def _refuse_numbers(text: str) -> None:
    """Small 16-bit numbers have NULs where UTF-16 has them, and read as control characters."""
    if len(_CONTROL.findall(text)) > 0.1 * len(text):
        raise IngestError("binary: not text")


def _is_binary(data: bytes) -> bool:
    """Whether control characters are more than a few strays in a text that is no UTF-8."""
    return _control_share(data) > 0.02 and len(data) - len(data.translate(None, _CONTROLS)) >= FEW_CONTROLS


def _control_share(data: bytes) -> float:
    return 1 - len(data.translate(None, _CONTROLS)) / len(data) if data else 0.0


def _is_iso_2022(head: bytes) -> bool:
    return (b"\x1b$B" in head or b"\x1b$@" in head) and _decodes(head, "iso2022_jp")


def _decodes(data: bytes, name: str) -> bool:
    try:
        codecs.getincrementaldecoder(name)("strict").decode(data)
    except UnicodeDecodeError:
        return False
    return True


def _known(name: str) -> bool:
    """Whether Python has this as a text encoding: `hex` and `zip` are codecs too."""
    try:
        return isinstance("".encode(name), bytes) and bool(b" ".decode(name))
    except (LookupError, UnicodeError, ValueError, TypeError):
        return False
