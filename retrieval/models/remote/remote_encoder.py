"""Encodes by asking a server: texts go out in batches, unit vectors come back."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import numpy as np

from passagework.retrieval.config import MAX_WINDOW, Settings
from passagework.retrieval.errors import ConfigError, EncodingError
from passagework.retrieval.models.batching import unit_rows
from passagework.retrieval.models.encoder import given_texts
from passagework.retrieval.models.encoder_options import EncoderOptions, encoder_notes
from passagework.retrieval.models.facts import ModelFacts, Prompts
from passagework.retrieval.models.recognition import facts_by_last_part
from passagework.retrieval.models.remote.address import EMBEDDINGS, RemoteAddress
from passagework.retrieval.models.remote.client import RemoteClient
from passagework.retrieval.models.remote.embedding_call import EmbeddingCall
from passagework.retrieval.models.remote.token_counts import TokenCounter, token_counter
from passagework.retrieval.models.weights import PROBE_TEXT, REMOTE, Fingerprint
from passagework.retrieval.types import TokenIds, Tokens, Vectors

ASSUMED_WINDOW = 512
"""Tokens that a model is taken to read where nothing is known of it: as many as most that servers offer, or fewer."""


class RemoteEncoder:
    """Asks a server that answers `/embeddings` as OpenAI does; it is safe to share among threads.

    Nothing is sent before the first text has to be encoded, or the dimension has to be known. Its identity is the
    model's name, dimensions and prompts; that the vectors are the same is for the probe of a collection to tell.
    """

    max_word_chars: int | None = None
    unknown_token: int | None = None

    def __init__(self, address: RemoteAddress, options: EncoderOptions, settings: Settings) -> None:
        facts = facts_by_last_part(address.model)
        self.address = address
        self._tokens: TokenCounter = token_counter(address.tokenizer, settings)
        self._call = EmbeddingCall(address, RemoteClient(address, settings), self._tokens)
        self._options, self._facts = options, facts
        self._prompts = options.prompts(Prompts("", ""), facts)
        self.window = options.window or address.window or _known_window(facts)
        if min(self.passage_budget, self.query_budget) < 8:
            raise ConfigError(f"a window of {self.window} tokens leaves no room for text: give at least 16")

    @classmethod
    def load(cls, name: str, options: EncoderOptions, settings: Settings) -> RemoteEncoder:
        """Returns the encoder at an address, without asking it anything.

        Raises ConfigError for an address that makes no sense, ModelUnavailableError where offline is set.
        """
        return cls(RemoteAddress.parse(name, EMBEDDINGS), options, settings)

    @property
    def backend(self) -> str:
        """Returns where it runs."""
        return f"remote {self.address.host}"

    @cached_property
    def fingerprint(self) -> Fingerprint:
        """Returns its identity; asks the server for the probe's vector, for its dimension."""
        dimension = self._options.cut_dimension(self.address.model, self._probe.shape[1])
        return Fingerprint(
            model=self.address.name,
            revision=None,
            weights=f"{self.address.api}:{self.address.model}",
            pooling=f"{REMOTE}, input types" if self.address.input_type else REMOTE,
            query_prompt=self._prompts.query,
            passage_prompt=self._prompts.passage,
            dimension=dimension,
        )

    @cached_property
    def _probe(self) -> Vectors:
        """Returns the probe's vector, of the model's own dimension."""
        return self._call.vectors([self._prompts.passage + PROBE_TEXT], query=False)

    @property
    def dim(self) -> int:
        """Returns the dimensions of a vector."""
        return self.fingerprint.dimension

    @property
    def passage_budget(self) -> int:
        """Returns the tokens of the window that are left to a passage and its context."""
        return self.window - self._overhead(self._prompts.passage)

    @property
    def query_budget(self) -> int:
        """Returns the tokens of the window that are left to a query."""
        return self.window - self._overhead(self._prompts.query)

    @property
    def counts_exactly(self) -> bool:
        """Tells whether tokens are the model's own, and not estimated."""
        return self._tokens.exact

    @property
    def passage_overhead(self) -> int:
        """Returns the tokens that are sent, and paid for, beside those of each passage."""
        return self._overhead(self._prompts.passage)

    @property
    def notes(self) -> tuple[str, ...]:
        """Returns a line on each thing that is good to know of how it is used: prompts, dimensions, token counts."""
        notes = encoder_notes(self.fingerprint, Prompts("", ""), self._probe.shape[1], self._facts)
        if not self.counts_exactly:
            notes += (f"tokens of {self.address.model} are estimated: name its tokenizer to have them counted",)
        if self._options.window is None and self.address.window is None and self._facts is None:
            notes += (f"{self.address.model} is taken to read {self.window} tokens: give --window where it reads more",)
        return notes

    def tokenize(self, texts: Sequence[str]) -> list[Tokens]:
        """Returns each text's tokens, or estimated ones, without prompt and special tokens."""
        return self._tokens.tokenize(texts)

    def encode_tokens(self, token_ids: Sequence[TokenIds]) -> Vectors:  # noqa: ARG002 - the protocol's
        """Raises ConfigError: servers read texts, and the tokens may be estimated; see `encode_whole`."""
        raise ConfigError(f"{self.address.model} at {self.address.host} encodes texts, not tokens")

    def encode_whole(self, texts: Sequence[str]) -> Vectors:
        """Returns the vectors of passages: (n, dim) float32, unit rows; none is cut.

        Raises TextTooLongError for the text that the server does not read whole, EncodingError for an answer that
        can't be used, ModelUnavailableError where there is none.
        """
        return self._encode(texts, query=False)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Returns the vectors of passages: (n, dim) float32, unit rows. A text over the budget is cut to it."""
        texts = given_texts(texts)
        if texts == [PROBE_TEXT]:
            return self._as_used(self._probe)
        return self._encode(self._cut(texts, self.passage_budget), query=False)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Returns the vectors of queries: (n, dim) float32, unit rows. A text over the budget is cut to it."""
        return self._encode(self._cut(given_texts(texts), self.query_budget), query=True)

    def _cut(self, texts: Sequence[str], budget: int) -> list[str]:
        pairs = zip(texts, self.tokenize(texts), strict=True)
        return [text if len(tokens) <= budget else text[: tokens.ends[budget - 1]] for text, tokens in pairs]

    def _encode(self, texts: Sequence[str], *, query: bool) -> Vectors:
        if not texts:
            return np.empty((0, self.dim), dtype=np.float32)
        prompt = self._prompts.query if query else self._prompts.passage
        return self._as_used(self._call.vectors([prompt + text for text in texts], query=query))

    def _as_used(self, vectors: Vectors) -> Vectors:
        """Returns unit rows of the dimensions wanted; raises EncodingError where the server gives other vectors now."""
        expected = self._probe.shape[1]
        if vectors.shape[1] != expected:
            raise EncodingError(f"{self._call.server} gave {vectors.shape[1]} dimensions, and {expected} before")
        return unit_rows(vectors[:, : self.dim], self.address.model)

    def _overhead(self, prompt: str) -> int:
        return self._tokens.special + len(self._tokens.tokenize([prompt])[0])


def _known_window(facts: ModelFacts | None) -> int:
    return ASSUMED_WINDOW if facts is None or facts.window is None else min(facts.window, MAX_WINDOW)
