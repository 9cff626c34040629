"""The numbers that Word displays before paragraphs, counted as it counts them (ECMA-376-1, 17.9)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from passagework.ingest.loaders.number_words import counted
from passagework.ingest.loaders.office.docx_elements import children, named, value, word
from passagework.ingest.loaders.office.docx_style import Styles, is_on
from passagework.ingest.loaders.office.office_values import whole_number

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types

LEVELS = 9
_BULLET = "*"
_LEVEL_NUMBER = re.compile(r"%([1-9])")
_ZEROS = re.compile(r"0{1,8}1(?=\s*,)")
_MOST_TEXT = 100
"""Characters of a level's text; a longer one is no number."""


@dataclass(frozen=True, slots=True)
class _Level:
    """One level of a list: where it starts, how it counts and what it writes; after which levels it starts again."""

    start: int = 1
    style: str = "decimal"
    text: str = ""
    legal: bool = False
    restart: int | None = None


@dataclass(frozen=True, slots=True)
class Label:
    """What stands before a paragraph of a list, and how deep it stands; of bullets `*`."""

    text: str
    level: int

    @property
    def is_bullet(self) -> bool:
        """Whether it counts nothing."""
        return self.text == _BULLET


class Numbering:
    """The lists of a document, each with what it has counted so far."""

    def __init__(self, root: _Element | None, styles: Styles) -> None:
        self._styles = styles
        listed = root.iterchildren(*word("abstractNum")) if root is not None else ()
        self._abstract = {str(value(element, "abstractNumId")): element for element in listed}
        lists = root.iterchildren(*word("num")) if root is not None else ()
        self._lists = {str(value(element, "numId")): element for element in lists}
        self._levels: dict[str, tuple[str, list[_Level], dict[int, int]]] = {}
        self._counts: dict[str, list[int | None]] = {}
        self._begun: set[tuple[str, int]] = set()

    def label(self, properties: _Element | None, style: str | None) -> Label | None:
        """What Word displays before a paragraph of these properties and style, which is thereby counted."""
        place = self._place(properties, style)
        if place is None:
            return None
        number, level = place
        base, levels, restarts = self._list(number)
        if level >= len(levels):
            return None
        counts = self._counts.setdefault(base, [None] * LEVELS)
        if level in restarts and (number, level) not in self._begun:
            counts[level] = restarts[level] - 1
        self._begun.add((number, level))
        before = counts[level]
        counts[level] = levels[level].start if before is None else before + 1
        for deeper in range(level + 1, LEVELS):
            restart = levels[deeper].restart if deeper < len(levels) else None
            if restart is None or 0 < level + 1 <= restart:
                counts[deeper] = None
        return Label(_shown(level, levels, counts), level)

    def _place(self, properties: _Element | None, style: str | None) -> tuple[str, int] | None:
        """The list and the level of a paragraph, by itself or its style."""
        own = children(properties).get("numPr") if properties is not None else None
        number = named(own, "numId") if own is not None else None
        level = whole_number(named(own, "ilvl")) if own is not None else None
        if number is None or level is None:
            by_style = self._by_style(style)
            if by_style is not None:
                number = by_style[0] if number is None else number
                level = by_style[1] if level is None else level
        if number is None or number == "0" or number not in self._lists:
            return None
        return number, min(max(level or 0, 0), LEVELS - 1)

    def _by_style(self, style: str | None) -> tuple[str, int] | None:
        name = style if style is not None else self._styles.paragraph
        for element in self._styles.based(name) if name is not None else ():
            for properties in element.iterchildren(*word("pPr")):
                listed = children(properties).get("numPr")
                number = named(listed, "numId") if listed is not None else None
                if listed is not None and number is not None:
                    level = whole_number(named(listed, "ilvl"))
                    linked = self._linked(number, str(value(element, "styleId")))
                    return number, linked if linked is not None else level or 0
        return None

    def _linked(self, number: str, style: str) -> int | None:
        """The level of a list that a style stands for."""
        element = self._abstract_of(number)
        for level in element.iterchildren(*word("lvl")) if element is not None else ():
            if named(level, "pStyle") == style:
                return whole_number(value(level, "ilvl"))
        return None

    def _abstract_of(self, number: str) -> _Element | None:
        """What a list takes its levels from; a style of lists leads to another list that has them."""
        for _ in range(LEVELS):
            listed = self._lists.get(number)
            element = self._abstract.get(str(named(listed, "abstractNumId"))) if listed is not None else None
            style = named(element, "numStyleLink") if element is not None else None
            led = self._by_list_style(style) if style is not None else None
            if led is None or led == number:
                return element
            number = led
        return None

    def _by_list_style(self, style: str) -> str | None:
        for element in self._styles.based(style):
            for properties in element.iterchildren(*word("pPr")):
                listed = children(properties).get("numPr")
                if listed is not None:
                    return named(listed, "numId")
        return None

    def _list(self, number: str) -> tuple[str, list[_Level], dict[int, int]]:
        """What a list counts with others, its levels, and where some of them start again when it begins."""
        if number not in self._levels:
            element = self._abstract_of(number)
            base = str(value(element, "abstractNumId")) if element is not None else number
            levels = [_Level() for _ in range(LEVELS)] if element is not None else []
            for level in element.iterchildren(*word("lvl")) if element is not None else ():
                at = whole_number(value(level, "ilvl"))
                if at is not None and 0 <= at < LEVELS:
                    levels[at] = _level(level)
            restarts = {}
            for override in self._lists[number].iterchildren(*word("lvlOverride")):
                at = whole_number(value(override, "ilvl"))
                if at is None or not 0 <= at < len(levels):
                    continue
                for level in override.iterchildren(*word("lvl")):
                    levels[at] = _level(level)
                    restarts[at] = levels[at].start
                start = whole_number(named(override, "startOverride"))
                if start is not None:
                    restarts[at] = start
            self._levels[number] = base, levels, restarts
        return self._levels[number]


def _level(element: _Element) -> _Level:
    found = children(element)
    text = (value(found["lvlText"], "val") if "lvlText" in found else None) or ""
    return _Level(
        start=whole_number(named(element, "start")) or 0 if "start" in found else 0,
        style=_style(element),
        text=text[:_MOST_TEXT],
        legal="isLgl" in found and is_on(found["isLgl"]),
        restart=whole_number(named(element, "lvlRestart")),
    )


def _style(level: _Element) -> str:
    """How a level counts; a style of its own, `001, 002, 003, ...`, stands in what newer versions of Word choose."""
    for element in level.iter(*word("numFmt")):
        style = value(element, "val") or "decimal"
        zeros = _ZEROS.match(value(element, "format") or "") if style == "custom" else None
        if style != "custom" or zeros:
            return str(len(zeros[0])) if zeros else style
    return "decimal"


def _shown(level: int, levels: list[_Level], counts: list[int | None]) -> str:
    said = levels[level]
    if said.style == "bullet":
        return _BULLET

    def number(match: re.Match[str]) -> str:
        at = int(match[1]) - 1
        if at > level or at >= len(levels):
            return ""
        count = counts[at]
        if count is None:
            count = counts[at] = levels[at].start
        style = "decimal" if said.legal and levels[at].style != "bullet" else levels[at].style
        return "" if style == "bullet" else counted(count, style)

    return " ".join(_LEVEL_NUMBER.sub(number, said.text).split())
