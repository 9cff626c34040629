"""Opens a file by its descriptor, under the path it goes by, in a process that can open no path."""

from __future__ import annotations

import errno
import io
import os
from pathlib import Path
from typing import IO, Any


class DescriptorPath(type(Path())):  # type: ignore[misc]  # PosixPath or WindowsPath, which only the instance tells
    """A path whose `open`, for reading, reads by a descriptor; `read_bytes` and `read_text` do too.

    Each opening has a place of its own in the file. Paths derived from this one are plain.
    """

    _file_descriptor: int | None

    @classmethod
    def of(cls, path: Path, descriptor: int) -> DescriptorPath:
        """Returns the file at `path` as it was opened; whoever opened `descriptor` closes it afterwards."""
        file = cls(path)
        file._file_descriptor = descriptor
        return file

    def open(
        self,
        mode: str = "r",
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
    ) -> IO[Any]:
        """Opens the descriptor for reading, as `Path.open` would; raises PermissionError for writing."""
        file_descriptor = getattr(self, "_file_descriptor", None)
        if file_descriptor is None:
            opened: IO[Any] = super().open(mode, buffering, encoding, errors, newline)
            return opened
        if not set(mode) <= set("rbt"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(self))
        raw = _DescriptorReader(file_descriptor)
        if buffering == 0 and "b" in mode:
            return raw  # type: ignore[return-value]  # a raw stream, as asked for
        binary = io.BufferedReader(raw, buffering if buffering > 1 else 1 << 16)
        return binary if "b" in mode else io.TextIOWrapper(binary, encoding, errors, newline)


class _DescriptorReader(io.RawIOBase):
    """Reads a descriptor from a place of its own; closing the stream leaves the descriptor open."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: os.fstat(self._descriptor).st_size}[whence]
        if base + offset < 0:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        self._at = base + offset
        return self._at

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        data = os.pread(self._descriptor, len(view), self._at)
        view[: len(data)] = data
        self._at += len(data)
        return len(data)

    def readall(self) -> bytes:
        pieces = []
        while piece := os.pread(
            self._descriptor, max(1 << 16, os.fstat(self._descriptor).st_size - self._at), self._at
        ):
            pieces.append(piece)
            self._at += len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)
