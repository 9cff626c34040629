"""Presentations of OpenDocument: each slide a page, its title a heading, its shapes, notes and comments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from passagework.ingest.loaders.office.office_writer import OfficeWriter, words
from passagework.ingest.loaders.opendocument.odf_names import attribute, children_named, length_of, name_of
from passagework.ingest.loaders.opendocument.odf_package import OdfPackage
from passagework.ingest.loaders.opendocument.odf_style import Look, OdfStyles
from passagework.ingest.loaders.opendocument.odf_text import OdfText
from passagework.retrieval.types import HiddenReason, Page

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types

_BESIDE = frozenset({"presentation:notes", "office:forms", "office:annotation", "anim:par", "animation:par"})
_TITLE, _LOWEST = "title", 1e9


class OdfSlides:
    """Writes slides, a page for each, one that is blank too."""

    def __init__(self, package: OdfPackage, styles: OdfStyles) -> None:
        self.writer = OfficeWriter()
        self.pages: list[Page] = []
        self._package = package
        self._styles = styles

    def write(self, presentation: _Element) -> None:
        """Writes the slides of a presentation in their order."""
        for number, slide in enumerate(children_named(presentation, "draw:page"), len(self.pages) + 1):
            inner = OfficeWriter()
            page = self._styles.properties("drawing-page", attribute(slide, "draw:style-name"))
            self._slide(slide, inner, hidden=page.get("presentation:visibility") == "hidden")
            start, end = self.writer.extend(inner)
            self.pages.append(Page(number=number, label=str(number), start=start, end=end))

    def _slide(self, slide: _Element, writer: OfficeWriter, *, hidden: bool) -> None:
        ground = Look(hidden=True) if hidden else self._ground(slide)
        shapes = [shape for shape in slide if name_of(shape) not in _BESIDE]
        titles = [shape for shape in shapes if attribute(shape, "presentation:class") == _TITLE]
        for shape in titles[:1]:
            title = " ".join(" ".join(str(text) for text in shape.itertext()).split())
            writer.write(words(title, ground.unseen or self._outside(shape)), level=2)
        rest = [shape for shape in shapes if shape not in titles[:1]]
        for shape in sorted(rest, key=_top):
            self._shape(shape, ground, writer)
        for notes in children_named(slide, "presentation:notes"):
            inner = self._written(
                [child for child in notes if attribute(child, "presentation:class") == "notes"], Look(hidden=hidden)
            )
            if inner.length:
                writer.write(words("Notes:", ground.unseen), level=3)
                writer.extend(inner, gap=1)
        remarks = self._written(list(children_named(slide, "office:annotation")), Look(hidden=hidden))
        writer.extend(remarks)

    def _shape(self, shape: _Element, ground: Look, writer: OfficeWriter) -> None:
        style = attribute(shape, "draw:style-name") or attribute(shape, "presentation:style-name")
        said = self._styles.properties("graphic", style) or self._styles.properties("presentation", style)
        filled = said.get("draw:fill") not in ("none", None)
        look = Look(ground=None if filled else ground.ground, hidden=ground.hidden)
        if attribute(shape, "presentation:placeholder") == "true":
            return  # what nobody has filled in
        inner = self._written([shape], look)
        outside = self._outside(shape)
        if outside is not None and inner.length:
            apart = OfficeWriter()
            apart.forced = outside
            apart.write(words(inner.text()))
            inner = apart
        writer.extend(inner)

    def _written(self, elements: list[_Element], look: Look) -> OfficeWriter:
        text = OdfText(self._package, self._styles)
        text.blocks(elements, look)
        return text.writer

    def _ground(self, slide: _Element) -> Look:
        """What text stands on: white, unless the slide or its master has a ground of its own, which isn't guessed."""
        master = self._styles.masters.get(attribute(slide, "draw:master-page-name"))
        names = [attribute(slide, "draw:style-name")]
        names += [attribute(master, "draw:style-name")] if master is not None else []
        fills = (self._styles.properties("drawing-page", name).get("draw:fill") for name in names)
        return Look(ground=None) if any(fill not in (None, "none") for fill in fills) else Look()

    def _outside(self, shape: _Element) -> HiddenReason | None:
        """Whether a shape lies beside the slide."""
        size = self._styles.page_size
        box = [length_of(attribute(shape, f"svg:{side}")) for side in ("x", "y", "width", "height")]
        left, top, width, height = box
        if size is None or left is None or top is None:
            return None
        beyond = left >= size[0] or top >= size[1] or left + (width or 0) <= 0 or top + (height or 0) <= 0
        return HiddenReason.OUTSIDE if beyond else None


def _top(shape: _Element) -> tuple[float, float]:
    """Where a shape stands, for reading from the top down in rows of some ten points."""
    top, left = length_of(attribute(shape, "svg:y")), length_of(attribute(shape, "svg:x"))
    return round((top if top is not None else _LOWEST) / 10), left if left is not None else 0.0
