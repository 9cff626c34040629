"""Word files say what they say to their readers: every kind of part that shows text, each where it is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from passagework.retrieval.errors import IngestError
from passagework.retrieval.types import Document, Heading, Hidden, HiddenReason, Table
from tests.support.office_files import changed, letter, only
from tests.support.office_parts import led, part, said, word_file

TEXT_BOX = "<w:txbxContent>{}</w:txbxContent>"
DRAWN = (
    "<w:drawing><wp:inline><wp:docPr id='1' name='Box'/><a:graphic><a:graphicData><wps:wsp><wps:txbx>{}</wps:txbx>"
    "</wps:wsp></a:graphicData></a:graphic></wp:inline></w:drawing>"
)
PICTURED = "<w:pict><v:shape><v:textbox>{}</v:textbox></v:shape></w:pict>"


def read(folder: Path, body: str, **parts: str | bytes) -> Document:
    """The document of a body, with parts by their names without `.xml`."""
    return only(word_file(folder, body, parts={f"word/{name}.xml": content for name, content in parts.items()}))


def run(inner: str, properties: str = "") -> str:
    """A run of any content."""
    return f"<w:r><w:rPr>{properties}</w:rPr>{inner}</w:r>"


def t(text: str) -> str:
    """A run of a text."""
    return run(f'<w:t xml:space="preserve">{text}</w:t>')


def refers(kind: str, number: int) -> str:
    """A run that leads to a note or a comment."""
    return run(f'<w:{kind}Reference w:id="{number}"/>')


def cell(text: str, properties: str = "") -> str:
    """A cell of one paragraph."""
    return f"<w:tc><w:tcPr>{properties}</w:tcPr>{said(text)}</w:tc>"


def table(*rows: str) -> str:
    """A table of rows."""
    return f"<w:tbl>{''.join(f'<w:tr>{row}</w:tr>' for row in rows)}</w:tbl>"


def test_merged_cells_stay_under_their_columns(tmp_path: Path) -> None:
    """What reaches down is said in each row, what reaches across once; empty cells stay empty between their bars."""
    restart, go_on, wide = '<w:vMerge w:val="restart"/>', "<w:vMerge/>", '<w:gridSpan w:val="2"/>'
    document = read(
        tmp_path,
        said("Plan")
        + table(
            cell("Hall") + cell("Shift") + cell("Lead") + cell("Heads"),
            cell("North", restart) + cell("Early") + cell("Ada", restart) + cell("14"),
            cell("", go_on) + cell("Late") + cell("", go_on) + cell("9"),
            cell("South | West") + cell("both", wide) + cell("11"),
            "<w:trPr><w:gridBefore w:val='1'/></w:trPr>" + cell("Night") + cell("") + cell("7"),
        ),
    )
    assert document.text == (
        "Plan\n\n| Hall | Shift | Lead | Heads |\n| --- | --- | --- | --- |\n| North | Early | Ada | 14 |\n"
        "| North | Late | Ada | 9 |\n| South \\| West | both |  | 11 |\n|  | Night |  | 7 |"
    )
    assert document.tables == [Table(6, len(document.text), "Hall | Shift | Lead | Heads")]


def test_two_rows_of_names_are_names_of_columns(tmp_path: Path) -> None:
    """Whether the table says so, or its first row names groups of columns: each column has both its names."""
    wide = '<w:gridSpan w:val="2"/>'
    names = [cell("Site") + cell("Winter", wide), cell("") + cell("Low") + cell("High")]
    data = cell("Alta") + cell("5.5") + cell("7.25")
    repeated = [f"<w:trPr><w:tblHeader/></w:trPr>{row}" for row in names]
    for rows in ([*names, data], [*repeated, data]):
        document = read(tmp_path, table(*rows))
        assert document.text.startswith("| Site | Winter | Winter |\n|  | Low | High |\n| --- | --- | --- |\n| Alta |")
        assert document.tables[0].columns == "Site | Winter Low | Winter High"


def test_a_table_without_names_has_none(tmp_path: Path) -> None:
    """Numbers name no column, years do; a title over all columns stands above the table."""
    numbers = read(tmp_path, table(cell("a") + cell("1"), cell("b") + cell("2")))
    assert (numbers.text, numbers.tables[0].columns) == ("| a | 1 |\n| b | 2 |", "")
    years = read(tmp_path, table(cell("Sales") + cell("2023"), cell("Pumps") + cell("2")))
    assert years.tables[0].columns == "Sales | 2023"
    titled = read(
        tmp_path,
        table(
            cell("Stock", '<w:gridSpan w:val="3"/>'),
            cell("Part") + cell("Bin") + cell("Left"),
            cell("Seal") + cell("A4") + cell("12"),
        ),
    )
    assert titled.text.startswith("Stock\n\n| Part | Bin | Left |\n")
    assert titled.tables[0].columns == "Part | Bin | Left"


def test_tables_in_tables_and_tables_that_lay_out(tmp_path: Path) -> None:
    """A small table in a cell stays in it; a table of one column, or around a larger one, is what stands in it."""
    inner = table(cell("e") + cell("f"), cell("g") + cell("h"))
    held = read(tmp_path, table(cell("a") + cell("b") + cell("c"), cell("d") + f"<w:tc>{inner}</w:tc>" + cell("i")))
    assert held.text == "| a | b | c |\n| --- | --- | --- |\n| d | e, f; g, h | i |"
    laid = read(tmp_path, table(f"<w:tc>{said('Left')}{inner}</w:tc>" + cell("Right")))
    assert laid.text == "Left\n\n| e | f |\n| --- | --- |\n| g | h |\n\nRight"
    boxed = read(tmp_path, table(f"<w:tc>{said('First.')}{said('Second.')}</w:tc>"))
    assert (boxed.text, boxed.tables) == ("First.\n\nSecond.", [])


def test_a_deleted_row_is_gone(tmp_path: Path) -> None:
    """As Word shows the document once all changes are accepted."""
    gone = "<w:trPr><w:del w:id='1'/></w:trPr>" + cell("b") + cell("2")
    assert read(tmp_path, table(cell("a") + cell("1"), gone, cell("c") + cell("3"))).text == "| a | 1 |\n| c | 3 |"


def test_changes_are_shown_as_if_accepted(tmp_path: Path) -> None:
    """What was inserted or moved here is said; what was deleted or moved away is not; deleted ends join paragraphs."""
    document = read(
        tmp_path,
        f"<w:p><w:ins w:id='1'>{t('Fees')}</w:ins>"
        f"<w:del w:id='2'>{run('<w:delText>x</w:delText>')}</w:del>"
        f"<w:moveTo w:id='3'>{t(' accrue.')}</w:moveTo></w:p>"
        f"<w:p><w:moveFrom w:id='4'>{t('Gone.')}</w:moveFrom></w:p>"
        + said("One ", "<w:rPr><w:del w:id='5'/></w:rPr>")
        + said("line."),
    )
    assert document.text == "Fees accrue.\n\nOne line."


def test_heads_and_feet_are_said_once(tmp_path: Path) -> None:
    """Those of all sections and of first and even pages, before the text; page numbers are nobody's words.

    What no page shows is hidden.
    """
    page = f"<w:p>{t('Page ')}<w:fldSimple w:instr=' PAGE '>{t('7')}</w:fldSimple></w:p>"
    parts = {
        "word/h1.xml": part("w:hdr", said("Agreement SA-4471")),
        "word/h2.xml": part("w:hdr", said("Agreement SA-4471")),
        "word/h3.xml": part("w:hdr", said("Cover")),
        "word/h4.xml": part("w:hdr", said("Never shown")),
        "word/f1.xml": part("w:ftr", said("Valid until 31 March") + page),
    }
    leads = [(name, {"h": "header", "f": "footer"}[name[0]], f"{name}.xml") for name in ("h1", "h2", "h3", "h4", "f1")]
    head = '<w:headerReference w:type="{}" r:id="{}"/>'
    first = f"<w:sectPr>{head.format('default', 'h1')}{head.format('first', 'h3')}<w:titlePg/></w:sectPr>"
    last = (
        f"<w:sectPr>{head.format('default', 'h2')}{head.format('even', 'h4')}"
        '<w:footerReference w:type="default" r:id="f1"/></w:sectPr>'
    )
    document = only(word_file(tmp_path, said("One.", first) + said("Two.") + last, *leads, parts=parts))
    assert document.text == "Agreement SA-4471\n\nCover\n\nNever shown\n\nValid until 31 March\n\nOne.\n\nTwo."
    start = document.text.index("Never")
    assert document.hidden == (Hidden(start, start + 11, HiddenReason.INVISIBLE),)
    parts["word/settings.xml"] = part("w:settings", "<w:evenAndOddHeaders/>")
    assert only(word_file(tmp_path, said("One.", first) + last, *leads, parts=parts)).hidden == ()


def alternatives(choice: str, fallback: str) -> str:
    """A drawing that is written twice, for new programs and for old ones."""
    return (
        f'<mc:AlternateContent><mc:Choice Requires="wps">{choice}</mc:Choice><mc:Fallback>{fallback}</mc:Fallback>'
        "</mc:AlternateContent>"
    )


@pytest.mark.parametrize(
    "box", [DRAWN, PICTURED, alternatives(DRAWN, PICTURED), alternatives("<w:drawing/>", PICTURED)]
)
def test_text_boxes_of_both_kinds_are_said_once(tmp_path: Path, box: str) -> None:
    """Below the paragraph that they hang on, with all their paragraphs and tables; also in cells."""
    inner = box.replace("{}", TEXT_BOX.format(said("Hard hats stay on.") + said("In hall seven.")))
    document = read(tmp_path, f"<w:p>{t('Rules')}{run(inner)}</w:p>{said('The end.')}")
    assert document.text == "Rules\n\nHard hats stay on.\n\nIn hall seven.\n\nThe end."
    in_cell = read(tmp_path, table(cell("a") + cell("b"), cell("c") + f"<w:tc><w:p>{run(inner)}</w:p></w:tc>"))
    assert "| c | Hard hats stay on. In hall seven. |" in in_cell.text


def test_notes_and_comments_follow_what_they_are_about(tmp_path: Path) -> None:
    """Footnotes are counted in digits, endnotes in Roman numbers, as Word does; comments name who wrote them."""
    notes = part("w:footnotes", f"<w:footnote w:id='2'>{said('Since May.')}{said('And June.')}</w:footnote>")
    ends = part("w:endnotes", f"<w:endnote w:id='3'>{said('See page 4.')}</w:endnote>")
    comments = part("w:comments", f"<w:comment w:id='0' w:author='Ines Okafor'>{said('Agreed.')}</w:comment>")
    body = (
        f"<w:p>{t('Three days')}{refers('footnote', 2)}{t(' a week.')}"
        f"{refers('endnote', 3)}{refers('comment', 0)}</w:p>"
        + said("Next.")
        + table(cell("a") + f"<w:tc><w:p>{t('b')}{refers('footnote', 2)}</w:p></w:tc>")
    )
    assert read(tmp_path, body, footnotes=notes, endnotes=ends, comments=comments).text == (
        "Three days[1] a week.[i]\n\n[1] Since May.\n\nAnd June.\n\n[i] See page 4.\n\n[Comment, Ines Okafor] Agreed."
        "\n\nNext.\n\n| a | b[1] |"
    )


def test_a_note_that_refers_to_itself_is_said_once(tmp_path: Path) -> None:
    """No circle keeps the reader."""
    again = f"<w:p>{t('Round')}{refers('footnote', 2)}</w:p>"
    notes = part("w:footnotes", f"<w:footnote w:id='2'>{again}</w:footnote>")
    body = f"<w:p>{t('Text')}{refers('footnote', 2)}</w:p>"
    assert read(tmp_path, body, footnotes=notes).text == "Text[1]\n\n[1] Round[1]"


def test_forms_show_what_was_chosen(tmp_path: Path) -> None:
    """Check boxes, lists and texts, of old forms and of content controls; fields show results, not instructions."""
    begin = '<w:fldChar w:fldCharType="begin">{}</w:fldChar>'
    between, end = run('<w:fldChar w:fldCharType="separate"/>'), run('<w:fldChar w:fldCharType="end"/>')
    choices = '<w:ddList><w:result w:val="1"/><w:listEntry w:val="Oslo"/><w:listEntry w:val="Bodø"/></w:ddList>'
    boxes = ("<w:default w:val='0'/><w:checked/>", "<w:default w:val='0'/>")
    yes, no = (f"<w:checkBox>{inner}</w:checkBox>" for inner in boxes)
    data = [run(begin.format(f"<w:ffData>{inner}</w:ffData>")) for inner in (yes, no, choices)]
    control = f"<w:sdt><w:sdtPr><w:date/></w:sdtPr><w:sdtContent>{t('4 May')}</w:sdtContent></w:sdt>"
    kind = run("<w:instrText> FORMCHECKBOX </w:instrText>")
    page = run(begin.format("")) + run("<w:instrText>PAGEREF x</w:instrText>") + between + t("12") + end
    line = (data[0], kind, end, t(" yes "), data[1], kind, end, t(" no, "), data[2], end, t(", page "), page, t(", "))
    assert read(tmp_path, f"<w:p>{''.join(line)}{control}</w:p>").text == "☒ yes ☐ no, Bodø, page 12, 4 May"


def test_a_field_that_never_ends_hides_nothing_else(tmp_path: Path) -> None:
    """Its instruction ends with its paragraph."""
    open_field = '<w:fldChar w:fldCharType="begin"/>'
    body = f"<w:p>{t('Seen. ')}{run(open_field)}{t('SEQ')}</w:p>{said('Seen too.')}"
    assert read(tmp_path, body).text == "Seen.\n\nSeen too."


def test_signs_breaks_and_readings(tmp_path: Path) -> None:
    """Symbols by their fonts, hyphens, tabs, line breaks; readings behind the words that they stand above."""
    ruby = (
        "<w:ruby><w:rubyPr/><w:rt><w:r><w:t>かんじ</w:t></w:r></w:rt>"
        "<w:rubyBase><w:r><w:t>漢字</w:t></w:r></w:rubyBase></w:ruby>"
    )
    degrees = run('<w:t>5</w:t><w:sym w:font="Symbol" w:char="F0B0"/><w:t xml:space="preserve">C </w:t>')
    hyphens = run("<w:t>co</w:t><w:noBreakHyphen/><w:t>op in</w:t><w:softHyphen/><w:t>side</w:t>")
    micro = run("<w:t>\uf06d</w:t>", '<w:rFonts w:ascii="Symbol"/>')
    breaks = run("<w:tab/><w:t>x</w:t><w:br/>")
    document = read(tmp_path, f"<w:p>{degrees}{hyphens}{breaks}{run(ruby)}{micro}</w:p>")
    assert document.text == "5°C co-op inside\tx\n漢字(かんじ)μ"


def test_raised_and_lowered_numbers_do_not_fuse(tmp_path: Path) -> None:
    """By the run's own properties or its style; ordinals stay whole, formulas are as people type them."""
    up, down = '<w:vertAlign w:val="superscript"/>', '<w:vertAlign w:val="subscript"/>'
    styles = part("w:styles", f"<w:style w:type='character' w:styleId='Up'><w:rPr>{up}</w:rPr></w:style>")
    pieces = (("10", ""), ("6", up), (" cells, in 1998", ""), ("4", '<w:rStyle w:val="Up"/>'), (", the 1", ""))
    more = (("st", up), (" H", ""), ("2", down), ("O, m", ""), ("2", up), (", log10", ""), ("2", down))
    line = "".join(run(f'<w:t xml:space="preserve">{text}</w:t>', look) for text, look in (*pieces, *more))
    assert read(tmp_path, f"<w:p>{line}</w:p>", styles=styles).text == (
        "10^6 cells, in 1998^4, the 1st H2O, m^2, log10_2"
    )


def test_equations_one_by_one(tmp_path: Path) -> None:
    """Each on its line; one that is beyond reading keeps its letters, is noted, and costs no other."""
    fraction = "<m:f><m:num><m:r><m:t>s</m:t></m:r></m:num><m:den><m:r><m:t>t+1</m:t></m:r></m:den></m:f>"
    deep = "<m:e>" * 80 + "<m:r><m:t>q</m:t></m:r>" + "</m:e>" * 80
    math = "<m:oMath>{}</m:oMath>"
    plain = math.format("<m:r><m:t>r=</m:t></m:r>" + fraction)
    document = read(tmp_path, f"<w:p>{t('Ratio ')}{plain}</w:p><w:p>{math.format(deep)}</w:p><w:p>{plain}</w:p>")
    assert document.text == "Ratio r=s/(t+1)\n\nq\n\nr=s/(t+1)"
    assert document.notes == ("equation 2 can't be read: it is nested too deeply",)


def test_headings_by_styles_derived_and_by_outline(tmp_path: Path) -> None:
    """A style based on a heading's, a level of its own, a level undone, a paragraph's own level; clauses are text."""
    styles = part(
        "w:styles",
        "<w:style w:type='paragraph' w:styleId='H2'><w:name w:val='heading 2'/></w:style>"
        "<w:style w:type='paragraph' w:styleId='House'><w:name w:val='House'/><w:basedOn w:val='H2'/></w:style>"
        "<w:style w:type='paragraph' w:styleId='Own'><w:name w:val='Own'/><w:pPr><w:outlineLvl w:val='2'/></w:pPr>"
        "</w:style>"
        "<w:style w:type='paragraph' w:styleId='Off'><w:name w:val='TOC Heading'/><w:basedOn w:val='H2'/>"
        "<w:pPr><w:outlineLvl w:val='9'/></w:pPr></w:style>",
    )
    clause = "The parties agree that " + "notice is given in writing, " * 12
    body = (
        said("House", "<w:pStyle w:val='House'/>")
        + said("Own", "<w:pStyle w:val='Own'/>")
        + said("Contents", "<w:pStyle w:val='Off'/>")
        + said("By itself", "<w:outlineLvl w:val='0'/>")
        + said(clause, "<w:pStyle w:val='H2'/>")
    )
    document = read(tmp_path, body, styles=styles)
    assert [(h.level, h.title) for h in document.headings] == [(2, "House"), (3, "Own"), (1, "By itself")]
    assert document.text.startswith("## House\n\n### Own\n\nContents\n\n# By itself\n\nThe parties")


def bold(text: str) -> str:
    """A paragraph of one bold run."""
    return f"<w:p>{run(f'<w:t>{text}</w:t>', '<w:b/>')}</w:p>"


def test_bold_lines_are_headings_where_no_style_makes_any(tmp_path: Path) -> None:
    """Without styles, a bold line above text is a heading; a sentence, a lead-in and the cell of a table are none."""
    body = bold("Scope") + said("All pumps.") + bold("Mind the gap.") + said("A gate opens inwards.") + bold("Note:")
    body += said("Oil it.") + bold("Duties of the keeper") + said("To keep.") + table(f"<w:tc>{bold('Pump')}</w:tc>")
    document = read(tmp_path, body + "".join(map(said, ("Oil is in the shed.", "It is locked.", "Ask.", "The end."))))
    assert [heading.title for heading in document.headings] == ["Scope", "Duties of the keeper"]
    assert document.text.startswith("# Scope\n\nAll pumps.")


def test_bold_lines_are_no_headings_beside_styled_ones_or_where_all_is_bold(tmp_path: Path) -> None:
    """Where a style makes headings, boldness is emphasis; and so it is where most paragraphs are bold."""
    styled = '<w:p><w:pPr><w:outlineLvl w:val="0"/></w:pPr><w:r><w:t>Title</w:t></w:r></w:p>'
    kept = [read(tmp_path, styled + bold("Scope") + said("All.") + said("More.")).headings]
    kept.append(read(tmp_path, bold("Scope") + bold("Duties") + said("All pumps.")).headings)
    assert [[heading.title for heading in headings] for headings in kept] == [["Title"], []]


def test_charts_and_diagrams_say_what_they_show(tmp_path: Path) -> None:
    """A chart its values as a table; a diagram its texts in the order of its tree; a missing one is noted."""
    chart = part(
        "c:chartSpace",
        "<c:chart><c:title><c:tx><c:rich><a:p><a:r><a:t>Load</a:t></a:r></a:p></c:rich></c:tx></c:title><c:plotArea>"
        "<c:pie3DChart><c:ser><c:tx><c:v>Share</c:v></c:tx><c:cat><c:strLit><c:pt idx='0'><c:v>Alta</c:v></c:pt>"
        "</c:strLit></c:cat><c:val><c:numRef><c:numCache><c:formatCode>0.0%</c:formatCode>"
        "<c:pt idx='0'><c:v>0.725</c:v></c:pt></c:numCache></c:numRef></c:val></c:ser></c:pie3DChart>"
        "</c:plotArea></c:chart>",
    )
    diagram = part(
        "dgm:dataModel",
        "<dgm:ptLst><dgm:pt modelId='1' type='doc'/>"
        "<dgm:pt modelId='3'><dgm:t><a:p><a:r><a:t>Board signs</a:t></a:r></a:p></dgm:t></dgm:pt>"
        "<dgm:pt modelId='2'><dgm:t><a:p><a:r><a:t>Engineer drafts</a:t></a:r></a:p></dgm:t></dgm:pt>"
        "</dgm:ptLst><dgm:cxnLst><dgm:cxn srcId='1' destId='2' srcOrd='0'/><dgm:cxn srcId='2' destId='3' srcOrd='0'/>"
        "</dgm:cxnLst>",
    )
    drawn = "<w:p>{}</w:p>".format(run("<w:drawing><wp:inline><a:graphic>{}</a:graphic></wp:inline></w:drawing>"))
    figures = ("<c:chart r:id='c1'/>", "<dgm:relIds r:dm='d1'/>", "<c:chart r:id='c2'/>")
    document = only(
        word_file(
            tmp_path,
            "".join(drawn.format(figure) for figure in figures),
            ("c1", "chart", "charts/chart1.xml"),
            ("d1", "diagramData", "diagrams/data1.xml"),
            ("c2", "chart", "charts/gone.xml"),
            parts={"word/charts/chart1.xml": chart, "word/diagrams/data1.xml": diagram},
        )
    )
    assert document.text == (
        "Chart: Load\n\n| Category | Share |\n| --- | --- |\n| Alta | 72.5% |\n\nEngineer drafts\n  Board signs"
    )
    assert document.notes == ("a chart (word/charts/gone.xml) can't be read: missing",)


@pytest.mark.parametrize(
    ("name", "content", "note"),
    [
        ("docProps/core.xml", b"no xml at all", "the file's properties can't be read"),
        ("word/styles.xml", b"\x00\x01\x02", "the styles can't be read"),
        ("word/numbering.xml", b"<", "the numbers of lists can't be read"),
        ("word/theme/theme1.xml", b"", "the theme can't be read"),
        ("word/fontTable.xml", b"<<<", ""),
        ("word/media/image1.png", b"", ""),
    ],
)
def test_a_bad_part_beside_the_text_never_costs_the_file(tmp_path: Path, name: str, content: bytes, note: str) -> None:
    """What can't be read of it is noted."""
    document = only(changed(letter(tmp_path), name, content))
    assert "The company pays for snake_case and 2*3*4." in document.text
    assert [line.startswith(note) for line in document.notes] == ([True] if note else [])


@pytest.mark.parametrize("target", ["https://example.org/a.png", "NULL", "media/gone.png", "../../../x"])
def test_pictures_that_are_elsewhere_cost_nothing(tmp_path: Path, target: str) -> None:
    """External, missing, or nowhere: what describes them is said."""
    picture = (
        "<w:drawing><wp:inline><wp:docPr id='1' name='P' descr='A gauge.'/><a:graphic><a:graphicData>"
        "<a:blip r:link='p1' r:embed='p1'/></a:graphicData></a:graphic></wp:inline></w:drawing>"
    )
    body = f"<w:p>{t('See')}{run(picture)}</w:p>{said('Torque is 45.')}"
    document = only(word_file(tmp_path, body, ("p1", "image", target)))
    assert (document.text, document.notes) == ("See A gauge.\n\nTorque is 45.", ())


def test_parts_are_found_in_any_case(tmp_path: Path) -> None:
    """Also where no relation leads to them."""
    path = word_file(tmp_path, said("Text.", "<w:pStyle w:val='H'/>"))
    names = "<w:style w:type='paragraph' w:styleId='H'><w:name w:val='heading 1'/></w:style>"
    changed(path, "word/_rels/document.xml.rels", led(("r1", "styles", "Styles.xml")).encode())
    changed(path, "Word/STYLES.xml", part("w:styles", names).encode())
    assert only(path).headings == [Heading(1, "Text.", 0, 7)]


def test_what_is_inserted_from_other_files_is_noted(tmp_path: Path) -> None:
    """It isn't lost in silence."""
    document = read(tmp_path, said("Text.") + "<w:altChunk r:id='x'/>")
    assert document.notes == ("a file that is inserted can't be read",)


def test_a_file_without_a_body_is_damaged(tmp_path: Path) -> None:
    """A line says so."""
    path = changed(word_file(tmp_path, said("x")), "word/document.xml", part("w:nothing", "").encode())
    with pytest.raises(IngestError, match=r"^damaged \.docx: its main part has no text$"):
        only(path)


def test_the_words_of_links_are_said_without_their_targets(tmp_path: Path) -> None:
    """As on paper; watermarks are words too."""
    link = f"<w:p><w:hyperlink r:id='l'>{t('the rules')}</w:hyperlink></w:p>"
    painted = run('<w:pict><v:shape><v:textpath string="DRAFT"/></v:shape></w:pict>')
    mark = f"<w:p>{painted}</w:p>"
    document = only(word_file(tmp_path, link + mark, ("l", "hyperlink", "https://example.org")))
    assert document.text == "the rules\n\nDRAFT"


def test_what_is_nested_too_deeply_costs_itself_alone(tmp_path: Path) -> None:
    """Forty tables in one another are read, what is deeper is noted, and the text around it is said."""
    deep = "<w:tbl><w:tr><w:tc>" * 50 + said("deep") + "</w:tc></w:tr></w:tbl>" * 50
    document = read(tmp_path, said("Before.") + deep + said("Behind."))
    assert document.text == "Before.\n\nBehind."
    assert document.notes == ("tables and text boxes that are nested too deeply can't be read",)


def test_code_keeps_its_blanks_and_its_lines_together(tmp_path: Path) -> None:
    """By its font, its style, or blanks that indent it; a tab alone begins prose."""
    courier = "<w:rFonts w:ascii='Courier New'/>"
    lines = ("def stop(pump):", "    if pump.dry:", "        pump.off()", "# done")
    texts = [f'<w:t xml:space="preserve">{line}</w:t>' for line in lines]
    code = "".join(f"<w:p>{run(text, courier)}</w:p>" for text in texts)
    whole = "\n".join(lines)
    assert read(tmp_path, said("Run this:") + code + said("Then stop.")).text == f"Run this:\n\n{whole}\n\nThen stop."
    broken = run("<w:t>if dry:</w:t><w:br/><w:tab/><w:t>off(a,  b)</w:t>", courier)
    assert read(tmp_path, f"<w:p>{broken}</w:p>").text == "if dry:\n    off(a,  b)"
    style = '<w:style w:type="paragraph" w:styleId="C"><w:name w:val="Source Code"/></w:style>'
    styled = "".join(f'<w:p><w:pPr><w:pStyle w:val="C"/></w:pPr>{t(line)}</w:p>' for line in lines)
    assert read(tmp_path, styled, styles=part("w:styles", style)).text == whole
    assert read(tmp_path, f"<w:p>{t('if dry:')}</w:p><w:p>{t('    off()')}</w:p>").text == "if dry:\n    off()"
    assert read(tmp_path, f"<w:p>{run('<w:tab/>')}{t('A  paragraph.')}</w:p>").text == "A paragraph."


def test_runs_are_raised_by_their_position_and_headings_known_without_their_style(tmp_path: Path) -> None:
    """A few points off the line; styles that the file names but hasn't."""
    raised = run("<w:t>6</w:t>", "<w:position w:val='8'/>")
    moved = run("<w:t>9</w:t>", "<w:position w:val='1'/>")
    heading = f"<w:p><w:pPr><w:pStyle w:val='Heading2'/></w:pPr>{t('Counts')}</w:p>"
    document = read(tmp_path, f"{heading}<w:p>{t('10')}{raised}{t(' and 1')}{moved}</w:p>")
    assert document.text == "## Counts\n\n10^6 and 19"


def test_names_of_groups_stand_over_their_columns(tmp_path: Path) -> None:
    """Years too, above an empty cell beneath a name, and cells merged as older files have it."""
    wide, first, next_ = '<w:gridSpan w:val="2"/>', '<w:hMerge w:val="restart"/>', "<w:hMerge/>"
    rows = [cell("Site") + cell("2030", wide), cell("") + cell("Plan") + cell("Actual"), cell("Alta") + cell("5") * 2]
    assert read(tmp_path, table(*rows)).tables[0].columns == "Site | 2030 Plan | 2030 Actual"
    rows = [cell("Site") + cell("Output", first) + cell("", next_), cell("Alta") + cell("5") + cell("")]
    document = read(tmp_path, table(*rows))
    assert document.text == "| Site | Output | Output |\n| --- | --- | --- |\n| Alta | 5 |  |"
