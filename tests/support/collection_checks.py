"""What must hold of any collection at any time, and what it answers; for tests that kill, race and rebuild."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np

from passagework import Collection
from passagework.retrieval import Hits
from passagework.retrieval.config import RERANK_DEPTH
from passagework.retrieval.folder import current_version
from passagework.retrieval.models.reranker import RerankScores
from passagework.retrieval.plan import Blend
from passagework.retrieval.store import Snapshot
from tests.support.fakes import WORDS, FakeEncoder

NOUNS = (
    *("apple", "river", "stone", "cloud", "meadow", "copper", "lantern", "winter", "harbour", "violin"),
    *("pepper", "glacier", "timber", "orchid", "saddle", "beacon", "marble", "thunder", "willow", "anchor"),
    *("canyon", "falcon", "ginger", "hammer", "island", "jasmine", "kettle", "ladder", "magnet", "nectar"),
)
"""Words of stems of their own."""

Answer: TypeAlias = "list[tuple[str, int, int, str, float]]"
"""Hits as (path, start, end, document, score)."""


class FakeReranker:
    """Counts the words that query and passage share, less a little for each word of the passage."""

    name = "fake-reranker"
    window = 512
    depth = RERANK_DEPTH
    blend: Blend | None = None

    def __init__(self) -> None:
        self.read: list[str] = []

    def rerank(self, query: str, passages: Sequence[str]) -> RerankScores:
        """Scores in the order of the passages; what it read is kept in `read`."""
        self.read.extend(passages)
        asked = {word.lower() for word in WORDS.findall(query)}
        words = [[word.lower() for word in WORDS.findall(passage)] for passage in passages]
        logits = np.array([len(asked.intersection(one)) - 0.01 * len(one) for one in words], dtype=np.float32)
        return RerankScores(logits, (1 / (1 + np.exp(-logits))).astype(np.float32), windowed=0)


def answers(path: Path, encoder: FakeEncoder, queries: Sequence[str], *, k: int = 20) -> dict[str, Answer]:
    """Hits of each query at every stage and by both fusions."""
    out: dict[str, Answer] = {}
    with Collection.open(path, encoder=encoder, reranker=FakeReranker()) as collection:
        for query in queries:
            for stage in ("dense", "lexical", "hybrid", "rerank"):
                out[f"{stage}: {query}"] = brief(collection.search(query, k=k, stage=stage))
            out[f"rrf: {query}"] = brief(collection.search(query, k=k, stage="hybrid", fusion="rrf"))
    return out


def brief(hits: Hits) -> Answer:
    """Hits without what differs between two collections of the same documents: ids and times."""
    return [(hit.path, hit.start, hit.end, hit.document, hit.score) for hit in hits]


def assert_same_answers(found: dict[str, Answer], expected: dict[str, Answer]) -> None:
    """The same hits in the same order, scores within 0.005."""
    assert found.keys() == expected.keys()
    for name, wanted in expected.items():
        assert [one[:4] for one in found[name]] == [one[:4] for one in wanted], name
        np.testing.assert_allclose([one[4] for one in found[name]], [one[4] for one in wanted], atol=0.005)


def check_whole(path: Path, encoder: FakeEncoder, queries: Sequence[str] = ("apple river stone",)) -> dict[str, str]:
    """Asserts that every document of a collection is there whole, or not at all; their sha256 by uri.

    Foreign keys, the text index and SQLite's own structure are sound; passages are numbered without a gap, are slices
    of their document, and have vectors; the index holds just them, and answers as a scan of all vectors would.
    """
    _check_database(current_version(path) / "store.db")
    with Collection.open(path, encoder=encoder) as collection:
        live = collection._current()
        with live.read() as snapshot:
            index = live.index(snapshot)
            found = _check_documents(snapshot)
            ids, vectors = snapshot.passage_vectors()
            assert len(ids) == snapshot.passage_count(), "a passage has no vector"
            assert index.ids.tolist() == ids.tolist()
            for query in queries:
                vector = encoder.encode_queries([query])
                scores = vectors @ vector[0]
                result = index.search(vector, 10)
                best = np.sort(scores)[::-1][:10]
                np.testing.assert_allclose(result.scores[0][: len(best)], best, atol=1e-5)
                of = dict(zip(ids.tolist(), scores.tolist(), strict=True))
                claimed = [of[one] for one in result.ids[0].tolist() if one >= 0]
                np.testing.assert_allclose(claimed, best, atol=1e-5)
    return found


def _check_database(database: Path) -> None:
    connection = sqlite3.connect(database, isolation_level=None)
    try:
        assert connection.execute("PRAGMA quick_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        # Against the passages themselves (1), for the text index keeps no text of its own; it raises if they differ.
        connection.execute("INSERT INTO passages_fts (passages_fts, rank) VALUES ('integrity-check', 1)")
    finally:
        connection.close()


def _check_documents(snapshot: Snapshot) -> dict[str, str]:
    rows = list(snapshot.documents())
    # By path, name, and for records without one by what their uri says of them; not by uri alone, which is unique.
    seen = {(row.path, row.name, row.uri.partition("#")[2]) for row in rows}
    assert len(seen) == len(rows), "a document is there twice"
    for row in rows:
        document = snapshot.document(row.id)
        assert len(document.text) == row.length
        passages = snapshot.neighbours(row.id, range(row.passages + 1))
        assert [passage.ordinal for passage in passages] == list(range(row.passages))
        assert row.passages > 0, f"{row.uri} has no passages"
        for passage in passages:
            assert document.text[passage.start : passage.end] == passage.text
            assert passage.text.strip()
        first, last = passages[0], passages[-1]
        assert not document.text[: first.start].strip()
        assert not document.text[last.end :].strip()
    return {row.uri: row.sha256 for row in rows}
