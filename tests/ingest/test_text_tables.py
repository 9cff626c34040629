"""Tables drawn in text: found where they are, with the names of their columns; the text stays as it is written."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from passagework.ingest.loaders import LoadOptions, load
from passagework.ingest.loaders.text.text_tables import barred_tables, ruled_tables
from passagework.retrieval.types import Document


def found(text: str) -> list[tuple[str, str]]:
    """Each barred table's text, and what its columns are called."""
    return [(text[table.start : table.end], table.columns) for table in barred_tables(text)]


@pytest.mark.parametrize(
    ("text", "table", "columns"),
    [
        ("| P | Q |\n| --- | ---: |\n| Gasket | 12 |\n\nEnd", "| P | Q |\n| --- | ---: |\n| Gasket | 12 |", "P | Q"),
        ("Part | On hand\n:-- | --:\nGasket |", "Part | On hand\n:-- | --:\nGasket |", "Part | On hand"),
        ("x\n\n| a \\| b | c |\n|--|--|\n| 1 | 2 |\ntext", "| a \\| b | c |\n|--|--|\n| 1 | 2 |", "a \\| b | c"),
        ("> | Q | R |\n> |---|---|\n> | 1 | 2 |\n> said", "| Q | R |\n> |---|---|\n> | 1 | 2 |", "Q | R"),
        ("- item\n\n    | L | M |\n    |---|---|\n    | 1 | 2 |", "| L | M |\n    |---|---|\n    | 1 | 2 |", "L | M"),
        ("- | X | Y |\n  |---|---|\n- | Z |", "| X | Y |\n  |---|---|", "X | Y"),
        (" id | name\n----+------\n  1 | foo\n(1 row)", "id | name\n----+------\n  1 | foo", "id | name"),
        ("|  |  |\n|--|--|\n| 1 | 2 |", "|  |  |\n|--|--|\n| 1 | 2 |", ""),
    ],
)  # fmt: skip
def test_barred_tables(text: str, table: str, columns: str) -> None:
    """With bars at the sides or without, escaped bars, in quotes and lists, as databases print them."""
    assert found(text) == [(table, columns)]


@pytest.mark.parametrize(
    "text",
    [
        "```\n| a | b |\n|---|---|\n| 1 | 2 |\n```",
        "> ~~~~\n> | a | b |\n> |---|---|\n",
        "<!--\n| a | b |\n|---|---|\n-->",
        "Code:\n\n    | a | b |\n    |---|---|\n    | 1 | 2 |",
        "| a | b | c |\n|---|---|",
        "|---|---|\n| 1 | 2 |",
        "Title\n-----\n\na | b",
        "",
    ],
)
def test_no_barred_tables(text: str) -> None:
    """In code and comments bars are no table, nor without a line of names that has as many cells as the rule."""
    assert found(text) == []


GRID = """\
+------------+----------+
| Header one | Second   |
| goes on    |          |
+============+==========+
| body       | b        |
+------------+----------+"""
DOUBLE = """\
=====  =====  ======
A      B      A or B
=====  =====  ======
False  False  False
True   False  True
=====  =====  ======"""


@pytest.mark.parametrize(
    ("table", "columns"),
    [
        (GRID, "Header one goes on | Second"),
        (GRID.replace("=", "-"), ""),
        (DOUBLE, "A | B | A or B"),
        ("====  ====\none   1\n====  ====", ""),
    ],
)
def test_ruled_tables(table: str, columns: str) -> None:
    """Grids and tables between double lines, with names and without, wherever they stand."""
    for text in (table, f"Text\n\n{table}\n\nMore"):
        assert [(text[t.start : t.end], t.columns) for t in ruled_tables(text)] == [(table, columns)]


def test_loaders_hand_their_tables_on(tmp_path: Path) -> None:
    """Markdown, reStructuredText and plain text have tables, each in its own writing."""
    barred = "Part | Price\n--- | ---\nA | 1"
    for name, text in (("a.md", barred), ("a.rst", GRID), ("a.txt", f"{barred}\n\n{GRID}")):
        path = tmp_path / name
        path.write_text(text)
        (document,) = load(path, LoadOptions())
        assert isinstance(document, Document)
        expected = [barred] * (barred in text) + [GRID] * (GRID in text)
        assert [document.text[table.start : table.end] for table in document.tables] == expected


@given(st.text(alphabet="|-+=: \n>a`~\\<!", max_size=200))
def test_tables_are_in_order_and_apart(text: str) -> None:
    """Whatever is drawn, tables lie within the text, in order, and none overlaps another."""
    for tables in (barred_tables(text), ruled_tables(text)):
        edges = [edge for table in tables for edge in (table.start, table.end)]
        assert edges == sorted(edges)
        assert all(0 <= table.start < table.end <= len(text) for table in tables)


@pytest.mark.parametrize(
    "unit", ["|---|\n", "a|b\n-|-\n", "`````\n", "+--+\n", "== ==\n", "> > > ", "| - ", "    |-|\n", "- "]
)
def test_hostile_drawings_take_linear_time(unit: str) -> None:
    """A million characters of what begins a table and ends none are looked through in seconds."""
    text = unit * (1_000_000 // len(unit))
    start = time.perf_counter()
    barred_tables(text)
    ruled_tables(text)
    assert time.perf_counter() - start < 10
