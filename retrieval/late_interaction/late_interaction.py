"""Reranks without weights of its own: compares token vectors of query and passage (Khattab and Zaharia 2020)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from passagework.retrieval.array_cache import ArrayCache
from passagework.retrieval.late_interaction.stored_tokens import StoredTokens
from passagework.retrieval.late_interaction.token_encoder import AT_ONCE, token_vectors_of
from passagework.retrieval.lexical.bm25 import content_words
from passagework.retrieval.models.encoder import Encoder, TokenEncoder
from passagework.retrieval.models.reranker import RerankScores
from passagework.retrieval.plan import Blend
from passagework.retrieval.types import Tokens, Vectors

DEPTH = 20
"""Candidates that are read, chosen with BLEND and SHARPNESS on five sets (docs/second-stage.md)."""

BLEND = Blend(lexical=0.2, reranked=1.6)
"""Words count half of what they do in hybrid: token vectors see them too."""

SHARPNESS = 2
"""The power of a token's best cosine: near matches count, vague ones less."""

CACHE_BYTES = 256 << 20
"""Bytes of token vectors kept for the next query: about 1,700 passages of 200 tokens and 384 dimensions."""

TokenVectors: TypeAlias = NDArray[np.float16]
"""(n, hidden), a unit row a token."""


def can_rerank(encoder: Encoder | str | None) -> bool:
    """Tells whether late interaction may work with this encoder, or with the one loaded by this name, or by default."""
    return encoder is None or isinstance(encoder, str | TokenEncoder)


TokenCache: TypeAlias = ArrayCache[TokenVectors]
"""Token vectors of the passages read last, by their text."""


def token_cache() -> TokenCache:
    """Returns an empty cache, of the size that a collection has."""
    return ArrayCache(CACHE_BYTES)


class LateInteractionReranker:
    """Reranks by MaxSim over an encoder's token vectors, added to the first stage's scores; threads may share it.

    A passage's score is the mean, over the tokens of the query's content words, of the square of the best cosine that
    a token of the passage has with it. Words that `is_common` tells of count only where there are no others. A passage
    longer than the encoder's window is read in several. Scores are 0..1.

    Token vectors that the collection keeps are taken as they are, whatever is remembered: so the order never depends on
    earlier queries. Those of other passages are remembered, or encoded now.
    """

    depth = DEPTH
    blend = BLEND

    def __init__(
        self,
        encoder: TokenEncoder,
        *,
        memory: TokenCache | None = None,
        stored: StoredTokens | None = None,
        is_common: Callable[[str], bool] = lambda _: False,
    ) -> None:
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
        tokens = self._encoder.tokenize_whole([query], query=True)[0]
        budget = self._encoder.query_budget
        query_tokens = Tokens(tokens.ids[:budget], tokens.starts[:budget], tokens.ends[:budget])
        scores = np.zeros(len(passages), dtype=np.float32)
        if not len(query_tokens):
            return RerankScores(scores, scores, windowed=0)
        vectors = self._encoder.encode_token_vectors([query_tokens.ids], query=True)[0][
            content_word_tokens(query, query_tokens, self._is_common)
        ]
        windowed = stored = 0
        for start in range(0, len(passages), AT_ONCE):
            by_passage, stored_here = self._cosines(vectors, passages[start : start + AT_ONCE])
            stored += stored_here
            for row, cosines in enumerate(by_passage, start):
                tokens_read = cosines.shape[1]
                windowed += tokens_read > self._encoder.passage_budget  # windows overlap: together they are longer
                if tokens_read:
                    scores[row] = np.mean(np.clip(cosines.max(axis=1), 0.0, 1.0) ** SHARPNESS)
        return RerankScores(scores, scores, windowed=windowed, query_cut=len(tokens) > len(query_tokens), stored=stored)

    def _cosines(self, vectors: Vectors, passages: Sequence[str]) -> tuple[list[Vectors], int]:
        """Returns cosines (query tokens, passage tokens) per passage, and how many come from stored vectors."""
        cosines = {} if self._stored is None else self._stored.cosines(vectors, passages)
        stored = sum(text in cosines for text in passages)
        encoded = self._token_vectors([text for text in dict.fromkeys(passages) if text not in cosines])
        cosines |= {text: vectors @ token_vectors.astype(np.float32).T for text, token_vectors in encoded.items()}
        return [cosines[text] for text in passages], stored

    def _token_vectors(self, passages: Sequence[str]) -> dict[str, TokenVectors]:
        """Returns the token vectors of every passage, from the cache or encoded now."""
        remembered = ((text, self._memory.get(text)) for text in passages)
        by_text = {text: vectors for text, vectors in remembered if vectors is not None}
        missing = [text for text in passages if text not in by_text]
        for text, vectors in zip(missing, token_vectors_of(self._encoder, missing), strict=True):
            by_text[text] = vectors.astype(np.float16)
            self._memory.put(text, by_text[text])
        return by_text


def content_word_tokens(
    query: str, tokens: Tokens, is_common: Callable[[str], bool] = lambda _: False
) -> NDArray[np.bool_]:
    """Tells which tokens belong to content words that are not common in the collection; all, where there are none."""
    mask = np.zeros(len(tokens), dtype=np.bool_)
    words = content_words(query)
    for word in [match for match in words if not is_common(match[0])] or words:
        if word.start() >= tokens.ends[-1]:
            break
        mask[np.searchsorted(tokens.ends, word.start(), "right") : np.searchsorted(tokens.starts, word.end())] = True
    return mask if mask.any() else ~mask
