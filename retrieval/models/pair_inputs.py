"""How a query and a passage become a cross-encoder's input: special tokens or a template around them, and windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from passagework.retrieval.errors import ConfigError, PassageworkError
from passagework.retrieval.types import TokenIds, Tokens

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

OVERLAP = 4
"""One part in so many of a window, at least, repeats the window before, lest an answer be cut in two."""

SLACK = 16
"""Tokens left free where a template joins the texts: words may split otherwise at the joints."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A query, or what one window holds of a passage."""

    text: str
    ids: TokenIds


class Pairing(Protocol):
    """Puts a query and a passage together as a model wants them."""

    query_prefix: str
    overhead: int

    def features(self, query: Piece, passages: Sequence[Piece]) -> dict[str, Any]:
        """Returns the model's input for one batch."""


def pairing_of(model: CrossEncoder) -> Pairing:
    """Returns the model's own way: classifiers get tokens, whatever has a template or generates gets texts."""
    if model[0].transformer_task != "sequence-classification" or "message" in model.modalities:
        return _TemplatePairs(model)
    pad = int(model.tokenizer.pad_token_id or 0)
    return TokenPairs(model.tokenizer.backend_tokenizer, pad=pad, prefix=_prompt(model) or "")


def cut_piece(text: str, tokens: Tokens, start: int, end: int) -> Piece:
    """Returns the part of a text between two of its tokens; if those are all, the text as a whole."""
    if end - start == len(tokens):
        return Piece(text, tokens.ids)
    return Piece(text[tokens.starts[start] : tokens.ends[end - 1]], tokens.ids[start:end])


def windows(length: int, room: int) -> list[tuple[int, int]]:
    """Returns [start, end) of the fewest windows that cover `length` tokens, evenly spread, at most `room` long."""
    if length <= room:
        return [(0, length)]
    spare = length - room
    steps = -(-spare // (room - room // OVERLAP))
    return [(start, start + room) for start in (step * spare // steps for step in range(steps + 1))]


class TokenPairs:
    """Puts query and passage tokens between the special tokens of the tokenizer's pair, as classifiers are trained.

    `pad` fills rows up; `prefix` goes before every query. `features` gives (passages, width) int32 arrays.
    """

    def __init__(self, tokenizer: Any, *, pad: int, prefix: str) -> None:
        tokenizer.no_padding()  # a tokenizer.json may ask for it
        example = tokenizer.encode("a", "b")
        owners = [-1 if owner is None else owner for owner in example.sequence_ids]
        first, second = owners.index(0), owners.index(1)
        after_first, after_second = (len(owners) - owners[::-1].index(owner) for owner in (0, 1))
        special_tokens = (slice(0, first), slice(after_first, second), slice(after_second, None))
        self._ids = [np.array(example.ids[part], dtype=np.int32) for part in special_tokens]
        self._types = [np.array(example.type_ids[part], dtype=np.int32) for part in special_tokens]
        self._owner_types = (example.type_ids[first], example.type_ids[second])
        self._pad = pad
        self.query_prefix = prefix
        self.overhead = sum(len(part) for part in self._ids)

    def features(self, query: Piece, passages: Sequence[Piece]) -> dict[str, Any]:
        """Returns the model's input for one batch."""
        width = max(len(passage.ids) for passage in passages) + len(query.ids) + self.overhead
        ids = np.full((len(passages), width), self._pad, dtype=np.int32)
        types, mask = np.zeros_like(ids), np.zeros_like(ids)
        first, second = (np.full(width, owner_type, dtype=np.int32) for owner_type in self._owner_types)
        for row, passage in enumerate(passages):
            end = self.overhead + len(query.ids) + len(passage.ids)
            ids[row, :end] = _join(self._ids, query.ids, passage.ids)
            types[row, :end] = _join(self._types, first[: len(query.ids)], second[: len(passage.ids)])
            mask[row, :end] = 1
        return {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}


def _join(special_tokens: Sequence[TokenIds], first: TokenIds, second: TokenIds) -> TokenIds:
    before, between, after = special_tokens
    return np.concatenate([before, first, between, second, after])


class _TemplatePairs:
    """Puts query and passage texts together by the model's own template, as generative rerankers want them."""

    query_prefix = ""  # the template places the prompt

    def __init__(self, model: CrossEncoder) -> None:
        self._model = model
        self._limit = int(model.max_seq_length)
        self._prompt = _prompt(model)
        try:
            empty = model.preprocess([("", "")], prompt=self._prompt)
        except Exception as error:
            raise ConfigError(f"its template takes no query and passage: {str(error).splitlines()[0]}") from error
        self.overhead = int(empty["input_ids"].shape[1]) + SLACK

    def features(self, query: Piece, passages: Sequence[Piece]) -> dict[str, Any]:
        """Returns the model's input for one batch, as torch's tensors."""
        features: dict[str, Any] = self._model.preprocess(
            [(query.text, passage.text) for passage in passages], prompt=self._prompt
        )
        if features["input_ids"].shape[1] >= self._limit:  # the tokenizer may have cut it, without a word
            raise PassageworkError(f"a passage would be cut: its template and tokens exceed {self._limit}")
        return features


def _prompt(model: CrossEncoder) -> str | None:
    """Returns what the model wants before every query, if it says so."""
    return (model.prompts or {}).get(model.default_prompt_name) or None
