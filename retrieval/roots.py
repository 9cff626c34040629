"""Where files come from: the root, a folder that was ingested, and the path of a file beneath it."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path, PureWindowsPath
from urllib.parse import quote, unquote, unquote_to_bytes, urlsplit

FILE_SCHEME = "file:"
RECORD_SCHEME = "record:"
"""How the URI of a document begins that came from no file; its name follows, percent-encoded."""


def record_uri(name: str) -> str:
    """Returns the URI of a document that a program added under this name."""
    return RECORD_SCHEME + quote(name, safe="")


def root_of(uri: str, path: str) -> str:
    """Returns the URI of the folder, or other source, that the `path` of a file with this `uri` is relative to.

    It is "" for what came from no file.
    """
    if "://" not in uri:
        return ""
    return uri.partition("#")[0].rsplit("/", path.count("/") + 1)[0]


def file_path(uri: str) -> Path | None:
    """Returns the file of this machine that a document's URI names, whatever its record; None for other URIs."""
    parts = urlsplit(uri)
    if parts.scheme != "file" or parts.netloc not in ("", "localhost"):
        return None
    return Path(path_of(uri))


def path_of(uri: str, *, windows: bool = os.name == "nt") -> str:
    """Returns the path that a file's `uri` was made of, whatever bytes its name has.

    A record's `#` and what follows is no part of it. On Windows the path in a URI has a slash before its drive.
    """
    parts = urlsplit(uri)
    if not windows:
        return os.fsdecode(unquote_to_bytes(parts.path))
    path = unquote(parts.path, errors="surrogatepass")
    if parts.netloc not in ("", "localhost"):
        return str(PureWindowsPath(f"//{parts.netloc}{path}"))  # a folder that another machine shares
    return str(PureWindowsPath(path[1:] if path[2:3] == ":" else path))


def shown_path(uri: str) -> str:
    """Returns the path of a file or folder as text: bytes that are not UTF-8 are U+FFFD. Of another source, its URI."""
    if "://" in uri and not uri.startswith(FILE_SCHEME):
        return uri
    return os.fsencode(path_of(uri)).decode("utf-8", "replace") or "/"


def uri_of(folder: str | Path) -> str:
    """Returns the URI of a folder or file, which need not be there; another source is named by its URI."""
    if isinstance(folder, str) and "://" in folder:
        return folder.rstrip("/")
    path = Path(folder).expanduser()
    return (Path(os.path.realpath(path)) if ".." in path.parts else path.absolute()).as_uri()


def is_beneath(uri: str, roots: Sequence[str]) -> bool:
    """Tells whether a file's `uri` is one of the roots' URIs, or lies in one, however their letters are composed."""
    place = _composed(uri)
    folders = (_composed(root).rstrip("/") for root in roots)
    return any(place == folder or place.startswith(f"{folder}/") for folder in folders)


def is_gone(uri: str) -> bool:
    """Tells whether nothing lies at a file's `uri`, or a folder in its place; never of what is no file.

    A link that leads nowhere is nothing; what lies in a folder that can't be looked into does not count as gone.
    """
    if not uri.startswith(FILE_SCHEME):
        return False
    try:
        status = Path(path_of(uri)).stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode)


def tell_apart(roots: Iterable[str]) -> dict[str, str]:
    """Maps the URIs of roots to the shortest ends of their paths that differ: `2023/docs` and `2024/docs`."""
    names = {root: [part for part in shown_path(root).replace("\\", "/").split("/") if part] for root in roots}
    labels: dict[str, str] = {}
    for root, parts in names.items():
        others = [other for other_root, other in names.items() if other_root != root]
        length = next(
            (n for n in range(1, len(parts)) if all(other[-n:] != parts[-n:] for other in others)), len(parts)
        )
        labels[root] = "/".join(parts[-length:]) or "/"
    return labels


def _composed(uri: str) -> str:
    return uri if uri.isascii() and "%" not in uri else unicodedata.normalize("NFC", os.fsdecode(unquote_to_bytes(uri)))
