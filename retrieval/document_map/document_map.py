"""A map of documents: those that are about the same lie beside each other, in groups that words name."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from passagework.retrieval.document_map.telling_words import telling_words
from passagework.retrieval.duplicates.candidates import PassageCandidates
from passagework.retrieval.duplicates.document_vectors import mean_vectors
from passagework.retrieval.store import Snapshot
from passagework.retrieval.types import Ids, Vectors

FEWEST, MOST_GROUPS = 6, 12
"""Documents from which there is more than one group, and groups at most: more colours can't be told apart."""

ROUNDS, SEED = 30, 0
READ = 200
"""Documents of a group that are read for the words that name it: those nearest to its centre."""


@dataclass(frozen=True, slots=True)
class DocumentGroup:
    """Is documents that are about the same, by the numbers that `documents` gives, the most typical first.

    `words` tell it from the others; there may be none.
    """

    words: tuple[str, ...]
    documents: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DocumentMap:
    """Holds groups of documents, the largest first, and where each document lies.

    `places` are by the documents' numbers, each coordinate from 0 to 1; `explained` is the share of the vectors'
    variance that lies in this plane: of little, neighbours on it may be far from each other.
    """

    groups: tuple[DocumentGroup, ...]
    places: dict[int, tuple[float, float]]
    explained: float


def map_documents(snapshot: Snapshot) -> DocumentMap:
    """Returns the map of all documents that have passages; it takes stored vectors, and encodes nothing."""
    passages = PassageCandidates.of(snapshot, None)
    ids, vectors = mean_vectors(passages.documents, passages.vectors, passages.ends - passages.starts)
    if not len(ids):
        return DocumentMap((), {}, 0.0)
    groups = group_vectors(vectors)
    first = dict(zip(passages.documents[::-1].tolist(), passages.ids[::-1].tolist(), strict=True))
    titles = {row.id: row.title for row in snapshot.documents()}
    read = []
    for rows in groups:
        documents = ids[rows[:READ]].tolist()
        texts = snapshot.texts([first[document] for document in documents])
        read.append([f"{titles.get(document, '')}\n{texts.get(first[document], '')}" for document in documents])
    places, explained = plane(vectors)
    return DocumentMap(
        tuple(
            DocumentGroup(words, tuple(ids[rows].tolist()))
            for words, rows in zip(telling_words(read), groups, strict=True)
        ),
        {document: (x, y) for document, (x, y) in zip(ids.tolist(), places.tolist(), strict=True)},
        explained,
    )


def group_vectors(vectors: Vectors) -> list[Ids]:
    """Returns the rows of each group, the largest group first, in each the nearest to its centre first.

    `vectors` are (n, dim) float32, unit rows. Groups are those of k-means on the sphere, begun as k-means++ does
    (Arthur and Vassilvitskii 2007), with always the same draws; there are as many as the root of half the rows.
    """
    count = 1 if len(vectors) < FEWEST else min(MOST_GROUPS, max(2, round(math.sqrt(len(vectors) / 2))))
    centres = _first_centres(vectors, count)
    for _ in range(ROUNDS):
        nearest = np.argmax(vectors @ centres.T, axis=1)
        sums = np.stack([vectors[nearest == group].sum(axis=0) for group in range(count)])
        norms = np.linalg.norm(sums, axis=1, keepdims=True)
        moved = np.where(norms > 0, sums / np.maximum(norms, 1e-12), centres).astype(np.float32)
        if np.allclose(moved, centres, atol=1e-6):
            break
        centres = moved
    similarities = vectors @ centres.T
    nearest = np.argmax(similarities, axis=1)
    groups = []
    for group in range(count):
        rows = np.flatnonzero(nearest == group)
        groups.append(rows[np.argsort(-similarities[rows, group], kind="stable")].astype(np.int64))
    return sorted((rows for rows in groups if len(rows)), key=len, reverse=True)


def plane(vectors: Vectors) -> tuple[Vectors, float]:
    """Returns (n, 2) float32 from 0 to 1: the two principal components, and the share of variance that they have."""
    centred = vectors - vectors.mean(axis=0)
    variances, axes = np.linalg.eigh((centred.T @ centred).astype(np.float64))
    axes = axes[:, ::-1][:, :2]
    axes = axes * np.where(axes[np.argmax(np.abs(axes), axis=0), [0, 1]] < 0, -1, 1)  # else their signs are anyone's
    flat = centred @ axes.astype(np.float32)
    span = np.ptp(flat, axis=0)
    total = float(variances.sum())
    explained = float(variances[-2:].sum()) / total if total > 1e-9 else 1.0
    return ((flat - flat.min(axis=0)) / np.where(span > 1e-9, span, 1)).astype(np.float32), explained


def _first_centres(vectors: Vectors, count: int) -> Vectors:
    draws = np.random.default_rng(SEED)
    chosen = [int(np.argmax(vectors @ vectors.mean(axis=0)))]
    while len(chosen) < count:
        far = np.maximum(0.0, 1 - np.max(vectors @ vectors[chosen].T, axis=1)).astype(np.float64)
        total = far.sum()
        chosen.append(int(draws.choice(len(vectors), p=far / total)) if total > 1e-9 else chosen[0])
    return vectors[chosen]
