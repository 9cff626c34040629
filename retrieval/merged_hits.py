"""The answer of several collections to one query: their hits in one ranking, by relevance, the same in each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace

from passagework.retrieval.citations import Context
from passagework.retrieval.hits import Hits
from passagework.retrieval.plan import Plan
from passagework.retrieval.types import Json


@dataclass(frozen=True, slots=True, repr=False)
class MergedHits(Hits):
    """Holds the most relevant hits of several collections, each with the name of its `collection`.

    `rank` is that in the whole; `score` and `stages` are of the collection's own search, and compare with no other's.
    `parts` are the whole answers of the collections by name, with their plans and times. `plan` is that of the
    collection of the best hit, and `timings_ms` are the sums.
    """

    parts: Mapping[str, Hits]

    def to_json(self) -> dict[str, Json]:
        """Returns the search JSON, with `plans` in place of `plan`: these and `timings_ms` are by collection."""
        return {
            "query": self.query,
            "plans": {name: hits.plan.to_json() for name, hits in self.parts.items()},
            "timings_ms": {name: dict(hits.timings_ms) for name, hits in self.parts.items()},
            "hits": [hit.to_json() for hit in self.hits],
            "relevant": self.relevant,
        }


@dataclass(frozen=True, slots=True, repr=False)
class MergedContext(Context):
    """Holds cited text of several collections, each of which has a plan in `plans`; see `Context`."""

    plans: Mapping[str, Plan] = field(default_factory=dict)

    def to_json(self) -> dict[str, Json]:
        """Returns the context JSON, with `plans`, by collection, in place of `plan`."""
        out = {key: value for key, value in Context.to_json(self).items() if key != "plan"}
        return {**out, "plans": {name: plan.to_json() for name, plan in self.plans.items()}}


def merged(query: str, parts: Mapping[str, Hits], k: int) -> MergedHits:
    """Returns the `k` most relevant hits of one collection at least.

    Ties are in order of the collections as they are given, and of rank in each.
    """
    found = [replace(hit, collection=name) for name, hits in parts.items() for hit in hits]
    best = sorted(found, key=lambda hit: -(hit.relevance or 0.0))[:k]
    first = parts[best[0].collection] if best else next(iter(parts.values()))
    less = sum(hits.plan.less_relevant for hits in parts.values())
    timings: dict[str, float] = {}
    for hits in parts.values():
        for part, ms in hits.timings_ms.items():
            timings[part] = timings.get(part, 0.0) + ms
    ranked = tuple(replace(hit, rank=rank) for rank, hit in enumerate(best, start=1))
    return MergedHits(query, ranked, replace(first.plan, less_relevant=less), timings, parts)


def merged_context(context: Context, hits: MergedHits) -> MergedContext:
    """Returns a context that was made of merged hits, with the plan of each collection."""
    made = {one.name: getattr(context, one.name) for one in fields(context)}
    return MergedContext(**made, plans={name: part.plan for name, part in hits.parts.items()})
