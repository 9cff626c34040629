"""Tells by a passage's vector whether it instructs a language model: logistic regression on the default encoder.

Trained by `python -m benchmarks.injection`; docs/privacy.md has what it finds and what it misses.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.numpy import save_file

from passagework.retrieval.models.weights import Fingerprint
from passagework.retrieval.types import Vectors

WEIGHTS = Path(__file__).with_name("injection_head.safetensors")


@dataclass(frozen=True, slots=True)
class InjectionHead:
    """Holds the weights (dim,) float32, the bias, and the `threshold` of the log-odds from which on it suspects."""

    encoder: Fingerprint
    weights: NDArray[np.float32]
    bias: float
    threshold: float

    @staticmethod
    @lru_cache(maxsize=1)
    def load() -> InjectionHead:
        """Returns the head that comes with the package."""
        with safe_open(WEIGHTS, framework="numpy") as file:
            facts = file.metadata()
            return InjectionHead(
                Fingerprint.from_json(json.loads(facts["encoder"])),
                file.get_tensor("weights"),
                float(facts["bias"]),
                float(facts["threshold"]),
            )

    def save(self, path: Path = WEIGHTS) -> None:
        """Writes it into one file, with the fingerprint of the encoder that it is for."""
        facts = {
            "encoder": json.dumps(self.encoder.to_json()),
            "bias": str(self.bias),
            "threshold": str(self.threshold),
        }
        save_file({"weights": self.weights}, path, metadata=facts)

    def log_odds(self, vectors: Vectors) -> NDArray[np.float32]:
        """Returns the log-odds of each row, (n,) float32: above `threshold` it suspects the passage."""
        odds: NDArray[np.float32] = vectors @ self.weights + np.float32(self.bias)
        return odds

    def suspects(self, vectors: Vectors) -> NDArray[np.bool_]:
        """Tells of each row, (n,), whether the passage seems to instruct a language model."""
        suspected: NDArray[np.bool_] = self.log_odds(vectors) > self.threshold
        return suspected
