"""Saved postings: made of the text index where a collection is large, brought up to date by its changes.

Without them FTS5 answers, and slowly.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from passagework.retrieval.ids import ids_of_ranges
from passagework.retrieval.lexical.live_postings import LivePostings
from passagework.retrieval.lexical.postings import Postings
from passagework.retrieval.lexical.postings_file import load_postings, save_postings
from passagework.retrieval.store import ChangeKind, Generation, Snapshot, Store
from passagework.retrieval.store.generations import Generations, NewGeneration, Opened
from passagework.retrieval.store.snapshot import WORDS
from passagework.retrieval.store.vocabulary import in_memory_word_reader

LEAST_PASSAGES = 20_000
"""Passages: below, FTS5 answers a question in about 10 ms."""
LEAST_HOLDING = 64
"""Passages that hold a word whose postings are kept; FTS5 scores rarer ones in under a millisecond."""


def open_postings(snapshot: Snapshot, folder: Path) -> Opened[LivePostings] | None:
    """Returns the newest saved postings as of the snapshot; None where none is good."""
    return SAVED_POSTINGS.newest(snapshot, folder)[0]


def replay_postings(words: LivePostings, snapshot: Snapshot, change: int) -> LivePostings:
    """Returns the words as of the snapshot, from those as of `change`."""
    changes = snapshot.changes_since(change)
    removed = ids_of_ranges((change.first, change.last) for change in changes if change.kind is ChangeKind.REMOVE)
    first = min((change.first for change in changes if change.kind is ChangeKind.ADD), default=None)
    if first is None:
        return words.apply(removed=removed)
    with in_memory_word_reader(snapshot.passage_texts(first=first)) as reader:
        added = Postings.read(reader, least=1)
    return words.apply(added=added, removed=removed)


def refresh_postings(store: Store, folder: Path) -> None:
    """Saves new postings where a large collection has none that is good, or they lag far behind; drops those of others.

    Call it as the only writer. Raises StoreError where they can't be written.
    """
    with store.read() as snapshot:
        large = snapshot.passage_count() >= LEAST_PASSAGES
        older = snapshot.postings_generations()
        opened = open_postings(snapshot, folder) if large else None
    if not large:
        if older:
            drop_postings(store, folder)
    elif opened is None or opened.derived.needs_rebuild:
        rebuild_postings(store, folder)


def rebuild_postings(store: Store, folder: Path) -> None:
    """Counts the words of the text index anew, saves and records that; the one before stays to fall back on."""
    with store.read() as snapshot:
        change = snapshot.last_change()
        with snapshot.words() as reader:
            postings = Postings.read(reader, least=LEAST_HOLDING)
    parameters = {"least": LEAST_HOLDING, "words": len(postings.words), "postings": len(postings.rows)}
    # Dropped postings leave no number behind, and no name may come twice.
    new = NewGeneration(WORDS, secrets.token_hex(4), len(postings.ids), change, 1.0, dict(parameters))
    SAVED_POSTINGS.save(store, folder, new, lambda path: save_postings(postings, path))


def drop_postings(store: Store, folder: Path) -> None:
    """Forgets saved postings, so that FTS5 alone answers until there are new ones."""
    SAVED_POSTINGS.drop(store, folder)


def _load(path: Path, generation: Generation, snapshot: Snapshot) -> LivePostings:  # noqa: ARG001 - as all are loaded
    return LivePostings((load_postings(path, digest=generation.digest),))


SAVED_POSTINGS: Generations[LivePostings] = Generations(
    "w", recorded=Snapshot.postings_generations, load=_load, replay=replay_postings
)
