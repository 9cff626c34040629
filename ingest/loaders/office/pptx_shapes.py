"""What stands on a slide, and where: groups opened, boxes in the slide's coordinates (ECMA-376-1, 19.3 and 20.1.7)."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from passagework.ingest.loaders.office.docx_elements import chosen
from passagework.ingest.loaders.office.office_values import flag, local, whole_number

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types

MARGIN = 228_600
"""EMU, a quarter of an inch, by which text may run out of its box."""

Box = tuple[float, float, float, float]
"""Left, top, right, bottom in EMU, of which a point has 12,700."""

_HALF_TURN = 180 * 60_000
_Map = tuple[float, float, float, float]
"""x times, x plus, y times, y plus."""
_PLACE = (("off", "x"), ("off", "y"), ("ext", "cx"), ("ext", "cy"))
_INNER = (("chOff", "x"), ("chOff", "y"), ("chExt", "cx"), ("chExt", "cy"))
_AS_IT_IS: _Map = (1.0, 0.0, 1.0, 0.0)


@dataclass(frozen=True, slots=True)
class Shape:
    """A shape, picture or frame. `box` is None where it doesn't say where it stands; one of a hidden group is hidden.

    `placeholder` is its type and number, where it is one.
    """

    element: _Element
    kind: str
    box: Box | None
    hidden: bool
    placeholder: tuple[str, str] | None = None


def shapes(root: _Element) -> list[Shape]:
    """The shapes of a slide, a layout or a master, from the hindmost to the foremost."""
    tree = next(root.iter("{*}spTree"), None)
    return list(_opened(tree)) if tree is not None else []


def properties(element: _Element) -> _Element | None:
    """A shape's properties, by which its fill and place are said."""
    return next(element.iterchildren("{*}spPr", "{*}grpSpPr"), None)


def _opened(tree: _Element) -> Iterator[Shape]:
    waiting = [(child, _AS_IT_IS, False) for child in reversed(list(tree.iterchildren("{*}*")))]
    while waiting:
        element, place, hidden = waiting.pop()
        kind = local(element)
        if kind in ("nvGrpSpPr", "grpSpPr", "extLst"):
            continue
        if kind == "AlternateContent":
            waiting += [(child, place, hidden) for child in reversed(chosen(element))]
            continue
        hidden = hidden or _is_hidden(element)
        if kind == "grpSp":
            inner = _within(element, place)
            waiting += [(child, inner, hidden) for child in reversed(list(element.iterchildren("{*}*")))]
        else:
            yield Shape(element, kind, _box(element, place), hidden, _placeholder(element))


def _is_hidden(element: _Element) -> bool:
    named = next(element.iterchildren("{*}*"), None)
    return named is not None and any(flag(properties.get("hidden")) for properties in named.iterchildren("{*}cNvPr"))


def _placeholder(element: _Element) -> tuple[str, str] | None:
    named = next(element.iterchildren("{*}*"), None)
    found = next(named.iter("{*}ph"), None) if named is not None and local(named).startswith("nv") else None
    return None if found is None else (found.get("type") or "obj", found.get("idx") or "0")


def _transform(element: _Element) -> _Element | None:
    around = properties(element)
    return next((around if around is not None else element).iterchildren("{*}xfrm"), None)


def _numbers(transform: _Element, *attributes: tuple[str, str]) -> list[float] | None:
    found = []
    for child, name in attributes:
        element = next(transform.iterchildren(f"{{*}}{child}"), None)
        number = whole_number(element.get(name)) if element is not None else None
        if number is None:
            return None
        found.append(float(number))
    return found


def _within(group: _Element, place: _Map) -> _Map:
    """How a group's inner coordinates become the slide's."""
    transform = _transform(group)
    outer = _numbers(transform, *_PLACE) if transform is not None else None
    inner = _numbers(transform, *_INNER) if transform is not None else None
    if outer is None or inner is None:
        return place
    wide = outer[2] / inner[2] if inner[2] else 1.0
    high = outer[3] / inner[3] if inner[3] else 1.0
    x_times, x_plus, y_times, y_plus = place
    return (
        x_times * wide,
        x_times * (outer[0] - inner[0] * wide) + x_plus,
        y_times * high,
        y_times * (outer[1] - inner[1] * high) + y_plus,
    )


def _box(element: _Element, place: _Map) -> Box | None:
    transform = _transform(element)
    if transform is None:
        return None
    found = _numbers(transform, *_PLACE)
    if found is None:
        return None
    left, top, wide, high = found
    if (whole_number(transform.get("rot")) or 0) % _HALF_TURN:
        reach = math.hypot(wide, high)  # wherever it turns to
        left, top, wide, high = left + (wide - reach) / 2, top + (high - reach) / 2, reach, reach
    x_times, x_plus, y_times, y_plus = place
    return (
        x_times * left + x_plus,
        y_times * top + y_plus,
        x_times * (left + wide) + x_plus,
        y_times * (top + high) + y_plus,
    )


def wider(box: Box | None) -> Box | None:
    """The box with a margin around it."""
    return None if box is None else (box[0] - MARGIN, box[1] - MARGIN, box[2] + MARGIN, box[3] + MARGIN)


def overlap(first: Box, second: Box) -> bool:
    """Whether two boxes share more than an edge."""
    return first[0] < second[2] and first[2] > second[0] and first[1] < second[3] and first[3] > second[1]
