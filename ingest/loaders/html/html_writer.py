"""Text written piece by piece, with the line ends that the pieces' blocks ask for, and offsets of its headings."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import TYPE_CHECKING

from passagework.ingest.loaders.html.html_lists import ListMarks
from passagework.ingest.loaders.html.html_scripts import beside
from passagework.ingest.loaders.parts import Part
from passagework.retrieval.types import Heading, Hidden, HiddenReason, Table

if TYPE_CHECKING:
    from bs4 import Tag

Cell = tuple[str, tuple[Hidden, ...]]
"""A table cell's text, and what of it can't be seen, counted from its beginning."""

_ADMONITIONS = frozenset(
    {
        *("note", "tip", "hint", "info", "important", "warning", "caution", "danger", "attention", "hinweis"),
        *("achtung", "warnung", "vorsicht", "tipp", "wichtig", "remarque", "avertissement", "conseil", "nota"),
        *("advertencia", "consejo", "importante", "atención"),
    }
)
"""What stands above a remark, and is no heading of the text that follows it."""
_FIXED = "\u00a0"
_COLLAPSING = " \t\n\r\f"
_LEAST_INDENT, _MOST_INDENT = 2, 80
"""Blanks that don't collapse, at the start of a line, which indent it: one alone may be there for any reason."""


class Writer:
    """Collects visible text. White space is run together outside `pre`; breaks are written only between texts.

    `inline` makes every break a space: for table cells.
    """

    def __init__(self, *, inline: bool = False, anchors: frozenset[str] = frozenset()) -> None:
        self._inline = inline
        self.anchors = anchors
        self._reached: list[str] = []  # anchors whose text is still to come
        self._parts: list[str] = []
        self._length = 0
        self._gap = 0  # line ends owed before the next text
        self._space = False  # a space owed before the next text
        self._bullet = ""
        self._indent = 0  # blanks that don't collapse, at the start of a line
        self._lists: list[ListMarks] = []
        self._readings: list[Cell] = []  # what stands above characters, to be written behind the last of them
        self._ruby = 0
        self._pre = 0
        self._pre_begins = False
        self._headings: list[Heading] = []
        self._heading: tuple[int, int, int] | None = None  # level, start (-1 until text comes), first part
        self._hidden: list[Hidden] = []
        self._tables: list[Table] = []
        self._runs_on = ""  # the characters that would run into what was written last: "1", or "a1" for letters too
        self.unseen: HiddenReason | None = None
        """Why the text that comes can't be seen, None where it can."""
        self.places: dict[str, int] = {}
        """Where the text behind each anchor begins."""

    def anchor(self, *names: object) -> None:
        """An element of these names begins here."""
        self._reached += [name for name in names if isinstance(name, str) and name in self.anchors]

    def text(self, text: str) -> None:
        """Text as it stands in the page."""
        if self._pre and not self._inline and self._heading is None:
            self._verbatim(text)
            return
        words = text.split()
        if _FIXED in text[:_MOST_INDENT] and (self._gap or not self._length) and not self._inline:
            blanks = text[: len(text) - len(text.lstrip())].lstrip(_COLLAPSING)
            self._indent = min(self._indent + len(blanks), _MOST_INDENT)
        if not words:
            self._space = self._space or bool(text)
            return
        self._space = self._space or text[0].isspace() or self._would_run_on(words[0][0])
        self._write(" ".join(words))
        self._space = text[-1].isspace()

    def apart(self) -> None:
        """What comes stands by itself: it doesn't run into what was written last."""
        self._space = True

    def block(self, gap: int) -> None:
        """A block begins or ends here: `gap` line ends, 2 for a blank line between."""
        self._indent = 0
        if self._inline or self._heading is not None:
            self._space = True
        elif not self._bullet:
            self._gap = max(self._gap, gap)
            self._space = False

    def line_break(self) -> None:
        """`<br>`: two of them make a paragraph."""
        self._indent = 0
        if self._inline or self._heading is not None:
            self._space = True
        else:
            self._gap = min(2, self._gap + 1)
            self._space = False

    def table(self, rows: Iterable[Cell], columns: str) -> None:
        """A table, a row a line; `columns` are the names of its columns."""
        self.block(2)
        start = -1
        for row in rows:
            self._write(*row)
            start = self._length - len(row[0]) if start < 0 else start
            self.block(1)
        if start >= 0:
            self._tables.append(Table(start, self._length, columns))
        self.block(2)

    @property
    def takes_tables(self) -> bool:
        """Whether rows can be lines here: in a cell or a heading they can't."""
        return not self._inline and self._heading is None

    def formula(self, text: str, *, block: bool) -> None:
        """A formula, in the line or in a paragraph of its own; it doesn't run into the words beside it."""
        if block:
            self.block(2)
        if text:
            before = self._parts[-1][-1:] if self._parts else ""
            self._space = self._space or (before.isalnum() and text[0].isalnum())
            self._write(text)
            self._runs_on = "a1"
        if block:
            self.block(2)

    def script(self, cell: Cell, sign: str) -> None:
        """Text above the line (`^`), below it (`_`) or of a note (`[`), so that it doesn't run into what it follows."""
        owed = self._gap or self._space or self._bullet or not self._parts
        text = beside("" if owed else self._parts[-1][-2:], cell[0], sign)
        lead = text.find(cell[0])
        if cell[0]:
            self._write(text, tuple(Hidden(h.start + lead, h.end + lead, h.reason) for h in cell[1]))
            self._runs_on = "a1" if lead else "1" if text[-1].isdigit() else ""

    def open_heading(self, level: int) -> None:
        """Text until `close_heading` is one line, and a heading."""
        if self._heading is None:
            self.block(2)
            self._heading = (level, -1, len(self._parts))

    def close_heading(self) -> None:
        """The heading ends; one without text is none."""
        if self._heading is None:
            return
        self._write_readings()
        level, start, part = self._heading
        self._heading = None
        if start >= 0:
            # What was owed before the heading was written with its first part.
            title = "".join(self._parts[part:])[start - self._length :]
            if title.rstrip(":!").casefold() not in _ADMONITIONS:
                self._headings.append(Heading(level=level, title=title, start=start, end=self._length))
        self.block(2)

    def open_ruby(self) -> None:
        """Characters with a reading above them begin; right behind others, they have one reading with these."""
        if self._space or self._gap:
            self._write_readings()
        self._ruby += 1

    def close_ruby(self, reading: Cell) -> None:
        """They end; their reading stands in brackets behind them, as in 東京(とうきょう)."""
        self._ruby -= 1
        if reading[0]:
            self._readings.append(reading)

    def open_list(self, marks: ListMarks) -> None:
        """A list begins, whose items have these marks."""
        self.block(1 if self._lists else 2)
        self._lists.append(marks)

    def close_list(self) -> None:
        """The innermost list ends."""
        if self._lists:
            self._lists.pop()
        self._bullet = ""
        self.block(1 if self._lists else 2)

    def open_item(self, item: Tag) -> None:
        """An item of the innermost list begins."""
        if self._inline or self._heading is not None:
            self._space = True
            return
        self._bullet = ""
        self.block(1)
        marks = self._lists[-1] if self._lists else ListMarks()
        indent = "  " * (min(len(self._lists), 20) - 1)
        self._bullet = f"{indent}{marks.next(item)} "

    def close_item(self) -> None:
        """The item ends; one without text leaves nothing. Paragraphs inside items don't part the items."""
        self._bullet = ""
        self.block(1)
        self._gap = min(self._gap, 1)

    def open_pre(self, gap: int = 2) -> None:
        """White space counts until `close_pre`; `gap` line ends stand around."""
        self.block(gap)
        self._pre += 1
        self._pre_begins = True

    def close_pre(self, gap: int = 2) -> None:
        """White space is run together again."""
        self._pre -= 1
        self.block(gap)

    def finish(self) -> Part:
        """All that was written."""
        self._write_readings()
        return Part("".join(self._parts), tuple(self._headings), tuple(self._hidden), tuple(self._tables))

    def _would_run_on(self, character: str) -> bool:
        return ("1" in self._runs_on and character.isdigit()) or ("a" in self._runs_on and character.isalpha())

    def _verbatim(self, text: str) -> None:
        if self._pre_begins:
            text = text.removeprefix("\n")  # the line end after `<pre>` is none of its text
            self._pre_begins = False
        body = text.strip("\n")
        if not body:
            self._gap += len(text) if self._parts else 0
            return
        self._gap += text.index(body[0])  # only line ends stand before it
        self._write(body)
        self._gap += len(text) - len(text.rstrip("\n"))

    def _write_readings(self) -> None:
        """Writes what stands above the characters that were written last."""
        if not self._readings:
            return
        text, hidden = reduce(glued, self._readings)
        self._readings.clear()
        start = self._length + 1
        self._parts.append(f"({text})")
        self._length += len(text) + 2
        for span in hidden:
            self._hide(Hidden(start + span.start, start + span.end, span.reason))

    def _write(self, text: str, hidden: tuple[Hidden, ...] = ()) -> None:
        if not self._ruby:
            self._write_readings()
        owed = ""
        if self._length:
            owed = "\n" * self._gap or (" " if self._space else "")
        if self._indent >= _LEAST_INDENT and self._heading is None and not self._bullet and not owed.strip("\n"):
            owed += " " * self._indent
        self._indent = 0
        lead = owed + self._bullet
        self._gap, self._space, self._bullet, self._runs_on = 0, False, "", ""
        if self._heading is not None and self._heading[1] < 0:
            self._heading = (self._heading[0], self._length + len(lead), self._heading[2])
        self._parts.append(lead + text)
        start = self._length + len(lead)
        if self._reached:
            self.places.update({name: start for name in self._reached if name not in self.places})
            self._reached.clear()
        self._length = start + len(text)
        for span in hidden if self.unseen is None else [Hidden(0, len(text), self.unseen)]:
            self._hide(Hidden(start + span.start, start + span.end, span.reason))

    def _hide(self, new: Hidden) -> None:
        """Notes a hidden piece; one that follows on another of its kind lengthens it."""
        last = self._hidden[-1] if self._hidden else None
        if last is not None and last.reason is new.reason and not self._seen_since(last.end, new.start):
            self._hidden[-1] = Hidden(last.start, new.end, last.reason)
        else:
            self._hidden.append(new)

    def _seen_since(self, start: int, end: int) -> bool:
        """Whether anything but white space was written in between; that stands in the last part, if so near."""
        part = self._parts[-1]
        begin = self._length - len(part)
        return bool(part[max(0, start - begin) : max(0, end - begin)].strip()) or start < begin


def glued(first: Cell, second: Cell) -> Cell:
    """A cell's text with another's behind it."""
    shift = len(first[0])
    moved = (Hidden(span.start + shift, span.end + shift, span.reason) for span in second[1])
    return first[0] + second[0], (*first[1], *moved)
