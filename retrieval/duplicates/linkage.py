"""Links pairs into clusters by complete linkage: in a cluster every two are a pair.

Single linkage would follow chains: of twenty versions of a text each is near the next, and the first says something
else than the last. (D. Defays, An efficient algorithm for a complete link method, 1977; here over the pairs above a
threshold alone, for others can't join a cluster.)
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable


def complete_linkage(pairs: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Returns clusters of two or more of what stands in pairs, each ascending, in order of their first.

    `pairs` come with the nearest first. Two clusters become one when the last pair between them has come: that of
    their farthest members. So near ones are linked before others, and each is in one cluster at most.
    """
    clusters: dict[int, list[int]] = {}
    cluster_of: dict[int, int] = {}
    linked: dict[int, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for first, second in pairs:
        for row in (first, second):
            if row not in cluster_of:
                cluster_of[row], clusters[row] = row, [row]
        one, other = cluster_of[first], cluster_of[second]
        if one == other:
            continue
        linked[one][other] += 1
        linked[other][one] += 1
        if linked[one][other] == len(clusters[one]) * len(clusters[other]):
            smaller, larger = sorted((one, other), key=lambda cluster: (len(clusters[cluster]), cluster))
            cluster_of.update(dict.fromkeys(clusters[smaller], larger))
            clusters[larger] += clusters.pop(smaller)
            _relink(smaller, larger, linked)
    return sorted(sorted(rows) for rows in clusters.values() if len(rows) > 1)


def _relink(smaller: int, larger: int, linked: dict[int, dict[int, int]]) -> None:
    """Makes what was linked with the smaller of two clusters linked with the larger, which has its members now."""
    del linked[larger][smaller]
    for other, count in linked.pop(smaller).items():
        if other != larger:
            del linked[other][smaller]
            linked[larger][other] += count
            linked[other][larger] += count
