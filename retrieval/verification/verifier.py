"""Verifies an answer: cuts it into claims, gathers evidence for each, and has an engine and the facts tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from passagework.retrieval.citations import Citation
from passagework.retrieval.hits import Hit
from passagework.retrieval.verification.claims import Claim, claims_of
from passagework.retrieval.verification.compared_facts import FactKind
from passagework.retrieval.verification.comparison import Comparison, compare_facts
from passagework.retrieval.verification.evidence import Evidence, evidence_of_citation, evidence_of_hit
from passagework.retrieval.verification.support import PassageSupport, SupportEngine
from passagework.retrieval.verification.verification import CitationFault, ClaimVerdict, Verdict, Verification

EVIDENCE = 5
"""Passages that a claim is compared with where none are cited: the nearest ones."""

SAME_MATTER = 0.5
"""The least share of a claim's other words that a sentence has which says otherwise: less speaks of something else."""

Search = Callable[[str], Sequence[Hit]]
"""Finds the passages nearest to a statement."""


@dataclass(frozen=True, slots=True)
class _Judged:
    """Is a piece of evidence with what the engine and the comparison say of a claim."""

    evidence: Evidence
    support: PassageSupport
    comparison: Comparison

    @property
    def contradicts(self) -> float:
        """Returns how surely it contradicts the claim: what it says otherwise counts as far as it is of the matter."""
        otherwise = self.comparison.overlap if self.of_the_matter and self.comparison.conflicts else 0.0
        return max(self.support.contradicted, otherwise)

    @property
    def supports(self) -> float:
        """Returns how far it supports the claim: not at all where it says otherwise."""
        return min(self.support.supported, 1 - self.contradicts)

    @property
    def lacks_a_fact(self) -> bool:
        """Tells whether it can't be the source: it lacks a number or a date, or has another name in a name's place."""
        unsaid = [fact for fact in self.comparison.facts if fact.agrees is None]
        return any(fact.kind is not FactKind.NAME or (fact.found and self.of_the_matter) for fact in unsaid)

    @property
    def of_the_matter(self) -> bool:
        """Tells whether its sentence speaks of what the claim speaks of."""
        return self.comparison.overlap >= SAME_MATTER


def verify_by_search(answer: str, engine: SupportEngine, search: Search) -> Verification:
    """Returns the verdicts of an answer, with evidence that is searched for each claim; numbers it names are not read.

    A claim is looked for together with the one before it, too, for "it" and "they" stand for what that names.
    """
    found: dict[tuple[str, int], Evidence] = {}
    verdicts = []
    before = ""
    for claim in claims_of(answer):
        texts = [claim.statement, *([f"{before} {claim.statement}"] if before else [])]
        hits = {(hit.uri, hit.start): hit for text in texts for hit in search(text)}
        for key, hit in hits.items():
            found.setdefault(key, evidence_of_hit(hit, len(found) + 1))
        judged = _judged(claim, [found[key] for key in hits], engine)
        verdicts.append(replace(_verdict(claim, judged, engine.threshold), cited=()))
        before = claim.statement
    return Verification(answer, tuple(verdicts), engine.name)


def verify_by_citations(answer: str, engine: SupportEngine, citations: Sequence[Citation]) -> Verification:
    """Returns the verdicts of an answer by what it may cite, and what is wrong with the `[n]` of each claim."""
    evidence = [evidence_of_citation(citation) for citation in citations]
    numbers = {citation.number for citation in citations}
    verdicts = []
    for claim in claims_of(answer):
        judged = _judged(claim, evidence, engine)
        named = [one for one in judged if one.evidence.citation.number in claim.cited]
        verdict = _verdict(claim, named, engine.threshold)
        if verdict.verdict is not Verdict.SUPPORTED:
            verdict = _verdict(claim, judged, engine.threshold)
        verdicts.append(replace(verdict, fault=_fault(verdict, numbers)))
    return Verification(answer, tuple(verdicts), engine.name)


def _judged(claim: Claim, evidence: Sequence[Evidence], engine: SupportEngine) -> list[_Judged]:
    supports = engine.judge(claim.statement, [one.text for one in evidence])
    return [
        _Judged(one, support, compare_facts(claim.statement, one.text, support.start, support.end))
        for one, support in zip(evidence, supports, strict=True)
    ]


def _verdict(claim: Claim, judged: Sequence[_Judged], threshold: float) -> ClaimVerdict:
    """Returns the verdict by the evidence that supports a claim best; else by the one that surely says otherwise."""
    best = max(judged, key=lambda one: (one.supports, -one.evidence.citation.number), default=None)
    score = 0.0 if best is None else best.supports
    if best is not None and score >= threshold and not best.lacks_a_fact:
        return _told(claim, Verdict.SUPPORTED, score, best)
    against = max(judged, key=lambda one: (one.contradicts, -one.evidence.citation.number), default=None)
    score = min(score, threshold)
    if against is not None and against.contradicts >= SAME_MATTER:
        return _told(claim, Verdict.CONTRADICTED, min(score, 1 - against.contradicts), against)
    return ClaimVerdict(claim.text, claim.start, claim.end, Verdict.NOT_FOUND, score, None, cited=claim.cited)


def _told(claim: Claim, verdict: Verdict, score: float, judged: _Judged) -> ClaimVerdict:
    support, begin = judged.support, judged.evidence.citation.start
    comparisons = tuple(
        replace(
            fact,
            start=fact.start + claim.start,
            end=fact.end + claim.start,
            found_start=fact.found_start + begin,
            found_end=fact.found_end + begin,
        )
        for fact in judged.comparison.facts
    )
    citation = judged.evidence.part(support.start, support.end)
    return ClaimVerdict(claim.text, claim.start, claim.end, verdict, score, citation, comparisons, claim.cited)


def _fault(verdict: ClaimVerdict, known: set[int]) -> CitationFault | None:
    """Returns what is wrong with the numbers that a claim names."""
    if not verdict.cited:
        return CitationFault.MISSING
    if not known.issuperset(verdict.cited):
        return CitationFault.UNKNOWN
    supports = verdict.verdict is Verdict.SUPPORTED and verdict.citation and verdict.citation.number in verdict.cited
    return None if supports else CitationFault.WRONG
