"""The title of a slide without a placeholder for one: its first text, where the letters are larger than all others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from passagework.ingest.loaders.office.office_values import whole_number
from passagework.ingest.loaders.office.pptx_shapes import Shape

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types

_LONGEST = 100
_LARGER = 1.3
_USUAL = 1800
"""Hundredths of a point: the size of a text box that says none (PresentationML, the default of the master)."""


def title_by_size(ordered: Sequence[Shape]) -> Shape | None:
    """The first of a slide's shapes, in the order of reading, where it looks like a title; None where none does."""
    texts = [(shape, size) for shape in ordered if (size := _size(shape)) is not None]
    if not texts or texts[0][0].placeholder is not None or not _is_line(texts[0][0]):
        return None
    first, size = texts[0]
    return first if size >= _LARGER * max((other for _, other in texts[1:]), default=_USUAL) else None


def _size(shape: Shape) -> int | None:
    """The size of a shape's largest letters; None where it has no text."""
    if shape.kind != "sp" or not _text(shape.element):
        return None
    said = (whole_number(found.get("sz")) for found in shape.element.iter("{*}rPr", "{*}defRPr"))
    return max(filter(None, said), default=_USUAL)


def _is_line(shape: Shape) -> bool:
    """Whether a shape holds one short line, and that is no sentence."""
    lines = [text for paragraph in shape.element.iter("{*}p") if (text := _text(paragraph))]
    return len(lines) == 1 and len(lines[0]) <= _LONGEST and lines[0][-1] not in ".,;:" and lines[0][0].isalnum()


def _text(element: _Element) -> str:
    return "".join(str(said.text or "") for said in element.iter("{*}t")).strip()
