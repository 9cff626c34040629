"""Office files as packages: parts, and the relations that lead from one to another (ECMA-376-2, 6.5).

A part is found by its name in any case. What can't be read of one beside the text becomes a note; it never costs the
file.
"""

from __future__ import annotations

import posixpath
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from passagework.ingest.loaders.archive import begins_with_element, parse_xml, read_member
from passagework.ingest.loaders.base import OcrMode
from passagework.ingest.loaders.encoding import clean
from passagework.ingest.loaders.pictures.embedded import EmbeddedPictures, PictureText
from passagework.retrieval.errors import IngestError
from passagework.retrieval.text import one_line

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types

MAIN = "officeDocument"
"""The kind of the relation from the package to the part that the others hang from."""
MOST_NOTES = 20
"""Notes of a file; what a hostile one breaks a thousand times is said twenty times."""

_TYPES = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships/",
    "http://purl.oclc.org/ooxml/officeDocument/relationships/",
    "http://schemas.microsoft.com/office/2017/10/relationships/",
    "http://schemas.microsoft.com/office/2018/10/relationships/",
)
"""What the types of relations begin with that office programs follow: transitional, strict, and threaded comments."""
_LINKS = ("{http://schemas.openxmlformats.org/officeDocument/2006/relationships}",
          "{http://purl.oclc.org/ooxml/officeDocument/relationships}")  # fmt: skip
"""The namespaces of attributes that name a relation."""


@dataclass(frozen=True, slots=True)
class Relation:
    """Where a part leads: `kind` is the last word of the relation's type, "" of an unknown one, `target` a member."""

    kind: str
    target: str


class Package:
    """An office file's parts, and notes about those that could not be read."""

    def __init__(self, archive: zipfile.ZipFile, ocr: OcrMode = OcrMode.NEVER) -> None:
        self.archive = archive
        self.pictures = EmbeddedPictures(ocr)
        self.notes: list[str] = []
        self._members = {_key(name): name for name in archive.NameToInfo}

    def member(self, name: str | None) -> str | None:
        """The archive's own name of a part; None where it has no such part."""
        if not name:
            return None
        if name in self.archive.NameToInfo:
            return name
        return self._members.get(_key(name)) or self._members.get(_key(unquote(name)))

    def root(self, name: str | None) -> _Element | None:
        """The root of a part, None where there is none or nothing of it can be read. Raises IngestError if damaged."""
        member = self.member(name)
        data = read_member(self.archive, member) if member else None
        if not data:
            return None
        if not begins_with_element(data):
            raise IngestError("damaged: an XML part doesn't begin with an element")
        return parse_xml(
            data, lambda words: self.note(f"the part {member} is damaged and read as far as it goes: {words}")
        )

    def side(self, name: str | None, what: str) -> _Element | None:
        """The root of a part that the file can do without; where it is named but can't be read, a note says so."""
        try:
            root = self.root(name)
        except IngestError as error:
            self.note(f"{what} can't be read: {error}")
            return None
        if root is None and name:
            self.note(f"{what} can't be read: {'damaged' if self.member(name) else 'missing'}")
        return root

    def picture(self, name: str) -> PictureText | None:
        """What the picture of a part says, where it wasn't said before; None where that is nothing."""
        member = self.member(name)
        return self.pictures.read(read_member(self.archive, member)) if member else None

    def note(self, line: str) -> None:
        """Adds a line for the report, once."""
        line = one_line(clean(line), limit=300)
        if line not in self.notes and len(self.notes) < MOST_NOTES:
            self.notes.append(line)

    def relations(self, part: str) -> dict[str, Relation]:
        """A part's relations to others by their ids; those of the package itself for ""."""
        folder, name = posixpath.split(part)
        listed = posixpath.join(folder, "_rels", f"{name}.rels")
        root = self.side(listed, f"what {part or 'the file'} leads to") if self.member(listed) else None
        found = {}
        for element in root.iterchildren("{*}Relationship") if root is not None else ():
            if str(element.get("TargetMode")) != "External":
                target = posixpath.normpath(posixpath.join("/", folder, str(element.get("Target")))).lstrip("/")
                start, slash, kind = str(element.get("Type")).rpartition("/")
                found[str(element.get("Id"))] = Relation(kind if start + slash in _TYPES else "", target)
        return found

    def main(self, usual: str) -> str | None:
        """The part that the others hang from; where nothing leads to it, the one of the usual name."""
        led = related(self.relations(""), MAIN)
        return self.member(led) or self.member(usual)


def related(relations: dict[str, Relation], kind: str) -> str | None:
    """The target of the first relation of a kind."""
    return next((relation.target for relation in relations.values() if relation.kind == kind), None)


def linked(element: _Element, name: str = "id") -> str | None:
    """The id of the relation that an attribute names."""
    return next((str(said) for space in _LINKS if (said := element.get(space + name)) is not None), None)


def _key(name: str) -> str:
    return name.replace("\\", "/").lstrip("/").lower()
