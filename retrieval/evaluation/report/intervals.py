"""What a sample of queries can tell: bootstrap intervals, sorted differences, counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

RESAMPLES = 2_000
"""Enough for the two decimals that a chart shows of an interval (Efron and Tibshirani 1993, section 13.3)."""

FEW = 10
"""Queries below which the resamples say little: those of one query are all alike."""

SEED = 0
MOST_BARS = 300
"""Bars of one chart: as many as have a pixel each on a telephone. More queries share them."""

BINS = 10


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean over queries, and where 95 % of its bootstrap resamples lie: `low <= mean <= high`."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class DeltaBar:
    """One query's difference, or the mean of `count` neighbours in the sorted order, which lie in `[least, most]`.

    `query` is that query, or the one in the middle of them.
    """

    query: str
    value: float
    least: float
    most: float
    count: int


def bootstrap_intervals(samples: Sequence[Sequence[float]]) -> list[Interval]:
    """Returns an interval per sample: percentiles 2.5 and 97.5 of its mean over queries drawn with replacement.

    All samples hold the same queries in the same order, and are drawn together. The same samples give the same answer.
    """
    values = np.array(samples, dtype=np.float64).T
    size = len(values)
    if size == 0:
        return []
    generator = np.random.default_rng(SEED)
    means = np.empty((RESAMPLES, values.shape[1]))
    for resample in range(RESAMPLES):
        times_drawn = np.bincount(generator.integers(0, size, size), minlength=size)
        means[resample] = times_drawn @ values / size
    lows, highs = np.percentile(means, [2.5, 97.5], axis=0)
    return [
        # min and max: the sums of equal values, taken in another order, may differ from their mean by a rounding
        Interval(float(mean), float(min(low, mean)), float(max(high, mean)))
        for mean, low, high in zip(values.mean(axis=0), lows, highs, strict=True)
    ]


def delta_bars(deltas: Mapping[str, float]) -> list[DeltaBar]:
    """Returns differences, greatest first, ties by id; more than MOST_BARS are gathered into as many equal groups."""
    ordered = sorted(deltas.items(), key=lambda item: (-item[1], item[0]))
    groups = np.array_split(np.arange(len(ordered)), min(MOST_BARS, max(1, len(ordered))))
    return [_bar([ordered[position] for position in group]) for group in groups if len(group)]


def histogram(values: Sequence[float]) -> tuple[Floats, NDArray[np.int64]]:
    """Returns the edges of BINS equal bins, over 0 to 1 unless values lie outside, and how many values are in each.

    A value on an edge belongs to the bin above it, the greatest to the last bin.
    """
    low, high = min(0.0, *values, 0.0), max(1.0, *values, 1.0)
    counts, edges = np.histogram(values, bins=BINS, range=(low, high))
    return edges, counts


def _bar(group: Sequence[tuple[str, float]]) -> DeltaBar:
    values = [value for _, value in group]
    return DeltaBar(
        query=group[len(group) // 2][0],
        value=float(np.mean(values)),
        least=values[-1],
        most=values[0],
        count=len(group),
    )
