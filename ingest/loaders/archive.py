"""Zip archives that documents come in: checked before anything inflates, read without obeying them."""

from __future__ import annotations

import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from passagework.retrieval.errors import IngestError
from passagework.retrieval.text import one_line

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types

MAX_MEMBERS = 20_000
MAX_BYTES = 1 << 30
"""Bytes that all members may inflate to."""
MAX_PART = 256 << 20
"""Bytes of one XML part: its tree takes some ten times as many."""
MAX_RATIO = 200
"""Inflated to packed, told of archives above RATIO_FROM; honest office files stay below 50."""
RATIO_FROM = 64 << 20

_XML_SUFFIXES = (".xml", ".rels", ".html", ".htm", ".xhtml", ".opf", ".ncx")
_PROLOG = 4096
LONGEST_PROLOG = 1 << 18
_MISC = rb"(?:\s|<\?.*?\?>|<!--.*?-->)*"
_ROOT = re.compile(_MISC + rb"<[^!?\s]", re.DOTALL)
_DOCUMENT_TYPE = re.compile(_MISC + rb"<!(?:DOCTYPE|ENTITY)", re.DOTALL | re.IGNORECASE)
_DRAWINGS = (".svg", ".html", ".htm")

# What programs write where nobody gave a title.
_NO_TITLE = re.compile(
    r"powerpoint[- ]pr[eä]sentation|presentation ?\d*|slide ?\d*|untitled.*|document ?\d*|unknown|book ?\d*|title|"
    r"word document|microsoft (?:word|powerpoint|excel).*",
    re.IGNORECASE,
)


@contextmanager
def open_archive(path: Path, *, document_types: bool = False) -> Iterator[zipfile.ZipFile]:
    """The archive, after checks that inflate next to nothing.

    `document_types` allows XML parts to declare one, as books do; office files may not (ECMA-376-2, 8.1.4).
    Raises IngestError for a damaged, encrypted or hostile archive.
    """
    with path.open("rb") as file:
        try:
            archive = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
            raise IngestError(f"damaged or truncated zip archive: {one_line(str(error), limit=160)}") from error
        with archive:
            _check(archive)
            if not document_types:
                _refuse_entities(archive)
            yield archive


def _check(archive: zipfile.ZipFile) -> None:
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise IngestError(f"an archive of {len(members)} members, more than {MAX_MEMBERS}: refused")
    inflated = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    if inflated > MAX_BYTES:
        raise IngestError(f"expands to more than {MAX_BYTES >> 20} MiB: refused")
    if inflated > RATIO_FROM and inflated > MAX_RATIO * packed:
        raise IngestError(f"expands to more than {MAX_RATIO} times its size: refused")
    for member in members:
        if member.flag_bits & 1:
            raise IngestError("encrypted: its zip members need a password")
        if member.file_size > MAX_PART and member.filename.lower().endswith(_XML_SUFFIXES):
            raise IngestError(f"a part expands to more than {MAX_PART >> 20} MiB: refused")


def _refuse_entities(archive: zipfile.ZipFile) -> None:
    """An XML part's document type stands before its root; entities declared there can grow without bound.

    Any member may be a part: what it is called, its relations say. Drawings may have a document type. A member that
    can't be read, or is no XML, costs nothing until somebody wants it: see `begins_with_element`.
    """
    for member in archive.infolist():
        name = member.filename.lower()
        try:
            with archive.open(member) as part:
                start = _bare(part.read(_PROLOG))
                if name.endswith(_DRAWINGS) or not (name.endswith((".xml", ".rels")) or start[:1] == b"<"):
                    continue
                if not _ROOT.match(start):
                    start += _bare(part.read(LONGEST_PROLOG))
        except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, ValueError, zlib.error):
            continue
        if _DOCUMENT_TYPE.match(start):
            raise IngestError("its XML declares a document type, as attacks do: refused")


def begins_with_element(data: bytes) -> bool:
    """Whether a part's root can be seen, and with it that no document type, in whatever encoding, stands before it."""
    start = data[: _PROLOG + LONGEST_PROLOG]
    return _ROOT.match(_bare(start)) is not None


def _bare(data: bytes) -> bytes:
    """XML's own characters, whatever the width of the others: without byte order marks, NULs and white space before."""
    return data.replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xfe\xff \t\r\n")


def damaged(path: Path, error: Exception) -> IngestError:
    """The failure to report where a parser gave up: with its words, for they are all there is."""
    words = one_line(f"{type(error).__name__}: {error}", limit=200)
    return IngestError(f"damaged {path.suffix}: {words}")


def parse_xml(data: bytes, damage: Callable[[str], None] | None = None) -> _Element | None:
    """The root of an XML part, mended where it is malformed; None where nothing of it can be read. Nothing is fetched.

    Remarks, which would part a text, are left out. Texts and depths beyond libxml2's own limits are read too, or the
    rest of the part would be missing in silence. `damage` is told what had to be mended. Raises IngestError for a part
    that declares entities of its own.
    """
    if b"<!ENTITY" in data.replace(b"\x00", b""):
        raise IngestError("its XML declares entities, as attacks do: refused")
    from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        recover=True,
        huge_tree=True,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root: _Element | None = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    found = parser.error_log.filter_from_fatals()
    if root is not None and len(found):
        for element in root.iter():
            make_readable(element)
    if damage is not None and root is not None and len(found):
        damage(one_line(f"line {found[0].line}: {found[0].message}"))
    return root


def read_member(archive: zipfile.ZipFile, name: str) -> bytes | None:
    """A member's bytes; None where the archive has none of that name. Raises IngestError where it is damaged."""
    try:
        return archive.read(posixpath.normpath(name))
    except KeyError:
        return None
    except (zlib.error, OSError) as error:
        raise IngestError("damaged zip archive: what a part holds is broken") from error
    except Exception as error:
        if isinstance(error, MemoryError):
            raise
        raise IngestError(f"damaged zip archive: {one_line(str(error), limit=160)}") from error


def make_readable(element: _Element) -> None:
    """Puts U+FFFD for a text, and takes away attributes, that a mended element has though they are no Unicode."""
    for name in ("text", "tail"):
        if not _is_unicode(element, name):
            setattr(element, name, "\ufffd")
    if not _is_unicode(element, "items"):
        element.attrib.clear()


def _is_unicode(element: _Element, name: str) -> bool:
    try:
        said = getattr(element, name)
        if callable(said):
            said()
    except UnicodeDecodeError:
        return False
    return True


def given_title(title: str) -> str:
    """`title`, or "" where it is what a program writes by itself."""
    return "" if _NO_TITLE.fullmatch(title) else title
