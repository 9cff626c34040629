"""pdfium's functions on the objects of a page, called by plain addresses: three times as fast as by typed pointers."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any

import pypdfium2.raw as pdfium

POINTER, INT = ctypes.c_void_p, ctypes.c_int


def _raw(name: str, result: Any, *arguments: Any) -> Callable[..., Any]:
    address = ctypes.cast(getattr(pdfium, name), POINTER).value
    return ctypes.CFUNCTYPE(result, *arguments)(address or 0)


text_object = _raw("FPDFText_GetTextObject", POINTER, POINTER, INT)
loose_box = _raw("FPDFText_GetLooseCharBox", INT, POINTER, INT, POINTER)
render_mode = _raw("FPDFTextObj_GetTextRenderMode", INT, POINTER)
fill_colour = _raw("FPDFPageObj_GetFillColor", INT, POINTER, *[POINTER] * 4)
stroke_colour = _raw("FPDFPageObj_GetStrokeColor", INT, POINTER, *[POINTER] * 4)
count_objects = _raw("FPDFPage_CountObjects", INT, POINTER)
page_object = _raw("FPDFPage_GetObject", POINTER, POINTER, INT)
object_type = _raw("FPDFPageObj_GetType", INT, POINTER)
bounds = _raw("FPDFPageObj_GetBounds", INT, POINTER, *[POINTER] * 4)
matrix = _raw("FPDFPageObj_GetMatrix", INT, POINTER, POINTER)
count_in_form = _raw("FPDFFormObj_CountObjects", INT, POINTER)
form_object = _raw("FPDFFormObj_GetObject", POINTER, POINTER, ctypes.c_ulong)
draw_mode = _raw("FPDFPath_GetDrawMode", INT, POINTER, POINTER, POINTER)
count_segments = _raw("FPDFPath_CountSegments", INT, POINTER)


def address(handle: Any) -> int:
    """Where what a handle of pypdfium2 stands for lies."""
    return ctypes.cast(handle, POINTER).value or 0


class Numbers:
    """Room for what a function writes: `count` numbers of one type, one after the other."""

    def __init__(self, kind: Any, count: int) -> None:
        self.values = (kind * count)()
        start, size = ctypes.addressof(self.values), ctypes.sizeof(kind)
        self.places = [start + size * index for index in range(count)]
