"""In which order the shapes of a slide are read: column by column, in each from the top down."""

from __future__ import annotations

from collections.abc import Sequence

from passagework.ingest.loaders.office.pptx_shapes import Box

_DEEPEST = 20
"""Divisions within divisions."""
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
    """Columns one after the other; but rows of as many shapes as there are columns, more than two, as a table's."""
    if len(numbers) > 1 and depth < _DEEPEST:
        columns, rows = _divided(numbers, boxes, 0), _divided(numbers, boxes, 1)
        gridded = len(rows) > 2 and all(len(row) == len(columns) for row in rows)
        parts = columns if len(columns) > 1 and not gridded else rows
        if len(parts) > 1:
            return [number for part in parts for number in _ordered(part, boxes, depth + 1)]
    return sorted(numbers, key=lambda number: (boxes[number][1], boxes[number][0], number))


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
