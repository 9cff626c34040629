"""Picture files opened within bounds: turned as their EXIF data says, on white, no larger than the recogniser needs."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from passagework.ingest.loaders.ocr.bounds import MOST_PIXELS
from passagework.ingest.loaders.ocr.recogniser import LONGEST_SIDE, Pixels
from passagework.retrieval.errors import IngestError

if TYPE_CHECKING:
    from PIL.Image import Image

FORMATS = ("PNG", "JPEG", "TIFF", "WEBP", "BMP", "GIF")
"""Those that Pillow is asked to try: it knows dozens, each with a parser of its own."""
_SEVERAL_PAGES = "TIFF"
_DEEP = ("I;16", "I;16L", "I;16B", "I;16N")


@contextmanager
def opened_picture(file: BinaryIO) -> Iterator[Image]:
    """The picture in a file. Raises IngestError where there is none, or its beginning is damaged.

    Pillow must be there, which comes with the extra `ocr`, and with that for the pages.
    """
    from PIL import Image, UnidentifiedImageError

    Image.init()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of sizes, which are looked at here, and of damaged metadata
        try:
            image = Image.open(file, formats=FORMATS)
        except Image.DecompressionBombError as error:
            raise IngestError(_too_large()) from error
        except UnidentifiedImageError as error:
            raise IngestError("damaged picture: its beginning can't be read") from error
        except (OSError, ValueError, SyntaxError, OverflowError, EOFError) as error:
            raise IngestError("damaged picture") from error
        with image:
            yield image


def count_pages(image: Image, most: int) -> tuple[int, bool]:
    """How many pages a picture has, `most` at most, and whether they end as they should.

    A TIFF file has several; of a film the first frame counts.
    """
    if image.format != _SEVERAL_PAGES:
        return 1, True
    page = 1
    try:
        while page < most:
            image.seek(page)
            page += 1
    except EOFError:
        return page, True
    except Exception:  # noqa: BLE001 - Pillow's parsers raise whatever a malformed file leads them to
        return page, False
    return most, True


def pixels_of(image: Image, page: int = 0) -> Pixels:
    """A page of a picture. Raises IngestError where it is damaged or too large."""
    from PIL import Image, ImageOps

    try:
        if page or image.tell():
            image.seek(page)
        if image.width * image.height > MOST_PIXELS:
            raise IngestError(f"{_too_large()}, it has {image.width:,} x {image.height:,}")
        image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
        image.load()
        shown = ImageOps.exif_transpose(image)
        shown = shown.convert("RGBA") if "transparency" in shown.info or "A" in shown.mode else shown
        if shown.mode in _DEEP:
            shown = shown.point(lambda value: value / 256).convert("L")
        shown.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        if shown.mode == "RGBA":
            paper = Image.new("RGBA", shown.size, "white")
            shown = Image.alpha_composite(paper, shown)
        return np.ascontiguousarray(np.asarray(shown.convert("RGB"))[:, :, ::-1])
    except IngestError:
        raise
    except MemoryError:
        raise
    except Image.DecompressionBombError as error:
        raise IngestError(_too_large()) from error
    except Exception as error:  # Pillow's parsers raise whatever a malformed file leads them to
        raise IngestError("damaged picture: it can't be decoded to its end") from error


def _too_large() -> str:
    return f"too large a picture: more than {MOST_PIXELS:,} pixels"
