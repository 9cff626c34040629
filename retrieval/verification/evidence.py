"""Passages that may support a claim, whether a search found them or citations name them; hidden text is none."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from passagework.retrieval.citations import Citation
from passagework.retrieval.hidden import LEFT_OUT, cut_to
from passagework.retrieval.hits import Hit
from passagework.retrieval.types import Hidden


@dataclass(frozen=True, slots=True)
class Evidence:
    """Is a passage to be compared: `text`, with blanks for what its readers don't see, begins at the citation's start.

    So a place in it, added to that start, is a place in the document.
    """

    citation: Citation
    text: str

    def part(self, start: int, end: int) -> Citation:
        """Returns the citation of `[start, end)` of the text."""
        begin = self.citation.start
        hidden = cut_to(self.citation.hidden, begin + start, begin + end)
        return replace(self.citation, start=begin + start, end=begin + end, text=self.text[start:end], hidden=hidden)


def evidence_of_citation(citation: Citation) -> Evidence:
    """Returns what a citation quotes; where its text has marks for hidden text, each character is put in its place."""
    if not citation.hidden or len(citation.text) == citation.end - citation.start:
        return Evidence(citation, citation.text)
    shown = citation.text.replace(LEFT_OUT, "")
    blank, at = [], 0
    for place in range(citation.start, citation.end):
        is_hidden = any(span.start <= place < span.end for span in citation.hidden)
        blank.append(" " if is_hidden else shown[at : at + 1] or " ")
        at += not is_hidden
    return Evidence(citation, "".join(blank))


def evidence_of_hit(hit: Hit, number: int) -> Evidence:
    """Returns what a hit's passage says, to be cited by this number."""
    citation = Citation(
        number=number,
        document=hit.document,
        uri=hit.uri,
        path=hit.path,
        title=hit.title,
        pages=hit.pages,
        start=hit.start,
        end=hit.end,
        headings=hit.headings,
        score=hit.score,
        text=hit.text,
        metadata=hit.metadata,
        hidden=hit.hidden,
        root=hit.root,
        lines=hit.lines,
        seconds=hit.seconds,
        ocr=hit.ocr,
        relevance=hit.relevance,
        also_in=hit.also_in,
    )
    return Evidence(citation, _blanked(hit.text, hit.start, hit.hidden))


def _blanked(text: str, start: int, hidden: Iterable[Hidden]) -> str:
    for span in cut_to(hidden, start, start + len(text)):
        text = text[: span.start - start] + " " * (span.end - span.start) + text[span.end - start :]
    return text
