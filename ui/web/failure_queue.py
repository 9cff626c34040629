"""Draws the files that could not be read, each to be tried again, ignored until it changes, or removed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import streamlit as st

from passagework.ingest.maintenance.removal import delete_sources
from passagework.retrieval import StoreError
from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.files import write_atomically
from passagework.retrieval.folder import IGNORED
from passagework.retrieval.roots import file_path
from passagework.retrieval.store import SourceRow
from passagework.ui.sources.uploads import remove_upload
from passagework.ui.web.document_view import file_of
from passagework.ui.web.ingest_job import IngestJobs
from passagework.ui.web.page_html import note_html
from passagework.ui.web.rendered_text import plain

ROWS = 100
"""Failures that are drawn."""

FEW = 10
"""Failures that are shown unasked."""

HELP = (
    "Ignored files come back when they change. A removed one comes back when its folder is ingested again; "
    "an uploaded file is deleted with that."
)


def show_failures(collection: Collection, failed: Sequence[SourceRow]) -> None:
    """Draws the queue, and below it, folded, what is ignored."""
    waiting, put_aside = _told_apart(collection, failed)
    if waiting:
        with st.expander(f"Failed files ({len(waiting):,})", expanded=len(waiting) <= FEW):
            st.html(
                _queue_html("failed", waiting, (("again", "Try again"), ("ignore", "Ignore"), ("remove", "Remove")))
            )
            if len(waiting) > 1:
                st.html('<button type="button" class="pw-why" data-act="again:all">Try all again</button>')
            st.html(note_html(HELP))
    if put_aside:
        with st.expander(f"Ignored files ({len(put_aside):,})"):
            st.html(_queue_html("ignored", put_aside, (("heed", "Ignore no longer"), ("remove", "Remove"))))


def act_on_failure(
    collection: Collection, jobs: IngestJobs, failed: Sequence[SourceRow], what: str, which: str
) -> str | None:
    """Does what was asked for with one failed file, or all in the queue; returns what was done, None for anything else.

    Raises PassageworkError where it can't be done.
    """
    waiting, _ = _told_apart(collection, failed)
    chosen = waiting if which == "all" else [source for source in failed if which == str(source.id)]
    if not chosen or what not in ("again", "ignore", "heed", "remove"):
        return None
    name = chosen[0].path if len(chosen) == 1 else f"{len(chosen):,} files"
    if what == "again":
        paths = [path for source in chosen if (path := file_path(source.uri)) is not None]
        if not paths:
            raise StoreError(f"{name} is no file of this machine: ingest it again from where it came")
        jobs.start(collection, paths)
        return f"{name}: trying again"
    if what == "remove":
        delete_sources(collection.path, [source.uri for source in chosen])
        remove_uploads(collection, [source.uri for source in chosen])
        return f"{name}: removed from the list"
    _ignore(collection.path, chosen, ignore=what == "ignore")
    return f"{name}: ignored until it changes" if what == "ignore" else f"{name}: ignored no longer"


def ignored_of(collection: Path) -> dict[str, str]:
    """Returns the digest of each file that is ignored, by its URI; nothing where the list can't be read."""
    try:
        listed = json.loads((collection / IGNORED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(uri): str(digest) for uri, digest in listed.items()} if isinstance(listed, dict) else {}


def remove_uploads(collection: Collection, uris: Iterable[str]) -> None:
    """Deletes those of the files that were uploaded, and no other."""
    for uri in uris:
        remove_upload(collection.path, file_of(uri))


def _told_apart(collection: Collection, failed: Sequence[SourceRow]) -> tuple[list[SourceRow], list[SourceRow]]:
    """Returns the files that wait in the queue, and those that are ignored as they are now."""
    ignored = ignored_of(collection.path)
    waiting = [source for source in failed if ignored.get(source.uri) != source.sha256]
    return waiting, [source for source in failed if ignored.get(source.uri) == source.sha256]


def _ignore(collection: Path, sources: Sequence[SourceRow], *, ignore: bool) -> None:
    """Writes the list with these files or without; raises StoreError where it can't be written."""
    listed = ignored_of(collection)
    for source in sources:
        listed.pop(source.uri, None)
        if ignore:
            listed[source.uri] = source.sha256
    path = collection / IGNORED
    try:
        write_atomically(path, json.dumps(listed, indent=1).encode())
    except OSError as error:
        raise StoreError(f"{path} can't be written: {error.strerror or error}") from error


def _queue_html(name: str, sources: Sequence[SourceRow], actions: Sequence[tuple[str, str]]) -> str:
    rows = "".join(
        f'<tr><td data-label="File">{plain(source.path)}</td><td data-label="Reason">{plain(source.reason or "")}</td>'
        f'<td data-label="Actions"><span>{"".join(_button(source, *action) for action in actions)}</span></td></tr>'
        for source in sources[:ROWS]
    )
    head = "<th>File</th><th>Reason</th><th>Actions</th>"
    table = f'<table class="pw-table"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
    more = note_html(f"and {len(sources) - ROWS:,} more") if len(sources) > ROWS else ""
    return f'<div class="pw-scroll" data-testid="{name}">{table}</div>{more}'


def _button(source: SourceRow, what: str, label: str) -> str:
    name = plain(f"{label}: {source.path}")
    return f'<button type="button" class="pw-why" data-act="{what}:{source.id}" aria-label="{name}">{label}</button> '
