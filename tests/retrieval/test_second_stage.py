"""Which candidates a reranker reads first."""

from __future__ import annotations

from hypothesis import given, strategies as st

from passagework.retrieval.search.candidate_pool import Pool, Scores
from passagework.retrieval.search.second_stage import OF_EACH, reading_order
from passagework.retrieval.store import Location
from passagework.retrieval.types import Stage

SCORES = st.integers(0, 30).map(float)


def pool_of(dense: Scores, lexical: Scores, fused: Scores) -> Pool:
    """Returns a pool whose passages stand in the order of their ids."""
    places = {passage: Location(1, "a.txt", passage, 0, "a.txt") for passage in fused}
    scores = {Stage.DENSE: dense, Stage.LEXICAL: lexical, Stage.HYBRID: fused}
    return Pool(scores, places, len(fused), full=False, filter=None, telling_bm25=1.0)


def test_first_place_of_a_retriever_is_read_early() -> None:
    """What vectors are sure of and words never saw is fused to the end, and read among the first; and the contrary."""
    dense = {passage: 0.9 if passage == 98 else 0.5 - passage / 1000 for passage in range(100)}
    lexical = {passage: 20.0 if passage == 99 else 10 - passage / 100 for passage in range(60, 100) if passage != 98}
    fused = {passage: float(-passage) for passage in range(100)}
    assert reading_order(pool_of(dense, lexical, fused))[: OF_EACH + 2] == [0, 1, 2, 3, 4, 98, 99]


@given(
    candidates=st.lists(st.tuples(SCORES, st.none() | SCORES, SCORES), min_size=1, max_size=60),
    depth=st.integers(1, 60),
)
def test_best_of_hybrid_and_of_each_are_read(candidates: list[tuple[float, float | None, float]], depth: int) -> None:
    """Whatever the scores, each is read once, and among the first n are the first of hybrid and of each retriever."""
    dense = {passage: cosine for passage, (cosine, _, _) in enumerate(candidates)}
    lexical = {passage: bm25 for passage, (_, bm25, _) in enumerate(candidates) if bm25 is not None}
    fused = {passage: score for passage, (_, _, score) in enumerate(candidates)}
    pool = pool_of(dense, lexical, fused)
    order = reading_order(pool)
    assert sorted(order) == sorted(fused)
    share = 1 + 2 / OF_EACH  # of so many places one is hybrid's
    assert set(pool.best_first(fused)[: int(depth / share)]) <= set(order[:depth])
    for scores in (dense, lexical):
        assert set(pool.best_first(scores)[: int(depth / share / OF_EACH)]) <= set(order[:depth])
