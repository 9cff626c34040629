"""What one's own judgments say of the relevance that a collection's searches give, and the correction that follows.

The log odds of a relevance are stretched from those of the default threshold on (after Platt 1999): a relevance of 0.4
comes to mean that four of ten such passages were judged to answer. The order of hits stays, and so does what is
relevant at all. It is of one version's encoder, and recorded with that version.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from passagework.retrieval.config import RELEVANT
from passagework.retrieval.store import Snapshot, Writer
from passagework.retrieval.types import Json

CALIBRATION = "relevance_calibration"
"""The record of it among a collection's facts."""

LEAST_DOUBT = 1e-4
"""The least doubt that can be stretched: more decimals are not kept."""

PRIOR_QUERIES = 5.0
"""By as many queries' weight the slope is held to 1: few judgments move it little."""

LEAST_SLOPE = 0.1
STEPS = 50
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Calibration:
    """Holds how log odds of relevance are stretched from the threshold on, and the judged queries that say so."""

    slope: float
    queries: int

    def corrected(self, relevance: float) -> float:
        """Returns what a relevance comes to; below the threshold it is as it comes."""
        above = _above_threshold(relevance)
        return relevance if above <= 0 else 1 / (1 + math.exp(-(THRESHOLD + self.slope * above)))

    def to_json(self) -> dict[str, Json]:
        """Returns what a collection records of it."""
        return asdict(self)


def fitted_calibration(said: Sequence[Floats], right: Sequence[NDArray[np.bool_]]) -> Calibration:
    """Returns the correction under which the judgments of hits are likeliest.

    Each query brings the relevance of its hits, best first, and whether they answer; a hit counts by 1 / rank, and all
    queries alike.
    """
    above = np.array([max(0.0, _above_threshold(float(one))) for query in said for one in query])
    ranked = [1 / np.arange(1, len(query) + 1) for query in said]
    weights = np.concatenate([one / one.sum() for one in ranked])
    answers = np.concatenate(right).astype(np.float64)
    slope = 1.0
    for _ in range(STEPS):  # Newton's method; the loss is convex
        estimated = 1 / (1 + np.exp(-(THRESHOLD + slope * above)))
        gradient = float(weights @ (above * (estimated - answers))) + PRIOR_QUERIES * (slope - 1)
        curvature = float(weights @ (above**2 * estimated * (1 - estimated))) + PRIOR_QUERIES
        step = gradient / curvature
        slope = max(LEAST_SLOPE, slope - step)
        if abs(step) < 1e-9:
            break
    return Calibration(round(slope, 4), len(said))


def record_calibration(writer: Writer, calibration: Calibration | None) -> None:
    """Writes down a collection's correction, or that it has none."""
    writer.set_meta(CALIBRATION, {} if calibration is None else calibration.to_json())


def recorded_calibration(snapshot: Snapshot) -> Calibration | None:
    """Returns the correction on a collection's record; None where there is none."""
    record = snapshot.meta(CALIBRATION)
    if not isinstance(record, dict):
        return None
    slope, queries = record.get("slope"), record.get("queries")
    if not isinstance(slope, float | int) or not isinstance(queries, int) or slope < LEAST_SLOPE:
        return None
    return Calibration(slope, queries)


def _above_threshold(relevance: float) -> float:
    bounded = min(1 - LEAST_DOUBT, max(LEAST_DOUBT, relevance))
    return math.log(bounded / (1 - bounded)) - THRESHOLD


THRESHOLD = math.log(RELEVANT / (1 - RELEVANT))
"""The log odds of the default threshold."""
