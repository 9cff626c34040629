"""The grid of documents: what is shown, and in which order."""

from __future__ import annotations

from hypothesis import given, strategies as st

from passagework.retrieval.store import DocumentRow
from passagework.ui.web.document_grid import COLUMNS, NUMBERS, GridView, ListedDocument, grid_html

TYPES = ("text/plain", "application/pdf")


@st.composite
def listed_documents(draw: st.DrawFn) -> list[ListedDocument]:
    """Up to eight documents, many of them alike in something."""
    drawn = draw(st.lists(st.tuples(st.sampled_from("abc<"), st.sampled_from(TYPES), st.integers(0, 2)), max_size=8))
    return [
        ListedDocument(
            DocumentRow(
                id=number,
                source_id=number,
                uri=f"file:///{number}",
                name=None,
                path=f"{number}.x",
                position=0,
                media_type=media_type,
                title=title,
                sha256="",
                metadata={},
                length=1,
                pages=count,
                passages=2 - count,
                cut=0,
            ),
            "done",
        )
        for number, (title, media_type, count) in enumerate(drawn)
    ]


@given(listed=listed_documents(), column=st.sampled_from(COLUMNS), find=st.sampled_from(["", "A", "1."]))
def test_rows_are_those_asked_for_in_order(listed: list[ListedDocument], column: str, find: str) -> None:
    """All that have the word and no other, ascending or descending; numbers begin with the largest."""
    other = GridView(find=find, sort="State")
    view = other.sorted_by(other.next_order(column))
    rows = view.rows(listed)
    assert {one.row.id for one in rows} == {
        one.row.id for one in listed if find.lower() in one.row.title or find.lower() in one.row.path
    }
    cells = [one.cell(column) for one in rows]
    assert cells == sorted(cells, reverse=column in NUMBERS or column == "State")
    assert view.sorted_by(view.next_order(column)).descending is not view.descending


def test_a_title_is_shown_as_it_is() -> None:
    """Markup of a document is none of the page; a column that doesn't exist sorts nothing."""
    row = DocumentRow(1, 1, "file:///a", None, "<i>", 0, "text/plain", "<b>", "", {}, 1, 0, 1, 0)
    html = grid_html([ListedDocument(row, "done")], GridView())
    assert "&lt;b&gt;" in html
    assert "<b>" not in html
    assert "<i>" not in html
    assert GridView().sorted_by("<script> descending") == GridView()
