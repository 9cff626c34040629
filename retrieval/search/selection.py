"""Chooses from a ranking: passages that are good enough, not too many of one document, and each text once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from passagework.retrieval.search.candidate_pool import Pool
from passagework.retrieval.search.clock import Clock
from passagework.retrieval.search.copies import SKETCHED, PassageWords, sketch_of
from passagework.retrieval.search.diversity import LEAST_POOL, POOL_SHARE, diverse
from passagework.retrieval.search.request import SearchRequest
from passagework.retrieval.store import Location, Snapshot
from passagework.retrieval.types import Copies

LOOKED_AT = 30
"""Passages at the top of a ranking that are looked at for copies, however few hits are asked for."""

Found = dict[int, float]
"""Copies of a passage by id, with their similarity, in order of rank."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Holds passages in order of rank, each with its copies.

    `short` tells that they are fewer than asked for, while others were left out: a larger pool may have more.
    """

    copies: Mapping[int, Found]
    short: bool

    @property
    def all_passages(self) -> list[int]:
        """Returns the ids of the passages, and then those of their copies."""
        return [*self.copies, *(copy for found in self.copies.values() for copy in found)]


class Selector:
    """Chooses for one query; a text is read once, however often the pool grows."""

    def __init__(self, request: SearchRequest, snapshot: Snapshot, clock: Clock) -> None:
        self._request = request
        self._snapshot = snapshot
        self._clock = clock
        self._texts: dict[int, _Text] = {}

    def hits(self, pool: Pool, scores: Mapping[int, float], reranked: Selection | None) -> Selection:
        """Returns the `k` best by their scores at the last stage, spread as far as `diversity` asks for.

        `reranked` are those that a reranker read, where that was the last stage.
        """
        k, diversity = self._request.k, self._request.diversity
        most = max(LEAST_POOL, POOL_SHARE * k) if diversity else k
        known = {} if reranked is None else reranked.copies
        selection = self.best(pool, pool.best_first(scores), most, final=scores, known=known)
        short = len(selection.copies) < k and (selection.short or (reranked is not None and reranked.short))
        if not diversity or not selection.copies:
            return Selection(selection.copies, short)
        passages = list(selection.copies)
        with self._clock.timed("diversity"):
            vectors = self._snapshot.vectors_of(passages)
            order = diverse([scores[passage] for passage in passages], vectors, k, diversity)
        copies = {passages[place]: selection.copies[passages[place]] for place in order}
        return Selection(copies, short)

    def best(
        self,
        pool: Pool,
        passages: Sequence[int],
        most: int,
        *,
        final: Mapping[int, float] | None = None,
        known: Mapping[int, Found] | None = None,
    ) -> Selection:
        """Returns the first `most` of them that are good enough by their `final` score, and no copies of one another.

        `known` are copies that were found before. Copies are looked for until `most` are chosen, and among the first
        LOOKED_AT in any case.
        """
        ranked, known = len(passages), known or {}
        passages = self._good_enough(passages, final or {})
        more = len(passages) == ranked  # else what a larger pool has further down isn't good enough either
        collapse = self._request.copies is Copies.COLLAPSE
        chosen: dict[int, Found] = {}
        texts = _ChosenTexts()
        of_document: Counter[int] = Counter()
        left_out = False
        for rank, passage in enumerate(passages):
            if len(chosen) >= most and (not collapse or rank >= LOOKED_AT):
                break
            place, found = pool.places[passage], dict(known.get(passage, {}))
            text = self._text_of(passages, rank, max(most, LOOKED_AT)) if collapse else None
            original = texts.original(text, place) if text else None
            if original is not None:
                chosen[original[0]] |= {passage: original[1], **found}
                left_out |= more
            elif len(chosen) < most:
                of_document[place.document_id] += 1
                if of_document[place.document_id] > (self._request.per_document or len(passages)):
                    left_out = True
                    continue
                chosen[passage] = found
                if text:
                    texts.add(passage, text, place)
        return Selection(chosen, left_out and len(chosen) < most)

    def _good_enough(self, passages: Sequence[int], final: Mapping[int, float]) -> Sequence[int]:
        least = self._request.min_score
        return passages if least is None else [passage for passage in passages if final.get(passage, least) >= least]

    def _text_of(self, passages: Sequence[int], rank: int, ahead: int) -> _Text:
        """Returns the text of the passage at `rank`; those of `ahead` passages are read at once."""
        if passages[rank] not in self._texts:
            unread = [passage for passage in passages[rank : rank + ahead] if passage not in self._texts]
            with self._clock.timed("fetch"):
                texts = self._snapshot.texts(unread)
                self._texts.update({passage: _Text(texts.get(passage, "")) for passage in unread})
        return self._texts[passages[rank]]


class _Text:
    """A passage's text, whose words are told apart exactly when something much alike turns up."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.characters = len(text)
        self.sketch = sketch_of(text)

    @cached_property
    def words(self) -> PassageWords:
        """Returns its words."""
        return PassageWords.of(self._text)


class _ChosenTexts:
    """Finds for a passage the one among those chosen that it is a copy of."""

    def __init__(self) -> None:
        self._chosen: list[tuple[int, _Text, Location]] = []
        self._by_word: dict[str, list[int]] = defaultdict(list)

    def add(self, passage: int, text: _Text, place: Location) -> None:
        """Adds a passage that was chosen."""
        for word in text.sketch:
            self._by_word[word].append(len(self._chosen))
        self._chosen.append((passage, text, place))

    def original(self, text: _Text, place: Location) -> tuple[int, float] | None:
        """Returns the best-ranked passage that says all that a text does, and how much of it; None where none does.

        Passages of one document that overlap are no copies: they are one place.
        """
        # A copy lacks so few of the words that of these few, the longest, one at least must be there.
        probes = sorted(text.sketch, key=len)[-int((1 - SKETCHED) * len(text.sketch)) - 1 :]
        for number in sorted({number for word in probes for number in self._by_word.get(word, ())}):
            passage, chosen, chosen_place = self._chosen[number]
            if len(text.sketch & chosen.sketch) < SKETCHED * len(text.sketch):
                continue
            found = chosen.words.similarity(text.words)
            if found and not _overlap(chosen, chosen_place, text, place):
                return passage, found
        return None


def _overlap(text: _Text, place: Location, other_text: _Text, other: Location) -> bool:
    return (
        place.document_id == other.document_id
        and place.start < other.start + other_text.characters
        and other.start < place.start + text.characters
    )
