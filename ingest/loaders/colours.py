"""Colours of text and of what is behind it, for the rules of hidden text of all formats."""

from __future__ import annotations

import re
from functools import lru_cache

import tinycss2
from tinycss2.color4 import Color, parse_color

Rgb = tuple[int, int, int]

ALIKE = 8
"""Of 255: channels that differ by less can't be told apart."""
WHITE: Rgb = (255, 255, 255)

_HEXADECIMAL = re.compile(r"(?:[0-9a-f]{2})?([0-9a-f]{6})", re.IGNORECASE)
_LONGEST = 200
"""Characters of a value in which a colour is looked for."""


def alike(first: Rgb, second: Rgb) -> bool:
    """Whether an eye can't tell them apart."""
    return all(abs(a - b) < ALIKE for a, b in zip(first, second, strict=True))


def hexadecimal(digits: str | None) -> Rgb | None:
    """RRGGBB, or AARRGGBB, whose opacity spreadsheets don't show."""
    match = _HEXADECIMAL.fullmatch(digits or "")
    return None if match is None else (int(match[1][:2], 16), int(match[1][2:4], 16), int(match[1][4:], 16))


@lru_cache(4096)
def css_colour(value: str) -> tuple[Rgb, float] | None:
    """The first colour of a value of CSS, such as that of `background`, and its opacity of 0 to 1; None where none is
    known (CSS Color 4)."""
    for part in tinycss2.parse_component_value_list(value[:_LONGEST], skip_comments=True):
        parsed = parse_color(part.serialize()) if part.type in ("ident", "hash", "function") else None
        if not isinstance(parsed, Color):
            continue
        try:
            red, green, blue, opacity = (min(1.0, max(0.0, share or 0.0)) for share in parsed.to("srgb"))
        except NotImplementedError:  # a space that tinycss2 doesn't convert
            return None
        return (round(255 * red), round(255 * green), round(255 * blue)), opacity
    return None
