"""What a PDF page shows beside its content: the values of form fields, text boxes upon the page, and comments."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pypdfium2.raw as pdfium
from pypdfium2 import PdfDocument, PdfiumError, PdfPage

from passagework.ingest.loaders.pdf.pdf_glyphs import BREAK, SPACE, Font, PageGlyphs

CHECKED, UNCHECKED = "☒", "☐"
_HIDDEN = pdfium.FPDF_ANNOT_FLAG_HIDDEN | pdfium.FPDF_ANNOT_FLAG_NOVIEW
_PASSWORD = 1 << 13
_MOST = 2_000
_MOST_CHARACTERS = 20_000
"""Annotations of a page, and characters of one, that are read."""
_LARGEST, _SHARE, _WIDTH, _LEADING = 12.0, 0.7, 0.5, 1.2
"""Points of a field's letters at most, else a share of its height; their width and the step between its lines."""
_LEAST_SIDE = 2.0
_COMMENTS = frozenset(
    {
        pdfium.FPDF_ANNOT_TEXT,
        pdfium.FPDF_ANNOT_LINE,
        pdfium.FPDF_ANNOT_SQUARE,
        pdfium.FPDF_ANNOT_CIRCLE,
        pdfium.FPDF_ANNOT_POLYGON,
        pdfium.FPDF_ANNOT_POLYLINE,
        pdfium.FPDF_ANNOT_HIGHLIGHT,
        pdfium.FPDF_ANNOT_UNDERLINE,
        pdfium.FPDF_ANNOT_SQUIGGLY,
        pdfium.FPDF_ANNOT_STRIKEOUT,
        pdfium.FPDF_ANNOT_STAMP,
        pdfium.FPDF_ANNOT_CARET,
        pdfium.FPDF_ANNOT_INK,
        pdfium.FPDF_ANNOT_FILEATTACHMENT,
    }
)


@dataclass(frozen=True, slots=True)
class Shown:
    """Lines of text that an annotation shows in a box of the page: left, bottom, right and top in points."""

    lines: tuple[str, ...]
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Annotations:
    """What stands upon a page, and what its readers wrote about it."""

    shown: tuple[Shown, ...] = ()
    comments: tuple[str, ...] = ()


def with_forms(pdf: PdfDocument) -> PdfDocument:
    """The document, made ready to tell the values of its fields; before any of its pages is opened."""
    with suppress(PdfiumError, OSError, AttributeError):
        pdf.init_forms()
    return pdf


def annotations_of(page: PdfPage) -> Annotations:
    """The annotations of a page that a reader sees, in the file's order."""
    shown: list[Shown] = []
    comments: list[str] = []
    count = pdfium.FPDFPage_GetAnnotCount(page.raw)
    form = page.formenv.raw if page.formenv is not None else None
    for index in range(min(count, _MOST)):
        with _annotation(page, index) as annotation:
            if annotation is None or pdfium.FPDFAnnot_GetFlags(annotation) & _HIDDEN:
                continue
            kind = pdfium.FPDFAnnot_GetSubtype(annotation)
            if kind == pdfium.FPDF_ANNOT_WIDGET and form is not None:
                lines = _field(form, annotation)
            elif kind == pdfium.FPDF_ANNOT_FREETEXT:
                lines = _lines(_string(annotation, b"Contents"))
            else:
                lines = ()
                if kind in _COMMENTS and (said := _lines(_string(annotation, b"Contents"))):
                    author = " ".join(_string(annotation, b"T").split())
                    comments.append(f"[Comment{f', {author}' if author else ''}] {' '.join(said)}")
            box = _box(annotation) if lines else None
            if box is not None and _is_seen(page, box):
                shown.append(Shown(lines, box))
    return Annotations(tuple(shown), tuple(comments))


@contextmanager
def _annotation(page: PdfPage, index: int) -> Iterator[Any]:
    annotation = pdfium.FPDFPage_GetAnnot(page.raw, index)
    try:
        yield annotation or None
    finally:
        if annotation:
            pdfium.FPDFPage_CloseAnnot(annotation)


def _field(form: Any, annotation: Any) -> tuple[str, ...]:
    """What a field of a form shows: the text in it, what was chosen, or whether it is ticked."""
    kind = pdfium.FPDFAnnot_GetFormFieldType(form, annotation)
    if kind in (pdfium.FPDF_FORMFIELD_CHECKBOX, pdfium.FPDF_FORMFIELD_RADIOBUTTON):
        return (CHECKED if pdfium.FPDFAnnot_IsChecked(form, annotation) else UNCHECKED,)
    flags = pdfium.FPDFAnnot_GetFormFieldFlags(form, annotation)
    if kind == pdfium.FPDF_FORMFIELD_TEXTFIELD and not flags & _PASSWORD:
        return _lines(_read(lambda room, size: pdfium.FPDFAnnot_GetFormFieldValue(form, annotation, room, size)))
    if kind in (pdfium.FPDF_FORMFIELD_COMBOBOX, pdfium.FPDF_FORMFIELD_LISTBOX):
        return _chosen(form, annotation)
    return ()


def _chosen(form: Any, annotation: Any) -> tuple[str, ...]:
    """The labels of what was chosen, else the value itself: one that was typed in is no option."""
    count = min(pdfium.FPDFAnnot_GetOptionCount(form, annotation), _MOST)
    chosen = [index for index in range(count) if pdfium.FPDFAnnot_IsOptionSelected(form, annotation, index)]
    labels = [
        _read(lambda room, size, at=index: pdfium.FPDFAnnot_GetOptionLabel(form, annotation, at, room, size))
        for index in chosen
    ]
    if not labels:
        labels = [_read(lambda room, size: pdfium.FPDFAnnot_GetFormFieldValue(form, annotation, room, size))]
    return _lines(", ".join(labels))


def _string(annotation: Any, key: bytes) -> str:
    return _read(lambda room, size: pdfium.FPDFAnnot_GetStringValue(annotation, key, room, size))


def _read(ask: Any) -> str:
    """The string that one of pdfium's functions writes, asked first for its length in bytes."""
    size = min(int(ask(None, 0)), 2 * _MOST_CHARACTERS)
    if size <= 2:
        return ""
    room = ctypes.create_string_buffer(size + 2)
    ask(ctypes.cast(room, ctypes.POINTER(pdfium.FPDF_WCHAR)), size)
    return room.raw[: size - 2].decode("utf-16-le", "replace")


def _lines(text: str) -> tuple[str, ...]:
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    clean = (" ".join("".join(c for c in line if c.isprintable() or c == "\t").split()) for line in lines)
    return tuple(line for line in clean if line)


def _box(annotation: Any) -> tuple[float, float, float, float] | None:
    rectangle = pdfium.FS_RECTF()
    if not pdfium.FPDFAnnot_GetRect(annotation, rectangle):
        return None
    box = (rectangle.left, rectangle.bottom, rectangle.right, rectangle.top)
    if not np.isfinite(box).all():
        return None
    left, bottom, right, top = np.clip(box, -1e6, 1e6).tolist()
    return min(left, right), min(bottom, top), max(left, right), max(bottom, top)


def _is_seen(page: PdfPage, box: tuple[float, float, float, float]) -> bool:
    """Whether a box is large enough to show anything, and on the page."""
    left, bottom, right, top = box
    bounds = pdfium.FS_RECTF()
    if not pdfium.FPDF_GetPageBoundingBox(page.raw, bounds):
        return True
    on_page = left < bounds.right and right > bounds.left and bottom < bounds.top and top > bounds.bottom
    return on_page and min(right - left, top - bottom) >= _LEAST_SIDE


def _before(line: str, at: int) -> int:
    if at == 0:
        return BREAK
    return SPACE if line[at - 1] == " " else 0


def _line_beside(glyphs: PageGlyphs, bottom: float, top: float) -> float:
    """The baseline of a field of one line: that of the text beside it, such as its label."""
    usual = bottom + 0.25 * (top - bottom)
    beside = glyphs.base[(glyphs.base >= bottom - 0.2 * (top - bottom)) & (glyphs.base < top) & (glyphs.turn == 0)]
    return float(beside[np.abs(beside - usual).argmin()]) if len(beside) else usual


def with_shown(glyphs: PageGlyphs, shown: tuple[Shown, ...]) -> PageGlyphs:
    """The page's glyphs with those of annotations behind, each letter in its box where a viewer draws it."""
    letters: list[tuple[str, float, float, float, float, int]] = []
    for each in shown:
        left, bottom, right, top = each.box
        size = min(_LARGEST, max(1.0, (top - bottom) * _SHARE / len(each.lines)))
        one_line = len(each.lines) == 1 and top - bottom < 3 * size
        first = _line_beside(glyphs, bottom, top) if one_line else top - size
        for number, line in enumerate(each.lines):
            step = min(_WIDTH * size, max(0.1, right - left) / len(line))
            base = first - number * _LEADING * size
            letters += [
                (character, left + at * step, left + (at + 1) * step, base, size, _before(line, at))
                for at, character in enumerate(line)
                if character != " "
            ]
    if not letters:
        return glyphs
    text, lefts, rights, bases, sizes, before = zip(*letters, strict=True)
    count = len(letters)
    nothing = np.full(count, -1, dtype=np.int64)
    return replace(
        glyphs,
        text=glyphs.text + "".join(text),
        index=np.concatenate([glyphs.index, nothing]),
        left=np.concatenate([glyphs.left, lefts]),
        right=np.concatenate([glyphs.right, rights]),
        base=np.concatenate([glyphs.base, bases]),
        size=np.concatenate([glyphs.size, sizes]),
        turn=np.concatenate([glyphs.turn, np.zeros(count, dtype=np.int64)]),
        before=np.concatenate([glyphs.before, np.array(before, dtype=np.int64)]),
        space=np.concatenate([glyphs.space, nothing]),
        owner=[*glyphs.owner, *[0] * count],
        font=np.concatenate([glyphs.font, np.full(count, len(glyphs.fonts), dtype=np.int64)]),
        fonts=[*glyphs.fonts, Font()],
    )
