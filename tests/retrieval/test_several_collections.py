"""Several collections searched as one."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from passagework import Collection, Collections, ConfigError, MergedContext, MergedHits, StoreError, create
from tests.support.fakes import FakeEncoder, FakeTokenEncoder

TEXTS = {
    "birds": ["owls hoot at night", "herons stand in the water", "the eagle owl hunts"],
    "pets": ["dogs bark at the mail carrier", "cats sleep by the stove", "owls at night are no pets"],
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Two collections of three texts; the same ids, and so the same addresses, are in both."""
    base = tmp_path_factory.mktemp("several")
    for name, texts in TEXTS.items():
        create(base / name, encoder=FakeTokenEncoder())
        with Collection.open(base / name, encoder=FakeTokenEncoder()) as opened:
            opened.add(texts, ids=["0", "1", "2"], metadata={"of": name})
    return {name: base / name for name in TEXTS}


@pytest.fixture(scope="module")
def collections(folders: dict[str, Path]) -> Iterator[Collections]:
    """Both, open."""
    with Collections.open(folders, encoder=FakeTokenEncoder()) as opened:
        yield opened


def test_hits_are_merged_by_relevance(collections: Collections) -> None:
    """Each is that of its collection's own search, but for its rank and the collection's name."""
    hits = collections.search("owls at night", k=4, stage="hybrid")
    own = {name: collections[name].search("owls at night", k=4, stage="hybrid") for name in collections.names}
    everything = [(name, hit) for name in collections.names for hit in own[name]]
    best = sorted(everything, key=lambda pair: -(pair[1].relevance or 0))[:4]
    assert isinstance(hits, MergedHits)
    assert [(hit.collection, hit.document, hit.score, hit.relevance) for hit in hits] == [
        (name, hit.document, hit.score, hit.relevance) for name, hit in best
    ]
    assert [hit.rank for hit in hits] == [1, 2, 3, 4]
    assert {hit.collection for hit in hits} == {"birds", "pets"}
    assert hits.to_json()["hits"][0] == {  # type: ignore[index]
        **best[0][1].to_json(),
        "rank": 1,
        "collection": best[0][0],
    }
    assert {name: part.hits for name, part in hits.parts.items()} == {name: part.hits for name, part in own.items()}


def test_many_and_awaited(collections: Collections) -> None:
    """The other forms find the same."""
    import asyncio

    queries = ["owls", "mail carrier"]
    single = [collections.search(query, k=2).hits for query in queries]
    assert [hits.hits for hits in collections.search_many(queries, k=2)] == single
    assert asyncio.run(collections.search_async("owls", k=2)).hits == single[0]


def test_a_context_quotes_each_collection_from_its_own(collections: Collections) -> None:
    """Though documents of both have the same address, they are no one document; sources name the collection."""
    context = collections.context("owls at night", max_tokens=200, min_relevance=0.0)
    assert isinstance(context, MergedContext)
    cited = {(citation.collection, citation.path): citation.text for citation in context.citations}
    assert cited["birds", "0"] == "owls hoot at night"
    assert cited["pets", "2"] == "owls at night are no pets"
    assert len(cited) == 6
    for (name, number), text in cited.items():
        assert text == TEXTS[name][int(number)]
        assert f"] {name}: {number}\n" in context.text
    assert sorted(context.plans) == ["birds", "pets"]
    assert "plan" not in context.to_json()


def test_a_copy_in_another_collection_says_so(tmp_path: Path) -> None:
    """A context quotes a text once, and tells in which collection else it stands."""
    for name in ("a", "b"):
        create(tmp_path / name, encoder=FakeEncoder())
        with Collection.open(tmp_path / name, encoder=FakeEncoder()) as opened:
            opened.add("The key hangs behind the green door.", ids=["key"])
    with Collections.open({"a": tmp_path / "a", "b": tmp_path / "b"}, encoder=FakeEncoder()) as both:
        [citation] = both.context("key behind the door", min_relevance=0.0).citations
        assert (citation.collection, [copy.collection for copy in citation.also_in]) == ("a", ["b"])
        assert str(citation.also_in[0]) == "b: key#key"


def test_collections_of_one_encoder_share_it(folders: dict[str, Path]) -> None:
    """It is loaded once."""
    with Collections.open(folders, encoder=FakeTokenEncoder()) as opened:
        assert opened["birds"].encoder() is opened["pets"].encoder()


def test_the_calls_take_what_those_of_a_collection_take() -> None:
    """An option that a collection's search learns is one here."""
    for name in ("search", "search_many", "context", "search_async"):
        assert inspect.signature(getattr(Collections, name)) == inspect.signature(getattr(Collection, name)), name


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda c: c.search("owls", relevance=False), ConfigError, "relevance is what hits"),
        (lambda c: c.search_many(["owls", ""]), ConfigError, "the query is empty"),
        (lambda _: Collections({}), ConfigError, "no collection was given"),
        (lambda _: Collections.open({"x": "/nowhere"}), StoreError, "/nowhere"),
    ],
)
def test_mistakes(collections: Collections, call: Any, error: type[Exception], said: str) -> None:
    """One line each."""
    with pytest.raises(error, match=said):
        call(collections)


def test_closing_closes_all(folders: dict[str, Path]) -> None:
    """After the block none is searched."""
    with Collections.open(folders, encoder=FakeTokenEncoder()) as opened:
        names: Sequence[str] = opened.names
    for name in names:
        with pytest.raises(StoreError, match="was closed"):
            opened[name].documents()


def test_a_question_is_answered_from_all_of_them(collections: Collections) -> None:
    """Each citation names its collection, and what the model says is verified by the text of either; not without it."""
    asked: list[str] = []

    def model(messages: Sequence[Any]) -> str:
        asked.append(messages[-1]["content"])
        return "Owls hoot at night [1]. Dogs bark at the mail carrier [2]."

    answer = collections.ask("owls hoot at night, dogs bark", llm=model, k=2, min_relevance=0.0, stage="hybrid")
    assert {citation.collection for citation in answer.citations} == {"birds", "pets"}
    assert all(citation.text in asked[0] for citation in answer.citations)
    by_text = {citation.text: citation.number for citation in answer.citations}
    assert [claim.citation and claim.citation.number for claim in answer.claims] == [
        by_text["owls hoot at night"],
        by_text["dogs bark at the mail carrier"],
    ]
    with pytest.raises(ConfigError, match="give them"):
        collections._as_one.verify("owls hoot")
