"""Has a server encode texts: in batches, several at once, in the order given, and none cut without a word."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from passagework.retrieval.errors import EncodingError, ModelUnavailableError, TextTooLongError
from passagework.retrieval.models.batching import batches
from passagework.retrieval.models.remote.address import RemoteAddress
from passagework.retrieval.models.remote.client import RefusedError, RemoteClient
from passagework.retrieval.models.remote.server_answers import tokens_read, vectors_of
from passagework.retrieval.models.remote.token_counts import TokenCounter
from passagework.retrieval.text import shortened
from passagework.retrieval.types import Json, Vectors

LEAST_READ = 0.25
"""The share of the estimated tokens that a server reads at least, or it cut a text.

An estimate is at most thrice too high, over long common words; one by the model's own tokenizer is right.
"""


class EmbeddingCall:
    """Calls `/embeddings` of one server; it is safe to share among threads."""

    def __init__(self, address: RemoteAddress, client: RemoteClient, tokens: TokenCounter) -> None:
        self.server = f"{address.model} at {address.host}"
        self._address = address
        self._client = client
        self._tokens = tokens

    def vectors(self, texts: Sequence[str], *, query: bool) -> Vectors:
        """Returns the server's vectors in the order of the texts: (n, dimension) float32, as it gives them.

        Texts of about the same length go together. Raises TextTooLongError for a text that it does not read whole,
        EncodingError for an answer that can't be used, ModelUnavailableError where there is none.
        """
        sizes = [len(tokens) + self._tokens.special for tokens in self._tokens.tokenize(texts)]
        order = sorted(range(len(texts)), key=lambda row: -sizes[row])
        most = self._address.batch
        together = [
            batch[start : start + most]
            for batch in batches(order, lambda row: sizes[row], self._address.batch_tokens)
            for start in range(0, len(batch), most)
        ]

        def encode(rows: list[int]) -> Vectors:
            return self._batch(rows, texts, sizes, query=query)

        parts = self._client.in_parallel(encode, together)
        if len({part.shape[1] for part in parts}) > 1:
            raise EncodingError(f"{self.server} gave vectors of several dimensions")
        out = np.empty((len(texts), parts[0].shape[1]), dtype=np.float32)
        for rows, part in zip(together, parts, strict=True):
            out[rows] = part
        return out

    def _batch(self, rows: list[int], texts: Sequence[str], sizes: Sequence[int], *, query: bool) -> Vectors:
        """Encodes a batch; one that the server refuses is sent in halves, until the text at fault is alone."""
        try:
            answer = self._client.post("embeddings", self._request([texts[row] for row in rows], query=query))
        except RefusedError as error:
            if len(rows) > 1:
                halves = rows[: len(rows) // 2], rows[len(rows) // 2 :]
                return np.concatenate([self._batch(half, texts, sizes, query=query) for half in halves])
            if error.too_long:
                raise self._too_long(rows[0], texts, sizes, f"refuses it: {error}") from error
            raise ModelUnavailableError(f"{self.server}: the server refuses a request: {error}") from error
        vectors = vectors_of(answer, len(rows), self.server)
        sent, read = sum(sizes[row] for row in rows), tokens_read(answer)
        # A server may leave special tokens out of its count, and the prompt's joint may be another token.
        least = sent - (self._tokens.special + 1) * len(rows) if self._tokens.exact else LEAST_READ * sent
        if read is not None and read < least:
            raise self._too_long(rows[0], texts, sizes, f"read {read:,} of the {sent:,} tokens of its batch")
        return vectors

    def _request(self, texts: list[str], *, query: bool) -> dict[str, Json]:
        request: dict[str, Json] = {"model": self._address.model, "input": list[Json](texts)}
        if self._address.base64:  # `float` is what servers give where nothing is said, and some know no such word
            request["encoding_format"] = "base64"
        if self._address.input_type:
            request["input_type"] = "query" if query else "document"
        return request

    def _too_long(self, row: int, texts: Sequence[str], sizes: Sequence[int], why: str) -> TextTooLongError:
        about = "" if self._tokens.exact else "about "
        return TextTooLongError(
            f"{self.server} does not read the whole of a text of {about}{sizes[row]:,} tokens, "
            f"{shortened(texts[row], 60)!r}; it {why}; give fewer --passage-tokens, or the --window that it has",
            row,
        )
