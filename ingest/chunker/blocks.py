"""Reads a stretch of text as tokens, with the places between them where it may be cut."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from passagework.ingest.chunker.boundaries import (
    SEPARATE,
    Kind,
    Kinds,
    Offsets,
    boundary_levels,
    is_separate,
    kinds_of,
    long_words,
    splits_mark,
    whole_words,
)
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.types import TokenIds
from passagework.retrieval.words.folding import folded, folded_with_origins

PART = 32 << 10
"""Characters tokenised as one string: the tokeniser is quickest at this size, and works at several at once."""

PARTS = 8
"""Strings tokenised in one call; with PART this bounds the memory that a text of any length needs."""

_LOOK_BACK = 4096
"""Characters at the end of a part without white space in which a place between two words is looked for."""

_MARKS = 64
"""Combining marks in a row that are kept with their letter where a part is cut in a word."""


@dataclass(frozen=True, slots=True)
class Block:
    """A text's `[begin:end]` as atoms: the runs of tokens between which it may be cut.

    Atom n starts at `starts[n]` of the text, with a character that is not blank; its tokens are
    `ids[first[n]:core[n]]`, and those up to `first[n + 1]` are white space; `levels[n]` is the Level of the boundary
    before it. The tokens are those of the folded text (`retrieval/folding.py`), the offsets the text's own. For an
    encoder that limits its words, an atom tokenises alone to the same ids, and words of more than `word_chars`
    characters are broken at `breaks`, where the encoder gets a space that the text has not.
    """

    end: int
    ids: TokenIds
    starts: Offsets
    first: Offsets
    core: Offsets
    levels: NDArray[np.int8]
    breaks: Offsets


def read_block(encoder: Encoder, text: str, begin: int, end: int, word_chars: int | None) -> Block:
    """Returns the next block, from `begin` to `end` or as far as PARTS parts go, each character tokenised once."""
    edges = [begin, *_part_ends(text, begin, end)]
    kinds = kinds_of(text[begin : edges[-1]])
    breaks: list[list[int]] = []
    for a, b in pairwise(edges):
        cuts = [] if word_chars is None else _breaks(text, a, kinds[a - begin : b - begin], word_chars)
        breaks.append(cuts)
    ids, starts, ends = _tokenize(encoder, text, edges, breaks)
    joints = np.array([cut for cuts in breaks for cut in cuts], dtype=np.int64)
    return _block(text, begin, edges[-1], kinds, (ids, starts, ends), joints, whole=word_chars is not None)


def with_breaks(text: str, start: int, end: int, cuts: Sequence[int]) -> str:
    """Returns `text[start:end]` with a space at each cut inside it."""
    if not cuts:
        return text[start:end]
    edges = [start, *(cut for cut in cuts if start < cut < end), end]
    return " ".join(text[a:b] for a, b in pairwise(edges))


def _part_ends(text: str, begin: int, end: int) -> Iterator[int]:
    for _ in range(PARTS):
        if begin >= end:
            return
        begin = end if begin + PART >= end else _part_end(text, begin)
        yield begin


def _part_end(text: str, begin: int) -> int:
    """Returns the end of the part from `begin`: before white space, else between words, else between characters."""
    end = begin + PART
    for space in ("\n\n", "\n", " "):
        place = text.rfind(space, begin + PART // 2, end)
        if place >= 0:  # all of the white space goes to the next part, so that its boundary is seen whole
            return begin + (len(text[begin:place].rstrip(" \t\r\n")) or place - begin)
    low = max(begin, end - _LOOK_BACK)
    kinds = kinds_of(text[low : end + 1])
    for place in np.flatnonzero(kinds[:-1] & SEPARATE)[::-1].tolist():
        cut = low + place + (text[low + place] != "[")  # which may open a token such as [SEP]
        if cut > begin and not splits_mark(kinds, cut - low):
            return int(cut)
    return next((cut for cut in range(end, end - _MARKS, -1) if not splits_mark(kinds, cut - low)), end)


def _breaks(text: str, begin: int, kinds: Kinds, word_chars: int) -> list[int]:
    """Returns where the long words of the part that starts at `begin` are broken, in the text's offsets.

    The start of the part is among them where it had to be put inside a word.
    """
    starts = [begin] if begin and not is_separate(kinds_of(text[begin - 1 : begin + 1]), 1) else []
    for start, end in long_words(kinds, word_chars // 4):  # a character decomposes into 4 at most
        word = text[begin + start : begin + end]
        starts += (begin + start + cut for cut in _word_cuts(word, kinds[start:end], word_chars))
    return starts


def _word_cuts(word: str, kinds: Kinds, word_chars: int) -> Iterator[int]:
    """Yields cuts that leave pieces of at most `word_chars` characters, counted as BERT does."""
    if not word.isascii():
        if _length(word) <= word_chars:
            return
        word_chars = max(1, word_chars // max(1, *map(_length, set(word))))
    place = 0
    while (rest := len(word) - place) > word_chars:
        pieces = -(-rest // word_chars)
        step = -(-rest // pieces)
        cut = next((c for c in range(place + step, place, -1) if not splits_mark(kinds, c)), place + step)
        yield cut
        place = cut


def _length(word: str) -> int:
    """Returns a word's characters after folding and decomposition."""
    return len(unicodedata.normalize("NFD", folded(word)))


def _tokenize(
    encoder: Encoder, text: str, edges: Sequence[int], breaks: Sequence[Sequence[int]]
) -> tuple[TokenIds, Offsets, Offsets]:
    """Returns the ids, starts and ends of the parts' tokens, in the text's offsets."""
    spans = [(a, b, cuts) for (a, b), cuts in zip(pairwise(edges), breaks, strict=True)]
    ids, starts, ends = [], [], []
    broken = [with_breaks(text, a, b, cuts) for a, b, cuts in spans]
    foldings = [folded_with_origins(part) for part in broken]
    read = [part if folding is None else folding.text for part, folding in zip(broken, foldings, strict=True)]
    for (a, _, cuts), folding, tokens in zip(spans, foldings, encoder.tokenize(read), strict=True):
        begins, closes = tokens.starts.astype(np.int64), tokens.ends.astype(np.int64)
        if folding is not None:
            begins, closes = folding.original_spans(begins, closes)
        spaces = np.array([cut for cut in cuts if cut > a], dtype=np.int64) - a
        spaces += np.arange(len(spaces))
        ids.append(tokens.ids)
        starts.append(begins + a - np.searchsorted(spaces, begins))
        ends.append(closes + a - np.searchsorted(spaces, closes))
    return np.concatenate(ids), np.concatenate(starts).astype(np.int64), np.concatenate(ends).astype(np.int64)


def _block(
    text: str,
    begin: int,
    end: int,
    kinds: Kinds,
    tokens: tuple[TokenIds, Offsets, Offsets],
    breaks: Offsets,
    *,
    whole: bool,
) -> Block:
    """Returns the block that these tokens make; `whole` keeps BERT's words in one piece."""
    ids, starts, ends = tokens[0], tokens[1] - begin, tokens[2] - begin
    visible = kinds & Kind.BLANK == 0
    ink = np.flatnonzero(visible)
    visible_before = np.concatenate([[0], np.cumsum(visible)])
    inked = visible_before[ends] > visible_before[starts]
    reach = np.maximum.accumulate(np.where(inked, ends, 0))
    gaps = np.concatenate([[0], reach])[: len(ids)]
    # Neither a blank token nor a further one of a character that has several.
    first = np.flatnonzero(inked & (starts >= gaps))
    opens = ink[visible_before[starts[first]]]
    if whole and len(first):
        usable = whole_words(kinds, gaps[first], opens)
        behind = np.searchsorted(opens, breaks - begin)
        usable[behind[behind < len(first)]] = True
        usable[0] = True
        first, opens = first[usable], opens[usable]
    solid = np.maximum.accumulate(np.where(inked | (starts == ends), np.arange(1, len(ids) + 1), 0))
    core = solid[np.append(first, len(ids))[1:] - 1]
    levels = boundary_levels(text, begin, end, kinds, gaps[first] + begin, opens + begin)
    return Block(end, ids, opens + begin, first, core, levels, breaks)
