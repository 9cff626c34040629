"""What a file really holds, told by its first bytes: suffixes lie.

Magic numbers are those of the formats' specifications, the longer ones only: a text may begin with "BM" or "MZ".
"""

from __future__ import annotations

import mmap
import zipfile
from pathlib import Path

from passagework.ingest.loaders.formats import ZIPPED, Format
from passagework.retrieval.errors import IngestError, NoTextError
from passagework.retrieval.text import one_line

HEAD = 1024
"""Bytes looked at. A PDF's header may stand anywhere within them (ISO 32000-1, annex H, note 13)."""

_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_OLE2 = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_STRANGERS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "a PNG picture"),
    (0, b"\xff\xd8\xff", "a JPEG picture"),
    (0, b"GIF87a", "a GIF picture"),
    (0, b"GIF89a", "a GIF picture"),
    (0, b"II*\x00", "a TIFF picture"),
    (0, b"MM\x00*", "a TIFF picture"),
    (8, b"WEBP", "a WebP picture"),
    (0, b"\x1f\x8b\x08", "a gzip archive"),
    (0, b"BZh", "a bzip2 archive"),
    (0, b"\xfd7zXZ\x00", "an xz archive"),
    (0, b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (0, b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (0, b"Rar!\x1a\x07", "a RAR archive"),
    (257, b"ustar", "a tar archive"),
    (0, b"\x7fELF", "an ELF program"),
    (0, b"\xca\xfe\xba\xbe", "a compiled program"),
    (0, b"\xcf\xfa\xed\xfe", "a compiled program"),
    (0, b"\x00asm", "a WebAssembly program"),
    (0, b"SQLite format 3\x00", "an SQLite database"),
    (0, b"PAR1", "a Parquet table"),
    (0, b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
    (0, b"OggS\x00", "Ogg audio"),
    (0, b"fLaC\x00", "FLAC audio"),
    (8, b"WAVE", "WAV audio"),
    (4, b"ftyp", "an MP4 or HEIF file"),
    (0, b"\x1aE\xdf\xa3", "a Matroska film"),
    (0, b"wOF2", "a font"),
    (0, b"{\\rtf", "RTF text"),
)
# These marks are ordinary letters: they count only where the bytes around them are not text.
_NEEDS_NUL = frozenset({b"BZh", b"WEBP", b"WAVE", b"ftyp", b"PAR1", b"ustar", b"GIF87a", b"GIF89a", b"wOF2"})


def true_format(path: Path, named: Format) -> Format:
    """The format of the file's content: `named`, or another supported one that its first bytes prove.

    Raises IngestError where the file is empty, or holds something that no loader reads.
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
    if not head:
        raise NoTextError("empty file")
    found = _supported(path, head, named) if head.startswith(_ZIP) or b"%PDF-" in head else None
    if found is not None:
        return found
    if head.startswith(_OLE2):
        raise IngestError(_ole2_reason(path, named))
    stranger = _stranger(head)
    if stranger:
        raise IngestError(f"named {path.suffix} but holds {stranger}")
    if named is Format.PDF:
        raise IngestError("named .pdf but isn't one: it has no %PDF- header")
    if named in ZIPPED:
        raise IngestError(f"named {path.suffix} but isn't one: it is no zip archive")
    return named


def _supported(path: Path, head: bytes, named: Format) -> Format | None:
    """PDF, or what the zip archive holds. A text that merely mentions `%PDF-` is no PDF."""
    if head.startswith(_ZIP):
        return _zip_format(path)
    binary = named is Format.PDF or named in ZIPPED or b"\x00" in head
    return Format.PDF if binary or head.startswith(b"%PDF-") else None


def _zip_format(path: Path) -> Format:
    try:
        with path.open("rb") as file, zipfile.ZipFile(file) as archive:
            names = archive.namelist()
            mimetype = b""
            if "mimetype" in names:
                with archive.open("mimetype") as member:
                    mimetype = member.read(100).strip()  # not all of it: nothing has been checked yet
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, EOFError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise IngestError(f"damaged or truncated zip archive: {one_line(str(error), limit=160)}") from error
    if mimetype.startswith(b"application/vnd.oasis.opendocument"):
        raise IngestError(f"named {path.suffix} but holds an OpenDocument file, which can't be read yet")
    if "xl/workbook.bin" in names:
        raise IngestError(f"named {path.suffix} but holds a binary workbook (.xlsb): save it as .xlsx")
    if mimetype == b"application/epub+zip" or "META-INF/container.xml" in names:
        return Format.EPUB
    for folder, kind in (("word/", Format.DOCX), ("ppt/", Format.PPTX), ("xl/", Format.XLSX)):
        if any(name.lower().replace("\\", "/").startswith(folder) for name in names):
            return kind
    raise IngestError(f"named {path.suffix} but holds a zip archive")


def _stranger(head: bytes) -> str | None:
    for offset, magic, what in _STRANGERS:
        if head.startswith(magic, offset) and (magic not in _NEEDS_NUL or b"\x00" in head):
            return what
    return None


def _ole2_reason(path: Path, named: Format) -> str:
    """An OLE2 container is an Office file before 2007, a mail of Outlook, or the wrapper of an encrypted file."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if data.find("EncryptedPackage".encode("utf-16-le")) >= 0:
            return "encrypted: the file opens only with its password"
        streams = {
            "WordDocument": "a Word 97-2003 document: save it as .docx",
            "PowerPoint Document": "a PowerPoint 97-2003 presentation: save it as .pptx",
            "Workbook": "an Excel 97-2003 workbook: save it as .xlsx",
            "__substg1.0_": "an Outlook message: save it as .eml",
        }
        for stream, what in streams.items():
            if data.find(stream.encode("utf-16-le")) >= 0:
                return f"named {path.suffix} but holds {what}"
    office = " of Office before 2007" if named in ZIPPED else ""
    return f"named {path.suffix} but holds an OLE2 container{office}"
