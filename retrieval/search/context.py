"""Turns hits into cited text for a language model, within a budget of tokens.

A block says where its text is from, then the text, exactly as it stands in the document, but for what its readers don't
see: that is left out, and marked, for so documents speak to a language model behind people's backs.

    [1] Travel policy › Approval — policies/travel.pdf, pp. 3–4
    Trips abroad are approved by ...

That is the plain format; `context_formats` has the others.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from passagework.retrieval.choices import choose
from passagework.retrieval.citations import Context
from passagework.retrieval.errors import ConfigError
from passagework.retrieval.given_numbers import whole_number
from passagework.retrieval.hidden import has_visible_text, without_hidden
from passagework.retrieval.hits import Hit, Hits
from passagework.retrieval.injection import InjectionUse
from passagework.retrieval.search.context_formats import message_blocks, rendered
from passagework.retrieval.search.copies import PassageWords
from passagework.retrieval.search.quoted_blocks import Block, cut_block, in_order, with_copy, with_hit
from passagework.retrieval.search.quoted_documents import QuotedDocuments, Span
from passagework.retrieval.store import Snapshot
from passagework.retrieval.types import ContextExpansion, ContextFormat, ContextOrder, Hidden, Injection


@dataclass(frozen=True, slots=True)
class ContextLayout:
    """Tells how blocks become text, in which order they stand, and what is quoted around a hit."""

    format: ContextFormat = ContextFormat.PLAIN
    order: ContextOrder = ContextOrder.RANK
    expand: ContextExpansion | None = None
    injection: InjectionUse = InjectionUse.MARK

    @classmethod
    def chosen(
        cls, context_format: str, order: str, expand: str | None, injection: str = InjectionUse.MARK
    ) -> ContextLayout:
        """Returns the layout of these names; raises ConfigError, which lists those that there are."""
        return cls(
            choose(ContextFormat, context_format, "format"),
            choose(ContextOrder, order, "order"),
            None if expand is None else choose(ContextExpansion, expand, "expand"),
            choose(InjectionUse, injection, "injection"),
        )

    def text(self, blocks: Sequence[Block]) -> str:
        """Returns the blocks as one text."""
        return rendered(self.format, in_order(blocks, self.order))


def checked_budget(max_tokens: int) -> int:
    """Returns a budget of tokens; raises ConfigError where it is no whole number."""
    whole = whole_number(max_tokens)
    if whole is None:
        raise ConfigError(f"max_tokens is {max_tokens!r}: give a whole number of at least 1")
    return whole


def context_of(
    hits: Hits, snapshot: Snapshot, layout: ContextLayout, *, max_tokens: int, count_tokens: Callable[[str], int]
) -> Context:
    """Returns the context that `build_context` makes of hits, whose documents are read at one moment."""
    documents = QuotedDocuments(snapshot, hits, expand=layout.expand, max_tokens=max_tokens)
    return build_context(
        hits,
        max_tokens=max_tokens,
        count_tokens=count_tokens,
        slice_text=documents.text,
        hidden_in=documents.hidden,
        injection_in=documents.injection,
        wider=documents.wider,
        layout=layout,
    )


def build_context(
    hits: Hits,
    *,
    max_tokens: int,
    count_tokens: Callable[[str], int],
    slice_text: Callable[[Hit, int, int], str],
    hidden_in: Callable[[Hit, int, int], tuple[Hidden, ...]],
    injection_in: Callable[[Hit, int, int], tuple[Injection, ...]] = lambda *_: (),
    wider: Callable[[Hit], Iterable[Span]] | None = None,
    layout: ContextLayout = ContextLayout(),
) -> Context:
    """Returns the best hits as cited text of at most `max_tokens`, counted by `count_tokens` over the whole of it.

    `slice_text(hit, start, end)` gives `[start, end)` of that hit's document, `hidden_in` what readers don't see of it,
    `injection_in` what of it instructs a language model, `wider(hit)` what may be quoted in place of the hit alone, the
    widest first: the first that fits is. Hits of which they see nothing are left out. The others are taken in order of
    rank: one that says what a block says is named beside it; those of one document that overlap or stand near each
    other become one block. The first that doesn't fit ends it, so that no hit is quoted in place of a better one; where
    that is the very first, it is cut at the end of a sentence or word, and its citation ends there. Raises ConfigError
    where the budget holds no text at all, saying the least that would.
    """
    if max_tokens < 1 and not hits:
        raise ConfigError(f"max_tokens is {max_tokens}: give at least 1")
    blocks: list[Block] = []

    def tokens_of(some: Sequence[Block]) -> int:
        return count_tokens(layout.text(some))

    for hit in hits:
        if not has_visible_text(hit.text, hit.start, hit.hidden):
            continue
        if (told := _told_beside(blocks, hit)) is not None:
            blocks = told
            continue
        alone = Span(hit.start, hit.end)
        reading = slice_text, hidden_in, injection_in, layout.injection
        tried = (with_hit(blocks, hit, span, *reading) for span in (*(wider(hit) if wider else ()), alone))
        fitting = next((some for some in tried if tokens_of(some) <= max_tokens), None)
        if fitting is None:
            first = with_hit((), hit, alone, *reading)[0]
            blocks = blocks or [cut_block(first, max_tokens, lambda block: tokens_of([block]))]
            break
        blocks = fitting
    blocks = in_order(blocks, layout.order)
    text = layout.text(blocks)
    return Context(
        query=hits.query,
        text=text,
        tokens=count_tokens(text) if blocks else 0,
        max_tokens=max_tokens,
        citations=tuple(block.citation(number) for number, block in enumerate(blocks, 1)),
        plan=hits.plan,
        relevant=hits.relevant,
        blocks=message_blocks(layout.format, blocks),
    )


def _told_beside(blocks: Sequence[Block], hit: Hit) -> list[Block] | None:
    """Returns the blocks where one of them says all that the hit says, and tells of it; None where none does.

    A hit that overlaps a block is a part of its text, and no copy.
    """
    if any(block.overlaps(hit) for block in blocks):
        return None
    words = PassageWords.of(without_hidden(hit.text, hit.start, hit.hidden))
    for place, block in enumerate(blocks):
        if similarity := block.words.similarity(words):
            return [*blocks[:place], with_copy(block, hit, similarity), *blocks[place + 1 :]]
    return None
