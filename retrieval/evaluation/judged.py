"""Tells what is judged, and how hits become it: documents here, pages and characters in `judged_places`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from passagework.retrieval.evaluation.benchmark import Benchmark, Qrels
from passagework.retrieval.hits import Hit
from passagework.retrieval.store.naming import spellings
from passagework.retrieval.text import address


class Judged(Protocol):
    """Knows queries, what is relevant to each, and how hits become the things that were judged."""

    @property
    def name(self) -> str:
        """Returns the name of the data."""

    @property
    def queries(self) -> Mapping[str, str]:
        """Returns the texts of the queries by id."""

    @property
    def qrels(self) -> Qrels:
        """Returns grades by query and thing."""

    @property
    def per_document(self) -> int | None:
        """Returns the most hits of one document that are searched for; None is any number."""

    def things(self, query: str, hits: Sequence[Hit]) -> list[tuple[str, float]]:
        """Returns what the hits are, best first, each once, with scores."""

    def token_measures(self, query: str, hits: Sequence[Hit]) -> Mapping[str, float]:
        """Returns measures of the passages themselves, where characters are judged."""


@dataclass(frozen=True, slots=True)
class JudgedDocuments:
    """Judges documents, each by its best passage. Judgments name `_id`, URI, path, or `path#record`.

    `names` maps the spellings of the names that they give (see `naming`) to those names.
    """

    benchmark: Benchmark
    names: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        given = dict.fromkeys(document for grades in self.qrels.values() for document in grades)
        spelled = {form: document for document in given for form in spellings(document)}
        object.__setattr__(self, "names", {**spelled, **{document: document for document in given}})

    @property
    def name(self) -> str:
        """Returns the name of the data."""
        return self.benchmark.name

    @property
    def queries(self) -> Mapping[str, str]:
        """Returns the texts of the queries by id."""
        return self.benchmark.queries

    @property
    def qrels(self) -> Qrels:
        """Returns grades by query and document."""
        return self.benchmark.qrels

    @property
    def per_document(self) -> int | None:
        """Returns 1: a document's best passage is enough."""
        return 1

    def things(self, query: str, hits: Sequence[Hit]) -> list[tuple[str, float]]:
        """Returns documents with the scores of their best passages, best first."""
        del query  # a document goes by one name in all of them
        best: dict[str, float] = {}
        for hit in hits:
            names = hit.document, hit.uri, hit.path, address(hit.path, hit.uri)
            name = next((self.names[alias] for alias in names if alias in self.names), hit.document)
            best.setdefault(name, hit.score)
        return list(best.items())

    def token_measures(self, query: str, hits: Sequence[Hit]) -> Mapping[str, float]:
        """Returns {}: no characters are judged."""
        del query, hits
        return {}
