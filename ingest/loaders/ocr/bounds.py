"""How much OCR takes, and looks at: a second a page is long where a file can claim a million of them."""

from __future__ import annotations

OCR_MEMORY = 3 << 30
"""Bytes of address space that the models and what they compute take, of which half is really used."""
MOST_PIXELS = 150_000_000
"""Pixels of a picture: an A0 sheet at 300 dots an inch has 140 million."""

_ANY_FILE, _BYTES_A_PAGE = 500, 4_096
"""Pages of any file, and the bytes that another one takes: a page of black and white that says something has more."""


def most_pages(size: int) -> int:
    """How many pages of a file of `size` bytes are read by OCR."""
    return _ANY_FILE + size // _BYTES_A_PAGE
