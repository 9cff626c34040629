"""What verifying an answer gives: a verdict of each claim, with the characters that say so, and a score."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from passagework.retrieval.citations import Citation
from passagework.retrieval.text import counted, shortened
from passagework.retrieval.types import Json
from passagework.retrieval.verification.comparison import Compared


class Verdict(str, Enum):
    """Names what the evidence says of a claim."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    NOT_FOUND = "not_found"


class CitationFault(str, Enum):
    """Names what is wrong with the citations of a claim."""

    MISSING = "missing"  # it names none
    WRONG = "wrong"  # what it names doesn't support it
    UNKNOWN = "unknown"  # it names a number that there is no citation of


@dataclass(frozen=True, slots=True)
class ClaimVerdict:
    """Is `[start, end)` of an answer, in code points, with what the evidence says of it.

    `score`, 0 to 1, is how far it is supported. `citation` has the characters of a document that support or contradict
    it, and is None where nothing does. `comparisons` are numbers, dates, names, negations and opposites, beside what
    the document says: places in the answer and in the document. `cited` are the numbers that the claim names, and
    `fault` what is wrong with them. `disagreeing` is what another passage says to the contrary, where one does.
    """

    text: str
    start: int
    end: int
    verdict: Verdict
    score: float
    citation: Citation | None
    comparisons: tuple[Compared, ...] = ()
    cited: tuple[int, ...] = ()
    fault: CitationFault | None = None
    disagreeing: Citation | None = None

    def to_json(self) -> dict[str, Json]:
        """Returns what the JSON of `passagework verify` has under `claims` of it."""
        return {
            "text": self.text,
            "start": self.start,
            "end": self.end,
            "verdict": self.verdict.value,
            "score": round(self.score, 4),
            "citation": None if self.citation is None else self.citation.to_json(),
            "comparisons": [compared.to_json() for compared in self.comparisons],
            "cited": list(self.cited),
            "fault": None if self.fault is None else self.fault.value,
            "disagreeing": None if self.disagreeing is None else self.disagreeing.to_json(),
        }


@dataclass(frozen=True, slots=True, repr=False)
class Verification:
    """Holds the verdicts of an answer's claims, in its order, and what told them; it may have no claims at all.

    `notes` are lines on what to make of it, as where the engine knows little of the answer's language.
    """

    answer: str
    claims: tuple[ClaimVerdict, ...]
    engine: str
    notes: tuple[str, ...] = ()

    @property
    def score(self) -> float | None:
        """Returns how far the answer is supported, 0 to 1: the mean of its claims; None where it claims nothing."""
        return sum(claim.score for claim in self.claims) / len(self.claims) if self.claims else None

    def count(self, verdict: Verdict) -> int:
        """Returns how many claims have a verdict."""
        return sum(claim.verdict is verdict for claim in self.claims)

    def __repr__(self) -> str:
        """Returns one line: the answer, and how many claims are supported."""
        supported = f"{self.count(Verdict.SUPPORTED)} of {counted(len(self.claims), 'claim')} supported"
        return f"<Verification of {shortened(self.answer)!r}: {supported}>"

    def to_json(self) -> dict[str, Json]:
        """Returns the JSON of `passagework verify`."""
        score = self.score
        return {
            "score": None if score is None else round(score, 4),
            "claims": [claim.to_json() for claim in self.claims],
            "engine": self.engine,
            "notes": list(self.notes),
        }
