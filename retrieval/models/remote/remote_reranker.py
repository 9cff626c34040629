"""Reranks by asking a server that answers `/rerank` as Jina and Cohere do."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from passagework.retrieval.config import MAX_WINDOW, RERANK_DEPTH, Settings
from passagework.retrieval.errors import ConfigError, ModelUnavailableError
from passagework.retrieval.models.pair_inputs import cut_piece, windows
from passagework.retrieval.models.recognition import facts_by_last_part
from passagework.retrieval.models.remote.address import RERANK, RemoteAddress
from passagework.retrieval.models.remote.client import RefusedError, RemoteClient
from passagework.retrieval.models.remote.server_answers import scores_of
from passagework.retrieval.models.remote.token_counts import TokenCounter, token_counter
from passagework.retrieval.models.reranker import RerankScores
from passagework.retrieval.plan import Blend
from passagework.retrieval.types import Json
from passagework.retrieval.words.folding import folded

ASSUMED_WINDOW = 512
"""Tokens of query and passage that a reranker is taken to read where nothing is known of it."""

LEAST, MOST = 1e-38, 1 - 1e-16
"""The probabilities between which a logit is finite, and tells scores apart as far as the server did."""


class RemoteReranker:
    """Asks a server for the scores of a query's passages; it is safe to share among threads.

    A passage that does not fit the window beside the query is scored in windows, and counts as its best. Scores that
    lie between 0 and 1, all of a query's, are probabilities, and their logits are ranked by; others are logits.
    """

    depth = RERANK_DEPTH
    blend: Blend | None = None

    def __init__(self, address: RemoteAddress, settings: Settings) -> None:
        facts = facts_by_last_part(address.model)
        known = None if facts is None else facts.window
        self._address = address
        self._server = f"{address.model} at {address.host}"
        self._client = RemoteClient(address, settings)
        self._tokens: TokenCounter = token_counter(address.tokenizer, settings)
        self.window = address.window or min(known or ASSUMED_WINDOW, MAX_WINDOW)
        self._special = self._tokens.special + 1  # one between query and passage
        if self.window - self._special - self.window // 2 < 8:
            raise ConfigError(f"a window of {self.window} tokens leaves no room for a passage: give at least 32")
        self._gives_logits = False

    @classmethod
    def load(cls, name: str, settings: Settings) -> RemoteReranker:
        """Returns the reranker at an address, without asking it anything; raises as `RemoteEncoder.load` does."""
        return cls(RemoteAddress.parse(name, RERANK), settings)

    @property
    def name(self) -> str:
        """Returns its name as it was given."""
        return self._address.name

    def rerank(self, query: str, passages: Sequence[str]) -> RerankScores:
        """Returns scores in the order of the passages, each read to its end.

        A query of more than half of the window is cut to that, and `query_cut` says so. Raises EncodingError for an
        answer that can't be used, ModelUnavailableError where there is none.
        """
        query, texts = folded(query), [folded(passage) for passage in passages]
        query_tokens, *tokens = self._tokens.tokenize([query, *texts])
        asked = cut_piece(query, query_tokens, 0, min(len(query_tokens), self.window // 2))
        room = self.window - self._special - len(asked.ids)
        rows = [(pair, *span) for pair, passage in enumerate(tokens) for span in windows(len(passage), room)]
        pieces = [cut_piece(texts[pair], tokens[pair], start, end).text for pair, start, end in rows]
        scores = np.full(len(passages), -np.inf, dtype=np.float64)
        np.maximum.at(scores, np.array([pair for pair, _, _ in rows], dtype=np.intp), self._scores(asked.text, pieces))
        logits, probabilities = self._both(scores)
        return RerankScores(
            logits=logits,
            probabilities=probabilities,
            windowed=sum(len(passage) > room for passage in tokens),
            query_cut=len(query_tokens) > len(asked.ids),
        )

    def _scores(self, query: str, pieces: Sequence[str]) -> NDArray[np.float64]:
        most = self._address.batch
        parts = [list(pieces[start : start + most]) for start in range(0, len(pieces), most)]
        found = self._client.in_parallel(lambda part: self._ask(query, part), parts)
        return np.concatenate(found) if found else np.empty(0)

    def _ask(self, query: str, pieces: list[str]) -> NDArray[np.float64]:
        request: dict[str, Json] = {
            "model": self._address.model,
            "query": query,
            "documents": list[Json](pieces),
            "top_n": len(pieces),
            "return_documents": False,
        }
        try:
            return scores_of(self._client.post("rerank", request), len(pieces), self._server)
        except RefusedError as error:
            raise ModelUnavailableError(f"{self._server}: the server refuses a request: {error}") from error

    def _both(self, scores: NDArray[np.float64]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Returns logits and probabilities, whichever of them the server gives."""
        if np.all((scores >= 0) & (scores <= 1)) and not self._gives_logits:
            near = np.clip(scores, LEAST, MOST)
            return np.log(near / (1 - near)).astype(np.float32), scores.astype(np.float32)
        self._gives_logits = True
        return scores.astype(np.float32), np.exp(-np.logaddexp(0.0, -scores)).astype(np.float32)
