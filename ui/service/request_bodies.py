"""The bodies of requests: the parameters of `Collection.search` and `Collection.context`, by the same names."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from passagework.retrieval.config import CANDIDATES, RELEVANT
from passagework.retrieval.types import ContextExpansion, ContextFormat, ContextOrder, Copies, Fusion, Stage, Syntax


def _one_of(choices: type[Enum]) -> Any:
    """Returns how the schema lists a text's choices; the search itself says what is wrong with another one."""
    return Field(json_schema_extra={"enum": [choice.value for choice in choices]})


class RequestBody(BaseModel):
    """Is a JSON object of which every parameter is known, and of its type."""

    model_config = ConfigDict(extra="forbid", strict=True)


class SearchBody(RequestBody):
    """Holds the parameters of a search; see `Collection.search`."""

    query: str
    k: int = Field(10, ge=1, le=1000)
    stage: Annotated[str, _one_of(Stage)] | None = None
    candidates: int = Field(CANDIDATES, ge=1, le=10_000)
    fusion: Annotated[str, _one_of(Fusion)] = Fusion.CONVEX.value
    where: dict[str, Any] | None = None
    per_document: int | None = None
    min_score: float | None = None
    rerank_depth: int | None = Field(None, le=1000)
    relevance: bool = True
    min_relevance: float | None = None
    copies: Annotated[str, _one_of(Copies)] = Copies.COLLAPSE.value
    diversity: float = 0.0
    syntax: Annotated[str, _one_of(Syntax)] = Syntax.FULL.value


class MergedSearchBody(SearchBody):
    """Holds the parameters of a search of several collections: what `SearchBody` has, and their names.

    Relevance is what hits of different collections are compared by, so it is always estimated.
    """

    collections: list[str] = Field(min_length=1, max_length=64)
    relevance: Literal[True] = True


class ContextBody(RequestBody):
    """Holds the parameters of a context; see `Collection.context`. Tokens are counted by the encoder's tokenizer."""

    query: str
    max_tokens: int = Field(2000, ge=1, le=1_000_000)
    k: int = Field(20, ge=1, le=1000)
    stage: Annotated[str, _one_of(Stage)] | None = None
    where: dict[str, Any] | None = None
    per_document: int | None = None
    min_score: float | None = None
    min_relevance: float = RELEVANT
    diversity: float = 0.0
    tokenizer: Annotated[str, Field(pattern="^tiktoken:[A-Za-z0-9_.-]+$")] | None = None
    format: Annotated[str, _one_of(ContextFormat)] = ContextFormat.PLAIN.value
    order: Annotated[str, _one_of(ContextOrder)] = ContextOrder.RANK.value
    expand: Annotated[str, _one_of(ContextExpansion)] | None = None
    syntax: Annotated[str, _one_of(Syntax)] = Syntax.FULL.value


class MergedContextBody(ContextBody):
    """Holds the parameters of a context of several collections: what `ContextBody` has, and their names."""

    collections: list[str] = Field(min_length=1, max_length=64)


class IngestBody(RequestBody):
    """Holds the parameters of an ingest of the folders named for a collection."""

    delete_missing: bool = False


class DeleteBody(RequestBody):
    """Names documents to take out: by id, URI, path or glob, or by a filter."""

    documents: list[str] = Field([], max_length=1000)
    where: dict[str, Any] | None = None
    dry_run: bool = False


class JudgmentBody(RequestBody):
    """Is a judgment; see `Judgment`."""

    query: str
    document: str
    grade: int | None = 1
    page: int | None = None
    start: int | None = None
    end: int | None = None
    quote: str | None = None
    query_id: str | None = None


class JudgmentsBody(RequestBody):
    """Holds judgments to be written down."""

    judgments: list[JudgmentBody] = Field(min_length=1, max_length=1000)
