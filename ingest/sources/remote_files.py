"""Files behind an address that fsspec knows: buckets (s3, gs, az), WebDAV, SFTP, SMB and others.

What the other side says of a file (its ETag, or size and time) tells whether it changed; only then is it copied here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from passagework.ingest.globs import Globs
from passagework.ingest.scan import FoundFile, Scan, Unread, unsupported
from passagework.ingest.sources.source import LocalCopies
from passagework.retrieval.errors import ConfigError, IngestError
from passagework.retrieval.extras import missing_modules, require
from passagework.retrieval.text import composed, one_line
from passagework.retrieval.types import Json

NOT_ELSEWHERE = frozenset(
    {
        *("file", "dir", "data", "reference", "simplecache", "filecache", "blockcache", "cached", "generic", "root"),
        *(
            "zip",
            "tar",
            "libarchive",
            "git",
            "http",
            "https",
            "asyncwrapper",
            "async_wrapper",
            "asynclocal",
            "pyscript",
        ),
    }
)
"""What fsspec knows beside file systems elsewhere: wrappers, archives, and what is ingested otherwise."""

_MARKS = (
    *("ETag", "etag", "md5Hash", "content_md5", "crc32c", "checksum", "generation", "version_id"),
    *("mtime", "LastModified", "last_modified", "modified", "updated"),
)
"""Names under which file systems say what a file's content or time is."""


def is_remote_scheme(scheme: str) -> bool:
    """Tells whether fsspec knows file systems by a scheme; false where it isn't installed."""
    if scheme in NOT_ELSEWHERE or missing_modules("remote-files"):
        return False
    import fsspec

    return scheme in fsspec.available_protocols()


class RemoteFiles:
    """Gets the files beneath an address such as `s3://bucket/docs`; what it needs to get in, fsspec is told elsewhere.

    That is its own configuration, or what the file system's library reads (AWS_PROFILE and so on). User and password
    may stand in the address, and are no part of documents' URIs.
    """

    gone: tuple[str, ...] = ()

    def __init__(self, address: str) -> None:
        require("remote-files")
        self._address = address
        parts = urlsplit(address)
        self.uri = f"{parts.scheme.lower()}://{parts.netloc.rpartition('@')[2]}{quote(parts.path)}".rstrip("/")
        self._system: Any = None
        self._root = ""
        self._names: dict[str, str] = {}
        """Of files whose name is another than its path says, which is in Unicode's composed form."""

    def scan(self, globs: Globs, supported: Callable[[Path], bool], copies: LocalCopies) -> Scan:
        """Lists all files, hidden ones apart, as of a folder.

        Raises IngestError where nothing is there, or a part can't be listed; ConfigError for a library that is missing.
        """
        from fsspec.core import url_to_fs

        try:
            self._system, self._root = url_to_fs(self._address)
            self._system.invalidate_cache()  # a watch looks again and again
            found = list(self._files(self._root, globs))
        except ImportError as error:
            raise ConfigError(one_line(f"{self.uri}: {error}")) from error
        except Exception as error:
            raise IngestError(one_line(f"{self.uri} can't be listed: {error or type(error).__name__}")) from error
        if not found:
            raise IngestError(f"there is nothing at {self.uri}: nothing was done, and nothing taken out")
        files: list[FoundFile] = []
        skipped: list[Unread] = []
        for name, relative, about in found:
            path = Path(relative)
            if not globs.take_file(relative):
                continue
            if not supported(path):
                skipped.append(Unread(path, relative, unsupported(path)))
                continue
            uri = self.uri if name == self._root else f"{self.uri}/{quote(relative)}"
            place, size = copies.place(relative), int(about.get("size") or 0)
            files.append(FoundFile(place, relative, uri, path, size, origin=self, digest=_digest(about)))
            if name != self._name(files[-1]):
                self._names[uri] = name
        return Scan(tuple(files), tuple(skipped), ())

    def fetch(self, file: FoundFile) -> None:
        """Copies a file to its place; raises IngestError where it can't be had."""
        try:
            self._system.get_file(self._names.get(file.uri) or self._name(file), str(file.path))
        except Exception as error:
            raise IngestError(one_line(f"can't be had: {error or type(error).__name__}")) from error

    def metadata(self, file: FoundFile, said: Mapping[str, Json]) -> Mapping[str, Json]:  # noqa: ARG002 - an Origin
        """Returns nothing: all that is known of a file is its address."""
        return {}

    def close(self) -> None:
        """Does nothing: fsspec keeps connections for whoever comes next."""

    def _name(self, file: FoundFile) -> str:
        return self._root if file.uri == self.uri else f"{self._root}/{file.root.as_posix()}"

    def _files(self, root: str, globs: Globs) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
        """Yields each file's own name, its path from the root, and what is known of it."""
        about = self._system.info(root)
        if about["type"] == "file":
            yield root, composed(root.rpartition("/")[2]), about
            return
        for folder, folders, names in self._system.walk(root, detail=True, on_error="raise"):
            above = composed(str(folder)[len(root) :].strip("/"))
            for name, inside in list(folders.items()):
                below = composed(f"{above}/{name}".strip("/"))
                if name.startswith(".") or inside.get("islink") or not globs.take_folder(below):
                    del folders[name]
            for name, inside in sorted(names.items()):
                if name and not name.startswith(".") and inside["type"] == "file":
                    yield inside["name"], composed(f"{above}/{name}".strip("/")), inside


def _digest(about: Mapping[str, Any]) -> str:
    """Returns what changes when a file does."""
    marks = {name: str(about[name]) for name in _MARKS if about.get(name)} or {"created": str(about.get("created"))}
    text = json.dumps({**marks, "size": str(about.get("size"))}, sort_keys=True)
    return f"marks:{hashlib.sha256(text.encode()).hexdigest()}"
