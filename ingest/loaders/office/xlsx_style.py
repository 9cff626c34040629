"""What a workbook's formats say of its cells, as far as it tells whether anybody sees them (ECMA-376-1, 18.8)."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from passagework.ingest.loaders.colours import WHITE, Rgb, alike, hexadecimal
from passagework.ingest.loaders.office.number_formats import BUILT_IN
from passagework.ingest.loaders.office.office_colours import lit, theme_colours
from passagework.ingest.loaders.office.office_values import decimal, whole_number
from passagework.ingest.loaders.office.xlsx_parts import excel
from passagework.retrieval.types import HiddenReason

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types

_Item = TypeVar("_Item")

_TINY = 1.0
"""Points, as in Word files."""
_THEME = ("lt1", "dk1", "lt2", "dk2", *(f"accent{number}" for number in range(1, 7)), "hlink", "folHlink")
"""The order in which cells number a theme's colours."""
_AUTOMATIC = 64
"""From here on, numbers of the palette stand for what the system shows."""
_PALETTE = tuple(
    (int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16))
    for digits in textwrap.wrap(
        "000000FFFFFFFF000000FF000000FFFFFF00FF00FF00FFFF000000FFFFFFFF000000FF000000FFFFFF00FF00FF00FFFF"
        "800000008000000080808000800080008080C0C0C08080809999FF993366FFFFCCCCFFFF660066FF80800066CCCCCCFF"
        "000080FF00FFFFFF0000FFFF8000808000000080800000FF00CCFFCCFFFFCCFFCCFFFF9999CCFFFF99CCCC99FFFFCC99"
        "3366FF33CCCC99CC00FFCC00FF9900FF6600666699969696003366339966003300333300993300993366333399333333",
        6,
    )
)
"""The colours that numbers stand for where a workbook has none of its own (18.8.27)."""
_FORMAT_PART = re.compile(r'"([^"]*)"|\\(.)|[_*].|\[([^\]]*)\]')
_FORMAT_COLOUR = re.compile(r"\[(black|white|red|green|blue|cyan|magenta|yellow|color ?\d+)\]", re.IGNORECASE)
_SHOWN_BRACKET = re.compile(r"[hms]+|\$.*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a text can't be seen; of one lost in its background, whether that is the sheet itself."""

    reason: HiddenReason
    on_paper: bool = False


@dataclass(frozen=True, slots=True)
class Font:
    """A font's colour and size in points, None where they aren't known."""

    colour: Rgb | None = None
    points: float | None = None


@dataclass(frozen=True, slots=True)
class Look:
    """A cell's format. `ground` is None where it isn't known; what `hides_text` or `hides_numbers` shows nothing."""

    font: Font = Font()
    ground: Rgb | None = WHITE
    on_paper: bool = True
    hides_text: bool = False
    hides_numbers: bool = False
    number_colour: bool = False  # the format has a colour of its own, which is in `font`
    code: str = ""  # of the number format

    def unseen(self, *, text: bool, font: Font | None = None) -> Verdict | None:
        """Why a text or a number, or a part of one in a font of its own, can't be seen; None where it can."""
        if self.hides_text if text else self.hides_numbers:
            return Verdict(HiddenReason.INVISIBLE)
        used = self.font if font is None else Font(self.font.colour if self.number_colour else font.colour, font.points)
        if used.points is not None and used.points <= _TINY:
            return Verdict(HiddenReason.TINY)
        if used.colour is not None and self.ground is not None and alike(used.colour, self.ground):
            return Verdict(HiddenReason.BACKGROUND, self.on_paper)
        return None


class Styles:
    """A workbook's formats by their numbers."""

    def __init__(self, root: _Element | None, theme: _Element | None) -> None:
        self._judged: dict[Font, bool] = {}
        self._theme = theme_colours(theme)
        palettes = next(root.iterchildren(*excel("colors")), None) if root is not None else None
        self._palette = [hexadecimal(element.get("rgb")) for element in _listed(palettes, "indexedColors", "rgbColor")]
        fonts = [self.font(font) for font in _listed(root, "fonts", "font")]
        self._fills = [self._fill(fill) for fill in _listed(root, "fills", "fill")]
        codes = {
            number_format.get("numFmtId"): number_format.get("formatCode") or ""
            for number_format in _listed(root, "numFmts", "numFmt")
        }
        self._looks = [self._look(cell_format, fonts, codes) for cell_format in _listed(root, "cellXfs", "xf")]

    def look(self, number: int) -> Look:
        """A format by its number."""
        return self._looks[number] if 0 <= number < len(self._looks) else Look()

    @cached_property
    def suspicious(self) -> frozenset[int]:
        """Those that may hide what they are used for."""
        return frozenset(
            number
            for number, look in enumerate(self._looks)
            if look.unseen(text=True) is not None or look.unseen(text=False) is not None
        )

    def may_hide(self, font: Font) -> bool:
        """Whether there is any background on which the font can't be seen."""
        if font not in self._judged:
            grounds = {WHITE, *(ground for ground, _ in self._fills if ground is not None)}
            self._judged[font] = any(Look(ground=background).unseen(text=True, font=font) for background in grounds)
        return self._judged[font]

    def font(self, element: _Element) -> Font:
        """What a font, or the properties of a part of a text, say."""
        colours = [self._colour(child) for child in element.iterchildren(*excel("color"))]
        points = [decimal(size.get("val")) for size in element.iterchildren(*excel("sz"))]
        return Font(colours[0] if colours else None, points[0] if points else None)

    def _fill(self, element: _Element) -> tuple[Rgb | None, bool]:
        """The colour beneath, None where it isn't known, and whether it is the sheet's."""
        for pattern in element.iterchildren(*excel("patternFill")):
            kind = pattern.get("patternType") or "none"
            if kind == "none":
                return WHITE, True
            colours = [self._colour(colour) for colour in pattern.iterchildren(*excel("fgColor"))]
            return (colours[0] if kind == "solid" and colours else None), False
        return None, False

    def _look(self, xf: _Element, fonts: list[Font], codes: dict[str | None, str]) -> Look:
        font = _at(fonts, xf.get("fontId")) or Font()
        ground, on_paper = _at(self._fills, xf.get("fillId")) or (WHITE, True)
        number = xf.get("numFmtId")
        code = codes[number] if number in codes else BUILT_IN.get(whole_number(number) or 0, "")
        colours = {colour.lower() for colour in _FORMAT_COLOUR.findall(code)}
        if colours:
            font = Font(WHITE if colours == {"white"} else None, font.points)
        text, numbers = _hides(code)
        return Look(font, ground, on_paper, text, numbers, bool(colours), code)

    def _colour(self, element: _Element) -> Rgb | None:
        theme, indexed = whole_number(element.get("theme")), whole_number(element.get("indexed"))
        if element.get("rgb") is not None:
            colour = hexadecimal(element.get("rgb"))
        elif theme is not None:
            colour = self._theme.get(_THEME[theme]) if 0 <= theme < len(_THEME) else None
        else:
            colour = self._indexed(indexed) if indexed is not None else None
        tint = decimal(element.get("tint")) or 0.0
        if colour is None or not tint:
            return colour
        return lit(colour, 1 + tint, 0.0) if tint < 0 else lit(colour, 1 - tint, tint)

    def _indexed(self, number: int) -> Rgb | None:
        if not 0 <= number < _AUTOMATIC:
            return None
        return self._palette[number] if number < len(self._palette) else _PALETTE[number]


def _hides(code: str) -> tuple[bool, bool]:
    """Whether a number format shows nothing of texts, and nothing of numbers (18.8.31: positive;negative;zero;text).

    What stands in place of a text (`;;;"x"`) is not the text.
    """
    sections = [section.strip() for section in _FORMAT_PART.sub(_shown, code).split(";")]
    shows_text = len(sections) < 4 or "@" in sections[3] or "general" in sections[3].lower()
    return not shows_text, len(sections) > 1 and not any(sections[:3])


def _shown(part: re.Match[str]) -> str:
    literal = (part[1] or part[2] or "").strip()
    return "x" if literal or (part[3] and _SHOWN_BRACKET.fullmatch(part[3])) else ""


def _listed(root: _Element | None, around: str, name: str) -> Iterator[_Element]:
    for group in root.iterchildren(*excel(around)) if root is not None else ():
        yield from group.iterchildren(*excel(name))


def _at(items: list[_Item], number: str | None) -> _Item | None:
    at = whole_number(number)
    return items[at] if at is not None and 0 <= at < len(items) else None
