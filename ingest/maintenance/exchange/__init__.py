"""Exports a collection as Parquet files, makes one of such files, and copies one that is in use.

layout.py      the files, their columns, and what stands in their schema
exporting.py   a collection to files
importing.py   files to a new collection
snapshot.py    a collection to another folder, while others write
"""

from __future__ import annotations

from passagework.ingest.maintenance.exchange.copying import snapshot_collection
from passagework.ingest.maintenance.exchange.export_layout import Exchanged
from passagework.ingest.maintenance.exchange.exporting import export_collection
from passagework.ingest.maintenance.exchange.importing import import_collection

__all__ = ["Exchanged", "export_collection", "import_collection", "snapshot_collection"]
