"""Draws the library page: what is in the collection and what failed; puts documents in and takes them out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from passagework.ingest import watch_status
from passagework.ingest.report import Problem, Report
from passagework.retrieval import ConfigError, PassageworkError
from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.collection.status import Status
from passagework.retrieval.store import DocumentRow, SourceRow, SourceState
from passagework.ui.present.progress_lines import progress_lines
from passagework.ui.present.watch_lines import watch_line
from passagework.ui.present.wording import counted, formatted, gettext, message, ngettext
from passagework.ui.sources.uploads import UPLOAD_MEGABYTES, readable_suffixes, save_upload, uningested_uploads
from passagework.ui.web import session
from passagework.ui.web.collection_cache import documents_of, sources_of, status_of
from passagework.ui.web.document_dialog import show_document_dialog
from passagework.ui.web.document_map_panel import mapped, show_map
from passagework.ui.web.duplicates_panel import show_duplicates
from passagework.ui.web.failure_queue import act_on_failure, show_failures
from passagework.ui.web.ingest_job import IngestJob, IngestJobs
from passagework.ui.web.library_tables import show_documents, show_outcome, show_problems, show_unread, sort_by
from passagework.ui.web.page_actions import asked_action, forget_action
from passagework.ui.web.page_html import facts_html, markdown_text, note_html
from passagework.ui.web.server import LOCAL

GROUP = "library-group"
"""What the session keeps the group of the map under, by its number, that the grid is narrowed to."""


def show_status(status: Status) -> None:
    """Draws sizes, encoder and index, as `passagework status` tells them."""
    encoder, index = status.encoder, status.index
    recall = index.recall_at_10
    proof = gettext("not measured: there is no saved index")
    if recall is not None:
        proof = gettext("{recall}, measured at build", recall=formatted(recall, 3))
    facts = [
        (gettext("Collection"), f"{status.collection} ({status.version}, {formatted(status.bytes / 1e6, 1)} MB)"),
        (gettext("Documents"), _summary(status)),
        (
            gettext("Passages"),
            gettext(
                "{number}; {cut} cut to fit the encoder's window",
                number=formatted(status.passages),
                cut=formatted(status.cut),
            ),
        ),
        (
            gettext("Encoder"),
            gettext(
                "{model}, {dimensions} dimensions, window {window}",
                model=encoder.model,
                dimensions=formatted(encoder.dimension),
                window=formatted(status.window),
            ),
        ),
        (
            gettext("Index"),
            gettext(
                "{kind}; {changes} since it was built", kind=index.kind, changes=counted(index.since_build, "change")
            ),
        ),
        (gettext("Recall@10 against exact search"), proof),
    ]
    with st.expander(gettext("About this collection")):
        st.html(facts_html("status", facts))


def show_summary(status: Status) -> None:
    """Draws in a line what there is."""
    st.html(note_html(f"{_summary(status)}, {counted(status.passages, 'passage')}"))


def _summary(status: Status) -> str:
    summary = gettext(
        "{documents} from {files}",
        documents=counted(status.documents, "document"),
        files=counted(status.files, "file"),
    )
    if status.failed:
        summary += ngettext(" ({count} file failed)", " ({count} files failed)", status.failed)
    return summary


def show_watch(collection: Collection) -> None:
    """Draws what `passagework watch` does with the collection, where it ever did."""
    watched = watch_status(collection.path)
    if watched is not None:
        st.html(facts_html("watch", [(gettext("Watch"), watch_line(watched))]))


def show_add_form(collection: Collection, jobs: IngestJobs) -> None:
    """Draws uploads, and folders of this machine where nobody else can name them."""
    with st.form("upload", clear_on_submit=True):
        files = st.file_uploader(
            gettext("Upload files"),
            type=readable_suffixes(),
            accept_multiple_files=True,
            key="files",
            max_upload_size=UPLOAD_MEGABYTES,
        )
        sent = st.form_submit_button(gettext("Add to the collection"))
    if sent and files:
        jobs.check()  # or they would lie there until the next upload
    if sent and files and (saved := _saved(collection, files)):
        jobs.start(collection, [*saved, *uningested_uploads(collection.path, sources_of(collection))])
    if session.host() not in LOCAL:
        st.html(note_html(gettext("Folders on this machine can be added only while the server listens at 127.0.0.1.")))
        return
    with st.form("folder"):
        named = st.text_input(
            gettext("Folder or file on this machine"), placeholder="~/Documents/handbook", key="folder_path"
        )
        gone = st.checkbox(gettext("Delete documents whose files are gone"), key="delete_missing")
        everything = st.checkbox(gettext("Include what .gitignore and similar files leave out"), key="no_ignore")
        if st.form_submit_button(gettext("Add")) and named and named.strip():
            jobs.start(collection, [_path(named)], delete_missing=gone, no_ignore=everything)


def _saved(collection: Collection, files: Sequence[UploadedFile]) -> list[Path]:
    """Writes what was uploaded, and returns the files; one that is refused is told, and costs only itself."""
    saved = []
    for file in files:
        try:
            saved.append(save_upload(collection.path, file.name, file.getvalue()))
        except PassageworkError as error:  # noqa: PERF203 - a few files
            st.error(markdown_text(str(error)))
    return saved


def show_progress(job: IngestJob, queued: set[str]) -> None:
    """Draws how far a job is, anew every second until it is done, and then what it did.

    A file among the paths in `queued` is told by the queue of failures alone.
    """
    if job.is_alive():
        _watch(job)
    elif job.problem is not None:
        st.error(markdown_text(gettext(job.problem)))
    elif job.report is not None:
        _report(job.report, queued)


@st.fragment(run_every=1.0)
def _watch(job: IngestJob) -> None:
    if not job.is_alive():
        st.rerun()
    now = job.progress
    if now is None:
        st.progress(0.0, gettext("Preparing"))
        return
    for line in progress_lines(now):
        share = line.done / line.total if line.total else 0.0
        st.progress(min(1.0, share), markdown_text(f"{line.name.capitalize()}: {line.details}"))
    st.html(note_html(gettext("{seconds} s so far", seconds=formatted(time.monotonic() - job.started))))


def _report(report: Report, queued: set[str]) -> None:
    counts = {
        message("{number} added"): report.added,
        message("{number} updated"): report.updated,
        message("{number} moved"): report.moved,
        message("{number} deleted"): report.deleted,
        message("{number} unchanged"): report.unchanged,
        message("{number} failed"): len(report.failed),
        message("{number} skipped"): len(report.skipped),
        message("{number} left out"): sum(ignored.entries for ignored in report.ignored),
    }
    shown = ", ".join(gettext(said, number=formatted(count)) for said, count in counts.items() if count)
    line = gettext(
        "Last run: {counts}; {passages} in {seconds} s",
        counts=shown or gettext("nothing to do"),
        passages=counted(report.passages, "passage"),
        seconds=formatted(report.seconds, 1),
    )
    st.html(f'<div data-testid="report">{note_html(line)}</div>')
    show_problems(gettext("Failed in the last run"), [one for one in report.failed if one.path not in queued])
    show_problems(gettext("Notes"), report.notes)
    show_unread(report.unread)
    show_problems(gettext("Skipped"), report.skipped)
    show_problems(
        gettext("Left out by .gitignore and similar files"), [ignored.describe() for ignored in report.ignored]
    )


def _path(named: str) -> Path:
    try:
        path = Path(named.strip()).expanduser()
        if not path.exists():
            raise ConfigError(gettext("{path} does not exist", path=named.strip()))
    except (OSError, ValueError, RuntimeError) as error:
        raise ConfigError(gettext("{path} can't be read: {error}", path=named.strip(), error=error)) from error
    return path


def _act(collection: Collection, jobs: IngestJobs, rows: Sequence[DocumentRow], sources: Sequence[SourceRow]) -> None:
    """Does what was asked for with a row of the page's tables."""
    what, which = asked_action("library")
    if not what:
        return
    if what == "open":
        if row := next((row for row in rows if str(row.id) == which), None):
            source = next((source for source in sources if source.id == row.source_id), None)
            show_document_dialog(collection, row, source)
        forget_action("library")
        return
    failed = [source for source in sources if source.state is SourceState.FAILED]
    try:
        if what == "sort":
            sort_by(which)
        elif what == "group":
            st.session_state[GROUP] = int(which) if which.isdecimal() else None
        elif done := act_on_failure(collection, jobs, failed, what, which):
            st.session_state["done"] = done
    except PassageworkError as error:
        st.session_state["not done"] = str(error)
    forget_action("library")
    st.rerun()


def _of_group(collection: Collection, rows: Sequence[DocumentRow]) -> Sequence[DocumentRow]:
    """Returns the documents of the group of the map that was chosen, or all; draws the way back to all."""
    groups = mapped(collection).groups if st.session_state.get(GROUP) else ()
    group = int(st.session_state.get(GROUP) or 0)
    if not 1 <= group <= len(groups):
        return rows
    chosen = set(groups[group - 1].documents)
    label = markdown_text(gettext("Group {number}: {words}", number=group, words=", ".join(groups[group - 1].words)))
    st.button(f"{label} ✕", help=gettext("Show all documents"), on_click=lambda: st.session_state.pop(GROUP, None))
    return [row for row in rows if row.id in chosen]


def main() -> None:
    """Draws the page once."""
    st.title(gettext("Library"))
    try:
        collection = session.chosen_collection()
        status = status_of(collection)
        show_summary(status)
        show_watch(collection)
        jobs = session.jobs_of(str(collection.path.resolve()))
        with st.expander(gettext("Add documents"), expanded=not status.documents):
            try:
                show_add_form(collection, jobs)
            except PassageworkError as error:
                st.error(markdown_text(str(error)))
        sources = sources_of(collection)
        failed = [source for source in sources if source.state is SourceState.FAILED]
        if jobs.last is not None:
            show_progress(jobs.last, {source.path for source in failed})
        show_outcome()
        show_failures(collection, failed)
        rows = documents_of(collection)
        _act(collection, jobs, rows, sources)
        if rows:
            show_documents(collection, _of_group(collection, rows), sources)
            show_map(collection, {row.id: row for row in rows})
            show_duplicates(collection)
        else:
            st.info(gettext("This collection is empty. Upload files, or name a folder on this machine."))
        notes = [Problem(source.path, note) for source in sources for note in source.notes]
        show_problems(gettext("Notes on what could not be read or is hidden"), notes, expanded=False)
        show_status(status)
    except PassageworkError as error:
        session.show_error(error)


if __name__ == "__main__":
    main()
