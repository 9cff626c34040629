"""What is asked of a served collection's contents at one moment: the engine's rows, read as the store reads its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn

import numpy as np
from sqlalchemy import Connection

from passagework.retrieval.errors import StoreError
from passagework.retrieval.remote.engine import Engine
from passagework.retrieval.remote.held_terms import HeldTerms
from passagework.retrieval.remote.served_documents import ServedDocuments
from passagework.retrieval.remote.served_reading import ServedReading
from passagework.retrieval.remote.typed_tokens import HasToken, existing_token
from passagework.retrieval.store.catalogue import MOMENT, CatalogueMoment
from passagework.retrieval.store.conditions import Condition
from passagework.retrieval.store.rows import Change, Generation, Location, PassageRow
from passagework.retrieval.store.snapshot import Columns
from passagework.retrieval.types import Ids, Json, Vectors

MOST_LISTED = 20_000
"""Passages of a collection whose texts are read one and all; of a larger one that would take minutes."""


class ServedSnapshot(ServedDocuments):
    """Is a `Snapshot` of a served collection, and raises StoreError for what only a local one can be asked.

    `connection` is one to an empty database in memory, which takes in what the engine gives.
    """

    def __init__(self, connection: Connection, engine: Engine, catalogue: CatalogueMoment) -> None:
        super().__init__(connection)
        self.engine = engine
        self.catalogue = catalogue
        self.reading = ServedReading(engine, catalogue.number(MOMENT), connection)
        self.terms = HeldTerms(self.reading, catalogue)

    # what changed

    def last_change(self) -> int:
        """Returns the moment."""
        return self.catalogue.number(MOMENT)

    def commits(self) -> int:
        """Returns the moment: as long as it is the same number, everything is."""
        return self.catalogue.number(MOMENT)

    def generations(self) -> list[Generation]:
        """Returns none: the engine keeps its own indexes."""
        return []

    postings_generations = generations

    def last_postings_generation(self) -> int:
        """Returns 0: there are none."""
        return 0

    def meta(self, key: str) -> Json:
        """Returns a fact about the collection, None where it isn't recorded."""
        meta = self.catalogue.fact("meta")
        return meta.get(key) if isinstance(meta, dict) else None

    # vectors

    def passage_count(self) -> int:
        """Returns how many passages there are."""
        return int(self.counts()["passages"])

    def vectors_of(self, ids: Sequence[int] | Ids) -> Vectors:
        """Returns the vectors of these passages, in the order given: (n, dim) float32."""
        vectors = {point.id: point.vector for point in self.engine.fetch([int(one) for one in ids], (), vectors=True)}
        rows = [vectors[int(one)] for one in ids]
        return np.stack([row for row in rows if row is not None]) if rows else np.empty((0, self.dim), np.float32)

    def vectors_by_hash(self, hashes: Sequence[bytes]) -> dict[bytes, bytes]:
        """Returns the vectors, as bytes, of those hashes that stand for all (see `least_hashes`)."""
        sample = self.catalogue.sample()
        return {key: sample[key] for key in hashes if key in sample}

    def least_hashes(self, most: int) -> list[bytes]:
        """Returns the least hashes of what was encoded of the passages, as of the last load, ascending, each once."""
        return self.catalogue.sampled_hashes()[:most]

    # searching

    def matching(self, condition: Condition) -> Ids:
        """Returns the ids of the passages that fulfil a condition, ascending."""
        return np.fromiter((card.id for card in self.reading.matching(condition)), np.int64)

    def passing(self, ids: Sequence[int] | Ids, condition: Condition) -> Ids:
        """Returns those of `ids` that fulfil a condition, ascending."""
        return np.array(self.reading.passing(map(int, ids), condition), np.int64)

    def first_matching(self, condition: Condition, k: int) -> list[int]:
        """Returns the first `k` passages that fulfil a condition, in the order of documents (see `Location.order`)."""
        cards = sorted(self.reading.matching(condition), key=lambda card: card.place.order)
        return [card.id for card in cards[:k]]

    def count_holding(self, terms: Sequence[str], most: int) -> int:
        """Returns how many passages hold one of the terms, and `most` where it is that many or more."""
        return min(most, self.terms.count(terms))

    def holding(self, terms: Sequence[str], most: int) -> Ids:
        """Returns the first `most` passages that hold one of the terms, ascending; where only one is asked for, any."""
        return self.terms.holding(terms, most)

    @contextmanager
    def words(self) -> Iterator[Any]:
        """Gives what lists the words of the collection, and no passages of theirs."""
        yield _ListedWords(self.catalogue)

    def columns_of(self, ids: Ids) -> Iterator[tuple[int, Columns]]:
        """Yields the passages with these ids, ascending, with what stands in each."""
        self.reading.need_passages(ids.tolist())
        return super().columns_of(ids)

    def every_text(self) -> Iterator[str]:
        """Yields the text of every passage of a small collection, and none of a larger one."""
        if self.passage_count() > MOST_LISTED:
            return iter(())
        ids = [card.id for card in self.reading.matching(None)]
        self.reading.need_passages(ids)
        return iter(super().texts(ids).values())

    def has_field(self, key: str) -> bool:
        """Tells whether any document has this metadata field, or one nested in it."""
        return self.engine.count(HasToken((existing_token(key),))) > 0

    def had_field(self, key: str) -> bool:
        """Tells whether a document had this metadata field that went or came anew since."""
        return key in self.former_field_names()

    def field_names(self) -> list[str]:
        """Returns every metadata field that some document has, sorted."""
        return list(self.catalogue.fact("fields") or [])

    def former_field_names(self) -> list[str]:
        """Returns every metadata field of documents that went or came anew, sorted; some document may have it still."""
        return list(self.catalogue.fact("former_fields") or [])

    # passages

    def locations(self, ids: Sequence[int]) -> dict[int, Location]:
        """Returns where each passage stands; passages that are gone are left out."""
        return {one: card.place for one, card in self.reading.cards(ids).items()}

    def passages(self, ids: Sequence[int]) -> list[PassageRow]:
        """Returns the passages with these ids, in the order given; those that are gone are left out."""
        self.reading.need_passages(ids)
        return super().passages(ids)

    def texts(self, ids: Sequence[int]) -> dict[int, str]:
        """Returns the text of each passage, and nothing else of it; those that are gone are left out."""
        self.reading.need_passages(ids)
        return super().texts(ids)

    def neighbours(self, document_id: int, ordinals: range) -> list[PassageRow]:
        """Returns the document's passages with these ordinals, in order."""
        spans = self.reading.spans(document_id)
        self.reading.need_passages(span[0] for span in spans[max(0, ordinals.start) : max(0, ordinals.stop)])
        return super().neighbours(document_id, ordinals)

    def passages_in(self, document_id: int, start: int, end: int) -> list[PassageRow]:
        """Returns the document's passages that have a part of its text in `[start, end)`, in order."""
        self._need_passages_in(document_id, start, end)
        return super().passages_in(document_id, start, end)

    def whole(self) -> NoReturn:
        """Raises StoreError: all of a served collection is too much to be looked at."""
        raise _not_served("compare all its passages")

    def passage_vectors(self, *, first: int = 0, last: int = 0, room: object = None) -> NoReturn:  # noqa: ARG002
        """Raises StoreError: all vectors of a served collection are too many to be read."""
        raise _not_served("compare all its passages")

    def _refused(self, *_: object, **__: object) -> NoReturn:
        """Raises StoreError."""
        raise _not_served("answer that")

    changes_since: Callable[..., list[Change]] = _refused
    known_hashes: Callable[..., set[bytes]] = _refused
    match_text: Callable[..., list[tuple[int, float]]] = _refused
    match_word: Callable[..., list[tuple[int, float]]] = _refused
    passage_texts: Callable[..., Iterator[tuple[int, str, str, str]]] = _refused


class _ListedWords:
    """Lists the words of a catalogue, as a `WordReader` does."""

    def __init__(self, catalogue: CatalogueMoment) -> None:
        self._catalogue = catalogue

    def frequent(self, least: int) -> list[tuple[str, int]]:
        """Returns the words that at least so many passages hold, and how often they stand in all."""
        return self._catalogue.every_word(least)


def _not_served(what: str) -> StoreError:
    return StoreError(f"a served collection can't {what} here: ask the collection that it was loaded from")
