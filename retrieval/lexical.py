"""Words to passages: BM25 (Robertson and Zaragoza 2009) by SQLite FTS5, which fixes k1 = 1.2 and b = 0.75."""

from __future__ import annotations

import re
from typing import Protocol

from retrieval.filters import Condition
from retrieval.store import Snapshot

TERM = re.compile(r"\w+")
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
        if not expression:
            return []
        limit = k + 1
        while True:
            found = [(one, round(score, 6)) for one, score in snapshot.match_text(expression, limit, within)]
            if len(found) < limit or found[-1][1] < found[k - 1][1]:
                break
            limit *= 2  # the pool ends among equals: take them all, and let the order of documents decide
        cut = found[k - 1][1] if len(found) >= k else float("-inf")
        return [(one, score) for one, score in found if score >= cut]


def query_terms(query: str) -> list[str]:
    """The query's different words in lower case, in order, as far as they are looked up."""
    return list(dict.fromkeys(match[0].lower() for match in TERM.finditer(query)))[:MAX_TERMS]


def match_expression(query: str) -> str:
    """The query as FTS5 wants it: quoted, so that no text of a user is read as an operator; "" without words."""
    return " OR ".join(f'"{term}"' for term in query_terms(query))
