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
_FRAMES = frozenset({"draw:frame", "draw:custom-shape", "draw:rect", "draw:ellipse", "draw:g", "draw:text-box"})


@dataclass(slots=True)
class Aside:
    """What hangs on a paragraph, in the order that it refers to it: notes with their marks, remarks, frames."""

    notes: list[tuple[str, _Element]] = field(default_factory=list)
    remarks: list[_Element] = field(default_factory=list)
    frames: list[_Element] = field(default_factory=list)


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
        if kind in _NOTHING:
            return
        if kind == "text:s":
            line.append((" " * count_of(child, "text:c", 100), None))
        elif kind in ("text:tab", "text:line-break"):
            line.append(("\t" if kind == "text:tab" else "\n", None))
        elif kind == "text:note":
            cited = next(children_named(child, "text:note-citation"), None)
            mark = "".join(cited.itertext()).strip() if cited is not None else "*"
            line.append((f"[{mark}]", look.unseen))
            aside.notes.append((mark, child))
        elif kind == "office:annotation":
            aside.remarks.append(child)
        elif kind in _FRAMES:
            aside.frames.append(child)
        elif kind == "text:ruby":
            self._ruby(child, look, line, aside)
        elif kind == "text:span":
            self._inner(child, self._styles.look("text", attribute(child, "text:style-name"), look), line, aside)
        elif child.get(full_name("text:is-hidden")) == "true":
            self._inner(child, Look(hidden=True), line, aside)
        else:
            self._inner(child, look, line, aside)

    def _ruby(self, ruby: _Element, look: Look, line: Line, aside: Aside) -> None:
        """Words with their reading above them: the reading in brackets behind."""
        for part in children_named(ruby, "text:ruby-base"):
            self._inner(part, look, line, aside)
        for part in children_named(ruby, "text:ruby-text"):
            reading = "".join(part.itertext()).strip()
            line.append((f"({reading})" if reading else "", look.unseen))
