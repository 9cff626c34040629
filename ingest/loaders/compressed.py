"""Compressed texts (gzip, bzip2, xz), inflated in memory within bounds, under the name that they have without."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from passagework.ingest.loaders.formats import COMPRESSED
from passagework.retrieval.errors import IngestError
from passagework.retrieval.text import one_line

MOST = 256 << 20
"""Bytes that a file may inflate to."""
_BLOCK = 1 << 20

_OPENERS: dict[str, Callable[[IO[bytes]], io.BufferedIOBase]] = {
    ".gz": lambda file: gzip.GzipFile(fileobj=file),
    ".bz2": bz2.BZ2File,
    ".xz": lzma.LZMAFile,
}


class InflatedPath(type(Path())):  # type: ignore[misc]  # PosixPath or WindowsPath, which only the instance tells
    """A path that nothing lies at: what `open`, for reading, and `read_bytes` give is held in memory."""

    _data: bytes

    def open(
        self,
        mode: str = "r",
        buffering: int = -1,  # noqa: ARG002 - as Path.open has it
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
    ) -> IO[Any]:
        """Opens the data for reading, as `Path.open` would a file."""
        binary = io.BytesIO(self._data)
        return binary if "b" in mode else io.TextIOWrapper(binary, encoding, errors, newline)


def inflated(path: Path) -> Path:
    """The file without its compression; `path` itself where its suffix promises none.

    Raises IngestError where it isn't compressed so, is damaged, or inflates to more than MOST bytes.
    """
    suffix = path.suffix.lower()
    if suffix not in COMPRESSED:
        return path
    whole = InflatedPath(path.with_suffix(""))
    with path.open("rb") as file:
        whole._data = _inflate(file, suffix)
    return whole


def _inflate(file: IO[bytes], suffix: str) -> bytes:
    parts: list[bytes] = []
    size = 0
    try:
        with _OPENERS[suffix](file) as stream:
            while part := stream.read(_BLOCK):
                size += len(part)
                if size > MOST:
                    raise IngestError(f"expands to more than {MOST >> 20} MiB: refused")
                parts.append(part)
    except (OSError, EOFError, lzma.LZMAError, zlib.error, ValueError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise IngestError(f"damaged or truncated {suffix}: {one_line(str(error), limit=160)}") from error
    return b"".join(parts)
