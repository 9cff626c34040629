"""Reranks without weights of its own: compares token vectors of query and passage (Khattab and Zaharia 2020)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from passagework.retrieval.array_cache import ArrayCache
from passagework.retrieval.late_interaction.kept_tokens import content_word_tokens
from passagework.retrieval.late_interaction.stored_tokens import BestCosines, StoredTokens, best_products
from passagework.retrieval.late_interaction.token_encoder import AT_ONCE, token_vectors_of
from passagework.retrieval.models.encoder import Encoder, TokenEncoder
from passagework.retrieval.models.reranker import RerankScores
from passagework.retrieval.plan import Blend
from passagework.retrieval.types import Tokens, Vectors
from passagework.retrieval.words.folding import folded

DEPTH = 20
"""Candidates that are read, chosen with BLEND and SHARPNESS on five sets (docs/second-stage.md)."""

BLEND = Blend(lexical=0.2, reranked=1.2)
"""Words count half of what they do in hybrid: token vectors see them too."""

CODE_BLEND = Blend(lexical=0.2, reranked=0.4)
"""In collections of code, where pieces of names are near to any word: docs/second-stage.md has what was measured."""

SHARPNESS = 2
"""The power of a token's best cosine: near matches count, vague ones less."""

CACHE_BYTES = 256 << 20
"""Bytes of token vectors kept for the next query: about 1,700 passages of 200 tokens and 384 dimensions."""


def can_rerank(encoder: Encoder | str | None) -> bool:
    """Tells whether late interaction may work with this encoder, or with the one loaded by this name, or by default."""
    return encoder is None or isinstance(encoder, str | TokenEncoder)


TokenCache: TypeAlias = ArrayCache[NDArray[Any]]
"""Token vectors of the passages read last, by their text: (n, hidden) float16, a unit row a token, or their codes."""


def token_cache() -> TokenCache:
    """Returns an empty cache, of the size that a collection has."""
    return ArrayCache(CACHE_BYTES)


class LateInteractionReranker:
    """Reranks by MaxSim over an encoder's token vectors, added to the first stage's scores; threads may share it.

    A passage's score is the mean, over the tokens of the query's content words, of the square of the best cosine that
    a token of the passage has with it. Words that `is_common` tells of count only where there are no others. A passage
    longer than the encoder's window is read in several. Scores are 0..1.

    Token vectors that the collection keeps are taken as they are, whatever is remembered: so the order never depends on
    earlier queries. Those of other passages are remembered, or encoded now; where a collection keeps some, all are
    compared as codes, so that a passage scores alike before and after they are stored.
    """

    depth = DEPTH

    def __init__(
        self,
        encoder: TokenEncoder,
        *,
        memory: TokenCache | None = None,
        stored: StoredTokens | None = None,
        is_common: Callable[[str], bool] = lambda _: False,
        blend: Blend = BLEND,
    ) -> None:
        self.blend = blend
        self._encoder = encoder
        self._is_common = is_common
        self._memory = memory or token_cache()
        self._stored = stored

    @property
    def name(self) -> str:
        """Returns what it is, and of which encoder."""
        return f"late interaction of {self._encoder.fingerprint.model}"

    @property
    def window(self) -> int:
        """Returns the tokens of a passage that it reads at once."""
        return self._encoder.window

    def rerank(self, query: str, passages: Sequence[str]) -> RerankScores:
        """Returns scores in the order of the passages, each read to its end; the same input gives the same scores.

        A query over the encoder's budget is cut to it, and `query_cut` says so.
        """
        query = folded(query)  # as the first stage reads it
        tokens = self._encoder.tokenize_whole([query], query=True)[0]
        budget = self._encoder.query_budget
        query_tokens = Tokens(tokens.ids[:budget], tokens.starts[:budget], tokens.ends[:budget])
        scores = np.zeros(len(passages), dtype=np.float32)
        if not len(query_tokens):
            return RerankScores(scores, scores, windowed=0)
        vectors = self._encoder.encode_token_vectors([query_tokens.ids], query=True)[0][
            content_word_tokens(query, query_tokens, self._is_common)
        ]
        kept = self._stored
        if kept is not None and kept.dim != vectors.shape[1]:
            kept = None  # the collection's record is damaged: no code is of the encoder's dimensions
        windowed = stored = 0
        for start in range(0, len(passages), AT_ONCE):
            best, stored_here = self._best_cosines(vectors, passages[start : start + AT_ONCE], kept)
            stored += stored_here
            for row, of_passage in enumerate(best, start):
                windowed += of_passage.tokens > self._encoder.passage_budget
                scores[row] = np.mean(np.clip(of_passage.cosines, 0.0, 1.0) ** SHARPNESS)
        return RerankScores(scores, scores, windowed=windowed, query_cut=len(tokens) > len(query_tokens), stored=stored)

    def _best_cosines(
        self, query: Vectors, passages: Sequence[str], stored: StoredTokens | None
    ) -> tuple[list[BestCosines], int]:
        """Returns the best cosines for each passage, and how many passages have stored vectors."""
        best = {} if stored is None else stored.best_cosines(query, passages)
        count = sum(text in best for text in passages)
        missing = [text for text in dict.fromkeys(passages) if text not in best]
        if missing:
            best |= self._best_of_encoded(query, missing, stored)
        return [best[text] for text in passages], count

    def _best_of_encoded(
        self, query: Vectors, texts: Sequence[str], stored: StoredTokens | None
    ) -> dict[str, BestCosines]:
        """Returns the same of texts without stored vectors: as they are where none are kept, else as if they were."""
        if stored is None:
            made = self._remembered({text: text for text in texts}, self._token_vectors)
            vectors = [rows.astype(np.float32) for rows in made]
            best, counts = best_products(query, vectors), [len(rows) for rows in vectors]
        else:
            codes = self._remembered({text: f"{stored.form}\n{text}" for text in texts}, partial(self._codes, stored))
            best = stored.best_cosines_of(query, [rows.tobytes() for rows in codes])
            counts = [len(tokens) for tokens in self._encoder.tokenize_whole(texts)]
        return {text: BestCosines(*row) for text, *row in zip(texts, best.T, counts, strict=True)}

    def _remembered(
        self, keys: Mapping[str, str], make: Callable[[Sequence[str]], list[NDArray[Any]]]
    ) -> list[NDArray[Any]]:
        """Returns an array for each text, from the cache or made now."""
        cached = ((text, self._memory.get(key)) for text, key in keys.items())
        by_text = {text: array for text, array in cached if array is not None}
        missing = [text for text in keys if text not in by_text]
        for text, array in zip(missing, make(missing) if missing else [], strict=True):
            by_text[text] = array
            self._memory.put(keys[text], array)
        return [by_text[text] for text in keys]

    def _token_vectors(self, texts: Sequence[str]) -> list[NDArray[Any]]:
        return [vectors.astype(np.float16) for vectors in token_vectors_of(self._encoder, texts)]

    def _codes(self, stored: StoredTokens, texts: Sequence[str]) -> list[NDArray[Any]]:
        vectors = token_vectors_of(self._encoder, texts, stored.kept)
        return [np.frombuffer(stored.codes(rows), dtype=np.uint8).copy() for rows in vectors]
