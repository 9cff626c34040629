"""Elements that are tables or headings by their roles alone (ARIA 1.2), made the elements that they stand for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from passagework.ingest.loaders.html.html_visible import words_of

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag
    from bs4.element import PageElement

_TABLES = frozenset({"table", "grid", "treegrid"})
_CELLS = {"cell": "td", "gridcell": "td", "columnheader": "th", "rowheader": "th"}
_PARTS = {"row": "tr", "rowgroup": "tbody", "caption": "caption"}
_SPANS = {"aria-colspan": "colspan", "aria-rowspan": "rowspan"}
_LOWEST = 6
"""The level of a heading, at most."""


def with_elements_of_roles(soup: BeautifulSoup) -> None:
    """Changes the tree: `role="table"`, its rows and cells become a `table`, `role="heading"` one of its level."""
    for tag in soup.find_all(True, role=True):
        roles = words_of(tag, "role")
        if "heading" in roles:
            level = str(tag.get("aria-level") or "2").strip()
            tag.name = f"h{max(1, min(int(level), _LOWEST)) if level.isdecimal() and len(level) < _LOWEST else 2}"
        elif tag.name not in ("table", "tbody") and not _TABLES.isdisjoint(roles):
            _make_table(tag)


def _make_table(table: Tag) -> None:
    """Makes it a table where all its text stands in cells of rows; what only wraps rows or cells goes."""
    found = list(_parts(table))
    names = [name for _, name in found]
    if None in names or "tr" not in names:
        return
    for part, name in found:
        if not name:
            part.unwrap()
            continue
        part.name = name
        for said, meant in _SPANS.items():
            if said in part.attrs:
                part[meant] = part[said]
    table.name = "table"


def _parts(table: Tag) -> Iterator[tuple[Tag, str | None]]:
    """What a table holds down to its cells, each with its element's name; "" is a wrapper, None what is no part."""
    from bs4 import Tag

    waiting: list[tuple[PageElement, bool]] = [(child, False) for child in table.contents]
    while waiting:
        node, in_row = waiting.pop()
        if not isinstance(node, Tag):
            if str(node).strip():
                yield table, None  # a text of no cell
            continue
        roles = words_of(node, "role")
        known = _CELLS if in_row else _PARTS
        name = next((known[role] for role in roles if role in known), None if roles or node.name == "table" else "")
        yield node, name
        if name not in ("td", "th", "caption"):
            waiting += [(child, in_row or name == "tr") for child in node.contents]
