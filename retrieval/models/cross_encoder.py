"""Scores (query, passage) pairs: a cross-encoder, which a backend runs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from passagework.retrieval.config import RERANK_DEPTH, Settings
from passagework.retrieval.errors import ConfigError, PassageworkError
from passagework.retrieval.forks import ForkSafeLock, in_use
from passagework.retrieval.models.backends import DeviceMemoryError, PairBackend, reranker_backend
from passagework.retrieval.models.backends.model_files import read_json
from passagework.retrieval.models.batching import batches, refuse_in_child, token_arrays
from passagework.retrieval.models.pair_inputs import Piece, cut_piece, windows
from passagework.retrieval.models.reranker import RerankScores
from passagework.retrieval.models.weights import ResolvedModel, resolve_model
from passagework.retrieval.plan import Blend
from passagework.retrieval.types import Tokens
from passagework.retrieval.words.folding import folded


class CrossEncoderReranker:
    """Runs a cross-encoder with one score a pair, on the best device at hand; it is safe to share among threads.

    A pair longer than the window is scored in windows of its passage that overlap by a quarter or more; its logit is
    its best window's. Logits are what the model gives before any activation, and probabilities their sigmoid.
    """

    depth = RERANK_DEPTH
    blend: Blend | None = None

    def __init__(self, backend: PairBackend, resolved: ResolvedModel) -> None:
        self._backend = backend
        self._process = os.getpid()
        self._name = resolved.name
        self._lock = ForkSafeLock()
        self._batch_tokens = backend.shape.tokens
        self._query_budget = self.window // 2
        if self.window - backend.pairing.overhead - self._query_budget < 8:
            raise ConfigError(f"{resolved.name} reads {self.window} tokens at once: too few for a query and a passage")

    @classmethod
    def load(cls, model: str | Path, *, settings: Settings | None = None) -> CrossEncoderReranker:
        """Loads the model in a folder, or of a hub name, ready to score.

        Raises ModelUnavailableError where weights are missing or refused, ConfigError for a model that is no reranker.
        """
        settings = settings or Settings.from_environment()
        resolved = resolve_model(str(model), settings)
        _check_head(resolved)
        with in_use(resolved.name):
            return cls(reranker_backend(resolved, settings), resolved)

    @property
    def name(self) -> str:
        """Returns its folder or hub name."""
        return self._name

    @property
    def backend(self) -> str:
        """Returns what runs it and at what precision, such as `torch cpu bf16`."""
        return self._backend.name

    @property
    def window(self) -> int:
        """Returns the tokens that it reads at once: query, passage and special tokens."""
        return self._backend.window

    def rerank(self, query: str, passages: Sequence[str]) -> RerankScores:
        """Returns scores in the order of the passages, each read to its end; the same input gives the same scores.

        A query of more than half of the window is cut to that, and `query_cut` says so.
        """
        query = self._backend.pairing.query_prefix + folded(query)
        passages = [folded(passage) for passage in passages]
        refuse_in_child(self._name, self._backend.device, self._process)
        with self._lock, in_use(self._name):
            query_tokens, *tokens = self._tokenize([query, *passages])
            query_piece = cut_piece(query, query_tokens, 0, min(len(query_tokens), self._query_budget))
            room = self.window - self._backend.pairing.overhead - len(query_piece.ids)
            rows = [(pair, *span) for pair, passage in enumerate(tokens) for span in windows(len(passage), room)]
            scores = self._score(
                query_piece, [cut_piece(passages[pair], tokens[pair], start, end) for pair, start, end in rows]
            )
        logits = np.full(len(passages), -np.inf, dtype=np.float32)
        np.maximum.at(logits, np.array([pair for pair, _, _ in rows], dtype=np.intp), scores)
        return RerankScores(
            logits=logits,
            probabilities=np.exp(-np.logaddexp(0.0, -logits.astype(np.float64))).astype(np.float32),
            windowed=sum(len(passage) > room for passage in tokens),
            query_cut=len(query_tokens) > self._query_budget,
        )

    def _tokenize(self, texts: list[str]) -> list[Tokens]:
        tokenizer = self._backend.tokenizer
        tokenizer.no_truncation()  # pairing by template turns both on again
        tokenizer.no_padding()
        return [token_arrays(encoding) for encoding in tokenizer.encode_batch(texts, add_special_tokens=False)]

    def _score(self, query: Piece, pieces: Sequence[Piece]) -> NDArray[np.float32]:
        out = np.empty(len(pieces), dtype=np.float32)
        order = sorted(range(len(pieces)), key=lambda i: -len(pieces[i].ids))
        fixed = self._backend.pairing.overhead + len(query.ids)
        done = 0
        while done < len(order):
            rows = next(batches(order[done:], lambda i: len(pieces[i].ids) + fixed, self._batch_tokens))
            try:
                out[rows] = self._backend.scores(query, [pieces[i] for i in rows])
            except DeviceMemoryError:
                if len(rows) == 1:
                    raise
                self._batch_tokens //= 2
                continue
            done += len(rows)
        if not np.all(np.isfinite(out)):
            raise PassageworkError(f"{self._name} gave a score that is not finite; try fp32 precision")
        return out


def _check_head(resolved: ResolvedModel) -> None:
    """Raises ConfigError for a model without a trained head: it would be given a random one, and score at random."""
    config = read_json(resolved.path / "config.json")
    if config and not has_head(resolved.path):
        named = ", ".join(map(str, config.get("architectures") or [])) or "no architecture"
        raise ConfigError(f"{resolved.name} is not a reranker: {named} has no head that scores a pair")


def has_head(folder: Path) -> bool:
    """Tells whether the model in a folder says of itself that it scores pairs."""
    architectures = [str(name) for name in read_json(folder / "config.json").get("architectures") or []]
    saved_as = read_json(folder / "config_sentence_transformers.json").get("model_type")
    heads = ("ForSequenceClassification", "ForCausalLM")
    return saved_as == "CrossEncoder" or any(name.endswith(heads) for name in architectures)
