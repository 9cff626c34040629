"""A text with the structure in it, and several of them put together: chapters of a book, bodies of a mail."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from passagework.retrieval.types import Heading, Hidden, Table


@dataclass(frozen=True, slots=True)
class Part:
    """A text, and where in it headings, tables and what nobody sees are, each in order."""

    text: str
    headings: tuple[Heading, ...] = ()
    hidden: tuple[Hidden, ...] = ()
    tables: tuple[Table, ...] = ()

    def shifted(self, places: int) -> Part:
        """The same text, its structure so many characters further on."""
        if not (self.headings or self.hidden or self.tables):
            return self
        return replace(
            self,
            headings=tuple(replace(span, start=span.start + places, end=span.end + places) for span in self.headings),
            hidden=tuple(replace(span, start=span.start + places, end=span.end + places) for span in self.hidden),
            tables=tuple(replace(span, start=span.start + places, end=span.end + places) for span in self.tables),
        )


def joined(parts: Iterable[Part], between: str = "\n\n") -> Part:
    """The parts that say anything as one, `between` between them."""
    placed: list[Part] = []
    length = 0
    for part in parts:
        if part.text.strip():
            length += len(between) if placed else 0
            placed.append(part.shifted(length) if length else part)
            length += len(part.text)
    return Part(
        between.join(part.text for part in placed),
        tuple(heading for part in placed for heading in part.headings),
        tuple(span for part in placed for span in part.hidden),
        tuple(table for part in placed for table in part.tables),
    )
