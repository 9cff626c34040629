"""Looks for duplicates in a collection: among its passages, or its documents."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from passagework.retrieval.duplicates.candidates import Candidates, DocumentCandidates, PassageCandidates
from passagework.retrieval.duplicates.differences import DuplicateKind
from passagework.retrieval.duplicates.duplicate_clusters import DuplicateCluster, clusters_among
from passagework.retrieval.duplicates.duplicate_threshold import given_threshold, threshold_of
from passagework.retrieval.filters.compiler import Where
from passagework.retrieval.models.encoder_scale import EncoderScale, recorded_scale
from passagework.retrieval.store import Snapshot
from passagework.retrieval.types import Json


class DuplicatesOf(str, Enum):
    """Names what is compared: passages, or whole documents."""

    PASSAGES = "passages"
    DOCUMENTS = "documents"


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Holds clusters of duplicates, the least cosine of a pair, a sentence on why that, and how many were compared."""

    clusters: tuple[DuplicateCluster, ...]
    threshold: float
    explanation: str
    compared: int

    def counts(self) -> dict[DuplicateKind, int]:
        """Returns how many clusters there are of each kind."""
        return {kind: sum(cluster.kind is kind for cluster in self.clusters) for kind in DuplicateKind}

    def to_json(self) -> dict[str, Json]:
        """Returns the duplicates JSON."""
        return {
            "threshold": self.threshold,
            "explanation": self.explanation,
            "compared": self.compared,
            "clusters": [cluster.to_json() for cluster in self.clusters],
        }


def find_duplicates(
    snapshot: Snapshot, of: DuplicatesOf, *, threshold: float | None, where: Where | None
) -> Duplicates:
    """Returns the duplicates among what a collection holds at one moment, as `Collection.duplicates` says."""
    kind = PassageCandidates if of is DuplicatesOf.PASSAGES else DocumentCandidates
    return duplicates_among(kind.of(snapshot, where), threshold, recorded_scale(snapshot)[1])


def duplicates_among(candidates: Candidates, threshold: float | None, scale: EncoderScale | None) -> Duplicates:
    """Returns the duplicates among some texts; the threshold is their own where none is given."""
    chosen = threshold_of(candidates.vectors, scale) if threshold is None else given_threshold(threshold)
    clusters, reached = clusters_among(candidates, chosen.cosine)
    explanation = chosen.explanation
    if reached > chosen.cosine:
        explanation += f"; raised to {reached:.4f}, for too many pairs are nearer than that"
    return Duplicates(tuple(clusters), max(reached, chosen.cosine), explanation, len(candidates.digests))
