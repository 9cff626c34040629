"""The protocols of encoders: text becomes unit vectors, and for some also vectors of its tokens."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeGuard, runtime_checkable

from passagework.retrieval.errors import ConfigError
from passagework.retrieval.models.weights import Fingerprint
from passagework.retrieval.types import TokenIds, Tokens, Vectors


class Encoder(Protocol):
    """Turns text into unit vectors within a window of tokens; queries and passages are encoded by different methods."""

    @property
    def fingerprint(self) -> Fingerprint:
        """Returns what makes its vectors those of no other encoder."""

    @property
    def backend(self) -> str:
        """Returns what runs it and at what precision, such as `torch cpu bf16`; this is no part of its identity."""

    @property
    def dim(self) -> int:
        """Returns the dimensions of a vector."""

    @property
    def window(self) -> int:
        """Returns the tokens that it reads at once, prompt and special tokens included."""

    @property
    def passage_budget(self) -> int:
        """Returns the tokens of the window that are left to a passage and its context."""

    @property
    def query_budget(self) -> int:
        """Returns the tokens of the window that are left to a query."""

    @property
    def max_word_chars(self) -> int | None:
        """Returns the characters beyond which an unbroken word becomes one unknown token; None is no limit."""

    @property
    def unknown_token(self) -> int | None:
        """Returns the id that stands for what it knows nothing of; None where everything has tokens of its own."""

    def tokenize(self, texts: Sequence[str]) -> list[Tokens]:
        """Returns each text's tokens, uncut, without prompt and special tokens."""

    def encode_tokens(self, token_ids: Sequence[TokenIds]) -> Vectors:
        """Returns the vectors of passages given as token ids: (n, dim) float32, unit rows.

        Raises ConfigError for a passage over the budget.
        """

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Returns the vectors of passages: (n, dim) float32, unit rows. A text over the budget is cut to it."""

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Returns the vectors of queries: (n, dim) float32, unit rows. A text over the budget is cut to it."""


@runtime_checkable
class TokenEncoder(Encoder, Protocol):
    """An encoder that shows the vectors of tokens as well as those of texts."""

    @property
    def has_token_vectors(self) -> bool:
        """Tells whether its model gives vectors of tokens: some give a text's vector alone."""

    def tokenize_whole(self, texts: Sequence[str], *, query: bool = False) -> list[Tokens]:
        """Tokenizes texts that follow the prompt, whose last space may belong to their first word."""

    def encode_token_vectors(self, token_ids: Sequence[TokenIds], *, query: bool = False) -> list[Vectors]:
        """Returns (n, hidden) float32 for each text, a unit row a token; they don't depend on the other texts."""


@runtime_checkable
class TextEncoder(Encoder, Protocol):
    """An encoder that reads texts alone, and has tokens only to count them: a server's."""

    def encode_whole(self, texts: Sequence[str]) -> Vectors:
        """Returns the vectors of passages: (n, dim) float32, unit rows; raises TextTooLongError and cuts none."""


@runtime_checkable
class NotedEncoder(Protocol):
    """An encoder that has something to say of how it is used."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Returns a line on each thing that is good to know: prompts, dimensions."""


def notes_of(encoder: Encoder) -> tuple[str, ...]:
    """Returns a line on each thing that is good to know of how an encoder is used."""
    return encoder.notes if isinstance(encoder, NotedEncoder) else ()


@runtime_checkable
class TwofoldEncoder(TokenEncoder, Protocol):
    """An encoder that gives the vectors of texts and of their tokens of one pass through the model."""

    def encode_tokens_twofold(self, token_ids: Sequence[TokenIds], take: Callable[[int, Vectors], None]) -> Vectors:
        """Returns what `encode_tokens` does, and gives `take` each passage's place and token vectors, in any order."""


def gives_token_vectors(encoder: Encoder) -> TypeGuard[TokenEncoder]:
    """Tells whether an encoder gives vectors of tokens; the model is asked, which takes a moment."""
    return isinstance(encoder, TokenEncoder) and encoder.has_token_vectors


def tokens_as_read(encoder: Encoder, text: str) -> int:
    """Returns the tokens of a text whose long words are broken, as the chunker breaks them for the encoder.

    Unbroken, one of more characters than the tokeniser takes would be a single unknown token, however long it is. What
    it knows nothing of, such as a line of Thai or of emoji, counts a token a character.
    """
    most = encoder.max_word_chars
    broken = text if most is None else re.sub(rf"\w{{{most}}}(?=\w)", r"\g<0> ", text)
    tokens = encoder.tokenize([broken])[0]
    unknown = tokens.ids == encoder.unknown_token
    return len(tokens) + int((tokens.ends - tokens.starts - 1)[unknown].clip(0).sum())


def given_texts(texts: Iterable[str]) -> list[str]:
    """Returns texts to encode as a list.

    Raises ConfigError for one text, whose letters would each get a vector, and for what is no text.
    """
    if isinstance(texts, str | bytes) or not isinstance(texts, Iterable):
        raise ConfigError(f"give a list of texts, not {type(texts).__name__}")
    listed = list(texts)
    for number, text in enumerate(listed, start=1):
        if not isinstance(text, str):
            raise ConfigError(f"text {number} is {type(text).__name__}: give text")
    return listed
