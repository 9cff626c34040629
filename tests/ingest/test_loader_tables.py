"""CSV and TSV: one document a row, delimiter and header found, numbers as numbers."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from passagework.ingest.loaders.records.columns import column_forms, typed
from passagework.retrieval.errors import IngestError
from tests.support.loaded_files import documents, outcomes, reasons


def test_a_csv_of_records_reads_like_jsonl(tmp_path: Path) -> None:
    """`_id`, `title` and `text` columns, in any case; other cells are metadata, numbers as numbers, codes as text."""
    source = '_id,Title,TEXT,year,code,score,empty\nd1,T,"Body, with\nlines",2020,007,-1.5,\n'
    (document,) = documents(tmp_path, "a.csv", source)
    assert (document.name, document.title, document.text) == ("d1", "T", "Body, with\nlines")
    assert document.metadata == {"year": 2020, "code": "007", "score": -1.5}
    assert document.media_type == "text/csv"


@pytest.mark.parametrize("delimiter", [",", ";", "|", "\t"])
def test_the_delimiter_is_found(tmp_path: Path, delimiter: str) -> None:
    """Whatever parts the columns, the rows read the same; decimal commas don't mislead."""
    rows = [
        ["city", "people", "note"],
        ["Bern", "134000", "a, b"],
        ["Basel", "173000", 'say "hi"'],
        ["Chur", "38000", ""],
    ]
    source = "\r\n".join(
        delimiter.join('"' + cell.replace('"', '""') + '"' if set(cell) & set(',"') else cell for cell in row)
        for row in rows
    )
    found = documents(tmp_path, "a.csv", source)
    assert [document.metadata for document in found] == [
        {"city": "Bern", "people": 134000, "note": "a, b"},
        {"city": "Basel", "people": 173000, "note": 'say "hi"'},
        {"city": "Chur", "people": 38000},
    ]
    assert found[0].text == "city: Bern\npeople: 134000\nnote: a, b"
    assert [document.uri for document in found] == ["#row=2", "#row=3", "#row=4"]


def test_one_column_is_not_cut_at_its_commas(tmp_path: Path) -> None:
    """Sentences, one a line, are one column."""
    found = documents(tmp_path, "a.csv", "text\nOne, two, three\nFour\nFive, six\nSeven; eight\n")
    assert [document.text for document in found] == ["One, two, three", "Four", "Five, six", "Seven; eight"]


def test_rows_without_a_header_get_numbered_columns(tmp_path: Path) -> None:
    """A first row with numbers, or the same name twice, is data."""
    found = documents(tmp_path, "a.csv", "1,apple\n2,pear\n")
    assert [document.metadata for document in found] == [
        {"column 1": 1, "column 2": "apple"},
        {"column 1": 2, "column 2": "pear"},
    ]
    assert [document.uri for document in documents(tmp_path, "b.csv", "a,a\nb,c\n")] == ["#row=1", "#row=2"]


def test_what_stands_above_the_header_is_a_document(tmp_path: Path) -> None:
    """A table's name in a cell of its own doesn't take the columns' names away; rows keep their numbers."""
    source = "Stanley Cups,,\n,,\n\n# to 2024\nTeam,Location,Cups\nBlues,STL,1\nMaple Leafs,,13\n"
    found = documents(tmp_path, "a.csv", source)
    assert [(document.uri, document.text) for document in found] == [
        ("#row=1", "Stanley Cups"),
        ("#row=4", "# to 2024"),
        ("#row=6", "Team: Blues\nLocation: STL\nCups: 1"),
        ("#row=7", "Team: Maple Leafs\nCups: 13"),
    ]
    assert found[2].metadata == {"Team": "Blues", "Location": "STL", "Cups": 1}


@pytest.mark.parametrize(
    "source", ["a,\nb,c\n", "a,,\nb,c,\nd,e,f\n", "a,,\nb,2,c\n", "a,,\nb,c,d\n"], ids=["two", "gap", "number", "last"]
)
def test_a_first_row_of_one_cell_is_data_where_no_header_follows(tmp_path: Path, source: str) -> None:
    """Two columns, a name left out, a number among the names, nothing below."""
    found = documents(tmp_path, "a.csv", source)
    assert found[0].metadata == {"column 1": "a"}
    assert len(found) == source.count("\n")


def test_ragged_rows_lose_nothing(tmp_path: Path) -> None:
    """Short rows leave fields out, long ones get numbered fields, blank ones are passed over."""
    found = documents(tmp_path, "a.csv", "a,b\n1,2\n3\n\n4,5,6\n,\n7,8\n")
    assert [(document.uri, document.metadata) for document in found] == [
        ("#row=2", {"a": 1, "b": 2}),
        ("#row=3", {"a": 3}),
        ("#row=5", {"a": 4, "b": 5, "column 3": 6}),
        ("#row=7", {"a": 7, "b": 8}),
    ]


def test_failures_name_the_row_as_a_spreadsheet_counts_it(tmp_path: Path) -> None:
    """The header is row 1; a row without text and a repeated id are failures, the rest goes on."""
    found = outcomes(tmp_path, "a.csv", "_id,text,n\na,x,1\nb,,2\na,y,3\nc,z,4\n")
    assert reasons(found) == [
        "a",
        "row 3: record 'b' has no text",
        "row 4: duplicate _id 'a', first seen on row 2",
        "c",
    ]


def test_long_fields_and_nul_are_read(tmp_path: Path) -> None:
    """A field beyond the csv module's own limit, and a NUL, which older versions of it refuse."""
    (document,) = documents(tmp_path, "a.csv", "id,text\n1," + "x" * 200_000 + "\x00\n")
    assert document.text == "x" * 200_000 + "\ufffd"


def test_tabs_in_tsv_and_utf16_tables(tmp_path: Path) -> None:
    """A TSV is parted by tabs though commas are as regular; spreadsheets' UTF-16 exports are read."""
    (document,) = documents(tmp_path, "a.tsv", "a,1\tb,2\nc,3\td,4\n".encode("utf-16"))
    assert document.metadata == {"a,1": "c,3", "b,2": "d,4", "encoding": "utf-16-le"}
    assert document.media_type == "text/tab-separated-values"


def test_a_header_alone_has_no_text(tmp_path: Path) -> None:
    """A table with nothing below its header says so."""
    with pytest.raises(IngestError, match="no row below the header"):
        outcomes(tmp_path, "a.csv", "name,year\n,\n")


def column(tmp_path: Path, *cells: str) -> list[object]:
    """A column of these cells as the metadata of its rows has it; "absent" where it has nothing of one."""
    rows = "".join(f"row {number}\t{cell}\n" for number, cell in enumerate(cells))
    return [document.metadata.get("x", "absent") for document in documents(tmp_path, "a.tsv", f"name\tx\n{rows}")]


@pytest.mark.parametrize(
    ("cells", "values"),
    [
        (["0", "-12", " 7 ", "1.50", ""], [0, -12, 7, 1.5, "absent"]),
        (["12345", "01234"], ["12345", "01234"]),
        (["1", "1e5"], ["1", "1e5"]),
        (["30", "+49"], ["30", "+49"]),
        (["30", "30%"], ["30", "30%"]),
        (["1", "9" * 19], ["1", "9" * 19]),
        (["1", "１２"], ["1", "１２"]),
        (["true", "false"], ["true", "false"]),
        (["1", "true"], ["1", "true"]),
        (["2024", "2024-03-02"], ["2024", "2024-03-02"]),
        (["1", "NaN", "-inf", "n/a", "NULL", "-"], [1, None, None, None, None, None]),
        (["NaN", "NA"], ["NaN", "NA"]),
        (["1", "NA", "x"], ["1", "NA", "x"]),
        (["1,250.50", "99"], [1250.5, 99]),
        (["1,250", "99.5"], [1250, 99.5]),
        (["1,250,000", "-1,250"], [1250000, -1250]),
        (["1,250", "99"], ["1,250", "99"]),
        (["1,250", "1.250"], ["1,250", "1.250"]),
        (["1,250.50", "12,50"], ["1,250.50", "12,50"]),
        (["1,2,3", "4,5"], ["1,2,3", "4,5"]),
        (["1.250,50", "99"], [1250.5, 99]),
        (["12,50", "1.250", "0,125"], [12.5, 1250, 0.125]),
        (["1250,500", "7"], [1250.5, 7]),
        (["1.250", "99"], [1.25, 99]),
        (["12,5", "1 250"], ["12,5", "1 250"]),
    ],
    ids=str,
)
def test_a_column_is_all_numbers_or_all_text(tmp_path: Path, cells: list[str], values: list[object]) -> None:
    """Codes, signs and percentages make it text, shown as written; marks of thousands are read where they are certain.

    What stands for no number is nothing in a column of numbers.
    """
    found = column(tmp_path, *cells)
    assert [(type(value), value) for value in found] == [(type(value), value) for value in values]


@given(
    st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=8), st.sampled_from([",.", ".,"]), st.integers(1, 6)
)
def test_numbers_with_marks_of_thousands_are_read_back(numbers: list[int], marks: str, places: int) -> None:
    """Whichever mark is the fraction's: what a column says is read, or left as text, and never another number."""
    cells = [f"{number:,}.{abs(number) % 10**places:0{places}}" for number in numbers]
    written = [cell.translate(str.maketrans(",.", marks)) for cell in cells]
    forms = column_forms([cell] for cell in written)
    values = [typed(cell, forms.get(0)) for cell in written]
    assert values == [float(cell.replace(",", "")) for cell in cells] or (values == written and places == 3)


def test_the_last_of_many_rows_decides_too(tmp_path: Path) -> None:
    """A column is looked at to its end, far behind the sample that tells the header; other columns are not touched."""
    source = "code,n\n" + "".join(f"{number},{number}\n" for number in range(1, 20_001)) + "007,1\n"
    found = documents(tmp_path, "a.csv", source)
    assert (found[0].metadata, found[-1].metadata) == ({"code": "1", "n": 1}, {"code": "007", "n": 1})


def test_columns_beyond_the_header_have_types_of_their_own(tmp_path: Path) -> None:
    """Cells of ragged rows stand in columns too; of two columns called alike but for case, each has its own."""
    found = documents(tmp_path, "a.csv", "Text,TEXT,n\nx,5,1\ny,6,2,07\nz,7,3\nw,8,4,8\nv,9,5\n")
    assert [document.metadata for document in found] == [
        {"TEXT": 5, "n": 1},
        {"TEXT": 6, "n": 2, "column 4": "07"},
        {"TEXT": 7, "n": 3},
        {"TEXT": 8, "n": 4, "column 4": "8"},
        {"TEXT": 9, "n": 5},
    ]


def test_columns_of_one_name_are_kept_apart(tmp_path: Path) -> None:
    """The second gets the first number that makes it another column's name."""
    (document, _) = documents(tmp_path, "a.csv", "Key,Sprint,Sprint,Sprint 2,Status\nA,S1,S2,S3,Open\nB,,,,Done\n")
    assert document.text == "Key: A\nSprint: S1\nSprint 3: S2\nSprint 2: S3\nStatus: Open"


@pytest.mark.parametrize(
    "first",
    ["open,2024-01-05,Ada", "2024-01-05,open,Ada", "a@example.org,open,Ada", "https://example.org/,open,Ada"],
)
def test_a_row_of_values_is_no_header(tmp_path: Path, first: str) -> None:
    """Dates, addresses, and values that come again below name no column."""
    found = documents(tmp_path, "a.csv", f"{first}\nx,y,z\n")
    assert [document.text.split("\n")[0] for document in found] == [f"column 1: {first.split(',')[0]}", "column 1: x"]
    found = documents(tmp_path, "a.csv", "red,round,Ada\nred,round,Bo\nred,flat,Cy\n")
    assert [document.metadata["column 3"] for document in found] == ["Ada", "Bo", "Cy"]


def test_a_header_that_comes_again_is_none_of_the_rows(tmp_path: Path) -> None:
    """Files put together have it several times."""
    found = documents(tmp_path, "a.csv", "name,kind\nA,x\nname,kind\nB,y\n")
    assert [document.metadata for document in found] == [{"name": "A", "kind": "x"}, {"name": "B", "kind": "y"}]


@pytest.mark.parametrize(
    ("source", "texts"),
    [
        ("sep=^\na^b\n1^2\n", ["a: 1\nb: 2"]),
        ('"sep=;"\na;b,c\n1;2\n', ["a: 1\nb,c: 2"]),
        ("\ufeff# Made by A, B\n# in 2024\nname;kind\nX;1,5\n", ["Made by A, B\nin 2024", "name: X\nkind: 1,5"]),
        ("#name,kind\nX,1\n", ["name: X\nkind: 1"]),
        ("a~b\n1~2\n3~4\n", ["a: 1\nb: 2", "a: 3\nb: 4"]),
        ('a,b\n1,"say \\"stop, now\\" in C:\\\\dir"\n2,"x"\n', ['a: 1\nb: say "stop, now" in C:\\dir', "a: 2\nb: x"]),
        ('a,b\n"C:\\dir\\","x"\n"","y"\n', ["a: C:\\dir\\\nb: x", "b: y"]),
    ],
)  # fmt: skip
def test_dialects(tmp_path: Path, source: str, texts: list[str]) -> None:
    """Spreadsheets name their delimiter, databases escape quotes, and remarks above the rows are a text."""
    assert [document.text for document in documents(tmp_path, "a.csv", source)] == texts


def test_what_stands_around_a_table_is_no_row_of_it(tmp_path: Path) -> None:
    """Names and values above a bank's rows are one text, the frames of other programs none; quotes may be single."""
    bank = 'Account:;"DE12";\nFrom:;01.03.2031;\n\nDay;Payee;Amount;Reference\n1 March;Hall 7;-12,50;R1\n'
    above, first, _ = documents(tmp_path, "a.csv", f"{bank}2 March;Hall 8;3,50;R2\n")
    assert above.text == "Account: DE12\nFrom: 01.03.2031"
    assert first.text == "Day: 1 March\nPayee: Hall 7\nAmount: -12,50\nReference: R1"
    framed = "|------|----|\n|Part  |Qty |\n|------|----|\n|Seal  |  3 |\n|Rotor |  5 |\n|------|----|\n"
    assert [row.text for row in documents(tmp_path, "a.csv", framed)] == ["Part: Seal\nQty: 3", "Part: Rotor\nQty: 5"]
    single = "'Part','Note'\n'Seal','it''s, here'\n'Rotor','5'\n"
    assert documents(tmp_path, "a.csv", single)[0].text == "Part: Seal\nNote: it's, here"
