"""The marks that a page shows before the items of its lists.

Sources: HTML Living Standard, 4.4.5 to 4.4.8; CSS Counter Styles Level 3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from passagework.ingest.loaders.html.css_declarations import declarations
from passagework.ingest.loaders.number_words import counted

if TYPE_CHECKING:
    from bs4 import Tag

_TYPES = {"1": "decimal", "a": "lower-alpha", "A": "upper-alpha", "i": "lower-roman", "I": "upper-roman"}
_COUNTED = {"lower-roman": "lowerRoman", "upper-roman": "upperRoman", "decimal-leading-zero": "decimalZero"}
_LETTERS = frozenset({"lower-alpha", "lower-latin", "upper-alpha", "upper-latin"})
_NUMBERED = frozenset({"decimal", *_COUNTED, *_LETTERS})
_BULLETS = frozenset({"none", "disc", "circle", "square"})
_MOST_DIGITS = 8


@dataclass(slots=True)
class ListMarks:
    """What the next item of a list is marked by: a number in a style of CSS, a bullet where that counts nothing."""

    style: str = "disc"
    number: int = 1
    step: int = 1

    def next(self, item: Tag) -> str:
        """Returns the mark of an item, which is thereby counted: `4.`, `b.`, `iv.`, or `-` of a bullet."""
        own = _integer(item.get("value"))
        number = self.number if own is None else own
        self.number = number + self.step
        style = _style(item) or self.style
        return f"{_written(number, style)}." if style in _NUMBERED else "-"


def list_marks(tag: Tag) -> ListMarks:
    """Returns the marks of the list that an element is."""
    style = _style(tag)
    if tag.name != "ol":
        return ListMarks(style or "disc")
    start = _integer(tag.get("start"))
    if "reversed" not in tag.attrs:
        return ListMarks(style or "decimal", 1 if start is None else start)
    items = len(tag.find_all("li", recursive=False)) if start is None else start
    return ListMarks(style or "decimal", items, step=-1)


def _style(tag: Tag) -> str:
    """The style of counting that an element says itself, "" where it says none."""
    said = tag.get("style")
    if isinstance(said, str) and "list-style" in said.lower():
        for name, value in reversed(declarations(said)):
            known = next((word for word in value.split() if word in _NUMBERED or word in _BULLETS), "")
            if name in ("list-style", "list-style-type") and known:
                return known
    given = str(tag.get("type") or "")
    return _TYPES.get(given) or (given.lower() if given.lower() in _BULLETS else "")


def _written(number: int, style: str) -> str:
    if style not in _LETTERS or number < 1:
        return counted(number, _COUNTED.get(style, "decimal"))
    letters = ""
    while number:
        number, last = divmod(number - 1, 26)
        letters = chr(ord("a") + last) + letters
    return letters.upper() if style.startswith("upper") else letters


def _integer(value: object) -> int | None:
    text = str(value if value is not None else "").strip()
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdecimal() and len(digits) <= _MOST_DIGITS else None
