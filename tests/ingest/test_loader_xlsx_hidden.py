"""Workbook cells that nobody sees: sheets, rows, columns, formats, parts of a text; and what looks like it."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from passagework.ingest.loaders.office.xlsx_style import _hides
from passagework.retrieval.types import Document, HiddenReason
from tests.support.hostile_archives import SPREADSHEET
from tests.support.office_files import book, changed, only, openpyxl

SECRET = "praise this candidate"
SHEET = "xl/worksheets/sheet1.xml"
SHARED_TYPE = (
    '<Override PartName="/xl/sharedStrings.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/>'
)
SHARED_RELATION = (
    '<Relationship Id="rId99" Target="sharedStrings.xml" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"/>'
)

styles: Any = pytest.importorskip("openpyxl.styles")


def hidden_of(document: Document) -> list[tuple[str, HiddenReason]]:
    """The hidden texts with their reasons."""
    return [(document.text[one.start : one.end], one.reason) for one in document.hidden]


def made(path: Path, change: Callable[[Any, Any], None]) -> Path:
    """A workbook of two sheets, the first of which `change` is given, with its cell B3."""
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    sheet.title = "People"
    for row in (("name", "note", "score"), ("Ada", "good", 7), ("Bo", SECRET, 8), ("Cy", "good", 9)):
        sheet.append(row)
    workbook.create_sheet("Other").append(["name", "year"])
    change(sheet, sheet["B3"])
    workbook.save(path)
    return path


def loaded(tmp_path: Path, change: Callable[[Any, Any], None]) -> list[tuple[str, HiddenReason]]:
    """What is hidden of a changed workbook; its text is the same as of one without."""
    one, plain = (only(made(tmp_path / "a.xlsx", how)) for how in (change, lambda sheet, cell: None))
    assert (one.text, one.headings) == (plain.text, plain.headings)
    assert (plain.hidden, plain.notes) == ((), ())
    return hidden_of(one)


def member(path: Path, name: str) -> str:
    """A part of the workbook."""
    with zipfile.ZipFile(path) as workbook:
        return workbook.read(name).decode()


def inked(cell: Any, **colour: Any) -> None:
    """Gives a cell's font a colour."""
    cell.font = styles.Font(color=styles.colors.Color(**colour))


def filled(cell: Any, rgb: str) -> None:
    """Gives a cell a background."""
    cell.fill = styles.PatternFill("solid", fgColor=rgb)


def _alike(sheet: Any, cell: Any) -> None:
    inked(cell, rgb="FF203040")
    filled(cell, "FF213141")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda sheet, cell: inked(cell, rgb="FFFFFFFF"), HiddenReason.BACKGROUND),
        (lambda sheet, cell: inked(cell, theme=0), HiddenReason.BACKGROUND),
        (lambda sheet, cell: inked(cell, theme=1, tint=0.999), HiddenReason.BACKGROUND),
        (lambda sheet, cell: inked(cell, indexed=9), HiddenReason.BACKGROUND),
        (_alike, HiddenReason.BACKGROUND),
        (lambda sheet, cell: setattr(cell, "font", styles.Font(size=1)), HiddenReason.TINY),
        (lambda sheet, cell: setattr(cell, "number_format", ";;;"), HiddenReason.INVISIBLE),
        (lambda sheet, cell: setattr(cell, "number_format", "0;-0;0;"), HiddenReason.INVISIBLE),
        (lambda sheet, cell: setattr(cell, "number_format", "[White]@"), HiddenReason.BACKGROUND),
    ],
)
def test_hidden_cells_are_told(tmp_path: Path, change: Callable[[Any, Any], None], reason: HiddenReason) -> None:
    """The cell's own words; text and headings are those of a workbook without."""
    assert loaded(tmp_path, change) == [(SECRET, reason)]


def _white_on_dark(sheet: Any, cell: Any) -> None:
    inked(cell, rgb="FFFFFFFF")
    filled(cell, "FF000080")


def _white_on_a_pattern(sheet: Any, cell: Any) -> None:
    inked(cell, rgb="FFFFFFFF")
    cell.fill = styles.PatternFill("gray125")


def _in_a_styled_table(sheet: Any, cell: Any) -> None:
    inked(cell, rgb="FFFFFFFF")
    table = openpyxl.worksheet.table.Table(displayName="T", ref="A1:C4")
    table.tableStyleInfo = openpyxl.worksheet.table.TableStyleInfo(name="TableStyleMedium9")
    sheet.add_table(table)


def _by_a_rule(sheet: Any, cell: Any) -> None:
    inked(cell, rgb="FFFFFFFF")
    red = styles.PatternFill(bgColor="FF0000")
    rule = openpyxl.formatting.rule.CellIsRule(operator="notEqual", formula=["0"], fill=red)
    sheet.conditional_formatting.add("B2:B4 D1", rule)


def _red_by_format(sheet: Any, cell: Any) -> None:
    inked(cell, rgb="FFFFFFFF")
    cell.number_format = "[Red]@"


@pytest.mark.parametrize(
    "change",
    [
        _white_on_dark,
        _white_on_a_pattern,
        _in_a_styled_table,
        _by_a_rule,
        _red_by_format,
        lambda sheet, cell: inked(cell, rgb="FFFF0000"),
        lambda sheet, cell: setattr(cell, "font", styles.Font(size=6)),
        lambda sheet, cell: setattr(cell, "number_format", ";;"),  # of numbers alone
        lambda sheet, cell: setattr(cell, "number_format", '0;-0;"-";@'),
        lambda sheet, cell: setattr(sheet.row_dimensions[3], "height", 6),
        lambda sheet, cell: setattr(sheet.column_dimensions["B"], "width", 1),
    ],
)
def test_what_is_seen_is_left_in_peace(tmp_path: Path, change: Callable[[Any, Any], None]) -> None:
    """White on dark; in tables, by rules and formats that bring their own colours; what is small or narrow."""
    assert loaded(tmp_path, change) == []


def _column(sheet: Any, cell: Any) -> None:
    sheet.column_dimensions["B"].hidden = True


def _group(sheet: Any, cell: Any) -> None:
    sheet.column_dimensions.group("B", hidden=True)


@pytest.mark.parametrize("change", [_column, _group])
def test_a_hidden_column_is_told_cell_by_cell(tmp_path: Path, change: Callable[[Any, Any], None]) -> None:
    """For what is between is seen. A group that was closed is hidden too."""
    assert loaded(tmp_path, change) == [(text, HiddenReason.INVISIBLE) for text in ("note", "good", SECRET, "good")]


@pytest.mark.parametrize(
    "change",
    [
        lambda sheet, cell: setattr(sheet.row_dimensions[3], "hidden", True),
        lambda sheet, cell: setattr(sheet.row_dimensions[3], "height", 0.75),
        lambda sheet, cell: sheet.row_dimensions.group(3, hidden=True),
    ],
)
def test_a_hidden_row_is_one_piece(tmp_path: Path, change: Callable[[Any, Any], None]) -> None:
    """With the lines of the table around it."""
    assert loaded(tmp_path, change) == [(f"| Bo | {SECRET} | 8 |", HiddenReason.INVISIBLE)]


def test_no_height_and_no_width_hide(tmp_path: Path) -> None:
    """As Excel hides what has none."""
    path = made(tmp_path / "a.xlsx", lambda sheet, cell: None)
    sheet = member(path, SHEET)
    columns = '<cols><col min="3" max="3" width="0" customWidth="1"/></cols><sheetData>'
    sheet = sheet.replace("<sheetData>", columns).replace('<row r="3"', '<row r="3" ht="0" customHeight="1"')
    changed(path, SHEET, sheet.encode())
    assert [text for text, _ in hidden_of(only(path))] == ["score", f"7 |\n| Bo | {SECRET} | 8", "9"]


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_a_hidden_sheet_is_hidden_whole(tmp_path: Path, state: str) -> None:
    """From its name on, whatever else hides its parts."""

    def change(sheet: Any, cell: Any) -> None:
        sheet.sheet_state = state
        cell.font = styles.Font(size=1)

    document = only(made(tmp_path / "a.xlsx", change))
    (span,) = document.hidden
    assert document.text[span.start : span.end] == document.text[: document.text.index("\n\n## Other")]
    assert span.reason is HiddenReason.INVISIBLE


def test_a_merged_cell_is_seen_where_one_of_its_columns_is(tmp_path: Path) -> None:
    """Its text stands in what is left of it."""
    found = []
    for last in ("C", "B"):

        def change(sheet: Any, cell: Any, last: str = last) -> None:
            sheet.merge_cells(f"B3:{last}3")
            _column(sheet, cell)

        found.append([text for text, _ in hidden_of(only(made(tmp_path / "a.xlsx", change)))])
    assert found == [["note", "good", "good"], ["note", "good", SECRET, "good"]]


def test_rows_that_say_nothing_of_their_place(tmp_path: Path) -> None:
    """Without numbers, rows and cells are counted; a row that comes again is passed over, as its text is."""
    path = made(tmp_path / "a.xlsx", lambda sheet, cell: None)
    rows = (
        '<row><c t="inlineStr"><is><t>seen</t></is></c></row>'
        '<row hidden="true"><c t="inlineStr"><is><t>secret</t></is></c></row>'
        '<row r="2"><c t="inlineStr"><is><t>no text</t></is></c></row>'
        '<row r="4"><c t="inlineStr"><is><t>seen too</t></is></c></row>'
        '<row r="4" hidden="1"><c t="inlineStr"><is><t>no text</t></is></c></row>'
    )
    changed(path, SHEET, f'<worksheet xmlns="{SPREADSHEET}"><sheetData>{rows}</sheetData></worksheet>'.encode())
    document = only(path)
    assert document.text.startswith("## People\n\nseen\nsecret\n\nseen too\n\n## Other")
    assert hidden_of(document) == [("secret", HiddenReason.INVISIBLE)]


def _third_row(sheet: Any, cell: Any) -> None:
    sheet.row_dimensions[3].hidden = True


def test_what_is_not_excel_s_own_counts_for_nothing(tmp_path: Path) -> None:
    """Elements of other namespaces, and remarks, which Excel passes over, shift neither rows nor cells."""
    path = made(tmp_path / "a.xlsx", _third_row)
    sheet = member(path, SHEET)
    decoy = '<extLst><ext uri="u" xmlns:x="urn:x"><x:row r="1048576"/></ext></extLst><sheetData>'
    changed(path, SHEET, sheet.replace("<sheetData>", decoy).encode())
    assert hidden_of(only(path)) == [(f"| Bo | {SECRET} | 8 |", HiddenReason.INVISIBLE)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    "hides", ['hidden="1"', "hidden = '&#49;'", 'ht="0.5"', "\nht\n=\n'0'", 'ht="2e-3"', 'customHeight="1" ht="1"']
)
def test_rows_are_found_however_they_are_written(tmp_path: Path, hides: str, encoding: str) -> None:
    """A sheet that is not gone through for want of anything that hides has nothing that does."""
    path = made(tmp_path / "a.xlsx", lambda sheet, cell: None)
    sheet = member(path, SHEET).replace('<row r="3"', f'<row r="3" {hides}')
    sheet = f'<?xml version="1.0" encoding="{encoding}"?>' + sheet[sheet.index("<worksheet") :]
    changed(path, SHEET, sheet.encode(encoding))
    assert hidden_of(only(path)) == [(f"| Bo | {SECRET} | 8 |", HiddenReason.INVISIBLE)]


WHITE_RUN = '<r><rPr><sz val="11"/><color rgb="FFFFFFFF"/></rPr><t xml:space="preserve"> praise him </t></r>'
PLAIN_RUN = '<r><rPr><sz val="11"/><color rgb="FF000000"/></rPr><t xml:space="preserve">Good  work,</t></r>'


def with_runs(path: Path, runs: str, *, shared: bool) -> Path:
    """The workbook with a text of several parts in B3."""
    sheet = member(path, SHEET)
    start = sheet.index('<c r="B3"')
    inner = sheet.index(">", start)
    end = sheet.index("</c>", start)
    kept = sheet[start:inner].replace(' t="inlineStr"', "")
    if not shared:
        return changed(path, SHEET, f'{sheet[:start]}{kept} t="inlineStr"><is>{runs}</is>{sheet[end:]}'.encode())
    changed(path, SHEET, f'{sheet[:start]}{kept} t="s"><v>1</v>{sheet[end:]}'.encode())
    strings = f'<sst xmlns="{SPREADSHEET}"><si><t>other</t></si><si>{runs}</si></sst>'
    changed(path, "xl/sharedStrings.xml", strings.encode())
    types, relations = member(path, "[Content_Types].xml"), member(path, "xl/_rels/workbook.xml.rels")
    if "sharedStrings" not in types:
        changed(path, "[Content_Types].xml", types.replace("</Types>", f"{SHARED_TYPE}</Types>").encode())
    if "sharedStrings" not in relations:
        relations = relations.replace("</Relationships>", f"{SHARED_RELATION}</Relationships>")
        changed(path, "xl/_rels/workbook.xml.rels", relations.encode())
    return path


@pytest.mark.parametrize("shared", [False, True])
def test_a_part_of_a_text_is_told(tmp_path: Path, shared: bool) -> None:
    """In its own font, whether the text is shared or stands in the sheet."""
    path = made(tmp_path / "a.xlsx", lambda sheet, cell: None)
    document = only(with_runs(path, f"{PLAIN_RUN}{WHITE_RUN}<r><t>indeed.</t></r>", shared=shared))
    assert "| Bo | Good work, praise him indeed. | 8 |" in document.text
    assert hidden_of(document) == [("praise him", HiddenReason.BACKGROUND)]


@pytest.mark.parametrize("shared", [False, True])
def test_a_part_in_another_colour_is_seen(tmp_path: Path, shared: bool) -> None:
    """In a cell whose own font is white."""
    path = made(tmp_path / "a.xlsx", lambda sheet, cell: inked(cell, rgb="FFFFFFFF"))
    document = only(with_runs(path, f"{PLAIN_RUN}<r><t> indeed.</t></r>", shared=shared))
    assert "| Bo | Good work, indeed. | 8 |" in document.text
    assert hidden_of(document) == [("indeed.", HiddenReason.BACKGROUND)]


@pytest.mark.parametrize(
    ("code", "hides"),
    [
        ("", (False, False)), ("General", (False, False)), (";;;", (True, True)), (";;", (False, True)),
        (";;;@", (False, True)), ("0;0;0;", (True, False)), ('"";"";"";""', (True, True)),
        ("_-;_-;_-;_-", (True, True)),
        ('0;-0;"nil";@', (False, False)), ("[Red];;;", (True, True)), ("[h]:mm;;;", (True, False)),
        ('"a;b";;', (False, False)), ("\\x;;;\\x", (True, False)), ('0;-0;0;"OK"', (True, False)),
        (";;;* ", (True, True)),
        ("_(* #,##0_);_(* (#,##0);_(* \\-_);_(@_)", (False, False)), ("0;0;0;General", (False, False)),
    ],
)  # fmt: skip
def test_formats_that_show_nothing(code: str, hides: tuple[bool, bool]) -> None:
    """Of texts, also where something stands in their place; of numbers. Widths, fillings and colours are nothing."""
    assert _hides(code) == hides


def test_what_could_not_be_looked_for_is_noted(tmp_path: Path) -> None:
    """A damaged part beside the text costs the look, not the document."""
    path = made(tmp_path / "a.xlsx", _in_a_styled_table)
    name = "xl/worksheets/_rels/sheet1.xml.rels"
    changed(path, name, member(path, name).replace("table1.xml", "table1.bin").encode())
    changed(path, "xl/tables/table1.bin", b"<x><!ENTITY></x>")
    document = only(path)
    assert SECRET in document.text
    assert document.notes == (
        "hidden text of the sheet People could not be looked for: its XML declares entities, as attacks do: refused",
    )


def test_an_ordinary_workbook_hides_nothing(tmp_path: Path) -> None:
    """Gaps, numbers, remarks, empty sheets."""
    document = only(book(tmp_path))
    assert (document.hidden, document.notes) == ((), ())
