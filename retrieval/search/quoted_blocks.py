"""Blocks of a context: what is quoted of one document in one place, for the hits in it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from passagework.retrieval.also_in import AlsoIn
from passagework.retrieval.citations import Citation
from passagework.retrieval.errors import ConfigError
from passagework.retrieval.hidden import cut_to, without_hidden
from passagework.retrieval.hits import Hit
from passagework.retrieval.injection import InjectionUse, shown_text, united
from passagework.retrieval.search.copies import PassageWords
from passagework.retrieval.search.quoted_documents import Span
from passagework.retrieval.store import PassageRow
from passagework.retrieval.text import collapsed, place_list
from passagework.retrieval.types import ContextOrder, Hidden, Injection, Ocr

GAP = 200
"""Characters of one document between two passages, at most, that are quoted along rather than cited apart."""

_SENTENCE_END = re.compile(r"[.!?…]+[\"'”’)\]]*(?=\s|$)|[。！？．]+[」』）”’]*|\S(?=\s*\n\s*\n)")
_WORD_END = re.compile(r"\S(?=\s|$)")
_VISIBLE = re.compile(r"\S")


@dataclass(frozen=True, slots=True)
class Block:
    """Holds `[start, end)` of one document, with the hits in it, best first, and the passages quoted around them.

    `words` are those of what is shown of it; `copies` the places of other hits whose text it says.
    """

    hits: tuple[Hit, ...]
    start: int
    end: int
    text: str
    hidden: tuple[Hidden, ...]
    words: PassageWords
    around: tuple[PassageRow, ...] = ()
    copies: tuple[AlsoIn, ...] = ()
    injection: tuple[Injection, ...] = ()
    injection_use: InjectionUse = InjectionUse.MARK

    def reaches(self, hit: Hit, span: Span) -> bool:
        """Tells whether a span of a hit's document overlaps it, touches it, or is so near that what is between may be
        quoted too.
        """
        return self.document == document_of(hit) and span.start <= self.end + GAP and self.start <= span.end + GAP

    def overlaps(self, hit: Hit) -> bool:
        """Tells whether some of a hit's text is in it."""
        return self.document == document_of(hit) and hit.start < self.end and self.start < hit.end

    @property
    def document(self) -> tuple[str, str]:
        """Returns which document it is of."""
        return document_of(self.hits[0])

    @property
    def shown(self) -> str:
        """Returns the text as it is quoted: without what readers of the document don't see, and with instructions to
        language models marked, or left out.
        """
        return shown_text(self.text, self.start, self.hidden, self.injection, self.injection_use)

    @property
    def parts(self) -> tuple[Hit | PassageRow, ...]:
        """Returns the passages in it: those of its hits, and those around them."""
        return (*self.hits, *self.around)

    @property
    def names(self) -> list[str]:
        """Returns what it goes by, each in one line and said once: title, and headings, outermost first."""
        return list(dict.fromkeys(name for name in map(collapsed, (self.hits[0].title, *self.headings)) if name))

    @property
    def source(self) -> str:
        """Returns where its text is, in one line: path and record, pages or lines or seconds."""
        address = collapsed(self.hits[0].address if self.hits[0].path else self.hits[0].uri)
        return ", ".join(part for part in (address, place_list(self.pages, self.lines, self.seconds)) if part)

    @property
    def headings(self) -> tuple[str, ...]:
        """Returns the headings that all of its passages stand under, outermost first."""
        shared = []
        for level in zip(*(part.headings for part in self.parts), strict=False):
            if len(set(level)) > 1:
                break
            shared.append(level[0])
        return tuple(shared)

    @property
    def pages(self) -> tuple[int, ...]:
        """Returns its pages, ascending."""
        return tuple(sorted({page for part in self.parts for page in part.pages}))

    @property
    def lines(self) -> tuple[int, ...]:
        """Returns its first and last line, of source code."""
        lines = [line for part in self.parts for line in part.lines]
        return (min(lines), max(lines)) if lines else ()

    @property
    def seconds(self) -> tuple[float, ...]:
        """Returns its first and last second, of what is spoken."""
        seconds = [second for part in self.parts for second in part.seconds]
        return (min(seconds), max(seconds)) if seconds else ()

    @property
    def ocr(self) -> Ocr | None:
        """Returns the mean confidence over those of its passages that OCR read, by their length."""
        read = {(part.start, part.end): part.ocr.confidence for part in self.parts if part.ocr is not None}
        size = sum(end - start for start, end in read)
        return Ocr(sum(mean * (end - start) for (start, end), mean in read.items()) / size) if read else None

    @property
    def also_in(self) -> tuple[AlsoIn, ...]:
        """Returns where else its text stands, each place once: copies of its hits, and hits that say the same."""
        found = [copy for hit in self.hits for copy in hit.also_in] + list(self.copies)
        return tuple(
            {(copy.collection, copy.document, copy.path, copy.start, copy.end): copy for copy in found}.values()
        )

    def citation(self, number: int) -> Citation:
        """Returns what is said about it beside the text."""
        best = self.hits[0]
        return Citation(
            number=number,
            document=best.document,
            uri=best.uri,
            path=best.path,
            title=best.title,
            pages=self.pages,
            start=self.start,
            end=self.end,
            headings=self.headings,
            score=best.score,
            relevance=max((hit.relevance for hit in self.hits if hit.relevance is not None), default=None),
            text=self.shown,
            metadata=best.metadata,
            hidden=self.hidden,
            root=best.root,
            lines=self.lines,
            seconds=self.seconds,
            ocr=self.ocr,
            also_in=self.also_in,
            collection=best.collection,
            injection=self.injection,
        )


def document_of(hit: Hit) -> tuple[str, str]:
    """Returns the collection and the URI of a hit's document: two collections may hold one file, as it was then."""
    return hit.collection, hit.uri


def with_hit(
    blocks: Sequence[Block],
    hit: Hit,
    span: Span,
    slice_text: Callable[[Hit, int, int], str],
    hidden_in: Callable[[Hit, int, int], tuple[Hidden, ...]],
    injection_in: Callable[[Hit, int, int], tuple[Injection, ...]] = lambda *_: (),
    injection_use: InjectionUse = InjectionUse.MARK,
) -> list[Block]:
    """Returns the blocks and a hit's span, merged with those that it reaches, in the place of the best of them."""
    near = [block for block in blocks if block.reaches(hit, span)]
    start, end = min([span.start, *(block.start for block in near)]), max([span.end, *(block.end for block in near)])
    text, hidden = slice_text(hit, start, end), hidden_in(hit, start, end)
    hits = sorted([hit, *(member for block in near for member in block.hits)], key=lambda member: member.rank)
    merged = Block(
        hits=tuple(hits),
        start=start,
        end=end,
        text=text,
        hidden=hidden,
        words=PassageWords.of(without_hidden(text, start, hidden)),
        around=(*(row for block in near for row in block.around), *span.passages),
        copies=tuple(copy for block in near for copy in block.copies),
        injection=injection_in(hit, start, end),
        injection_use=injection_use,
    )
    return in_order([merged, *(block for block in blocks if block not in near)], ContextOrder.RANK)


def with_copy(block: Block, hit: Hit, similarity: float) -> Block:
    """Returns a block that also tells of a hit, and of its copies, whose text it says."""
    elsewhere = hit.collection if hit.collection != block.document[0] else ""
    copy = AlsoIn(hit.document, hit.path, hit.root, hit.start, hit.end, hit.pages, similarity, elsewhere)
    return replace(block, copies=(*block.copies, copy, *hit.also_in))


def in_order(blocks: Iterable[Block], order: ContextOrder) -> list[Block]:
    """Returns blocks in order of their best hit, or document by document, each from its beginning to its end."""
    ranked = sorted(blocks, key=lambda block: block.hits[0].rank)
    if order is ContextOrder.RANK:
        return ranked
    first = {block.document: place for place, block in reversed(list(enumerate(ranked)))}
    return sorted(ranked, key=lambda block: (first[block.document], block.start))


def cut_block(block: Block, max_tokens: int, count: Callable[[Block], int]) -> Block:
    """Returns the longest beginning of a block that fits, to the last end of a sentence, if that is at least half.

    Then to the last end of a word; a script without spaces, or a word longer than the budget, is cut at a character.
    Raises ConfigError where not one character fits, saying the least `max_tokens` that would hold one.
    """

    def cut_at(length: int) -> Block:
        end = block.start + length
        hidden, injection = cut_to(block.hidden, block.start, end), united(block.injection, block.start, end)
        return replace(block, end=end, text=block.text[:length], hidden=hidden, injection=injection)

    def fits(length: int) -> bool:
        return count(cut_at(length)) <= max_tokens

    visible = _VISIBLE.search(block.text)
    first = visible.end() if visible else len(block.text)
    if not fits(first):
        least = count(cut_at(first))
        raise ConfigError(f"max_tokens is {max_tokens}, too few for any text: give at least {least}")
    longest = first + bisect_right(range(first + 1, len(block.text)), False, key=lambda length: not fits(length))
    for pattern in (_SENTENCE_END, _WORD_END):
        ends = [match.end() for match in pattern.finditer(block.text) if longest / 2 <= match.end() <= longest]
        for end in reversed(ends):
            if fits(end):
                return cut_at(end)
    return cut_at(next(length for length in range(longest, 0, -1) if fits(length)))
