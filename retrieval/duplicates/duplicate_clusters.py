"""Clusters of duplicates among candidates: equal texts by their digests, near ones by their vectors."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from passagework.retrieval.duplicates.candidates import Candidates, TextPlace
from passagework.retrieval.duplicates.differences import DuplicateKind, WordDifference, differences, kind_of
from passagework.retrieval.duplicates.linkage import complete_linkage
from passagework.retrieval.duplicates.near_pairs import near_pairs
from passagework.retrieval.types import Json, Vectors

DECIMALS = 4
"""Decimals of a similarity."""

SHOWN_CHARACTERS = 2000
"""Of a member's text, those that come with it: a document may be a book."""

AT_ONCE = 500
"""Clusters whose texts are read at once."""

Copies: TypeAlias = Sequence[Sequence[int]]
"""The rows of each different text of a cluster."""

ORDER = (DuplicateKind.EXACT, DuplicateKind.NEAR, DuplicateKind.SEMANTIC)


@dataclass(frozen=True, slots=True)
class DuplicateMember:
    """Tells where a duplicate stands, and how near it is to the representative of its cluster.

    `similarity` is their cosine; `kind` is what both have in common, and `differences` where words differ, in order, of
    one that is near. `text` is its beginning.
    """

    place: TextPlace
    similarity: float
    kind: DuplicateKind
    differences: tuple[WordDifference, ...]
    text: str

    def to_json(self) -> dict[str, Json]:
        """Returns what the duplicates JSON has of it."""
        return {
            **self.place.to_json(),
            "similarity": self.similarity,
            "kind": self.kind.value,
            "differences": [difference.to_json() for difference in self.differences],
        }


@dataclass(frozen=True, slots=True)
class DuplicateCluster:
    """Holds duplicates of one another, every two of them: the representative first, then the nearest to it.

    `kind` is the loosest of its members'.
    """

    kind: DuplicateKind
    members: tuple[DuplicateMember, ...]

    @property
    def representative(self) -> DuplicateMember:
        """Returns the member that is nearest to all others; of equals the first by path and start."""
        return self.members[0]

    def to_json(self) -> dict[str, Json]:
        """Returns what the duplicates JSON has of it."""
        return {"kind": self.kind.value, "members": [member.to_json() for member in self.members]}


def clusters_among(candidates: Candidates, threshold: float) -> tuple[list[DuplicateCluster], float]:
    """Returns the clusters of duplicates, exact ones first, then the largest; and the threshold that was kept to.

    Equal texts are duplicates whatever their vectors, which know of headings above them too; of these one stands for
    all when near ones are linked. The threshold is higher than asked for where too many pairs reach that.
    """
    copies = _copies(candidates.digests)
    first = np.array([rows[0] for rows in copies], np.int64)
    vectors = candidates.vectors if len(first) == len(candidates.vectors) else candidates.vectors[first]
    pairs = near_pairs(vectors, threshold)
    apart = ~candidates.overlapping(first[pairs.first], first[pairs.second])
    linked = complete_linkage(zip(pairs.first[apart].tolist(), pairs.second[apart].tolist(), strict=True))
    inside = {node for nodes in linked for node in nodes}
    alone = [[node] for node, rows in enumerate(copies) if len(rows) > 1 and node not in inside]
    groups = [[copies[node] for node in nodes] for nodes in [*linked, *alone]]
    found = [
        _cluster(candidates.vectors, group, places, texts)
        for start in range(0, len(groups), AT_ONCE)
        for places, texts in [_read(candidates, groups[start : start + AT_ONCE])]
        for group in groups[start : start + AT_ONCE]
    ]
    found.sort(key=lambda cluster: (ORDER.index(cluster.kind), -len(cluster.members), cluster.members[0].place.order))
    return found, pairs.threshold


def _copies(digests: Sequence[bytes]) -> list[list[int]]:
    """Returns the rows of each different text, ascending."""
    rows: dict[bytes, list[int]] = defaultdict(list)
    for row, digest in enumerate(digests):
        rows[digest].append(row)
    return list(rows.values())


def _read(candidates: Candidates, groups: Sequence[Copies]) -> tuple[dict[int, TextPlace], dict[int, str]]:
    """Returns where all rows of some clusters stand, and each different text, by its first row."""
    places = candidates.places([row for group in groups for rows in group for row in rows])
    return places, candidates.texts([rows[0] for group in groups for rows in group])


def _cluster(
    vectors: Vectors, copies: Copies, places: Mapping[int, TextPlace], texts: Mapping[int, str]
) -> DuplicateCluster:
    """Returns the cluster of some different texts, each with the rows in which it stands."""
    own = vectors[[rows[0] for rows in copies]]
    cosines = np.clip(own @ own.T, -1.0, 1.0)
    nearness = np.round(cosines @ np.array([len(rows) for rows in copies]), DECIMALS).tolist()
    chosen = min(range(len(copies)), key=lambda at: (-nearness[at], min(places[row].order for row in copies[at])))
    members = []
    for at, rows in enumerate(copies):
        compared = _compared(texts[copies[chosen][0]], texts[rows[0]])
        similarity = 1.0 if at == chosen else round(float(cosines[chosen, at]), DECIMALS)
        members += [DuplicateMember(places[row], similarity, *compared) for row in rows]
    members.sort(key=lambda member: (member.kind is not DuplicateKind.EXACT, -member.similarity, member.place.order))
    return DuplicateCluster(max((member.kind for member in members), key=ORDER.index), tuple(members))


def _compared(text: str, other: str) -> tuple[DuplicateKind, tuple[WordDifference, ...], str]:
    kind = kind_of(text, other)
    return kind, differences(text, other) if kind is DuplicateKind.NEAR else (), other[:SHOWN_CHARACTERS]
