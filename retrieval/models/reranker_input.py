"""Makes what a reranker reads of a passage: its text, below its title and headings."""

from __future__ import annotations

from collections.abc import Sequence

from passagework.retrieval.hits import Hit
from passagework.retrieval.store import PassageRow

CONTEXT_CHARACTERS = 400
"""Characters of title and headings that a reranker reads above each passage."""


def reranker_text(title: str, headings: Sequence[str], text: str) -> str:
    """Returns a passage as the reranker reads it: below the first CONTEXT_CHARACTERS of its title and headings."""
    context = " > ".join(dict.fromkeys(part for part in (title, *headings) if part))[:CONTEXT_CHARACTERS]
    return f"{context}\n{text}" if context else text


def reranker_text_of(row: PassageRow | Hit) -> str:
    """Returns the same of a stored passage or a hit."""
    return reranker_text(row.title, row.headings, row.text)
