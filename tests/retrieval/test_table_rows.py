"""Rules of tables as statements: cells under the names of their columns, each at its place."""

from __future__ import annotations

from hypothesis import given, strategies as st

from passagework.retrieval.verification.comparison import compare_facts
from passagework.retrieval.verification.table_rows import table_rows, without_rows

LIMITS = (
    "Limits:\n\n| Cost of the trip | Approved by |\n| --- | --- |\n| up to EUR 2,500 | your group leader |\n"
    "| EUR 2,501 to EUR 7,500 | Priya Nambiar |\n\nNobody approves a trip of their own.\n"
)


def test_a_row_is_read_under_the_names_of_its_columns() -> None:
    """It is a slice of the passage, and what was taken from there has a place there."""
    first, second = table_rows(LIMITS)
    assert first.text == "Cost of the trip: up to EUR 2,500; Approved by: your group leader"
    assert LIMITS[second.start : second.end] == "| EUR 2,501 to EUR 7,500 | Priya Nambiar |"
    at = second.text.index("Priya")
    place = second.place(at, at + 5)
    assert place is not None
    assert LIMITS[slice(*place)] == "Priya"
    assert without_rows(LIMITS).split() == ["Limits:", "Nobody", "approves", "a", "trip", "of", "their", "own."]


def test_names_may_stand_in_the_heading_of_a_table_that_goes_on() -> None:
    """They have no place then; a heading of another number of names is of another table."""
    (row,) = table_rows("| more than 7,500 | the Director |", ["Travel", "Cost | Approved by"])
    assert row.text == "Cost: more than 7,500; Approved by: the Director"
    assert row.place(0, 4) is None
    (row,) = table_rows("| more than 7,500 | the Director |", ["A | B | C"])
    assert row.text == "more than 7,500; the Director"


def test_a_value_of_a_year_is_not_that_of_another() -> None:
    """Columns that numbers or dates tell apart make a statement a value."""
    rows = table_rows("| Region | 2019 | 2020 |\n|---|---|---|\n| North | 12 | 15 |\n| South |  | 9 |\n")
    assert [row.text for row in rows] == [
        "Region: North; 2019: 12",
        "Region: North; 2020: 15",
        "Region: South; 2020: 9",
    ]


def test_a_number_agrees_with_the_range_that_holds_it() -> None:
    """In a row of a table; "up to 2,500" of a claim is a range itself, and must be the same."""
    row = "Cost: EUR 2,501 to EUR 7,500; Approved by: Priya Nambiar"

    def agrees(claim: str) -> bool | None:
        facts = compare_facts(claim, row, 0, len(row), ranges=True).facts
        return next(fact.agrees for fact in facts if fact.kind.value == "number")

    assert agrees("Priya Nambiar approves a trip of EUR 5,000.") is True
    assert agrees("Priya Nambiar approves a trip of EUR 7,501.") is False
    assert agrees("Priya Nambiar approves trips up to EUR 7,000.") is False
    assert agrees("Priya Nambiar approves a trip of 5,000 km.") is None


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="|\\\n\r", exclude_categories=("Cc", "Zl", "Zp", "Cs")))


@given(st.lists(st.lists(CELLS, min_size=2, max_size=4), min_size=1, max_size=5), st.booleans())
def test_every_piece_of_a_statement_stands_where_it_is_said_to(rows: list[list[str]], ruled: bool) -> None:
    """Whatever is in the cells; nothing but rows is blanked."""
    lines = [f"| {' | '.join(row)} |" for row in rows]
    passage = "\n".join(["before", *lines[:1], *(["|---|---|"] if ruled else []), *lines[1:], "behind"])
    for row in table_rows(passage):
        for start, end, origin in row.pieces:
            assert row.text[start:end] == passage[origin : origin + end - start]
            assert row.start <= origin or ruled
    assert without_rows(passage).split() == ["before", "behind"]
    assert len(without_rows(passage)) == len(passage)
