"""What HTML says of its text's colour, size, opacity and place, element by element: enough to tell what nobody sees.

Only what stands in the elements is read (`style`, `bgcolor`, `color`); style sheets are not, and where a page has any,
the colour of its paper isn't known.
"""

from __future__ import annotations

import colorsys
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from passagework.ingest.loaders.html.html_moved import gone
from passagework.retrieval.types import HiddenReason

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

_Rgb = tuple[int, int, int]

_ATTRIBUTES = frozenset({"style", "color", "bgcolor", "text", "href"})
_REMARK = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_IMPORTANT = re.compile(r"\s*!\s*important\s*\Z", re.IGNORECASE)
_HEXADECIMAL = re.compile(r"#([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})(?![0-9a-z])", re.IGNORECASE)
_CHANNEL = r"([\d.]+%?)"
_RGB = re.compile(rf"rgba?\(\s*{_CHANNEL}[\s,]+{_CHANNEL}[\s,]+{_CHANNEL}(?:[\s,/]+{_CHANNEL})?\s*\)", re.IGNORECASE)
_HSL = re.compile(
    rf"hsla?\(\s*([\d.]+)(?:deg)?[\s,]+{_CHANNEL}[\s,]+{_CHANNEL}(?:[\s,/]+{_CHANNEL})?\s*\)", re.IGNORECASE
)
_LENGTH = re.compile(r"([\d.]+)\s*([a-z%]*)", re.IGNORECASE)
_FONT = re.compile(r"(?:\A|\s)(0(?=[\s/])|[\d.]+(?:px|pt|r?em|%|v[wh])(?=[\s/]))", re.IGNORECASE)
"""The size in the short form of a font."""
_SIZES = re.compile(r"x*-?(?:small|large)|medium|initial", re.IGNORECASE)
_RELATIVE = frozenset({"em", "%", "ex", "ch"})
_CLEAR = 0.03
"""Opacity below which nothing shows."""
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
    gone: HiddenReason | None = None  # of no size, or off the page, with all that is in it

    @property
    def unseen(self) -> HiddenReason | None:
        """Why text in it can't be seen, None where it can."""
        if self.gone is not None:
            return self.gone
        if self.transparent or self.clear:
            return HiddenReason.TRANSPARENT
        if self.tiny:
            return HiddenReason.TINY
        if self.colour is None or self.background is None:
            return None
        same = all(abs(a - b) < _ALIKE for a, b in zip(self.colour, self.background, strict=True))
        return HiddenReason.BACKGROUND if same else None

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
        if "style" not in tag.attrs:
            return style
        said = declarations(str(tag.attrs["style"]))
        for name, value in said:
            style = style._with(name, value, self)
        return replace(style, gone=self.gone or gone(dict(said)))

    def _with(self, name: str, value: str, outer: Style) -> Style:
        """With a declaration; one that means nothing changes nothing."""
        if name == "color":
            ink = _colour(value)
            return self if ink is None else replace(self, colour=ink[0], clear=not ink[1])
        if name in ("font-size", "font"):
            size = value if name == "font-size" else next(iter(_FONT.findall(value)), "")
            return replace(self, tiny=_is_tiny(size, here=self.tiny, outside=outer.tiny))
        if name == "opacity":
            return replace(self, transparent=outer.transparent or _share(value, otherwise=1.0) < _CLEAR)
        if name not in ("background", "background-color"):
            return self
        paper = None if "(" in value and not _is_colour(value) else _colour(value)
        if paper is not None and not paper[1]:
            return self  # what lies beneath shows through
        return replace(self, background=None if paper is None else paper[0])


def declarations(style: str) -> list[tuple[str, str]]:
    """What an element's style says, in lower case; what is important comes last, for it is the last that counts."""
    plain: list[tuple[str, str]] = []
    important: list[tuple[str, str]] = []
    for declaration in _REMARK.sub("", style.lower()).split(";"):
        name, _, value = declaration.partition(":")
        kept = _IMPORTANT.sub("", value).strip()
        (plain if kept == value.strip() else important).append((name.strip(), kept))
    return [*plain, *important]


def page_style(soup: BeautifulSoup) -> Style:
    """The style in which a page begins: black on white, unless it has style sheets, which may say anything."""
    sheets = soup.find("style") is not None or any(
        "stylesheet" in str(link.get("rel") or "").lower() for link in soup.find_all("link")
    )
    return Style(colour=None) if sheets else Style(background=NAMES["white"])


def _is_tiny(size: str, *, here: bool, outside: bool) -> bool:
    """Whether a font size is one of those that nobody reads; a share of what is around is, where that is."""
    match = _LENGTH.match(size)
    if match is None:
        return here and not _SIZES.fullmatch(size)
    unit = match[2].lower()
    least = _TINY.get(unit, 0.0) if unit else 0.0
    return _number(match[1]) <= least or (unit in _RELATIVE and outside)


def _is_colour(value: str) -> bool:
    return _RGB.search(value) is not None or _HSL.search(value) is not None


def _colour(value: str) -> tuple[_Rgb, bool] | None:
    """A colour and whether it covers anything; None where it is none that is known here."""
    value = value.strip().lower()
    if "transparent" in value:
        return (0, 0, 0), False
    if match := _HEXADECIMAL.search(value):
        digits = match[1] if len(match[1]) > 4 else "".join(2 * digit for digit in match[1])
        red, green, blue, opacity = (int(digits[at : at + 2] or "ff", 16) for at in (0, 2, 4, 6))
        return (red, green, blue), opacity >= 255 * _CLEAR
    if match := _RGB.search(value):
        red, green, blue = (_channel(channel) for channel in match.groups()[:3])
        return (red, green, blue), _share(match[4] or "1", otherwise=1.0) >= _CLEAR
    if match := _HSL.search(value):
        saturation, luminance = (min(1.0, _number(percentage.rstrip("%")) / 100) for percentage in (match[2], match[3]))
        shares = colorsys.hls_to_rgb(_number(match[1]) / 360, luminance, saturation)
        red, green, blue = (round(255 * share) for share in shares)
        return (red, green, blue), _share(match[4] or "1", otherwise=1.0) >= _CLEAR
    word = value.split()
    known = next((NAMES[name] for name in word if name in NAMES), None)
    return None if known is None else (known, True)


def _channel(text: str) -> int:
    number = _number(text.rstrip("%"))
    return round(min(255.0, number * 2.55 if text.endswith("%") else number))


def _share(text: str, *, otherwise: float) -> float:
    """A part of one, or per cent; `otherwise` for what is none."""
    match = _LENGTH.match(text)
    if match is None:
        return otherwise
    return _number(match[1]) / (100 if match[2] == "%" else 1)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 1.0
