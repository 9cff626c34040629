"""Charts of every kind as a title and a table of their values (ECMA-376-1, 21.2, and Microsoft's extended charts).

A chart keeps the values that it was drawn from; the workbook embedded beside it isn't needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from passagework.ingest.loaders.office.drawing_text import body_text
from passagework.ingest.loaders.office.number_formats import shown
from passagework.ingest.loaders.office.office_values import decimal, local, whole_number
from passagework.ingest.loaders.office.office_writer import Line, OfficeWriter, words
from passagework.retrieval.types import HiddenReason

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types

_MOST_POINTS = 100_000
"""Points of a series that are read."""
_ACROSS = ("xVal", "cat")
_UP = ("val", "yVal")


@dataclass(slots=True)
class _Series:
    """A series: what it is called, and by the number of each point its category, its value and its size."""

    name: str = ""
    categories: dict[int, str] = field(default_factory=dict)
    values: dict[int, str] = field(default_factory=dict)
    sizes: dict[int, str] = field(default_factory=dict)
    scatters: bool = False


def write_chart(root: _Element, writer: OfficeWriter, reason: HiddenReason | None = None) -> None:
    """Writes the chart's title and its table: a row a category, a column a series."""
    title = next((_title(element) for element in root.iter("{*}title") if _is_of_chart(element)), "")
    series = [_read(element) for element in root.iter("{*}ser")] or list(_extended(root))
    if not title and len(series) == 1:
        title = series[0].name  # as it is shown where nobody gave one
    writer.write(words(f"Chart: {title}" if title else "Chart", reason))
    axes = _axes(root)
    tables: list[tuple[dict[int, str], list[_Series]]] = []
    for one in series:
        together = next((table for table in tables if table[0] == one.categories or not one.categories), None)
        if together is not None:
            together[1].append(one)
        else:
            tables.append((one.categories, [one]))
    for categories, together_series in tables:
        _write_table(categories, together_series, axes, writer, reason)


def _write_table(
    categories: dict[int, str],
    series: list[_Series],
    axes: tuple[str, str],
    writer: OfficeWriter,
    reason: HiddenReason | None,
) -> None:
    across, up = axes
    header = [across or ("X" if series[0].scatters else "Category")]
    columns: list[dict[int, str]] = [categories]
    for number, one in enumerate(series, 1):
        header.append(one.name or (up if len(series) == 1 and up else f"Series {number}"))
        columns.append(one.values)
        if one.sizes:
            header.append(f"{header[-1]}, size")
            columns.append(one.sizes)
    points = sorted(set().union(*columns))
    rows: list[list[Line]] = [[words(text, reason) for text in header]]
    rows += [[words(column.get(point, ""), reason) for column in columns] for point in points]
    if points:
        writer.table(rows, headers=1)
    if up and up not in header:
        writer.write(words(f"Values: {up}", reason), gap=1)


def _is_of_chart(title: _Element) -> bool:
    parent = title.getparent()
    return parent is not None and local(parent) == "chart"


def _title(element: _Element) -> str:
    """A title's words, by its text or by the cell that it takes them from."""
    said = body_text(element)
    if said:
        return said
    return " ".join(text for value in element.iter("{*}v") if (text := (value.text or "").strip()))


def _axes(root: _Element) -> tuple[str, str]:
    """What the axes across and up are called."""
    named = [
        (local(axis), title)
        for axis in root.iter("{*}catAx", "{*}dateAx", "{*}valAx", "{*}serAx")
        for element in axis.iterchildren("{*}title")
        if (title := _title(element))
    ]
    across = [title for kind, title in named if kind in ("catAx", "dateAx")]
    up = [title for kind, title in named if kind == "valAx"]
    if not across and len(up) > 1:  # points between two axes of values
        across, up = up[:1], up[1:]
    return (across or [""])[0], ", ".join(dict.fromkeys(up))


def _read(element: _Element) -> _Series:
    series = _Series(scatters=next(element.iterchildren("{*}yVal"), None) is not None)
    for child in element.iterchildren("{*}*"):
        name = local(child)
        if name == "tx":
            series.name = " ".join(text for value in child.iter("{*}v") if (text := (value.text or "").strip()))
        elif name in _ACROSS:
            series.categories = _levels(child)
        elif name in _UP:
            series.values = _points(child)
        elif name == "bubbleSize":
            series.sizes = _points(child)
    return series


def _levels(element: _Element) -> dict[int, str]:
    """Categories; those of several levels from the outermost on, which is the last in the file."""
    levels = [_points(level) for level in element.iter("{*}lvl")]
    if len(levels) < 2:
        return levels[0] if levels else _points(element)
    for outer in levels[1:]:
        said = ""
        for point in sorted({*outer, *levels[0]}):
            said = outer.get(point, said)
            outer[point] = said
    return {point: ", ".join(level[point] for level in reversed(levels) if level.get(point)) for point in levels[0]}


def _points(element: _Element) -> dict[int, str]:
    """The cached points by their numbers, numbers as their format shows them."""
    code = next((str(said.text or "") for said in element.iter("{*}formatCode")), "General")
    found: dict[int, str] = {}
    for place, point in enumerate(element.iter("{*}pt")):
        if place >= _MOST_POINTS:
            break
        text = next((str(value.text or "") for value in point.iterchildren("{*}v")), str(point.text or "")).strip()
        number = decimal(text) if _is_number(point) else None
        at = whole_number(point.get("idx"))
        found[place if at is None else at] = text if number is None else shown(number, point.get("formatCode") or code)
    return found


def _is_number(point: _Element) -> bool:
    around = point.getparent()
    return around is not None and local(around) in ("numCache", "numLit")


def _extended(root: _Element) -> Iterator[_Series]:
    """The series of a waterfall, a funnel, a tree map and others that came with Office 2016."""
    names = {
        str(said.get("val")): _title(text)
        for element in root.iter("{*}series")
        for said in element.iterchildren("{*}dataId")
        for text in element.iterchildren("{*}tx")
    }
    for data in root.iter("{*}data"):
        series = _Series(name=names.get(str(data.get("id")), ""))
        for dimension in data.iterchildren("{*}strDim"):
            series.categories = _levels(dimension)
        for dimension in data.iterchildren("{*}numDim"):
            series.values = series.values or _extended_points(dimension)
        yield series


def _extended_points(element: _Element) -> dict[int, str]:
    for level in element.iterchildren("{*}lvl"):
        code = level.get("formatCode") or "General"
        points = _points(level)
        return {at: text if (number := decimal(text)) is None else shown(number, code) for at, text in points.items()}
    return {}
