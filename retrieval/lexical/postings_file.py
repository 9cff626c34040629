"""The file of saved postings.

8 bytes   PWWORDS1
8 bytes   length of the header, little endian
header    JSON: passages, words, postings, characters
arrays    ids int64, lengths int32, starts int64, rows int32, counts uint16, words UTF-8 with a line each, all little
          endian, each at the next multiple of 64
"""

from __future__ import annotations

import json
import mmap
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from passagework.retrieval.dense.index.index_file import ALIGNMENT, MOST_HEADER, write_derived
from passagework.retrieval.errors import StoreError
from passagework.retrieval.files import Write, digest_open
from passagework.retrieval.lexical.postings import Postings

MAGIC = b"PWWORDS1"
WRITE_NUMBERS = 1 << 20


def save_postings(postings: Postings, path: Path) -> str:
    """Writes one file, atomically and durably; returns its sha256. Raises StoreError."""
    words = "\n".join(postings.words).encode()
    header = {
        "passages": len(postings.ids),
        "words": len(postings.words),
        "postings": len(postings.rows),
        "bytes": len(words),
    }

    def body(write: Write) -> None:
        encoded = json.dumps(header, sort_keys=True).encode()
        at = write(MAGIC + len(encoded).to_bytes(8, "little") + encoded)
        arrays: tuple[NDArray[Any], ...] = (postings.ids, postings.lengths, postings.starts)
        for array, kind in zip((*arrays, postings.rows, postings.counts), _TYPES, strict=True):
            at += write(bytes(-at % ALIGNMENT))
            for start in range(0, len(array), WRITE_NUMBERS):
                at += write(array[start : start + WRITE_NUMBERS].astype(kind).tobytes())
        write(bytes(-at % ALIGNMENT) + words)

    return write_derived(path, body)


def load_postings(path: Path, *, digest: str) -> Postings:
    """Loads the postings saved at `path`, memory-mapped, whose sha256 must be `digest`; raises StoreError."""
    try:
        with path.open("rb") as file:
            digest_found = digest_open(file)
            if digest_found != digest:
                raise StoreError(f"index file {path} is damaged: sha256 found {digest_found}, expected {digest}")
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except OSError as error:
        raise StoreError(f"index file {path} can't be read: {error.strerror or error}") from error
    try:
        return _read(mapped)
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"index file {path} is damaged: {error}") from error


def _read(mapped: mmap.mmap) -> Postings:
    length = int.from_bytes(mapped[8:16], "little")
    if mapped[:8] != MAGIC or length > MOST_HEADER:
        raise ValueError("it holds no postings")
    header = json.loads(mapped[16 : 16 + length])
    passages, words, postings = (int(header[name]) for name in ("passages", "words", "postings"))
    at = 16 + length
    arrays: list[Any] = []
    for kind, count in zip(_TYPES, (passages, passages, words + 1, postings, postings), strict=True):
        at += -at % ALIGNMENT
        arrays.append(np.frombuffer(mapped, kind, count, at))
        at += count * np.dtype(kind).itemsize
    at += -at % ALIGNMENT
    text = mapped[at : at + int(header["bytes"])].decode()
    numbers = {word: number for number, word in enumerate(text.split("\n") if words else ())}
    if len(numbers) != words:
        raise ValueError(f"{len(numbers)} words found, {words} expected")
    ids, lengths, starts, rows, counts = arrays
    return Postings(ids, lengths, numbers, starts, rows, counts)


_TYPES = ("<i8", "<i4", "<i8", "<i4", "<u2")
