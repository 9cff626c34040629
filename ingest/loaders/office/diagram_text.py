"""Diagrams (SmartArt): their texts, each below the one that it belongs to (ECMA-376-1, 21.4.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from passagework.ingest.loaders.office.drawing_text import body_text
from passagework.ingest.loaders.office.office_values import whole_number

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types

_DEEPEST = 8
"""Levels by which texts are indented."""
_SHOWN = frozenset({"", "node", "asst", "doc"})
"""Kinds of points that hang in the tree; the others are texts on lines, or how it is drawn."""


def diagram_lines(root: _Element) -> list[tuple[int, str]]:
    """Depth and text of each point in the order of the tree; those that hang nowhere in that of the file."""
    points = {str(point.get("modelId")): point for point in root.iter("{*}pt") if point.get("type") != "pres"}
    below: dict[str, list[tuple[int, str, str]]] = {}
    for place, connection in enumerate(root.iter("{*}cxn")):
        if (connection.get("type") or "parOf") == "parOf":
            order = whole_number(connection.get("srcOrd"))
            child, between = str(connection.get("destId")), str(connection.get("sibTransId"))
            found = place if order is None else order, child, between
            below.setdefault(str(connection.get("srcId")), []).append(found)
    tops = [name for name, point in points.items() if point.get("type") == "doc"]
    lines: list[tuple[int, str]] = []
    seen: set[str] = set()
    for name in (*tops, *(name for name, point in points.items() if (point.get("type") or "") in _SHOWN), *points):
        waiting = [(0, name)]
        while waiting:
            depth, name = waiting.pop()
            if name in seen or name not in points:
                continue
            seen.add(name)
            text = _text(points[name])
            if text:
                lines.append((min(depth, _DEEPEST), text))
            for _, child, between in sorted(below.get(name, []), reverse=True):
                waiting += [(depth + bool(text), between), (depth + bool(text), child)]
    return lines


def _text(point: _Element) -> str:
    return " ".join(part for body in point.iterchildren("{*}t") if (part := body_text(body)))
