"""Charts and diagrams of office files: what they say in words and numbers, without a picture drawn; and pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from passagework.ingest.loaders.office.chart_text import write_chart
from passagework.ingest.loaders.office.diagram_text import diagram_lines
from passagework.ingest.loaders.office.office_values import local
from passagework.ingest.loaders.office.office_writer import OfficeWriter, words
from passagework.ingest.loaders.office.package import Package, Relation, linked
from passagework.retrieval.types import HiddenReason

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types


PICTURES = frozenset({"blip", "imagedata"})
"""The elements that lead to a picture, in today's drawings and in those of before."""


def write_figure(
    package: Package,
    element: _Element,
    relations: dict[str, Relation],
    writer: OfficeWriter,
    reason: HiddenReason | None = None,
) -> None:
    """Writes the chart, the diagram or the picture that an element leads to. One that can't be read is a note."""
    if local(element) in PICTURES:
        shown = relations.get(linked(element, "embed") or linked(element) or "")
        picture = package.picture(shown.target) if shown is not None else None
        if picture is not None:
            writer.picture(picture, reason)
        return
    is_diagram = local(element) == "relIds"
    relation = relations.get(linked(element, "dm" if is_diagram else "id") or "")
    what = "a diagram" if is_diagram else "a chart"
    if relation is None:
        package.note(f"{what} can't be read: missing")
        return
    root = package.side(relation.target, f"{what} ({relation.target})")
    if root is None:
        return
    if not is_diagram:
        write_chart(root, writer, reason)
        return
    for number, (depth, text) in enumerate(diagram_lines(root)):
        writer.write(words(text, reason), gap=1 if number else 2, prefix="  " * depth)
