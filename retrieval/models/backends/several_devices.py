"""Runs one bi-encoder on several GPUs: its weights on each, every batch shared out among them."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TypeVar

import numpy as np

from passagework.retrieval.models.backends.backend import Backend, EncoderConfig, Rows
from passagework.retrieval.models.batching import BatchShape, refuse_in_child
from passagework.retrieval.types import Vectors

Part = TypeVar("Part")

LEAST_ROWS = 8
"""The least rows of a device's share: a query stays on the first."""


class SeveralDevices:
    """Joins backends of the same model, a device each. A thread a device waits for it; torch lets others run then.

    Token vectors are the first's: they must not depend on what is encoded beside them.
    """

    def __init__(self, backends: Sequence[Backend]) -> None:
        self._backends = list(backends)
        self._process = os.getpid()
        self._threads = ThreadPoolExecutor(len(self._backends), thread_name_prefix="passagework-device")

    @property
    def name(self) -> str:
        """Returns what runs it, on how many devices, and at what precision."""
        return f"{self._backends[0].name} on {len(self._backends)} devices"

    @property
    def device(self) -> str:
        """Returns the device's name in torch."""
        return self._backends[0].device

    @property
    def shape(self) -> BatchShape:
        """Returns the shape of a device's batches, times the number of devices."""
        shape = self._backends[0].shape
        return replace(shape, tokens=shape.tokens * len(self._backends))

    @property
    def encoder_config(self) -> EncoderConfig:
        """Returns what the model's files say."""
        return self._backends[0].encoder_config

    def text_vectors(self, ids: Rows, mask: Rows, *, prompt_length: int) -> Vectors:
        """Returns (rows, dimension or more) float32, in order; raises DeviceMemoryError where a device is too small."""
        return np.concatenate(self._shared_out(partial(_text_vectors, prompt_length=prompt_length), ids, mask))

    def token_vectors(self, ids: Rows, mask: Rows, *, prompt_length: int) -> Vectors | None:
        """Returns (rows, width, hidden) float32; None where the model gives none."""
        return self._backends[0].token_vectors(ids, mask, prompt_length=prompt_length)

    def text_and_token_vectors(self, ids: Rows, mask: Rows, *, prompt_length: int) -> tuple[Vectors, Vectors | None]:
        """Returns both of one pass, shared out as texts are."""
        parts = self._shared_out(partial(_both_vectors, prompt_length=prompt_length), ids, mask)
        of_tokens = [tokens for _, tokens in parts if tokens is not None]
        return np.concatenate([texts for texts, _ in parts]), np.concatenate(of_tokens) if of_tokens else None

    def _shared_out(self, run: Callable[[Backend, Rows, Rows], Part], ids: Rows, mask: Rows) -> list[Part]:
        """Runs a batch in as many parts as there are devices, unless it is small; returns what each gave, in order."""
        refuse_in_child(self.name, self.device, self._process)
        shares = min(len(self._backends), max(1, len(ids) // LEAST_ROWS))
        cuts = [len(ids) * share // shares for share in range(shares + 1)]
        begun = [
            self._threads.submit(run, backend, ids[start:end], mask[start:end])
            for backend, start, end in zip(self._backends, cuts[:-1], cuts[1:], strict=False)
        ]
        return [future.result() for future in begun]


def _text_vectors(backend: Backend, ids: Rows, mask: Rows, *, prompt_length: int) -> Vectors:
    return backend.text_vectors(ids, mask, prompt_length=prompt_length)


def _both_vectors(backend: Backend, ids: Rows, mask: Rows, *, prompt_length: int) -> tuple[Vectors, Vectors | None]:
    return backend.text_and_token_vectors(ids, mask, prompt_length=prompt_length)
