"""What a context quotes of the documents of its hits: text, what of it is hidden, and what stands around a hit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from passagework.retrieval.hits import Hit, Hits
from passagework.retrieval.store import PassageRow, Snapshot
from passagework.retrieval.types import ContextExpansion, Heading, Hidden, Injection

TOKEN_CHARACTERS = 64
"""More characters than a token has: a section of more for each token of the budget doesn't fit."""

MARKS = 20
"""Characters before a heading that may be its marks."""

_WORD = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Span:
    """Is `[start, end)` of a document, and the passages of which something lies in it."""

    start: int
    end: int
    passages: tuple[PassageRow, ...] = ()


class QuotedDocuments:
    """Reads the documents of hits at one moment; sections that `max_tokens` can't hold are not looked at."""

    def __init__(
        self, snapshot: Snapshot, hits: Hits, *, expand: ContextExpansion | None = None, max_tokens: int
    ) -> None:
        self._snapshot = snapshot
        self._rows = {row.id: row for row in snapshot.passages([hit.id for hit in hits])}
        self._expand = expand
        self._longest = max_tokens * TOKEN_CHARACTERS
        self._headings = lru_cache(snapshot.headings)

    def text(self, hit: Hit, start: int, end: int) -> str:
        """Returns `[start, end)` of the text of a hit's document."""
        return self._snapshot.text(self._rows[hit.id].document_id, start, end)

    def hidden(self, hit: Hit, start: int, end: int) -> tuple[Hidden, ...]:
        """Returns what readers don't see of `[start, end)`, cut to it."""
        return self._snapshot.hidden(self._rows[hit.id].document_id, start, end)

    def injection(self, hit: Hit, start: int, end: int) -> tuple[Injection, ...]:
        """Returns what of `[start, end)` instructs a language model, cut to it."""
        return self._snapshot.injection(self._rows[hit.id].document_id, start, end)

    def wider(self, hit: Hit) -> Iterator[Span]:
        """Yields what may be quoted in place of a hit alone, the widest first; nothing where that wasn't asked for."""
        if self._expand is None:
            return
        row = self._rows[hit.id]
        if self._expand is ContextExpansion.SECTION:
            start, end = self._section(row)
            if end - start <= self._longest:
                yield self._span(start, end, self._snapshot.passages_in(row.document_id, start, end))
        ordinals = range(max(0, row.ordinal - 1), row.ordinal + 2)
        beside = self._snapshot.neighbours(row.document_id, ordinals)
        yield self._span(beside[0].start, beside[-1].end, beside)

    def _section(self, row: PassageRow) -> tuple[int, int]:
        """Returns where the section begins and ends that a passage begins in: all of a document without headings."""
        headings, end = self._headings(row.document_id), self._snapshot.length(row.document_id)
        number = _innermost(headings, row)
        level = 0 if number is None else headings[number].level
        behind = headings[0 if number is None else number + 1 :]
        next_heading = next((heading for heading in behind if number is None or heading.level <= level), None)
        start = 0 if number is None else self._line_of(row.document_id, headings[number])
        end = end if next_heading is None else self._line_of(row.document_id, next_heading)
        return min(start, row.start), max(end, row.end)

    def _line_of(self, document_id: int, heading: Heading) -> int:
        """Returns where a heading's line starts: its marks, such as `##`, stand before its own characters."""
        before = self._snapshot.text(document_id, max(0, heading.start - MARKS), heading.start).rpartition("\n")[2]
        return heading.start if _WORD.search(before) else heading.start - len(before)

    @staticmethod
    def _span(start: int, end: int, passages: Sequence[PassageRow]) -> Span:
        """Returns the span without the white space at its ends, which belongs to no passage."""
        return Span(max(start, passages[0].start), min(end, passages[-1].end), tuple(passages))


def _innermost(headings: Sequence[Heading], row: PassageRow) -> int | None:
    """Returns the number of the heading that a passage stands under: of those that it begins with, the last."""
    number, body = None, row.start
    for at, heading in enumerate(headings):
        said_before = row.text[body - row.start : max(0, heading.start - row.start)]
        if heading.start >= row.end or _WORD.search(said_before):
            break
        number, body = at, max(body, heading.end)
    return number
