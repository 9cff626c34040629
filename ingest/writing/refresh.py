"""Makes the files that are derived from a collection's database anew, where they lag behind it."""

from __future__ import annotations

from pathlib import Path

from passagework.retrieval.dense.saved_indexes import chosen_kind, open_index, save_index
from passagework.retrieval.lexical.saved_postings import refresh_postings
from passagework.retrieval.store import Store


def refresh_index(store: Store, folder: Path) -> None:
    """Saves a new index where none is good or the newest lags far behind, of the kind that somebody chose, if any.

    Until more has changed than 10,000 passages and a fifth of them, searches read what is new from SQLite. Postings of
    words are saved in the same way, where a collection is large.
    """
    if _index_lags(store, folder):
        with store.read() as snapshot:
            kind = chosen_kind(snapshot)
        save_index(store, folder / "index", kind=kind)
    refresh_postings(store, folder / "index")


def _index_lags(store: Store, folder: Path) -> bool:
    with store.read() as snapshot:
        if not snapshot.generations():  # nothing to open: it would be built here, and built again to be saved
            return snapshot.passage_count() > 0
        opened = open_index(snapshot, folder / "index")
        return opened.generation is None or bool(opened.set_aside) or opened.derived.needs_rebuild
