"""Verifies an answer: cuts it into claims, gathers evidence for each, and has an engine and the facts tell."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from passagework.retrieval.citations import Citation
from passagework.retrieval.hits import Hit
from passagework.retrieval.verification.claims import Claim, claims_of
from passagework.retrieval.verification.compared_facts import FactKind
from passagework.retrieval.verification.comparison import Compared, Comparison, compare_facts
from passagework.retrieval.verification.evidence import Evidence, evidence_of_citation, evidence_of_hit
from passagework.retrieval.verification.readings import Reading, readings_of
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
    """Is a reading of a piece of evidence, with what the engine and the comparison say of a claim."""

    reading: Reading
    support: PassageSupport
    comparison: Comparison

    @property
    def number(self) -> int:
        """Returns the number of its citation."""
        return self.reading.evidence.citation.number

    @property
    def nearness(self) -> float:
        """Returns how near it is to the claim, whichever way it tells, facts not counted."""
        return max(self.support.supported, self.support.contradicted)

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
        """Tells whether it can't be the source: it lacks a number or a date, or has another name in a name's place.

        A row of a table says all that it says: what it doesn't name, it isn't about.
        """
        unsaid = [fact for fact in self.comparison.facts if fact.agrees is None]
        is_row = self.reading.row is not None
        return any(fact.kind is not FactKind.NAME or is_row or (fact.found and self.of_the_matter) for fact in unsaid)

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
        named = [one for one in judged if one.number in claim.cited]
        verdict = _verdict(claim, named, engine.threshold)
        if verdict.verdict is not Verdict.SUPPORTED:
            verdict = _verdict(claim, judged, engine.threshold)
        verdicts.append(replace(verdict, fault=_fault(verdict, numbers)))
    return Verification(answer, tuple(verdicts), engine.name)


def _judged(claim: Claim, evidence: Sequence[Evidence], engine: SupportEngine) -> list[_Judged]:
    readings = [reading for one in evidence for reading in readings_of(one)]
    supports = engine.judge(claim.statement, [reading.text for reading in readings])
    judged = []
    for reading, support in zip(readings, supports, strict=True):
        is_row = reading.row is not None
        start, end = (0, len(reading.text)) if is_row else (support.start, support.end)
        compared = compare_facts(claim.statement, reading.text, start, end, ranges=is_row)
        judged.append(_Judged(reading, support, compared))
    return judged


def _verdict(claim: Claim, judged: Sequence[_Judged], threshold: float) -> ClaimVerdict:
    """Returns the verdict by the evidence that supports a claim best, or by what surely says otherwise.

    Where there is both, the nearer of them tells, and the other is named beside it, if it is another passage's.
    """
    best = max(judged, key=lambda one: (one.supports, -one.number), default=None)
    score = 0.0 if best is None else best.supports
    against = [one for one in judged if one.contradicts >= SAME_MATTER]
    if best is not None and score >= threshold and not best.lacks_a_fact:
        rivals = [one for one in against if one.nearness >= threshold]
        rival = max(rivals, key=lambda one: (one.nearness, -one.number), default=None)
        if rival is None or rival.nearness <= best.nearness:
            return _told(claim, Verdict.SUPPORTED, score, best, beside=rival)
        return _told(claim, Verdict.CONTRADICTED, min(score, 1 - rival.contradicts), rival, beside=best)
    score = min(score, threshold)
    if against:
        surest = max(against, key=lambda one: (one.contradicts, one.nearness, -one.number))
        return _told(claim, Verdict.CONTRADICTED, min(score, 1 - surest.contradicts), surest)
    return ClaimVerdict(claim.text, claim.start, claim.end, Verdict.NOT_FOUND, score, None, cited=claim.cited)


def _told(
    claim: Claim, verdict: Verdict, score: float, judged: _Judged, *, beside: _Judged | None = None
) -> ClaimVerdict:
    reading, begin = judged.reading, judged.reading.evidence.citation.start
    comparisons = tuple(_placed(fact, claim.start, reading, begin) for fact in judged.comparison.facts)
    citation = _citation(judged)
    other = None if beside is None or beside.number == judged.number else _citation(beside)
    return ClaimVerdict(
        claim.text, claim.start, claim.end, verdict, score, citation, comparisons, claim.cited, disagreeing=other
    )


def _citation(judged: _Judged) -> Citation:
    return judged.reading.cited(judged.support.start, judged.support.end)


def _placed(fact: Compared, start: int, reading: Reading, begin: int) -> Compared:
    """Returns a fact with places in the answer and in the document; what a heading says stands at no place."""
    fact = replace(fact, start=fact.start + start, end=fact.end + start)
    place = reading.place(fact.found_start, fact.found_end)
    if place is None:
        return replace(fact, found="", found_start=0, found_end=0)
    return replace(fact, found_start=place[0] + begin, found_end=place[1] + begin)


def _fault(verdict: ClaimVerdict, known: set[int]) -> CitationFault | None:
    """Returns what is wrong with the numbers that a claim names."""
    if not verdict.cited:
        return CitationFault.MISSING
    if not known.issuperset(verdict.cited):
        return CitationFault.UNKNOWN
    supports = verdict.verdict is Verdict.SUPPORTED and verdict.citation and verdict.citation.number in verdict.cited
    return None if supports else CitationFault.WRONG
