"""Tells which elements of a page are not shown at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from passagework.ingest.loaders.html.css_declarations import declarations

if TYPE_CHECKING:
    from bs4 import Tag

_UNSEEN = frozenset(
    {
        "head", "script", "style", "template", "noscript", "svg", "iframe", "object", "embed",
        "canvas", "audio", "video", "map", "datalist", "rt", "rp", "annotation", "annotation-xml",
        "ix:header", "noframes", "noembed", "meter", "progress"
    }
)  # fmt: skip
_HIDING = {"display": ("none",), "visibility": ("hidden", "collapse"), "content-visibility": ("hidden",)}


def words_of(tag: Tag, name: str) -> list[str]:
    """The words of an attribute, in lower case; none where the element hasn't got it."""
    value = tag.attrs.get(name) or ""
    return " ".join(value if isinstance(value, list) else [str(value)]).lower().split()


def is_hidden(tag: Tag) -> bool:
    """Whether an element shows nothing, with all that is in it; no style sheet is asked."""
    if tag.name in _UNSEEN or "hidden" in tag.attrs or "popover" in tag.attrs:
        return True
    if tag.name == "dialog" and "open" not in tag.attrs:
        return True
    style = tag.attrs.get("style")
    if not isinstance(style, str):
        return False
    return any(value in _HIDING[name] for name, value in declarations(style) if name in _HIDING)
