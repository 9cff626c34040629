"""What the search page says of a collection before anything is asked, and the queries that it suggests."""

from __future__ import annotations

from dataclasses import replace

import pytest

from passagework.retrieval.store import DocumentRow
from passagework.ui.present.dates import date_of
from passagework.ui.web.landing import example_queries

ROW = DocumentRow(1, 1, "file:///a", None, "a", 0, "text/plain", "Title", "0" * 64, {}, 9, 0, 1, 0)


def _rows(count: int) -> list[DocumentRow]:
    return [replace(ROW, id=at, uri=f"file:///{at}") for at in range(count)]


def test_examples_are_headings_that_ask() -> None:
    """Questions first, of each document in turn, without their numbers; no title, names of columns or boilerplate."""
    headings = {
        0: ["Title", "Cost | Approved by", "See also", "1.2 Power failure at night"],
        1: ["May I take photographs?", "Opening hours in summer"],
        2: ["power failure at night", "Short", "2021 2022"],
        3: ["Introduction"],
    }
    assert example_queries(_rows(4), headings) == [
        "May I take photographs?",
        "Power failure at night",
        "Opening hours in summer",
    ]
    many = {at: [f"Question of document {'abcdefgh'[at] * 3}"] for at in range(8)}
    assert len(example_queries(_rows(8), many)) == 5


@pytest.mark.parametrize(
    ("metadata", "day"),
    [
        ({"created": "2020-01-01", "effective": "2024-07-01"}, "1 July 2024"),
        ({"created": "2025-04-03T23:30:00+02:00"}, "3 April 2025"),
        ({"effective": 2024}, ""),
        ({}, ""),
    ],
)
def test_a_document_s_date_is_the_one_its_author_gives(metadata: dict[str, str | int], day: str) -> None:
    """Before the one that a program wrote; as people write it."""
    assert date_of(metadata, ("created", "effective")) == day
