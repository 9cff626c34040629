"""Files that were uploaded under an id, to be brought into a collection later: each in a folder of that name."""

from __future__ import annotations

import re
import secrets
import shutil
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

from passagework.retrieval.errors import IngestError
from passagework.retrieval.folder import UPLOADS
from passagework.ui.sources.uploads import arriving, upload_name

STORED_ID = re.compile(r"file-[0-9a-f]{24}")
"""The ids of such files: 96 random bits."""


def is_stored_id(identifier: str) -> bool:
    """Tells whether a text is such an id."""
    return STORED_ID.fullmatch(identifier) is not None


def keep_stored(part: Path, name: str) -> Path:
    """Gives a file that arrived whole a folder and an id of its own; returns its path."""
    folder = part.with_name(f"file-{secrets.token_hex(12)}")
    folder.mkdir()
    return part.replace(folder / upload_name(name))


def stored_file(collection: Path, identifier: str) -> Path | None:
    """Returns the path of a file in a collection's folder for uploads, None where none has the id."""
    if not is_stored_id(identifier):
        return None
    folder = collection / UPLOADS / identifier
    if folder.is_symlink() or not folder.is_dir():
        return None
    return next((file for file in folder.iterdir() if file.is_file() and not file.is_symlink()), None)


def stored_ids(collection: Path) -> list[str]:
    """Returns the ids of the files in a collection's folder for uploads, sorted."""
    return sorted(path.name for path in (collection / UPLOADS).glob("file-*") if is_stored_id(path.name))


def stored_id(uri: str) -> str | None:
    """Returns the id of the file of a URI, None for one that has none."""
    parts = unquote(urlsplit(uri).path).rsplit("/", 3)
    is_one = len(parts) == 4 and parts[1] == UPLOADS and is_stored_id(parts[2]) and "#" not in uri
    return parts[2] if is_one else None


def copy_stored(path: Path, collection: Path) -> Path:
    """Puts a file under its id into another collection's folder for uploads too; returns its path there.

    Raises IngestError where it can't be written.
    """
    folder = collection / UPLOADS / path.parent.name
    with arriving(collection, path.name) as part:
        shutil.copyfile(path, part)
        folder.mkdir(exist_ok=True)
        return part.replace(folder / path.name)


def remove_stored(path: Path) -> None:
    """Deletes a file with the folder of its id; raises IngestError where it can't."""
    try:
        path.unlink(missing_ok=True)
        with suppress(FileNotFoundError):
            path.parent.rmdir()
    except OSError as error:
        raise IngestError(f"{path} can't be deleted: {error.strerror or error}") from error
