"""The texts of cells: those that a workbook shares, and their parts in fonts of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, TypeAlias

from passagework.ingest.loaders.office.package import Package
from passagework.ingest.loaders.office.xlsx_parts import elements, excel, forget
from passagework.ingest.loaders.office.xlsx_style import Font, Styles
from passagework.ingest.loaders.raised import lowered, parted, raised

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types

Runs: TypeAlias = "tuple[tuple[str, Font | None], ...]"
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


class SharedTexts:
    """A workbook's shared texts by their numbers; `suspects` are those that have a part which may be unseen."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.runs: dict[int, Runs] = {}
        self.suspects: set[int] = set()

    def read(self, package: Package, name: str, styles: Styles) -> None:
        """Reads the part. What lxml and zipfile raise, where it is damaged, comes through; what was read is kept."""
        for number, element in enumerate(elements(package, name, excel("si"))):
            self.texts.append(text_of(element))
            runs = parts_of(element, styles)
            if runs is not None:
                self.runs[number] = runs
                if any(font is not None and styles.may_hide(font) for _, font in runs):
                    self.suspects.add(number)
            forget(element)


def text_of(element: _Element) -> str:
    """The text of a shared or an inline string, without the readings that stand above it."""
    return "".join(text for text, _ in _parts(element))


def parts_of(element: _Element, styles: Styles) -> Runs | None:
    """The parts of a text in fonts of their own; None where it has none."""
    found = [(text, None if properties is None else styles.font(properties)) for text, properties in _parts(element)]
    return tuple(found) if any(font is not None for _, font in found) else None


def _parts(element: _Element) -> Iterator[tuple[str, _Element | None]]:
    """The parts of a text, raised and lowered ones written on the line, and what is said of each one's font."""
    before = ""
    for child in element.iterchildren(*excel("t"), *excel("r")):
        text = unescaped("".join(_pieces(child)))
        properties = next(child.iterchildren(*excel("rPr")), None)
        place = _place(properties) if properties is not None else None
        if place is not None:
            text = (raised if place == "superscript" else lowered)(before, text)
        elif before[:1] in ("^", "_"):
            text = parted(before, text)
        before = text or before
        yield text, properties


def _place(properties: _Element) -> str | None:
    said = next(properties.iterchildren(*excel("vertAlign")), None)
    place = said.get("val") if said is not None else None
    return place if place in ("superscript", "subscript") else None


def unescaped(text: str) -> str:
    """The text with the characters that its writer spelt as `_x000D_`."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text) if "_x" in text else text


def _pieces(element: _Element) -> list[str]:
    if str(element.tag).endswith("}t"):
        return [str(element.text or "")]
    return [str(text.text or "") for text in element.iterchildren(*excel("t"))]
