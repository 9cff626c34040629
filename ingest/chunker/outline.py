"""Looks up a document's structure by offset: the heading path in force, the sections, the pages."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from passagework.retrieval.text import collapsed
from passagework.retrieval.types import Document, Page, PlaceUnit, Table
from passagework.retrieval.words.file_names import searched_title

_WORD = re.compile(r"\w")
_INK = re.compile(r"\S")


class Outline:
    """The headings of a document, for lookups by offset.

    A section runs from a heading to the next one that has text before it: headings with nothing between them open
    one section together, so that none is parted from the text below it.
    """

    def __init__(self, document: Document) -> None:
        headings = sorted(document.headings, key=lambda heading: heading.start)
        self._text = document.text
        self.title = collapsed(document.title)
        self.searched_title = collapsed(searched_title(document))
        self.titles = [collapsed(heading.title) for heading in headings]
        self._levels = [heading.level for heading in headings]
        self._opens = [heading.start for heading in headings]
        self._closes: list[int] = []
        for heading in headings:
            self._closes.append(max(heading.end, self._closes[-1] if self._closes else 0))
        self._parents = _parents(self._levels)
        self._starts, self._ranks = self._sections()
        self._last_body = (0, -1)
        self.is_code = any(place.unit is PlaceUnit.LINE for place in document.places)
        """Tells that sections are functions and classes, which are each found by their own name."""
        self.tables = [table for table in document.tables if table.start < table.end]
        self._table_starts = [table.start for table in self.tables]

    def path(self, offset: int) -> tuple[str, ...]:
        """Returns the headings in force at a character, outermost first, less one that repeats the document's title.

        Below the names of a table's columns, these are the innermost.
        """
        columns = self._columns(offset)
        path: list[str] = [columns] if columns else []
        heading = bisect_right(self._opens, offset) - 1
        while heading >= 0:
            title = self.titles[heading]
            if title and title != self.title:
                path.append(title)
            heading = self._parents[heading]
        return tuple(reversed(path))

    def _columns(self, offset: int) -> str:
        index = bisect_right(self._table_starts, offset) - 1
        if index < 0 or offset >= self.tables[index].end:
            return ""
        table = self.tables[index]
        first_row = self._text[table.start : table.end].partition("\n")[0]
        named = table.columns and table.columns in collapsed(first_row)
        return "" if named and offset <= table.start else table.columns

    def tables_touching(self, start: int, end: int) -> Iterator[Table]:
        """Yields the tables that have a character in `[start, end)`."""
        for index in range(max(0, bisect_right(self._table_starts, start) - 1), len(self.tables)):
            table = self.tables[index]
            if table.start >= end:
                return
            if table.end > start:
                yield table

    def body(self, offset: int) -> int:
        """Returns the first character from `offset` on that is neither blank nor a heading's, or the text's end."""
        since, last_body = self._last_body
        if since <= offset <= last_body:  # a long row of headings is walked once, however many passages it takes
            return last_body
        place = offset
        while match := _INK.search(self._text, place):
            place = match.start()
            heading = bisect_right(self._opens, place) - 1
            if heading < 0 or place >= self._closes[heading]:
                break
            place = self._closes[heading]
        else:
            place = len(self._text)
        self._last_body = (offset, place)
        return place

    def next_section(self, offset: int) -> int | None:
        """Returns where the next section opens behind `offset`; None if none does."""
        index = bisect_right(self._starts, offset)
        return self._starts[index] if index < len(self._starts) else None

    def rank(self, offset: int) -> int:
        """Returns the level of the first heading of the section that `offset` is in, 0 before the first."""
        return self._ranks[bisect_right(self._starts, offset) - 1]

    def _sections(self) -> tuple[list[int], list[int]]:
        """Returns the offsets where sections open, the first 0, and the level of the heading that opens each."""
        starts, ranks, closed = [0], [0], 0
        for level, opens, closes in zip(self._levels, self._opens, self._closes, strict=True):
            if _WORD.search(self._text, closed, opens):
                starts.append(opens)
                ranks.append(level)
            elif closed == 0 and ranks == [0]:
                ranks = [level]
            closed = closes
        return starts, ranks


class PageMap:
    """The pages of a document, for lookups by offset."""

    def __init__(self, pages: Sequence[Page]) -> None:
        self._pages = pages
        self._ends = [page.end for page in pages]

    def touching(self, start: int, end: int) -> tuple[int, ...]:
        """Returns the numbers of the pages with a character in `[start, end)`."""
        numbers = []
        for index in range(bisect_right(self._ends, start), len(self._pages)):
            page = self._pages[index]
            if page.start >= end:
                break
            if page.start < page.end:
                numbers.append(page.number)
        return tuple(numbers)


def _parents(levels: Sequence[int]) -> list[int]:
    """Returns for each heading the index of the one that it stands under, -1 for none."""
    parents: list[int] = []
    above: list[int] = []
    for index, level in enumerate(levels):
        while above and levels[above[-1]] >= level:
            above.pop()
        parents.append(above[-1] if above else -1)
        above.append(index)
    return parents
