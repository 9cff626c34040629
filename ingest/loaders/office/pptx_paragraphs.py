"""The paragraphs of slides as they are shown: numbered lists counted, raised text on the line, equations readable."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from passagework.ingest.loaders.number_words import counted
from passagework.ingest.loaders.office.docx_elements import chosen
from passagework.ingest.loaders.office.equations import EquationError, linear
from passagework.ingest.loaders.office.office_values import local, whole_number
from passagework.ingest.loaders.office.office_writer import Line
from passagework.ingest.loaders.office.package import Package
from passagework.ingest.loaders.office.pptx_hidden import SlideLook
from passagework.ingest.loaders.office.pptx_shapes import Shape
from passagework.ingest.loaders.raised import lowered, parted, raised
from passagework.retrieval.types import HiddenReason

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types

_COUNTS = {"arabic": "decimal", "alphaLc": "lowerLetter", "alphaUc": "upperLetter", "romanLc": "lowerRoman",
           "romanUc": "upperRoman", "circleNum": "decimalEnclosedCircle"}  # fmt: skip
_AROUND = {"ParenBoth": "({})", "ParenR": "{})", "Period": "{}.", "Minus": "- {} -"}
_SCHEME = re.compile(r"([a-z]+(?:Lc|Uc|Num)?)([A-Z][A-Za-z]*)?")
_LEVELS = 9


class ParagraphReader:
    """Reads the paragraphs of one slide."""

    def __init__(self, package: Package, look: SlideLook, place: str) -> None:
        self._package, self._look, self._place = package, look, place

    def paragraphs(self, body: _Element, shape: Shape, whole: HiddenReason | None) -> Iterator[tuple[Line, str]]:
        """Each paragraph, and what stands before it; `whole` is why nothing of it is seen, None where it may be."""
        counts: list[int | None] = [None] * _LEVELS
        for paragraph in body.iterchildren("{*}p"):
            line = self._line(paragraph, shape, whole)
            if any(text.strip() for text, _ in line):
                yield line, _number(paragraph, counts)

    def _line(self, paragraph: _Element, shape: Shape, whole: HiddenReason | None) -> Line:
        line: Line = []
        waiting = list(reversed(paragraph))
        while waiting:
            element = waiting.pop()
            name = local(element)
            if name == "AlternateContent":
                waiting += reversed(chosen(element))
            elif name == "br":
                line.append(("\n", None))
            elif name == "m":
                waiting += reversed(element)
            elif name in ("oMath", "oMathPara"):
                line.append((self._equation(element), whole))
            elif name == "r" or (name == "fld" and element.get("type") != "slidenum"):
                text = "".join(str(said.text or "") for said in element.iterchildren("{*}t")).replace("\v", "\n")
                if text:
                    reason = whole if whole is not None or text.isspace() else self._look.run(element, shape)
                    line.append((_on_the_line(element, text, line), reason))
        return line

    def _equation(self, element: _Element) -> str:
        try:
            return linear(element)
        except EquationError as error:
            self._package.note(f"an equation of {self._place} can't be read: {error}")
            return " ".join("".join(part.itertext()) for part in element.iter("{*}t"))


def _on_the_line(run: _Element, text: str, line: Line) -> str:
    before = line[-1][0] if line else ""
    properties = next(run.iterchildren("{*}rPr"), None)
    baseline = whole_number((properties.get("baseline") or "").rstrip("%")) if properties is not None else None
    if baseline:
        return raised(before, text) if baseline > 0 else lowered(before, text)
    return parted(before, text) if before[:1] in ("^", "_") else text


def _number(paragraph: _Element, counts: list[int | None]) -> str:
    """What stands before a paragraph of a numbered list, which is thereby counted; blanks before deeper ones."""
    properties = next(paragraph.iterchildren("{*}pPr"), None)
    level = (whole_number(properties.get("lvl")) or 0) if properties is not None else 0
    level = min(max(level, 0), _LEVELS - 1)
    indent = "  " * level
    numbered = next(properties.iterchildren("{*}buAutoNum"), None) if properties is not None else None
    counts[level + 1 :] = [None] * (_LEVELS - level - 1)
    if numbered is None:
        counts[level] = None
        return indent
    before = counts[level]
    counts[level] = (whole_number(numbered.get("startAt")) or 1) if before is None else before + 1
    match = _SCHEME.match(numbered.get("type") or "arabicPeriod")
    style, around = (match[1], match[2] or "") if match is not None else ("arabic", "Period")
    number = counted(counts[level] or 1, _COUNTS.get(style, "decimal"))
    return f"{indent}{_AROUND.get(around, '{}').format(number)} "
