"""Ranks the texts that a framework holds by how well each answers a query."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from passagework.retrieval.errors import ConfigError
from passagework.retrieval.models.reranker import Reranker
from passagework.retrieval.models.reranker_input import reranker_text
from passagework.retrieval.search.request import clean_query

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RankedText:
    """Tells the position that a text had, and its score, from 0 to 1."""

    position: int
    score: float


def ranked_texts(reranker: Reranker, query: str, texts: Sequence[str], *, most: int | None = None) -> list[RankedText]:
    """Returns the texts best first, equal ones in the order that they had; each is read to its end.

    `most` is how many are returned (default: all). Raises ConfigError where that is below 1, or the query is no text.
    """
    if most is not None and most < 1:
        raise ConfigError(f"{most} of the reranked texts were asked for: give a whole number of at least 1")
    query = clean_query(query)
    if not texts:
        return []
    scores = reranker.rerank(query, texts)
    if scores.query_cut:
        logger.warning("the query is too long for %s, and was cut", reranker.name)
    logits = scores.logits.tolist()
    order = sorted(range(len(texts)), key=lambda position: -logits[position])
    return [RankedText(position, float(scores.probabilities[position])) for position in order[:most]]


def text_with_context(text: str, metadata: Mapping[str, Any]) -> str:
    """Returns a text as a reranker reads passages: below the title and the headings that its metadata may have."""
    title, headings = metadata.get("title"), metadata.get("headings")
    above = [heading for heading in headings if isinstance(heading, str)] if isinstance(headings, list) else []
    return reranker_text(title if isinstance(title, str) else "", above, text)
