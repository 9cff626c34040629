"""Complete linkage: every two members of a cluster are a pair."""

from __future__ import annotations

from itertools import combinations

from hypothesis import given, strategies as st

from passagework.retrieval.duplicates.linkage import complete_linkage


def test_a_chain_does_not_swallow_everything() -> None:
    """Of five in a row, each near the next, those become clusters that are all near one another."""
    assert complete_linkage([(1, 2), (3, 4), (0, 1), (2, 3)]) == [[1, 2], [3, 4]]


def test_three_that_are_all_near_are_one_cluster() -> None:
    """The pairs between two clusters may come in any order: the last of them links."""
    assert complete_linkage([(0, 1), (1, 2), (0, 2), (5, 9)]) == [[0, 1, 2], [5, 9]]
    assert complete_linkage([]) == []


@given(st.sets(st.tuples(st.integers(0, 12), st.integers(0, 12)).filter(lambda pair: pair[0] < pair[1])))
def test_every_two_members_are_a_pair(pairs: set[tuple[int, int]]) -> None:
    """Each row is in one cluster at most, every two of its members are a pair, and no two clusters could be one."""
    clusters = complete_linkage(sorted(pairs))
    members = [row for cluster in clusters for row in cluster]
    assert len(members) == len(set(members))
    assert all(pair in pairs for cluster in clusters for pair in combinations(cluster, 2))
    alone = [[row] for row in {row for pair in pairs for row in pair} - set(members)]
    for one, other in combinations([*clusters, *alone], 2):
        assert not all((min(a, b), max(a, b)) in pairs for a in one for b in other)
