"""What a paragraph's style makes of it: a heading of a level, or raised text; and what looks like a heading."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from passagework.ingest.loaders.office.docx_elements import children, named, value, word
from passagework.ingest.loaders.office.docx_style import Styles, is_on
from passagework.ingest.loaders.office.office_values import whole_number

if TYPE_CHECKING:
    from lxml.etree import _Element  # type: ignore[import-untyped]  # lxml ships no types

_HEADING = re.compile(r"heading ([1-9])", re.IGNORECASE)
_HEADING_ID = re.compile(r"heading\s?([1-9])", re.IGNORECASE)
_LONGEST_LOOK = 100
_ENDS_SENTENCE = tuple(".,;:!?…")
"""Characters of a bold line that is a heading, at most; and how none ends."""
_MOST_BOLD = 0.4
"""Of the paragraphs: where more are bold, boldness tells no heading."""
_LEAST_MOVED = 4
"""Half points by which a run is moved off its line where it is no longer on it."""
_BODY_TEXT = 9
"""The outline level of what is no heading (17.3.1.20)."""


class Outline:
    """The levels of headings and the vertical alignment that styles give."""

    def __init__(self, styles: Styles) -> None:
        self._styles = styles
        self._levels: dict[str, int] = {}
        self._raised: dict[str, str | None] = {}

    def level(self, properties: _Element | None, style: str | None) -> int:
        """A paragraph's level as a heading, from 1; 0 where it is none."""
        own = whole_number(named(properties, "outlineLvl")) if properties is not None else None
        if own is not None:
            return own + 1 if 0 <= own < _BODY_TEXT else 0
        if style is None:
            return 0
        if style not in self._levels and next(self._styles.based(style), None) is None:
            known = _HEADING_ID.fullmatch(style)  # what the file's writer took for known
            self._levels[style] = int(known[1]) if known is not None else 0
        if style not in self._levels:
            self._levels[style] = self._styled(style)
        return self._levels[style]

    def tells_by_looks(self, root: _Element) -> bool:
        """Whether bold lines are the headings of a document: no style makes one, and few enough are bold."""
        texts = bold = 0
        for paragraph in root.iter(*word("p")):
            properties = next(paragraph.iterchildren(*word("pPr")), None)
            if self.level(properties, named(properties, "pStyle") if properties is not None else None):
                return False
            looks = _is_bold(paragraph)
            texts += looks is not None
            bold += looks is True
        return bold <= _MOST_BOLD * texts

    def raised(self, run: _Element) -> str | None:
        """`superscript` or `subscript`, by a run's own properties or its style; None of what stands on the line."""
        for properties in run.iterchildren(*word("rPr")):
            found = children(properties)
            if "vertAlign" in found:
                return value(found["vertAlign"], "val")
            moved = whole_number(value(found["position"], "val")) if "position" in found else None
            if moved is not None and abs(moved) >= _LEAST_MOVED:
                return "superscript" if moved > 0 else "subscript"
            if "rStyle" in found:
                return self._raised_by(str(value(found["rStyle"], "val")))
        return None

    def _styled(self, style: str) -> int:
        """The style's own level, else that of the nearest that it is based on."""
        for element in self._styles.based(style):
            for properties in element.iterchildren(*word("pPr")):
                said = whole_number(named(properties, "outlineLvl"))
                if said is not None:
                    return said + 1 if 0 <= said < _BODY_TEXT else 0
            name = (named(element, "name") or "").strip()
            heading = _HEADING.fullmatch(name)
            if heading is not None:
                return int(heading[1])
            if name.lower() == "title":
                return 1
        return 0

    def _raised_by(self, style: str) -> str | None:
        if style not in self._raised:
            said = (
                value(align, "val")
                for element in self._styles.based(style)
                for properties in element.iterchildren(*word("rPr"))
                if (align := children(properties).get("vertAlign")) is not None
            )
            self._raised[style] = next(said, None)
        return self._raised[style]


def looks_like_heading(paragraph: _Element, text: str) -> bool:
    """Whether a paragraph is one bold line that is no sentence."""
    short = 0 < len(text) <= _LONGEST_LOOK and any(map(str.isalpha, text))
    return short and not text.endswith(_ENDS_SENTENCE) and _is_bold(paragraph) is True


def _is_bold(paragraph: _Element) -> bool | None:
    """Whether all runs that show text say themselves that they are bold; None where none shows any."""
    said: list[bool] = []
    for run in paragraph.iterchildren(*word("r")):
        if any((text.text or "").strip() for text in run.iterchildren(*word("t"))):
            properties = next(run.iterchildren(*word("rPr")), None)
            bold = children(properties).get("b") if properties is not None else None
            said.append(bold is not None and is_on(bold))
    return all(said) if said else None
