"""Filters of every size that is allowed are answered at every stage, and larger ones refused: SQLite refuses none."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from passagework import Collection
from passagework.ingest import ingest
from passagework.ingest.maintenance.removal import delete
from passagework.retrieval import FilterError, Stage
from passagework.retrieval.filters.compiler import MAX_CONDITIONS, MAX_DEPTH, MAX_VALUES
from passagework.retrieval.store.conditions import AnyOf, Compare, Comparison, Not
from passagework.retrieval.store.filter_sql import filter_sql
from tests.support.fakes import FakeEncoder

STAGES = (Stage.LEXICAL, Stage.DENSE, Stage.HYBRID)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two documents, one with metadata."""
    base = tmp_path_factory.mktemp("limits")
    (base / "docs" / "policies").mkdir(parents=True)
    (base / "docs" / "policies" / "a.md").write_text("---\nyear: 2020\nday: 2024-03-01\n---\n# A\n\nTea.\n")
    (base / "docs" / "b.md").write_text("# B\n\nTea.\n")
    ingest(base / "docs", collection=base / "c", encoder=FakeEncoder())
    return base / "c"


@pytest.fixture
def collection(path: Path) -> Iterator[Collection]:
    """Their collection, open."""
    with Collection.open(path, encoder=FakeEncoder()) as opened:
        yield opened


def found(collection: Collection, where: Any) -> list[str]:
    """The paths that a filter lets through: the same at each stage, of documents, in a context and for deletion."""
    paths = sorted(row.path for row in collection.documents(where=where))
    for stage in STAGES:
        assert sorted(hit.path for hit in collection.search("tea", stage=stage, where=where)) == paths, stage
    context = collection.context("tea", stage=Stage.LEXICAL, where=where)
    assert {citation.path for citation in context.citations} <= set(paths)
    assert sorted(row.path for row in delete(collection.path, where=where, dry_run=True)) == paths
    return paths


FULL = range(MAX_CONDITIONS)
LARGE: dict[str, tuple[Any, list[str]]] = {
    "paths": ({"$or": [{"path": f"x{i}"} for i in FULL]}, []),
    "globs": ({"$or": [{"path": {"$glob": f"t{i}/*"}} for i in FULL]}, []),
    "years": ({"$or": [{"year": 1521 + i} for i in FULL]}, ["policies/a.md"]),
    "all differ": ({"$and": [{"path": {"$ne": f"x{i}"}} for i in FULL]}, ["b.md", "policies/a.md"]),
    "none above": ({"$and": [{"$not": {"year": {"$gt": 2020 + i}}} for i in FULL]}, ["b.md", "policies/a.md"]),
    "days": (
        {"$and": [{"day": {"$gt": f"2023-03-01T{i % 24:02}:{i % 60:02}+02:00"}} for i in FULL]},
        ["policies/a.md"],
    ),
    "empty": ({"$and": [{}] * MAX_CONDITIONS}, ["b.md", "policies/a.md"]),
    "pages": ({"$or": [{"pages": i} for i in FULL]}, []),
    "exist": ({"$and": [{"year": {"$exists": True}} for _ in FULL]}, ["policies/a.md"]),
    "fields": ({f"metadata.absent{'x' * i}": {"$ne": i} for i in FULL}, ["b.md", "policies/a.md"]),
    "one field": (
        {"year": {"$in": [*range(MAX_VALUES - 4), "x", "2024-01-01", True, None]}},
        ["b.md", "policies/a.md"],
    ),
    "documents": ({"document": {"$nin": [f"r{i}" for i in range(MAX_VALUES)]}}, ["b.md", "policies/a.md"]),
    "two lists": ({"$or": [{"document": {"$in": [str(i) for i in range(MAX_VALUES // 2)]}}] * 2}, []),
}


@pytest.mark.parametrize("name", LARGE)
@pytest.mark.slow
def test_as_many_conditions_as_are_allowed(collection: Collection, name: str) -> None:
    """Of paths, globs, fields, dates and pages, joined by $and or $or, each negated or not: they are answered."""
    where, paths = LARGE[name]
    assert found(collection, where) == paths


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.slow
def test_nested_as_deeply_as_is_allowed(collection: Collection, seed: int) -> None:
    """Many conditions on every level, whichever operators alternate: the level that decides does."""
    rng = random.Random(seed)
    operators = rng.sample(["$and", "$or", "$not", "$not"], 4)
    where: dict[str, Any] = {"year": 2020}
    holds = True
    for depth in range(MAX_DEPTH - 1):
        operator = operators[depth % len(operators)]
        if operator == "$not":
            where, holds = {"$not": where}, not holds
            continue
        # What leaves the matter to the level below: false for $or, true for $and.
        neutral = [{"path": "x"}, {"year": 3}, {"day": {"$gt": "2030-01-01"}}, {"document": "x"}, {"pages": 7}]
        parts = [one if operator == "$or" else {"$not": one} for one in rng.choices(neutral, k=MAX_CONDITIONS // 40)]
        parts.insert(rng.randrange(len(parts)), where)
        where = {operator: parts}
    assert found(collection, where) == ["policies/a.md" if holds else "b.md"]


@pytest.mark.parametrize(
    "where",
    [
        {"$or": [{"path": f"x{i}"} for i in range(MAX_CONDITIONS + 1)]},
        {"year": {"$in": list(range(MAX_VALUES + 1))}},
        {"$and": [{}] * (MAX_CONDITIONS + 1)},
    ],
    ids=["conditions", "values", "empty"],
)
def test_more_is_refused_at_every_stage(collection: Collection, where: Any) -> None:
    """As a mistake in the filter, by searches, documents, contexts and deletions alike."""
    for stage in STAGES:
        with pytest.raises(FilterError, match="more than"):
            collection.search("tea", stage=stage, where=where)
    for refused in (
        lambda: collection.documents(where=where),
        lambda: collection.context("tea", where=where),
        lambda: delete(collection.path, where=where),
    ):
        with pytest.raises(FilterError, match="more than"):
            refused()


def test_the_sql_of_many_conditions_is_flat() -> None:
    """No more than ten brackets deep for 500 of them, and the deepest part stands first."""
    parts = tuple(Compare("n", Comparison.GREATER, number) for number in range(MAX_CONDITIONS))
    assert depth(str(filter_sql(Not(AnyOf(parts))))) <= 10 + 3  # of each condition's own
    assert depth(str(filter_sql(AnyOf(parts)))) <= 10 + 3


def depth(sql: str) -> int:
    """How many brackets are open at once, at most."""
    opened = deepest = 0
    for character in sql:
        opened += (character == "(") - (character == ")")
        deepest = max(deepest, opened)
    return deepest
