"""What a file really holds, told by its first bytes: suffixes lie.

Magic numbers are those of the formats' specifications, the longer ones only: a text may begin with "BM" or "MZ".
"""

from __future__ import annotations

import mmap
import re
import zipfile
from pathlib import Path

from passagework.ingest.loaders.code_suffixes import script_language
from passagework.ingest.loaders.formats import BINARY, OPEN_DOCUMENT, PICTURES, RECORDINGS, ZIPPED, Format
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
)
_PICTURES = (
    (Format.PNG, b"\x89PNG\r\n\x1a\n", 0),
    (Format.JPEG, b"\xff\xd8\xff", 0),
    (Format.TIFF, b"II*\x00", 0),
    (Format.TIFF, b"MM\x00*", 0),
    (Format.WEBP, b"WEBP", 8),
    (Format.BMP, b"BM", 0),
)
"""Formats of pictures by their magic numbers, and where these stand."""
_RECORDINGS = (
    (Format.MP3, b"ID3", 0),
    (Format.WAV, b"WAVE", 8),
    (Format.AVI, b"AVI ", 8),
    (Format.FLAC, b"fLaC", 0),
    (Format.OGG, b"OggS", 0),
    (Format.MP4, b"ftyp", 4),
    (Format.MKV, b"\x1aE\xdf\xa3", 0),
    (Format.WMA, b"0&\xb2u\x8ef\xcf\x11", 0),
)
"""Containers of sound and films by their magic numbers; MPEG audio without tags has none."""
_ONE_CONTAINER = (
    frozenset({Format.OGG, Format.OPUS}),
    frozenset({Format.MP4, Format.M4A, Format.MOV}),
    frozenset({Format.MKV, Format.WEBM}),
    frozenset({Format.MP3, Format.AAC}),
)
"""Formats that begin alike: the suffix tells them apart."""
_TELLING = ("EncryptedPackage", "WordDocument", "PowerPoint Document", "Workbook", "__substg1.0_")
_MAILBOX = re.compile(rb"From \S+.{0,200}\d\d:\d\d.{0,60}\r?\n[A-Za-z-]+:")
CONVERT = "convert it with LibreOffice, `soffice --headless --convert-to`"
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
    found = (
        _supported(path, head, named) if head.startswith(_ZIP) or b"%PDF-" in head else _text_format(path, head, named)
    )
    if found is not None:
        return found
    if head.startswith(_OLE2):
        return _ole2_format(path, named)
    if (alike := _of_its_kind(head, named)) is not None:
        return alike
    stranger = _stranger(head)
    if stranger:
        raise IngestError(f"named {path.suffix} but holds {stranger}")
    if named is Format.PDF:
        raise IngestError("named .pdf but isn't one: it has no %PDF- header")
    if named in ZIPPED:
        raise IngestError(f"named {path.suffix} but isn't one: it is no zip archive")
    if named in BINARY - RECORDINGS:  # MPEG audio may begin with anything
        raise IngestError(f"named {path.suffix} but isn't one")
    return named


def begins_as_text(path: Path) -> bool:
    """Whether a file begins with text, or as a PDF or a zip archive does; False where it can't be opened."""
    try:
        if not path.is_file():
            return True  # why it can't be read is told when its turn comes
        with path.open("rb") as file:
            head = file.read(HEAD)
    except OSError:
        return True
    if head.startswith((*_ZIP, _OLE2, b"%PDF-", b"\xff\xfe", b"\xfe\xff")):
        return True
    return b"\x00" not in head and _stranger(head) is None


def _text_format(path: Path, head: bytes, named: Format) -> Format | None:
    """What texts prove by how they begin; None where they prove nothing."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"{\\rtf"):
        return Format.RTF
    if named in OPEN_DOCUMENT and start.startswith(b"<"):
        return named  # flat: one XML file
    if named is Format.XLS and (start.startswith(b"<") or b"\x00" not in head):
        # What web applications call .xls is HTML, or a table of tabs.
        return Format.HTML if start.startswith(b"<") else Format.TSV
    if named is Format.TEXT and not path.suffix:
        if _MAILBOX.match(head):
            return Format.MBOX
        if script_language(head.decode("utf-8", "ignore")):
            return Format.CODE
    return None


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
    if mimetype.startswith(b"application/vnd.oasis.opendocument."):
        return _open_document(path, mimetype.decode("ascii", "replace"))
    if "xl/workbook.bin" in names:
        raise IngestError(f"named {path.suffix} but holds a binary workbook (.xlsb): save it as .xlsx")
    if mimetype == b"application/epub+zip" or "META-INF/container.xml" in names:
        return Format.EPUB
    for folder, kind in (("word/", Format.DOCX), ("ppt/", Format.PPTX), ("xl/", Format.XLSX)):
        if any(name.lower().replace("\\", "/").startswith(folder) for name in names):
            return kind
    raise IngestError(f"named {path.suffix} but holds a zip archive")


def _open_document(path: Path, mimetype: str) -> Format:
    known = mimetype.removesuffix("-template").removesuffix("-master").removesuffix("-web")
    found = next((form for form in OPEN_DOCUMENT if form.value == known), None)
    if found is None:
        kind = mimetype.rpartition(".")[2]
        raise IngestError(f"named {path.suffix} but holds an OpenDocument {kind}: export it as a PDF")
    return found


def _of_its_kind(head: bytes, named: Format) -> Format | None:
    """Which picture or recording a file that is named as one begins as; None where that is none."""
    kinds = _PICTURES if named in PICTURES else _RECORDINGS if named in RECORDINGS else ()
    found = next((form for form, magic, at in kinds if head.startswith(magic, at)), None)
    alike = found is not None and any({found, named} <= container for container in _ONE_CONTAINER)
    return named if alike else found


def _stranger(head: bytes) -> str | None:
    for offset, magic, what in _STRANGERS:
        if head.startswith(magic, offset) and (magic not in _NEEDS_NUL or b"\x00" in head):
            return what
    return None


def _ole2_format(path: Path, named: Format) -> Format:
    """An OLE2 container is an Office file before 2007, a mail of Outlook, or the wrapper of an encrypted file.

    Raises IngestError for all that no loader reads.
    """
    names = _ole2_names(path)
    if "EncryptedPackage" in names:
        raise IngestError("encrypted: the file opens only with its password")
    if any(name.startswith("__substg1.0_") for name in names):
        return Format.MSG
    if names & {"Workbook", "Book"}:
        return Format.XLS
    streams = {
        "WordDocument": f"a Word 97-2003 document: {CONVERT} docx",
        "PowerPoint Document": f"a PowerPoint 97-2003 presentation: {CONVERT} pptx",
    }
    office = " of Office before 2007" if named in ZIPPED else ""
    held = next((what for stream, what in streams.items() if stream in names), f"an OLE2 container{office}")
    raise IngestError(f"named {path.suffix} but holds {held}")


def _ole2_names(path: Path) -> set[str]:
    """What lies at the root of an OLE2 container; of a damaged one, what can be told by its bytes."""
    import olefile

    try:
        with path.open("rb") as file, olefile.OleFileIO(file) as container:
            return {entry.name for entry in container.root.kids}
    except (MemoryError, RecursionError):
        raise
    except Exception as error:  # malformed sectors lead to whatever they lead to
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            names = {name for name in _TELLING if data.find(name.encode("utf-16-le")) >= 0}
        if not names:
            raise IngestError(f"damaged OLE2 container: {one_line(str(error), limit=160)}") from error
        return names
