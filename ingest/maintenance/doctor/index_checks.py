"""Checks saved indexes: none is ahead of the database, each matches its digest, the newest answers as a scan."""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from passagework.ingest.maintenance.doctor.check_context import VECTORS, CheckContext, Skipped
from passagework.ingest.maintenance.doctor.diagnosis import Remedy
from passagework.retrieval.dense.index import IndexKind, LiveIndex, VectorIndex, load_index
from passagework.retrieval.dense.index.build import RecallSample
from passagework.retrieval.dense.saved_indexes import replay_changes
from passagework.retrieval.errors import ConfigError, StoreError
from passagework.retrieval.lexical.postings_file import load_postings
from passagework.retrieval.store import Generation, Snapshot, integrity
from passagework.retrieval.text import counted
from passagework.retrieval.types import Ids, Vectors

SAMPLE = 100
"""Queries, made of the vectors, by which recall is measured."""

TOLERANCE = 0.03
"""How far recall@10 may lie below that measured when the index was built: changes since then move it a little."""


def check_changes(context: CheckContext) -> str:
    """Checks that no index covers a change that the database doesn't have, as if it had gone backwards."""
    with context.store.read() as snapshot:
        last = snapshot.last_change()
        for generation in _ahead(snapshot):
            covered = f"index {generation.file} covers {generation.change}"
            text = f"the database went backwards: it ends at change {last}, and {covered}"
            context.find("order", text, Remedy.GENERATION)
    return f"{counted(last, 'change')}"


def check_index(context: CheckContext) -> str:
    """Checks that every saved file is whole, and that the newest holds the stored vectors and finds the nearest."""
    with context.store.read() as snapshot:
        ahead = [generation.id for generation in _ahead(snapshot)]
        generations = [generation for generation in snapshot.generations() if generation.id not in ahead]
        passages = snapshot.passage_count()
        _check_words(context, snapshot)
        good = [
            (generation, index)
            for generation in generations
            if (index := _loaded(context, snapshot, generation)) is not None
        ]
        aside = _set_aside(context)
        if not good:
            return f"none is saved{aside}: searches make one of the vectors, and the next ingest saves it"
        if any(finding.check == "vectors" and finding.remedy is Remedy.VECTORS for finding in context.findings):
            raise Skipped("the vectors it is to be compared with are not all there")
        generation, index = good[0]
        ids, vectors = snapshot.passage_vectors()
        if index.ids.tolist() != ids.tolist():
            text = f"index {generation.file} holds {index.size:,} passages, not the {passages:,} that are there"
            context.find("index", text, Remedy.GENERATION)
            return "not compared"
        _compare(context, snapshot, index, ids, vectors)
        recall = RecallSample.draw(ids, vectors, SAMPLE).recall(index) if len(ids) > 1 else 1.0
        if recall < generation.recall - TOLERANCE:
            figures = f"finds {recall:.3f} of the 10 nearest, and found {generation.recall:.3f} when built"
            context.find("index", f"index {generation.file} {figures}", Remedy.GENERATION)
        return f"{generation.kind}, recall@10 {recall:.3f} against a scan of {counted(len(ids), 'passage')}{aside}"


def _check_words(context: CheckContext, snapshot: Snapshot) -> None:
    """Checks that saved postings are what they were when they were saved."""
    for generation in snapshot.postings_generations():
        _check_postings(context, generation)


def _check_postings(context: CheckContext, generation: Generation) -> None:
    try:
        load_postings(context.folder / "index" / generation.file, digest=generation.digest)
    except StoreError as error:
        context.find("index", f"{error}; searches are complete without it", Remedy.GENERATION)


def _ahead(snapshot: Snapshot) -> list[Generation]:
    last = snapshot.last_change()
    return [generation for generation in snapshot.generations() if generation.change > last]


def index_problem(context: CheckContext, snapshot: Snapshot, generation: Generation) -> str | None:
    """Returns what is wrong with a saved index, None where it is as it was saved."""
    try:
        _base(context, snapshot, generation)
    except StoreError as error:
        return str(error)
    return None


def _loaded(context: CheckContext, snapshot: Snapshot, generation: Generation) -> LiveIndex | None:
    try:
        return replay_changes(LiveIndex(_base(context, snapshot, generation)), snapshot, generation.change)
    except StoreError as error:
        context.find("index", f"{error}; searches are complete without it", Remedy.GENERATION)
        return None


def _base(context: CheckContext, snapshot: Snapshot, generation: Generation) -> VectorIndex:
    try:
        return load_index(
            context.folder / "index" / generation.file,
            digest=generation.digest,
            kind=IndexKind(generation.kind),
            dim=snapshot.dim,
            count=generation.count,
        )
    except ConfigError as error:  # FAISS is needed, and not installed
        raise Skipped(str(error)) from error


def _compare(context: CheckContext, snapshot: Snapshot, index: LiveIndex, ids: Ids, vectors: Vectors) -> None:
    """Compares the database's vectors with those of a lossless index, which its digest proves: the index is right."""
    if not index.lossless or not len(ids):
        return
    _, index_vectors = index.vectors(ids)
    bad = ids[np.any(index_vectors != vectors, axis=1)]
    if len(bad):
        text = f"{counted(len(bad), 'passage')} with another vector than the index has, whose digest is right"
        context.find("vectors", text, Remedy.VECTORS)
        context.bad[VECTORS].extend(integrity.hashes_of(snapshot, bad.tolist()))


def _set_aside(context: CheckContext) -> str:
    with suppress(OSError):
        damaged = sum(".damaged" in entry.name for entry in (context.folder / "index").iterdir())
        return f"; {counted(damaged, 'damaged file')} set aside earlier" if damaged else ""
    return ""
