"""Tells whether an engine answers as the collection does that was loaded into it; only then is it answered from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from passagework.ingest.fleet.document_points import DocumentParts
from passagework.ingest.fleet.loading import Progress, served_folder
from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.collection.one_version import CollectionVersion
from passagework.retrieval.config import Settings
from passagework.retrieval.errors import ConfigError, StoreError
from passagework.retrieval.folder import publish, writer_lock
from passagework.retrieval.hits import Hits
from passagework.retrieval.models.encoder import Encoder
from passagework.retrieval.remote.served_snapshot import ServedSnapshot
from passagework.retrieval.remote.typed_tokens import DOCUMENT, PASSAGE, HasToken
from passagework.retrieval.store import Snapshot
from passagework.retrieval.types import Json, Stage, Vectors

K = 10
QUERIES = 200
SHARES = (None, 0.001, 0.02, 0.1, 0.5, 0.9)
"""The shares of the documents that the six filters let through; None is no filter."""

LEAST_RECALL = 0.98
LEAST_IDENTICAL = 0.99
SCORES = 1e-5
"""How far a score may lie from the collection's own."""

WORDS = 12
"""Words of a passage that are a query."""


@dataclass(frozen=True, slots=True)
class Verified:
    """Holds what was compared: counts here and there, digests, recall, short answers, and top tens that are the same.

    `problems` says in a line each what is wrong; without any, the served collection is answered from.
    """

    documents: tuple[int, int]
    passages: tuple[int, int]
    shards: int
    texts_equal: bool
    vectors_equal: bool
    recall: float
    short: Mapping[str, int]
    identical: float
    compared: int
    largest_difference: float
    problems: tuple[str, ...]

    def to_json(self) -> dict[str, Json]:
        """Returns what `passagework fleet verify --json` prints."""
        return {
            "documents": list(self.documents),
            "passages": list(self.passages),
            "shards": self.shards,
            "texts_equal": self.texts_equal,
            "vectors_equal": self.vectors_equal,
            f"recall@{K}": self.recall,
            "short": dict(self.short),
            "identical": self.identical,
            "compared": self.compared,
            "largest_difference": self.largest_difference,
            "problems": list(self.problems),
        }


def verify_collection(
    source: str | Path,
    collection: str | Path,
    *,
    queries: Sequence[str] | None = None,
    encoder: Encoder | str | None = None,
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> Verified:
    """Compares what an engine serves with the collection that was loaded into it, and publishes it where it is right.

    `queries` are those to ask (default: the beginnings of 200 passages, always the same). Each is asked with six
    filters, as a hybrid search; `progress` is called with how many were compared, and how many will be. Raises
    StoreError where `collection` was never loaded, or the engine doesn't answer.
    """
    source, collection = Path(source), Path(collection)
    folder = served_folder(collection) if collection.is_dir() else None
    if folder is None:
        raise StoreError(f"{collection} was never loaded: run `passagework fleet load` first")
    if queries is not None and not queries:
        raise ConfigError("there is no query to ask")
    settings = settings or Settings.from_environment()
    with ExitStack() as stack:
        stack.enter_context(writer_lock(collection))
        here = stack.enter_context(Collection.open(source, encoder=encoder, settings=settings))
        there = stack.enter_context(CollectionVersion(folder, encoder=here.encoder(), settings=settings))
        verified = _compared(here, there, queries, progress or (lambda *_: None))
        if not verified.problems:
            publish(collection, folder)
    return verified


def _compared(here: Collection, there: Collection, queries: Sequence[str] | None, progress: Progress) -> Verified:
    with here._reading() as (_, ours), there._reading() as (_, theirs):
        assert isinstance(theirs, ServedSnapshot)
        asked = list(queries) if queries is not None else _queries(ours)
        documents = (ours.document_count(), theirs.engine.count(HasToken((DOCUMENT,))))
        passages = (ours.passage_count(), theirs.engine.count(HasToken((PASSAGE,))))
        texts, vectors = _equal(ours, theirs)
        vectors_of_queries = here.encoder().encode_queries(asked)
        recall = _recall(ours, theirs, vectors_of_queries)
        filters = filters_of(ours)
        shards = theirs.engine.shards
    short, same, most = _asked(here, there, asked, filters, progress)
    compared = len(asked) * len(filters)
    share = same / compared
    found = Verified(documents, passages, shards, texts, vectors, recall, short, share, compared, most, ())
    return replace(found, problems=tuple(_problems(found)))


def _problems(found: Verified) -> list[str]:
    problems = []
    for name in ("documents", "passages"):
        ours, theirs = getattr(found, name)
        if ours != theirs:
            problems.append(f"the engine has {theirs} {name} of {ours}")
    if not found.texts_equal:
        problems.append("what the engine keeps of a document is not what the collection has")
    if not found.vectors_equal:
        problems.append("a vector of the engine is not that of the collection")
    if found.recall < LEAST_RECALL:
        problems.append(f"recall@{K} is {found.recall:.4f}, less than {LEAST_RECALL}")
    if any(found.short.values()):
        problems.append(f"{sum(found.short.values())} answers have fewer than {K} hits, though more match")
    if found.identical < LEAST_IDENTICAL:
        problems.append(f"{found.identical:.2%} of the top tens are the same, less than {LEAST_IDENTICAL:.0%}")
    return problems


def _equal(ours: Snapshot, theirs: ServedSnapshot) -> tuple[bool, bool]:
    """Tells whether the engine gives back of each document what the store has, and each vector, bit by bit."""
    texts = vectors = True
    kept = set(theirs.every_document())
    for row in ours.documents():
        if row.id not in kept:
            return False, False
        parts, of_parts = DocumentParts.kept(theirs.engine, theirs.reading.version(row.id))
        kept.discard(row.id)
        texts = texts and parts.digest == DocumentParts.read(ours, row.id).digest
        vectors = vectors and np.array_equal(of_parts, ours.vectors_of(list(parts.passages)))
    return texts and not kept, vectors


def _recall(ours: Snapshot, theirs: ServedSnapshot, queries: Vectors) -> float:
    """Returns the share of the nearest ten, compared with all vectors, that the engine finds."""
    ids, vectors = ours.passage_vectors()
    least = min(K, len(ids))
    hit = 0
    for query in queries:
        cosines = vectors @ query
        cut = np.partition(cosines, -least)[-least] - SCORES
        near = set(ids[cosines >= cut].tolist())
        hit += sum(one.id in near for one in theirs.engine.nearest(query, least, None, exact=False))
    return hit / (least * len(queries))


def filters_of(ours: Snapshot) -> dict[str, dict[str, Json] | None]:
    """Returns the filters by the share that they let through: documents drawn at random, always the same."""
    names = sorted(row.name or row.uri for row in ours.documents())
    drawn = np.random.default_rng(0).permutation(len(names))
    filters: dict[str, dict[str, Json] | None] = {}
    for share in SHARES:
        if share is None:
            filters["all"] = None
        else:
            few = [names[place] for place in drawn[: max(1, round(share * len(names)))][:10_000]]
            filters[f"{share:.1%}"] = {"document": {"$in": list(few)}}
    return filters


def _queries(ours: Snapshot) -> list[str]:
    ids = ours.passage_vectors()[0]
    drawn = np.sort(np.random.default_rng(0).permutation(ids)[:QUERIES])
    texts = ours.texts(drawn.tolist())
    begun = (" ".join(texts[one].split()[:WORDS]) for one in drawn.tolist())
    return [text for text in begun if text]


def _asked(
    here: Collection,
    there: Collection,
    queries: Sequence[str],
    filters: Mapping[str, dict[str, Json] | None],
    progress: Progress,
) -> tuple[dict[str, int], int, float]:
    """Returns the short answers by filter, the number of top tens that are the same, and how far scores differ."""
    short, same, most = dict.fromkeys(filters, 0), 0, 0.0
    for place, (name, where) in enumerate(filters.items()):
        for number, query in enumerate(queries, start=1):
            ours = here.search(query, k=K, stage=Stage.HYBRID, where=where)
            theirs = there.search(query, k=K, stage=Stage.HYBRID, where=where)
            short[name] += len(theirs) < len(ours)
            differences = _differences(ours, theirs)
            if differences is not None and max(differences, default=0.0) <= SCORES:
                same += 1
                most = max([most, *differences])
            progress(place * len(queries) + number, len(filters) * len(queries))
    return short, same, most


def _differences(ours: Hits, theirs: Hits) -> list[float] | None:
    """Returns how far the scores of the same hits lie apart; None for other hits, or another order of unequal ones."""
    if [hit.id for hit in ours] != [hit.id for hit in theirs]:
        return None
    return [abs(one.score - other.score) for one, other in zip(ours, theirs, strict=True)]
