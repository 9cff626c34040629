"""In which order the shapes of a slide are read: column by column, in each from the top down."""

from __future__ import annotations

from collections.abc import Sequence

from passagework.ingest.loaders.office.pptx_shapes import Box

_DEEPEST = 20
"""Divisions within divisions."""
_MOST_ROWS = 200
"""Rows of a slide that are compared with those above them."""
_SLACK = 0.1
"""The part of its height or width by which a shape may reach into the next row or column."""


def reading_order(boxes: Sequence[Box | None]) -> list[int]:
    """The numbers of the shapes in reading order. One that doesn't say where it stands follows the one before it."""
    placed = [number for number, box in enumerate(boxes) if box is not None]
    behind: dict[int, list[int]] = {}
    last = -1
    for number, box in enumerate(boxes):
        if box is None:
            behind.setdefault(last, []).append(number)
        else:
            last = number
    known = {number: box for number, box in enumerate(boxes) if box is not None}
    order = behind.get(-1, [])
    for number in _ordered(placed, known, 0):
        order += [number, *behind.get(number, [])]
    return order


def _ordered(numbers: list[int], boxes: dict[int, Box], depth: int) -> list[int]:
    """Regions from the top down, in each columns one after the other.

    But rows of as many shapes as there are columns, more than two, are a table's, and read as rows.
    """
    if len(numbers) > 1 and depth < _DEEPEST:
        rows = _divided(numbers, boxes, 1)
        parts = _regions(rows, boxes)
        if len(parts) == 1:
            columns = _divided(numbers, boxes, 0)
            gridded = len(rows) > 2 and all(len(row) == len(columns) for row in rows)
            parts = columns if len(columns) > 1 and not gridded else rows
        if len(parts) > 1:
            return [number for part in parts for number in _ordered(part, boxes, depth + 1)]
    return sorted(numbers, key=lambda number: (boxes[number][1], boxes[number][0], number))


def _regions(rows: list[list[int]], boxes: dict[int, Box]) -> list[list[int]]:
    """Rows below one another that share a gap between columns are one region; one across all of them parts two."""
    regions: list[list[int]] = []
    for row in rows[:_MOST_ROWS]:
        wide = len(_divided(row, boxes, 0)) < 2
        if regions and not wide and len(_divided([*regions[-1], *row], boxes, 0)) > 1:
            regions[-1] = [*regions[-1], *row]
        else:
            regions.append(row)
    return [*regions, *rows[_MOST_ROWS:]]


def _divided(numbers: list[int], boxes: dict[int, Box], axis: int) -> list[list[int]]:
    """The shapes parted wherever nothing stands, across (0) or down (1)."""
    parts: list[list[int]] = []
    reached = 0.0
    for number in sorted(numbers, key=lambda number: (boxes[number][axis], number)):
        start, end = boxes[number][axis], boxes[number][axis + 2]
        slack = _SLACK * (end - start)
        if not parts or start + slack >= reached:
            parts.append([])
            reached = end - slack
        parts[-1].append(number)
        reached = max(reached, end - slack)
    return parts
