"""Shows one document of the library in a dialog: what is known of it, its notes, its passages."""

from __future__ import annotations

import json

import streamlit as st

from passagework.ingest.loaders.formats import format_name
from passagework.retrieval import PassageworkError
from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.store import DocumentRow, SourceRow
from passagework.ui.present.highlighting import Highlights
from passagework.ui.present.wording import counted, formatted, gettext
from passagework.ui.web import session
from passagework.ui.web.library_tables import STATES
from passagework.ui.web.page_html import facts_html, note_html, table_html
from passagework.ui.web.rendered_text import plain, rendered_html

PASSAGES = 20
"""Passages that are drawn at once."""


def show_document_dialog(collection: Collection, row: DocumentRow, source: SourceRow | None) -> None:
    """Draws the dialog; `source` is the document's file."""
    st.dialog(gettext("Document"), width="large")(_show)(collection, row, source)


def _show(collection: Collection, row: DocumentRow, source: SourceRow | None) -> None:
    st.html(f'<p class="pw-title" dir="auto" data-testid="document">{plain(row.title or row.address)}</p>')
    st.page_link(session.READ, label=gettext("Open in Read"), query_params={"document": row.uri})
    st.html(facts_html("document-facts", _facts(row, source)))
    if source is not None and source.notes:
        st.html(table_html("document-notes", (gettext("Ingest notes"),), [(note,) for note in source.notes]))
    last = max(1, -(-row.passages // PASSAGES))
    part = int(st.number_input(gettext("Part"), 1, last, 1, key=f"passages-{row.id}", width=140)) if last > 1 else 1
    try:
        _show_passages(collection, row, (part - 1) * PASSAGES)
    except PassageworkError as error:  # a dialog is drawn anew by itself
        session.show_error(error)


def _facts(row: DocumentRow, source: SourceRow | None) -> list[tuple[str, str]]:
    cut = gettext("; {number} cut to fit the encoder's window", number=formatted(row.cut)) if row.cut else ""
    pages = counted(row.pages, "page") if row.pages else ""
    facts = [
        (gettext("Path"), row.address),
        (
            gettext("Type"),
            ", ".join(part for part in (gettext(format_name(row.media_type)), pages, row.language) if part),
        ),
        (gettext("State"), "" if source is None else gettext(STATES.get(source.state, source.state.value))),
        (gettext("Size"), f"{counted(row.length, 'character')}, {counted(row.passages, 'passage')}{cut}"),
    ]
    values = {name: value if isinstance(value, str) else json.dumps(value) for name, value in row.metadata.items()}
    return [*facts, *values.items()]


def _show_passages(collection: Collection, row: DocumentRow, first: int) -> None:
    for passage in collection.passages(row.id, first=first, most=PASSAGES):
        place = " · ".join(
            part
            for part in (
                gettext("Passage {number}", number=formatted(passage.ordinal + 1)),
                " › ".join(passage.headings),
            )
            if part
        )
        text = rendered_html(passage.text, Highlights(), row.media_type)
        text = f'<div class="pw-document pw-beside" data-testid="passage-of" dir="auto">{text}</div>'
        st.html(f"{note_html(place)}{text}")
