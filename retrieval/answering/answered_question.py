"""A question with its answer: citations, verdicts of what it says, times, tokens and cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from passagework.retrieval.citations import Citation
from passagework.retrieval.models.remote.chat_call import TokenUsage
from passagework.retrieval.text import shortened
from passagework.retrieval.types import Json
from passagework.retrieval.verification.verification import ClaimVerdict, Verification


class AnswerState(str, Enum):
    """Names how a question was answered."""

    ANSWERED = "answered"
    CUT = "cut"  # the model wrote as many tokens as it was allowed
    NOT_TOLD = "not_told"  # the model says that the documents don't
    NOTHING_RELEVANT = "nothing_relevant"  # nothing in the collection answers: no model was asked


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """Holds what a language model answers from a collection; `answer` is None where none was asked.

    `citations` are what it read, by the numbers that it names; `relevant` says how many passages were. `verification`
    is None where it was not wanted, or nothing is claimed. `timings_ms` are those of `rewrite`, `retrieve`,
    `first_token`, `generate`, `verify` and the `total`, as far as each was done. `searched` is what the documents were
    found by: the question, or what the model made of one that follows others.
    """

    question: str
    answer: str | None
    state: AnswerState
    citations: tuple[Citation, ...]
    relevant: int
    model: str
    timings_ms: Mapping[str, float]
    usage: TokenUsage | None = None
    verification: Verification | None = None
    searched: str = ""

    @property
    def claims(self) -> tuple[ClaimVerdict, ...]:
        """Returns the verdicts of what it says."""
        return () if self.verification is None else self.verification.claims

    @property
    def score(self) -> float | None:
        """Returns how far it is supported by what it was made from, 0 to 1; None where nothing was verified."""
        return None if self.verification is None else self.verification.score

    def __repr__(self) -> str:
        """Returns one line: the question, and how it was answered."""
        return f"<Answer to {shortened(self.question)!r}: {self.state.value}, {len(self.claims)} claims>"

    def __str__(self) -> str:
        """Returns the text of the answer."""
        return self.answer or ""

    def to_json(self) -> dict[str, Json]:
        """Returns the JSON of `passagework ask`."""
        score = self.score
        return {
            "question": self.question,
            "searched": self.searched,
            "answer": self.answer,
            "state": self.state.value,
            "relevant": self.relevant,
            "citations": [citation.to_json() for citation in self.citations],
            "claims": [claim.to_json() for claim in self.claims],
            "score": None if score is None else round(score, 4),
            "model": self.model,
            "usage": None if self.usage is None else self.usage.to_json(),
            "timings_ms": dict(self.timings_ms),
        }
