"""Tells by fonts and by the names of styles what is set as code is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from passagework.ingest.loaders.office.docx_elements import children, named, value, word
from passagework.ingest.loaders.office.docx_style import Styles

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types

_FONTS = re.compile(
    r"courier|consolas|menlo|monaco|\bmono\b|mono$|monospace|inconsolata|fixedsys|lucida console|andale|typewriter"
    r"|source code|fira code|cascadia|\bterminal\b",
    re.IGNORECASE,
)
_STYLES = re.compile(
    r"html preformatted|preformatted text|source ?code|code(?: ?block| ?listing)?|listing|verbatim|macro text",
    re.IGNORECASE,
)


def is_monospaced(font: str) -> bool:
    """Whether a font has letters of one width, by its name."""
    return _FONTS.search(font) is not None


def names_code(style: str) -> bool:
    """Whether a style of paragraphs is one for code, by its name."""
    return _STYLES.fullmatch(style.replace("_20_", " ").strip()) is not None


def is_code(paragraph: _Element, style: str | None, styles: Styles) -> bool:
    """Whether a paragraph of Word is set as code: by its style, or as all its text has a font of one width."""
    base = _said_by(style, styles) if style is not None else None
    if base == _CODE:
        return True
    fonts = [
        _font_of(run, styles) or base or ""
        for run in paragraph.iterchildren(*word("r"))
        if any((text.text or "").strip() for text in run.iterchildren(*word("t")))
    ]
    return bool(fonts) and all(map(is_monospaced, fonts))


_CODE = "code"


def _said_by(name: str, styles: Styles) -> str | None:
    """The font of a style or of the nearest that it is based on; `code` of one that is named so."""
    for style in styles.based(name):
        if names_code(named(style, "name") or ""):
            return _CODE
        for properties in style.iterchildren(*word("rPr")):
            if font := _font(properties):
                return font
    return None


def _font_of(run: _Element, styles: Styles) -> str | None:
    for properties in run.iterchildren(*word("rPr")):
        style = named(properties, "rStyle")
        return _font(properties) or (_said_by(style, styles) if style else None)
    return None


def _font(properties: _Element) -> str | None:
    fonts = children(properties).get("rFonts")
    return value(fonts, "ascii") or value(fonts, "hAnsi") if fonts is not None else None
