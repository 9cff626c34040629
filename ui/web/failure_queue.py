"""Draws the files that could not be read, each to be tried again, ignored until it changes, or removed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import streamlit as st

from passagework.ingest.maintenance.removal import delete_sources
from passagework.retrieval import StoreError
from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.files import write_atomically
from passagework.retrieval.folder import IGNORED
from passagework.retrieval.roots import file_path
from passagework.retrieval.store import SourceRow
from passagework.ui.present.wording import counted, formatted, gettext, message, ngettext
from passagework.ui.sources.uploads import remove_upload
from passagework.ui.web.document_view import file_of
from passagework.ui.web.ingest_job import IngestJobs
from passagework.ui.web.page_html import note_html
from passagework.ui.web.rendered_text import plain

ROWS = 100
"""Failures that are drawn."""

FEW = 10
"""Failures that are shown unasked."""

HELP = message(
    "An ignored file comes back when it changes. A removed one comes back when its folder is ingested again; an "
    "uploaded file is deleted when it is removed."
)
AGAIN, IGNORE, REMOVE = message("Try again"), message("Ignore"), message("Remove")


def show_failures(collection: Collection, failed: Sequence[SourceRow]) -> None:
    """Draws the queue, and below it, folded, what is ignored."""
    waiting, put_aside = _told_apart(collection, failed)
    if waiting:
        with st.expander(
            gettext("Failed files ({number})", number=formatted(len(waiting))), expanded=len(waiting) <= FEW
        ):
            st.html(_queue_html("failed", waiting, (("again", AGAIN), ("ignore", IGNORE), ("remove", REMOVE))))
            if len(waiting) > 1:
                again = plain(gettext("Try all again"))
                st.html(f'<button type="button" class="pw-why" data-act="again:all">{again}</button>')
            st.html(note_html(gettext(HELP)))
    if put_aside:
        with st.expander(gettext("Ignored files ({number})", number=formatted(len(put_aside)))):
            st.html(_queue_html("ignored", put_aside, (("heed", message("Stop ignoring")), ("remove", REMOVE))))


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
    name = chosen[0].path if len(chosen) == 1 else counted(len(chosen), "file")
    if what == "again":
        paths = [path for source in chosen if (path := file_path(source.uri)) is not None]
        if not paths:
            raise StoreError(
                gettext("{name} is not a file on this machine: ingest it again from where it came", name=name)
            )
        jobs.start(collection, paths)
        return gettext("{name}: trying again", name=name)
    if what == "remove":
        delete_sources(collection.path, [source.uri for source in chosen])
        remove_uploads(collection, [source.uri for source in chosen])
        return gettext("{name}: removed from the list", name=name)
    _ignore(collection.path, chosen, ignore=what == "ignore")
    if what == "ignore":
        return gettext("{name}: ignored until it changes", name=name)
    return gettext("{name}: no longer ignored", name=name)


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
    file, reason, act = (plain(gettext(name)) for name in (message("File"), message("Reason"), message("Actions")))
    times = Counter(source.path for source in sources)
    rows = "".join(
        f'<tr><td data-label="{file}">{plain(_told_name(source, times))}</td>'
        f'<td data-label="{reason}">{plain(source.reason or "")}</td>'
        f'<td data-label="{act}"><span>{"".join(_button(source, *action) for action in actions)}</span></td></tr>'
        for source in sources[:ROWS]
    )
    head = f"<th>{file}</th><th>{reason}</th><th>{act}</th>"
    table = f'<table class="pw-table"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
    more = (
        note_html(ngettext("and {count} more", "and {count} more", len(sources) - ROWS)) if len(sources) > ROWS else ""
    )
    return f'<div class="pw-scroll" data-testid="{name}">{table}</div>{more}'


def _told_name(source: SourceRow, times: Mapping[str, int]) -> str:
    """Returns a file's path, with that of its folder where files of several folders go by the one."""
    whole = file_path(source.uri) if times[source.path] > 1 else None
    return source.path if whole is None else str(whole)


def _button(source: SourceRow, what: str, label: str) -> str:
    label = plain(gettext(label))
    name = f"{label}: {plain(source.path)}"
    return f'<button type="button" class="pw-why" data-act="{what}:{source.id}" aria-label="{name}">{label}</button> '
