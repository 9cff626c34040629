"""Writes files that come through the browser into the collection's own `uploads` folder and nowhere else."""

from __future__ import annotations

import filecmp
import itertools
import os
import re
import time
import unicodedata
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PureWindowsPath

from passagework.ingest.loaders import OcrMode, supported
from passagework.ingest.loaders.formats import SUFFIXES
from passagework.ingest.loaders.speech.speech_extra import can_transcribe
from passagework.ingest.ocr_choice import OcrChoice
from passagework.ingest.scan import absolute
from passagework.retrieval.errors import ConfigError, IngestError
from passagework.retrieval.folder import UPLOADS
from passagework.retrieval.store import SourceRow
from passagework.retrieval.text import one_line, visible

UPLOAD_MEGABYTES = 100
"""The size of one file: a browser sends it whole, and it is held in memory until it is written."""

LONGEST_NAME = 120
"""Bytes of a name, its suffix included; file systems take 255."""

PART = ".part"
"""How the name of a file ends that is still arriving."""

FORGOTTEN_SECONDS = 600
"""After so long nothing more comes of a file that was arriving."""

_UNWANTED = re.compile(r'[\\/:*?"<>|]')
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com[1-9¹²³]|lpt[1-9¹²³])\s*(?:\.|$)", re.IGNORECASE)
"""Names that mean a device to Windows, whatever suffix follows."""


def readable(path: Path) -> bool:
    """Tells whether an ingest reads files of such a name; pictures and recordings only with the extra for them."""
    return supported(path, OcrChoice.of(OcrMode.AUTO).effective, speech=can_transcribe())


def readable_suffixes() -> list[str]:
    """Returns the suffixes of what can be uploaded."""
    return [suffix for suffix in SUFFIXES if readable(Path(f"a{suffix}"))]


def upload_name(name: str) -> str:
    """Returns the last part of a name, without what a file system or a shell might stumble over.

    Raises ConfigError for a type that can't be read, and for a name of which nothing is left.
    """
    last = PureWindowsPath(name.replace("\0", "")).name
    plain = _UNWANTED.sub("_", " ".join(visible(unicodedata.normalize("NFC", last)).split())).strip(" .")
    path = Path(plain)
    stem, suffix = path.stem.strip(" ."), path.suffix
    stem = f"_{stem}" if _DEVICES.match(stem) else stem
    if not stem or not suffix or not readable(path):
        types = " ".join(sorted(readable_suffixes()))
        raise ConfigError(f"{one_line(name, limit=80)}: supported types are {types}")
    room = LONGEST_NAME - len(suffix.encode())
    return stem.encode()[:room].decode(errors="ignore").rstrip(" .") + suffix


def save_upload(collection: Path, name: str, data: bytes) -> Path:
    """Writes a file beneath the collection, whole or not at all; another of that name gets a number.

    The same bytes under the same name are written once. Raises ConfigError for a name or size that is not taken,
    IngestError where it can't be written.
    """
    if len(data) > UPLOAD_MEGABYTES << 20:
        raise ConfigError(f"{one_line(name, limit=80)} is larger than {UPLOAD_MEGABYTES} MB")
    upload_name(name)  # a name that is not taken is told before anything is written
    with arriving(collection, name) as part:
        part.write_bytes(data)
        return keep_upload(part, name)


@contextmanager
def arriving(collection: Path, name: str) -> Iterator[Path]:
    """Gives the path of a new file in the collection's folder for uploads, to be written and kept; else it goes.

    Raises ConfigError where the folder leads elsewhere, IngestError where it can't be written.
    """
    folder = collection / UPLOADS
    try:
        folder.mkdir(exist_ok=True)
        if folder.resolve() != collection.resolve() / UPLOADS:
            raise ConfigError(f"{folder} leads out of the collection")
        part = folder / f".{uuid.uuid4().hex}{PART}"
        try:
            yield part
        finally:
            part.unlink(missing_ok=True)
    except OSError as error:
        raise IngestError(f"{one_line(name, limit=80)} can't be written: {error.strerror or error}") from error


def keep_upload(part: Path, name: str) -> Path:
    """Gives a file that arrived whole its name, or a numbered one where that is another file's; returns its path."""
    chosen = Path(upload_name(name))
    numbered = (f"{chosen.stem} ({number}){chosen.suffix}" for number in itertools.count(2))
    names = itertools.chain([chosen.name], numbered)
    return next(path for candidate in names if _is_stored(part, path := part.with_name(candidate)))


def sweep_parts(collection: Path) -> None:
    """Deletes what is left of uploads that never came whole, for their server was killed; younger ones may yet come."""
    for part in (collection / UPLOADS).glob(f".*{PART}"):
        with suppress(OSError):
            if time.time() - part.stat().st_mtime > FORGOTTEN_SECONDS:
                part.unlink()


def _is_stored(part: Path, path: Path) -> bool:
    """Tells whether the file is at `path` now, and not something else, which another session may put there at once."""
    try:
        _move_without_replacing(part, path)
    except FileExistsError:
        return path.is_file() and not path.is_symlink() and filecmp.cmp(part, path, shallow=False)
    return True


def _move_without_replacing(part: Path, path: Path) -> None:
    """Gives a whole file a name that nothing has, else raises FileExistsError."""
    try:
        os.link(part, path)
    except FileExistsError:
        raise
    except OSError:  # exFAT, and many a network drive, have no hard links
        path.touch(exist_ok=False)
        part.replace(path)


def uningested_uploads(collection: Path, sources: Iterable[SourceRow]) -> list[Path]:
    """Returns uploaded files that no ingest has seen, for the server ended before.

    One whose documents were deleted was seen.
    """
    folder = collection / UPLOADS
    uris = {source.uri for source in sources}
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    return [file for file in files if readable(file) and file.is_file() and absolute(file).as_uri() not in uris]


def remove_upload(collection: Path, path: Path) -> bool:
    """Deletes a file that was uploaded, and no other; returns whether it did. Raises IngestError where it can't."""
    folder = collection.resolve() / UPLOADS
    if path.parent.resolve() != folder or not path.is_file():
        return False
    try:
        path.unlink()
    except OSError as error:
        raise IngestError(f"{path} can't be deleted: {error.strerror or error}") from error
    return True
