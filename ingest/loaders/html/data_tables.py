"""Tells the tables of a page that hold data from those that arrange it, and reads the rows of the former."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from passagework.ingest.loaders.html.css_declarations import declarations
from passagework.ingest.loaders.html.html_style import Style
from passagework.ingest.loaders.html.html_table import MOST_COLUMNS, Grid, Spanning, grid
from passagework.ingest.loaders.html.html_visible import is_hidden, words_of
from passagework.ingest.loaders.html.html_writer import Cell, glued

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag
    from bs4.element import PageElement

_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_RUNNING = frozenset({"ul", "ol", "dl", "pre", "form", "blockquote"})
"""What stands in the cells of a table that arranges a page, unless that names its columns."""
_CELL = 600
_NAMED_CELL = 4000
"""Characters of a cell, and of one in a table that names its columns; a longer one is running text, whose paragraphs
stay paragraphs."""
_OF_CODE = frozenset({"highlighttable", "codehilitetable", "rouge-table", "hljs-ln", "crayon-table", "blob-wrapper"})
"""Names of tables that set the lines of code beside their numbers."""
_SECTIONS = {"thead": 0, "tfoot": 2}
"""Where the rows of a table's sections are shown, whatever their order in the page; others stand between."""
_MOST_ROWS = 65_534
"""Rows that a cell may span (HTML Living Standard, 4.9.11)."""

_MOST_SHADED = 3
_BOLD = frozenset({"bold", "bolder", "600", "700", "800", "900"})

ReadCell = Callable[["PageElement", Style], Cell]


def data_tables(soup: BeautifulSoup) -> dict[int, bool]:
    """The ids of the tables that hold data, and whether each has headings of its own, or a caption.

    No heading of the page stands in their cells, and no other table, unless one with headings holds a simple one.
    """
    tables = soup.find_all("table")
    if not tables:
        return {}
    named = {id(table) for tag in soup.find_all(["th", "thead", "caption"]) if (table := _own_table(tag)) is not None}
    holding = _holding(soup, "table")
    nested = {id(table) for table in tables if id(table) in holding}
    twice = _holding(soup, "table", only=nested)
    headings, running = _holding(soup, *_HEADINGS), _holding(soup, *_RUNNING)
    found: dict[int, bool] = {}
    for table in tables:
        key = id(table)
        arranges = str(table.get("role", "")).lower() in ("presentation", "none") or key in headings or key in twice
        arranges = arranges or not _OF_CODE.isdisjoint(words_of(table, "class"))
        if not arranges and (key in named or (key not in holding and key not in running)):
            found[key] = key in named
    return found


def read_table(table: Tag, style: Style, read_cell: ReadCell, *, named: bool) -> Grid | None:
    """A table's rows; None where it has one column, or texts of paragraphs, and so is no table to its readers."""
    longest = _NAMED_CELL if named else _CELL
    rows: list[list[Spanning]] = []
    shown = list(_rows(table, style))
    shaded = _shaded_names([_shade(row) for row, _, _ in shown])
    for number, (row, around, in_head) in enumerate(shown):
        cells = list(_cells(row, around, read_cell, in_head=in_head or number < shaded))
        if max((len(spanning.cell[0]) for spanning in cells), default=0) > longest:
            return None
        rows.append(cells)
    read = grid(rows)
    return read if read.width > 1 else None


def _shaded_names(shades: Sequence[str]) -> int:
    """How many rows at the top name columns by a colour of their own, which no other row has."""
    leading = next((at for at, shade in enumerate(shades) if shade != shades[0]), 0)
    return leading if 0 < leading <= _MOST_SHADED and shades[0] and shades[0] not in shades[leading:] else 0


def _rows(table: Tag, style: Style) -> Iterator[tuple[Tag, Style, bool]]:
    """The rows that are shown, in the order they are, each with its style and whether it is of the table's head."""
    from bs4 import Tag

    parts = [part for part in table.contents if isinstance(part, Tag) and not is_hidden(part)]
    for part in sorted(parts, key=lambda part: _SECTIONS.get(part.name, 1)):
        around = style.within(part)
        if part.name == "tr":
            yield part, around, False
        elif part.name in ("thead", "tbody", "tfoot"):
            for row in part.contents:
                if isinstance(row, Tag) and row.name == "tr" and not is_hidden(row):
                    yield row, around.within(row), part.name == "thead"


def _cells(row: Tag, style: Style, read_cell: ReadCell, *, in_head: bool) -> Iterator[Spanning]:
    """The cells of a row. What stands between them is malformed, and text all the same: it joins the cell before."""
    from bs4 import Tag

    last: Spanning | None = None
    for child in row.contents:
        if isinstance(child, Tag) and child.name in ("td", "th"):
            if is_hidden(child):
                continue
            if last is not None:
                yield last
            last = Spanning(
                read_cell(child, style.within(child)),
                columns=_span(child, "colspan", MOST_COLUMNS),
                rows=_span(child, "rowspan", _MOST_ROWS),
                names=in_head or child.name == "th" or _is_bold(child),
            )
        elif str(child).strip() and (isinstance(child, Tag) or type(child).__name__ == "NavigableString"):
            stray = read_cell(child, style)
            before = last.cell if last is not None else ("", ())
            joined = glued(glued(before, (" ", ())), stray) if before[0] and stray[0] else glued(before, stray)
            last = Spanning(joined) if last is None else Spanning(joined, last.columns, last.rows, last.names)
    if last is not None:
        yield last


def _span(tag: Tag, name: str, most: int) -> int:
    value = str(tag.get(name) or "1").strip()
    number = int(value) if value.isdecimal() and len(value) < 9 else 1
    return max(1, min(most, number if number or name == "colspan" else most))


def _is_bold(cell: Tag) -> bool:
    """Whether all of a cell is bold, as the names of columns are where nothing else marks them."""
    from bs4 import Tag

    part: PageElement | None = cell
    while isinstance(part, Tag):
        if part.name in ("b", "strong") or _declared(part, "font-weight") in _BOLD:
            return bool(part.get_text().split())
        held = [child for child in part.contents if isinstance(child, Tag) or str(child).strip()]
        part = held[0] if len(held) == 1 else None
    return False


def _shade(row: Tag) -> str:
    """The colour behind a row, "" where none is given."""
    return str(row.get("bgcolor") or _declared(row, "background-color") or _declared(row, "background") or "").lower()


def _declared(tag: Tag, name: str) -> str:
    style = tag.attrs.get("style")
    return dict(declarations(style)).get(name, "") if isinstance(style, str) and name in style.lower() else ""


def _own_table(tag: Tag) -> Tag | None:
    """The table that a heading, head or caption belongs to, at most three elements above it."""
    for parent, _ in zip(tag.parents, range(3), strict=False):
        if parent.name == "table":
            return parent
    return None


def _holding(soup: BeautifulSoup, *names: str, only: set[int] | None = None) -> set[int]:
    """The ids of the tables that hold an element of such a name, however deep; each element is climbed over once."""
    found: set[int] = set()
    climbed: set[int] = set()
    for tag in soup.find_all(list(names)):
        if only is not None and id(tag) not in only:
            continue
        for parent in tag.parents:
            if id(parent) in climbed:
                break
            climbed.add(id(parent))
            if parent.name == "table":
                found.add(id(parent))
    return found
