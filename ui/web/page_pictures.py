"""Draws the page that a passage stands on, with the passage's boxes; each is drawn once, however often it is shown."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.store import DocumentRow, SourceRow
from passagework.retrieval.types import Page
from passagework.ui.sources.page_drawing import PDF, PagePicture, draw_page
from passagework.ui.web.collection_cache import sources_of
from passagework.ui.web.document_view import Place, file_of
from passagework.ui.web.ocr_boxes import ocr_boxes, without_ocr


def has_pages(row: DocumentRow) -> bool:
    """Tells whether a document is shown as pictures of its pages."""
    return bool(row.pages) and (row.media_type == PDF or row.media_type.startswith("image/"))


def source_of(collection: Collection, row: DocumentRow) -> SourceRow:
    """Returns the file that a document is from."""
    return next(source for source in sources_of(collection) if source.id == row.source_id)


def picture_of(collection: Collection, row: DocumentRow, place: Place, page: Page) -> PagePicture:
    """Returns the picture of a page; raises PassageworkError or OSError where there is none."""
    source = source_of(collection, row)
    path = file_of(source.uri)
    changed = path.stat().st_mtime_ns if path.exists() else 0
    start, end = max(0, place.start - page.start), max(0, place.end - page.start)
    text = without_ocr(place.document, page.start, page.end)
    drawn = _picture(source.uri, changed, source.sha256, row.media_type, page.number, text, start, end)
    read = ocr_boxes(place.document, max(place.start, page.start), min(place.end, page.end))
    return replace(drawn, boxes=(*drawn.boxes, *read))


@st.cache_data(show_spinner="…", max_entries=64)
def _picture(
    path: str,
    changed: int,  # noqa: ARG001
    sha256: str,
    media_type: str,
    number: int,
    text: str,
    start: int,
    end: int,
) -> PagePicture:
    """Returns a page's picture, the cached one unless its file `changed` since (nanoseconds of its date)."""
    return draw_page(file_of(path), sha256, media_type=media_type, number=number, text=text, start=start, end=end)
