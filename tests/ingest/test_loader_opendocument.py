"""OpenDocument: headings, numbered lists, tables, notes and comments; hidden text is marked, deleted text is gone."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from passagework.ingest.loaders import LoadOptions, load
from passagework.retrieval.errors import IngestError
from passagework.retrieval.types import Document
from tests.support.loaded_files import written
from tests.support.open_document_files import flat_document, open_document, text_style


def hidden(document: Document) -> list[tuple[str, str]]:
    """What readers don't see, and why."""
    return [(document.text[span.start : span.end], span.reason.value) for span in document.hidden]


def test_headings_and_lists_have_their_numbers(tmp_path: Path) -> None:
    """Those of the outline and of lists within lists, as their styles count."""
    outline = (
        '<text:outline-style style:name="O">'
        '<text:outline-level-style text:level="1" style:num-format="1"/>'
        '<text:outline-level-style text:level="2" style:num-format="1" text:display-levels="2"/></text:outline-style>'
    )
    listed = (
        '<text:list-style style:name="L"><text:list-level-style-number text:level="1" style:num-format="1" '
        'style:num-suffix="." text:start-value="3"/><text:list-level-style-number text:level="2" '
        'style:num-format="a" style:num-suffix=")"/></text:list-style>'
    )
    inner = "<text:list><text:list-item><text:p>inner</text:p></text:list-item></text:list>"
    body = (
        '<text:h text:outline-level="1">Start</text:h><text:h text:outline-level="2">Scope</text:h>'
        f'<text:list text:style-name="L"><text:list-item><text:p>three</text:p>{inner}</text:list-item>'
        "<text:list-item><text:p>four</text:p></text:list-item></text:list>"
        '<text:h text:outline-level="2">Terms</text:h><text:p>End.</text:p>'
    )
    document = written(
        tmp_path,
        "a.odt",
        open_document("text", body, automatic=listed, styles=f"<office:styles>{outline}</office:styles>"),
    )
    assert document.text == ("# 1 Start\n\n## 1.1 Scope\n\n3. three\n  a) inner\n4. four\n\n## 1.2 Terms\n\nEnd.")
    assert [(h.level, h.title) for h in document.headings] == [(1, "1 Start"), (2, "1.1 Scope"), (2, "1.2 Terms")]
    assert document.title == "1 Start"


def test_notes_comments_and_frames_follow_their_paragraph(tmp_path: Path) -> None:
    """Tracked deletions are in none; spaces, tabs, line breaks and raised numbers are as they show."""
    note_body = "<text:note-body><text:p>Why.</text:p></text:note-body>"
    note = f"<text:note><text:note-citation>1</text:note-citation>{note_body}</text:note>"
    remark = "<office:annotation><dc:creator>Ann</dc:creator><text:p>Really?</text:p></office:annotation>"
    frame = "<draw:frame><draw:text-box><text:p>boxed</text:p></draw:text-box></draw:frame>"
    deletion = "<text:changed-region><text:deletion><text:p>gone</text:p></text:deletion></text:changed-region>"
    gone = f"<text:tracked-changes>{deletion}</text:tracked-changes>"
    ruby = "<text:ruby><text:ruby-base>漢</text:ruby-base><text:ruby-text>kan</text:ruby-text></text:ruby>"
    body = (
        f'{gone}<text:p>One<text:s text:c="3"/>two<text:line-break/>10<text:span text:style-name="S">6</text:span>'
        f"{note} {ruby}{remark}{frame}</text:p><text:p>Next.</text:p>"
    )
    document = written(
        tmp_path, "a.odt", open_document("text", body, automatic=text_style("S", 'style:text-position="super 58%"'))
    )
    assert document.text == "One two\n10^6[1] 漢(kan)\n\nboxed\n\n[1] Why.\n\n[Comment, Ann] Really?\n\nNext."


def test_text_that_nobody_sees(tmp_path: Path) -> None:
    """Not displayed, white on paper, tiny, in a hidden section; white on black is seen."""
    styles = [
        text_style("H", 'text:display="none"'),
        text_style("W", 'fo:color="#ffffff"'),
        text_style("B", 'fo:color="#ffffff" fo:background-color="#000000"'),
        text_style("T", 'fo:font-size="1pt"'),
    ]
    spans = "".join(
        f'<text:span text:style-name="{name}">{words}</text:span> '
        for name, words in (("H", "secret"), ("W", "white"), ("B", "seen"), ("T", "tiny"))
    )
    body = f'<text:p>{spans}</text:p><text:section text:display="none"><text:p>whole section</text:p></text:section>'
    document = written(tmp_path, "a.odt", open_document("text", body, automatic="".join(styles)))
    assert document.text == "secret white seen tiny\n\nwhole section"
    assert hidden(document) == [
        ("secret", "invisible"), ("white", "background colour"), ("tiny", "tiny"), ("whole section", "invisible"),
    ]  # fmt: skip


def test_tables_keep_their_columns(tmp_path: Path) -> None:
    """A cell that reaches down is repeated, one that reaches right is not; paragraphs of a cell share its line."""

    def cell(text: str, attributes: str = "") -> str:
        return f"<table:table-cell {attributes}><text:p>{text}</text:p></table:table-cell>"

    covered = "<table:covered-table-cell/>"
    rows = [
        cell("Item") + cell("Price") + cell("Note"),
        cell("Nut", 'table:number-rows-spanned="2"')
        + cell("3</text:p><text:p>4", 'table:number-columns-spanned="2"')
        + covered,
        covered + "<table:table-cell/>" + cell("x"),
    ]  # fmt: skip
    first, *others = (f"<table:table-row>{row}</table:table-row>" for row in rows)
    body = f"<table:table><table:table-header-rows>{first}</table:table-header-rows>{''.join(others)}</table:table>"
    document = written(tmp_path, "a.odt", open_document("text", body))
    assert document.text == ("| Item | Price | Note |\n| --- | --- | --- |\n| Nut | 3 4 |  |\n| Nut |  | x |")
    (table,) = document.tables
    assert (table.start, table.end, table.columns) == (0, len(document.text), "Item | Price | Note")


@pytest.mark.parametrize("header", ["<table:table-header-rows>{}</table:table-header-rows>", "{}"])
def test_the_name_of_a_group_of_columns_stands_over_all_of_them(tmp_path: Path, header: str) -> None:
    """Where the table marks its rows of names, and where a second row names the columns of the group."""

    def row(*cells: str) -> str:
        return f"<table:table-row>{''.join(cells)}</table:table-row>"

    def cell(text: str, attributes: str = "") -> str:
        return f"<table:table-cell {attributes}><text:p>{text}</text:p></table:table-cell>"

    hours = cell("Hours", 'table:number-columns-spanned="2"') + "<table:covered-table-cell/>"
    names = row(cell("Site"), hours) + row(cell(""), cell("Day"), cell("Night"))
    body = f"<table:table>{header.format(names)}{row(cell('Alta'), cell('8'), cell('9'))}</table:table>"
    document = written(tmp_path, "a.odt", open_document("text", body))
    assert document.text == ("| Site | Hours | Hours |\n|  | Day | Night |\n| --- | --- | --- |\n| Alta | 8 | 9 |")
    assert document.tables[0].columns == "Site | Hours Day | Hours Night"


def test_headers_properties_and_formulas(tmp_path: Path) -> None:
    """Headers once; author and title; a formula that lies in the file in one line."""
    styles = "".join(
        f'<style:master-page style:name="{name}"><style:header><text:p>Acme</text:p></style:header></style:master-page>'
        for name in ("A", "B")
    )
    math = (
        '<math xmlns="http://www.w3.org/1998/Math/MathML"><mi>E</mi><mo>=</mo><msup><mi>c</mi><mn>2</mn></msup></math>'
    )
    body = '<text:p>Text.<draw:frame><draw:object xlink:href="./Object 1"/></draw:frame></text:p>'
    document = written(
        tmp_path,
        "a.odt",
        open_document(
            "text",
            body,
            styles=f"<office:master-styles>{styles}</office:master-styles>",
            meta="<dc:title>My letter</dc:title><dc:creator>Ada</dc:creator>",
            parts={"Object 1/content.xml": math},
        ),
    )
    assert document.text == "Text.\n\nE = c^2\n\nAcme"
    assert (document.title, document.metadata) == ("My letter", {"author": "Ada"})


def test_sheets(tmp_path: Path) -> None:
    """Values as they are shown, hidden columns and sheets marked, a style that fills the sheet no rows, notes."""
    prices = (
        '<table:table table:name="Prices"><table:table-column table:number-columns-repeated="2"/>'
        '<table:table-column table:visibility="collapse"/>{}{}<table:table-row table:number-rows-repeated="1048000">'
        '<table:table-cell table:number-columns-repeated="16384"/></table:table-row></table:table>'
    )

    def row(*texts: str) -> str:
        cells = "".join(f"<table:table-cell><text:p>{text}</text:p></table:table-cell>" for text in texts)
        return f"<table:table-row>{cells}</table:table-row>"

    remark = "</text:p><office:annotation><dc:creator>Bo</dc:creator><text:p>check</text:p></office:annotation><text:p>"
    body = prices.format(row("Item", "Cost", "Secret"), row("Nut", f"€3.50{remark}", "s1"))
    body += f'<table:table table:name="Lost" table:style-name="ta2">{row("unseen")}</table:table>'
    unshown = '<style:table-properties table:display="false"/>'
    style = f'<style:style style:name="ta2" style:family="table">{unshown}</style:style>'
    document = written(tmp_path, "a.ods", open_document("spreadsheet", body, automatic=style))
    assert document.text == (
        "## Prices\n\n| Item | Cost | Secret |\n| --- | --- | --- |\n| Nut | €3.50 | s1 |\n\n"
        "[Note on row 2, column 2, Bo] check\n\n## Lost\n\nunseen"
    )
    assert hidden(document) == [
        ("Secret", "invisible"), ("s1", "invisible"), ("## Lost\n\nunseen", "invisible"),
    ]  # fmt: skip
    assert document.tables[0].columns == "Item | Cost | Secret"


def test_slides(tmp_path: Path) -> None:
    """Each a page; the title first, then from the top down; notes behind; off the slide and hidden slides marked."""

    def frame(text: str, x: int, y: int, kind: str = "") -> str:
        named = f'presentation:class="{kind}" ' if kind else ""
        place = f'svg:x="{x}cm" svg:y="{y}cm" svg:width="5cm" svg:height="2cm"'
        return f"<draw:frame {named}{place}><draw:text-box><text:p>{text}</text:p></draw:text-box></draw:frame>"

    notes = f"<presentation:notes>{frame('say this', 0, 0, 'notes')}</presentation:notes>"
    shapes = frame("below", 1, 9) + frame("Plans", 1, 1, "title") + frame("above", 1, 5) + frame("off", 50, 5)
    body = (
        f'<draw:page draw:master-page-name="M">{shapes}{notes}</draw:page>'
        f'<draw:page draw:style-name="d2">{frame("unshown", 1, 1)}</draw:page>'
    )
    layout = (
        '<office:automatic-styles><style:page-layout style:name="P"><style:page-layout-properties fo:page-width="28cm" '
        'fo:page-height="21cm"/></style:page-layout></office:automatic-styles><office:master-styles>'
        '<style:master-page style:name="M" style:page-layout-name="P"/></office:master-styles>'
    )
    style = (
        '<style:style style:name="d2" style:family="drawing-page">'
        '<style:drawing-page-properties presentation:visibility="hidden"/></style:style>'
    )
    document = written(tmp_path, "a.odp", open_document("presentation", body, automatic=style, styles=layout))
    assert document.text == "## Plans\n\nabove\n\noff\n\nbelow\n\n### Notes:\nsay this\n\nunshown"
    assert [document.text[page.start : page.end][:8] for page in document.pages] == ["## Plans", "unshown"]
    assert hidden(document) == [("off", "outside the page"), ("unshown", "invisible")]


def test_flat_files_and_templates(tmp_path: Path) -> None:
    """One XML file of all parts, templates, and a file under another's name."""
    assert written(tmp_path, "a.fodt", flat_document("text", "<text:p>Flat.</text:p>")).text == "Flat."
    data = open_document("text", "<text:p>Odd.</text:p>")
    assert written(tmp_path, "b.docx", data).media_type == "application/vnd.oasis.opendocument.text"
    assert written(tmp_path, "c.ott", data.replace(b"opendocument.text", b"opendocument.text")).text == "Odd."


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty file"),
        (b"no zip at all", r"named \.odt but isn't one"),
        (open_document("text", "<text:p>Some text.</text:p>")[:300], "damaged or truncated zip archive"),
        (open_document("text", "<text:p/>"), "no text"),
        (open_document("text", "", parts={"META-INF/manifest.xml": "<m><encryption-data/></m>"}), "encrypted"),
        (flat_document("text", "")[:-40].replace(b"office:body", b"office:bodies"), "has no content"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, data: bytes, reason: str) -> None:
    """Each with its reason in a line."""
    path = tmp_path / "a.odt"
    path.write_bytes(data)
    with pytest.raises(IngestError, match=reason):
        list(load(path, LoadOptions()))


def test_numbers_of_pages_are_no_text_and_fields_of_forms_are(tmp_path: Path) -> None:
    """A foot that says no more than its page's number is left out; boxes and choices show what they hold."""
    field = 'xmlns:field="urn:openoffice:names:experimental:ooo-ms-interop:xmlns:field:1.0"'
    parameter = '<field:param field:name="{}" field:value="{}"/>'.format
    entries = parameter("Dropdown_ListEntry", "meat") + parameter("Dropdown_ListEntry", "vegan")
    ticked = parameter("Checkbox_Checked", "true")
    box = f'<field:fieldmark {field} field:type="x.FORMCHECKBOX">{ticked}</field:fieldmark>'
    choice = f'<field:fieldmark {field} field:type="x.FORMDROPDOWN">{entries}{parameter("Dropdown_Selected", "1")}'
    pages = "<text:p>Page <text:page-number>3</text:page-number> of <text:page-count>9</text:page-count></text:p>"
    body = f"{pages}<text:p>{box} agrees</text:p><text:p>Diet: {choice}</field:fieldmark></text:p>"
    assert written(tmp_path, "a.odt", open_document("text", body)).text == "☒ agrees\n\nDiet: vegan"


def test_a_list_goes_on_in_a_cell(tmp_path: Path) -> None:
    """Where it says that it continues the one before."""
    style = (
        '<text:list-style style:name="L"><text:list-level-style-number text:level="1" style:num-format="1" '
        'style:num-suffix="."/></text:list-style>'
    )
    begin = '<text:list text:style-name="L" text:continue-numbering="true">'
    listed = (begin + "<text:list-item><text:p>{}</text:p></text:list-item></text:list>").format
    cells = (
        f"<table:table-cell>{listed('two')}</table:table-cell><table:table-cell><text:p>x</text:p></table:table-cell>"
    )
    row = f"<table:table-row>{cells}</table:table-row>"
    body = f"{listed('one')}<table:table>{row}</table:table>{listed('three')}"
    document = written(tmp_path, "a.odt", open_document("text", body, automatic=style))
    assert document.text == "1. one\n\n| 2. two | x |\n\n3. three"


def test_shapes_of_sheets_are_read(tmp_path: Path) -> None:
    """Text boxes and charts behind the cells; a point that a chart hasn't is empty."""
    cell = "<table:table-cell><text:p>{}</text:p>{}</table:table-cell>".format
    drawn = "<draw:custom-shape><text:p>Provisional</text:p></draw:custom-shape>"
    chart = '<draw:frame><draw:object xlink:href="./Object 1"/></draw:frame>'
    body = (
        f"<table:table table:name='S'><table:shapes>{chart}</table:shapes>"
        f"<table:table-row>{cell('Part', drawn)}{cell('Qty', '')}</table:table-row></table:table>"
    )
    points = "<table:table-cell office:value='{}'><text:p>{}</text:p></table:table-cell>".format
    names = f"<table:table-row>{cell('', '')}{cell('Load', '')}</table:table-row>"
    rows = f"<table:table-header-rows>{names}</table:table-header-rows>"
    rows += f"<table:table-row>{cell('Alta', '')}{points(5, 5)}</table:table-row>"
    rows += f"<table:table-row>{cell('Bodo', '')}{points('NaN', 'NaN')}</table:table-row>"
    inside = open_document(
        "chart",
        "<chart:chart><chart:title><text:p>Winter</text:p></chart:title>"
        f"<table:table>{rows}</table:table></chart:chart>",
    )
    with zipfile.ZipFile(io.BytesIO(inside)) as archive:
        parts = {"Object 1/content.xml": archive.read("content.xml").decode()}
    document = written(tmp_path, "a.ods", open_document("spreadsheet", body, parts=parts))
    assert document.text == (
        "## S\n\n| Part | Qty |\n\nWinter\n\n|  | Load |\n| --- | --- |\n| Alta | 5 |\n| Bodo |  |\n\nProvisional"
    )
