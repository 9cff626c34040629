"""Finds the best passages by BM25 without scoring every match: MaxScore (Turtle and Flood 1995), term at a time.

Rare words are scored first. As soon as what all others could add is less than the k-th best score so far, a passage
with none of the rare words can't come in any more, and the frequent words are only looked up for those that can. The
scores that decide are summed in float32; whoever may be among the best is scored again in float64, in the order of the
query, as FTS5 adds up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from passagework.retrieval.ids import Mask
from passagework.retrieval.lexical.postings import Rows
from passagework.retrieval.store.vocabulary import Counts
from passagework.retrieval.types import Ids

K1, B = 1.2, 0.75
LEAST_IDF = 1e-6
"""All three as FTS5 fixes them."""

LOOKUP_COST = 16
"""A lookup takes about as long as adding up so many postings."""

Gains = NDArray[np.float64]
Partial = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Term:
    """A word of the query: the `rows` that hold it, ascending, and either counts or, from FTS5, its `gains`."""

    rows: Rows
    counts: Counts | None
    gains: Gains | None
    idf: float

    @property
    def upper_bound(self) -> float:
        """Returns the most that a passage's score gains by it."""
        if self.gains is not None:
            return float(self.gains.max(initial=0.0))
        return self.idf * (K1 + 1)

    def times(self, share: float) -> Term:
        """Returns the word as it tells so many times as much."""
        gains = None if self.gains is None else self.gains * share
        return Term(self.rows, self.counts, gains, self.idf * share)

    def partial(self, norms: Partial, at: Ids | None = None) -> Partial:
        """Returns what each passage's score gains, of all rows or of those at some places, in float32."""
        if self.gains is not None:
            partial: Partial = (self.gains if at is None else self.gains[at]).astype(np.float32)
            return partial
        assert self.counts is not None  # a term has either
        rows, counts = (self.rows, self.counts) if at is None else (self.rows[at], self.counts[at])
        frequencies = counts.astype(np.float32)
        gained: Partial = frequencies * np.float32(self.idf * (K1 + 1))
        frequencies += norms[rows]
        gained /= frequencies
        return gained

    def exact(self, norms: Gains, at: Ids) -> Gains:
        """Returns the same as FTS5 computes it; `norms` are those of the rows at these places."""
        if self.gains is not None:
            return self.gains[at]
        assert self.counts is not None  # a term has either
        frequencies = self.counts[at].astype(np.float64)
        return self.idf * ((frequencies * (K1 + 1)) / (frequencies + norms))

    def lookup(self, rows: Ids) -> tuple[Mask, Ids]:
        """Tells which of `rows` hold the word, and at which places of `self.rows` those stand."""
        places = np.searchsorted(self.rows, rows.astype(np.int32))
        inside = places < len(self.rows)
        inside[inside] = self.rows[places[inside]] == rows[inside]
        return inside, places[inside]


def length_norms(lengths: NDArray[np.int32], average: float) -> Gains:
    """Returns what BM25 adds to a count below the fraction."""
    norms: Gains = K1 * (1.0 - B + B * lengths.astype(np.float64) / average)
    return norms


def best_rows(terms: Sequence[Term], norms: Partial, k: int, allowed: Mask | None) -> Ids:
    """Returns every row that may be among the k best or equal to the last of them, of those allowed; ascending."""
    order = sorted((term for term in terms if len(term.rows)), key=lambda term: len(term.rows))
    slack = 1.0 + 4 * 2.0**-23 * (len(order) + 1)
    remaining = [*np.cumsum([term.upper_bound for term in reversed(order)])[::-1].tolist(), 0.0]
    scores = np.zeros(len(norms), np.float32)
    least = 0.0
    done = 0
    if allowed is not None and np.count_nonzero(allowed) * LOOKUP_COST < sum(len(term.rows) for term in order):
        candidates = np.flatnonzero(allowed)
    else:
        for done, term in enumerate(order):
            if least > remaining[done] * slack:
                break
            rows, gained = term.rows, term.partial(norms)
            if allowed is not None:
                admitted = allowed[rows]
                rows, gained = rows[admitted], gained[admitted]
            scores[rows] += gained
            if len(rows) >= k:
                least = max(least, _kth(scores[rows], k) / slack)
        else:
            done = len(order)
        candidates = np.flatnonzero(scores >= max(least - remaining[done], np.finfo(np.float32).tiny))
    return _with_remaining_terms(order[done:], remaining[done:], candidates, scores[candidates], norms, k, slack)


def _with_remaining_terms(
    terms: Sequence[Term],
    remaining: Sequence[float],
    candidates: Ids,
    scores: Partial,
    norms: Partial,
    k: int,
    slack: float,
) -> Ids:
    """Returns the candidates that may be among the best, once the remaining terms are looked up for them."""
    for term, after in zip(terms, remaining[1:], strict=True):
        hit, places = term.lookup(candidates)
        scores[hit] += term.partial(norms, places)
        if len(candidates) > k:
            contenders = scores >= _kth(scores, k) / slack - after
            candidates, scores = candidates[contenders], scores[contenders]
    least = _kth(scores, k) / slack if len(scores) > k else 0.0
    return candidates[(scores >= least) & (scores > 0)]


def exact_scores(terms: Sequence[Term], norms: Gains, rows: Ids) -> Gains:
    """Returns BM25 of `rows`, whose `norms` are given, summed in the order of the terms."""
    scores = np.zeros(len(rows), np.float64)
    for term in terms:
        hit, places = term.lookup(rows)
        scores[hit] += term.exact(norms[hit], places)
    return scores


def _kth(scores: Partial, k: int) -> float:
    """Returns the k-th best; the least where there are fewer."""
    if len(scores) <= k:
        return float(scores.min(initial=np.inf)) if len(scores) else 0.0
    return float(np.partition(scores, len(scores) - k)[len(scores) - k])
