"""Turns text into vectors: a bi-encoder, which a backend runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np

from passagework.retrieval.array_cache import ArrayCache
from passagework.retrieval.config import DEFAULT_ENCODER, Settings
from passagework.retrieval.errors import ConfigError
from passagework.retrieval.forks import in_use
from passagework.retrieval.models.backends import Backend, encoder_backend
from passagework.retrieval.models.batch_encoder import BatchEncoder
from passagework.retrieval.models.batching import (
    given_token_vectors,
    token_arrays,
)
from passagework.retrieval.models.encoder import given_texts
from passagework.retrieval.models.encoder_options import EncoderOptions, encoder_notes
from passagework.retrieval.models.facts import Prompts
from passagework.retrieval.models.prompt_tokens import PromptTokens, check_budget
from passagework.retrieval.models.recognition import facts_of
from passagework.retrieval.models.waiting_queries import MOST, EncodedQuery, WaitingQueries
from passagework.retrieval.models.weights import Fingerprint, ResolvedModel, resolve_model
from passagework.retrieval.types import TokenIds, Tokens, Vectors

QUERY_BYTES = 4 << 20
"""Bytes of the token vectors of the last queries: a search asks for them after the query's own vector."""

REMEMBERED = 64
"""Queries of one call whose token vectors are kept for that: of so many all fit."""

TOKENISED_AT_ONCE = 4096
"""Texts for a GPU, in one go: a dozen batches of passages."""


class BiEncoder:
    """Runs a sentence-transformers model on the best device and backend at hand; it is safe to share among threads."""

    def __init__(self, backend: Backend, resolved: ResolvedModel, options: EncoderOptions | None = None) -> None:
        encoder_config, options = backend.encoder_config, options or EncoderOptions()
        facts = facts_of(resolved.name, resolved.path)
        in_files = Prompts(encoder_config.query_prompt, encoder_config.passage_prompt)
        prompts = options.prompts(in_files, facts)
        dimension = options.cut_dimension(resolved.name, encoder_config.dimension)
        self._backend = backend
        self._query_tokens: ArrayCache[Vectors] = ArrayCache(QUERY_BYTES)
        if options.window is not None and not 16 <= options.window <= encoder_config.positions:
            raise ConfigError(
                f"window is {options.window}: {resolved.name} takes 16 to {encoder_config.positions} tokens"
            )
        self._window = options.window or encoder_config.window
        self._tokenizer: Any = encoder_config.tokenizer
        self._tokenizer.no_truncation()  # the file says to cut at 128 and to pad: neither may happen in silence
        self._tokenizer.no_padding()
        self._max_word_chars = getattr(self._tokenizer.model, "max_input_chars_per_word", None)
        self._passage_prompt = PromptTokens.of(self._tokenizer, prompts.passage)
        self._query_prompt = PromptTokens.of(self._tokenizer, prompts.query)
        if min(self.passage_budget, self.query_budget) < 8:
            raise ConfigError(f"a window of {self._window} tokens leaves no room for text: give at least 16")
        self._fingerprint = Fingerprint(
            model=resolved.name,
            revision=resolved.revision,
            weights=resolved.weights,
            pooling=encoder_config.pooling,
            query_prompt=prompts.query,
            passage_prompt=prompts.passage,
            dimension=dimension,
        )
        self._batches = BatchEncoder(backend, model=resolved.name, window=self._window, dim=dimension)
        self._queries = WaitingQueries(
            partial(_encode_queries, self._batches, self._query_prompt, self._query_tokens),  # no cycle: freed at once
            width=partial(self._batches.query_width, prompt=self._query_prompt),
            most=MOST if backend.shape.rows_apart else 1,
        )
        self._notes = encoder_notes(self._fingerprint, in_files, encoder_config.dimension, facts)

    @classmethod
    def load(
        cls,
        model: str | Path | None = None,
        *,
        window: int | None = None,
        dimensions: int | None = None,
        query_prompt: str | None = None,
        passage_prompt: str | None = None,
        settings: Settings | None = None,
    ) -> BiEncoder:
        """Loads the model named, or the default one, ready to encode.

        `model` is a folder or a hub name; `window` raises or lowers the model's own, in tokens. Vectors are cut to
        their first `dimensions` (default: all), and normalised again. `query_prompt` and `passage_prompt` go before
        every text (default: what the model's files say, else what it is known to need; `""` is none).
        Raises ModelUnavailableError where weights are missing or refused, ConfigError for an impossible window, or more
        dimensions than the model has.
        """
        settings = settings or Settings.from_environment()
        resolved = resolve_model(str(model or settings.encoder or DEFAULT_ENCODER), settings)
        return bi_encoder(resolved, EncoderOptions(window, dimensions, query_prompt, passage_prompt), settings)

    @property
    def fingerprint(self) -> Fingerprint:
        """Returns what makes its vectors those of no other encoder."""
        return self._fingerprint

    @property
    def backend(self) -> str:
        """Returns what runs it and at what precision, such as `torch cpu bf16`."""
        return self._backend.name

    @property
    def notes(self) -> tuple[str, ...]:
        """Returns a line on each thing that is good to know of how it is used: prompts, dimensions."""
        return self._notes

    @property
    def dim(self) -> int:
        """Returns the dimensions of a vector."""
        return self._fingerprint.dimension

    @property
    def window(self) -> int:
        """Returns the tokens that it reads at once, prompt and special tokens included."""
        return self._window

    @property
    def passage_budget(self) -> int:
        """Returns the tokens of the window that are left to a passage and its context."""
        return self._window - len(self._passage_prompt)

    @property
    def query_budget(self) -> int:
        """Returns the tokens of the window that are left to a query."""
        return self._window - len(self._query_prompt)

    @property
    def max_word_chars(self) -> int | None:
        """Returns the characters beyond which an unbroken word becomes one unknown token; None is no limit."""
        return self._max_word_chars

    @property
    def unknown_token(self) -> int | None:
        """Returns the id that stands for what it knows nothing of; None where everything has tokens of its own."""
        token = getattr(self._tokenizer.model, "unk_token", None)
        return None if token is None else self._tokenizer.token_to_id(token)

    @cached_property
    def has_token_vectors(self) -> bool:
        """Tells whether the model gives vectors of tokens beside that of the text: some, such as CLIP's, don't."""
        return self._batches.gives_token_vectors(self.tokenize(["a"])[0].ids, self._passage_prompt)

    def tokenize(self, texts: Sequence[str]) -> list[Tokens]:
        """Returns each text's tokens, uncut, without prompt and special tokens."""
        with in_use(self._fingerprint.model):
            encodings = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [token_arrays(encoding) for encoding in encodings]

    def encode_tokens(self, token_ids: Sequence[TokenIds]) -> Vectors:
        """Returns the vectors of passages given as token ids: (n, dim) float32, unit rows.

        Raises ConfigError for a passage over the budget.
        """
        check_budget(token_ids, self.passage_budget)
        return self._batches.text_vectors(token_ids, self._passage_prompt)

    def encode_tokens_twofold(self, token_ids: Sequence[TokenIds], take: Callable[[int, Vectors], None]) -> Vectors:
        """Returns what `encode_tokens` does, to the last bit; `take` gets each passage's token vectors of that pass."""
        check_budget(token_ids, self.passage_budget)
        return self._batches.text_vectors(token_ids, self._passage_prompt, take)

    def tokenize_whole(self, texts: Sequence[str], *, query: bool = False) -> list[Tokens]:
        """Returns the tokens of texts that follow the prompt, whose last space may belong to their first word."""
        prompt = self._query_prompt if query else self._passage_prompt
        return [prompt.without_lead(tokens) for tokens in self.tokenize([f"{prompt.lead}{text}" for text in texts])]

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Returns the vectors of passages: (n, dim) float32, unit rows. A text over the budget is cut to it."""
        return self._encode_texts(given_texts(texts), query=False)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """Returns the vectors of queries: (n, dim) float32, unit rows. A text over the budget is cut to it.

        A query's vector doesn't depend on what is encoded beside it.
        """
        texts = given_texts(texts)
        if not 0 < len(texts) <= REMEMBERED:
            return self._encode_texts(texts, query=True)
        ids = [tokens.ids[: self.query_budget] for tokens in self.tokenize_whole(texts, query=True)]
        return np.concatenate([vector for vector, _ in self._queries.encode_all(ids)])

    def encode_token_vectors(self, token_ids: Sequence[TokenIds], *, query: bool = False) -> list[Vectors]:
        """Returns an (n, hidden) float32 matrix for each text: a unit row (or 0) for each of its n tokens, no others.

        A text's vectors don't depend on what is encoded beside it; those of a query may be of its `encode_queries`.
        Raises ConfigError for a text over the budget, or where the model gives no token vectors.
        """
        check_budget(token_ids, self.query_budget if query else self.passage_budget)
        if query:
            known = ((ids, self._query_tokens.get(ids.tobytes().hex())) for ids in token_ids)
            found = (self._queries.encode(ids)[1] if vectors is None else vectors for ids, vectors in known)
            return [given_token_vectors(vectors, self._fingerprint.model) for vectors in found]
        return self._batches.token_vectors(token_ids, self._passage_prompt)

    def _encode_texts(self, texts: Sequence[str], *, query: bool) -> Vectors:
        """Encodes texts; on a GPU, which is faster than the tokenizer, the next are tokenised while it is busy."""

        def cut(start: int) -> list[TokenIds]:
            tokenized = self.tokenize_whole(texts[start : start + at_once], query=query)
            return [tokens.ids[:budget] for tokens in tokenized]

        prompt = self._query_prompt if query else self._passage_prompt
        budget = self._window - len(prompt)
        at_once = len(texts) if self._backend.device == "cpu" else TOKENISED_AT_ONCE
        encode = self._batches.query_vectors if query else self._batches.text_vectors
        if len(texts) <= at_once:
            return encode(cut(0), prompt)
        parts = []
        with ThreadPoolExecutor(1, thread_name_prefix="passagework-tokens") as ahead:
            ready = ahead.submit(cut, 0)
            for start in range(0, len(texts), at_once):
                ids = ready.result()
                ready = ahead.submit(cut, start + at_once)
                parts.append(encode(ids, prompt))
        return np.concatenate(parts)


def bi_encoder(resolved: ResolvedModel, options: EncoderOptions, settings: Settings) -> BiEncoder:
    """Loads the model of a folder that has been checked; raises as `BiEncoder.load` does."""
    with in_use(resolved.name):
        return BiEncoder(encoder_backend(resolved, settings), resolved, options)


def _encode_queries(
    batches: BatchEncoder, prompt: PromptTokens, remembered: ArrayCache[Vectors], token_ids: Sequence[TokenIds]
) -> list[EncodedQuery]:
    """Returns (1, dim) and (n, hidden) of queries of one width, and remembers the latter for who asks next."""
    by_token: dict[int, Vectors] = {}
    vectors = batches.query_vectors(token_ids, prompt, by_token.__setitem__)
    for row, token_vectors in by_token.items():
        remembered.put(token_ids[row].tobytes().hex(), token_vectors)
    return [(vectors[row : row + 1], by_token.get(row)) for row in range(len(token_ids))]
