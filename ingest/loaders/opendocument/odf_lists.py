"""The numbers and bullets of lists and headings of OpenDocument, counted as their styles say (19.880, 16.30)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from passagework.ingest.loaders.number_words import counted
from passagework.ingest.loaders.opendocument.odf_names import attribute, children_named, count_of, name_of
from passagework.ingest.loaders.opendocument.odf_style import OdfStyles

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types

_FORMATS = {"i": "lowerRoman", "I": "upperRoman", "a": "lowerLetter", "A": "upperLetter", "1": "decimal"}
_MOST = 1_000_000


class OdfNumbers:
    """Counts the items of lists, and the headings."""

    def __init__(self, styles: OdfStyles) -> None:
        self._styles = styles
        self._counts: dict[str, list[int]] = {}
        self._headings: list[int] = []

    def begin_list(self, element: _Element, style: str, level: int) -> None:
        """A list opens; unless it goes on with the one before, it counts from the beginning."""
        continued = attribute(element, "text:continue-numbering") == "true" or attribute(element, "text:continue-list")
        if level == 1 and not continued:
            self._counts[style] = []

    def item(self, element: _Element, style: str, level: int) -> str:
        """What stands before an item: its number, `1.2.`, or a bullet."""
        described = self._described(self._styles.lists.get(style), level)
        if described is None:
            return "- " if style not in self._styles.lists else ""
        if not name_of(described).endswith("style-number"):
            return "- "
        counts = self._counts.setdefault(style, [])
        start = attribute(element, "text:start-value")
        self._count(counts, level, described, int(start) if start.isdigit() and len(start) < 8 else None)
        return self._label(self._styles.lists[style], counts, level)

    def heading(self, element: _Element, level: int) -> str:
        """The number that a heading shows, with a blank behind it; "" where its level has none."""
        outline = self._styles.outline
        described = self._described(outline, level)
        if outline is None or described is None or attribute(element, "text:is-list-header") == "true":
            return ""
        self._count(self._headings, level, described, None)
        return self._label(outline, self._headings, level)

    @staticmethod
    def _described(style: _Element | None, level: int) -> _Element | None:
        levels = () if style is None else style
        return next((inner for inner in levels if attribute(inner, "text:level") == str(level)), None)

    @staticmethod
    def _count(counts: list[int], level: int, described: _Element, start: int | None) -> None:
        first = count_of(described, "text:start-value", _MOST)
        del counts[level:]
        while len(counts) < level:
            counts.append(0 if len(counts) == level - 1 else 1)
        counts[level - 1] = start if start is not None else (counts[level - 1] + 1 if counts[level - 1] else first)

    def _label(self, style: _Element, counts: list[int], level: int) -> str:
        described = self._described(style, level)
        if described is None:
            return ""
        shown = count_of(described, "text:display-levels", level)
        numbers = []
        for at in range(level - shown + 1, level + 1):
            form = self._described(style, at)
            letters = attribute(form, "style:num-format") if form is not None else ""
            if letters and at <= len(counts):
                numbers.append(counted(counts[at - 1], _FORMATS.get(letters, "decimal")))
        if not numbers:
            return ""
        before, behind = attribute(described, "style:num-prefix"), attribute(described, "style:num-suffix")
        return f"{before}{'.'.join(numbers)}{behind} "


def list_headers(element: _Element) -> bool:
    """Whether a list's entry is a header, which has no number."""
    return name_of(element).endswith(":list-header")


def items_of(element: _Element) -> list[_Element]:
    """The entries of a list."""
    return list(children_named(element, "text:list-item", "text:list-header"))
