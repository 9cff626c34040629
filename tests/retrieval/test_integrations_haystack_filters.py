"""Haystack's filters let through what Haystack's own `document_matches_filter` does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from passagework.retrieval import FilterError
from passagework.retrieval.store import Store
from tests.support.filter_documents import DOCUMENTS, NUMBERS, TEXTS, let_through, make_filter_store, title_of

pytest.importorskip("haystack", reason='pip install "passagework[haystack]"')

from haystack import Document
from haystack.utils.filters import COMPARISON_OPERATORS, LOGICAL_OPERATORS, document_matches_filter

from passagework.retrieval.integrations.haystack.haystack_filters import JOINED_BY, OPERATORS, where_of


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The documents of `filter_documents`."""
    with make_filter_store(tmp_path_factory.mktemp("store")) as made:
        yield made


def leaves(
    fields: list[str], operators: list[str], values: st.SearchStrategy[Any]
) -> st.SearchStrategy[dict[str, Any]]:
    """Filters of one field."""
    return st.fixed_dictionaries(
        {"field": st.sampled_from(fields), "operator": st.sampled_from(operators), "value": values}
    )


text, number = st.sampled_from(TEXTS) | st.none(), st.sampled_from(NUMBERS) | st.none()
ORDERED = ["==", "!=", ">", ">=", "<", "<="]
NAMES = ["meta.land", "meta.metadata.land", "meta.author.name", "meta.metadata.author.name"]
LEAVES = st.one_of(
    leaves([*NAMES, "meta.title"], ["==", "!="], text),
    leaves([*NAMES, "meta.title"], ["in", "not in"], st.lists(text, max_size=3)),
    leaves(["meta.year"], ORDERED, number),
    leaves(["meta.year"], ["in", "not in"], st.lists(number, max_size=3)),
    leaves(["meta.draft"], ["==", "!="], st.booleans() | st.none()),
)
FILTERS = st.recursive(
    LEAVES,
    lambda inner: st.fixed_dictionaries(
        {"operator": st.sampled_from(JOINED_BY), "conditions": st.lists(inner, max_size=3)}
    ),
    max_leaves=5,
)


def allowed(filters: dict[str, Any]) -> list[int]:
    """The places of the documents that Haystack itself lets through, with the meta that the retriever gives them.

    A field of the documents' metadata is reached by its own name too.
    """
    found = []
    for place, metadata in enumerate(DOCUMENTS):
        meta = {**metadata, "title": title_of(place), "metadata": metadata}
        if document_matches_filter(filters, Document(content="", meta=meta)):
            found.append(place)
    return found


@given(FILTERS)
@settings(max_examples=400, deadline=None)
def test_filters_agree_with_haystack(store: Store, filters: dict[str, Any]) -> None:
    """However nested: exactly the documents that Haystack's own function lets through."""
    assert let_through(store, where_of(filters)) == allowed(filters)


EVERY: list[tuple[str, str, Any]] = [
    *((field, operator, value) for field in NAMES for operator in ("==", "!=") for value in (*TEXTS, None)),
    *((field, operator, [value, "a"]) for field in NAMES for operator in ("in", "not in") for value in (*TEXTS, None)),
    *(("meta.year", operator, value) for operator in ORDERED for value in (*NUMBERS, None)),
    *(("meta.year", operator, [2020, value]) for operator in ("in", "not in") for value in (1, None)),
    *(("meta.draft", operator, value) for operator in ("==", "!=") for value in (True, False, None)),
]


def test_every_filter_agrees_with_haystack(store: Store) -> None:
    """Each operator with each value by itself, where nothing hides a mistake."""
    for field, operator, value in EVERY:
        filters = {"field": field, "operator": operator, "value": value}
        assert let_through(store, where_of(filters)) == allowed(filters), filters


def test_every_operator_has_a_meaning() -> None:
    """One that a later Haystack adds makes this fail, and is refused by name until then."""
    assert OPERATORS.keys() == COMPARISON_OPERATORS.keys()
    assert set(JOINED_BY) == set(LOGICAL_OPERATORS)


@pytest.mark.parametrize(
    ("filters", "said"),
    [
        (
            {"field": "meta.land", "operator": "like", "value": "a"},
            "'meta.land': there is no operator 'like'; there are",
        ),
        (
            {"field": "content", "operator": "==", "value": "a"},
            "a filter can't ask for 'content': fields are those",
        ),
        ({"field": "land", "operator": "==", "value": "a"}, "a filter can't ask for 'land'"),
        ({"field": "meta.land", "operator": "=="}, "a filter of Haystack has no 'value'"),
        ({"field": "meta.land", "value": 1}, "a filter of Haystack has no 'operator'"),
        ({"operator": "XOR", "conditions": []}, "conditions are joined by AND, OR, NOT; not by 'XOR'"),
        ({"operator": "AND"}, "a filter of Haystack has no 'conditions'"),
        ({"operator": "AND", "conditions": "a"}, "conditions are a list of filters, not 'a'"),
        ({"operator": "AND", "conditions": ["a"]}, "a filter is an object with field, operator and value, not 'a'"),
        ({"land": "Peru"}, "a filter of Haystack has no 'operator'"),
    ],
)
def test_what_has_no_meaning_is_refused_by_name(filters: dict[str, Any], said: str) -> None:
    """Operators, fields and forms; also those that Haystack dropped long ago."""
    with pytest.raises(FilterError) as refusal:
        where_of(filters)
    assert str(refusal.value).startswith(said)


def test_deep_filters_are_refused() -> None:
    """In one line, before Python's own stack ends."""
    nested: dict[str, Any] = {"field": "meta.land", "operator": "==", "value": "a"}
    for _ in range(40):
        nested = {"operator": "AND", "conditions": [nested]}
    with pytest.raises(FilterError, match="nested more than 32 deep"):
        where_of(nested)


def test_where_it_is_stricter_than_haystack(store: Store) -> None:
    """A list's values are looked at one by one, and a field that nobody has is refused."""
    tagged = where_of({"field": "meta.tags", "operator": "==", "value": "Peru"})
    assert [DOCUMENTS[place]["tags"] for place in let_through(store, tagged)] == [["a", "Peru"]]
    with pytest.raises(FilterError, match="did you mean 'land'"):
        let_through(store, where_of({"field": "meta.lnad", "operator": "==", "value": "a"}))
