"""Makes pairs of a collection's own, without anybody's questions: what its authors wrote above a text asks for it.

A heading asks for its section and a title for its document (as in the pairs of E5, Wang et al. 2022), and a sentence
for the text that it was taken out of (the inverse cloze task, Lee et al. 2019).
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

import numpy as np

from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.duplicates.duplicate_threshold import threshold_of
from passagework.retrieval.duplicates.near_pairs import near_pairs
from passagework.retrieval.errors import TrainingError
from passagework.retrieval.lexical.bm25 import content_words
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.models.encoder_scale import recorded_scale
from passagework.retrieval.models.reranker_input import reranker_text
from passagework.retrieval.store import PassageRow, Snapshot
from passagework.retrieval.store.text_spans import passage_spans
from passagework.retrieval.text import counted
from passagework.retrieval.training.mining import DEPTH, NEGATIVES, SAFE_SHARE, drawn_negatives
from passagework.retrieval.training.pairs import Pair
from passagework.retrieval.types import Vectors
from passagework.retrieval.words.sentences import sentence_spans
from passagework.retrieval.words.unspaced import RUN

MOST_PASSAGES = 20_000
"""Passages that pairs are made of: as many as two cores train on in a night, drawn where there are more."""

LEAST_PAIRS = 50
"""Pairs without which nothing is begun: fewer are two steps of training, and two or three held out."""

MANY_DOCUMENTS = 20
"""Documents of which some are held out whole; of fewer, sections are."""

HEADINGS_TO_TEST = 20
"""Pairs of headings and titles that are enough to stop by: then no held-out sentence counts beside them."""

LEAST_REST = 12
"""Words that a text must have beside the query that was made of it."""

SENTENCE_WORDS = range(6, 41)
"""Words of a sentence that asks for what stands around it."""

ROWS = 512
"""Queries that are compared with all passages at once."""


class PairKind(str, Enum):
    """Names what asks for a text."""

    HEADING = "heading"
    TITLE = "title"
    SENTENCE = "sentence"


@dataclass(frozen=True, slots=True)
class _Asked:
    """Holds a query, how it was made, and the row of the passage that it was made of."""

    query: str
    kind: PairKind
    row: int
    words: str
    """What of the passage the query was made of."""


def collection_pairs(
    collection: Collection, *, seed: int = 0, encoder: Encoder | None = None, most: int = MOST_PASSAGES
) -> list[Pair]:
    """Returns pairs that a collection gives of itself, each with negatives that its encoder finds near the query.

    A passage that is a near duplicate of another gives none and is nobody's negative, nor is what stands under the same
    heading, or scores above 0.95 of the positive (Moreira et al. 2024). A heading that stands above several sections
    is asked with what stands above it. `encoder` reads the queries (default: the collection's); of more than `most`
    passages, so many are drawn. Raises TrainingError where there are fewer than LEAST_PAIRS.
    """
    encoder = encoder or collection.encoder()
    with collection._reading() as (_, snapshot):
        rows, vectors = _distinct_passages(snapshot, most, seed)
    asked = [*_headings(rows), *_titles(rows), *_sentences(rows, seed)]
    pairs = list(_with_negatives(rows, vectors, asked, encoder, seed))
    if len(pairs) < LEAST_PAIRS:
        raise TrainingError(
            f"the collection gives {counted(len(pairs), 'pair')} of itself (headings, titles, and sentences within "
            f"passages), and {LEAST_PAIRS} are the least: an encoder can't be adapted to it"
        )
    return _tested_by_headings(pairs)


def passage_texts(collection: Collection, most: int, *, seed: int = 0) -> list[str]:
    """Returns the texts of a collection's passages, without titles and headings; of more than `most`, so many drawn."""
    with collection._reading() as (_, snapshot):
        ids = passage_spans(snapshot, lambda _: b"").ids
        drawn = np.sort(np.random.default_rng(seed).permutation(ids)[:most])
        return list(snapshot.texts(drawn.tolist()).values())


def _distinct_passages(snapshot: Snapshot, most: int, seed: int) -> tuple[list[PassageRow], Vectors]:
    """Returns passages in order, no two of them near duplicates, and their vectors."""
    ids = passage_spans(snapshot, lambda _: b"").ids
    drawn = np.sort(np.random.default_rng(seed).permutation(ids)[:most])
    vectors = snapshot.vectors_of(drawn)
    near = near_pairs(vectors, threshold_of(vectors, recorded_scale(snapshot)[1]).cosine)
    copies: set[int] = set()
    for first, second in sorted(zip(near.first.tolist(), near.second.tolist(), strict=True)):
        if first not in copies:
            copies.add(second)
    kept = [row for row in range(len(drawn)) if row not in copies]
    return snapshot.passages(drawn[kept].tolist()), vectors[kept]


def _headings(rows: Sequence[PassageRow]) -> Iterator[_Asked]:
    """Yields a query for the first passage of each section whose heading is of words, no names of a table's columns."""
    sections: dict[tuple[object, ...], int] = {}
    for row, passage in enumerate(rows):
        if passage.headings and " | " not in passage.headings[-1]:
            sections.setdefault((passage.document_id, *passage.headings), row)
    queries = {row: _words(rows[row].headings[-1]) for row in sections.values()}
    common = Counter(query.casefold() for query in queries.values())
    for row, query in queries.items():
        if common[query.casefold()] > 1 or _telling(query) < 2:
            above = [rows[row].title, *rows[row].headings[:-1]][-1]
            queries[row] = _words(f"{above} {query}") if above.strip() else ""
    common = Counter(query.casefold() for query in queries.values())
    for row, query in queries.items():
        if query and common[query.casefold()] == 1 and _telling(query) > 1:
            yield _Asked(query, PairKind.HEADING, row, rows[row].headings[-1])


def _titles(rows: Sequence[PassageRow]) -> Iterator[_Asked]:
    """Yields a query for the first passage of each document whose title no other has."""
    first: dict[int, int] = {}
    for row, passage in enumerate(rows):
        first.setdefault(passage.document_id, row)
    common = Counter(_words(rows[row].title).casefold() for row in first.values())
    for row in first.values():
        query = _words(rows[row].title)
        if common[query.casefold()] == 1 and _telling(query) > 1:
            yield _Asked(query, PairKind.TITLE, row, rows[row].title)


def _sentences(rows: Sequence[PassageRow], seed: int) -> Iterator[_Asked]:
    """Yields a sentence of each passage that has several, drawn; no heading, and no row of a table."""
    for row, passage in enumerate(rows):
        draw = random.Random(f"{seed} {passage.uri} {passage.start}")  # noqa: S311 - not for secrets
        found = [passage.text[slice(*span)].strip() for span in sentence_spans(passage.text)]
        above = " ".join(_words(text) for text in (passage.title, *passage.headings))
        fitting = [
            sentence
            for sentence in found
            if _length(sentence) in SENTENCE_WORDS and "|" not in sentence and _words(sentence) not in above
        ]
        if len(found) > 1 and fitting:
            sentence = draw.choice(fitting)
            yield _Asked(_words(sentence), PairKind.SENTENCE, row, sentence)


def _with_negatives(
    rows: Sequence[PassageRow], vectors: Vectors, asked: Sequence[_Asked], encoder: Encoder, seed: int
) -> Iterator[Pair]:
    """Yields pairs of what was asked, with texts that stand near the query and don't answer it."""
    documents = len({passage.document_id for passage in rows})
    for start in range(0, len(asked), ROWS):
        block = asked[start : start + ROWS]
        scores = encoder.encode_queries([one.query for one in block]) @ vectors.T
        for one, row_scores in zip(block, scores, strict=True):
            text = _text(rows[one.row], one.kind, hidden=one.words)
            if text is None:
                continue
            near = np.argsort(-row_scores, kind="stable")[:DEPTH].tolist()
            bar = SAFE_SHARE * row_scores[one.row]
            safe = [row for row in near if row_scores[row] < bar and not _answers(rows[row], rows[one.row], one.kind)]
            draw = random.Random(f"{seed} {one.kind.value} {one.query}")  # noqa: S311 - not for secrets
            texts = [_text(rows[row], one.kind) for row in drawn_negatives(safe, NEGATIVES, draw)]
            negatives = tuple(dict.fromkeys(other for other in texts if other is not None and other != text))
            if negatives:
                group = _group(rows[one.row], documents)
                yield Pair(one.query, text, negatives=negatives, kind=one.kind.value, group=group)


def _text(passage: PassageRow, kind: PairKind, *, hidden: str = "") -> str | None:
    """Returns a passage as it is read, without what asks for it; None where too little is left."""
    rest = passage.text.replace(hidden, " ").strip() if hidden else passage.text
    if hidden and _length(rest) < LEAST_REST:
        return None
    title = "" if kind is PairKind.TITLE else passage.title
    headings = passage.headings[:-1] if kind is PairKind.HEADING else passage.headings
    return reranker_text("" if title == hidden else title, [one for one in headings if one != hidden], rest)


def _answers(other: PassageRow, passage: PassageRow, kind: PairKind) -> bool:
    """Tells whether a passage may answer what was made of another: it stands under the same title or heading."""
    if other.document_id != passage.document_id:
        return False
    return kind is PairKind.TITLE or other.headings[: len(passage.headings)] == passage.headings


def _group(passage: PassageRow, documents: int) -> str:
    """Returns what is held out together: a document, or a section where there are few documents."""
    return passage.uri if documents >= MANY_DOCUMENTS else "\n".join([passage.uri, *passage.headings[:2]])


def _tested_by_headings(pairs: Sequence[Pair]) -> list[Pair]:
    """Leaves held-out sentences out where enough headings and titles are held out: those are more like questions."""
    sentence = PairKind.SENTENCE.value
    enough = sum(pair.held_out and pair.kind != sentence for pair in pairs) >= HEADINGS_TO_TEST
    return [pair for pair in pairs if not (enough and pair.held_out and pair.kind == sentence)]


def _words(text: str) -> str:
    return " ".join(text.split())


def _length(text: str) -> int:
    """Returns how many words a text has; in scripts that put no blanks between them, two characters are one."""
    return len(RUN.sub(" ", text).split()) + _unspaced(text)


def _telling(query: str) -> int:
    """Returns how many words of a query are looked up."""
    return max(len(content_words(query)), _unspaced(query))


def _unspaced(text: str) -> int:
    return sum(len(match[0]) // 2 for match in RUN.finditer(text))
