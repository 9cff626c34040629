"""The file of a saved index: one per generation, written atomically, its digest known before anyone trusts it.

8 bytes   PWINDEX1
8 bytes   length of the header, little endian
header    JSON: kind, dim, count, parameters
ids       count int64, little endian, at the next multiple of 64
payload   to the end of the file, at the next multiple of 64: the matrix (count, dim) float32, or what FAISS writes
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from passagework.retrieval.dense.index.vector_index import IndexKind
from passagework.retrieval.errors import ConfigError, StoreError
from passagework.retrieval.files import Write, write_atomically, write_problem
from passagework.retrieval.types import Ids

MAGIC = b"PWINDEX1"
ALIGNMENT = 64
"""Bytes: a cache line, and the widest vector register."""
MOST_HEADER = 1 << 16


@dataclass(frozen=True, slots=True)
class Header:
    """Tells what a file says of itself, and where its parts begin (bytes)."""

    kind: IndexKind
    dim: int
    count: int
    parameters: Mapping[str, int]
    ids_at: int
    payload_at: int


def write_index(
    path: Path,
    *,
    kind: IndexKind,
    dim: int,
    ids: Ids,
    parameters: Mapping[str, int],
    payload: Callable[[Write], object],
) -> str:
    """Writes one index as described above, and returns its sha256; raises StoreError on failure."""

    def body(write: Write) -> None:
        header = {"kind": kind.value, "dim": dim, "count": len(ids), "parameters": dict(parameters)}
        encoded = json.dumps(header, sort_keys=True).encode()
        at = write(MAGIC + len(encoded).to_bytes(8, "little") + encoded)
        at += write(bytes(-at % ALIGNMENT))
        at += write(np.ascontiguousarray(ids, dtype="<i8").tobytes())
        write(bytes(-at % ALIGNMENT))
        payload(write)

    return write_derived(path, body)


def write_derived(path: Path, content: Callable[[Write], object]) -> str:
    """Writes an index file, which can be made again from the store; returns its sha256. Raises StoreError."""
    try:
        return write_atomically(path, content)
    # FAISS reports its own failures, and those of the disk beneath it, as RuntimeError.
    except (OSError, RuntimeError) as error:
        raise StoreError(f"index file {path} can't be written: {write_problem(error)}") from error


def read_header(file: BinaryIO, size: int) -> Header:
    """Reads and checks the header of an open file of `size` bytes; raises ConfigError saying what is wrong."""
    start = file.read(16)
    length = int.from_bytes(start[8:], "little")
    if len(start) < 16 or start[:8] != MAGIC:
        raise ConfigError("it isn't an index file")
    if not 2 <= length <= min(MOST_HEADER, size - 16):
        raise ConfigError(f"its header claims {length} bytes")
    try:
        fields = json.loads(file.read(length))
        kind, parameters = IndexKind(fields["kind"]), {k: int(v) for k, v in fields["parameters"].items()}
        dim, count = int(fields["dim"]), int(fields["count"])
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise ConfigError(f"its header can't be understood: {error}") from error
    ids_at = _aligned(16 + length)
    payload_at = _aligned(ids_at + 8 * count)
    if dim < 1 or count < 0 or payload_at > size:
        raise ConfigError(f"{size} bytes can't hold its {count} vectors of {dim} dimensions")
    if kind is IndexKind.EXACT and size != payload_at + 4 * count * dim:
        raise ConfigError(f"{size} bytes found, {payload_at + 4 * count * dim} expected")
    return Header(kind, dim, count, parameters, ids_at, payload_at)


def _aligned(offset: int) -> int:
    return offset + -offset % ALIGNMENT
