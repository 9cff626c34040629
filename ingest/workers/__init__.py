"""Parses files in a pool of processes: a parser that hangs, dies or swallows the memory costs one document.

with ParserPool(2) as pool:
    for loaded in pool.load_all([LoadRequest(path)]):
        for item in loaded.items:      # Document | RecordFailure; IngestError at the end of a file that failed
            ...
"""

from passagework.ingest.workers.load_queue import LoadRequest
from passagework.ingest.workers.pool import Loaded, ParserPool

__all__ = ["LoadRequest", "Loaded", "ParserPool"]
