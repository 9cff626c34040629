"""Says where a text may be cut, and how well: classes of characters, and the level of each boundary."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from enum import IntEnum, IntFlag

import numpy as np
from numpy.typing import NDArray

from passagework.retrieval.words.sentences import LEAD_IN, LINE, PARAGRAPH, SENTENCE, abbreviates

Offsets = NDArray[np.int64]
"""(n,) int64, code points of a document's text."""

Kinds = NDArray[np.uint8]
"""(characters,) uint8, each character's Kind."""


class Level(IntEnum):
    """Says how well a text is cut at a place, from worst to best; headings stand above these, for they open
    sections."""

    MARK = 0  # before a combining mark or beside a joiner: the characters belong together
    INSIDE = 1  # in a word
    WORD = 2  # between words, or between ideographs
    CLAUSE = 3
    NEWLINE = 4  # the end of a line that may go on in the next, or of one that leads in what follows
    SENTENCE = 5
    LINE = 6  # the end of a line that is complete: an item of a list, a row between bars, a sentence
    PARAGRAPH = 7


class Kind(IntFlag):
    """Says what a character is to the pre-tokeniser of BERT and to a reader."""

    SPACE = 1  # white space to BERT
    BLANK = 2  # white space to Python: also the separators U+001C to U+001F, which BERT deletes
    PUNCTUATION = 4  # a word of its own to BERT
    IDEOGRAPH = 8  # likewise
    MARK = 16  # belongs to the character before
    JOINER = 32  # belongs to the characters at both sides
    CLAUSE = 64
    KNOWN = 128


SEPARATE = int(Kind.SPACE | Kind.PUNCTUATION | Kind.IDEOGRAPH)
"""At these BERT's words end."""

_ISOLATED = int(Kind.PUNCTUATION | Kind.IDEOGRAPH)
_KINDS = np.zeros(0x110000, dtype=np.uint8)
"""Filled as characters are met; two threads that meet one write the same value."""

_IDEOGRAPHS = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2A6DF), (0x2A700, 0x2B81F))
"""The ideographs that BERT isolates (tokenization.py of google-research/bert), less what its ports disagree about."""

_CLAUSE_ENDS = ",;:—–)"
_WIDE_CLAUSE_ENDS = "、，；：）"

_NEWLINE = re.compile(r"\n")

_REACH = 64
"""Characters read beyond a block, so that what decides about its last boundary is seen."""


def kinds_of(text: str) -> Kinds:
    """Returns the Kind of each character."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    kinds = _KINDS.take(codes)
    if kinds.size and kinds.min() < Kind.KNOWN:
        for code in np.unique(codes[kinds == 0]):
            _KINDS[code] = _kind(chr(code))
        kinds = _KINDS.take(codes)
    return kinds


def _kind(character: str) -> int:
    category = unicodedata.category(character)
    kind = Kind.KNOWN
    if character in "\t\n\r" or category[0] == "Z":
        kind |= Kind.SPACE
    if character.isspace():
        kind |= Kind.BLANK
    # Unicode 3.2 knows the punctuation that every port of BERT's tokeniser knows, whatever tables it was built with.
    if category[0] in ("PS" if character < "\x80" else "P") and unicodedata.ucd_3_2_0.category(character)[0] in "PS":
        kind |= Kind.PUNCTUATION
    if any(first <= ord(character) <= last for first, last in _IDEOGRAPHS):
        kind |= Kind.IDEOGRAPH
    if category[0] == "M" or "\U0001f3fb" <= character <= "\U0001f3ff":  # skin tones
        kind |= Kind.MARK
    if character == "\u200d":
        kind |= Kind.JOINER
    if character in _CLAUSE_ENDS + _WIDE_CLAUSE_ENDS:
        kind |= Kind.CLAUSE
    if character in _WIDE_CLAUSE_ENDS:
        kind |= Kind.IDEOGRAPH  # needs no space behind it
    return int(kind)


def splits_mark(kinds: Kinds, cut: int) -> bool:
    """Tells whether a cut before character `cut` would part a letter from its marks."""
    return bool(kinds[cut] & (Kind.MARK | Kind.JOINER) or kinds[cut - 1] & Kind.JOINER)


def is_separate(kinds: Kinds, cut: int) -> bool:
    """Tells whether a cut before character `cut` leaves BERT's words whole."""
    return bool((kinds[cut] | kinds[cut - 1]) & SEPARATE)


def long_words(kinds: Kinds, characters: int) -> Iterable[tuple[int, int]]:
    """Returns `[start, end)` of each run of more than `characters` characters that BERT sees as one word."""
    edges = np.concatenate([[-1], np.flatnonzero(kinds & SEPARATE), [len(kinds)]])
    long_runs = np.flatnonzero(np.diff(edges) - 1 > characters)
    return [(int(edges[i]) + 1, int(edges[i + 1])) for i in long_runs]


def whole_words(kinds: Kinds, gaps: Offsets, starts: Offsets) -> NDArray[np.bool_]:
    """Tells of each gap `[gap, start)` between tokens whether it parts two of BERT's words, as offsets into `kinds`."""
    spaces = np.concatenate([[0], np.cumsum(kinds & Kind.SPACE != 0)])
    beside = kinds[np.minimum(starts, len(kinds) - 1)] | kinds[np.maximum(gaps - 1, 0)]
    return np.asarray((spaces[starts] > spaces[gaps]) | (beside & _ISOLATED != 0))


def boundary_levels(text: str, begin: int, end: int, kinds: Kinds, gaps: Offsets, starts: Offsets) -> NDArray[np.int8]:
    """Returns the Level of the boundary before each start, (n,) int8; `kinds` are those of `text[begin:end]`.

    The n-th boundary is the gap between `gaps[n]`, where the token before it ended, and `starts[n]`; both are offsets
    into `text`, within `[begin, end]`.
    """
    spaces = np.concatenate([[0], np.cumsum(kinds & (Kind.SPACE | Kind.BLANK) != 0)])
    before, after = kinds[np.maximum(gaps - begin - 1, 0)], kinds[starts - begin]
    spaced = spaces[starts - begin] > spaces[gaps - begin]
    levels = np.full(len(starts), Level.INSIDE, dtype=np.int8)
    levels[(after & (Kind.MARK | Kind.JOINER) != 0) | (before & Kind.JOINER != 0)] = Level.MARK
    ideographs = ((before | after) & Kind.IDEOGRAPH != 0) & (after & Kind.PUNCTUATION == 0)
    levels[spaced | ideographs] = Level.WORD
    levels[(before & Kind.CLAUSE != 0) & (spaced | (before & Kind.IDEOGRAPH != 0))] = Level.CLAUSE
    span = max(0, begin - _REACH), end + _REACH
    for level, places in (
        (Level.NEWLINE, [m.end() for m in _NEWLINE.finditer(text, *span)]),
        (Level.SENTENCE, [m.end() for m in SENTENCE.finditer(text, *span) if not abbreviates(text, m)]),
        (Level.LINE, [m.end() for m in LINE.finditer(text, *span)]),
        (Level.PARAGRAPH, [m.end() for m in PARAGRAPH.finditer(text, *span)]),
    ):
        index = _behind(places, gaps, starts)
        levels[index] = np.maximum(levels[index], level)
    levels[_behind([m.end() for m in LEAD_IN.finditer(text, *span)], gaps, starts)] = Level.NEWLINE
    return levels


def _behind(places: Sequence[int], gaps: Offsets, starts: Offsets) -> Offsets:
    """Returns the boundaries whose gaps hold a place; a place within a word, such as at a form feed, has none."""
    at = np.array(places, dtype=np.int64)
    index = starts.searchsorted(at)
    at, index = at[index < len(starts)], index[index < len(starts)]
    return index[gaps[index] <= at]
