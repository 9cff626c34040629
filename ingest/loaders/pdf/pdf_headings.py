"""Headings of a PDF that names none: lines that stand out by the size or the weight of their letters."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from passagework.ingest.loaders.pdf.pdf_edits import PageText
from passagework.ingest.loaders.pdf.pdf_page import Line
from passagework.retrieval.types import Heading, Page

_LARGER = 1.12
"""Of the text's size."""
_LONGEST, _LONGEST_WORDS = 160, 18
_MOST_LINES = 3
_MOST_SHARE = 0.2
"""Of all characters: where more would be headings, they are the text."""
_MOST_LEVELS = 6
_BOLD_SHARE = 0.3
_NUMBERED = re.compile(
    r"(?:(?:chapter|section|part|item|note|appendix|annex|article|table of)\b|§|\d+(?:\.\d+)*\.?\s|[A-Z]\.\s"
    r"|[IVX]+\.\s)",
    re.IGNORECASE,
)
_LEADERS = re.compile(r"\.{4,}|(?:\. ){4,}|…")
_DATE = re.compile(
    r"[\W\d]*(?:(?:january|february|march|april|may|june|july|august|september|october|november|december|years?|quarters?"
    r"|months?|weeks?|days?|ended|ending|as|of|at|for|the|fiscal|in|millions?|thousands?|three|six|nine|twelve|and|vs|change|"
    r"unaudited|total|q[1-4]|fy)[\W\d]*)+",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Style:
    """By what a line stands out: how large its letters are, and whether they are bold."""

    size: float
    bold: bool


def headings_by_type(pages: Sequence[PageText], places: Sequence[Page]) -> list[Heading]:
    """The lines that stand out from the document's text, as headings over them; none where too many do."""
    sizes, bold = Counter[float](), 0
    for page in pages:
        for line in page.lines:
            if line.base is not None and not line.code:
                sizes[round(line.size * 2) / 2] += line.end - line.start
                bold += (line.end - line.start) * line.bold
    total = sum(sizes.values())
    if not total:
        return []
    body = sizes.most_common(1)[0][0]
    weighs = bold < _BOLD_SHARE * total
    found = [
        (style, place.start + start, place.start + end, page.text[start:end])
        for page, place in zip(pages, places, strict=True)
        for style, start, end in _found(page, body, weighs=weighs)
    ]
    for least in (0.0, 1.3 * body):
        kept = [head for head in found if head[0].size >= least]
        if sum(end - start for _, start, end, _ in kept) <= _MOST_SHARE * total:
            return _levelled(kept)
    return []


def _levelled(found: Sequence[tuple[_Style, int, int, str]]) -> list[Heading]:
    styles = sorted({style for style, *_ in found}, key=lambda style: (-style.size, not style.bold))
    levels = {style: min(_MOST_LEVELS, at) for at, style in enumerate(styles, 1)}
    return [Heading(levels[style], " ".join(text.split()), start, end) for style, start, end, text in found]


def _found(page: PageText, body: float, *, weighs: bool) -> Iterator[tuple[_Style, int, int]]:
    """Each heading's style and place on a page; lines of one style that follow one another are one."""
    lines = page.lines
    at = 0
    while at < len(lines):
        style = _style(page, lines[at], body, weighs=weighs)
        end = at + 1
        while style is not None and end < len(lines) and _goes_on(page, lines[end - 1], lines[end], style, body):
            end += 1
        if style is not None and end - at <= _MOST_LINES:
            start, stop = lines[at].start, lines[end - 1].end
            alone = _is_alone(page, lines, at, end) or style.size >= _LARGER * body
            if alone and _reads_as_heading(page.text[start:stop]):
                yield style, start, stop
        at = end


def _style(page: PageText, line: Line, body: float, *, weighs: bool) -> _Style | None:
    """The style in which a line stands out; None where it doesn't."""
    if line.base is None or line.code:
        return None
    if line.parts > 2 or (line.parts == 2 and not _NUMBERED.match(page.text[line.start : line.end] + " ")):
        return None
    size = round(line.size * 2) / 2
    if size >= _LARGER * body:
        return _Style(size, line.bold)
    return _Style(body, bold=True) if weighs and line.bold and line.size >= 0.95 * body else None


def _goes_on(page: PageText, before: Line, line: Line, style: _Style, body: float) -> bool:
    same = _style(page, line, body, weighs=True) == style and line.turn == before.turn
    step = (before.base or 0.0) - (line.base or 0.0)
    return (
        same and 0 < step <= 1.6 * max(before.size, line.size) and not _NUMBERED.match(page.text[line.start : line.end])
    )


def _is_alone(page: PageText, lines: Sequence[Line], at: int, end: int) -> bool:
    """Whether a line that is only bold stands before text and apart from what is above it, as headings do."""
    if end >= len(lines) or lines[end].base is None:
        return False
    after = lines[end]
    if after.bold:
        return False
    above = lines[at - 1] if at else None
    if above is None or above.base is None or lines[at].base is None:
        return True
    step = above.base - (lines[at].base or 0.0)
    below = (lines[end - 1].base or 0.0) - (after.base or 0.0)
    return step < 0 or step > 1.15 * abs(below) or "\n\n" in page.text[above.end : lines[at].start] or not above.bold


def _reads_as_heading(text: str) -> bool:
    title = " ".join(text.split())
    letters = sum(character.isalpha() for character in title)
    if not 3 <= len(title) <= _LONGEST or letters < 2 or len(title.split()) > _LONGEST_WORDS:
        return False
    if letters < 0.5 * len(title.replace(" ", "")) or _DATE.fullmatch(title) or _LEADERS.search(title):
        return False
    ends = title[-1]
    sentence = ends in ".;," and not (_NUMBERED.match(title) and ends == ".")
    return not sentence and not title[0].islower() and title[0] not in "(•$"
