"""What an ingest was given: folders and files of this machine, and other sources by their addresses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from passagework.ingest.globs import Globs
from passagework.ingest.path_checks import listed, refuse_overlap
from passagework.ingest.scan import FoundFile, Scan, absolute, scan
from passagework.ingest.sources.addresses import PathOrSource, source_at
from passagework.ingest.sources.obsidian_vault import with_vaults
from passagework.ingest.sources.source import LocalCopies, Source
from passagework.retrieval.roots import is_beneath, is_gone, uri_of
from passagework.retrieval.store import SourceRow


class Given:
    """Holds the PATHs of one ingest: `roots` are those of this machine, absolute, `sources` all others."""

    def __init__(self, paths: PathOrSource | Iterable[PathOrSource], collection: Path) -> None:
        """Raises IngestError for a path that isn't there, ConfigError for an address of no known kind."""
        self.roots: list[Path] = []
        self.sources: list[Source] = []
        for path in listed(paths):
            source = source_at(path)
            if source is not None:
                self.sources.append(source)
            elif isinstance(path, str | Path):
                self.roots.append(absolute(Path(path)))
        refuse_overlap(self.roots, collection)
        self._copies = LocalCopies()
        self._listed: set[str] = set()

    def scan(
        self,
        *,
        include: Sequence[str],
        exclude: Sequence[str],
        supported: Callable[[Path], bool],
        no_ignore: bool,
        found: Callable[[int], None],
    ) -> Scan:
        """Returns every file beneath the PATHs; raises as `scan` and the sources do."""
        beneath = scan(
            self.roots, include=include, exclude=exclude, supported=supported, no_ignore=no_ignore, found=found
        )
        scans = [with_vaults(beneath, self.roots)]
        for source in self.sources:
            scans.append(source.scan(Globs(include, exclude), supported, self._copies))
            found(sum(len(one.files) for one in scans))
        files: dict[str, FoundFile] = {}
        for one in scans:
            files.update({file.uri: file for file in one.files if file.uri not in files})
        self._listed = files.keys() | {unread.uri for one in scans for unread in (*one.failed, *one.skipped)}
        return Scan(
            tuple(files.values()),
            tuple(unread for one in scans for unread in one.skipped),
            tuple(unread for one in scans for unread in one.failed),
            tuple(unread for one in scans for unread in one.ignored),
        )

    @property
    def uris(self) -> list[str]:
        """Returns the URIs of the PATHs: what is gone from beneath them may be taken out."""
        named = (uri for source in self.sources for uri in (source.uri, *source.gone) if uri)
        return [*map(uri_of, self.roots), *named]

    def is_gone(self, row: SourceRow) -> bool:
        """Tells whether a recorded file is no longer there, of a source as far as it was listed."""
        named = [source.uri for source in self.sources if source.uri]
        gone = any(row.uri in source.gone for source in self.sources)
        return gone or is_gone(row.uri) or (row.uri not in self._listed and is_beneath(row.uri, named))

    def close(self) -> None:
        """Lets go of what the sources hold, and removes what was copied."""
        for source in self.sources:
            source.close()
        self._copies.close()
