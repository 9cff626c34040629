"""Copies a collection so that it opens elsewhere, while others search it and write to it."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path

from passagework.ingest.maintenance.exchange.export_layout import Exchanged, written_whole
from passagework.ingest.maintenance.exchange.exporting import size_of
from passagework.ingest.maintenance.exchange.side_files import ALL, copy_side_files
from passagework.ingest.writing.refresh import refresh_index
from passagework.retrieval.folder import current_version, publish
from passagework.retrieval.store import Store
from passagework.retrieval.store.generations import check_whole


def snapshot_collection(collection: str | Path, out: str | Path) -> Exchanged:
    """Copies the live version, as of one moment, to the new folder `out`, with its index and what lies beside it.

    Those are judgments, preferences, uploaded files and measured runs. Documents keep the addresses that they were
    ingested from.
    Raises StoreError where there is no collection, where it is damaged, where something lies at `out` already or it
    can't be written.
    """
    collection, out = Path(collection), Path(out)
    live = current_version(collection)
    with Store.open(live / "store.db") as store:
        check_whole(store)
        with written_whole(out) as place:
            folder = place / live.name
            folder.mkdir(parents=True)
            store.copy_to(folder / "store.db")
            with Store.open(folder / "store.db") as copy:
                with copy.read() as snapshot:
                    files = [generation.file for generation in snapshot.generations() + snapshot.postings_generations()]
                    counts = snapshot.counts()
                (folder / "index").mkdir()
                for name in files:
                    with suppress(FileNotFoundError):  # a writer may have swept it; the rest makes a new one
                        shutil.copyfile(live / "index" / name, folder / "index" / name)
                refresh_index(copy, folder)
                copy.checkpoint()
            carried = copy_side_files(collection, place, ALL)
            publish(place, folder)
    return Exchanged(str(out), counts["documents"], counts["passages"], size_of(out), carried)
