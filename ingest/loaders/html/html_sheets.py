"""What the classes of a page's own style sheet, and its elements' styles, say of text above, below and as it stands.

Of the sheets only rules of one class are read, `.c5 { vertical-align: super }` or `span.c5 { ... }`, as programs write
them that export documents as pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from passagework.ingest.loaders.html.css_declarations import declarations
from passagework.ingest.loaders.html.html_visible import words_of

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

_SIGNS = {"super": "^", "sub": "_"}
_PLACED = frozenset({"span", "font", "small", "b", "i", "em", "strong", "a"})
"""Elements of a line."""
_VERBATIM = frozenset({"pre", "pre-wrap", "break-spaces"})
_BLOCKS = frozenset({"p", "div", "td", "code"})
_OF_CODE = frozenset({"blob-code", "blob-code-inner", "react-code-line-contents", "hljs-ln-code", "cm-line"})
"""Names of a line of code in the pages of what shows code, whose sheets are elsewhere."""
_RULE = re.compile(r"\s*(?:[a-z]+)?\.([\w-]{1,100})\s*\Z", re.IGNORECASE)
_MOST_SHEET = 1_000_000
"""Characters of style sheets that are read."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """Of a page: the classes whose text is raised or lowered, by its sign, and those whose white space counts."""

    signs: tuple[tuple[str, str], ...] = ()
    verbatim: frozenset[str] = frozenset()

    def sign(self, tag: Tag) -> str:
        """`^` for what stands above the line by its style, `_` for what stands below it, "" for what is on it."""
        if tag.name not in _PLACED or not tag.attrs:
            return ""
        said = _declared(tag, "vertical-align")
        if said:
            return _SIGNS.get(said, "")
        classes = words_of(tag, "class") if self.signs and "class" in tag.attrs else ()
        return next((sign for name, sign in self.signs if name in classes), "")

    def is_verbatim(self, tag: Tag) -> bool:
        """Whether white space counts in it, as it does in `pre`."""
        if tag.name in ("pre", "textarea"):
            return True
        if tag.name not in _BLOCKS or not tag.attrs:
            return False
        if tag.name == "code":
            return _declared(tag, "display") == "block" and _declared(tag, "white-space") in _VERBATIM
        if _declared(tag, "white-space") in _VERBATIM:
            return True
        classes = words_of(tag, "class") if "class" in tag.attrs else ()
        return any(name in self.verbatim or name in _OF_CODE for name in classes)


NO_SHEET = Sheet()
"""Of a page without style sheets."""


def page_sheet(soup: BeautifulSoup) -> Sheet:
    """What the style sheets in a page say."""
    signs: dict[str, str] = {}
    verbatim: set[str] = set()
    for name, body in _rules(soup):
        lowered = body.lower()
        if "vertical-align" not in lowered and "white-space" not in lowered:
            continue
        said = dict(declarations(body))
        if (sign := _SIGNS.get(said.get("vertical-align", ""))) is not None:
            signs[name] = sign
        if said.get("white-space") in _VERBATIM:
            verbatim.add(name)
    return Sheet(tuple(signs.items()), frozenset(verbatim))


def _rules(soup: BeautifulSoup) -> Iterator[tuple[str, str]]:
    """The rules of one class: its name in lower case, and what they declare."""
    left = _MOST_SHEET
    for tag in soup.find_all("style"):
        for rule in "".join(map(str, tag.contents))[:left].split("}"):
            selectors, _, body = rule.rpartition("{")
            for selector in selectors.split(",") if body else ():
                if match := _RULE.match(selector.rpartition("{")[2].rpartition(";")[2]):
                    yield match[1].lower(), body
        left -= len(tag.get_text())


def _declared(tag: Tag, name: str) -> str:
    style = tag.attrs.get("style")
    return dict(declarations(style)).get(name, "") if isinstance(style, str) and name in style.lower() else ""
