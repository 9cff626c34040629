"""The text of a Word file in one pass: paragraphs, tables, and what hangs on them, as they are shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from passagework.ingest.loaders.office.docx_elements import children, named, opened, value, word, word_name
from passagework.ingest.loaders.office.docx_inline import InlineReader, Paragraph
from passagework.ingest.loaders.office.docx_numbering import Label, Numbering
from passagework.ingest.loaders.office.docx_outline import Outline, looks_like_heading
from passagework.ingest.loaders.office.docx_style import Styles, is_on
from passagework.ingest.loaders.office.docx_table import WordTable
from passagework.ingest.loaders.office.figures import write_figure
from passagework.ingest.loaders.office.monospaced import is_code
from passagework.ingest.loaders.office.office_writer import Line, OfficeWriter, plain
from passagework.ingest.loaders.office.package import Package, Relation, linked, related
from passagework.ingest.loaders.office.page_words import only_page_words
from passagework.retrieval.types import HiddenReason

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types

_AROUND_BLOCKS = frozenset({"sdt", "sdtContent", "ins", "moveTo", "smartTag", "customXml"})
_PARTS = {"footnotes": "footnote", "endnotes": "endnote", "comments": "comment"}
_USUAL = "word/{}.xml"
"""Where a part stands that no relation leads to."""
_DEEPEST = 40
_LONGEST_HEADING = 250
"""Characters; a longer paragraph of a heading's style is a clause of a contract, not the name of a section."""


class WordReader:
    """Reads a document's main part, and the others where it refers to them."""

    def __init__(self, package: Package, name: str) -> None:
        self._package = package
        self._main = name
        self._relations: dict[str, dict[str, Relation]] = {}
        kinds = package.relations(name)
        self._relations[name] = kinds
        theme = package.side(related(kinds, "theme"), "the theme")
        self._styles = Styles(self._part("styles", "the styles"), theme)
        self._outline = Outline(self._styles)
        self._numbering = Numbering(self._part("numbering", "the numbers of lists"), self._styles)
        self._inline = InlineReader(package, self._styles, self._outline)
        self._notes: dict[str, dict[str, _Element]] = {}
        self._written: set[tuple[str, str]] = set()
        self._names: dict[str, str] = {}
        self._in_list = False
        self._depth = 0
        self._by_looks = False
        self._kept: Line = []
        self.writer = OfficeWriter()

    def read(self, root: _Element) -> None:
        """Writes the document: what heads and foots its pages first and once, then its body."""
        for kind, style in self._note_styles(root):
            self._inline.note_styles[kind] = style
        self._pages(root)
        self._by_looks = self._outline.tells_by_looks(root)
        for body in root.iterchildren(*word("body")):
            self.blocks(body, self._main)
        self._flush()

    def blocks(self, container: _Element, part: str, prefix: str = "") -> None:
        """Writes the paragraphs and tables of a container; `prefix` stands before the first."""
        if self._too_deep():
            return
        self._depth += 1
        for element in opened(container, _AROUND_BLOCKS):
            name = word_name(element.tag)
            if name == "p":
                prefix = "" if self._paragraph(element, part, prefix) else prefix
            elif name == "tbl":
                self._flush()
                WordTable(element).write(self, part)
                self._in_list = False
            elif name in ("altChunk", "subDoc"):
                self._package.note(f"a {'document' if name == 'subDoc' else 'file'} that is inserted can't be read")
        self._depth -= 1

    def cell(self, container: _Element, part: str) -> tuple[Line, list[tuple[Paragraph, str]]]:
        """A cell as one line, its lists' numbers in it, and the paragraphs whose marks are still to be followed."""
        line: Line = []
        hanging: list[tuple[Paragraph, str]] = []
        if self._too_deep():
            return line, hanging
        self._depth += 1
        for element in opened(container, _AROUND_BLOCKS):
            name = word_name(element.tag)
            if name == "p":
                paragraph, label, _ = self._read(element)
                before = f"{label.text} " if label is not None else ""
                line += [(f" {before}", None), *paragraph.line]
                for box in paragraph.boxes:
                    inner, more = self.cell(box, part)
                    line += [(" ", None), *inner]
                    hanging += more
                paragraph.boxes = []
                hanging.append((paragraph, part))
            elif name == "tbl":
                for number, row in enumerate(WordTable(element).rows()):
                    cells = [self.cell(cell, part) for cell in row.cells]
                    hanging += [one for _, more in cells for one in more]
                    line.append(("; " if number else " ", None))
                    for place, (inner, _) in enumerate(cells):
                        line += [(", " if place else "", None), *inner]
        self._depth -= 1
        return line, hanging

    def _too_deep(self) -> bool:
        """Whether tables and text boxes stand in one another beyond what anybody writes, which is noted."""
        if self._depth >= _DEEPEST:
            self._package.note("tables and text boxes that are nested too deeply can't be read")
        return self._depth >= _DEEPEST

    def hang(self, paragraph: Paragraph, part: str) -> None:
        """Writes what hangs on a paragraph: text boxes, figures, notes and comments."""
        for box in paragraph.boxes:
            self.blocks(box, part)
        for figure, reason in paragraph.figures:
            self._flush()
            reason = self._inline.forced or reason
            write_figure(self._package, figure, self._related(part), self.writer, reason)
        for kind, number in paragraph.marks:
            self._follow(kind, number)

    def _paragraph(self, element: _Element, part: str, prefix: str) -> bool:
        """Writes a paragraph and what hangs on it; one whose mark was deleted goes on in the next."""
        paragraph, label, properties = self._read(element)
        self._kept += paragraph.line
        if _mark_is_deleted(properties):
            return False
        line, self._kept = self._kept, []
        if paragraph.furniture and only_page_words(line):
            line = []
        style = named(properties, "pStyle") if properties is not None else None
        level = self._outline.level(properties, style)
        if level and (paragraph.boxes or len(plain(line)) > _LONGEST_HEADING):
            level = 0
        if not level and self._by_looks and self._depth == 1 and (label is None or not label.is_bullet):
            level = int(part == self._main and looks_like_heading(element, plain(line).strip()))
        text = prefix + (_before(label) if label is not None else "")
        tight = label is not None and self._in_list and not level
        written = self.writer.write(
            line,
            gap=1 if tight else 2,
            prefix=text.lstrip() if level else text,
            level=level,
            verbatim=not level and label is None and is_code(element, style, self._styles),
        )
        if written:
            self._in_list = label is not None and not level
        self.hang(paragraph, part)
        return written

    def _read(self, element: _Element) -> tuple[Paragraph, Label | None, _Element | None]:
        properties = next(element.iterchildren(*word("pPr")), None)
        paragraph = self._inline.paragraph(element)
        style = named(properties, "pStyle") if properties is not None else None
        gone = _mark_is_deleted(properties)
        return paragraph, None if gone else self._numbering.label(properties, style), properties

    def _flush(self) -> None:
        """Writes what is left of a paragraph whose mark was deleted."""
        line, self._kept = self._kept, []
        self.writer.write(line)

    def _follow(self, kind: str, number: str) -> None:
        """Writes a note or a comment below the paragraph that refers to it first."""
        note = self._listed(kind).get(number)
        if note is None or (kind, number) in self._written:
            return
        self._written.add((kind, number))
        self._in_list = False
        name = self._names[kind]
        if kind == "comments":
            before = f"[Comment, {author}] " if (author := (value(note, "author") or "").strip()) else "[Comment] "
        else:
            before = f"[{self._inline.number((kind, number))}] "
        self.blocks(note, name, before)
        self._flush()

    def _listed(self, kind: str) -> dict[str, _Element]:
        """The notes of a kind by their ids."""
        if kind not in self._notes:
            root = self._part(kind, f"the {kind}")
            found = root.iterchildren(*word(_PARTS[kind])) if root is not None else ()
            self._notes[kind] = {str(value(note, "id")): note for note in found}
        return self._notes[kind]

    def _part(self, kind: str, what: str) -> _Element | None:
        """A part that the document can do without, by the relation that leads to it or its usual name."""
        led = related(self._relations[self._main], kind)
        usual = _USUAL.format(kind)
        self_name = led or (usual if self._package.member(usual) else None)
        if self_name is not None and kind in _PARTS:
            self._names[kind] = self_name
        return self._package.side(self_name, what)

    def _related(self, part: str) -> dict[str, Relation]:
        if part not in self._relations:
            self._relations[part] = self._package.relations(part)
        return self._relations[part]

    def _pages(self, root: _Element) -> None:
        """Writes what heads and foots the pages, each text once; hidden is what no page shows."""
        even = self._even_pages()
        said: set[str] = set()
        sections = list(root.iter(*word("sectPr")))
        for kind in ("header", "footer"):
            for section in sections:
                first = (title := children(section).get("titlePg")) is not None and is_on(title)
                for reference in section.iterchildren(*word(f"{kind}Reference")):
                    where = value(reference, "type") or "default"
                    shown = where == "default" or (where == "first" and first) or (where == "even" and even)
                    self._furniture(reference, kind, said, shown=shown)

    def _furniture(self, reference: _Element, kind: str, said: set[str], *, shown: bool) -> None:
        relation = self._relations[self._main].get(linked(reference) or "")
        root = self._package.side(relation.target, f"a {kind}") if relation is not None else None
        if root is None or relation is None:
            return
        writer, self.writer = self.writer, OfficeWriter()
        self._inline.forced = None if shown else HiddenReason.INVISIBLE
        self.blocks(root, relation.target)
        self._flush()
        self._inline.forced = None
        self.writer.headings = []
        found, self.writer = self.writer, writer
        if (text := found.text()) not in said:
            said.add(text)
            writer.extend(found)
        self._in_list = False

    def _even_pages(self) -> bool:
        settings = self._part("settings", "the settings")
        found = children(settings).get("evenAndOddHeaders") if settings is not None else None
        return found is not None and is_on(found)

    @staticmethod
    def _note_styles(root: _Element) -> Iterator[tuple[str, str]]:
        for kind, name in (("footnotes", "footnotePr"), ("endnotes", "endnotePr")):
            styles = (named(properties, "numFmt") for properties in root.iter(*word(name)))
            style = next(filter(None, styles), None)
            if style is not None:
                yield kind, style


def _before(label: Label) -> str:
    """What stands before an item of a list; items of inner lists are indented, but for clauses that say their place."""
    indented = label.is_bullet or not label.text[:-1].strip("()").count(".")
    return ("  " * label.level if indented else "") + (f"{label.text} " if label.text else "")


def _mark_is_deleted(properties: _Element | None) -> bool:
    """Whether the end of a paragraph was deleted or moved away, and what follows goes on in its line."""
    for marked in properties.iterchildren(*word("rPr")) if properties is not None else ():
        return not {"del", "moveFrom"}.isdisjoint(children(marked))
    return False
