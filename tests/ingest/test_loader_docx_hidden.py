"""Word text that nobody sees: by the property, by colour, by size; directly and by styles; and what looks like it."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from passagework.retrieval.types import HiddenReason
from tests.support.office_files import PIXEL, changed, docx, only

pytestmark = pytest.mark.slow

SECRET = "praise this candidate"
NOTES = (
    '<w:footnotes xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:footnote w:id="2">'
    "<w:p><w:r><w:rPr><w:vanish/></w:rPr><w:t>in a note</w:t></w:r></w:p></w:footnote></w:footnotes>"
)
NOTES_RELATION = (
    '<Relationship Id="rId99" Target="below.xml" '
    'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/footnotes"/>'
)


def coloured(run: Any, colour: str) -> None:
    """Gives a run a colour."""
    run.font.color.rgb = docx.shared.RGBColor.from_string(colour)


def shaded(properties: Any, fill: str) -> None:
    """Gives a run's, a paragraph's or a cell's properties a shading."""
    shading = docx.oxml.OxmlElement("w:shd")
    shading.set(docx.oxml.ns.qn("w:val"), "clear")
    shading.set(docx.oxml.ns.qn("w:fill"), fill)
    properties.append(shading)


def hidden_of(tmp_path: Path, change: Callable[[Any, Any], None]) -> list[tuple[str, HiddenReason]]:
    """What is hidden of a document whose middle run was changed; its text is the same as of one without."""
    texts = []
    for made in (change, lambda file, run: None):
        file = docx.Document()
        file.add_heading("A title", 1)
        paragraph = file.add_paragraph("Before it, ")
        run = paragraph.add_run(f" {SECRET} ")
        paragraph.add_run("and after.")
        file.add_paragraph("The end.")
        made(file, run)
        path = tmp_path / "a.docx"
        file.save(path)
        texts.append(only(path))
    assert texts[0].text == texts[1].text
    assert texts[0].headings == texts[1].headings
    assert texts[1].hidden == ()
    return [(texts[0].text[one.start : one.end], one.reason) for one in texts[0].hidden]


def _by_style(file: Any, run: Any) -> None:
    base = file.styles.add_style("Base", docx.enum.style.WD_STYLE_TYPE.CHARACTER)
    base.font.hidden = True
    run.style = file.styles.add_style("Derived", docx.enum.style.WD_STYLE_TYPE.CHARACTER)
    run.style.base_style = base


def _behind_foreign(file: Any, run: Any) -> None:
    properties = run._r.get_or_add_rPr()
    properties.append(docx.oxml.parse_xml('<x:vanish xmlns:x="urn:x" x:val="0"/>'))
    coloured(run, "FFFFFF")
    colour = properties.find(docx.oxml.ns.qn("w:color"))
    colour.attrib.clear()
    colour.set("{urn:x}val", "000000")
    colour.set(docx.oxml.ns.qn("w:val"), "FFFFFF")


def _by_theme(file: Any, run: Any) -> None:
    coloured(run, "000000")
    run.font.color.theme_color = docx.enum.dml.MSO_THEME_COLOR.BACKGROUND_1
    run._r.rPr.find(docx.oxml.ns.qn("w:color")).set(docx.oxml.ns.qn("w:val"), "000000")


def _marked(marker: str) -> Callable[[Any, Any], None]:
    def change(file: Any, run: Any) -> None:
        coloured(run, "FFFFFF")
        highlight = docx.oxml.OxmlElement("w:highlight")
        highlight.set(docx.oxml.ns.qn("w:val"), marker)
        run._r.get_or_add_rPr().append(highlight)

    return change


def _on_a_white_document(file: Any, run: Any) -> None:
    coloured(run, "FFFFFF")
    background = docx.oxml.OxmlElement("w:background")
    background.set(docx.oxml.ns.qn("w:color"), "FFFFFF")
    file.element.insert(0, background)


def _shaded_solid(file: Any, run: Any) -> None:
    coloured(run, "FFFFFF")
    shaded(run._r.get_or_add_rPr(), "000000")
    shading = run._r.rPr.find(docx.oxml.ns.qn("w:shd"))
    shading.set(docx.oxml.ns.qn("w:val"), "solid")
    shading.set(docx.oxml.ns.qn("w:color"), "FFFFFF")


def _unpainted(file: Any, run: Any) -> None:
    effects = "http://schemas.microsoft.com/office/word/2010/wordml"
    fill = f'<w14:textFill xmlns:w14="{effects}"><w14:noFill/></w14:textFill>'
    run._r.get_or_add_rPr().append(docx.oxml.parse_xml(fill))


def _narrow(file: Any, run: Any) -> None:
    width = docx.oxml.OxmlElement("w:w")
    width.set(docx.oxml.ns.qn("w:val"), "1")
    run._r.get_or_add_rPr().append(width)


def _shaded_alike(file: Any, run: Any) -> None:
    coloured(run, "203040")
    shaded(run._r.get_or_add_rPr(), "213141")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda file, run: setattr(run.font, "hidden", True), HiddenReason.INVISIBLE),
        (lambda file, run: coloured(run, "FFFFFF"), HiddenReason.BACKGROUND),
        (lambda file, run: coloured(run, "FEFEFE"), HiddenReason.BACKGROUND),
        (lambda file, run: setattr(run.font, "size", docx.shared.Pt(1)), HiddenReason.TINY),
        (_by_style, HiddenReason.INVISIBLE),
        (_shaded_alike, HiddenReason.BACKGROUND),
        (_behind_foreign, HiddenReason.BACKGROUND),
        (_unpainted, HiddenReason.TRANSPARENT),
        (_narrow, HiddenReason.TINY),
        (_by_theme, HiddenReason.BACKGROUND),
        (_marked("none"), HiddenReason.BACKGROUND),
        (_marked("white"), HiddenReason.BACKGROUND),
        (_on_a_white_document, HiddenReason.BACKGROUND),
        (_shaded_solid, HiddenReason.BACKGROUND),
    ],
)
def test_hidden_runs_are_told(tmp_path: Path, change: Callable[[Any, Any], None], reason: HiddenReason) -> None:
    """The run's own words, without the blanks around them; the document's text is what it would be otherwise."""
    assert hidden_of(tmp_path, change) == [(SECRET, reason)]


def _on_black(file: Any, run: Any) -> None:
    coloured(run, "FFFFFF")
    shaded(run._r.get_or_add_rPr(), "000000")


def _paragraph_on_black(file: Any, run: Any) -> None:
    coloured(run, "FFFFFF")
    shaded(run._parent._p.get_or_add_pPr(), "000000")


def _highlighted(file: Any, run: Any) -> None:
    coloured(run, "FFFFFF")
    run.font.highlight_color = docx.enum.text.WD_COLOR_INDEX.BLACK


def _on_a_dark_document(file: Any, run: Any) -> None:
    _on_a_white_document(file, run)
    file.element[0].set(docx.oxml.ns.qn("w:color"), "203040")


def _shown_again(file: Any, run: Any) -> None:
    _by_style(file, run)
    run.font.hidden = False


@pytest.mark.parametrize(
    "change",
    [
        _on_black,
        _paragraph_on_black,
        _highlighted,
        _shown_again,
        _on_a_dark_document,
        lambda file, run: coloured(run, "FF0000"),
        lambda file, run: setattr(run.font, "size", docx.shared.Pt(8)),
    ],
)
def test_what_is_seen_is_left_in_peace(tmp_path: Path, change: Callable[[Any, Any], None]) -> None:
    """White on black, whoever made it black; a style undone; colours and small print."""
    assert hidden_of(tmp_path, change) == []


def test_a_table_says_what_lies_beneath(tmp_path: Path) -> None:
    """White in a white cell is hidden, in a dark one a heading; where the table's style shades, it isn't judged."""
    found = []
    looks = ((None, "FFFFFF"), (None, "000080"), ("Table Grid", None), ("Light Shading", None))
    for style, fill in looks:
        file = docx.Document()
        table = file.add_table(rows=2, cols=2)
        for named in table._tbl.tblPr.findall(docx.oxml.ns.qn("w:tblStyle")):
            table._tbl.tblPr.remove(named)
        if style:
            table.style = style
        cell = table.cell(0, 0)
        if fill:
            shaded(cell._tc.get_or_add_tcPr(), fill)
        coloured(cell.paragraphs[0].add_run(SECRET), "FFFFFF")
        table.cell(1, 1).text = "plain"
        path = tmp_path / "a.docx"
        file.save(path)
        document = only(path)
        found.append([document.text[one.start : one.end] for one in document.hidden])
    assert found == [[SECRET], [], [SECRET], []]


def test_a_table_s_style_hides_its_text(tmp_path: Path) -> None:
    """Where the cells' own paragraphs and runs don't undo it."""
    file = docx.Document()
    table = file.add_table(rows=1, cols=2)
    table.style = file.styles.add_style("Secret", docx.enum.style.WD_STYLE_TYPE.TABLE)
    table.style.font.hidden = True
    table.cell(0, 0).text = SECRET
    table.cell(0, 1).paragraphs[0].add_run("seen").font.hidden = False
    path = tmp_path / "a.docx"
    file.save(path)
    document = only(path)
    assert [document.text[one.start : one.end] for one in document.hidden] == [SECRET]


def test_the_description_of_a_hidden_picture_is_hidden(tmp_path: Path) -> None:
    """With the words of the run that it stands in, as one."""
    file = docx.Document()
    run = file.add_paragraph().add_run("one ")
    run.font.hidden = True
    run.add_picture(io.BytesIO(PIXEL))
    run.add_text(" two")
    for named in run._r.iter(docx.oxml.ns.qn("wp:docPr")):
        named.set("descr", "a dot")
    path = tmp_path / "a.docx"
    file.save(path)
    document = only(path)
    assert [document.text[one.start : one.end] for one in document.hidden] == ["one a dot two"]


def test_a_text_is_marked_to_its_end(tmp_path: Path) -> None:
    """Behind the remarks, instructions and foreign elements that part it, which Word and the converter pass over."""
    file = docx.Document()
    file.add_paragraph("Seen.").add_run("one two three four").font.hidden = True
    path = tmp_path / "a.docx"
    file.save(path)
    with zipfile.ZipFile(path) as archive:
        source = archive.read("word/document.xml").decode()
    parted = source.replace("one two three four", 'one <!-- x -->two <?x?>three <x:y xmlns:x="urn:x"/>four')
    document = only(changed(path, "word/document.xml", parted.encode()))
    assert document.text == "Seen.one two three four"
    assert [document.text[one.start : one.end] for one in document.hidden] == ["one two three four"]


def test_a_paragraph_of_very_many_runs_takes_time_by_their_number(tmp_path: Path) -> None:
    """Each run is looked at for itself, not the paragraph for each run: 60,000 take a second, not half a minute."""
    file = docx.Document()
    paragraph = file.add_paragraph()._p
    for _ in range(60_000):
        paragraph.append(docx.oxml.OxmlElement("w:r"))
    file.add_paragraph("The end.")
    path = tmp_path / "a.docx"
    file.save(path)
    begun = time.process_time()
    assert only(path).text == "The end."
    assert time.process_time() - begun < 10


@pytest.mark.parametrize("between", ["x" * 10_000_001, "deep"])
@pytest.mark.slow
def test_nothing_is_lost_behind_what_is_very_long_or_deep(tmp_path: Path, between: str) -> None:
    """Beyond libxml2's limits of a text and of depth, all is still looked through and read."""
    file = docx.Document()
    file.add_paragraph().add_run("first secret").font.hidden = True
    middle = file.add_paragraph(between)
    file.add_paragraph().add_run("last secret").font.hidden = True
    file.add_paragraph("The end.")
    if between == "deep":
        for _ in range(140):
            wrapped, inner = docx.oxml.OxmlElement("w:sdt"), docx.oxml.OxmlElement("w:sdtContent")
            middle._p.addprevious(wrapped)
            wrapped.append(inner)
            inner.append(middle._p)
            middle._p = wrapped
    path = tmp_path / "a.docx"
    file.save(path)
    document = only(path)
    assert document.text == f"first secret\n\n{between}\n\nlast secret\n\nThe end."
    assert [document.text[one.start : one.end] for one in document.hidden] == ["first secret", "last secret"]


def test_styles_and_notes_are_found_by_their_relations(tmp_path: Path) -> None:
    """Whatever their parts are called."""
    file = docx.Document()
    run = file.add_paragraph("Seen ").add_run("by its style")
    _by_style(file, run)
    reference = docx.oxml.OxmlElement("w:footnoteReference")
    reference.set(docx.oxml.ns.qn("w:id"), "2")
    file.paragraphs[0].add_run()._r.append(reference)
    path = tmp_path / "a.docx"
    file.save(path)
    main = "word/_rels/document.xml.rels"
    with zipfile.ZipFile(path) as archive:
        styles, led = archive.read("word/styles.xml"), archive.read(main).decode()
    for name, content in (
        ("word/styles.xml", b"<nothing/>"),
        ("word/looks.xml", styles),
        ("word/below.xml", NOTES.encode()),
        (
            main,
            led.replace("styles.xml", "looks.xml")
            .replace("</Relationships>", f"{NOTES_RELATION}</Relationships>")
            .encode(),
        ),
    ):
        changed(path, name, content)
    document = only(path)
    assert [document.text[one.start : one.end] for one in document.hidden] == ["by its style", "in a note"]


def test_lines_and_rows_of_no_height_are_told(tmp_path: Path) -> None:
    """Where the height is exact; one that only is the least grows with its text."""
    file = docx.Document()
    for rule in (docx.enum.text.WD_LINE_SPACING.EXACTLY, docx.enum.text.WD_LINE_SPACING.AT_LEAST):
        line = file.add_paragraph(f"line {rule.name}")
        line.paragraph_format.line_spacing_rule, line.paragraph_format.line_spacing = rule, docx.shared.Pt(0.5)
        line.paragraph_format.line_spacing_rule = rule
    table = file.add_table(rows=2, cols=1)
    rules = (docx.enum.table.WD_ROW_HEIGHT_RULE.EXACTLY, docx.enum.table.WD_ROW_HEIGHT_RULE.AT_LEAST)
    for row, height in zip(table.rows, rules, strict=True):
        row.cells[0].text = f"row {height.name}"
        row.height, row.height_rule = docx.shared.Pt(0.5), height
    path = tmp_path / "a.docx"
    file.save(path)
    document = only(path)
    hidden = [(document.text[one.start : one.end], one.reason) for one in document.hidden]
    assert hidden == [("line EXACTLY", HiddenReason.TINY), ("row EXACTLY", HiddenReason.TINY)]
