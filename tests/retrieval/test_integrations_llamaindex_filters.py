"""LlamaIndex's filters let through what LlamaIndex's own vector store would."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from passagework.retrieval import FilterError
from passagework.retrieval.store import Store
from tests.support.filter_documents import DOCUMENTS, NUMBERS, TEXTS, let_through, make_filter_store, title_of

pytest.importorskip("llama_index.core", reason='pip install "passagework[llamaindex]"')

from llama_index.core.vector_stores import FilterCondition, FilterOperator, MetadataFilter, MetadataFilters
from llama_index.core.vector_stores.utils import build_metadata_filter_fn

from passagework.retrieval.integrations.llamaindex.llamaindex_filters import where_of


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The documents of `filter_documents`."""
    with make_filter_store(tmp_path_factory.mktemp("store")) as made:
        yield made


ORDERED = ["==", "!=", ">", ">=", "<", "<="]
IN_TEXTS = ["text_match", "text_match_insensitive"]


def leaves(keys: list[str], operators: list[str], values: st.SearchStrategy[Any]) -> st.SearchStrategy[MetadataFilter]:
    """Filters of one field."""
    return st.builds(MetadataFilter, key=st.sampled_from(keys), operator=st.sampled_from(operators), value=values)


text, number = st.sampled_from(TEXTS), st.sampled_from(NUMBERS)
NAMES = ["land", "title"]
LEAVES = st.one_of(
    leaves(NAMES, [*ORDERED, *IN_TEXTS], text),
    leaves(NAMES, ["in", "nin"], st.lists(text, max_size=3)),
    leaves(["year"], ORDERED, number),
    leaves(["year"], ["in", "nin"], st.lists(st.sampled_from([0, 1, 2, 2020]), max_size=3)),
    leaves(["tags"], ["contains"], text),
    leaves(["tags"], ["any"], st.lists(text, max_size=3)),
    leaves(["tags"], ["all"], st.lists(text, min_size=1, max_size=2)),
    leaves(["land", "year", "title"], ["is_empty"], st.none()),
)
FILTERS = st.recursive(
    st.builds(MetadataFilters, filters=st.lists(LEAVES, max_size=3), condition=st.sampled_from(FilterCondition)),
    lambda inner: st.builds(
        MetadataFilters, filters=st.lists(inner | LEAVES, max_size=3), condition=st.sampled_from(FilterCondition)
    ),
    max_leaves=4,
)


def holds(filters: MetadataFilters, metadata: dict[str, Any]) -> bool:
    """Whether a document fulfils filters: LlamaIndex's own function for each field, and for how they are joined."""
    parts = [
        holds(part, metadata)
        if isinstance(part, MetadataFilters)
        else build_metadata_filter_fn(lambda _: metadata, MetadataFilters(filters=[part]))("")
        for part in filters.filters
    ]
    if not parts:
        return True
    if filters.condition == FilterCondition.NOT:
        return not any(parts)
    return all(parts) if filters.condition in (FilterCondition.AND, None) else any(parts)


@given(FILTERS)
@settings(max_examples=400, deadline=None)
def test_filters_agree_with_llamaindex(store: Store, filters: MetadataFilters) -> None:
    """However nested: exactly the documents that LlamaIndex's own functions let through."""
    expected = [
        number for number, metadata in enumerate(DOCUMENTS) if holds(filters, {**metadata, "title": title_of(number)})
    ]
    assert let_through(store, where_of(filters)) == expected


EVERY: list[tuple[str, str, Any]] = [
    *((key, operator, value) for key in NAMES for operator in [*ORDERED, *IN_TEXTS] for value in TEXTS),
    *((key, operator, [value, "a"]) for key in NAMES for operator in ("in", "nin") for value in TEXTS),
    *(("year", operator, value) for operator in ORDERED for value in NUMBERS),
    *(("year", operator, [2020, 1]) for operator in ("in", "nin")),
    *(("tags", "contains", value) for value in TEXTS),
    *(("tags", operator, [*other, value]) for operator in ("any", "all") for value in TEXTS for other in ([], ["a"])),
    *((key, "is_empty", None) for key in (*NAMES, "year")),
]


def test_every_filter_agrees_with_llamaindex(store: Store) -> None:
    """Each operator with each value by itself, where nothing hides a mistake."""
    for key, operator, value in EVERY:
        filters = MetadataFilters(filters=[MetadataFilter(key=key, operator=operator, value=value)])
        expected = [n for n, metadata in enumerate(DOCUMENTS) if holds(filters, {**metadata, "title": title_of(n)})]
        assert let_through(store, where_of(filters)) == expected, (key, operator, value)


def test_every_operator_has_a_meaning() -> None:
    """One that a later LlamaIndex adds makes this fail, and is refused by name until then."""
    for operator in FilterOperator:
        value: Any = ["a"] if operator.value in ("in", "nin", "any", "all") else "a"
        where_of(MetadataFilters(filters=[MetadataFilter(key="land", operator=operator, value=value)]))


def test_what_has_no_meaning_is_refused_by_name() -> None:
    """Operators, conditions, and values that an operator can't take."""

    def refused(part: MetadataFilter) -> str:
        with pytest.raises(FilterError) as refusal:
            where_of(MetadataFilters(filters=[part]))
        return str(refusal.value)

    assert "'land': there is no operator 'like'; there are == != " in refused(
        MetadataFilter.model_construct(key="land", operator="like", value="a")
    )
    assert "'land': == takes a value" in refused(MetadataFilter(key="land", value=None))
    wrong = [("land", "text_match", 3), ("tags", "all", "a"), ("tags", "all", [])]
    said = [refused(MetadataFilter(key=key, operator=operator, value=value)) for key, operator, value in wrong]
    assert said == [
        "'land': text_match takes a text, not 3",
        "'tags': all takes a list of values, not 'a'",
        "'tags': all takes one value at least",
    ]
    unknown = MetadataFilters.model_construct(filters=[MetadataFilter(key="land", value="a")], condition="xor")
    with pytest.raises(FilterError, match="not by 'xor'"):
        where_of(unknown)


def test_deep_filters_are_refused() -> None:
    """In one line, before Python's own stack ends."""
    nested = MetadataFilters(filters=[MetadataFilter(key="land", value="a")])
    for _ in range(40):
        nested = MetadataFilters(filters=[nested])
    with pytest.raises(FilterError, match="nested more than 32 deep"):
        where_of(nested)


def test_a_field_with_several_values_matches_where_one_does(store: Store) -> None:
    """Where LlamaIndex would compare the list itself with the value, which no text equals."""
    for operator in ("==", "contains"):
        where = where_of(MetadataFilters(filters=[MetadataFilter(key="tags", value="Peru", operator=operator)]))
        assert [DOCUMENTS[number]["tags"] for number in let_through(store, where)] == [["a", "Peru"]]


def test_a_field_that_nobody_has(store: Store) -> None:
    """It is empty everywhere, and else refused, for it was probably misspelt."""
    empty = where_of(MetadataFilters(filters=[MetadataFilter(key="lnad", value=None, operator="is_empty")]))
    assert let_through(store, empty) == list(range(len(DOCUMENTS)))
    with pytest.raises(FilterError, match="did you mean 'land'"):
        let_through(store, where_of(MetadataFilters(filters=[MetadataFilter(key="lnad", value="a")])))
