"""Documents straight into a store, cut every few characters, with vectors that a test can predict."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from passagework.retrieval.store import NewPassage, SourceState, Store, Writer
from passagework.retrieval.types import Document, Heading, Hidden, Json, Masked, OcrSpan, Page, SourcePlace, Vectors

DIM = 4


def new_store(path: Path) -> Store:
    """A store for vectors of DIM dimensions, as its record says, and nothing committed to it yet."""
    Store.create(path).close()
    with closing(sqlite3.connect(path)) as database:
        database.execute("INSERT OR IGNORE INTO meta VALUES ('encoder', ?)", (json.dumps({"dimension": DIM}),))
        database.commit()
    return Store.open(path)


@contextmanager
def copied(empty: Path) -> Iterator[Store]:
    """A store of its own made from the file of an empty one, which is faster than making one."""
    with TemporaryDirectory() as folder, Store.open(Path(shutil.copy(empty, folder))) as store:
        yield store


def key_of(text: str) -> bytes:
    """The hash under which the vector of a text is stored."""
    return hashlib.blake2b(text.encode(), digest_size=16).digest()


def vector_of(text: str) -> Vectors:
    """(DIM,) float32, unit length, the same for the same text."""
    row = np.random.default_rng(int.from_bytes(key_of(text)[:8], "big")).standard_normal(DIM)
    return np.asarray(row / np.linalg.norm(row), dtype=np.float32)


def cut(text: str, size: int) -> list[NewPassage]:
    """The text in passages of `size` characters, hashed by what they say."""
    starts = range(0, len(text), size)
    return [NewPassage(i, min(i + size, len(text)), (), key_of(text[i : i + size]), False) for i in starts]


def put(
    writer: Writer,
    path: str,
    text: str,
    *,
    size: int = 10,
    passages: Sequence[NewPassage] | None = None,
    name: str | None = None,
    title: str = "",
    media_type: str = "text/plain",
    metadata: Mapping[str, Json] | None = None,
    pages: Sequence[Page] = (),
    headings: Sequence[Heading] = (),
    hidden: Sequence[Hidden] = (),
    places: Sequence[SourcePlace] = (),
    ocr: Sequence[OcrSpan] = (),
    masked: Sequence[Masked] = (),
    surroundings: str = "",
) -> int:
    """Stores a file of one document at `path` with the vectors of its passages, in place of an older one; its id."""
    passages = cut(text, size) if passages is None else passages
    known = writer.known_hashes([passage.hash for passage in passages])
    fresh = {p.hash: text[p.start : p.end] for p in passages if p.hash not in known}
    writer.put_vectors(list(fresh), np.array([vector_of(one) for one in fresh.values()]).reshape(-1, DIM))
    uri = f"file:///{path}"
    digest = hashlib.sha256(text.encode()).hexdigest()
    source = writer.put_source(uri=uri, path=path, sha256=digest, media_type=media_type, state=SourceState.DONE)
    document = Document(
        text=text,
        media_type=media_type,
        title=title,
        name=name,
        uri=uri,
        path=path,
        metadata=metadata or {},
        pages=tuple(pages),
        headings=tuple(headings),
        hidden=tuple(hidden),
        places=tuple(places),
        ocr=tuple(ocr),
        masked=tuple(masked),
        surroundings=surroundings,
    )
    old = writer.document_hashes(source).get(uri)
    writer.put_document(source, document, passages, sha256=digest, position=0, replaces=old[0] if old else None)
    return writer.document_hashes(source)[uri][0]
