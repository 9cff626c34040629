"""Fields of Rich Text Format: their instructions are no text, their results are; forms show what was chosen in them."""

from __future__ import annotations

from dataclasses import dataclass, field

from passagework.ingest.loaders.office.docx_fields import CHECKED, UNCHECKED, Fields

_CHECK_BOX, _LIST = 1, 2
_BY_DEFAULT = 25
"""What `\\ffres` is where nobody chose anything (RTF 1.9.1, form fields)."""


@dataclass(slots=True)
class RtfField:
    """Holds what is said of one field: its instruction, and of a form what it is and what was chosen."""

    instruction: str = ""
    kind: int = 0
    result: int = _BY_DEFAULT
    default: int = 0
    choices: list[str] = field(default_factory=list)

    def say(self, group: str, text: str) -> None:
        """Takes in the text of its instruction, or of a choice."""
        if group == "fldinst":
            self.instruction += text
        elif self.choices and group == "ffl":
            self.choices[-1] += text

    def describe(self, name: bytes, number: int | None) -> None:
        """Takes in a control word of a form's field."""
        if name == b"fftype":
            self.kind = number or 0
        elif name == b"ffres":
            self.result = number or 0
        elif name == b"ffdefres":
            self.default = number or 0

    @property
    def is_page(self) -> bool:
        """Whether it shows the number of a page, which is none of the text's."""
        return Fields.is_page(self.instruction)

    @property
    def shows_result(self) -> bool:
        """Whether its result is text; a check box and a list show what was chosen in place of it."""
        return not self.is_page and self.kind not in (_CHECK_BOX, _LIST)

    @property
    def chosen(self) -> str:
        """Of a check box, whether it is checked; of a list, what was chosen."""
        result = self.default if self.result == _BY_DEFAULT else self.result
        if self.kind == _CHECK_BOX:
            return CHECKED if result else UNCHECKED
        return self.choices[result].strip() if self.kind == _LIST and 0 <= result < len(self.choices) else ""
