"""Shows a hit beside the list: its page, or the text around it, opened at the passage."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from passagework.retrieval import Hit, Hits, PassageworkError, Stage
from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.store import DocumentRow
from passagework.ui.present import heading, searched_text
from passagework.ui.present.highlighting import highlights_of
from passagework.ui.present.wording import gettext
from passagework.ui.web import session
from passagework.ui.web.collection_cache import document_of
from passagework.ui.web.document_view import Place, passage_html, picture_html
from passagework.ui.web.page_html import note_html
from passagework.ui.web.page_pictures import has_pages, picture_of
from passagework.ui.web.rendered_text import plain

AROUND = 1_500
"""Characters of the text before the passage and behind it."""

TO_PASSAGE = """<script>
(async () => {
    for (let tries = 0; tries < 40; tries++) {
        const panel = document.querySelector(".st-key-preview")
        const passage = panel && panel.querySelector(".pw-passage, .pw-box")
        if (passage && passage.offsetHeight) {
            const above = passage.getBoundingClientRect().top - panel.getBoundingClientRect().top
            panel.scrollTop += above - panel.clientHeight / 3
            return
        }
        await new Promise(done => setTimeout(done, 50))
    }
})() // RANK
</script>"""
"""Brings the passage into view inside the panel; the rank makes it run for each hit."""


def show_preview(collection: Collection, hits: Hits, hit: Hit, row: DocumentRow, parameters: Mapping[str, str]) -> None:
    """Draws the panel; `parameters` open the hit on the page Read."""
    with st.container(key="preview"):
        st.html(f'<h2 class="pw-title" dir="auto" data-testid="preview">{plain(heading(hit))}</h2>')
        with st.container(horizontal=True, vertical_alignment="center"):
            st.html(
                note_html(
                    " · ".join(part for part in (gettext("Passage {number}", number=hit.rank), hit.place) if part)
                )
            )
            st.page_link(session.READ, label=gettext("Open in Read"), query_params=dict(parameters))
        place = Place(document_of(collection, row.id), hit.start, hit.end)
        if not (has_pages(row) and place.pages and _show_picture(collection, row, place)):
            encoder = None if hits.plan.used is Stage.LEXICAL else collection.encoder
            [highlights] = highlights_of(searched_text(hits), [hit.text], encoder, hits.plan.languages)
            first, last = max(0, hit.start - AROUND), min(len(place.document.text), hit.end + AROUND)
            st.html(passage_html(place, first, last, highlights))
        st.html(TO_PASSAGE.replace("RANK", str(hit.rank)), unsafe_allow_javascript=True)


def _show_picture(collection: Collection, row: DocumentRow, place: Place) -> bool:
    """Draws the page on which the passage begins; tells whether there is a picture of it."""
    page = place.pages[0]
    try:
        picture = picture_of(collection, row, place, page)
    except (PassageworkError, OSError):
        return False  # the text is shown instead; the page Read says why
    st.html(picture_html(picture, gettext("Page {page} of {document}", page=page.label, document=row.address)))
    return True
