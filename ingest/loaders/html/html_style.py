"""What HTML says of its text's colour, size, opacity and place, element by element: enough to tell what nobody sees.

Only what stands in the elements is read (`style`, `bgcolor`, `color`); style sheets are not, and where a page has any,
the colour of its paper isn't known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from passagework.ingest.loaders.colours import WHITE, Rgb, alike, css_colour
from passagework.ingest.loaders.html.css_declarations import declarations
from passagework.ingest.loaders.html.html_moved import gone
from passagework.ingest.loaders.html.html_sheets import NO_SHEET, Sheet, page_sheet
from passagework.retrieval.types import HiddenReason

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

_ATTRIBUTES = frozenset({"style", "color", "bgcolor", "text", "href"})
_LENGTH = re.compile(r"([\d.]+)\s*([a-z%]*)", re.IGNORECASE)
_FONT = re.compile(r"(?:\A|\s)(0(?=[\s/])|[\d.]+(?:px|pt|r?em|%|v[wh])(?=[\s/]))", re.IGNORECASE)
"""The size in the short form of a font."""
_SIZES = re.compile(r"x*-?(?:small|large)|medium|initial", re.IGNORECASE)
_RELATIVE = frozenset({"em", "%", "ex", "ch"})
_CLEAR = 0.03
"""Opacity below which nothing shows."""
_PICTURE = re.compile(r"(?:url|gradient|image|image-set|element|cross-fade|paint|src)\(")
"""What lies over the colour of a background."""
_LINK: Rgb = (0, 0, 238)
_TINY = {"": 1.0, "px": 1.0, "pt": 1.0, "em": 0.08, "rem": 0.08, "%": 8.0, "vw": 0.1, "vh": 0.1}
"""Font sizes up to which nothing can be read, by unit."""


@dataclass(frozen=True, slots=True)
class Style:
    """What an element's text looks like. `colour` and `background` are None where they aren't known."""

    colour: Rgb | None = (0, 0, 0)
    background: Rgb | None = None
    transparent: bool = False
    clear: bool = False  # a colour without opacity, which an inner element may replace
    tiny: bool = False
    gone: HiddenReason | None = None  # of no size, or off the page, with all that is in it
    sheet: Sheet = NO_SHEET  # of the whole page

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
        return HiddenReason.BACKGROUND if alike(self.colour, self.background) else None

    def within(self, tag: Tag) -> Style:
        """The style of an element in this one."""
        if not tag.attrs or _ATTRIBUTES.isdisjoint(tag.attrs):
            return self
        style = self
        if (paper := _attribute_colour(tag, "bgcolor")) is not None:
            style = replace(style, background=paper[0])
        if tag.name == "a" and "href" in tag.attrs:
            style = replace(style, colour=_LINK if style.colour is not None else None, clear=False)
        if named := {"font": "color", "body": "text"}.get(tag.name):
            ink = _attribute_colour(tag, named)
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
            ink = css_colour(value)
            return self if ink is None else replace(self, colour=ink[0], clear=ink[1] < _CLEAR)
        if name in ("font-size", "font"):
            size = value if name == "font-size" else next(iter(_FONT.findall(value)), "")
            return replace(self, tiny=_is_tiny(size, here=self.tiny, outside=outer.tiny))
        if name == "opacity":
            return replace(self, transparent=outer.transparent or _share(value, otherwise=1.0) < _CLEAR)
        if name not in ("background", "background-color"):
            return self
        paper = None if _PICTURE.search(value) else css_colour(value)
        if paper is not None and paper[1] < _CLEAR:
            return self  # what lies beneath shows through
        return replace(self, background=None if paper is None else paper[0])


def page_style(soup: BeautifulSoup) -> Style:
    """The style in which a page begins: black on white, unless it has style sheets, which may say anything."""
    sheets = soup.find("style") is not None or any(
        "stylesheet" in str(link.get("rel") or "").lower() for link in soup.find_all("link")
    )
    return Style(colour=None, sheet=page_sheet(soup)) if sheets else Style(background=WHITE)


def _is_tiny(size: str, *, here: bool, outside: bool) -> bool:
    """Whether a font size is one of those that nobody reads; a share of what is around is, where that is."""
    match = _LENGTH.match(size)
    if match is None:
        return here and not _SIZES.fullmatch(size)
    unit = match[2].lower()
    least = _TINY.get(unit, 0.0) if unit else 0.0
    return _number(match[1]) <= least or (unit in _RELATIVE and outside)


def _attribute_colour(tag: Tag, name: str) -> tuple[Rgb, float] | None:
    """The colour that an attribute says, whose number may lack its sign (HTML 2.3.6)."""
    said = str(tag.attrs.get(name, "")).strip()
    return (css_colour(said) or css_colour(f"#{said}")) if said else None


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
