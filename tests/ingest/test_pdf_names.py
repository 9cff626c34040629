"""The names of columns in a PDF's tables of accounts: what stands over what, and what is a title or a note instead."""

from __future__ import annotations

from pathlib import Path

from passagework.retrieval.types import Document
from tests.support.pdf_files import drawn, load, placed, written

WIDTH = 6.6
"""Points of a letter of Courier at 11 points, in which the pages are set."""
COLUMNS = [300, 370, 440, 510]
"""Where the amounts of a column end."""
ROWS = [("Rents", ["284,002", "131,013", "1,473", "1,254"]), ("Tolls", ["604,016", "14,926", "1,266", "45,981"])]
ROWS += [("Fines", ["32,181", "221,608", "535", "816"]), ("Grants", ["1,896", "368,847", "1,439", "2,278"])]


def ending(x: float, y: float, text: str) -> str:
    """A text that ends at a place, as amounts do."""
    return placed(x - WIDTH * len(text), y, text)


def middle(x: float, y: float, text: str) -> str:
    """A text whose middle is at a place, as that of names often is."""
    return placed(x - WIDTH * len(text) / 2, y, text)


def accounts(top: float = 640, rows: list[tuple[str, list[str]]] = ROWS) -> str:
    """The rows of a table of accounts."""
    return "".join(
        placed(60, top - 14 * number, label)
        + "".join(ending(x, top - 14 * number, amount) for x, amount in zip(COLUMNS, amounts, strict=False))
        for number, (label, amounts) in enumerate(rows)
    )


def read(folder: Path, content: str) -> Document:
    """The document of a page that is set in Courier."""
    return load(written(folder / "a.pdf", drawn(content, font="Courier")))


YEARS = "".join(ending(x, 654, year) for x, year in zip(COLUMNS, ["2022", "2021", "2022", "2021"], strict=True))


def test_titles_and_remarks_above_a_table_name_no_column(tmp_path: Path) -> None:
    """What stands in the middle above the whole table is its title, and what is in brackets a remark on all of it."""
    names = "".join(placed(x, 668, "Dec 31,") for x in (256, 324, 396, 464))
    above = middle(285, 696, "\\(In thousands\\)") + middle(285, 682, "\\(Unaudited\\)")
    document = read(tmp_path, middle(285, 710, "RIVER BOARD AND OTHERS") + above + names + YEARS + accounts())
    [table] = document.tables
    assert table.columns == "| Dec 31, 2022 | Dec 31, 2021 | Dec 31, 2022 | Dec 31, 2021"
    above_it = [line.strip() for line in document.text[: table.start].splitlines()]
    assert above_it[:3] == ["RIVER BOARD AND OTHERS", "(In thousands)", "(Unaudited)"]


def test_a_name_in_the_middle_of_columns_is_that_of_each(tmp_path: Path) -> None:
    """Names of groups stand over the columns in whose middle they are, also where they are narrower than the gap."""
    names = middle(312, 668, "Q1") + middle(458, 668, "Q2")
    [table] = read(tmp_path, names + YEARS + accounts()).tables
    assert table.columns == "| Q1 2022 | Q1 2021 | Q2 2022 | Q2 2021"


def test_names_over_one_rule_share_what_is_below_it(tmp_path: Path) -> None:
    """Where names end as columns do above a common rule, each is that of all columns up to its own."""
    names = ending(COLUMNS[1], 668, "North") + ending(COLUMNS[3], 668, "South") + "250 665 m 510 665 l S "
    [table] = read(tmp_path, names + YEARS + accounts()).tables
    assert table.columns == "| North 2022 | North 2021 | South 2022 | South 2021"


def test_a_note_below_a_table_is_none_of_its_rows(tmp_path: Path) -> None:
    """A note reaches over all columns, and takes none of them away."""
    note = placed(60, 584, "\\(1\\)") + placed(90, 584, "Rents are those of leased land.")
    [table] = read(tmp_path, YEARS + accounts() + note).tables
    assert table.columns == "| 2022 | 2021 | 2022 | 2021"


def test_a_sentence_before_the_next_table_begins_it_anew(tmp_path: Path) -> None:
    """Between two tables of other columns stands a line that is further off than their rows are."""
    first = accounts(640, [(label, amounts[:1]) for label, amounts in ROWS])
    lead = placed(60, 568, "What is to come:")
    second = "".join(ending(x, 548, year) for x, year in zip(COLUMNS, ["2023", "2024", "2025"], strict=False))
    document = read(tmp_path, first + lead + second + accounts(534, [(n, a[:3]) for n, a in ROWS]))
    assert [table.columns for table in document.tables][-1] == "| 2023 | 2024 | 2025"
    assert "| Tolls | 604,016 | 14,926 | 1,266 |" in document.text


def test_an_amount_and_its_sign_are_one_column(tmp_path: Path) -> None:
    """A column of percent signs makes no row more divided than that of the names."""
    shares = "".join(
        placed(60, 640 - 14 * n, label) + ending(300, 640 - 14 * n, "4.2") + placed(330, 640 - 14 * n, "%")
        + ending(440, 640 - 14 * n, "3.8") + placed(470, 640 - 14 * n, "%")
        for n, label in enumerate(["Rents", "Tolls", "Fines"])
    )  # fmt: skip
    sales = placed(60, 654, "Sales") + placed(250, 654, "$       5,298") + placed(390, 654, "$       5,513")
    [table] = read(tmp_path, middle(292, 668, "2022") + middle(432, 668, "2021") + sales + shares).tables
    assert table.columns.removeprefix("| ") == "2022 | 2021"


def test_names_above_shaded_rows_are_those_of_the_table(tmp_path: Path) -> None:
    """A grid without names has those of the row above it; shading and rules above sums alone are no grid."""
    lines = "".join(f"55 {y} m 520 {y} l S " for y in (651, 637, 623, 609, 595))
    grid = lines + "".join(f"{x} 651 m {x} 595 l S " for x in (55, 220, 305, 375, 445, 520))
    document = read(tmp_path, YEARS.replace(" 654 ", " 656 ") + grid + accounts())
    [table] = document.tables
    assert table.columns == "| 2022 | 2021 | 2022 | 2021"
    assert "| Tolls | 604,016 | 14,926 | 1,266 | 45,981 |" in document.text


def test_shading_is_no_grid(tmp_path: Path) -> None:
    """Where labels stand one below the other in what seems to be a cell, and amounts beside them, rows are rows."""
    shade = "55 609 m 520 609 l S 55 651 m 520 651 l S 55 595 m 520 595 l S "
    sums = (
        "220 623 m 305 623 l S 55 651 m 55 595 l S 220 651 m 220 595 l S 305 651 m 305 595 l S 520 651 m 520 595 l S "
    )
    document = read(tmp_path, YEARS.replace(" 654 ", " 656 ") + shade + sums + accounts())
    assert "| Tolls | 604,016 | 14,926 | 1,266 | 45,981 |" in document.text
    assert document.tables[-1].columns.removeprefix("| ") == "2022 | 2021 | 2022 | 2021"
