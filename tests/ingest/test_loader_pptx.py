"""Presentations say what their slides show: shapes in reading order, charts, diagrams, tables, comments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from passagework.ingest.loaders.office.pptx_order import reading_order
from passagework.retrieval.types import HiddenReason
from tests.support.office_files import changed, deck, only, pptx
from tests.support.office_parts import deck_file, led, part, shape

charts: Any = pytest.importorskip("pptx.chart.data")

FRAME = (
    '<p:graphicFrame><p:nvGraphicFramePr><p:cNvPr id="4" name="F"/></p:nvGraphicFramePr><p:xfrm/><a:graphic>'
    "<a:graphicData>{}</a:graphicData></a:graphic></p:graphicFrame>"
)


def text_of(folder: Path, shapes: str, *targets: tuple[str, str, str], **parts: str) -> str:
    """The text of a slide, with parts by their names: `charts_c1` stands for `ppt/charts/c1.xml`."""
    own = {f"ppt/{name.replace('_', '/', 1)}.xml": content for name, content in parts.items()}
    return only(deck_file(folder, shapes, *targets, parts=own)).text


def test_shapes_without_a_place_are_read(tmp_path: Path) -> None:
    """Where they stand in the file; also in groups and in alternatives, of which one is said."""
    grouped = f'<p:grpSp><p:nvGrpSpPr><p:cNvPr id="9" name="G"/></p:nvGrpSpPr><p:grpSpPr/>{shape("Grouped")}</p:grpSp>'
    two = (
        f'<mc:AlternateContent><mc:Choice Requires="a14">{shape("New")}</mc:Choice><mc:Fallback>{shape("Old")}'
        "</mc:Fallback></mc:AlternateContent>"
    )
    assert text_of(tmp_path, shape("Sales", held="title") + shape("Forty pumps") + grouped + two) == (
        "# Sales\nForty pumps\n\nGrouped\n\nNew"
    )


def test_columns_are_read_one_after_the_other(tmp_path: Path) -> None:
    """Whatever their order in the file; the title comes first, numbers of slides and repeated feet don't come."""
    slide = (
        shape("right below", place=(5000, 3000, 4000, 900))
        + shape("left above", place=(0, 2000, 4000, 900))
        + shape("right above", place=(5000, 2100, 4000, 700))
        + shape("left below", place=(0, 3100, 4000, 900))
        + shape("foot", held="ftr", place=(0, 9000, 9000, 100))
        + shape("7", held="sldNum", place=(9000, 9000, 900, 100))
        + shape("Title", held="title", place=(0, 0, 9000, 900))
    )
    assert text_of(tmp_path, slide) == "# Title\nleft above\n\nleft below\n\nright above\n\nright below\n\nfoot"


def test_a_grid_of_rows_is_read_row_by_row() -> None:
    """Three rows of as many shapes as there are columns are a table; what has no place follows its neighbour."""
    boxes: list[Any] = [(x, y, x + 80, y + 80) for y in (0, 100, 200) for x in (0, 100)]
    assert reading_order([boxes[5], boxes[4], boxes[3], boxes[2], boxes[1], boxes[0]]) == [5, 4, 3, 2, 1, 0]
    assert reading_order([None, boxes[3], None, boxes[0]]) == [0, 3, 1, 2]
    assert reading_order([]) == []


def test_what_slides_share_is_said_once(tmp_path: Path) -> None:
    """Feet, and the text of layouts that isn't a placeholder's."""
    path = deck(tmp_path, [("One", "a"), ("Two", "b")])
    presentation = pptx.Presentation(path)
    box = presentation.slides[0].shapes.add_textbox(0, 0, 900_000, 300_000)
    box.text_frame.text = "Confidential"
    presentation.slides[0].slide_layout.shapes._spTree.append(box._element)
    presentation.save(path)
    assert only(path).text == "# One\na\n\nConfidential\n\n# Two\nb"


@pytest.mark.parametrize("kind", ["BAR_CLUSTERED", "COLUMN_STACKED_100", "LINE_MARKERS", "AREA_STACKED", "RADAR"])
def test_charts_of_every_kind_say_their_values(tmp_path: Path, kind: str) -> None:
    """As a table of categories and series, below its title, beside a table of the slide."""
    path = deck(tmp_path, [("Load", "")])
    presentation = pptx.Presentation(path)
    data = charts.CategoryChartData(number_format="0.00")
    data.categories = ["Alta", "Bodo"]
    data.add_series("Winter", (5.5, 7.25))
    data.add_series("Summer", (1, None))
    chart = presentation.slides[0].shapes.add_chart(
        getattr(pptx.enum.chart.XL_CHART_TYPE, kind), 0, 2_000_000, 3_000_000, 2_000_000, data
    )
    chart.chart.has_title = True
    chart.chart.chart_title.text_frame.text = "Load in MW"
    presentation.save(path)
    assert only(path).text == (
        "# Load\n\nChart: Load in MW\n\n| Category | Winter | Summer |\n| --- | --- | --- |\n| Alta | 5.50 | 1.00 |\n"
        "| Bodo | 7.25 |  |"
    )


def test_points_and_bubbles_say_both_values(tmp_path: Path) -> None:
    """Series of other points get tables of their own."""
    path = deck(tmp_path, [("Load", "")])
    presentation = pptx.Presentation(path)
    data = charts.BubbleChartData()
    for name, points in (("Pumps", [(1, 2.5, 10)]), ("Fans", [(3, 4.5, 20)])):
        series = data.add_series(name)
        for x, y, size in points:
            series.add_data_point(x, y, size)
    kind = pptx.enum.chart.XL_CHART_TYPE.BUBBLE
    presentation.slides[0].shapes.add_chart(kind, 0, 2_000_000, 3_000_000, 2_000_000, data)
    presentation.save(path)
    text = only(path).text
    assert "| X | Pumps | Pumps, size |\n| --- | --- | --- |\n| 1 | 2.5 | 10 |" in text
    assert "| X | Fans | Fans, size |\n| --- | --- | --- |\n| 3 | 4.5 | 20 |" in text


def test_the_charts_of_2016(tmp_path: Path) -> None:
    """Waterfalls and their kind keep values in another form."""
    chart = part(
        "cx:chartSpace",
        "<cx:chartData><cx:data id='0'><cx:strDim type='cat'><cx:lvl><cx:pt idx='0'>Start</cx:pt>"
        "<cx:pt idx='1'>End</cx:pt></cx:lvl></cx:strDim><cx:numDim type='val'>"
        "<cx:lvl formatCode='0%'><cx:pt idx='0'>0.4</cx:pt>"
        "<cx:pt idx='1'>0.9</cx:pt></cx:lvl></cx:numDim></cx:data></cx:chartData>"
        "<cx:chart><cx:plotArea><cx:plotAreaRegion>"
        "<cx:series layoutId='waterfall'><cx:tx><cx:txData><cx:v>Share</cx:v></cx:txData></cx:tx><cx:dataId val='0'/>"
        "</cx:series></cx:plotAreaRegion></cx:plotArea></cx:chart>",
    )
    frame = FRAME.format('<cx:chart r:id="c1"/>')
    assert text_of(tmp_path, frame, ("c1", "chartEx", "../charts/c1.xml"), charts_c1=chart) == (
        "Chart: Share\n\n| Category | Share |\n| --- | --- |\n| Start | 40% |\n| End | 90% |"
    )


def test_categories_of_several_levels(tmp_path: Path) -> None:
    """Each is said with those above it."""
    levels = (
        "<c:lvl><c:pt idx='0'><c:v>Q1</c:v></c:pt><c:pt idx='1'><c:v>Q2</c:v></c:pt></c:lvl>"
        "<c:lvl><c:pt idx='0'><c:v>2030</c:v></c:pt></c:lvl>"
    )
    values = "<c:numCache><c:pt idx='0'><c:v>1</c:v></c:pt><c:pt idx='1'><c:v>2</c:v></c:pt></c:numCache>"
    chart = part(
        "c:chartSpace",
        f"<c:chart><c:plotArea><c:line3DChart><c:ser><c:cat><c:multiLvlStrRef><c:multiLvlStrCache>{levels}"
        f"</c:multiLvlStrCache></c:multiLvlStrRef></c:cat><c:val><c:numRef>{values}</c:numRef></c:val></c:ser>"
        "</c:line3DChart></c:plotArea></c:chart>",
    )
    text = text_of(tmp_path, FRAME.format('<c:chart r:id="c1"/>'), ("c1", "chart", "../charts/c1.xml"), charts_c1=chart)
    assert text.endswith("| 2030, Q1 | 1 |\n| 2030, Q2 | 2 |")


def test_cells_that_are_merged_stay_under_their_columns(tmp_path: Path) -> None:
    """What reaches down is said in each row, what reaches across once."""
    cell = "<a:tc{}><a:txBody><a:p><a:r><a:t>{}</a:t></a:r></a:p></a:txBody></a:tc>"
    rows = (
        [("", "Site"), ("", "Lead"), ("", "Target")],
        [(' rowSpan="2"', "Alta"), ("", "Ada"), ("", "6")],
        [(' vMerge="1"', ""), (' gridSpan="2"', "all"), (' hMerge="1"', "")],
    )
    table = "".join(f"<a:tr>{''.join(cell.format(*one) for one in row)}</a:tr>" for row in rows)
    assert text_of(tmp_path, FRAME.format(f"<a:tbl>{table}</a:tbl>")).endswith("| Alta | Ada | 6 |\n| Alta | all |  |")


def test_the_name_of_a_group_of_columns_stands_over_all_of_them(tmp_path: Path) -> None:
    """Where a second row names the columns of the group; a name of its file describes no picture."""
    cell = "<a:tc{}><a:txBody><a:p><a:r><a:t>{}</a:t></a:r></a:p></a:txBody></a:tc>"
    rows = (
        [("", "Site"), (' gridSpan="2"', "Hours"), (' hMerge="1"', "")],
        [("", ""), ("", "Day"), ("", "Night")],
        [("", "Alta"), ("", "8"), ("", "9")],
    )
    table = "".join(f"<a:tr>{''.join(cell.format(*one) for one in row)}</a:tr>" for row in rows)
    picture = '<p:pic><p:nvPicPr><p:cNvPr id="9" name="Picture 8" descr="{}"/></p:nvPicPr></p:pic>'
    shown = FRAME.format(f"<a:tbl>{table}</a:tbl>") + picture.format("image.png") + picture.format("A pump")
    assert text_of(tmp_path, shown) == (
        "| Site | Hours | Hours |\n|  | Day | Night |\n| --- | --- | --- |\n| Alta | 8 | 9 |\n\nA pump"
    )


def test_paragraphs_are_counted_and_equations_read(tmp_path: Path) -> None:
    """Numbered lists as they are shown, begun anew behind other text; raised numbers on the line."""
    item = '<a:p><a:pPr lvl="{}"><a:buAutoNum type="{}"/></a:pPr><a:r><a:t>{}</a:t></a:r></a:p>'
    inner = (
        item.format(0, "arabicPeriod", "one")
        + item.format(1, "alphaLcParenBoth", "deep")
        + item.format(0, "arabicPeriod", "two")
        + '<a:p><a:r><a:t>10</a:t></a:r><a:r><a:rPr baseline="30000"/><a:t>6</a:t></a:r></a:p>'
        + item.format(0, "romanUcPeriod", "anew")
        + "<a:p><mc:AlternateContent><mc:Choice Requires='a14'><m:oMath><m:f><m:num><m:r><m:t>s</m:t></m:r></m:num>"
        "<m:den><m:r><m:t>t</m:t></m:r></m:den></m:f></m:oMath></mc:Choice></mc:AlternateContent></a:p>"
    )
    assert text_of(tmp_path, shape("", paragraphs=inner)) == "1. one\n  (a) deep\n2. two\n10^6\nI. anew\ns/t"


def test_comments_are_said_with_their_authors(tmp_path: Path) -> None:
    """Behind the slide's text."""
    path = deck_file(tmp_path, shape("Text"), ("m", "comments", "../comments/c1.xml"), parts={})
    changed(
        path,
        "ppt/comments/c1.xml",
        part("p:cmLst", '<p:cm authorId="3"><p:text>Check this.</p:text></p:cm>').encode(),
    )
    changed(path, "ppt/authors.xml", part("p:cmAuthorLst", '<p:cmAuthor id="3" name="Ines"/>').encode())
    leads = led(("s1", "slide", "slides/slide1.xml"), ("a1", "commentAuthors", "authors.xml"))
    changed(path, "ppt/_rels/presentation.xml.rels", leads.encode())
    assert only(path).text == "Text\n\n[Comment, Ines] Check this."


def test_what_cannot_be_read_of_a_slide_is_noted(tmp_path: Path) -> None:
    """With the number of the slide, whose page stays; figures that are missing too."""
    path = deck(tmp_path, [("One", "a"), ("Two", "b")])
    document = only(changed(path, "ppt/slides/slide2.xml", b"no slide"))
    assert document.text == "# One\na"
    assert [(page.number, page.start, page.end) for page in document.pages] == [(1, 0, 7), (2, 7, 7)]
    assert document.notes == ("slide 2 can't be read: damaged: an XML part doesn't begin with an element",)
    missing = only(deck_file(tmp_path, shape("Text") + FRAME.format('<c:chart r:id="c9"/>'), parts={}))
    assert (missing.text, missing.notes) == ("Text", ("a chart can't be read: missing",))


def test_a_hidden_diagram_is_hidden(tmp_path: Path) -> None:
    """With all that it says."""
    diagram = part(
        "dgm:dataModel",
        "<dgm:ptLst><dgm:pt modelId='1'><dgm:t><a:p><a:r><a:t>Plan</a:t></a:r></a:p></dgm:t></dgm:pt></dgm:ptLst>",
    )
    frame = FRAME.format('<dgm:relIds r:dm="d1"/>').replace('name="F"', 'name="F" hidden="1"')
    leads = ("d1", "diagramData", "../diagrams/d1.xml")
    document = only(deck_file(tmp_path, shape("Text") + frame, leads, parts={"ppt/diagrams/d1.xml": diagram}))
    assert [(document.text[h.start : h.end], h.reason) for h in document.hidden] == [("Plan", HiddenReason.INVISIBLE)]


def test_code_on_a_slide_is_indented(tmp_path: Path) -> None:
    """By the blanks that begin its lines."""
    lines = "".join(f"<a:p><a:r><a:t>{line}</a:t></a:r></a:p>" for line in ("if dry:", "    off()", "  end"))
    assert text_of(tmp_path, shape("Code").replace("<a:p>", f"{lines}<a:p>", 1)) == "if dry:\n    off()\n  end\nCode"


def test_a_large_line_is_the_title_of_a_slide_without_one(tmp_path: Path) -> None:
    """The first text, where its letters are larger than all others and it is no sentence."""

    def sized(text: str, size: int) -> str:
        return shape(text).replace("<a:r>", f'<a:r><a:rPr sz="{size}"/>', 1)

    text = shape("Use the 40 mm puller.")
    assert text_of(tmp_path, sized("Bearings", 4000) + text) == "# Bearings\nUse the 40 mm puller."
    assert text_of(tmp_path, sized("Bearings", 2000) + text) == "Bearings\n\nUse the 40 mm puller."
    assert text_of(tmp_path, sized("They are worn.", 4000) + text) == "They are worn.\n\nUse the 40 mm puller."
    assert text_of(tmp_path, shape("Pumps", held="title") + sized("Bearings", 4000)) == "# Pumps\nBearings"
