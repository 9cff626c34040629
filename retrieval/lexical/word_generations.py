"""Saved postings: made of the text index where a collection is large, brought up to date by its changes.

Like saved vector indexes they are derived, and the only copy of nothing: without them FTS5 answers, and slowly.
"""

from __future__ import annotations

import contextlib
import logging
import re
import secrets
from collections.abc import Set
from datetime import datetime, timezone
from pathlib import Path

from passagework.retrieval.dense.generations import KEPT, ids_of_removed, made_ready
from passagework.retrieval.errors import StoreError
from passagework.retrieval.files import set_aside
from passagework.retrieval.lexical.live_words import LiveWords
from passagework.retrieval.lexical.postings import Postings
from passagework.retrieval.lexical.postings_file import load_postings, save_postings
from passagework.retrieval.store import Snapshot, Store
from passagework.retrieval.store.snapshot import WORDS
from passagework.retrieval.store.vocabulary import counting

LEAST_PASSAGES = 20_000
"""Below, FTS5 answers a question in about 10 ms."""
LEAST_HOLDING = 64
"""Passages that hold a word whose postings are kept; FTS5 scores rarer ones in under a millisecond."""

NAME = re.compile(r"\.?w\d{6,}-")
"""At the start of a file's name, and of its name while it is being written."""

_log = logging.getLogger(__name__)


def open_words(snapshot: Snapshot, folder: Path) -> tuple[LiveWords, int] | None:
    """The newest saved postings as of the snapshot, and the change they stand at; None where none is good.

    A damaged file is set aside with the ending `.damaged`.
    """
    last = snapshot.last_change()
    for generation in snapshot.word_generations():
        if generation.change > last:
            continue  # the database went backwards
        path = folder / generation.file
        try:
            saved = load_postings(path, digest=generation.digest)
        except StoreError as error:
            _log.warning("%s; searches are complete without it, and `passagework ingest` saves a new one", error)
            with contextlib.suppress(OSError):
                if path.exists():
                    set_aside(path)
            continue
        return replay_words(LiveWords((saved,)), snapshot, generation.change), last
    return None


def replay_words(words: LiveWords, snapshot: Snapshot, change: int) -> LiveWords:
    """The words as of the snapshot, from those as of `change`."""
    changes = snapshot.changes_since(change)
    removed = ids_of_removed([one for one in changes if one.kind == "remove"])
    first = min((one.first for one in changes if one.kind == "add"), default=None)
    if first is None:
        return words.apply(removed=removed)
    with counting(snapshot.passage_texts(first=first)) as reader:
        added = Postings.read(reader, least=1)
    return words.apply(added=added, removed=removed)


def refresh_words(store: Store, folder: Path) -> None:
    """Saves new postings where a large collection has none that is good, or they lag far behind; drops those of others.

    Call it as the only writer. Raises StoreError where they can't be written.
    """
    with store.read() as snapshot:
        large = snapshot.passage_count() >= LEAST_PASSAGES
        older = snapshot.word_generations()
        opened = open_words(snapshot, folder) if large else None
    if not large:
        if older:
            drop_words(store, folder)
    elif opened is None or opened[0].needs_rebuild:
        save_words(store, folder)


def save_words(store: Store, folder: Path) -> None:
    """Counts the words of the text index anew, saves and records that; the one before stays to fall back on."""
    with store.read() as snapshot:
        change = snapshot.last_change()
        older = snapshot.word_generations()
        with snapshot.words() as reader:
            postings = Postings.read(reader, least=LEAST_HOLDING)
    # No name comes twice: another process may be about to open a file by its name.
    name = f"w{made_ready(folder, older):06d}-{secrets.token_hex(4)}.index"
    kept = [one for one in older if (folder / one.file).is_file()][: KEPT - 1]
    digest = save_postings(postings, folder / name)
    with store.write() as writer:
        writer.put_generation(
            {
                "file": name,
                "kind": WORDS,
                "digest": digest,
                "count": len(postings.ids),
                "change": change,
                "recall": 1.0,
                "parameters": {"least": LEAST_HOLDING, "words": len(postings.words), "postings": len(postings.rows)},
                "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            }
        )
        writer.drop_generations([one.id for one in older if one not in kept])
    _sweep(folder, {name, *(one.file for one in kept)})


def drop_words(store: Store, folder: Path) -> None:
    """Forgets saved postings, so that FTS5 alone answers until there are new ones."""
    with store.write() as writer:
        writer.drop_generations([one.id for one in writer.word_generations()])
    _sweep(folder, set())


def _sweep(folder: Path, wanted: Set[str]) -> None:
    """Takes out older postings, and what a killed run left half written."""
    for entry in folder.iterdir():
        if NAME.match(entry.name) and entry.name not in wanted and entry.suffix in (".index", ".tmp"):
            with contextlib.suppress(OSError):
                entry.unlink()
