"""LivePostings: saved postings and what came and went since, as one immutable value that answers as FTS5 would."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from passagework.retrieval.filters.allowed import BROAD, AllowedIds
from passagework.retrieval.ids import Mask, allowed_mask, rows_of
from passagework.retrieval.lexical.bm25 import PLAIN_WORDS, QueryReader, with_equals
from passagework.retrieval.lexical.maxscore import Gains, Term, best_rows, exact_scores, length_norms
from passagework.retrieval.lexical.postings import Postings
from passagework.retrieval.lexical.word_forms import WeightedWord, inverse_document_frequency, shares_of_one_word
from passagework.retrieval.store import Snapshot
from passagework.retrieval.store.fulltext import DECIMALS
from passagework.retrieval.store.vocabulary import MOST_COUNT, stems
from passagework.retrieval.types import Ids
from passagework.retrieval.words.unspaced import BEGINS

REBUILD_SHARE = 0.05
REBUILD_LEAST = 10_000
"""Changed passages that are worth new postings: counting one again takes as long as a hundredth of encoding it."""
Number = TypeVar("Number", bound=np.generic)


@dataclass(frozen=True, eq=False)
class LivePostings:
    """Adds changes to saved postings: `LivePostings((postings,))`, then `apply`, which leaves the old one as it was.

    The first of `segments` keeps only frequent words, and says by that which words are looked up here; the others
    FTS5 scores, being quick at them. `removed` marks passages of any segment that are gone.
    """

    segments: tuple[Postings, ...]
    removed: Mask | None = None

    @cached_property
    def ids(self) -> Ids:
        """Returns the ids of all rows, ascending, gone ones included."""
        return _joined([segment.ids for segment in self.segments])

    @cached_property
    def lengths(self) -> NDArray[np.int32]:
        """Returns the number of words of all rows."""
        return _joined([segment.lengths for segment in self.segments])

    @property
    def changed_count(self) -> int:
        """Returns how many passages came or went since the saved postings."""
        gone = 0 if self.removed is None else int(np.count_nonzero(self.removed))
        return len(self.ids) - len(self.segments[0].ids) + gone

    @property
    def needs_rebuild(self) -> bool:
        """Tells whether so much changed that new postings would pay."""
        return self.changed_count > max(REBUILD_LEAST, REBUILD_SHARE * len(self.segments[0].ids))

    @cached_property
    def _totals(self) -> tuple[int, float]:
        """Returns how many passages there are, and their average length."""
        if self.removed is None:
            count, words = len(self.ids), int(self.lengths.sum(dtype=np.int64))
        else:
            count = len(self.ids) - int(np.count_nonzero(self.removed))
            words = int(self.lengths[~self.removed].sum(dtype=np.int64))
        return count, words / count if count else 1.0

    @cached_property
    def _norms(self) -> NDArray[np.float32]:
        return length_norms(self.lengths, self._totals[1]).astype(np.float32)

    def apply(self, *, added: Postings | None = None, removed: Ids | None = None) -> LivePostings:
        """Returns a version without `removed` (unknown ids don't matter), and with `added`, whose ids are higher."""
        segments = self.segments
        gone = self.removed
        if added is not None and len(added.ids):
            segments = (*segments, added)
            # Each twice as large as the next, so that a query asks few, and a row is moved a few times in all.
            while len(segments) > 2 and len(segments[-2].ids) <= 2 * len(segments[-1].ids):
                segments = (*segments[:-2], segments[-2].followed_by(segments[-1]))
            if gone is not None:
                gone = np.concatenate([gone, np.zeros(len(added.ids), np.bool_)])
        if removed is not None and len(removed):
            ids = _joined([segment.ids for segment in segments])
            gone = np.zeros(len(ids), np.bool_) if gone is None else gone.copy()
            gone[rows_of(ids, removed)] = True
        return LivePostings(segments, gone)

    def search(
        self,
        snapshot: Snapshot,
        query: str,
        k: int,
        allowed: AllowedIds | None,
        reader: QueryReader = PLAIN_WORDS,
    ) -> list[tuple[int, float]]:
        """Searches as Lexical.search says."""
        terms = self._terms(snapshot, reader.words(snapshot, query))
        if not terms or k < 1:
            return []
        if allowed is None:
            return self._best(terms, k, None)
        if allowed.is_broad(self.ids):
            best = self._best(terms, BROAD * k, None)
            passing = set(allowed.passing([passage for passage, _ in best]).tolist())
            if len(best) < BROAD * k or len(passing) >= k:
                return with_equals([pair for pair in best if pair[0] in passing], k)
        return self._best(terms, k, allowed_mask(self.ids, allowed.ids, None))

    def holding(self, snapshot: Snapshot, forms: Sequence[str]) -> int:
        """Returns how many passages hold a word in one of its forms; each has a document's language, so one form."""
        return sum(len(self._term(snapshot, form).rows) for form in forms)

    def _best(self, terms: Sequence[Term], k: int, allowed: Mask | None) -> list[tuple[int, float]]:
        rows = best_rows(terms, self._norms, k, allowed)
        norms = length_norms(self.lengths[rows], self._totals[1])
        scores = _rounded(exact_scores(terms, norms, rows))
        order = np.lexsort((rows, -scores))
        return with_equals(list(zip(self.ids[rows[order]].tolist(), scores[order].tolist(), strict=True)), k)

    def _terms(self, snapshot: Snapshot, words: Sequence[WeightedWord]) -> list[Term]:
        """Returns what each word of the query adds, in its order; words that no passage holds are left out."""
        terms: list[Term] = []
        for word in words:
            of_word = [self._term(snapshot, form) for form in word.forms]
            if len(of_word) > 1 or word.weight != 1:
                shares = shares_of_one_word([len(term.rows) for term in of_word], self._totals[0])
                of_word = [term.times(word.weight * share) for term, share in zip(of_word, shares, strict=True)]
            terms += of_word
        return [term for term in terms if len(term.rows)]

    def _term(self, snapshot: Snapshot, form: str) -> Term:
        parts = stems([form])[0]
        frequent = self._saved_term(parts[0]) if len(parts) == 1 and not form.endswith(BEGINS) else None
        return frequent if frequent is not None else self._fts5_term(snapshot, form)

    def _saved_term(self, word: str) -> Term | None:
        """Returns a frequent word; None for a rare one, or where it stands more often in a passage than was counted."""
        if word not in self.segments[0].words:
            return None
        parts, start = [], 0
        for segment in self.segments:
            rows, counts = segment.of(word)
            parts.append((rows + np.int32(start) if start else rows, counts))
            start += len(segment.ids)
        rows, counts = _joined([part[0] for part in parts]), _joined([part[1] for part in parts])
        if self.removed is not None:
            present = ~self.removed[rows]
            rows, counts = rows[present], counts[present]
        if counts.max(initial=0) == MOST_COUNT:
            return None
        return Term(rows, counts, None, inverse_document_frequency(self._totals[0], len(rows)))

    def _fts5_term(self, snapshot: Snapshot, word: str) -> Term:
        """Returns a rare word, or one of several parts, with its share of BM25 as FTS5 has it."""
        gains_by_id = snapshot.match_word(word)
        ids = np.array([passage for passage, _ in gains_by_id], np.int64)
        gains = np.array([gain for _, gain in gains_by_id], np.float64)
        return Term(np.searchsorted(self.ids, ids).astype(np.int32), None, gains, 0.0)


def _rounded(scores: Gains) -> Gains:
    """Rounds as scores of FTS5 are: one in a thousand comes out otherwise by NumPy, which multiplies first."""
    values, places = np.unique(scores, return_inverse=True)
    return np.array([round(value, DECIMALS) for value in values.tolist()], np.float64)[places]


def _joined(parts: Sequence[NDArray[Number]]) -> NDArray[Number]:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)
