"""A Word paragraph in one pass: its runs as they are shown, and what hangs on it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from passagework.ingest.loaders.number_words import counted
from passagework.ingest.loaders.office.docx_elements import opened, value, word, word_name
from passagework.ingest.loaders.office.docx_fields import Fields
from passagework.ingest.loaders.office.docx_outline import Outline
from passagework.ingest.loaders.office.docx_style import Look, Styles
from passagework.ingest.loaders.office.equations import EquationError, linear
from passagework.ingest.loaders.office.figures import PICTURES
from passagework.ingest.loaders.office.office_values import local
from passagework.ingest.loaders.office.office_writer import Line
from passagework.ingest.loaders.office.package import Package
from passagework.ingest.loaders.office.symbols import symbol
from passagework.ingest.loaders.raised import lowered, parted, raised
from passagework.retrieval.types import HiddenReason

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types

_AROUND_RUNS = frozenset({"sdt", "sdtContent", "ins", "moveTo", "smartTag", "customXml", "hyperlink", "bdo", "dir"})
"""What stands around runs and shows them; deleted and moved text stands in others."""
_IN_DRAWINGS = frozenset({"drawing", "pict", "object"})
_MARKS = {"footnoteReference": "footnotes", "endnoteReference": "endnotes", "commentReference": "comments"}
_FIGURES = frozenset({"chart", "relIds"})
_TEXTS = {"tab": "\t", "ptab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
"""A soft hyphen is no text: it shows only where a line ends."""
_PRIVATE = re.compile("[\uf000-\uf0ff]")


@dataclass(slots=True)
class Paragraph:
    """What a paragraph shows: its line, the text boxes and figures that hang on it, and what its marks lead to.

    `furniture` is True where it has the number of a page, which belongs to no text.
    """

    line: Line = field(default_factory=list)
    boxes: list[_Element] = field(default_factory=list)
    figures: list[tuple[_Element, HiddenReason | None]] = field(default_factory=list)
    marks: list[tuple[str, str]] = field(default_factory=list)
    furniture: bool = False


class InlineReader:
    """Reads paragraphs of one document; `forced` is why nothing of what it reads is seen, None where it may be."""

    def __init__(self, package: Package, styles: Styles, outline: Outline) -> None:
        self._package, self._styles, self._outline = package, styles, outline
        self._equations = 0
        self._numbers: dict[tuple[str, str], str] = {}
        self._counts: dict[str, int] = {}
        self.note_styles = {"footnotes": "decimal", "endnotes": "lowerRoman"}
        self.forced: HiddenReason | None = None

    def paragraph(self, element: _Element) -> Paragraph:
        """Reads one paragraph."""
        found = Paragraph()
        fields = Fields()
        waiting = [opened(element, _AROUND_RUNS)]
        while waiting:
            child = next(waiting[-1], None)
            if child is None:
                waiting.pop()
                continue
            name = word_name(child.tag)
            if name == "r":
                self._run(child, found, fields)
            elif name == "fldSimple":
                found.furniture |= fields.is_page(value(child, "instr") or "")
                if not fields.is_page(value(child, "instr") or ""):
                    waiting.append(opened(child, _AROUND_RUNS))
            elif local(child) in ("oMath", "oMathPara"):
                self._mathematics(child, found)
        found.furniture |= fields.had_page
        return found

    def _run(self, run: _Element, found: Paragraph, fields: Fields) -> None:
        reason = self.forced if self.forced is not None else Look.of(run, self._styles).unseen
        place = self._outline.raised(run)
        for child in opened(run, frozenset()):
            name = word_name(child.tag)
            if name == "fldChar":
                self._add(found, fields.character(child), reason)
            elif name == "instrText":
                fields.instruction("".join(child.itertext()))
            elif not fields.shown:
                continue
            elif name in _MARKS:
                self._mark(child, _MARKS[name], found, reason)
            elif name in _IN_DRAWINGS:
                self._drawing(child, found, reason)
            elif name == "ruby":
                self._add(found, _ruby(child), reason)
            elif text := self._text(child, name, run):
                self._add(found, text, reason, place)

    def _text(self, element: _Element, name: str, run: _Element) -> str:
        if name == "t":
            text = "".join(element.itertext())
            return (
                _PRIVATE.sub(lambda found: symbol(ord(found[0]), _font(run)), text) if _PRIVATE.search(text) else text
            )
        if name == "sym":
            return _symbol(element)
        return _TEXTS.get(name, "")

    def _add(self, found: Paragraph, text: str, reason: HiddenReason | None, place: str | None = None) -> None:
        if not text:
            return
        before = next((piece for piece, _ in reversed(found.line) if piece), "")
        if place == "superscript":
            text = raised(before, text)
        elif place == "subscript":
            text = lowered(before, text)
        elif len(found.line) > 1 and found.line[-1][0][:1] in "^_":
            text = parted(before, text)
        found.line.append((text, reason))

    def _mark(self, element: _Element, kind: str, found: Paragraph, reason: HiddenReason | None) -> None:
        key = kind, str(value(element, "id"))
        found.marks.append(key)
        if kind == "comments" or value(element, "customMarkFollows") in ("1", "true", "on"):
            return
        self._add(found, f"[{self.number(key)}]", reason)

    def number(self, key: tuple[str, str]) -> str:
        """The number of a note, counted where it is first referred to."""
        if key not in self._numbers:
            self._counts[key[0]] = self._counts.get(key[0], 0) + 1
            self._numbers[key] = counted(self._counts[key[0]], self.note_styles.get(key[0], "decimal"))
        return self._numbers[key]

    def _mathematics(self, element: _Element, found: Paragraph) -> None:
        equations = [element] if local(element) == "oMath" else list(element.iterchildren("{*}oMath"))
        for number, equation in enumerate(equations):
            self._equations += 1
            try:
                text = linear(equation)
            except EquationError as error:
                self._package.note(f"equation {self._equations} can't be read: {error}")
                text = " ".join("".join(part.itertext()) for part in equation.iter("{*}t"))
            self._add(found, f"; {text}" if number else text, self.forced)

    def _drawing(self, drawing: _Element, found: Paragraph, reason: HiddenReason | None) -> None:
        """Text boxes and figures of a drawing; of one that has none, what describes it."""
        described: list[str] = []
        read = False
        waiting = [drawing]
        while waiting:
            element = waiting.pop()
            name = local(element)
            if name == "txbxContent":
                found.boxes.append(element)
                read = True
            elif name in _FIGURES:
                found.figures.append((element, reason))
                read = True
            else:
                if name in PICTURES:
                    found.figures.append((element, reason))
                if name in ("docPr", "shape", "imagedata", "textpath"):
                    described.append(_description(element, name))
                waiting += reversed(list(opened(element, frozenset())))
        text = next(filter(None, described), "")
        if text and not read:
            blank = " " if found.line and found.line[-1][0][-1:].isalnum() and text[0].isalnum() else ""
            self._add(found, blank + text, reason)


def _description(element: _Element, name: str) -> str:
    """What an author wrote about a picture, or the letters that it is made of."""
    if name == "docPr":
        return (element.get("descr") or element.get("title") or "").strip()
    if name == "textpath":
        return (element.get("string") or "").strip()
    titles = (str(said) for key, said in element.attrib.items() if str(key).endswith("}title"))
    return (element.get("alt") or next(titles, "")).strip()


def _ruby(element: _Element) -> str:
    """The words with their reading behind them, in parentheses."""
    base, reading = (
        "".join(
            "".join(text.itertext()) for part in element.iterchildren(*word(name)) for text in part.iter(*word("t"))
        )
        for name in ("rubyBase", "rt")
    )
    return f"{base}({reading})" if base and reading else base or reading


def _symbol(element: _Element) -> str:
    digits = value(element, "char") or ""
    try:
        return symbol(int(digits, 16), value(element, "font") or "")
    except (ValueError, OverflowError):
        return ""


def _font(run: _Element) -> str:
    for properties in run.iterchildren(*word("rPr")):
        for fonts in properties.iterchildren(*word("rFonts")):
            return value(fonts, "ascii") or value(fonts, "hAnsi") or ""
    return ""
