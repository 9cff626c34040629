"""Shows a passage where it stands: which pages it is on, the text around it as HTML, and how it is cited."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path

from passagework.retrieval.errors import PassageworkError
from passagework.retrieval.roots import file_path
from passagework.retrieval.text import address, place_list, visible
from passagework.retrieval.types import Document, Page, PlaceUnit
from passagework.ui.present.highlighting import Highlights
from passagework.ui.sources.page_drawing import PagePicture
from passagework.ui.web.rendered_text import plain, rendered_html, words_html

LONGEST = 20_000
"""Characters of a place: an address may name any, and no passage is as long."""

QUOTED = 300
"""Characters of a passage in its citation."""


@dataclass(frozen=True, slots=True)
class Place:
    """A document's `[start, end)`; nothing is marked where both are equal."""

    document: Document
    start: int = 0
    end: int = 0

    @property
    def text(self) -> str:
        """Returns the passage."""
        return self.document.text[self.start : self.end]

    @property
    def pages(self) -> list[Page]:
        """Returns the pages that it touches."""
        return [page for page in self.document.pages if page.start < self.end and self.start < page.end]

    @property
    def where(self) -> str:
        """Returns the pages that it touches, or its lines or seconds, as a hit shows them."""
        numbers = [page.number for page in self.pages]
        return place_list(numbers, self._ends(PlaceUnit.LINE), self.seconds)

    @property
    def seconds(self) -> list[int]:
        """Returns the second that it begins in and the one it ends in; `[]` where it is not said."""
        return self._ends(PlaceUnit.SECOND)

    def _ends(self, unit: PlaceUnit) -> list[int]:
        text = self.document.text
        ends: list[int] = []
        for place in self.document.places:
            if place.unit is unit and place.start < self.end and self.start < place.end:
                first, last = place.first, place.last
                if unit is PlaceUnit.LINE:
                    first += text.count("\n", place.start, max(place.start, self.start))
                    last = min(last, place.first + text.count("\n", place.start, min(place.end, self.end)))
                ends += int(first), int(last)
        return [min(ends), max(ends)] if ends else []


def place_of(document: Document, start: str | None, end: str | None) -> Place:
    """Returns the place that a link names; the document's beginning where it names none, or one that is not there."""
    if start and end and start.isascii() and end.isascii() and start.isdigit() and end.isdigit():
        first, last = int(start[:12]), int(end[:12])
        if first < last <= len(document.text):
            return Place(document, first, min(last, first + LONGEST))
    return Place(document)


def file_of(uri: str) -> Path:
    """Returns the file that a document's URI names, whatever its record; raises PassageworkError for other URIs."""
    path = file_path(uri)
    if path is None:
        raise PassageworkError(f"{uri} is no file of this machine")
    return path


def citation(place: Place) -> str:
    """Returns a citation in one line: title, path, pages and, in quotation marks, the passage, cut where it is long."""
    document = place.document
    where = address(document.path, document.uri)
    parts = [part for part in (document.title, where, place.where) if part]
    quote = " ".join(visible(place.text).split())
    if len(quote) > QUOTED:
        quote = f"{quote[:QUOTED].rsplit(' ', 1)[0]} …"
    return " ".join(visible(", ".join(parts)).split()) + (f': "{quote}"' if quote else "")


def quotation(place: Place, link: str) -> str:
    """Returns the whole passage in quotation marks, where it is from, and a link to it."""
    document = place.document
    where = ", ".join(part for part in (document.title, address(document.path, document.uri), place.where) if part)
    quote = " ".join(visible(place.text).split())
    return "\n".join(part for part in (f'"{quote}"', visible(where), link) if part)


def picture_html(picture: PagePicture, label: str) -> str:
    """Returns the page with the passage's boxes over it."""
    boxes = "".join(
        f'<div class="pw-box" data-testid="box" style="left:{left:.4%};top:{top:.4%};width:{width:.4%};'
        f'height:{height:.4%}"></div>'
        for left, top, width, height in picture.boxes
    )
    source = b64encode(picture.png).decode()
    image = f'<img alt="{plain(label)}" src="data:image/png;base64,{source}">'
    return f'<div class="pw-page" data-testid="page-picture">{image}{boxes}</div>'


def passage_html(place: Place, first: int, last: int, highlights: Highlights) -> str:
    """Returns the document's `[first, last)` as it reads, with the passage marked in it.

    `highlights` are those of the whole passage. A passage of several lines is a block of its own, one of a single line
    is marked within it. Source code keeps its lines as they are.
    """
    document = place.document
    start, end = min(max(place.start, first), last), min(max(place.end, first), last)
    marks = highlights if (start, end) == (place.start, place.end) else Highlights()
    html = _code_html if any(one.unit is PlaceUnit.LINE for one in document.places) else _block_html
    if html is _block_html and start < end and not set("\n|") & set(document.text[start:end]):
        shift = start - first
        moved = Highlights(tuple((at + shift, to + shift) for at, to in marks.words))
        whole = _block_html(document, first, last, moved, (shift, end - first))
    else:
        passage = html(document, start, end, marks)
        passage = f'<div class="pw-passage" data-testid="passage">{passage}</div>' if start < end else ""
        before, behind = html(document, first, start, Highlights()), html(document, end, last, Highlights())
        whole = f"{before}{passage}{behind}"
    return f'<div class="pw-document" data-testid="document" dir="auto">{whole}</div>'


def _code_html(document: Document, first: int, last: int, marks: Highlights) -> str:
    text = document.text[first:last]
    return f'<pre class="pw-code">{words_html(text, marks.words)}</pre>' if text.strip() else ""


def _block_html(
    document: Document, first: int, last: int, marks: Highlights, passage: tuple[int, int] | None = None
) -> str:
    text = document.text[first:last]
    columns = next((table.columns for table in document.tables if table.start < first < table.end), "")
    headings = [heading.start - first for heading in document.headings if first <= heading.start < last]
    return rendered_html(text, marks, document.media_type, columns, headings, passage) if text.strip() else ""
