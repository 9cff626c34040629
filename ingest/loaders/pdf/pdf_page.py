"""A PDF page as text: lines, paragraphs and tables in the order of reading, with the glyphs that show them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from statistics import median

import numpy as np

from passagework.ingest.loaders.pdf.pdf_glyphs import Flow, PageGlyphs
from passagework.ingest.loaders.pdf.pdf_names import Cell
from passagework.ingest.loaders.pdf.pdf_order import Item, TextLine
from passagework.ingest.loaders.pdf.pdf_spans import Span
from passagework.ingest.loaders.pdf.pdf_table import TableCells
from passagework.ingest.loaders.pdf.pdf_writer import Written, written_line
from passagework.retrieval.types import Table

HYPHEN = "\x02"
"""Stands for a hyphen at a line's end, until the whole document has been seen: see `pdf_hyphens`."""

_PARAGRAPH_GAP = 1.4
"""A step between lines this many times the page's usual one starts a paragraph; set by eye on reports and papers."""
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Burmese, Khmer
    "\u2e80-\u303f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff"
)
_ENDS_UNSPACED, _BEGINS_UNSPACED = re.compile(f"[{_UNSPACED}]\\Z"), re.compile(f"[{_UNSPACED}]")
_NEW_ITEM = re.compile(
    "[\uff08(]?[\u4e00\u4e8c\u4e09\u56db\u4e94\u516d\u4e03\u516b\u4e5d\u5341\u767e\\d]{1,4}[\uff09)\u3001.\uff0e]"
    "|\u7b2c.{1,5}[\u7ae0\u8282\u6761\u90e8]"
)
"""How items and clauses of Chinese and Japanese documents begin: one, two, (three), clause four."""
_UNEVEN, _OFF_COLUMN, _IN_COLUMNS = 0.1, 0.2, 0.9
"""Of a letter's width: how much those of code differ, and stand off their columns; and how many stand in these."""
_NEARLY_FULL = 2.6
"""Of the letters' size: a line that ends so near to its column's edge is full, and goes on in the next."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the page's text: `[start, end)`, its letters' size, whether all is bold, and where it stands.

    `base` is its baseline above the page's origin along its own direction, which is `turn`; None in a table.
    """

    start: int
    end: int
    size: float
    bold: bool
    base: float | None
    turn: int = 0
    left: float = 0.0
    right: float = 0.0
    code: bool = False
    parts: int = 1


@dataclass(slots=True)
class Assembled:
    """What was written of a page."""

    text: list[str] = field(default_factory=list)
    glyphs: list[int] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)

    def add(self, written: Written) -> tuple[int, int]:
        """Adds text, and tells where it stands."""
        start = len(self.glyphs)
        self.text.append(written.text)
        self.glyphs += written.glyphs
        return start, len(self.glyphs)

    def put(self, text: str) -> None:
        """Adds what no glyph shows."""
        self.text.append(text)
        self.glyphs += [-1] * len(text)


@dataclass(slots=True)
class _Draft:
    """A line before it is put with the others."""

    item: TextLine
    written: Written
    code: bool

    @property
    def span(self) -> Span:
        return self.item.spans[0]


def assembled(glyphs: PageGlyphs, flow: Flow, items: Sequence[Item]) -> Assembled:
    """The text of a page's lines and tables."""
    page = Assembled()
    drafts = [_draft(glyphs, flow, item) if isinstance(item, TextLine) else item for item in items]
    usual = _usual_step(glyphs, drafts)
    before: _Draft | TableCells | None = None
    for block in _blocks(glyphs, drafts):
        if isinstance(block, TableCells):
            if before is not None:
                page.put("\n\n")
            _put_table(page, glyphs, flow, block)
        else:
            if before is not None:
                _part(page, glyphs, before, block, usual)
            start, end = page.add(block.written)
            if start < end:
                page.lines.append(_line(glyphs, block, start, end))
        before = block
    return page


def _draft(glyphs: PageGlyphs, flow: Flow, item: TextLine) -> _Draft:
    written = Written()
    rows = [row for span in item.spans for row in span.glyphs]
    code = _is_code(glyphs, rows)
    for number, span in enumerate(item.spans):
        if number:
            written.add(" ")
        written.join(written_line(glyphs, flow, span.glyphs))
    written.text = written.text[:-1].replace(HYPHEN, "-") + written.text[-1:]
    return _Draft(item, written, code)


def _is_code(glyphs: PageGlyphs, rows: Sequence[int]) -> bool:
    """Whether every letter of a line is as wide as the others, by its font and in truth: scans name any font."""
    at = np.asarray(rows, dtype=np.int64)
    if not all(glyphs.fonts[font].monospaced for font in np.unique(glyphs.font[at]).tolist()):
        return False
    width = float(np.median(glyphs.right[at] - glyphs.left[at]))
    if width <= 0 or np.ptp(glyphs.right[at] - glyphs.left[at]) > _UNEVEN * width:
        return False
    columns = (glyphs.left[at] - glyphs.left[at].min()) / width
    return bool((np.abs(columns - np.round(columns)) <= _OFF_COLUMN).mean() >= _IN_COLUMNS)


def _blocks(glyphs: PageGlyphs, drafts: Sequence[_Draft | TableCells]) -> Iterator[_Draft | TableCells]:
    """The lines and tables; lines of code that follow one another are indented as they are on the page."""
    code: list[_Draft] = []
    for draft in drafts:
        if isinstance(draft, _Draft) and draft.code:
            code.append(draft)
            continue
        yield from _indented(glyphs, code)
        code = []
        yield draft
    yield from _indented(glyphs, code)


def _indented(glyphs: PageGlyphs, code: Sequence[_Draft]) -> Iterator[_Draft]:
    if not code:
        return
    left = min(draft.item.spans[0].left for draft in code)
    for draft in code:
        rows = [row for span in draft.item.spans for row in span.glyphs]
        at = np.asarray(rows, dtype=np.int64)
        width = float(np.median(glyphs.right[at] - glyphs.left[at]))
        if width <= 0 or draft.item.spans[0].leftward:
            yield draft
            continue
        written = Written()
        reached = left
        for row in rows:
            blanks = round((float(glyphs.left[row]) - reached) / width)
            if 0 < blanks <= 400:
                written.add(" " * blanks)
            written.add(glyphs.text[row].replace(HYPHEN, "-"), int(glyphs.index[row]))
            reached = max(reached, float(glyphs.right[row]))
        yield _Draft(draft.item, written, code=True)


def _usual_step(glyphs: PageGlyphs, drafts: Sequence[_Draft | TableCells]) -> float:
    lines = [draft for draft in drafts if isinstance(draft, _Draft)]
    down = [step for before, line in pairwise(lines) if (step := _step(glyphs, before, line)) > 0]
    return median(down) if down else 0.0


def _step(glyphs: PageGlyphs, before: _Draft, line: _Draft) -> float:
    """How far a line stands below the one before, in points; 0 where their directions differ."""
    if glyphs.turn[before.span.glyphs[0]] != glyphs.turn[line.span.glyphs[0]]:
        return 0.0
    return min(span.base for span in before.item.spans) - max(span.base for span in line.item.spans)


def _part(page: Assembled, glyphs: PageGlyphs, before: _Draft | TableCells, line: _Draft, usual: float) -> None:
    """Puts what parts two lines, or, where a word or a line without spaces goes on, nothing."""
    if isinstance(before, TableCells):
        page.put("\n\n")
        return
    step = _step(glyphs, before, line)
    apart = step > _PARAGRAPH_GAP * usual if usual else False
    text, following = before.written.text, line.written.text
    if not apart and not before.code and _is_cut(text, following):
        page.text[-1] = f"{text[:-1]}{HYPHEN}"
    elif text.endswith(HYPHEN) and not before.code:
        page.text[-1] = f"{text[:-1]}-"
        page.put("\n\n" if apart else "\n")
    elif apart:
        page.put("\n\n")
    elif not _runs_on(before, line):
        page.put("\n")


def _is_cut(text: str, following: str) -> bool:
    """Whether a line's last word may go on in the next line."""
    if text.endswith(HYPHEN):
        return following[:1].isalnum()
    return text[-1:] in ("-", "\u2010") and text[-2:-1].isalpha() and following[:1].isalnum()


def _runs_on(before: _Draft, line: _Draft) -> bool:
    """Whether a line of a script without spaces goes on in the next."""
    text, following = before.written.text, line.written.text
    if not (_ENDS_UNSPACED.search(text) and _BEGINS_UNSPACED.match(following)) or _NEW_ITEM.match(following):
        return False
    size = max(before.span.size, line.span.size)
    alike = abs(before.span.size - line.span.size) < 0.1 * size
    full = before.item.spans[-1].right >= before.item.right - _NEARLY_FULL * size
    indented = line.span.left > before.span.left + 0.8 * size
    return alike and full and not indented


def _line(glyphs: PageGlyphs, draft: _Draft, start: int, end: int) -> Line:
    rows = np.asarray([row for span in draft.item.spans for row in span.glyphs], dtype=np.int64)
    bold = all(glyphs.fonts[font].bold for font in np.unique(glyphs.font[rows]).tolist())
    spans = draft.item.spans
    return Line(
        start,
        end,
        float(np.median(glyphs.size[rows])),
        bold,
        draft.span.base,
        int(glyphs.turn[rows[0]]),
        min(span.left for span in spans),
        max(span.right for span in spans),
        draft.code,
        len(spans),
    )


def _put_table(page: Assembled, glyphs: PageGlyphs, flow: Flow, table: TableCells) -> None:
    rows = [[_cell(glyphs, flow, cell) for cell in row] for row in table.rows]
    begin = len(page.glyphs)
    for number, row in enumerate(rows):
        if number:
            page.put("\n")
        start = len(page.glyphs)
        for column, cell in enumerate(row):
            if not table.words:
                page.put("| " if column == 0 else " | ")
            elif column:
                page.put(" ")
            page.add(cell)
        if not table.words:
            page.put(" |")
        page.lines.append(Line(start, len(page.glyphs), 0.0, bold=False, base=None))
    named = zip(*rows[: table.names], strict=True) if table.names else ()
    names = [" ".join(dict.fromkeys(cell.text for cell in column if cell.text)) for column in named]
    columns = " ".join((" " if table.words else " | ").join(names).split())
    page.tables.append(Table(begin, len(page.glyphs), columns if any(names) else ""))


def _cell(glyphs: PageGlyphs, flow: Flow, cell: Cell) -> Written:
    """A cell's lines as one."""
    written = Written()
    for number, span in enumerate(cell):
        line = written_line(glyphs, flow, span.glyphs)
        below = number > 0 and cell[number - 1].base - span.base > 0.5 * span.size
        if number and below and _is_cut(written.text, line.text):
            written.text = f"{written.text[:-1]}{HYPHEN}"
        elif number:
            written.text = f"{written.text[:-1]}-" if written.text.endswith(HYPHEN) else written.text
            unspaced = below and _ENDS_UNSPACED.search(written.text) and _BEGINS_UNSPACED.match(line.text)
            written.add("" if unspaced else " ")
        written.join(line)
    if written.text.endswith(HYPHEN):
        written.text = f"{written.text[:-1]}-"
    return _escaped(written)


def _escaped(written: Written) -> Written:
    if "|" not in written.text:
        return written
    escaped = Written()
    for character, glyph in zip(written.text, written.glyphs, strict=True):
        if character == "|":
            escaped.add("\\")
        escaped.add(character, glyph)
    return escaped
