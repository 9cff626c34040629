"""Fusion: the two formulas by hand, ties that stay ties, and sides that are empty."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, strategies as st

from passagework.retrieval.config import CONVEX_WEIGHT, RRF_K
from passagework.retrieval.dense.background import Background
from passagework.retrieval.plan import FusionWeights
from passagework.retrieval.search.fusion import (
    MOST_TELLING,
    competition_ranks,
    convex,
    fuse,
    reciprocal_rank,
    telling_bm25,
    weights_of,
)
from passagework.retrieval.types import Fusion

SCORES = st.dictionaries(st.integers(1, 20), st.integers(1, 5).map(lambda n: n / 4), max_size=12)


def test_the_constants_are_those_of_the_reference_figures() -> None:
    """0.4 and 60: another value would be another method than the one measured."""
    assert (CONVEX_WEIGHT, RRF_K) == (0.4, 60)


def test_convex_adds_the_share_of_the_best_bm25_to_the_cosine() -> None:
    """cosine + 0.4 x BM25 / best BM25, and the cosine alone outside the lexical pool."""
    fused = convex({1: 0.5, 2: 0.25, 3: -0.1, 4: 0.9}, {1: 6.0, 2: 12.0, 3: 3.0}, 12.0)
    assert fused == {1: 0.5 + 0.4 * 0.5, 2: 0.25 + 0.4, 3: pytest.approx(-0.1 + 0.1, abs=1e-12), 4: 0.9}


def test_convex_without_words_is_the_cosine() -> None:
    """An empty lexical side, or one without weight, adds nothing and divides by nothing."""
    assert convex({1: 0.5, 2: -0.25}, {}, 0.0) == {1: 0.5, 2: -0.25}
    assert convex({1: 0.5}, {1: 0.0}, 0.0) == {1: 0.5}
    assert convex({}, {}, 4.0) == {}


def test_words_that_tell_nothing_count_for_nothing() -> None:
    """What the best is divided by is at least the idf of a word that one passage holds, as far as most questions go."""
    assert telling_bm25({1: 12.0, 2: 3.0}, 1000) == 12.0
    assert telling_bm25({1: 1e-6}, 91) == pytest.approx(math.log(90.5 / 1.5))
    assert telling_bm25({}, 10**6) == telling_bm25({1: 5.0}, 10**6) == MOST_TELLING
    assert telling_bm25({1: 0.3}, 2) == pytest.approx(0.3)
    assert telling_bm25({1: 0.3}, 1) == telling_bm25({1: 0.3}, 0) == 0.3
    assert convex({1: 0.1, 2: 0.3}, {1: 2e-6}, telling_bm25({1: 2e-6}, 91)) == {1: pytest.approx(0.1, abs=1e-5), 2: 0.3}


def test_without_a_background_the_weights_are_even() -> None:
    """Too few passages, or all alike: 1 and 0.4."""
    assert (
        weights_of(None, 0.9, [5.0], 50) == weights_of(Background(0.5, 0.0), 0.5, [5.0], 500) == FusionWeights(1.0, 0.4)
    )


def test_a_half_that_tells_nothing_counts_for_next_to_nothing() -> None:
    """A vector that is as near to every passage, words that match as well everywhere; the sum is always the same."""
    by_chance = math.sqrt(2 * math.log(1000))
    contrasting, alike = [9.0, *[2.0] * 9], [9.0, *[8.5] * 9]
    noise = weights_of(Background(0.5, 0.1), 0.5 + 0.06 * by_chance, contrasting, 1000)
    clear = weights_of(Background(0.0, 0.1), 0.15 * by_chance, contrasting, 1000)
    unclear_words = weights_of(Background(0.0, 0.1), 0.15 * by_chance, alike, 1000)
    assert noise.lexical > 12 * noise.dense
    assert clear.lexical == pytest.approx(0.8 * clear.dense, rel=1e-4)
    assert unclear_words.lexical == pytest.approx(
        0.8 * 0.15 * clear.dense * unclear_words.dense / clear.dense, rel=1e-4
    )
    assert all(one.dense + one.lexical == pytest.approx(1.4, abs=2e-6) for one in (noise, clear, unclear_words))


def test_what_the_encoder_does_not_know_counts_for_nothing() -> None:
    """By the share of the query's tokens, with a background or without."""
    for background in (None, Background(0.0, 0.1)):
        all_known, half, none = (weights_of(background, 0.5, [9.0, 2.0], 1000, known) for known in (1.0, 0.5, 0.0))
        assert half.lexical / half.dense == pytest.approx(2 * all_known.lexical / all_known.dense, rel=1e-3)
        assert none.lexical > 10 * none.dense
    assert weights_of(None, 0.5, [9.0], 10, 1.0) == FusionWeights()


def test_words_that_no_passage_holds_take_from_what_words_count_for() -> None:
    """By their share of the query, and where that is small, as in another language, by more; a little always stays."""
    shares = (1.0, 0.9, 0.8, 0.4, 0.0)
    for background in (None, Background(0.0, 0.1)):
        weights = [weights_of(background, 0.5, [9.0, 2.0], 1000, held=held) for held in shares]
        told = [one.lexical / one.dense * weights[0].dense / weights[0].lexical for one in weights]
        assert told == pytest.approx([1.0, 0.9, 0.8, 0.125, 0.05], rel=1e-3)


@pytest.mark.parametrize("scale", [0.1, 0.5, 3.0])
@given(st.floats(0.0, 0.9), st.lists(st.floats(0.1, 30.0), min_size=1, max_size=30))
def test_weights_follow_the_scale_of_an_encoder(scale: float, best: float, bm25: list[float]) -> None:
    """Cosines that lie elsewhere and closer together order passages alike: what one counts for grows as they shrink."""
    wide = weights_of(Background(0.1, 0.1), 0.1 + best, bm25, 500)
    other = weights_of(Background(0.7, 0.1 * scale), 0.7 + best * scale, bm25, 500)
    assert other.lexical / other.dense == pytest.approx(scale * wide.lexical / wide.dense, rel=1e-3)


def test_rrf_sums_over_the_retrievers_that_found_it() -> None:
    """1 / (60 + rank) on each side, nothing where it wasn't found."""
    fused = reciprocal_rank({1: 1, 2: 2}, {2: 9.5, 3: 4.0})
    assert fused == pytest.approx({1: 1 / 61, 2: 1 / 62 + 1 / 61, 3: 1 / 62}, abs=1e-9)
    assert max(fused, key=lambda one: fused[one]) == 2


def test_rrf_with_an_empty_side_keeps_the_others_order() -> None:
    """Dense alone, lexical alone, none."""
    assert reciprocal_rank({7: 1, 8: 2}, {}) == pytest.approx({7: 1 / 61, 8: 1 / 62}, abs=1e-9)
    assert reciprocal_rank({}, {7: 2.0, 8: 3.0}) == pytest.approx({8: 1 / 61, 7: 1 / 62}, abs=1e-9)
    assert reciprocal_rank({}, {}) == {}


def test_equal_scores_share_a_rank_and_the_next_one_counts_them() -> None:
    """1, 2, 2, 4: a tie depends neither on ids nor on the order of arrival."""
    assert competition_ranks({9: 1.0, 1: 3.0, 4: 2.0, 2: 2.0, 5: 0.5}) == {1: 1, 2: 2, 4: 2, 9: 4, 5: 5}
    assert competition_ranks({}) == {}
    tied = reciprocal_rank({}, {3: 1.0, 1: 1.0, 2: 1.0})
    assert set(tied.values()) == {round(1 / 61, 9)}


def test_the_method_is_the_one_asked_for() -> None:
    """`convex` scores what has a cosine, `rrf` what was found."""
    cosines, ranks, lexical = {1: 0.5, 2: 0.4}, {1: 1}, {2: 8.0}
    assert fuse(Fusion.CONVEX, cosines, ranks, lexical, 8.0) == {1: 0.5, 2: 0.8}
    assert fuse(Fusion.RRF, cosines, ranks, lexical, 8.0) == {1: round(1 / 61, 9), 2: round(1 / 61, 9)}
    assert all(fuse(method, cosines, ranks, lexical, 8.0) for method in Fusion)


@given(SCORES, SCORES)
def test_ranks_are_by_score_alone(scores: dict[int, float], other: dict[int, float]) -> None:
    """A rank is one more than the number of better scores; fusing twice, in any order of arrival, gives the same."""
    ranks = competition_ranks(scores)
    assert ranks == {one: 1 + sum(x > score for x in scores.values()) for one, score in scores.items()}
    backwards = dict(reversed(scores.items()))
    assert reciprocal_rank(competition_ranks(other), scores) == reciprocal_rank(competition_ranks(other), backwards)
    assert convex(other, scores, 2.0) == convex(other, backwards, 2.0)


@given(SCORES, SCORES)
def test_fusion_scores_every_candidate_between_its_bounds(cosines: dict[int, float], lexical: dict[int, float]) -> None:
    """Convex: from the cosine to 0.4 above it, and the best by words gets all of that. RRF: 2/61 at most."""
    best = max(lexical.values(), default=0)
    fused = convex(cosines, lexical, best)
    assert fused.keys() == cosines.keys()
    for one, score in fused.items():
        share = lexical.get(one, 0) / best if best else 0
        assert score == pytest.approx(cosines[one] + 0.4 * share, abs=1e-6)
    summed = reciprocal_rank(competition_ranks(cosines), lexical)
    assert summed.keys() == cosines.keys() | lexical.keys()
    assert all(0 < score <= 2 / 61 + 1e-9 for score in summed.values())
