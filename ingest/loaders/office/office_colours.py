"""Colours as DrawingML and spreadsheets say them, as far as they can be told without a guess (ECMA-376-1, 20.1.2.3)."""

from __future__ import annotations

import colorsys
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from passagework.ingest.loaders.colours import ALIKE, Rgb, css_colour, hexadecimal
from passagework.ingest.loaders.office.office_values import local, share, whole_number

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types

_TURN = 360 * 60_000
_NO_CHANGE = {"shade": 1.0, "tint": 1.0, "satMod": 1.0, "hueMod": 1.0, "satOff": 0.0}
"""Changes of a colour, and by how much they leave it as it is."""
_SHORT = re.compile(r"^(dk|lt|med)(?=[A-Z])")
_LONG = {"dk": "dark", "lt": "light", "med": "medium"}


@dataclass(frozen=True, slots=True)
class Ink:
    """A colour, None where it can't be told, and how much it covers."""

    colour: Rgb | None
    opacity: float = 1.0

    @property
    def clear(self) -> bool:
        """Whether it changes nothing that it is laid upon."""
        return self.opacity * 255 < ALIKE


def lit(colour: Rgb, times: float, plus: float) -> Rgb:
    """The colour with its luminance changed."""
    hue, luminance, saturation = colorsys.rgb_to_hls(*(channel / 255 for channel in colour))
    changed = colorsys.hls_to_rgb(hue, min(1.0, max(0.0, luminance * times + plus)), saturation)
    red, green, blue = (round(255 * channel) for channel in changed)
    return red, green, blue


def theme_colours(theme: _Element | None) -> dict[str, Rgb]:
    """What a theme calls its colours (dk1, lt1, accent1)."""
    found = {}
    for scheme in theme.iter("{*}clrScheme") if theme is not None else ():
        for element in scheme.iterchildren("{*}*"):
            colour = ink(element, {}).colour
            if colour is not None:
                found[local(element)] = colour
    return found


def ink(parent: _Element, scheme: Mapping[str, Rgb]) -> Ink:
    """The colour that an element holds, by the names that `scheme` knows."""
    element = next(parent.iterchildren("{*}*"), None)
    if element is None:
        return Ink(None)
    colour, opacity, times, plus = _named(element, scheme), 1.0, 1.0, 0.0
    for change in element.iterchildren("{*}*"):
        name, part = local(change), share(change.get("val"))
        if name == "alpha" and part is not None:
            opacity = part
        elif name == "alphaMod" and part is not None:
            opacity *= part
        elif name == "alphaOff" and part is not None:
            opacity += part
        elif name == "lumMod" and part is not None:
            times, plus = times * part, plus * part
        elif name == "lumOff" and part is not None:
            plus += part
        elif part is None or part != _NO_CHANGE.get(name):
            colour = None
    return Ink(lit(colour, times, plus) if colour is not None and (times, plus) != (1.0, 0.0) else colour, opacity)


def _named(element: _Element, scheme: Mapping[str, Rgb]) -> Rgb | None:
    value = element.get("val")
    kind = local(element)
    if kind == "srgbClr":
        return hexadecimal(value)
    if kind == "sysClr":
        return hexadecimal(element.get("lastClr"))
    if kind == "scrgbClr":
        return _rounded([_gamma(share(element.get(name))) for name in "rgb"])
    if kind == "hslClr":
        hue, saturation, luminance = (
            whole_number(element.get("hue")),
            share(element.get("sat")),
            share(element.get("lum")),
        )
        if hue is None or saturation is None or luminance is None:
            return None
        return _rounded(colorsys.hls_to_rgb(hue / _TURN, luminance, saturation))
    if kind == "schemeClr":
        return scheme.get(value or "")
    name = _SHORT.sub(lambda match: _LONG[match[1]], value or "")  # else those of CSS
    named = css_colour(name) if kind == "prstClr" else None
    return None if named is None else named[0]


def _gamma(part: float | None) -> float:
    """A channel as screens have it, of one in which twice as much is twice as bright (IEC 61966-2-1)."""
    linear = min(1.0, max(0.0, part or 0.0))
    return 12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055


def _rounded(channels: Iterable[float]) -> Rgb:
    red, green, blue = (round(255 * min(1.0, max(0.0, channel))) for channel in channels)
    return red, green, blue
