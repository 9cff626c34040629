"""What somebody gets who may see some of a collection's documents: as if there were no others."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from passagework.ingest import ingest
from passagework.retrieval import FilterError, StoreError
from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.collection.restricted import RestrictedCollection
from passagework.retrieval.config import Settings
from tests.support.fakes import FakeTokenEncoder

SETTINGS = Settings(workers=1, offline=True)
OPEN = {"team": "green"}
SHARED = "All visitors sign the book at the gate before they walk to the dome."
SECRETS = ("zephyr", "quibblestone", "moonvault", "clearance", "krypton", "classified", "vault")
"""Words of the documents that are not to be seen, of their fields, names and values."""


def write(folder: Path, *, whole: bool) -> None:
    """Documents that may be seen, and where `whole` others beside them that may not."""
    folder.mkdir()
    seen = [
        {"_id": "g1", "title": "Gate", "text": SHARED, "team": "green"},
        {
            "_id": "g2",
            "title": "Lamps",
            "text": "Lamps are red. The author is John Smithers.",
            "team": "green",
        },
        {"_id": "g3", "title": "ZPU", "text": "The ZPU drives the dome.", "team": "green", "author": "John Smithers"},
    ]
    hidden = [
        {"_id": "s1", "title": "Moonvault", "text": SHARED, "team": "red", "clearance": "krypton"},
        {
            "_id": "s2",
            "title": "Vault",
            "team": "red",
            "clearance": "krypton",
            "author": "Smithers",
            "text": "The Zephyr Pump Unit (ZPU) burns zephyrium. getQuibblestone opens the moonvault.",
        },
        {
            "_id": "s3",
            "title": "Vault",
            "text": "No team: zephyrium and quibblestone.",
            "clearance": "krypton",
        },
    ]
    rows = seen + (hidden if whole else [])
    (folder / "records.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "classified").mkdir()
    if whole:
        (folder / "classified" / "plan.md").write_text("# Zephyrium\n\nThe quibblestone lies in the moonvault.\n")


def collected(base: Path, *, whole: bool) -> Path:
    """The collection of these documents."""
    write(base / "docs", whole=whole)
    ingest([base / "docs"], base / "c", encoder=FakeTokenEncoder(), settings=SETTINGS)
    return base / "c"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    """All documents."""
    path = collected(tmp_path_factory.mktemp("whole"), whole=True)
    with Collection.open(path, encoder=FakeTokenEncoder(), settings=SETTINGS) as opened:
        yield opened


@pytest.fixture(scope="module")
def part(whole: Collection) -> Collection:
    """What may be seen of them."""
    return RestrictedCollection(whole, OPEN)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    """A collection in which there are no others."""
    path = collected(tmp_path_factory.mktemp("alone"), whole=False)
    with Collection.open(path, encoder=FakeTokenEncoder(), settings=SETTINGS) as opened:
        yield opened


def told(value: object) -> str:
    """An answer as text, without what was asked."""
    if isinstance(value, dict):
        value = {name: one for name, one in value.items() if name not in ("query", "timings_ms")}
        value.get("plan", {}).pop("understood", None)
    return json.dumps(value)


WHERES: list[dict[str, Any] | None] = [
    None,
    {},
    {"team": "red"},
    {"$or": [{"team": "red"}, {"team": "green"}, {}]},
    {"$not": {"team": "green"}},
    {"$not": {"$not": {"$or": [{}, {"team": {"$exists": False}}]}}},
    {"team": {"$ne": "green"}},
    {"team": {"$exists": False}},
    {"metadata.team": {"$in": ["red", "green", None]}},
    {"document": "s1"},
    {"document": {"$in": ["s1", "s2", "s3", "g1"]}},
    {"path": {"$glob": "*"}},
    {"path": "classified"},
    {"path": {"$glob": "classified/*"}},
    {"title": {"$gte": ""}},
    {"pages": {"$nin": [99]}},
    {"media_type": {"$ne": "x"}},
]

WAYS: list[tuple[str, dict[str, Any]]] = [
    ("dense", {"copies": "keep"}),
    ("lexical", {"per_document": 1, "k": 50}),
    ("hybrid", {"diversity": 1.0, "fusion": "rrf"}),
    ("rerank", {"syntax": "plain", "rerank_depth": 50}),
]


@pytest.mark.parametrize("where", WHERES, ids=str)
@pytest.mark.parametrize("query", ["zephyrium quibblestone", SHARED, "-lamps", "team:red", 'document:s1 "moonvault"'])
def test_no_filter_and_no_query_finds_what_is_not_seen(part: Collection, where: Any, query: str) -> None:
    """At every stage, with copies named, whatever is asked for beside it."""
    for stage, more in WAYS:
        hits = part.search(query, stage=stage, where=where, candidates=1000, **more)
        assert {hit.document for hit in hits} <= {"g1", "g2", "g3"}
        assert {copy.document for hit in hits for copy in hit.also_in} == set()
        answer = told({"hits": [hit.to_json() for hit in hits]}).lower()
        assert [secret for secret in SECRETS if secret in answer] == []
    rows = part.documents(where=where)
    assert {row.name for row in rows} <= {"g1", "g2", "g3"}


def test_copies_that_are_not_seen_are_not_named(whole: Collection, part: Collection) -> None:
    """The whole collection names the other document of the same text beside it."""
    (hit,) = [hit for hit in whole.search(SHARED, stage="hybrid") if hit.text == SHARED]
    assert {hit.document, *(copy.document for copy in hit.also_in)} == {"g1", "s1"}
    (hit,) = [hit for hit in part.search(SHARED, stage="hybrid") if hit.text == SHARED]
    assert (hit.document, hit.also_in) == ("g1", ())


@pytest.mark.parametrize("expand", [None, "neighbours", "section"])
@pytest.mark.parametrize("format", ["plain", "xml", "json", "anthropic"])
def test_a_context_quotes_nothing_else(part: Collection, expand: str | None, format: str) -> None:  # noqa: A002
    """Neither around a passage, nor beside it."""
    for query in (SHARED, "zephyrium quibblestone", "what does the ZPU drive"):
        context = part.context(query, expand=expand, format=format, min_relevance=0, stage="hybrid", max_tokens=5000)
        assert context.citations
        assert {one.document for one in context.citations} <= {"g1", "g2", "g3"}
        assert {copy.document for one in context.citations for copy in one.also_in} == set()
        answer = told(context.to_json()).lower()
        assert [secret for secret in SECRETS if secret in answer] == []


QUERIES = (
    *("zephyrium", "zephirium", "zephyrium lamps", "ZPU", "zephyr pump unit", "quibblestone", "quibblestone dome"),
    *("author:smithers", "clearance:krypton lamps", "team:red", "team:green lamps", "classified", "moon-vault"),
    *("lamps -zephyrium", '"moonvault"', "lampps", "e-mail gate", "what are lamps like at night"),
)


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("stage", ["dense", "hybrid", "rerank"])
def test_an_answer_is_that_of_a_collection_without_the_others(
    part: Collection, alone: Collection, query: str, stage: str
) -> None:
    """Texts, relevance and its evidence, and what the plan says of words, fields and counts: nothing depends on them.

    Scores by words do, and what is made of them: BM25 weighs a word by all passages that hold it.
    """
    of_part, of_alone = (
        one.search(query, stage=stage, syntax="full" if ":" in query or '"' in query or "-" in query else "plain")
        for one in (part, alone)
    )
    if stage == "dense":
        assert [hit.document for hit in of_part] == [hit.document for hit in of_alone]
        assert [hit.score for hit in of_part] == [hit.score for hit in of_alone]
        assert [hit.estimate for hit in of_part] == [hit.estimate for hit in of_alone]
    assert {hit.document for hit in of_part} == {hit.document for hit in of_alone}
    evidence = [{hit.document: hit.estimate and hit.estimate.coverage for hit in hits} for hits in (of_part, of_alone)]
    assert evidence[0] == evidence[1]
    for name in ("told", "languages", "hints", "unknown_tokens", "pool", "reason"):
        assert getattr(of_part.plan, name) == getattr(of_alone.plan, name), name


@pytest.mark.parametrize(
    "query",
    ["zephirium", "what is a ZPU", "the zephyr pump unit", "quibblestone", "moon-vault", "lampps", "clearance:krypton"],
)
def test_a_query_is_not_read_by_words_that_are_not_seen(whole: Collection, part: Collection, query: str) -> None:
    """No correction, no expansion, no name and no field of another document is told."""
    understood = part.search(query, stage="hybrid").plan.understood
    assert understood is not None
    assert (understood.corrected, understood.expanded, understood.fields) == ((), (), ())
    assert understood.text == query
    if query == "what is a ZPU":
        expanded = whole.search(query, stage="hybrid").plan.understood
        assert expanded is not None
        assert [reading.read for reading in expanded.expanded] == ["Zephyr Pump Unit"]


@pytest.mark.parametrize("where", [{"clearance": "krypton"}, {"clearanse": "x"}, {"secret.key": 1}])
def test_a_field_of_others_is_one_that_nobody_has(part: Collection, alone: Collection, where: dict[str, Any]) -> None:
    """The message lists the fields of what is seen, and suggests none of another."""
    calls: list[Callable[[Collection], object]] = [
        lambda one: one.search("lamps", where=where),
        lambda one: one.documents(where=where),
        lambda one: one.filter_hints(where),
    ]
    for call in calls:
        said = []
        for collection in (part, alone):
            with pytest.raises(FilterError) as error:
                call(collection)
            said.append(str(error.value))
        assert said[0] == said[1]


def test_no_hint_is_given_of_others(whole: Collection, part: Collection) -> None:
    """Neither of a field that is nearly one of theirs, nor of a folder that they lie in."""
    assert whole.filter_hints({"clearanc": None}) == ["no document has a field 'clearanc': did you mean 'clearance'?"]
    assert part.filter_hints({"clearanc": None}) == []
    assert len(whole.filter_hints({"path": "classified"})) == 1
    assert part.filter_hints({"path": "classified"}) == []
    assert part.search("lamps", where={"path": "classified"}).plan.hints == ()


@pytest.mark.parametrize("name", ["s1", "s2", "s3", "classified/plan.md", "records.jsonl#s1", "URI", "number"])
def test_a_document_that_is_not_seen_is_none(whole: Collection, part: Collection, name: str) -> None:
    """By its id, path, URI or number."""
    row = next(row for row in whole.documents() if row.name == "s1")
    named: int | str = row.id if name == "number" else row.uri if name == "URI" else name
    assert whole.document(named).text
    with pytest.raises(StoreError, match="no document"):
        part.document(named)
    if isinstance(named, str):
        assert part.documents_named([named]) == {}
    assert part.document("g1").text == SHARED


def test_a_name_of_several_is_that_of_those_that_are_seen(part: Collection) -> None:
    """The file's path stands for its records that may be seen."""
    assert [row.name for row in part.documents_named(["records.jsonl"])["records.jsonl"]] == ["g1", "g2", "g3"]


def test_sizes_are_of_what_is_seen(part: Collection, alone: Collection) -> None:
    """Documents, passages, fields, files, and nothing of where files came from."""
    of_part, of_alone = part.status(), alone.status()
    for name in ("documents", "passages", "files", "failed", "cut", "fields", "languages"):
        assert getattr(of_part, name) == getattr(of_alone, name), name
    assert [source.path for source in part.sources()] == ["records.jsonl"]
    assert part.roots() == []


def test_where_the_field_is_of_nobody_nothing_is_seen(whole: Collection) -> None:
    """A filter on what there is not lets nothing through, and is no error: documents may get the field."""
    nothing = RestrictedCollection(whole, {"nobodys": "x"})
    assert nothing.documents() == []
    assert list(nothing.search("lamps")) == []
    assert nothing.context("lamps", min_relevance=0).text == ""


@pytest.mark.parametrize("visible", [{"pages": 1}, {"$or": [{"team": "green"}, {"$not": {"pages": 2}}]}, {"$x": 1}])
def test_what_may_be_seen_is_whole_documents(whole: Collection, visible: dict[str, Any]) -> None:
    """A filter that tells passages apart would be none for a document's text."""
    with pytest.raises(FilterError):
        RestrictedCollection(whole, visible)


FIELDS = st.sampled_from(["team", "metadata.team", "document", "title", "path", "author"])
VALUES = st.sampled_from(["red", "green", "s1", "Vault", "*", "records.jsonl", None, 1])
LEAVES = st.one_of(
    st.builds(lambda field, value: {field: value}, FIELDS, VALUES),
    st.builds(lambda field, value: {field: {"$ne": value}}, FIELDS, VALUES),
    st.builds(lambda field, known: {field: {"$exists": known}}, FIELDS, st.booleans()),
    st.builds(lambda field: {field: {"$glob": "*"}}, FIELDS),
    st.just({}),
)
FILTERS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda one: {"$not": one}, inner),
        st.builds(lambda some: {"$or": some}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda some: {"$and": some}, st.lists(inner, min_size=1, max_size=3)),
    ),
    max_leaves=6,
)


@settings(deadline=None)
@given(where=FILTERS)
def test_any_filter_finds_only_what_is_seen(part: Collection, whole: Collection, where: dict[str, Any]) -> None:
    """What is found is what the whole collection finds by the filter, of the documents seen."""
    expected = [row.uri for row in whole.documents(where={"$and": [OPEN, where]})]
    assert [row.uri for row in part.documents(where=where)] == expected
    found = {hit.uri for hit in part.search("dome lamps zephyrium", where=where, stage="dense", k=50)}
    assert found == set(expected)
