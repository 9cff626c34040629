"""Dify's external knowledge: a collection as a knowledge base."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from passagework.retrieval.errors import FilterError
from passagework.retrieval.filters.hints import literal_glob
from passagework.retrieval.hits import Hit
from passagework.retrieval.types import Json
from passagework.ui.service.access_tokens import Right
from passagework.ui.service.json_requests import JsonRoute
from passagework.ui.service.problems import json_answer
from passagework.ui.service.serving_state import Asking

router = APIRouter(prefix="/dify", route_class=JsonRoute)

COMPARISONS = {
    "is": "$eq",
    "=": "$eq",
    "is not": "$ne",
    "≠": "$ne",
    ">": "$gt",
    "<": "$lt",
    "≥": "$gte",
    "≤": "$lte",
    "before": "$lt",
    "after": "$gt",
    "in": "$in",
    "not in": "$nin",
}
NUMERIC = ("=", "≠", ">", "<", "≥", "≤")
"""Operators whose values are numbers, which Dify may send as texts."""

GLOBS = {"contains": "*{}*", "not contains": "*{}*", "start with": "{}*", "end with": "*{}"}
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")


class _DifyBody(BaseModel):
    """Is an object of Dify's, which may get parameters that say nothing to us."""

    model_config = ConfigDict(extra="ignore")


class RetrievalSetting(_DifyBody):
    """Tells how many records are wanted, and their least score."""

    top_k: Annotated[int, Field(ge=1, le=1000)] = 4
    score_threshold: Annotated[float, Field(ge=0, le=1)] | None = None


class MetadataConditions(_DifyBody):
    """Tells what metadata must be, and whether all of it or one."""

    logical_operator: Literal["and", "or"] = "and"
    conditions: list[dict[str, Any]] | None = None


class RetrievalBody(_DifyBody):
    """Holds the parameters of a retrieval."""

    knowledge_id: str
    query: str
    retrieval_setting: RetrievalSetting = RetrievalSetting()
    metadata_condition: MetadataConditions | None = None


@router.post("/retrieval")
async def retrieval(body: RetrievalBody, caller: Asking) -> Response:
    """Finds passages; the score is their relevance, 0 to 1."""
    collection = caller.collection(body.knowledge_id, Right.SEARCH)
    where = None if body.metadata_condition is None else where_of_conditions(body.metadata_condition)
    setting = body.retrieval_setting
    hits = await caller.run(
        lambda: collection.search(
            body.query, k=setting.top_k, where=where, min_relevance=setting.score_threshold or 0.0
        )
    )
    return json_answer({"records": [_record(hit) for hit in hits]})


def where_of_conditions(condition: MetadataConditions) -> dict[str, Any] | None:
    """Returns Dify's conditions as a filter, None for none; raises FilterError for what is none of them."""
    parts = [_where_of(one) for one in condition.conditions or ()]
    return {f"${condition.logical_operator}": parts} if parts else None


def _where_of(condition: dict[str, Any]) -> dict[str, Any]:
    names, operator, value = condition.get("name"), condition.get("comparison_operator"), condition.get("value")
    fields = [names] if isinstance(names, str) else names
    if not isinstance(fields, list) or not fields or not all(map(_is_field, fields)):
        raise FilterError(f"metadata_condition: {names!r} names no field")
    parts = [_field_where(field, operator, value) for field in fields]
    return parts[0] if len(parts) == 1 else {"$or": parts}


def _is_field(name: object) -> bool:
    return isinstance(name, str) and bool(name) and not name.startswith("$")


def _field_where(field: str, operator: Any, value: Any) -> dict[str, Any]:
    if operator in ("empty", "not empty"):
        empty = {field: {"$in": [None, ""]}}
        return empty if operator == "empty" else {"$not": empty}
    if operator in GLOBS and isinstance(value, str):
        found = {field: {"$glob": GLOBS[operator].format(literal_glob(value))}}
        return {"$not": found} if operator == "not contains" else found
    if operator in COMPARISONS:
        if operator in ("in", "not in") and isinstance(value, str):
            value = [part.strip() for part in value.split(",")]
        if operator in NUMERIC and isinstance(value, str) and _NUMBER.fullmatch(value):
            value = float(value) if "." in value else int(value)
        return {field: {COMPARISONS[operator]: value}}
    known = ", ".join((*COMPARISONS, *GLOBS, "empty", "not empty"))
    raise FilterError(f"metadata_condition: {operator!r} with {value!r} is no comparison; there are {known}")


def _record(hit: Hit) -> dict[str, Json]:
    where: dict[str, Json] = {"path": hit.path, "document": hit.document, "start": hit.start, "end": hit.end}
    metadata: dict[str, Json] = {**hit.metadata, **where, "pages": list(hit.pages)}
    return {"content": hit.text, "score": hit.relevance, "title": hit.title or hit.path, "metadata": metadata}
