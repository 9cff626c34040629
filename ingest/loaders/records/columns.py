"""Decides what type a table's columns have: the cells of one are all numbers, written in one way, or all text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from passagework.retrieval.types import Json

# "007" and "1e5" are codes as often as numbers: they are text, and so is the column they stand in.
_WHOLE = r"-?(?:0|[1-9]\d{0,17})"
_DIGITS = re.compile(_WHOLE, re.ASCII)
_NOTHING = re.compile(r"[-+]?(?:nan|inf|infinity)|n/?a|#n/a|null|none|-", re.IGNORECASE)
"""What stands in a column of numbers where there is none, and what no database compares. Elsewhere it is a text."""


@dataclass(frozen=True, slots=True, eq=False)
class NumberForm:
    """A way of writing numbers: what `pattern` fits is one, and what `proof` finds is one in no other way."""

    pattern: re.Pattern[str]
    proof: re.Pattern[str]
    grouping: str
    point: str

    def number(self, cell: str) -> int | float:
        """The number that a cell of this form is."""
        digits = cell.replace(self.grouping, "") if self.grouping else cell
        return float(digits.replace(self.point, ".")) if self.point in digits else int(digits)


def _form(grouping: str, point: str) -> NumberForm:
    """The form with these marks. Three digits behind one may be thousands or a fraction: the other cells tell which."""
    group, dot = re.escape(grouping), re.escape(point)
    groups = rf"-?[1-9]\d{{0,2}}(?:{group}\d{{3}}){{1,5}}"
    return NumberForm(
        pattern=re.compile(rf"(?:{_WHOLE}|{groups})(?:{dot}\d{{1,17}})?", re.ASCII),
        proof=re.compile(rf"{group}.*[{group}{dot}]|{dot}(?!\d{{3}}$)|^-?(?:0|\d{{4,}}){dot}", re.ASCII),
        grouping=grouping,
        point=point,
    )


FORMS = (
    NumberForm(re.compile(rf"{_WHOLE}(?:\.\d{{1,17}})?", re.ASCII), re.compile(""), "", "."),
    _form(",", "."),
    _form(".", ","),
)
"""1250.5, then 1,250.50, then 1.250,50: the first that fits all of a column, and is proven by one of its cells."""


@dataclass(slots=True)
class _Evidence:
    """The forms that every cell so far has, by whether one of them proves it; none: the column is text."""

    forms: dict[NumberForm, bool] = field(default_factory=lambda: dict.fromkeys(FORMS, False))

    def look_at(self, cell: str) -> None:
        if _DIGITS.fullmatch(cell):  # what most cells are, and all forms have
            if FORMS[0] in self.forms:
                self.forms[FORMS[0]] = True
            return
        fitting = {form: proven for form, proven in self.forms.items() if form.pattern.fullmatch(cell)}
        if not fitting and _NOTHING.fullmatch(cell):
            return
        for form, proven in fitting.items():
            fitting[form] = proven or form.proof.search(cell) is not None
        self.forms = fitting


def column_forms(rows: Iterable[Sequence[str]]) -> dict[int, NumberForm]:
    """The form of each column of numbers, by its place in a row; looks at every cell, and holds no row."""
    columns: list[_Evidence] = []
    for row in rows:
        columns += (_Evidence() for _ in range(len(row) - len(columns)))
        for column, cell in zip(columns, row, strict=False):
            if column.forms and (text := cell.strip()):
                column.look_at(text)
    proven = {place: [form for form, known in column.forms.items() if known] for place, column in enumerate(columns)}
    return {place: forms[0] for place, forms in proven.items() if forms}


def typed(cell: str, form: NumberForm | None) -> Json:
    """A cell as metadata: a number in a column of numbers, None where it has none, elsewhere the text as written."""
    if form is None:
        return cell
    return form.number(cell) if form.pattern.fullmatch(cell) else None
