"""Answers held against a collection: is what they say in it?"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import replace

from passagework.retrieval.citations import Citation, Context
from passagework.retrieval.collection.collection_contents import CollectionContents
from passagework.retrieval.collection.loaded_models import LoadedModels
from passagework.retrieval.collection.opened import OpenedVersion
from passagework.retrieval.errors import ConfigError
from passagework.retrieval.filters.compiler import Where
from passagework.retrieval.hits import Hits
from passagework.retrieval.search.request import SearchRequest, clean_query
from passagework.retrieval.store import Snapshot
from passagework.retrieval.types import Syntax
from passagework.retrieval.verification.verification import Verification
from passagework.retrieval.verification.verifier import EVIDENCE, verify_by_citations, verify_by_search


class CheckedAnswers(CollectionContents):
    """Verifies what is said of a collection's documents, by those documents."""

    _models: LoadedModels

    @abstractmethod
    def _search(self, request: SearchRequest, live: OpenedVersion, snapshot: Snapshot) -> Hits:
        """Searches one version at one moment."""

    def verify(
        self,
        answer: str,
        citations: Context | Sequence[Citation] | None = None,
        *,
        k: int = EVIDENCE,
        where: Where | None = None,
        nli: str | None = None,
    ) -> Verification:
        """Returns for each claim of an answer whether the collection supports it, and by which characters.

        Evidence are the `citations` (or those of a context), whose numbers the answer's `[n]` name, or, where none are
        given, the `k` passages nearest to each claim, of those that `where` lets through. `nli` is the folder or hub
        name of an NLI cross-encoder in place of the default engine. Raises ConfigError for an empty answer or a model
        that is none, and as `search` does.
        """
        answer = clean_query(answer, "answer")
        if not answer.strip():
            raise ConfigError("the answer is empty")
        with self._reading() as (live, snapshot):
            engine = self._models.support_engine(live, snapshot, nli)
            if citations is not None:
                cited = citations.citations if isinstance(citations, Context) else citations
                return verify_by_citations(answer, engine, cited)
            base = SearchRequest(query="-", k=k, where=where, relevance=False, syntax=Syntax.PLAIN)
            return verify_by_search(
                answer, engine, lambda text: self._search(replace(base, query=text), live, snapshot)
            )
