"""The text of a PowerPoint file in one pass: each slide a page, its title a heading, its shapes in reading order."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from passagework.ingest.loaders.office.drawing_text import body_text, paragraph_texts
from passagework.ingest.loaders.office.figures import write_figure
from passagework.ingest.loaders.office.office_tables import Rows, group_headers
from passagework.ingest.loaders.office.office_values import flag, whole_number
from passagework.ingest.loaders.office.office_writer import Line, OfficeWriter, plain, words
from passagework.ingest.loaders.office.package import Package, Relation, linked, related
from passagework.ingest.loaders.office.pptx_hidden import Sheets, SlideLook
from passagework.ingest.loaders.office.pptx_order import reading_order
from passagework.ingest.loaders.office.pptx_paragraphs import ParagraphReader
from passagework.ingest.loaders.office.pptx_shapes import Box, Shape
from passagework.ingest.loaders.office.pptx_style import Sheet
from passagework.ingest.loaders.office.pptx_titles import title_by_size
from passagework.retrieval.types import HiddenReason, Page

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types

_OFF = frozenset({"0", "false", "off"})
_TITLES = frozenset({"title", "ctrTitle"})
_FURNITURE = frozenset({"ftr", "dt", "hdr"})
_FIGURES = ("{*}chart", "{*}relIds")
_MOST_COLUMNS = 1_000
_FILE_NAME = re.compile(r"\S{1,100}\.(?:png|jpe?g|gif|bmp|tiff?|svg|emf|wmf)", re.IGNORECASE)
"""What programs write in place of a picture's description."""


class DeckReader:
    """Reads a deck's slides in their order. What several slides show alike, footers and layouts, is said once."""

    def __init__(self, package: Package, name: str, root: _Element) -> None:
        self._package = package
        self._root = root
        self._relations = package.relations(name)
        self._sheets = Sheets(package)
        self._page = _page(root)
        self._said: set[str] = set()
        self._authors = self._commenting()
        self.writer = OfficeWriter()
        self.pages: list[Page] = []

    def read(self) -> None:
        """Writes all slides, a page for each, one that is blank or missing too."""
        listed = [slide for group in self._root.iterchildren("{*}sldIdLst") for slide in group.iterchildren("{*}sldId")]
        for number, slide in enumerate(listed, 1):
            relation = self._relations.get(linked(slide) or "")
            root = self._package.side(relation.target, f"slide {number}") if relation is not None else None
            if relation is None:
                self._package.note(f"slide {number} can't be read: missing")
            inner = OfficeWriter()
            if root is not None and relation is not None:
                self._slide(root, relation.target, number, inner)
            start, end = self.writer.extend(inner)
            self.pages.append(Page(number=number, label=str(number), start=start, end=end))

    def _slide(self, root: _Element, name: str, number: int, writer: OfficeWriter) -> None:
        relations = self._package.relations(name)
        sheet = self._sheets.slide(root, related(relations, "slideLayout"))
        if (root.get("show") or "1").lower() in _OFF:
            writer.forced = HiddenReason.INVISIBLE
        look = SlideLook(sheet, self._page)
        slide = SlideWriter(self._package, look, writer, relations, f"slide {number}", self._said)
        title = next((shape for shape in sheet.shapes if _kind(shape) in _TITLES), None)
        if title is not None:
            slide.title(title)
        titled = bool(writer.length)
        others = [shape for shape in sheet.shapes if shape is not title]
        inside: list[Shape] = []
        apart: list[Shape] = []
        for shape in others:
            stands_apart = _kind(shape) in _FURNITURE or look.place(shape) is not None
            (apart if stands_apart else inside).append(shape)
        ordered = [inside[at] for at in reading_order([sheet.box(shape) for shape in inside])]
        large = None if titled else title_by_size(ordered)
        for shape in ordered:
            (slide.title if shape is large else slide.shape)(shape)
        for shape in apart:
            slide.shape(shape)
        self._behind(sheet, writer, f"slide {number}")
        self._notes(relations, writer)
        self._comments(relations, writer)

    def _behind(self, sheet: Sheet, writer: OfficeWriter, place: str) -> None:
        """What the layout and the master show on the slide beside its placeholders."""
        while sheet.above is not None and (sheet.root.get("showMasterSp") or "1").lower() not in _OFF:
            sheet = sheet.above
            slide = SlideWriter(self._package, SlideLook(sheet, self._page), writer, {}, place, self._said)
            for shape in sheet.shapes:
                if shape.placeholder is None and shape.kind == "sp":
                    slide.furniture(shape)

    def _notes(self, relations: dict[str, Relation], writer: OfficeWriter) -> None:
        name = related(relations, "notesSlide")
        root = self._package.side(name, "the notes of a slide") if name is not None else None
        texts = [
            text
            for shape in (root.iter("{*}sp") if root is not None else ())
            if any(held.get("type") == "body" for held in shape.iter("{*}ph"))
            for body in shape.iterchildren("{*}txBody")
            for text in paragraph_texts(body)
            if text
        ]
        if texts:
            writer.write(words("Notes:"), level=3)
        for text in texts:
            writer.write(words(text), gap=1)

    def _comments(self, relations: dict[str, Relation], writer: OfficeWriter) -> None:
        for relation in relations.values():
            root = (
                self._package.side(relation.target, "the comments of a slide") if relation.kind == "comments" else None
            )
            for comment in root.iter("{*}cm", "{*}reply") if root is not None else ():
                texts = [str(said.text or "") for said in comment.iterchildren("{*}text")]
                texts += [body_text(body) for body in comment.iterchildren("{*}txBody")]
                author = self._authors.get(comment.get("authorId") or "", "")
                before = f"[Comment, {author}] " if author else "[Comment] "
                if text := " ".join(" ".join(texts).split()):
                    writer.write(words(before + text))

    def _commenting(self) -> dict[str, str]:
        found = {}
        for relation in self._relations.values():
            known = relation.kind in ("commentAuthors", "authors")
            root = self._package.side(relation.target, "who commented") if known else None
            for author in root.iter("{*}cmAuthor", "{*}author") if root is not None else ():
                found[str(author.get("id"))] = " ".join((author.get("name") or "").split())
        return found


class SlideWriter:
    """Writes the shapes of one slide."""

    def __init__(
        self,
        package: Package,
        look: SlideLook,
        writer: OfficeWriter,
        relations: dict[str, Relation],
        place: str,
        said: set[str],
    ) -> None:
        self._package, self._look, self._writer, self._relations = package, look, writer, relations
        self._paragraphs = ParagraphReader(package, look, place)
        self._said = said
        self._gap = 2

    def title(self, shape: Shape) -> None:
        """Writes the slide's title, behind which its text follows without a blank line."""
        reason = self._reason(shape)
        line: Line = []
        for body in shape.element.iterchildren("{*}txBody"):
            for paragraph, _ in self._paragraphs.paragraphs(body, shape, reason):
                line += [(" ", None), *paragraph] if line else paragraph
        if self._writer.write(line, level=1):
            self._gap = 1

    def furniture(self, shape: Shape) -> None:
        """Writes what many slides show, where it wasn't written yet."""
        text = " ".join(body_text(body) for body in shape.element.iterchildren("{*}txBody"))
        if text and text not in self._said:
            self._said.add(text)
            self._text(shape, self._reason(shape))

    def shape(self, shape: Shape) -> None:
        """Writes a shape's text, table, figure or description."""
        kind = _kind(shape)
        reason = self._reason(shape)
        if kind == "sldNum":
            return
        if kind in _FURNITURE:
            self.furniture(shape)
            return
        if shape.kind == "pic":
            self._described(shape, reason)
            before = self._writer.length
            for blip in shape.element.iter("{*}blip"):
                write_figure(self._package, blip, self._relations, self._writer, reason)
            self._gap = self._gap if self._writer.length == before else 2
        elif shape.kind == "graphicFrame":
            self._frame(shape, reason)
        else:
            self._text(shape, reason)

    def _reason(self, shape: Shape) -> HiddenReason | None:
        return HiddenReason.INVISIBLE if shape.hidden else self._look.place(shape)

    def _text(self, shape: Shape, reason: HiddenReason | None) -> None:
        number = 0
        for body in shape.element.iterchildren("{*}txBody"):
            for line, before in self._paragraphs.paragraphs(body, shape, reason):
                if self._writer.write(line, gap=1 if number else self._gap, prefix=before):
                    number += 1
        self._gap = 2 if number else self._gap

    def _described(self, shape: Shape, reason: HiddenReason | None) -> None:
        for named in shape.element.iter("{*}cNvPr"):
            text = (named.get("descr") or "").strip()
            is_name = text == (named.get("name") or "").strip() or _FILE_NAME.fullmatch(text) is not None
            if text and not is_name and self._writer.write(words(text, reason)):
                self._gap = 2
            return

    def _frame(self, shape: Shape, reason: HiddenReason | None) -> None:
        before = self._writer.length
        for table in shape.element.iter("{*}tbl"):
            self._table(table, shape, reason)
        for figure in shape.element.iter(*_FIGURES):
            write_figure(self._package, figure, self._relations, self._writer, reason)
        if self._writer.length == before:
            self._described(shape, reason)
        self._gap = 2

    def _table(self, table: _Element, shape: Shape, reason: HiddenReason | None) -> None:
        """A table: a cell merged with the one above says what that says."""
        rows: Rows[Line] = []
        merged: list[list[bool]] = []
        for element in table.iterchildren("{*}tr"):
            row: list[Line] = []
            for column, cell in enumerate(element.iterchildren("{*}tc")):
                if column >= _MOST_COLUMNS:
                    break
                if flag(cell.get("vMerge")):
                    row.append(rows[-1][column] if rows and column < len(rows[-1]) else [])
                elif flag(cell.get("hMerge")):
                    row.append([])
                else:
                    row.append(self._cell(cell, shape, reason))
            rows.append(row)
            merged.append([flag(cell.get("hMerge")) for cell in element.iterchildren("{*}tc")])
        texts = [[plain(line) for line in row] for row in rows[:2]]
        self._writer.table(rows, headers=group_headers(rows, texts, merged) or None)

    def _cell(self, cell: _Element, shape: Shape, reason: HiddenReason | None) -> Line:
        line: Line = []
        for body in cell.iterchildren("{*}txBody"):
            for paragraph, before in self._paragraphs.paragraphs(body, shape, reason):
                line += [(f" {before}", None), *paragraph]
        return line


def _kind(shape: Shape) -> str:
    return shape.placeholder[0] if shape.placeholder is not None else ""


def _page(root: _Element) -> Box:
    """The size of the slides, boundless where it isn't known."""
    for size in root.iterchildren("{*}sldSz"):
        wide, high = whole_number(size.get("cx")), whole_number(size.get("cy"))
        if wide and high:
            return 0, 0, wide, high
    return -float("inf"), -float("inf"), float("inf"), float("inf")
