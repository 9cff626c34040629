"""Words to passages: BM25 (Robertson and Zaragoza 2009) by SQLite FTS5, which fixes k1 = 1.2 and b = 0.75."""

from __future__ import annotations

import re
from typing import Protocol

from retrieval.filters import Condition
from retrieval.store import Snapshot

TERM = re.compile(r"[\w\u0300-\u0331]+")
"""A word with its accents, which FTS5 takes for a part of it where they stand as characters of their own."""

MAX_TERMS = 256
"""Different words of a query that are looked up: each costs a list of its own, and the rest of a page adds nothing."""


class Lexical(Protocol):
    """Finds passages by the words of a query."""

    def search(self, snapshot: Snapshot, query: str, k: int, within: Condition | None) -> list[tuple[int, float]]:
        """The best passages as (id, score), higher is better: `k` of them, and those equal to the last."""


class Bm25:
    """BM25 over title, headings and text, stemmed by Porter's rules; a passage needs one of the query's words."""

    def search(self, snapshot: Snapshot, query: str, k: int, within: Condition | None) -> list[tuple[int, float]]:
        """The best passages as (id, score), higher is better: `k` of them, and those equal to the last."""
        expression = match_expression(query)
        return snapshot.match_text(expression, k, within) if expression and k > 0 else []


def query_terms(query: str) -> list[str]:
    """The query's different words in lower case, in order, as far as they are looked up."""
    return list(dict.fromkeys(match[0].lower() for match in TERM.finditer(query)))[:MAX_TERMS]


def match_expression(query: str) -> str:
    """The query as FTS5 wants it: quoted, so that no text of a user is read as an operator; "" without words."""
    return " OR ".join(f'"{term}"' for term in query_terms(query))
