"""Draws the reading page: a passage in its place, on the picture of its PDF page or in the document's text."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qs

import streamlit as st

from passagework import Collection
from passagework.ingest.loaders.formats import format_name
from passagework.retrieval import PassageworkError
from passagework.retrieval.lexical.bm25 import matching_spans
from passagework.retrieval.store import DocumentRow
from passagework.retrieval.text import counted, page_list
from passagework.retrieval.types import Page
from passagework.ui.present.highlighting import Highlights
from passagework.ui.web import session
from passagework.ui.web.collection_cache import documents_of
from passagework.ui.web.document_view import Place, citation, passage_html, picture_html, place_of
from passagework.ui.web.keyboard import TO_PASSAGE
from passagework.ui.web.page_html import markdown_text, note_html
from passagework.ui.web.page_pictures import has_pages, picture_of, source_of
from passagework.ui.web.recording_player import recording_of_document, show_player

AROUND = 8_000
"""Characters shown before the passage and after it; more on demand."""

LISTED = 2_000
"""Documents in the list to choose from."""


def show_page(collection: Collection, row: DocumentRow, place: Place) -> None:
    """Draws the page that was asked for, else the first that the passage touches."""
    pages = place.document.pages
    touched = [page.number for page in place.pages]
    _begin_at(row, place, touched[0] if touched else 1, len(pages))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        number = int(st.number_input("Page", 1, len(pages), key="page", width=140, bind="query-params"))
        st.button("Previous page", disabled=number <= 1, on_click=_turn, args=(number - 1,))
        st.button("Next page", disabled=number >= len(pages), on_click=_turn, args=(number + 1,))
    page = pages[number - 1]
    st.html(note_html(_where(page, touched, len(pages))))
    try:
        picture = picture_of(collection, row, place, page)
    except (PassageworkError, OSError) as error:
        st.warning(f"{markdown_text(str(error))}\\. Its text, as it was ingested:")
        st.html(passage_html(place, page.start, page.end, Highlights()))
        return
    if not picture.unchanged:
        st.warning("The file has changed since it was ingested: the page may say something else than the passage.")
    if number in touched and picture.missing:
        st.html(note_html(f"{counted(picture.missing, 'character')} of the passage could not be found on the page."))
    st.html(picture_html(picture, f"Page {page.label} of {row.address}"))


def show_text(place: Place, query: str, languages: Sequence[str]) -> None:
    """Draws the document's text, opened at the passage; words are marked as queries look for them in `languages`."""
    words = matching_spans(query, [place.text], languages)[0] if query and place.text else []
    key = f"{place.document.uri}-{place.start}"
    earlier, later = (f"{side}-{key}" for side in ("earlier", "later"))
    first = max(0, place.start - AROUND * (1 + st.session_state.get(earlier, 0)))
    last = min(len(place.document.text), place.end + AROUND * (1 + st.session_state.get(later, 0)))
    if first > 0:
        st.button("Earlier text", on_click=_more, args=(earlier,))
    st.html(passage_html(place, first, last, Highlights(tuple(words))))
    if last < len(place.document.text):
        st.button("Later text", on_click=_more, args=(later,))


def show_document_list(collection: Collection) -> None:
    """Draws a list of documents, where none was opened yet."""
    rows = documents_of(collection)
    if not rows:
        session.show_empty()
        return
    st.html(note_html("Open a hit of a search, or a document from this list."))
    if len(rows) > LISTED:
        st.html(note_html(f"These are the first {LISTED:,} of {len(rows):,}. The library finds the others."))
    names = {row.uri: row.address for row in rows[:LISTED]}
    chosen = st.selectbox("Document", list(names), None, format_func=lambda uri: names[uri], placeholder="Choose one")
    if chosen:
        st.query_params["document"] = chosen
        st.rerun()


def show_document(collection: Collection, name: str, query: str) -> None:
    """Draws the document of that name, opened at the place that the address gives."""
    rows = collection.documents_named([name]).get(name, [])
    if not rows:
        st.error(f"{markdown_text(name)} is not in the collection\\. It may have been deleted\\.")
        show_document_list(collection)
        return
    row, *other_rows = rows
    if other_rows:
        st.warning(f"{len(rows)} documents bear this name. This is the first.")
    document = collection.document(row.id)
    place = place_of(document, st.query_params.get("start"), st.query_params.get("end"))
    st.subheader(markdown_text(row.title or row.address))
    read = "read by OCR" if any(span.start < place.end and place.start < span.end for span in document.ocr) else ""
    parts = (row.address, place.where, format_name(row.media_type), read)
    st.html(note_html(" · ".join(part for part in parts if part)))
    if place.text:
        st.code(citation(place), language=None, wrap_lines=True)
    shown = "Picture" if has_pages(row) else "Text"
    if shown == "Picture":
        shown = st.segmented_control("Show", ["Picture", "Text"], default="Picture", key="show") or "Picture"
    if shown == "Picture":
        show_page(collection, row, place)
    elif (recording := recording_of_document(row)) is not None:
        beside, text = st.columns(2)
        with beside:
            show_player(row, source_of(collection, row), recording, place.seconds[0] if place.seconds else 0)
        with text:
            show_text(place, query, collection.languages())
    else:
        show_text(place, query, collection.languages())
    st.html(TO_PASSAGE, unsafe_allow_javascript=True)


def _where(page: Page, touched: list[int], pages: int) -> str:
    label = f" (printed {page.label})" if page.label != str(page.number) else ""
    caption = f"Page {page.number}{label} of {pages:,}."
    if touched and page.number not in touched:
        return f"{caption} The passage is on {page_list(touched)}."
    if page.number in touched[:-1]:
        return f"{caption} The passage continues on the next page."
    return caption


def _begin_at(row: DocumentRow, place: Place, first: int, last: int) -> None:
    """Opens another passage at its own page, whichever was read before, unless the address names one."""
    position = (row.uri, place.start, place.end)
    if st.session_state.get("place") != position:
        st.session_state["place"] = position
        if "page" not in st.query_params:
            st.session_state["page"] = first
    st.session_state["page"] = min(max(1, int(st.session_state.get("page", first))), last)


def _settings(search: str) -> dict[str, list[str]]:
    """Returns the parameters of a query string, without Streamlit's own."""
    return {key: values for key, values in parse_qs(search).items() if not key.casefold().startswith("embed")}


def _turn(number: int) -> None:
    st.session_state["page"] = number


def _more(key: str) -> None:
    st.session_state[key] = st.session_state.get(key, 0) + 1


def main() -> None:
    """Draws the page once."""
    st.title("Read")
    name, query = st.query_params.get("document", ""), st.query_params.get("for", "")
    if query:
        st.page_link(
            session.SEARCH,
            label="Back to the search",
            query_params=_settings(st.query_params.get("search", "")) or {"query": query},
        )
    try:
        collection = session.current_collection()
        if name:
            show_document(collection, name, query)
        else:
            show_document_list(collection)
    except PassageworkError as error:
        session.show_error(error)


if __name__ == "__main__":
    main()
