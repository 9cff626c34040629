"""What is drawn on a PDF page, in the order of drawing: what lies beneath a text, and whether the page is a scan."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass, field

import pypdfium2.raw as pdfium
from pypdfium2 import PdfPage

from passagework.ingest.loaders.pdf import pdf_calls as calls

Rgb = tuple[int, int, int]
Box = tuple[float, float, float, float]
"""Left, bottom, right, top, in points of the page."""
Matrix = tuple[float, float, float, float, float, float]

_IDENTITY: Matrix = (1, 0, 0, 1, 0, 0)
_PAPER: Rgb = (255, 255, 255)
_ALIKE = 8
"""Of 255: channels that differ by less can't be told apart."""
_OF_A_SCAN = 0.5
"""Share of the page that a picture covers where the page is one."""
_LEAST_GROUND = 4.0
"""Points: what is thinner is a rule or a border."""
_CORNERS = 6
"""Path segments of a rectangle, closed one way or another."""
_OPAQUE = 255
_DEEPEST = 8
_MOST = 50_000
"""Objects looked at; beyond, nothing is said of what lies beneath a text."""


@dataclass(frozen=True, slots=True)
class _Layer:
    """A shape beneath later ones. `colour` is None where that isn't one: a picture, a gradient, a shape with holes."""

    order: int
    box: Box
    colour: Rgb | None


@dataclass(slots=True)
class Layers:
    """A page's shapes in order of drawing, and the place of each text object in that order."""

    shapes: list[_Layer] = field(default_factory=list)
    texts: dict[int, int] = field(default_factory=dict)
    is_scan: bool = False
    complete: bool = True

    @classmethod
    def of(cls, page: PdfPage) -> Layers:
        """The layers of a page, forms within it opened."""
        layers = cls()
        width, height = page.get_size()
        area = max(1.0, width * height)
        for order, (drawn, kind, matrix) in enumerate(drawn_objects(calls.address(page.raw))):
            if order >= _MOST:
                layers.complete = False
                break
            if kind == pdfium.FPDF_PAGEOBJ_TEXT:
                layers.texts[drawn] = order
                continue
            covers, colour = _fill(drawn, kind)
            box = box_of(drawn, matrix) if covers else None
            if box is not None:
                layers.shapes.append(_Layer(order, box, colour))
                layers.is_scan |= kind == pdfium.FPDF_PAGEOBJ_IMAGE and _area(box) >= _OF_A_SCAN * area
        return layers

    def has_ground(self, colour: Rgb) -> bool:
        """Whether any shape of that colour is large enough for text to stand on."""
        return any(
            shape.colour is not None and _alike(shape.colour, colour) and _side(shape.box) >= _LEAST_GROUND
            for shape in self.shapes
        )

    def same_beneath(self, text: int, x: float, y: float, colour: Rgb) -> bool:
        """Whether a text object's colour is that of what was drawn beneath the point before it; paper is white."""
        order = self.texts.get(text)
        if order is None or not self.complete:
            return False
        for shape in reversed(self.shapes):
            left, bottom, right, top = shape.box
            if shape.order < order and left <= x <= right and bottom <= y <= top:
                return shape.colour is not None and _alike(shape.colour, colour)
        return _alike(_PAPER, colour)


def drawn_objects(page: int) -> Iterator[tuple[int, int, Matrix]]:
    """Each object with its kind and what takes it to the page, in order."""
    for index in range(calls.count_objects(page)):
        yield from _opened(calls.page_object(page, index), _IDENTITY, 0)


def _opened(drawn: int, matrix: Matrix, depth: int) -> Iterator[tuple[int, int, Matrix]]:
    kind = calls.object_type(drawn)
    if kind != pdfium.FPDF_PAGEOBJ_FORM or depth >= _DEEPEST:
        yield drawn, kind, matrix
        return
    own = calls.Numbers(ctypes.c_float, 6)
    calls.matrix(drawn, own.places[0])
    a, b, c, d, e, f = own.values
    within = product((a, b, c, d, e, f), matrix)
    for index in range(calls.count_in_form(drawn)):
        yield from _opened(calls.form_object(drawn, index), within, depth + 1)


def product(first: Matrix, then: Matrix) -> Matrix:
    """The matrix that does what one does, and then what another does."""
    a, b, c, d, e, f = first
    g, h, i, j, k, m = then
    return a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m


def box_of(drawn: int, matrix: Matrix) -> Box | None:
    """Where an object stands on the page; None where pdfium doesn't know."""
    room = calls.Numbers(ctypes.c_float, 4)
    if not calls.bounds(drawn, *room.places):
        return None
    left, bottom, right, top = room.values
    if matrix is _IDENTITY:
        return left, bottom, right, top
    a, b, c, d, e, f = matrix
    corners = [(x, y) for x in (left, right) for y in (bottom, top)]
    xs = [a * x + c * y + e for x, y in corners]
    ys = [b * x + d * y + f for x, y in corners]
    return min(xs), min(ys), max(xs), max(ys)


def _fill(drawn: int, kind: int) -> tuple[bool, Rgb | None]:
    """Whether it covers anything, and with which colour, None where it isn't one colour all over its box."""
    if kind != pdfium.FPDF_PAGEOBJ_PATH:
        return True, None
    modes = calls.Numbers(ctypes.c_int, 2)
    if not calls.draw_mode(drawn, *modes.places) or modes.values[0] == pdfium.FPDF_FILLMODE_NONE:
        return False, None
    room = calls.Numbers(ctypes.c_uint, 4)
    if not calls.fill_colour(drawn, *room.places):
        return True, None
    red, green, blue, opacity = room.values
    whole = opacity == _OPAQUE and calls.count_segments(drawn) <= _CORNERS
    return opacity > 0, (red, green, blue) if whole else None


def _area(box: Box) -> float:
    return max(0.0, box[2] - box[0]) * max(0.0, box[3] - box[1])


def _side(box: Box) -> float:
    """The shorter one."""
    return min(box[2] - box[0], box[3] - box[1])


def _alike(first: Rgb, second: Rgb) -> bool:
    return all(abs(a - b) < _ALIKE for a, b in zip(first, second, strict=True))
