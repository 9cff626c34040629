"""Plays a recording from a passage's second on, where its file is there and is still what was ingested."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from passagework.ingest.loaders import media_type
from passagework.ingest.loaders.formats import FILMS, RECORDINGS, Format, format_name
from passagework.ingest.recordings import recording_of
from passagework.retrieval.errors import PassageworkError
from passagework.retrieval.files import digest_file
from passagework.retrieval.store import DocumentRow, SourceRow
from passagework.ui.present.wording import gettext
from passagework.ui.web.document_view import file_of
from passagework.ui.web.page_html import markdown_text, note_html

LARGEST = 500 << 20
"""Bytes of a recording that is played: the server holds it in memory."""

_UNPLAYABLE = frozenset({Format.WMA, Format.AVI})
"""Formats that no browser plays."""
_SPOKEN = frozenset({Format.SRT.value, Format.VTT.value})


def recording_of_document(row: DocumentRow) -> Path | None:
    """Returns the recording of which a document is what is said: its own file, or the one beside its subtitles."""
    if row.media_type not in {form.value for form in RECORDINGS} | _SPOKEN:
        return None
    try:
        path = file_of(row.uri)
    except PassageworkError:
        return None
    return recording_of(path) if row.media_type in _SPOKEN else path


def show_player(row: DocumentRow, source: SourceRow, recording: Path, second: float) -> None:
    """Draws the player, or says why there is none."""
    form = Format(row.media_type if row.media_type not in _SPOKEN else media_type(recording))
    if problem := _problem(recording, form):
        st.warning(markdown_text(problem))
        return
    if row.media_type not in _SPOKEN and _digest(str(recording), recording.stat().st_mtime_ns) != source.sha256:
        st.warning(
            gettext("The file has changed since it was ingested, so it is not played: it may say something else.")
        )
        return
    play = st.video if form in FILMS else st.audio
    play(str(recording), format=form.value, start_time=int(second))
    if row.media_type in _SPOKEN:
        st.html(note_html(gettext("{file}, which lies beside these subtitles", file=recording.name)))


def _problem(recording: Path, form: Format) -> str:
    if not recording.is_file():
        return gettext("{file} is gone since it was ingested: there is nothing to play.", file=recording)
    if form in _UNPLAYABLE:
        return gettext("Browsers don't play {type} files: {file}", type=format_name(form.value), file=recording)
    if recording.stat().st_size > LARGEST:
        return gettext("Files of more than {size} MB are not played here: {file}", size=LARGEST >> 20, file=recording)
    return ""


@st.cache_data(show_spinner=False, max_entries=64)
def _digest(path: str, changed: int) -> str:  # noqa: ARG001 - the key: nanoseconds of the file's date
    return digest_file(Path(path))
