"""The library page: what is in the collection and what failed; putting documents in and taking them out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from ingest.loaders.formats import SUFFIXES
from ingest.removal import delete, delete_sources
from ingest.report import Problem, Report
from retrieval import Collection, ConfigError, PassageworkError
from retrieval.store import DocumentRow, SourceRow
from retrieval.wording import address, counted
from ui import session
from ui.holdings import documents_of, sources_of, status_of
from ui.ingest_job import IngestJob, IngestJobs
from ui.page_html import facts_html, markdown_text, note_html, table_html
from ui.reading import file_of
from ui.server import LOCAL, UPLOAD_MEGABYTES
from ui.uploads import left_behind, remove_upload, save_upload

ROWS = 100
"""Documents and problems in a table at once."""

STATES = {"partial": "file read in part", "failed": "as it was: the file failed since"}
"""What a person is told of the state of a document's file, where it isn't done."""


def about(status: Mapping[str, Any]) -> None:
    """Sizes, encoder and index, as `passagework status` tells them."""
    encoder, index = status["encoder"], status["index"]
    recall = index["recall@10"]
    proof = f"{recall:.3f}, measured at build" if isinstance(recall, float) else "not measured: there is no saved index"
    facts = [
        ("Collection", f"{status['collection']} ({status['version']}, {status['bytes'] / 1e6:,.1f} MB)"),
        ("Documents", f"{status['documents']:,} from {counted(status['files'], 'file')}; {status['failed']:,} failed"),
        ("Passages", f"{status['passages']:,}; {status['cut']:,} cut to fit the encoder's window"),
        ("Encoder", f"{encoder['model']}, {encoder['dimension']} dimensions, window {status['window']}"),
        ("Index", f"{index['kind']}; {counted(index['since_build'], 'change')} since it was built"),
        ("Recall@10 against exact search", proof),
    ]
    st.html(facts_html("status", facts))


def add(collection: Collection, jobs: IngestJobs) -> None:
    """Uploads, and folders of this machine where nobody else can name them."""
    with st.form("upload", clear_on_submit=True):
        files = st.file_uploader(
            "Upload files",
            type=[suffix[1:] for suffix in SUFFIXES],
            accept_multiple_files=True,
            key="files",
            max_upload_size=UPLOAD_MEGABYTES,
        )
        sent = st.form_submit_button("Put into the collection")
    if sent and files:
        jobs.check()  # or they would lie there until the next upload
    if sent and files and (saved := _saved(collection, files)):
        jobs.start(collection, [*saved, *left_behind(collection.path, sources_of(collection))])
    if session.host() not in LOCAL:
        st.html(note_html("Folders of this machine can be named only where the server listens at 127.0.0.1."))
        return
    with st.form("folder"):
        named = st.text_input("Folder or file on this machine", placeholder="~/Documents/handbook", key="folder_path")
        gone = st.checkbox("Take out documents whose files are gone", key="delete_missing")
        if st.form_submit_button("Bring in") and named and named.strip():
            jobs.start(collection, [_path(named)], delete_missing=gone)


def _saved(collection: Collection, files: Sequence[UploadedFile]) -> list[Path]:
    """Writes what was uploaded; the files. One that is refused is told, and costs only itself."""
    taken = []
    for file in files:
        try:
            taken.append(save_upload(collection.path, file.name, file.getvalue()))
        except PassageworkError as error:  # noqa: PERF203 - a few files
            st.error(markdown_text(str(error)))
    return taken


def progress(job: IngestJob) -> None:
    """How far a job is, anew every second until it is done; then what it did."""
    if job.is_alive():
        _watch(job)
    elif job.problem is not None:
        st.error(markdown_text(job.problem))
    elif job.report is not None:
        _report(job.report)


@st.fragment(run_every=1.0)
def _watch(job: IngestJob) -> None:
    if not job.is_alive():
        st.rerun()
    now = job.progress
    if now is None:
        st.progress(0.0, "Getting ready")
        return
    said = f"{now.files:,} of {counted(now.total_files, 'file')}, {counted(max(now.passages, now.encoded), 'passage')}"
    st.progress(now.files / max(1, now.total_files), f"{said}, {now.seconds:.0f} s")


def _report(report: Report) -> None:
    counts = {"added": report.added, "updated": report.updated, "moved": report.moved, "deleted": report.deleted}
    counts |= {"unchanged": report.unchanged, "failed": len(report.failed), "skipped": len(report.skipped)}
    said = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count) or "nothing to do"
    line = f"Last run: {said}; {counted(report.passages, 'passage')} in {report.seconds:.1f} s"
    st.html(f'<div data-testid="report">{note_html(line)}</div>')
    _problems("Failed in the last run", report.failed)
    _problems("Skipped", report.skipped)


def _problems(title: str, problems: Sequence[Problem]) -> None:
    if problems:
        with st.expander(f"{title} ({len(problems):,})", expanded=len(problems) <= 10):
            rows = [(one.path, one.reason) for one in problems[:ROWS]]
            st.html(table_html("problems", ("File", "Reason"), rows))


def failures(collection: Collection, failed: Sequence[SourceRow]) -> None:
    """The files that could not be read, with the reasons; a choice of them to be taken off the list."""
    if not failed:
        return
    with st.expander(f"Failed files ({len(failed):,})", expanded=len(failed) <= 10):
        rows = [(one.path, one.reason or "") for one in failed[:ROWS]]
        st.html(table_html("failed", ("File", "Reason"), rows))
        names = {one.uri: one.path for one in failed[:ROWS]}
        chosen = st.multiselect(
            "Choose failed files", list(names), key="failures", format_func=lambda uri: names.get(uri, uri)
        )
        said = "An uploaded file is deleted. Another stays where it is, and is tried again with its folder."
        st.button("Take off the list", disabled=not chosen, help=said, on_click=_forget, args=(collection, chosen))


def documents(collection: Collection, rows: Sequence[DocumentRow], sources: Sequence[SourceRow]) -> None:
    """Every document with its state, narrowed by its path or title; a choice of them to read or delete."""
    states = {source.id: STATES.get(source.state, source.state) for source in sources}
    wanted = str(st.text_input("Find a document", key="find", placeholder="Part of its path or title") or "").casefold()
    found = [row for row in rows if wanted in f"{address(row.path, row.uri)}\n{row.title}".casefold()]
    last = max(1, -(-len(found) // ROWS))
    at = int(st.number_input("Part", 1, last, 1, key="part", width=140)) if last > 1 else 1
    shown = found[(at - 1) * ROWS : at * ROWS]
    st.html(note_html(f"{counted(len(found), 'document')}{f', part {at} of {last}' if last > 1 else ''}"))
    columns = ("Document", "Title", "State", "Pages", "Passages", "Cut")
    cells = [
        (
            address(row.path, row.uri),
            row.title,
            states.get(row.source_id, ""),
            row.pages or "",
            row.passages,
            row.cut or "",
        )
        for row in shown
    ]
    st.html(table_html("documents", columns, cells))
    names = {row.uri: address(row.path, row.uri) for row in shown}
    chosen = st.multiselect(
        "Choose documents",
        list(names),
        key="chosen",
        format_func=lambda uri: names.get(uri, uri),
        filter_mode="contains",
        select_all=False,
        on_change=_unsure,
    )
    with st.container(horizontal=True):
        if len(chosen) == 1:
            st.page_link(session.READ, label="Open", query_params={"document": chosen[0]})
        sure = st.checkbox(f"Really delete {counted(len(chosen), 'document')}", key="sure", disabled=not chosen)
        st.button("Delete", disabled=not (chosen and sure), on_click=_delete, args=(collection, chosen))


def _unsure() -> None:
    """Another choice is to be confirmed anew."""
    st.session_state["sure"] = False


def _delete(collection: Collection, uris: Sequence[str]) -> None:
    """Takes documents out; of uploaded files that hold nothing else, the file too."""
    try:
        gone = delete(collection.path, uris=uris)
        left = {source.uri for source in collection.sources()}
        _remove_uploads(collection, {row.uri.partition("#")[0] for row in gone} - left)
        st.session_state["deleted"] = f"{counted(len(gone), 'document')} deleted."
    except PassageworkError as error:
        st.session_state["not deleted"] = str(error)
    st.session_state["chosen"], st.session_state["sure"] = [], False


def _forget(collection: Collection, uris: Sequence[str]) -> None:
    """Takes files that failed off the list, with what is left of an earlier state of them."""
    try:
        delete_sources(collection.path, uris)
        _remove_uploads(collection, uris)
        st.session_state["deleted"] = f"{counted(len(uris), 'file')} taken off the list."
    except PassageworkError as error:
        st.session_state["not deleted"] = str(error)
    st.session_state["failures"] = []


def _remove_uploads(collection: Collection, uris: Iterable[str]) -> None:
    """Deletes those of the files that were uploaded, and no other."""
    for uri in uris:
        remove_upload(collection.path, file_of(uri))


def _path(named: str) -> Path:
    try:
        path = Path(named.strip()).expanduser()
        if not path.exists():
            raise ConfigError(f"{named.strip()} does not exist")
    except (OSError, ValueError, RuntimeError) as error:
        raise ConfigError(f"{named.strip()} can't be read: {error}") from error
    return path


def main() -> None:
    """Draws the page once."""
    st.title("Library")
    try:
        collection = session.this_collection()
        status = status_of(collection)
        about(status)
        jobs = session.jobs_of(str(collection.path.resolve()))
        with st.expander("Put documents in", expanded=not status["documents"]):
            try:
                add(collection, jobs)
            except PassageworkError as error:
                st.error(markdown_text(str(error)))
        if jobs.last is not None:
            progress(jobs.last)
        if said := st.session_state.pop("deleted", None):
            st.toast(markdown_text(said), duration="long")  # seen wherever the page is scrolled to
            st.success(markdown_text(said))
        if said := st.session_state.pop("not deleted", None):
            st.toast(markdown_text(said), duration="infinite")
            st.error(markdown_text(said))
        sources = sources_of(collection)
        failures(collection, [source for source in sources if source.state == "failed"])
        notes = [Problem(source.path, note) for source in sources for note in source.notes]
        _problems("Notes: what could not be read of documents that were", notes)
        rows = documents_of(collection)
        if rows:
            documents(collection, rows, sources)
        else:
            st.info("The collection is empty. Upload files, or name a folder of this machine.")
    except PassageworkError as error:
        session.tell(error)


if __name__ == "__main__":
    main()
