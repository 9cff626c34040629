"""Tables of a PDF page, ruled or told by alignment, as rows of cells that stand under their columns."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from passagework.ingest.loaders.pdf.pdf_bands import Band, are_led_to_pages, are_markers, is_amount, is_number
from passagework.ingest.loaders.pdf.pdf_glyphs import PageGlyphs
from passagework.ingest.loaders.pdf.pdf_names import Cell, Columns, names_above, names_within, text_of
from passagework.ingest.loaders.pdf.pdf_rulings import Grid, Line
from passagework.ingest.loaders.pdf.pdf_spans import Row, Span, rows_of

_LEAST_ROWS = 3
_LEAST_FILLED = 3
"""Rows that fill several columns where no rule is drawn, and cells that hold something where rules are."""
_MOST_ABOVE, _LARGER = 4, 1.3
"""Rows above a table, at most, and of the usual size, how large the letters of its heading are, at least."""
_SHORT_WORDS = 4.5
_ALIGNED = 0.6
_EDGE = 2.5
"""Points: edges that are closer are aligned."""
_NAMED = 4
"""Rows below which a column of signs holds nothing else: those above may name it."""
_WORD_GAP = 0.15
_REPEATED = 80
"""Characters of a merged cell that is said in each of its columns and rows; a longer one is said in the first."""
_OPENING, _CLOSING = re.compile(r"[$€£¥(]+"), re.compile(r"[)%*]+|\(\d\)")


@dataclass(slots=True)
class TableCells:
    """A table's rows, each as many cells; the first `names` of them name the columns.

    `words` tells a table that no rule parts and whose every cell is a word: read as it stands, each word is a cell.
    """

    rows: list[list[Cell]]
    names: int
    words: bool = False


@dataclass(frozen=True, slots=True)
class Ruled:
    """What the lines drawn on a page tell: ruled tables by the identity of their grids, and all level lines."""

    tables: Mapping[int, TableCells]
    level: Sequence[Line] = ()


def aligned_table(
    glyphs: PageGlyphs, rows: Sequence[Row], band: Band, top: tuple[int, int], level: Sequence[Line]
) -> tuple[int, TableCells] | None:
    """A band as a table, and the row where it begins; None where it is none.

    `top` has the row from which on all belongs to the table, though less divided, and that above which nothing does.
    """
    cells = _cells(glyphs, rows[band.start : band.end], band)
    cells = _without_signs(cells)
    if not cells or len(cells[0]) < 2:
        return None
    start = next((row for row, line in enumerate(cells) if sum(map(bool, line)) > 1 or not line[0]), 0)
    start = max(start, _below_heading(cells))
    texts = [[text_of(cell) for cell in line] for line in cells[start:]]
    cells = cells[start:]
    if not _is_table(texts, cells):
        return None
    amounts = any(is_amount(text) for line in texts for text in line)
    words = all(len(text.split()) == 1 for line in texts for text in line)
    names = names_within(texts)
    over = names if amounts and not words and _has_columns(cells[names:]) else 0
    first = band.start + start + over
    above = names_above(rows, Columns.of(cells[over:], band.gutters[0]), first, top, level)
    within = names - over if amounts or not above else 0
    named = next((at for at, line in enumerate(above) if any(is_amount(text_of(cell)) for cell in line[1:])), None)
    named = len(above) + within if named is None else named
    body = [*above, *_unwrapped(cells[over:], within)]
    return first - len(above), TableCells(body, named, words=words and not above)


def _below_heading(cells: Sequence[Sequence[Cell]]) -> int:
    """The row below the last of the first ones that is a line of larger letters alone; 0 where none is."""
    sizes = [span.size for line in cells for cell in line for span in cell]
    usual = median(sizes) if sizes else 0.0
    alone = [sum(map(bool, line)) == 1 for line in cells[:_MOST_ABOVE]]
    large = (
        at
        for at, line in enumerate(cells[:_MOST_ABOVE])
        if alone[at] and all(span.size >= _LARGER * usual for cell in line for span in cell)
    )
    return max(large, default=-1) + 1


def _has_columns(cells: Sequence[Sequence[Cell]]) -> bool:
    """Whether each column still holds something."""
    return bool(cells) and all(any(line[column] for line in cells) for column in range(len(cells[0])))


def ruled_table(grid: Grid, spans: Sequence[Span]) -> TableCells | None:
    """What stands between rules as a table, merged cells repeated; None where that is no table, but a frame."""
    held: dict[tuple[int, int], list[Span]] = {}
    for span in spans:
        place = grid.cell((span.left + span.right) / 2, span.base + 0.3 * span.size)
        if place is not None:
            held.setdefault(place, []).append(span)
    if len(held) < _LEAST_FILLED:
        return None
    lines: list[list[Cell]] = []
    cells = {place: tuple(_ordered(spans)) for place, spans in held.items()}
    if _is_shading(grid, cells):
        return None
    for number, row in enumerate(grid.merged):
        lines += _split([_said(cells, first, (number, column)) for column, first in enumerate(row)])
    lines = [line for line in lines if any(line)]
    used = [column for column in range(len(grid.xs) - 1) if any(line[column] for line in lines)]
    lines = [[line[column] for column in used] for line in lines]
    if len(lines) < 2 or len(used) < 2:
        return None
    return TableCells(lines, names_within([[text_of(cell) for cell in line] for line in lines]))


def _is_shading(grid: Grid, cells: Mapping[tuple[int, int], Cell]) -> bool:
    """Whether what seems to be a grid is the shading of some rows and the rules above sums: it parts no rows.

    Then the labels stand one below the other in one cell over several rows, and so do the amounts beside them.
    """
    for first in dict.fromkeys(row[0] for row in grid.merged):
        beside = {row[column] for row in grid.merged if row[0] == first for column in range(1, len(row))}
        stacked = [_lines_of(cells[place]) for place in beside if place in cells]
        amounts = [rows for rows in stacked if all(is_number(span.words) for row in rows for span in row.spans)]
        merged = sum(row[0] == first for row in grid.merged)
        if merged > 1 and len(_lines_of(cells.get(first, ()))) > merged and any(len(rows) > 2 for rows in amounts):
            return True
    return False


def with_names_above(table: TableCells, rows: Sequence[Row], level: Sequence[Line]) -> tuple[TableCells, int]:
    """A ruled table, the last of some rows, that names no column, with those just above it that do; and how many."""
    if table.names or not any(is_amount(text_of(cell)) for line in table.rows for cell in line[1:]):
        return table, 0
    last = len(rows) - 1
    above = names_above(rows, Columns.of(table.rows), last, (last, 0), level)
    return TableCells([*above, *table.rows], len(above)), len(above)


def _said(cells: dict[tuple[int, int], Cell], first: tuple[int, int], place: tuple[int, int]) -> Cell:
    cell = cells.get(first, ())
    return cell if first == place or len(text_of(cell)) <= _REPEATED else ()


def _ordered(spans: Sequence[Span]) -> list[Span]:
    return [span for row in rows_of(spans) for span in row.spans]


def _cells(glyphs: PageGlyphs, rows: Sequence[Row], band: Band) -> list[list[Cell]]:
    lines: list[list[Cell]] = []
    for row in rows:
        held: list[list[Span]] = [[] for _ in range(len(band.gutters) + 1)]
        for span in row.spans:
            for part in _parted(glyphs, span, band):
                held[band.column(part)].append(part)
        lines.append([tuple(spans) for spans in held])
    return lines


def _parted(glyphs: PageGlyphs, span: Span, band: Band) -> list[Span]:
    """A span that reaches across a strip in two, where a space between its words lies there."""
    for left, right in band.gutters:
        if span.left >= left or span.right <= right:
            continue
        for at, (before, row) in enumerate(pairwise(span.glyphs), 1):
            gap = glyphs.left[row] - glyphs.right[before]
            middle = (glyphs.left[row] + glyphs.right[before]) / 2
            if gap > _WORD_GAP * span.size and left - span.size <= middle <= right + span.size:
                label, value = _cut(glyphs, span, at)
                if not is_number(value.words.split(" ")[0]) and value.words[:1] not in "$€£(":
                    continue
                return [label, *_parted(glyphs, value, band)]
    return [span]


def _cut(glyphs: PageGlyphs, span: Span, at: int) -> tuple[Span, Span]:
    parts: list[Span] = []
    for rows in (span.glyphs[:at], span.glyphs[at:]):
        words = "".join(" " * bool(glyphs.before[row]) + glyphs.text[row] for row in rows).strip()
        left, right = float(glyphs.left[rows].min()), float(glyphs.right[rows].max())
        parts.append(Span(rows, left, right, span.base, span.size, words=words))
    return parts[0], parts[1]


def _without_signs(cells: list[list[Cell]]) -> list[list[Cell]]:
    """The cells, with columns of currency signs, of closing brackets and of bullets joined to those they belong to."""
    column = 0
    while cells and column < len(cells[0]):
        texts = [text for line in cells if (text := text_of(line[column]))]
        below = [text for line in cells[_NAMED - 1 :] if (text := text_of(line[column]))]
        last = len(cells[0]) - 1
        signs = [text for text in texts if _OPENING.fullmatch(text)]
        opening = bool(signs) and all(map(_OPENING.fullmatch, below)) and not any(map(is_amount, texts))
        opening = opening or (column == 0 and are_markers(texts))
        if column < last and opening:
            cells = [[*line[:column], line[column] + line[column + 1], *line[column + 2 :]] for line in cells]
        elif column > 0 and (all(map(_CLOSING.fullmatch, texts)) or _never_meet(cells, column)):
            cells = [[*line[: column - 1], line[column - 1] + line[column], *line[column + 1 :]] for line in cells]
        else:
            column += 1
    return cells


def _never_meet(cells: Sequence[Sequence[Cell]], column: int) -> bool:
    """Whether no row fills both a column and the one before it: one column, whose name stands beside its numbers."""
    return column > 1 and not any(line[column - 1] and line[column] for line in cells)


def _is_table(texts: Sequence[Sequence[str]], cells: Sequence[Sequence[Cell]]) -> bool:
    """Whether rows of cells are a table: several full rows, edges that are aligned, numbers or short words."""
    full = [line for line in texts if sum(map(bool, line)) > 1]
    if len(full) < _LEAST_ROWS or len(full) < 0.4 * len(texts):
        return False
    if are_led_to_pages([text for line in texts for text in line if text]):
        return False
    width = len(texts[0])
    values = [text for line in texts[1:] for text in line[1:] if text]
    numbers = sum(map(is_number, values)) / max(1, len(values))
    if width == 2 and (_is_contents(full) or sum(line[0].endswith(":") for line in full) >= len(full) / 2):
        return False
    if not all(_is_aligned([line[column] for line in cells if line[column]]) for column in range(1, width)):
        return False
    words = [len(text.split()) for line in texts for text in line if text]
    short = sum(words) / len(words) <= _SHORT_WORDS
    return numbers >= 0.5 or (short and len(full) >= _LEAST_ROWS + (width == 2))


def _is_contents(lines: Sequence[Sequence[str]]) -> bool:
    """Whether the second of two columns has page numbers that grow: a table of contents is read as lines."""
    pages = [line[1] for line in lines if line[1]]
    if not all(page.isdecimal() and len(page) < 5 for page in pages) or any(line[0].isdecimal() for line in lines):
        return False
    return all(int(a) <= int(b) for a, b in pairwise(pages))


def _is_aligned(cells: Sequence[Cell]) -> bool:
    """Whether most of a column's cells begin, end or have their middle at one place, or are amounts."""
    if len(cells) < 2 or sum(is_amount(text_of(cell)) for cell in cells) >= 0.5 * len(cells):
        return True
    lefts, rights = [cell[0].left for cell in cells], [cell[-1].right for cell in cells]
    middles = [(left + right) / 2 for left, right in zip(lefts, rights, strict=True)]
    return any(
        sum(abs(value - median(values)) <= _EDGE * (1 + (values is rights)) for value in values)
        >= _ALIGNED * len(cells)
        for values in (lefts, rights, middles)
    )


def _unwrapped(cells: Sequence[Sequence[Cell]], names: int) -> list[list[Cell]]:
    """The rows, with labels joined that go on in the next line: that one begins in lower case."""
    lines: list[list[Cell]] = [list(line) for line in cells[:names]]
    for line in cells[names:]:
        before = lines[-1] if len(lines) > names else None
        only_label = before is not None and before[0] and not any(before[1:])
        goes_on = [cell for cell in line if cell and text_of(cell)[:1].islower()]
        filled = [cell for cell in line if cell]
        if before is not None and (
            (only_label and line[0] in goes_on) or (len(goes_on) == len(filled) and not line[0])
        ):
            lines[-1] = [first + second for first, second in zip(before, line, strict=True)]
        elif before is not None and len(filled) == 1 and line[0] in goes_on and _is_below(before[0], line[0]):
            lines[-1] = [before[0] + line[0], *before[1:]]
        else:
            lines.append(list(line))
    return lines


def _is_below(above: Cell, below: Cell) -> bool:
    return bool(above) and above[-1].base - below[0].base <= 1.7 * below[0].size


def _split(cells: list[Cell]) -> list[list[Cell]]:
    """Rows that no rule parts but that stand on common lines: of a table with upright rules alone."""
    rows = rows_of([span for cell in dict.fromkeys(cells) for span in cell], joined=False)
    if len(rows) < 2 or sum(len(_lines_of(cell)) > 1 for cell in cells) < 2:
        return [cells]
    lines = [[tuple(span for span in row.spans if span in cell) for cell in cells] for row in rows]
    texts = [text_of(cell) for line in lines[1:] for cell in line if cell]
    full = sum(sum(map(bool, line)) > 1 for line in lines)
    numbers = sum(map(is_number, texts))
    lower = sum(text[:1].islower() for text in texts)
    merged_spans = sum(len(cell) for line in lines for cell in line) < sum(len(cell) for cell in dict.fromkeys(cells))
    if merged_spans or full < 0.7 * len(lines) or numbers < 0.3 * len(texts) or lower > 0.2 * len(texts):
        return [cells]
    return lines


def _lines_of(cell: Cell) -> list[Row]:
    return rows_of(cell)
