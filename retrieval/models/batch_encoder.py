"""Encodes token ids in batches, as large as the device's memory lets them be."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from passagework.retrieval.fair_lock import FairLock
from passagework.retrieval.forks import in_use
from passagework.retrieval.models.backends import Backend, DeviceMemoryError
from passagework.retrieval.models.batching import (
    batches,
    own_token_vectors,
    padded_rows,
    padded_width,
    refuse_in_child,
    release_memory,
    unit_rows,
)
from passagework.retrieval.models.prompt_tokens import PromptTokens
from passagework.retrieval.types import TokenIds, Vectors

TOKEN_ROWS, TOKEN_STEP, TOKEN_BATCH = (4, 32), 32, (4096, 65_536)
"""Batches for token vectors, on CPU and CUDA: their height, what their width is a multiple of, tokens at most."""

QUERY_STEP = 16
"""What the width of a query's batch is a multiple of: few widths, so that those that wait together have one.

A query alone takes as long as in steps of 4: 4.0 and 4.2 ms of CPU for 8 tokens, 4.9 and 4.5 for 20.
"""

RELEASE_AFTER_TEXTS = 32
"""Texts after which freed memory is given back: a query pays nothing, an ingest stays small."""


class BatchEncoder:
    """Runs a backend on token ids of up to `window` tokens with their prompt; it is safe to share among threads.

    `model` names it in messages; `dim` is how many dimensions of a text's vector are taken.
    """

    def __init__(self, backend: Backend, *, model: str, window: int, dim: int) -> None:
        self._backend = backend
        self._model = model
        self._window = window
        self._dim = dim
        self._process = os.getpid()
        self._lock = FairLock()  # held for a batch: a query waits for one of an ingest, and not for all of them
        self._shape = backend.shape

    def gives_token_vectors(self, ids: TokenIds, prompt: PromptTokens) -> bool:
        """Tells whether the model gives vectors of the tokens of a text, beside that of the text."""
        probe = prompt.around(ids)
        return self._token_batch([probe], (1, len(probe)), prompt) is not None

    def text_vectors(
        self, token_ids: Sequence[TokenIds], prompt: PromptTokens, take: Callable[[int, Vectors], None] | None = None
    ) -> Vectors:
        """Returns (n, dim) float32, unit rows; `take` gets each text's place and token vectors of the same pass."""

        def width(row: int) -> int:
            return self._shape.width(len(token_ids[row]) + len(prompt), self._window)

        return self._text_vectors(token_ids, prompt, width, take)

    def query_width(self, ids: TokenIds, prompt: PromptTokens) -> int:
        """Returns the width of a batch that a query is encoded in: its own, so that it is never another's."""
        return padded_width(len(ids) + len(prompt), self._window, QUERY_STEP)

    def query_vectors(
        self, token_ids: Sequence[TokenIds], prompt: PromptTokens, take: Callable[[int, Vectors], None] | None = None
    ) -> Vectors:
        """Returns what `text_vectors` does, of queries, each beside those of its own `query_width` alone.

        So none is padded further than it would be by itself: padding changes the last digits, in bf16 the third.
        """

        def width(row: int) -> int:
            return self.query_width(token_ids[row], prompt)

        return self._text_vectors(token_ids, prompt, width, take, alike=True)

    def _text_vectors(
        self,
        token_ids: Sequence[TokenIds],
        prompt: PromptTokens,
        width: Callable[[int], int],
        take: Callable[[int, Vectors], None] | None,
        *,
        alike: bool = False,
    ) -> Vectors:
        out = np.empty((len(token_ids), self._dim), dtype=np.float32)
        order = sorted(range(len(token_ids)), key=lambda i: -len(token_ids[i]))
        done = 0
        while done < len(order):
            tokens = self._shape.tokens
            rows = next(batches(order[done:], width, tokens))
            wide = width(rows[0])
            if alike:
                rows = [row for row in rows if width(row) == wide]
            shape = self._shape.rows(len(rows), wide), wide
            batch = [prompt.around(token_ids[row]) for row in rows]
            try:
                vectors, by_token = self._text_batch(batch, shape, prompt, with_tokens=take is not None)
            except DeviceMemoryError:
                if len(rows) == 1:
                    raise
                self._shape = replace(self._shape, tokens=min(self._shape.tokens, tokens // 2))
                continue
            # Fewer dimensions than the model gives, as it was saved or is asked for, are the first ones.
            out[rows] = vectors[: len(rows), : self._dim]
            if take is not None and by_token is not None:
                for row, token_vectors in own_token_vectors(by_token, rows, token_ids, prompt, self._model):
                    take(row, token_vectors)
            done += len(rows)
        if len(order) > RELEASE_AFTER_TEXTS and self._backend.device == "cpu":
            release_memory()
        return unit_rows(out, self._model)

    def token_vectors(self, token_ids: Sequence[TokenIds], prompt: PromptTokens) -> list[Vectors]:
        """Returns (n, hidden) float32 for each text, a unit row (or 0) a token.

        They don't depend on what is encoded beside a text: batches have the same height, and a width of the text's own.
        """
        on_gpu = self._backend.device == "cuda"
        out: list[Vectors] = [np.empty((0, 0), dtype=np.float32)] * len(token_ids)
        by_width: dict[int, list[int]] = {}
        for row, ids in enumerate(token_ids):
            by_width.setdefault(padded_width(len(ids) + len(prompt), self._window, TOKEN_STEP), []).append(row)
        for width, alike in by_width.items():
            height = max(1, min(TOKEN_ROWS[on_gpu], TOKEN_BATCH[on_gpu] // width))
            for start in range(0, len(alike), height):
                rows = alike[start : start + height]
                batch = [prompt.around(token_ids[row]) for row in rows]
                matrices = self._token_batch(batch, (height, width), prompt)
                for row, vectors in own_token_vectors(matrices, rows, token_ids, prompt, self._model):
                    out[row] = vectors
        return out

    def _token_batch(self, batch: list[TokenIds], shape: tuple[int, int], prompt: PromptTokens) -> Vectors | None:
        """Encodes a batch, one text at a time where memory is short, which changes the last digits."""
        try:
            with self._backend_in_use() as backend:
                return backend.token_vectors(
                    *padded_rows(batch, shape, self._backend.encoder_config.pad), prompt_length=prompt.prompt_length
                )
        except DeviceMemoryError:
            if shape[0] == 1:
                raise
            parts = [self._token_batch([ids], (1, shape[1]), prompt) for ids in batch]
            return np.concatenate([part for part in parts if part is not None])

    def _text_batch(
        self, batch: list[TokenIds], shape: tuple[int, int], prompt: PromptTokens, *, with_tokens: bool
    ) -> tuple[Vectors, Vectors | None]:
        padded = padded_rows(batch, shape, self._backend.encoder_config.pad)
        with self._backend_in_use() as backend:
            if with_tokens:
                return backend.text_and_token_vectors(*padded, prompt_length=prompt.prompt_length)
            return backend.text_vectors(*padded, prompt_length=prompt.prompt_length), None

    @contextmanager
    def _backend_in_use(self) -> Iterator[Backend]:
        refuse_in_child(self._model, self._backend.device, self._process)
        with self._lock, in_use(self._model):
            yield self._backend
