"""The parts of an OpenDocument file: those of a zip archive, or of one XML file that has all of them."""

from __future__ import annotations

import posixpath
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from passagework.ingest.loaders.archive import begins_with_element, given_title, open_archive, parse_xml, read_member
from passagework.ingest.loaders.base import OcrMode
from passagework.ingest.loaders.opendocument.odf_names import children_named, name_of
from passagework.ingest.loaders.pictures.embedded import EmbeddedPictures, PictureText
from passagework.retrieval.errors import IngestError
from passagework.retrieval.text import one_line
from passagework.retrieval.types import Json

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types

LARGEST_FLAT = 256 << 20
"""Bytes of a file that is one XML file."""
_FIELDS = {
    "creator": "author",
    "initial-creator": "author",
    "subject": "subject",
    "keyword": "keywords",
    "description": "description",
    "language": "language",
    "creation-date": "created",
    "date": "modified",
}


class OdfPackage:
    """A file's content and styles, and notes about what could not be read."""

    def __init__(
        self, archive: zipfile.ZipFile | None, flat: _Element | None = None, *, ocr: OcrMode = OcrMode.NEVER
    ) -> None:
        self._archive = archive
        self._flat = flat
        self.notes: list[str] = []
        self.pictures = EmbeddedPictures(ocr)

    def content(self) -> _Element:
        """The root of the content. Raises IngestError where there is none."""
        root = self._flat if self._archive is None else self._part("content.xml", "the content")
        if root is None or next(children_named(root, "office:body"), None) is None:
            raise IngestError("damaged OpenDocument file: it has no content")
        return root

    def styles(self) -> list[_Element]:
        """The roots that hold styles, the document's own last."""
        if self._archive is None:
            return [self._flat] if self._flat is not None else []
        return [root for root in (self._part("styles.xml", "the styles"), self.content()) if root is not None]

    def embedded(self, reference: str) -> _Element | None:
        """The content of an object that lies in the file: a formula, a chart."""
        if self._archive is None or not reference or ":" in reference:
            return None
        name = posixpath.normpath(posixpath.join(reference.removeprefix("./"), "content.xml"))
        return self._part(name, f"an object ({one_line(name, limit=60)})")

    def picture(self, reference: str) -> PictureText | None:
        """What a picture that lies in the file says; None where that is nothing, or was said before."""
        if self._archive is None or not reference or ":" in reference:
            return None
        try:
            return self.pictures.read(read_member(self._archive, reference.removeprefix("./")))
        except IngestError as error:
            self._note(f"a picture ({one_line(reference, limit=60)}) can't be read: {error}")
            return None

    def properties(self) -> tuple[str, dict[str, Json]]:
        """The title, "" where no one gave one, and the other properties."""
        root = self._flat if self._archive is None else self._part("meta.xml", "the file's properties")
        title, metadata = "", dict[str, Json]()
        for meta in children_named(root, "office:meta") if root is not None else ():
            for element in meta:
                kind = name_of(element).rpartition(":")[2]
                value = " ".join("".join(element.itertext()).split())
                if kind == "title":
                    title = title or value
                elif kind in _FIELDS and value:
                    metadata.setdefault(_FIELDS[kind], value)
        return given_title(title), metadata

    def _part(self, name: str, what: str) -> _Element | None:
        if self._archive is None:
            return None
        try:
            data = read_member(self._archive, name)
            if data and begins_with_element(data):
                return parse_xml(
                    data, lambda words: self._note(f"{what} is damaged and read as far as it goes: {words}")
                )
        except IngestError as error:
            if name == "content.xml":
                raise
            self._note(f"{what} can't be read: {error}")
            return None
        if data is not None:
            self._note(f"{what} can't be read: damaged")
        return None

    def _note(self, line: str) -> None:
        line = one_line(line)
        if line not in self.notes and len(self.notes) < 50:
            self.notes.append(line)


@contextmanager
def open_package(path: Path, ocr: OcrMode = OcrMode.NEVER) -> Iterator[OdfPackage]:
    """The file's parts. Raises IngestError where it is damaged, encrypted or hostile."""
    with path.open("rb") as file:
        packed = file.read(2) == b"PK"
    if not packed:
        with path.open("rb") as file:
            data = file.read(LARGEST_FLAT + 1)
        if len(data) > LARGEST_FLAT:
            raise IngestError(f"of more than {LARGEST_FLAT >> 20} MiB: refused")
        if not begins_with_element(data):
            raise IngestError(f"named {path.suffix} but isn't one")
        yield OdfPackage(None, parse_xml(data))
        return
    with open_archive(path) as archive:
        manifest = (
            read_member(archive, "META-INF/manifest.xml") if "META-INF/manifest.xml" in archive.namelist() else b""
        )
        if manifest and b"encryption-data" in manifest:
            raise IngestError("encrypted: the file opens only with its password")
        yield OdfPackage(archive, ocr=ocr)
