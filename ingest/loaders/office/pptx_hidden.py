"""PowerPoint text that nobody sees: marked in the slides before they are converted; and slides that aren't shown."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from passagework.ingest.loaders.hidden_marks import mark_texts, marked, unmarked, with_parts
from passagework.ingest.loaders.office.office_colours import Ink, Rgb, alike, theme_colours
from passagework.ingest.loaders.office.office_values import local, whole_number
from passagework.ingest.loaders.office.package import Relation, main_part, part_root, related, relations
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
_OFF = frozenset({"0", "false", "off"})
_MOST_PAINTED = 500
"""Shapes of other colours that a text's place is compared with; among more, it isn't judged."""


@dataclass(frozen=True, slots=True)
class Marked:
    """The file with its hidden text marked, None where it has none; the slides not shown, by their numbers from 1."""

    file: io.BytesIO | None = None
    slides: int = 0
    not_shown: frozenset[int] = frozenset()


def with_marks(archive: zipfile.ZipFile) -> Marked:
    """Looks at every slide. Raises IngestError where the archive is damaged."""
    return _Deck(archive).marked()


class _Deck:
    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._above: dict[str, Sheet | None] = {}
        self._changed: dict[str, bytes] = {}
        self._page: Box = (-float("inf"), -float("inf"), float("inf"), float("inf"))

    def marked(self) -> Marked:
        name = main_part(self._archive)
        root = part_root(self._archive, name)
        if root is None or name is None:
            return Marked()
        for size in root.iterchildren("{*}sldSz"):
            wide, high = whole_number(size.get("cx")), whole_number(size.get("cy"))
            if wide and high:
                self._page = 0, 0, wide, high
        found = relations(self._archive, name)
        slides = [slide for listed in root.iterchildren("{*}sldIdLst") for slide in listed.iterchildren("{*}sldId")]
        not_shown = set()
        for number, slide in enumerate(slides, 1):
            relation = next((found[str(key)] for key in slide.attrib.values() if str(key) in found), None)
            if relation is not None and not self._look_at(relation.target):
                not_shown.add(number)
        file = with_parts(self._archive, self._changed) if self._changed else None
        return Marked(file, len(slides), frozenset(not_shown))

    def _look_at(self, name: str) -> bool:
        """Marks what is hidden on a slide; whether the slide itself is shown."""
        root = part_root(self._archive, name)
        if root is None:
            return True
        shown = (root.get("show") or "1").lower() not in _OFF
        found = relations(self._archive, name)
        sheet = self._sheet(root, self._upper(related(found, "slideLayout"), "slideMaster"))
        changed = _clean(root)
        look = _Look(sheet, self._page)
        for shape in sheet.shapes:
            reason = HiddenReason.INVISIBLE if shape.hidden or not shown else look.place(shape)
            if reason is not None:
                changed |= _mark_whole(shape, reason)
                self._mark_charts(shape, found, reason)
            else:
                changed |= look.mark_runs(shape)
        if changed:
            self._write(name, root)
        return shown

    def _mark_charts(self, shape: Shape, found: Mapping[str, Relation], reason: HiddenReason) -> None:
        for chart in shape.element.iter("{*}chart"):
            relation = next((found[str(key)] for key in chart.attrib.values() if str(key) in found), None)
            root = part_root(self._archive, relation.target) if relation is not None else None
            if root is None or relation is None:
                continue
            cached = [value for cache in root.iter("{*}strCache") for value in cache.iter("{*}v")]
            if _mark_each([*root.iter("{*}t"), *cached], reason):
                self._write(relation.target, root)

    def _write(self, name: str, root: _Element) -> None:
        from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

        self._changed[name] = etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)

    def _upper(self, name: str | None, above: str) -> Sheet | None:
        """A layout or, where `above` is the theme, a master."""
        if name is None:
            return None
        if name not in self._above:
            root = part_root(self._archive, name)
            found = relations(self._archive, name)
            target = related(found, above)
            if root is None:
                self._above[name] = None
            elif above == "theme":
                self._above[name] = Sheet(root, _theme(root, part_root(self._archive, target)), None)
            else:
                self._above[name] = self._sheet(root, self._upper(target, "theme"))
        return self._above[name]

    def _sheet(self, root: _Element, above: Sheet | None) -> Sheet:
        theme = above.theme if above is not None else Theme()
        for mapping in root.iter("{*}overrideClrMapping"):
            theme = replace(theme, colours=_mapped(theme.colours, mapping))
        return Sheet(root, theme, above)


class _Look:
    """One slide, as far as it tells what of it is seen."""

    def __init__(self, sheet: Sheet, page: Box) -> None:
        self._sheet, self._page = sheet, page
        self._unlike: dict[Rgb, list[tuple[int, Box | None, Fill]]] = {}
        self._rooms: dict[_Element, Box | None] = {}
        self._styled: dict[_Element, bool] = {}

    def place(self, shape: Shape) -> HiddenReason | None:
        """Whether a shape lies wholly beside the slide."""
        box = self._sheet.box(shape)
        return None if box is None or overlap(box, self._page) else HiddenReason.OUTSIDE

    def mark_runs(self, shape: Shape) -> bool:
        """Marks the runs of a shape that can't be seen; whether there are any."""
        changed = False
        levels: dict[str, tuple[Said, ...]] = {}
        scale = scale_of(shape.element)
        for run in shape.element.iter("{*}r", "{*}fld"):
            texts = [element for element in run.iterchildren("{*}t") if element.text and not element.text.isspace()]
            if not texts:
                continue
            level = level_of(run)
            if level not in levels:
                levels[level] = self._sheet.text(shape, level)
            own = said_by(next(run.iterchildren("{*}rPr"), None), self._sheet.theme.colours)
            reason = self._reason((own, *levels[level]), scale, run, shape)
            if reason is not None:
                mark_texts(texts[0], texts[-1], reason)
                changed = True
        return changed

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


def _clean(root: _Element) -> bool:
    """Takes marks out of a slide's own text; whether there were any."""
    changed = False
    for text in root.iter("{*}t"):
        if text.text and (plain := unmarked(text.text)) != text.text:
            text.text = plain
            changed = True
    return changed


def _mark_whole(shape: Shape, reason: HiddenReason) -> bool:
    named = [element for element in shape.element.iter("{*}cNvPr") if shape.kind == "pic" and element.get("descr")]
    for element in named:
        element.set("descr", marked(unmarked(str(element.get("descr"))), reason))
    return _mark_each(list(shape.element.iter("{*}t")), reason) or bool(named)


def _mark_each(texts: list[_Element], reason: HiddenReason) -> bool:
    worded = [text for text in texts if text.text and not text.text.isspace()]
    for text in worded:
        mark_texts(text, text, reason)
    return bool(worded)
