"""The text of a paragraph of OpenDocument, with what hides it; notes, frames and remarks are put aside."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from passagework.ingest.loaders.office.office_writer import Line
from passagework.ingest.loaders.opendocument.odf_names import attribute, children_named, count_of, full_name, name_of
from passagework.ingest.loaders.opendocument.odf_style import Look, OdfStyles
from passagework.ingest.loaders.raised import lowered, raised

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types

_NOTHING = frozenset({
    "text:tracked-changes", "text:change", "text:change-start", "text:change-end", "office:annotation-end",
    "text:bookmark", "text:soft-page-break", "text:toc-mark", "text:alphabetical-index-mark", "office:event-listeners",
    "svg:title", "svg:desc", "text:page-variable-set", "text:variable-decls", "text:sequence-decls",
})  # fmt: skip
_OF_PAGES = frozenset({"text:page-number", "text:page-count"})
_TICKED, _NOT_TICKED = "\u2612", "\u2610"
_FRAMES = frozenset({"draw:frame", "draw:custom-shape", "draw:rect", "draw:ellipse", "draw:g", "draw:text-box"})


@dataclass(slots=True)
class Aside:
    """What hangs on a paragraph, in the order that it refers to it: notes with their marks, remarks, frames."""

    notes: list[tuple[str, _Element]] = field(default_factory=list)
    remarks: list[_Element] = field(default_factory=list)
    frames: list[_Element] = field(default_factory=list)
    has_page_number: bool = False


class OdfInline:
    """Reads paragraphs."""

    def __init__(self, styles: OdfStyles) -> None:
        self._styles = styles

    def read(self, element: _Element, around: Look) -> tuple[Line, Aside]:
        """A paragraph's pieces, and what hangs on it."""
        line: Line = []
        aside = Aside()
        look = self._styles.look("paragraph", attribute(element, "text:style-name"), around)
        self._inner(element, look, line, aside)
        return line, aside

    def _inner(self, element: _Element, look: Look, line: Line, aside: Aside) -> None:
        self._put(element.text, look, line)
        for child in element:
            self._child(child, look, line, aside)
            self._put(child.tail, look, line)

    @staticmethod
    def _put(text: object, look: Look, line: Line) -> None:
        if not text:
            return
        words = " ".join(str(text).split()) if not str(text).isspace() else " "
        lead = " " if str(text)[:1].isspace() and words != " " else ""
        trail = " " if str(text)[-1:].isspace() and words != " " else ""
        shown = f"{lead}{words}{trail}"
        if look.raised:
            before = line[-1][0] if line else ""
            shown = (raised if look.raised > 0 else lowered)(before, shown)
        line.append((shown, look.unseen))

    def _child(self, child: _Element, look: Look, line: Line, aside: Aside) -> None:
        kind = name_of(child)
        aside.has_page_number |= kind in _OF_PAGES
        if kind in _NOTHING or kind in _OF_PAGES:
            return
        if str(child.tag).endswith("}fieldmark"):
            line.append((_form_value(child), look.unseen))
        elif kind == "text:s":
            line.append((" " * count_of(child, "text:c", 100), None))
        elif kind in ("text:tab", "text:line-break"):
            line.append(("\t" if kind == "text:tab" else "\n", None))
        elif kind == "text:note":
            line.append((f"[{_noted(child, aside)}]", look.unseen))
        elif kind == "office:annotation":
            aside.remarks.append(child)
        elif kind in _FRAMES:
            aside.frames.append(child)
        elif kind == "text:ruby":
            self._ruby(child, look, line, aside)
        else:
            self._inner(child, self._within(child, kind, look), line, aside)

    def _within(self, child: _Element, kind: str, look: Look) -> Look:
        if kind == "text:span":
            return self._styles.look("text", attribute(child, "text:style-name"), look)
        return Look(hidden=True) if child.get(full_name("text:is-hidden")) == "true" else look

    def _ruby(self, ruby: _Element, look: Look, line: Line, aside: Aside) -> None:
        """Words with their reading above them: the reading in brackets behind."""
        for part in children_named(ruby, "text:ruby-base"):
            self._inner(part, look, line, aside)
        for part in children_named(ruby, "text:ruby-text"):
            reading = "".join(part.itertext()).strip()
            line.append((f"({reading})" if reading else "", look.unseen))


def _noted(note: _Element, aside: Aside) -> str:
    """The mark of a note, which is put aside."""
    cited = next(children_named(note, "text:note-citation"), None)
    mark = "".join(cited.itertext()).strip() if cited is not None else "*"
    aside.notes.append((mark, note))
    return mark


def _form_value(mark: _Element) -> str:
    """What a field of a form shows that is no text: whether a box is ticked, and what was chosen of a list."""
    said = [(_local(parameter, "name"), _local(parameter, "value")) for parameter in mark]
    if _local(mark, "type").endswith("FORMCHECKBOX"):
        return _TICKED if ("Checkbox_Checked", "true") in said else _NOT_TICKED
    entries = [value for name, value in said if name == "Dropdown_ListEntry"]
    chosen = next((value for name, value in said if name == "Dropdown_Selected"), "")
    return entries[int(chosen[:4])] if chosen.isdecimal() and int(chosen[:4]) < len(entries) else ""


def _local(element: _Element, name: str) -> str:
    """An attribute by its name in any namespace."""
    return next((str(value) for key, value in element.attrib.items() if str(key).rpartition("}")[2] == name), "")
