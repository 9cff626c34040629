"""Draws the map of documents on the page Library: a picture of the groups, and a list of them to choose from."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping

import streamlit as st

from passagework.retrieval import DocumentMap
from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.store import DocumentRow
from passagework.ui.present.wording import counted, gettext, share
from passagework.ui.web.page_html import note_html
from passagework.ui.web.rendered_text import plain

WIDTH, HEIGHT, MARGIN = 640, 400, 24
"""Pixels of the picture, and from its rim to the outermost document."""

DRAWN = 4_000
"""Documents that are drawn, every so many of more."""

TYPICAL = 3
"""Documents of a group that are named."""

SHOWN = "library-map"
"""What the session keeps under: whether the map is drawn."""

COLOURS = (
    "#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#b8860b", "#17a2b8",
    "#e377c2", "#8c564b", "#6b8e23", "#ff7f0e", "#4b0082", "#708090",
)  # fmt: skip
"""One for each group; its number tells it too."""


@st.cache_resource(show_spinner="…", max_entries=2)
def _mapped(_collection: Collection, path: str, moment: str) -> DocumentMap:  # noqa: ARG001 - the key
    return _collection.document_map()


def mapped(collection: Collection) -> DocumentMap:
    """Returns the map of a collection as it is now."""
    return _mapped(collection, str(collection.path.resolve()), collection.moment())


def show_map(collection: Collection, rows: Mapping[int, DocumentRow]) -> None:
    """Draws the map when it is asked for; a group's name narrows the grid to it."""
    with st.expander(gettext("Map")):
        if st.button(
            gettext("Draw the map"),
            help=gettext("Groups of documents on the same subject, by the vectors of their passages"),
        ):
            st.session_state[SHOWN] = True
        if not st.session_state.get(SHOWN):
            return
        drawn = mapped(collection)
        st.html(map_picture(drawn))
        st.html(groups_html(drawn, rows))


def map_picture(drawn: DocumentMap) -> str:
    """Returns the picture: a dot a document in its group's colour, and the group's number at its middle."""
    dots, numbers = [], []
    for number, group in enumerate(drawn.groups, start=1):
        places = [_pixels(*drawn.places[document]) for document in group.documents]
        step = max(1, -(-len(drawn.places) // DRAWN))
        colour = COLOURS[(number - 1) % len(COLOURS)]
        circles = "".join(f'<circle cx="{x:.0f}" cy="{y:.0f}" r="4"/>' for x, y in places[::step])
        dots.append(f'<g fill="{colour}" fill-opacity="0.65">{circles}</g>')
        x, y = (sum(values) / len(places) for values in zip(*places, strict=True))
        numbers.append(
            f'<circle cx="{x:.0f}" cy="{y:.0f}" r="11" fill="#fff" stroke="{colour}" stroke-width="2"/>'
            f'<text x="{x:.0f}" y="{y + 5:.0f}" text-anchor="middle" fill="#111">{number}</text>'
        )
    drawing = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'font-family="sans-serif" font-size="14">{"".join(dots)}{"".join(numbers)}</svg>'
    )
    source = b64encode(drawing.encode()).decode()
    label = gettext(
        "{documents} in {groups}; similar documents lie close together",
        documents=counted(len(drawn.places), "document"),
        groups=counted(len(drawn.groups), "group"),
    )
    image = f'<img data-testid="map" alt="{plain(label)}" src="data:image/svg+xml;base64,{source}">'
    note = note_html(
        gettext(
            "The map shows {share} of the differences between documents; the groups take all of them into account.",
            share=share(drawn.explained),
        )
    )
    return f'<div class="pw-chart">{image}</div>{note}'


def groups_html(drawn: DocumentMap, rows: Mapping[int, DocumentRow]) -> str:
    """Returns each group with its number, its words, how many documents it has, and some of them."""
    items = []
    for number, group in enumerate(drawn.groups, start=1):
        typical = [rows[document] for document in group.documents[:TYPICAL] if document in rows]
        named = ", ".join(row.title or row.address for row in typical)
        items.append(
            f'<li><button type="button" class="pw-why" data-act="group:{number}">'
            f"{number}. {plain(', '.join(group.words) or gettext('no distinctive words'))}</button> "
            f"{plain(gettext('{documents}, such as', documents=counted(len(group.documents), 'document')))} "
            f'<span dir="auto">{plain(named)}</span></li>'
        )
    return f'<ul class="pw-hits pw-support" data-testid="groups">{"".join(items)}</ul>'


def _pixels(x: float, y: float) -> tuple[float, float]:
    return MARGIN + x * (WIDTH - 2 * MARGIN), HEIGHT - MARGIN - y * (HEIGHT - 2 * MARGIN)
