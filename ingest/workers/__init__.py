"""Parses files in a pool of processes: a parser that hangs, dies or swallows the memory costs one document.

with ParserPool(2) as pool:
    for loaded in pool.load_all([LoadRequest(path)]):
        for item in loaded.items:      # Document | RecordFailure; IngestError at the end of a file that failed
            ...

pool.py             threads, one a parser: each takes files from the queue and hands them to its parser
load_queue.py       what lies between the caller, who takes files in order, and those threads
process.py          a parser process, seen from outside
child.py            the same from inside: locks itself in, then calls `load` of `passagework.ingest.loaders`
messages.py         documents as lines of JSON, from one to the other
descriptor_path.py  the file that a parser is given, open, in place of a path
limits.py           of time, memory and output
"""

from passagework.ingest.workers.load_queue import LoadRequest
from passagework.ingest.workers.pool import Loaded, ParserPool

__all__ = ["LoadRequest", "Loaded", "ParserPool"]
