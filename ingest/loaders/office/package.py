"""Office files as packages: parts, and the relations that lead from one to another (ECMA-376-2, 6.5)."""

from __future__ import annotations

import posixpath
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from passagework.ingest.loaders.archive import parse_xml, read_member

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types

MAIN = "officeDocument"
"""The kind of the relation from the package to the part that the others hang from."""


_TYPES = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships/",
    "http://purl.oclc.org/ooxml/officeDocument/relationships/",
)
"""What the types of relations begin with that office programs follow, transitional and strict."""


@dataclass(frozen=True, slots=True)
class Relation:
    """Where a part leads: `kind` is the last word of the relation's type, "" of an unknown one, `target` a member."""

    kind: str
    target: str


def relations(archive: zipfile.ZipFile, part: str) -> dict[str, Relation]:
    """A part's relations to others by their ids; those of the package itself for "". Raises IngestError."""
    folder, name = posixpath.split(part)
    root = part_root(archive, posixpath.join(folder, "_rels", f"{name}.rels"))
    found = {}
    for element in root.iterchildren("{*}Relationship") if root is not None else ():
        if str(element.get("TargetMode")) != "External":
            target = posixpath.normpath(posixpath.join("/", folder, str(element.get("Target")))).lstrip("/")
            start, slash, kind = str(element.get("Type")).rpartition("/")
            found[str(element.get("Id"))] = Relation(kind if start + slash in _TYPES else "", target)
    return found


def main_part(archive: zipfile.ZipFile) -> str | None:
    """The part that the others hang from. Raises IngestError."""
    return related(relations(archive, ""), MAIN)


def related(relations_by_id: dict[str, Relation], kind: str) -> str | None:
    """The target of the first relation of a kind."""
    return next((relation.target for relation in relations_by_id.values() if relation.kind == kind), None)


def part_root(archive: zipfile.ZipFile, name: str | None) -> _Element | None:
    """The root of an XML part; None where there is no such part or it is malformed. Raises IngestError."""
    data = read_member(archive, name) if name else None
    return parse_xml(data) if data else None
