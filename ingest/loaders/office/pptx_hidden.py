"""PowerPoint text that nobody sees, by its own properties, those of its layout and master, and its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from passagework.ingest.loaders.colours import Rgb, alike
from passagework.ingest.loaders.office.office_colours import Ink, theme_colours
from passagework.ingest.loaders.office.office_values import local
from passagework.ingest.loaders.office.package import Package, related
from passagework.ingest.loaders.office.pptx_shapes import Box, Shape, overlap, wider
from passagework.ingest.loaders.office.pptx_style import (
    Beneath,
    Fill,
    Said,
    Sheet,
    Theme,
    fill_of,
    level_of,
    said_by,
    scale_of,
)
from passagework.retrieval.types import HiddenReason

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types

_TINY = 100
"""Hundredths of a point: up to 1 point, as in Word files."""
_MOST_PAINTED = 500
"""Shapes of other colours that a text's place is compared with; among more, it isn't judged."""


class Sheets:
    """The layouts and masters of a deck, each read once."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._above: dict[str, Sheet | None] = {}

    def slide(self, root: _Element, layout: str | None) -> Sheet:
        """A slide on its layout."""
        return self._sheet(root, self._upper(layout, "slideMaster"))

    def _upper(self, name: str | None, above: str) -> Sheet | None:
        """A layout or, where `above` is the theme, a master."""
        if name is None:
            return None
        if name not in self._above:
            root = self._package.side(name, "a layout" if above == "slideMaster" else "a master")
            target = related(self._package.relations(name), above)
            if root is None:
                self._above[name] = None
            elif above == "theme":
                theme = self._package.side(target, "a theme")
                self._above[name] = Sheet(root, _theme(root, theme), None)
            else:
                self._above[name] = self._sheet(root, self._upper(target, "theme"))
        return self._above[name]

    @staticmethod
    def _sheet(root: _Element, above: Sheet | None) -> Sheet:
        theme = above.theme if above is not None else Theme()
        for mapping in root.iter("{*}overrideClrMapping"):
            theme = replace(theme, colours=_mapped(theme.colours, mapping))
        return Sheet(root, theme, above)


class SlideLook:
    """One slide, as far as it tells what of it is seen."""

    def __init__(self, sheet: Sheet, page: Box) -> None:
        self._sheet, self._page = sheet, page
        self._unlike: dict[Rgb, list[tuple[int, Box | None, Fill]]] = {}
        self._rooms: dict[_Element, Box | None] = {}
        self._styled: dict[_Element, bool] = {}
        self._levels: dict[tuple[_Element, str], tuple[Said, ...]] = {}
        self._scales: dict[_Element, float] = {}

    def place(self, shape: Shape) -> HiddenReason | None:
        """Whether a shape lies wholly beside the slide."""
        box = self._sheet.box(shape)
        return None if box is None or overlap(box, self._page) else HiddenReason.OUTSIDE

    def run(self, run: _Element, shape: Shape) -> HiddenReason | None:
        """Why a run of a shape can't be seen, None where it can."""
        key = shape.element, level_of(run)
        if key not in self._levels:
            self._levels[key] = self._sheet.text(shape, key[1])
        if shape.element not in self._scales:
            self._scales[shape.element] = scale_of(shape.element)
        own = said_by(next(run.iterchildren("{*}rPr"), None), self._sheet.theme.colours)
        return self._reason((own, *self._levels[key]), self._scales[shape.element], run, shape)

    def _reason(self, said: tuple[Said, ...], scale: float, run: _Element, shape: Shape) -> HiddenReason | None:
        size = next((properties.size for properties in said if properties.size is not None), None)
        if size is not None and size * scale <= _TINY:
            return HiddenReason.TINY
        if any(properties.decorated for properties in said):
            return None
        paint = next((properties.ink for properties in said if properties.ink is not None), None)
        if paint is None:
            return None
        if paint.clear:
            return HiddenReason.TRANSPARENT
        return HiddenReason.BACKGROUND if self._is_lost(paint, said, run, shape) else None

    def _is_lost(self, paint: Ink, said: tuple[Said, ...], run: _Element, shape: Shape) -> bool:
        """Whether the colour is that of everything that the run may stand upon."""
        if paint.colour is None:
            return False
        colour = paint.colour
        beneath = next((properties.ground for properties in said if properties.ground is not None), None)
        beneath = beneath if beneath is not None else self._beneath(run, shape)
        through = beneath is Beneath.THROUGH
        ground = self._sheet.ground if through else beneath
        lost = isinstance(ground, tuple) and alike(colour, ground)
        return lost and not (through and self._shows_against(colour, shape))

    def _beneath(self, run: _Element, shape: Shape) -> Fill:
        if shape.kind != "graphicFrame":
            return self._sheet.fill(shape)
        cell = next(run.iterancestors("{*}tc"), None)
        said = None
        for properties in cell.iterchildren("{*}tcPr") if cell is not None else ():
            said = fill_of(properties, self._sheet.theme.colours)
        if said is not None:
            return said
        if shape.element not in self._styled:
            styled = any(True for _ in shape.element.iter("{*}tableStyleId", "{*}tableStyle"))
            self._styled[shape.element] = styled
        return Beneath.UNKNOWN if self._styled[shape.element] else Beneath.THROUGH

    def _room(self, shape: Shape) -> Box | None:
        """Where a shape's text stands, None where that isn't known."""
        if shape.element not in self._rooms:
            flows = any(body.get("wrap") == "none" for body in shape.element.iter("{*}bodyPr"))
            self._rooms[shape.element] = None if flows else self._sheet.box(shape)
        return self._rooms[shape.element]

    def _shows_against(self, colour: Rgb, shape: Shape) -> bool:
        """Whether something of another colour, or of an unknown one, was drawn where the shape stands, before it."""
        if colour not in self._unlike:
            unlike = [
                painted
                for painted in self._painted
                if not (isinstance(painted[2], tuple) and alike(colour, painted[2]))
            ]
            self._unlike[colour] = unlike[: _MOST_PAINTED + 1]
        unlike = self._unlike[colour]
        box = self._room(shape)
        place = self._places[shape.element] if unlike else 0
        return len(unlike) > _MOST_PAINTED or any(
            order < place and (box is None or other_box is None or overlap(box, other_box))
            for order, other_box, _ in unlike
        )

    @cached_property
    def _places(self) -> dict[_Element, int]:
        return {shape.element: order for order, shape in enumerate(self._sheet.shapes)}

    @cached_property
    def _painted(self) -> list[tuple[int, Box | None, Fill]]:
        """What covers anything: its place among the slide's shapes, its box and a margin, its fill."""
        found: list[tuple[int, Box | None, Fill]] = []
        sheet: Sheet | None = self._sheet
        while sheet is not None:
            for order, shape in enumerate(sheet.shapes):
                behind = sheet is not self._sheet
                if shape.hidden or shape.kind == "cxnSp" or (behind and shape.placeholder is not None):
                    continue
                fill = sheet.fill(shape)
                if fill is not Beneath.THROUGH:
                    found.append((-1 if behind else order, wider(sheet.box(shape)), fill))
            sheet = sheet.above
        return found


def _theme(master: _Element, root: _Element | None) -> Theme:
    colours: Mapping[str, Rgb] = theme_colours(root)
    for mapping in master.iterchildren("{*}clrMap"):
        colours = _mapped(colours, mapping)
    plain = {"fillStyleLst": [False], "bgFillStyleLst": [False]}
    for listed in root.iter(*(f"{{*}}{name}" for name in plain)) if root is not None else ():
        plain[local(listed)] = [_is_plain(fill) for fill in listed.iterchildren("{*}*")] or [False]
    return Theme(colours, plain["bgFillStyleLst"][0], plain["fillStyleLst"])


def _is_plain(fill: _Element) -> bool:
    """Whether a fill of a theme is the colour that it is used with, and nothing else."""
    colour = next(fill.iterchildren("{*}schemeClr"), None) if local(fill) == "solidFill" else None
    return colour is not None and colour.get("val") == "phClr" and next(colour.iterchildren("{*}*"), None) is None


def _mapped(colours: Mapping[str, Rgb], mapping: _Element) -> dict[str, Rgb]:
    named = {str(name): colours[str(of)] for name, of in mapping.attrib.items() if str(of) in colours}
    return {**colours, **named}
