"""Cuts documents into passages, token-exact, with offsets: at headings, then paragraphs, sentences, words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from passagework.ingest.chunker.cutter import Cutter, Limits, Piece
from passagework.ingest.chunker.outline import Outline, PageMap
from passagework.ingest.chunker.passage_context import ContextBuilder
from passagework.ingest.chunker.token_stream import TokenStream
from passagework.retrieval.config import OVERLAP_TOKENS, PASSAGE_TOKENS
from passagework.retrieval.errors import ConfigError
from passagework.retrieval.models.encoder import Encoder, TextEncoder
from passagework.retrieval.types import Document, Json, Passage, TokenIds, Vectors

LEAST_PASSAGE_TOKENS = 8

_CONTEXT_SHARE = 4
"""The context may take one in so many tokens of the encoder's budget."""


@dataclass(frozen=True, slots=True)
class EncoderInput:
    """What the encoder sees of a passage: the exact string, and its token ids without prompt and special tokens.

    `cut` tells that the passage or its context did not fit the window, and was cut to fit.
    """

    text: str
    token_ids: TokenIds
    cut: bool = False


def encode_inputs(encoder: Encoder, inputs: Sequence[EncoderInput]) -> Vectors:
    """Returns the vectors of passages: (n, dim) float32, unit rows; of their tokens, or of their texts for a server.

    Raises TextTooLongError for a text that a server does not read whole.
    """
    if isinstance(encoder, TextEncoder):
        return encoder.encode_whole([encoder_input.text for encoder_input in inputs])
    return encoder.encode_tokens([encoder_input.token_ids for encoder_input in inputs])


@dataclass(frozen=True, slots=True)
class ChunkSettings:
    """Says how documents are cut: the most tokens of a passage, and those it repeats of the one before.

    `whole` doesn't cut at all: a document is one passage.

    Raises ConfigError where a number is out of range.
    """

    passage_tokens: int = PASSAGE_TOKENS
    overlap_tokens: int = OVERLAP_TOKENS
    whole: bool = False

    def __post_init__(self) -> None:
        if self.passage_tokens < LEAST_PASSAGE_TOKENS:
            raise ConfigError(f"passage_tokens is {self.passage_tokens}: give at least {LEAST_PASSAGE_TOKENS}")
        if not 0 <= 2 * self.overlap_tokens < self.passage_tokens:
            raise ConfigError(
                f"overlap_tokens is {self.overlap_tokens}: give 0 or more, and less than half of the "
                f"{self.passage_tokens} tokens of a passage"
            )

    def to_json(self) -> dict[str, Json]:
        """Returns what a collection records."""
        return {"passage_tokens": self.passage_tokens, "overlap_tokens": self.overlap_tokens, "whole": self.whole}

    @classmethod
    def from_json(cls, record: Mapping[str, Json]) -> ChunkSettings:
        """Returns the settings that gave this JSON; raises ConfigError for anything else."""
        tokens, overlap, whole = (record.get(key) for key in ("passage_tokens", "overlap_tokens", "whole"))
        # type(), not isinstance: a bool is an int to Python
        if type(tokens) is not int or type(overlap) is not int or type(whole) is not bool or len(record) != 3:
            raise ConfigError(f"chunk settings are {dict(record)}: give passage_tokens, overlap_tokens and whole")
        return cls(passage_tokens=tokens, overlap_tokens=overlap, whole=whole)


class Chunker:
    """Cuts documents into passages that fit `encoder`; safe to share among threads where the encoder is."""

    def __init__(self, encoder: Encoder, settings: ChunkSettings) -> None:
        self._encoder = encoder
        self._settings = settings
        budget = encoder.passage_budget
        longest_context = budget // _CONTEXT_SHARE
        passage = budget if settings.whole else min(settings.passage_tokens, budget)
        least = min(passage, budget - longest_context)
        self._limits = Limits(passage, budget, least, overlap=min(settings.overlap_tokens, (least - 1) // 2))
        self._contexts = ContextBuilder(encoder, longest_context)
        words = encoder.max_word_chars
        self._word_chars = None if words is None else min(words, least)  # pieces have no more tokens than characters

    def chunk(self, document: Document) -> Iterator[tuple[Passage, EncoderInput]]:
        """Yields the document's passages in order of start, each with the encoder's input.

        The passages are slices of the text, never blank, without white space at their ends, of at most
        `passage_tokens`; together they hold every character that isn't white space. Memory doesn't grow with the text.
        """
        pages = PageMap(document.pages)
        for ordinal, piece in enumerate(self._pieces(document)):
            end = piece.start + len(piece.text)
            yield (
                Passage(ordinal, piece.start, end, piece.text, piece.headings, pages.touching(piece.start, end)),
                _encoder_input(piece),
            )

    def _pieces(self, document: Document) -> Iterator[Piece]:
        stream = TokenStream(document.text, self._encoder, self._word_chars)
        if stream.begin == stream.end:
            return
        outline = Outline(document)
        any_passage = False
        if not self._settings.whole:
            for piece in Cutter(document.text, stream, outline, self._contexts, self._limits).pieces():
                any_passage = True
                yield piece
        if not any_passage:  # as asked for, or because the encoder skips every character of the text
            yield self._one_piece(document.text, stream, outline)

    def _one_piece(self, text: str, stream: TokenStream, outline: Outline) -> Piece:
        """Yields all of the text as one piece, of which the encoder sees what fits below the title."""
        context = self._contexts.context((outline.searched_title,))
        room = self._limits.budget - len(context.ids)
        stream.load(room + 1)
        count = stream.fitting(room)
        return Piece(
            start=stream.begin,
            text=text[stream.begin : stream.end],
            headings=(),
            context=context,
            encoder_text=stream.as_encoded(stream.begin, stream.offset(count)),
            ids=stream.ids(0, count),
            cut=count < len(stream),
        )


def _encoder_input(piece: Piece) -> EncoderInput:
    context = piece.context
    cut = context.cut or piece.cut
    if context.text == piece.encoder_text:  # a record that is all title: said once
        return EncoderInput(piece.encoder_text, piece.ids, cut=cut)
    text = f"{context.text}\n{piece.encoder_text}" if context.text else piece.encoder_text
    return EncoderInput(text, np.concatenate([context.ids, piece.ids]), cut=cut)
