"""What Word text looks like, as far as it tells whether anybody sees it (ECMA-376-1, 17.3.2 and 17.7)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias, TypeVar

from passagework.ingest.loaders.colours import WHITE, Rgb, alike, hexadecimal
from passagework.ingest.loaders.office.docx_elements import SPACES, at_most, children, named, value, word
from passagework.ingest.loaders.office.office_colours import lit, theme_colours
from passagework.retrieval.types import HiddenReason

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types

_Item = TypeVar("_Item")
_Colour: TypeAlias = Rgb | Literal[""]
"""A colour; "" of one that is said, but isn't known, as the automatic one."""

_TINY = 2
"""Half-points: up to 1 point."""
_LOW = 20
"""Twentieths of a point: a line of exactly so little, or a row, shows nothing of its text."""
_NARROW = 5
"""Per cent of a glyph's width."""
_EFFECTS = "http://schemas.microsoft.com/office/word/2010/wordml"
_OFF = frozenset({"0", "false", "off"})
_DEEPEST = 20
"""Styles based on styles."""
_THEME = {
    "background1": "lt1", "text1": "dk1", "background2": "lt2", "text2": "dk2", "light1": "lt1", "dark1": "dk1",
    "light2": "lt2", "dark2": "dk2", "hyperlink": "hlink", "followedHyperlink": "folHlink"
}  # fmt: skip
"""What Word calls a theme's colours; accents have their own names."""
_MARKERS: dict[str, Rgb] = {
    "white": WHITE, "black": (0, 0, 0), "yellow": (255, 255, 0),
    "lightGray": (192, 192, 192), "darkGray": (128, 128, 128)
}  # fmt: skip
"""Colours of highlighting."""
_REMEMBERED = 10_000
"""Places whose look is kept for the runs that follow."""


@dataclass(frozen=True, slots=True)
class _Said:
    """What one set of properties says of a run; None where it says nothing. A `ground` that isn't known is ""."""

    vanish: bool | None = None
    colour: _Colour | None = None
    half_points: int | None = None
    ground: _Colour | None = None
    clear: bool | None = None
    narrow: bool | None = None
    low: bool | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where runs stand: what their paragraph and their table say, and the colour beneath, None where it isn't known."""

    said: tuple[_Said, ...] = ()
    table: tuple[_Said, ...] = ()
    ground: _Colour | None = WHITE
    low: bool = False


class Styles:
    """The styles of a document by their ids."""

    def __init__(self, root: _Element | None, theme: _Element | None = None) -> None:
        self._theme = theme_colours(theme)
        found = list(root.iter(*word("style"))) if root is not None else []
        self._styles = {str(value(style, "styleId")): style for style in found}
        self._defaults = list(root.iter(*word("rPrDefault"))) if root is not None else []
        self.paragraph = next((key for key, style in self._styles.items() if _is_default(style, "paragraph")), None)
        self._table = next((key for key, style in self._styles.items() if _is_default(style, "table")), None)
        self._resolved: dict[str, list[_Said]] = {}
        self._places: dict[_Element, Place] = {}
        self._shading: dict[str, bool] = {}

    def chain(self, name: str | None, *, paragraph: bool = False) -> list[_Said]:
        """What a style says, then what those say that it is based on; of a paragraph that names none, the default."""
        name = self.paragraph if name is None and paragraph else name
        if name is None:
            return []
        if name not in self._resolved:
            self._resolved[name] = list(self._chain(name))
        return self._resolved[name]

    @cached_property
    def defaults(self) -> list[_Said]:
        """What holds where nothing else is said."""
        return [self.said(child) for default in self._defaults for child in default.iterchildren(*word("rPr"))]

    def place(self, element: _Element | None) -> Place:
        """What holds for runs that stand in an element, of which each is looked at once."""
        if len(self._places) > _REMEMBERED:
            self._places.clear()
        path = []
        while element is not None and element not in self._places:
            path.append(element)
            element = element.getparent()
        place = Place() if element is None else self._places[element]
        for element in reversed(path):
            place = self._places[element] = self._within(element, place)
        return place

    def _within(self, element: _Element, place: Place) -> Place:
        space, _, name = str(element.tag).rpartition("}")
        if space[1:] not in SPACES:
            return place
        if name == "p":
            said: list[_Said] = []
            style = None
            for props in element.iterchildren(*word("pPr")):
                said.append(self.said(props))
                style = named(props, "pStyle")
            return replace(place, said=(*said, *self.chain(style, paragraph=True)))
        if name == "tr":
            heights = [children(props).get("trHeight") for props in element.iterchildren(*word("trPr"))]
            low = any(height is not None and at_most(height, "val", _LOW, rule="hRule") for height in heights)
            return replace(place, low=low)
        if name == "tc":
            fills = [self._shade(children(props).get("shd")) for props in element.iterchildren(*word("tcPr"))]
            return replace(place, ground=next((fill for fill in fills if fill is not None), place.ground))
        if name == "tbl":
            style = _first(named(props, "tblStyle") for props in element.iterchildren(*word("tblPr"))) or self._table
            ground = None if style is not None and self._shades(style) else place.ground
            return replace(place, table=tuple(self.chain(style)), ground=ground)
        if name == "txbxContent":
            return Place(ground=None)
        for background in element.iterchildren(*word("background")) if name == "document" else ():
            return replace(place, ground=WHITE if _alike(self._colour(background, "color") or "", WHITE) else None)
        return place

    def _shades(self, name: str) -> bool:
        """Whether a table's style may colour what lies beneath its text, with anything but the paper's white."""
        if name not in self._shading:
            shadings = (shading for style in self.based(name) for shading in style.iter(*word("shd")))
            fills = [self._shade(shading) for shading in shadings]
            self._shading[name] = any(fill is not None and not _alike(fill, WHITE) for fill in fills)
        return self._shading[name]

    def said(self, properties: _Element) -> _Said:
        """What a set of properties says."""
        found = children(properties)
        vanish, colour, size = found.get("vanish"), found.get("color"), found.get("sz")
        digits = value(size, "val") or "" if size is not None else ""
        marker = value(found["highlight"], "val") if "highlight" in found else "none"
        narrow, painted = found.get("w"), next(properties.iterchildren(f"{{{_EFFECTS}}}textFill"), None)
        return _Said(
            clear=None if painted is None else next(painted.iterchildren("{*}noFill"), None) is not None,
            narrow=None if narrow is None else at_most(narrow, "val", _NARROW),
            low=at_most(found["spacing"], "line", _LOW, rule="lineRule") if "spacing" in found else None,
            vanish=None if vanish is None else is_on(vanish),
            colour=None if colour is None else self._colour(colour, "val") or "",
            half_points=int(digits) if digits.isdecimal() and len(digits) < 6 else None,
            ground=self._shade(found.get("shd")) if marker == "none" else _MARKERS.get(marker or "", ""),
        )

    def _shade(self, shading: _Element | None) -> _Colour | None:
        """The colour of a shading, "" where it isn't known; None where there is none, or the paper shows through."""
        if shading is None:
            return None
        pattern = value(shading, "val") or "clear"
        if pattern in ("clear", "nil"):
            fill = self._colour(shading, "fill", "themeFill")
            return fill if pattern == "clear" else None
        return (self._colour(shading, "color") or "") if pattern == "solid" else ""

    def _colour(self, element: _Element, name: str, theme: str = "themeColor") -> Rgb | None:
        """A colour; that of the theme, where there is one, is the one that is shown. None of one that isn't known."""
        slot = value(element, theme) or ""
        colour = self._theme.get(_THEME.get(slot, slot))
        if colour is None:
            return hexadecimal(value(element, name))
        tint, shade = (value(element, theme.replace("Color", "") + change) for change in ("Tint", "Shade"))
        if tint is not None and (part := _part(tint)) is not None:
            colour = lit(colour, part, 1 - part)
        if shade is not None and (part := _part(shade)) is not None:
            colour = lit(colour, part, 0.0)
        return colour

    def _chain(self, name: str) -> Iterator[_Said]:
        for style in self.based(name):
            for properties in style.iterchildren(*word("rPr"), *word("pPr")):
                yield self.said(properties)

    def based(self, name: str) -> Iterator[_Element]:
        """A style, and those that it is based on."""
        for _ in range(_DEEPEST):
            style = self._styles.get(name)
            if style is None:
                return
            yield style
            based = named(style, "basedOn")
            if based is None:
                return
            name = based


@dataclass(frozen=True, slots=True)
class Look:
    """A run as it is shown. `ground` is None where what lies beneath it isn't known."""

    vanish: bool
    colour: _Colour | None
    half_points: int | None
    ground: _Colour | None
    clear: bool
    squeezed: bool

    @classmethod
    def of(cls, run: _Element, styles: Styles) -> Look:
        """How a run looks, by its own properties, its styles, and where it stands."""
        said: list[_Said] = []
        names = []
        for props in run.iterchildren(*word("rPr")):
            said.append(styles.said(props))
            names.append(named(props, "rStyle"))
        place = styles.place(run.getparent())
        said += [
            *(properties for name in names for properties in styles.chain(name)),
            *place.said,
            *place.table,
            *styles.defaults,
        ]
        beneath: _Colour | None = _first(properties.ground for properties in said)
        return cls(
            vanish=_first(properties.vanish for properties in said) or False,
            colour=_first(properties.colour for properties in said),
            half_points=_first(properties.half_points for properties in said),
            ground=place.ground if beneath is None else beneath,
            clear=_first(properties.clear for properties in said) or False,
            squeezed=_first(properties.narrow for properties in said)
            or _first(properties.low for properties in said)
            or place.low,
        )

    @property
    def unseen(self) -> HiddenReason | None:
        """Why nobody sees it, None where somebody does, or where that can't be told."""
        if self.vanish:
            return HiddenReason.INVISIBLE
        if self.clear:
            return HiddenReason.TRANSPARENT
        if self.squeezed or (self.half_points is not None and self.half_points <= _TINY):
            return HiddenReason.TINY
        if self.ground is not None and self.colour is not None and _alike(self.colour, self.ground):
            return HiddenReason.BACKGROUND
        return None


def _alike(first: _Colour, second: _Colour) -> bool:
    return first != "" and second != "" and alike(first, second)


def _part(digits: str) -> float | None:
    """A tint or a shade, 00 to FF."""
    try:
        return int(digits, 16) / 255 if len(digits) == 2 else None
    except ValueError:
        return None


def is_on(element: _Element) -> bool:
    """Whether a property that needs no value is said, and not undone."""
    return (value(element, "val") or "1").lower() not in _OFF


def _is_default(style: _Element, kind: str) -> bool:
    return value(style, "type") == kind and (value(style, "default") or "0").lower() not in _OFF


def _first(values: Iterable[_Item | None]) -> _Item | None:
    return next((value for value in values if value is not None), None)
