"""Says what a collection holds before anything is asked, with questions that its own headings suggest."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest

import streamlit as st

from passagework.ingest.loaders.formats import format_name
from passagework.retrieval.collection.collection import Collection
from passagework.retrieval.collection.status import Status
from passagework.retrieval.store import DocumentRow
from passagework.retrieval.text import collapsed
from passagework.ui.present.dates import day
from passagework.ui.present.snippets import names_columns
from passagework.ui.present.wording import counted, formatted, gettext, listed
from passagework.ui.web.collection_cache import documents_of
from passagework.ui.web.page_html import markdown_text
from passagework.ui.web.rendered_text import plain

EXAMPLES = 5
LOOKED_AT = 25
"""Documents whose headings are read for examples: more would be slow to read, and five queries come of fewer."""

TYPES = 4
"""Types of documents that are named; the others are counted."""

_NUMBER = re.compile(r"^(?:(?:[0-9]+|[A-Z])(?:\.[0-9]+)*[.)]?|§+)\s+")
_LETTERS = re.compile(r"[^\W\d_]{3,}")
_COMMON = frozenset(
    ("abstract", "contents", "table of contents", "introduction", "overview", "notes", "index", "see also", "examples")
)
"""Headings that many documents have, and that ask for nothing."""


def show_landing(collection: Collection, status: Status, types: Mapping[str, int], name: str = "") -> None:
    """Draws what there is to search, and examples to begin with; `name` tells one of several collections."""
    title = f'<h2 class="pw-title pw-one-of" dir="auto">{plain(name)}</h2>' if name else ""
    st.html(
        f'{title}<p class="pw-holds" data-testid="holds">{plain(holds_line(status, types))}</p>'
        f'<p class="pw-place">{plain(_changed_line(collection, status))}</p>'
    )
    queries = _examples(collection, str(collection.path.resolve()), collection.moment())
    if queries:
        st.html(f'<p class="pw-place" data-testid="examples">{plain(gettext("Try, for example:"))}</p>')
        with st.container(horizontal=True, key=f"examples{name}"):
            for query in queries:
                st.button(markdown_text(query), key=f"example-{name}-{query}", on_click=_ask, args=(query,))


def holds_line(status: Status, types: Mapping[str, int]) -> str:
    """Returns `63 documents, 183 passages: 30 Markdown, 12 PDF and 3 other types`."""
    named = [f"{formatted(count)} {gettext(format_name(name))}" for name, count in list(types.items())[:TYPES]]
    more = [counted(len(types) - TYPES, "other type")] if len(types) > TYPES else []
    kinds = listed([*named, *more])
    counts = f"{counted(status.documents, 'document')}, {counted(status.passages, 'passage')}"
    return f"{counts}: {kinds}" if kinds else counts


def example_queries(rows: Sequence[DocumentRow], headings: Mapping[int, Sequence[str]]) -> list[str]:
    """Returns up to five queries, each a heading, of as many documents as there are: questions first, then long ones.

    `headings` are those of each document by its id. Names of columns, numbers, and what many documents have are none.
    """
    by_document = []
    for row in rows:
        usable = dict.fromkeys(text for text in map(_query, headings.get(row.id, ())) if text)
        telling = [text for text in usable if text.casefold() != row.title.casefold()]
        by_document.append(sorted(telling, key=lambda text: (not text.endswith("?"), -min(5, len(text.split())))))
    in_turn = [text for round_ in zip_longest(*by_document) for text in round_ if text]
    distinct = list({text.casefold(): text for text in reversed(in_turn)}.values())[::-1]
    return sorted(distinct[:EXAMPLES], key=lambda text: not text.endswith("?"))


def _query(heading: str) -> str:
    """Returns what a heading asks, less its number; "" where it asks nothing: a form, a cover in capitals."""
    text = _NUMBER.sub("", collapsed(heading)).rstrip(" .:")
    words = text.split()
    asks = 2 <= len(words) <= 9 and len(text) <= 60 and len(_LETTERS.findall(text)) >= 2
    asks = asks and not text.isupper() and "_" not in text and not names_columns(text)
    return text if asks and text.casefold() not in _COMMON else ""


@st.cache_data(show_spinner=False, max_entries=4)
def _examples(_collection: Collection, path: str, moment: str) -> list[str]:  # noqa: ARG001 - the key
    rows = documents_of(_collection)
    chosen = list(_spread(rows))
    headings = {row.id: [one.title for one in _collection.document(row.id).headings] for row in chosen}
    return example_queries(chosen, headings)


def _spread(rows: Sequence[DocumentRow]) -> Iterator[DocumentRow]:
    """Yields documents from all over the collection, of several passages if there are such, none long to read."""
    short = [row for row in rows if row.length < 1_000_000] or rows[:1]
    several = [row for row in short if row.passages > 1] or short
    step = max(1, len(several) // LOOKED_AT)
    yield from several[::step][:LOOKED_AT]


def _changed_line(collection: Collection, status: Status) -> str:
    """Says when the collection was last written to."""
    store = collection.path / status.version / "store.db"
    times = [file.stat().st_mtime for file in (store, store.with_name("store.db-wal")) if file.exists()]
    return gettext("Last changed on {day}.", day=day(max(times) * 1e6)) if times else ""


def _ask(query: str) -> None:
    st.session_state["query"] = query
