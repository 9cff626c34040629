"""Evaluates a model while it is being trained: ranks each held-out pair's positive among its negatives."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from passagework.retrieval.training.pairs import Pair

MEASURE = "nDCG@10"
"""The measure of the held-out pairs."""


def held_out_evaluator(
    pairs: Sequence[Pair], scores: Callable[[Any, Sequence[Pair]], Sequence[float]], device: str, precision: str
) -> Any:
    """Returns MEASURE as sentence-transformers' trainers ask for it.

    `scores` gives what the model makes of every pair's positive and negatives, in that order, one pair behind another.
    """
    import torch
    from sentence_transformers.base.evaluation.evaluator import BaseEvaluator

    class HeldOut(BaseEvaluator):  # type: ignore[misc]
        primary_metric = MEASURE

        def __call__(self, model: Any, *_: Any, **__: Any) -> dict[str, float]:
            with torch.autocast(device, dtype=torch.bfloat16, enabled=precision == "bf16"):
                values = scores(model, pairs)
            return {MEASURE: mean_gain(pairs, values)}

    return HeldOut()


def mean_gain(pairs: Sequence[Pair], scores: Sequence[float]) -> float:
    """Returns nDCG@10 over rankings that have one relevant text each; a tie counts against it."""
    gains, start = [], 0
    for pair in pairs:
        positive, *negatives = scores[start : start + 1 + len(pair.negatives)]
        start += 1 + len(pair.negatives)
        rank = 1 + sum(not negative < positive for negative in negatives)  # what is no number is not below either
        gains.append(1 / math.log2(1 + rank) if rank <= 10 else 0.0)
    return float(np.mean(gains))
