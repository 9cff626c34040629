"""HTML: the text that a reader sees, in reading order, with exact headings; nothing fetched, nothing hidden."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from passagework.ingest.loaders import LoadOptions, load
from passagework.ingest.loaders.html.html_text import render_html
from passagework.retrieval.errors import IngestError
from passagework.retrieval.types import Document


def page(tmp_path: Path, content: bytes | str, name: str = "a.html") -> Document:
    """The document of a page with that content."""
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    (document,) = load(path, LoadOptions())
    assert isinstance(document, Document)
    return document


PAGE = """<!DOCTYPE html>
<html lang="en-GB"><head><title>
  Travel &amp; expenses </title>
<meta name="Author" content="Ada"><meta name="description" content="Who  pays"><meta name="viewport" content="x">
<style>p { color: red }</style><script>var secret = "<p>no</p>";</script></head>
<body><h1>Travel <em>policy</em></h1>
<p>First   paragraph,
in two lines.</p><p>Second&nbsp;one.<br>After a break.<br><br>After two.</p>
<noscript>enable</noscript><template><p>tpl</p></template><svg><text>pic</text></svg>
<div hidden>gone</div><div style="display: NONE">gone too</div>
<h2>Limits<br>per day</h2>
<ul><li>Trains</li><li>Planes<ul><li>short</li></ul></li><li></li></ul>
<ol start="3"><li><p>Third</p></li><li>Fourth</li></ol>
<table><caption>Fares</caption><tr><th>City</th><th colspan="3">Euro</th></tr>
<tr><td><p>Bern</p></td><td>$</td><td>12</td><td>%</td></tr></table>
<pre>
def f():
    return 1
</pre>
<h3></h3><h6>End</h6></body></html>"""


def test_a_page_reads_as_a_person_sees_it(tmp_path: Path) -> None:
    """Blocks are parted by blank lines, items and rows by line ends; scripts, styles and hidden parts are gone."""
    document = page(tmp_path, PAGE)
    assert document.text == (
        "Travel policy\n\nFirst paragraph, in two lines.\n\nSecond one.\nAfter a break.\n\nAfter two.\n\npic\n\n"
        "Limits per day\n\n- Trains\n- Planes\n  - short\n\n3. Third\n4. Fourth\n\n"
        "Fares\n\n| City | Euro |\n| Bern | $12% |\n\ndef f():\n    return 1\n\nEnd"
    )
    assert document.title == "Travel & expenses"
    assert document.metadata == {"author": "Ada", "description": "Who pays", "language": "en-GB"}
    assert document.media_type == "text/html"
    assert [(h.level, h.title, document.text[h.start : h.end]) for h in document.headings] == [
        (1, "Travel policy", "Travel policy"),
        (2, "Limits per day", "Limits per day"),
        (6, "End", "End"),
    ]


def test_a_layout_table_keeps_its_paragraphs(tmp_path: Path) -> None:
    """A table that arranges a page (headings, lists or long texts in its cells) isn't flattened into lines."""
    html = "<table><tr><td>menu</td><td><h2>News</h2><p>One</p><p>Two</p></td></tr></table>"
    document = page(tmp_path, html)
    assert document.text == "menu\n\nNews\n\nOne\n\nTwo"
    assert [document.text[h.start : h.end] for h in document.headings] == ["News"]
    essay = "word " * 200
    assert render_html(f"<table><tr><td>{essay}<br><br>{essay}</td></tr></table>").body.text == (
        f"{essay.strip()}\n\n{essay.strip()}"
    )


def test_signs_in_cells_of_their_own_join_their_numbers() -> None:
    """Filings put the currency and the bracket in cells of their own; units in a header row stay apart."""
    row = "<tr><td>Loss</td><td>$</td><td>(12</td><td>)</td><td></td><td>3.5</td><td>%</td></tr>"
    head = '<tr><td>Unit</td><td colspan="4">m</td><td>%</td><td>%</td></tr>'
    assert render_html(f"<table>{head}{row}</table>").body.text == "| Unit | m | % | % |\n| Loss | $(12) | 3.5% |  |"


@pytest.mark.parametrize(
    ("html", "lines"),
    [
        ("<ol start=4><li>a<li>b<ol type=a><li>c</ol></ol>", ["4. a", "5. b", "  a. c"]),
        ("<ol type=I start=6><li>a</ol><ol reversed><li>b<li>c</ol>", ["VI. a", "", "2. b", "1. c"]),
        ("<ol><li value=10>a<li>b</ol><ol start=-1><li>c<li>d</ol>", ["10. a", "11. b", "", "-1. c", "0. d"]),
        ("<ol style='list-style: lower-alpha' start=26><li>a<li>b</ol>", ["z. a", "aa. b"]),
        ("<ol><li>a<li style='list-style-type: upper-roman'>b</ol>", ["1. a", "II. b"]),
        ("<ol style='list-style-type:none'><li>a</ol><ul type=square><li>b</ul>", ["- a", "", "- b"]),
        ("<ol start=x type=z><li>a</ol><li>b", ["1. a", "", "- b"]),
    ],
)
def test_items_of_lists_have_the_marks_that_a_page_shows(html: str, lines: list[str]) -> None:
    """Numbers, letters and Roman numerals, from where the list starts, backwards too."""
    assert render_html(html).body.text.split("\n") == lines


def test_readings_stand_behind_the_characters_that_they_are_above() -> None:
    """Characters that follow on one another stay one word, with one reading; a hidden reading is told."""
    ruby = "<ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp></ruby><ruby>字<rt>じ</rt></ruby>です"
    assert render_html(ruby).body.text == "漢字(かんじ)です"
    assert render_html("<ruby>東<rt>とう</rt>京<rt>きょう</rt></ruby> <ruby>駅<rt>えき</rt></ruby>").body.text == (
        "東京(とうきょう) 駅(えき)"
    )
    table = "<table><tr><th>a<th>b<tr><td><ruby>字<rt>じ</rt></ruby><td>2"
    headed = render_html(f"<h2><ruby>漢<rt>かん</rt></ruby></h2>{table}")
    assert headed.body.text == "漢(かん)\n\n| a | b |\n| 字(じ) | 2 |"
    assert headed.body.headings[0].title == "漢(かん)"
    unseen = render_html("a <ruby>漢<rt style='opacity:0'>かん</rt></ruby> b").body
    assert [unseen.text[span.start : span.end] for span in unseen.hidden] == ["かん"]


def test_controls_show_their_values() -> None:
    """What was filled in, ticked and chosen; not what is to be pressed, and no secret."""
    form = (
        "<p>Name: <input value=' Ann  Lee '> <input type=password value=x><input type=submit value=Go></p>"
        "<p><input type=checkbox checked> cleaned <input type=radio> oiled</p>"
        "<select><option>One<option selected>Two</select><select multiple><option>Three<option>Four</select>"
        "<select><option disabled>choose<option>Five</select><textarea>Six</textarea>"
    )
    assert render_html(form).body.text == "Name: Ann Lee\n\n☒ cleaned ☐ oiled\n\nTwo\nThree\nFour\nFive\nSix"


def test_nested_tables_and_lists_lose_nothing() -> None:
    """Every word of nested and unclosed markup is there, once, in order."""
    html = "<table><tr><td>a<table><tr><td>b<td>c<tr><td>d</table>e</table><ul><li>f<li>g<ol><li>h</ol>i</ul>j"
    assert render_html(html).body.text.replace("- ", "").replace("1. ", "").replace("|", "").split() == list(
        "abcdefghij"
    )


def test_inline_xbrl_headers_are_not_seen() -> None:
    """A filing's `ix:header` holds facts for machines; inline facts are the text itself."""
    html = "<body><ix:header><ix:hidden>0001</ix:hidden></ix:header><p>Cash <ix:nonfraction>12</ix:nonfraction></p>"
    assert render_html(html).body.text == "Cash 12"


def test_xhtml_scripts_that_close_themselves_hide_nothing(tmp_path: Path) -> None:
    """`<script/>` is complete in XHTML; read as HTML it would swallow the page."""
    source = (
        '<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml"><head>'
        '<script src="a.js"/><title>T</title></head><body><p>seen</p></body></html>'
    )
    document = page(tmp_path, source, "a.xhtml")
    assert (document.title, document.text) == ("T", "seen")


@pytest.mark.parametrize(
    ("head", "codec"),
    [
        ('<meta charset="windows-1251">', "cp1251"),
        ('<meta http-equiv="Content-Type" content="text/html; charset=ISO-8859-1">', "cp1252"),
        ("<meta charset=shift_jis>", "cp932"),
        ("<meta charset=utf-16>", "utf-8"),
        ('<meta charset="no-such-charset">', "utf-8"),
        ("<meta charset=windows-1251>", "utf-8"),
    ],
)
def test_the_declared_charset_counts_where_utf8_fails(tmp_path: Path, head: str, codec: str) -> None:
    """Labels mean what browsers take them for; valid UTF-8 is UTF-8, whatever is declared."""
    text = {"cp1251": "Привет", "cp1252": "Voilà – “ça”", "cp932": "吾輩は猫"}.get(codec, "Grüße, мир")
    document = page(tmp_path, f"<html><head>{head}</head><body>{text}</body></html>".encode(codec))
    assert document.text == text
    assert document.metadata == ({} if codec == "utf-8" else {"encoding": codec})


def test_the_first_h1_is_the_title_without_a_title_element(tmp_path: Path) -> None:
    """A page without `<title>` is called by its first h1; an SVG's title is no page's."""
    assert page(tmp_path, "<svg><title>icon</title></svg><h2>x</h2><h1>Name</h1>").title == "Name"
    assert page(tmp_path, "<p>x").title == ""


def test_data_uris_and_pictures_leave_no_text(tmp_path: Path) -> None:
    """Pictures inside the page don't reach the text."""
    assert page(tmp_path, '<p>a <img src="data:image/png;base64,AAAA" alt="x"> b</p>').text == "a b"


def test_a_page_that_shows_nothing_has_no_text(tmp_path: Path) -> None:
    """Scripts alone are no text, and the reason says so."""
    with pytest.raises(IngestError, match="no text: the page shows none"):
        page(tmp_path, "<script>document.write('x')</script>")


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<div>" * 10_000 + "needle" + "</div>" * 10_000 + "<p>tail", "needle\n\ntail"),
        ("<b>" * 10_000 + "needle", "needle"),
        ("<table><tr><td>" * 3_000 + "needle", "needle"),
        ("<h1>" * 5_000 + "needle", "needle"),
        ("<p " + "a=1 " * 100_000 + ">needle", "needle"),
        ("needle" + "<!--" * 200_000, "needle"),
    ],
)
def test_hostile_markup_neither_crashes_nor_hangs(html: str, expected: str) -> None:
    """Ten thousand levels are walked without recursion, in seconds."""
    start = time.perf_counter()
    assert render_html(html).body.text == expected
    assert time.perf_counter() - start < 10


TAGS = (
    "<h1>",
    "</h1>",
    "<p>",
    "</p>",
    "<td>",
    "<tr>",
    "<table>",
    "</table>",
    "<li>",
    "<ul>",
    "<pre>",
    "<br>",
    "a",
    "b",
)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "<h1>",
                "</h1>",
                "<p>",
                "</p>",
                "<td>",
                "<tr>",
                "<table>",
                "</table>",
                "<li>",
                "<ul>",
                "<pre>",
                "</pre>",
                "<br>",
                "a",
                "b",
            ]
        )
    )
)
def test_headings_are_exact_whatever_the_markup(tags: list[str]) -> None:
    """For any sequence of tags: titles equal their slices, and no word is lost or doubled."""
    rendered = render_html("".join(tags)).body
    for heading in rendered.headings:
        assert rendered.text[heading.start : heading.end] == heading.title
    letters = [char for char in rendered.text if char in "ab"]
    assert letters == [tag for tag in tags if tag in ("a", "b")]


def test_a_real_filing_loads_in_seconds(real_data: Path) -> None:
    """2.4 MB of inline XBRL: its balance sheet reads by lines, its machine header is gone."""
    start = time.perf_counter()
    (document,) = load(real_data / "files" / "office-and-web" / "example-10k.html", LoadOptions())
    assert time.perf_counter() - start < 20
    assert isinstance(document, Document)
    assert "| Total assets | $40,452,705 | $30,574,594 |\n" in document.text
    assert "iso4217" not in document.text


def test_front_matter_of_a_page_is_metadata(tmp_path: Path) -> None:
    """Programs that make sites of pages put fields above them."""
    document = page(tmp_path, "---\ntitle: From above\ntags: [x]\n---\n<p>Body</p>")
    assert (document.title, document.text, document.metadata) == ("From above", "Body", {"tags": ["x"]})
