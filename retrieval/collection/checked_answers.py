"""Answers from a collection, and what is said held against it: is it in there?"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace

from passagework.retrieval.answering.answered_question import Answer
from passagework.retrieval.answering.asking import ANSWER_TOKENS, answer_question
from passagework.retrieval.answering.language_model import LanguageModel, model_call
from passagework.retrieval.citations import Citation, Context
from passagework.retrieval.collection.collection_contents import CollectionContents
from passagework.retrieval.collection.live_version import LiveVersion
from passagework.retrieval.collection.loaded_models import LoadedModels
from passagework.retrieval.config import RELEVANT, Settings
from passagework.retrieval.errors import ConfigError
from passagework.retrieval.filters.compiler import Where
from passagework.retrieval.hits import Hits
from passagework.retrieval.models.known_languages import knows_little_of, language_notes
from passagework.retrieval.search.request import SearchRequest, clean_query
from passagework.retrieval.store import Snapshot
from passagework.retrieval.types import ContextFormat, Stage, Syntax
from passagework.retrieval.verification.support import SupportEngine
from passagework.retrieval.verification.token_evidence import TokenEvidence
from passagework.retrieval.verification.verification import Verification
from passagework.retrieval.verification.verifier import EVIDENCE, verify_by_citations, verify_by_search


class CheckedAnswers(CollectionContents):
    """Has questions answered from a collection's documents, and verifies by them what is said."""

    _models: LoadedModels
    _settings: Settings

    @abstractmethod
    def _search(self, request: SearchRequest, live: LiveVersion, snapshot: Snapshot) -> Hits:
        """Searches one version at one moment."""

    @abstractmethod
    def context(
        self,
        query: str,
        *,
        max_tokens: int = 2000,
        k: int = 20,
        stage: Stage | str | None = None,
        where: Where | None = None,
        min_relevance: float = RELEVANT,
        format: ContextFormat | str = ContextFormat.PLAIN,  # noqa: A002 - as in `Collection.context`
    ) -> Context:
        """Returns text for a language model, with citations."""

    def ask(
        self,
        question: str,
        *,
        llm: LanguageModel | str | None = None,
        max_tokens: int = 2000,
        k: int = 20,
        stage: Stage | str | None = None,
        where: Where | None = None,
        min_relevance: float = RELEVANT,
        answer_tokens: int = ANSWER_TOKENS,
        verify: bool = True,
        nli: str | None = None,
        earlier: Sequence[Answer] = (),
        on_text: Callable[[str], object] | None = None,
    ) -> Answer:
        """Returns what a language model answers from the collection, with citations, and verdicts of what it says.

        `llm` is an address, `MODEL@https://host/v1` of anything that answers as OpenAI's `/chat/completions` does
        (default: PASSAGEWORK_LLM; without it nothing is sent anywhere), or a function of messages. It reads a context
        of `max_tokens`; where nothing is of a relevance of `min_relevance`, it is not asked. It writes `answer_tokens`
        at most, which `on_text` gets as they come; each claim is verified by what was read, unless `verify` is False.
        Behind `earlier` answers it is a follow-up, which the model first writes so that it can be searched by itself.
        Raises ConfigError where no model is named, ModelUnavailableError where it gives no whole answer.
        """
        if answer_tokens < 1:
            raise ConfigError(f"answer_tokens is {answer_tokens}: give at least 1")
        return answer_question(
            question,
            model_call(llm, self._settings),
            retrieve=lambda searched: self.context(
                searched,
                max_tokens=max_tokens,
                k=k,
                stage=stage,
                where=where,
                min_relevance=min_relevance,
                format=ContextFormat.XML,
            ),
            verify=(lambda answer, context: self.verify(answer, context, nli=nli)) if verify else None,
            most_tokens=answer_tokens,
            earlier=earlier,
            on_text=on_text,
        )

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
                return _noted(verify_by_citations(answer, engine, cited), engine)
            base = SearchRequest(query="-", k=k, where=where, relevance=False, syntax=Syntax.PLAIN)
            found = verify_by_search(
                answer, engine, lambda text: self._search(replace(base, query=text), live, snapshot)
            )
            return _noted(found, engine)


def _noted(verification: Verification, engine: SupportEngine) -> Verification:
    """Adds what is to be said of claims in a language of which the default engine's encoder knows little."""
    if not isinstance(engine, TokenEvidence):
        return verification
    strange = sum(knows_little_of(engine.encoder, claim.text) for claim in verification.claims)
    notes = language_notes(engine.encoder.fingerprint.model, strange, len(verification.claims))
    return replace(verification, notes=notes) if notes else verification
