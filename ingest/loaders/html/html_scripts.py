"""Tells exponents, indexes and the marks of notes from the text that they stand beside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from passagework.ingest.loaders.html.html_visible import words_of

if TYPE_CHECKING:
    from bs4 import Tag

_SIGNS = {"sup": "^", "sub": "_"}
_NOTES = frozenset({"noteref", "doc-noteref", "footnote-ref", "footnote-reference"})
_ORDINALS = frozenset({"st", "nd", "rd", "th", "e", "er", "re", "ère", "ème", "º", "ª", "o", "a"})
_LINES = "/\u2044"
"""What stands between a fraction's numbers."""


def script_sign(tag: Tag, styled: str) -> str:
    """`^` for text above the line, `_` for text below it, `[` for the mark of a note, "" for any other element.

    `styled` is the sign of what its style makes of an element that says nothing by its kind.
    """
    sign = _SIGNS.get(tag.name, styled)
    if not sign and tag.name != "a":
        return ""
    if _is_note(tag, sign):
        return "["
    return " " if sign == "^" and _is_numerator(tag) else sign


def _is_note(tag: Tag, sign: str) -> bool:
    """Whether it leads to a note: it says so, or is a link to a place of the page above the line."""
    if any(not _NOTES.isdisjoint(words_of(tag, name)) for name in ("epub:type", "role", "class")):
        return True
    if not sign:
        return False
    link = tag.parent if tag.parent is not None and tag.parent.name == "a" else tag.find("a")
    return sign == "^" and link is not None and "#" in str(link.get("href") or "")


def _is_numerator(tag: Tag) -> bool:
    """Whether a fraction follows, as `<sup>1</sup>/<sub>2</sub>` is one."""
    line = tag.next_sibling
    denominator = line.next_sibling if line is not None else None
    return str(line).strip() in tuple(_LINES) and getattr(denominator, "name", None) == "sub"


def beside(before: str, text: str, sign: str) -> str:
    """A text above or below the line, or a note's mark, as it is written behind a character.

    `10^6`, `1998[4]`, `x_max`, `e^(-x/2)`; but `H2O`, `1st` and what follows nothing as it stands.
    """
    if sign == "[":
        return text if text[:1] in "[(" or not any(map(str.isalnum, text)) else f"[{text}]"
    if before[-1:] in (".", ",") and before[:-1].isdigit() and text[:1].isdigit():
        return f"{sign}{text}"  # a note's mark behind a number that ends a sentence, no decimals
    before = before[-1:]
    if (not before.isalnum() and before not in (")", "]")) or text[:1] in "[(" or not any(map(str.isalnum, text)):
        return text
    if before.isdigit() and text.lower() in _ORDINALS:
        return text
    if sign == "_" and before.isalpha() and text.isdigit():
        return text
    return f"{sign}{text}" if text.lstrip("+-−").isalnum() else f"{sign}({text})"
