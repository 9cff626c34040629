"""Queries of many threads: which are encoded together, and that each gets its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from passagework.retrieval.errors import EncodingError
from passagework.retrieval.models.waiting_queries import EncodedQuery, WaitingQueries
from passagework.retrieval.types import TokenIds


class SlowEncoder:
    """Gives a query the vector of its first token; the first batch waits until it is let go."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.let_go = threading.Event()

    def __call__(self, queries: Sequence[TokenIds]) -> list[EncodedQuery]:
        """Returns the vectors of a batch."""
        self.batches.append([int(ids[0]) for ids in queries])
        if len(self.batches) == 1:
            assert self.let_go.wait(10)
        if any(ids[0] < 0 for ids in queries):
            raise EncodingError("no vector")
        return [(np.full((1, 2), ids[0], np.float32), None) for ids in queries]


def asked_at_once(encoder: SlowEncoder, queries: Sequence[Sequence[int]], *, most: int = 32) -> list[object]:
    """Returns for each query the first number of its vector, or what was raised; they come in order, while one runs."""
    waiting = WaitingQueries(encoder, width=len, most=most)

    def ask(query: Sequence[int]) -> object:
        try:
            return float(waiting.encode(np.array(query, np.int32))[0][0, 0])
        except EncodingError as error:
            return str(error)

    with ThreadPoolExecutor(len(queries)) as pool:
        answers = []
        for number, query in enumerate(queries):
            answers.append(pool.submit(ask, query))
            while len(waiting._line.queries) + len(encoder.batches) <= number:
                time.sleep(0.001)
        encoder.let_go.set()
        return [answer.result(10) for answer in answers]


def test_encoded_together() -> None:
    """Queries that come while one is encoded make the next batch, with those of their width, in the order they came."""
    encoder = SlowEncoder()
    assert asked_at_once(encoder, [[1], [2], [3, 3], [4], [5, 5]]) == [1, 2, 3, 4, 5]
    assert encoder.batches == [[1], [2, 4], [3, 5]]


def test_most_of_a_batch() -> None:
    """A batch has no more than `most`: with 1, each query is encoded alone."""
    for most, batches in ((2, [[1], [2, 3], [4]]), (1, [[1], [2], [3], [4]])):
        encoder = SlowEncoder()
        assert asked_at_once(encoder, [[1], [2], [3], [4]], most=most) == [1, 2, 3, 4]
        assert encoder.batches == batches


def test_error_is_one_caller_s() -> None:
    """What one query of a batch can't have, the others get."""
    encoder = SlowEncoder()
    assert asked_at_once(encoder, [[1], [2], [-3], [4]]) == [1, 2, "no vector", 4]
    assert encoder.batches == [[1], [2, -3, 4], [2], [-3], [4]]


def test_interrupted_caller() -> None:
    """Who is interrupted while it encodes for others leaves them their turn."""
    interrupts = [KeyboardInterrupt]

    def encode(queries: Sequence[TokenIds]) -> list[EncodedQuery]:
        if interrupts:
            raise interrupts.pop()
        return [(np.full((1, 2), ids[0], np.float32), None) for ids in queries]

    waiting = WaitingQueries(encode, width=len)
    with pytest.raises(KeyboardInterrupt):
        waiting.encode(np.array([1], np.int32))
    assert waiting.encode(np.array([2], np.int32))[0][0, 0] == 2


def test_who_is_served_goes_on_at_once() -> None:
    """A caller that has its vectors doesn't wait for the batch that is encoded next."""
    began, let_go = threading.Semaphore(0), [threading.Event() for _ in range(3)]
    batches: list[list[int]] = []

    def encode(queries: Sequence[TokenIds]) -> list[EncodedQuery]:
        batches.append([int(ids[0]) for ids in queries])
        began.release()
        assert let_go[len(batches) - 1].wait(10)
        return [(np.full((1, 2), ids[0], np.float32), None) for ids in queries]

    waiting = WaitingQueries(encode, width=len, most=2)
    with ThreadPoolExecutor(4) as pool:
        callers = []
        for number in range(4):
            callers.append(pool.submit(waiting.encode, np.array([number], np.int32)))
            while len(waiting._line.queries) + len(batches) <= number:
                time.sleep(0.001)
        for number in range(3):  # 0 alone, then 1 and 2 by one of them, then 3
            assert began.acquire(timeout=10)
            if number == 2:
                assert [callers[one].result(10)[0][0, 0] for one in (0, 1, 2)] == [0, 1, 2]
            let_go[number].set()
        assert callers[3].result(10)[0][0, 0] == 3
    assert batches == [[0], [1, 2], [3]]


def test_a_forked_child_waits_for_nobody() -> None:
    """Those who encoded and waited in the parent are not there."""
    encoder = SlowEncoder()
    encoder.let_go.set()
    waiting = WaitingQueries(encoder, width=len)
    waiting._line.is_busy = True
    waiting._line.free()  # as at a fork
    assert waiting.encode(np.array([7], np.int32))[0][0, 0] == 7
