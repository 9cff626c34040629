"""Records grades that a person gives to hits, as judgments of characters beside the collection's versions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.evaluation.judgments import Judgment, add_judgments, read_judgments, with_query_ids
from passagework.retrieval.evaluation.runs import run_field
from passagework.retrieval.folder import JUDGMENTS
from passagework.retrieval.hits import Hit
from passagework.ui.present.wording import message

GRADES = {message("relevant"): 2, message("partly"): 1, message("not"): 0}


def judgments_of(collection: Path) -> list[Judgment]:
    """Returns the judgments that hold, [] where nothing was judged yet; raises EvaluationError for a damaged file."""
    path = collection / JUDGMENTS
    return read_judgments(path) if path.exists() else []


def judge(collection: Path, query: str, document: str, hit: Hit, grade: int | None) -> None:
    """Records how well a hit answers a query; None takes an earlier grade back."""
    judgment = Judgment(
        query=query, document=document, grade=grade, start=hit.start, end=hit.end, quote=hit.text or None
    )
    add_judgments(collection, [judgment])


def grade_of(judgments: Sequence[Judgment], query: str, document: str, hit: Hit) -> str | None:
    """Returns the name of the grade that a hit has for a query."""
    names = {grade: name for name, grade in GRADES.items()}
    for judgment in judgments:
        same = (judgment.query, judgment.document, judgment.start, judgment.end) == (
            query,
            document,
            hit.start,
            hit.end,
        )
        if same and judgment.quote in (None, hit.text):  # else the document has changed since
            return names.get(judgment.grade or 0)
    return None


def as_trec(judgments: Sequence[Judgment], collection: Collection) -> tuple[str, str]:
    """Returns qrels of documents, and the topics that go with them, as `evaluate TOPICS --qrels QRELS` reads them.

    A document has the best grade of its places. White space would end a column: a document whose name has some goes by
    its URI, where it is in the collection, which has none.
    """
    spaced = {judgment.document for judgment in judgments if run_field(judgment.document) != judgment.document}
    uris = {name: rows[0].uri for name, rows in collection.documents_named(spaced).items() if len(rows) == 1}
    grades: dict[tuple[str, str], int] = {}
    topics: dict[str, str] = {}
    for query_id, judgment in with_query_ids(judgments):
        query_id, document = run_field(query_id), run_field(uris.get(judgment.document, judgment.document))
        topics[query_id] = " ".join(judgment.query.split())
        key = (query_id, document)
        grades[key] = max(judgment.grade or 0, grades.get(key, 0))
    qrels = "".join(f"{query_id}\t0\t{document}\t{grade}\n" for (query_id, document), grade in grades.items())
    return qrels, "".join(f"{query_id}\t{text}\n" for query_id, text in topics.items())
