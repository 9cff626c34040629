"""The texts of drawings, as far as how they look doesn't count (ECMA-376-1, 21.1.2)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from passagework.ingest.loaders.office.office_values import local

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types


def body_text(body: _Element) -> str:
    """The paragraphs of a text on one line."""
    return " ".join(text for text in paragraph_texts(body) if text)


def paragraph_texts(body: _Element) -> Iterator[str]:
    """The text of each paragraph, on one line."""
    for paragraph in body.iter("{*}p"):
        pieces = (" " if local(part) == "br" else str(part.text or "") for part in paragraph.iter("{*}t", "{*}br"))
        yield " ".join("".join(pieces).split())
