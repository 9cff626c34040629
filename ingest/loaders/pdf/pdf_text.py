"""Page text from pdfium, normalised once, with the map from its characters to the glyphs drawn on the page.

pdfium isn't thread-safe: call this from one thread of a process at a time.
"""

from __future__ import annotations

import ctypes
import math
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import TypeAlias

import numpy as np
import pypdfium2.raw as pdfium
from numpy.typing import NDArray
from pypdfium2 import PdfiumError, PdfTextPage

Glyphs: TypeAlias = NDArray[np.int32]
Edit: TypeAlias = tuple[int, int, str]
"""Put the string in place of `[start, end)`."""

NO_GLYPH = -1
"""In a map to glyphs: nothing on the page shows this character."""

_HYPHEN = "\x02"
"""Stands for a hyphen that pdfium saw at a line's end, until `join_hyphens` has seen the whole document."""

_PARAGRAPH_GAP = 1.4
"""A step between lines this many times the page's usual one starts a paragraph; set by eye on reports and papers."""

_REACH = 64
"""How far to look for the two halves of a hyphenated word, in characters."""

_BLANK = " \t\xa0\r\n"
_LINE = re.compile(r"[^\r\n]+")
_BREAK = re.compile(rf"(?<![{_BLANK}])[{_BLANK}]*[\r\n][{_BLANK}]*")
_UNWANTED = re.compile(  # controls, soft hyphens, separators, byte order marks, noncharacters, lone surrogates
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u2028\u2029\ufeff\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]"
)
_LONE_CHARACTER = re.compile(rf" (?=[^{_BLANK}](?:[{_BLANK}]|$))")
_WORD = r"[^\W_]"
_COMPOUND = re.compile(rf"{_WORD}+(?:[-{_HYPHEN}]{_WORD}+)*")


@dataclass(frozen=True, slots=True)
class PageText:
    """A page's text, and for each of its code points the pdfium character that shows it: (len(text),) int32.

    NO_GLYPH marks what was put in (line breaks), and everything on a page that pdfium did not read.
    """

    text: str
    glyphs: Glyphs


@dataclass(frozen=True, slots=True)
class _Line:
    """A line that begins at the text's offset `start`: the origins of its first and last glyph in points.

    `angle` is the text's own, in radians, clockwise.
    """

    start: int
    first: tuple[float, float]
    last: tuple[float, float]
    angle: float


def page_text(page: PdfTextPage) -> PageText:
    """One page's text in pdfium's order, a blank line before each paragraph; the same for the same file.

    Hyphens at line ends stay marked until `join_hyphens`. Raises PdfiumError.
    """
    read = _characters(page)
    read = _rewrite(read, _false_spaces(page, read))
    read = _rewrite(read, _unwanted(read.text, page, read.glyphs))
    return _rewrite(read, _breaks(read.text, _paragraphs(_lines(page, read))))


def plain_page(text: str) -> PageText:
    """Text that another parser read, normalised alike; no character has a glyph."""
    read = PageText(text, np.full(len(text), NO_GLYPH, dtype=np.int32))
    read = _rewrite(read, _unwanted(text))
    return _rewrite(read, _breaks(read.text, ()))


def join_hyphens(pages: Sequence[PageText]) -> list[PageText]:
    """The pages with the words that line ends cut made whole: `infor-` `mation`, while `non-` `GAAP` stays hyphenated.

    The document decides: by how it spells the word elsewhere, else by whether it knows both halves as words.
    """
    if not any(_HYPHEN in page.text for page in pages):
        return list(pages)
    words: set[str] = set()
    compounds: set[tuple[str, str]] = set()
    for token in {token for page in pages for token in _COMPOUND.findall(page.text.lower())}:
        parts = token.split("-")
        words.update(part for part in parts if _HYPHEN not in part)
        compounds.update(pair for pair in pairwise(parts) if _HYPHEN not in "".join(pair))
    return [_rewrite(page, _hyphens(page.text, words, compounds)) for page in pages]


def settled_as(page: PageText, text: str) -> PageText | None:
    """The page as `join_hyphens` left it, told by the `text` that it left; None where that is another text.

    So one page can be read again without the document that decided about its hyphens.
    """
    edits: list[Edit] = []
    at = done = 0
    for hyphen in [match.start() for match in re.finditer(_HYPHEN, page.text)]:
        piece = page.text[done:hyphen]
        following = page.text[hyphen + 1 : hyphen + 1 + _REACH].partition(_HYPHEN)[0]
        if not text.startswith(piece, at):
            return None
        at += len(piece)
        stays = text.startswith(f"-{following}", at)
        edits.append((hyphen, hyphen + 1, "-" if stays else ""))
        at += stays
        done = hyphen + 1
    return _rewrite(page, edits) if text[at:] == page.text[done:] else None


def _characters(page: PdfTextPage) -> PageText:
    """What pdfium holds, lone surrogates included: its UTF-16 code units put together to code points."""
    count = pdfium.FPDFText_CountChars(page)
    if count < 0:
        raise PdfiumError("the page's characters can't be counted")
    buffer = (ctypes.c_ushort * (2 * count + 1))()
    units = max(0, pdfium.FPDFText_GetText(page, 0, count, buffer) - 1) if count else 0
    text = bytes(memoryview(buffer)[:units]).decode("utf-16-le", "surrogatepass")
    if units == count:
        glyphs = np.arange(units, dtype=np.int32)
    else:  # some characters have no place in the text, controls for example
        index = pdfium.FPDFText_GetCharIndexFromTextIndex
        glyphs = np.fromiter((index(page, unit) for unit in range(units)), dtype=np.int32, count=units)
    if len(text) != units:
        points = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        widths = np.where(points > 0xFFFF, 2, 1)
        glyphs = glyphs[np.cumsum(widths) - widths]
    return PageText(text, glyphs)


def _rewrite(page: PageText, edits: Iterable[Edit]) -> PageText:
    """The page with the edits made, which are in order and apart; white space put in has no glyph."""
    texts: list[str] = []
    maps: list[Glyphs] = []
    done = 0
    for start, end, new in edits:
        texts += page.text[done:start], new
        glyph = NO_GLYPH if new.isspace() else page.glyphs[start]
        maps += page.glyphs[done:start], np.full(len(new), glyph, dtype=np.int32)
        done = end
    if not done:
        return page
    return PageText("".join([*texts, page.text[done:]]), np.concatenate([*maps, page.glyphs[done:]]))


def _unwanted(text: str, page: PdfTextPage | None = None, glyphs: Glyphs | None = None) -> Iterator[Edit]:
    """Edits that drop or replace what isn't text. Where the page is given, its line-end hyphens are marked."""
    for match in _UNWANTED.finditer(text):
        character, at = match[0], match.start()
        if character == "\xad":
            new = "-"  # a glyph was drawn for it, so it isn't invisible
        elif character in "\u2028\u2029":
            new = "\n"
        elif character == "\ufffe" and page and glyphs is not None:
            # pdfium's text has U+FFFE for a hyphen at a line's end, and for a glyph of unknown meaning
            new = _HYPHEN if pdfium.FPDFText_IsHyphen(page, int(glyphs[at])) == 1 else "\ufffd"
        elif character == "\0" or character > "\ud7ff":
            new = "" if character == "\ufeff" else "\ufffd"
        else:
            new = ""
        yield at, at + 1, new


def _breaks(text: str, paragraphs: Collection[int]) -> Iterator[Edit]:
    """Edits that leave one break between lines, two before the `paragraphs`, no blanks around, and none at the ends."""
    first, last = len(text) - len(text.lstrip(_BLANK)), len(text.rstrip(_BLANK))
    if first:
        yield 0, first, ""
    for match in _BREAK.finditer(text, first, last):
        blank_line = max(match[0].count("\n"), match[0].count("\r")) > 1
        yield match.start(), match.end(), "\n\n" if blank_line or match.end() in paragraphs else "\n"
    if first <= last < len(text):
        yield last, len(text), ""


def _lines(page: PdfTextPage, read: PageText) -> Iterator[_Line]:
    """Where each line stands: three calls to pdfium a line; a call a glyph would cost as much as reading the text."""
    x, y = ctypes.c_double(), ctypes.c_double()

    def origin(at: int) -> tuple[float, float]:
        pdfium.FPDFText_GetCharOrigin(page, int(read.glyphs[at]), x, y)
        return x.value, y.value

    for match in _LINE.finditer(read.text):
        line = match[0]
        first = match.start() + len(line) - len(line.lstrip(_BLANK))
        last = match.start() + len(line.rstrip(_BLANK)) - 1
        if first <= last:
            angle = pdfium.FPDFText_GetCharAngle(page, int(read.glyphs[first]))
            yield _Line(first, origin(first), origin(last), angle)


def _paragraphs(lines: Iterable[_Line]) -> set[int]:
    """The offsets of the lines that stand further below the line before than is usual on the page."""
    steps = [(line.start, _step(before, line)) for before, line in pairwise(lines)]
    down = [step for _, step in steps if step > 0]
    if not down:
        return set()
    usual = median(down)
    return {start for start, step in steps if step > _PARAGRAPH_GAP * usual}


def _step(before: _Line, line: _Line) -> float:
    """How far a line stands below the one before, in points along the text's own down; 0 where their angles differ."""
    if abs(before.angle - line.angle) > 0.01:
        return 0.0
    right, up = math.sin(line.angle), math.cos(line.angle)
    # Both ends of the line before: words joined over a hyphen reach further down, superscripts further up.
    return min((x - line.first[0]) * right + (y - line.first[1]) * up for x, y in (before.first, before.last))


def _false_spaces(page: PdfTextPage, read: PageText) -> Iterator[Edit]:
    """Edits that drop the spaces which pdfium sees inside the words of letterspaced OCR: `Vist a Driv e`.

    Such scans place each word's last character by itself. Only a page where nearly every space that pdfium made up
    stands before a lone character and a real space is taken for one.
    """
    lone = [match.start() for match in _LONE_CHARACTER.finditer(read.text)]
    spaces = [match.start() for match in re.finditer(" ", read.text)] if lone else []
    if len(lone) < 20 or len(lone) < 0.2 * len(spaces):
        return
    made_up = {at for at in spaces if pdfium.FPDFText_IsGenerated(page, int(read.glyphs[at])) == 1}
    inside = [at for at in lone if at in made_up and at + 2 not in made_up]
    before_space = sum(read.text[at + 2 : at + 3] == " " for at in inside)
    if len(inside) >= 0.9 * len(made_up) and before_space >= 0.5 * len(inside):
        yield from ((at, at + 1, "") for at in inside)


def _hyphens(text: str, words: Collection[str], compounds: Collection[tuple[str, str]]) -> Iterator[Edit]:
    """Edits that settle each marked hyphen: nothing or `-`."""
    at = text.find(_HYPHEN)
    while at >= 0:
        before = re.search(rf"{_WORD}*\Z", text[max(0, at - _REACH) : at])
        after = re.match(rf"{_WORD}*", text[at + 1 : at + 1 + _REACH])
        left, right = before[0] if before else "", after[0] if after else ""
        yield at, at + 1, "-" if _stays(left, right, words, compounds) else ""
        at = text.find(_HYPHEN, at + 1)


def _stays(left: str, right: str, words: Collection[str], compounds: Collection[tuple[str, str]]) -> bool:
    """Whether a hyphen at a line's end belongs to the word."""
    a, b = left.lower(), right.lower()
    if (a, b) in compounds or not a or not b:
        return True
    if a + b in words:
        return False
    return not (left[-1].islower() and right[0].islower()) or (a in words and b in words)
