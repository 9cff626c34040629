"""Queries of many threads, encoded together: those that come while a batch is under way make the next one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Event
from typing import TypeAlias

from passagework.retrieval.cores import core_lent
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


@dataclass(slots=True, eq=False)
class _Caller:
    """Waits until its queries are encoded, or until it is the one who encodes."""

    queries: list[_Query]
    encodes: bool = False
    woken: Event = field(default_factory=Event)

    @property
    def is_served(self) -> bool:
        return all(query.encoded.done() for query in self.queries)


class _Line(ForkSafeLock):
    """Holds the queries and callers that wait, and whether a caller encodes; a forked child begins with none."""

    def __init__(self) -> None:
        super().__init__()
        self.free()

    def free(self) -> None:
        super().free()
        self.queries: deque[_Query] = deque()
        self.callers: deque[_Caller] = deque()
        self.is_busy = False


class WaitingQueries:
    """Hands queries to `encode` in the order they come, with the first that waits those of its width, `most` at a time.

    A query that finds none under way is encoded at once, alone: nobody waits for company. The caller whose turn it is
    encodes for those behind it until it has its own, so there is no thread for that. Whoever has its vectors goes on at
    once, whatever is encoded meanwhile; whoever waits for them lends its core (see `cores`).
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
        self._line = _Line()

    def encode(self, ids: TokenIds) -> EncodedQuery:
        """Returns a query's vectors, or raises what encoding it alone raises."""
        return self.encode_all([ids])[0]

    def encode_all(self, token_ids: Sequence[TokenIds]) -> list[EncodedQuery]:
        """Returns the vectors of several queries; raises what encoding the first that can't be encoded alone raises."""
        caller = _Caller([_Query(ids, self._width(ids)) for ids in token_ids])
        with self._line:
            self._line.queries.extend(caller.queries)
            caller.encodes = not self._line.is_busy
            self._line.is_busy = True
            if not caller.encodes:
                self._line.callers.append(caller)
        try:
            if not caller.encodes:
                with core_lent():
                    caller.woken.wait()
            while not caller.is_served:
                self._encode_next()
        finally:
            self._leave(caller)
        return [query.encoded.result() for query in caller.queries]

    def _leave(self, caller: _Caller) -> None:
        """Takes a caller out of the line; one that encodes has the next go on with it."""
        with self._line:
            if caller in self._line.callers:  # it was interrupted
                self._line.callers.remove(caller)
            if not caller.encodes:
                return
            self._line.is_busy = bool(self._line.callers)
            if self._line.callers:
                following = self._line.callers.popleft()
                following.encodes = True
                following.woken.set()

    def _encode_next(self) -> None:
        """Encodes a batch, and wakes the callers that have all of theirs."""
        with self._line:
            batch = self._next()
        try:
            self._encode_together(batch)
        except BaseException:  # Ctrl-C is this caller's, and not of those behind it
            with self._line:
                self._line.queries.extendleft(one for one in reversed(batch) if not one.encoded.done())
            raise
        with self._line:
            for caller in [one for one in self._line.callers if one.is_served]:
                self._line.callers.remove(caller)
                caller.woken.set()

    def _next(self) -> list[_Query]:
        """Takes out the first that waits, and those behind it of the same width."""
        width = self._line.queries[0].width
        alike = [query for query in self._line.queries if query.width == width][: self._most]
        self._line.queries = deque(query for query in self._line.queries if query not in alike)
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
