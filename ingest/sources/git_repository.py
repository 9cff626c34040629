"""The tracked files of a git repository at a commit: only blobs that are not on record are read.

Git itself lists and reads them, from its objects: what lies in the working tree doesn't matter, nothing of the
repository is executed (no hooks, filters or text conversion), and nothing is fetched from another machine.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from passagework.ingest.globs import Globs
from passagework.ingest.scan import FoundFile, Scan, Unread, unsupported
from passagework.ingest.sources.source import LocalCopies
from passagework.retrieval.errors import IngestError
from passagework.retrieval.text import composed, one_line
from passagework.retrieval.types import Json

if TYPE_CHECKING:
    from typing import IO

SCHEME = "git+"
LINK, REPOSITORY = "120000", "160000"
"""Modes of entries that are no files: a symbolic link, and the commit of another repository."""

_OPTIONS = (
    "--no-replace-objects",
    "--literal-pathspecs",
    "-c",
    "core.fsmonitor=false",
    "-c",
    "log.showSignature=false",
)
_ENVIRONMENT = {"GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
_LFS = b"version https://git-lfs.github.com/spec/"
_PIECE = 1 << 20
_PIECE_OF_LOG = 1 << 14
"""Bytes; the log of a long history is read no further than it has to be."""
_ADDRESS = re.compile(r"(?P<folder>.+?)(?:@(?P<revision>[^@/\\][^@\\]*))?")


class GitRepository:
    """Is a repository at a revision: a branch, a tag, or anything else that names a commit; HEAD unless told.

    Its documents have as metadata the `commit` that changed them last, and its author's `date`.
    """

    gone: tuple[str, ...] = ()

    def __init__(self, folder: Path, revision: str = "HEAD") -> None:
        self._folder, self._revision = folder.absolute(), revision
        self._commit = ""
        self._blobs: dict[str, str] = {}
        self._changes: Iterator[tuple[str, dict[str, Json]]] = iter(())
        self._changed: dict[str, dict[str, Json]] = {}
        self._reader: subprocess.Popen[bytes] | None = None

    @classmethod
    def at(cls, address: str) -> GitRepository:
        """Returns the repository of `DIR` or `DIR@REVISION`; a folder whose name has an @ is a folder first."""
        match = _ADDRESS.fullmatch(address)
        if match is None or Path(address).is_dir():
            return cls(Path(address))
        return cls(Path(match["folder"]), match["revision"] or "HEAD")

    @property
    def uri(self) -> str:
        """Returns the URI of its folder, as that of a repository, whatever the revision."""
        return SCHEME + self._folder.as_uri()

    def scan(self, globs: Globs, supported: Callable[[Path], bool], copies: LocalCopies) -> Scan:
        """Lists the tracked files at the revision; hidden ones apart, as of a folder, and none is left out as ignored.

        Raises IngestError where there is no repository, or no such commit.
        """
        name = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{self._revision}^{{commit}}")
        self._commit = self._run(*name, said=f"there is no commit {self._revision}").decode().strip()
        files: list[FoundFile] = []
        skipped: list[Unread] = []
        for entry in self._run("ls-tree", "-r", "-z", "-l", self._commit).split(b"\0")[:-1]:
            about, _, raw = entry.partition(b"\t")
            mode, _, blob, size = about.decode().split()
            relative = composed(raw.decode("utf-8", "replace"))
            path = Path(relative)
            if any(part.startswith(".") for part in path.parts) or not globs.take_file(relative):
                continue
            if mode in (LINK, REPOSITORY):
                reason = "symbolic link in a repository" if mode == LINK else "another repository, to be named itself"
                skipped.append(Unread(path, relative, reason))
            elif not supported(path):
                skipped.append(Unread(path, relative, unsupported(path)))
            else:
                uri = f"{self.uri}/{quote(raw)}"
                self._blobs[uri] = blob
                place = copies.place(relative)
                files.append(
                    FoundFile(place, relative, uri, self._folder, int(size), origin=self, digest=f"git:{blob}")
                )
        self._changes = self._read_changes()
        return Scan(tuple(files), tuple(skipped), ())

    def fetch(self, file: FoundFile) -> None:
        """Writes the file as of the revision to its place; raises IngestError where it isn't in the repository."""
        if self._reader is None:
            self._reader = self._start("cat-file", "--batch")
        asked, answered = self._reader.stdin, self._reader.stdout
        assert asked is not None  # both are pipes
        assert answered is not None
        asked.write(f"{self._blobs[file.uri]}\n".encode())
        asked.flush()
        head = answered.readline().split()
        if len(head) != 3:
            raise IngestError("not in the repository: fetch the whole of it first")
        _copy(answered, file.path, int(head[2]))

    def metadata(self, file: FoundFile, said: Mapping[str, Json]) -> Mapping[str, Json]:  # noqa: ARG002 - an Origin
        """Returns the commit that changed the file last, and the date its author gave it."""
        while file.uri not in self._changed:
            change = next(self._changes, None)
            if change is None:
                return {"commit": self._commit}
            self._changed.setdefault(*change)
        return self._changed[file.uri]

    def close(self) -> None:
        """Ends the process that reads blobs."""
        if self._reader is not None:
            self._reader.kill()
            self._reader.communicate()
            self._reader = None

    def _read_changes(self) -> Iterator[tuple[str, dict[str, Json]]]:
        """Yields the URIs of files with their commits, the newest first: no further back than somebody asks."""
        form = "--format=%x01%H%x02%aI"
        log = self._start("log", form, "--name-only", "-z", "-c", "--no-renames", "--relative", self._commit)
        assert log.stdout is not None  # a pipe
        try:
            change: dict[str, Json] = {}
            for token in _tokens(log.stdout):
                if token.startswith(b"\x01"):
                    commit, _, date = token[1:].decode("ascii", "replace").partition("\x02")
                    change = {"commit": commit, "date": date}
                elif name := token.removeprefix(b"\n"):
                    yield f"{self.uri}/{quote(name)}", change
        finally:
            log.kill()
            log.communicate()

    def _run(self, *arguments: str, said: str = "") -> bytes:
        """Returns what git says; raises IngestError with its own words, or with what is `said` where it has none."""
        with self._start(*arguments) as process:
            out, error = process.communicate()
        if process.returncode:
            reason = error.decode("utf-8", "replace").strip().removeprefix("fatal: ").split("\n")[0] or said
            raise IngestError(one_line(f"{self._folder}: {reason}"))
        return out

    def _start(self, *arguments: str) -> subprocess.Popen[bytes]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        if not self._folder.is_dir():
            raise IngestError(one_line(f"{self._folder}: no folder, so no git repository"))
        try:
            return subprocess.Popen(  # noqa: S603 - the words are git's own, a commit, or behind --end-of-options
                ["git", *_OPTIONS, *arguments],  # noqa: S607 - whichever git the user has
                cwd=self._folder,
                env={**inherited, **_ENVIRONMENT},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        except OSError as error:
            raise IngestError(f"git can't be run ({error.strerror}): install it to ingest repositories") from error


def _copy(blob: IO[bytes], path: Path, size: int) -> None:
    """Writes the next `size` bytes to a file; raises IngestError for a file that Git LFS keeps elsewhere."""
    left, stands_for = size, False
    try:
        with path.open("wb") as file:
            while left and (piece := blob.read(min(left, _PIECE))):
                stands_for = stands_for or (left == size and piece.startswith(_LFS))
                left -= len(piece)
                file.write(piece)
    except OSError as error:
        raise IngestError(one_line(f"can't be copied: {error.strerror or error}")) from error
    blob.readline()
    if stands_for:
        raise IngestError("kept by Git LFS: ingest the folder of a checkout")


def _tokens(stream: IO[bytes]) -> Iterator[bytes]:
    """Yields what zero bytes part."""
    rest = b""
    while piece := stream.read(_PIECE_OF_LOG):
        *whole, rest = (rest + piece).split(b"\0")
        yield from whole
