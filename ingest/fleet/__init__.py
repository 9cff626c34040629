"""Collections that an engine serves: loaded from one that lies here, verified, kept up to date, and fetched back.

document_points.py      a document of the store as points of an engine
loading.py              a collection to an engine, and what changed since
engine_verification.py  whether the engine answers as the collection does
fetching.py             back from the engine to a collection that lies here
"""

from __future__ import annotations

from passagework.ingest.fleet.engine_verification import Verified, verify_collection
from passagework.ingest.fleet.fetching import fetch_collection
from passagework.ingest.fleet.loading import Loaded, load_collection

__all__ = ["Loaded", "Verified", "fetch_collection", "load_collection", "verify_collection"]
