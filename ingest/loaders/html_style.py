"""What HTML says of its own text's colour, size and opacity, element by element: enough to tell text that nobody sees.

Only what stands in the elements is read (`style`, `bgcolor`, `color`); style sheets are not, and where a page has any,
the colour of its paper isn't known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from retrieval.types import Unseen

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

_Rgb = tuple[int, int, int]

_ATTRIBUTES = frozenset({"style", "color", "bgcolor", "text", "href"})
_DECLARATION = re.compile(
    r"(?:^|;)\s*(color|background|background-color|font-size|opacity)\s*:\s*([^;]+)", re.IGNORECASE
)
_HEXADECIMAL = re.compile(r"#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})(?![0-9a-z])", re.IGNORECASE)
_RGB = re.compile(r"rgba?\(\s*(\d+)[\s,]+(\d+)[\s,]+(\d+)(?:[\s,/]+([\d.]+%?))?\s*\)", re.IGNORECASE)
_LENGTH = re.compile(r"([\d.]+)\s*([a-z%]*)", re.IGNORECASE)
NAMES: dict[str, _Rgb] = {
    "white": (255, 255, 255), "black": (0, 0, 0), "silver": (192, 192, 192), "gray": (128, 128, 128),
    "grey": (128, 128, 128), "red": (255, 0, 0), "maroon": (128, 0, 0), "yellow": (255, 255, 0),
    "olive": (128, 128, 0), "lime": (0, 255, 0), "green": (0, 128, 0), "aqua": (0, 255, 255), "teal": (0, 128, 128),
    "blue": (0, 0, 255), "navy": (0, 0, 128), "fuchsia": (255, 0, 255), "purple": (128, 0, 128),
    "snow": (255, 250, 250), "ivory": (255, 255, 240), "whitesmoke": (245, 245, 245),
}  # fmt: skip
_LINK: _Rgb = (0, 0, 238)
_ALIKE = 8
"""Of 255: channels that differ by less can't be told apart."""
_TINY = {"": 1.0, "px": 1.0, "pt": 1.0, "em": 0.08, "rem": 0.08, "%": 8.0, "vw": 0.1, "vh": 0.1}
"""Font sizes up to which nothing can be read, by unit."""


@dataclass(frozen=True, slots=True)
class Style:
    """What an element's text looks like. `colour` and `background` are None where they aren't known."""

    colour: _Rgb | None = (0, 0, 0)
    background: _Rgb | None = None
    transparent: bool = False
    clear: bool = False  # a colour without opacity, which an inner element may replace
    tiny: bool = False

    @property
    def unseen(self) -> Unseen | None:
        """Why text in it can't be seen, None where it can."""
        if self.transparent or self.clear:
            return Unseen.TRANSPARENT
        if self.tiny:
            return Unseen.TINY
        if self.colour is None or self.background is None:
            return None
        same = all(abs(a - b) < _ALIKE for a, b in zip(self.colour, self.background, strict=True))
        return Unseen.BACKGROUND if same else None

    def within(self, tag: Tag) -> Style:
        """The style of an element in this one."""
        if not tag.attrs or _ATTRIBUTES.isdisjoint(tag.attrs):
            return self
        style = self
        if (paper := _colour(str(tag.attrs.get("bgcolor", "")))) is not None:
            style = replace(style, background=paper[0])
        if tag.name == "a" and "href" in tag.attrs:
            style = replace(style, colour=_LINK if style.colour is not None else None, clear=False)
        if named := {"font": "color", "body": "text"}.get(tag.name):
            ink = _colour(str(tag.attrs.get(named, "")))
            style = style if ink is None else replace(style, colour=ink[0], clear=False)
        for name, value in _DECLARATION.findall(str(tag.attrs.get("style", ""))):
            style = style._with(name.lower(), value.strip())
        return style

    def _with(self, name: str, value: str) -> Style:
        if name == "color":
            ink = _colour(value)
            return self if ink is None else replace(self, colour=ink[0], clear=not ink[1])
        if name == "font-size":
            size = _LENGTH.match(value)
            tiny = size is not None and _number(size[1]) <= (_TINY.get(size[2].lower(), 0.0) if size[2] else 0.0)
            return replace(self, tiny=tiny)
        if name == "opacity":
            opacity = _LENGTH.match(value)
            return replace(self, transparent=self.transparent or (opacity is not None and _number(opacity[1]) == 0))
        paper = None if "(" in value and "rgb" not in value.lower() else _colour(value)
        if paper is not None and not paper[1]:
            return self  # what lies beneath shows through
        return replace(self, background=None if paper is None else paper[0])


def page_style(soup: BeautifulSoup) -> Style:
    """The style in which a page begins: black on white, unless it has style sheets, which may say anything."""
    sheets = soup.find("style") is not None or any(
        "stylesheet" in str(link.get("rel") or "").lower() for link in soup.find_all("link")
    )
    return Style(colour=None) if sheets else Style(background=NAMES["white"])


def _colour(value: str) -> tuple[_Rgb, bool] | None:
    """A colour and whether it covers anything; None where it is none that is known here."""
    value = value.strip().lower()
    if "transparent" in value:
        return (0, 0, 0), False
    if found := _HEXADECIMAL.search(value):
        digits = found[1] if len(found[1]) > 4 else "".join(2 * one for one in found[1])
        red, green, blue, opacity = (int(digits[at : at + 2] or "ff", 16) for at in (0, 2, 4, 6))
        return (red, green, blue), opacity > 0
    if found := _RGB.search(value):
        return (int(found[1]), int(found[2]), int(found[3])), found[4] is None or _number(found[4].rstrip("%")) > 0
    word = value.partition("!")[0].split()
    known = next((NAMES[one] for one in word if one in NAMES), None)
    return None if known is None else (known, True)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 1.0
