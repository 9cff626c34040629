"""The query path: k hits whenever k match, the same order every time, and every hit explains itself."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from passagework import Collection
from passagework.ingest import ingest
from passagework.ingest.maintenance.rebuild import rebuild, rebuild_index
from passagework.ingest.maintenance.removal import delete
from passagework.retrieval import Hits
from passagework.retrieval.dense.background import Background
from passagework.retrieval.dense.index import IndexKind
from passagework.retrieval.errors import ConfigError
from passagework.retrieval.lexical.bm25 import Bm25
from passagework.retrieval.plan import FusionWeights
from passagework.retrieval.search.fusion import telling_bm25, weights_of
from passagework.retrieval.types import Stage
from passagework.retrieval.understood import Understood
from tests.support.collection_checks import NOUNS, Answer, FakeReranker, brief
from tests.support.fakes import FakeEncoder

pytestmark = pytest.mark.slow  # a collection for each kind of index

SAME = "copper lantern apple"
KINDS = list(IndexKind)
EXACT = (IndexKind.EXACT, IndexKind.FLAT)
ROUNDED = 1.1e-6
"""How far a score may be from the oracle's, who sums in another order, where the sixth decimal is rounded."""


def write_library(folder: Path, *, shelves: range, each: int = 100) -> None:
    """A file of records for each shelf, one record in ten of the same text."""
    folder.mkdir(exist_ok=True)
    for shelf in shelves:
        rng = random.Random(shelf)
        lines = []
        for number in range(each):
            text = SAME if number % 10 == 0 else " ".join(rng.choices(NOUNS, k=rng.randint(3, 14)))
            lines.append(
                {"_id": f"{shelf}-{number}", "text": text, "year": rng.randint(1990, 2020), "tag": rng.choice("abcde")}
            )
        (folder / f"s{shelf:02}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


@dataclass(frozen=True)
class Row:
    """A passage as the oracle knows it."""

    id: int
    path: str
    order: tuple[str, int, int, str]
    year: int
    tag: str
    words: frozenset[str]
    vector: np.ndarray


class Oracle:
    """Plain Python over every passage: what a search must answer."""

    def __init__(self, collection: Collection, encoder: FakeEncoder) -> None:
        self.encoder = encoder
        with collection._current().read() as snapshot:
            ids, vectors = snapshot.passage_vectors()
            places = snapshot.locations(ids.tolist())
            self.rows = [
                Row(
                    row.id,
                    row.path,
                    places[row.id].order,
                    int(str(row.metadata["year"])),
                    str(row.metadata["tag"]),
                    frozenset(row.text.split()),
                    vector,
                )
                for row, vector in zip(snapshot.passages(ids.tolist()), vectors, strict=True)
            ]
        self.by_id = {row.id: row for row in self.rows}
        self.collection = collection

    def matching(self, where: Mapping[str, Any] | None) -> list[Row]:
        """The passages that a filter lets through."""
        return [row for row in self.rows if where is None or holds(where, row)]

    def cosines(self, query: str, rows: Sequence[Row]) -> dict[int, float]:
        """To six decimals."""
        vector = self.encoder.encode_queries([query])[0].astype(np.float64)
        return {row.id: round(float(row.vector.astype(np.float64) @ vector), 6) for row in rows}

    def bm25(self, query: str, rows: Sequence[Row]) -> dict[int, float]:
        """As the text index scores them, all of them."""
        allowed = {row.id for row in rows}
        with self.collection._current().read() as snapshot:
            return {one: score for one, score in Bm25().search(snapshot, query, 10_000, None) if one in allowed}

    def best(self, scores: Mapping[int, float]) -> list[tuple[int, float]]:
        """By score, ties by path and start."""
        return sorted(scores.items(), key=lambda item: (-item[1], self.by_id[item[0]].order))

    def pool(self, scores: Mapping[int, float], size: int) -> dict[int, float]:
        """The best `size`, and those equal to the last."""
        ranked = self.best(scores)
        cut = ranked[size - 1][1] if len(ranked) >= size else -9.0
        return {one: score for one, score in ranked if score >= cut}

    def answer(self, query: str, stage: str, k: int, candidates: int, where: Any) -> list[tuple[int, float]]:
        """The hits as (id, score)."""
        rows = self.matching(where)
        size = max(k, candidates)
        cosines, words = self.cosines(query, rows), self.pool(self.bm25(query, rows), size)
        dense = self.pool(cosines, size)
        if stage == "dense":
            return self.best(dense)[:k]
        if stage == "lexical":
            return self.best(words)[:k]
        top = telling_bm25(words, len(self.rows))
        weights = self.weights(query, dense, words)
        fused = {
            one: round(weights.dense * cosines[one] + weights.lexical / top * words.get(one, 0.0), 6)
            for one in dense.keys() | words.keys()
        }
        return self.best(fused)[:k]

    def weights(self, query: str, dense: Mapping[int, float], words: Mapping[int, float]) -> FusionWeights:
        """By the cosines with the passages whose encoded texts have the least hashes."""
        if not dense or not words:
            return FusionWeights()
        with self.collection._current().read() as snapshot:
            rows = snapshot.connection.exec_driver_sql("SELECT hash, id FROM passages").fetchall()
        by_hash: dict[bytes, int] = {row[0]: row[1] for row in rows}
        first = [self.by_id[by_hash[one]].vector for one in sorted(by_hash)[:1024]]
        found = np.stack(first).astype(np.float64) @ self.encoder.encode_queries([query])[0].astype(np.float64)
        background = Background(float(found.mean()), float(found.std()))
        return weights_of(background, max(dense.values()), words.values(), len(self.rows))


def holds(where: Mapping[str, Any], row: Row) -> bool:
    """The meaning of the filters that the tests draw."""
    for key, value in where.items():
        if key == "$and" and not all(holds(one, row) for one in value):
            return False
        if key == "$or" and not any(holds(one, row) for one in value):
            return False
        if key == "$not" and holds(value, row):
            return False
        if not key.startswith("$"):
            [(operator, operand)] = value.items()
            if not compare(getattr(row, key), operator, operand):
                return False
    return True


def compare(value: Any, operator: str, operand: Any) -> bool:
    """One condition."""
    if operator == "$glob":
        return fnmatchcase(value, operand)
    if operator in ("$in", "$nin"):
        return (value in operand) == (operator == "$in")
    if operator in ("$eq", "$ne"):
        return bool((value == operand) == (operator == "$eq"))
    return bool({"$lt": value < operand, "$gte": value >= operand}[operator])


YEARS, TAGS = st.integers(1989, 2021), st.sampled_from("abcdef")
CONDITIONS = st.one_of(
    st.builds(lambda op, year: {"year": {op: year}}, st.sampled_from(["$lt", "$gte", "$eq", "$ne"]), YEARS),
    st.builds(lambda op, tags: {"tag": {op: tags}}, st.sampled_from(["$in", "$nin"]), st.lists(TAGS, max_size=3)),
    st.builds(lambda number: {"path": {"$glob": f"s{number:02}.*"}}, st.integers(0, 13)),
)
FILTERS = st.recursive(
    CONDITIONS,
    lambda inner: st.one_of(
        st.builds(lambda both: {"$and": both}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda both: {"$or": both}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda one: {"$not": one}, inner),
    ),
    max_leaves=4,
)
QUERIES = st.one_of(
    st.lists(st.sampled_from(NOUNS), min_size=1, max_size=4).map(" ".join), st.just(SAME), st.just("nothing like it")
)


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eleven shelves, ingested: enough for the approximate kinds of index. The last of them is to go."""
    base = tmp_path_factory.mktemp("library")
    write_library(base / "docs", shelves=range(10))
    write_library(base / "docs", shelves=range(99, 100))
    report = ingest([base / "docs"], base / "c", encoder=FakeEncoder())
    assert (report.added, report.passages) == (1100, 1100)
    return base


@pytest.fixture(scope="module")
def kinds(library: Path) -> Iterator[dict[IndexKind, Collection]]:
    """The library behind every kind of index: after that was built, three shelves came and one went."""
    opened = {}
    write_library(library / "docs", shelves=range(10, 13))
    (library / "docs" / "s99.jsonl").unlink()
    for kind in KINDS:
        path = library / f"c-{kind.value}"
        shutil.copytree(library / "c", path)
        assert rebuild_index(path, kind=kind).kind == kind.value
        report = ingest([library / "docs"], path, encoder=FakeEncoder(), delete_missing=True)
        assert (report.added, report.deleted) == (300, 100)
        opened[kind] = Collection.open(path, encoder=FakeEncoder(), reranker=FakeReranker())
        index = opened[kind].status().index.to_json()
        assert isinstance(index, dict)
        assert (index["kind"], index["passages"], index["since_build"]) == (kind.value, 1300, 400)
    yield opened
    for one in opened.values():
        one.close()


@pytest.fixture(scope="module")
def oracle(kinds: dict[IndexKind, Collection]) -> Oracle:
    """Of the library."""
    return Oracle(kinds[IndexKind.EXACT], FakeEncoder())


def pairs(hits: Hits) -> list[tuple[int, float]]:
    """(id, score) of each hit."""
    return [(hit.id, hit.score) for hit in hits]


PROPERTY = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)


class TestKHits:
    """Promise 5: a filtered search returns k hits whenever k passages match, and says how it was planned."""

    @PROPERTY
    @given(where=FILTERS, query=QUERIES, k=st.integers(1, 60), stage=st.sampled_from(["dense", "lexical", "hybrid"]))
    def test_against_an_oracle(
        self,
        kinds: dict[IndexKind, Collection],
        oracle: Oracle,
        where: dict[str, Any],
        query: str,
        k: int,
        stage: str,
    ) -> None:
        """On every kind of index as many hits as match, all within the filter, with exact scores in the right order; on
        the exhaustive kinds the very hits of a search through everything.
        """
        expected = oracle.answer(query, stage, k, 100, where)
        allowed = {row.id for row in oracle.matching(where)}
        for kind, collection in kinds.items():
            hits = collection.search(query, k=k, stage=stage, where=where, candidates=100, copies="keep")
            found = pairs(hits)
            assert len(found) == len(expected), kind
            assert {one for one, _ in found} <= allowed
            assert found == oracle.best(dict(found))
            if kind in EXACT:
                assert [one for one, _ in found] == [one for one, _ in expected], kind
                assert [score for _, score in found] == pytest.approx([score for _, score in expected], abs=ROUNDED)
            elif stage != "lexical":
                cosines = oracle.cosines(query, oracle.rows)
                assert all(abs(hit.stages[Stage.DENSE].score - cosines[hit.id]) <= ROUNDED for hit in hits)

    @pytest.mark.parametrize("kind", KINDS)
    def test_approximate_kinds_find_nearly_the_same(
        self, kinds: dict[IndexKind, Collection], oracle: Oracle, kind: IndexKind
    ) -> None:
        """Ten of ten on the exhaustive kinds, at least nine of ten on the others, over twenty queries."""
        rng = random.Random(8)
        queries = [" ".join(rng.choices(NOUNS, k=3)) for _ in range(20)]
        shares = []
        for query in queries:
            wanted = {one for one, _ in oracle.answer(query, "dense", 10, 200, None)}
            shares.append(
                len(wanted & {hit.id for hit in kinds[kind].search(query, stage="dense", copies="keep")}) / 10
            )
        assert np.mean(shares) >= (1.0 if kind in EXACT else 0.9)

    def test_k_beyond_everything(self, kinds: dict[IndexKind, Collection], oracle: Oracle) -> None:
        """All there is, and no memory for what there isn't."""
        for collection in kinds.values():
            assert len(collection.search("apple", k=10**12, stage="dense", copies="keep")) == 1300
            few = collection.search("apple", k=10**12, where={"path": "s03.jsonl"}, copies="keep")
            assert {hit.path for hit in few} == {"s03.jsonl"}
            assert len(few) == 100

    def test_fewer_candidates_than_k(self, kinds: dict[IndexKind, Collection], oracle: Oracle) -> None:
        """The pool is never smaller than k."""
        hits = kinds[IndexKind.EXACT].search("river stone", k=30, candidates=5, stage="dense", copies="keep")
        assert pairs(hits) == oracle.answer("river stone", "dense", 30, 5, None)
        assert hits.plan.to_json()["candidates"] == 30

    def test_filter_that_lets_nothing_through(self, kinds: dict[IndexKind, Collection]) -> None:
        """No hits, no error, on every kind and at every stage."""
        for collection in kinds.values():
            for stage in Stage:
                hits = collection.search("apple", stage=stage, where={"year": {"$gt": 3000}}, copies="keep")
                assert hits.hits == ()

    def test_plan_of_the_filter(self, kinds: dict[IndexKind, Collection], oracle: Oracle) -> None:
        """A selective filter is searched exactly inside its set, a broad one through the index, words inside theirs."""
        collection = kinds[IndexKind.HNSW]
        few = collection.search("apple", stage="dense", where={"path": "s03.jsonl"}, copies="keep")
        many = collection.search("apple", stage="dense", where={"year": {"$gte": 1992}}, copies="keep")
        words = collection.search("apple", stage="lexical", where={"path": "s03.jsonl"}, copies="keep")
        matching = len(oracle.matching({"year": {"$gte": 1992}}))
        assert few.plan.to_json()["filter"] == {"matching": 100, "strategy": "exact-within"}
        assert many.plan.to_json()["filter"] == {"matching": matching, "strategy": "selector"}
        assert words.plan.to_json()["filter"] == {"strategy": "inside the text index"}
        assert "filter" not in collection.search("apple", stage="dense", copies="keep").plan.to_json()

    def test_a_broad_filter_in_a_large_collection(
        self, kinds: dict[IndexKind, Collection], oracle: Oracle, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """The nearest of all are held against it, where enough of them match; the hits are as if it were looked up."""
        monkeypatch.setattr("passagework.retrieval.dense.dense_retriever.LARGE", 100)
        plans = set()
        for kind, collection in kinds.items():
            for where in ({"year": {"$gte": 1992}}, {"path": {"$eq": "s03.jsonl"}}, {"path": {"$eq": "absent"}}):
                for stage in ("dense", "hybrid"):
                    hits = collection.search(
                        "apple river", k=20, candidates=30, stage=stage, where=where, copies="keep"
                    )
                    plan = hits.plan.to_json()["filter"]
                    assert isinstance(plan, dict)
                    plans.add(plan["strategy"])
                    expected = oracle.answer("apple river", stage, 20, 30, where)
                    assert len(hits) == len(expected)
                    assert {hit.id for hit in hits} <= {row.id for row in oracle.matching(where)}
                    if kind in EXACT:
                        assert pairs(hits) == expected
        assert plans == {"checked", "exact-within"}

    def test_per_document_looks_further_down(self, tmp_path: Path) -> None:
        """One long document that fills the pool does not keep the others out."""
        (tmp_path / "docs").mkdir()
        (tmp_path / "docs" / "a.txt").write_text("\n\n".join(f"apple river stone {i} " * 5 for i in range(60)))
        for i in range(5):
            (tmp_path / "docs" / f"b{i}.txt").write_text(f"a meadow, and one apple in box {i}")
        ingest([tmp_path / "docs"], tmp_path / "c", encoder=FakeEncoder(), passage_tokens=25, overlap=0)
        with Collection.open(tmp_path / "c", encoder=FakeEncoder(), reranker=FakeReranker()) as collection:
            for stage in Stage:
                plain = collection.search("apple river stone", k=6, candidates=6, stage=stage, copies="keep")
                assert {hit.path for hit in plain} == {"a.txt"}
                hits = collection.search(
                    "apple river stone", k=6, candidates=6, stage=stage, per_document=1, copies="keep"
                )
                assert sorted(hit.path for hit in hits) == ["a.txt", *(f"b{i}.txt" for i in range(5))]
                assert hits[0].path == "a.txt"
                assert [hit.rank for hit in hits] == [1, 2, 3, 4, 5, 6]
            two = collection.search("apple river stone", k=50, candidates=6, per_document=2, copies="keep")
            assert [hit.path for hit in two].count("a.txt") == 2

    def test_min_score_is_that_of_the_last_stage(self, kinds: dict[IndexKind, Collection]) -> None:
        """Hits below it are left out, those equal to it stay."""
        collection = kinds[IndexKind.EXACT]
        for stage in Stage:
            every = collection.search("apple river", k=20, stage=stage, copies="keep")
            least = every[9].score
            hits = collection.search("apple river", k=20, stage=stage, min_score=least, copies="keep")
            assert pairs(hits) == [(hit.id, hit.score) for hit in every if hit.score >= least]


class TestOrder:
    """Promise 7: same collection, same query, same order; ties break by path and start."""

    def test_ties_beyond_the_edge_of_the_pool(self, kinds: dict[IndexKind, Collection]) -> None:
        """130 equal passages, a pool of 20: those with the first paths come, and in order, on every kind of index."""
        first = [f"{shelf}-{number}" for shelf in range(13) for number in range(0, 100, 10)]
        for kind, collection in kinds.items():
            for stage in Stage:
                hits = collection.search(SAME, k=15, candidates=20, stage=stage, copies="keep")
                assert [hit.document for hit in hits] == first[:15], (kind, stage)
                assert len({hit.score for hit in hits}) == 1
            hits = collection.search(SAME, k=15, candidates=20, fusion="rrf", stage="hybrid", copies="keep")
            assert [hit.document for hit in hits] == first[:15]

    def test_the_same_twice(self, kinds: dict[IndexKind, Collection]) -> None:
        """Asking again changes nothing."""
        for collection in kinds.values():
            once, again = (brief(collection.search("apple cloud", k=100, copies="keep")) for _ in range(2))
            assert once == again

    def test_however_the_collection_came_about(self, tmp_path: Path) -> None:
        """Ingested in another order, in parts, with documents deleted and brought back, with another kind of index, or
        rebuilt: the same answers.
        """
        encoder = FakeEncoder()
        queries = [SAME, "apple river", "winter harbour violin", "kettle"]
        docs, other = tmp_path / "docs", tmp_path / "other"
        write_library(docs, shelves=range(5), each=40)
        ingest([docs], tmp_path / "c", encoder=encoder)
        expected = _answers(tmp_path / "c", queries)
        for shelf in (4, 1):
            ingest([docs / f"s{shelf:02}.jsonl"], other, encoder=encoder)
        assert len(delete(other, ["s04.jsonl"])) == 40
        ingest([docs], other, encoder=encoder)
        assert _answers(other, queries) == expected
        rebuild_index(other, kind=IndexKind.FLAT)
        assert _answers(other, queries) == expected
        rebuild(other, encoder=encoder)
        assert _answers(other, queries) == expected

    def test_like_paths_in_two_folders(self, tmp_path: Path) -> None:
        """Two files of one relative path, beneath two roots, are told apart by where they lie, always the same way."""
        for root in ("one", "two"):
            (tmp_path / root).mkdir()
            (tmp_path / root / "a.txt").write_text("apple river")
        for order in (["one", "two"], ["two", "one"]):
            path = tmp_path / "-".join(order)
            for root in order:
                ingest([tmp_path / root], path, encoder=FakeEncoder())
            with Collection.open(path, encoder=FakeEncoder()) as collection:
                hits = collection.search("apple river", copies="keep")
                assert [hit.uri for hit in hits] == [(tmp_path / root / "a.txt").as_uri() for root in ("one", "two")]


def _answers(path: Path, queries: Sequence[str]) -> list[Answer]:
    with Collection.open(path, encoder=FakeEncoder(), reranker=FakeReranker()) as collection:
        return [
            brief(collection.search(query, k=40, candidates=60, stage=stage, copies="keep"))
            for query in queries
            for stage in Stage
        ]


class TestTrace:
    """Promise 9: every hit explains itself."""

    def test_rank_and_score_at_each_stage_are_those_of_that_stage(self, kinds: dict[IndexKind, Collection]) -> None:
        """A reranked hit's dense, lexical and hybrid entries are those it has in a search that ends there."""
        collection = kinds[IndexKind.EXACT]
        query = "apple river stone"
        alone = {
            stage: {hit.id: hit.stages[stage] for hit in collection.search(query, k=1300, stage=stage, copies="keep")}
            for stage in (Stage.DENSE, Stage.LEXICAL)
        }
        hits = collection.search(query, k=40, candidates=150, copies="keep")
        fused = {hit.id: hit for hit in collection.search(query, k=300, candidates=150, stage="hybrid", copies="keep")}
        assert [hit.rank for hit in hits] == list(range(1, 41))
        for hit in hits:
            assert set(hit.stages) >= {Stage.DENSE, Stage.HYBRID, Stage.RERANK}
            assert hit.stages[Stage.RERANK].rank == hit.rank
            assert hit.stages[Stage.RERANK].score == hit.score
            assert hit.stages[Stage.DENSE].score == alone[Stage.DENSE][hit.id].score
            if hit.stages[Stage.DENSE].rank <= 150:  # beyond, only words found it: its rank is among the candidates
                assert hit.stages[Stage.DENSE].rank == alone[Stage.DENSE][hit.id].rank
            if Stage.LEXICAL in hit.stages:
                assert hit.stages[Stage.LEXICAL] == alone[Stage.LEXICAL][hit.id]
            else:
                assert alone[Stage.LEXICAL].get(hit.id) is None or alone[Stage.LEXICAL][hit.id].rank > 150
            if hit.id in fused:
                assert hit.stages[Stage.HYBRID].score == fused[hit.id].score

    def test_words_count_by_the_share_that_any_passage_holds(
        self, kinds: dict[IndexKind, Collection], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whether relevance is estimated, for which the same is counted, or not."""
        held: list[float] = []

        def recorded(*measured: Any, is_code: bool) -> FusionWeights:
            held.append(measured[5])
            return weights_of(*measured, is_code=is_code)

        monkeypatch.setattr("passagework.retrieval.search.candidate_pool.weights_of", recorded)
        for relevance in (True, False):
            kinds[IndexKind.EXACT].search("winter harbour qxvzk wkjqh", k=3, stage="hybrid", relevance=relevance)
            kinds[IndexKind.EXACT].search("winter harbour", k=3, stage="hybrid", relevance=relevance)
        assert held == [0.5, 1.0, 0.5, 1.0]

    def test_hybrid_is_cosine_and_bm25_over_the_best(self, kinds: dict[IndexKind, Collection]) -> None:
        """Cosine and BM25 / what the plan says it is divided by, each with its weight; BM25 is 0 outside its pool."""
        hits = kinds[IndexKind.EXACT].search("winter harbour kettle", k=400, stage="hybrid", copies="keep")
        best = hits.plan.best_bm25 or 0.0
        weights = hits.plan.weights
        assert weights is not None
        assert weights.dense + weights.lexical == pytest.approx(1.4)
        assert best == telling_bm25(
            {hit.id: hit.stages[Stage.LEXICAL].score for hit in hits if len(hit.stages) > 2}, 1300
        )
        for hit in hits:
            words = hit.stages[Stage.LEXICAL].score if Stage.LEXICAL in hit.stages else 0.0
            expected = weights.dense * hit.stages[Stage.DENSE].score + weights.lexical * words / best
            assert hit.score == pytest.approx(expected, abs=2e-6)
            assert hit.score == hit.stages[Stage.HYBRID].score
        assert [hit.stages[Stage.HYBRID].rank for hit in hits] == list(range(1, len(hits) + 1))
        assert any(Stage.LEXICAL not in hit.stages for hit in hits)

    def test_rrf_is_the_sum_of_reciprocal_ranks(self, kinds: dict[IndexKind, Collection], oracle: Oracle) -> None:
        """1 / (60 + rank) of each retriever that found the passage, equal scores sharing a rank."""
        query = "winter harbour kettle"
        hits = kinds[IndexKind.EXACT].search(query, k=50, candidates=80, stage="hybrid", fusion="rrf", copies="keep")
        assert hits.plan.to_json()["fusion"] == "rrf"
        pools = [oracle.pool(scores(query, oracle.rows), 80) for scores in (oracle.cosines, oracle.bm25)]
        expected = {
            one: round(sum(1 / (61 + sum(s > pool[one] for s in pool.values())) for pool in pools if one in pool), 9)
            for one in pools[0].keys() | pools[1].keys()
        }
        assert pairs(hits) == oracle.best(expected)[:50]

    def test_times_and_plan(self, kinds: dict[IndexKind, Collection]) -> None:
        """Milliseconds of each stage that ran, within the total; what was asked, used, and searched."""
        where = {"year": {"$gte": 1992}}
        hits = kinds[IndexKind.IVF_SQ8].search("apple river", where=where)
        parts = {name: ms for name, ms in hits.timings_ms.items() if name != "total"}
        assert set(parts) == {
            "filter",
            "load",
            "encode",
            "dense",
            "lexical",
            "fusion",
            "fetch",
            "rerank",
            "relevance",
            "syntax",
        }
        assert all(ms >= 0 for ms in parts.values())
        assert sum(parts.values()) <= hits.timings_ms["total"] + 0.1
        plan = hits.plan.to_json()
        assert plan.pop("filter") == {"matching": plan.pop("pool") and _matching(hits), "strategy": "selector"}
        assert set(cast("dict[str, float]", plan.pop("weights"))) == {"dense", "lexical"}
        assert float(str(plan.pop("best_bm25"))) >= max(hit.stages[Stage.LEXICAL].score for hit in hits)
        assert float(str(plan.pop("told"))) > 0
        assert plan.pop("understood") == Understood("apple river").to_json()
        assert plan == {
            "requested": "rerank",
            "used": "rerank",
            "candidates": 200,
            "fusion": "convex",
            "index": "ivf-sq8",
            "reranker": "fake-reranker",
            "rerank_depth": 50,
        }
        words = kinds[IndexKind.EXACT].search("apple", stage="lexical", copies="keep")
        assert set(words.timings_ms) == {"total", "syntax", "lexical", "fetch", "relevance"}
        assert "index" not in words.plan.to_json()


def _matching(hits: Hits) -> Any:
    found = hits.plan.to_json()["filter"]
    assert isinstance(found, dict)
    return found["matching"]


class TestRerank:
    """The reranker reads the first of the fused candidates and orders them anew."""

    def test_order_is_by_logit(self, kinds: dict[IndexKind, Collection]) -> None:
        """Ties by path and start; the probability is in the trace of that stage alone."""
        collection = kinds[IndexKind.EXACT]
        hits = collection.search("apple river stone", k=60, copies="keep")
        keys = [(-hit.score, hit.path, hit.start, int(hit.document.split("-")[1])) for hit in hits]
        assert keys == sorted(keys)
        assert len(hits) == 60
        for hit in hits:
            words = hit.text.split()
            assert hit.score == pytest.approx(len({"apple", "river", "stone"} & set(words)) - 0.01 * len(words))
            assert hit.stages[Stage.RERANK].probability == pytest.approx(1 / (1 + np.exp(-hit.score)))
            assert hit.stages[Stage.HYBRID].probability is None
        depth = {hit.id for hit in collection.search("apple river stone", k=60, stage="hybrid", copies="keep")}
        assert {hit.id for hit in hits} == depth

    def test_reads_fifty_candidates(self, library: Path) -> None:
        """The first fifty by the fused score, each once."""
        reranker = FakeReranker()
        with Collection.open(library / "c", encoder=FakeEncoder(), reranker=reranker) as collection:
            hits = collection.search("apple river", k=5, copies="keep")
            assert len(reranker.read) == 50
            fused = [hit.text for hit in collection.search("apple river", k=50, stage="hybrid", copies="keep")]
            assert reranker.read == fused
            assert hits.plan.to_json()["rerank_depth"] == 50

    @pytest.mark.parametrize(("asked", "read"), [(12, 12), (2, 5), (90, 90)])
    def test_reads_as_many_as_it_is_told(self, library: Path, asked: int, read: int) -> None:
        """But never fewer than the hits asked for."""
        reranker = FakeReranker()
        with Collection.open(library / "c", encoder=FakeEncoder(), reranker=reranker) as collection:
            hits = collection.search("apple river", k=5, rerank_depth=asked, copies="keep")
            assert len(reranker.read) == hits.plan.to_json()["rerank_depth"] == read
            with pytest.raises(ConfigError, match="rerank_depth is 0"):
                collection.search("apple river", rerank_depth=0, copies="keep")

    def test_falls_back_to_hybrid_and_says_so(self, library: Path) -> None:
        """Asked for or not, without a reranker."""
        with Collection.open(library / "c", encoder=FakeEncoder()) as collection:
            hybrid = collection.search("apple river", stage="hybrid", copies="keep")
            for stage in ("rerank", None):
                hits = collection.search("apple river", stage=stage, copies="keep")
                assert brief(hits) == brief(hybrid)
                assert hits.plan.to_json()["requested"] == (stage or "hybrid")
                assert hits.plan.to_json()["used"] == "hybrid"
                assert hits.plan.to_json().get("reason") == ("no reranker was named" if stage else None)
            assert "reason" not in hybrid.plan.to_json()
            assert hybrid.plan.to_json()["requested"] == hybrid.plan.to_json()["used"] == "hybrid"


def test_query_beyond_the_window_is_cut_and_the_plan_says_so(kinds: dict[IndexKind, Collection]) -> None:
    """100,000 characters are searched, too; a query that fits says nothing."""
    collection = kinds[IndexKind.EXACT]
    long = " ".join(["apple river"] * 9000)
    hits = collection.search(long, k=3, copies="keep")
    assert hits.plan.to_json()["query_cut"] == {"tokens": 18000, "used": 62}
    assert [hit.id for hit in hits] == [
        hit.id for hit in collection.search(" ".join(["apple river"] * 31), k=3, copies="keep")
    ]
    assert "query_cut" not in collection.search("apple river", copies="keep").plan.to_json()


@pytest.mark.parametrize(
    "query", ['"', "a AND OR (", "NEAR(", "*", "col:x", "'; DROP TABLE passages; --", "\0\ud800", "…"]
)
def test_any_text_is_a_query(kinds: dict[IndexKind, Collection], query: str) -> None:
    """What a user types is never read as a query language."""
    for stage in Stage:
        hits = kinds[IndexKind.EXACT].search(query, stage=stage, k=4, copies="keep")
        assert len(hits) == (0 if stage is Stage.LEXICAL else 4)
