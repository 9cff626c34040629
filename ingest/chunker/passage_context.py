"""Builds what the encoder is told about a passage besides its text: the title and the headings above it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from passagework.ingest.chunker.token_stream import TokenStream
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.types import TokenIds

SEPARATOR = " > "

_REMEMBERED = 4096
"""Titles and headings whose tokens are kept: those of a long book, in under 10 MB."""

_CHARS_PER_TOKEN = 128
"""Characters read of a part for each token of room: more than the longest word has, which may be one token."""


@dataclass(frozen=True, slots=True)
class PassageContext:
    """The context as the encoder gets it, with its tokens; `cut` tells that not all of it had room."""

    text: str
    ids: TokenIds
    cut: bool


class ContextBuilder:
    """Builds contexts of at most `room` tokens: `title > heading > heading`, each distinct part tokenised once."""

    def __init__(self, encoder: Encoder, room: int) -> None:
        self._encoder = encoder
        self._room = room
        self._separator = encoder.tokenize([SEPARATOR])[0].ids
        self._tokens = lru_cache(_REMEMBERED)(self._tokenized)
        self._context = lru_cache(_REMEMBERED)(self._joined)

    def context(self, parts: Sequence[str]) -> PassageContext:
        """Returns the context of a passage from its title and headings, outermost first, each on one line.

        Where not all has room, the innermost part goes first, then the outermost (the title), then the others from
        the innermost outwards; the first of them that doesn't fit is cut at a word, and the rest is left out.
        """
        return self._context(tuple(part for part in parts if part))

    def _joined(self, parts: tuple[str, ...]) -> PassageContext:
        last = len(parts) - 1
        contexts: dict[int, PassageContext] = {}
        room, cut = self._room, False
        for index in dict.fromkeys([last, 0, *range(last, 0, -1)] if parts else ()):
            part = self._fitted(parts[index], room - (len(self._separator) if contexts else 0))
            cut = part.cut
            if len(part.ids):
                room -= len(part.ids) + (len(self._separator) if contexts else 0)
                contexts[index] = part
            if cut:
                break
        ids: list[TokenIds] = []
        for index in sorted(contexts):
            ids += ([self._separator] if ids else []) + [contexts[index].ids]
        text = SEPARATOR.join(contexts[index].text for index in sorted(contexts))
        return PassageContext(text, np.concatenate(ids) if ids else np.empty(0, dtype=np.int32), cut)

    def _fitted(self, part: str, room: int) -> PassageContext:
        stream = self._tokens(part)
        count = stream.fitting(room)
        end = stream.offset(count)
        return PassageContext(
            text=stream.as_encoded(stream.begin, end) if count else "",
            ids=stream.ids(0, count),
            cut=count < len(stream) or stream.end < len(part),
        )

    def _tokenized(self, part: str) -> TokenStream:
        stream = TokenStream(part[: self._room * _CHARS_PER_TOKEN], self._encoder, self._encoder.max_word_chars)
        stream.load(self._room + 1)
        return stream
