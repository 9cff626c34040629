"""Loads a saved index: digest first, then bounds, then FAISS, which trusts whatever it reads."""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from passagework.retrieval.dense.index.exact import ExactIndex
from passagework.retrieval.dense.index.faiss_index import FaissIndex
from passagework.retrieval.dense.index.faiss_library import load_faiss
from passagework.retrieval.dense.index.index_file import Header, read_header
from passagework.retrieval.dense.index.vector_index import IndexKind, VectorIndex
from passagework.retrieval.errors import ConfigError, StoreError
from passagework.retrieval.files import READ_BYTES, digest_open
from passagework.retrieval.forks import ForkSafeLock
from passagework.retrieval.types import Ids, Vectors

_reading = ForkSafeLock()
"""FAISS's byte limit belongs to the process, so one file is read at a time."""


def load_index(path: Path, *, digest: str, kind: IndexKind, dim: int, count: int) -> VectorIndex:
    """Loads the index saved at `path`, whose sha256 must be `digest`; an exact one is memory-mapped, not copied.

    Raises StoreError where the file is missing, damaged, or not of this kind, dimension and count; ConfigError
    where FAISS is needed and isn't installed.
    """
    if kind is not IndexKind.EXACT:
        load_faiss()
    try:
        with path.open("rb") as file:
            digest_found = digest_open(file)
            if digest_found != digest:
                raise ConfigError(f"sha256 found {digest_found}, expected {digest}")
            file.seek(0)
            header = read_header(file, os.fstat(file.fileno()).st_size)
            expected = (kind, dim, count)
            if (header.kind, header.dim, header.count) != expected:
                shape = f"{header.kind.value} of {header.count} x {header.dim}"
                raise ConfigError(f"{shape} found, {kind.value} of {count} x {dim} expected")
            return _read_exact(file, header) if kind is IndexKind.EXACT else _read_faiss(file, header)
    except ConfigError as error:
        raise StoreError(f"index file {path} is damaged: {error}") from error
    # FAISS reports a file that it can't read as RuntimeError, and one that asks for too much as MemoryError.
    except (OSError, RuntimeError, MemoryError) as error:
        raise StoreError(f"index file {path} can't be read: {_reason(error)}") from error


def _reason(error: Exception) -> str:
    """Returns the reason in one line: FAISS adds where in its source it noticed."""
    return " ".join((getattr(error, "strerror", None) or str(error)).split())


def _read_exact(file: BinaryIO, header: Header) -> ExactIndex:
    """Maps the very file that was checked: were its name given to another meanwhile, this one would stay.

    It is copy-on-write, since torch warns of memory that can't be written; nobody writes.
    """
    mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    ids = np.frombuffer(mapped, "<i8", header.count, header.ids_at)
    matrix: Vectors = np.frombuffer(mapped, "<f4", header.count * header.dim, header.payload_at)
    return ExactIndex(ids, matrix.reshape(header.count, header.dim))


def _read_faiss(file: BinaryIO, header: Header) -> FaissIndex:
    faiss = load_faiss()
    file.seek(header.ids_at)
    ids: Ids = np.frombuffer(file.read(8 * header.count), "<i8")
    file.seek(header.payload_at)
    # No array in a file is larger than the file; FAISS counts the table it may make of product codes (float32) too.
    table = 4 * 256 * header.parameters.get("nlist", 0) * header.parameters.get("parts", 0)
    with _byte_limit(faiss, os.fstat(file.fileno()).st_size + table):
        index = faiss.read_index(faiss.PyCallbackIOReader(file.read, READ_BYTES))
    class_name = type(index).__name__
    if class_name not in faiss_class(header.kind):
        raise ConfigError(f"FAISS {class_name} found, {header.kind.value} expected")
    if (index.d, index.ntotal) != (header.dim, header.count):
        raise ConfigError(f"{index.ntotal} x {index.d} found by FAISS, {header.count} x {header.dim} expected")
    return FaissIndex(header.kind, ids, header.parameters, index)


def faiss_class(kind: IndexKind) -> tuple[str, ...]:
    """Returns FAISS's names for what `kind` is made of."""
    return {
        IndexKind.EXACT: (),
        IndexKind.FLAT: ("IndexFlat", "IndexFlatIP"),
        IndexKind.HNSW: ("IndexHNSWFlat",),
        IndexKind.IVF_FLAT: ("IndexIVFFlat",),
        IndexKind.IVF_SQ8: ("IndexIVFScalarQuantizer",),
        IndexKind.IVF_PQ: ("IndexIVFPQ",),
    }[kind]


@contextmanager
def _byte_limit(faiss: Any, most: int) -> Iterator[None]:
    """Limits the bytes of each array that FAISS makes inside; versions before the limit came go without it."""
    with _reading:
        if not hasattr(faiss, "set_deserialization_vector_byte_limit"):
            yield
            return
        before = faiss.get_deserialization_vector_byte_limit()
        faiss.set_deserialization_vector_byte_limit(most)
        try:
            yield
        finally:
            faiss.set_deserialization_vector_byte_limit(before)
