"""Numbers as spreadsheets show them, by the codes of their formats: percentages, money, dates (ECMA-376-1, 18.8.31).

English stands where the code leaves the language to the reader's system, and dates in ISO form where it leaves the
order of their parts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property, lru_cache

from passagework.ingest.loaders.office.number_dates import date_shown
from passagework.ingest.loaders.office.number_digits import digits_shown

BUILT_IN = {
    1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 5: '"$"#,##0;-"$"#,##0', 6: '"$"#,##0;-"$"#,##0',
    7: '"$"#,##0.00;-"$"#,##0.00', 8: '"$"#,##0.00;-"$"#,##0.00', 9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?",
    13: "# ??/??", 14: "yyyy-mm-dd", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM",
    20: "h:mm", 21: "h:mm:ss", 22: "yyyy-mm-dd h:mm", 37: "#,##0;(#,##0)", 38: "#,##0;(#,##0)",
    39: "#,##0.00;(#,##0.00)", 40: "#,##0.00;(#,##0.00)", 41: '#,##0;(#,##0);"-"', 42: '"$"#,##0;("$"#,##0);"$-"',
    43: '#,##0.00;(#,##0.00);"-"', 44: '"$"#,##0.00;("$"#,##0.00);"$-"', 45: "mm:ss", 46: "[h]:mm:ss", 47: "mm:ss.0",
    48: "##0.0E+0", 49: "@", **dict.fromkeys((*range(27, 32), 36, *range(50, 59)), "yyyy-mm-dd"),
    **dict.fromkeys((32, 33), "h:mm:ss"), **dict.fromkeys((34, 35), "h:mm"),
}  # fmt: skip
"""Those that a workbook names by number alone; of the ones that systems write in their own way, one way."""

_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.?)|_(?P<space>.?)|\*.?|\[(?P<bracket>[^\]]*)\]?|(?P<general>general)|(?P<half>am/pm|a/p)'
    r"|(?P<letters>y+|m+|d+|h+|s+|e(?![-+])|b+|g+)|(?P<exponent>e[-+])|(?P<mark>[0#?.,%/@])|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
_CONDITION = re.compile(r"(<=|>=|<>|=|<|>)\s*(-?[0-9.]{1,20})")
_ELAPSED = re.compile(r"h+|m+|s+", re.IGNORECASE)
_MOST_CODE = 255
"""Characters of a format's code that Excel allows."""
_BEYOND = 1e21
"""Numbers that no format writes out."""
Token = tuple[str, str]


@dataclass(frozen=True)
class Section:
    """What one part of a code shows: its tokens, as kind and text; the numbers that it is for, where it says so."""

    tokens: tuple[Token, ...]
    condition: tuple[str, float] | None = None

    @cached_property
    def is_date(self) -> bool:
        """Whether it shows a date or a time."""
        return any(kind in ("letters", "elapsed") for kind, _ in self.tokens)

    def holds(self, number: float) -> bool:
        """Whether it is for a number by its condition."""
        sign, bound = self.condition or ("", 0.0)
        return {"<": number < bound, ">": number > bound, "<=": number <= bound, ">=": number >= bound,
                "=": number == bound, "<>": number != bound}.get(sign, False)  # fmt: skip


def general(number: float) -> str:
    """A number without a format: to 15 digits, whole ones without a point."""
    if number.is_integer() and abs(number) < _BEYOND:
        return str(int(number))
    return f"{number:.15g}"


def shown(number: float, code: str, *, from_1904: bool = False) -> str:
    """The number as a format's code shows it; as it is where the code shows nothing, or can't be followed."""
    if abs(number) >= _BEYOND or code.lower() in ("", "general"):
        return general(number)
    section, signed = _section(number, code)
    if any(kind == "general" for kind, _ in section.tokens):
        text = "".join(general(abs(number)) if kind == "general" else text for kind, text in section.tokens)
        text = f"-{text}" if number < 0 and signed else text
    elif section.is_date:
        text = date_shown(number, section.tokens, from_1904=from_1904)
    else:
        text = digits_shown(number, section.tokens, signed=signed)
    return " ".join(text.split()) or general(number)


def text_shown(text: str, code: str) -> str:
    """A text as a format's code shows it, which may put words around it."""
    if "@" not in code or code == "@":
        return text
    last = _sections(code)[-1]
    if ("mark", "@") not in last.tokens:
        return text
    return "".join(text if (kind, token) == ("mark", "@") else token for kind, token in last.tokens)


def _section(number: float, code: str) -> tuple[Section, bool]:
    """The section for a number, and whether it leaves the sign to be written."""
    sections = [one for one in _sections(code)[:4] if ("mark", "@") not in one.tokens]
    if not sections:
        return Section((("general", "General"),)), True
    if any(one.condition for one in sections):
        fitting = next((one for one in sections if one.holds(number)), None)
        plain = [one for one in sections if one.condition is None]
        return fitting or (plain or sections)[-1], True
    if number < 0 and len(sections) > 1:
        return sections[1], False
    if number == 0 and len(sections) > 2:
        return sections[2], False
    return sections[0], True


@lru_cache(maxsize=4096)
def _sections(code: str) -> tuple[Section, ...]:
    sections: list[Section] = []
    tokens: list[Token] = []
    condition: tuple[str, float] | None = None
    for match in _TOKEN.finditer(code[:_MOST_CODE]):
        if match["other"] == ";":
            sections.append(Section(tuple(tokens), condition))
            tokens, condition = [], None
        elif match["bracket"] is not None:
            found = _CONDITION.fullmatch(match["bracket"])
            if found is not None and found[2].count(".") < 2 and any(map(str.isdigit, found[2])):
                condition = found[1], float(found[2])
            else:
                tokens += _bracketed(match["bracket"])
        else:
            tokens += _token(match)
    return (*sections, Section(tuple(tokens), condition))


def _bracketed(inner: str) -> list[Token]:
    if _ELAPSED.fullmatch(inner):
        return [("elapsed", inner.lower())]
    if inner.startswith("$"):
        return [("literal", inner[1:].partition("-")[0])]
    return []  # a colour, or the digits of a language


def _token(match: re.Match[str]) -> list[Token]:
    kind = match.lastgroup
    if kind in ("quoted", "escaped"):
        return [("literal", match[kind])]
    if kind == "space":
        return [("literal", " ")]
    if kind in ("letters", "half", "exponent", "mark", "general"):
        return [(kind, match[0].lower() if kind == "letters" else match[0])]
    return [("literal", match["other"])] if kind == "other" else []
