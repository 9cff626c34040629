"""Running headers, footers and page numbers of a PDF: said once, where the first page that has them begins."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

import numpy as np

from passagework.ingest.loaders.pdf.pdf_edits import PageText, rewritten
from passagework.ingest.loaders.pdf.pdf_page import Line

_EDGE_LINES = 5
"""Lines at each edge of a page that may be furniture."""
_NEAR, _ALIKE = 6.0, 0.8
"""Points: how far apart on their pages, and how different in size, lines are that are one running line."""
_WITHIN = 2
"""Pages from one to the next that has it: left and right pages differ."""
_STEP = 1.25
"""Of a page's usual step between lines: what is nearer to the text is text."""
_APART = 3.0
"""Of the text's size: lines that are further apart aren't neighbours."""
_ZONE = 0.2
"""Of the page's height, from its edges."""
_LARGE = 1.25
"""Of the text's size: larger lines are titles, which slides may share."""
_SMALLER = 0.95
_SEVERAL, _SHORT = 4, 60
"""Pages of which a line is the outermost, and its characters, where it is furniture however near the text is."""
_LONGEST = 250
_DIGITS = re.compile(r"\d+")
_PAGE_NUMBER = re.compile(
    r"\b(?:pages?|pg|p|seite|s|blatt|página|pagina|pág|sida|side|sivu|strona|str|oldal|стр|страница|第)\b\.?\s?#"
    r"|#\s?(?:/|of|von|de|di|av|из|z)\s?#|[-–—]\s?#\s?[-–—]|第\s?#|#\s?页|#\s?ページ"
)
_ROMAN = re.compile(r"[ivxlc]{1,7}")
_ROMAN_VALUES = {"i": 1, "v": 5, "x": 10, "l": 50, "c": 100}


@dataclass(frozen=True, slots=True, eq=False)
class _EdgeLine:
    """A line near the edge of a page: what it says less its numbers, these, and where it stands from that edge."""

    page: int
    line: Line
    key: str
    numbers: tuple[int, ...]
    top: bool
    place: float
    outermost: bool

    @property
    def bare(self) -> bool:
        """Whether it says nothing but numbers."""
        return not any(character.isalpha() for character in self.key)


def without_running_lines(pages: Sequence[PageText]) -> list[PageText]:
    """The pages less the lines that repeat at their edges; the first of each stands where its page begins."""
    edges = [[_edge_lines(index, page, top=top) for top in (True, False)] for index, page in enumerate(pages)]
    running = _running([line for of_page in edges for lines in of_page for line in lines])
    if not running:
        return list(pages)
    body = _body_size(pages)
    said: set[str] = set()
    cleaned: list[PageText] = []
    for page, of_page in zip(pages, edges, strict=True):
        found = [line for lines in of_page for line in _peeled(page, lines, running, body)]
        first = list({each.key: each for each in reversed(found) if each.key not in said}.values())
        said.update(each.key for each in found)
        cleaned.append(_moved(page, [each.line for each in found], [each.line for each in first]))
    return cleaned


def _edge_lines(index: int, page: PageText, *, top: bool) -> list[_EdgeLine]:
    """The outermost lines of a page at one edge, from outside inwards."""
    placed = [line for line in page.lines if line.base is not None]
    if not placed:
        return []
    turns = [line.turn for line in placed]
    usual = max(set(turns), key=turns.count)
    ordered = sorted((line for line in placed if line.turn == usual), key=lambda line: line.base or 0.0, reverse=top)
    lines: list[_EdgeLine] = []
    for rank, line in enumerate(ordered[:_EDGE_LINES]):
        said = " ".join(page.text[line.start : line.end].split()).lower()
        if len(said) > _LONGEST:
            break
        numbers = tuple(int(number) for number in _DIGITS.findall(said)[:8] if len(number) < 10)
        key = _DIGITS.sub("#", said)
        bare = re.sub(r"[^\w]", "", said)
        if _ROMAN.fullmatch(bare):
            key, numbers = key.replace(bare, "#"), (_roman(bare),)
        base = line.base or 0.0
        lines.append(_EdgeLine(index, line, key, numbers, top, page.height - base if top else base, rank == 0))
    return lines


def _roman(text: str) -> int:
    values = [_ROMAN_VALUES[character] for character in text]
    return sum(-value if value < after else value for value, after in pairwise([*values, 0]))


def _running(lines: Sequence[_EdgeLine]) -> dict[int, bool]:
    """The identities of the lines that stand on another page near by too, the numbers in them counting the pages.

    Those are certain that are short, and the outermost of several pages.
    """
    groups: dict[tuple[str, bool], list[_EdgeLine]] = {}
    for line in lines:
        groups.setdefault((line.key, line.top), []).append(line)
    running: dict[int, bool] = {}
    for group in groups.values():
        same: set[_EdgeLine] = set()
        for at, line in enumerate(group):
            for other in group[at + 1 : at + 1 + _WITHIN * _EDGE_LINES]:
                if other.page - line.page > _WITHIN:
                    break
                if other.page > line.page and _is_same(line, other):
                    same |= {line, other}
        outermost = {line.page for line in same if line.outermost}
        certain = len(outermost) >= _SEVERAL and len(group[0].key) <= _SHORT
        running.update({id(line): certain and line.outermost for line in same})
    return running


def _is_same(line: _EdgeLine, other: _EdgeLine) -> bool:
    if len(line.numbers) != len(other.numbers) or abs(line.line.size - other.line.size) > _ALIKE:
        return False
    steps = [second - first for first, second in zip(line.numbers, other.numbers, strict=True)]
    apart = other.page - line.page
    counts = apart in steps
    if counts and not _may_count_pages(line.key, [step == apart for step in steps]):
        return False
    near = abs(line.place - other.place) <= _NEAR or (counts and line.outermost and other.outermost and not line.bare)
    return near and set(steps) <= {0, apart} and (counts or not line.bare)


def _may_count_pages(key: str, counting: Sequence[bool]) -> bool:
    """Whether the number that counts may be the page's: it is said to be, or stands at an end of several words.

    `Schedule 2` and `Exhibit 31.1` at the top of a page are titles.
    """
    words = [word for word in key.split() if any(character.isalpha() for character in word)]
    if not words or _PAGE_NUMBER.search(key):
        return True
    first = key.startswith("#") and counting[0]
    last = key.endswith("#") and counting[-1]
    return len(words) > 1 and (first or last)


def _body_size(pages: Sequence[PageText]) -> float:
    """The size in which most characters of the document are set."""
    counts: dict[float, int] = {}
    for page in pages:
        for line in page.lines:
            if line.base is not None:
                counts[round(line.size, 1)] = counts.get(round(line.size, 1), 0) + line.end - line.start
    return max(counts, key=lambda size: counts[size], default=0.0)


def _peeled(
    page: PageText, lines: Sequence[_EdgeLine], running: Mapping[int, bool], body: float
) -> Iterator[_EdgeLine]:
    """The running lines at one edge, from outside as far as the text, from which they stand apart."""
    bases = sorted({round(line.base, 1) for line in page.lines if line.base is not None}, reverse=True)
    steps = [above - below for above, below in pairwise(bases) if 1 < above - below < _APART * body]
    usual = median(steps) if steps else 0.0
    outer: list[_EdgeLine] = []
    parted = False
    for at, line in enumerate(lines):
        if id(line) not in running or line.line.size > _LARGE * body:
            return
        certain = running[id(line)]
        if line.place > _ZONE * page.height and not certain:
            return
        outer.append(line)
        inner = lines[at + 1] if at + 1 < len(lines) else None
        gap = abs((line.line.base or 0.0) - (inner.line.base or 0.0)) if inner is not None else 0.0
        text_follows = not parted or (len(outer) == 1 and inner is not None and id(inner) not in running)
        if line.line.size < _SMALLER * body or line.bare or certain or (gap > _STEP * usual and text_follows):
            yield from outer
            outer, parted = [], True


def _moved(page: PageText, dropped: Sequence[Line], first: Sequence[Line]) -> PageText:
    """The page without some lines, of which the first of their kind stand before all others."""
    if not dropped:
        return page
    places = sorted(page.lines, key=lambda line: line.start)
    gone = {(line.start, line.end) for line in dropped}
    edits: list[tuple[int, int, str]] = []
    for line, after in zip(places, [*places[1:], None], strict=True):
        if (line.start, line.end) in gone:
            edits.append((line.start, after.start if after is not None else _end(page, line), ""))
    rest = _stripped(rewritten(page, edits))
    if not first:
        return rest
    ordered = sorted(first, key=lambda line: (-(line.base or 0.0), line.left))
    pieces = [(page.text[line.start : line.end], page.glyphs[line.start : line.end]) for line in ordered]
    head = "\n".join(text for text, _ in pieces) + ("\n\n" if rest.text else "")
    nothing = np.full(1, -1, dtype=np.int32)
    maps = [part for _, glyphs in pieces for part in (glyphs, nothing)][: 2 * len(pieces) - 1]
    maps += [nothing, nothing] if rest.text else []
    shift = len(head)
    return replace(
        rest,
        text=head + rest.text,
        glyphs=np.concatenate([*maps, rest.glyphs]),
        lines=tuple(replace(line, start=line.start + shift, end=line.end + shift) for line in rest.lines),
        tables=tuple(replace(table, start=table.start + shift, end=table.end + shift) for table in rest.tables),
        tagged=tuple(replace(head, start=head.start + shift, end=head.end + shift) for head in rest.tagged),
    )


def _end(page: PageText, line: Line) -> int:
    """Where the blanks behind a line end."""
    end = line.end
    while end < len(page.text) and page.text[end] == "\n":
        end += 1
    return end


def _stripped(page: PageText) -> PageText:
    """The page without breaks at its ends."""
    first, last = len(page.text) - len(page.text.lstrip("\n")), len(page.text.rstrip("\n"))
    if first >= last:
        return rewritten(page, [(0, len(page.text), "")]) if page.text else page
    edits = [(0, first, "")] if first else []
    return rewritten(page, [*edits, (last, len(page.text), "")] if last < len(page.text) else edits)
