"""Reads a text's tokens on as far as they are needed, and forgets them behind."""

from __future__ import annotations

import re

import numpy as np

from passagework.ingest.chunker.blocks import Block, read_block, with_breaks
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.types import TokenIds
from passagework.retrieval.words.folding import folded

_INK = re.compile(r"\S")
_STEP = 1 << 16


class TokenStream:
    """A window on the atoms of a text (see Block), from its first character that is not blank to its last.

    Atoms are numbered from the front of the window. Memory is that of a block or two, however long the text.
    """

    def __init__(self, text: str, encoder: Encoder, word_chars: int | None) -> None:
        self._text = text
        self._encoder = encoder
        self._word_chars = word_chars
        ink = _INK.search(text)
        self.end = _inked_end(text)
        self._begin = ink.start() if ink else self.end
        none = np.empty(0, dtype=np.int64)
        self._loaded = self._begin
        self._ids: TokenIds = np.empty(0, dtype=np.int32)
        self._breaks = none
        self.starts, self.first, self.core = none, none, none
        self.levels = np.empty(0, dtype=np.int8)

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def begin(self) -> int:
        """Returns the text's first character that is not blank."""
        return self._begin

    @property
    def exhausted(self) -> bool:
        """Tells whether the window reaches the end of the text."""
        return self._loaded >= self.end

    def load(self, tokens: int) -> None:
        """Reads on until the window holds at least so many tokens, or reaches the end of the text."""
        while not self.exhausted and (not len(self) or self.core[-1] - self.first[0] < tokens):
            self._append(read_block(self._encoder, self._text, self._loaded, self.end, self._word_chars))

    def drop(self, atoms: int) -> None:
        """Forgets so many atoms at the front."""
        self.starts, self.first = self.starts[atoms:], self.first[atoms:]
        self.core, self.levels = self.core[atoms:], self.levels[atoms:]

    def offset(self, atom: int) -> int:
        """Returns where an atom starts; behind the last, the end of the text."""
        return int(self.starts[atom]) if atom < len(self) else self.end

    def fitting(self, room: int) -> int:
        """Returns how many atoms from the front have no more than `room` tokens together."""
        return int(self.core.searchsorted(self.first[0] + room, side="right")) if len(self) else 0

    def size(self, start: int, end: int) -> int:
        """Returns the number of tokens of the atoms `[start, end)`, less the blank ones behind the last."""
        return int(self.core[end - 1] - self.first[start])

    def ids(self, start: int, end: int) -> TokenIds:
        """Returns the ids of those tokens, as a copy."""
        span = slice(self.first[start], self.core[end - 1]) if start < end else slice(0)
        return np.array(self._ids[span], dtype=np.int32)

    def as_encoded(self, start: int, end: int) -> str:
        """Returns `text[start:end]` as the encoder gets it: folded, stripped, a space at each break of a long word."""
        low, high = self._breaks.searchsorted((start, end))
        return folded(with_breaks(self._text, start, end, self._breaks[low:high].tolist())).strip()

    def _append(self, block: Block) -> None:
        starts, first_kept = block.starts, 0
        if len(self):
            first_kept = int(self.first[0])
            self._breaks = self._breaks[self._breaks.searchsorted(self.starts[0]) :]
        elif len(starts):  # characters without tokens at the text's start belong to its first atom
            self._ids = self._ids[:0]
            starts = np.concatenate([[self._begin], starts[1:]])
        shift = len(self._ids) - first_kept
        self._ids = np.concatenate([self._ids[first_kept:], block.ids])
        self.starts = np.concatenate([self.starts, starts])
        self.first = np.concatenate([self.first - first_kept, block.first + shift])
        self.core = np.concatenate([self.core - first_kept, block.core + shift])
        self.levels = np.concatenate([self.levels, block.levels])
        self._breaks = np.concatenate([self._breaks, block.breaks])
        self._loaded = block.end


def _inked_end(text: str) -> int:
    """Returns the length of the text without its trailing white space, found without a copy of the text."""
    end = len(text)
    while end:
        tail = text[max(0, end - _STEP) : end]
        inked = len(tail.rstrip())
        if inked:
            return end - len(tail) + inked
        end -= len(tail)
    return 0
