"""The order in which a PDF page is read: columns one after the other, tables row by row, the rest downwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

from passagework.ingest.loaders.pdf.pdf_bands import (
    Band,
    are_led_to_pages,
    are_markers,
    find_band,
    goes_beyond,
    is_number,
    is_prose,
)
from passagework.ingest.loaders.pdf.pdf_glyphs import PageGlyphs
from passagework.ingest.loaders.pdf.pdf_spans import Row, Span, rows_of
from passagework.ingest.loaders.pdf.pdf_table import Ruled, TableCells, aligned_table, with_names_above

_DEEPEST = 6
"""Columns within columns."""
_NAMES_ROWS = 7
"""Rows at the top of a table, at most, among which one may be divided as all below."""
_LONG_BAND = 60
"""Rows: within a band of as many that is neither columns nor a table, no other band is looked for."""
_LEVEL, _MOST_BESIDE = 0.3, 0.6
"""Of a line's size, how far baselines of one row are apart; of the lines of a sidebar, how many a sentence passes."""
_COLUMN_LINES = 3
"""Lines of a side, at least, that stands beside another as a column."""


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line of text: its spans in order, and the places of its neighbourhood's edges, between which lines are full."""

    spans: tuple[Span, ...]
    left: float
    right: float


Item: TypeAlias = "TextLine | TableCells"


def in_order(glyphs: PageGlyphs, spans: Sequence[Span], ruled: Ruled, depth: int = 0) -> list[Item]:
    """The lines and tables of spans of one direction as a reader meets them; `ruled` is what rules tell."""
    rows = rows_of(spans)
    items: list[Item] = []
    done = at = 0
    while at < len(rows):
        band = find_band(rows, at, done)
        found = _columns_or_table(glyphs, rows, band, done, ruled, depth) if band is not None else None
        if found is None:
            at += 1 if band is None or band.end - at < _LONG_BAND else band.end - at
            continue
        start, end, arranged = found
        items += _lines(glyphs, rows[done:start], ruled)
        items += arranged
        done = at = end
    return items + _lines(glyphs, rows[done:], ruled)


def _columns_or_table(
    glyphs: PageGlyphs, rows: Sequence[Row], band: Band, least: int, ruled: Ruled, depth: int
) -> tuple[int, int, list[Item]] | None:
    """Where the columns or the table of a band begin and end among the rows, and what they hold; None without any."""
    end = band.crossed[0] if band.crossed else band.end
    of_band = rows[band.start : end]
    gutter = _column_gutter(of_band, band) if depth < _DEEPEST else None
    if gutter is not None:
        sides: tuple[list[Span], list[Span]] = ([], [])
        for row in of_band:
            for span in row.spans:
                sides[span.left >= gutter].append(span)
        leftward = sum(span.leftward for span in sides[0]) > len(sides[0]) / 2
        first, second = sides[::-1] if leftward else sides
        parts = [*in_order(glyphs, first, ruled, depth + 1), *in_order(glyphs, second, ruled, depth + 1)]
        return band.start, end, parts
    later = (find_band(rows, at, least) for at in range(band.start + 1, min(band.end, band.start + _NAMES_ROWS)))
    # The rows of names are less divided than those below them.
    within = (each for each in later if each is not None and not goes_beyond(each, band, rows))
    divided = max([band, *within], key=lambda each: each.most_cells(rows))
    table = aligned_table(glyphs, rows, divided, (band.start, least), ruled.level)
    return (table[0], divided.end, [table[1]]) if table is not None else None


def _column_gutter(rows: Sequence[Row], band: Band) -> float | None:
    """The right edge of a strip with text on both sides that runs on from line to line there, the widest first."""
    for _, right in sorted(band.gutters, key=lambda strip: strip[0] - strip[1]):
        sides: tuple[list[Span], list[Span]] = ([], [])
        for row in rows:
            for side, wanted in zip(sides, (False, True), strict=True):
                spans = [span for span in row.spans if (span.left >= right - 0.01) is wanted]
                side += spans
        if _are_columns(sides):
            return right - 0.01
    return None


def _are_columns(sides: tuple[list[Span], list[Span]]) -> bool:
    if min(map(len, sides)) < _COLUMN_LINES:
        return False
    texts = [[span.words for span in side] for side in sides]
    if any(are_markers(side) for side in texts):
        return False
    if all(map(are_led_to_pages, texts)):
        return True
    prose = [is_prose(side, spans) for side, spans in zip(texts, sides, strict=True)]
    if all(prose):
        return True
    drawn = sorted([(span.first, 0) for span in sides[0]] + [(span.first, 1) for span in sides[1]])
    turns = sum(before[1] != after[1] for before, after in pairwise(drawn))
    if not any(prose):
        return False
    return turns == 1 or _runs_on_beside(*(sides if prose[0] else sides[::-1]))


def _runs_on_beside(text: list[Span], other: list[Span]) -> bool:
    """Whether a text is in the midst of its sentences beside most lines of the other side, which are words."""
    within = [span for span in text[1:] if span.words[:1].islower()]
    beside = sum(any(abs(span.base - line.base) <= _LEVEL * line.size for span in within) for line in other)
    words = sum(sum(map(str.isalpha, span.words)) > 2 and not is_number(span.words) for span in other)
    return min(beside, words) >= _MOST_BESIDE * len(other)


def _lines(glyphs: PageGlyphs, rows: Sequence[Row], ruled: Ruled) -> list[Item]:
    """Rows as lines; where a row holds several spans that the file draws one below the other, as the file has them."""
    plain = [span for row in rows for span in row.spans if span.grid is None]
    left, right = min((span.left for span in plain), default=0.0), max((span.right for span in plain), default=0.0)
    items: list[Item] = []
    group: list[Row] = []
    for row in rows:
        grid = row.spans[0].grid
        if grid is None:
            group.append(row)
            continue
        table, named = with_names_above(ruled.tables[id(grid)], [*group, row], ruled.level)
        items += _text_lines(glyphs, group[: len(group) - named], left, right)
        group = []
        items.append(table)
    return items + _text_lines(glyphs, group, left, right)


def _text_lines(glyphs: PageGlyphs, rows: Sequence[Row], left: float, right: float) -> list[Item]:
    lines = [tuple(part) for row in rows for part in _level_parts(_untangled(row))]
    beside = [pair for line in lines for pair in pairwise(line)]
    apart = sum(
        abs(b.first - a.glyphs[-1]) > 1 and min(glyphs.index[b.first], glyphs.index[a.first]) >= 0 for a, b in beside
    )
    if len(beside) > 1 and apart > len(beside) / 2:
        spans = sorted((span for line in lines for span in line), key=lambda span: span.first)
        return [TextLine((span,), left, right) for span in spans]
    return [TextLine(line[::-1] if line[0].leftward else line, left, right) for line in lines]


def _untangled(row: Row) -> Row:
    """A row as the file draws it where its spans are drawn one upon the other."""
    return Row(sorted(row.spans, key=lambda span: span.first)) if row.mixed else row


def _level_parts(row: Row) -> list[list[Span]]:
    """A row's spans, parted where the baseline changes."""
    parts: list[list[Span]] = []
    for span in row.spans:
        before = parts[-1][-1] if parts else None
        if before is not None and abs(before.base - span.base) <= 0.45 * max(before.size, span.size):
            parts[-1].append(span)
        else:
            parts.append([span])
    return parts
