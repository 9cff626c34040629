"""Draws a page of a PDF or of a picture file, with a passage's boxes, in a process of its own: hostile files crash it.

The child reads one request in JSON from its standard input, and answers with one line of JSON and the picture. It is
confined as parsers are, once it has the file's bytes.
"""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from passagework.ingest.confinement import confine
from passagework.ingest.confinement.child_process import child_command, child_environment
from passagework.retrieval.errors import IngestError, PassageworkError

if TYPE_CHECKING:
    from PIL.Image import Image

SECONDS = 60.0
"""The time for one page, the child's start included, on a busy machine."""

MEMORY = 4 << 30
"""Bytes of address space that the child may take."""

PDF = "application/pdf"
LONGEST_SIDE = 1600
"""Pixels of a picture; more than a page has on most screens."""

Share = tuple[float, float, float, float]
"""Left, top, width and height of a box, 0 to 1 of the picture."""


@dataclass(frozen=True, slots=True)
class PagePicture:
    """A page in PNG; the passage's `boxes`; `exact` where the page reads as it did, `missing` characters not shown.

    `unchanged` tells whether the file is the one that was ingested.
    """

    png: bytes
    boxes: tuple[Share, ...]
    exact: bool
    missing: int
    unchanged: bool


def draw_page(
    path: Path, sha256: str, *, media_type: str = PDF, number: int, text: str, start: int, end: int
) -> PagePicture:
    """Returns the picture of page `number` (from 1), on which `text` was read and `[start, end)` of it is marked.

    `sha256` is that of the file as it was ingested. Raises PassageworkError where there is no picture of it.
    """
    if not path.is_file():
        raise PassageworkError(f"{path} is gone since it was ingested: there is no picture of the page")
    place = {"number": number, "text": text, "start": start, "end": end}
    request = {"path": str(path), "sha256": sha256, "media_type": media_type, **place}
    try:
        completed = subprocess.run(  # noqa: S603 - this interpreter, this module
            child_command("passagework.ui.sources.page_drawing"),
            input=json.dumps(request).encode(),
            capture_output=True,
            env=child_environment(),
            timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise PassageworkError(f"the page takes longer than {SECONDS:g} s to draw") from error
    except OSError as error:
        raise PassageworkError(f"the page can't be drawn: {error.strerror or error}") from error
    head, _, png = completed.stdout.partition(b"\n")
    if completed.returncode != 0 or not head:
        raise PassageworkError("the page can't be drawn: the file is damaged")
    answer = json.loads(head)
    if "problem" in answer:
        raise PassageworkError(answer["problem"])
    boxes = tuple(tuple(box) for box in answer["boxes"])
    return PagePicture(png, boxes, answer["exact"], answer["missing"], answer["unchanged"])


def main() -> None:
    """Draws one page in the child process, and ends."""
    _limit_memory()
    request = json.load(sys.stdin)
    answer: dict[str, object]
    try:
        data = Path(str(request["path"])).read_bytes()
    except OSError as error:
        answer, png = {"problem": f"{request['path']} can't be read: {error.strerror}"}, b""
    else:
        confine()
        answer, png = (_draw if request["media_type"] == PDF else _draw_picture)(data, request)
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + png)


def _limit_memory() -> None:
    """Has allocations beyond MEMORY fail, where the system can limit address space: Windows and macOS can't."""
    if sys.platform != "win32":
        import resource

        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        most = MEMORY if hard == resource.RLIM_INFINITY else min(MEMORY, hard)
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _draw(data: bytes, request: dict[str, object]) -> tuple[dict[str, object], bytes]:
    from pypdfium2 import PdfDocument, PdfiumError

    from passagework.ingest.loaders.pdf.highlights import highlight, on_display
    from passagework.ingest.loaders.pdf.pdf_annotations import with_forms

    number = int(str(request["number"]))
    try:
        with closing(with_forms(PdfDocument(data))) as pdf:
            if number > len(pdf):
                return {"problem": f"the file has only {len(pdf)} pages now"}, b""
            with closing(pdf[number - 1]) as page, closing(page.get_textpage()) as text:
                span = int(str(request["start"])), int(str(request["end"]))
                highlighted = highlight(text, str(request["text"]), *span)
                boxes: Sequence[Share] = [on_display(page, box) for box in highlighted.boxes]
                scale = min(2.0, LONGEST_SIDE / max(page.get_size()))
                image = page.render(scale=scale).to_pil()
    except PdfiumError:
        return {"problem": "the page can't be drawn: the PDF is damaged, or needs a password"}, b""
    answer = {"boxes": boxes, "exact": highlighted.exact, "missing": highlighted.missing}
    return {**answer, "unchanged": _is_unchanged(data, request)}, _png(image)


def _draw_picture(data: bytes, request: dict[str, object]) -> tuple[dict[str, object], bytes]:
    from PIL import Image

    from passagework.ingest.loaders.ocr.pixels import opened_picture, pixels_of

    try:
        with opened_picture(io.BytesIO(data)) as opened:
            pixels = pixels_of(opened, int(str(request["number"])) - 1)
    except IngestError as error:
        return {"problem": f"the page can't be drawn: {error}"}, b""
    image = Image.fromarray(pixels[:, :, ::-1])
    image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    return {"boxes": [], "exact": True, "missing": 0, "unchanged": _is_unchanged(data, request)}, _png(image)


def _is_unchanged(data: bytes, request: dict[str, object]) -> bool:
    return hashlib.sha256(data).hexdigest() == request["sha256"]


def _png(image: Image) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()
