"""Stand-ins whose answers a test can predict."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

import numpy as np

from passagework.retrieval.models.reference_answers import REFERENCE_ANSWERS
from passagework.retrieval.models.weights import Fingerprint
from passagework.retrieval.types import TokenIds, Tokens, Vectors

WORDS = re.compile(r"\w+|[^\w\s]")


class FakeEncoder:
    """Each word is a fixed random direction, a text the mean of its words: texts that share words are close.

    Tokens are words and punctuation marks; `[` text `]` cost two special tokens. `encoded` counts passages encoded.
    """

    backend = "fake"
    max_word_chars: int | None = 100
    unknown_token: int | None = None

    def __init__(self, *, dim: int = 32, window: int = 64, seed: str = "") -> None:
        self.dim = dim
        self.window = window
        self.passage_budget = self.query_budget = window - 2
        self.fingerprint = Fingerprint(
            model=f"fake{seed}",
            revision="1",  # as of a hub model: a folder would be looked for
            weights=hashlib.sha256(f"{dim}{seed}".encode()).hexdigest(),
            pooling="mean",
            query_prompt="",
            passage_prompt="",
            dimension=dim,
        )
        self.seed = seed
        self.encoded = 0
        self._directions: dict[int, Vectors] = {}

    def tokenize(self, texts: Sequence[str]) -> list[Tokens]:
        """One token a word, its id a hash of it in lower case."""
        out = []
        for text in texts:
            found = list(WORDS.finditer(text))
            out.append(
                Tokens(
                    np.array([self._id(match[0]) for match in found], dtype=np.int32),
                    np.array([match.start() for match in found], dtype=np.int32),
                    np.array([match.end() for match in found], dtype=np.int32),
                )
            )
        return out

    def encode_tokens(self, token_ids: Sequence[TokenIds]) -> Vectors:
        """The mean direction of the words."""
        self.encoded += len(token_ids)
        return self._encode(token_ids)

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """The same, of texts; the library's own, by which a collection learns the encoder's scale, are not counted."""
        token_ids = [tokens.ids[: self.passage_budget] for tokens in self.tokenize(texts)]
        return self._encode(token_ids) if len(texts) == len(REFERENCE_ANSWERS) else self.encode_tokens(token_ids)

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """The same as for passages, uncounted."""
        return self._encode([tokens.ids[: self.query_budget] for tokens in self.tokenize(texts)])

    def _encode(self, token_ids: Sequence[TokenIds]) -> Vectors:
        rows = np.zeros((len(token_ids), self.dim), dtype=np.float32)
        for row, ids in enumerate(token_ids):
            if len(ids) > self.passage_budget:
                raise AssertionError(f"{len(ids)} tokens do not fit a budget of {self.passage_budget}")
            for token in ids:
                rows[row] += self._direction(int(token))
        rows[:, 0] += 1e-3  # no text at all still has a direction
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)

    def _id(self, word: str) -> int:
        return int.from_bytes(hashlib.blake2b(word.lower().encode(), digest_size=3).digest(), "big")

    def _direction(self, token: int) -> Vectors:
        if token not in self._directions:
            seed = int.from_bytes(hashlib.blake2b(f"{token}{self.seed}".encode(), digest_size=8).digest(), "big")
            self._directions[token] = np.random.default_rng(seed).standard_normal(self.dim).astype(np.float32)
        return self._directions[token]


class FakeTokenEncoder(FakeEncoder):
    """The direction of every word is its token's vector; counts the passages read."""

    has_token_vectors = True

    def tokenize_whole(self, texts: Sequence[str], *, query: bool = False) -> list[Tokens]:
        """As any other text."""
        del query
        return self.tokenize(texts)

    def encode_token_vectors(self, token_ids: Sequence[TokenIds], *, query: bool = False) -> list[Vectors]:
        """A unit row a word."""
        if not query:
            self.encoded += len(token_ids)
        out = []
        for ids in token_ids:
            assert len(ids) <= self.passage_budget
            rows = np.array([self._direction(int(one)) for one in ids], dtype=np.float32).reshape(len(ids), self.dim)
            out.append(rows / np.linalg.norm(rows, axis=1, keepdims=True))
        return out
