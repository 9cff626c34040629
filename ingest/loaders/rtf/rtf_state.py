"""What is in force within a group of Rich Text Format: where its text goes, its code page, and whether it shows."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from enum import Enum

from passagework.ingest.loaders.colours import WHITE, Rgb, alike
from passagework.ingest.loaders.rtf.rtf_fields import RtfField
from passagework.retrieval.types import HiddenReason

CODE_PAGES = {
    0: "", 2: "cp1252", 77: "mac_roman", 128: "cp932", 129: "cp949", 130: "johab", 134: "cp936", 136: "cp950",
    161: "cp1253", 162: "cp1254", 163: "cp1258", 177: "cp1255", 178: "cp1256", 186: "cp1257", 204: "cp1251",
    222: "cp874", 238: "cp1250", 254: "cp437",
}  # fmt: skip
"""By the character sets of fonts; "" is that of the document."""

CHARACTERS = {
    b"tab": "\t", b"line": "\n", b"emdash": "—", b"endash": "–", b"bullet": "•", b"lquote": "‘", b"rquote": "’",
    b"ldblquote": "“", b"rdblquote": "”", b"emspace": " ", b"enspace": " ", b"qmspace": " ",
}  # fmt: skip
SIGNS = {b"~": "\u00a0", b"_": "\u2011", b"\\": "\\", b"{": "{", b"}": "}", b"\n": "", b"\r": ""}
"""What control words and signs stand for."""
_HEADING = re.compile(r"(?:heading|überschrift|titre|título|titolo|rubrik|kop|otsikko|заголовок)\s*(\d)", re.IGNORECASE)

BODY_OUTLINE = 9
"""The outline level of what is no heading."""

_LEAST_MOVED = 4
"""Half points by which text is moved off its line where it is no longer on it."""
_TINY = 2
"""Half points."""


class Destination(Enum):
    """Where the text of a group goes."""

    BODY = "body"
    SKIPPED = "skipped"
    FONTS = "fonttbl"
    COLOURS = "colortbl"
    STYLES = "stylesheet"
    TITLE = "title"
    AUTHOR = "author"
    SUBJECT = "subject"
    KEYWORDS = "keywords"
    NOTE = "note"
    MARGIN = "margin"
    """Headers and footers."""
    INSTRUCTION = "fldinst"
    FORM = "formfield"
    CHOICE = "ffl"


INFO = {
    b"title": Destination.TITLE,
    b"author": Destination.AUTHOR,
    b"subject": Destination.SUBJECT,
    b"keywords": Destination.KEYWORDS,
}
OPENING = {
    **INFO,
    b"fonttbl": Destination.FONTS,
    b"colortbl": Destination.COLOURS,
    b"stylesheet": Destination.STYLES,
    **{one.value.encode(): one for one in (Destination.INSTRUCTION, Destination.FORM, Destination.CHOICE)},
    **dict.fromkeys((b"footnote", b"annotation"), Destination.NOTE),
    **dict.fromkeys(
        (b"header", b"headerl", b"headerr", b"headerf", b"footer", b"footerl", b"footerr", b"footerf"),
        Destination.MARGIN,
    ),
    **dict.fromkeys(
        (
            *(b"pict", b"objdata", b"datafield", b"themedata", b"colorschememapping", b"latentstyles"),
            *(b"listtable", b"listoverridetable", b"rsidtbl", b"generator", b"xmlnstbl", b"sn", b"sv", b"atnid"),
            *(b"atnauthor", b"atndate", b"atnref", b"atrfstart", b"atrfend", b"bkmkstart", b"bkmkend", b"revtbl"),
            *(b"filetbl", b"nonshppict", b"operator", b"company", b"doccomm", b"tc", b"xe", b"pgdsctbl"),
            *(b"template", b"private", b"creatim", b"revtim", b"printim", b"docvar", b"wgrffmtfilter"),
        ),
        Destination.SKIPPED,
    ),
}
"""By the control words that open them."""

UNSTARRED = frozenset({b"shpinst", b"shptxt", b"annotation", b"pn", b"pntext"})
"""Groups that older readers pass over, by their asterisk, and that are read here."""

_SWITCHES = {b"v": "hidden", b"deleted": "deleted", b"htmlrtf": "deleted"}
_NUMBERS = {
    b"cf": "colour",
    b"cb": "background",
    b"highlight": "background",
    b"chcbpat": "background",
    b"s": "style",
    b"outlinelevel": "outline",
}
_RAISED = {b"super": 1, b"sub": -1, b"nosupersub": 0}


@dataclass(slots=True)
class State:
    """Of a group; a group within begins with a copy."""

    destination: Destination = Destination.BODY
    codec: str = ""
    fallback: int = 1
    """Bytes that stand behind a character of Unicode for readers that know none."""
    hidden: bool = False
    deleted: bool = False
    colour: int = 0
    background: int = 0
    half_points: int = 24
    style: int = 0
    outline: int = BODY_OUTLINE
    raised: int = 0
    """1 above the line, -1 below."""
    field: RtfField = dataclasses.field(default_factory=RtfField)
    """The field that this is in."""

    def copy(self) -> State:
        """The same, for a group within."""
        return State(
            self.destination, self.codec, self.fallback, self.hidden, self.deleted, self.colour, self.background,
            self.half_points, self.style, self.outline, self.raised, self.field,
        )  # fmt: skip

    def apply(self, name: bytes, number: int | None) -> None:
        """What a control word says about the text that follows; words of other uses say nothing."""
        if name in _SWITCHES:
            setattr(self, _SWITCHES[name], number != 0)
        elif name in _NUMBERS:
            setattr(self, _NUMBERS[name], number or 0)
        elif name in _RAISED:
            self.raised = _RAISED[name] if number != 0 else 0
        elif name in (b"up", b"dn"):
            moved = 6 if number is None else number  # half points (RTF 1.9.1, font formatting)
            self.raised = 0 if moved < _LEAST_MOVED else 1 if name == b"up" else -1
        elif name == b"fs":
            self.half_points = number if number is not None else 24
        elif name == b"plain":
            self.plain()

    def plain(self) -> None:
        """Text without any formatting of its own."""
        self.hidden = self.deleted = False
        self.colour = self.background = self.raised = 0
        self.half_points = 24
        self.codec = ""

    def unseen(self, colours: list[Rgb | None]) -> HiddenReason | None:
        """Why a reader doesn't see the text; None where it shows, or that can't be told."""
        if self.hidden:
            return HiddenReason.INVISIBLE
        if 0 < self.half_points <= _TINY:
            return HiddenReason.TINY
        ink = colours[self.colour] if 0 < self.colour < len(colours) else None
        ground = colours[self.background] if 0 < self.background < len(colours) else None
        if ink is not None and alike(ink, ground or WHITE):
            return HiddenReason.BACKGROUND
        return None


def codec_named(name: bytes, number: int | None) -> str:
    """Returns the code page that a control word names, `\ansicpg1252` or `\\mac`."""
    known = {b"mac": "mac_roman", b"pc": "cp437", b"pca": "cp850"}
    pages = {65001: "utf-8", 10000: "mac_roman"}
    return known.get(name) or pages.get(number or 1252, f"cp{number or 1252}")


def heading_level(style: str, outline: int) -> int:
    """Returns the level of headings in a style, by its name or its outline level; 0 where it is none of headings."""
    match = _HEADING.match(style)
    if match:
        return int(match[1]) or 1
    if outline < BODY_OUTLINE:
        return outline + 1
    return 1 if style.lower() in ("title", "titel", "titre") else 0
