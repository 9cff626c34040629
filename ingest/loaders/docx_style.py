"""What Word text looks like, as far as it tells whether anybody sees it (ECMA-376-1, 17.3.2 and 17.7)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from retrieval.types import Unseen

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types

_TINY = 2
"""Half-points: up to 1 point."""
_ALIKE = 8
"""Of 255: channels that differ by less can't be told apart."""
_PAPER = "FFFFFF"
_OFF = frozenset({"0", "false", "off"})
_DEEPEST = 20
"""Styles based on styles."""


@dataclass(frozen=True, slots=True)
class _Said:
    """What one set of properties says of a run; None where it says nothing. The `ground` of a highlighted one is ""."""

    vanish: bool | None = None
    colour: str | None = None
    half_points: int | None = None
    ground: str | None = None


class Styles:
    """The styles of a document by their ids."""

    def __init__(self, root: _Element | None) -> None:
        self._styles = {str(_value(one, "styleId")): one for one in root.iter("{*}style")} if root is not None else {}
        self._defaults = list(root.iter("{*}rPrDefault")) if root is not None else []
        self._paragraph = next((key for key, one in self._styles.items() if _is_default(one)), None)
        self._resolved: dict[str, list[_Said]] = {}

    def chain(self, name: str | None, *, paragraph: bool = False) -> list[_Said]:
        """What a style says, then what those say that it is based on; of a paragraph that names none, the default."""
        name = self._paragraph if name is None and paragraph else name
        if name is None:
            return []
        if name not in self._resolved:
            self._resolved[name] = list(self._chain(name))
        return self._resolved[name]

    @property
    def defaults(self) -> list[_Said]:
        """What holds where nothing else is said."""
        return [_said(child) for one in self._defaults for child in one.iterchildren("{*}rPr")]

    def _chain(self, name: str) -> Iterator[_Said]:
        for _ in range(_DEEPEST):
            style = self._styles.get(name)
            if style is None:
                return
            for properties in style.iterchildren("{*}rPr", "{*}pPr"):
                yield _said(properties)
            based = next(style.iterchildren("{*}basedOn"), None)
            if based is None:
                return
            name = str(_value(based, "val"))


@dataclass(frozen=True, slots=True)
class Look:
    """A run as it is shown. `ground` is None where what lies beneath it isn't known."""

    vanish: bool
    colour: str | None
    half_points: int | None
    ground: str | None = field(default=_PAPER)

    @classmethod
    def of(cls, run: _Element, styles: Styles) -> Look:
        """How a run looks, by its own properties, its styles, and where it stands."""
        own = [_said(one) for one in run.iterchildren("{*}rPr")]
        named = [_value(one, "val") for props in run.iterchildren("{*}rPr") for one in props.iterchildren("{*}rStyle")]
        paragraph = next(run.iterancestors("{*}p"), None)
        around: list[_Said] = []
        style = None
        if paragraph is not None:
            for props in paragraph.iterchildren("{*}pPr"):
                around.append(_said(props))
                style = next((_value(one, "val") for one in props.iterchildren("{*}pStyle")), None)
        said = [*own, *(one for name in named for one in styles.chain(name))]
        said += [*around, *styles.chain(style, paragraph=True), *styles.defaults]
        beneath = next((one.ground for one in said if one.ground is not None), None)
        return cls(
            vanish=next((one.vanish for one in said if one.vanish is not None), False),
            colour=next((one.colour for one in said if one.colour is not None), None),
            half_points=next((one.half_points for one in said if one.half_points is not None), None),
            ground=beneath if beneath is not None else _ground_of(run),
        )

    @property
    def unseen(self) -> Unseen | None:
        """Why nobody sees it, None where somebody does, or where that can't be told."""
        if self.vanish:
            return Unseen.INVISIBLE
        if self.half_points is not None and self.half_points <= _TINY:
            return Unseen.TINY
        if self.ground is not None and self.colour is not None and _alike(self.colour, self.ground):
            return Unseen.BACKGROUND
        return None


def _ground_of(run: _Element) -> str | None:
    """The colour beneath a run that its own properties don't say: its cell's, the paper's; None where unknown."""
    for around in run.iterancestors():
        name = str(around.tag).rpartition("}")[2]
        if name == "tc":
            for props in around.iterchildren("{*}tcPr"):
                if (fill := _fill(props)) is not None:
                    return fill
        elif name == "tbl" and any(
            True for props in around.iterchildren("{*}tblPr") for _ in props.iter("{*}tblStyle")
        ):
            return None  # the style may colour its rows
        elif name == "txbxContent" or (name == "document" and any(True for _ in around.iterchildren("{*}background"))):
            return None
    return _PAPER


def _said(properties: _Element) -> _Said:
    vanish = next(properties.iterchildren("{*}vanish"), None)
    colour = next(properties.iterchildren("{*}color"), None)
    size = next(properties.iterchildren("{*}sz"), None)
    digits = _value(size, "val") or "" if size is not None else ""
    return _Said(
        vanish=None if vanish is None else (_value(vanish, "val") or "1").lower() not in _OFF,
        colour=None if colour is None else _value(colour, "val") or "auto",
        half_points=int(digits) if digits.isdecimal() and len(digits) < 6 else None,
        ground="" if next(properties.iterchildren("{*}highlight"), None) is not None else _fill(properties),
    )


def _fill(properties: _Element) -> str | None:
    """The colour of a shading; None where there is none, or one that lets the paper through."""
    for shading in properties.iterchildren("{*}shd"):
        fill = _value(shading, "fill")
        if fill and fill.lower() != "auto":
            return fill
    return None


def _alike(one: str, other: str) -> bool:
    try:
        pairs = [(int(one[at : at + 2], 16), int(other[at : at + 2], 16)) for at in (0, 2, 4)]
    except ValueError:  # auto, or a colour of a theme
        return False
    return all(abs(a - b) < _ALIKE for a, b in pairs)


def _is_default(style: _Element) -> bool:
    return _value(style, "type") == "paragraph" and (_value(style, "default") or "0").lower() not in _OFF


def _value(element: _Element, name: str) -> str | None:
    """An attribute whatever its namespace."""
    return next((str(value) for key, value in element.attrib.items() if str(key).rpartition("}")[2] == name), None)
