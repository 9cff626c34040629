"""Styles of OpenDocument: what text, tables and pages look like where that decides whether anybody sees them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from passagework.ingest.loaders.colours import WHITE, Rgb, alike, hexadecimal
from passagework.ingest.loaders.opendocument.odf_names import attribute, children_named, full_name, length_of, name_of
from passagework.retrieval.types import HiddenReason

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types

_TINY = 1.0
"""Points."""
_DEEPEST = 30
"""Styles that go back to one another."""
_SAID = ("text:display", "fo:color", "fo:background-color", "fo:font-size", "style:text-position",
         "table:display", "style:visibility", "presentation:visibility", "draw:fill-color", "draw:fill",
         "fo:page-width", "fo:page-height", "style:use-window-font-color")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Look:
    """What the styles around a text say of it, the innermost first to be asked."""

    colour: Rgb | None = None
    ground: Rgb | None = WHITE
    points: float | None = None
    hidden: bool = False
    raised: int = 0

    @property
    def unseen(self) -> HiddenReason | None:
        """Why a reader doesn't see it."""
        if self.hidden:
            return HiddenReason.INVISIBLE
        if self.points is not None and self.points <= _TINY:
            return HiddenReason.TINY
        if self.colour is not None and self.ground is not None and alike(self.colour, self.ground):
            return HiddenReason.BACKGROUND
        return None


class OdfStyles:
    """All styles of a file, by their family and name."""

    def __init__(self, roots: Iterable[_Element]) -> None:
        self._styles: dict[tuple[str, str], _Element] = {}
        self._properties: dict[tuple[str, str], dict[str, str]] = {}
        self.lists: dict[str, _Element] = {}
        self.outline: _Element | None = None
        self.masters: dict[str, _Element] = {}
        self._layouts: dict[str, _Element] = {}
        for root in roots:
            for group in children_named(root, "office:styles", "office:automatic-styles", "office:master-styles"):
                for element in group:
                    self._take(element)

    def _take(self, element: _Element) -> None:
        kind, name = name_of(element), attribute(element, "style:name")
        if kind == "style:style":
            self._styles[attribute(element, "style:family"), name] = element
        elif kind == "style:default-style":
            self._styles[attribute(element, "style:family"), ""] = element
        elif kind == "text:list-style":
            self.lists[name] = element
        elif kind == "text:outline-style":
            self.outline = element
        elif kind == "style:master-page":
            self.masters[name] = element
        elif kind == "style:page-layout":
            self._layouts[name] = element

    def properties(self, family: str, name: str) -> dict[str, str]:
        """What a style says, and those say that it goes back to."""
        known = self._properties.get((family, name))
        if known is None:
            known = self._properties[family, name] = self._said(family, name)
        return known

    def _said(self, family: str, name: str) -> dict[str, str]:
        said: dict[str, str] = {}
        for _ in range(_DEEPEST):
            style = self._styles.get((family, name))
            if style is None:
                break
            for properties in style:
                for key in _SAID:
                    value = properties.get(full_name(key))
                    if value is not None:
                        said.setdefault(key, str(value))
            if not name:
                break
            name = attribute(style, "style:parent-style-name")
        return said

    def list_of(self, name: str) -> str:
        """The list style that a style of paragraphs brings."""
        for _ in range(_DEEPEST):
            style = self._styles.get(("paragraph", name))
            if style is None or not name:
                return ""
            if listed := attribute(style, "style:list-style-name"):
                return listed
            name = attribute(style, "style:parent-style-name")
        return ""

    def outline_level(self, name: str) -> int:
        """The level of headings that a style of paragraphs is for; 0 where it is for none."""
        for _ in range(_DEEPEST):
            style = self._styles.get(("paragraph", name))
            if style is None or not name:
                return 0
            level = attribute(style, "style:default-outline-level")
            if level.isdigit():
                return int(level[:2])
            if name == "Title":
                return 1
            name = attribute(style, "style:parent-style-name")
        return 0

    def look(self, family: str, name: str, around: Look) -> Look:
        """How a text of this style looks within `around`."""
        said = self.properties(family, name)
        if not said:
            return around
        colour, ground, points, raised = around.colour, around.ground, around.points, around.raised
        if said.get("style:use-window-font-color") == "true":
            colour = None
        if "fo:color" in said:
            colour = hexadecimal(said["fo:color"].removeprefix("#"))
        if "fo:background-color" in said and said["fo:background-color"] != "transparent":
            ground = hexadecimal(said["fo:background-color"].removeprefix("#"))
        if "fo:font-size" in said:
            points = length_of(said["fo:font-size"]) if not said["fo:font-size"].endswith("%") else points
        if "style:text-position" in said:
            raised = _raised(said["style:text-position"].partition(" ")[0])
        hidden = around.hidden or said.get("text:display") in ("none", "condition")
        return Look(colour, ground, points, hidden, raised)

    @cached_property
    def page_size(self) -> tuple[float, float] | None:
        """The width and height of slides in points."""
        for master in self.masters.values():
            layout = self._layouts.get(attribute(master, "style:page-layout-name"))
            for properties in children_named(layout, "style:page-layout-properties") if layout is not None else ():
                width = length_of(attribute(properties, "fo:page-width"))
                height = length_of(attribute(properties, "fo:page-height"))
                if width and height:
                    return width, height
        return None


def _raised(position: str) -> int:
    if position in ("super", "sub"):
        return 1 if position == "super" else -1
    number = position.rstrip("%")
    return 0 if number.strip("-0") == "" else (-1 if number.startswith("-") else 1)
