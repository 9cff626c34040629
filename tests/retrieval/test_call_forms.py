"""Several queries in one call, and calls that are awaited: each finds what the plain call finds."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from passagework import BiEncoder, Collection, ConfigError, Hits, create
from passagework.retrieval.collection.restricted import RestrictedCollection
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.search.encoded_ahead import AT_ONCE, EncodedAhead
from passagework.retrieval.types import Vectors
from tests.support.fakes import FakeEncoder, FakeTokenEncoder

TEXTS = {"owls": "owls hoot at night", "dogs": "dogs bark at the carrier", "herons": "herons stand in the water"}


class CountingEncoder(FakeTokenEncoder):
    """Notes how many queries each call brings."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[int] = []

    def encode_queries(self, texts: Any) -> Vectors:
        """The same."""
        self.calls.append(len(texts))
        return super().encode_queries(texts)


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    """Three texts of a program."""
    folder = tmp_path_factory.mktemp("forms") / "c"
    create(folder, encoder=FakeTokenEncoder())
    with Collection.open(folder, encoder=CountingEncoder()) as opened:
        opened.add(list(TEXTS.values()), ids=list(TEXTS), metadata=[{"n": n} for n in range(3)])
        opened.search("night")
        yield opened


def found(hits: Hits) -> Any:
    """All of an answer but the times."""
    return hits.query, hits.hits, hits.plan


@settings(max_examples=20, deadline=None)
@given(
    queries=st.lists(st.sampled_from(["owls", "at night", '"dogs bark" -owls', "n:1", "nothing", "water"]), max_size=7),
    stage=st.sampled_from([None, "dense", "lexical", "hybrid"]),
)
def test_many_are_equal_to_single_searches(collection: Collection, queries: list[str], stage: str | None) -> None:
    """To the last digit, whatever stands beside a query, repeated ones and those of a filter alone among them."""
    many = collection.search_many(queries, stage=stage, k=2)
    assert list(map(found, many)) == [found(collection.search(query, stage=stage, k=2)) for query in queries]


def test_queries_are_encoded_together(collection: Collection) -> None:
    """One call of the encoder for all, each text once, and none for what needs no vector."""
    encoder = collection.encoder()
    assert isinstance(encoder, CountingEncoder)
    encoder.calls.clear()
    collection.search_many(["owls", "dogs", "owls", "n:1"], stage="hybrid")
    collection.search_many(["owls", "dogs"], stage="lexical")
    assert encoder.calls == [2]


def test_more_queries_than_are_encoded_at_once() -> None:
    """Come in batches, in whatever order their vectors are asked for."""
    encoder = CountingEncoder()
    queries = [f"word{number}" for number in range(AT_ONCE + 3)]
    ahead = EncodedAhead(queries)
    alone = FakeEncoder()
    for query in (*queries, queries[0]):
        assert np.array_equal(ahead.vector(query, encoder), alone.encode_queries([query]))
    assert encoder.calls == [AT_ONCE, 3, AT_ONCE]


def test_a_query_reads_the_same_beside_others() -> None:
    """With the real encoder: a vector doesn't depend on its batch, though texts of other lengths are in it."""
    encoder: Encoder = BiEncoder.load()
    queries = ["owls", "who approves a trip to another continent, and when?", "pump", "a " * 60]
    together = encoder.encode_queries(queries)
    assert np.array_equal(together, np.vstack([encoder.encode_queries([query]) for query in queries]))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda c: c.search_many("owls"), "queries is 'owls': give a list of texts"),
        (lambda c: c.search_many(["owls", " "]), "the query is empty"),
        (lambda c: c.search_many(["owls"], k=0), "k is 0"),
    ],
)
def test_mistakes(collection: Collection, call: Any, said: str) -> None:
    """One line, and no answers."""
    with pytest.raises(ConfigError, match=said):
        call(collection)
    assert collection.search_many([]) == []


def test_many_see_a_part_alone(collection: Collection) -> None:
    """Whoever may see some documents gets no others by the other form."""
    part = RestrictedCollection(collection, {"n": 0})
    many = part.search_many(["dogs", "owls"])
    assert [[hit.document for hit in hits] for hits in many] == [["owls"], ["owls"]]
    awaited = asyncio.run(part.search_async("dogs"))
    assert [hit.document for hit in awaited] == ["owls"]


def test_awaited_calls_answer_alike(collection: Collection) -> None:
    """On another thread, with the errors of the call itself."""

    async def ask() -> Any:
        return await asyncio.gather(
            collection.search_async("owls", k=1),
            collection.search_many_async(["owls"], k=1),
            collection.context_async("owls at night", max_tokens=40, min_relevance=0.0),
        )

    hits, many, context = asyncio.run(ask())
    assert found(hits) == found(collection.search("owls", k=1)) == found(many[0])
    assert context.text == collection.context("owls at night", max_tokens=40, min_relevance=0.0).text != ""
    with pytest.raises(ConfigError, match="the query is empty"):
        asyncio.run(collection.search_async(" "))


def test_the_loop_goes_on_meanwhile(tmp_path: Path) -> None:
    """A writer that waits for another one holds up its own coroutine alone."""
    create(tmp_path / "c", encoder=FakeEncoder())

    async def add(opened: Any) -> list[str]:
        told: list[str] = []
        with opened._writing:
            adding = asyncio.create_task(opened.add_async("owls", ids=["o"]))
            await asyncio.sleep(0.05)
            told.append("the loop")
        report = await adding
        told.append(f"added {report.added}")
        return told

    with Collection.open(tmp_path / "c", encoder=FakeEncoder()) as opened:
        assert asyncio.run(add(opened)) == ["the loop", "added 1"]
        assert asyncio.run(opened.upsert_async("owls hoot", ids=["o"])).updated == 1
        assert [row.name for row in asyncio.run(opened.delete_async("o"))] == ["o"]


def test_a_cancelled_call_goes_on_to_its_end(tmp_path: Path) -> None:
    """What was begun to be added is there, and nothing is half written."""
    create(tmp_path / "c", encoder=FakeEncoder())
    begun = threading.Event()

    class SlowEncoder(FakeEncoder):
        def encode_tokens(self, token_ids: Any) -> Vectors:
            begun.set()
            time.sleep(0.1)
            return super().encode_tokens(token_ids)

    async def cancel(opened: Any) -> None:
        adding = asyncio.create_task(opened.add_async(["owls", "dogs"], ids=["o", "d"]))
        while not begun.is_set():
            await asyncio.sleep(0.01)
        adding.cancel()
        with pytest.raises(asyncio.CancelledError):
            await adding

    with Collection.open(tmp_path / "c", encoder=SlowEncoder()) as opened:
        asyncio.run(cancel(opened))  # ends when its threads have
        assert len(opened.documents()) == 2
