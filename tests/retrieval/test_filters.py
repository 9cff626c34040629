"""Filters: what they let through is what their docstring says, checked against plain Python; what is wrong is named."""

from __future__ import annotations

import itertools
import json
import math
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from passagework.retrieval.array_cache import ENTRY_BYTES
from passagework.retrieval.errors import FilterError
from passagework.retrieval.filters.allowed import AllowedIds, FilterCache, filter_cache
from passagework.retrieval.filters.compiler import MAX_CONDITIONS, MAX_DEPTH, MAX_VALUES, compile_filter
from passagework.retrieval.remote.served_passages import ServedPassages
from passagework.retrieval.remote.served_snapshot import ServedSnapshot
from passagework.retrieval.store import NewPassage, Snapshot, SourceState, Store, Writer
from passagework.retrieval.store.conditions import All
from passagework.retrieval.types import Page
from tests.support.served_stores import ENGINES, served
from tests.support.stored_documents import copied, key_of, new_store, put, vector_of
from tests.support.where_oracle import Known, glob, holds, names_unknown_field

KEYS = ["year", "tags", "a.b", "a", "title", "it's", 'q"uote', "ключ", "a/"]
TEXTS = ["", "a", "ab", "AB", "b%", "x/y", "é", "漢字", "1", "[a]", "*"]
DATES = [
    *("2024-03-02", "2024-03-02T00:00:00Z", "2024-03-02T09:00:00+09:00", "2024-03-01T22:30:00.250000-05:00"),
    *("2024-03-02 02:00", "Sat, 02 Mar 2024 09:00:00 +0900", "1 Mar 2024 22:30 -0500", "2024-03", "2024-02-30"),
]
TEXTS += DATES
NUMBERS = [0, 1, -1, 2**53, 2**53 + 1, 2**63 - 1, 2**63, 2**64 + 1, 0.5, 1.0, 2.0**53, 1e300, math.inf, -math.inf]
SCALARS = st.one_of(st.sampled_from(NUMBERS), st.sampled_from(TEXTS), st.booleans(), st.none())
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["b", "c", "it's"]), inner, max_size=2),
    max_leaves=4,
)
FIELDS = [
    *(["path", "document", "title", "pages"] * 2),
    *("media_type", "metadata.title", "metadata.a.b", "a.b.c", "absent"),
    *KEYS,
]
OWN = ["0/p/a.md", "1/p/a.md", "n1", "file:///1/p/a.md", "text/md"]
OPERANDS = st.sampled_from([*TEXTS, *OWN]) | SCALARS
OPERATORS = st.one_of(
    st.tuples(st.sampled_from(["$eq", "$ne"]), OPERANDS),
    st.tuples(st.sampled_from(["$in", "$nin"]), st.lists(OPERANDS, max_size=4)),
    st.tuples(st.sampled_from(["$gt", "$gte", "$lt", "$lte"]), st.sampled_from([*NUMBERS, *TEXTS, *OWN])),
    st.tuples(st.just("$glob"), st.text(st.sampled_from("ab*?[]^-é./1"), max_size=6)),
    st.tuples(st.just("$exists"), st.booleans()),
)
CONDITIONS = st.one_of(
    OPERANDS,
    st.lists(OPERATORS, min_size=1, max_size=2).map(dict),
    st.lists(OPERATORS, min_size=1, max_size=2).map(lambda parts: {"$not": dict(parts)}),
)
FIELD_FILTERS = st.dictionaries(st.sampled_from(FIELDS), CONDITIONS, min_size=1, max_size=2)
FILTERS: st.SearchStrategy[dict[str, Any]] = st.one_of(
    FIELD_FILTERS,
    st.recursive(
        FIELD_FILTERS,
        lambda inner: st.one_of(
            st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"$and": parts}),
            st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"$or": parts}),
            st.tuples(FIELD_FILTERS, inner).map(lambda two: {**two[0], "$not": two[1]}),
        ),
        max_leaves=4,
    ),
)
DOCUMENTS = st.fixed_dictionaries(
    {
        "path": st.sampled_from(["p/a.md", "p/b.md", "q/a b.pdf", "é.txt"]),
        "name": st.sampled_from([None, "n1", "1"]),
        "title": st.sampled_from(TEXTS),
        "metadata": st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=4),
        "breaks": st.lists(st.integers(0, 20), max_size=4).map(sorted),
        "starts": st.lists(st.integers(0, 15), min_size=1, max_size=3),
    }
)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of an empty store, to be copied."""
    path = tmp_path_factory.mktemp("empty") / "store.db"
    new_store(path).close()
    return path


@pytest.fixture
def store(empty: Path) -> Iterator[Store]:
    """A store with three documents of a passage each, to look for by hand."""
    with copied(empty) as made:
        with made.write() as writer:
            put(
                writer,
                "policies/travel.md",
                "one",
                name="r1",
                title="Travel",
                metadata={"year": 2020, "tags": ["x", "y"]},
            )
            draft: dict[str, Any] = {"year": "2020", "draft": True, "note": None}
            put(writer, "policies/pay.md", "two", title="Pay", metadata=draft, surroundings="Home, report a bug")
            put(writer, "other.pdf", "three", metadata={"year": 2021.5, "author": {"name": "O'Hara"}, "empty": []})
        yield made


def found(snapshot: Snapshot, where: Any) -> list[int]:
    """Ids of the passages that a filter lets through: looked up at once, and asked about one by one."""
    within = AllowedIds(where, snapshot)
    every = snapshot.matching(All(())).tolist()
    if isinstance(snapshot, ServedSnapshot):
        assert nearest_within(snapshot, within) == within.ids.tolist()
    assert within.passing(every).tolist() == within.ids.tolist()
    assert within.passing([*every[::2], 10**9]).tolist() == sorted(set(every[::2]) & set(within.ids.tolist()))
    return [int(one) for one in within.ids]


def nearest_within(snapshot: ServedSnapshot, within: AllowedIds) -> list[int]:
    """Ids that an engine finds by a vector, of those that a filter lets through, ascending: all of them."""
    dense = ServedPassages(snapshot).dense(within, lambda _: nullcontext())
    cosines, _ = dense.best(vector_of("any")[None], 100)
    assert dense.matches_nothing() is not bool(cosines)
    return sorted(cosines)


@contextmanager
def searched(snapshot: Snapshot, engine: str | None) -> Iterator[Snapshot]:
    """The snapshot itself, or its contents as an engine serves them."""
    if engine is None:
        yield snapshot
    else:
        with served(snapshot, engine) as there:
            yield there


@contextmanager
def asked_alike(store: Store) -> Iterator[Callable[[Any], list[str]]]:
    """Gives what tells the texts of the passages that a filter lets through, here and in each engine alike."""
    with ExitStack() as stack:
        here = stack.enter_context(store.read())
        there = [stack.enter_context(served(here, engine)) for engine in ENGINES]

        def asked(where: Any) -> list[str]:
            texts = [[row.text for row in one.passages(found(one, where))] for one in (here, *there)]
            assert texts[1:] == texts[:1] * len(there), where
            return texts[0]

        yield asked


def texts(store: Store, where: Any) -> list[str]:
    """The passages that a filter lets through, as their texts."""
    with store.read() as snapshot:
        return [row.text for row in snapshot.passages(found(snapshot, where))]


def store_document(writer: Writer, folder: int, drawn: dict[str, Any]) -> list[Known]:
    """Stores a drawn document; what a filter should know of each of its passages."""
    breaks, path = drawn["breaks"], f"{folder}/{drawn['path']}"
    pages = [Page(i, str(i), a, b) for i, (a, b) in enumerate(itertools.pairwise(breaks), start=1)]
    first = writer.passage_count() + 1
    put(
        writer,
        path,
        "." * 20,
        passages=[NewPassage(start, start + 5, (), key_of("....."), False) for start in drawn["starts"]],
        name=drawn["name"],
        title=drawn["title"],
        media_type="text/" + drawn["path"][-2:],
        metadata=drawn["metadata"],
        pages=pages,
    )
    return [
        Known(
            id=first + ordinal,
            path=path,
            document=drawn["name"] or f"file:///{path}",
            title=drawn["title"],
            media_type="text/" + drawn["path"][-2:],
            pages=tuple(
                page.number for page in pages if set(range(page.start, page.end)) & set(range(start, start + 5))
            ),
            metadata=drawn["metadata"],
        )
        for ordinal, start in enumerate(drawn["starts"])
    ]


EVERY_KEY = {
    "path": "p/a.md",
    "name": None,
    "title": "a",
    "breaks": [0, 8, 20],
    "starts": [0, 10],
    "metadata": {**dict.fromkeys(KEYS, 1), "a": {"b": {"c": [None, "ab", 2]}, "d": []}},
}


VARIED: list[dict[str, Any]] = [
    EVERY_KEY,
    {
        "path": "q/a b.pdf",
        "name": "n1",
        "title": "1",
        "breaks": [0, 20],
        "starts": [3],
        "metadata": {
            "year": ["a", *DATES],
            "a": True,
            "title": None,
            "it's": [1, "a", DATES[2]],
            "tags": {"b": 2**63},
            "a/": -math.inf,
        },
    },
    {
        "path": "é.txt",
        "name": "1",
        "title": "",
        "breaks": [],
        "starts": [0],
        "metadata": {"year": [0.5, 2**53 + 1], "a.b": "é", "tags": [], "ключ": {"c": False}, 'q"uote': 2.0**53},
    },
    {"path": "p/b.md", "name": None, "title": "é", "breaks": [5, 10], "starts": [0, 7], "metadata": {}},
]
LEAVES = [
    *DATES[1:6:2],
    None,
    True,
    False,
    0,
    1,
    0.5,
    2**53 + 1,
    2.0**53,
    2**64,
    -math.inf,
    "",
    "a",
    "é",
    "1",
    "n1",
    "file:///3/p/b.md",
]


@pytest.mark.parametrize("engine", [None, *ENGINES])
@pytest.mark.slow
def test_every_operator_agrees_with_plain_python(empty: Path, engine: str | None) -> None:
    """On every field, with values of every kind, and negated: exactly the oracle's passages come through."""
    ordered = [one for one in LEAVES if one is not None and not isinstance(one, bool)]
    conditions = [
        *({operator: one} for operator in ("$eq", "$ne") for one in LEAVES),
        *({operator: [one, "b%", -1]} for operator in ("$in", "$nin") for one in LEAVES),
        *({operator: one} for operator in ("$gt", "$gte", "$lt", "$lte") for one in ordered),
        *({"$glob": one} for one in ("*", "", "?", "[^a]", "*/*.md", "a*", "é", "n[0-9]")),
        *({"$exists": one} for one in (True, False)),
    ]
    with copied(empty) as store, store.write() as writer:
        known = [one for folder, drawn in enumerate(VARIED) for one in store_document(writer, folder, drawn)]
        with searched(writer, engine) as snapshot:
            every = list(itertools.product(sorted(set(FIELDS) - {"absent"}), conditions))
            for field, condition in every[:: 1 if engine is None else 13]:  # 150 conditions: each meets other fields
                for where in ({field: condition}, {field: {"$not": condition}}, {"$not": {field: condition}}):
                    assert found(snapshot, where) == [one.id for one in known if holds(where, one)], where


@given(st.lists(DOCUMENTS, max_size=3), st.lists(FILTERS, min_size=5, max_size=12))
@settings(max_examples=60, deadline=None)
@pytest.mark.slow
def test_filters_agree_with_plain_python(empty: Path, documents: list[dict[str, Any]], filters: list[Any]) -> None:
    """For any documents and filters, exactly the oracle's passages come through; an unknown field is an error."""
    check_filters(empty, None, documents, filters)


@pytest.mark.parametrize("engine", ENGINES)
@given(st.lists(DOCUMENTS, max_size=3), st.lists(FILTERS, min_size=20, max_size=30))
@settings(max_examples=6, deadline=None)
@pytest.mark.slow
def test_filters_agree_with_plain_python_in_every_engine(
    empty: Path, engine: str, documents: list[dict[str, Any]], filters: list[Any]
) -> None:
    """The same of what an engine serves: more filters of fewer collections, for each has to be loaded."""
    check_filters(empty, engine, documents, filters)


def check_filters(empty: Path, engine: str | None, documents: list[dict[str, Any]], filters: list[Any]) -> None:
    """Holds what comes through against the oracle."""
    with copied(empty) as store, store.write() as writer:
        drawn = enumerate([EVERY_KEY, *documents])
        known = [one for folder, document in drawn for one in store_document(writer, folder, document)]
        with searched(writer, engine) as snapshot:
            for where in filters:
                if names_unknown_field(where, known):
                    with pytest.raises(FilterError, match=r"^no document has a field "):
                        found(snapshot, where)
                else:
                    assert found(snapshot, where) == [one.id for one in known if holds(where, one)], where


@given(st.text(st.sampled_from("ab*?[]^-é"), max_size=9), st.text(st.sampled_from("ab]-[^é"), max_size=6))
@settings(max_examples=500, deadline=None)
def test_the_oracles_glob_is_sqlites(pattern: str, text: str) -> None:
    """The oracle's own reading of GLOB's rules gives what SQLite gives: `$glob` means what the documentation says."""
    connection = sqlite3.connect(":memory:")
    (matched,) = connection.execute("SELECT ? GLOB ?", (text, pattern)).fetchone()
    connection.close()
    assert glob(pattern, text) == bool(matched)


RULES: list[tuple[Any, list[str]]] = [
    ({}, ["one", "two", "three"]),
    ({"year": 2020}, ["one"]),
    ({"year": 2020.0}, ["one"]),
    ({"year": "2020"}, ["two"]),
    ({"year": {"$gte": 2020}}, ["one", "three"]),
    ({"year": {"$gt": 2020, "$lt": 2022}}, ["three"]),
    ({"year": {"$ne": 2020}}, ["two", "three"]),
    ({"year": {"$in": [2020, "2020", None]}}, ["one", "two"]),
    ({"year": {"$in": []}}, []),
    ({"year": {"$nin": []}}, ["one", "two", "three"]),
    ({"year": True}, []),
    ({"draft": True}, ["two"]),
    ({"draft": 1}, []),
    ({"draft": {"$ne": True}}, ["one", "three"]),
    ({"tags": "y"}, ["one"]),
    ({"tags": {"$ne": "y"}}, ["two", "three"]),
    ({"tags": {"$nin": ["z"]}}, ["one", "two", "three"]),
    ({"note": None}, ["one", "two", "three"]),
    ({"tags": None}, ["two", "three"]),
    ({"tags": {"$ne": None}}, ["one"]),
    ({"note": {"$exists": True}}, ["two"]),
    ({"author": {"$exists": True}}, ["three"]),
    ({"author": None}, ["one", "two"]),
    ({"author.name": "O'Hara"}, ["three"]),
    ({"metadata.author.name": {"$glob": "O'*"}}, ["three"]),
    ({"empty": {"$exists": True}}, ["three"]),
    ({"empty": None}, ["one", "two"]),
    ({"absent": {"$exists": False}}, ["one", "two", "three"]),
    ({"absent": {"$exists": True}}, []),
    ({"absent": {"$ne": 1}}, ["one", "two", "three"]),
    ({"absent": {"$nin": [1, "x"]}}, ["one", "two", "three"]),
    ({"absent": None}, ["one", "two", "three"]),
    ({"absent": {"$in": ["x", None]}, "year": 2020}, ["one"]),
    ({"absent": {"$not": {"$gt": 1}}}, ["one", "two", "three"]),
    ({"$not": {"$or": [{"absent": 1}, {"year": 2020}]}}, ["two", "three"]),
    ({"path": {"$glob": "policies/*"}}, ["one", "two"]),
    ({"path": {"$glob": "*/pay.??"}, "title": {"$gte": "P"}}, ["two"]),
    ({"document": "r1"}, ["one"]),
    ({"document": "file:///other.pdf"}, ["three"]),
    ({"document": "file:///policies/travel.md"}, []),
    ({"document": {"$in": ["r1", "file:///policies/pay.md", 3]}}, ["one", "two"]),
    ({"document": {"$ne": "r1"}}, ["two", "three"]),
    ({"title": ""}, ["three"]),
    ({"title": 5}, []),
    ({"title": None}, []),
    ({"title": {"$exists": True}}, ["one", "two", "three"]),
    ({"pages": {"$exists": False}}, ["one", "two", "three"]),
    ({"pages": 1}, []),
    ({"surroundings": {"$glob": "*report a bug*"}}, ["two"]),
    ({"surroundings": "Home, report a bug"}, ["two"]),
    ({"surroundings": {"$glob": "Home, report a bug"}}, ["two"]),
    ({"surroundings": {"$ne": "Home, report a bug"}}, ["one", "three"]),
    ({"surroundings": {"$in": ["Home", None]}}, ["one", "three"]),
    ({"surroundings": {"$exists": True}}, ["two"]),
    ({"surroundings": {"$gt": "I"}}, []),
    ({"surroundings": {"$lt": 5}}, []),
    ({"$or": [{"year": 2020}, {"draft": True}]}, ["one", "two"]),
    ({"$and": [{"year": {"$exists": True}}, {"$not": {"draft": True}}]}, ["one", "three"]),
    ({"year": {"$not": {"$gte": 2020}}}, ["two"]),
    ({"$not": {}}, []),
]


@pytest.mark.parametrize(("where", "expected"), RULES)
def test_what_each_operator_lets_through(store: Store, where: Any, expected: list[str]) -> None:
    """By hand, one rule of the documentation at a time."""
    assert texts(store, where) == expected


def test_what_each_operator_lets_through_in_every_engine(store: Store) -> None:
    """The same, of the same documents as an engine serves them."""
    with asked_alike(store) as asked:
        for where, expected in RULES:
            assert asked(where) == expected, where


MALFORMED: list[tuple[Any, str]] = [
    ("year", "a filter is an object"),
    (["year"], "a filter is an object"),
    ({1: 2}, "keys are texts, not 1"),
    ({"$foo": 1}, "'$foo' can't stand here"),
    ({"$eq": 1}, "'$eq' can't stand here"),
    ({"$and": {}}, "$and takes a list of filters"),
    ({"$or": []}, "$or takes a list of filters"),
    ({"$or": ["year"]}, "a filter is an object"),
    ({"$not": 5}, "a filter is an object"),
    ({"year": {}}, "'year' has no operator"),
    ({"year": {"gte": 1}}, "'year': there is no operator 'gte'"),
    ({"year": {"$regex": "x"}}, "there is no operator '$regex'"),
    ({"year": {5: "x"}}, "there is no operator 5"),
    ({"year": [2020]}, "$eq takes one value, not [2020]"),
    ({"year": {"$in": 2020}}, "$in takes a list of values, not 2020"),
    ({"year": {"$in": [[1]]}}, "$in takes a list of values"),
    ({"year": {"$nin": "2020"}}, "$nin takes a list of values"),
    ({"year": {"$gt": None}}, "$gt takes a number or a text, not None"),
    ({"year": {"$lte": True}}, "$lte takes a number or a text, not True"),
    ({"year": {"$lt": [1]}}, "$lt takes a number or a text"),
    ({"year": {"$glob": 5}}, "$glob takes a pattern"),
    ({"year": {"$glob": "*" * 60_000}}, "$glob takes a pattern of at most 50000 bytes"),
    ({"year": {"$exists": "yes"}}, "$exists takes true or false"),
    ({"year": math.nan}, "$eq takes one value, not nan"),
    ({"year": {"$in": [1, math.nan]}}, "$in takes a list of values"),
    ({"year": object}, "$eq takes one value"),
    ({"year": b"x"}, "$eq takes one value"),
    ({"title": "\ud800"}, "lone surrogate"),
    ({"title": {"$in": ["ok", "\udfff"]}}, "lone surrogate"),
    ({"\ud800": 1}, "lone surrogate"),
    ({"\ud800": {"$exists": True}}, "lone surrogate"),
    ({"year": {"$not": {"$not": {"$bad": 1}}}}, "there is no operator '$bad'"),
    ({"x" * 10_000: 1}, "no document has a field 'xxx"),
    ({"absent": {"$ne": None}}, "no document has a field 'absent'"),
    ({"absent": {"$nin": [1, None]}}, "no document has a field 'absent'"),
    ({"$not": {"absent": {"$ne": 1}}}, "no document has a field 'absent'"),
    ({"$or": [{"year": 2020}, {"absent": {"$glob": "*"}}]}, "no document has a field 'absent'"),
    ({"x" * 10_000: {"y" * 10_000: "z" * 10_000}}, "there is no operator 'yyy"),
    ({"new\nline": 1}, r"no document has a field 'new\nline'"),
    ({"year": {"$in": ["x" * 1000] * (MAX_VALUES + 1)}}, f"more than {MAX_VALUES} values"),
    ({"$or": [{"year": {"$in": [1] * 6000}}, {"year": {"$in": [1] * 6000}}]}, f"more than {MAX_VALUES} values"),
    ({"$or": [{"year": {"$in": [1, None]}} for _ in range(MAX_CONDITIONS // 3 + 1)]}, "more than"),
    ({"$or": [{"year": one} for one in range(MAX_CONDITIONS + 1)]}, f"more than {MAX_CONDITIONS} conditions"),
]


@pytest.mark.parametrize(("where", "reason"), MALFORMED, ids=lambda one: str(one)[:40])
def test_a_malformed_filter_is_told_what_is_wrong(store: Store, where: Any, reason: str) -> None:
    """FilterError, in one line of less than 300 characters that names the field and what it may be."""
    with store.read() as snapshot, pytest.raises(FilterError) as error:
        found(snapshot, where)
    assert reason in str(error.value)
    assert len(str(error.value).splitlines()) == 1
    assert len(str(error.value)) < 300


def test_a_filter_nested_too_deep_is_refused(store: Store) -> None:
    """To the limit it works, by `$not`, `$and` and inside a field; beyond it is a FilterError, no RecursionError."""
    for key in ("$not", "$and", "field"):
        for depth, allowed in ((MAX_DEPTH, True), (MAX_DEPTH + 1, False), (50_000, False)):
            where: Any = {"$eq": 2020} if key == "field" else {"year": 2020}
            for _ in range(depth):
                where = {"$not": where} if key != "$and" else {"$and": [where]}
            where = {"year": where} if key == "field" else where
            with store.read() as snapshot:
                if allowed:
                    assert found(snapshot, where) == [1]
                else:
                    with pytest.raises(FilterError, match=f"nested more than {MAX_DEPTH} deep"):
                        found(snapshot, where)
            while isinstance(where, dict):  # taken apart by hand: freeing it whole would recurse as deep
                (where,) = where.values()
                where = where[0] if isinstance(where, list) else where


def test_an_unknown_field_is_named_with_those_there_are(store: Store) -> None:
    """The message lists what can be asked for, and stays short however many fields there are."""
    with pytest.raises(FilterError) as error:
        texts(store, {"yaer": 2020})
    assert str(error.value) == (
        "no document has a field 'yaer': did you mean 'year'? There are path, document, title, media_type, pages, "
        "injection, surroundings, author.name, draft, empty, note, tags, year"
    )
    with store.write() as writer:
        put(writer, "many", "four", metadata={f"field {i} \n {'x' * i}": i for i in range(100)})
    with pytest.raises(FilterError) as error:
        texts(store, {"yaer": 2020})
    assert str(error.value).endswith(", ...")
    assert len(str(error.value).splitlines()) == 1
    assert len(str(error.value)) < 300


@pytest.mark.parametrize(
    "attack", ["'; DROP TABLE passages; --", '" OR 1=1 --', "') OR 1=1 --", "%", ":expression", "?"]
)
def test_sql_in_a_filter_is_a_text_like_any_other(store: Store, attack: str) -> None:
    """As a value it equals itself and nothing else, as a key it is a field or none; nothing is executed."""
    for where in (
        {"title": attack},
        {"path": {"$glob": attack}},
        {"year": {"$in": [attack]}},
        {"tags": {"$gt": attack * 9}},
    ):
        assert set(texts(store, where)) <= {"one"}
    assert texts(store, {"title": attack}) == []
    with pytest.raises(FilterError, match="no document has a field"):
        texts(store, {attack: 1})
    with store.write() as writer:
        put(writer, "attack", "four", title=attack, metadata={attack: attack})
    assert texts(store, {attack: attack}) == ["four"]
    assert texts(store, {"title": attack}) == ["four"]
    assert texts(store, {}) == ["one", "two", "three", "four"]


@pytest.mark.slow
def test_large_filters_work_to_their_limits(store: Store) -> None:
    """As many values and conditions as are allowed, at once, in every kind of field, are one statement for SQLite."""
    values = [f"r{i}" for i in range(MAX_VALUES // 2)]
    assert texts(store, {"document": {"$in": values}}) == ["one"]
    assert texts(store, {"document": {"$nin": values}, "year": {"$in": list(range(MAX_VALUES // 2))}}) == []
    assert texts(store, {"document": {"$in": values}, "year": {"$in": list(range(MAX_VALUES // 2))}}) == ["one"]
    mixed = [*range(3000), *map(str, range(3000)), *(n + 0.5 for n in range(3000)), True, False, None]
    assert texts(store, {"year": {"$in": mixed}}) == ["one", "two", "three"]
    for field in ("year", "path", "pages", "document"):
        many = [{field: {"$not": {"$in": [i + 9000, str(i)]}}} for i in range(MAX_CONDITIONS // 2)]
        assert texts(store, {"$and": many}) == ["one", "two", "three"]
        nulls = [{field: {"$ne": None}} for _ in range(MAX_CONDITIONS // 2)]
        assert texts(store, {"$or": nulls}) == ([] if field == "pages" else ["one", "two", "three"])
        assert texts(store, {"$or": [{field: str(i + 9000)} for i in range(MAX_CONDITIONS)]}) == []


def test_integers_of_any_size_compare(store: Store) -> None:
    """Beyond 64 bits integers are floats, beyond those infinite, in documents and in filters alike."""
    with store.write() as writer:
        put(writer, "big", "four", metadata={"n": [10**400, 2**63 - 1]})
        put(writer, "small", "five", metadata={"n": -(10**400)})
    with asked_alike(store) as asked:
        assert asked({"n": {"$gt": 10**300}}) == ["four"]
        assert asked({"n": math.inf}) == ["four"]
        assert asked({"n": {"$lt": -(10**500)}}) == []
        assert asked({"n": {"$lte": -(10**500)}}) == ["five"]
        assert asked({"n": 2**63 - 1}) == ["four"]
        assert asked({"n": {"$in": [2**63 - 2, 10**30]}}) == []


def test_a_passage_matches_by_the_pages_that_it_touches(store: Store) -> None:
    """Not by all of its document's; a page without characters is touched by nothing; a document by any passage."""
    with store.write() as writer:
        pages = [Page(1, "1", 0, 10), Page(2, "2", 10, 10), Page(3, "3", 10, 20)]
        put(writer, "pages", "a" * 10 + "b" * 10, pages=pages)
        put(writer, "wide", "c" * 20, size=20, pages=pages)
    with asked_alike(store) as asked:
        assert asked({"pages": 1}) == ["a" * 10, "c" * 20]
        assert asked({"pages": {"$gte": 2}}) == ["b" * 10, "c" * 20]
        assert asked({"pages": 2}) == []
        assert asked({"pages": {"$in": [1, "x", None]}, "path": {"$glob": "[pw]*"}}) == [
            "one",
            "two",
            "a" * 10,
            "c" * 20,
        ]
        assert asked({"pages": {"$ne": 1}, "path": {"$in": ["pages", "wide"]}}) == ["b" * 10]
    with store.read() as here, served(here, ENGINES[0]) as there:
        for snapshot in (here, there):
            rows = snapshot.documents(compile_filter({"pages": 3}, snapshot))
            assert [row.path for row in rows] == ["pages", "wide"]
            assert list(snapshot.documents(compile_filter({"pages": 4}, snapshot))) == []


@pytest.fixture(scope="module")
def large(empty: Path) -> Iterator[Store]:
    """100,000 documents, each of one passage, written row by row where that is fast."""
    numbers = range(1, 100_001)
    with copied(empty) as store:
        fill(store, numbers)
        yield store


def fill(store: Store, numbers: range) -> None:
    """A document for each number, under a file's name or a record's, with a field that 20 of them share."""
    with store.write() as writer:
        writer.put_source(uri="s", path="s", sha256="", media_type="m", state=SourceState.DONE)
        run = writer.connection.exec_driver_sql
        run("DROP TRIGGER passages_inserted")
        run(
            "INSERT INTO documents (id, source_id, uri, name, path, position, media_type, title, sha256, metadata,"
            " length) VALUES (?, 1, ?, ?, ?, 0, 'm', '', '', '{}', 9)",
            [(i, f"u{i}", f"n{i}" if i % 2 else None, f"{i % 1000}/{i}") for i in numbers],
        )
        run(
            "INSERT INTO fields (document_id, key, type, value) VALUES (?, 'n', 'number', ?)",
            [(i, i % 5000) for i in numbers],
        )
        run(
            'INSERT INTO passages (document_id, ordinal, start, "end", text, title, headings, hash, cut)'
            " VALUES (?, 0, 0, 9, '', '', '', x'00', 0)",
            [(i,) for i in numbers],
        )


@pytest.mark.parametrize(
    ("where", "count"),
    [
        ({"n": 7}, 20),
        ({"n": {"$lt": 100}}, 2000),
        ({"n": {"$in": list(range(400))}}, 8000),
        ({"path": "7/7"}, 1),
        ({"path": {"$glob": "7/*"}}, 100),
        ({"document": "n77"}, 1),
        ({"document": "u78"}, 1),
        ({"document": {"$in": [f"n{i}" for i in range(300)]}}, 150),
        ({"$or": [{"n": 7}, {"document": "u78"}]}, 21),
    ],
    ids=lambda one: json.dumps(one)[:30],
)
def test_a_selective_filter_reads_an_index_and_not_the_table(large: Store, where: Any, count: int) -> None:
    """Among 100,000 documents, a filter on a field, the path or the document scans no table, nor takes seconds."""
    with large.read() as snapshot:
        snapshot.passage_count()
        started = time.process_time()
        assert len(found(snapshot, where)) == count
        assert time.process_time() - started < 3
        plan = explain(snapshot, where)
    assert [line for line in plan if line.startswith("SCAN")] == []


def explain(snapshot: Snapshot, where: Any) -> list[str]:
    """SQLite's plan for a filter."""
    statements: list[tuple[str, Any]] = []

    def note(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        statements.append((statement, parameters))

    from sqlalchemy import event

    event.listen(snapshot.connection, "before_cursor_execute", note)
    snapshot.matching(compile_filter(where, snapshot))
    event.remove(snapshot.connection, "before_cursor_execute", note)
    statement, parameters = statements[-1]
    return [str(row[3]) for row in snapshot.connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]


def test_a_filter_is_looked_up_once_until_something_is_committed(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same filter, however its keys are ordered, is known; after a commit it is another one, and old snapshots
    keep theirs."""
    asked: list[int] = []
    whole = Snapshot.matching

    def counted(self: Snapshot, condition: Any) -> Any:
        asked.append(1)
        return whole(self, condition)

    monkeypatch.setattr(Snapshot, "matching", counted)
    memory = filter_cache()
    where, same = {"year": 2020, "path": {"$glob": "*"}}, {"path": {"$glob": "*"}, "year": 2020}
    with copied(empty) as store:
        with store.write() as writer:
            put(writer, "a.md", "one", metadata={"year": 2020})
        with store.read() as before:
            first = AllowedIds(where, before, memory).ids.tolist()
            assert AllowedIds(same, before, memory).ids.tolist() == first
            assert (len(first), len(asked)) == (1, 1)
            assert AllowedIds({"year": 2021}, before, memory).ids.tolist() == []
            with store.write() as writer:
                put(writer, "b.md", "two", metadata={"year": 2020})
            with store.read() as after:
                assert len(AllowedIds(where, after, memory).ids) == 2
            assert AllowedIds(where, before, memory).ids.tolist() == first
            assert len(asked) == 3


def test_looked_up_filters_keep_to_their_limit() -> None:
    """What was asked for longest ago goes first; what is larger than all of the memory isn't kept."""
    memory = FilterCache(2 * (40 + ENTRY_BYTES + 2))
    for number in range(3):
        memory.put(f"a{number}", np.arange(5))
        assert memory.get("a0") is not None
    assert [memory.get(f"a{number}") is not None for number in range(3)] == [True, False, True]
    memory.put("b0", np.arange(500))
    assert [memory.get(one) for one in ("a0", "a2", "b0")] == [None] * 3


def test_looked_up_filters_that_let_nothing_through_are_forgotten_too() -> None:
    """They take room like others, and so do long filters: however many are asked for, memory has an end."""
    memory = FilterCache(100 * ENTRY_BYTES)
    for number in range(1000):
        memory.put(f"none {number}", np.empty(0, np.int64))
    assert 50 < sum(memory.get(f"none {number}") is not None for number in range(1000)) < 100
    long = "x" * (98 * ENTRY_BYTES)
    memory.put(long, np.empty(0, np.int64))
    assert memory.get(long) is not None
    assert [memory.get(f"none {number}") for number in range(1000)] == [None] * 1000


class Shy(Mapping[str, Any]):
    """A filter that is no dict, and doesn't show what is in it."""

    def __init__(self, fields: Mapping[str, Any]) -> None:
        self.fields = fields

    def __getitem__(self, key: str) -> Any:
        return self.fields[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.fields)

    def __len__(self) -> int:
        return len(self.fields)

    def __repr__(self) -> str:
        return "Shy()"


def test_looked_up_filters_are_told_apart_by_what_they_say(store: Store) -> None:
    """However a mapping shows itself, at the top or within; one that says the same as a dict is the same filter."""
    memory = filter_cache()
    with store.read() as snapshot:
        for wrap in (dict, Shy):
            for year, expected in ((2020, [1]), (2021.5, [3])):
                for where in (
                    wrap({"year": year}),
                    {"$not": wrap({"year": {"$ne": year}})},
                    {"year": wrap({"$eq": year})},
                ):
                    assert AllowedIds(where, snapshot, memory).ids.tolist() == expected


def test_a_number_too_long_to_print_filters_like_any_other(store: Store) -> None:
    """Python prints no number of more than 4,300 digits: a filter that holds one is looked up each time."""
    memory = filter_cache()
    with store.read() as snapshot:
        for where, expected in (({"year": {"$lt": 10**5000}}, [1, 3]), ({"year": {"$gt": 10**5000}}, [])):
            assert AllowedIds(where, snapshot, memory).ids.tolist() == expected
