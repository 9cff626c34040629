"""Back from an engine: a collection that lies here, made of what the engine keeps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from passagework.ingest.fleet.document_points import DocumentParts
from passagework.ingest.maintenance.exchange.export_layout import Exchanged, written_whole
from passagework.ingest.maintenance.exchange.exporting import size_of
from passagework.retrieval.dense.saved_indexes import save_index
from passagework.retrieval.errors import StoreError
from passagework.retrieval.folder import current_version, next_version, publish
from passagework.retrieval.remote.engine import Engine
from passagework.retrieval.remote.packed_rows import SEGMENTS, SPANS
from passagework.retrieval.remote.remote_record import is_served
from passagework.retrieval.remote.served_snapshot import ServedSnapshot
from passagework.retrieval.remote.served_version import ServedVersion
from passagework.retrieval.store import Store, Writer, schema as t
from passagework.retrieval.store.document_rows import merged, put_rows
from passagework.retrieval.store.rows import ChangeKind
from passagework.retrieval.store.seal import COMMITS

BATCH = 64
"""Documents between two commits."""


def fetch_collection(collection: str | Path, out: str | Path) -> Exchanged:
    """Makes a new collection in the folder `out` of what an engine serves: it answers as the served one did.

    Nothing is left where anything is wrong. Raises StoreError where `collection` isn't served, the engine lacks a part
    of what it should have, or something lies at `out` already.
    """
    collection, out = Path(collection), Path(out)
    folder = current_version(collection)
    if not is_served(folder):
        raise StoreError(f"{collection} is not served by an engine: export it, or copy it with --snapshot")
    version = ServedVersion(folder)
    try:
        with version.read() as snapshot, written_whole(out) as place:
            place.mkdir()
            made = next_version(place)
            with Store.create(made / "store.db") as store:
                _fill(store, snapshot)
                save_index(store, made / "index")
                store.checkpoint()
            publish(place, made)
            counts = snapshot.counts()
    finally:
        version.close()
    return Exchanged(str(out), counts["documents"], counts["passages"], size_of(out), ())


def _fill(store: Store, snapshot: ServedSnapshot) -> None:
    facts: dict[str, Any] = snapshot.catalogue.fact("meta") or {}
    with store.write() as writer:
        for key, value in facts.items():
            if key != COMMITS:
                writer.set_meta(key, value)
        former = [[key] for key in snapshot.former_field_names()]
        put_rows(writer.connection, {t.former_fields.name: former})
    documents = sorted(snapshot.every_document())
    for start in range(0, len(documents), BATCH):
        with store.write() as writer:
            for document in documents[start : start + BATCH]:
                _put(writer, snapshot.engine, snapshot.reading.version(document))
    with store.read() as written:
        counts = written.counts()
    expected = snapshot.counts()
    for name in ("documents", "passages"):
        if counts[name] != expected[name]:
            raise StoreError(f"the engine has {counts[name]} {name} of {expected[name]}: load the collection again")


def _put(writer: Writer, engine: Engine, version: int) -> None:
    """Puts one document as it was, with its passages and their vectors."""
    parts, vectors = DocumentParts.kept(engine, version)
    rows = {name: found for name, found in parts.rows.items() if name != SPANS}
    passages = merged(list(parts.passages.values()))
    put_rows(writer.connection, {**rows, SEGMENTS: parts.segments, **passages})
    if parts.passages:
        names = [column.name for column in t.passages.columns]
        writer.put_vectors([row[names.index("hash")] for row in passages["passages"]], vectors)
        writer.record_change(ChangeKind.ADD, min(parts.passages), max(parts.passages))
