"""Text written block by block, with offsets of its headings, its tables and of what its readers don't see."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from itertools import chain, islice
from typing import TypeAlias

from passagework.ingest.loaders.encoding import clean
from passagework.ingest.loaders.office.office_tables import Rows, header_rows, names_of, used_columns
from passagework.ingest.loaders.pictures.embedded import PictureText
from passagework.retrieval.errors import IngestError
from passagework.retrieval.types import Heading, Hidden, HiddenReason, OcrSpan, Table

Run: TypeAlias = "tuple[str, HiddenReason | None]"
"""A piece of text, and why nobody sees it, None where it is seen."""
Line: TypeAlias = "list[Run]"

MAX_TEXT = 200_000_000
"""Characters of a file's text; shared strings let a small file say much."""

_MOST_CELLS = 1_000_000
"""Cells of a table up to which all its rows have as many."""
_BLANKS = re.compile(r" *\t[ \t]*|  +| +(?=\n)")
_BLANK = " \t\u00a0"
_LINES = re.compile(r"[^\n]*\n|[^\n]+")
_INDENTED = re.compile(r"(?:\A|\n)(?:[ \u00a0]{2}|\t\t)")
"""One tab alone begins many a paragraph of prose."""
_TAB, _LEAST_INDENT, _MOST_INDENT = 4, 2, 80
_LONGEST_CODE = 160
"""Characters of a paragraph that may be a line of code."""
_WHITE = re.compile(r"\s+")
_WHITE_ALONE = re.compile(r"\s*")
_MARKUP = "#| "
_BETWEEN = re.compile(r"(?:[#|\s]|---)*")
_MOST_LEVELS = 6
"""Levels of headings that Markdown has."""


class _Block(Enum):
    """What was written last."""

    OTHER = 1
    LINE = 2
    """A paragraph that is short enough to be a line of code."""
    CODE = 3


class OfficeWriter:
    """Collects blocks; a gap of line ends is written only between two of them."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self.length = 0
        self.headings: list[Heading] = []
        self.tables: list[Table] = []
        self.ocr: list[OcrSpan] = []
        self._hidden: list[Hidden] = []
        self._before = _Block.OTHER
        self.forced: HiddenReason | None = None
        """Why nothing of what is written is seen, None where it is."""

    def write(self, line: Line, *, gap: int = 2, prefix: str = "", level: int = 0, verbatim: bool = False) -> bool:
        """Writes a block behind `gap` line ends; a `level` makes it a heading. Whether there was any text.

        Blanks at the starts of its lines stay where they indent them, and all of them in what is `verbatim`; such
        lines follow one another without a blank line between.
        """
        indented = not level and not prefix and (verbatim or any(_INDENTED.search(piece) for piece, _ in line))
        text, spans = _laid(with_indentation(line, verbatim=verbatim)) if indented else _joined(line, bool(level))
        if not text.strip():
            return False
        block = _Block.OTHER if level or prefix or len(text) > _LONGEST_CODE or "\n" in text else _Block.LINE
        if block is _Block.LINE and (verbatim or text[0] == " "):
            follows = self._before is _Block.CODE or (text[0] == " " and self._before is _Block.LINE)
            gap, block = 1 if follows else gap, _Block.CODE
        lead = ("#" * min(level, _MOST_LEVELS) + " " if level else "") + prefix
        start = self._put(lead + text, gap)
        self._before = block
        spans = spans if self.forced is None else [Hidden(0, len(text), self.forced)]
        if level:
            self.headings.append(Heading(min(level, _MOST_LEVELS), prefix + text, start, start + len(lead + text)))
        self._hide(spans, start + len(lead))
        return True

    def table(self, rows: Rows[Line], *, headers: int | None = None) -> None:
        """Writes a table, `headers` its rows of names, None to tell by their looks; one of one column is lines.

        Rows above the names that say one thing alone, as titles do, are lines too.
        """
        kept = [row for row in rows if any(_has_text(cell) for cell in row)]
        width = used_columns([[_has_text(cell) for cell in row] for row in kept])
        if len(width) < 2:
            for number, row in enumerate(kept):
                line = [run for column in width for cell in row[column : column + 1] for run in cell]
                self.write(line, gap=1 if number else 2)
            return
        while headers is None and len(width) > 2 and len(kept) > 2 and sum(map(_has_text, kept[0])) == 1:
            self.write([run for cell in kept.pop(0) for run in cell])
        # Where rows of very different lengths would come to little but bars, empty cells at their ends are left out.
        whole = len(width) * len(kept) <= _MOST_CELLS
        even = ([row[at] if at < len(row) else [] for at in width if whole or at < len(row)] for row in kept)
        first = list(islice(even, 3))
        texts = [[plain(cell) for cell in row] for row in first]
        self.grid(chain(first, even), texts, header_rows(texts) if headers is None else min(headers, len(texts)))

    def grid(self, rows: Iterable[list[Line]], first: list[list[str]], headers: int) -> None:
        """Writes a table row by row; `first` are the texts of its first rows, of which `headers` name its columns."""
        begin = 0
        for number, row in enumerate(rows):
            text, spans = _row(row)
            start = self._put(text, 1 if number else 2)
            if self.forced is not None or spans:
                self._hide(spans if self.forced is None else [Hidden(0, len(text), self.forced)], start)
            begin = begin if number else start
            if number + 1 == headers:
                self._put("|" + " --- |" * len(row), 1)
        columns = " | ".join(names_of(first[:headers])) if headers else ""
        self.tables.append(Table(begin, self.length, columns))

    def picture(self, picture: PictureText, reason: HiddenReason | None = None) -> None:
        """Writes what OCR read in a picture, as it is laid out there; `reason` is why nobody sees the picture."""
        start = self._put(picture.text, 2)
        self.tables += [Table(t.start + start, t.end + start, t.columns) for t in picture.tables]
        self.ocr += [OcrSpan(s.start + start, s.end + start, s.confidence, s.box) for s in picture.spans]
        if (unseen := self.forced or reason) is not None:
            self._hide([Hidden(0, len(picture.text), unseen)], start)

    def extend(self, other: OfficeWriter, *, gap: int = 2) -> tuple[int, int]:
        """Writes all of another writer's blocks; where they begin and end."""
        if not other.length:
            return self.length, self.length
        start = self._put("".join(other._parts), gap)
        self.headings += [Heading(h.level, h.title, h.start + start, h.end + start) for h in other.headings]
        self.tables += [Table(t.start + start, t.end + start, t.columns) for t in other.tables]
        self.ocr += [OcrSpan(s.start + start, s.end + start, s.confidence, s.box) for s in other.ocr]
        self._hide(other._hidden, start)
        return start, self.length

    def text(self) -> str:
        """All that was written."""
        return "".join(self._parts)

    def hidden(self, text: str, *, whole_lines: bool) -> tuple[Hidden, ...]:
        """What of the `text` isn't seen; of `whole_lines`, spans that fill lines have Markdown's marks as well."""
        if not whole_lines:
            return tuple(_merged(self._hidden, text, _WHITE_ALONE))
        joined = _merged(self._hidden, text, _BETWEEN)
        return tuple(_merged((_whole_lines(span, text) for span in joined), text, _BETWEEN))

    def _put(self, text: str, gap: int) -> int:
        owed = "\n" * gap if self.length else ""
        if self.length + len(text) > MAX_TEXT:
            raise IngestError(f"holds more than {MAX_TEXT} characters of text: refused")
        self._before = _Block.OTHER
        self._parts.append(owed + text)
        start = self.length + len(owed)
        self.length = start + len(text)
        return start

    def _hide(self, spans: Iterable[Hidden], start: int) -> None:
        self._hidden += [Hidden(span.start + start, span.end + start, span.reason) for span in spans]


def plain(line: Line) -> str:
    """What a line says, on one line."""
    return _joined(line, True)[0]


def _row(row: list[Line]) -> tuple[str, list[Hidden]]:
    """A row between bars, and what is hidden of it."""
    if all(reason is None for cell in row for _, reason in cell):
        texts = (" ".join(clean("".join(text for text, _ in cell)).split()) for cell in row)
        return f"| {' | '.join(map(_escaped, texts))} |", []
    line: Line = [("| ", None)]
    for cell in row:
        line += [(_escaped(text), reason) for text, reason in _fitted(cell)]
        line.append((" | ", None))
    line[-1] = (" |", None)
    return _laid(line)


def with_indentation(line: Line, *, verbatim: bool) -> Line:
    """The pieces with the blanks that indent their lines, and single ones elsewhere unless they are `verbatim`."""
    kept: Line = []
    indent = 0  # -1 behind the start of a line
    for piece, reason in line:
        for part in _LINES.findall(clean(piece)):
            text = part
            if indent >= 0:
                text = part.lstrip(_BLANK)
                indent += len(part[: len(part) - len(text)].expandtabs(_TAB))
                if not text:
                    continue
                kept.append((" " * min(indent, _MOST_INDENT) if indent >= _LEAST_INDENT and text != "\n" else "", None))
            if not verbatim:
                text = _BLANKS.sub(_blank, text)
                text = text.lstrip(_BLANK) if kept and kept[-1][0][-1:].isspace() and indent < 0 else text
            kept.append((text, reason))
            indent = 0 if part.endswith("\n") else -1
    while kept and not kept[-1][0].rstrip():
        kept.pop()
    return [*kept[:-1], (kept[-1][0].rstrip(), kept[-1][1])] if kept else kept


def words(text: str, reason: HiddenReason | None = None) -> Line:
    """A line of one piece."""
    return [(text, reason)]


def _has_text(line: Line) -> bool:
    return any(text and not text.isspace() for text, _ in line)


def _joined(line: Line, one_line: bool) -> tuple[str, list[Hidden]]:
    """The text with single blanks, none at its ends, and what is hidden of it."""
    return _laid(_fitted(line) if one_line else _spaced(line, _BLANKS, _blank))


def _fitted(line: Line) -> Line:
    return _spaced(line, _WHITE, lambda _: " ")


def _spaced(line: Line, blanks: re.Pattern[str], blank: Callable[[re.Match[str]], str]) -> Line:
    """The pieces with single blanks also where they meet, and none at the line's ends."""
    fitted: Line = []
    before = " "
    for piece, reason in line:
        text = blanks.sub(blank, clean(piece))
        if before.isspace():
            text = text.lstrip(" \t" if fitted else None)
        if text:
            fitted.append((text, reason))
            before = text[-1]
    while fitted and not fitted[-1][0].rstrip():
        fitted.pop()
    if fitted:
        fitted[-1] = fitted[-1][0].rstrip(), fitted[-1][1]
    return fitted


def _laid(line: Line) -> tuple[str, list[Hidden]]:
    spans = []
    length = 0
    for text, reason in line:
        inner = text.strip()
        if reason is not None and inner:
            start = length + len(text) - len(text.lstrip())
            spans.append(Hidden(start, start + len(inner), reason))
        length += len(text)
    return "".join(text for text, _ in line), spans


def _blank(match: re.Match[str]) -> str:
    if match.string[match.end() : match.end() + 1] == "\n":
        return ""
    return "\t" if "\t" in match[0] else " "


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


def _whole_lines(span: Hidden, text: str) -> Hidden:
    start, end = span.start, span.end
    while start and text[start - 1] in _MARKUP:
        start -= 1
    while end < len(text) and text[end] in _MARKUP:
        end += 1
    whole = text[start - 1 : start] in ("", "\n") and text[end : end + 1] in ("", "\n")
    return Hidden(start, end, span.reason) if whole else span


def _merged(spans: Iterable[Hidden], text: str, between: re.Pattern[str]) -> Iterator[Hidden]:
    """The spans, those of one reason with nothing but `between` between them as one."""
    last: Hidden | None = None
    for span in spans:
        if last is not None and last.reason is span.reason and between.fullmatch(text, last.end, span.start):
            last = Hidden(last.start, span.end, span.reason)
            continue
        if last is not None:
            yield last
        last = span
    if last is not None:
        yield last
