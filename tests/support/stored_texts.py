"""What a collection holds, by path."""

from __future__ import annotations

from pathlib import Path

from passagework.retrieval.folder import current_version
from passagework.retrieval.models.identity import recorded_encoder
from passagework.retrieval.store import Store


def stored_texts(collection: Path) -> dict[str, str]:
    """Each document's text; of a file of records, the last one's."""
    with Store.open(current_version(collection) / "store.db") as store, store.read() as snapshot:
        snapshot.dim = recorded_encoder(snapshot).dimension
        return {row.path: snapshot.document(row.id).text for row in list(snapshot.documents())}
