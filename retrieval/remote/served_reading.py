"""What an engine keeps of a collection, read at one moment: each thing once, into a small database in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from sqlalchemy import Connection

from passagework.retrieval.errors import StoreError
from passagework.retrieval.remote.card_check import fulfils
from passagework.retrieval.remote.engine import (
    BORN,
    CARD,
    DIED,
    FOUND,
    ROWS,
    Engine,
    EnginePoint,
    FoundPoint,
    every_point,
)
from passagework.retrieval.remote.packed_rows import SEGMENTS, SPANS, unpacked
from passagework.retrieval.remote.passage_card import PassageCard
from passagework.retrieval.remote.point_numbers import document_point, segment_point, version_at
from passagework.retrieval.remote.typed_tokens import (
    DOCUMENT,
    PASSAGE,
    EngineFilter,
    Every,
    HasToken,
    asked_of,
    number_token,
)
from passagework.retrieval.store.conditions import Condition
from passagework.retrieval.store.document_rows import Rows, indexed_text, merged, put_rows

Spans = list[list[int]]
"""(id, start, end, cut) of each passage of a document, in order."""

WIDER = 4


class ServedReading:
    """Reads an engine at one moment. What rows it reads are put into `connection`, where the store's readers find them.

    Every passage that the engine finds is held against the moment, and against the filter, before it is answered.
    """

    def __init__(self, engine: Engine, moment: int, connection: Connection) -> None:
        self.engine = engine
        self.moment = moment
        self._connection = connection
        self._cards: dict[int, PassageCard] = {}
        self._rows_of: set[int] = set()
        self._spans: dict[int, Spans] = {}
        self._versions: dict[int, int] = {}
        self._segments: set[tuple[int, int]] = set()

    def best(
        self,
        ask: Callable[[int], list[FoundPoint]],
        k: int,
        condition: Condition | None,
        decimals: int,
    ) -> tuple[list[tuple[int, float]], int]:
        """Returns the `k` best that are live and fulfil a condition, as (id, score), and those equal to the last.

        With them comes how many were looked at. `ask` gives so many points, best first, fewer where there are no more.
        """
        size = k + 1
        while True:
            found = ask(size)
            kept = [(one.id, round(one.score, decimals)) for one in found if self._passes(one, condition)]
            if len(kept) > k and kept[-1][1] < kept[k - 1][1]:
                return [pair for pair in kept if pair[1] >= kept[k - 1][1]], len(found)
            if len(found) < size:
                return kept, len(found)
            size *= WIDER  # others than asked for stand among them, or the last are equals

    def cards(self, ids: Iterable[int]) -> dict[int, PassageCard]:
        """Returns the cards of those passages that are live."""
        wanted = [int(one) for one in ids]
        missing = [one for one in dict.fromkeys(wanted) if one not in self._cards]
        for point in self.engine.fetch(missing, FOUND) if missing else []:
            self._card(point)
        return {one: self._cards[one] for one in wanted if one in self._cards and self._cards[one].is_live(self.moment)}

    def passing(self, ids: Iterable[int], condition: Condition) -> list[int]:
        """Returns those of the passages that fulfil a condition, ascending."""
        return sorted(one for one, card in self.cards(ids).items() if fulfils(condition, card))

    def matching(self, condition: Condition | None) -> Iterable[PassageCard]:
        """Yields the cards of all passages that fulfil a condition, ascending."""
        asked = HasToken((PASSAGE,)) if condition is None else _passages(asked_of(condition).filter)
        for point in every_point(self.engine, asked, FOUND):
            card = self._card(point)
            if card.is_live(self.moment) and (condition is None or fulfils(condition, card)):
                yield card

    def count(self, condition: Condition) -> int | None:
        """Returns how many passages fulfil a condition, at about this moment; None where the engine can't tell."""
        asked = asked_of(condition)
        return self.engine.count(_passages(asked.filter)) if asked.exact else None

    def need_passages(self, ids: Iterable[int]) -> None:
        """Reads the rows of passages and, without their texts, of their documents."""
        missing = [int(one) for one in dict.fromkeys(ids) if int(one) not in self._rows_of]
        if not missing:
            return
        points = self.engine.fetch(missing, (*FOUND, ROWS))
        live = [point for point in points if self._card(point).is_live(self.moment)]
        self.need_documents({self._cards[point.id].place.document_id for point in live})
        self._put([unpacked(str(point.payload[ROWS])) for point in live])
        self._rows_of.update(missing)

    def need_documents(self, documents: Iterable[int]) -> None:
        """Reads the rows of documents, without their texts and passages."""
        missing = [one for one in documents if one not in self._spans]
        known = [document_point(self._versions[one]) for one in missing if one in self._versions]
        if known:
            self.put_documents(self.engine.fetch(known, (BORN, DIED, ROWS)))
        unknown = [number_token(one) for one in missing if one not in self._versions]
        if unknown:
            self.documents_with(HasToken(tuple(unknown)))

    def version(self, document: int) -> int:
        """Returns the version of a document at this moment (see `point_numbers`); raises StoreError if it is gone."""
        self.need_documents([document])
        if document not in self._versions:
            raise StoreError(f"no document {document}: it may have been deleted")
        return self._versions[document]

    def put_documents(self, points: Iterable[EnginePoint]) -> list[int]:
        """Takes in the rows of those documents that are live, as the engine keeps them; returns their numbers."""
        live = {version_at(point.id): unpacked(str(point.payload[ROWS])) for point in points if self._is_live(point)}
        documents = []
        for version, rows in live.items():
            document = int(rows["documents"][0][0])
            self._versions[document] = version
            self._spans[document] = rows.pop(SPANS, [])
            documents.append(document)
        self._put(list(live.values()))
        return documents

    def documents_with(self, asked: EngineFilter) -> list[int]:
        """Returns the live documents that have tokens of their own."""
        points = every_point(self.engine, Every((HasToken((DOCUMENT,)), asked)), (BORN, DIED, ROWS))
        return self.put_documents(points)

    def indexed_texts(self, ids: Sequence[int]) -> list[tuple[int, str, str, str]]:
        """Returns id, title, headings and text of passages, as a text index has them."""
        points = self.engine.fetch(ids, (ROWS,))
        return [indexed_text(unpacked(str(point.payload[ROWS]))["passages"][0]) for point in points]

    def spans(self, document: int) -> Spans:
        """Returns where each passage of a document stands; none where it is gone."""
        self.need_documents([document])
        return self._spans.get(document, [])

    def need_text(self, document: int, ordinals: range) -> None:
        """Reads parts of a document's text."""
        missing = [one for one in ordinals if (document, one) not in self._segments]
        version = self.version(document)
        points = self.engine.fetch([segment_point(version, one) for one in missing], (ROWS,)) if missing else []
        self._put([{SEGMENTS: unpacked(str(point.payload[ROWS]))[SEGMENTS]} for point in points])
        self._segments.update((document, one) for one in missing)

    def _put(self, several: Sequence[Rows]) -> None:
        if several:
            put_rows(self._connection, merged(several))

    def _passes(self, found: FoundPoint, condition: Condition | None) -> bool:
        card = self._card(found)
        return card.is_live(self.moment) and (condition is None or fulfils(condition, card))

    def _card(self, point: FoundPoint | EnginePoint) -> PassageCard:
        card = self._cards.get(point.id)
        if card is None:
            born, died = _lifetime(point)
            card = PassageCard.from_text(point.id, str(point.payload[CARD]), born=born, died=died)
            self._cards[point.id] = card
            if card.is_live(self.moment):
                self._versions[card.place.document_id] = card.version
        return card

    def _is_live(self, point: EnginePoint) -> bool:
        born, died = _lifetime(point)
        return born <= self.moment and (died is None or self.moment < died)


def _passages(asked: EngineFilter) -> EngineFilter:
    """Returns the filter for passages alone: documents have no tokens, which a `No` lets through."""
    return Every((HasToken((PASSAGE,)), asked))


def _lifetime(point: FoundPoint | EnginePoint) -> tuple[int, int | None]:
    born, died = point.payload.get(BORN), point.payload.get(DIED)
    return int(str(born)), None if died is None else int(str(died))
