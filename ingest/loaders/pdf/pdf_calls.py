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
char_origin = _raw("FPDFText_GetCharOrigin", INT, POINTER, INT, POINTER, POINTER)
char_matrix = _raw("FPDFText_GetMatrix", INT, POINTER, INT, POINTER)
font_size = _raw("FPDFText_GetFontSize", ctypes.c_double, POINTER, INT)
font_of = _raw("FPDFTextObj_GetFont", POINTER, POINTER)
font_flags = _raw("FPDFFont_GetFlags", INT, POINTER)
font_weight = _raw("FPDFFont_GetWeight", INT, POINTER)
font_name = _raw("FPDFFont_GetBaseFontName", ctypes.c_size_t, POINTER, POINTER, ctypes.c_size_t)
marked_content = _raw("FPDFPageObj_GetMarkedContentID", INT, POINTER)
loose_box = _raw("FPDFText_GetLooseCharBox", INT, POINTER, INT, POINTER)
render_mode = _raw("FPDFTextObj_GetTextRenderMode", INT, POINTER)
fill_colour = _raw("FPDFPageObj_GetFillColor", INT, POINTER, *[POINTER] * 4)
stroke_colour = _raw("FPDFPageObj_GetStrokeColor", INT, POINTER, *[POINTER] * 4)
count_objects = _raw("FPDFPage_CountObjects", INT, POINTER)
page_object = _raw("FPDFPage_GetObject", POINTER, POINTER, INT)
object_type = _raw("FPDFPageObj_GetType", INT, POINTER)
bounds = _raw("FPDFPageObj_GetBounds", INT, POINTER, *[POINTER] * 4)
picture_size = _raw("FPDFImageObj_GetImagePixelSize", INT, POINTER, POINTER, POINTER)
matrix = _raw("FPDFPageObj_GetMatrix", INT, POINTER, POINTER)
count_in_form = _raw("FPDFFormObj_CountObjects", INT, POINTER)
form_object = _raw("FPDFFormObj_GetObject", POINTER, POINTER, ctypes.c_ulong)
draw_mode = _raw("FPDFPath_GetDrawMode", INT, POINTER, POINTER, POINTER)
count_segments = _raw("FPDFPath_CountSegments", INT, POINTER)
path_segment = _raw("FPDFPath_GetPathSegment", POINTER, POINTER, INT)
segment_point = _raw("FPDFPathSegment_GetPoint", INT, POINTER, POINTER, POINTER)
segment_type = _raw("FPDFPathSegment_GetType", INT, POINTER)
segment_closes = _raw("FPDFPathSegment_GetClose", INT, POINTER)


def address(handle: Any) -> int:
    """Where what a handle of pypdfium2 stands for lies."""
    return ctypes.cast(handle, POINTER).value or 0


class Numbers:
    """Room for what a function writes: `count` numbers of one type, one after the other."""

    def __init__(self, kind: Any, count: int) -> None:
        self.values = (kind * count)()
        start, size = ctypes.addressof(self.values), ctypes.sizeof(kind)
        self.places = [start + size * index for index in range(count)]
