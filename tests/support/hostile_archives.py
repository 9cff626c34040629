"""Office files and books as attackers make them: archives that lie, and XML that grows, loops or reaches out."""

from __future__ import annotations

import io
import re
import struct
import warnings
import zipfile
from collections.abc import Callable, Iterable
from pathlib import Path

from tests.support.office_files import CONTAINER, book, deck, letter, novel

Members = dict[str, bytes]

MAIN = {
    "docx": "word/document.xml",
    "pptx": "ppt/slides/slide1.xml",
    "xlsx": "xl/worksheets/sheet1.xml",
    "epub": "OPS/ch one.xhtml",
}
"""The part of each format that its text comes from."""

PASSWD = "root:x:0:0"
"""What no text may hold: the beginning of a file that entities reach for."""

LAUGHS = (
    '<!DOCTYPE x [<!ENTITY a "haha">'
    + "".join(f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(9))
    + "]>"
)
QUADRATIC = f'<!DOCTYPE x [<!ENTITY j "{"ha" * 50_000}">]>'
OUTSIDE = '<!DOCTYPE x [<!ENTITY j SYSTEM "file:///etc/passwd"><!ENTITY % k SYSTEM "file:///etc/passwd">%k;]>'
DECLARED = {"laughs": (LAUGHS, "&j;"), "quadratic": (QUADRATIC, "&j;" * 5_000), "outside": (OUTSIDE, "&j;")}


def sample(kind: str, folder: Path) -> Members:
    """The members of an ordinary file of a format."""
    folder.mkdir(exist_ok=True, parents=True)
    makers: dict[str, Callable[[Path], Path]] = {"docx": letter, "xlsx": book, "epub": novel}
    path = deck(folder, [("Slide", "Text")]) if kind == "pptx" else makers[kind](folder)
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(members: Iterable[tuple[str, bytes]], *, level: int = 6) -> bytes:
    """An archive of members, whose names may come twice."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile wonders about names that come twice
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
            for name, content in members:
                archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def declaring(members: Members, kind: str, attack: str, *, behind: int = 0, encoding: str = "utf-8") -> Members:
    """The main part with a document type that declares entities, `behind` so many characters, and uses them."""
    declared, used = DECLARED[attack]
    xml = members[MAIN[kind]].decode()
    body = re.sub(r"^\s*(?:<\?xml[^>]*\?>)?\s*(?:<!DOCTYPE[^>]*>)?", "", xml)
    place = {"docx": "</w:t>", "pptx": "</a:t>", "xlsx": "</t>", "epub": "</p>"}[kind]
    text = f"<?xml version='1.0' encoding='{encoding}'?><!--{'-x' * (behind // 2)}-->{declared}"
    return {**members, MAIN[kind]: (text + body.replace(place, used + place, 1)).encode(encoding)}


def lying(data: bytes, name: str, *, size: int) -> bytes:
    """The archive, which says in both its places that a member inflates to `size` bytes."""
    changed, encoded = bytearray(data), name.encode()
    for mark, at_size, at_name in ((b"PK\x03\x04", 22, 30), (b"PK\x01\x02", 24, 46)):
        position = -1
        while (position := data.find(mark, position + 1)) >= 0:
            if data.startswith(encoded, position + at_name):
                changed[position + at_size : position + at_size + 4] = struct.pack("<I", size)
    return bytes(changed)


def overlapping(members: Members, *, times: int, size: int) -> bytes:
    """An archive in which `times` entries share the same deflated bytes (Fifield, «A better zip bomb», 2019)."""
    buffer = io.BytesIO(packed(members.items()))
    with zipfile.ZipFile(buffer, "a", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("word/media/kernel.bin", bytes(size))
        kernel = archive.getinfo("word/media/kernel.bin")
        for number in range(times):
            twin = zipfile.ZipInfo(f"word/media/{number:06}.bin")
            twin.header_offset, twin.CRC, twin.compress_type = kernel.header_offset, kernel.CRC, kernel.compress_type
            twin.compress_size, twin.file_size = kernel.compress_size, kernel.file_size
            archive.filelist.append(twin)
    return buffer.getvalue()


def nested(*, levels: int, size: int) -> bytes:
    """An archive in an archive in an archive, the innermost of zeros."""
    data = packed([("zeros.bin", bytes(size))], level=9)
    for level in range(levels):
        data = packed([(f"{level}-{copy}.zip", data) for copy in range(10)])
    return data


SPREADSHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def sheet(rows: str, *, dimension: str = "A1:A1") -> bytes:
    """A worksheet's XML."""
    return (
        f'<worksheet xmlns="{SPREADSHEET}"><dimension ref="{dimension}"/><sheetData>{rows}</sheetData></worksheet>'
    ).encode()


def endless_book(*, times: int, words: int) -> bytes:
    """A book whose spine names its one chapter again and again."""
    package = (
        '<package xmlns="http://www.idpf.org/2007/opf"><manifest><item id="a" href="a.xhtml"/></manifest>'
        "<spine>" + '<itemref idref="a"/>' * times + "</spine></package>"
    )
    chapter = f"<html><body><p>{'lantern ' * words}</p></body></html>"
    parts = {"META-INF/container.xml": CONTAINER, "OPS/book.opf": package, "OPS/a.xhtml": chapter}
    return packed([("mimetype", b"application/epub+zip"), *((name, text.encode()) for name, text in parts.items())])
