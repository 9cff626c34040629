"""Pictures within documents: what OCR reads in them, each once, however often the document shows it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from io import BytesIO

from passagework.ingest.loaders.base import OcrMode, tell_page
from passagework.ingest.loaders.ocr.installed import WAY_OUT, can_recognise
from passagework.retrieval.errors import IngestError
from passagework.retrieval.text import counted
from passagework.retrieval.types import OcrSpan, Table

_MOST = 500
"""Pictures of one document that are read."""
_LEAST_WIDTH, _LEAST_HEIGHT, _LEAST_PIXELS = 150, 40, 30_000
"""Smaller pictures are icons."""
_LEAST_LETTERS = 4
_LEAST_BYTES = 20_000
"""Where nothing can look into a picture, one of fewer bytes is taken for an icon."""
_MAGIC = (b"\x89PNG", b"\xff\xd8\xff", b"II*\x00", b"MM\x00*", b"RIFF", b"BM", b"GIF8")


@dataclass(frozen=True, slots=True)
class PictureText:
    """What a picture says, with the spans that OCR read and the tables, as offsets in it."""

    text: str
    spans: tuple[OcrSpan, ...]
    tables: tuple[Table, ...]


@dataclass(slots=True)
class EmbeddedPictures:
    """Reads the pictures of one document as `mode` asks; nothing where OCR is not wanted, or can't be had."""

    mode: OcrMode = OcrMode.NEVER
    _seen: set[bytes] = field(default_factory=set)
    _unread: int = 0
    _broken: int = 0

    def read(self, data: bytes | None) -> PictureText | None:
        """What a picture's bytes say; None where that is nothing, or was said before."""
        if self.mode is OcrMode.NEVER or not data or not data.startswith(_MAGIC):
            return None
        digest = hashlib.blake2b(data, digest_size=16).digest()
        if digest in self._seen:
            return None
        self._seen.add(digest)
        if not can_recognise() or len(self._seen) > _MOST:
            self._unread += len(data) >= _LEAST_BYTES
            return None
        tell_page(0, 0)
        try:
            return _read(data)
        except IngestError:
            self._broken += 1
            return None
        finally:
            tell_page(len(self._seen), 0)

    def notes(self) -> list[str]:
        """What to tell about pictures that were not read."""
        notes = []
        if self._broken:
            notes.append(f"{counted(self._broken, 'picture')} can't be read: damaged, or too large")
        if self._unread and can_recognise():
            notes.append(f"only the first {_MOST:,} pictures were read by OCR")
        elif self._unread:
            notes.append(f"{counted(self._unread, 'picture')} not searched: {WAY_OUT}")
        return notes


def _read(data: bytes) -> PictureText | None:
    """Raises IngestError where the picture is damaged or too large."""
    # Imported here, for most office files have no picture to read.
    from passagework.ingest.loaders.ocr.pixels import opened_picture, pixels_of
    from passagework.ingest.loaders.ocr.recogniser import recognise
    from passagework.ingest.loaders.pdf.pdf_hyphens import join_hyphens
    from passagework.ingest.loaders.pdf.pdf_recognised import A4_HEIGHT, ocr_spans, recognised_page

    with opened_picture(BytesIO(data)) as image:
        if image.width < _LEAST_WIDTH or image.height < _LEAST_HEIGHT or image.width * image.height < _LEAST_PIXELS:
            return None
        pixels = pixels_of(image)
    height, width = pixels.shape[:2]
    page = recognised_page(recognise(pixels), width, height, A4_HEIGHT / max(height, width))
    (page,) = join_hyphens([page])
    if sum(character.isalnum() for character in page.text) < _LEAST_LETTERS:
        return None
    return PictureText(page.text, tuple(ocr_spans(page, 0, on_a_page=False)), tuple(page.tables))
