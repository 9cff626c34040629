"""Saved indexes: none covers more than the database holds, each is its digest's, and the newest answers as a scan."""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from passagework.ingest.maintenance.doctor.chart import VECTORS, Chart, Skipped
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
"""Of recall@10 below what was measured when the index was built: changes since then move it a little."""


def check_changes(chart: Chart) -> str:
    """No index covers a change that the database doesn't have: it would have gone backwards."""
    with chart.store.read() as snapshot:
        last = snapshot.last_change()
        for one in _ahead(snapshot):
            text = f"the database went backwards: it ends at change {last}, and index {one.file} covers {one.change}"
            chart.find("order", text, Remedy.GENERATION)
    return f"{counted(last, 'change')}"


def check_index(chart: Chart) -> str:
    """Every saved file is whole; the newest, with the changes since, holds the stored vectors and finds the nearest."""
    with chart.store.read() as snapshot:
        ahead = [one.id for one in _ahead(snapshot)]
        generations = [one for one in snapshot.generations() if one.id not in ahead]
        passages = snapshot.passage_count()
        _check_words(chart, snapshot)
        good = [(one, index) for one in generations if (index := _loaded(chart, snapshot, one)) is not None]
        aside = _set_aside(chart)
        if not good:
            return f"none is saved{aside}: searches make one of the vectors, and the next ingest saves it"
        if any(finding.check == "vectors" and finding.remedy is Remedy.VECTORS for finding in chart.findings):
            raise Skipped("the vectors it is to be compared with are not all there")
        generation, index = good[0]
        ids, vectors = snapshot.passage_vectors()
        if index.ids.tolist() != ids.tolist():
            text = f"index {generation.file} holds {index.size:,} passages, not the {passages:,} that are there"
            chart.find("index", text, Remedy.GENERATION)
            return "not compared"
        _compare(chart, snapshot, index, ids, vectors)
        recall = RecallSample.draw(ids, vectors, SAMPLE).recall(index) if len(ids) > 1 else 1.0
        if recall < generation.recall - TOLERANCE:
            found = f"finds {recall:.3f} of the 10 nearest, and found {generation.recall:.3f} when built"
            chart.find("index", f"index {generation.file} {found}", Remedy.GENERATION)
        return f"{generation.kind}, recall@10 {recall:.3f} against a scan of {counted(len(ids), 'passage')}{aside}"


def _check_words(chart: Chart, snapshot: Snapshot) -> None:
    """Saved postings are what they were when they were saved."""
    for one in snapshot.postings_generations():
        _check_postings(chart, one)


def _check_postings(chart: Chart, generation: Generation) -> None:
    try:
        load_postings(chart.folder / "index" / generation.file, digest=generation.digest)
    except StoreError as error:
        chart.find("index", f"{error}; searches are complete without it", Remedy.GENERATION)


def _ahead(snapshot: Snapshot) -> list[Generation]:
    last = snapshot.last_change()
    return [one for one in snapshot.generations() if one.change > last]


def index_problem(chart: Chart, snapshot: Snapshot, generation: Generation) -> str | None:
    """What is wrong with a saved index, None where it is as it was saved."""
    try:
        _base(chart, snapshot, generation)
    except StoreError as error:
        return str(error)
    return None


def _loaded(chart: Chart, snapshot: Snapshot, generation: Generation) -> LiveIndex | None:
    try:
        return replay_changes(LiveIndex(_base(chart, snapshot, generation)), snapshot, generation.change)
    except StoreError as error:
        chart.find("index", f"{error}; searches are complete without it", Remedy.GENERATION)
        return None


def _base(chart: Chart, snapshot: Snapshot, generation: Generation) -> VectorIndex:
    try:
        return load_index(
            chart.folder / "index" / generation.file,
            digest=generation.digest,
            kind=IndexKind(generation.kind),
            dim=snapshot.dim,
            count=generation.count,
        )
    except ConfigError as error:  # FAISS is needed, and not installed
        raise Skipped(str(error)) from error


def _compare(chart: Chart, snapshot: Snapshot, index: LiveIndex, ids: Ids, vectors: Vectors) -> None:
    """The vectors of a lossless index are proved by its digest: where the database's differ, those are damaged."""
    if not index.lossless or not len(ids):
        return
    _, kept = index.vectors(ids)
    bad = ids[np.any(kept != vectors, axis=1)]
    if len(bad):
        text = f"{counted(len(bad), 'passage')} with another vector than the index has, whose digest is right"
        chart.find("vectors", text, Remedy.VECTORS)
        chart.bad[VECTORS].extend(integrity.hashes_of(snapshot, bad.tolist()))


def _set_aside(chart: Chart) -> str:
    with suppress(OSError):
        found = sum(".damaged" in entry.name for entry in (chart.folder / "index").iterdir())
        return f"; {counted(found, 'damaged file')} set aside earlier" if found else ""
    return ""
