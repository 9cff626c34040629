"""Page text from pdfium, cleaned once, in the order of reading, with the map from its characters to the page's glyphs.

pdfium isn't thread-safe: call this from one thread of a process at a time.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator, Sequence

import numpy as np
import pypdfium2.raw as pdfium
from pypdfium2 import PdfiumError, PdfPage, PdfTextPage

from passagework.ingest.loaders.pdf import pdf_calls as calls
from passagework.ingest.loaders.pdf.pdf_annotations import annotations_of, with_shown
from passagework.ingest.loaders.pdf.pdf_edits import Edit, Glyphs, PageText, rewritten
from passagework.ingest.loaders.pdf.pdf_glyphs import Flow, PageGlyphs, page_glyphs
from passagework.ingest.loaders.pdf.pdf_order import Item, in_order
from passagework.ingest.loaders.pdf.pdf_page import HYPHEN, assembled
from passagework.ingest.loaders.pdf.pdf_rulings import Grid, Rulings, rulings_of
from passagework.ingest.loaders.pdf.pdf_spans import Span, by_turn, spans_of
from passagework.ingest.loaders.pdf.pdf_table import TableCells, ruled_table
from passagework.ingest.loaders.pdf.pdf_tags import tagged_headings
from passagework.ingest.loaders.pdf.pdf_writer import NO_GLYPH

_BLANK = " \t\xa0\r\n"
_BREAK = re.compile(rf"(?<![{_BLANK}])[{_BLANK}]*[\r\n][{_BLANK}]*")
_UNWANTED = re.compile(  # controls, soft hyphens, separators, byte order marks, noncharacters, lone surrogates
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u2028\u2029\ufeff\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]"
)
_LONE_CHARACTER = re.compile(rf" (?=[^{_BLANK}](?:[{_BLANK}]|$))")


def page_text(text: PdfTextPage) -> PageText:
    """One page's text in the order of reading, a blank line before each paragraph; the same for the same file.

    Hyphens at line ends stay marked until `join_hyphens`. Raises PdfiumError.
    """
    page = text.page
    read = _characters(text)
    read = rewritten(read, _false_spaces(text, read))
    read = rewritten(read, _unwanted(read.text, text, read.glyphs))
    annotations = annotations_of(page)
    glyphs = with_shown(page_glyphs(calls.address(text.raw), read.text, read.glyphs), annotations.shown)
    flow = Flow.of(glyphs)
    put = assembled(glyphs, flow, list(_items(page, glyphs, flow)))
    for comment in annotations.comments:
        if _folded(comment.partition("] ")[2]) not in _folded("".join(put.text)):
            put.put(f"\n\n{comment}" if put.glyphs else comment)
    whole = "".join(put.text)
    indexes = np.array(put.glyphs, dtype=np.int32)
    return PageText(
        whole,
        indexes,
        tuple(put.lines),
        tuple(put.tables),
        tagged_headings(page, glyphs, whole, indexes, put.tables),
        page.get_height(),
    )


def plain_page(text: str) -> PageText:
    """Text that another parser read, cleaned alike; no character has a glyph."""
    read = PageText(text, np.full(len(text), NO_GLYPH, dtype=np.int32))
    read = rewritten(read, _unwanted(text))
    return rewritten(read, _breaks(read.text))


def _items(page: PdfPage, glyphs: PageGlyphs, flow: Flow) -> Iterator[Item]:
    """The page's lines and tables, direction by direction."""
    rulings = rulings_of(page) if len(glyphs) else Rulings()
    spans = spans_of(glyphs, flow, rulings.upright)
    for group in by_turn(glyphs, spans):
        upright = int(glyphs.turn[group[0].glyphs[0]]) == 0
        free, ruled = _apart(group, rulings.grids if upright else ())
        yield from in_order(glyphs, free, ruled)


def _apart(spans: Sequence[Span], grids: Sequence[Grid]) -> tuple[list[Span], dict[int, TableCells]]:
    """The spans outside of ruled tables, each table as a span of its own, and its cells by the identity of its grid."""
    within: dict[int, list[Span]] = {}
    free: list[Span] = []
    for span in spans:
        x, y = (span.left + span.right) / 2, span.base + 0.3 * span.size
        grid = next((grid for grid in grids if grid.cell(x, y) is not None), None)
        if grid is None:
            free.append(span)
        else:
            within.setdefault(id(grid), []).append(span)
    ruled: dict[int, TableCells] = {}
    for grid in grids:
        held = within.get(id(grid), [])
        table = ruled_table(grid, held)
        if table is None:
            free += held
        else:
            ruled[id(grid)] = table
            free.append(Span([], grid.xs[0], grid.xs[-1], grid.ys[0], grid.ys[0] - grid.ys[-1], grid))
    return free, ruled


def _folded(text: str) -> str:
    return "".join(text.lower().split())


def _characters(page: PdfTextPage) -> PageText:
    """What pdfium holds, lone surrogates included: its UTF-16 code units put together to code points."""
    count = pdfium.FPDFText_CountChars(page)
    if count < 0:
        raise PdfiumError("the page's characters can't be counted")
    buffer = (ctypes.c_ushort * (2 * count + 1))()
    units = max(0, pdfium.FPDFText_GetText(page, 0, count, buffer) - 1) if count else 0
    text = bytes(memoryview(buffer)[:units]).decode("utf-16-le", "surrogatepass")
    if units == count:
        glyphs = np.arange(units, dtype=np.int32)
    else:  # some characters have no place in the text, controls for example
        index = pdfium.FPDFText_GetCharIndexFromTextIndex
        glyphs = np.fromiter((index(page, unit) for unit in range(units)), dtype=np.int32, count=units)
    if len(text) != units:
        points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        widths = np.where(points > 0xFFFF, 2, 1)
        glyphs = glyphs[np.cumsum(widths) - widths]
    return PageText(text, glyphs)


def _unwanted(text: str, page: PdfTextPage | None = None, glyphs: Glyphs | None = None) -> Iterator[Edit]:
    """Edits that drop or replace what isn't text. Where the page is given, its line-end hyphens are marked."""
    for match in _UNWANTED.finditer(text):
        character, at = match[0], match.start()
        if character == "\xad":
            new = "-"  # a glyph was drawn for it, so it isn't invisible
        elif character in "\u2028\u2029":
            new = "\n"
        elif character == "\ufffe" and page and glyphs is not None:
            # pdfium's text has U+FFFE for a hyphen at a line's end, and for a glyph of unknown meaning
            new = HYPHEN if pdfium.FPDFText_IsHyphen(page, int(glyphs[at])) == 1 else "\ufffd"
        elif character == "\0" or character > "\ud7ff":
            new = "" if character == "\ufeff" else "\ufffd"
        else:
            new = ""
        yield at, at + 1, new


def _breaks(text: str) -> Iterator[Edit]:
    """Edits that leave one break between lines, two where a line was blank, no blanks around, and none at the ends."""
    first, last = len(text) - len(text.lstrip(_BLANK)), len(text.rstrip(_BLANK))
    if first:
        yield 0, first, ""
    for match in _BREAK.finditer(text, first, last):
        blank_line = max(match[0].count("\n"), match[0].count("\r")) > 1
        yield match.start(), match.end(), "\n\n" if blank_line else "\n"
    if first <= last < len(text):
        yield last, len(text), ""


def _false_spaces(page: PdfTextPage, read: PageText) -> Iterator[Edit]:
    """Edits that drop the spaces which pdfium sees inside the words of letterspaced OCR: `Vist a Driv e`.

    Such scans place each word's last character by itself. Only a page where nearly every space that pdfium made up
    stands before a lone character and a real space is taken for one.
    """
    lone = [match.start() for match in _LONE_CHARACTER.finditer(read.text)]
    spaces = [match.start() for match in re.finditer(" ", read.text)] if lone else []
    if len(lone) < 20 or len(lone) < 0.2 * len(spaces):
        return
    made_up = {at for at in spaces if pdfium.FPDFText_IsGenerated(page, int(read.glyphs[at])) == 1}
    inside = [at for at in lone if at in made_up and at + 2 not in made_up]
    before_space = sum(read.text[at + 2 : at + 3] == " " for at in inside)
    if len(inside) >= 0.9 * len(made_up) and before_space >= 0.5 * len(inside):
        yield from ((at, at + 1, "") for at in inside)
