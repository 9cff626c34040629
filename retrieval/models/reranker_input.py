"""Makes what a reranker reads of a passage: its text, below its title and headings."""

from __future__ import annotations

from collections.abc import Sequence

from passagework.retrieval.hits import Hit
from passagework.retrieval.store import PassageRow
from passagework.retrieval.words.folding import folded

CONTEXT_CHARACTERS = 400
"""Characters of title and headings that a reranker reads above each passage."""


def reranker_text(title: str, headings: Sequence[str], text: str) -> str:
    """Returns a passage as the reranker reads it: below the first CONTEXT_CHARACTERS of its title and headings.

    It is what the encoder reads of it, unless that was cut to fit the window.
    """
    parts = (folded(part).strip() for part in (title, *headings, text))
    *above, below = parts
    context = " > ".join(dict.fromkeys(part for part in above if part))[:CONTEXT_CHARACTERS]
    return f"{context}\n{below}" if context and context != below else below


def reranker_text_of(row: PassageRow | Hit) -> str:
    """Returns the same of a stored passage or a hit."""
    return reranker_text(row.searched_title, row.headings, row.text)
