"""Fields of Word: their instructions are no text, their results are; and forms show what was chosen in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from passagework.ingest.loaders.office.docx_elements import named, value, word
from passagework.ingest.loaders.office.docx_style import is_on
from passagework.ingest.loaders.office.office_values import whole_number

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types

_PAGES = frozenset({"PAGE", "NUMPAGES", "SECTIONPAGES"})
CHECKED, UNCHECKED = "☒", "☐"


@dataclass(slots=True)
class _Field:
    instruction: str = ""
    shows: bool = False


@dataclass(slots=True)
class Fields:
    """The fields of one paragraph that are open. One that isn't closed in its paragraph hides nothing of the next."""

    _open: list[_Field] = field(default_factory=list)
    had_page: bool = False

    @property
    def shown(self) -> bool:
        """Whether what comes is text: no instruction, nor the number of a page."""
        return all(one.shows and not self.is_page(one.instruction) for one in self._open)

    def character(self, element: _Element) -> str:
        """A field begins, shows its result or ends; what a form's field has instead of a result."""
        kind = value(element, "fldCharType")
        if kind == "begin":
            self._open.append(_Field())
            return form_value(element)
        if self._open and kind == "separate":
            self._open[-1].shows = True
            self.had_page = self.had_page or self.is_page(self._open[-1].instruction)
        elif self._open and kind == "end":
            self.had_page = self.had_page or self.is_page(self._open.pop().instruction)
        return ""

    def instruction(self, text: str) -> None:
        """A piece of the innermost field's instruction."""
        if self._open:
            self._open[-1].instruction += text

    @staticmethod
    def is_page(instruction: str) -> bool:
        """Whether a field shows the number of a page, which is none of the text's."""
        return instruction.split(maxsplit=1)[:1] != [] and instruction.split(maxsplit=1)[0].upper() in _PAGES


def form_value(element: _Element) -> str:
    """Of a check box, whether it is checked; of a list, what was chosen."""
    for data in element.iterchildren(*word("ffData")):
        for box in data.iterchildren(*word("checkBox")):
            said = [child for name in ("checked", "default") for child in box.iterchildren(*word(name))]
            return CHECKED if said and is_on(said[0]) else UNCHECKED
        for choices in data.iterchildren(*word("ddList")):
            listed = [value(entry, "val") or "" for entry in choices.iterchildren(*word("listEntry"))]
            chosen = whole_number(named(choices, "result") or named(choices, "default")) or 0
            return listed[chosen] if 0 <= chosen < len(listed) else ""
    return ""
