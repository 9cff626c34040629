"""Pictures of text, drawn with the font that Pillow brings; and PDFs whose pages are such pictures."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

import pytest

pytest.importorskip("rapidocr", reason="the extra ocr is not installed")

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT = 1240, 1754
"""Pixels of an A4 page at 150 dots an inch."""

Words = Sequence[tuple[int, int, int, str]]
"""For each line: its left edge, its top, its letters' size in pixels, and what it says."""

LETTER: Words = (
    (120, 140, 60, "The lighthouse manual"),
    (120, 300, 32, "The lamp is cleaned every morning before the keeper goes to sleep."),
    (120, 350, 32, "Its lens weighs four tonnes and turns on a bath of mercury."),
    (120, 460, 32, "Paraffin is kept in the cellar, away from the stove."),
)


def page(lines: Words = LETTER, *, width: int = WIDTH, height: int = HEIGHT, ground: int = 255) -> Image.Image:
    """A picture of lines of text."""
    image = Image.new("L", (width, height), ground)
    draw = ImageDraw.Draw(image)
    for left, top, size, text in lines:
        draw.text((left, top), text, fill=0, font=ImageFont.load_default(size))
    return image


def encoded(image: Image.Image, kind: str, more: Iterable[Image.Image] = (), **options: Any) -> bytes:
    """The picture as a file, with `more` pages where the kind has several."""
    out = io.BytesIO()
    pages = list(more)
    several: dict[str, Any] = {"save_all": True, "append_images": pages} if pages else {}
    image.copy().save(out, kind, **several, **options)
    return out.getvalue()


def scanned_pdf(pages: Sequence[Image.Image]) -> bytes:
    """A PDF whose pages are pictures, A4 where these are 1240 x 1754 pixels."""
    return encoded(pages[0], "PDF", [each.copy() for each in pages[1:]], resolution=150)
