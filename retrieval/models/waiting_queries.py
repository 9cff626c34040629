"""Queries of many threads, encoded together: those that come while a batch is under way make the next one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TypeAlias

from passagework.retrieval.forks import ForkSafeLock
from passagework.retrieval.types import TokenIds, Vectors

EncodedQuery: TypeAlias = tuple[Vectors, Vectors | None]
"""A query's vector (1, dim), and those of its tokens (n, hidden), where the model gives them."""

MOST = 32
"""Queries of a batch. Of 16 tokens each, 16 together take 24 ms of CPU where one takes 5."""


@dataclass(frozen=True, slots=True, eq=False)
class _Query:
    ids: TokenIds
    width: int
    encoded: Future[EncodedQuery] = field(default_factory=Future)


class WaitingQueries:
    """Hands queries to `encode` in the order they come, with the first that waits those of its width, `most` at a time.

    A query that finds none under way is encoded at once, alone: nobody waits for company. The caller whose turn it is
    encodes for those behind it, so there is no thread of its own.
    """

    def __init__(
        self,
        encode: Callable[[Sequence[TokenIds]], list[EncodedQuery]],
        *,
        width: Callable[[TokenIds], int],
        most: int = MOST,
    ) -> None:
        self._encode = encode
        self._width = width
        self._most = most
        self._waiting: deque[_Query] = deque()
        self._turn = ForkSafeLock()

    def encode(self, ids: TokenIds) -> EncodedQuery:
        """Returns a query's vectors, or raises what encoding it alone raises."""
        return self.encode_all([ids])[0]

    def encode_all(self, token_ids: Sequence[TokenIds]) -> list[EncodedQuery]:
        """Returns the vectors of several queries; raises what encoding the first that can't be encoded alone raises."""
        queries = [_Query(ids, self._width(ids)) for ids in token_ids]
        self._waiting.extend(queries)
        with self._turn:
            while not all(query.encoded.done() for query in queries):
                batch = self._next()
                try:
                    self._encode_together(batch)
                except BaseException:  # Ctrl-C is this caller's, and not of those behind it
                    self._waiting.extendleft(one for one in reversed(batch) if not one.encoded.done())
                    raise
        return [query.encoded.result() for query in queries]

    def _next(self) -> list[_Query]:
        """Takes out the first that waits, and those behind it of the same width."""
        waiting = [self._waiting.popleft() for _ in range(len(self._waiting))]
        alike = [query for query in waiting if query.width == waiting[0].width][: self._most]
        self._waiting.extendleft(query for query in reversed(waiting) if query not in alike)
        return alike

    def _encode_together(self, batch: Sequence[_Query]) -> None:
        try:
            found = self._encode([query.ids for query in batch])
        except Exception as error:  # noqa: BLE001 - whatever it is, it is raised to whoever asked
            if len(batch) == 1:
                batch[0].encoded.set_exception(error)
                return
            for query in batch:  # what one of them can't have, the others may
                self._encode_together([query])
            return
        for query, vectors in zip(batch, found, strict=True):
            query.encoded.set_result(vectors)
