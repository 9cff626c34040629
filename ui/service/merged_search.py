"""One search of several collections: their hits in one ranking, by relevance, which means the same in each."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, Response

from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.config import RELEVANT
from passagework.retrieval.errors import ConfigError
from passagework.retrieval.hits import Hit, Hits
from passagework.retrieval.types import Json
from passagework.ui.service.access_tokens import Right
from passagework.ui.service.json_requests import JsonRoute
from passagework.ui.service.problems import json_answer
from passagework.ui.service.request_bodies import MergedSearchBody
from passagework.ui.service.serving_state import Asking

router = APIRouter(route_class=JsonRoute)


@router.post("/search")
async def search_several(body: MergedSearchBody, caller: Asking) -> Response:
    """Finds the passages of several collections that answer a query, the most relevant first."""
    if len(set(body.collections)) < len(body.collections):
        raise ConfigError("collections: one is named twice")
    options = body.model_dump(exclude={"collections"})

    async def search(collection: Collection) -> Hits:
        return await caller.run(lambda: collection.search(**options))

    opened = {name: caller.collection(name, Right.SEARCH) for name in body.collections}
    answers = await asyncio.gather(*map(search, opened.values()))
    return json_answer(merged(body.query, dict(zip(opened, answers, strict=True)), body.k))


def merged(query: str, answers: dict[str, Hits], k: int) -> dict[str, Json]:
    """Returns the search JSON of the `k` most relevant hits, each with its `collection`, and a plan for each of these.

    Ties are in order of the collections as they were asked for, and of rank in each. `score` and `stages` are those of
    the collection's own search, and compare with no other's; `rank` is that in the whole.
    """
    found = [(name, hit) for name, hits in answers.items() for hit in hits]
    best = sorted(found, key=lambda pair: -_relevance(pair[1]))[:k]
    ranked: list[Json] = [
        {**hit.to_json(), "rank": rank, "collection": name} for rank, (name, hit) in enumerate(best, start=1)
    ]
    return {
        "query": query,
        "plans": {name: hits.plan.to_json() for name, hits in answers.items()},
        "timings_ms": {name: dict(hits.timings_ms) for name, hits in answers.items()},
        "hits": ranked,
        "relevant": sum(_relevance(hit) >= RELEVANT for _, hit in best),
    }


def _relevance(hit: Hit) -> float:
    return hit.relevance or 0.0
