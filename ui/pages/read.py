"""Draws the reading page: a document opened at a passage, on the picture of its page or in its text."""

from __future__ import annotations

import streamlit as st

from passagework.retrieval import PassageworkError
from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.lexical.bm25 import matching_spans
from passagework.retrieval.store import DocumentRow
from passagework.retrieval.text import page_list
from passagework.retrieval.types import Page
from passagework.ui.present.highlighting import Highlights
from passagework.ui.present.wording import formatted, gettext, ngettext
from passagework.ui.web import session
from passagework.ui.web.collection_cache import document_of, documents_of
from passagework.ui.web.document_view import Place, passage_html, picture_html, place_of
from passagework.ui.web.hit_events import forget_clicks, hit_events
from passagework.ui.web.keyboard import TO_PASSAGE
from passagework.ui.web.page_html import markdown_text, note_html
from passagework.ui.web.page_pictures import picture_of, source_of
from passagework.ui.web.reading import Destination, hits_in, outline_html, outline_of
from passagework.ui.web.reading_bar import go, show_bar
from passagework.ui.web.recording_player import recording_of_document, show_player
from passagework.ui.web.rendered_text import plain

AROUND = 8_000
"""Characters shown before the passage and after it; more on demand."""

CARRIED = ("document", "for", "search", "collection")
"""What the address keeps from place to place in a document."""

LISTED = 2_000
"""Documents in the list to choose from."""


def show_page(collection: Collection, row: DocumentRow, place: Place) -> None:
    """Draws the page that was asked for, else the first that the passage touches."""
    pages = place.document.pages
    touched = [page.number for page in place.pages]
    page = pages[int(st.session_state.get("page", 1)) - 1]
    st.html(note_html(_where(page, touched, len(pages))))
    try:
        picture = picture_of(collection, row, place, page)
    except (PassageworkError, OSError) as error:
        st.warning(markdown_text(gettext("{problem}. This is its text, as it was ingested:", problem=error)))
        st.html(passage_html(place, page.start, page.end, Highlights()))
        return
    if not picture.unchanged:
        st.warning(gettext("The file has changed since it was ingested: the page may differ from the passage."))
    if page.number in touched and picture.missing:
        st.html(note_html(_missing(picture.missing)))
    st.html(picture_html(picture, gettext("Page {page} of {document}", page=page.label, document=row.address)))


def _missing(characters: int) -> str:
    return ngettext(
        "{count} character of the passage could not be found on the page.",
        "{count} characters of the passage could not be found on the page.",
        characters,
    )


def show_text(place: Place, query: str, languages: tuple[str, ...]) -> None:
    """Draws the document's text, opened at the passage; words are marked as queries look for them in `languages`."""
    words = matching_spans(query, [place.text], languages)[0] if query and place.text else []
    key = f"{place.document.uri}-{place.start}"
    earlier, later = (f"{side}-{key}" for side in ("earlier", "later"))
    first = max(0, place.start - AROUND * (1 + st.session_state.get(earlier, 0)))
    last = min(len(place.document.text), place.end + AROUND * (1 + st.session_state.get(later, 0)))
    if first > 0:
        st.button(gettext("Earlier text"), on_click=_more, args=(earlier,))
    st.html(passage_html(place, first, last, Highlights(tuple(words))))
    if last < len(place.document.text):
        st.button(gettext("Later text"), on_click=_more, args=(later,))


def show_document_list(collection: Collection) -> None:
    """Draws a list of documents, where none was opened yet."""
    st.title(gettext("Read"))
    rows = documents_of(collection)
    if not rows:
        session.show_empty()
        return
    st.html(note_html(gettext("Open a passage from a search, or choose a document.")))
    if len(rows) > LISTED:
        st.html(
            note_html(
                gettext(
                    "These are the first {shown} of {all}. Use the library to find the others.",
                    shown=formatted(LISTED),
                    all=formatted(len(rows)),
                )
            )
        )
    names = {row.address: row.uri for row in rows[:LISTED]}
    chosen = st.selectbox(gettext("Document"), list(names), index=None, placeholder=gettext("Choose a document"))
    if chosen:
        st.query_params["document"] = names[chosen]
        st.rerun()


def show_document(collection: Collection, name: str, query: str) -> None:
    """Draws the document of that name at the place that the address names, its outline beside it."""
    rows = collection.documents_named([name]).get(name, [])
    if not rows:
        st.error(markdown_text(gettext("{name} is not in the collection. It may have been deleted.", name=name)))
        show_document_list(collection)
        return
    row, *other_rows = rows
    if other_rows:
        st.warning(
            ngettext(
                "{count} document has this name. This is the first.",
                "{count} documents have this name. This is the first.",
                len(rows),
            )
        )
    place = place_of(document_of(collection, row.id), st.query_params.get("start"), st.query_params.get("end"))
    hits = _hits_in(collection, str(collection.path.resolve()), collection.moment(), row, query, row.uri)
    outline = outline_of(place.document)
    parameters = {key: value for key in CARRIED if (value := st.query_params.get(key))}
    pictured = show_bar(collection, row, place, hits, parameters)
    beside, text = st.columns([1, 4], gap="medium") if outline else (st.container(), st.container())
    if outline:
        with beside, st.container(key="outline"), st.expander(gettext("Outline"), expanded=True):
            st.html(outline_html(outline, parameters, place.start, len(hits) + 1))
    with text:
        _show_content(collection, row, place, query, pictured=pictured)
    events = hit_events(key := f"places-{name}")
    st.html(TO_PASSAGE.replace("PLACE", f"{place.start}"), unsafe_allow_javascript=True)
    if events.open is not None and events.open <= len(hits) + len(outline):
        forget_clicks(key)
        go([*hits, *outline][events.open - 1])
        st.rerun()


@st.cache_data(show_spinner=False, max_entries=32)
def _hits_in(
    _collection: Collection,
    path: str,  # noqa: ARG001 - the key
    moment: str,  # noqa: ARG001 - the key
    _row: DocumentRow,
    query: str,
    uri: str,  # noqa: ARG001 - the key
) -> list[Destination]:
    return hits_in(_collection, _row, query)


def _show_content(collection: Collection, row: DocumentRow, place: Place, query: str, *, pictured: bool) -> None:
    if pictured:
        show_page(collection, row, place)
    elif (recording := recording_of_document(row)) is not None:
        beside, text = st.columns(2)
        with beside:
            show_player(row, source_of(collection, row), recording, place.seconds[0] if place.seconds else 0)
        with text:
            show_text(place, query, collection.languages())
    else:
        show_text(place, query, collection.languages())
    if place.document.surroundings:
        with st.expander(gettext("Navigation, header and footer of this page (not searched)")):
            around = plain(place.document.surroundings)
            st.html(f'<div class="pw-text" data-testid="surroundings" dir="auto">{around}</div>')


def _where(page: Page, touched: list[int], pages: int) -> str:
    caption = gettext("Page {page} of {pages}.", page=page.number, pages=formatted(pages))
    if page.label != str(page.number):
        caption = gettext(
            "Page {page} (printed {label}) of {pages}.", page=page.number, label=page.label, pages=formatted(pages)
        )
    if touched and page.number not in touched:
        return f"{caption} {gettext('The passage is on {pages}.', pages=page_list(touched))}"
    if page.number in touched[:-1]:
        return f"{caption} {gettext('The passage continues on the next page.')}"
    return caption


def _more(key: str) -> None:
    st.session_state[key] = st.session_state.get(key, 0) + 1


def main() -> None:
    """Draws the page once."""
    name, query = st.query_params.get("document", ""), st.query_params.get("for", "")
    try:
        collection = session.chosen_collection(drawn=not name)
        if name:
            show_document(collection, name, query)
        else:
            show_document_list(collection)
    except PassageworkError as error:
        session.show_error(error)


if __name__ == "__main__":
    main()
