"""Draws the bar above a document that is read: the way back, the page, words to find, citations, the rail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import parse_qs

import streamlit as st

from passagework.ingest.loaders.formats import format_name
from passagework.retrieval import PassageworkError
from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.store import DocumentRow
from passagework.ui.present.wording import formatted, gettext, message
from passagework.ui.web import session
from passagework.ui.web.document_view import Place, citation, file_of, quotation
from passagework.ui.web.page_html import note_html
from passagework.ui.web.page_pictures import has_pages, source_of
from passagework.ui.web.reading import Destination, occurrences, rail_html
from passagework.ui.web.rendered_text import plain

LARGEST = 200 << 20
"""Bytes of an original that can be downloaded: the server holds it in memory while it is sent."""


def show_bar(
    collection: Collection, row: DocumentRow, place: Place, hits: Sequence[Destination], parameters: Mapping[str, str]
) -> bool:
    """Draws what stays in view: title, way back, page, what to find, the rail; returns whether pictures are shown."""
    read = any(span.start < place.end and place.start < span.end for span in place.document.ocr)
    facts = (row.address, place.where, gettext(format_name(row.media_type)), gettext("read by OCR") if read else "")
    with st.container(key="reading-bar", gap="xsmall"):
        st.html(
            f'<h1 class="pw-title" dir="auto">{plain(row.title or row.address)}</h1>'
            f"{note_html(' · '.join(part for part in facts if part))}"
        )
        with st.container(horizontal=True, vertical_alignment="center", gap="small"):
            _show_way_back()
            pictured = has_pages(row) and _show_choice()
            if pictured:
                _show_turning(row, place)
            _show_find(place)
            with st.popover(gettext("Cite")):
                st.code(citation(place), language=None, wrap_lines=True)
                if place.text:
                    st.code(quotation(place, str(st.context.url or "")), language=None, wrap_lines=True)
            _show_download(collection, row)
        if hits:
            st.html(rail_html(hits, parameters, len(place.document.text), place.start))
    return pictured


def _show_way_back() -> None:
    if query := st.query_params.get("for", ""):
        search = _settings(st.query_params.get("search", "")) or {"query": [query]}
        st.page_link(session.SEARCH, label=gettext("Back to the search"), query_params=search)


def _show_choice() -> bool:
    """Draws a choice of the page as it looks and its text alone; returns whether the page is wanted."""
    names = [message("Picture"), message("Text")]
    chosen = st.segmented_control(
        gettext("Show"), names, default=names[0], key="show", format_func=gettext, label_visibility="collapsed"
    )
    return chosen in (None, names[0])


def _show_turning(row: DocumentRow, place: Place) -> None:
    """Draws the number of the page, and buttons to turn it."""
    pages = len(place.document.pages)
    touched = [page.number for page in place.pages]
    _begin_at(row, place, touched[0] if touched else 1, pages)
    at = int(
        st.number_input(
            gettext("Page"), 1, pages, key="page", width=120, bind="query-params", label_visibility="collapsed"
        )
    )
    st.html(note_html(gettext("of {pages}", pages=formatted(pages))), width="content")
    st.button(gettext("Previous page"), disabled=at <= 1, on_click=_turn, args=(at - 1,))
    st.button(gettext("Next page"), disabled=at >= pages, on_click=_turn, args=(at + 1,))


def _show_find(place: Place) -> None:
    """Draws a field for words to find in the document; the first occurrence is gone to, buttons lead to the others."""
    words = str(
        st.text_input(
            gettext("Find in document"),
            key="find_words",
            placeholder=gettext("Find in document"),
            label_visibility="collapsed",
            width=220,
            on_change=_find,
            args=(place,),
        )
        or ""
    )
    if not words.strip():
        return
    spans = occurrences(place.document.text, words)
    at = next((number for number, span in enumerate(spans) if span == (place.start, place.end)), -1)
    st.html(f'<div data-testid="found">{note_html(_found_line(spans, at))}</div>', width="content")
    for label, step in ((message("Previous"), -1), (message("Next"), 1)):
        to = spans[(at + step) % len(spans)] if spans else (0, 0)
        st.button(
            gettext(label), disabled=len(spans) < 2, on_click=go, args=(Destination("", *to),), key=f"find-{label}"
        )


def _found_line(spans: list[tuple[int, int]], at: int) -> str:
    if not spans:
        return gettext("Not found")
    if at >= 0:
        return gettext("{done} of {total}", done=formatted(at + 1), total=formatted(len(spans)))
    return gettext("{number} found", number=formatted(len(spans)))


def _find(place: Place) -> None:
    spans = occurrences(place.document.text, st.session_state["find_words"] or "")
    if spans:
        go(Destination("", *next((span for span in spans if span[0] >= place.start), spans[0])))


def go(to: Destination) -> None:
    """Opens the document at another place."""
    st.query_params["start"], st.query_params["end"] = str(to.start), str(to.end)
    st.query_params.pop("page", None)


def _show_download(collection: Collection, row: DocumentRow) -> None:
    """Draws the button that sends the original, where its file is there and not too large."""
    try:
        path = file_of(source_of(collection, row).uri)
        if not path.is_file() or path.stat().st_size > LARGEST:
            return
    except (PassageworkError, OSError):
        return
    st.download_button(gettext("Download"), lambda: _original(path), path.name, on_click="ignore")


def _original(path: Path) -> bytes:
    return path.read_bytes()


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
