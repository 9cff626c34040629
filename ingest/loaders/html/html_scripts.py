"""Tells exponents, indexes and the marks of notes from the text that they stand beside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from passagework.ingest.loaders.html.html_visible import words_of

if TYPE_CHECKING:
    from bs4 import Tag

_SIGNS = {"sup": "^", "sub": "_"}
_NOTES = frozenset({"noteref", "doc-noteref", "footnote-ref", "footnote-reference"})
_LINES = "/\u2044"
"""What stands between a fraction's numbers."""


def script_sign(tag: Tag) -> str:
    """`^` for text above the line, `_` for text below it, `[` for the mark of a note, "" for any other element."""
    if tag.name not in ("sup", "sub", "a"):
        return ""
    if _is_note(tag):
        return "["
    sign = _SIGNS.get(tag.name, "")
    return " " if sign == "^" and _is_numerator(tag) else sign


def _is_note(tag: Tag) -> bool:
    """Whether it leads to a note: it says so, or is a link to a place of the page above the line."""
    if any(not _NOTES.isdisjoint(words_of(tag, name)) for name in ("epub:type", "role", "class")):
        return True
    if tag.name == "a":
        return False
    link = tag.parent if tag.parent is not None and tag.parent.name == "a" else tag.find("a")
    return tag.name == "sup" and link is not None and "#" in str(link.get("href") or "")


def _is_numerator(tag: Tag) -> bool:
    """Whether a fraction follows, as `<sup>1</sup>/<sub>2</sub>` is one."""
    line = tag.next_sibling
    denominator = line.next_sibling if line is not None else None
    return str(line).strip() in tuple(_LINES) and getattr(denominator, "name", None) == "sub"
