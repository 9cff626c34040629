"""Takes documents out of a collection on purpose."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from urllib.parse import unquote

from passagework.ingest.writing.write_access import open_for_writing
from passagework.retrieval.errors import ConfigError, FilterError
from passagework.retrieval.filters.compiler import Where, compile_filter
from passagework.retrieval.filters.field_names import misspelt_fields
from passagework.retrieval.filters.hints import literal_glob
from passagework.retrieval.folder import current_version
from passagework.retrieval.roots import is_beneath, root_of, shown_path, uri_of
from passagework.retrieval.store import DocumentRow, Snapshot, Store, Writer
from passagework.retrieval.store.naming import spellings
from passagework.retrieval.text import address, composed


def delete(
    collection: str | Path,
    targets: Sequence[str] = (),
    *,
    uris: Sequence[str] = (),
    where: Where | None = None,
    root: str | Path | None = None,
    dry_run: bool = False,
) -> list[DocumentRow]:
    """Takes out the documents that a target or one of the `uris` names, `where` lets through, and that lie in `root`.

    A target is a record's `_id`, a URI, a path, a path with its record (`list.csv#row=3`), or, where none of these is
    so named, a glob on paths. Names compare in Unicode's composed form; of two that differ in nothing else, the one
    that is spelled like the target is meant. An `_id` may be any text, another document's path or URI too: `uris` can't
    be mistaken. `root` is a folder that was ingested, or one in it; it need not be there any more.

    With none of them (an empty filter is none), with a target that names nothing, files of several roots, or a record
    by its `_id` and another document by its place, ConfigError is raised and nothing happens; so is FilterError for a
    filter that makes no sense, or names a field that no document has and that is nearly the name of another. The files
    stay where they are: the next ingest of them brings the documents back. Returns what went.
    """
    if not targets and not uris and not where and root is None:
        raise ConfigError("name the documents to delete, or give a filter or a root")
    with _opened(Path(collection), read_only=dry_run) as store:
        if dry_run:
            with store.read() as snapshot:
                return _selected(snapshot, targets, uris, where, root)
        with store.write() as writer:
            rows = _selected(writer, targets, uris, where, root)
            _remove_documents(writer, rows)
            writer.sweep_vectors()
            return rows


def delete_sources(collection: str | Path, uris: Sequence[str]) -> None:
    """Takes out files with all their documents, by URI, and what no document needs any more."""
    with _opened(Path(collection)) as store, store.write() as writer:
        for source in writer.sources():
            if source.uri in uris:
                writer.remove_source(source.id)
        writer.sweep_vectors()


@contextmanager
def _opened(collection: Path, *, read_only: bool = False) -> Iterator[Store]:
    current_version(collection)  # where its name was lost, an ingest finds it again, not a deletion
    with open_for_writing(collection, read_only=read_only) as store:
        yield store


def _selected(
    snapshot: Snapshot, targets: Sequence[str], uris: Sequence[str], where: Where | None, root: str | Path | None
) -> list[DocumentRow]:
    condition = compile_filter(where, snapshot) if where else None
    if condition is not None:
        for hint in misspelt_fields(condition, snapshot):  # `$ne` of a misspelt field would take all there is
            raise FilterError(hint)
    rows = list(snapshot.documents(condition))
    if root is not None:
        beneath = uri_of(root)
        rows = [row for row in rows if is_beneath(row.uri, [beneath])]
        if not rows:
            raise ConfigError(f"no document lies in {shown_path(beneath)}: `passagework sources` lists the folders")
    return _matching_targets(rows, targets, uris)


def _matching_targets(rows: Sequence[DocumentRow], targets: Sequence[str], uris: Sequence[str]) -> list[DocumentRow]:
    if not targets and not uris:
        return list(rows)
    chosen = {row.id: row for row in rows if row.uri in set(uris)}
    if missing := set(uris) - {row.uri for row in chosen.values()}:
        raise ConfigError(f"no document has the URI {min(missing)!r}: it may have been deleted")
    names = _Names.of(rows)
    for target in targets:
        matches = names.named(target) or _documents_matching(names, rows, target)
        if not matches:
            raise ConfigError(f"no document is named {target!r}: {_hint(rows, target)}")
        _refuse_several(target, matches)
        chosen.update({row.id: row for row in matches})
    return list(chosen.values())


def _documents_matching(names: _Names, rows: Sequence[DocumentRow], target: str) -> list[DocumentRow]:
    """Returns the documents that another spelling of the target names, or whose path it matches as a glob."""
    for form in spellings(target)[1:]:
        if named := names.named(form):
            return named
    return [row for row in rows if fnmatchcase(composed(row.path), composed(target))]


def _refuse_several(target: str, matches: Sequence[DocumentRow]) -> None:
    """Raises ConfigError where a path names files of several folders."""
    named = [row for row in matches if composed(row.path) == composed(target)]
    folders = sorted({shown_path(root_of(row.uri, row.path)) for row in named})
    if len(folders) > 1:
        raise ConfigError(f"{target!r} lies in {' and in '.join(folders)}: say which with --root, or give the URI")


@dataclass(frozen=True, slots=True)
class _Names:
    """Maps what documents are called to them: their `_id`s, and their places."""

    by_id: Mapping[str, list[DocumentRow]]
    by_place: Mapping[str, list[DocumentRow]]

    @classmethod
    def of(cls, rows: Sequence[DocumentRow]) -> _Names:
        by_id: dict[str, list[DocumentRow]] = defaultdict(list)
        by_place: dict[str, list[DocumentRow]] = defaultdict(list)
        for row in rows:
            if row.name is not None:
                by_id[row.name].append(row)
            for place in set(_addresses(row)):
                by_place[place].append(row)
        return cls(dict(by_id), dict(by_place))

    def named(self, target: str) -> list[DocumentRow]:
        """Returns the documents of that `_id`, or of that place; raises ConfigError where these differ."""
        by_id, by_place = self.by_id.get(target, []), self.by_place.get(target, [])
        if by_id and by_place and by_id != by_place:
            id_place, other_place = (
                next(place for place in _addresses(matches[0]) if place != target) for matches in (by_id, by_place)
            )
            raise ConfigError(
                f"{target!r} is the _id of one document and the place of another: say {id_place!r} or {other_place!r}"
            )
        return by_id or by_place


def _addresses(row: DocumentRow) -> tuple[str, ...]:
    return address(row.path, row.uri), row.uri, row.path


def _hint(rows: Sequence[DocumentRow], target: str) -> str:
    """Returns advice on a target that names nothing, where it is a folder, or a path as the shell knows it."""
    folder = composed(target.rstrip("/")) + "/"
    if any(composed(row.path).startswith(folder) for row in rows):
        return f"the glob '{literal_glob(folder)}*' takes all beneath that folder"
    target_uri = Path(target).absolute().as_uri() if "\0" not in target else ""
    inside = [
        row
        for row in rows
        if (target_uri and row.uri.startswith((f"{target_uri}/", f"{target_uri}#"))) or row.uri == target_uri
    ]
    if inside and not inside[0].uri.startswith(f"{target_uri}/"):
        return f"paths are relative to the PATH ingested, and that file's is {inside[0].path!r}"
    for row in inside[:1]:
        above = row.path.removesuffix(unquote(row.uri.partition("#")[0].removeprefix(f"{target_uri}/")))
        if len(inside) == sum(other_row.path.startswith(above) for other_row in rows):
            glob = f"{literal_glob(above)}*"
            return f"paths are relative to the PATH ingested: the glob '{glob}' takes all beneath that folder"
    return "`passagework documents` lists them; a glob such as 'sub/*' takes all beneath a folder"


def _remove_documents(writer: Writer, rows: Sequence[DocumentRow]) -> None:
    """Removes documents, and the record of a file with the last of its documents; of others, that it is whole."""
    writer.remove_documents([row.id for row in rows])
    for source_id in {row.source_id: None for row in rows}:
        if writer.document_hashes(source_id):
            writer.mark_partial(source_id)
        else:
            writer.remove_source(source_id)
