"""The ruled tables of a PDF page: lines that cross become grids, and grids say which cells are merged."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pypdfium2.raw as pdfium
from pypdfium2 import PdfPage

from passagework.ingest.loaders.pdf import pdf_calls as calls
from passagework.ingest.loaders.pdf.pdf_layers import Matrix, drawn_objects, product

_THIN = 2.5
"""Points: a filled rectangle that is thinner is a line."""
_SHORT = 4.0
_CORNERS = 6
"""Segments of a filled rectangle, closed one way or another."""
_NEAR = 2.0
"""Points: lines that are closer are one, and such that end so near to another touch it."""
_MOST_POINTS = 20_000
_MOST_LINES = 600
"""Of one direction on a page; a page with more is a drawing."""
_MOST_CELLS = 20_000

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Line:
    """A line along an axis: where it crosses the other one, and from where to where it goes."""

    at: float
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Grid:
    """A ruled table: the places of its lines from left to right and from top to bottom.

    `merged` has for each cell, by row and column, the row and the column of the first cell of those it is merged with.
    """

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    merged: tuple[tuple[tuple[int, int], ...], ...]

    def cell(self, x: float, y: float) -> tuple[int, int] | None:
        """The row and the column of the cell that holds a point, or None."""
        column = int(np.searchsorted(self.xs, x, side="right")) - 1
        row = int(np.searchsorted([-value for value in self.ys], -y, side="right")) - 1
        inside = 0 <= row < len(self.ys) - 1 and 0 <= column < len(self.xs) - 1
        return self.merged[row][column] if inside else None


@dataclass(frozen=True, slots=True)
class Rulings:
    """A page's upright lines, and its grids."""

    upright: tuple[Line, ...] = ()
    grids: tuple[Grid, ...] = ()


def rulings_of(page: PdfPage) -> Rulings:
    """The lines of tables on a page, and the grids that they make."""
    level: list[Line] = []
    upright: list[Line] = []
    for (x0, y0), (x1, y1) in _strokes(page):
        if abs(y1 - y0) <= 1 and abs(x1 - x0) >= _SHORT:
            level.append(Line((y0 + y1) / 2, min(x0, x1), max(x0, x1)))
        elif abs(x1 - x0) <= 1 and abs(y1 - y0) >= _SHORT:
            upright.append(Line((x0 + x1) / 2, min(y0, y1), max(y0, y1)))
    level, upright = _merged_lines(level), _merged_lines(upright)
    if not level or not upright or max(len(level), len(upright)) > _MOST_LINES:
        return Rulings()
    found = [(rows, columns) for rows, columns in _crossing(level, upright) if len(rows) > 1 or len(columns) > 1]
    grids = [grid for rows, columns in found if (grid := _grid(rows, columns)) is not None]
    outer = [grid for grid in grids if not any(_holds(other, grid) for other in grids if other is not grid)]
    used = [line for _, columns in found for line in columns] if outer else []
    return Rulings(tuple(used), tuple(outer))


def _strokes(page: PdfPage) -> Iterator[tuple[Point, Point]]:
    """The straight lines that are drawn, and the sides of rectangles; none where there are too many for a table."""
    found: list[tuple[Point, Point]] = []
    points = 0
    for drawn, kind, matrix in drawn_objects(calls.address(page.raw)):
        if kind != pdfium.FPDF_PAGEOBJ_PATH:
            continue
        count = calls.count_segments(drawn)
        points += max(1, count)
        if points > _MOST_POINTS:
            return
        if 2 <= count <= 200:
            found += _sides(drawn, count, matrix)
    yield from found


def _sides(drawn: int, count: int, matrix: Matrix) -> Iterator[tuple[Point, Point]]:
    modes = calls.Numbers(ctypes.c_int, 2)
    if not calls.draw_mode(drawn, *modes.places):
        return
    filled, stroked = modes.values[0] != pdfium.FPDF_FILLMODE_NONE, bool(modes.values[1])
    if not stroked and count > _CORNERS:
        return  # a shape
    for corners in _subpaths(drawn, count, matrix):
        xs, ys = [x for x, _ in corners], [y for _, y in corners]
        wide, high = max(xs) - min(xs), max(ys) - min(ys)
        if len(corners) >= 4 and min(wide, high) <= _THIN:
            x, y = (max(xs) + min(xs)) / 2, (max(ys) + min(ys)) / 2
            yield ((min(xs), y), (max(xs), y)) if wide >= high else ((x, min(ys)), (x, max(ys)))
        elif stroked or (filled and len(corners) == 2):
            yield from pairwise(corners)


def _subpaths(drawn: int, count: int, matrix: Matrix) -> Iterator[list[Point]]:
    """The corners of each part of a path that has no curve; a part that is closed ends where it began."""
    own = calls.Numbers(ctypes.c_float, 6)
    calls.matrix(drawn, own.places[0])
    first = own.values
    a, b, c, d, e, f = product((first[0], first[1], first[2], first[3], first[4], first[5]), matrix)
    room = calls.Numbers(ctypes.c_float, 2)
    corners: list[Point] = []
    curved = False
    for index in range(count):
        segment = calls.path_segment(drawn, index)
        kind = calls.segment_type(segment)
        if kind == pdfium.FPDF_SEGMENT_MOVETO:
            if len(corners) > 1 and not curved:
                yield corners
            corners, curved = [], False
        curved = curved or kind == pdfium.FPDF_SEGMENT_BEZIERTO
        calls.segment_point(segment, *room.places)
        x, y = room.values
        corners.append((a * x + c * y + e, b * x + d * y + f))
        if calls.segment_closes(segment) and len(corners) > 2:
            corners.append(corners[0])
    if len(corners) > 1 and not curved:
        yield corners


def _merged_lines(lines: Sequence[Line]) -> list[Line]:
    """Lines on one another as one, such as the sides of neighbouring cells and the dashes of a line."""
    merged: list[Line] = []
    group: list[Line] = []
    for line in sorted(lines, key=lambda line: line.at):
        if group and line.at - group[0].at > _NEAR:
            merged += _runs(group)
            group = []
        group.append(line)
    return merged + _runs(group)


def _runs(group: Sequence[Line]) -> list[Line]:
    runs: list[Line] = []
    at = sum(line.at for line in group) / max(1, len(group))
    for line in sorted(group, key=lambda line: line.start):
        if runs and line.start <= runs[-1].end + _THIN:
            runs[-1] = Line(at, runs[-1].start, max(runs[-1].end, line.end))
        else:
            runs.append(Line(at, line.start, line.end))
    return runs


def _crossing(level: Sequence[Line], upright: Sequence[Line]) -> Iterator[tuple[list[Line], list[Line]]]:
    """The sets of lines that hang together: level ones, and upright ones."""
    rows = np.array([(line.at, line.start, line.end) for line in level])
    columns = np.array([(line.at, line.start, line.end) for line in upright])
    meets = (rows[:, None, 1] <= columns[None, :, 0] + _NEAR) & (rows[:, None, 2] >= columns[None, :, 0] - _NEAR)
    meets &= (columns[None, :, 1] <= rows[:, None, 0] + _NEAR) & (columns[None, :, 2] >= rows[:, None, 0] - _NEAR)
    waiting = set(range(len(level)))
    while waiting:
        of_rows, of_columns, fresh = set[int](), set[int](), {waiting.pop()}
        while fresh:
            of_rows |= fresh
            touched = set(np.flatnonzero(meets[sorted(fresh)].any(axis=0)).tolist()) - of_columns
            of_columns |= touched
            fresh = set(np.flatnonzero(meets[:, sorted(touched)].any(axis=1)).tolist()) - of_rows if touched else set()
        waiting -= of_rows
        if of_columns:
            yield [level[row] for row in sorted(of_rows)], [upright[column] for column in sorted(of_columns)]


def _grid(level: Sequence[Line], upright: Sequence[Line]) -> Grid | None:
    """The cells between the lines; a table whose outer lines aren't drawn ends where the others do."""
    ends = [end for line in level for end in (line.start, line.end)]
    tops = [end for line in upright for end in (line.start, line.end)]
    xs = _places([*(line.at for line in upright), min(ends), max(ends)])
    ys = _places([*(line.at for line in level), min(tops), max(tops)])[::-1]
    if len(xs) < 3 or len(ys) < 3 or (len(xs) - 1) * (len(ys) - 1) > _MOST_CELLS:
        return None
    return Grid(tuple(xs), tuple(ys), _merged_cells(xs, ys, level, upright))


def _places(values: Sequence[float]) -> list[float]:
    places: list[float] = []
    for value in sorted(values):
        if not places or value - places[-1] > _NEAR:
            places.append(value)
    return places


def _merged_cells(
    xs: Sequence[float], ys: Sequence[float], level: Sequence[Line], upright: Sequence[Line]
) -> tuple[tuple[tuple[int, int], ...], ...]:
    """For each cell the first of those that no line parts it from; merged cells are rectangles."""
    walls, floors = _covered(xs, ys, upright), _covered(ys, xs, level)
    first: list[list[tuple[int, int]]] = []
    for row in range(len(ys) - 1):
        first.append([])
        for column in range(len(xs) - 1):
            to_left = column > 0 and not walls[column, row]
            above = row > 0 and not floors[row, column]
            if to_left:
                first[row].append(first[row][column - 1])
            elif above and (column == 0 or first[row - 1][column - 1] != first[row - 1][column]):
                first[row].append(first[row - 1][column])
            else:
                first[row].append((row, column))
    return tuple(map(tuple, first))


def _covered(places: Sequence[float], across: Sequence[float], lines: Sequence[Line]) -> np.ndarray:
    """Whether a line at each place covers the middle of each cell across."""
    middles = (np.array(across[1:]) + np.array(across[:-1])) / 2
    covered = np.zeros((len(places), len(middles)), dtype=bool)
    for line in lines:
        near = np.abs(np.array(places) - line.at) <= 2 * _NEAR
        covered |= near[:, None] & ((line.start <= middles) & (middles <= line.end))[None, :]
    return covered


def _holds(outer: Grid, inner: Grid) -> bool:
    wider = outer.xs[0] <= inner.xs[0] + _NEAR and inner.xs[-1] <= outer.xs[-1] + _NEAR
    return wider and outer.ys[-1] <= inner.ys[-1] + _NEAR and inner.ys[0] <= outer.ys[0] + _NEAR
