"""The layout of PDF pages: columns, tables, letters off the line, code, and scripts that are written otherwise."""

from __future__ import annotations

import random
import time
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.pdf_files import drawn, load, placed, written

NORTH = ["The committee reviewed the yearly", "report and found that repairs had", "cost far less than was planned."]
SOUTH = ["The southern weir needs a new", "spillway before the next flood, and", "the board asks for a loan."]
GATES = ["Call the control room", "before any gate is", "opened by hand."]


def read(folder: Path, content: str, **meaning: str) -> str:
    """The text of a page that executes some content."""
    return load(written(folder / "a.pdf", drawn(content, meaning=meaning or None))).text


def beside(columns: list[list[str]], lefts: list[int], *, drop: int = 0) -> str:
    """Columns drawn row by row; each begins `drop` points below the one before."""
    rows = max(map(len, columns))
    return "".join(
        placed(left, 700 - 14 * row - drop * number, column[row])
        for row in range(rows)
        for number, (column, left) in enumerate(zip(columns, lefts, strict=True))
        if row < len(column)
    )


@pytest.mark.parametrize("drop", [0, 5])
def test_columns_that_are_drawn_row_by_row_are_read_one_after_the_other(tmp_path: Path, drop: int) -> None:
    """Two columns, on common lines or not, below a title as wide as both, which comes first."""
    title = placed(72, 730, "Minutes of the meeting that the water board held in the town hall on the fourth of May")
    text = read(tmp_path, title + beside([NORTH, SOUTH], [72, 330], drop=drop))
    assert text.endswith("\n".join([*NORTH, *SOUTH]))
    assert text.startswith("Minutes of the meeting")


def test_three_columns_and_a_narrow_one_beside_them(tmp_path: Path) -> None:
    """A sidebar's lines are its own, however short."""
    text = read(tmp_path, beside([NORTH, SOUTH, GATES], [40, 240, 450]))
    assert text == "\n".join([*NORTH, *SOUTH, *GATES])


def test_columns_that_the_file_draws_one_by_one_stay_so(tmp_path: Path) -> None:
    """Nothing changes where the file has the order of reading."""
    content = beside([NORTH], [72]) + beside([SOUTH], [330])
    assert read(tmp_path, content) == "\n".join([*NORTH, *SOUTH])


PUMPS = [
    ["Pump", "Flow", "Head", "Power"],
    ["P-100", "20", "", "1.1"],
    ["P-200", "", "35", "2.4"],
    ["P-300", "55", "40", "5"],
]


def cells(rows: list[list[str]], lefts: list[int]) -> str:
    """The cells of a table, each drawn by itself."""
    return "".join(
        placed(left, 700 - 18 * number, text)
        for number, row in enumerate(rows)
        for left, text in zip(lefts, row, strict=True)
        if text
    )


def test_empty_cells_stay_under_their_column(tmp_path: Path) -> None:
    """A table that only alignment tells has bars, its columns' names, and a place for each cell that is empty."""
    document = load(written(tmp_path / "a.pdf", drawn(cells(PUMPS, [60, 170, 280, 390]))))
    assert document.text == (
        "| Pump | Flow | Head | Power |\n| P-100 | 20 |  | 1.1 |\n| P-200 |  | 35 | 2.4 |\n| P-300 | 55 | 40 | 5 |"
    )
    [table] = document.tables
    assert (table.start, table.end, table.columns) == (0, len(document.text), "Pump | Flow | Head | Power")


def test_a_table_of_words_is_read_as_it_stands(tmp_path: Path) -> None:
    """Where every cell is full and one word, and nothing is ruled, each word is a cell; columns keep their names."""
    rows = [["Station", "Pumps", "Gates"], ["North", "3", "9"], ["South", "5", "7"], ["East", "2", "4"]]
    document = load(written(tmp_path / "a.pdf", drawn(cells(rows, [60, 200, 320]))))
    assert document.text == "Station Pumps Gates\nNorth 3 9\nSouth 5 7\nEast 2 4"
    assert [table.columns for table in document.tables] == ["Station Pumps Gates"]


def ruled(xs: list[int], ys: list[int], *, without: tuple[int, int, int] | None = None) -> str:
    """A grid; `without` leaves out the upright line at an x between two ys."""
    level = [f"{xs[0]} {y} m {xs[-1]} {y} l S " for y in ys]
    upright = [
        f"{x} {top} m {x} {bottom} l S " for x in xs for top, bottom in pairwise(ys) if (x, top, bottom) != without
    ]
    return "".join([*level, *upright])


def test_ruled_cells_keep_their_lines_and_merged_ones_their_columns(tmp_path: Path) -> None:
    """A cell's lines are one; what stands in a merged cell is said of each column that it spans."""
    grid = ruled([60, 160, 260, 360], [720, 700, 660, 640], without=(260, 720, 700))
    shown = [(65, 705, "Part"), (165, 705, "Measured values"), (65, 685, "Seal of the"), (65, 670, "upper bearing")]
    shown += [(165, 685, "12"), (265, 685, "3.40"), (65, 645, "Rotor"), (265, 645, "88")]
    document = load(written(tmp_path / "a.pdf", drawn(grid + "".join(placed(*one) for one in shown))))
    assert document.text == (
        "| Part | Measured values | Measured values |\n| Seal of the upper bearing | 12 | 3.40 |\n| Rotor |  | 88 |"
    )
    assert [table.columns for table in document.tables] == ["Part | Measured values | Measured values"]


def test_a_long_label_takes_no_column_away(tmp_path: Path) -> None:
    """A label that reaches into the next column, or a heading within the table, leaves the others their columns."""
    rows = [["Costs", "2030", "2031"], ["Pumps", "12", "13"], ["Gates and weirs", "4", "5"], ["Pipes", "7", "8"]]
    rows += [["Seals", "1", "2"], ["Oil", "3", "3"]]
    content = cells(rows, [60, 200, 280]) + placed(60, 592, "Costs that the water board shares with its neighbours")
    content += placed(60, 574, "Roads") + placed(200, 574, "21") + placed(280, 574, "22")
    text = read(tmp_path, content + placed(60, 556, "Dams") + placed(200, 556, "31") + placed(280, 556, "32"))
    assert "| Pumps | 12 | 13 |\n| Gates and weirs | 4 | 5 |" in text
    assert "| Costs that the water board shares with its neighbours |  |  |\n| Roads | 21 | 22 |" in text


def test_a_frame_and_a_list_are_no_tables(tmp_path: Path) -> None:
    """A box around text, the numbers of a list, labels with their values and a table of contents are lines."""
    frame = "50 600 400 130 re S " + "".join(placed(60, 700 - 14 * n, line) for n, line in enumerate(NORTH))
    assert read(tmp_path, frame) == "\n".join(NORTH)
    numbers = beside(
        [["1.", "2.", "3.", "4."], ["Close the gate", "Stop the pump", "Lock the door", "Go home"]], [60, 90]
    )
    assert read(tmp_path, numbers).startswith("1. Close the gate\n2. Stop the pump")
    contents = beside([["Gates", "Weirs", "Pumps", "Doors"], ["3", "8", "15", "21"]], [60, 400])
    assert read(tmp_path, contents) == "Gates 3\nWeirs 8\nPumps 15\nDoors 21"
    left = [
        f"{name} ........{page}" for page, name in enumerate(("Gates", "Weirs", "Pumps", "Doors", "Locks"), start=3)
    ]
    right = [f"{name} ........{page}" for page, name in enumerate(("Seals", "Valves", "Dams", "Oils", "Ways"), start=8)]
    assert read(tmp_path, beside([left, right], [60, 300])).split("\n") == [*left, *right]
    labels = [f"{name} ......" for name in ("Sales", "Costs", "Taxes", "Gain")]
    accounts = [labels, ["50", "30", "5", "15"], list("9753")]
    assert "| Costs ...... | 30 | 7 |" in read(tmp_path, beside(accounts, [60, 300, 400]))


def raised(before: str, small: str, after: str, *, rise: float, size: float = 7) -> str:
    """A line with smaller letters off the line."""
    return f"BT /F1 11 Tf 72 700 Td ({before}) Tj /F1 {size} Tf {rise} Ts ({small}) Tj /F1 11 Tf 0 Ts ({after}) Tj ET "


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (raised("It held 10", "6", " cells", rise=4), "It held 10^6 cells"),
        (raised("since 1998", "4", " and", rise=4), "since 1998^4 and"),
        (raised("since 1998", "4", " and", rise=4, size=11), "since 1998^4 and"),
        (raised("x", "n+1", " grows", rise=4), "x^(n+1) grows"),
        (raised("the 1", "st", " day", rise=4), "the 1st day"),
        (raised("H", "2", "O", rise=-2), "H2O"),
        (raised("log10", "2", " is", rise=-2), "log10_2 is"),
        (raised("3", "1", "/2 inches", rise=4), "3 1/2 inches"),
        (placed(72, 700, "10 cells in 1998") + "BT /F1 7 Tf 85 704 Td (6) Tj ET", "10^6 cells in 1998"),
    ],
)
def test_letters_off_the_line_run_into_no_number(tmp_path: Path, content: str, text: str) -> None:
    """Exponents, note marks, indices and fractions stay apart, also where they are drawn after the rest of the line."""
    assert read(tmp_path, content) == text


def test_two_cells_that_spacing_sets_are_two(tmp_path: Path) -> None:
    """Digits of one string, apart by the spacing of characters or by a number between them."""
    spaced = placed(60, 700, "North") + "BT /F1 11 Tf 160 700 Td 34 Tc (30) Tj ET " + placed(240, 700, "9")
    assert read(tmp_path, spaced) == "North 3 0 9"
    assert read(tmp_path, "BT /F1 11 Tf 60 700 Td [(7) -900 (4)] TJ ET") == "7 4"


CHINESE = {"A": "771F", "B": "5B9E", "C": "5B8C", "D": "6574", "E": "FF0C", "F": "3002"}


def test_a_line_of_chinese_goes_on_in_the_next(tmp_path: Path) -> None:
    """Nothing is put between two characters that a line end parts, but a paragraph's end stays one."""
    lines = "".join(
        placed(60, y, line) for y, line in ((700, "AAAAAAAAAB"), (686, "CDAAAAAAAA"), (672, "AF"), (640, "BA"))
    )
    assert read(tmp_path, lines, **CHINESE) == "真真真真真真真真真实完整真真真真真真真真真。\n\n实真"


def test_a_short_line_of_chinese_ends(tmp_path: Path) -> None:
    """A heading, an indented paragraph and Latin words keep their breaks."""
    lines = "".join(placed(60, y, line) for y, line in ((700, "AB"), (686, "CDAAAAAAAA"), (672, "Axyz"), (658, "xyzA")))
    assert read(tmp_path, lines, **CHINESE) == "真实\n完整真真真真真真真真真xyz\nxyz真"


@pytest.mark.parametrize("lam_alef", ["FEFC", "06440627"])
def test_an_arabic_ligature_is_read_in_order(tmp_path: Path, lam_alef: str) -> None:
    """Lam comes before alef, whether the font names the ligature or its two letters; forms are plain letters."""
    text = read(tmp_path, placed(300, 700, "CBA"), A="FEA7", B=lam_alef, C="FEDE")
    assert text == "خلال"


def monospaced(*lines: str) -> bytes:
    """A page of lines in Courier, 12 points apart."""
    from fpdf import FPDF

    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("Courier", size=10)
    for number, line in enumerate(lines):
        pdf.text(20, 20 + 4.2 * number, line)
    return bytes(pdf.output())


def test_code_keeps_its_indentation(tmp_path: Path) -> None:
    """Blanks at the start of a line and between its words are as many as on the page."""
    shown = ["def stop(pump):", "    if pump.dry:", "        pump.off()   # at once", "    return pump"]
    assert load(written(tmp_path / "a.pdf", monospaced(*shown))).text == "\n".join(shown)


@pytest.mark.parametrize("seed", range(8))
def test_no_letter_is_lost_wherever_words_stand(tmp_path: Path, seed: int) -> None:
    """Words at random places of a page are all read, each once, and each letter's glyph shows it."""
    chance = random.Random(seed)
    words = [f"word{number}" for number in range(40)]
    content = "".join(placed(chance.randrange(20, 500), chance.randrange(40, 760), word) for word in words)
    grid = ruled([100, 200, 300], [600, 550, 500]) if seed % 2 else ""
    text = read(tmp_path, grid + content)
    letters = "".join(character for character in text if character.isalnum())
    assert sorted(letters) == sorted("".join(words))


@pytest.mark.timeout(120)
def test_letters_set_one_by_one_are_no_cells(tmp_path: Path) -> None:
    """So many of them on a line that comparing each with each would take minutes are read in seconds, and all are."""
    started = time.process_time()
    assert read(tmp_path, "".join(placed(10 + 20 * number, 400, "x", 8) for number in range(8_000))).count("x") == 8_000
    assert time.process_time() - started < 20


def test_a_sidebar_that_is_drawn_row_by_row_is_read_by_itself(tmp_path: Path) -> None:
    """Though its lines are short: the text beside it is in the midst of its sentences."""
    text = [
        "The committee reviewed the yearly",
        "report and found that repairs had",
        "cost far less than was planned for",
    ]
    text += ["the northern weir in the spring of", "the year, when the flood was low."]
    side = ["Contact:", "Ines Okafor", "Room 12", "Mondays only", "or by letter"]
    rows = "".join(
        placed(60, 700 - 14 * at, left) + placed(400, 700 - 14 * at, right)
        for at, (left, right) in enumerate(zip(text, side, strict=True))
    )
    assert read(tmp_path, rows) == "\n".join([*text, *side])


def test_a_heading_above_a_table_is_none_of_its_names(tmp_path: Path) -> None:
    """A line of larger letters stands above the table, though the strips between the columns reach past it."""
    rows = "".join(
        placed(60 + 120 * column, 660 - 16 * row, text)
        for row, line in enumerate(PUMPS)
        for column, text in enumerate(line)
        if text
    )
    text = read(tmp_path, placed(60, 690, "Pumps", 20) + rows)
    assert text.startswith("Pumps\n")
    assert "| Pump | Flow | Head | Power |\n| P-100 | 20 |  | 1.1 |" in text


def test_stacked_fractions_and_marks_before_notes(tmp_path: Path) -> None:
    """A number beneath another is its denominator; a raised mark that begins a line stands apart from its words."""
    fraction = (
        placed(60, 700, "It takes") + placed(107, 704, "1", 7) + placed(107, 696, "2", 7) + placed(112, 700, "day.")
    )
    assert read(tmp_path, fraction + placed(112, 700, "day.")) == "It takes 1/2 day."
    note = placed(60, 704, "4", 6) + placed(63.6, 700, "Source: the board.")
    assert read(tmp_path, note) == "4 Source: the board."
