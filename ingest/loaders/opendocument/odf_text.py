"""The blocks of OpenDocument: paragraphs, headings, lists, tables, frames; notes below the paragraph they are in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from passagework.ingest.loaders.html.mathml import math_text
from passagework.ingest.loaders.office.office_tables import group_headers, over_columns
from passagework.ingest.loaders.office.office_writer import Line, OfficeWriter, plain, words
from passagework.ingest.loaders.office.page_words import only_page_words
from passagework.ingest.loaders.opendocument.odf_inline import Aside, OdfInline
from passagework.ingest.loaders.opendocument.odf_lists import OdfNumbers, items_of, list_headers
from passagework.ingest.loaders.opendocument.odf_names import (
    attribute,
    children_named,
    count_of,
    full_name,
    name_of,
    short_name,
)
from passagework.ingest.loaders.opendocument.odf_package import OdfPackage
from passagework.ingest.loaders.opendocument.odf_style import Look, OdfStyles

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types

MOST_COLUMNS = 1_000
_HIDDEN = Look(hidden=True)
_SKIPPED = frozenset({"text:tracked-changes", "office:forms", "svg:title", "svg:desc", "text:sequence-decls"})
_ROW_GROUPS = frozenset({"table:table-header-rows", "table:table-rows", "table:table-row-group"})


class OdfText:
    """Writes the blocks of a text, of a text box, of a note."""

    def __init__(self, package: OdfPackage, styles: OdfStyles) -> None:
        self.writer = OfficeWriter()
        self._package = package
        self._styles = styles
        self._inline = OdfInline(styles)
        self._numbers = OdfNumbers(styles)
        self._in_list = False

    def blocks(self, elements: Iterable[_Element], look: Look, before: str = "") -> None:
        """Writes elements one below the other; `before` leads the first paragraph."""
        for element in elements:
            kind = name_of(element)
            if kind in ("text:p", "text:h"):
                self._paragraph(element, look, prefix=before)
                before = ""
                self._in_list = False
            elif kind == "text:list":
                self._list(element, look, "", 1)
            elif kind == "table:table":
                self._in_list = False
                self._table(element, look)
            elif kind in ("text:section", "text:hidden-paragraph"):
                hides = attribute(element, "text:display") in ("none", "condition")
                self.blocks(element, _HIDDEN if hides else look)
            elif kind in ("draw:object", "draw:object-ole", "draw:image"):
                (self._picture if kind == "draw:image" else self._object)(element, look)
            elif kind == "office:annotation":
                self._remark(element, look)
            elif kind not in _SKIPPED and len(element):
                self.blocks(element, look)

    def _picture(self, element: _Element, look: Look) -> None:
        picture = self._package.picture(str(element.get(_HREF) or ""))
        if picture is not None:
            self.writer.picture(picture, look.unseen)

    def _paragraph(self, element: _Element, look: Look, *, prefix: str = "", gap: int = 2) -> bool:
        line, aside = self._inline.read(element, look)
        if aside.has_page_number and only_page_words(line):
            line = []
        level = self._level(element)
        if level and plain(line):
            number = self._numbers.heading(element, level) if name_of(element) == "text:h" else ""
            written = self.writer.write(line, level=level, prefix=prefix + number)
        else:
            written = self.writer.write(line, gap=gap, prefix=prefix)
        self._beside(aside, look)
        return written

    def _level(self, element: _Element) -> int:
        if name_of(element) == "text:h":
            return count_of(element, "text:outline-level", 10)
        return self._styles.outline_level(attribute(element, "text:style-name"))

    def _beside(self, aside: Aside, look: Look) -> None:
        """Writes what hangs on a paragraph."""
        for frame in aside.frames:
            self.blocks([frame] if name_of(frame).startswith("draw:object") else list(frame), look)
        for mark, note in aside.notes:
            for body in children_named(note, "text:note-body"):
                self.blocks(body, look, f"[{mark}] ")
        for remark in aside.remarks:
            self._remark(remark, look)

    def _remark(self, remark: _Element, look: Look) -> None:
        author = next((str(child.text or "").strip() for child in remark if child.tag.endswith("}creator")), "")
        texts = [plain(self._inline.read(p, look)[0]) for p in remark.iter(full_name("text:p"))]
        text = " ".join(filter(None, texts))
        if text:
            before = f"[Comment, {author}] " if author else "[Comment] "
            self.writer.write(words(before + text, look.unseen))

    def _list(self, element: _Element, look: Look, style: str, level: int) -> None:
        style = attribute(element, "text:style-name") or style
        if not style:
            first = next((p for p in element.iter(full_name("text:p"))), None)
            style = self._styles.list_of(attribute(first, "text:style-name")) if first is not None else ""
        self._numbers.begin_list(element, style, level)
        for item in items_of(element):
            header = list_headers(item)
            label: str | None = None
            for child in item:
                kind = name_of(child)
                if kind == "text:list":
                    self._list(child, look, style, level + 1)
                elif kind == "text:h":
                    self.blocks([child], look)
                elif kind == "text:p":
                    if label is None and not header:
                        label = "  " * (level - 1) + self._numbers.item(item, style, level)
                        prefix = label
                    else:
                        prefix = ""
                    if self._paragraph(child, look, prefix=prefix, gap=1 if self._in_list else 2):
                        self._in_list = True
                else:
                    self.blocks([child], look)
        if level == 1:
            self._in_list = False

    def _table(self, element: _Element, look: Look) -> None:
        rows: list[list[Line]] = []
        merged: list[list[bool]] = []
        headers = 0
        left: dict[int, tuple[int, Line]] = {}  # cells that reach down: for how many rows more, and what they say
        for row, is_header in _rows(element):
            line: list[Line] = []
            reached: list[bool] = []
            for cell in children_named(row, "table:table-cell", "table:covered-table-cell"):
                content = self._cell(cell, look)
                column = len(line)
                covered = name_of(cell) == "table:covered-table-cell"
                below = covered and left.get(column, (0, []))[0] > 0
                if below:
                    more, content = left[column]
                    left[column] = more - 1, content
                elif (down := count_of(cell, "table:number-rows-spanned", 10_000)) > 1:
                    left[column] = down - 1, content
                repeated = count_of(cell, "table:number-columns-repeated", MOST_COLUMNS)
                line += [content] * min(repeated, MOST_COLUMNS - len(line))
                reached += [covered and not below] * (len(line) - len(reached))
            if is_header:
                over_columns(line, reached)
            rows.append(line)
            merged.append(reached)
            headers += is_header
        texts = [[plain(content) for content in line] for line in rows[:2]]
        self.writer.table(rows, headers=headers or group_headers(rows, texts, merged) or None)

    def _cell(self, cell: _Element, look: Look) -> Line:
        """What a cell says on one line; of tables within it the cells, of frames the text."""
        if attribute(cell, "office:value") == "NaN":  # of a chart's point that isn't there
            return []
        look = self._styles.look("table-cell", attribute(cell, "table:style-name"), look)
        inner = OdfText(self._package, self._styles)
        inner._numbers = self._numbers
        inner.blocks(cell, look)
        text = inner.writer.text()
        spans = inner.writer.hidden(text, whole_lines=False)
        line: Line = []
        at = 0
        for span in spans:
            line += [(text[at : span.start], None), (text[span.start : span.end], span.reason)]
            at = span.end
        return [*line, (text[at:], None)]

    def _object(self, element: _Element, look: Look) -> None:
        """A formula in one line, or a chart as its titles and the table of its values."""
        inside = next((child for child in element if len(child) or child.text), None)
        root = inside if inside is not None else self._package.embedded(str(element.get(_HREF) or ""))
        if root is None:
            return
        if short_name(root.tag) == "math":
            from bs4 import BeautifulSoup
            from lxml import etree  # type: ignore[import-untyped]  # lxml ships no types

            formula = BeautifulSoup(etree.tostring(root, encoding="unicode"), "xml").find("math")
            self.writer.write(words(math_text(formula) if formula is not None else "", look.unseen))
            return
        for title in root.iter(full_name("chart:title"), full_name("chart:subtitle")):
            self.writer.write(words(" ".join("".join(title.itertext()).split()), look.unseen))
        for table in root.iter(full_name("table:table")):
            self._table(table, look)


_HREF = "{http://www.w3.org/1999/xlink}href"


def _rows(table: _Element) -> Iterator[tuple[_Element, bool]]:
    """The rows of a table that are not in another table within it, and whether each names the columns."""
    waiting = [(child, False) for child in reversed(table)]
    while waiting:
        element, header = waiting.pop()
        kind = name_of(element)
        if kind == "table:table-row":
            yield element, header
        elif kind in _ROW_GROUPS:
            inner = header or kind == "table:table-header-rows"
            waiting += [(child, inner) for child in reversed(element)]
