"""Tells which elements of a page are not shown at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from passagework.ingest.loaders.html.css_declarations import declarations

if TYPE_CHECKING:
    from bs4 import Tag

_UNSEEN = frozenset(
    {
        "head", "script", "style", "template", "noscript", "iframe", "object", "embed",
        "canvas", "audio", "video", "map", "datalist", "rt", "rp", "annotation", "annotation-xml",
        "ix:header", "noframes", "noembed", "meter", "progress"
    }
)  # fmt: skip
_OF_DRAWINGS = frozenset({"defs", "symbol", "title", "desc", "metadata"})
_GUTTERS = frozenset(
    {
        "linenos", "linenodiv", "lineno", "line-number", "line-num", "line-numbers-rows", "blob-num",
        "hljs-ln-numbers", "gutter"
    }
)  # fmt: skip
"""Names of the numbers of the lines of code, which count them and are none of it."""
_PAGE_BREAKS = frozenset({"pagebreak", "doc-pagebreak"})
"""Where the pages of a printed edition begin, with their numbers."""
_DOUBLED = frozenset({"katex-html"})
_DOUBLE = "mwe-math-mathml"
"""Names of what shows a formula that stands beside it in MathML, and, of MediaWiki, of that MathML."""
_HIDING = {"display": ("none",), "visibility": ("hidden", "collapse"), "content-visibility": ("hidden",)}


def words_of(tag: Tag, name: str) -> list[str]:
    """The words of an attribute, in lower case; none where the element hasn't got it."""
    value = tag.attrs.get(name) or ""
    return " ".join(value if isinstance(value, list) else [str(value)]).lower().split()


def is_formula(tag: Tag) -> bool:
    """Whether it is a formula for MathJax 2, which isn't shown in the page otherwise."""
    if tag.name != "script" or not str(tag.attrs.get("type", "")).startswith("math/tex"):
        return False
    shown = tag.find_previous_sibling(True)
    return shown is None or not any(name.startswith("mathjax") for name in words_of(shown, "class")) or not shown.text


def is_hidden(tag: Tag) -> bool:
    """Whether an element shows nothing, with all that is in it; no style sheet is asked."""
    if is_formula(tag):
        return False
    if tag.name in _UNSEEN or "hidden" in tag.attrs or "popover" in tag.attrs:
        return True
    if not _PAGE_BREAKS.isdisjoint(words_of(tag, "epub:type") + words_of(tag, "role")):
        return True
    if tag.name == "dialog" and "open" not in tag.attrs:
        return True
    if tag.name in _OF_DRAWINGS and tag.find_parent("svg") is not None:
        return True
    classes = words_of(tag, "class") if "class" in tag.attrs else []
    if any(name in _GUTTERS or name in _DOUBLED for name in classes):
        return True
    if tag.name == "nobr" and tag.attrs.get("aria-hidden") == "true":  # MathJax 2, beside its MathML
        return True
    style = tag.attrs.get("style")
    if not isinstance(style, str) or any(name.startswith(_DOUBLE) for name in classes):
        return False
    return any(value in _HIDING[name] for name, value in declarations(style) if name in _HIDING)
