"""One search, and one context, of several collections, by relevance, which means the same in each."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter, Response

from passagework.retrieval.collection.several_collections import Collections
from passagework.retrieval.errors import ConfigError
from passagework.ui.service.access_tokens import Right
from passagework.ui.service.json_requests import JsonRoute
from passagework.ui.service.problems import json_answer
from passagework.ui.service.request_bodies import MergedContextBody, MergedSearchBody
from passagework.ui.service.serving_state import Asking, Caller

router = APIRouter(route_class=JsonRoute)


@router.post("/search")
async def search_several(body: MergedSearchBody, caller: Asking) -> Response:
    """Finds the passages of several collections that answer a query, the most relevant first."""
    collections = several(caller, body.collections)
    options = body.model_dump(exclude={"collections"})
    hits = await caller.run(lambda: collections.search(**options))
    return json_answer(hits.to_json())


@router.post("/context")
async def context_of_several(body: MergedContextBody, caller: Asking) -> Response:
    """Assembles cited text of several collections for a language model."""
    collections = several(caller, body.collections)
    options = body.model_dump(exclude={"collections"})
    assembled = await caller.run(lambda: collections.context(**options))
    return json_answer(assembled.to_json())


def several(caller: Caller, names: Sequence[str]) -> Collections:
    """Returns collections as the caller may see them; raises as `Caller.collection` does for one that it may not."""
    if len(set(names)) < len(names):
        raise ConfigError("collections: one is named twice")
    return Collections({name: caller.collection(name, Right.SEARCH) for name in names})
