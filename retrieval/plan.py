"""How a search was done: what was asked for and used, what the stages counted for, and what was left out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import Enum

from passagework.retrieval.config import CONVEX_WEIGHT
from passagework.retrieval.types import Fusion, Json, Stage
from passagework.retrieval.understood import Understood


class TokenVectorsUsed(str, Enum):
    """Tells of how many reranked passages the collection kept the token vectors."""

    STORED = "stored"
    PARTLY = "partly stored"


@dataclass(frozen=True, slots=True)
class FilterUse:
    """Tells how a search kept to its filter: the `strategy`, and how many passages matched where they were counted.

    `looked_at` counts the nearest passages that were held against the filter, where it was checked behind the search.
    """

    strategy: str
    matching: int | None = None
    looked_at: int | None = None

    def to_json(self) -> dict[str, Json]:
        """Returns what the plan's JSON has under `filter`."""
        counts = {"matching": self.matching, "looked_at": self.looked_at}
        return {**{name: count for name, count in counts.items() if count is not None}, "strategy": self.strategy}


@dataclass(frozen=True, slots=True)
class QueryCut:
    """Tells that a query has so many `tokens`, of which the encoder read the first `used`."""

    tokens: int
    used: int

    def to_json(self) -> dict[str, Json]:
        """Returns what the plan's JSON has under `query_cut`."""
        return {"tokens": self.tokens, "used": self.used}


@dataclass(frozen=True, slots=True)
class FusionWeights:
    """Weighs the two scores of the first stage: dense x cosine + lexical x BM25 / the query's best."""

    dense: float = 1.0
    lexical: float = CONVEX_WEIGHT

    def to_json(self) -> dict[str, Json]:
        """Returns what the plan's JSON has under `weights`."""
        return {"dense": self.dense, "lexical": self.lexical}


@dataclass(frozen=True, slots=True)
class Blend:
    """Weighs scores that are added: dense x cosine + lexical x BM25 / the best + reranked x the reranker's score."""

    lexical: float
    reranked: float
    dense: float = 1.0

    def following(self, weights: FusionWeights) -> Blend:
        """Returns the blend for a query whose words weigh more than most beside its vector, or less; its sum stays.

        Beyond twice their even weight the vector tells so little that its tokens tell no more: words gain by the cube.
        """
        more = weights.lexical / weights.dense / CONVEX_WEIGHT
        lexical = self.lexical * more * max(1.0, more / 2) ** 2
        scale = (self.dense + self.lexical + self.reranked) / (self.dense + lexical + self.reranked)
        return Blend(round(lexical * scale, 6), round(self.reranked * scale, 6), round(self.dense * scale, 6))

    def to_json(self) -> dict[str, Json]:
        """Returns what the plan's JSON has under `blend`: the weight of each stage's score."""
        return {"dense": self.dense, "lexical": self.lexical, "rerank": self.reranked}


@dataclass(frozen=True, slots=True)
class ProposedRoute:
    """Tells what label a classifier gives the query, how probable it is, and the filter of what has that label.

    `where` is None where no label fits. The search was not narrowed: whoever asked decides.
    """

    label: str
    probability: float
    where: Mapping[str, Json] | None

    def to_json(self) -> dict[str, Json]:
        """Returns what the plan's JSON has under `route`."""
        where = None if self.where is None else dict(self.where)
        return {"label": self.label, "probability": self.probability, "where": where}


@dataclass(frozen=True, slots=True)
class Plan:
    """Tells how a search was done; what has no part in it is None.

    `requested` is the stage that was asked for, `used` the one that gave the hits, and `reason` why they differ.
    `candidates` is the pool per first-stage retriever, and `pool` how many passages both found; `index` is the kind of
    vector index, or the engine that serves the collection, over so many `shards`; `best_bm25` is what scores by words
    are divided by, `weights` what cosines and they count for.
    `rerank_depth` candidates were read by `reranker`, `reranked_in_windows` of them in several parts;
    `rerank_query_cut` tells that it read only part of the query. `languages` are those by whose stems the query's words
    were looked for as well (`code`: parts of names), `unknown_tokens` how many of the query's tokens the encoder knows
    nothing of, and `told` what its words tell in this collection: their idf in all, as relevance counts it.
    `judged_queries` is how many judged queries relevance is corrected by. `less_relevant` is how many of the best
    passages were left out for a relevance below the least asked for, `diversity` how far the hits were spread. `hints`
    say what a filter may have meant that asks for what no document has. `understood` is None where the query was read
    as words alone. `route` is what a classifier proposes, where one was asked.
    """

    requested: Stage
    used: Stage
    candidates: int
    reason: str | None = None
    fusion: Fusion | None = None
    index: str | None = None
    shards: int | None = None
    filter: FilterUse | None = None
    query_cut: QueryCut | None = None
    best_bm25: float | None = None
    weights: FusionWeights | None = None
    pool: int | None = None
    reranker: str | None = None
    rerank_depth: int | None = None
    token_vectors: TokenVectorsUsed | None = None
    reranked_in_windows: int = 0
    rerank_query_cut: bool = False
    blend: Blend | None = None
    languages: tuple[str, ...] = ()
    unknown_tokens: int = 0
    told: float | None = None
    judged_queries: int = 0
    less_relevant: int = 0
    diversity: float = 0.0
    hints: tuple[str, ...] = ()
    understood: Understood | None = None
    route: ProposedRoute | None = None

    def to_json(self) -> dict[str, Json]:
        """Returns the plan as in the search JSON: what has no part in the search is left out."""
        out: dict[str, Json] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if value is None or (field.name in _ONLY_WHERE_SO and not value):
                continue
            if isinstance(value, Enum):
                out[field.name] = value.value
            elif isinstance(value, tuple):
                out[field.name] = list(value)
            else:
                out[field.name] = value.to_json() if isinstance(value, _Part) else value
        return out


_ONLY_WHERE_SO = frozenset(
    (
        "reranked_in_windows",
        "rerank_query_cut",
        "languages",
        "unknown_tokens",
        "judged_queries",
        "less_relevant",
        "diversity",
        "hints",
    )
)
"""What of a plan the JSON leaves out where there is none."""

_Part = FilterUse | QueryCut | FusionWeights | Blend | Understood | ProposedRoute
"""What of a plan has a JSON object of its own."""
