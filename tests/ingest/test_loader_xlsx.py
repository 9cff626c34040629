"""Workbooks say what they show: values by their formats, merged cells, notes, text boxes, charts."""

from __future__ import annotations

from pathlib import Path

import pytest

from passagework.retrieval.errors import IngestError
from passagework.retrieval.types import HiddenReason, Table
from tests.support.office_files import changed, only
from tests.support.office_parts import MICROSOFT, book_file, led, part, rows

STYLES = part(
    "x:styleSheet",
    '<x:numFmts><x:numFmt numFmtId="164" formatCode="d mmmm yyyy"/><x:numFmt numFmtId="165" formatCode="00000"/>'
    '<x:numFmt numFmtId="166" formatCode="[$€-407] #,##0.00"/></x:numFmts>'
    '<x:fonts><x:font><x:family val="99"/></x:font></x:fonts><x:fills><x:fill/></x:fills>'
    '<x:cellXfs><x:xf/><x:xf numFmtId="164"/><x:xf numFmtId="165"/><x:xf numFmtId="166"/><x:xf numFmtId="10"/>'
    '<x:xf numFmtId="14"/></x:cellXfs>',
)


def test_values_are_shown_as_in_the_sheet(tmp_path: Path) -> None:
    """Dates, leading zeros, money and percentages, also of formulas; what is no number stays as it is."""
    cells = (
        '<x:row r="1"><x:c r="A1" s="1"><x:v>43921</x:v></x:c><x:c r="B1" s="2"><x:v>501</x:v></x:c>'
        '<x:c r="C1" s="3"><x:f>A1*2</x:f><x:v>1234.5</x:v></x:c><x:c r="D1" s="4"><x:v>0.0725</x:v></x:c></x:row>'
        '<x:row r="2"><x:c r="A2" t="d" s="5"><x:v>2031-03-31T00:00:00</x:v></x:c><x:c r="B2" t="b"><x:v>1</x:v></x:c>'
        '<x:c r="C2" t="e"><x:v>#N/A</x:v></x:c><x:c r="D2" t="str"><x:f>"a"</x:f><x:v>a_x000D_b</x:v></x:c></x:row>'
    )
    path = book_file(tmp_path, {"S": f"<x:sheetData>{cells}</x:sheetData>"}, parts={"xl/styles.xml": STYLES})
    assert (
        only(path).text == "## S\n\n| 31 March 2020 | 00501 | € 1,234.50 | 7.25% |\n| 2031-03-31 | TRUE | #N/A | a b |"
    )
    later = book_file(
        tmp_path,
        {"S": '<x:sheetData><x:row r="1"><x:c s="1"><x:v>0</x:v></x:c></x:row></x:sheetData>'},
        parts={"xl/styles.xml": STYLES},
        workbook='<x:workbookPr date1904="1"/>',
    )
    assert only(later).text == "## S\n\n1 January 1904"


def test_formulas_without_a_value_are_noted(tmp_path: Path) -> None:
    """By sheet and cell, the first five by name; an empty text is a value."""
    cells = "".join(f'<x:c r="{letter}2"><x:f>1+1</x:f><x:v></x:v></x:c>' for letter in "BCDEFG")
    cells += '<x:c r="H2" t="str"><x:f>""</x:f><x:v></x:v></x:c>'
    data = f'<x:sheetData><x:row r="1"><x:c r="A1"><x:v>1</x:v></x:c></x:row><x:row r="2">{cells}</x:row></x:sheetData>'
    document = only(book_file(tmp_path, {"Costs": data}))
    assert document.notes == ("6 formulas of the sheet Costs without a stored value: B2, C2, D2, E2, F2, …",)


def test_merged_cells_stay_under_their_columns(tmp_path: Path) -> None:
    """What reaches down is said in each row; names of groups stand over their columns; a title over all is a line."""
    data = rows(
        ["Plan for May", None, None, None],
        ["Hall", "Winter", None, "Lead"],
        [None, "Low", "High", None],
        ["North", 5.5, 7.25, "Ada"],
        [None, 6, 8, "Bo"],
    )
    merged = (
        '<x:mergeCells><x:mergeCell ref="A1:D1"/><x:mergeCell ref="B2:C2"/><x:mergeCell ref="A4:A5"/></x:mergeCells>'
    )
    document = only(book_file(tmp_path, {"S": data + merged}))
    table = (
        "| Hall | Winter | Winter | Lead |\n|  | Low | High |  |\n| --- | --- | --- | --- |\n"
        "| North | 5.5 | 7.25 | Ada |\n| North | 6 | 8 | Bo |"
    )
    assert document.text == f"## S\n\nPlan for May\n\n{table}"
    assert document.tables == [Table(20, len(document.text), "Hall | Winter Low | Winter High | Lead")]


def test_a_second_row_names_what_the_first_leaves_open(tmp_path: Path) -> None:
    """Where a period stands above some columns alone, the names are in the row below; rows of words are no names."""
    sales = rows(["In millions", None, None, "2031"], [None, "Sales", "Profit", "Loss"], ["North", 12, 3, 1])
    plain = rows(["Hall", "Lead", None, None], ["North", "Ada", "Bo", "Cy"], ["South", "Di", "Ed", 4])
    named = [only(book_file(tmp_path, {"S": data})).tables[0].columns for data in (sales, plain)]
    assert named == ["In millions | Sales | Profit | 2031 Loss", "Hall | Lead |  | "]


def test_a_character_that_is_none_costs_its_text_alone(tmp_path: Path) -> None:
    """Half of a surrogate pair, which damage leaves, is no Unicode: the rows below it are read all the same."""
    document = only(book_file(tmp_path, {"S": rows(["a", "b"], ["x&#xD800;y", 2], ["c", 3])}))
    assert document.text.startswith("## S\n\n| a | b |")
    assert document.text.endswith("| c | 3 |")
    assert "damaged" in document.notes[0]


def test_several_tables_of_a_sheet(tmp_path: Path) -> None:
    """An empty row parts them; numbers behind one go on with the table above."""
    data = rows(
        ["Part", "Left"],
        ["Seal", 12],
        [None],
        ["Sum", 12],
        [None],
        ["Site", "Lead"],
        ["Alta", "Ada"],
        [None],
        ["A remark."],
    )
    document = only(book_file(tmp_path, {"S": data}))
    assert [table.columns for table in document.tables] == ["Part | Left", "Site | Lead"]
    assert document.text.endswith("| Alta | Ada |\n\nA remark.")


def test_notes_and_threads_are_said_with_their_authors(tmp_path: Path) -> None:
    """A note that only stands for a thread isn't said twice."""
    notes = part(
        "x:comments",
        "<x:authors><x:author>Ines</x:author><x:author>tc={1}</x:author></x:authors><x:commentList>"
        '<x:comment ref="B3" authorId="0"><x:text><x:r><x:t>Ines:</x:t></x:r><x:r><x:t>\nSealed.</x:t></x:r></x:text>'
        '</x:comment><x:comment ref="C4" authorId="1"><x:text><x:t>[Threaded comment] Why?</x:t></x:text></x:comment>'
        "</x:commentList>",
    )
    thread = part(
        "t:ThreadedComments", '<t:threadedComment ref="C4" personId="{p}"><t:text>Why?</t:text></t:threadedComment>'
    )
    people = part("t:personList", '<t:person displayName="Bo Ek" id="{p}"/>')
    leads = led(
        ("n", "comments", "../comments1.xml"), ("t", f"{MICROSOFT}/threadedComment", "../threadedComments/t1.xml")
    )
    document = only(
        book_file(
            tmp_path,
            {"S": rows(["a"])},
            leads={"S": leads},
            parts={
                "xl/comments1.xml": notes,
                "xl/threadedComments/t1.xml": thread,
                "xl/persons/person.xml": people,
            },
        )
    )
    assert document.text == "## S\n\na\n\n[Note on B3, Ines] Sealed.\n\n[Comment on C4, Bo Ek] Why?"


def test_text_boxes_and_charts_of_a_sheet(tmp_path: Path) -> None:
    """With the title of the chart, its axes and its values; a hidden shape is hidden."""
    chart = part(
        "c:chartSpace",
        "<c:chart><c:title><c:tx><c:strRef><c:strCache><c:pt idx='0'><c:v>Winter load</c:v></c:pt></c:strCache>"
        "</c:strRef></c:tx></c:title><c:plotArea><c:bar3DChart><c:ser><c:tx><c:strRef><c:strCache><c:pt idx='0'>"
        "<c:v>MW</c:v></c:pt></c:strCache></c:strRef></c:tx>"
        "<c:cat><c:strRef><c:strCache><c:pt idx='0'><c:v>Alta</c:v></c:pt></c:strCache>"
        "</c:strRef></c:cat><c:val><c:numRef><c:numCache><c:pt idx='0'><c:v>7.25</c:v></c:pt></c:numCache></c:numRef>"
        "</c:val></c:ser></c:bar3DChart><c:catAx><c:title><c:tx><c:rich><a:p><a:r><a:t>Site</a:t></a:r></a:p></c:rich>"
        "</c:tx></c:title></c:catAx></c:plotArea></c:chart>",
    )
    box = (
        '<xdr:twoCellAnchor><xdr:sp><xdr:nvSpPr><xdr:cNvPr id="1" name="B"{}/></xdr:nvSpPr><xdr:txBody>'
        "<a:p><a:r><a:t>{}</a:t></a:r></a:p></xdr:txBody></xdr:sp></xdr:twoCellAnchor>"
    )
    drawn = '<xdr:twoCellAnchor><xdr:graphicFrame><xdr:nvGraphicFramePr/><a:graphic><c:chart r:id="c1"/></a:graphic>'
    drawing = part(
        "xdr:wsDr",
        box.format("", "Check in May.")
        + box.format(' hidden="1"', "Unseen.")
        + f"{drawn}</xdr:graphicFrame></xdr:twoCellAnchor>",
    )
    document = only(
        book_file(
            tmp_path,
            {"S": rows(["a"])},
            leads={"S": led(("d", "drawing", "../drawings/d1.xml"))},
            parts={
                "xl/drawings/d1.xml": drawing,
                "xl/drawings/_rels/d1.xml.rels": led(("c1", "chart", "../charts/chart1.xml")),
                "xl/charts/chart1.xml": chart,
            },
        )
    )
    assert document.text == (
        "## S\n\na\n\nCheck in May.\n\nUnseen.\n\nChart: Winter load\n\n| Site | MW |\n| --- | --- |\n| Alta | 7.25 |"
    )
    assert [(document.text[h.start : h.end], h.reason) for h in document.hidden] == [
        ("Unseen.", HiddenReason.INVISIBLE)
    ]


@pytest.mark.parametrize("name", ["xl/sharedStrings.xml", "xl/SharedStrings.xml", "XL/SHAREDSTRINGS.XML"])
def test_shared_texts_are_found_in_any_case(tmp_path: Path, name: str) -> None:
    """Without the readings that stand above them, with all their parts."""
    shared = part(
        "x:sst", "<x:si><x:r><x:t>Seal </x:t></x:r><x:r><x:t>kit</x:t></x:r><x:rPh><x:t>no</x:t></x:rPh></x:si>"
    )
    data = '<x:sheetData><x:row r="1"><x:c r="A1" t="s"><x:v>0</x:v></x:c></x:row></x:sheetData>'
    assert only(book_file(tmp_path, {"S": data}, parts={name: shared})).text == "## S\n\nSeal kit"


@pytest.mark.parametrize(
    ("name", "content", "note"),
    [
        ("xl/styles.xml", b"<broken", "the part xl/styles.xml is damaged and read as far as it goes: line 1"),
        ("xl/styles.xml", b"plain words", "the formats of cells can't be read"),
        ("docProps/core.xml", b"\xff\xfe", "the file's properties can't be read"),
        ("xl/comments1.xml", b"", "the notes of a sheet can't be read"),
    ],
)
def test_a_bad_part_beside_the_cells_is_noted(tmp_path: Path, name: str, content: bytes, note: str) -> None:
    """The cells are read all the same."""
    leads = {"S": led(("n", "comments", "../comments1.xml"))}
    own = {"xl/styles.xml": STYLES, "xl/comments1.xml": part("x:comments", "")}
    document = only(changed(book_file(tmp_path, {"S": rows(["Seal", 12])}, leads=leads, parts=own), name, content))
    assert document.text == "## S\n\n| Seal | 12 |"
    assert [line.startswith(note) for line in document.notes] == [True]


def test_a_missing_sheet_is_noted_and_others_are_read(tmp_path: Path) -> None:
    """A workbook may name what it hasn't."""
    path = book_file(tmp_path, {"Gone": rows(["a"]), "There": rows(["b"])})
    leads = led(("s1", "worksheet", "worksheets/none.xml"), ("s2", "worksheet", "worksheets/sheet2.xml"))
    document = only(changed(path, "xl/_rels/workbook.xml.rels", leads.encode()))
    assert (document.text, document.notes) == ("## There\n\nb", ("the sheet Gone is missing",))


def test_a_sheet_of_a_chart_alone(tmp_path: Path) -> None:
    """Its chart is its text; a cell beyond the last column is damage."""
    chart = part(
        "c:chartSpace",
        "<c:chart><c:title><c:tx><c:rich><a:p><a:r><a:t>Load</a:t></a:r></a:p></c:rich></c:tx></c:title></c:chart>",
    )
    path = book_file(
        tmp_path,
        {"C": ""},
        leads={"C": led(("d", "drawing", "../drawings/d1.xml"))},
        parts={
            "xl/drawings/d1.xml": part("xdr:wsDr", '<c:chart r:id="c1"/>'),
            "xl/drawings/_rels/d1.xml.rels": led(("c1", "chart", "../charts/chart1.xml")),
            "xl/charts/chart1.xml": chart,
        },
    )
    leads = led(("s1", "chartsheet", "worksheets/sheet1.xml"))
    assert only(changed(path, "xl/_rels/workbook.xml.rels", leads.encode())).text == "## C\n\nChart: Load"
    beyond = book_file(
        tmp_path, {"S": '<x:sheetData><x:row r="1"><x:c r="ZZZ1"><x:v>1</x:v></x:c></x:row></x:sheetData>'}
    )
    with pytest.raises(IngestError, match=r"^damaged \.xlsx: a cell stands in column ZZZ, which no sheet has$"):
        only(beyond)


def test_a_damaged_sheet_costs_neither_the_others_nor_its_own_beginning(tmp_path: Path) -> None:
    """What stands before the damage is said, and the damage noted."""
    cut = rows(["a", "b"], ["c", 1], ["d", 2]).replace("<x:v>2</x:v>", "<x:v>2</x:v></x:c><x:c r='ZZZ3'/><x:c>")
    document = only(book_file(tmp_path, {"S": cut, "T": rows(["e"])}))
    assert document.text == "## S\n\n| a | b |\n| --- | --- |\n| c | 1 |\n\n## T\n\ne"
    assert document.notes == ("the sheet S can't be read to its end: a cell stands in column ZZZ, which no sheet has",)


def test_a_long_sheet_keeps_its_names(tmp_path: Path) -> None:
    """One table of all its rows, named once."""
    numbers: list[list[str | float | None]] = [[f"S-{n}", n / 10] for n in range(300)]
    data = rows(["Sensor", "Pressure bar"], *numbers)
    document = only(book_file(tmp_path, {"S": data}))
    (table,) = document.tables
    assert table.columns == "Sensor | Pressure bar"
    assert document.text[table.start : table.end].splitlines()[-1] == "| S-299 | 29.9 |"


def test_strict_workbooks_are_read(tmp_path: Path) -> None:
    """Those whose elements are of ISO's names."""
    path = book_file(tmp_path, {"S": rows(["a", "b"], ["c", 1])})
    strict = part("x:worksheet", rows(["a", "b"], ["c", 1])).replace(
        "http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://purl.oclc.org/ooxml/spreadsheetml/main"
    )
    assert only(changed(path, "xl/worksheets/sheet1.xml", strict.encode())).text.endswith("| c | 1 |")


def test_raised_parts_of_a_text_stay_apart(tmp_path: Path) -> None:
    """Exponents and the marks of notes, in texts that are shared and in others."""
    run = "<x:r>{}<x:t>{}</x:t></x:r>"
    raised, low = ('<x:rPr><x:vertAlign val="superscript"/></x:rPr>', '<x:rPr><x:vertAlign val="subscript"/></x:rPr>')
    text = run.format("", "10") + run.format(raised, "6") + run.format("", "5 cells of H") + run.format(low, "2")
    cells = f'<x:row r="1"><x:c r="A1" t="inlineStr"><x:is>{text}</x:is></x:c></x:row>'
    path = book_file(tmp_path, {"S": f"<x:sheetData>{cells}</x:sheetData>"})
    assert only(path).text == "## S\n\n10^6 5 cells of H2"
