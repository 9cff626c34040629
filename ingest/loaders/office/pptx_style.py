"""What slides say of their text's colour and size and of what lies beneath it, by themselves, their layout and master.

ECMA-376-1, 19.3 and 21.1. What can't be told without drawing the slide is UNKNOWN, and hides nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from passagework.ingest.loaders.colours import WHITE, Rgb, alike
from passagework.ingest.loaders.office.office_colours import Ink, ink
from passagework.ingest.loaders.office.office_values import flag, local, share, whole_number
from passagework.ingest.loaders.office.pptx_shapes import Box, Shape, properties, shapes

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types


_PLAIN_GROUND = "1001"
"""The first of a theme's background fills."""
_LEVEL = "lvl1pPr"
_LEVELS = 9
_BODY = frozenset({"body", "subTitle", "obj"})
_TITLE = frozenset({"title", "ctrTitle"})
_FILLS = ("{*}noFill", "{*}solidFill", "{*}gradFill", "{*}blipFill", "{*}pattFill", "{*}grpFill")


class Beneath(Enum):
    """A fill that is no colour."""

    THROUGH = "through"  # what lies beneath is seen
    UNKNOWN = "unknown"


Fill: TypeAlias = "Rgb | Beneath"


@dataclass(frozen=True, slots=True)
class Said:
    """What one set of properties says of text; None where it says nothing."""

    size: int | None = None  # hundredths of a point
    ink: Ink | None = None
    ground: Fill | None = None
    decorated: bool | None = None  # an outline or a shadow shows what its colour doesn't, a link has its own


@dataclass(frozen=True)
class Theme:
    """A theme as a slide's master maps it: colours by their names, and which of its fills are plain."""

    colours: Mapping[str, Rgb] = field(default_factory=dict)
    plain_ground: bool = False
    plain_fills: Sequence[bool] = ()


class Sheet:
    """A slide, a layout or a master; `above` is the one that it takes from what it doesn't say."""

    def __init__(self, root: _Element, theme: Theme, above: Sheet | None) -> None:
        self.root, self.theme, self.above = root, theme, above
        self.shapes = shapes(root)
        self._by_number: dict[str, Shape] = {}
        self._by_type: dict[str, Shape] = {}
        for shape in self.shapes:
            if (placeholder := shape.placeholder) is not None:
                kind, number = placeholder
                self._by_number.setdefault(number, shape)
                self._by_type.setdefault(_general(kind), shape)
        self._fills: dict[_Element, Fill] = {}
        self._levels: dict[tuple[str, str, str], tuple[Said, ...]] = {}

    def model(self, shape: Shape) -> Shape | None:
        """The placeholder of this layout or master that `shape` of the sheet below follows."""
        placeholder = shape.placeholder
        if placeholder is None:
            return None
        kind, number = placeholder
        by_number = self._by_number.get(number) if self.above is not None else None
        return by_number or self._by_type.get(_general(kind))

    def models(self, shape: Shape) -> Iterator[Shape]:
        """Those of the sheets above, the nearest first."""
        above = self.above
        while above is not None and (found := above.model(shape)) is not None:
            yield found
            shape, above = found, above.above

    def box(self, shape: Shape) -> Box | None:
        """Where a shape stands, by itself or its placeholder."""
        return next((candidate.box for candidate in (shape, *self.models(shape)) if candidate.box is not None), None)

    def fill(self, shape: Shape) -> Fill:
        """What a shape is filled with."""
        if shape.element not in self._fills:
            self._fills[shape.element] = self._fill(shape)
        return self._fills[shape.element]

    def _fill(self, shape: Shape) -> Fill:
        if shape.kind != "sp" or flag(shape.element.get("useBgFill")):
            return Beneath.UNKNOWN
        for candidate in (shape, *self.models(shape)):
            said = fill_of(properties(candidate.element), self.theme.colours)
            if said is None:
                said = self._styled(candidate.element)
            if said is not None:
                return said
        return Beneath.THROUGH

    @cached_property
    def ground(self) -> Fill:
        """The background."""
        for background in (
            element for said in self.root.iterchildren("{*}cSld") for element in said.iterchildren("{*}bg")
        ):
            said = next((fill_of(element, self.theme.colours) for element in background.iterchildren("{*}bgPr")), None)
            for named in background.iterchildren("{*}bgRef"):
                plain = named.get("idx") == _PLAIN_GROUND and self.theme.plain_ground
                said = ink(named, self.theme.colours).colour if plain else None
            return said or Beneath.UNKNOWN
        return WHITE if self.above is None else self.above.ground

    def text(self, shape: Shape, level: str) -> tuple[Said, ...]:
        """What holds for a shape's text at a level (lvl1pPr) where its runs say nothing."""
        placeholder = shape.placeholder
        own = tuple(self._listed(shape.element, level))
        if placeholder is None:
            return own
        key = (*placeholder, level)
        if key not in self._levels:
            inherited = [said for model in self.models(shape) for said in self._listed(model.element, level)]
            self._levels[key] = (*inherited, *self._mastered(placeholder[0], level))
        return (*own, *self._levels[key])

    def _listed(self, element: _Element, level: str) -> Iterator[Said]:
        for body in element.iterchildren("{*}txBody"):
            yield from _levels(body.iterchildren("{*}lstStyle"), level, self.theme.colours)
        for style in element.iterchildren("{*}style"):
            for font in style.iterchildren("{*}fontRef"):
                yield Said(ink=ink(font, self.theme.colours))

    def _mastered(self, kind: str, level: str) -> Iterator[Said]:
        top = self
        while top.above is not None:
            top = top.above
        name = {"title": "titleStyle", "body": "bodyStyle"}.get(_general(kind), "otherStyle")
        for styles in top.root.iterchildren("{*}txStyles"):
            yield from _levels(styles.iterchildren(f"{{*}}{name}"), level, self.theme.colours)

    def _styled(self, element: _Element) -> Fill | None:
        for style in element.iterchildren("{*}style"):
            for named in style.iterchildren("{*}fillRef"):
                number = whole_number(named.get("idx"))
                if number == 0:
                    return None
                plain = number is not None and 0 < number <= len(self.theme.plain_fills)
                plain = plain and self.theme.plain_fills[(number or 1) - 1]
                return (ink(named, self.theme.colours).colour if plain else None) or Beneath.UNKNOWN
        return None


def said_by(text: _Element | None, colours: Mapping[str, Rgb]) -> Said:
    """What a run's properties, or a style's for runs, say."""
    if text is None:
        return Said()
    if not len(text):
        return Said(size=whole_number(text.get("sz")))
    filled = next(text.iterchildren(*_FILLS), None)
    lines = [fill for line in text.iterchildren("{*}ln") for fill in line.iterchildren(*_FILLS)]
    effects = any(True for effects_list in text.iterchildren("{*}effectLst") for _ in effects_list.iterchildren("{*}*"))
    outlined = any(not str(element.tag).endswith("}noFill") for element in lines)
    linked = next(text.iterchildren("{*}hlinkClick", "{*}effectDag"), None) is not None
    grounds = [ink(element, colours).colour or Beneath.UNKNOWN for element in text.iterchildren("{*}highlight")]
    return Said(
        size=whole_number(text.get("sz")),
        ink=_paint(filled, colours) if filled is not None else None,
        ground=grounds[0] if grounds else None,
        decorated=True if effects or outlined or linked else None,
    )


def fill_of(around: _Element | None, colours: Mapping[str, Rgb]) -> Fill | None:
    """The fill that a shape's, a cell's or a background's properties say; None where they say nothing."""
    filled = next(around.iterchildren(*_FILLS), None) if around is not None else None
    if filled is None:
        return None
    paint = _paint(filled, colours)
    if paint.clear:
        return Beneath.THROUGH
    return paint.colour if paint.colour is not None and paint.opacity >= 1 else Beneath.UNKNOWN


def _paint(filled: _Element, colours: Mapping[str, Rgb]) -> Ink:
    """What a fill paints, as far as that is one colour; a gradient between colours alike is one."""
    kind = local(filled)
    if kind == "solidFill":
        return ink(filled, colours)
    stops = [
        ink(element, colours) for listed in filled.iterchildren("{*}gsLst") for element in listed.iterchildren("{*}gs")
    ]
    if kind == "noFill" or (stops and all(stop.clear for stop in stops)):
        return Ink(None, 0.0)
    first = stops[0] if stops else Ink(None)
    plain = all(
        stop.colour and first.colour and alike(stop.colour, first.colour) and stop.opacity == first.opacity
        for stop in stops
    )
    return first if plain else Ink(None)


def level_of(run: _Element) -> str:
    """The name of a run's level."""
    paragraph = run.getparent()
    if paragraph is None or local(paragraph[0]) != "pPr":  # the first child, where there is one (21.1.2.2.6)
        return _LEVEL
    number = whole_number(paragraph[0].get("lvl")) or 0
    return f"lvl{number + 1}pPr" if 0 <= number < _LEVELS else _LEVEL


def scale_of(element: _Element) -> float:
    """How much smaller its shape makes text, so that it fits."""
    for fitted in element.iter("{*}normAutofit"):
        return share(fitted.get("fontScale")) or 1.0
    return 1.0


def _levels(styles: Iterator[_Element], level: str, colours: Mapping[str, Rgb]) -> Iterator[Said]:
    for style in styles:
        for element in style.iterchildren(f"{{*}}{level}"):
            for text in element.iterchildren("{*}defRPr"):
                yield said_by(text, colours)


def _general(kind: str) -> str:
    return "title" if kind in _TITLE else "body" if kind in _BODY else kind
