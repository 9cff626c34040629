"""The request of a search, checked before anything is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from passagework.retrieval.config import CANDIDATES
from passagework.retrieval.errors import ConfigError
from passagework.retrieval.filters.compiler import Where
from passagework.retrieval.given_numbers import real_number, whole_number
from passagework.retrieval.plan import ProposedRoute
from passagework.retrieval.text import storable
from passagework.retrieval.types import Copies, Fusion, Stage, Syntax

NUMBERS = {
    "min_score": "min_score is not a number: {value}",
    "min_relevance": "min_relevance is {value}: give a number from 0 to 1",
    "diversity": "diversity is {value}: give a number from 0 to 1",
}
"""What is said of a number that isn't right; the first of them may have any value."""


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """Tells what is asked. `stage` None means the last one there is; `candidates` is the pool per retriever.

    `rerank_depth` None leaves to the reranker how many of the fused candidates it reads. `relevance` says whether it is
    estimated of every hit; `diversity` 0 leaves to the scores alone which hits are the best; `syntax` tells whether the
    query is read as words alone; `route` proposes a filter, which narrows nothing.
    Raises ConfigError where a value is out of range.
    """

    query: str
    k: int = 10
    stage: Stage | None = None
    candidates: int = CANDIDATES
    fusion: Fusion = Fusion.CONVEX
    where: Where | None = None
    per_document: int | None = None
    min_score: float | None = None
    rerank_depth: int | None = None
    relevance: bool = True
    min_relevance: float | None = None
    copies: Copies = Copies.COLLAPSE
    diversity: float = 0.0
    syntax: Syntax = Syntax.FULL
    route: Callable[[str], ProposedRoute] | None = None

    def __post_init__(self) -> None:
        if not self.query.strip():
            raise ConfigError("the query is empty")
        for name in ("k", "candidates", "per_document", "rerank_depth"):
            value = getattr(self, name)
            if name in ("per_document", "rerank_depth") and value is None:
                continue
            whole = whole_number(value)
            if whole is None or whole < 1:
                raise ConfigError(f"{name} is {value!r}: give a whole number of at least 1")
            object.__setattr__(self, name, whole)
        for name, told in NUMBERS.items():
            value = getattr(self, name)
            number = real_number(value)
            if number is None and (value is not None or name == "diversity"):
                raise ConfigError(told.format(value=repr(value)))
            if number is not None and name != "min_score" and not 0 <= number <= 1:
                raise ConfigError(told.format(value=repr(value)))
            object.__setattr__(self, name, number)
        if self.min_relevance is not None and not self.relevance:
            raise ConfigError("min_relevance needs relevance, which is switched off")


def clean_query(query: object, named: str = "query") -> str:
    """Makes NUL and lone surrogates U+FFFD, as in the documents; raises ConfigError for what is no text."""
    if not isinstance(query, str):
        raise ConfigError(f"the {named} is {query!r}: give text")
    return storable(query)
