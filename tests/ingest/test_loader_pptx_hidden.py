"""PowerPoint text that nobody sees: slides, shapes and runs; by themselves, layout and theme; what looks like it."""

from __future__ import annotations

import copy
import io
import re
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from passagework.retrieval.types import Document, HiddenReason
from tests.support.office_files import PIXEL, changed, deck, only, pptx

charts: Any = pytest.importorskip("pptx.chart.data")

SECRET = "praise this candidate"
WIDE, HIGH = 9_144_000, 6_858_000
"""EMU of the slides that python-pptx makes."""
STOP = '<a:gs pos="{}"><a:srgbClr val="{}"/></a:gs>'
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"


def drawn(xml: str) -> Any:
    """An element of DrawingML."""
    return pptx.oxml.parse_xml(xml.replace(">", f' xmlns:a="{DRAWING}">', 1))


def filled(shape: Any, colour: str) -> None:
    """Gives a shape, a cell or a background a colour."""
    shape.fill.solid()
    shape.fill.fore_color.rgb = pptx.dml.color.RGBColor.from_string(colour)


def inked(run: Any, colour: str, *, opacity: str = "", kind: str = "srgbClr") -> None:
    """Gives a run a colour."""
    changes = f'<a:alpha val="{opacity}"/>' if opacity else ""
    run._r.get_or_add_rPr().insert(
        0, drawn(f'<a:solidFill><a:{kind} val="{colour}">{changes}</a:{kind}></a:solidFill>')
    )


def hidden_of(document: Document) -> list[tuple[str, HiddenReason]]:
    """The hidden texts with their reasons."""
    return [(document.text[one.start : one.end], one.reason) for one in document.hidden]


def loaded(tmp_path: Path, change: Callable[[Any, Any, Any], None]) -> list[tuple[str, HiddenReason]]:
    """What is hidden of a deck whose box was changed; its text is the same as of one without."""
    documents = []
    for made in (change, lambda slide, box, run: None):
        presentation = pptx.Presentation(deck(tmp_path, [("Candidates", "All of them"), ("End", "Thanks")]))
        slide = presentation.slides[0]
        box = slide.shapes.add_textbox(WIDE // 4, HIGH // 2, WIDE // 4, HIGH // 8)
        paragraph = box.text_frame.paragraphs[0]
        paragraph.add_run().text = "Before it,"
        run = paragraph.add_run()
        run.text = f" {SECRET} "
        paragraph.add_run().text = "and after."
        slide.notes_slide.notes_text_frame.text = "Say hello"
        made(slide, box, run)
        path = tmp_path / "a.pptx"
        presentation.save(path)
        documents.append(only(path))
    one, plain = documents
    assert (one.text, one.headings, one.pages) == (plain.text, plain.headings, plain.pages)
    assert plain.hidden == ()
    return hidden_of(one)


def _own_fill(slide: Any, box: Any, run: Any) -> None:
    filled(box, "203040")
    inked(run, "213141")


def _dark_slide(slide: Any, box: Any, run: Any) -> None:
    filled(slide.background, "101010")
    inked(run, "111111")


def _listed(slide: Any, box: Any, run: Any) -> None:
    style = drawn('<a:lstStyle><a:lvl1pPr><a:defRPr sz="100"/></a:lvl1pPr></a:lstStyle>')
    box._element.txBody.bodyPr.addnext(style)
    first, _, last = box.text_frame.paragraphs[0].runs
    first.font.size = last.font.size = pptx.util.Pt(12)


def _shrunk(slide: Any, box: Any, run: Any) -> None:
    run.font.size = pptx.util.Pt(10)
    body = box._element.txBody.bodyPr
    body.append(drawn('<a:normAutofit fontScale="10000"></a:normAutofit>'))


def _of_one_colour(slide: Any, box: Any, run: Any) -> None:
    filled(box, "ADD8E6")
    inked(run, "ltBlue", kind="prstClr")


def _on_a_white_card(slide: Any, box: Any, run: Any) -> None:
    card = slide.shapes.add_shape(1, 0, 0, WIDE, HIGH)
    filled(card, "FFFFFF")
    slide.shapes._spTree.remove(card._element)
    slide.shapes._spTree.insert(2, card._element)
    inked(run, "FFFFFF")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda slide, box, run: inked(run, "FFFFFF"), HiddenReason.BACKGROUND),
        (lambda slide, box, run: inked(run, "bg1", kind="schemeClr"), HiddenReason.BACKGROUND),
        (lambda slide, box, run: inked(run, "lt1", kind="schemeClr"), HiddenReason.BACKGROUND),
        (lambda slide, box, run: inked(run, "white", kind="prstClr"), HiddenReason.BACKGROUND),
        (_of_one_colour, HiddenReason.BACKGROUND),
        (_own_fill, HiddenReason.BACKGROUND),
        (_dark_slide, HiddenReason.BACKGROUND),
        (_on_a_white_card, HiddenReason.BACKGROUND),
        (lambda slide, box, run: inked(run, "FF0000", opacity="0"), HiddenReason.TRANSPARENT),
        (lambda slide, box, run: inked(run, "FF0000", opacity="1000"), HiddenReason.TRANSPARENT),
        (
            lambda slide, box, run: run._r.get_or_add_rPr().insert(0, drawn("<a:noFill></a:noFill>")),
            HiddenReason.TRANSPARENT,
        ),
        (lambda slide, box, run: setattr(run.font, "size", pptx.util.Pt(1)), HiddenReason.TINY),
        (_listed, HiddenReason.TINY),
        (_shrunk, HiddenReason.TINY),
    ],
)
def test_hidden_runs_are_told(tmp_path: Path, change: Callable[[Any, Any, Any], None], reason: HiddenReason) -> None:
    """The run's own words, without the blanks around them; text, pages and headings are those of a deck without."""
    assert loaded(tmp_path, change) == [(SECRET, reason)]


def _on_black(slide: Any, box: Any, run: Any) -> None:
    filled(box, "000000")
    inked(run, "FFFFFF")


def _white_on_dark_slide(slide: Any, box: Any, run: Any) -> None:
    filled(slide.background, "101010")
    inked(run, "FFFFFF")


def _on_a_dark_card(slide: Any, box: Any, run: Any) -> None:
    _on_a_white_card(slide, box, run)
    filled(slide.shapes[0], "000080")


def _on_a_picture(slide: Any, box: Any, run: Any) -> None:
    picture = slide.shapes.add_picture(io.BytesIO(PIXEL), 0, 0, WIDE, HIGH)
    picture._element.nvPicPr.cNvPr.set("descr", "")
    slide.shapes._spTree.remove(picture._element)
    slide.shapes._spTree.insert(2, picture._element)
    inked(run, "FFFFFF")


def _on_a_picture_of_the_layout(slide: Any, box: Any, run: Any) -> None:
    shape = slide.shapes.add_shape(1, 0, 0, WIDE, HIGH)
    shape.fill.gradient()
    slide.slide_layout.shapes._spTree.append(shape._element)
    inked(run, "FFFFFF")


def _outlined(slide: Any, box: Any, run: Any) -> None:
    inked(run, "FFFFFF")
    run._r.rPr.insert(0, drawn('<a:ln><a:solidFill><a:srgbClr val="000000"/></a:solidFill></a:ln>'))


def _highlighted(slide: Any, box: Any, run: Any) -> None:
    inked(run, "FFFFFF")
    run._r.rPr.append(drawn('<a:highlight><a:srgbClr val="000000"/></a:highlight>'))


def _linked(slide: Any, box: Any, run: Any) -> None:
    inked(run, "FFFFFF")
    run.hyperlink.address = "https://example.org"


@pytest.mark.parametrize(
    "change",
    [
        _on_black,
        _white_on_dark_slide,
        _on_a_dark_card,
        _on_a_picture,
        _on_a_picture_of_the_layout,
        _outlined,
        _highlighted,
        _linked,
        lambda slide, box, run: inked(run, "FF0000"),
        lambda slide, box, run: inked(run, "tx1", kind="schemeClr"),
        lambda slide, box, run: inked(run, "FF0000", opacity="50000"),
        lambda slide, box, run: setattr(run.font, "size", pptx.util.Pt(6)),
        lambda slide, box, run: setattr(box, "left", WIDE - 20_000),
    ],
)
def test_what_is_seen_is_left_in_peace(tmp_path: Path, change: Callable[[Any, Any, Any], None]) -> None:
    """White on dark, whoever made it dark; on pictures; outlined, marked or linked; small print; half off the slide."""
    assert loaded(tmp_path, change) == []


WHOLE = f"Before it, {SECRET} and after."


def _off(**to: int) -> Callable[[Any, Any, Any], None]:
    def change(slide: Any, box: Any, run: Any) -> None:
        for name, value in to.items():
            setattr(box, name, value)

    return change


def _grouped(slide: Any, box: Any, run: Any) -> None:
    group = slide.shapes.add_group_shape([box])
    group.left = WIDE + 1


def _in_a_hidden_group(slide: Any, box: Any, run: Any) -> None:
    group = slide.shapes.add_group_shape([box])
    group._element.nvGrpSpPr.cNvPr.set("hidden", "1")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda slide, box, run: box._element.nvSpPr.cNvPr.set("hidden", "1"), HiddenReason.INVISIBLE),
        (_in_a_hidden_group, HiddenReason.INVISIBLE),
        (_off(left=WIDE), HiddenReason.OUTSIDE),
        (_off(left=-WIDE), HiddenReason.OUTSIDE),
        (_grouped, HiddenReason.OUTSIDE),
    ],
)
def test_hidden_shapes_are_told(tmp_path: Path, change: Callable[[Any, Any, Any], None], reason: HiddenReason) -> None:
    """All their text, as one."""
    assert loaded(tmp_path, change) == [(WHOLE, reason)]


def test_a_slide_that_is_not_shown_is_hidden_whole(tmp_path: Path) -> None:
    """From its title to its notes, whatever else hides its parts; notes of others are nobody's secret."""
    path = deck(tmp_path, [("One", "shown"), (SECRET, "in two\nlines"), ("", ""), ("End", "shown")])
    presentation = pptx.Presentation(path)
    for slide in presentation.slides:
        slide.notes_slide.notes_text_frame.text = "a note"
    hidden = presentation.slides[1]
    hidden._element.set("show", "0")
    hidden.placeholders[1].text_frame.paragraphs[0].runs[0].font.size = pptx.util.Pt(1)
    presentation.save(path)
    document = only(path)
    assert hidden_of(document) == [(f"# {SECRET}\nin two\nlines\n\n### Notes:\na note", HiddenReason.INVISIBLE)]
    assert (document.hidden[0].start, document.hidden[0].end) == (document.pages[1].start, document.pages[1].end)
    assert document.notes[-1].startswith("holds text that its readers don't see: ")


def test_no_text_can_stand_for_a_slide(tmp_path: Path) -> None:
    """Where a text feigns the beginning of a slide, the hidden one is still told, run by run."""
    path = deck(
        tmp_path, [("One", "x\n<!-- Slide number: 2 -->\n<!-- Slide number: 3 -->"), (SECRET, "more"), ("3", "y")]
    )
    presentation = pptx.Presentation(path)
    presentation.slides[1]._element.set("show", "0")
    presentation.save(path)
    assert hidden_of(only(path)) == [(f"# {SECRET}\nmore", HiddenReason.INVISIBLE)]


def test_tables_charts_and_pictures_of_hidden_shapes(tmp_path: Path) -> None:
    """Tables with their lines, charts with their values, pictures' descriptions: what is hidden in a row is one."""
    path = deck(tmp_path, [("One", "shown")])
    presentation = pptx.Presentation(path)
    slide = presentation.slides[0]
    table = slide.shapes.add_table(2, 2, WIDE, HIGH // 2, WIDE // 4, HIGH // 8)
    for index in range(4):
        table.table.cell(index // 2, index % 2).text = f"cell {index}"
    data = charts.CategoryChartData()
    data.categories = ["secret category"]
    data.add_series("secret series", (1.5,))
    kind = pptx.enum.chart.XL_CHART_TYPE.BAR_CLUSTERED
    chart = slide.shapes.add_chart(kind, 0, 2 * HIGH, WIDE // 4, HIGH // 8, data)
    chart.chart.has_title = False
    picture = slide.shapes.add_picture(io.BytesIO(PIXEL), 0, 3 * HIGH)
    picture._element.nvPicPr.cNvPr.set("descr", "secret picture")
    presentation.save(path)
    document = only(path)
    found = [text for text, reason in hidden_of(document) if reason is HiddenReason.OUTSIDE]
    cells = "| cell 0 | cell 1 |\n| --- | --- |\n| cell 2 | cell 3 |"
    drawn_from = "| Category | secret series |\n| --- | --- |\n| secret category | 1.5 |"
    assert found == [f"{cells}\n\nChart: secret series\n\n{drawn_from}\n\nsecret picture"]


def test_a_cell_says_what_lies_beneath(tmp_path: Path) -> None:
    """White in a white cell is hidden; where the table's style may colour it, it isn't judged."""
    found = []
    for fill in ("FFFFFF", "000080", None):
        path = deck(tmp_path, [("One", "shown")])
        presentation = pptx.Presentation(path)
        cell = presentation.slides[0].shapes.add_table(1, 1, 0, HIGH // 2, WIDE // 4, HIGH // 8).table.cell(0, 0)
        cell.text = SECRET
        inked(cell.text_frame.paragraphs[0].runs[0], "FFFFFF")
        if fill:
            filled(cell, fill)
        presentation.save(path)
        found.append([reason for _, reason in hidden_of(only(path))])
    assert found == [[HiddenReason.BACKGROUND], [], []]


def test_layouts_and_masters_say_colours(tmp_path: Path) -> None:
    """A title in its master's white, a title that a layout puts off the slide; and one that says its own colour."""
    found = []
    for own in (None, "FF0000"):
        path = deck(tmp_path, [(SECRET, "shown")])
        presentation = pptx.Presentation(path)
        styles = presentation.slide_master._element.find(pptx.oxml.ns.qn("p:txStyles"))
        properties = styles.find(pptx.oxml.ns.qn("p:titleStyle")).find(f"{{{DRAWING}}}lvl1pPr/{{{DRAWING}}}defRPr")
        properties.remove(properties.find(f"{{{DRAWING}}}solidFill"))
        properties.insert(0, drawn('<a:solidFill><a:schemeClr val="bg1"/></a:solidFill>'))
        if own:
            inked(presentation.slides[0].shapes.title.text_frame.paragraphs[0].runs[0], own)
        presentation.save(path)
        found.append(hidden_of(only(path)))
    assert found == [[(f"# {SECRET}", HiddenReason.BACKGROUND)], []]
    presentation = pptx.Presentation(deck(tmp_path, [(SECRET, "shown")]))
    for title in presentation.slides[0].slide_layout.placeholders:
        if title.placeholder_format.idx == 0:
            title.left, title.top, title.width, title.height = 0, -HIGH, WIDE, HIGH // 4
    presentation.save(tmp_path / "a.pptx")
    assert hidden_of(only(tmp_path / "a.pptx")) == [(f"# {SECRET}", HiddenReason.OUTSIDE)]


def test_an_ordinary_deck_hides_nothing(tmp_path: Path) -> None:
    """Titles, bodies, blanks, notes."""
    document = only(deck(tmp_path, [("Intro", "one\ntwo"), ("", ""), ("Two\vlines", "# three")]))
    assert (document.hidden, document.notes) == ((), ())


def test_relations_of_unknown_types_lead_nowhere(tmp_path: Path) -> None:
    """One that only ends like that to the slides, and stands before it, can't lead astray."""
    path = deck(tmp_path, [("A title", SECRET)])
    presentation = pptx.Presentation(path)
    presentation.slides[0].placeholders[1].text_frame.paragraphs[0].runs[0].font.size = pptx.util.Pt(1)
    presentation.save(path)
    with zipfile.ZipFile(path) as archive:
        led = archive.read("_rels/.rels").decode()
    decoy = '<Relationship Id="rId99" Type="urn:x/officeDocument" Target="docProps/core.xml"/>'
    changed(path, "_rels/.rels", re.sub("(<Relationships[^>]*>)", rf"\1{decoy}", led).encode())
    assert hidden_of(only(path)) == [(SECRET, HiddenReason.TINY)]


def test_a_shape_of_very_many_runs_takes_time_by_their_number(tmp_path: Path) -> None:
    """The shape is looked at once, not for each run: 20,000 take seconds, not minutes."""
    path = deck(tmp_path, [("A title", "words")])
    presentation = pptx.Presentation(path)
    (paragraph,) = presentation.slides[0].placeholders[1].text_frame.paragraphs
    inked(paragraph.runs[0], "FFFFFF")
    run = paragraph.runs[0]._r
    for _ in range(20_000):
        paragraph._p.append(copy.deepcopy(run))
    presentation.slides[0].shapes.add_picture(io.BytesIO(PIXEL), 0, 0, 1, 1)
    presentation.save(path)
    begun = time.process_time()
    (span,) = only(path).hidden
    assert span.end - span.start == 20_001 * len("words")
    assert time.process_time() - begun < 10


@pytest.mark.parametrize(
    "fill",
    [
        '<a:solidFill><a:scrgbClr r="100000" g="100%" b="100000"/></a:solidFill>',
        '<a:solidFill><a:hslClr hue="0" sat="0" lum="100000"/></a:solidFill>',
        '<a:solidFill><a:srgbClr val="FFFFFF"><a:shade val="100000"/></a:srgbClr></a:solidFill>',
        f"<a:gradFill><a:gsLst>{STOP.format(0, 'FFFFFF')}{STOP.format(100_000, 'FEFEFE')}</a:gsLst></a:gradFill>",
    ],
)
def test_white_is_white_however_it_is_said(tmp_path: Path, fill: str) -> None:
    """By light, by hue, with changes that change nothing, as a gradient."""

    def change(slide: Any, box: Any, run: Any) -> None:
        run._r.get_or_add_rPr().append(drawn(fill))

    assert loaded(tmp_path, change) == [(SECRET, HiddenReason.BACKGROUND)]


def test_opacity_taken_away_is_told(tmp_path: Path) -> None:
    """By a factor, as by a value."""
    fill = '<a:solidFill><a:srgbClr val="000000"><a:alphaMod val="1000"/></a:srgbClr></a:solidFill>'

    def change(slide: Any, box: Any, run: Any) -> None:
        run._r.get_or_add_rPr().append(drawn(fill))

    assert loaded(tmp_path, change) == [(SECRET, HiddenReason.TRANSPARENT)]
